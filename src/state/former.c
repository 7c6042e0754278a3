/* A state of the first format: ids were "KIND/NAME", of one database alone. What people
 * decided or have yet to decide on is taken over; all else is found anew. */
#include "state/state.h"

enum { FORMER_PAGE = 500, NOT_KEPT = STATE_KIND_COUNT };

static const struct {
	const char *begin; /* of ids; the name stands behind it */
	int kind;
} former[] = {
	{"base/", NOT_KEPT},        {"conflict/", STATE_CONFLICT},
	{"quarantine/", NOT_KEPT},  {"incomplete/", NOT_KEPT},
	{"ref/", NOT_KEPT},         {"wait/", NOT_KEPT},
	{"fanout/", NOT_KEPT},      {"retry/", NOT_KEPT},
	{"engine/", NOT_KEPT},      {"usage/", STATE_USAGE},
	{"retired", STATE_RETIRED}, {"rebuilding", NOT_KEPT},
};

#define FORMER_CHECKPOINT STR("checkpoint")

int state_former_exists(const struct state *state, struct cf_arena *arena, bool *ret,
			struct cf_error *error)
{
	struct cf_get get = {.id = FORMER_CHECKPOINT};
	struct cf_record record = {0};
	int rc = store_get(state->store, &get, 1, 0, arena, &record, error);

	*ret = rc == 0 && record.revision_count && !record.revisions[0].deleted;
	return rc;
}

/* The records under their new ids, where they are kept, then none under the old ones. */
static int move_page(const struct state *state, size_t row, const struct cf_record *records,
		     size_t count, struct cf_arena *arena, struct cf_error *error)
{
	struct state_put *puts = arena_calloc(arena, count, sizeof(*puts));
	struct cf_put *gone = arena_calloc(arena, count, sizeof(*gone));
	struct cf_answer *answers = arena_calloc(arena, count, sizeof(*answers));
	size_t skip = strlen(former[row].begin);
	int rc = 0;

	if (!puts || !gone || !answers)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++) {
		struct cf_str id = records[i].id;

		puts[i] = (struct state_put){.key = {.name = {id.ptr + skip, id.len - skip}},
					     .condition = CF_PUT_ANY,
					     .body = records[i].revisions[0].body};
		if (former[row].kind != NOT_KEPT)
			puts[i].key.kind = (enum state_kind)former[row].kind;
		gone[i] = (struct cf_put){
			.id = id, .kind = CF_PUT_ANY, .deleted = true, .body = STR("{}")};
	}
	if (former[row].kind != NOT_KEPT)
		rc = state_put_all(state, puts, count, arena, error);
	return rc ? rc : store_put(state->store, gone, count, arena, answers, error);
}

static int move_kind(const struct state *state, size_t row, struct cf_error *error)
{
	struct cf_scan scan = {
		.prefix = str_of(former[row].begin), .limit = FORMER_PAGE, .flags = CF_READ_BODIES};
	struct cf_record *records;
	struct cf_arena arena;
	size_t count;
	int rc;

	arena_init(&arena, state->mem);
	/* What was moved is not there any more: each page is the first one. */
	do {
		arena_reset(&arena);
		rc = store_scan(state->store, &scan, &arena, &records, &count, error);
		if (rc == 0 && count)
			rc = move_page(state, row, records, count, &arena, error);
	} while (rc == 0 && count == scan.limit);
	arena_fini(&arena);
	return rc;
}

int state_former_take_over(const struct state *state, struct cf_arena *arena,
			   struct cf_error *error)
{
	struct cf_put checkpoint = {
		.id = FORMER_CHECKPOINT, .kind = CF_PUT_ANY, .deleted = true, .body = STR("{}")};
	struct cf_answer answer;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(former) && rc == 0; i++)
		rc = move_kind(state, i, error);
	/* Last: stopped half way, it is gone on with. */
	return rc ? rc : store_put(state->store, &checkpoint, 1, arena, &answer, error);
}
