/* The laws of a lens, tried on generated documents: what is valid goes to what is
 * valid, looking changes nothing (GetPut), and what is put is seen again (PutGet).
 * Of each kind of failure the shortest document is told. */
#include "catalog/check.h"

#include <stdio.h>

enum { PLACES_MAX = 16, TRIES_OF_A_SCHEMA = 3, EXAMPLE_BYTES = 300 };

enum failure { CANNOT_RUN, NOT_VALID, CANNOT_GO_BACK, LOOKING_CHANGES, PUT_IS_LOST, FAILURES };

struct example {
	bool found;
	char message[300];
	struct cf_buf document;
};

/* Documents of one side, by place. */
struct side {
	size_t count;
	const struct catalog_major *majors[PLACES_MAX];
	struct lens_side places;
	struct cf_buf texts[PLACES_MAX];
	struct json_doc docs[PLACES_MAX];
	struct json_value values[PLACES_MAX]; /* absent: this part is not there */
};

struct prover {
	struct checker *checker;
	const struct catalog_edge *edge;
	struct lens_worker *worker;
	struct rng rng;
	struct side source, made, back, other;
	struct example examples[2][FAILURES]; /* up, down */
	bool hopeless;                        /* no document of a schema could be made */
};

/* --- sides -------------------------------------------------------------------------- */

static void side_init(struct side *side, const struct cf_mem *mem)
{
	for (size_t i = 0; i < PLACES_MAX; i++) {
		buf_init(&side->texts[i], mem);
		json_doc_init(&side->docs[i], mem);
	}
}

static void side_fini(struct side *side)
{
	for (size_t i = 0; i < PLACES_MAX; i++) {
		buf_fini(&side->texts[i]);
		json_doc_fini(&side->docs[i]);
	}
}

static void side_shape(struct side *side, const struct catalog *catalog, struct lens_side places)
{
	side->places = places;
	side->count = places.count < PLACES_MAX ? places.count : PLACES_MAX;
	for (size_t i = 0; i < side->count; i++) {
		const struct catalog_type *type = catalog_type(catalog, places.places[i].type);

		side->majors[i] = type ? catalog_major(type, places.places[i].major) : NULL;
		side->values[i] = JSON_ABSENT;
	}
}

/* The value that `side` has for a place of another side. */
static struct json_value side_value(const struct side *side, const struct lens_place *place)
{
	for (size_t i = 0; i < side->count; i++)
		if (str_equal(side->places.places[i].type, place->type) &&
		    side->places.places[i].major == place->major &&
		    side->places.places[i].tie == place->tie &&
		    str_equal(side->places.places[i].reference, place->reference))
			return side->values[i];
	return JSON_ABSENT;
}

static int side_read(struct side *side, size_t i, struct cf_error *error)
{
	int rc = json_read(&side->docs[i], side->texts[i].ptr, side->texts[i].len,
			   JSON_READ_DOCUMENT, error);

	side->values[i] = rc ? JSON_ABSENT : json_root(&side->docs[i]);
	return rc;
}

/* Documents for a program's inputs; parts only where the main one refers to them. */
static int side_generate(struct prover *p, struct side *side, const struct lens_program *program,
			 unsigned size, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < side->count && rc == 0; i++) {
		struct cf_str key = STR("same");

		side->values[i] = JSON_ABSENT;
		if (!side->majors[i])
			continue;
		if (i && side->places.places[i].tie == LENS_SHARED)
			rc = lens_reference(p->worker, program, i, side->values[0], &key, error);
		if (rc || key.len == 0)
			continue;
		for (int try = 0; try < TRIES_OF_A_SCHEMA; try++) {
			buf_clear(&side->texts[i]);
			rc = schema_generate(catalog_major_schema(side->majors[i]), &p->rng, size,
					     &side->texts[i], error);
			if (rc != CF_ERR_UNSUPPORTED_OP)
				break;
		}
		if (rc == 0)
			rc = side_read(side, i, error);
	}
	return rc;
}

