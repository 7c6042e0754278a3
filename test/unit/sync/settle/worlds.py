#!/usr/bin/env python3
"""Random chains, edits and what must come out, by the rule: for test_settle.c.

usage: worlds.py MODEL FOLDER FROM COUNT [HISTORIES]. MODEL holds outcome.py (test/model). Each seed becomes a
catalog FOLDER/SEED/ with its cases in cases.json. Those beside this script were made so; SETTLE_WORLDS=FOLDER plays
others."""
import json, os, random, sys

sys.path.insert(0, sys.argv[1])
import outcome as rule
from lenses import GONE, clone, get, put_at
from outcome import Agreed, Together, edits_of
from world import ALL, World

# ---- a chain as a catalog --------------------------------------------------------------------------------------
def script(reads, writes, up, down):
    return {'script': {'reads': reads, 'writes': writes, 'up': up, 'down': down}}

def renamed(a, b): return [{'rename': {'source': a, 'destination': b}}]

def empty(name): return {'name': name, 'type': 'object', 'default': {}}

def rename(op):
    (p,), (q,) = op.older, op.newer
    if len(p) == len(q) == 2: return [{'in': {'name': p[0], 'lens': renamed(p[1], q[1])}}] if p[0] == q[0] else fail(op)
    if len(q) == 2: return renamed(p[0], q[1]) + [{'add': empty(q[0])}, {'plunge': {'host': q[0], 'name': q[1]}}]
    if len(p) == 2: return [{'hoist': {'host': p[0], 'name': p[1]}}, {'remove': empty(p[0])}] + renamed(p[1], q[0])
    return renamed(p[0], q[0])

def fail(op): raise AssertionError(op)

RECUT = ('function (v) {{ return {{{2}: v.{0}[0], {3}: v.{0}[1] + v.{1}}}; }}', 'function (v) {{ return {{{0}: v.{2} + v.{3}[0], {1}: v.{3}[1]}}; }}')
MIX = ('function (v) {{ return {{{2}: v.{0} + v.{1}, {3}: v.{1}}}; }}', 'function (v) {{ return {{{0}: v.{2} - v.{3}, {1}: v.{3}}}; }}')
TAGS = ('function (v, base) {{ if (!v.{0}) return {{}}; var old = {{}}; ((base && base.{1}) || []).forEach(function (e) {{ old["k" + e.{2}] = e; }}); '
        'return {{{1}: v.{0}.map(function (t) {{ return old["k" + t] || {{{2}: t, {3}: "{4}"}}; }})}}; }}',
        'function (v) {{ if (!v.{1}) return {{}}; return {{{0}: v.{1}.map(function (e) {{ return e.{2}; }})}}; }}')

def ops_of(op):
    flipped, op = hasattr(op, 'of'), getattr(op, 'of', op)
    name = type(op).__name__
    if name == 'Rename': return fail(op) if flipped else rename(op)
    if name == 'Add': return [{'remove' if flipped else 'add': {'name': op.newer[0][0], 'type': 'string', 'default': op.default}}]
    if name == 'Table':
        (p,), (q,) = op.older, op.newer
        return [{'convert': {'name': p[0], 'mapping': list(op.tables), 'sourceType': 'string', 'destinationType': 'string'}}] + renamed(p[0], q[0])
    if name == 'Split':
        return [{'join' if flipped else 'split': {'name': op.older[0][0], 'into': [p[0] for p in op.newer], 'by': ' '}}]
    if name in ('Recut', 'Mix'):
        old, new = [p[0] for p in op.older], [p[0] for p in op.newer]
        up, down = (t.format(*old, *new) for t in (RECUT if name == 'Recut' else MIX))
        if name == 'Mix' and op.cap is not None: up = up.replace('{', '{ if (v.%s + v.%s > %d) throw new Error("too much");' % (*old, op.cap), 1)
        return [script(new, old, down, up) if flipped else script(old, new, up, down)]
    if name == 'Tags':
        (p,), (q,) = op.older, op.newer
        up, down = (t.format(p[0], q[0], *op.made) for t in TAGS)
        return [script([p[0]], [q[0]], up, down)]
    (p,), (q,) = op.older, op.newer
    inner = sum((ops_of(o) for o in op.lens.ops), [])
    return [{'in': {'name': p[0], 'lens': [{'map': {'key': op.keys[0], 'lens': inner}}]}}] + renamed(p[0], q[0])

def schema_of(t):
    if t in ('int', 'coord', 'time'): return {'type': 'integer'}
    if t == 'state': return {'enum': ['open', 'shipped']}
    if t == 'tags': return {'type': 'array', 'items': {'type': 'string'}}
    if t[0] == 'enum': return {'enum': list(t[1])}
    if t[0] == 'rows':
        return {'type': 'array', 'items': {'type': 'object', 'properties': {t[1]: {'type': 'string'}, **{f[0]: schema_of(u) for f, u in t[2].items()}},
                                           'required': [t[1]], 'additionalProperties': False}}
    return {'type': 'string'}

