/* The catalog of a chain, as files. */
#include "make.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void save(const char *dir, const char *path, struct cf_str text)
{
	char full[256];
	char *slash;
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	for (slash = full + strlen(dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		cf_assert(mkdir(full, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(full, "w");
	cf_assert(file);
	cf_assert(fwrite(text.ptr, 1, text.len, file) == text.len);
	cf_assert(fclose(file) == 0);
}

static void write_enum(const char *letters, struct cf_buf *out)
{
	buf_str(out, STR("{\"enum\":["));
	for (size_t i = 0; letters[i]; i++)
		buf_printf(out, "%s\"%c\"", i ? "," : "", letters[i]);
	buf_str(out, STR("]}"));
}

static void write_kind(const struct field *field, struct cf_buf *out);

/* What names an element may be any text. */
static void write_rows(const struct field *field, struct cf_buf *out)
{
	buf_printf(out,
		   "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"%s\":{"
		   "\"type\":\"string\"}",
		   field->key);
	for (size_t i = 0; i < field->part_count; i++) {
		buf_printf(out, ",\"%s\":", field->parts[i].path.at[0].text.ptr);
		write_kind(&field->parts[i], out);
	}
	buf_printf(out, "},\"required\":[\"%s\"", field->key);
	for (size_t i = 0; i < field->part_count; i++)
		if (field->parts[i].kind == FIELD_TABLE)
			buf_printf(out, ",\"%s\"", field->parts[i].path.at[0].text.ptr);
	buf_str(out, STR("],\"additionalProperties\":false}}"));
}

static void write_kind(const struct field *field, struct cf_buf *out)
{
	static const char *const patterns[] = {
		[FIELD_WORD] = "[a-z]+",        [FIELD_MUST] = "[a-z]+",
		[FIELD_REST] = "[a-z]+",        [FIELD_TRACKING] = "[a-z]+",
		[FIELD_TWO] = "[a-z][a-z]",     [FIELD_ONE] = "[a-z]",
		[FIELD_STATE] = "open|shipped", [FIELD_FULL] = "[a-z]+( [a-z]+)?",
	};

	if (field->kind == FIELD_TABLE)
		write_enum(field->letters, out);
	else if (field->kind == FIELD_NULL)
		buf_str(out, STR("{\"type\":[\"string\",\"null\"],\"pattern\":\"^[a-z]+$\"}"));
	else if (field->kind == FIELD_ROWS)
		write_rows(field, out);
	else if (field->kind == FIELD_TAGS)
		buf_str(out, STR("{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"type\":"
				 "\"string\"}}"));
	else if (field->kind == FIELD_INT || field->kind == FIELD_COORD ||
		 field->kind == FIELD_TIME)
		buf_str(out, STR("{\"type\":\"integer\"}"));
	else
		buf_printf(out, "{\"type\":\"string\",\"pattern\":\"^(%s)$\"}",
			   patterns[field->kind]);
}

static bool is_needed(enum field_kind kind)
{
	return kind == FIELD_MUST || kind == FIELD_FULL || kind == FIELD_TWO || kind == FIELD_ONE ||
	       kind == FIELD_INT || kind == FIELD_TABLE || kind == FIELD_COORD ||
	       kind == FIELD_STATE;
}

/* The fields that stand in one object: at the top (host NULL), or in one inside. */
static void write_object(const struct shape_of *shape, const char *host, struct cf_buf *out,
			 struct cf_buf *needed)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->at[i];
		const struct path_step *last = &field->path.at[field->path.count - 1];

		if (field->kind == FIELD_FILE || (field->path.count == 2) != (host != NULL) ||
		    (host && !str_equal(field->path.at[0].text, str_of(host))))
			continue;
		buf_str(out, out->ptr[out->len - 1] == '{' ? STR("") : STR(","));
		json_write_string(last->text, out);
		buf_str(out, STR(":"));
		write_kind(field, out);
		if (!is_needed(field->kind))
			continue;
		buf_str(needed, needed->len ? STR(",") : STR(""));
		json_write_string(last->text, needed);
	}
}

static void write_hosts(const struct shape_of *shape, struct cf_buf *out, struct cf_buf *needed)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->at[i];
		const char *host = field->path.at[0].text.ptr;
		struct cf_buf inner;

		if (field->path.count != 2 || field->kind == FIELD_FILE ||
		    (i > 0 && str_equal(shape->at[i - 1].path.at[0].text, str_of(host))))
			continue;
		buf_init(&inner, &mem_heap);
		buf_str(out, STR(","));
		json_write_string(str_of(host), out);
		buf_str(out, STR(":{\"type\":\"object\",\"properties\":{"));
		write_object(shape, host, out, &inner);
		buf_printf(out, "},\"required\":[%.*s],\"additionalProperties\":false}",
			   STR_ARG(buf_view(&inner)));
		if (field->kind == FIELD_MUST) {
			buf_str(needed, STR(","));
			json_write_string(str_of(host), needed);
		}
		buf_fini(&inner);
	}
}

