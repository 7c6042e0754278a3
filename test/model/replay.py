#!/usr/bin/env python3
"""Plays the histories that the simulator's model wrote, one JSON object a line, and compares: the documents of all
versions and the losers after each agreement. usage: replay.py FILE | replay.py PROGRAM SEEDS"""
import json, os, subprocess, sys, tempfile
from thing import *
from world import World

def clean(doc): return None if doc is None else {k: v for k, v in drop_hollow(doc).items() if k not in ('schema', 'version')}
def drop_hollow(x):
    if not isinstance(x, dict): return x
    out = {k: drop_hollow(v) for k, v in x.items()}
    return {k: v for k, v in out.items() if v != {}}

def op(o):
    name, a = o[0], [tuple(x) if isinstance(x, list) else x for x in o[1:]]
    if name == 'rename': r = Rename(None, None); r.older, r.newer = (a[0],), (a[1],); return r
    if name == 'add': return Add(a[0], a[1])
    if name == 'remove': return Add(a[0], a[1]).flip()
    if name == 'table': return Table(a[0], a[1], a[2], a[3])
    if name == 'split': return Split(*a)
    if name == 'join': return Split(*a).flip()
    if name == 'recut': return Recut(*a)
    if name == 'cut back': return Recut(a[2], a[3], a[0], a[1]).flip()
    if name == 'mix': return Mix(*a)
    if name == 'tags': return Tags(a[0], a[1], 'id', 'note', 'none')
    if name == 'rows': return Rows(a[0], a[1], a[2], a[3], [op(x) for x in o[5]])
    raise ValueError(name)

class Told(World):
    """The chain of a history."""
    def __init__(self, h):
        self.latest = ('at',) if h['prefer'] == 'latest' else None
        self.shapes = [{tuple(p): (('rows', key, {}) if kind == 'rows' else ('enum', ()) if kind == 'enum' else kind, track)
                        for p, kind, track, key in s} for s in h['shapes']]
        self.ops = [[op(o) for o in link] for link in h['links']]
        self.lenses = [Lens(ops) for ops in self.ops]
    def part(self, n):
        chain = World.part(self, n)
        chain.valid, chain.latest = self.valid, self.latest
        return chain

def pointer(path):
    def step(x):
        text = x if not isinstance(x, tuple) else '[' + (json.dumps(x[0]) if x else '') + ']'
        return '/' + text.replace('~', '~0').replace('/', '~1')
    return ''.join(map(step, path))
def told_edit(chain, e): return None if e is None else [e.version, pointer(e.pointer), e.rev, [] if e.value == GONE else [clean_value(shown(chain, e))]]
def clean_value(x): return drop_hollow(x)

def replay(h):
    world = Told(h)
    thing = Thing(world.part(h['start']), ('latest', ('at',)) if h['prefer'] == 'latest' else h['prefer'], h['late'])
    thing.writes = False
    bodies, count = {}, h['start']
    for n, step in enumerate(h['steps']):
        def differ(what, mine, theirs): raise AssertionError(f'seed {h["seed"]}, step {n}: {what}\n  outcome.py: {mine}\n  the model:  {theirs}')
        if 'grow' in step: count += 1; thing.grow(world.part(count)); continue
        if 'saved' in step:
            v, rev, doc = step['saved']
            if doc is not None: bodies[v, rev] = clean(doc)
            continue
        leaves = [Leaf(v, rev, tuple(way), clean(doc)) for v, rev, way, doc in step['leaves']]
        for l in leaves + [Leaf(v, rev, (), clean(doc)) for v, rev, _, doc in step['after']]:
            if l.doc is not None: bodies[l.version, l.rev] = l.doc
        readable = {(v, rev) for v, rev in step['readable']}
        out = thing.agree(leaves, {at: doc for at, doc in bodies.items() if at in readable})
        if bool(out.quarantined) == step['taken']: differ('quarantine', out.quarantined, step['taken'])
        docs = [clean(d) for d in step['docs']]
        mine = [drop_hollow(d) for d in thing.docs or []]
        if mine != docs: differ('documents', mine, docs)
        losers = sorted(([told_edit(thing.chain, x) for x in l] for l in out.losers), key=str)
        theirs = sorted(([l[:3] + [[clean_value(x) for x in l[3]]] if l else l for l in pair] for pair in step['losers']), key=str)
        if losers != theirs: differ('losers', losers, theirs)
        if not out.quarantined: thing.learn([Leaf(v, rev, tuple(way), clean(doc)) for v, rev, way, doc in step['after']])

def tell_tap(played, bad):
    if 'CK_TAP_LOG_FILE_NAME' not in os.environ: return
    with open(os.environ['CK_TAP_LOG_FILE_NAME'], 'w') as log:
        print(f'1..1\n{"not " if bad or not played else ""}ok 1 - the model and the rule agree on {played} histories', file=log)

def main(path):
    played, bad = 0, 0
    for line in open(path):
        played += 1
        try: replay(json.loads(line))
        except AssertionError as e:
            bad += 1
            if bad < 4: print(e)
    print(f'{played} histories, {bad} differ')
    tell_tap(played, bad)
    return 1 if bad or not played else 0

if __name__ == '__main__':
    if len(sys.argv) == 2: sys.exit(main(sys.argv[1]))
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([sys.argv[1]], env={**os.environ, 'HISTORIES': file.name, 'SEEDS': sys.argv[2]}, stdout=subprocess.DEVNULL, check=True)
        sys.exit(main(file.name))