/* Runs a program from one side to another; `base` may be NULL. */
static int side_apply(struct prover *p, const struct lens_program *program, const struct side *from,
		      const struct side *base, struct side *to, struct cf_error *error)
{
	struct json_value inputs[PLACES_MAX], bases[PLACES_MAX];
	struct lens_args args = {.key = STR("k"), .inputs = inputs, .bases = base ? bases : NULL};
	struct lens_side in = lens_program_inputs(program), out = lens_program_outputs(program);
	const struct lens_output *outputs;
	int rc;

	for (size_t i = 0; i < in.count; i++)
		inputs[i] = side_value(from, &in.places[i]);
	for (size_t i = 0; base && i < out.count; i++)
		bases[i] = side_value(base, &out.places[i]);
	rc = lens_apply(p->worker, program, &args, &outputs, error);
	for (size_t i = 0; i < to->count && rc == 0; i++) {
		to->values[i] = JSON_ABSENT;
		buf_clear(&to->texts[i]);
		if (!outputs[i].text.ptr)
			continue;
		if (buf_str(&to->texts[i], outputs[i].text))
			return error_nomem(error);
		rc = side_read(to, i, error);
	}
	return rc;
}

/* --- failures -------------------------------------------------------------------------- */

static void note(struct prover *p, bool down, enum failure failure, const struct side *side,
		 const char *message, const char *pointer)
{
	struct example *example = &p->examples[down][failure];
	size_t len = 0;

	for (size_t i = 0; i < side->count; i++)
		len += json_is_absent(side->values[i]) ? 0 : side->texts[i].len;
	if (example->found && example->document.len <= len)
		return;
	example->found = true;
	(void)snprintf(example->message, sizeof(example->message), "%.200s%s%.60s", message,
		       pointer[0] ? " at " : "", pointer);
	buf_clear(&example->document);
	for (size_t i = 0; i < side->count; i++) {
		if (json_is_absent(side->values[i]))
			continue;
		(void)buf_str(&example->document, i ? STR(" ") : STR(""));
		(void)buf_str(&example->document, buf_view(&side->texts[i]));
	}
}

static bool same(const struct side *a, const struct side *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct json_value x = side_value(a, &b->places.places[i]);

		if (json_is_absent(x) != json_is_absent(b->values[i]))
			return false;
		if (!json_is_absent(x) && !json_equal(x, b->values[i]))
			return false;
	}
	return true;
}

/* A document's own fault, or the end of the check. */
static bool ends(int rc)
{
	return rc == CF_ERR_NOMEM || rc == CF_ERR_IO;
}

static void check_valid(struct prover *p, bool down)
{
	struct cf_error error;

	for (size_t i = 0; i < p->made.count; i++) {
		if (json_is_absent(p->made.values[i]) || !p->made.majors[i])
			continue;
		if (schema_validate(catalog_major_schema(p->made.majors[i]), p->made.values[i],
				    NULL, &error))
			note(p, down, NOT_VALID, &p->source, error.message, error.pointer);
	}
}

/* What is put over another document must be seen again from there. */
static int check_put(struct prover *p, bool down, const struct lens_program *forth,
		     const struct lens_program *back, unsigned size)
{
	struct cf_error error;
	int rc = side_generate(p, &p->other, back, size, &error);

	if (rc == 0)
		rc = side_apply(p, forth, &p->source, &p->other, &p->made, &error);
	if (rc == 0)
		rc = side_apply(p, back, &p->made, &p->source, &p->back, &error);
	if (rc == 0 && !same(&p->back, &p->source))
		note(p, down, PUT_IS_LOST, &p->source, "over another document", "");
	return ends(rc) ? rc : 0;
}

static int try_once(struct prover *p, const struct catalog *catalog, bool down, unsigned size)
{
	const struct lens_program *forth = down ? p->edge->down : p->edge->up;
	const struct lens_program *back = down ? p->edge->up : p->edge->down;
	struct cf_error error;
	int rc;

	side_shape(&p->source, catalog, lens_program_inputs(forth));
	side_shape(&p->made, catalog, lens_program_outputs(forth));
	side_shape(&p->back, catalog, lens_program_outputs(back));
	side_shape(&p->other, catalog, lens_program_inputs(back));
	rc = side_generate(p, &p->source, forth, size, &error);
	if (rc == CF_ERR_UNSUPPORTED_OP)
		p->hopeless = true;
	if (rc)
		return ends(rc) ? rc : 0;
	rc = side_apply(p, forth, &p->source, NULL, &p->made, &error);
	if (rc) {
		note(p, down, CANNOT_RUN, &p->source, error.message, error.pointer);
		return ends(rc) ? rc : 0;
	}
	check_valid(p, down);
	rc = side_apply(p, back, &p->made, &p->source, &p->back, &error);
	if (rc)
		note(p, down, CANNOT_GO_BACK, &p->source, error.message, error.pointer);
	else if (!same(&p->back, &p->source))
		note(p, down, LOOKING_CHANGES, &p->source, "", "");
	return rc ? (ends(rc) ? rc : 0) : check_put(p, down, forth, back, size);
}

