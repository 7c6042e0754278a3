/* Which op of a lens breaks a law: the document goes only through the first ops of its way,
 * and back. Where it comes back as itself after so many, and not after one more, that one is
 * at fault: if every op kept the law, so would all of them together. */
#include "catalog/prove.h"

struct trial {
	struct bench *bench;
	const struct catalog_edge *edge;
	bool down;
	const struct side *source, *other; /* other: NULL, it goes into nothing */
	struct side mid, base, made, back;
};

/* --- programs of some ops ------------------------------------------------------------- */

/* `fill`: what the schemas require is filled in, as in the whole lens. */
static int compile(struct trial *t, struct lens_link link, bool fill, struct lens_program **ret,
		   struct cf_error *error)
{
	const struct catalog *catalog = t->bench->catalog;
	const struct cf_mem *mem = t->bench->checker->mem;
	struct lens_options options = {.identity = catalog_identity(catalog)};
	const struct schema *schemas[PLACES_MAX] = {NULL};
	struct lens_side outputs;
	int rc = lens_compile(ret, &link, 1, &options, mem, error);

	if (rc || !fill)
		return rc;
	outputs = lens_program_outputs(*ret);
	for (size_t i = 0; i < outputs.count && i < PLACES_MAX; i++) {
		const struct catalog_type *type = catalog_type(catalog, outputs.places[i].type);
		const struct catalog_major *major =
			type ? catalog_major(type, outputs.places[i].major) : NULL;

		schemas[i] = major ? catalog_major_schema(major) : NULL;
	}
	options.target_schemas = schemas;
	lens_program_free(*ret);
	*ret = NULL;
	return lens_compile(ret, &link, 1, &options, mem, error);
}

/* The link of the ops `near` the source, `count` of them, or of all others. */
static struct lens_link link_of(const struct trial *t, size_t count, bool near, bool down)
{
	size_t all = lens_op_count(t->edge->lens);
	bool from_start = near != t->down;

	return (struct lens_link){.lens = t->edge->lens,
				  .down = down,
				  .older = catalog_major_schema(t->edge->older[0]),
				  .first = from_start ? 0
					   : near     ? all - count
						      : count,
				  .count = near ? count : all - count};
}

/* --- one trial ------------------------------------------------------------------------ */

/* What the other document is behind the first ops: it comes back through the others. */
static int make_base(struct trial *t, size_t count, const struct lens_program *forth,
		     struct cf_error *error)
{
	struct lens_side outputs = lens_program_outputs(forth);
	struct lens_program *rest = NULL;
	bool all = count == lens_op_count(t->edge->lens);
	int rc = all ? 0 : compile(t, link_of(t, count, false, !t->down), false, &rest, error);

	t->mid.count = 0;
	if (rc == 0 && !all) {
		side_shape(&t->mid, t->bench->catalog, lens_program_outputs(rest));
		rc = side_apply(t->bench, rest, t->other, NULL, &t->mid, error);
	}
	side_shape(&t->base, t->bench->catalog, outputs);
	for (size_t i = 0; i < t->base.count && rc == 0; i++) {
		struct json_value value = side_value(&t->mid, &outputs.places[i]);

		/* A part that the first ops make and the others leave alone. */
		if (json_is_absent(value) && (i || all))
			value = side_value(t->other, &outputs.places[i]);
		if (!json_is_absent(value))
			rc = side_set(&t->base, i, json_span(value), error);
	}
	lens_program_free(rest);
	return rc;
}

/* Through the first ops and back. *ret: it is as it was. */
static int try_ops(struct trial *t, size_t count, bool *ret)
{
	struct lens_program *forth = NULL, *back = NULL;
	struct cf_error error;
	int rc = compile(t, link_of(t, count, true, t->down), false, &forth, &error);

	if (rc == 0)
		rc = compile(t, link_of(t, count, true, !t->down), true, &back, &error);
	if (rc == 0 && t->other)
		rc = make_base(t, count, forth, &error);
	if (rc == 0) {
		side_shape(&t->made, t->bench->catalog, lens_program_outputs(forth));
		side_shape(&t->back, t->bench->catalog, lens_program_outputs(back));
		rc = side_apply(t->bench, forth, t->source, t->other ? &t->base : NULL, &t->made,
				&error);
	}
	if (rc == 0)
		rc = side_apply(t->bench, back, &t->made, t->source, &t->back, &error);
	*ret = rc == 0 && side_same(t->source, &t->back);
	lens_program_free(back);
	lens_program_free(forth);
	return rc;
}

/* How many ops it takes to break the law; 0: no trial can say. */
static size_t find(struct trial *t)
{
	size_t holds = 0, breaks = lens_op_count(t->edge->lens);
	bool same;

	/* What a schema alone puts there is no op's fault. */
	if (try_ops(t, breaks, &same) || same)
		return 0;
	while (breaks - holds > 1) {
		size_t middle = holds + (breaks - holds) / 2;

		if (try_ops(t, middle, &same))
			return 0;
		if (same)
			holds = middle;
		else
			breaks = middle;
	}
	return breaks;
}

static void trial_init(struct trial *t, const struct cf_mem *mem)
{
	side_init(&t->mid, mem);
	side_init(&t->base, mem);
	side_init(&t->made, mem);
	side_init(&t->back, mem);
}

static void trial_fini(struct trial *t)
{
	side_fini(&t->mid);
	side_fini(&t->base);
	side_fini(&t->made);
	side_fini(&t->back);
}

unsigned fault_line(struct bench *bench, const struct catalog_edge *edge, bool down,
		    const struct side *source, const struct side *other)
{
	const struct cf_mem *mem = bench->checker->mem;
	struct trial *t = mem_calloc(mem, 1, sizeof(*t));
	size_t all = lens_op_count(edge->lens), count;

	if (!t)
		return 0;
	t->bench = bench;
	t->edge = edge;
	t->down = down;
	t->source = source;
	t->other = other;
	trial_init(t, mem);
	count = all ? find(t) : 0;
	trial_fini(t);
	mem_free(mem, t);
	return count ? lens_op_line(edge->lens, down ? all - count : count - 1) : 0;
}
