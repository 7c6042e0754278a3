/* One key at stage dualwrite: Old is the authority.
 *
 * Two writers (one write; one write or delete), and copiers: the backfill, and a fill
 * that a read began. A store answers: done; failed (nothing happened); unknown (timed
 * out; done or not). Anybody may die between two steps; a writer that starts again finds
 * its intent. With LENS_REFUSES New cannot say the value 3: its put is refused for good,
 * and the key stays listed, which is what its intent says.
 *
 * Rules, each to be taken out:
 *   NO_ABSENT        copies create only if absent
 *   NO_TAKEBACK      a copy reads Old again, and takes back what is out of date
 *   NO_REREAD        a writer reads Old again after its second write
 *   NO_INTENT        an intent is durable before the first write
 *   NO_FENCE         a delete leaves a fence on which creating fails
 *   FENCE_BESIDE     ... in New itself: looking at it and creating are one step
 *   FENCE_DROPPED    ... which stays until the hand-over, also behind the backfill
 *   NEW_FIRST        writes reach Old first
 *   REVISION_OF_CONTENT  revisions never come back; where they do (rows, Redis):
 *   LOOK_AGAIN       a copy that took back looks again until both agree (a mend)
 *   REFUSED_CLEARS   a refused key keeps its intent
 *   FILLED_READS     reads answer from Old, not from what was filled (with READS)
 */
#include "common.pml"

byte old = 1;                       /* Old's value */
byte new = NIL, revision = 0;       /* New's */
bool fence = false;                 /* New remembers that the key was deleted */
byte revisions = 0;
bool intent[2];                     /* of the writers; durable */
bool passed = false;                /* the backfill has passed this key */
byte running = 0;

#ifdef READS
byte place[4], newest = 1, places = 1;   /* ghosts: the order of values */
#define ANSWERED(v) newest = (newest > place[v] -> newest : place[v])
inline put_old(v) { old = v; places++; place[v] = places }
#else
#define ANSWERED(v) skip
inline put_old(v) { old = v }
#endif

inline put_new(v) {
	new = v;
#ifdef REVISION_OF_CONTENT
	revision = v;
#else
	revisions++; revision = revisions;
#endif
	fence = false;
#ifndef NO_FENCE
	if :: v == NIL -> fence = true :: else fi;
#endif
#ifdef FENCE_DROPPED
	if :: passed -> fence = false :: else fi;
#endif
}

#ifdef LENS_REFUSES
#define REFUSED(v) (v == 3)
#else
#define REFUSED(v) false
#endif

/* Makes New equal to Old; `refused` where New cannot say what Old holds. */
inline make_equal(o, n, r) {
	do
	:: atomic { n = new; r = revision } o = old;
	   if
	   :: o == n -> refused = false; break
	   :: o != n && REFUSED(o) -> refused = true; break
	   :: o != n && !REFUSED(o) ->
	      atomic {
		if :: new == n && revision == r -> put_new(o) :: else fi
	      }
	   fi;
	   MAYDIE
	od
}

proctype Writer(byte me, v) {
	byte o, n, r; bool refused;
#ifndef NO_INTENT
	intent[me] = true;
	MAYDIE;
#endif
#ifdef NEW_FIRST
	atomic { put_new(v); } MAYDIE;
#endif
	atomic {
		if
		:: put_old(v)
		:: faults > 0 -> faults--; intent[me] = false; goto out   /* not written */
		:: faults > 0 -> faults--; put_old(v); goto repair        /* unknown */
		:: faults > 0 -> faults--; goto repair
		fi
	}
	MAYDIE;
#ifndef NEW_FIRST
	atomic {
		if
		:: !REFUSED(v) -> put_new(v)
		:: REFUSED(v)
		:: faults > 0 -> faults--
		:: faults > 0 && !REFUSED(v) -> faults--; put_new(v)
		fi
	}
#endif
	MAYDIE;
	ANSWERED(v);
#ifdef NO_REREAD
	intent[me] = false; goto out;
#endif
	goto repair;
dead:
	atomic { o = 0; n = 0; r = 0; refused = false }
repair:
	if
	:: intent[me] ->
	   make_equal(o, n, r);
#ifndef REFUSED_CLEARS
	   if :: !refused -> intent[me] = false :: refused fi
#else
	   intent[me] = false
#endif
	:: !intent[me]
	fi;
out:
	atomic { o = 0; n = 0; r = 0; refused = false; running-- }
}

proctype Copier(bool backfill) {
	byte o, o2, r;
again:
#ifndef NO_ABSENT
	if :: new != NIL || fence -> goto past :: else fi;
#endif
	o = old;
	if :: o == NIL || REFUSED(o) -> goto past :: else fi;
	atomic {
		if
#ifdef NO_ABSENT
		:: put_new(o)
#else
#ifdef FENCE_BESIDE
		:: new == NIL -> put_new(o)
#else
		:: new == NIL && !fence -> put_new(o)
#endif
		:: else -> goto past
#endif
		fi;
		r = revision
	}
	MAYDIE;
#ifndef NO_TAKEBACK
	o2 = old;
	if
	:: o2 != o ->
	   atomic {
		if :: new == o && revision == r -> new = NIL; revision = 0; fence = false
		   :: else
		fi
	   }
#ifdef LOOK_AGAIN
	   MAYDIE;
	   goto again
#endif
	:: o2 == o
	fi;
#endif
past:
	goto end;
dead:
	atomic { o = 0; o2 = 0; r = 0 }
	if :: backfill -> goto again       /* it goes on from its last chunk */
	   :: !backfill                    /* a fill is simply gone */
	fi;
end:
	atomic {
		if
		:: backfill -> passed = true;
#ifdef FENCE_DROPPED
		   fence = false
#endif
		:: !backfill
		fi;
		o = 0; o2 = 0; r = 0; running--
	}
}

#ifdef READS
proctype Reader() {
	byte k, v, floor;
	do
	:: k == 2 -> break
	:: k < 2 ->
	   floor = newest;
#ifdef FILLED_READS
	   v = new;
	   if :: v == NIL -> v = old :: else fi;
#else
	   v = old;
#endif
	   atomic { HOLDS(p3, place[v] >= floor); ANSWERED(v); k++; v = 0; floor = 0 }
	od;
	running--
}
#endif

init {
	atomic {
#ifdef READS
		place[1] = 1; running = 4; run Reader();
#else
		running = 3;
#endif
		run Writer(0, 2);
#ifdef REVISION_OF_CONTENT
		if :: run Writer(1, NIL) :: run Writer(1, 1) fi;
#else
		if :: run Writer(1, NIL) :: run Writer(1, 3) fi;
#endif
#ifdef TWO_COPIERS
		running++; run Copier(true); run Copier(false)
#else
		if :: run Copier(true) :: run Copier(false) fi
#endif
	}
	atomic {
		running == 0 ->
		HOLDS(p2, !(old == NIL && new != NIL) || intent[0] || intent[1]);
		/* What the backfill has not reached may be absent. */
		HOLDS(p4, old == new || intent[0] || intent[1] || (new == NIL && !passed));
#ifndef LENS_REFUSES
		HOLDS(p4, !intent[0] && !intent[1]);
#endif
	}
}
