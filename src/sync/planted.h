/* Faults that the simulator must see: test/sim plants one at a time in its own build of
 * this room and counts the seeds until a law is broken. Without CHESTERFIELD_PLANTED,
 * as in all that is shipped, PLANTED is the constant false. */
#ifndef SYNC_PLANTED_H
#define SYNC_PLANTED_H

#define PLANTED_FAULTS(X)                                                               \
	X(BASE_AFTER_DOCUMENTS, "the base is written after the documents")              \
	X(KNOWN_FORGOTTEN, "known revisions are forgotten")                             \
	X(LATE_AS_FREE, "late edits are taken as free")                                 \
	X(WRONG_ANCESTOR, "leaves are compared with the wrong ancestor")                \
	X(SHARED_ANCESTOR_SKIPPED, "leaves are not merged against the part they share") \
	X(LOSER_LEFT_ALIVE, "the losing leaf is left alive")                            \
	X(TOMBSTONE_UNTYPED, "tombstones lose type and version")                        \
	X(REFUSAL_IGNORED, "a refused base is not read again")                          \
	X(CHECKPOINT_AHEAD, "the checkpoint goes ahead of the batch")                   \
	X(LOSER_NOT_LISTED, "the loser of a conflict is not listed")                    \
	X(FORWARD_LOST, "what is said of a part elsewhere is not handed on")            \
	X(STALE_LEFT, "what is out of date is not set again")                           \
	X(DELETE_WINS, "a delete wins over an edit")                                    \
	X(QUARANTINE_IGNORED, "an invalid document is taken for a valid one")           \
	X(FANOUT_PAGE_LOST, "the fan-out forgets its last page")                        \
	X(ECHO_AS_EDIT, "our own writes are taken for edits")                           \
	X(BASE_UNGUARDED, "the base is written without its precondition")               \
	X(ATTACHMENTS_LEFT, "attachments are not copied")                               \
	X(ATTACHMENTS_EMPTY, "attachments are copied without their data")               \
	X(EDIT_DROPPED, "of two edits in one revision the second is dropped")           \
	X(QUARANTINE_FOR_EVER, "a mended document is not tried again")                  \
	X(WAIT_NOT_NOTED, "who waits for a part is not woken")                          \
	X(REFERENCE_NOT_NOTED, "who refers to a part is not woken")                     \
	X(LIST_NOT_CLEARED, "an entry stays on its list when all is well")              \
	X(MARKER_WRITTEN, "a member of ours is written into documents")                 \
	X(WRITES_FOR_EVER, "a document is written though nothing differs")              \
	X(WAY_NOT_LEARNED, "revisions on the way do not become known")                  \
	X(WRONG_REVISION_LISTED, "the conflict list names the wrong revision")          \
	X(TOMBSTONES_FIRST, "a leaf goes before what is made of it has landed")         \
	X(LINEAGE_IN_TWO_LANES, "two lanes work on one lineage at once")                \
	X(CHECKPOINT_PAST_OPEN, "the checkpoint passes a batch that has not landed")

#define X(name, what) PLANTED_##name,
enum planted { PLANTED_NONE, PLANTED_FAULTS(X) PLANTED_COUNT };
#undef X

#ifdef CHESTERFIELD_PLANTED
#define PLANTED(bench, fault) ((bench)->planted == PLANTED_##fault)
#else
#define PLANTED(bench, fault) ((void)(bench), false)
#endif

#endif
