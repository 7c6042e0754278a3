/* Which catalog a state is of, and what its schemas and lenses said when somebody last
 * agreed to it.
 *
 * A lens that says something else than before turns over what people wrote: the next edit
 * of any field carries all of the document across it. So that is a decision. What is new
 * (a version, a type) changes nothing that is there, and needs no word. What is gone stays
 * noted: it may come back with another content. */
#include "sync/engine.h"

#include "sync/limits.h"
#include "sync/lists.h"

#include <stdio.h>

enum { HISTORY_MAX = 1000 };

/* What is in use: the newest schema of each major, and each lens between two. */
struct source {
	struct cf_str name; /* "schema todo-item 1.1.0", "lens todo-item@1 todo-item@2" */
	struct cf_str type;
	const char *file;
	char hash[33];
	struct cf_str since; /* noted before; empty: new */
	struct cf_str noted; /* the hash that was noted */
};
struct sources {
	struct source *at;
	size_t count;
};

static bool is_annotation(struct json_value name, struct json_value value)
{
	static const char *const words[] = {"title", "description", "$comment"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (json_name_is(name, str_of(words[i])))
			return json_kind(value) == JSON_STRING; /* else a property of that name */
	return json_name_is(name, STR("examples")) && json_kind(value) == JSON_ARRAY;
}

static bool is_data(struct json_value name)
{
	return json_name_is(name, STR("const")) || json_name_is(name, STR("enum")) ||
	       json_name_is(name, STR("default"));
}

/* A schema or lens without what is said to people alone. */
static void write_rules(struct json_value value, struct cf_buf *out)
{
	struct json_iter it = json_iter(value);
	bool object = json_kind(value) == JSON_OBJECT, any = false;

	if (!object && json_kind(value) != JSON_ARRAY) {
		json_write_compact(value, out);
		return;
	}
	buf_byte(out, object ? '{' : '[');
	while (json_next(&it)) {
		if (object && is_annotation(it.name, it.value))
			continue;
		buf_str(out, any ? STR(",") : STR(""));
		any = true;
		if (object) {
			json_write(it.name, out);
			buf_byte(out, ':');
		}
		if (object && is_data(it.name))
			json_write_compact(it.value, out);
		else
			write_rules(it.value, out);
	}
	buf_byte(out, object ? '}' : ']');
}

static int take_hash(const struct json_file *file, const struct cf_mem *mem, char ret[33])
{
	struct json_doc doc;
	struct cf_buf out;
	int rc;

	json_doc_init(&doc, mem);
	buf_init(&out, mem);
	write_rules(json_file_root(file), &out);
	rc = out.failed ? CF_ERR_NOMEM : json_read(&doc, out.ptr, out.len, 0, NULL);
	if (rc == 0)
		hash128_hex(json_hash128(json_root(&doc)), ret);
	buf_fini(&out);
	json_doc_fini(&doc);
	return rc;
}

static int add(struct sources *sources, struct cf_str name, struct cf_str type,
	       const struct json_file *file)
{
	struct source *source = &sources->at[sources->count++];

	*source = (struct source){.name = name, .type = type, .file = file->path};
	return name.ptr ? take_hash(file, file->mem, source->hash) : CF_ERR_NOMEM;
}

static int add_schemas(const struct catalog *catalog, struct cf_arena *arena, struct sources *ret)
{
	const struct catalog_type *types;
	size_t count = catalog_types(catalog, &types);
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		for (size_t k = 0; k < types[i].major_count && rc == 0; k++) {
			const struct catalog_major *major = &types[i].majors[k];
			const struct catalog_schema *newest =
				&major->schemas[major->schema_count - 1];

			rc = add(ret,
				 arena_printf(arena, "schema %.*s %.*s", STR_ARG(types[i].name),
					      STR_ARG(newest->version_text)),
				 types[i].name, &newest->file);
		}
	}
	return rc;
}

static int add_lenses(const struct catalog *catalog, struct cf_arena *arena, struct sources *ret)
{
	const struct catalog_edge *edges;
	size_t count = catalog_edges(catalog, &edges);
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct catalog_major *older = edges[i].older[0], *newer = edges[i].newer[0];

		rc = add(ret,
			 arena_printf(arena, "lens %.*s@%u %.*s@%u", STR_ARG(older->type->name),
				      older->major, STR_ARG(newer->type->name), newer->major),
			 newer->type->name, lens_file(edges[i].lens));
	}
	return rc;
}

