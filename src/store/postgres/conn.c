/* One connection; see conn.h. SQLSTATE classes:
 * https://www.postgresql.org/docs/15/errcodes-appendix.html */
#include "store/postgres/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

/* What every session is set to, so that texts of values mean the same everywhere. */
static const char pg_settings[] =
	"SET standard_conforming_strings = on; SET DateStyle = 'ISO, YMD';"
	"SET IntervalStyle = iso_8601; SET TimeZone = 'UTC'; SET bytea_output = hex;"
	"SET extra_float_digits = 1; SET client_min_messages = warning";

/* A server that does not answer while a connection is opened. */
enum { CONNECT_MS = 10000 };

static void quiet(void *ctx, const PGresult *result)
{
	(void)ctx;
	(void)result;
}

static void drop(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
	for (size_t i = 0; i < PG_PREPARED; i++) {
		mem_free(pg->mem, pg->prepared[i]);
		pg->prepared[i] = NULL;
	}
	pg->prepared_next = 0;
	pg->copying = false;
}

/* --- failures ------------------------------------------------------------------- */

static const struct {
	const char *state; /* its beginning; the first that fits */
	int code;
} pg_codes[] = {
	{"08", CF_ERR_UNAVAILABLE},
	{"28", CF_ERR_UNAUTHORIZED},
	{"3D000", CF_ERR_NO_DATABASE},
	{"42P01", CF_ERR_NO_DATABASE},
	{"42501", CF_ERR_FORBIDDEN},
	{"25006", CF_ERR_READONLY},
	{"53100", CF_ERR_FULL},
	{"53", CF_ERR_UNAVAILABLE},
	{"57", CF_ERR_UNAVAILABLE},
	{"40", CF_ERR_LOCKED},
	{"55P03", CF_ERR_LOCKED},
	{"22", CF_ERR_INVALID},
	{"23", CF_ERR_INVALID},
	{"P0", CF_ERR_INVALID},
	{"54000", CF_ERR_INVALID},
	{"58", CF_ERR_IO},
	{"XX", CF_ERR_IO},
	{"0A", CF_ERR_UNSUPPORTED_OP},
};

static int code_of(const char *state)
{
	for (size_t i = 0; state && i < ARRAY_LEN(pg_codes); i++)
		if (strncmp(state, pg_codes[i].state, strlen(pg_codes[i].state)) == 0)
			return pg_codes[i].code;
	return state ? CF_ERR_USAGE : CF_ERR_UNAVAILABLE;
}

/* libpq ends its texts with line ends, and has some of several lines: one line. */
static int say(struct cf_error *error, int code, const char *text)
{
	char line[400];
	size_t len = 0;

	for (; *text && len + 1 < sizeof(line); text++)
		if (*text != '\n' || text[1])
			line[len++] = *text == '\n' ? ' ' : *text;
	line[len] = '\0';
	return error_set(error, code, "%s", line);
}

static int fail(struct pg *pg, const PGresult *result, struct cf_error *error)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = state ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
	int rc = code_of(state);

	if (detail && rc == CF_ERR_INVALID)
		rc = error_set(error, rc, "%s: %s", text, detail);
	else
		rc = say(error, rc, text ? text : PQerrorMessage(pg->conn));
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		drop(pg);
	return rc;
}

/* The connection does not answer in time. What was sent on it may still be done. */
static int too_late(struct pg *pg, struct cf_error *error)
{
	drop(pg);
	return error_set(error, CF_ERR_UNAVAILABLE, "the server did not answer in time");
}

/* --- waiting --------------------------------------------------------------------- */

/* Until the socket is ready; false: the deadline passed. */
static bool wait_for(struct pg *pg, short events)
{
	struct pollfd poll_fd = {.fd = PQsocket(pg->conn), .events = events};

	for (;;) {
		int ms = -1, ready;

		if (pg->deadline_ns) {
			uint64_t now = pg->env->monotonic_ns(pg->env->ctx);

			if (now >= pg->deadline_ns)
				return false;
			ms = (int)((pg->deadline_ns - now) / 1000000) + 1;
		}
		ready = poll(&poll_fd, 1, ms);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return true;
	}
}

