/* One key, two instances, and the hand-over of the authority from one store to the other,
 * up, and down again with MOVES=2. Both stores hold the value 1 at the start.
 *
 * The outcome record (authority, held, step) lies in the store of the authority and
 * changes by compare-and-set. An instance has a worker (its calls) and a watcher (which
 * looks at the record, late without bound; `cut`: it will not look again). A worker may
 * die at any step; the operator evicts it, and it may come back. With BACKGROUND instance
 * 1 also makes the other store equal beside its calls (backfill, repair, a queue's
 * worker); with FILL the key is not in New yet, and a fill and the backfill bring it
 * there. With ASYNC the second write goes through a queue whose entries name the key.
 *
 * Rules, each to be taken out:
 *   NO_HOLD             new writes are held
 *   NO_CONFIRM          the outcome is done only when all have confirmed
 *   NO_DRAIN            ... which they do when no write of theirs is under way
 *   GATE_LOOSE          looking at the gate and counting oneself in is one step
 *   NO_NUMBERS          steps are numbered, and a confirmation names its step
 *   JOIN_IN_TWO_STEPS   joining gives the stage and makes known in one step
 *   NO_DOUBT            reads in doubt ask the outcome record
 *   DOUBT_LATE          ... from before the confirmation is sent
 *   ONLY_CONTROL        who is cut off asks the authority's store, and may withdraw
 *   LOCAL_RESUME        nobody resumes by its clock alone
 *   INTENTS_LEFT        no hand-over of a key with an intent (CRASHES=1)
 *   BACKGROUND_UNCOUNTED  copies count as under way
 *   FILL_UNCOUNTED        ... and fills
 *   QUEUE_LEFT          no hand-over of a key with an entry in the queue
 *   NO_REREAD           as in dual_write.pml
 */
#ifndef CRASHES
#define CRASHES 0
#endif
#include "common.pml"

#ifndef MOVES
#define MOVES 1
#endif
#ifndef CUTS
#define CUTS 1
#endif
#ifndef CALLS
#define CALLS 2                     /* of an instance, at most one of them a write */
#endif

#ifdef FILL
byte value[2];                      /* set in init: New is still empty */
#else
byte value[2] = 1;
#endif
byte revision[2];
bool fence = false;                 /* in New: the key was deleted */

bit authority = 0; bool held = false;   /* the outcome record */
byte step = 0, version = 0;             /* of hand-overs; of the record */
byte confirmed[2]; bool known[2] = true;

bit acts[2];                        /* an instance: the authority it acts under */
bool holds[2], doubt[2];
byte saw[2], hold_step[2], busy[2];
bool cut[2], gone[2];
bool intent[2], filled = true;      /* durable */
byte queued = 0;                    /* entries; durable */
byte under[2];                      /* ghost: 1 + authority of the write under way */

byte cuts = CUTS, moves = MOVES, working = 0;
byte place[5], places = 1, newest = 1;  /* ghosts: the order of values */
#define ANSWERED(v) newest = (newest > place[v] -> newest : place[v])
#define MINE (2 + i)                /* the value that instance i writes */
#ifdef DELETES
#define ABSENT(v) (v == NIL || v == 2)  /* instance 0 deletes */
#else
#define ABSENT(v) (v == NIL)
#endif

inline put(s, v) {
	value[s] = v; revision[s]++;
	if :: s == 1 -> fence = ABSENT(v) :: else fi
}
inline look(i) {
	saw[i] = version; acts[i] = authority; doubt[i] = false;
	if :: held -> holds[i] = true; hold_step[i] = step
	   :: !held -> holds[i] = false
	fi
}
/* Makes the other store equal to the authority b, until they agree. */
inline make_equal(b) {
	do
	:: atomic { n = value[1 - b]; r = revision[1 - b] }
	   o = value[b];
	   if
	   :: o == n -> break
	   :: o != n ->
	      atomic {
		if :: revision[1 - b] == r -> put(1 - b, o) :: else fi;
		o = 0; n = 0; r = 0
	      }
	   fi;
	   MAYDIE
	od;
	o = 0; n = 0; r = 0
}
inline read(i) {
	atomic {
		floor = newest; b = acts[i];
#ifndef NO_DOUBT
		if :: doubt[i] -> b = authority :: else fi
#endif
	}
	v = value[b];
	atomic { HOLDS(p3, place[v] >= floor); ANSWERED(v); v = 0; floor = 0; b = 0 }
}

