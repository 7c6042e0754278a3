/* Reading, writing and paging through the state's records; see state.h. */
#include "state/id.h"
#include "state/template.h"

int state_init(struct state *state, struct cf_store *store, struct cf_str database,
	       const struct cf_mem *mem)
{
	struct cf_buf text;

	*state = (struct state){.store = store, .mem = mem};
	buf_init(&text, mem);
	if (state_id_database(database.len ? database : STR("documents"), &text)) {
		buf_fini(&text);
		return CF_ERR_NOMEM;
	}
	state->database = buf_view(&text);
	state->templates = templates_new(mem);
	if (!state->templates) {
		state_fini(state);
		return CF_ERR_NOMEM;
	}
	return 0;
}

int state_init_like(struct state *state, const struct state *like, struct cf_store *store)
{
	struct cf_str database;

	*state = (struct state){.store = store, .mem = like->mem};
	database.ptr = mem_alloc(like->mem, like->database.len + 1);
	database.len = like->database.len;
	if (!database.ptr)
		return CF_ERR_NOMEM;
	memcpy((char *)database.ptr, like->database.ptr, database.len);
	state->database = database;
	state->templates = templates_new(like->mem);
	if (state->templates)
		return 0;
	state_fini(state);
	return CF_ERR_NOMEM;
}

void state_fini(struct state *state)
{
	if (state->mem)
		mem_free(state->mem, (char *)state->database.ptr);
	templates_free(state->templates);
	*state = (struct state){.store = NULL};
}

struct cf_str state_database_of(const struct cf_store *documents)
{
	const char *query = documents->place ? strrchr(documents->place, '?') : NULL;
	const char *equals = query ? strchr(query, '=') : NULL;
	const char *name = equals ? equals + 1 : query ? query + 1 : "";

	return *name ? str_of(name) : STR("documents");
}

/* --- names that are too long for an id ------------------------------------------------ */

/* The body with the names in full before its own members. */
static struct cf_str add_names(struct cf_str body, struct cf_str name, struct cf_str other,
			       struct cf_arena *arena)
{
	struct cf_buf out;
	struct cf_str text;
	size_t from = 1;

	buf_init(&out, arena->mem);
	buf_byte(&out, '{');
	if (name.len) {
		buf_str(&out, STR("\"full_name\":"));
		json_write_string(name, &out);
	}
	if (other.len) {
		buf_str(&out, name.len ? STR(",\"full_other\":") : STR("\"full_other\":"));
		json_write_string(other, &out);
	}
	while (from < body.len && strchr(" \t\r\n", body.ptr[from]))
		from++;
	if (body.ptr[from] != '}')
		buf_byte(&out, ',');
	buf_append(&out, body.ptr + from, body.len - from);
	text = arena_dup_buf(arena, &out);
	buf_fini(&out);
	return text;
}

