#!/usr/bin/env python3
"""Plays random histories against the rule's own properties. usage: selftest.py [SEEDS [FROM]]

moment() asks outcome() alone; lifetime() plays revision trees, apps that are late, deletes and quarantine."""
import json, os, random, sys
from collections import Counter
from thing import *
from world import *

POLICIES = ['newest-version', 'oldest-version']

def alike(a, b):
    """The same but for places in arrays."""
    def sort(x): return sorted(json.dumps(y, sort_keys=True) for y in x) if isinstance(x, list) else x
    return {p: sort(x) for p, x in leaves(a)} == {p: sort(x) for p, x in leaves(b)}

def failing(seed):
    def fail(what, *more): raise AssertionError((seed, what, *more))
    return fail

def saved(w, prefer, agreed, turn, rnd):
    """Edits of one to four apps, all up to date; those whose document could not be carried are left out."""
    c, edits = w.chain, []
    for i in range(rnd.randint(1, 4)):
        v = rnd.randrange(len(w.shapes)); doc = w.mutate(v, agreed.docs[v])
        if c.crosses(agreed.docs, v, doc): edits += edits_of(c, v, agreed.docs[v], doc, f'{turn + 2}-{i}{rnd.random()}')
    return edits

def check_losers(c, agreed, edits, after, losers, prefer, fail):
    accepted, order = [e for e in edits if e not in [l.edit for l in losers]], descending(edits, prefer)
    for e in accepted:
        if not stands(c, after.docs, e): fail('accepted', e)
    if len(losers) != len({id(l.edit) for l in losers}): fail('listed twice', losers)
    for l in losers:
        if l.winner not in accepted or order.index(l.winner) > order.index(l.edit): fail('winner', l)
        if one_document(l.winner) == one_document(l.edit): fail('own document', l)
        if stands(c, after.docs, l.edit): fail('loser stands', l)
    return accepted

def greedy(c, docs, edits, prefer):
    """Without the short cut of point 16."""
    each = units(c, docs, edits, prefer)
    accepted = []
    for _, group in itertools.groupby(edits, one_document):
        left, before = list(group), -1
        while len(accepted) > before:
            before = len(accepted)
            for e in left[:]:
                take = [x for x in each[id(e)] if x not in accepted]
                if fits(c, docs, accepted + take, prefer): accepted += take
            left = [e for e in left if e not in accepted]
    return put(c, docs, accepted, prefer)

def moment(seed, ops=ALL):
    rnd, fail = random.Random(seed), failing(seed)
    w = World(rnd, ops); c, n = w.chain, len(w.shapes)
    prefer = rnd.choice(POLICIES)
    first = w.first(rnd.randrange(n))
    if first is None: stats['no first document'] += 1; return
    agreed = Agreed(c.image(*first), [])
    if not c.sound(agreed.docs): fail('image', agreed.docs)
    for turn in range(3):
        edits = saved(w, prefer, agreed, turn, rnd)
        after, losers = outcome(c, agreed, edits, prefer=prefer)
        if not c.sound(after.docs): fail('sound', after.docs)
        accepted = check_losers(c, agreed, edits, after, losers, prefer, fail)
        if edits and descending(edits, prefer)[0] not in accepted: fail('highest', edits)
        if not losers and not all(map(same, greedy(c, agreed.docs, descending(edits, prefer), prefer), after.docs)): fail('short cut', edits)
        again = edits[:]; rnd.shuffle(again)
        if outcome(c, agreed, again, prefer=prefer) != (after, losers): fail('order of edits')
        twice, none = outcome(c, after, accepted, prefer=prefer)
        if none or not all(map(alike, twice.docs, after.docs)): fail('again', none, after.docs, twice.docs)
        stats['again elsewhere'] += twice.docs != after.docs
        batches(c, agreed, edits, losers, after, prefer, rnd, fail)
        stats['edits'] += len(edits); stats['losers'] += len(losers)
        agreed = after

def batches(c, agreed, edits, losers, after, prefer, rnd, fail):
    """The same edits in two portions: nothing is lost silently."""
    revs = sorted({e.rev for e in edits}); rnd.shuffle(revs); cut = revs[:rnd.randint(0, len(revs))]
    one, two = [e for e in edits if e.rev in cut], [e for e in edits if e.rev not in cut]
    mid, lost1 = outcome(c, agreed, one, prefer=prefer)
    new = [s for s in mid.said if s in one]
    for late in ('agreed', 'edit'):
        end, lost2 = outcome(c, mid, two, prefer=prefer, late=late, unseen=lambda e: new)
        gone = [id_of(l.edit) for l in lost1 + lost2]
        words = [(l.edit.version, l.edit.pointer, l.edit.value) for l in lost1 + lost2]   # of several that say the same, one
        if not c.sound(end.docs): fail('batches agree')
        for e in edits:
            if (e.version, e.pointer, e.value) not in words and not stands(c, end.docs, e): fail('lost silently', late, e, one, two, after.docs, mid.docs, end.docs)
        if not losers and gone: fail('batches contest', late, gone, one, two, mid.docs)
        if not losers:
            stats['batches'] += 1
            if not all(map(same, end.docs, after.docs)): stats['batches differ'] += 1