proctype Reader(bit i) {
	byte v, floor; bit b;
	if :: !gone[i] -> read(i) :: gone[i] fi;
	working--
}

proctype Worker(bit i) {
	byte o, n, r, v, floor, k; bool wrote; bit b;
	k = (i == 0 -> CALLS - 1 : 0);
next:
	do
	:: k == CALLS -> goto out
	:: k < CALLS && !gone[i] ->
	   k++;
	   if :: !wrote -> goto write :: true fi;
	   read(i)
	od;
write:
	wrote = true;
#ifdef GATE_LOOSE
	!holds[i];
	atomic { busy[i]++; b = acts[i] }
#else
#ifdef NO_HOLD
	atomic { busy[i]++; b = acts[i] }
#else
	atomic { !holds[i] -> busy[i]++; b = acts[i] }
#endif
#endif
	intent[i] = true;
	MAYDIE;
	atomic {
		under[i] = 1 + b; places++; place[MINE] = places; put(b, MINE);
		HOLDS(p6, under[1 - i] == 0 || under[1 - i] == under[i])
	}
	MAYDIE;
#ifdef ASYNC
	atomic { queued++; ANSWERED(MINE); under[i] = 0; busy[i]--; intent[i] = false; b = 0; goto next }
#endif
	atomic {
		if
		:: put(1 - b, MINE)
		:: faults > 0 -> faults--
		fi
	}
#ifdef NO_REREAD
	atomic { ANSWERED(MINE); under[i] = 0; busy[i]--; intent[i] = false; b = 0; goto next }
#endif
	MAYDIE;
	make_equal(b);
	atomic { ANSWERED(MINE); under[i] = 0; busy[i]--; intent[i] = false; b = 0; goto next }
dead:
	atomic {
		gone[i] = true; holds[i] = false; doubt[i] = false; busy[i] = 0; under[i] = 0;
		o = 0; n = 0; r = 0; b = 0; v = 0; wrote = (place[MINE] != 0)
	}
	if
	:: goto out                         /* it stays away */
	::                                  /* it comes back, and repairs what it left */
#ifdef JOIN_IN_TWO_STEPS
	   atomic { look(i); busy[i]++ }
	   atomic { known[i] = true; confirmed[i] = 0; gone[i] = false }
#else
	   atomic { look(i); known[i] = true; confirmed[i] = 0; gone[i] = false; busy[i]++ }
#endif
	   b = acts[i];
	   if :: intent[i] -> make_equal(b); intent[i] = false :: else fi;
	   atomic { busy[i]--; b = 0; goto next }
	fi;
out:
	working--
}

#define ENTER(i) atomic { !holds[i] && !gone[i] -> busy[i]++; b = acts[i] }
#define LEAVE(i) busy[i]--; b = 0

/* Copies of instance 1 beside its calls; takes what is in the queue, too. */
proctype Background(bit i) {
	byte o, n, r, k; bit b;
	do
	:: k == 2 -> break
	:: k < 2 ->
	   k++;
#ifdef BACKGROUND_UNCOUNTED
	   b = acts[i];
#else
	   ENTER(i);
#endif
	   atomic { n = value[1 - b]; r = revision[1 - b] }
	   o = value[b];
	   atomic { if :: o != n && revision[1 - b] == r -> put(1 - b, o) :: else fi; o = 0; n = 0; r = 0 }
#ifdef BACKGROUND_UNCOUNTED
	   b = 0
#else
	   atomic { LEAVE(i) }
#endif
	od;
	working--
}

/* A queue's worker: the entry goes after the work. */
proctype Queue(bit i) {
	byte o, n, r; bit b;
endq:	do
	:: atomic { queued > 0 && !holds[i] && !gone[i] -> busy[i]++; b = acts[i] }
	   do
	   :: atomic { n = value[1 - b]; r = revision[1 - b] }
	      o = value[b];
	      if
	      :: o == n -> break
	      :: o != n -> atomic { if :: revision[1 - b] == r -> put(1 - b, o) :: else fi }
	      fi
	   od;
	   atomic { queued--; LEAVE(i); o = 0; n = 0; r = 0 }
	od
}

