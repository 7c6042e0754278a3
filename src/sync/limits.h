/* Limits of job one, each with its reason. */
#ifndef SYNC_LIMITS_H
#define SYNC_LIMITS_H

/* Revisions remembered per document: as many as CouchDB remembers (_revs_limit). */
#define SYNC_KNOWN_MAX 1000
/* Notes that go in one call of a store without transactions, with what is counted of them:
 * CouchDB's requests carry 1,000 records and 4 MiB. */
#define SYNC_NOTES_TOGETHER 900
#define SYNC_NOTES_BYTES ((size_t)3 << 20)
/* Changes taken at once. */
#define SYNC_BATCH_CHANGES 500
/* How many times that, while far behind; bounds the memory of a batch. */
#define SYNC_BATCH_GROWTH 2
/* Batches of changes between two pages of a first reading, if there are so many: what the
 * page wrote comes back by the feed, and others are not to wait. */
#define SYNC_READING_CHANGES 8
/* Pages that are on their way at once, where there are lanes: one is worked on, one waits
 * for lanes that are done with theirs, one is read. */
#define SYNC_FLIGHTS 3
/* Steps of one database while others wait. */
#define SYNC_SLICE_STEPS 16
/* Reading again after somebody else was first. */
#define SYNC_RETRIES_MAX 20
/* Lineages woken at once when a shared part changed. */
#ifndef SYNC_FANOUT_PAGE /* the simulator has fewer */
#define SYNC_FANOUT_PAGE 500
#endif
/* Changed parts that one step takes, and pages that it reads of the lists of who refers to
 * them: these stand in the order of all parts, also of those that did not change. */
#define SYNC_FANOUT_PARTS 500
#define SYNC_FANOUT_SCANS 8
/* Documents of a database that are passed over and asked for their type: the first ones all,
 * then so many of each page. A database may hold millions that are none of ours. */
#define SYNC_UNNAMED_ALL 10000
#define SYNC_UNNAMED_SOME 64
/* How long one wait for changes lasts before the caller is asked whether to go on. */
#define SYNC_WAIT_MS 500
/* An attachment that lost is kept with its entry, if it is no larger: in base64 it fits into a
 * document of CouchDB (8 MB unless told otherwise). */
#define SYNC_KEPT_FILE_MAX (UINT64_C(4) << 20)
/* Revisions just written by us that the feed will show again: remembered here,
 * further ones are looked up. */
#ifndef SYNC_ECHOES /* the simulator has fewer */
#define SYNC_ECHOES (1 << 20)
#endif

/* How often a run looks for what people ask it to do: seldom enough to cost nothing,
 * often enough for somebody who waits. */
#define SYNC_LOOK_MS 2000

/* How often a run says that it is at work. */
#define SYNC_BEAT_MS 10000
/* Runs noticed on one state; there is no reason for more than two. */
#define SYNC_ENGINES_MAX 32

#endif
