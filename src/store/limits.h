/* Limits of the room: what a caller or a replica controls, each with its reason. */
#ifndef STORE_LIMITS_H
#define STORE_LIMITS_H

#include "base/base.h"

/* A revision id. CouchDB's have 32 hex digits behind the dash; ours too. The part behind
 * the dash must fit into a byte that counts it. */
#define LIMIT_REV_BYTES 255
/* Revisions remembered where the URL does not say: CouchDB's default. */
#define STORE_REVS_DEFAULT 1000
/* ... and where it does. One history is one blob in a row. */
#define LIMIT_REVS 100000
/* Leaves of one record. Replicas that never merge would make each read slower for all. */
#define LIMIT_LEAVES 1000
/* Attachments of one revision, and the bytes of one: they pass through memory whole. */
#define LIMIT_ATTACHMENTS 1000
#define LIMIT_ATTACHMENT_BYTES ((size_t)64 << 20)
/* Notes of one put: an intent, a mark, an outcome, with room. The key holds an id and a
 * few words more; the value may hold a record's body in small. */
#define LIMIT_NOTES 16
#define LIMIT_NOTE_KEY_BYTES 4096
#define LIMIT_NOTE_VALUE_BYTES ((size_t)1 << 20)
/* Records in one call of put or get. */
#define LIMIT_BATCH 100000
/* A store's URL, and the name of a table. */
#define LIMIT_URL_BYTES 4096
#define LIMIT_TABLE_BYTES 128
/* A file's path, as PATH_MAX of Linux. */
#define LIMIT_PATH_BYTES 4096

#endif
