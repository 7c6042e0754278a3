/* Limits of the driver: what a server, or the way to it, controls. */
#ifndef COUCHDB_LIMITS_H
#define COUCHDB_LIMITS_H

#include "base/base.h"

/* Seconds in which nothing is heard from the server, where the URL does not say. A batch
 * of 1,000 documents with three validators takes it four. */
#define COUCH_TIMEOUT_S 60
#define LIMIT_TIMEOUT_S 86400
/* Seconds until there is a connection. */
#define COUCH_CONNECT_S 10
/* One answer that is kept whole: an error, information of a database. */
#define LIMIT_ANSWER_BYTES ((size_t)64 << 20)
/* Of what is no answer of a CouchDB, so much is looked at. */
#define LIMIT_REFUSAL_BYTES ((size_t)64 << 10)
/* Redirections one after the other within the server. */
#define LIMIT_REDIRECTS 5
/* How often a request that may be repeated is sent, and the first pause between. What
 * lasts longer is the caller's affair. */
#define COUCH_TRIES 3
#define COUCH_PAUSE_MS 50
/* Documents in one request. CouchDB's time grows faster than their number: 1,000 take
 * 0.1 s, 20,000 take 12 s. */
#define COUCH_BATCH_DOCS 1000
/* ... and bytes. Proxies take less than CouchDB, which would take 4 GiB. */
#define COUCH_BATCH_BYTES ((size_t)4 << 20)
/* A body is packed from so many bytes on, where it has a way to go. */
#define COUCH_GZIP_BYTES 2048
/* Turns in which a put over whatever is there finds that somebody was quicker. */
#define LIMIT_PUT_TURNS 16

#endif
