/* Counting what documents have, and drafting a schema of it. A draft claims what holds of
 * every document that was read, and says of how many. */
#include "cli/profile.h"

#include "schema/schema.h"

#include <inttypes.h>
#include <stdio.h>

enum { ENUM_TIMES = 10 /* each value of an enum stands for so many documents */ };

static const char *const format_names[PROFILE_FORMATS] = {"date-time", "date", "email", "uuid",
							  "uri"};

struct profiler {
	struct cf_arena *arena;
	struct json_doc docs[PROFILE_FORMATS];
	struct schema *formats[PROFILE_FORMATS];
};

struct profiler *profiler_new(struct cf_arena *arena)
{
	struct profiler *profiler = mem_calloc(arena->mem, 1, sizeof(*profiler));
	int rc = 0;

	if (!profiler)
		return NULL;
	profiler->arena = arena;
	for (size_t i = 0; i < PROFILE_FORMATS; i++) {
		char text[40];
		int len = snprintf(text, sizeof(text), "{\"format\":\"%s\"}", format_names[i]);

		json_doc_init(&profiler->docs[i], arena->mem);
		if (rc == 0)
			rc = json_read(&profiler->docs[i], text, (size_t)len, 0, NULL);
		if (rc == 0)
			rc = schema_compile(&profiler->formats[i], NULL,
					    json_root(&profiler->docs[i]), STR(""),
					    SCHEMA_ASSERT_FORMAT, arena->mem, NULL);
	}
	return rc ? profiler_free(profiler) : profiler;
}

struct profiler *profiler_free(struct profiler *profiler)
{
	for (size_t i = 0; profiler && i < PROFILE_FORMATS; i++) {
		schema_free(profiler->formats[i]);
		json_doc_fini(&profiler->docs[i]);
	}
	if (profiler)
		mem_free(profiler->arena->mem, profiler);
	return NULL;
}

/* --- counting ------------------------------------------------------------------------- */

/* Keys like de:11000:7 are URIs, too, by the letter. */
static bool looks_like_uri(struct json_value text)
{
	struct cf_str inner = json_inner(text);

	return memmem(inner.ptr, inner.len, "://", 3) != NULL ||
	       str_starts_with(inner, STR("mailto:")) || str_starts_with(inner, STR("urn:"));
}

static int add_text(struct profiler *profiler, struct profile *profile, struct json_value value)
{
	struct cf_str text;

	for (size_t i = 0; i < PROFILE_FORMATS; i++)
		profile->formats[i] +=
			schema_validate(profiler->formats[i], value, NULL, NULL) == 0 &&
			(strcmp(format_names[i], "uri") != 0 || looks_like_uri(value));
	if (profile->value_count > PROFILE_VALUES)
		return 0;
	for (size_t i = 0; i < profile->value_count; i++) {
		if (json_name_is(value, profile->values[i].text)) {
			profile->values[i].seen++;
			return 0;
		}
	}
	if (profile->value_count == PROFILE_VALUES || json_span(value).len > 60) {
		profile->value_count = PROFILE_VALUES + 1;
		return 0;
	}
	if (json_decode(value, profiler->arena, &text))
		return CF_ERR_NOMEM;
	text = arena_dup(profiler->arena, text);
	profile->values[profile->value_count].text = text;
	profile->values[profile->value_count++].seen = 1;
	return text.ptr ? 0 : CF_ERR_NOMEM;
}

/* NULL with *rc 0: there are too many. */
static struct profile *member_of(struct profiler *profiler, struct profile *profile,
				 struct json_value name, int *rc)
{
	struct profile **end = &profile->members;
	struct cf_str decoded;

