#!/usr/bin/env python3
"""What must come out when apps of different schema versions edit one thing at the same time.

A thing has a document for each version v0..vn. Between neighbours stands a lens: up(older, base) and
down(newer, base), each over the document that is there (its complement), with GetPut and PutGet. The
documents agree when each is the image of its neighbours.

THE RULE (greedy by whole edits)
 1. An edit is (version, pointer, value or GONE, revision): one atom of one saved document that says something
    else than the document that the app had before it. An edit is indivisible: it wins or loses whole.
 2. put(state, edits): the edits of one saved document are set together, the documents in ascending priority;
    after each, that document is carried to all others through the lenses, neighbour by neighbour. Documents
    whose edits do not all stand then are set once more, until all stand or as many rounds have passed as there
    are documents. A round that leaves all documents as they were ends it.
 3. An edit stands in a state if the document of its version says its value at its atom: an added element if it
    is there, a removed one if it is not, a field of an element only where the element is, an order if those of
    its elements that are there follow it. What was said at an earlier agreement is set as what is agreed says it:
    its elements have their places from there, no longer from the document in which it was saved.
 4. Edits are taken in descending priority: policy's version, then the higher revision (generation, then text),
    then the pointer, token by token as it is written (RFC 6901; a [ that begins a name as ~2). One is accepted if in put(agreed, accepted + it) all of these stand. Those of one document
    are tried again until no more of them fit. The outcome is put(agreed, accepted). What was not accepted and
    does not stand in the outcome has lost.
 5. A loser is listed once, against one winner: the first accepted edit of another document, from the highest
    priority down, with which, and with all such before it, the loser cannot stand, though these can or it says otherwise of the same atom (of a late one: what its app had
    not seen comes first, from the highest down); where there is none, with what was accepted of its own document,
    too. So never against one that lost itself, nor against its own document. What has lost already is listed against
    whom it lost to last.
    What was said at an earlier agreement is listed as what is agreed says it: an element with all that is in it, an
    order with those of its elements that are there.
 6. Late is an edit that cannot stand together with what was accepted since its app last looked and still stands
    (not: whose atom has changed; what lenses made of an edit is nobody's word). `late="agreed"`: it is taken
    after all others, and must leave what its app did not see; it loses against that. `late="edit"`: it is taken
    first, and what gives way is listed against the first accepted edit with which, and all before it, it no
    longer stands, unless the app of that one had seen it. An edit that is not late keeps what its app did not see, too.
 7. A delete gives way to an edit that its app had not seen, if that was accepted and did not stand before. It
    is listed against the highest of these, and the thing is as if it had not been deleted: also what only the
    deleted document could say is there. Saving without a change is no edit. Where one delete need not give way,
    all documents go, and nothing is listed.
 8. A thing that nobody agreed on: each new document is laid over what those of lower priority say; all atoms
    of the first stand, those of the others are edits (where a lens fails on the way, they are laid over the first
    alone). What a document leaves out it does not contest, and a deleted leaf says nothing. A leaf that
    hangs on nothing that is known, beside others, is laid over what is agreed in the same way, and has seen
    nothing (a deleted one is a delete that has seen nothing). A known leaf that has vanished was replaced by a
    descendant, which has seen all that the known one had: by the one leaf that is left, or else by the only one
    that it can be, whose remembered ancestors break off above it (stores remember some revisions only). A leaf of
    which all is remembered has replaced nothing: then what stood there never landed.
 9. An array is one atom, unless a lens of the type names its key: then, in all versions that it travels to,
    presence of an element, each of its fields, and the order of those that were there before are atoms; where
    it holds scalars, a scalar is its own key. An added element goes behind the one that it was put behind (that
    is no order); one that is there already in what is agreed stays where it is. An empty array where there was none is an order of nothing: that there is an array. A field set over a removal brings the element back. Removing a field or the whole array is an
    edit like any other.
10. Agreements of a thing are counted. An app has seen all up to the last during which the nearest known ancestor
    of its leaf was the current revision of its document, also if that agreement changed nothing there (version 2
    blocks an item, version 1 says "not done" before and after: an app of version 1 that is up to date has seen
    it, and its tick is not late). A revision that lost its place at once was never current: who edits it further
    has seen what its app had. And an app has seen every edit of its own version that its ancestor says: its own
    earlier ones, and another's that came to the same. "Seen" is asked of an edit, and of a delete. Whose deletion is
    taken in when the thing goes, or after, has seen that it is gone. Revisions on the way to a leaf become known with
    it, where they can be read; not tombstones: who saves on top of one that nobody agreed on has changed what it deleted. Of one atom of one version only the last word is remembered: of several that say the
    same, the highest of the latest agreement.
    A leaf that no agreement has taken in is compared with its nearest known ancestor, or with the nearest revision
    that two such leaves share, where that can be read: this one then is a document of its own, without those
    of its edits whose atom a leaf below it changed again.
11. Late is a delete whose app had not seen an accepted edit that still stands. `late="agreed"`: it gives way to
    the highest of these. `late="edit"`: it wins over them, and they are listed against it (not over edits that
    come together with it: see 7). An edit that arrives after an agreed delete which its app had not seen is
    judged over what was agreed before it (where that can no longer be read: over its own document's image). If it
    is accepted and did not stand in that, the thing comes back and the delete is listed against the highest of these, be
    `late` what it may; else the thing stays deleted, and no delete has lost. Who saw the delete and saves the document again makes the
    thing anew (8). Where such an edit arrives with it, it is laid over what was agreed before, and the
    thing comes back even if no such edit is accepted.
12. If a lens fails in put, or a document of the result is invalid by its schema, or the documents do not agree, the
    edits do not fit. Edits of one document that do not fit one by one (the members of an object that needs
    both) are taken together: each with the fewest of its document that it needs, found by leaving out the members
    of one object after the other, then one edit after the other, in the order of pointers, again and again until
    none can be left out. Such an edit is tried alone,
    then with these; it clashes where it can stand in neither way. A document whose edits do not fit all together, and which by itself is
    invalid or cannot be carried, is no loser, for it has no winner: its lineage is quarantined, and nothing of
    it is taken. Where a late edit does not fit even without what its app had not seen, its winner is the highest
    of these.
13. `latest`: the field of the saved document that made the edit; absent is oldest; ties by newest version. The field
    itself is only ever raised, and stands where the document says its value or a higher one: so it takes the
    highest value and is never listed; a word that was overtaken is forgotten. Edits of one version rank by revision: an app that saves often outranks
    one that saves once; who minds that uses `latest`.
14. An attachment (digest with content type) is one atom. The catalog may say `together: [status, tracking]`: then
    these are one atom, for fields that make sense only together: who changes one says them all.
15. A version that is only accepted, or only passed through, stands in the rule with its computed document, not with a
    stored one; a stored revision is current in the sense of 10 only where it says the same. An edit at a hole
    (a part that has not arrived or was deleted) is pending: neither known and forgotten nor stale; it is judged
    when the part arrives. A shared part is a lineage of its own: edits made of it through documents that embed it
    are edits of the part, with their origin's version and revision, judged there once.
16. Where all edits together stand, all are accepted (one replay; the same as greedy).

`python3 selftest.py` plays random histories against the rule's own properties.

WHY NOT OTHERWISE
 - A deleted leaf as a delete where nobody agreed on anything (8): after the state was lost, the engine's own tombstones
   on the branches that it had merged would delete the thing.
 - A winner without regard to the loser's document (5): fields a, b and a + b, b. Version 1 says a = 2; version 2 says
   a + b = 2 and b = 3. Accepted are a = 2 and b = 3; the sum is 2 with either of them, but not with both: it would
   be listed against b, which its own author wrote.
 - Merge atom by atom after crossing (each version's own atoms decide): version 1 writes "Bob King" over "Ada
   Lovelace", version 2 corrects the last name to "Byron": out comes "Bob Byron", a person nobody wrote, and the
   list must hold half an edit (a loser "King" that no document ever said). With "Lovelace" kept and "Bob"
   taken it is worse: nobody is told. Rule 1 forbids it.
 - All of a document or nothing: loses edits that nobody contested.
 - The largest set of edits that fits: two trifles outvote the edit that policy prefers; exponential.
 - Clashes by comparing pointers across lenses: calls "not done" against "blocked" a contest, and two edits of
   one script's fields that do not touch. Only the state after put knows.
 Greedy asks one question, does it still stand, of one state; what policy prefers always stands.
 - "Seen" by the number of the agreement alone (10): an app saves twice, and between its two revisions the engine
   takes the first one and writes over it what another version said. Its second save would be late against its own
   first one, and would lose against it.
 - Who vanished beside other leaves as hanging on nothing (8): a store with `revs=2`; an app saves three times on what
   is agreed, and somebody else, offline, makes the thing of the same key. What the app saved would be late against
   what it had read itself.
 - Each word that was ever said of an atom (10): two apps write "null", a third, late, removes it. It would be listed
   that it gave way twice, and a base would grow by who says again what stands.
 - Its own delete as unseen (10): an app deletes, and makes the thing again, while another deletes it as well. What it
   made would be late against its own delete.
 - An edit of a needy document for itself (12): version 1 adds {"spot": {"x": 1, "y": 2}}, where `spot` needs both.
   Two edits, of which neither is valid alone: greedy would take none, though nobody contests them.
"""
import itertools
from collections import namedtuple
from lenses import *

