/* A slice of two keys is handed over while one of them has an intent left.
 *
 * Both stores hold 1 for both keys; Old is the authority. Instance 0 writes key 0, then
 * goes on, or dies with New's put failed; instance 1 writes and reads both. A key with an intent stays with Old
 * when the outcome becomes done; the outcome record names it. It follows by a hand-over of
 * its own when its intent is gone.
 *
 * Rules, each to be taken out:
 *   STAYS_BY_INTENT  which keys stay is part of the outcome: nobody looks at the intents
 *                    for himself
 *   ALL_GO           a key with an intent stays
 *   NO_OWN_HOLD      ... and leaves the list by a hand-over of its own, with its own hold
 */
#include "common.pml"

byte old[2] = 1, new[2] = 1, old_revision[2], new_revision[2];
bool left = false;                  /* instance 0's intent, for key 0; durable */
bool intent[2];                     /* instance 1's, for each key */
bool with_new[2];                   /* the outcome record, key by key */
bool held[2]; byte step = 0;        /* ... keys that are held */
bool acts_new[2], holds[2];         /* instance 1: of a key, as it saw it last */
byte confirmed = 0, saw = 0, busy[2];
bool gone = false;                  /* instance 0 */
bool repairing = false;
byte place[8], places = 1, newest[2] = 1, working = 2, hand_overs = 2;
byte under[2];                      /* ghost: of a key, 1 + authority of a write under way */

#define ANSWERED(k, v) newest[k] = (newest[k] > place[v] -> newest[k] : place[v])

inline put(key, to_new, x) {
	if
	:: to_new -> new[key] = x; new_revision[key]++
	:: !to_new -> old[key] = x; old_revision[key]++
	fi
}
inline make_equal(which, by_new) {
	do
	:: by_new ->
	   atomic { n = old[which]; r = old_revision[which] }
	   o = new[which];
	   if :: o == n -> break
	      :: o != n -> atomic { if :: old_revision[which] == r -> put(which, 0, o) :: else fi }
	   fi
	:: !by_new ->
	   atomic { n = new[which]; r = new_revision[which] }
	   o = old[which];
	   if :: o == n -> break
	      :: o != n -> atomic { if :: new_revision[which] == r -> put(which, 1, o) :: else fi }
	   fi
	od;
	o = 0; n = 0; r = 0
}

/* Writes key 0 under Old before the hand-over, and may die between the two stores. Who is
 * gone is repaired by instance 1, from Old. */
proctype First() {
	byte o, n, r;
	atomic { if :: step == 0 -> left = true; under[0] = 1 :: else -> goto over fi }
	atomic { places++; place[2] = places; put(0, 0, 2) }
	atomic {
		if
		:: put(0, 1, 2); ANSWERED(0, 2)
		:: ANSWERED(0, 2); goto dead            /* New failed: recorded, and it dies */
		fi
	}
	make_equal(0, 0);
	atomic { left = false; under[0] = 0; goto over };
dead:	atomic { under[0] = 0; gone = true };
over:	gone = true;
	working--
}

proctype Second() {
	byte o, n, r, k, v, floor; bit s;
	/* A read; hand_over.pml has how one in doubt asks. */
	atomic {
		v = ((holds[0] && with_new[0]) || acts_new[0] -> new[0] : old[0]);
		HOLDS(p3, place[v] >= newest[0]); v = 0
	}
	do
	:: k == 4 -> break
	:: k < 4 ->
	   /* A write of key k % 2. */
	   atomic { !holds[k % 2] -> busy[k % 2]++; s = acts_new[k % 2]; intent[k % 2] = true }
	   atomic {
		HOLDS(p6, under[k % 2] == 0 || under[k % 2] == 1 + s);
		HOLDS(p6, s == with_new[k % 2]);
		places++; place[3 + k] = places; put(k % 2, s, 3 + k)
	   }
	   put(k % 2, (1 - s), 3 + k);
	   make_equal(k % 2, s);
	   atomic { ANSWERED(k % 2, 3 + k); intent[k % 2] = false; busy[k % 2]--; floor = newest[k % 2] }
	   v = (acts_new[k % 2] -> new[k % 2] : old[k % 2]);
	   atomic { HOLDS(p3, place[v] >= floor); v = 0; floor = 0; s = 0; k++ }
	od;
	working--
}

inline learn(which) {
#ifdef STAYS_BY_INTENT
	acts_new[which] = (step > 0 && !held[which] && !intent[which] && !(which == 0 && left) -> true : with_new[which]);
#else
	acts_new[which] = with_new[which];
#endif
	holds[which] = held[which]
}
proctype Watcher() {
endw:	do
	:: atomic { saw != step -> learn(0); learn(1); saw = step }
	:: atomic {
		saw == step && (held[0] || held[1]) && confirmed != step &&
		(!holds[0] || busy[0] == 0) && (!holds[1] || busy[1] == 0) -> confirmed = step
	   }
	od
}

/* Repairs what the first instance left: an instance of its own, which is never late. */
proctype Repair() {
	byte o, n, r; bit s;
endr:	atomic { gone && left && !held[0] -> repairing = true; s = with_new[0] }
	make_equal(0, s);
	atomic { left = false; repairing = false }
}

#ifdef ALL_GO
#define GOES(k) true
#else
#define GOES(k) (!intent[k] && !(k == 0 && left))
#endif
proctype Controller() {
endc:	do
	:: atomic { hand_overs == 2 -> hand_overs--; held[0] = true; held[1] = true; step++ }
	:: atomic {
		hand_overs == 1 && (held[0] || held[1]) && confirmed == step && (gone || under[0] == 0) && !repairing ->
		if :: held[0] && GOES(0) -> with_new[0] = true :: else fi;
		if :: held[1] && GOES(1) -> with_new[1] = true :: else fi;
		held[0] = false; held[1] = false; step++
	   }
#ifdef NO_OWN_HOLD
	:: atomic { hand_overs == 1 && !held[0] && step > 1 && !with_new[0] && !intent[0] && !left ->
		hand_overs--; with_new[0] = true; step++ }
#else
	:: atomic { hand_overs == 1 && !held[0] && step > 1 && !with_new[0] && !intent[0] && !left ->
		hand_overs--; held[0] = true; step++ }
	:: atomic { hand_overs == 0 && held[0] && confirmed == step && !repairing ->
		if :: GOES(0) -> with_new[0] = true :: else fi;
		held[0] = false; step++ }
#endif
	od
}

init {
	atomic { place[1] = 1; run First(); run Second(); run Watcher(); run Repair(); run Controller() }
	atomic {
		working == 0 && !held[0] && !held[1] && !left && !intent[0] && !intent[1] ->
		HOLDS(p1, place[(with_new[0] -> new[0] : old[0])] >= newest[0]);
		HOLDS(p1, place[(with_new[1] -> new[1] : old[1])] >= newest[1]);
		HOLDS(p4, old[0] == new[0] && old[1] == new[1])
	}
}
