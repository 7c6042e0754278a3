/* The file of a move: names known, values checked, each error with its line. */
#include "move/inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What a loaded configuration stands on. */
struct loaded {
	struct cf_move_config config;
	struct cf_mem mem;
	struct cf_arena arena;
	struct json_file file;
	struct cf_error *error;
};

void cf_move_config_init(struct cf_move_config *config)
{
	*config = (struct cf_move_config){
		.guarantee = CF_GUARANTEE_INTENT,
		.tolerances = {.timestamp_digits = 9},
		.old_ms = 10000,
		.new_ms = 10000,
		.hold_ms = 250,
		.batch_records = 1000,
		.shadow_percent = 100,
		.connections_max = 16,
	};
}

static int wrong(struct loaded *l, struct json_value at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int wrong(struct loaded *l, struct json_value at, const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(l->error, CF_ERR_USAGE, "%s", text);
	error_at_file(l->error, str_of(l->file.path), json_file_line(&l->file, at.node));
	return CF_ERR_USAGE;
}

static int read_text(struct loaded *l, struct json_value value, const char *name,
		     struct cf_str *ret)
{
	if (json_kind(value) != JSON_STRING || json_inner(value).len == 0)
		return wrong(l, value, "%s: must be a text", name);
	if (json_decode(value, &l->arena, ret))
		return error_nomem(l->error);
	*ret = arena_dup(&l->arena, *ret);
	return ret->ptr ? 0 : error_nomem(l->error);
}

static int read_number(struct loaded *l, struct json_value value, const char *name, double max,
		       double *ret)
{
	struct cf_str text = {NULL, 0};

	if (json_kind(value) == JSON_NUMBER)
		text = arena_dup(&l->arena, json_span(value));
	*ret = text.ptr ? strtod(text.ptr, NULL) : -1;
	if (*ret < 0 || *ret > max)
		return wrong(l, value, "%s: must be a number from 0 to %g", name, max);
	return 0;
}

static int read_count(struct loaded *l, struct json_value value, const char *name, unsigned max,
		      unsigned *ret)
{
	double number = 0;
	int rc = read_number(l, value, name, max, &number);

	if (rc == 0 && number != (double)(unsigned)number)
		rc = wrong(l, value, "%s: must be a whole number", name);
	if (rc == 0)
		*ret = (unsigned)number;
	return rc;
}

/* One of the words; their place in *ret. */
static int read_word(struct loaded *l, struct json_value value, const char *name,
		     const char *const *words, unsigned *ret)
{
	struct cf_buf list;
	int rc;

	for (unsigned i = 0; words[i] && json_kind(value) == JSON_STRING; i++)
		if (json_name_is(value, str_of(words[i]))) {
			*ret = i;
			return 0;
		}
	buf_init(&list, &l->mem);
	for (unsigned i = 0; words[i]; i++)
		buf_printf(&list, "%s%s", i ? " or " : "", words[i]);
	buf_byte(&list, '\0');
	rc = wrong(l, value, "%s: must be %s", name, list.failed ? "another" : list.ptr);
	buf_fini(&list);
	return rc;
}

/* --- members ------------------------------------------------------------------------- */

typedef int reader(struct loaded *l, struct json_value value, const char *name);

/* A member of an object, and who reads it. */
struct member {
	const char *name;
	reader *read;
};

static int read_members(struct loaded *l, struct json_value object, const char *where,
			const struct member *members, size_t count)
{
	struct json_iter it = json_iter(object);
	int rc = 0;

	if (json_kind(object) != JSON_OBJECT)
		return wrong(l, object, "%s must be {name: value}", where);
	while (rc == 0 && json_next(&it)) {
		size_t i = 0;

		while (i < count && !json_name_is(it.name, str_of(members[i].name)))
			i++;
		if (i == count)
			return wrong(l, it.name, "%s: unknown member %.*s", where,
				     STR_ARG(json_span(it.name)));
		rc = members[i].read(l, it.value, members[i].name);
	}
	return rc;
}

static int take_name(struct loaded *l, struct json_value value, const char *name)
{
	int rc = read_text(l, value, name, &l->config.name);

	for (size_t i = 0; rc == 0 && i < l->config.name.len; i++) {
		char c = l->config.name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (i && (c == '-' || c == '_' || c == '.'))))
			return wrong(l, value,
				     "name: must be letters, digits and - _ . between them");
	}
	return rc;
}