	for (; *end; end = &(*end)->next)
		if (json_name_is(name, (*end)->name))
			return *end;
	if (profile->member_count >= PROFILE_MEMBERS) {
		profile->member_count = PROFILE_MEMBERS + 1;
		return NULL;
	}
	*end = arena_calloc(profiler->arena, 1, sizeof(**end));
	if (!*end || json_decode(name, profiler->arena, &decoded)) {
		*rc = CF_ERR_NOMEM;
		return NULL;
	}
	(*end)->name = arena_dup(profiler->arena, decoded);
	profile->member_count++;
	return *end;
}

static int add_inside(struct profiler *profiler, struct profile *profile, struct json_value value,
		      unsigned depth)
{
	struct json_iter it = json_iter(value);
	int rc = 0;

	if (json_kind(value) == JSON_ARRAY && !profile->items)
		profile->items = arena_calloc(profiler->arena, 1, sizeof(*profile->items));
	if (json_kind(value) == JSON_ARRAY && !profile->items)
		return CF_ERR_NOMEM;
	while (rc == 0 && json_next(&it)) {
		struct profile *inner = profile->items;

		if (it.members && depth == 0 && json_inner(it.name).len &&
		    json_inner(it.name).ptr[0] == '_')
			continue;
		if (it.members)
			inner = member_of(profiler, profile, it.name, &rc);
		if (rc == 0 && inner)
			rc = profile_add(profiler, inner, it.value, depth + 1);
	}
	return rc;
}

int profile_add(struct profiler *profiler, struct profile *profile, struct json_value value,
		unsigned depth)
{
	enum json_kind kind = json_kind(value);

	profile->seen++;
	profile->kinds[kind]++;
	if (kind == JSON_NUMBER)
		profile->whole += json_number_is_integer(json_span(value));
	if (kind == JSON_STRING)
		return add_text(profiler, profile, value);
	return kind >= JSON_ARRAY && depth < PROFILE_DEPTH
		       ? add_inside(profiler, profile, value, depth)
		       : 0;
}

/* --- what follows ---------------------------------------------------------------------- */

static bool is_enum(const struct profile *profile)
{
	return profile->value_count > 0 && profile->value_count <= PROFILE_VALUES &&
	       profile->kinds[JSON_STRING] == profile->seen &&
	       profile->seen >= profile->value_count * ENUM_TIMES;
}

/* The format that all texts have; NULL: none. */
static const char *format_of(const struct profile *profile)
{
	for (size_t i = 0; i < PROFILE_FORMATS; i++)
		if (profile->kinds[JSON_STRING] >= ENUM_TIMES &&
		    profile->formats[i] == profile->kinds[JSON_STRING])
			return format_names[i];
	return NULL;
}

static const char *type_name(const struct profile *profile, enum json_kind kind)
{
	switch (kind) {
	case JSON_NULL:
		return "\"null\"";
	case JSON_FALSE:
	case JSON_TRUE:
		return "boolean";
	case JSON_NUMBER:
		return profile->whole == profile->kinds[JSON_NUMBER] ? "integer" : "number";
	case JSON_STRING:
		return "string";
	case JSON_ARRAY:
		return "array";
	default:
		return "object";
	}
}

static void write_types(const struct profile *profile, struct cf_buf *out)
{
	const char *names[JSON_OBJECT + 1] = {NULL};
	size_t count = 0;

	for (int kind = JSON_NULL; kind <= JSON_OBJECT; kind++) {
		const char *name = type_name(profile, kind);

		if (!profile->kinds[kind] || (count && names[count - 1] == name) ||
		    (kind == JSON_TRUE && profile->kinds[JSON_FALSE]))
			continue;
		names[count++] = name;
	}
	buf_printf(out, count == 1 ? "type: " : "type: [");
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s%s", i ? ", " : "", names[i]);
	buf_printf(out, count == 1 ? "" : "]");
}

