"""One thing over time: the revisions that apps saved, and the agreements on them (points 7, 8, 10 to 12, 15)."""
from outcome import *

Leaf = namedtuple('Leaf', 'version rev way doc')           # way: its ancestors, the nearest first; doc None: deleted
Known = namedtuple('Known', 'doc seen')                    # seen: the last agreement that whoever edits it has seen
Write = namedtuple('Write', 'version rev parent doc')
Result = namedtuple('Result', 'losers writes quarantined')
New = namedtuple('New', 'leaf base seen hangs')            # base: the document that it was made of; None: of none

class Thing:
    """docs: what is agreed on, None where the thing was deleted or never there; before: what was agreed on when it
    was deleted, as long as that can be read."""
    writes = True                                          # False: somebody else does; see learn()
    def __init__(self, chain, prefer='newest-version', late='agreed', served=None):
        n = len(chain.lenses) + 1
        self.chain, self.prefer, self.late, self.served = chain, prefer, late, served or [True] * n
        self.docs = self.before = None
        self.said, self.deleted, self.at, self.count = [], [], {}, 0
        self.known, self.last = [{} for _ in range(n)], [None] * n

    def agree(self, leaves, bodies={}):
        """leaves: all that the store shows. bodies: {(version, rev): document} of older revisions that can be read."""
        fresh = [l for l in leaves if l.rev not in self.known[l.version] and (self.count or l.doc is not None)]
        if not fresh: return Result([], [], [])
        news = self.compare(fresh, leaves, bodies)
        bad = [n.leaf for n in news if n.leaf.doc is not None and not self.takes(n)]
        if bad: return Result([], [], bad)
        edits, deletes, unseen = self.read(news)
        self.count += 1
        lost = self.judge(news, edits, deletes, unseen)
        for l in leaves:
            if l.doc is None: self.known[l.version].setdefault(l.rev, Known(None, 0))     # nobody agreed on anything
        for n in news:
            l = n.leaf
            self.known[l.version][l.rev] = Known(l.doc, self.count if l.doc is None and self.docs is None else n.seen)
            for r in l.way:
                if (l.version, r) in bodies: self.known[l.version].setdefault(r, Known(bodies[l.version, r], n.seen))
        return Result(lost, self.write(leaves) if self.writes else [], [])

    # what people did
    def compare(self, fresh, leaves, bodies):
        """The documents that are new, each with the one that it was made of."""
        shared = {(l.version, r) for l in fresh for m in fresh if l is not m and l.version == m.version
                  for r in [next((r for r in l.way if r in m.way), None)]
                  if r is not None and r not in self.known[l.version] and (l.version, r) in bodies}
        forks = [Leaf(v, r, next(l.way[l.way.index(r) + 1:] for l in fresh if l.version == v and r in l.way), bodies[v, r]) for v, r in sorted(shared)]
        return [self.made_of(l, leaves, shared, bodies) for l in fresh + forks]
    def made_of(self, l, leaves, shared, bodies):
        known = self.known[l.version]
        near = next((r for r in l.way if r in known), None)
        if near is None and self.replaced(leaves, l.version) == l.rev: near = self.last[l.version]
        seen = known[near].seen if near is not None else 0
        for r in l.way:
            if r == near: break
            if (l.version, r) in shared: return New(l, bodies[l.version, r], seen, False)
        return New(l, known[near].doc if near is not None else None, seen, near is None)

    def replaced(self, leaves, v):
        """The leaf that has replaced the known one that stood last, though the store forgot the way; None: none."""
        last, mine = self.last[v], [l for l in leaves if l.version == v]
        if last is None or any(last in (l.rev, *l.way) for l in mine): return None
        cut = lambda l: revision((l.rev, *l.way)[-1])[0]
        able = [l for l in mine if not any(r in self.known[v] for r in (l.rev, *l.way)) and cut(l) > (1 if len(mine) == 1 else revision(last)[0])]
        return able[0].rev if len(able) == 1 else None

    def takes(self, n):
        """A document that is invalid or cannot be carried waits, unless its edits fit all together."""
        if self.chain.crosses(self.docs or self.before, n.leaf.version, n.leaf.doc): return True
        edits = edits_of(self.chain, n.leaf.version, n.base, n.leaf.doc, n.leaf.rev)
        return bool(self.docs) and fits(self.chain, self.docs, edits, self.prefer)

    def read(self, news):
        """-> edits, deletes, and what their apps had not seen."""
        edits, deletes, had = [], [], {}
        for n in news:
            l = n.leaf; had[l.version, l.rev] = n
            if l.doc is None:
                if n.base is not None or n.hangs and self.docs is not None: deletes.append(Edit(l.version, (), GONE, l.rev, n.base))
                continue
            made = edits_of(self.chain, l.version, n.base, l.doc, l.rev)
            below = [m for m in news if m.leaf.version == l.version and l.rev in m.leaf.way]
            again = [e.pointer for m in below if m.leaf.doc is not None for e in edits_of(self.chain, l.version, l.doc, m.leaf.doc, '')]
            edits += [e for e in made if not any(e.pointer[:len(p)] == p for p in again)]
        def unseen(e):
            n = had[one_document(e)]
            return [s for s in self.said + self.deleted if self.at[key(s)] > n.seen
                    and not (n.base is not None and s.version == e.version and s.pointer and stands_in(self.chain, n.base, s))]
        return edits, deletes, unseen

    # who wins
    def judge(self, news, edits, deletes, unseen):
        over, roots = self.docs, []
        if over is None:
            roots = [n for n in news if n.leaf.doc is not None and not any(self.at[key(d)] > n.seen for d in self.deleted)]
            made = {(n.leaf.version, n.leaf.rev) for n in roots}
            others = [e for e in edits if one_document(e) not in made]
            if not roots and not others: return []                           # stays deleted
            if not self.deleted or not others: return self.begin(roots, edits, deletes)
            over = self.before or self.chain.image(others[0].version, others[0].doc)
        said = [s for s in self.said if stands(self.chain, over, s)]
        agreed, lost = outcome(self.chain, Agreed(over, said), edits, deletes, self.prefer, self.late, unseen)
        if self.docs is None: agreed, lost = self.back(over, agreed, lost, edits, unseen, bool(roots))
        self.take(agreed, edits, [d for d in deletes if d not in [l.edit for l in lost]])
        return lost
    def begin(self, roots, edits, deletes):
        """A thing that nobody agreed on, or that was deleted and is saved again by who saw that."""
        agreed, lost = create(self.chain, [(n.leaf.version, n.leaf.doc, n.leaf.rev) for n in roots], edits, self.prefer)
        none = lambda e: ()
        agreed, lost = after_deletes(self.chain, agreed, descending(agreed.said, self.prefer), deletes, lost, self.prefer, self.late, none)
        self.take(agreed, edits, deletes)
        return lost
    def back(self, over, agreed, lost, edits, unseen, anew):
        """An edit after an agreed delete brings the thing back, if it changes what was agreed; so does `anew`, who saw
        the delete and saves the thing again."""
        gone = [l.edit for l in lost]
        brings = [e for e in descending(edits, self.prefer) if e not in gone and any(d in unseen(e) for d in self.deleted)
                  and (self.before is None or not stands(self.chain, over, e))]
        if not (brings or anew) or agreed.docs is None: return Agreed(None, self.said), [l for l in lost if l.edit in edits]
        return agreed, lost + [Loser(d, brings[0]) for d in self.deleted if brings]
    def take(self, agreed, edits, deletes):
        for e in edits + deletes: self.at.setdefault(key(e), self.count)
        self.said = agreed.said
        if agreed.docs is None:
            if self.docs is not None: self.before = self.docs
            self.deleted = self.deleted + deletes
        else: self.before, self.deleted = None, []
        self.docs = agreed.docs

    def grow(self, chain):
        """A version is added: it says what the lens makes of the one before. What was said of a whole array whose
        elements have a key now was said of each."""
        self.chain = chain; n = len(chain.lenses) + 1
        self.known += [{}]; self.last += [None]; self.served += [True]
        for docs in (self.docs, self.before):
            if docs is not None: docs.append(None); chain.carry(docs, n - 2)
        said = []
        for e in self.said:
            if e.value == GONE or e.pointer not in chain.keyed[e.version]: said.append(e); continue
            new = [f for f in edits_of(chain, e.version, None, e.doc, e.rev) if f.pointer[:len(e.pointer)] == e.pointer]
            for f in new: self.at[key(f)] = self.at[key(e)]
            said += new
        self.said = said

    # what is written
    def write(self, leaves):
        """The engine's writes; and which revisions are current now."""
        writes = []
        for v, served in enumerate(self.served):
            mine = sorted([l for l in leaves if l.version == v], key=lambda l: (l.doc is not None, revision(l.rev)))
            top, doc = mine[-1] if mine else None, self.docs and self.docs[v]
            says = top is not None and (top.doc is None) == (doc is None) and (doc is None or same(top.doc, doc))
            if served and not says and (top or doc is not None):
                top = Leaf(v, f'{revision(top.rev)[0] + 1 if top else 1}-engine{self.count}', (), doc)
                writes.append(Write(v, top.rev, mine[-1].rev if mine else None, clone(doc)))
            if served:
                writes += [Write(v, f'{revision(l.rev)[0] + 1}-engine{self.count}x{i}', l.rev, None) for i, l in enumerate(mine[:-1]) if l.doc is not None]
            for w in writes:
                if w.version == v: self.known[v][w.rev] = Known(w.doc, self.count)
            if top:
                self.last[v] = top.rev
                if served or says: self.known[v][top.rev] = Known(top.doc, self.count)
        for l in leaves: self.known[l.version].setdefault(l.rev, Known(l.doc, self.count))
        return writes

    def learn(self, leaves):
        """What stands in the store, where somebody else wrote it. Of what nobody agreed on nothing is remembered."""
        if not self.count: return
        for l in leaves: self.known[l.version].setdefault(l.rev, Known(l.doc, self.count))
        for v, served in enumerate(self.served):
            top = max((l for l in leaves if l.version == v), key=lambda l: (l.doc is not None, revision(l.rev)), default=None)
            if top: self.last[v] = top.rev; self.known[v][top.rev] = Known(top.doc, self.count)

key = id_of