static int take_old(struct loaded *l, struct json_value value, const char *name)
{
	return read_text(l, value, name, &l->config.old_url);
}

static int take_new(struct loaded *l, struct json_value value, const char *name)
{
	return read_text(l, value, name, &l->config.new_url);
}

static int take_control(struct loaded *l, struct json_value value, const char *name)
{
	return read_text(l, value, name, &l->config.control_url);
}

static int take_where(struct loaded *l, struct json_value value, const char *name)
{
	struct json_iter it = json_iter(value);
	struct cf_condition *conditions;

	if (json_kind(value) != JSON_OBJECT)
		return wrong(l, value, "%s: must be {member: value}", name);
	conditions = arena_calloc(&l->arena, json_count(value), sizeof(*conditions));
	l->config.where = conditions;
	while (conditions && json_next(&it)) {
		struct cf_condition *one = &conditions[l->config.where_count++];

		if (json_decode(it.name, &l->arena, &one->member))
			return error_nomem(l->error);
		one->value = json_span(it.value);
	}
	return conditions ? 0 : error_nomem(l->error);
}

static int take_drop(struct loaded *l, struct json_value value, const char *name)
{
	struct json_iter it = json_iter(value);
	struct cf_str *drop;
	int rc = 0;

	if (json_kind(value) != JSON_ARRAY)
		return wrong(l, value, "%s: must be a list of members", name);
	drop = arena_calloc(&l->arena, json_count(value), sizeof(*drop));
	if (!drop)
		return error_nomem(l->error);
	l->config.drop = drop;
	while (rc == 0 && json_next(&it))
		rc = read_text(l, it.value, name, &drop[l->config.drop_count++]);
	return rc;
}

static int take_guarantee(struct loaded *l, struct json_value value, const char *name)
{
	static const char *const words[] = {"intent", "repair", NULL};
	unsigned at = 0;
	int rc = read_word(l, value, name, words, &at);

	l->config.guarantee = at ? CF_GUARANTEE_REPAIR : CF_GUARANTEE_INTENT;
	return rc;
}

static int take_require(struct loaded *l, struct json_value value, const char *name)
{
	static const char *const words[] = {"authority", "both", NULL};
	unsigned at = 0;
	int rc = read_word(l, value, name, words, &at);

	l->config.require = at ? CF_REQUIRE_BOTH : CF_REQUIRE_AUTHORITY;
	return rc;
}

static int take_old_ms(struct loaded *l, struct json_value value, const char *name)
{
	return read_count(l, value, name, 3600000, &l->config.old_ms);
}

static int take_new_ms(struct loaded *l, struct json_value value, const char *name)
{
	return read_count(l, value, name, 3600000, &l->config.new_ms);
}

static int take_hold_ms(struct loaded *l, struct json_value value, const char *name)
{
	int rc = read_count(l, value, name, 60000, &l->config.hold_ms);

	return rc == 0 && l->config.hold_ms == 0 ? wrong(l, value, "%s: must be at least 1", name)
						 : rc;
}

static int take_timeouts(struct loaded *l, struct json_value value, const char *name)
{
	static const struct member members[] = {
		{"old_ms", take_old_ms}, {"new_ms", take_new_ms}, {"hold_ms", take_hold_ms}};

	return read_members(l, value, name, members, ARRAY_LEN(members));
}

static int take_batch(struct loaded *l, struct json_value value, const char *name)
{
	int rc = read_count(l, value, name, 10000, &l->config.batch_records);

	return rc == 0 && l->config.batch_records == 0
		       ? wrong(l, value, "%s: must be at least 1", name)
		       : rc;
}