# doc: the saved document; place: what has the places of elements, where that is another one
Edit = namedtuple('Edit', 'version pointer value rev doc place', defaults=[None])
Loser = namedtuple('Loser', 'edit winner')
class Together(tuple):
    """In a pointer: several paths that are one atom. Its value is {path: value}."""

# ---- edits -------------------------------------------------------------------------------------------------------
def by_key(array, key): return {e if key is None else e[key]: e for e in array}
def follows(names, order): return [x for x in order if x in names] == [x for x in names if x in order]

def edits_of(chain, v, was, now, rev):
    """What a saved document says otherwise than the one that the app had (None: none)."""
    def edit(pointer, value): out.append(Edit(v, pointer, value, rev, now))
    a, b, out, done = dict(leaves(was or {})), dict(leaves(now)), [], set()
    for paths in chain.together[v]:
        if any(a.get(p, GONE) != b.get(p, GONE) for p in paths):
            edit((Together(paths),), {p: b.get(p, GONE) for p in paths})
        done.update(paths)
    for p in sorted({*a, *b} - done):
        x, y = a.get(p, GONE), b.get(p, GONE)
        if x == y: continue
        if p not in chain.keyed[v] or y == GONE: edit(p, y); continue
        begins = x == GONE and not y
        x, y = by_key([] if x == GONE else x, chain.keyed[v][p]), by_key(y, chain.keyed[v][p])
        for k in sorted({*x, *y}):
            if (k in x) != (k in y): edit(p + ((k,),), y.get(k, GONE))
            if k in y and isinstance(y[k], dict):
                e, f = dict(leaves(x.get(k, {}))), dict(leaves(y[k]))
                for q in sorted({*e, *f}):
                    if e.get(q, GONE) != f.get(q, GONE) and q != (chain.keyed[v][p],):
                        edit(p + ((k,),) + q, f.get(q, GONE))
        if begins or not follows(list(x), list(y)): edit(p + ((),), b[p])
    return out