static int list_sources(const struct catalog *catalog, struct cf_arena *arena, struct sources *ret)
{
	const struct catalog_type *types;
	const struct catalog_edge *edges;
	size_t types_count = catalog_types(catalog, &types), count = catalog_edges(catalog, &edges);

	for (size_t i = 0; i < types_count; i++)
		count += types[i].major_count;
	*ret = (struct sources){arena_calloc(arena, count + 1, sizeof(*ret->at)), 0};
	return !ret->at || add_schemas(catalog, arena, ret) || add_lenses(catalog, arena, ret)
		       ? CF_ERR_NOMEM
		       : 0;
}

static int text_of(struct json_value object, const char *name, struct cf_arena *arena,
		   struct cf_str *ret)
{
	struct json_value value = json_member(object, str_of(name));
	struct cf_str text = STR("");

	if (json_kind(value) == JSON_STRING && json_decode(value, arena, &text))
		return CF_ERR_NOMEM;
	*ret = arena_dup(arena, text);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

/* What the record says of each source; absent: of none. */
static int match(const struct sources *sources, struct json_value record, struct cf_arena *arena)
{
	struct json_value noted = json_member(record, STR("sources"));
	int rc = 0;

	for (size_t i = 0; i < sources->count && rc == 0; i++) {
		struct source *source = &sources->at[i];
		struct json_value one = json_member(noted, source->name);

		if (json_is_absent(one))
			continue;
		rc = text_of(one, "since", arena, &source->since);
		rc = rc ? rc : text_of(one, "hash", arena, &source->noted);
	}
	return rc;
}

static int check_name(const struct catalog *catalog, struct json_value record,
		      struct cf_arena *arena, struct cf_error *error)
{
	struct cf_str name;

	if (json_kind(json_member(record, STR("name"))) != JSON_STRING)
		return 0;
	if (text_of(record, "name", arena, &name))
		return error_nomem(error);
	if (str_equal(name, catalog_name(catalog)))
		return 0;
	return error_set(error, CF_ERR_PRECONDITION,
			 "this state is of the catalog \"%.*s\", and this one is called \"%.*s\": "
			 "name another --state for it",
			 STR_ARG(name), STR_ARG(catalog_name(catalog)));
}

/* The record (JSON_ABSENT: there is none) on `doc`, and the sources with what it says. */
static int read_noted(const struct state *state, const struct catalog *catalog,
		      struct cf_arena *arena, struct json_doc *doc, struct sources *ret,
		      struct cf_error *error)
{
	struct state_record record;
	struct json_value root = JSON_ABSENT;
	int rc = state_get_one(state, (struct state_key){STATE_CATALOG}, arena, &record, error);

	if (rc == 0 && state_exists(&record)) {
		rc = state_read(&record, doc, error);
		root = json_root(doc);
	} else if (rc == 0) {
		rc = json_read(doc, "{}", 2, 0, error);
	}
	if (rc)
		return rc;
	if (list_sources(catalog, arena, ret) || match(ret, root, arena))
		return error_nomem(error);
	return check_name(catalog, root, arena, error);
}

/* --- what was changed ------------------------------------------------------------------ */

static int count_lineages(const struct state *state, struct cf_str type, uint64_t *ret,
			  const struct cf_mem *mem, struct cf_error *error)
{
	struct state_range range = {.kind = STATE_BASE, .begin = type};
	struct state_pages pages;
	int rc;

	*ret = 0;
	state_pages_init(&pages, state, &range, mem);
	while ((rc = state_pages_next(&pages, error)) > 0)
		for (size_t i = 0; i < pages.count; i++) {
			struct cf_str name = pages.records[i].name;

			*ret += name.len == type.len || name.ptr[type.len] == '/';
		}
	state_pages_fini(&pages);
	return rc;
}

int sync_catalog_check(const struct state *state, const struct catalog *catalog,
		       struct cf_arena *arena, struct sync_changed **ret, size_t *ret_count,
		       struct cf_error *error)
{
	struct sources sources;
	struct json_doc doc;
	int rc;