static void write_dependence(struct cf_str state, struct cf_str tracking, bool more,
			     struct cf_buf *out)
{
	buf_str(out, more ? STR(",") : STR(",\"allOf\":["));
	buf_str(out, STR("{\"if\":{\"properties\":{"));
	json_write_string(state, out);
	buf_str(out, STR(":{\"const\":\"shipped\"}},\"required\":["));
	json_write_string(state, out);
	buf_str(out, STR("]},\"then\":{\"required\":["));
	json_write_string(tracking, out);
	buf_str(out, STR("]}}"));
}

/* Shipped only with a tracking. */
static void write_dependences(const struct shape_of *shape, struct cf_buf *out)
{
	bool any = false;

	for (size_t i = 0; i < shape->count; i++) {
		if (shape->at[i].kind != FIELD_STATE)
			continue;
		write_dependence(shape->at[i].path.at[0].text, shape->at[i + 1].path.at[0].text,
				 any, out);
		any = true;
	}
	buf_str(out, any ? STR("]") : STR(""));
}

static void save_schema(const struct made *made, const char *dir, size_t v)
{
	const struct shape_of *shape = &made->shapes[v];
	struct cf_buf out, needed;
	char path[64];

	buf_init(&out, &mem_heap);
	buf_init(&needed, &mem_heap);
	buf_printf(
		&out,
		"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"p\","
		"\"version\":\"%zu.0.0\",\"type\":\"object\",\"properties\":{\"schema\":{\"const\":"
		"\"p\"},\"version\":{\"const\":%zu}",
		v + 1, v + 1);
	buf_str(&needed, STR("\"schema\",\"version\""));
	write_object(shape, NULL, &out, &needed);
	write_hosts(shape, &out, &needed);
	buf_printf(&out, "},\"required\":[%.*s],\"additionalProperties\":false",
		   STR_ARG(buf_view(&needed)));
	write_dependences(shape, &out);
	buf_str(&out, STR("}"));
	snprintf(path, sizeof(path), "schemas/p/%zu.0.0.json", v + 1);
	save(dir, path, buf_view(&out));
	buf_fini(&out);
	buf_fini(&needed);
}

static void save_lens(const struct made *made, const char *dir, size_t v)
{
	struct cf_buf out;
	char path[64];

	buf_init(&out, &mem_heap);
	buf_printf(&out, "{\"from\":\"p@%zu\",\"to\":\"p@%zu\",\"lens\":[%.*s]}", v + 1, v + 2,
		   STR_ARG(made->lenses[v]));
	snprintf(path, sizeof(path), "lenses/p/%zu-%zu.json", v + 1, v + 2);
	save(dir, path, buf_view(&out));
	buf_fini(&out);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void write_ids(const struct made *made, size_t count, struct cf_buf *out)
{
	for (size_t v = 0; v < count; v++) {
		if (made->ids[v] == IDS_OWN)
			buf_printf(out, ",\"ids\":{\"p@%zu\":\"old-p:{key}\"}", v + 1);
		if (made->ids[v] == IDS_BARE)
			buf_printf(out,
				   ",\"ids\":{\"p@%zu\":\"{key}\"},\"recognise\":[{\"when\":{"
				   "\"schema\":\"p\",\"version\":%zu},\"as\":\"p@%zu\"}]",
				   v + 1, v + 1, v + 1);
	}
}

/* A version that is not supported is passed through. */
static void write_roles(const struct made *made, size_t count, struct cf_buf *out)
{
	const char *between = "";

	buf_str(out, STR(",\"supported\":{\"p\":["));
	for (size_t v = 0; v < count; v++) {
		if (made->roles[v] == ROLE_PASSING)
			continue;
		buf_printf(out, "%s%zu", between, v + 1);
		between = ",";
	}
	buf_str(out, STR("]}"));
}

static void save_all(const struct made *made, const char *dir, size_t count)
{
	static const char *const prefers[] = {"\"newest-version\"", "\"oldest-version\"",
					      "{\"latest\":\"at\"}"};
	struct cf_buf config;

	buf_init(&config, &mem_heap);
	buf_printf(&config, "{\"name\":\"outcome\",\"conflicts\":{\"prefer\":%s,\"late\":\"%s\"}",
		   prefers[made->policy.prefer], made->policy.late_wins ? "edit" : "agreed");
	write_roles(made, count, &config);
	write_ids(made, count, &config);
	buf_str(&config, STR("}"));
	save(dir, "catalog.json", buf_view(&config));
	buf_fini(&config);
	for (size_t v = 0; v < count; v++)
		save_schema(made, dir, v);
	for (size_t v = 0; v + 1 < count; v++)
		save_lens(made, dir, v);
}

const struct catalog *made_catalog(struct made *made, size_t count)
{
	char dir[64] = "/tmp/chesterfield-outcome-XXXXXX", text[1200];
	struct cf_error error;
	int rc;

	if (made->catalogs[count - 1])
		return made->catalogs[count - 1];
	cf_assert(mkdtemp(dir));
	save_all(made, dir, count);
	rc = catalog_open(&made->catalogs[count - 1], dir, &mem_heap, &error);
	if (rc)
		fprintf(stderr, "outcome: %s\n", cf_error_format(&error, text, sizeof(text)));
	if (rc || getenv("KEEP"))
		fprintf(stderr, "outcome: the catalog stays in %s\n", dir);
	else
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	cf_assert(rc == 0);
	return made->catalogs[count - 1];
}
