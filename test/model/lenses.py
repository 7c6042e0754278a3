"""Documents, lenses and chains of them, as small as the rule needs them. An object without leaves is not there."""

GONE = '\0gone'                                   # in the place of a value: nothing there

class Failure(Exception):
    """A lens cannot take what is there, or what came out is no valid document."""

def clone(x):
    if isinstance(x, dict): return {k: clone(v) for k, v in x.items()}
    return [clone(v) for v in x] if isinstance(x, list) else x

# ---- documents: objects of objects; an atom is a path to something else -------------------------------------------
def get(doc, path):
    for name in path:
        if not isinstance(doc, dict) or name not in doc: return GONE
        doc = doc[name]
    return doc

def put_at(doc, path, value):
    if value == GONE:
        if get(doc, path[:-1]) != GONE: get(doc, path[:-1]).pop(path[-1], None)
        if len(path) > 1 and get(doc, path[:-1]) == {}: put_at(doc, path[:-1], GONE)
        return
    for name in path[:-1]: doc = doc.setdefault(name, {})
    doc[path[-1]] = clone(value)

def leaves(doc, at=()):
    for name, value in doc.items():
        if isinstance(value, dict): yield from leaves(value, at + (name,))
        else: yield at + (name,), value

def same(a, b): return dict(leaves(a)) == dict(leaves(b))

# ---- lenses: ops over separate fields; everything else passes ----------------------------------------------------
class Op:
    """older, newer: paths; up(values, base) and down(values, base) give the values of the other side.
    base is None where nothing is there yet."""
    def flip(self):
        f = Op(); f.older, f.newer, f.up, f.down, f.of = self.newer, self.older, self.down, self.up, self
        return f

class Rename(Op):
    """Of a field, or of an object."""
    def __init__(self, a, b): self.older, self.newer = (a,), (b,)
    def up(self, v, base): return v
    down = up

class Add(Op):
    def __init__(self, name, default): self.older, self.newer, self.default = (), (name,), default
    def up(self, v, base): return (self.default,) if base is None else base
    def down(self, v, base): return ()

class Table(Op):
    """Many to one either way: what says the same already is left alone."""
    def __init__(self, a, b, up, down): self.older, self.newer, self.tables = (a,), (b,), (up, down)
    def turn(self, v, base, there, back):
        if v[0] == GONE: return (GONE,)
        if base and base[0] != GONE and back.get(base[0]) == v[0]: return base
        if v[0] not in there: raise Failure(v[0])
        return (there[v[0]],)
    def up(self, v, base): return self.turn(v, base, *self.tables)
    def down(self, v, base): return self.turn(v, base, *self.tables[::-1])

class Split(Op):
    def __init__(self, name, first, last): self.older, self.newer = (name,), (first, last)
    def up(self, v, base):
        if v[0] == GONE: return (GONE, GONE)
        return tuple((v[0].split(' ', 1) + [GONE])[:2])
    def down(self, v, base): return (' '.join(x for x in v if x != GONE) if v[0] != GONE else GONE,)

class Recut(Op):
    """A script of two fields from two: "ab", "c" and "a", "bc"."""
    def __init__(self, a, b, c, d): self.older, self.newer = (a, b), (c, d)
    def up(self, v, base): return (GONE, GONE) if GONE in v else (v[0][0], v[0][1] + v[1])
    def down(self, v, base): return (GONE, GONE) if GONE in v else (v[0] + v[1][0], v[1][1])

class Mix(Op):
    """A script whose fields all hang together: a, b and a + b, b. It fails where the sum is above its cap."""
    def __init__(self, a, b, c, d, cap=None): self.older, self.newer, self.cap = (a, b), (c, d), cap
    def up(self, v, base):
        if self.cap is not None and v[0] + v[1] > self.cap: raise Failure(v)
        return (v[0] + v[1], v[1])
    def down(self, v, base): return (v[0] - v[1], v[1])

class Rows(Op):
    """Ops on each element of an array, matched by key."""
    def __init__(self, a, b, key, newkey, ops):
        self.older, self.newer, self.keys, self.lens = (a,), (b,), (key, newkey), Lens(ops)
    def turn(self, v, base, key, newkey, go):
        if v[0] == GONE: return (GONE,)
        old = {e[newkey]: e for e in base[0]} if base and base[0] != GONE else {}
        return ([go(e, old.get(e[key])) for e in v[0]],)
    def up(self, v, base): return self.turn(v, base, *self.keys, self.lens.up)
    def down(self, v, base): return self.turn(v, base, *self.keys[::-1], self.lens.down)

class Tags(Op):
    """A script: scalars become objects with a field more; an object that is there keeps it."""
    def __init__(self, a, b, key, note, default): self.older, self.newer, self.made = (a,), (b,), (key, note, default)
    def up(self, v, base):
        if v[0] == GONE: return (GONE,)
        key, note, default = self.made
        old = {e[key]: e for e in base[0]} if base and base[0] != GONE else {}
        return ([old.get(t, {key: t, note: default}) for t in v[0]],)
    def down(self, v, base): return (GONE if v[0] == GONE else [e[self.made[0]] for e in v[0]],)

class Lens:
    def __init__(self, ops): self.ops = ops
    def turn(self, doc, base, flip):
        out = clone(doc)
        ops = [op.flip() if flip else op for op in self.ops]
        values = [tuple(get(doc, p) for p in op.older) for op in ops]
        for op in ops:
            for p in op.older: put_at(out, p, GONE)
        for op, v in zip(ops, values):
            there = None if base is None else tuple(get(base, p) for p in op.newer)
            for p, x in zip(op.newer, op.up(v, there)): put_at(out, p, x)
        return out
    def up(self, doc, base=None): return self.turn(doc, base, False)
    def down(self, doc, base=None): return self.turn(doc, base, True)

class Chain:
    """lenses[i] stands between versions i and i + 1; keyed[v]: {path of an array: its key, or None: scalars};
    valid(v, doc): by its schema; together[v]: [paths that are one atom]; latest: the path of `prefer: {latest: ...}`"""
    def __init__(self, lenses, keyed, valid=lambda v, doc: True, together=None, latest=None):
        self.lenses, self.keyed, self.valid, self.latest = lenses, keyed, valid, latest
        self.together = together or [()] * (len(lenses) + 1)
    def carry(self, docs, v):
        """All other documents say what docs[v] says; None: not made yet."""
        for i in range(v, len(self.lenses)): docs[i + 1] = self.lenses[i].up(docs[i], docs[i + 1])
        for i in range(v, 0, -1): docs[i - 1] = self.lenses[i - 1].down(docs[i], docs[i - 1])
        return docs
    def image(self, v, doc):
        docs = [None] * (len(self.lenses) + 1); docs[v] = clone(doc)
        return self.carry(docs, v)
    def agrees(self, docs):
        return all(same(l.up(a, b), b) and same(l.down(b, a), a) for l, a, b in zip(self.lenses, docs, docs[1:]))
    def sound(self, docs):
        try: return all(self.valid(v, d) for v, d in enumerate(docs)) and self.agrees(docs)
        except Failure: return False
    def crosses(self, docs, v, doc):
        """Whether a saved document is valid, and can be carried over what is there."""
        docs = [None] * (len(self.lenses) + 1) if docs is None else clone(docs); docs[v] = clone(doc)
        try: return self.sound(self.carry(docs, v))
        except Failure: return False