	*ret_count = 0;
	json_doc_init(&doc, arena->mem);
	rc = read_noted(state, catalog, arena, &doc, &sources, error);
	json_doc_fini(&doc);
	*ret = rc ? NULL : arena_calloc(arena, sources.count + 1, sizeof(**ret));
	if (rc == 0 && !*ret)
		rc = error_nomem(error);
	for (size_t i = 0; rc == 0 && i < sources.count; i++) {
		const struct source *source = &sources.at[i];
		struct sync_changed *one = &(*ret)[*ret_count];

		if (source->noted.len == 0 || str_equal(source->noted, str_of(source->hash)))
			continue;
		*one = (struct sync_changed){
			.file = source->file, .type = source->type, .since = source->since};
		rc = count_lineages(state, source->type, &one->lineages, arena->mem, error);
		++*ret_count;
	}
	return rc;
}

/* --- what is in use from now on --------------------------------------------------------- */

static bool is_news(const struct source *source)
{
	return !str_equal(source->noted, str_of(source->hash));
}

static void write_source(const struct source *source, int64_t now_ms, struct cf_buf *out)
{
	json_write_string(source->name, out);
	buf_printf(out, ":{\"hash\":\"%s\",\"since\":", source->hash);
	if (is_news(source))
		record_time(now_ms, out);
	else
		json_write_string(source->since, out);
	buf_byte(out, '}');
}

/* Those that this catalog does not have (any more). */
static void write_others(const struct sources *sources, struct json_value noted, struct cf_buf *out)
{
	struct json_iter it = json_iter(noted);

	while (it.members && json_next(&it)) {
		bool has = false;

		for (size_t i = 0; i < sources->count && !has; i++)
			has = json_name_is(it.name, sources->at[i].name);
		if (has)
			continue;
		buf_byte(out, ',');
		buf_str(out, json_span(it.name));
		buf_byte(out, ':');
		json_write_compact(it.value, out);
	}
}

/* Older entries first; the oldest go where there are too many. */
static void write_history(const struct sources *sources, struct json_value history, int64_t now_ms,
			  struct cf_buf *out)
{
	struct json_iter it = json_iter(history);
	size_t count = json_count(history), i = 0;
	bool any = false;

	for (; json_kind(history) == JSON_ARRAY && json_next(&it); i++) {
		if (count - i > HISTORY_MAX)
			continue;
		buf_str(out, any ? STR(",") : STR(""));
		json_write_compact(it.value, out);
		any = true;
	}
	for (i = 0; i < sources->count; i++) {
		if (!is_news(&sources->at[i]))
			continue;
		buf_str(out, any ? STR(",{\"at\":") : STR("{\"at\":"));
		record_time(now_ms, out);
		buf_str(out, STR(",\"what\":"));
		json_write_string(sources->at[i].name, out);
		buf_printf(out, ",\"hash\":\"%s\"}", sources->at[i].hash);
		any = true;
	}
}

static void write_record(const struct catalog *catalog, const struct sources *sources,
			 struct json_value record, int64_t now_ms, struct cf_buf *out)
{
	buf_str(out, STR("{\"name\":"));
	json_write_string(catalog_name(catalog), out);
	buf_str(out, STR(",\"sources\":{"));
	for (size_t i = 0; i < sources->count; i++) {
		buf_str(out, i ? STR(",") : STR(""));
		write_source(&sources->at[i], now_ms, out);
	}
	write_others(sources, json_member(record, STR("sources")), out);
	buf_str(out, STR("},\"history\":["));
	write_history(sources, json_member(record, STR("history")), now_ms, out);
	buf_str(out, STR("]}"));
}

int sync_catalog_accept(const struct state *state, const struct catalog *catalog,
			const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error)
{
	struct state_put put = {.key = {STATE_CATALOG}, .condition = CF_PUT_ANY};
	struct sources sources;
	struct cf_arena arena;
	struct json_doc doc;
	struct cf_buf out;
	bool news = false;
	int rc;

	arena_init(&arena, mem);
	json_doc_init(&doc, mem);
	buf_init(&out, mem);
	rc = read_noted(state, catalog, &arena, &doc, &sources, error);
	for (size_t i = 0; rc == 0 && i < sources.count; i++)
		news = news || is_news(&sources.at[i]);
	if (rc == 0 && news) {
		write_record(catalog, &sources, json_root(&doc), env->now_ms(env->ctx), &out);
		put.body = buf_view(&out);
		rc = out.failed ? error_nomem(error)
				: state_put_one(state, &put, &arena, NULL, error);
	}
	buf_fini(&out);
	json_doc_fini(&doc);
	arena_fini(&arena);
	return rc;
}
