/* Without the library: follow, switch behind a fence, follow back, and switch back.
 *
 * One key; the backfill has run. A client writes 2 and 3 (with BACK 2, 3 and 4) to the
 * store that is open; a write that a fence refuses is tried again later. Followers copy
 * from the open store to the other; one that was started for an earlier direction may
 * still run. `move switch` may die at any step and be run again.
 *
 * The fence is one record in the store that is left: open, fenced until T (it ends by
 * itself), moved.
 *
 * Rules, each to be taken out:
 *   LOOK_THEN_MOVE    one compare-and-set from fenced to moved, which fails once T is over
 *   STAYS_FENCED      the fence ends by itself
 *   NO_TAIL           what is left is followed to the end before New is opened
 *   PLACE_AFTER       the place in New's changes is kept before New is opened
 *   NO_DIRECTION      who copies reads the target's revision, then that its direction
 *                     still holds, then the source, and puts on condition
 */
#include "common.pml"

#ifdef BACK
#define LAST 4
#define SWITCHES 2
#else
#define LAST 3
#define SWITCHES 1
#endif
mtype = { is_open, fenced, moved };
byte value[2] = 1, revision[2];
mtype fence[2];                     /* a record in each store */
bit from = 0;                       /* the direction that is followed; control */
byte place[2];                      /* changes of a store are followed from here on */
byte tries = 3, acknowledged = 1, switches = 0;
bool client = true, operator = true;

inline put(s, v) { value[s] = v; revision[s]++ }

proctype Client() {
	byte x = 2; bit s;
	do
	:: x > LAST -> break
	:: x <= LAST ->
	   atomic {
		if
		:: fence[s] == is_open -> HOLDS(p6, fence[1 - s] != is_open); put(s, x); acknowledged = x; x++
		:: fence[s] == fenced -> fence[s] != fenced          /* later */
		:: fence[s] == moved -> s = 1 - s                    /* told where to go */
		fi
	   }
	od;
	client = false
}

/* Copies from store d for as long as that is the direction. */
proctype Follower(bit d) {
	byte o, n, r;
endf:	do
	:: from == d && value[0] != value[1] && revision[d] > place[d] ->
	   atomic { n = value[1 - d]; r = revision[1 - d] }
#ifndef NO_DIRECTION
	   if :: from != d -> goto over :: else fi;
#endif
	   o = value[d];
	   atomic { if :: o != n && revision[1 - d] == r -> put(1 - d, o) :: else fi }
over:	   atomic { o = 0; n = 0; r = 0 }
	od
}

/* Everything is moved from store s to the other. */
proctype Switch() {
	bit s;
again:	if
	:: switches == SWITCHES -> goto over
	:: switches < SWITCHES && tries == 0 ->
	   atomic { if :: fence[s] == fenced -> fence[s] = is_open :: else fi }; goto over
	:: switches < SWITCHES && tries > 0 -> tries--
	fi;
	s = from;
	fence[s] = fenced;
	MAYDIE;
#ifndef NO_TAIL
	if
	:: value[0] == value[1]                         /* followed to the end, and verified */
	:: atomic { if :: fence[s] == fenced -> fence[s] = is_open :: else fi }; goto again
	fi;
	MAYDIE;
#endif
#ifndef PLACE_AFTER
	place[1 - s] = revision[1 - s];
	MAYDIE;
#endif
#ifdef LOOK_THEN_MOVE
	if :: fence[s] == fenced :: else -> goto again fi;
	atomic { fence[s] = moved; fence[1 - s] = is_open; from = 1 - s; switches++ };
#else
	atomic {
		if
		:: fence[s] == fenced -> fence[s] = moved; fence[1 - s] = is_open; from = 1 - s; switches++
		:: else -> goto again
		fi
	};
#endif
	MAYDIE;
#ifdef PLACE_AFTER
	place[1 - s] = revision[1 - s];
#endif
	goto again;
dead:	if :: goto again :: goto over fi;               /* run again, or not */
over:	operator = false
}
#ifndef STAYS_FENCED
proctype Pause() {
endp:	do
	:: atomic { fence[0] == fenced -> fence[0] = is_open }
	:: atomic { fence[1] == fenced -> fence[1] = is_open }
	od
}
#endif

init {
	atomic {
		fence[0] = is_open; fence[1] = moved;
		run Client(); run Follower(0); run Follower(0); run Follower(1); run Switch();
#ifdef BACK
		run Follower(1);
#endif
#ifndef STAYS_FENCED
		run Pause()
#endif
	}
	atomic {
		timeout ->
		HOLDS(p5, !client && !operator);
		HOLDS(p1, value[from] == acknowledged);
		HOLDS(p4, value[0] == value[1])
	}
}