# ---- lifetimes ---------------------------------------------------------------------------------------------------
class Store:
    """Revision trees, one for each version."""
    def __init__(self, n): self.trees = [{} for _ in range(n)]
    def put(self, v, rev, parent, doc): self.trees[v].setdefault(rev, (parent, clone(doc)))
    def way(self, v, rev):
        out, rev = [], self.trees[v][rev][0]
        while rev is not None: out.append(rev); rev = self.trees[v][rev][0] if rev in self.trees[v] else None
        return tuple(out)
    def leaves(self):
        return [Leaf(v, rev, self.way(v, rev), doc) for v, tree in enumerate(self.trees) for rev, (_, doc) in tree.items()
                if rev not in {p for p, _ in tree.values()}]
    def bodies(self): return {(v, rev): doc for v, tree in enumerate(self.trees) for rev, (_, doc) in tree.items() if doc is not None}
    def top(self, v):
        mine = [l for l in self.leaves() if l.version == v]
        return max(mine, key=lambda l: (l.doc is not None, revision(l.rev)), default=None)

class App:
    """One version's app with a replica: saves offline, pushes all or the first of its revisions, pulls."""
    def __init__(self, v, name): self.v, self.name, self.rev, self.doc, self.mine, self.count = v, name, None, None, [], 0
    def save(self, doc):
        self.count += 1
        rev = f'{revision(self.rev)[0] + 1 if self.rev else 1}-{self.name}{self.count}'
        self.mine.append((rev, self.rev, doc)); self.rev, self.doc = rev, doc
    def push(self, store, count):
        for rev, parent, doc in self.mine[:count]: store.put(self.v, rev, parent, doc)
        del self.mine[:count]
    def pull(self, store):
        top = store.top(self.v)
        if not self.mine and top: self.rev, self.doc = top.rev, clone(top.doc)

def lifetime(seed, ops=ALL):
    rnd, fail = random.Random(seed), failing(seed)
    w = World(rnd, ops + rnd.choice([[], [], ['latest'], ['together']]), fields=3); c, n = w.chain, len(w.shapes)
    prefer = ('latest', ('at',)) if c.latest and rnd.random() < .7 else rnd.choice(POLICIES)
    served = [rnd.random() < .9 for _ in range(n)]
    if not any(served): served[0] = True
    thing, store = Thing(c, prefer, rnd.choice(['agreed', 'edit']), served), Store(n)
    apps = [App(rnd.randrange(n), f'{rnd.choice("abcdefgh")}{i}') for i in range(rnd.randint(2, 4))]
    for _ in range(rnd.randint(6, 24)):
        do, app = rnd.random(), rnd.choice(apps)
        if do < .35: act(w, app, thing, rnd)
        elif do < .6: app.push(store, len(app.mine) if rnd.random() < .8 else 1)
        elif do < .75: app.pull(store)
        else: agree(thing, store, fail)
    for app in apps: app.push(store, 99)
    for _ in range(3): agree(thing, store, fail)
    if thing.agree(store.leaves(), store.bodies()).writes: fail('no end')

def act(w, app, thing, rnd):
    if app.doc is None:
        first = w.first(app.v)
        if first: app.save(first[1])
    elif rnd.random() < .15: app.save(None)
    elif rnd.random() < .1: app.save(clone(app.doc))
    else:
        doc = w.mutate(app.v, app.doc)
        if w.chain.crosses(thing.docs or thing.before, app.v, doc) or rnd.random() < .1: app.save(doc)

def agree(thing, store, fail):
    c, old, at, was, gone = thing.chain, thing.said, dict(thing.at), thing.docs, thing.deleted
    leaves = store.leaves()
    out = thing.agree(leaves, store.bodies())
    for w in out.writes: store.put(*w)
    stats['agreements'] += 1; stats['quarantined'] += bool(out.quarantined); stats['losers'] += len(out.losers)
    if out.quarantined: return
    if thing.docs and not c.sound(thing.docs): fail('sound', thing.docs)
    for l in out.losers:
        if l.winner is None: fail('no winner', l)
        if one_document(l.winner) == one_document(l.edit): fail('own document', l)
        if l.edit.pointer and thing.docs and stands(c, thing.docs, l.edit): fail('a loser stands', l)
        if not l.edit.pointer and not thing.docs: fail('a delete stands', l)
        if l.winner in [m.edit for m in out.losers]: fail('the winner lost', l)
    if len(out.losers) != len({(key(l.edit)) for l in out.losers}): fail('listed twice', out.losers)
    # What stood, and what came, stands, is listed, or was changed by who knew it.
    listed = {key(l.edit) for l in out.losers}
    fresh = {key(s) for s in thing.said if thing.at[key(s)] == thing.count}
    if thing.docs:
        for s in old:
            if was and not stands(c, thing.docs, s) and key(s) not in listed and not fresh: fail('gone though nobody spoke', s)
        for s in thing.said:
            if not stands(c, thing.docs, s): fail('said does not stand', s)

def tell_tap(failed):
    """For the test suite: one case for each way to play."""
    if 'CK_TAP_LOG_FILE_NAME' not in os.environ: return
    with open(os.environ['CK_TAP_LOG_FILE_NAME'], 'w') as log:
        print('1..2', *(f'{"not " if failed[play] else ""}ok {i + 1} - the rule, {play.__name__}' for i, play in enumerate((moment, lifetime))), sep='\n', file=log)

if __name__ == '__main__':
    stats, failed = Counter(), Counter()
    count, start = [*map(int, sys.argv[1:]), 300, 0][:2] if len(sys.argv) != 2 else (int(sys.argv[1]), 0)
    for seed in range(start, start + count):
        for play in (moment, lifetime):
            try: play(seed)
            except AssertionError as e:
                failed[play] += 1
                if failed.total() < 6: print(play.__name__, *e.args[0], sep='\n    ')
    print(failed.total(), 'failed', dict(stats)); tell_tap(failed); sys.exit(bool(failed))
