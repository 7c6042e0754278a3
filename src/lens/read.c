/* Reading lens files: ours, and Cambria's as they are. */
#include "lens/reader.h"

/* --- ops --------------------------------------------------------------------------------- */

static int read_ops(struct reader *r, struct json_value list, struct op **ret, size_t *ret_count);

/* Letters that must change, at most; for "did you mean". */
static size_t distance(struct cf_str a, struct cf_str b)
{
	size_t row[33];

	if (a.len > 32 || b.len > 32)
		return 99;
	for (size_t k = 0; k <= b.len; k++)
		row[k] = k;
	for (size_t i = 1; i <= a.len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t k = 1; k <= b.len; k++) {
			size_t change = corner + (a.ptr[i - 1] != b.ptr[k - 1]);
			size_t shorter = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;

			corner = row[k];
			row[k] = change < shorter ? change : shorter;
		}
	}
	return row[b.len];
}

static int find_kind(struct reader *r, struct json_value at, struct cf_str name, enum op_kind *ret)
{
	const struct lens_op *ops;
	size_t count = lens_ops(&ops), nearest = 0, best = 99;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(name, str_of(ops[i].name));

		if (d == 0) {
			*ret = (enum op_kind)i;
			return 0;
		}
		if (d < best) {
			best = d;
			nearest = i;
		}
	}
	if (best <= 2)
		return reader_fail(r, at, "unknown op \"%.*s\"; did you mean \"%s\"?",
				   STR_ARG(name), ops[nearest].name);
	return reader_fail(r, at, "unknown op \"%.*s\"", STR_ARG(name));
}

static int unknown_argument(struct reader *r, struct json_value name, const struct lens_op *info)
{
	const struct lens_op_argument *nearest = NULL;
	size_t best = 3;

	for (const struct lens_op_argument *a = info->arguments; a->name; a++) {
		size_t d = distance(json_inner(name), str_of(a->name));

		if (d < best) {
			best = d;
			nearest = a;
		}
	}
	return reader_fail(r, name, "%s: unknown argument %.*s%s%s%s", info->name,
			   STR_ARG(json_span(name)), nearest ? "; did you mean \"" : "",
			   nearest ? nearest->name : "", nearest ? "\"?" : "");
}

static int check_arguments(struct reader *r, struct json_value args, const struct lens_op *info)
{
	struct json_iter it = json_iter(args);

	if (json_kind(args) != JSON_OBJECT)
		return reader_fail(r, args, "%s: its arguments must be {name: value, ...}",
				   info->name);
	while (json_next(&it)) {
		const struct lens_op_argument *a = info->arguments;

		while (a->name && !json_name_is(it.name, str_of(a->name)))
			a++;
		if (!a->name)
			return unknown_argument(r, it.name, info);
	}
	for (const struct lens_op_argument *a = info->arguments; a->name; a++)
		if (a->required && json_is_absent(json_member(args, str_of(a->name))))
			return reader_fail(r, args, "%s: the argument \"%s\" is missing",
					   info->name, a->name);
	return 0;
}

static int read_op(struct reader *r, struct json_value value, struct op *op)
{
	const struct lens_op *infos;
	struct json_iter it = json_iter(value);
	struct cf_str name;
	int rc;

	if (json_kind(value) != JSON_OBJECT || json_count(value) != 1 || !json_next(&it))
		return reader_fail(r, value, "an op must be {NAME: {arguments}}");
	if (++r->ops > LIMIT_LENS_OPS)
		return reader_fail(r, value, "more than %d ops", LIMIT_LENS_OPS);
	if (json_decode(it.name, &r->lens->arena, &name))
		return error_nomem(r->error);
	rc = find_kind(r, it.name, name, &op->kind);
	op->line = json_file_line(r->lens->file, it.name.node);
	lens_ops(&infos);
	if (rc == 0)
		rc = check_arguments(r, it.value, &infos[op->kind]);
	if (rc == 0) {
		rc = reader_arguments(r, it.value, op);
		if (rc == 0 && !json_is_absent(json_member(it.value, STR("lens"))))
			rc = read_ops(r, json_member(it.value, STR("lens")), &op->inner,
				      &op->inner_count);
		/* Of ops inside others the innermost is enough. */
		if (rc == CF_ERR_LENS && !r->named)
			error_prefix(r->error, rc, "%s", op_kind_name(op->kind));
		r->named = r->named || rc;
	}
	return rc;
}

