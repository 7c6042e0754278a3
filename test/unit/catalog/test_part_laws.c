/* The four laws for split, join, extract and embed: catalogs made at random, of lenses
 * whose documents are several, must pass check without a finding.
 *
 * CHESTERFIELD_SEED repeats one catalog, CHESTERFIELD_RUNS makes the test longer. */
#include "catalog/catalog.h"
#include "check_main.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CATALOGS = 100, DOCUMENTS = 25, FIELDS = 12, LINKS = 3 };

struct field {
	char name[8];
	char schema[200]; /* of its value */
	bool required;
};
struct shape {
	struct field fields[FIELDS];
	size_t count;
	char rules[300]; /* more of its schema, each with a comma before it */
};
struct making {
	struct rng rng;
	char dir[64];
	unsigned names, parts;
	struct shape shape;
	char sides[2][100]; /* from and to of the lens at hand */
	struct cf_buf ops;
};

static unsigned below(struct making *m, unsigned bound)
{
	return (unsigned)rng_below(&m->rng, bound);
}

static struct field *add(struct making *m, const char *schema, bool required)
{
	struct field *f = &m->shape.fields[m->shape.count++];

	snprintf(f->name, sizeof(f->name), "f%u", ++m->names);
	snprintf(f->schema, sizeof(f->schema), "%s", schema);
	f->required = required;
	return f;
}

static void drop(struct making *m, size_t i)
{
	m->shape.fields[i] = m->shape.fields[--m->shape.count];
}

static void write_text(const struct making *m, const char *name, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", m->dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void write_schema(const struct making *m, const char *type, unsigned major,
			 const struct shape *shape)
{
	struct cf_buf out;
	char name[60];

	buf_init(&out, &mem_heap);
	buf_printf(&out,
		   "{\"version\":\"%u.0.0\",\"type\":\"object\",\"additionalProperties\":false,"
		   "\"properties\":{\"schema\":{\"const\":\"%s\"},\"version\":{\"const\":%u}",
		   major, type, major);
	for (size_t i = 0; i < shape->count; i++)
		buf_printf(&out, ",\"%s\":%s", shape->fields[i].name, shape->fields[i].schema);
	buf_printf(&out, "},\"required\":[\"schema\",\"version\"");
	for (size_t i = 0; i < shape->count; i++)
		if (shape->fields[i].required)
			buf_printf(&out, ",\"%s\"", shape->fields[i].name);
	buf_printf(&out, "]%s}", shape->rules);
	buf_byte(&out, '\0');
	snprintf(name, sizeof(name), "schemas/%s/%u.0.0.json", type, major);
	write_text(m, name, out.ptr);
	buf_fini(&out);
}

/* --- ops: each writes itself and changes the shape -------------------------------------- */

