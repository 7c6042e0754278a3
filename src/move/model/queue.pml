/* One key with `writes: async`: the second write goes through a durable queue.
 *
 * Old is the authority; both stores hold 1 at the start. Two writers (2 and 3), two
 * workers; an entry that is not confirmed in time is delivered again, so a slow worker
 * may hold an entry that another has done. A writer may die between its steps; its
 * intent is found. With BEHIND (cf_move_enqueue) an entry carries a value, and both
 * stores are written behind it. With LENS_REFUSES New cannot say 3: such an entry goes
 * to the list of the hopeless, which a later entry of the key that is done clears.
 *
 * Rules, each to be taken out:
 *   VALUE_IN_ENTRY   an entry names a key: its worker makes New equal to Old
 *   REMOVED_FIRST    an entry is removed after the work
 *   NOT_THE_FIRST    (BEHIND) the worker reads Old's revision, then makes sure that its
 *                    entry is the first of its key, then puts on condition
 *   NO_INTENT        the intent stays until the entry is in the queue
 *   NO_LIST          what can never succeed is listed
 */
#include "common.pml"

byte value[2] = 1, revision[2];
byte queue[6], first = 0, end = 0;
bool intent[2], listed = false;
byte working = 2, last = 1;

inline put(s, v) { value[s] = v; revision[s]++ }
#ifdef LENS_REFUSES
#define REFUSED(v) (v == 3)
#else
#define REFUSED(v) false
#endif

proctype Writer(bit i) {
#ifdef BEHIND
	atomic { queue[end] = 2 + i; end++; last = 2 + i }
#else
#ifndef NO_INTENT
	intent[i] = true;
	MAYDIE;
#endif
	atomic { put(0, 2 + i); }
	MAYDIE;
	atomic { queue[end] = 2 + i; end++ }
	MAYDIE;
	atomic { intent[i] = false; goto out };
dead:	if
	:: intent[i] -> atomic { queue[end] = value[0]; end++ } intent[i] = false
	:: !intent[i]
	fi;
#endif
out:	working--
}

proctype Worker() {
	byte e, at, o, n, r;
endq:	do
	:: atomic { first < end -> at = first; e = queue[first] }
#ifdef REMOVED_FIRST
	   atomic { if :: first == at -> first++ :: else fi };
#endif
	   MAYDIE;
#ifdef BEHIND
again:	   r = revision[0];
#ifndef NOT_THE_FIRST
	   if :: first != at -> goto over :: else fi;
#endif
	   atomic { if :: revision[0] == r -> put(0, e) :: else -> goto again fi };
	   MAYDIE;
#endif
#ifdef VALUE_IN_ENTRY
	   atomic { put(1, e); }
#else
	   do
	   :: atomic { n = value[1]; r = revision[1] }
	      o = value[0];
	      if
	      :: o == n ->
		 atomic { if :: value[0] == value[1] -> listed = false :: else fi }
		 break
	      :: o != n && REFUSED(o) ->
#ifndef NO_LIST
		 listed = true;
#endif
		 break
	      :: o != n && !REFUSED(o) -> atomic { if :: revision[1] == r -> put(1, o) :: else fi }
	      fi;
	      MAYDIE
	   od;
#endif
	   MAYDIE;
#ifndef REMOVED_FIRST
	   atomic { if :: first == at -> first++ :: else fi };
#endif
#ifdef BEHIND
over:
#endif
	   atomic { e = 0; at = 0; o = 0; n = 0; r = 0 }
	od;
dead:	atomic { e = 0; at = 0; o = 0; n = 0; r = 0; goto endq }
}

init {
	atomic { run Writer(0); run Writer(1); run Worker(); run Worker() }
	atomic {
		working == 0 && first == end && timeout ->
		HOLDS(p4, value[0] == value[1] || listed);
#ifdef BEHIND
		HOLDS(p1, value[0] == last)
#endif
	}
}
