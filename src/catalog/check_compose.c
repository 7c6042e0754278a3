/* Composition: a compiled chain makes what its lenses make one by one, without a base
 * and over one. Of each type the shortest chain that fails is told. */
#include "catalog/prove.h"

#include <stdio.h>

enum { LINKS_MAX = 8, POOL_MAX = 2 * PLACES_MAX };

/* All documents that are there at one version on the way. */
struct pool {
	struct {
		struct lens_place place;
		struct cf_buf text;
		struct json_doc doc;
		struct json_value value;
	} items[POOL_MAX];
	size_t count;
};

struct composer {
	struct bench *bench;
	const struct catalog_type *type;
	const struct catalog_edge *edges[LINKS_MAX]; /* upwards */
	size_t count;
	const struct lens_program *whole[2];   /* up, down */
	struct pool mids[LINKS_MAX + 1];       /* by version, upwards */
	struct pool walk;                      /* on the way down over bases */
	struct side source, view, made, steps; /* made at once; step by step */
	struct example examples[2][2];         /* up, down; without a base, with one */
};

/* --- pools -------------------------------------------------------------------------- */

static size_t pool_find(const struct pool *pool, const struct lens_place *place)
{
	size_t i = 0;

	while (i < pool->count && !(str_equal(pool->items[i].place.type, place->type) &&
				    pool->items[i].place.major == place->major))
		i++;
	return i;
}

static struct json_value pool_value(const struct pool *pool, const struct lens_place *place)
{
	size_t i = pool_find(pool, place);

	return i < pool->count ? pool->items[i].value : JSON_ABSENT;
}

/* text ptr NULL: this part is not there. */
static int pool_put(struct pool *pool, const struct lens_place *place, struct cf_str text,
		    struct cf_error *error)
{
	size_t i = pool_find(pool, place);
	int rc;

	if (i == pool->count && pool->count++ == POOL_MAX) {
		pool->count = POOL_MAX;
		return error_set(error, CF_ERR_LIMIT, "too many parts");
	}
	pool->items[i].place = *place;
	pool->items[i].value = JSON_ABSENT;
	buf_clear(&pool->items[i].text);
	if (!text.ptr)
		return 0;
	if (buf_str(&pool->items[i].text, text))
		return error_nomem(error);
	rc = json_read(&pool->items[i].doc, pool->items[i].text.ptr, pool->items[i].text.len,
		       JSON_READ_DOCUMENT, error);
	if (rc == 0)
		pool->items[i].value = json_root(&pool->items[i].doc);
	return rc;
}

static int pool_of_side(struct pool *pool, const struct side *side, struct cf_error *error)
{
	int rc = 0;

	pool->count = 0;
	for (size_t i = 0; i < side->count && rc == 0; i++)
		if (!json_is_absent(side->values[i]))
			rc = pool_put(pool, &side->places.places[i], buf_view(&side->texts[i]),
				      error);
	return rc;
}

/* One link from one version's documents to those of the next; what it does not read
 * stays where it is. `base` may be NULL. */
static int pool_step(struct composer *c, const struct lens_program *program,
		     const struct pool *from, const struct pool *base, struct pool *to,
		     struct cf_error *error)
{
	struct lens_side in = lens_program_inputs(program), out = lens_program_outputs(program);
	struct json_value inputs[PLACES_MAX], bases[PLACES_MAX];
	struct lens_args args = {.key = STR("k"), .inputs = inputs, .bases = base ? bases : NULL};
	const struct lens_output *made;
	int rc = 0;

	if (in.count > PLACES_MAX || out.count > PLACES_MAX)
		return error_set(error, CF_ERR_LIMIT, "too many parts");
	for (size_t i = 0; i < in.count; i++)
		inputs[i] = pool_value(from, &in.places[i]);
	for (size_t i = 0; base && i < out.count; i++)
		bases[i] = pool_value(base, &out.places[i]);
	to->count = 0;
	for (size_t i = 0; i < from->count && rc == 0; i++) {
		bool read = false;

		for (size_t k = 0; k < in.count; k++)
			read = read || pool_find(from, &in.places[k]) == i;
		if (!read && !json_is_absent(from->items[i].value))
			rc = pool_put(to, &from->items[i].place, buf_view(&from->items[i].text),
				      error);
	}
	if (rc == 0)
		rc = lens_apply(c->bench->worker, program, &args, &made, error);
	for (size_t i = 0; i < out.count && rc == 0; i++)
		rc = pool_put(to, &out.places[i], made[i].text, error);
	return rc;
}

/* --- the law -------------------------------------------------------------------------- */