/* Creates the key in New if it is not there: a fill, or the backfill (`all`). */
proctype Fill(bit i; bool all) {
	byte o, r; bit b;
	do
	:: atomic {
		if
#ifdef FILL_UNCOUNTED
		:: true -> b = acts[i]
#else
		:: !holds[i] && !gone[i] -> busy[i]++; b = acts[i]
#endif
		fi
	   }
	   if
	   :: b == 1 -> break
	   :: b == 0
	   fi;
	   o = value[0];
	   if :: ABSENT(o) -> break :: else fi;
	   atomic {
		if
		:: ABSENT(value[1]) && !fence -> put(1, o); r = revision[1]
		:: else -> break
		fi
	   }
	   if
	   :: value[0] != o -> atomic { if :: revision[1] == r -> put(1, NIL); fence = false :: else fi; o = 0; r = 0 }
	   :: value[0] == o -> break
	   fi;
#ifndef FILL_UNCOUNTED
	   busy[i]--
#endif
	od;
	atomic {
#ifndef FILL_UNCOUNTED
		busy[i]--;
#endif
		if :: all -> filled = true :: else fi; o = 0; r = 0; b = 0; working--
	}
}

#ifdef NO_DRAIN
#define DRAINED(i) true
#else
#define DRAINED(i) (busy[i] == 0)
#endif

proctype Watcher(bit i) {
endw:	do
	:: atomic { !cut[i] && !gone[i] && saw[i] != version -> look(i) }
	:: atomic {
		!cut[i] && !gone[i] && holds[i] && confirmed[i] != hold_step[i] && DRAINED(i) ->
		confirmed[i] = hold_step[i];
#ifndef DOUBT_LATE
		doubt[i] = true
#endif
	   }
#ifdef DOUBT_LATE
	   atomic { holds[i] && confirmed[i] == hold_step[i] -> doubt[i] = true }
#endif
	:: atomic { cuts > 0 && !cut[i] -> cuts--; cut[i] = true }
#ifdef LOCAL_RESUME
	:: atomic { holds[i] -> holds[i] = false; doubt[i] = false }
#endif
#ifndef ONLY_CONTROL
	/* It has waited long enough: withdrawn, unless it is done already. */
	:: atomic {
		cut[i] && !gone[i] && holds[i] && busy[i] == 0 ->
		if :: held && step == hold_step[i] -> held = false; version++ :: else fi;
		look(i)
	   }
#endif
	od
}

#ifdef NO_CONFIRM
#define CONFIRMED(i) true
#else
#ifdef NO_NUMBERS
#define CONFIRMED(i) (!known[i] || confirmed[i] > 0)
#else
#define CONFIRMED(i) (!known[i] || confirmed[i] == step)
#endif
#endif
#ifdef INTENTS_LEFT
#define NO_INTENTS true
#else
#define NO_INTENTS (!intent[0] && !intent[1])
#endif
#ifdef QUEUE_LEFT
#define NO_QUEUE true
#else
#define NO_QUEUE (queued == 0)
#endif

proctype Controller() {
	byte o, n, r; bit i;
endc:	do
	:: atomic { moves > 0 && !held && filled -> moves--; held = true; step++; version++ }
	:: atomic {
		held && CONFIRMED(0) && CONFIRMED(1) && NO_INTENTS && NO_QUEUE ->
		authority = 1 - authority; held = false; version++; fence = false
	   }
	:: atomic { held -> held = false; version++ }
	:: atomic { known[0] && gone[0] -> known[0] = false }
	:: atomic { known[1] && gone[1] -> known[1] = false }
	:: atomic { !known[0] && gone[0] && intent[0] -> i = 0 } goto repair
	:: atomic { !known[1] && gone[1] && intent[1] -> i = 1 } goto repair
	od;
repair:
	make_equal(authority);
	atomic { intent[i] = false; i = 0; goto endc }
dead:	skip
}

init {
	atomic {
		place[1] = 1;
#ifdef FILL
		value[0] = 1; filled = false;
		working = 4; run Fill(0, true); run Fill(1, false);
#else
		working = 2;
#endif
		run Worker(0); run Worker(1);
#ifdef READS
		working++; run Reader(0);
#endif
#ifdef BACKGROUND
		working++; run Background(1);
#endif
#ifdef ASYNC
		run Queue(1);
#endif
		run Watcher(0); run Watcher(1); run Controller()
	}
	atomic {
		working == 0 && !held && queued == 0 && (!intent[0] || gone[0]) && (!intent[1] || gone[1]) ->
		HOLDS(p1, place[value[authority]] >= newest);
		HOLDS(p2, !(ABSENT(value[authority]) && !ABSENT(value[1 - authority])) || intent[0] || intent[1]);
		HOLDS(p4, value[0] == value[1] || intent[0] || intent[1] || (ABSENT(value[0]) && ABSENT(value[1])));
	}
}
