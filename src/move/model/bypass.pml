/* Kill switch, breaker, lowered gate: periods in which New is bypassed.
 *
 * Old is the authority; both stores hold 1 at the start. The switch goes on and off, and
 * on and off again; two instances see it late. A write that bypasses New leaves a durable
 * mark of its epoch first; a copier brings marked keys to New when the epoch is over.
 *
 * Rules, each to be taken out:
 *   NO_MARK         a bypassing write leaves a mark
 *   MARK_AFTER      ... before it writes
 *   MARK_VOLATILE   ... that outlives the process
 *   ONE_MARK        ... of its epoch
 *   NO_WAIT         copying waits until all have confirmed that the epoch is over
 *   NO_SECOND_LOOK  the copier compares again before it removes the mark
 *   NEW_READ        reads answer from Old (with READS)
 *   NO_REREAD       as in dual_write.pml
 */
#include "common.pml"

#ifndef FLIPS
#define FLIPS 4
#endif
#ifndef WRITES
#define WRITES 1
#endif
byte old = 1, new = 1, revision = 0;
bool bypassed = false; byte version = 0, epoch = 0;     /* control: switch, changes */
bool bypasses[2]; byte saw[2], its_epoch[2], busy[2];   /* instances */
byte marks = 0;                                         /* durable, a bit for each epoch */
byte memory[2];                                         /* marks that die with a process */
bool intent[2];
byte working = 2, next = 1;

#ifdef READS
byte place[6], places = 1, newest = 1;
#define ANSWERED(v) newest = (newest > place[v] -> newest : place[v])
inline put_old(v) { old = v; places++; place[v] = places }
#else
#define ANSWERED(v) skip
inline put_old(v) { old = v }
#endif
inline put_new(v) { new = v; revision++ }
#ifdef ONE_MARK
#define BIT 1
#else
#define BIT (1 << its_epoch[i])
#endif

inline make_equal() {
	do
	:: atomic { n = new; r = revision }
	   o = old;
	   if
	   :: o == n -> break
	   :: o != n ->
	      atomic { if :: revision == r -> put_new(o) :: else fi }
#ifdef NO_SECOND_LOOK
	      break
#endif
	   fi;
	   MAYDIE
	od;
	o = 0; n = 0; r = 0
}

proctype Writer(bit i) {
	byte k, o, n, r, v;
again:	do
	:: k == WRITES -> break
	:: k < WRITES ->
	   k++;
	   atomic { next++; v = next; busy[i]++; if :: bypasses[i] -> goto bypass :: else fi }
	   intent[i] = true;
	   MAYDIE;
	   atomic { put_old(v); }
	   MAYDIE;
	   atomic { put_new(v); }
#ifndef NO_REREAD
	   MAYDIE;
	   make_equal();
#endif
	   atomic { ANSWERED(v); intent[i] = false; busy[i]--; v = 0 };
	od;
	goto out;
bypass:
#if !defined(NO_MARK) && !defined(MARK_AFTER)
#ifdef MARK_VOLATILE
	memory[i] = memory[i] | BIT;
#else
	marks = marks | BIT;
#endif
	MAYDIE;
#endif
	atomic { put_old(v); }
	MAYDIE;
#ifdef MARK_AFTER
	marks = marks | BIT;
#endif
	atomic { ANSWERED(v); busy[i]--; v = 0; goto again };
dead:	atomic {
		o = 0; n = 0; r = 0; v = 0; memory[i] = 0; busy[i] = 0;
		saw[i] = version; bypasses[i] = bypassed; its_epoch[i] = epoch
	};
	if :: intent[i] -> make_equal(); intent[i] = false :: else fi;
	goto again;
out:
#ifdef MARK_VOLATILE
	atomic { marks = marks | memory[i]; memory[i] = 0 };
#endif
	working--
}

proctype Watcher(bit i) {
endw:	do
	:: atomic {
		saw[i] != version && busy[i] == 0 ->
		saw[i] = version; bypasses[i] = bypassed; its_epoch[i] = epoch
	   }
	od
}
proctype Operator() {
	byte k;
	do
	:: k < FLIPS -> atomic { k++; bypassed = !bypassed; version++; if :: bypassed -> epoch++ :: else fi }
	:: k == FLIPS -> break
	od
}
#ifdef NO_WAIT
#define QUIET true
#else
#define QUIET (saw[0] == version && saw[1] == version)
#endif
proctype Copier() {
	byte o, n, r, mask;
endk:	do
	:: atomic { marks != 0 && !bypassed && QUIET -> mask = marks }
	   make_equal();
	   atomic { marks = marks & ~mask; mask = 0 }
	od;
dead:	skip
}
#ifdef READS
proctype Reader() {
	byte k, v, floor;
	do
	:: k == 2 -> break
	:: k < 2 ->
	   floor = newest;
#ifdef NEW_READ
	   if :: bypasses[k] || marks != 0 -> v = old :: else -> v = new fi;
#else
	   v = old;
#endif
	   atomic { HOLDS(p3, place[v] >= floor); ANSWERED(v); v = 0; floor = 0; k++ }
	od
}
#endif
init {
	atomic {
#ifdef READS
		place[1] = 1; run Reader();
#endif
		run Writer(0); run Writer(1); run Watcher(0); run Watcher(1);
		run Operator(); run Copier()
	}
	atomic { working == 0 -> HOLDS(p4, old == new || marks != 0) }
}