static int take_name(struct json_value value, struct cf_arena *arena, struct cf_str *ret)
{
	struct cf_str text;
	int rc =
		json_kind(value) == JSON_STRING ? json_decode(value, arena, &text) : CF_ERR_INVALID;

	if (rc)
		return rc;
	*ret = arena_dup(arena, text);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

/* Takes the names that were cut out of the body again, which then is what was put. */
static int take_names(struct state_record *record, struct cf_arena *arena)
{
	struct cf_str last = record->other.ptr ? record->other : record->name;
	int missing = state_name_is_cut(last);
	struct json_doc doc;
	struct json_iter it;
	struct cf_str text = record->body, rest;
	int rc;

	if (missing == 0)
		return 0;
	json_doc_init(&doc, arena->mem);
	rc = json_read(&doc, text.ptr, text.len, JSON_READ_DOCUMENT, NULL);
	rest = (struct cf_str){text.ptr + 1, text.len - 1};
	it = json_iter(rc ? JSON_ABSENT : json_root(&doc));
	while (rc == 0 && json_next(&it)) {
		struct cf_str *into = json_name_is(it.name, STR("full_name"))    ? &record->name
				      : json_name_is(it.name, STR("full_other")) ? &record->other
										 : NULL;

		if (!into)
			break;
		rc = take_name(it.value, arena, into);
		missing--;
		rest.ptr = text.ptr + json_node(it.value)->end;
		rest.ptr += *rest.ptr == ',';
		rest.len = (size_t)(text.ptr + text.len - rest.ptr);
	}
	json_doc_fini(&doc);
	if (rc == 0 && missing)
		rc = CF_ERR_INVALID;
	if (rc == 0)
		record->body = arena_printf(arena, "{%.*s", STR_ARG(rest));
	return rc ? rc : record->body.ptr ? 0 : CF_ERR_NOMEM;
}

static int damaged(int rc, struct cf_str id, struct cf_error *error)
{
	if (rc == CF_ERR_NOMEM)
		return error_nomem(error);
	error_set(error, CF_ERR_INVALID, "this record of the state is damaged");
	error_at_document(error, id);
	return CF_ERR_INVALID;
}

int state_damaged(const struct state_record *record, int rc, struct cf_error *error)
{
	if (rc == 0 || rc == CF_ERR_NOMEM)
		return rc;
	error_at_document(error, record->id);
	return error_prefix(error, rc, "this record of the state is damaged");
}

int state_read(const struct state_record *record, struct json_doc *doc, struct cf_error *error)
{
	return state_damaged(
		record,
		json_read(doc, record->body.ptr, record->body.len, JSON_READ_DOCUMENT, error),
		error);
}

/* --- reading ---------------------------------------------------------------------------- */

#define DAMAGED_REV STR("0-damaged") /* of no revision that there is */

static bool is_there(const struct cf_record *record)
{
	return record->revision_count && !record->revisions[0].deleted;
}

static void take_record(const struct cf_record *record, struct state_record *ret)
{
	/* What the store cannot give stands there, and is no JSON: who reads it says so; who
	 * takes it away need not read it. */
	if (record->code) {
		ret->rev = DAMAGED_REV;
		ret->body = STR("");
		ret->id = record->id;
		return;
	}
	if (!is_there(record))
		return;
	ret->rev = record->revisions[0].rev;
	ret->body = record->revisions[0].body;
	ret->id = record->id;
}

static struct state_record named(const struct state_key *key)
{
	unsigned names = state_kind_info(key->kind)->names;
	struct cf_str none = {NULL, 0};

	return (struct state_record){.name = names > 0 ? key->name : none,
				     .other = names > 1 ? key->other : none};
}

int state_get(const struct state *state, const struct state_key *keys, size_t count,
	      struct cf_arena *arena, struct state_record *ret, struct cf_error *error)
{
	struct cf_get *gets = arena_calloc(arena, count + 1, sizeof(*gets));
	struct cf_record *records = arena_calloc(arena, count + 1, sizeof(*records));
	struct templates_records short_ones;
	int rc;

	if (!gets || !records)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++) {
		gets[i].id = state_id(state, keys[i], arena);
		if (!gets[i].id.ptr)
			return error_nomem(error);
	}
	rc = store_get(state->store, gets, count, CF_READ_BODIES, arena, records, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		ret[i] = named(&keys[i]);
		take_record(&records[i], &ret[i]);
		if (state_exists(&ret[i]))
			rc = take_names(&ret[i], arena);
		if (rc)
			return damaged(rc, gets[i].id, error);
	}
	if (rc)
		return rc;
	short_ones = (struct templates_records){ret, count, arena, 0};
	rc = templates_restore(state, &short_ones, error);
	return rc == CF_ERR_NOT_FOUND || rc == CF_ERR_INVALID || rc == CF_ERR_SYNTAX
		       ? damaged(CF_ERR_INVALID, gets[short_ones.at].id, error)
		       : rc;
}

