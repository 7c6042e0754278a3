/* What the models of the move share.
 *
 * Each model follows one key (hand_over.pml: two) through two stores, Old (0) and New (1).
 * A store holds a value and a revision; revisions never come back. NIL is no record.
 *
 * The properties. An assertion names the one that it is about, so that the table
 * models.txt can say which one a mutant breaks:
 *   P1  a write that was answered "written" is never lost
 *   P2  what was deleted does not come back
 *   P3  reads of a key never go back in time
 *   P4  at rest both stores agree, or the key is listed
 *   P5  no call fails or hangs because the control store is away
 *   P6  no two authorities at once
 */
#define NIL 0

hidden byte p1, p2, p3, p4, p5, p6;       /* always 0: names in an assertion */
#define HOLDS(property, condition) assert(property > 0 || (condition))

#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef FAULTS
#define FAULTS 0
#endif
byte crashes = CRASHES, faults = FAULTS;

/* Between any two steps a process may die; it goes on at `dead`. */
#define MAYDIE atomic { if :: true :: crashes > 0 -> crashes--; goto dead fi }