def array_of(pointer): return next((i for i, name in enumerate(pointer) if isinstance(name, tuple)), None)

def says(chain, doc, v, pointer):
    """What a document says at an atom: for presence the element, for an order all keys."""
    i = array_of(pointer)
    if i is None: return get(doc, pointer)
    array = get(doc, pointer[:i])
    if array == GONE: return GONE
    array = by_key(array, chain.keyed[v][pointer[:i]])
    if pointer[i] == (): return list(array)
    element = array.get(pointer[i][0], GONE)
    return element if i + 1 == len(pointer) or element == GONE else get(element, pointer[i + 1:])

def level(value): return (0,) if value == GONE else (1, value) if isinstance(value, int) else (2, str(value))

def stands_in(chain, doc, e):
    """Whether a document of the edit's version says what the edit does."""
    if isinstance(e.pointer[0], Together): return all(get(doc, p) == x for p, x in e.value.items())
    if e.pointer == chain.latest: return level(get(doc, e.pointer)) >= level(e.value)
    i, there = array_of(e.pointer), says(chain, doc, e.version, e.pointer)
    if i is None: return there == e.value
    if i + 1 < len(e.pointer): return there == e.value and says(chain, doc, e.version, e.pointer[:i + 1]) != GONE
    if e.pointer[i] != (): return (there == GONE) == (e.value == GONE)
    return there != GONE and follows(list(by_key(e.value, chain.keyed[e.version][e.pointer[:i]])), there)

def stands(chain, docs, e): return stands_in(chain, docs[e.version], e)

def shown(chain, e):
    """The value that a list shows."""
    i = array_of(e.pointer)
    if e.place is None or e.value == GONE or i is None or i + 1 < len(e.pointer): return e.value
    key, array = chain.keyed[e.version][e.pointer[:i]], get(e.place, e.pointer[:i])
    there = by_key([] if array == GONE else array, key)
    if e.pointer[i] == (): return [there[k] for k in there if k in by_key(e.value, key)]
    return there.get(e.pointer[i][0], e.value)