/* The last result of what was sent, or the first that is an error. */
static int take_result(struct pg *pg, PGresult **ret, struct cf_error *error)
{
	PGresult *result = NULL, *next;

	for (;;) {
		while (pg->conn && PQisBusy(pg->conn)) {
			if (!wait_for(pg, POLLIN)) {
				PQclear(result);
				return too_late(pg, error);
			}
			if (!PQconsumeInput(pg->conn))
				break;
		}
		next = PQgetResult(pg->conn);
		if (!next)
			break;
		if (result && PQresultStatus(result) == PGRES_FATAL_ERROR) {
			PQclear(next);
		} else {
			PQclear(result);
			result = next;
		}
		if (PQresultStatus(next == result ? result : next) == PGRES_COPY_IN)
			break;
	}
	*ret = result;
	return 0;
}

/* 0 and the result, or its failure. */
static int finish(struct pg *pg, PGresult **ret, struct cf_error *error)
{
	PGresult *result = NULL;
	int rc = take_result(pg, &result, error);
	ExecStatusType status;

	if (rc)
		return rc;
	status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
		rc = fail(pg, result, error);
		PQclear(result);
		return rc;
	}
	if (PQstatus(pg->conn) == CONNECTION_BAD) {
		PQclear(result);
		return fail(pg, NULL, error);
	}
	*ret = result;
	return 0;
}

/* --- opening ------------------------------------------------------------------- */

static int settle_connection(struct pg *pg, struct cf_error *error)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		if (!wait_for(pg, status == PGRES_POLLING_READING ? POLLIN : POLLOUT))
			return too_late(pg, error);
		status = PQconnectPoll(pg->conn);
	}
	return status == PGRES_POLLING_OK ? 0 : CF_ERR_UNAVAILABLE;
}

/* libpq tells of what failed before a session began by its words alone. */
static int connect_failed(struct pg *pg, struct cf_error *error)
{
	const char *text = PQerrorMessage(pg->conn);
	int code = PQconnectionNeedsPassword(pg->conn) || strstr(text, "authentication failed")
			   ? CF_ERR_UNAUTHORIZED
		   : strstr(text, "database \"") && strstr(text, "does not exist")
			   ? CF_ERR_NO_DATABASE
		   : strstr(text, "role \"")  ? CF_ERR_UNAUTHORIZED
		   : strstr(text, "invalid ") ? CF_ERR_USAGE
					      : CF_ERR_UNAVAILABLE;

	return say(error, code, text);
}

static int connect_now(struct pg *pg, struct cf_error *error)
{
	const char *const names[] = {"dbname", "client_encoding", "fallback_application_name",
				     "tcp_user_timeout", NULL};
	const char *const values[] = {pg->uri, "UTF8", "chesterfield", "30000", NULL};
	bool own = pg->deadline_ns == 0;
	int rc = 0;

	if (own)
		pg->deadline_ns =
			pg->env->monotonic_ns(pg->env->ctx) + (uint64_t)CONNECT_MS * 1000000;
	pg->conn = PQconnectStartParams(names, values, 1);
	if (!pg->conn)
		return error_nomem(error);
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		rc = connect_failed(pg, error);
	else if ((rc = settle_connection(pg, error)) != 0 && pg->conn)
		rc = connect_failed(pg, error);
	if (rc == 0) {
		PQsetNoticeReceiver(pg->conn, quiet, NULL);
		rc = pg_run(pg, pg_settings, error);
		pg->timeout_changed = pg->timeout_ms != 0;
	}
	if (own)
		pg->deadline_ns = 0;
	if (rc)
		drop(pg);
	return rc;
}

int pg_open(struct pg *pg, struct cf_str uri, const struct cf_env *env, const struct cf_mem *mem,
	    struct cf_error *error)
{
	*pg = (struct pg){.mem = mem, .env = env};
	pg->uri = mem_alloc(mem, uri.len + 1);
	if (!pg->uri)
		return error_nomem(error);
	memcpy(pg->uri, uri.ptr, uri.len);
	pg->uri[uri.len] = '\0';
	return connect_now(pg, error);
}

void pg_close(struct pg *pg)
{
	if (!pg->mem)
		return;
	drop(pg);
	mem_free(pg->mem, pg->uri);
}

int pg_call(struct pg *pg, struct cf_error *error)
{
	char sql[64];
	int rc = 0;

	pg->deadline_ns = 0;
	if (pg->timeout_ms)
		pg->deadline_ns =
			pg->env->monotonic_ns(pg->env->ctx) + (uint64_t)pg->timeout_ms * 1000000;
	if (!pg->conn)
		rc = connect_now(pg, error);
	if (rc == 0 && pg->timeout_changed) {
		/* The server gives up a little before: what it says is worth more. */
		snprintf(sql, sizeof(sql), "SET statement_timeout = %u",
			 pg->timeout_ms - pg->timeout_ms / 5);
		rc = pg_run(pg, sql, error);
		pg->timeout_changed = rc != 0;
	}
	return rc;
}

