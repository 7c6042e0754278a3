/* One key at dualwrite with `require: both`: New first, then Old, whose put decides.
 *
 * Old is the authority; both stores hold 1 at the start. Two writers (2 and 3), one
 * reader. A put answers done; failed (nothing was done); unknown (done; not done; or,
 * with LATE, done later). Callers hear: written, not written, uncertain. With
 * LENS_REFUSES New cannot say 3. With MIXED instance 1 has not seen `require: both` yet
 * and writes Old, then New.
 *
 * Here P3 says besides: what was answered "not written" is never read afterwards.
 *
 * Rules, each to be taken out:
 *   OLD_FIRST     New first (then what Old took must be put back when New fails)
 *   PUT_BACK      New is made equal to Old again, never put back to what was there before
 *   NO_TOUCH      after an unknown outcome both records are written again as they are
 *                 (with LATE), so that a put on its way cannot land
 *   NO_INTENT, NO_REREAD  as in dual_write.pml
 */
#ifndef FAULTS
#define FAULTS 2
#endif
#include "common.pml"

byte value[2] = 1, revision[2];
bool intent[2]; bool not_written[4];
byte working = 2, late = 0;
byte place[4], places = 1, newest = 1;
#define ANSWERED(v) newest = (newest > place[v] -> newest : place[v])
inline put(s, v) {
	value[s] = v; revision[s]++;
	if :: s == 0 && place[v] == 0 -> places++; place[v] = places :: else fi
}
#ifdef LENS_REFUSES
#define REFUSED(s, v) (s == 1 && v == 3)
#else
#define REFUSED(s, v) false
#endif

/* A put that was sent, was given up, and lands later. */
proctype Late(bit s; byte v, r) {
	atomic { if :: revision[s] == r -> put(s, v) :: else fi; late-- }
}
mtype = { done, failed, unknown, conflict };
/* On condition of revision r. */
inline try(s, v, r) {
	atomic {
		if
		:: revision[s] != r -> answer = conflict
		:: revision[s] == r && REFUSED(s, v) -> answer = failed
		:: revision[s] == r && !REFUSED(s, v) ->
		   if
		   :: put(s, v); answer = done
		   :: faults > 0 -> faults--; answer = failed
		   :: faults > 0 -> faults--; put(s, v); answer = unknown
#ifdef LATE
		   :: faults > 0 -> faults--; answer = unknown; late++; run Late(s, v, r)
#else
		   :: faults > 0 -> faults--; answer = unknown
#endif
		   fi
		fi
	}
}
inline make_equal() {
	do
	:: atomic { n = value[1]; r = revision[1] }
	   o = value[0];
	   if
	   :: o == n -> refused = false; break
	   :: o != n && REFUSED(1, o) -> refused = true; break
	   :: o != n && !REFUSED(1, o) -> atomic { if :: revision[1] == r -> put(1, o) :: else fi }
	   fi;
	   MAYDIE
	od;
	o = 0; n = 0; r = 0
}

proctype Writer(bit i) {
	byte o, n, r, before; mtype answer; bool in_doubt, refused;
	byte x = 2 + i;
#ifndef NO_INTENT
	intent[i] = true;
	MAYDIE;
#endif
#ifdef OLD_FIRST
again:	atomic { before = value[0]; r = revision[0] }
	try(0, x, r);
	if :: answer == done :: answer == failed -> not_written[x] = true; goto repair
	   :: answer == unknown -> in_doubt = true; goto repair :: answer == conflict -> goto again
	fi;
	MAYDIE;
	r = revision[0];
	try(1, x, revision[1]);
	if :: answer == done -> make_equal(); atomic { ANSWERED(x); intent[i] = false; goto out }
	   :: else
	fi;
	MAYDIE;
	atomic { if :: revision[0] == r -> put(0, before); not_written[x] = true :: else fi };
	goto repair;
#else
#ifdef MIXED
	if :: i == 1 -> goto old_first :: else fi;
#endif
first:	atomic { r = revision[1]; before = value[1] }
	try(1, x, r);
	if
	:: answer == done
	:: answer == conflict -> goto first
	:: answer == failed -> not_written[x] = true; goto repair
	:: answer == unknown -> not_written[x] = true; in_doubt = true; goto repair
	fi;
	MAYDIE;
second:	r = revision[0];
	try(0, x, r);
	if
	:: answer == done
	:: answer == conflict -> goto second
	:: answer == failed -> not_written[x] = true;
#ifdef PUT_BACK
	   atomic { if :: value[1] == x -> put(1, before) :: else fi }; intent[i] = false; goto out
#else
	   goto repair
#endif
	:: answer == unknown -> in_doubt = true; goto repair
	fi;
	MAYDIE;
#ifndef NO_REREAD
	make_equal();
#endif
	atomic { ANSWERED(x); if :: !refused -> intent[i] = false :: else fi; goto out };
#ifdef MIXED
old_first:
	r = revision[0];
	try(0, x, r);
	if
	:: answer == done
	:: answer == conflict -> goto old_first
	:: answer == failed -> not_written[x] = true; goto repair
	:: answer == unknown -> in_doubt = true; goto repair
	fi;
	ANSWERED(x);
	r = revision[1];
	try(1, x, r);
	goto repair;
#endif
#endif
dead:	in_doubt = true;
repair:	if
	:: intent[i] ->
#ifndef NO_TOUCH
	   if :: in_doubt -> atomic { put(0, value[0]); put(1, value[1]) } :: else fi;
#endif
	   make_equal();
	   if :: !refused -> intent[i] = false :: refused fi
	:: !intent[i]
	fi;
out:	atomic { o = 0; n = 0; r = 0; before = 0; answer = 0; in_doubt = false; refused = false; working-- }
}

proctype Reader() {
	byte v, floor, k; bool w2, w3;
	do
	:: k == 2 -> break
	:: k < 2 ->
	   atomic { floor = newest; w2 = not_written[2]; w3 = not_written[3] }
	   v = value[0];
	   atomic {
		HOLDS(p3, place[v] >= floor && !(v == 2 && w2) && !(v == 3 && w3));
		ANSWERED(v); v = 0; floor = 0; w2 = false; w3 = false; k++
	   }
	od;
	working--
}

init {
	atomic {
		place[1] = 1; run Writer(0); run Writer(1);
#ifdef READS
		working++; run Reader()
#endif
	}
	atomic {
		working == 0 && late == 0 ->
		HOLDS(p1, place[value[0]] >= newest && !not_written[value[0]]);
		HOLDS(p4, value[0] == value[1] || intent[0] || intent[1])
	}
}