def set_edits(chain, doc, edits, agreed):
    """Set edits of one saved document in what is there now (agreed: in which nothing is set yet): fields, then in arrays what goes, the order, what is
    added (as it stands in the saved array), the elements' fields."""
    def turn(e):
        i = array_of(e.pointer)
        if i is None or isinstance(e.pointer[i], Together): return 0, 0
        if e.pointer[i] == (): return 2, 0
        if i + 1 < len(e.pointer): return 4, 0
        return (1, 0) if e.value == GONE else (3, list(saved_in(e, i)).index(e.pointer[i][0]))
    def saved_in(e, i):
        array = get(e.place or e.doc, e.pointer[:i])
        return by_key([] if array == GONE else array, chain.keyed[e.version][e.pointer[:i]])
    for e in sorted(edits, key=turn):
        i = array_of(e.pointer)
        if isinstance(e.pointer[0], Together):
            for p, x in e.value.items(): put_at(doc, p, x)
            continue
        if i is None:
            if e.pointer != chain.latest or not stands_in(chain, doc, e): put_at(doc, e.pointer, e.value)
            continue
        path, key = e.pointer[:i], chain.keyed[e.version][e.pointer[:i]]
        saved, array = saved_in(e, i), by_key(get(doc, path), key) if get(doc, path) != GONE else {}
        order, k = list(array), e.pointer[i][0] if e.pointer[i] else None
        if turn(e)[0] == 1: array.pop(k, None)
        elif turn(e)[0] == 2: order = reorder(order, [x for x in saved if x in by_key(e.value, key)])
        else:
            if k not in array or turn(e)[0] == 3 and not stands_in(chain, agreed, e): order = behind(order, k, list(saved))
            array.setdefault(k, clone(saved[k]))
            if turn(e)[0] == 4: put_at(array[k], e.pointer[i + 1:], e.value)
        put_at(doc, path, [array[k] for k in order if k in array])

def behind(order, k, saved):
    """The order with k behind the one that it stands behind in saved; where that is not there, the one before."""
    order = [x for x in order if x != k]
    before = [x for x in saved[:saved.index(k)] if x in order]
    order.insert(order.index(before[-1]) + 1 if before else 0, k)
    return order

def reorder(order, names):
    """The order of names; one that it does not name stays behind the one that it stood behind."""
    out = [x for x in names if x in order]
    for i, x in enumerate(order):
        if x not in out: out.insert(out.index(order[i - 1]) + 1 if i else 0, x)
    return out

# ---- the rule ----------------------------------------------------------------------------------------------------
def revision(rev): generation, text = rev.split('-', 1); return int(generation), text

def rank(prefer):
    """prefer: newest-version, oldest-version, or (latest, the path of a field)."""
    if isinstance(prefer, tuple): return lambda e: (level(get(e.doc, prefer[1])), e.version, revision(e.rev))
    sign = 1 if prefer == 'newest-version' else -1
    return lambda e: (sign * e.version, revision(e.rev))

def put(chain, docs, edits, prefer):
    agreed, docs, key = docs, clone(docs), rank(prefer)
    groups = [list(g) for _, g in itertools.groupby(sorted(edits, key=key), key)]
    for turn in range(len(groups)):
        before = clone(docs)
        for g in groups:
            if not turn or not all(stands(chain, docs, e) for e in g):
                set_edits(chain, docs[g[0].version], g, agreed[g[0].version]); chain.carry(docs, g[0].version)
        if docs == before or all(stands(chain, docs, e) for g in groups for e in g): break
    return docs

def fits(chain, docs, edits, prefer):
    try: docs = put(chain, docs, edits, prefer)
    except Failure: return False
    return all(stands(chain, docs, e) for e in edits) and chain.sound(docs)

def written(x):
    """A token of a pointer, for the order of pointers."""
    if isinstance(x, tuple): return True, str(x)
    x = x.replace('~', '~0').replace('/', '~1')
    return False, '~2' + x[1:] if x[:1] == '[' else x

def descending(edits, prefer):
    return sorted(sorted(edits, key=lambda e: [written(x) for x in e.pointer]), key=rank(prefer), reverse=True)

def one_document(e): return e.version, e.rev
def id_of(e): return e.version, e.pointer, e.rev