static const char text[] = "{\"type\":\"string\"}";
static const char host[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"k\"],"
	"\"properties\":{\"k\":{\"type\":\"string\",\"minLength\":1},\"n\":{\"type\":"
	"\"integer\"}}}";
static const char word[] = "{\"type\":\"string\",\"pattern\":\"^[^ ]*$\"}";

static size_t find(struct making *m, const char *schema)
{
	size_t start = m->shape.count ? below(m, (unsigned)m->shape.count) : 0;

	for (size_t i = 0; i < m->shape.count; i++)
		if (strcmp(m->shape.fields[(start + i) % m->shape.count].schema, schema) == 0)
			return (start + i) % m->shape.count;
	return FIELDS;
}

/* The pieces but the last are words, and none is there without those before it. */
static void op_split(struct making *m)
{
	size_t at = find(m, text), len = strlen(m->shape.rules);
	char name[8], names[3][8];

	if (at == FIELDS || m->shape.fields[at].required || len)
		return;
	memcpy(name, m->shape.fields[at].name, sizeof(name));
	drop(m, at);
	for (int i = 0; i < 3; i++)
		memcpy(names[i], add(m, i < 2 ? word : text, false)->name, sizeof(names[i]));
	snprintf(m->shape.rules, sizeof(m->shape.rules),
		 ",\"dependentRequired\":{\"%s\":[\"%s\"],\"%s\":[\"%s\"]}", names[1], names[0],
		 names[2], names[1]);
	buf_printf(&m->ops, "  - split: {name: %s, into: [%s, %s, %s]}\n", name, names[0], names[1],
		   names[2]);
}

/* Undoes a split that went before. */
static void op_join(struct making *m)
{
	char names[3][8];
	size_t at;

	if (sscanf(m->shape.rules, ",\"dependentRequired\":{\"%7[^\"]\":[\"%7[^\"]\"],\"%7[^\"]\"",
		   names[1], names[0], names[2]) != 3)
		return;
	for (int i = 0; i < 3; i++) {
		for (at = 0; at < m->shape.count; at++)
			if (strcmp(m->shape.fields[at].name, names[i]) == 0)
				break;
		if (at == m->shape.count)
			return;
	}
	for (int i = 0; i < 3; i++) {
		for (at = 0; strcmp(m->shape.fields[at].name, names[i]) != 0; at++)
			;
		drop(m, at);
	}
	m->shape.rules[0] = '\0';
	buf_printf(&m->ops, "  - join: {name: %s, into: [%s, %s, %s]}\n", add(m, text, false)->name,
		   names[0], names[1], names[2]);
}

static void new_part(struct making *m, const struct shape *shape, bool newer, char *type)
{
	char path[100];
	size_t len = strlen(m->sides[newer]);

	snprintf(type, 8, "p%u", ++m->parts);
	snprintf(path, sizeof(path), "%s/schemas/%s", m->dir, type);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_schema(m, type, 1, shape);
	snprintf(m->sides[newer] + len, sizeof(m->sides[newer]) - len, ", %s@1", type);
}

/* Fields go to a part that shares the key; it may be the other way round. */
static void op_same(struct making *m)
{
	struct shape part = {.count = 1};
	bool embeds = below(m, 2);
	size_t at = find(m, text);
	char type[8];

	if (at == FIELDS || m->shape.fields[at].required || m->shape.rules[0])
		return;
	part.fields[0] = m->shape.fields[at];
	if (embeds) {
		snprintf(part.fields[0].name, sizeof(part.fields[0].name), "f%u", ++m->names);
		new_part(m, &part, false, type);
		(void)add(m, text, false);
		buf_printf(&m->ops, "  - embed: {names: [{%s: %s}], from: %s@1, key: same}\n",
			   m->shape.fields[m->shape.count - 1].name, part.fields[0].name, type);
		return;
	}
	new_part(m, &part, true, type);
	buf_printf(&m->ops, "  - extract: {names: [%s], into: %s@1, key: same}\n",
		   part.fields[0].name, type);
	drop(m, at);
}

/* An embedded object becomes a shared part. */
static void op_host(struct making *m)
{
	struct shape part = {.count = 2};
	size_t at = find(m, host);
	char name[8], type[8];
	bool from = below(m, 2), required, fallback;

	if (at == FIELDS)
		return;
	snprintf(part.fields[0].name, sizeof(part.fields[0].name), "k");
	snprintf(part.fields[0].schema, sizeof(part.fields[0].schema),
		 "{\"type\":\"string\",\"minLength\":1}");
	part.fields[0].required = true;
	snprintf(part.fields[1].name, sizeof(part.fields[1].name), "n");
	snprintf(part.fields[1].schema, sizeof(part.fields[1].schema), "{\"type\":\"integer\"}");
	memcpy(name, m->shape.fields[at].name, sizeof(name));
	new_part(m, &part, true, type);
	required = m->shape.fields[at].required;
	fallback = !required && below(m, 2);
	buf_printf(&m->ops, "  - extract: {host: %s, into: %s@1, key: {%s: k}, reference: %s%s}\n",
		   name, type, from ? "from" : "hash",
		   add(m, "{\"type\":\"string\",\"minLength\":1}", required || fallback)->name,
		   fallback ? ", default: {k: none}" : "");
	drop(m, at);
}

static void op_rename(struct making *m)
{
	struct field *f;

	if (m->shape.rules[0] || m->shape.count == 0)
		return;
	f = &m->shape.fields[below(m, (unsigned)m->shape.count)];
	buf_printf(&m->ops, "  - rename: {source: %s, destination: f%u}\n", f->name, m->names + 1);
	snprintf(f->name, sizeof(f->name), "f%u", ++m->names);
}

/* --- catalogs ------------------------------------------------------------------------------ */

static void make_link(struct making *m, unsigned major)
{
	static void (*const ops[])(struct making * m) = {op_split, op_join, op_same,
							 op_host,  op_host, op_rename};
	struct cf_buf file;
	char name[60];

	snprintf(m->sides[0], sizeof(m->sides[0]), "t@%u", major);
	snprintf(m->sides[1], sizeof(m->sides[1]), "t@%u", major + 1);
	buf_clear(&m->ops);
	op_rename(m);
	for (unsigned i = 1 + below(m, 3); i > 0 && m->shape.count + 4 < FIELDS; i--)
		ops[below(m, ARRAY_LEN(ops))](m);
	buf_init(&file, &mem_heap);
	buf_printf(&file, "from: [%s]\nto: [%s]\nlens:%s\n%.*s", m->sides[0], m->sides[1],
		   m->ops.len ? "" : " []", STR_ARG(buf_view(&m->ops)));
	buf_byte(&file, '\0');
	snprintf(name, sizeof(name), "lenses/t/%u-%u.yaml", major, major + 1);
	write_text(m, name, file.ptr);
	buf_fini(&file);
	write_schema(m, "t", major + 1, &m->shape);
}

static void make_catalog(struct making *m, uint64_t seed, const char *root)
{
	static const char *const folders[] = {"", "/schemas", "/schemas/t", "/lenses", "/lenses/t"};
	char path[100];
	unsigned links;

	*m = (struct making){.rng = {seed}};
	buf_init(&m->ops, &mem_heap);
	snprintf(m->dir, sizeof(m->dir), "%s/%llu", root, (unsigned long long)seed);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s%s", m->dir, folders[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
	write_text(m, "catalog.yaml", "name: made\n");
	for (unsigned i = 2 + below(m, 3); i > 0; i--)
		(void)add(m, text, below(m, 4) == 0);
	for (unsigned i = below(m, 3); i > 0; i--)
		(void)add(m, host, below(m, 2));
	write_schema(m, "t", 1, &m->shape);
	links = 1 + below(m, LINKS);
	for (unsigned i = 1; i <= links; i++)
		make_link(m, i);
	buf_fini(&m->ops);
}

static void on_finding(void *ctx, const struct catalog_finding *finding)
{
	const struct making *m = ctx;

	fprintf(stderr, "%s/%.*s:%u: %.*s\n", m->dir, STR_ARG(finding->file), finding->line,
		STR_ARG(finding->message));
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

START_TEST(made_catalogs_pass_check)
{
	const char *seed_text = getenv("CHESTERFIELD_SEED"),
		   *runs_text = getenv("CHESTERFIELD_RUNS");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
	unsigned long runs = runs_text ? strtoul(runs_text, NULL, 10) : seed_text ? 1 : CATALOGS;
	char root[] = "/tmp/chesterfield-laws-XXXXXX";
	size_t all = 0;

	ck_assert_ptr_nonnull(mkdtemp(root));
	for (unsigned long i = 0; i < runs; i++) {
		struct catalog_check_args args = {
			.seed = seed + i, .runs = DOCUMENTS, .finding = on_finding};
		struct cf_error error = {0};
		struct making m;
		struct catalog_checked done = {0};

		make_catalog(&m, seed + i, root);
		args.ctx = &m;
		ck_assert_msg(catalog_check(m.dir, &args, &done, &mem_heap, &error) == 0,
			      "CHESTERFIELD_SEED=%llu: %s", (unsigned long long)(seed + i),
			      error.message);
		if (done.errors)
			fprintf(stderr, "CHESTERFIELD_SEED=%llu\n", (unsigned long long)(seed + i));
		all += done.errors;
	}
	if (all == 0)
		ck_assert_int_eq(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	ck_assert_msg(all == 0, "%zu findings; the catalogs are in %s", all, root);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("part-laws");
	TCase *tcase = tcase_create("laws");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, made_catalogs_pass_check);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
