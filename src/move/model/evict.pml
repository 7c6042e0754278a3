/* An instance that lags is taken for dead while a write of it is under way.
 *
 * The authority goes from Old to New. Instance B was cut off at stage shadow; the
 * hand-over goes on without it; instance A then writes under New. B: intent, Old, New,
 * answer. A: New, Old, answer. Before the hand-over B's intent is repaired from Old.
 * With `fence: lease` B stops by itself.
 *
 * Rules, each to be taken out:
 *   NO_LEASE      B stops by itself when its lease has run out (the operator was wrong)
 *   NO_MARGIN     a put is begun only while the lease outlasts its time-out, and the
 *                 store gives it up by then: it cannot land after the lease
 *   READS_GO_ON   reads stop with the lease, too
 * Mend where the operator is wrong:
 *   CONDITION     the second put is on condition of the revision read before the first:
 *                 makes the damage smaller, and does not close it
 */
#define CRASHES 0
#include "common.pml"

byte value[2] = 1, revision[2];
bool run_out = false;               /* evicted, or the lease has run out */
bool moved = false;                 /* New is the authority */
bool intent = false;
byte place[4], places = 1, newest = 1, working = 3;
#define ANSWERED(v) newest = (newest > place[v] -> newest : place[v])
inline put(s, v) {
	value[s] = v; revision[s]++;
	if :: place[v] == 0 -> places++; place[v] = places :: else fi
}
#ifdef NO_LEASE
#define ALIVE true
#else
#define ALIVE (!run_out)
#endif
#if defined(NO_LEASE) || defined(NO_MARGIN)
#define IN_TIME true
#else
#define IN_TIME (!run_out)          /* when the put lands */
#endif

proctype B() {
	byte rn, ro;
	if :: !ALIVE -> goto stop :: ALIVE fi;
	rn = revision[1]; ro = revision[0];
	intent = true;
	atomic {
		if :: !IN_TIME -> goto stop :: IN_TIME fi;
#ifdef CONDITION
		if :: revision[0] != ro -> goto stop :: else fi;
#endif
		put(0, 2)
	}
	if :: !ALIVE -> goto stop :: ALIVE fi;      /* its caller hears: uncertain */
	atomic {
		if :: !IN_TIME -> goto stop :: IN_TIME fi;
#ifdef CONDITION
		if :: revision[1] != rn -> goto stop :: else fi;
#endif
		put(1, 2)
	}
	atomic { ANSWERED(2); intent = false }
stop:	working--
}
proctype Reader_of_B() {
	byte v, floor;
	atomic {
		floor = newest;
#ifndef READS_GO_ON
		if :: !ALIVE -> goto stop :: ALIVE fi
#endif
	}
	atomic {
		v = value[0];
#ifndef READS_GO_ON
		if :: !ALIVE -> goto stop :: ALIVE fi   /* looked at again before it answers */
#endif
	}
	HOLDS(p3, place[v] >= floor);
stop:	working--
}
proctype A() {
	moved;
	atomic { put(1, 3); ANSWERED(3) }
	atomic { put(0, 3); ANSWERED(3) }
	working--
}
init {
	atomic { place[1] = 1; run A(); run B(); run Reader_of_B() }
	run_out = true;
	do
	:: atomic { intent && value[0] != value[1] -> put(1, value[0]) }
	:: atomic { value[0] == value[1] -> moved = true; break }
	od;
	atomic { working == 0 -> HOLDS(p1, place[value[1]] >= newest && value[1] != 1) }
}