/* The op that last made what differs, in the lens that travel ends with or, where it only
 * passed through that, in one before. */
static void find_fault(struct composer *c, bool down, struct example *example)
{
	for (size_t i = 0; i < c->count && !example->line; i++) {
		const struct catalog_edge *edge = c->edges[down ? i : c->count - 1 - i];

		example->line = lens_blame(edge->lens, down, 0, buf_view(&example->pointer));
		example->lens = edge->lens;
	}
}

/* `source` became c->made at once, and `steps` step by step; `base`: what it was put into,
 * or NULL. */
static int compare(struct composer *c, bool down, const struct side *source,
		   const struct side *base, const struct pool *steps)
{
	struct exhibit exhibit = {.message = "",
				  .pointer = "",
				  .sides = {[CATALOG_SHOWN_DOCUMENT] = source,
					    [CATALOG_SHOWN_OVER] = base,
					    [CATALOG_SHOWN_CAME] = &c->made,
					    [CATALOG_SHOWN_WANTED] = &c->steps}};
	struct example *example = &c->examples[down][base != NULL];
	struct cf_error error;
	int rc = 0;

	side_shape(&c->steps, c->bench->catalog, c->made.places);
	for (size_t i = 0; i < c->steps.count && rc == 0; i++) {
		struct json_value value = pool_value(steps, &c->steps.places.places[i]);

		if (!json_is_absent(value))
			rc = side_set(&c->steps, i, json_span(value), &error);
	}
	if (rc == 0 && !side_same(&c->made, &c->steps) && example_note(example, &exhibit))
		find_fault(c, down, example);
	return rc;
}

/* From one end to the other; c->mids keeps each version. */
static int go(struct composer *c, bool down, unsigned size, struct cf_error *error)
{
	struct side *source = down ? &c->view : &c->source;
	size_t n = c->count;
	int rc;

	side_shape(source, c->bench->catalog, lens_program_inputs(c->whole[down]));
	side_shape(&c->made, c->bench->catalog, lens_program_outputs(c->whole[down]));
	rc = side_generate(c->bench, source, c->whole[down], size, error);
	if (rc == 0)
		rc = pool_of_side(&c->mids[down ? n : 0], source, error);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (down)
			rc = pool_step(c, c->edges[n - 1 - i]->down, &c->mids[n - i], NULL,
				       &c->mids[n - 1 - i], error);
		else
			rc = pool_step(c, c->edges[i]->up, &c->mids[i], NULL, &c->mids[i + 1],
				       error);
	}
	if (rc == 0)
		rc = side_apply(c->bench, c->whole[down], source, NULL, &c->made, error);
	return rc ? rc : compare(c, down, source, NULL, &c->mids[down ? 0 : n]);
}

/* And back over what was on the way, from another document of the other end. */
static int come_back(struct composer *c, bool down, unsigned size, struct cf_error *error)
{
	struct side *source = down ? &c->view : &c->source;
	struct side *other = down ? &c->source : &c->view;
	struct pool *walk = &c->walk;
	size_t n = c->count;
	int rc;

	side_shape(other, c->bench->catalog, lens_program_inputs(c->whole[!down]));
	side_shape(&c->made, c->bench->catalog, lens_program_outputs(c->whole[!down]));
	rc = side_generate(c->bench, other, c->whole[!down], size, error);
	if (rc == 0)
		rc = side_apply(c->bench, c->whole[!down], other, source, &c->made, error);
	if (rc == 0)
		rc = pool_of_side(walk, other, error);
	for (size_t i = 0; i < n && rc == 0; i++) {
		size_t to = down ? i + 1 : n - 1 - i;
		const struct lens_program *link =
			down ? c->edges[i]->up : c->edges[n - 1 - i]->down;
		struct pool *base = &c->mids[to];

		/* The base of a version is not needed again: it becomes the next document. */
		rc = pool_step(c, link, walk, base, &c->mids[down ? to - 1 : to + 1], error);
		walk = &c->mids[down ? to - 1 : to + 1];
	}
	return rc ? rc : compare(c, !down, other, source, walk);
}

static int try_once(struct composer *c, bool down, unsigned size)
{
	struct cf_error error = {0};
	int rc = go(c, down, size, &error);

	if (rc == 0)
		rc = come_back(c, down, size, &error);
	return proof_ends(rc) ? rc : 0;
}

/* --- chains ----------------------------------------------------------------------------- */

static const struct catalog_edge *edge_from(const struct catalog *catalog,
					    const struct catalog_major *newer)
{
	const struct catalog_edge *edges;
	size_t count = catalog_edges(catalog, &edges);

	for (size_t i = 0; i < count; i++)
		if (edges[i].newer[0] == newer)
			return &edges[i];
	return NULL;
}