static int take_rate(struct loaded *l, struct json_value value, const char *name)
{
	return read_number(l, value, name, 1e9, &l->config.records_per_second_max);
}

static int take_pace(struct loaded *l, struct json_value value, const char *name)
{
	static const struct member members[] = {{"batch_records", take_batch},
						{"records_per_second_max", take_rate}};

	return read_members(l, value, name, members, ARRAY_LEN(members));
}

static int take_sample(struct loaded *l, struct json_value value, const char *name)
{
	return read_number(l, value, name, 100, &l->config.shadow_percent);
}

static int take_shadow(struct loaded *l, struct json_value value, const char *name)
{
	static const struct member members[] = {{"sample_percent", take_sample}};

	return read_members(l, value, name, members, ARRAY_LEN(members));
}

static int take_float(struct loaded *l, struct json_value value, const char *name)
{
	return read_count(l, value, name, 17, &l->config.tolerances.float_digits);
}

static int take_timestamp(struct loaded *l, struct json_value value, const char *name)
{
	return read_count(l, value, name, 9, &l->config.tolerances.timestamp_digits);
}

static int take_absent(struct loaded *l, struct json_value value, const char *name)
{
	enum json_kind kind = json_kind(value);

	if (kind != JSON_TRUE && kind != JSON_FALSE)
		return wrong(l, value, "%s: must be true or false", name);
	l->config.tolerances.absent_is_null = kind == JSON_TRUE;
	return 0;
}

static int take_tolerances(struct loaded *l, struct json_value value, const char *name)
{
	static const struct member members[] = {{"float_digits", take_float},
						{"timestamp_digits", take_timestamp},
						{"absent_is_null", take_absent}};

	return read_members(l, value, name, members, ARRAY_LEN(members));
}

static int take_connections(struct loaded *l, struct json_value value, const char *name)
{
	return read_count(l, value, name, 1000, &l->config.connections_max);
}

static const struct member config_members[] = {
	{"name", take_name},
	{"old", take_old},
	{"new", take_new},
	{"control", take_control},
	{"where", take_where},
	{"drop", take_drop},
	{"guarantee", take_guarantee},
	{"require", take_require},
	{"timeouts", take_timeouts},
	{"pace", take_pace},
	{"shadow", take_shadow},
	{"tolerances", take_tolerances},
	{"connections_max", take_connections},
};

static int need(struct loaded *l, struct cf_str value, const char *name)
{
	return value.len ? 0 : wrong(l, json_file_root(&l->file), "%s: is missing", name);
}

int cf_move_config_load(struct cf_move_config **ret, const char *path, const struct cf_mem *mem,
			struct cf_error *error)
{
	struct loaded *l;
	int rc;

	mem = mem ? mem : &mem_heap;
	l = mem_calloc(mem, 1, sizeof(*l));
	if (!l)
		return error_nomem(error);
	l->mem = *mem;
	l->error = error;
	arena_init(&l->arena, &l->mem);
	cf_move_config_init(&l->config);
	rc = json_file_load(&l->file, path, &l->mem, error);
	if (rc) {
		arena_fini(&l->arena);
		mem_free(mem, l);
		return rc;
	}
	rc = read_members(l, json_file_root(&l->file), "the move", config_members,
			  ARRAY_LEN(config_members));
	rc = rc ? rc : need(l, l->config.name, "name");
	rc = rc ? rc : need(l, l->config.old_url, "old");
	rc = rc ? rc : need(l, l->config.new_url, "new");
	rc = rc ? rc : need(l, l->config.control_url, "control");
	if (rc)
		cf_move_config_free(&l->config);
	else
		*ret = &l->config;
	return rc;
}

void cf_move_config_free(struct cf_move_config *config)
{
	struct loaded *l = (struct loaded *)config;
	struct cf_mem mem;

	if (!config)
		return;
	mem = l->mem;
	json_file_fini(&l->file);
	arena_fini(&l->arena);
	mem_free(&mem, l);
}