int state_get_one(const struct state *state, struct state_key key, struct cf_arena *arena,
		  struct state_record *ret, struct cf_error *error)
{
	return state_get(state, &key, 1, arena, ret, error);
}

/* A record whose template is gone stays as it is: who takes all away need not read it. */
static int take_page(const struct state *state, const struct state_range *range,
		     const struct cf_record *records, struct state_pages *page,
		     struct cf_error *error)
{
	bool two = state_kind_info(range->kind)->names > 1;
	struct templates_records short_ones;
	int rc;

	for (size_t i = 0; i < page->count; i++) {
		struct state_record *ret = &page->records[i];
		struct cf_str last = state_id_last(state, range->kind, records[i].id);

		*ret = (struct state_record){.name = two ? range->name : last};
		if (two)
			ret->other = last;
		take_record(&records[i], ret);
		rc = take_names(ret, page->arena);
		if (rc)
			return damaged(rc, records[i].id, error);
	}
	short_ones = (struct templates_records){page->records, page->count, page->arena, 0};
	rc = templates_restore(state, &short_ones, error);
	return rc == CF_ERR_NOT_FOUND || rc == CF_ERR_INVALID || rc == CF_ERR_SYNTAX ? 0 : rc;
}

/* `behind` is an id, or empty. *ret_last is the id of the page's last record. */
static int page_behind(const struct state *state, const struct state_range *range,
		       struct cf_str behind, struct state_pages *ret, struct cf_error *error)
{
	struct cf_scan scan = {.prefix = state_id_begin(state, range, ret->arena),
			       .after = behind,
			       .limit = range->limit ? range->limit : STATE_PAGE,
			       .flags = CF_READ_BODIES};
	struct cf_record *records;
	size_t count;
	int rc;

	if (!scan.prefix.ptr)
		return error_nomem(error);
	rc = store_scan(state->store, &scan, ret->arena, &records, &count, error);
	if (rc)
		return rc;
	ret->records = arena_calloc(ret->arena, count + 1, sizeof(*ret->records));
	if (!ret->records)
		return error_nomem(error);
	ret->count = count;
	ret->end = count < scan.limit;
	ret->behind = count ? records[count - 1].id : behind;
	return take_page(state, range, records, ret, error);
}

int state_page(const struct state *state, const struct state_range *range, struct cf_arena *arena,
	       struct state_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct state_pages page = {.arena = arena};
	struct cf_str behind = STR("");
	int rc;

	if (range->after.len || range->from.ptr) {
		bool two = state_kind_info(range->kind)->names > 1;
		struct cf_str first = range->from.ptr ? range->from : range->name;
		struct state_key key = {range->kind, two ? first : range->after, range->after};

		behind = state_id(state, key, arena);
		if (!behind.ptr)
			return error_nomem(error);
	}
	rc = page_behind(state, range, behind, &page, error);
	if (rc == 0) {
		*ret = page.records;
		*ret_count = page.count;
	}
	return rc;
}

void state_pages_init(struct state_pages *pages, const struct state *state,
		      const struct state_range *range, const struct cf_mem *mem)
{
	*pages = (struct state_pages){.state = state, .range = *range, .behind = STR("")};
	arena_init(&pages->arenas[0], mem);
	arena_init(&pages->arenas[1], mem);
}

int state_pages_next(struct state_pages *pages, struct cf_error *error)
{
	int rc;

	pages->count = 0;
	if (pages->end)
		return 0;
	pages->arena = pages->arena == &pages->arenas[0] ? &pages->arenas[1] : &pages->arenas[0];
	arena_reset(pages->arena);
	rc = page_behind(pages->state, &pages->range, pages->behind, pages, error);
	return rc ? rc : pages->count > 0;
}

void state_pages_fini(struct state_pages *pages)
{
	arena_fini(&pages->arenas[0]);
	arena_fini(&pages->arenas[1]);
}

/* --- writing ---------------------------------------------------------------------------- */