static int read_ops(struct reader *r, struct json_value list, struct op **ret, size_t *ret_count)
{
	struct json_iter it = json_iter(list);
	int rc = 0;

	/* YAML's list without anything in it. */
	if (json_kind(list) == JSON_NULL)
		return 0;
	if (json_kind(list) != JSON_ARRAY)
		return reader_fail(r, list, "lens must be a list of ops");
	if (++r->depth > LIMIT_LENS_CHAIN)
		return reader_fail(r, list, "nested too deeply");
	*ret = arena_calloc(&r->lens->arena, json_count(list), sizeof(**ret));
	*ret_count = 0;
	if (!*ret)
		return error_nomem(r->error);
	while (rc == 0 && json_next(&it))
		if (json_kind(it.value) != JSON_NULL)
			rc = read_op(r, it.value, &(*ret)[(*ret_count)++]);
	r->depth--;
	return rc;
}

/* --- the file ------------------------------------------------------------------------------- */

/* from and to: one place, or a list whose first is the document itself. */
static int read_side(struct reader *r, struct json_value value, struct lens_place **ret,
		     size_t *ret_count)
{
	struct json_iter it = json_iter(value);
	int rc = 0;

	*ret = arena_calloc(&r->lens->arena, LIMIT_LENS_CHAIN + 1, sizeof(**ret));
	if (!*ret)
		return error_nomem(r->error);
	*ret_count = 1;
	if (json_is_absent(value))
		return 0;
	if (json_kind(value) != JSON_ARRAY)
		return reader_place(r, value, &(*ret)[0].type, &(*ret)[0].major);
	*ret_count = 0;
	while (rc == 0 && json_next(&it)) {
		struct lens_place *place = &(*ret)[(*ret_count)++];

		if (*ret_count > LIMIT_LENS_CHAIN)
			return reader_fail(r, value, "too many parts");
		rc = reader_place(r, it.value, &place->type, &place->major);
		place->tie = *ret_count > 1 ? LENS_SAME_KEY : LENS_MAIN;
	}
	return rc || *ret_count ? rc : reader_fail(r, value, "must not be empty");
}

static int check_members(struct reader *r, struct json_value root)
{
	static const char *const known[] = {"from", "to", "lens", "schemaName", "description"};
	struct json_iter it = json_iter(root);

	if (json_kind(root) != JSON_OBJECT)
		return reader_fail(r, root, "a lens file must be {from, to, lens}");
	while (json_next(&it)) {
		bool found = false;

		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			found = found || json_name_is(it.name, str_of(known[i]));
		if (!found)
			return reader_fail(r, it.name, "unknown member %.*s",
					   STR_ARG(json_span(it.name)));
	}
	if (json_is_absent(json_member(root, STR("lens"))))
		return reader_fail(r, root, "the member \"lens\" is missing");
	if (json_is_absent(json_member(root, STR("from"))) !=
	    json_is_absent(json_member(root, STR("to"))))
		return reader_fail(r, root, "from and to go together");
	return 0;
}

int lens_read(struct lens **ret, const struct json_file *file, const struct cf_mem *mem,
	      struct cf_error *error)
{
	struct lens *lens = mem_calloc(mem, 1, sizeof(*lens));
	struct reader r = {.lens = lens, .error = error};
	struct json_value root = json_file_root(file);
	int rc;

	if (!lens)
		return error_nomem(error);
	lens->file = file;
	arena_init(&lens->arena, mem);
	rc = check_members(&r, root);
	if (rc == 0)
		rc = read_side(&r, json_member(root, STR("from")), &lens->older,
			       &lens->older_count);
	if (rc == 0)
		rc = read_side(&r, json_member(root, STR("to")), &lens->newer, &lens->newer_count);
	if (rc == 0)
		rc = read_ops(&r, json_member(root, STR("lens")), &lens->ops, &lens->op_count);
	if (rc == 0 && lens_find_keyed(lens))
		rc = error_nomem(error);
	if (rc) {
		lens_free(lens);
		return rc;
	}
	*ret = lens;
	return 0;
}

struct lens *lens_free(struct lens *lens)
{
	if (lens) {
		const struct cf_mem *mem = lens->arena.mem;

		arena_fini(&lens->arena);
		mem_free(mem, lens);
	}
	return NULL;
}

const struct json_file *lens_file(const struct lens *lens)
{
	return lens->file;
}

struct lens_side lens_older(const struct lens *lens)
{
	return (struct lens_side){lens->older, lens->older_count};
}

struct lens_side lens_newer(const struct lens *lens)
{
	return (struct lens_side){lens->newer, lens->newer_count};
}

size_t lens_keyed_arrays(const struct lens *lens, bool newer, const struct lens_keyed **ret)
{
	*ret = lens->keyed[newer];
	return lens->keyed_count[newer];
}