/* The links that lead to a major, `count` of them; false: there are not so many. */
static bool find_links(struct composer *c, const struct catalog_major *newest, size_t count)
{
	const struct catalog_major *at = newest;

	c->count = count;
	for (size_t i = count; i-- > 0;) {
		c->edges[i] = edge_from(c->bench->catalog, at);
		if (!c->edges[i])
			return false;
		at = c->edges[i]->older[0];
	}
	c->whole[0] = catalog_program(c->bench->catalog, c->type, at->major, newest->major);
	c->whole[1] = catalog_program(c->bench->catalog, c->type, newest->major, at->major);
	return c->whole[0] && c->whole[1] && lens_program_inputs(c->whole[0]).count <= PLACES_MAX &&
	       lens_program_outputs(c->whole[0]).count <= PLACES_MAX;
}

static bool tell(struct composer *c)
{
	uint32_t from = c->edges[0]->older[0]->major;
	uint32_t to = c->edges[c->count - 1]->newer[0]->major;
	bool found = false;

	for (int i = 0; i < 4; i++) {
		struct example *e = &c->examples[i / 2][i % 2];
		bool down = i / 2;
		char what[200];

		(void)snprintf(what, sizeof(what),
			       "Composition is broken: %.*s@%u to @%u at once%s is not the same as "
			       "step by step",
			       c->type->name.len > 100 ? 100 : (int)c->type->name.len,
			       c->type->name.ptr, down ? to : from, down ? from : to,
			       i % 2 ? ", put into another document," : "");
		example_tell(e, c->bench->checker, c->edges[c->count - 1]->lens, what);
		found = found || e->found;
	}
	return found;
}

static int try_chain(struct composer *c, bool *ret_found)
{
	unsigned runs = c->bench->checker->args->runs;
	int rc = 0;

	for (unsigned i = 0; i < runs && rc == 0; i++) {
		unsigned size = (unsigned)((uint64_t)i * 100 / runs);

		rc = try_once(c, false, size);
		if (rc == 0)
			rc = try_once(c, true, size);
	}
	*ret_found = rc == 0 && tell(c);
	return rc;
}

static void composer_init(struct composer *c)
{
	const struct cf_mem *mem = c->bench->checker->mem;

	side_init(&c->source, mem);
	side_init(&c->view, mem);
	side_init(&c->made, mem);
	side_init(&c->steps, mem);
	for (size_t i = 0; i < LINKS_MAX + 2; i++) {
		struct pool *pool = i <= LINKS_MAX ? &c->mids[i] : &c->walk;

		for (size_t k = 0; k < POOL_MAX; k++) {
			buf_init(&pool->items[k].text, mem);
			json_doc_init(&pool->items[k].doc, mem);
		}
	}
	for (int i = 0; i < 4; i++)
		example_init(&c->examples[i / 2][i % 2], mem);
}

static void composer_fini(struct composer *c)
{
	side_fini(&c->source);
	side_fini(&c->view);
	side_fini(&c->made);
	side_fini(&c->steps);
	for (size_t i = 0; i < LINKS_MAX + 2; i++) {
		struct pool *pool = i <= LINKS_MAX ? &c->mids[i] : &c->walk;

		for (size_t k = 0; k < POOL_MAX; k++) {
			buf_fini(&pool->items[k].text);
			json_doc_fini(&pool->items[k].doc);
		}
	}
	for (int i = 0; i < 4; i++)
		example_fini(&c->examples[i / 2][i % 2]);
}

/* Chains of two and more lenses that end at the newest majors first grow longer: each
 * of two, and those from the oldest. */
int check_composition(struct bench *bench, const struct catalog_type *type)
{
	struct composer *c = mem_calloc(bench->checker->mem, 1, sizeof(*c));
	bool found = false;
	int rc = 0;

	if (!c)
		return CF_ERR_NOMEM;
	c->bench = bench;
	c->type = type;
	composer_init(c);
	for (size_t count = 2; count <= LINKS_MAX && rc == 0 && !found; count++) {
		/* Of the longer ones, that which ends at the newest stands for all. */
		size_t first = count == 2 || type->major_count == 0 ? 0 : type->major_count - 1;

		for (size_t i = first; i < type->major_count && rc == 0 && !found; i++)
			if (find_links(c, &type->majors[i], count))
				rc = try_chain(c, &found);
	}
	composer_fini(c);
	mem_free(bench->checker->mem, c);
	return rc;
}