static int make_put(const struct state *state, const struct state_put *put, struct cf_arena *arena,
		    struct cf_put *ret)
{
	unsigned names = state_kind_info(put->key.kind)->names;
	struct cf_str none = {NULL, 0};
	struct cf_str name = names == 1 && state_name_is_cut(put->key.name) ? put->key.name : none;
	struct cf_str other =
		names > 1 && state_name_is_cut(put->key.other) ? put->key.other : none;

	*ret = (struct cf_put){.id = put->id.len ? put->id : state_id(state, put->key, arena),
			       .kind = put->condition,
			       .rev = put->rev,
			       .deleted = !put->body.ptr,
			       .body = put->body.ptr ? put->body : STR("{}")};
	if (put->body.ptr && (name.len || other.len))
		ret->body = add_names(put->body, name, other, arena);
	return ret->id.ptr && ret->body.ptr ? 0 : CF_ERR_NOMEM;
}

int state_put(const struct state *state, const struct state_put *puts, size_t count,
	      struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct cf_put *out = arena_calloc(arena, count + 1, sizeof(*out));
	struct cf_str *bodies = arena_calloc(arena, count + 1, sizeof(*bodies));
	struct templates_puts shortened;
	int rc;

	if (!out || !bodies)
		return error_nomem(error);
	shortened = (struct templates_puts){puts, count, arena, bodies};
	rc = templates_shorten(state, &shortened, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct state_put put = puts[i];

		put.body = bodies[i];
		rc = make_put(state, &put, arena, &out[i]) ? error_nomem(error) : 0;
	}
	return rc ? rc : store_put(state->store, out, count, arena, ret, error);
}

int state_put_all(const struct state *state, const struct state_put *puts, size_t count,
		  struct cf_arena *arena, struct cf_error *error)
{
	struct cf_answer *answers = arena_calloc(arena, count + 1, sizeof(*answers));
	int rc =
		answers ? state_put(state, puts, count, arena, answers, error) : error_nomem(error);

	for (size_t i = 0; i < count && rc == 0; i++)
		if (answers[i].code)
			rc = error_set(error, answers[i].code, "%.*s", STR_ARG(answers[i].message));
	return rc;
}

int state_put_one(const struct state *state, const struct state_put *put, struct cf_arena *arena,
		  struct cf_str *ret_rev, struct cf_error *error)
{
	struct cf_answer answer = {0};
	int rc = state_put(state, put, 1, arena, &answer, error);

	if (rc == 0 && answer.code)
		rc = error_set(error, answer.code, "%.*s", STR_ARG(answer.message));
	if (rc == 0 && ret_rev)
		*ret_rev = answer.rev;
	return rc;
}

static int erase_page(const struct state_pages *pages, struct cf_error *error)
{
	struct state_put *puts = arena_calloc(pages->arena, pages->count, sizeof(*puts));

	if (!puts)
		return error_nomem(error);
	for (size_t i = 0; i < pages->count; i++)
		puts[i] = (struct state_put){
			.key = {pages->range.kind, pages->records[i].name, pages->records[i].other},
			.id = pages->records[i].id,
			.condition = CF_PUT_ANY};
	return state_put_all(pages->state, puts, pages->count, pages->arena, error);
}

int state_erase(const struct state *state, uint64_t *ret_count, const struct cf_mem *mem,
		struct cf_error *error)
{
	uint64_t count = 0;
	int rc = 0;

	for (int kind = 0; kind < STATE_KIND_COUNT && rc == 0; kind++) {
		struct state_range range = {.kind = (enum state_kind)kind};
		struct state_pages pages;

		state_pages_init(&pages, state, &range, mem);
		while (rc == 0 && (rc = state_pages_next(&pages, error)) > 0) {
			rc = erase_page(&pages, error);
			count += rc ? 0 : pages.count;
		}
		state_pages_fini(&pages);
	}
	if (ret_count)
		*ret_count = count;
	return rc;
}