def units(chain, docs, edits, prefer):
    """For each edit those of its document with which alone it fits: mostly itself."""
    out = {}
    for _, group in itertools.groupby(edits, one_document):
        group = list(group)
        for e in group:
            few = [e]
            if not fits(chain, docs, few, prefer):
                few, before = group, 0
                while len(few) != before:
                    before = len(few)
                    for p in dict.fromkeys(f.pointer[:-1] for f in few):
                        rest = [x for x in few if x.pointer[:-1] != p]
                        if p != e.pointer[:-1] and fits(chain, docs, rest, prefer): few = rest
                    for f in few:
                        rest = [x for x in few if x is not f]
                        if f is not e and fits(chain, docs, rest, prefer): few = rest
            out[id(e)] = few
    return out

def alone_or(unit, e): return [[e]] if len(unit(e)) == 1 else [[e], unit(e)]

def against(chain, docs, accepted, loser, prefer, unit):
    """The accepted edit of another document that a loser lost to: the first with which, and with all before it, it
    cannot stand, though these can, or that says otherwise of the same atom; where there is none, with those of its
    own document, too."""
    own = [e for e in accepted if one_document(e) == one_document(loser)]
    others = [e for e in accepted if e not in own]
    for mine in ([], own):
        for winner, ways in beginnings(others, unit):
            fit = lambda b, more: fits(chain, docs, b + mine + [e for e in more if e not in mine], prefer)
            if any(fit(b, test) for test in alone_or(unit, loser) for b in ways): continue
            if contradicts(chain, winner, loser) or any(fit(b, []) for b in ways): return winner
    return others[0] if others else None

def contradicts(chain, a, b):
    """Whether two edits say otherwise of the same atom; orders are no such, nor is what is only ever raised."""
    if (a.version, a.pointer) != (b.version, b.pointer) or a.pointer == chain.latest or a.pointer[-1] == (): return False
    there = isinstance(a.pointer[-1], tuple) and not isinstance(a.pointer[-1], Together)
    return (a.value == GONE) != (b.value == GONE) or not there and a.value != b.value

def beginnings(edits, unit):
    """Each, with all before it: as they are, and with those that they need."""
    plain, closed = [], []
    for e in edits:
        plain.append(e); closed += [x for x in unit(e) if x not in closed]
        yield e, [plain] if len(plain) == len(closed) else [plain, closed]

Agreed = namedtuple('Agreed', 'docs said')      # said: the accepted edits that still stand, oldest first

def settle(chain, docs, accepted, edits, prefer, unseen=lambda e: (), unit=lambda e: [e]):
    """Take edits in the order given, those of one document until no more of them fit. unseen(e): what was agreed on
    and the app of e did not know; what e was measured against is held from then on, but not against who knew it."""
    accepted, held, losers = list(accepted), [], []
    hold = [s for s in {id(s): s for e in edits for s in unseen(e)}.values() if stands(chain, docs, s)]
    if fits(chain, docs, hold + accepted + edits, prefer):
        return put(chain, docs, hold + accepted + edits, prefer), accepted + edits, []
    for _, group in itertools.groupby(edits, one_document):
        left, before, tried = [e for e in group if e not in accepted], -1, {}
        while len(accepted) > before:
            before = len(accepted)
            for e in left[:]:
                if e in accepted: continue
                now = put(chain, docs, held + accepted, prefer)
                more = [s for s in unseen(e) if s not in held + accepted and stands(chain, now, s)]
                for take, hold in itertools.product(alone_or(unit, e), (held + more, [s for s in held + more if s in unseen(e)])):
                    take = [x for x in take if x not in accepted]
                    tried[e.pointer] = hold
                    if fits(chain, docs, hold + accepted + take, prefer):
                        held = hold; accepted += take; break
            left = [e for e in left if e not in accepted]
        losers += [Loser(e, against(chain, docs, descending(tried[e.pointer], prefer) + accepted, e, prefer, unit)) for e in left]
    losers = [l for l in losers if l.edit not in accepted]
    docs = put(chain, docs, held + accepted, prefer)
    stand = [l for l in losers if stands(chain, docs, l.edit)]       # others have said it meanwhile
    return docs, accepted + [l.edit for l in stand], [l for l in losers if l not in stand]