/* --- telling ---------------------------------------------------------------------------- */

static const char *const words[FAILURES] = {
	[CANNOT_RUN] = "a valid document cannot go",
	[NOT_VALID] = "a valid document becomes an invalid one going",
	[CANNOT_GO_BACK] = "what was made cannot go back, having gone",
	[LOOKING_CHANGES] = "GetPut is broken: there and back changes the document, going",
	[PUT_IS_LOST] = "PutGet is broken: what is put is not seen again, going",
};

static void tell_examples(struct prover *p)
{
	const struct json_file *file = lens_file(p->edge->lens);
	struct json_value ops = json_member(json_file_root(file), STR("lens"));
	unsigned line = json_file_line(file, json_is_absent(ops) ? 0 : ops.node);
	char text[800];

	for (int down = 0; down < 2; down++) {
		for (int i = 0; i < FAILURES; i++) {
			struct example *e = &p->examples[down][i];
			size_t len =
				e->document.len < EXAMPLE_BYTES ? e->document.len : EXAMPLE_BYTES;

			if (!e->found)
				continue;
			(void)snprintf(text, sizeof(text), "%s %s%s%s: %.*s%s", words[i],
				       down ? "down" : "up", e->message[0] ? ": " : "", e->message,
				       (int)len, len ? e->document.ptr : "",
				       len < e->document.len ? "..." : "");
			checker_tell(p->checker, false, file->path, line, str_of(text));
		}
	}
	if (p->hopeless)
		checker_tell(p->checker, true, file->path, line,
			     STR("no valid document of a schema could be made: the laws are "
				 "not proven"));
}

static int prove(struct prover *p, const struct catalog *catalog)
{
	unsigned runs = p->checker->args->runs;
	int rc = 0;

	for (unsigned i = 0; i < runs && rc == 0; i++) {
		unsigned size = (unsigned)((uint64_t)i * 100 / runs);

		rc = try_once(p, catalog, false, size);
		if (rc == 0)
			rc = try_once(p, catalog, true, size);
	}
	return rc;
}

int check_laws(struct checker *checker, const struct catalog *catalog,
	       const struct catalog_edge *edge, struct cf_error *error)
{
	const struct cf_mem *mem = checker->mem;
	struct prover *p;
	int rc;

	if (lens_program_inputs(edge->up).count > PLACES_MAX ||
	    lens_program_outputs(edge->up).count > PLACES_MAX)
		return 0;
	p = mem_calloc(mem, 1, sizeof(*p));
	if (!p)
		return error_nomem(error);
	p->checker = checker;
	p->edge = edge;
	p->rng.state = checker->args->seed;
	p->worker = lens_worker_new(mem);
	side_init(&p->source, mem);
	side_init(&p->made, mem);
	side_init(&p->back, mem);
	side_init(&p->other, mem);
	for (int i = 0; i < 2 * FAILURES; i++)
		buf_init(&p->examples[i / FAILURES][i % FAILURES].document, mem);
	rc = p->worker ? prove(p, catalog) : CF_ERR_NOMEM;
	if (rc == 0)
		tell_examples(p);
	for (int i = 0; i < 2 * FAILURES; i++)
		buf_fini(&p->examples[i / FAILURES][i % FAILURES].document);
	side_fini(&p->other);
	side_fini(&p->back);
	side_fini(&p->made);
	side_fini(&p->source);
	lens_worker_free(p->worker);
	mem_free(mem, p);
	return rc ? error_nomem(error) : 0;
}