static void write_members(const struct profile *profile, unsigned indent, struct cf_buf *out)
{
	uint64_t objects = profile->kinds[JSON_OBJECT];
	const char *comma = "";

	if (profile->member_count > PROFILE_MEMBERS) {
		buf_printf(out, "%*s# more than %d names: they may be keys\n", indent, "",
			   PROFILE_MEMBERS);
		return;
	}
	if (!profile->members)
		return;
	buf_printf(out, "%*sproperties:\n", indent, "");
	for (const struct profile *m = profile->members; m; m = m->next) {
		buf_printf(out, "%*s", indent + 2, "");
		json_write_string(m->name, out);
		buf_printf(out, ":  # in %" PRIu64 " of %" PRIu64 "\n", m->seen, objects);
		profile_write(m, indent + 4, out);
	}
	buf_printf(out, "%*srequired: [", indent, "");
	for (const struct profile *m = profile->members; m; m = m->next) {
		if (m->seen != objects)
			continue;
		buf_printf(out, "%s", comma);
		json_write_string(m->name, out);
		comma = ", ";
	}
	buf_printf(out, "]  # in each of %" PRIu64 "\n", objects);
}

static void write_enum(const struct profile *profile, unsigned indent, struct cf_buf *out)
{
	buf_printf(out, "%*senum:\n", indent, "");
	for (size_t i = 0; i < profile->value_count; i++) {
		buf_printf(out, "%*s- ", indent + 2, "");
		json_write_string(profile->values[i].text, out);
		buf_printf(out, "  # %" PRIu64 "\n", profile->values[i].seen);
	}
}

void profile_write(const struct profile *profile, unsigned indent, struct cf_buf *out)
{
	const char *format = format_of(profile);

	if (profile->seen == 0) {
		buf_printf(out, "%*s{}\n", indent, "");
		return;
	}
	if (is_enum(profile)) {
		write_enum(profile, indent, out);
		return;
	}
	buf_printf(out, "%*s", indent, "");
	write_types(profile, out);
	buf_byte(out, '\n');
	if (format)
		buf_printf(out, "%*sformat: %s  # all %" PRIu64 " texts\n", indent, "", format,
			   profile->kinds[JSON_STRING]);
	if (profile->kinds[JSON_OBJECT])
		write_members(profile, indent, out);
	if (profile->items && profile->items->seen) {
		buf_printf(out, "%*sitems:  # %" PRIu64 " elements\n", indent, "",
			   profile->items->seen);
		profile_write(profile->items, indent + 2, out);
	}
}

/* --- doubts ------------------------------------------------------------------------------ */

/* How many kinds a value has, null apart and both booleans one. */
static unsigned count_kinds(const struct profile *profile)
{
	unsigned count = 0;

	for (int kind = JSON_FALSE; kind <= JSON_OBJECT; kind++)
		count += profile->kinds[kind] && !(kind == JSON_TRUE && profile->kinds[JSON_FALSE]);
	return count;
}

void profile_doubts(const struct profile *profile, struct cf_str path,
		    void (*told)(void *ctx, struct cf_str path, const char *doubt), void *ctx)
{
	if (profile->member_count > PROFILE_MEMBERS)
		told(ctx, path, "has so many names that they may be keys");
	if (count_kinds(profile) > 1)
		told(ctx, path, "has values of several types");
	if (is_enum(profile) && path.len && profile->value_count > 1)
		told(ctx, path, "has few values: an enum, or a text?");
	for (const struct profile *m = profile->members; m; m = m->next) {
		uint64_t objects = profile->kinds[JSON_OBJECT];
		char inner[300];
		int len = snprintf(inner, sizeof(inner), "%.*s/%.*s", STR_ARG(path),
				   STR_ARG(m->name));
		struct cf_str at = {inner,
				    len < (int)sizeof(inner) ? (size_t)len : sizeof(inner) - 1};

		if (m->seen < objects && objects - m->seen <= objects / 100)
			told(ctx, at, "is nearly always there: required, and some are damaged?");
		profile_doubts(m, at, told, ctx);
	}
	if (profile->items)
		profile_doubts(profile->items, path, told, ctx);
}