NEEDED = ('must', 'full', 'two', 'one', 'int', 'state')

def put_schema(node, path, t):
    needed = t in NEEDED or t[0] == 'enum'
    for name in path[:-1]:
        if needed: node['required'].append(name)
        node = node['properties'].setdefault(name, {'type': 'object', 'properties': {}, 'required': [], 'additionalProperties': False})
    if needed: node['required'].append(path[-1])
    if t == 'coord': node['dependentRequired'] = {'x': ['y'], 'y': ['x']}   # what is required, lenses make up
    node['properties'][path[-1]] = schema_of(t)

def save(folder, path, value):
    path = os.path.join(folder, path); os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f: json.dump(value, f)

def write_catalog(folder, world):
    save(folder, 'catalog.json', {'name': 'world'})
    for i, shape in enumerate(world.shapes):
        v = f'{i + 1}.0.0'
        schema = {'$schema': 'https://json-schema.org/draft/2020-12/schema', 'title': 'p', 'version': v, 'type': 'object', 'required': ['schema', 'version'],
                  'properties': {'schema': {'const': 'p'}, 'version': {'const': i + 1}}, 'additionalProperties': False}
        for p, (t, k) in shape.items():
            if t != 'file': put_schema(schema, p, t)
            if t == 'state':
                track = next(q[0] for q, (u, i) in shape.items() if i == k and u == 'tracking')
                schema.setdefault('allOf', []).append({'if': {'properties': {p[0]: {'const': 'shipped'}}}, 'then': {'required': [track]}})
        save(folder, f'schemas/p/{v}.json', schema)
        save(folder, f'manifests/{v}.json', {'name': 'p', 'version': v, 'dependencies': {'p': '^' + v}})
        if i: save(folder, f'lenses/p/{i}-{i + 1}.json', {'from': f'p@{i}', 'to': f'p@{i + 1}', 'lens': sum((ops_of(op) for op in world.lenses[i - 1].ops), [])})

# ---- cases -------------------------------------------------------------------------------------------------------
def pointer(p):
    def token(x):
        if isinstance(x, tuple): return '[' + ''.join(json.dumps(k) for k in x) + ']'
        return x.replace('~', '~0').replace('/', '~1')
    return ''.join('/' + token(x) for x in p)

def paths_of(p): return sorted(p[0]) if isinstance(p[0], Together) else [p]
def edit(e): return {'slot': e.version, 'rev': e.rev, 'pointer': pointer(paths_of(e.pointer)[0]) if e.pointer else ''}