/* --- statements ---------------------------------------------------------------- */

static int lost(struct pg *pg, struct cf_error *error)
{
	return pg->conn ? fail(pg, NULL, error)
			: error_set(error, CF_ERR_UNAVAILABLE, "the connection is lost");
}

int pg_run(struct pg *pg, const char *sql, struct cf_error *error)
{
	PGresult *result = NULL;
	int rc;

	if (!pg->conn || !PQsendQuery(pg->conn, sql))
		return lost(pg, error);
	rc = finish(pg, &result, error);
	PQclear(rc ? NULL : result);
	return rc;
}

static int prepare(struct pg *pg, const char *sql, int count, unsigned *ret, struct cf_error *error)
{
	PGresult *result = NULL;
	char name[16], deallocate[32];
	unsigned slot = pg->prepared_next;
	char *copy;
	int rc = 0;

	for (unsigned i = 0; i < PG_PREPARED; i++)
		if (pg->prepared[i] && strcmp(pg->prepared[i], sql) == 0) {
			*ret = i;
			return 0;
		}
	snprintf(name, sizeof(name), "s%u", slot);
	snprintf(deallocate, sizeof(deallocate), "DEALLOCATE %s", name);
	copy = mem_alloc(pg->mem, strlen(sql) + 1);
	if (!copy)
		return error_nomem(error);
	memcpy(copy, sql, strlen(sql) + 1);
	if (pg->prepared[slot])
		rc = pg_run(pg, deallocate, error);
	if (rc == 0 && !PQsendPrepare(pg->conn, name, sql, count, NULL))
		rc = lost(pg, error);
	rc = rc ? rc : finish(pg, &result, error);
	if (rc) {
		mem_free(pg->mem, copy);
		return rc;
	}
	PQclear(result);
	mem_free(pg->mem, pg->prepared[slot]);
	pg->prepared[slot] = copy;
	pg->prepared_next = (slot + 1) % PG_PREPARED;
	*ret = slot;
	return 0;
}

int pg_query(struct pg *pg, const char *sql, struct pg_params params, PGresult **ret,
	     struct cf_error *error)
{
	char name[16];
	unsigned slot = 0;
	int rc = pg->conn ? prepare(pg, sql, params.count, &slot, error) : lost(pg, error);

	if (rc)
		return rc;
	snprintf(name, sizeof(name), "s%u", slot);
	if (!PQsendQueryPrepared(pg->conn, name, params.count, params.values, NULL, NULL, 0))
		return lost(pg, error);
	return finish(pg, ret, error);
}

int pg_uncertain(struct pg *pg, int rc, struct cf_error *error)
{
	return rc == CF_ERR_UNAVAILABLE && !pg->conn
		       ? error_set(error, CF_ERR_UNCERTAIN,
				   "the connection was lost before the answer came: it is not "
				   "known whether it was done")
		       : rc;
}

int pg_end(struct pg *pg, int rc, struct cf_error *error)
{
	if (rc == 0)
		return pg_uncertain(pg, pg_run(pg, "COMMIT", error), error);
	if (pg->conn)
		pg_run(pg, "ROLLBACK", NULL);
	return rc;
}

/* --- COPY ------------------------------------------------------------------------ */

int pg_copy_begin(struct pg *pg, const char *sql, struct cf_error *error)
{
	PGresult *result = NULL;
	int rc;

	if (!pg->conn || !PQsendQuery(pg->conn, sql))
		return lost(pg, error);
	rc = finish(pg, &result, error);
	pg->copying = rc == 0;
	PQclear(rc ? NULL : result);
	return rc;
}

int pg_copy_data(struct pg *pg, struct cf_str bytes, struct cf_error *error)
{
	return PQputCopyData(pg->conn, bytes.ptr, (int)bytes.len) == 1 ? 0 : lost(pg, error);
}

int pg_copy_end(struct pg *pg, uint64_t *ret_rows, struct cf_error *error)
{
	PGresult *result = NULL;
	int rc;

	if (!pg->conn || PQputCopyEnd(pg->conn, NULL) != 1)
		return lost(pg, error);
	pg->copying = false;
	rc = finish(pg, &result, error);
	if (rc == 0) {
		*ret_rows = strtoull(PQcmdTuples(result), NULL, 10);
		PQclear(result);
	}
	return rc;
}
