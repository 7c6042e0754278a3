"""Random chains of versions, with documents and edits for them."""
import random
from lenses import *

# ---- random chains, documents and edits --------------------------------------------------------------------------
ALL = 'rename split join table plunge hoist add remove recut mix rows key tags pair depends cap file'.split()
WORDS = 'ada bob cyd dan eve'.split()

class World:
    """A random chain of versions. shapes[v]: {path: (type, track)}; the types are word (may be gone), must (a word),
    full (one or two words), rest (a word, may be gone), two, one (letters), tags, (enum, values), (rows, key, {});
    coord (both of an object, or neither), state (shipped only with a tracking), tracking, file (an attachment), time."""
    def __init__(self, rnd, ops=ALL, versions=None, fields=4):
        self.rnd, self.count, n = rnd, 0, versions or rnd.randint(2, 4)
        self.atoms = 'together' in ops and rnd.random() < .5
        shape, kinds = {}, []
        if {'rename', 'plunge', 'hoist', 'add', 'remove'} & set(ops): kinds += ['word', 'must']
        if 'split' in ops: kinds += ['full']
        if 'join' in ops: kinds += ['names']
        if 'table' in ops: kinds += ['enum']
        if 'recut' in ops: kinds += ['cut']
        if 'mix' in ops or 'cap' in ops: kinds += ['mix']
        kinds += [x for x in ('pair', 'depends') if x in ops]
        if 'rows' in ops or 'key' in ops: kinds += ['rows']
        if 'tags' in ops: kinds += ['tags']
        for kind in [rnd.choice(kinds) for _ in range(rnd.randint(1, fields))]: self.begin(shape, kind)
        if 'file' in ops and rnd.random() < .2: shape['_attachments', 'a.txt'] = ('file', -1)
        if 'latest' in ops: shape['at',] = ('time', -2)
        self.shapes, self.lenses, self.ops, self.named = [shape], [], [], set()
        for _ in range(n - 1): self.step(ops)
        self.rebuild()
    def rebuild(self):
        together = [[[q for q, (t, i) in sorted(s.items()) if i == k and t in ('state', 'tracking')] for k in sorted({k for t, k in s.values() if t == 'state'})]
                    if self.atoms else () for s in self.shapes]
        self.chain = Chain(self.lenses, self.keys(self.shapes, self.named), self.valid, together, ('at',) if ('at',) in self.shapes[0] else None)
    def keys(self, shapes, named):
        return [{p: (t[1] if t[0] == 'rows' else None) for p, (t, k) in s.items() if k in named} for s in shapes]
    def part(self, n):
        """The chain while there are n versions."""
        named = {s[p][1] for s, ops in zip(self.shapes, self.ops[:n - 1]) for op in ops if isinstance(op, Rows) for p in op.older}
        return Chain(self.lenses[:n - 1], self.keys(self.shapes[:n], named))
    def name(self, base): self.count += 1; return f'{base.rstrip("0123456789")}{self.count}'
    def begin(self, shape, kind):
        k = self.count + 1
        if kind == 'names': shape[(self.name('first'),)] = ('must', k); shape[(self.name('last'),)] = ('rest', k)
        elif kind == 'cut': shape[(self.name('two'),)] = ('two', k); shape[(self.name('one'),)] = ('one', k)
        elif kind == 'mix': shape[(self.name('a'),)] = shape[(self.name('b'),)] = ('int', k)
        elif kind == 'pair': p = self.name('spot'); shape[p, 'x'] = shape[p, 'y'] = ('coord', k)
        elif kind == 'depends': shape[(self.name('state'),)] = ('state', k); shape[(self.name('tracking'),)] = ('tracking', k)
        elif kind == 'enum': shape[(self.name('enum'),)] = (('enum', tuple(self.rnd.sample('abcd', self.rnd.randint(2, 3)))), k)
        elif kind == 'rows': shape[(self.name('rows'),)] = (('rows', 'id', {('text',): 'word', ('state',): ('enum', ('x', 'y'))}), k)
        else: shape[(self.name(kind),)] = (kind, k)
    def table(self, old):
        rnd, n = self.rnd, self.rnd.randint(2, 4)
        new = tuple(rnd.sample('pqrs', n)); small, big = sorted((old, new), key=len)
        one = dict(zip(small, rnd.sample(big, len(small)))); many = {b: rnd.choice(small) for b in big}
        many.update({b: a for a, b in one.items()})
        return ('enum', new), (one, many) if small is old else (many, one)
    def step(self, ops):
        rnd, shape, new, done = self.rnd, self.shapes[-1], {}, []
        tracks = {}
        for p, (t, k) in shape.items(): tracks.setdefault(k, []).append((p, t))
        for k, fields in tracks.items():
            (p, t), many = fields[0], [t for _, t in fields]
            can = {'rename'} if len(fields) == 1 else set()
            if len(p) == 1 and t in ('word', 'must') and len(fields) == 1: can |= {'plunge', 'remove'}
            if len(p) == 2: can = {'hoist'}
            if t == 'coord': can = {'pair'}
            if t == 'state': can = {'depends'}
            if t in ('file', 'time'): can = set()
            if t == 'full': can |= {'split'}
            if many == ['must', 'rest']: can |= {'join'}
            if many in (['two', 'one'], ['one', 'two']): can |= {'recut'}
            if t == 'int': can |= {'mix', 'cap'}
            if t[0] == 'enum': can |= {'table'}
            if t[0] == 'rows': can |= {'rows', 'key'}
            if t == 'tags': can = {'tags'}
            can = sorted(can & set(ops))
            if not can or rnd.random() < .25 and t != 'tags':
                new.update({p: (t, k) for p, t in fields}); continue
            do = rnd.choice(can); q = (self.name(p[-1]),)
            if do == 'rename': done.append(Rename(p, q)); new[q] = (t, k)
            elif do == 'plunge': q = (self.name('in'), q[0]); done.append(Rename(p, q)); new[q] = (t, k)
            elif do == 'hoist': done.append(Rename(p, q)); new[q] = (t, k)
            elif do == 'remove': done.append(Add(p, rnd.choice(WORDS)).flip())
            elif do == 'table':
                t2, (up, down) = self.table(t[1]); done.append(Table(p, q, up, down)); new[q] = (t2, k)
            elif do == 'split':
                a, b = (self.name('first'),), (self.name('last'),); done.append(Split(p, a, b)); new[a] = ('must', k); new[b] = ('rest', k)
            elif do == 'join': q = (self.name('full'),); done.append(Split(q, p, fields[1][0]).flip()); new[q] = ('full', k)
            elif do == 'recut':
                a, b = (self.name('cut'),), (self.name('cut'),)
                op = Recut(p, fields[1][0], a, b) if t == 'two' else Recut(a, b, p, fields[1][0]).flip()
                done.append(op); new[a], new[b] = (('one', k), ('two', k)) if t == 'two' else (('two', k), ('one', k))
            elif do == 'pair': done.append(Rename(p[:1], q)); new[q + ('x',)] = new[q + ('y',)] = (t, k)
            elif do == 'depends':
                r = (self.name('tracking'),); done += [Rename(p, q), Rename(fields[1][0], r)]; new[q] = (t, k); new[r] = ('tracking', k)
            elif do in ('mix', 'cap'):
                a, b = (self.name('mix'),), (self.name('mix'),); done.append(Mix(p, fields[1][0], a, b, 4 if do == 'cap' else None)); new[a] = new[b] = (t, k)
            elif do == 'tags': done.append(Tags(p, q, 'id', 'note', 'none')); new[q] = (('rows', 'id', {('note',): 'word'}), k)
            else: new[q] = (self.rows(p, q, t, do == 'key', done), k); self.named.add(k)
        if 'add' in ops and rnd.random() < .6:
            p, k = (self.name('add'),), self.count; t = rnd.choice(['word', 'must'])
            done.append(Add(p, rnd.choice(WORDS))); new[p] = (t, k)
        self.ops.append(done); self.lenses.append(Lens(done)); self.shapes.append(new)
    def rows(self, p, q, t, rekey, done):
        key, new, ops = t[1], {}, []
        if rekey: key = self.name('key'); ops.append(Rename((t[1],), (key,)))
        for f, ft in t[2].items():
            do = self.rnd.choice(['', 'rename', 'table'])
            if do == 'table' and ft[0] == 'enum':
                g = (self.name(f[0]),); t2, (up, down) = self.table(ft[1]); ops.append(Table(f, g, up, down)); new[g] = t2
            elif do == 'rename': g = (self.name(f[0]),); ops.append(Rename(f, g)); new[g] = ft
            else: new[f] = ft
        if self.rnd.random() < .3: g = (self.name('more'),); ops.append(Add(g, 'none')); new[g] = 'word'
        done.append(Rows(p, q, t[1], key, ops))
        return ('rows', key, new)
    # documents
    def value(self, t):
        r = self.rnd
        if t == 'time': return r.randint(0, 9)
        if t == 'coord': return r.randint(0, 2)
        if t == 'state': return r.choice(['open', 'shipped'])
        if t == 'file': return r.choice(['d1 text/plain', 'd2 text/plain', 'd1 text/html', GONE])
        if t in ('word', 'rest', 'tracking'): return r.choice(WORDS) if r.random() < .85 else GONE
        if t == 'int': return r.randint(0, 3)
        if t == 'must': return r.choice(WORDS)
        if t == 'full': return ' '.join(r.choice(WORDS) for _ in range(r.choice([1, 2, 2, 2])))
        if t in ('two', 'one'): return ''.join(r.choice('uvw') for _ in range(('one', 'two').index(t) + 1))
        if t == 'tags': return r.sample('klmno', r.randint(0, 3))
        if t[0] == 'enum': return r.choice(t[1])
        return [self.element(t, k) for k in r.sample('klmno', r.randint(0, 3))]
    def element(self, t, k):
        e = {t[1]: k}
        for f, ft in t[2].items(): put_at(e, f, self.value(ft))
        return e
    def document(self, v):
        doc = {}
        for p, (t, _) in self.shapes[v].items(): put_at(doc, p, self.value(t))
        return self.mend(v, doc)
    def first(self, v):
        """A document that can be carried to all versions; None: no luck."""
        for _ in range(20):
            doc = self.document(v)
            if self.chain.crosses(None, v, doc): return v, doc
    def mend(self, v, doc):
        """Takes away what makes a document invalid."""
        for p, (t, k) in self.shapes[v].items():
            if t == 'coord' and len(get(doc, p[:1])) == 1 or t == 'coord' and get(doc, p[:1]) != GONE and self.rnd.random() < .2: put_at(doc, p[:1], GONE)
            if t == 'state' and not self.valid(v, doc): put_at(doc, p, 'open')
        return doc
    def valid(self, v, doc):
        for p, (t, k) in self.shapes[v].items():
            there = get(doc, p)
            if there == GONE and (t in ('must', 'full', 'two', 'one', 'int', 'state') or t[0] == 'enum'): return False
            if t == 'coord' and (there == GONE) != (get(doc, p[:1]) == GONE): return False
            if t == 'state' and there == 'shipped' and any(get(doc, q) == GONE for q, (u, i) in self.shapes[v].items() if i == k): return False
        return True
    def mutate(self, v, doc):
        doc, r = clone(doc), self.rnd
        paths = list(self.shapes[v].items())
        for p, (t, _) in r.sample(paths, min(len(paths), r.choice([1, 1, 2, 3]))):
            old = get(doc, p)
            if (t == 'tags' or t[0] == 'rows') and old != GONE and r.random() < .03: put_at(doc, p, GONE)
            elif (t == 'tags' or t[0] == 'rows') and old != GONE: put_at(doc, p, self.mutate_array(t, old))
            elif t == 'time': put_at(doc, p, old + r.randint(0, 2) if old != GONE else r.randint(0, 9))
            elif t == 'coord' and old == GONE:
                for q in 'xy': put_at(doc, p[:1] + (q,), self.value(t))
            else: put_at(doc, p, self.value(t))
        return self.mend(v, doc)
    def mutate_array(self, t, array):
        r, array = self.rnd, list(array); key = (lambda e: e) if t == 'tags' else (lambda e: e[t[1]])
        for _ in range(r.choice([1, 1, 2])):
            do = r.choice('add remove order field field'.split())
            free = [k for k in 'klmno' if k not in map(key, array)]
            if do == 'add' and free:
                k = r.choice(free); array.insert(r.randint(0, len(array)), k if t == 'tags' else self.element(t, k))
            elif do == 'remove' and array: array.pop(r.randrange(len(array)))
            elif do == 'order': r.shuffle(array)
            elif do == 'field' and array and t != 'tags':
                i = r.randrange(len(array)); f = r.choice(list(t[2])); array[i] = clone(array[i]); put_at(array[i], f, self.value(t[2][f]))
        return array