def outcome(chain, agreed, edits, deletes=(), prefer='newest-version', late='agreed', unseen=lambda e: ()):
    """-> Agreed, losers. docs is None where the thing is gone; what it said then is kept in `said`. An edit is late
    where it does not fit what its app has not seen."""
    edits = descending(edits, prefer)
    agreed = Agreed(agreed.docs, [s._replace(place=agreed.docs[s.version]) for s in agreed.said])
    each = units(chain, agreed.docs, edits, prefer); unit = lambda e: each.get(id(e), [e])
    before = {id_of(s): s for s in agreed.said}
    missed = lambda e: [before[id_of(s)] for s in unseen(e) if id_of(s) in before]
    is_late = {id(e): not fits(chain, agreed.docs, missed(e) + unit(e), prefer) for e in edits}
    edits.sort(key=lambda e: is_late[id(e)] == (late == 'agreed'))
    docs, accepted, lost = settle(chain, agreed.docs, [], edits, prefer, lambda e: () if late == 'edit' and is_late[id(e)] else missed(e), unit)
    first = lambda e: next(iter(descending(missed(e), prefer)), None)
    lost = [l if l.winner else Loser(l.edit, first(l.edit)) for l in lost]
    for s in agreed.said:                                            # only where late edits win
        if stands(chain, agreed.docs, s) and not stands(chain, docs, s):
            by = gave_way_to(chain, agreed.docs, accepted, s, prefer, unit)
            if by and is_late[id(by)] and s in missed(by): lost.append(Loser(s, by))
    said = remembered(chain, docs, agreed.said, accepted, prefer)
    changing = [e for e in descending(accepted, prefer) if not stands(chain, agreed.docs, e)]
    return after_deletes(chain, Agreed(docs, said), changing, deletes, lost, prefer, late, missed)

def remembered(chain, docs, said, accepted, prefer):
    """What was said and still stands: of each atom the last word."""
    at, last = lambda e: (e.version, e.pointer), {}
    for e in list(said) + descending(accepted, prefer)[::-1]:
        if stands(chain, docs, e) and (e.pointer != chain.latest or says(chain, docs[e.version], e.version, e.pointer) == e.value):
            last.pop(at(e), None); last[at(e)] = e
    return list(last.values())

def gave_way_to(chain, docs, accepted, s, prefer, unit):
    """The first accepted edit with which, and all before it, what was said no longer stands, though these do."""
    def stands_with(edits):
        try: return stands(chain, put(chain, docs, edits, prefer), s)
        except Failure: return False
    for e, ways in beginnings(accepted, unit):
        if not any(stands_with(b) for b in ways) and any(fits(chain, docs, b, prefer) for b in ways): return e

def after_deletes(chain, agreed, changing, deletes, lost, prefer, late, missed):
    """Which deletes give way, and to what; what they take with them."""
    lost, won = list(lost), []
    for d in deletes:
        late_by = [s for s in descending(missed(d), prefer) if stands(chain, agreed.docs, s)]
        by = [e for e in changing if not knows(chain, d, e)]
        if late == 'agreed': by = late_by + by
        if by: lost.append(Loser(d, by[0]))
        else: won.append((d, late_by))
    if not won: return agreed, lost
    lost = [l for l in lost if l.edit not in deletes]
    for s in won[0][1]:
        if s.pointer != chain.latest and all(s in late_by for _, late_by in won): lost.append(Loser(s, won[0][0]))
    return Agreed(None, agreed.said), lost

def knows(chain, d, e):
    """Whether the app of a delete had e before its eyes: d.doc is the document that it deleted."""
    return d.doc is not None and d.version == e.version and stands_in(chain, d.doc, e)

def first_docs(chain, new):
    """Each document over what those of lower priority say: what only they can say stays."""
    try:
        docs = chain.image(*new[-1][:2])
        for v, doc, _ in new[::-1]: docs[v] = clone(doc); chain.carry(docs, v)
        return docs
    except Failure: return chain.image(*new[0][:2])

def create(chain, new, edits, prefer='newest-version'):
    """new: [(version, document, revision)] that nobody agreed on; edits: of these, and of others made of them."""
    new = sorted(new, key=lambda n: rank(prefer)(Edit(n[0], (), None, n[2], n[1])), reverse=True)
    edits = descending(edits, prefer)
    docs = first_docs(chain, new)
    each = units(chain, docs, edits, prefer)
    first = [e for e in edits if one_document(e) == (new[0][0], new[0][2])]
    docs, said, losers = settle(chain, docs, first, [e for e in edits if e not in first], prefer, unit=lambda e: each[id(e)])
    return Agreed(docs, remembered(chain, docs, [], said, prefer)), losers