class Writer:
    """Histories of one world; each step is a case."""
    def __init__(self, seed):
        self.rnd = rnd = random.Random(seed)
        ops = rnd.choice([ALL, ALL, rnd.sample(ALL, rnd.randint(1, 4))]) + ['together'] * (rnd.random() < .2) + ['latest'] * (rnd.random() < .2)
        if not set(ops) - {'latest', 'together', 'cap', 'file'}: ops = ALL
        self.world = World(rnd, ops); self.chain, self.n, self.cases = self.world.chain, len(self.world.shapes), []
        self.prefer = ('latest', ('at',)) if 'latest' in ops else rnd.choice(['newest-version', 'oldest-version'])
    def document(self, v, doc):
        """The lenses make an object that something goes into, also where nothing is in it."""
        if doc is None: return None
        doc = clone(doc); file = get(doc, ('_attachments', 'a.txt'))
        if file != GONE:
            digest, kind = file.split(' ')
            doc['_attachments'] = {'a.txt': {'content_type': kind, 'digest': digest, 'length': 1, 'stub': True}}
        return {'schema': 'p', 'version': v + 1, **{p[0]: {} for p, (t, _) in self.world.shapes[v].items() if len(p) == 2 and t in ('word', 'must')}, **doc}
    def documents(self, docs): return None if docs is None else [self.document(v, d) for v, d in enumerate(docs)]
    def case(self, agreed, saved, edits, after, losers, late='agreed', deletes=(), seen=lambda s: 0, agreement=lambda s: 0, creation=False):
        self.cases.append({
            'prefer': 'latest' if isinstance(self.prefer, tuple) else self.prefer, 'late': late, 'creation': creation, 'agreed': None if creation else self.documents(agreed.docs),
            'saved': [{'slot': v, 'rev': rev, 'document': self.document(v, doc), 'was': self.document(v, was), 'seen': seen(rev),
                       'edits': [pointer(p) for e in edits if e.rev == rev for p in paths_of(e.pointer)]} for v, rev, was, doc in saved],
            'said': [] if creation else [{**edit(s), 'pointer': pointer(p), 'together': n + 1 if isinstance(s.pointer[0], Together) else 0, 'agreement': agreement(s), 'latest': s.doc.get('at')}
                                              for n, s in enumerate(agreed.said) for p in paths_of(s.pointer)],
            'deletes': [{'slot': d.version, 'rev': d.rev, 'seen': seen(d.rev), 'document': self.document(d.version, d.doc)} for d in deletes],
            'together': [[[pointer(p) for p in t] for t in sets] for sets in self.chain.together],
            'quarantine': after is None, 'documents': self.documents(after and after.docs),
            'losers': [{'loser': edit(l.edit), 'winner': edit(l.winner)} for l in losers]})
    def emptied(self, v, was, doc):
        """That there is an array, though nothing in it, is an edit; the rule knows none such."""
        for p, (t, _) in self.world.shapes[v].items():
            if get(was, p) == GONE and get(doc, p) == []: put_at(doc, p, GONE)
        return doc
    def save_some(self, docs, turn, count):
        saved, edits = [], []
        for i in range(count):
            v = self.rnd.randrange(self.n); doc = self.emptied(v, docs[v], self.world.mutate(v, docs[v])); rev = f'{turn + 2}-{i}{self.rnd.random()}'
            new = edits_of(self.chain, v, docs[v], doc, rev)
            if new: saved.append((v, rev, docs[v], doc)); edits += new
        return saved, edits
    def held(self, agreed):
        """An order that was said is known by the elements that are there."""
        def now(s):
            i = rule.array_of(s.pointer)
            if i is None or s.pointer[i] != (): return s
            doc = {**agreed.docs[s.version], **({'at': s.doc['at']} if 'at' in s.doc else {})}
            return s._replace(value=get(doc, s.pointer[:i]), doc=doc)
        return Agreed(agreed.docs, [now(s) for s in agreed.said])
    def judge(self, agreed, saved, edits, **more):
        """None, where a document waits in quarantine."""
        for v, rev, was, doc in saved:
            mine = [e for e in edits if (e.version, e.rev) == (v, rev)]
            if not self.chain.crosses(agreed.docs, v, doc) and not rule.fits(self.chain, agreed.docs, mine, self.prefer): return None, []
        return rule.outcome(self.chain, agreed, edits, prefer=self.prefer, **more)
    def create(self):
        new = []
        for i in range(self.rnd.choice([1, 2, 2, 3])):
            first = self.world.first(self.rnd.randrange(self.n))
            if first: new.append((*first, f'1-{i}{self.rnd.random()}'))
        if not new: return
        edits = [e for v, doc, rev in new for e in edits_of(self.chain, v, None, doc, rev)]
        after, losers = rule.create(self.chain, new, edits, self.prefer)
        self.case(None, [(v, rev, None, doc) for v, doc, rev in new], edits, after, losers, creation=True)
    def history(self):
        r, c = self.rnd, self.chain
        first = self.world.first(r.randrange(self.n))
        if not first: return
        agreed = Agreed(c.image(*first), [])
        for turn in range(3):
            saved, edits = self.save_some(agreed.docs, turn, r.randint(1, 4))
            deletes = []
            if r.random() < .1: v = r.randrange(self.n); deletes.append(rule.Edit(v, (), GONE, f'{turn + 2}-d{r.random()}', agreed.docs[v]))
            agreed = self.held(agreed)
            after, losers = self.judge(agreed, saved, edits, deletes=deletes)
            self.case(agreed, saved, edits, after, losers, deletes=deletes)
            if after is None or after.docs is None: return
            self.batches(agreed, saved, edits, turn)
            agreed = after
    def batches(self, agreed, saved, edits, turn):
        """The same in two goes: what the second app did not see."""
        r = self.rnd
        revs = [rev for _, rev, _, _ in saved]; r.shuffle(revs); cut = revs[:r.randint(0, len(revs))]
        one, two = [e for e in edits if e.rev in cut], [e for e in edits if e.rev not in cut]
        if not one or not two: return
        mid, _ = self.judge(agreed, [s for s in saved if s[1] in cut], one)
        if mid is None: return
        new = [i for i, s in enumerate(mid.said) if s in one]; mid = self.held(mid); new = [mid.said[i] for i in new]
        deletes = []
        if r.random() < .2: v = r.randrange(self.n); deletes.append(rule.Edit(v, (), GONE, f'{turn + 2}-d{r.random()}', agreed.docs[v]))
        rest = [s for s in saved if s[1] not in cut]
        for late in ('agreed', 'edit'):
            after, losers = self.judge(mid, rest, two, deletes=deletes, late=late, unseen=lambda e: new)
            self.case(mid, rest, two, after, losers, late=late, deletes=deletes, seen=lambda rev: 1, agreement=lambda s: 2 if s in new else 1)

if __name__ == '__main__':
    folder, first, count = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    histories = int(sys.argv[5]) if len(sys.argv) > 5 else 6
    for seed in range(first, first + count):
        w = Writer(seed); write_catalog(f'{folder}/{seed}', w.world)
        for _ in range(histories): w.history(); w.create()
        with open(f'{folder}/{seed}/cases.json', 'w') as f:
            f.write('[\n' + ',\n'.join(json.dumps(c, separators=(',', ':')) for c in w.cases) + '\n]\n')
