/* The laws of a lens, tried on generated documents: what is valid goes to what is
 * valid, looking changes nothing (GetPut), what is put is seen again (PutGet), and an
 * edit changes only what belongs to it (Locality). Of each kind of failure the
 * smallest document is told. */
#include "catalog/prove.h"

#include <stdio.h>

enum failure { CANNOT_RUN, NOT_VALID, CANNOT_GO_BACK, LOOKING_CHANGES, PUT_IS_LOST, FAILURES };

struct prover {
	struct bench *bench;
	const struct catalog_edge *edge;
	struct locality *locality;
	struct side source, made, back, other;
	struct cf_buf kept, tried;
	struct example examples[2][FAILURES]; /* up, down */
	bool found;                           /* in this try */
};

/* --- failures -------------------------------------------------------------------------- */

/* The example that it is kept as; NULL: a smaller one is there. */
static struct example *note(struct prover *p, bool down, enum failure failure,
			    struct exhibit exhibit)
{
	struct example *example = &p->examples[down][failure];

	p->found = true;
	exhibit.sides[CATALOG_SHOWN_DOCUMENT] = &p->source;
	return example_note(example, &exhibit) ? example : NULL;
}

/* An op's own error names its line. */
static void note_error(struct prover *p, bool down, enum failure failure,
		       const struct cf_error *error)
{
	bool own = strcmp(error->file, lens_file(p->edge->lens)->path) == 0;
	struct exhibit exhibit = {.message = error->message, .pointer = error->pointer};
	struct example *example;

	if (failure == CANNOT_GO_BACK)
		exhibit.sides[CATALOG_SHOWN_MADE] = &p->made;
	example = note(p, down, failure, exhibit);
	if (example && own)
		example->line = error->line;
}

/* The op that made what is refused, or, where a member is missing, would have made that. */
static unsigned invalid_line(const struct prover *p, bool down, size_t place,
			     const struct cf_error *error)
{
	static const char missing[] = "must have the member \"";
	const char *name = strstr(error->message, missing);
	struct cf_buf pointer;
	unsigned line;

	buf_init(&pointer, p->bench->checker->mem);
	(void)buf_str(&pointer, str_of(error->pointer));
	if (name == error->message) {
		name += sizeof(missing) - 1;
		(void)json_pointer_push(&pointer, (struct cf_str){name, strcspn(name, "\"")});
	}
	line = lens_blame(p->edge->lens, down, place, buf_view(&pointer));
	buf_fini(&pointer);
	return line;
}

static void say_if_none(struct example *example)
{
	if (!example->line)
		(void)buf_str(&example->message, STR(", which no op of the lens makes"));
}

/* A value that its schema refuses is the fault of the op that made it. */
static void note_invalid(struct prover *p, bool down, size_t made, const struct cf_error *error)
{
	const struct lens *lens = p->edge->lens;
	struct lens_side side = down ? lens_older(lens) : lens_newer(lens);
	const struct lens_place *place = &p->made.places.places[made];
	struct exhibit exhibit = {.message = error->message,
				  .pointer = error->pointer,
				  .sides = {[CATALOG_SHOWN_CAME] = &p->made}};
	struct example *example = note(p, down, NOT_VALID, exhibit);
	size_t i = 0;

	while (i < side.count && !(str_equal(side.places[i].type, place->type) &&
				   side.places[i].major == place->major))
		i++;
	if (example && i < side.count)
		example->line = invalid_line(p, down, i, error);
	if (example)
		say_if_none(example);
}

/* What came back is not what was there; `other`: into which it was put, or NULL. */
static void note_changed(struct prover *p, bool down, const struct side *other)
{
	struct exhibit exhibit = {.message = "",
				  .pointer = "",
				  .sides = {[CATALOG_SHOWN_OVER] = other,
					    [CATALOG_SHOWN_MADE] = &p->made,
					    [CATALOG_SHOWN_CAME] = &p->back,
					    [CATALOG_SHOWN_WANTED] = &p->source}};
	struct example *example = note(p, down, other ? PUT_IS_LOST : LOOKING_CHANGES, exhibit);

	if (!example)
		return;
	example->line = fault_line(p->bench, p->edge, down, &p->source, other);
	say_if_none(example);
}

static int generate(struct prover *p, struct side *side, const struct lens_program *program,
		    unsigned size, struct cf_error *error)
{
	int rc = side_generate(p->bench, side, program, size, error);

	return rc || !p->bench->words ? rc : words_put(p->bench->words, side, error);
}

/* What is put over another document must be seen again from there. */
static int check_put(struct prover *p, bool down, const struct lens_program *forth,
		     const struct lens_program *back, unsigned size)
{
	struct cf_error error = {0};
	int rc = generate(p, &p->other, back, size, &error);

	if (rc == 0 && p->bench->words)
		rc = words_mingle(p->bench->words, &p->other, &p->made, &error);
	if (rc == 0)
		rc = side_apply(p->bench, forth, &p->source, &p->other, &p->made, &error);
	if (rc == 0)
		rc = side_apply(p->bench, back, &p->made, &p->source, &p->back, &error);
	if (rc == 0 && !side_same(&p->back, &p->source))
		note_changed(p, down, &p->other);
	return proof_ends(rc) ? rc : 0;
}

/* From p->source there and back. */
static int examine(struct prover *p, bool down)
{
	const struct lens_program *forth = down ? p->edge->down : p->edge->up;
	const struct lens_program *back = down ? p->edge->up : p->edge->down;
	struct cf_error error = {0};
	size_t invalid;
	int rc = side_apply(p->bench, forth, &p->source, NULL, &p->made, &error);

	if (rc) {
		note_error(p, down, CANNOT_RUN, &error);
		return rc;
	}
	invalid = side_invalid(&p->made, &error);
	if (invalid < p->made.count)
		note_invalid(p, down, invalid, &error);
	rc = side_apply(p->bench, back, &p->made, &p->source, &p->back, &error);
	if (rc)
		note_error(p, down, CANNOT_GO_BACK, &error);
	else if (!side_same(&p->back, &p->source))
		note_changed(p, down, NULL);
	return rc;
}

/* Whether the document refers to each shared part that is there: one that nobody refers to
 * is no part of it, and goes on no way. */
static bool refers_to_parts(struct prover *p, const struct lens_program *forth)
{
	struct cf_error error;
	struct cf_str key;

	for (size_t i = 1; i < p->source.count; i++) {
		if (p->source.places.places[i].tie != LENS_SHARED ||
		    json_is_absent(p->source.values[i]))
			continue;
		if (lens_reference(p->bench->worker, forth, i, p->source.values[0], &key, &error) ||
		    !key.len)
			return false;
	}
	return true;
}

/* Members go while the document is valid and something is still wrong. */
static int shrink(struct prover *p, bool down)
{
	const struct lens_program *forth = down ? p->edge->down : p->edge->up;
	struct cf_error error = {0};
	uint32_t i = 0;
	int rc = 0;

	/* Elements of an array have no names, so nothing of it could go. */
	if (json_kind(p->source.values[0]) != JSON_OBJECT)
		return 0;
	while (p->source.majors[0] && rc == 0 && i < json_count(p->source.values[0])) {
		buf_clear(&p->kept);
		rc = buf_str(&p->kept, buf_view(&p->source.texts[0]))
			     ? CF_ERR_NOMEM
			     : side_without(&p->source, 0, i, JSON_ABSENT, &p->tried);
		if (rc == 0)
			rc = side_set(&p->source, 0, buf_view(&p->tried), &error);
		p->found = false;
		if (rc == 0 && side_valid(&p->source, 0, &error) == 0 && refers_to_parts(p, forth))
			rc = examine(p, down);
		rc = proof_ends(rc) ? rc : 0;
		if (rc == 0 && !p->found) {
			rc = side_set(&p->source, 0, buf_view(&p->kept), &error);
			i++;
		}
	}
	return rc;
}

static int try_once(struct prover *p, bool down, unsigned size)
{
	const struct catalog *catalog = p->bench->catalog;
	const struct lens_program *forth = down ? p->edge->down : p->edge->up;
	const struct lens_program *back = down ? p->edge->up : p->edge->down;
	struct cf_error error = {0};
	int rc;

	side_shape(&p->source, catalog, lens_program_inputs(forth));
	side_shape(&p->made, catalog, lens_program_outputs(forth));
	side_shape(&p->back, catalog, lens_program_outputs(back));
	side_shape(&p->other, catalog, lens_program_inputs(back));
	rc = generate(p, &p->source, forth, size, &error);
	if (rc)
		return proof_ends(rc) ? rc : 0;
	p->found = false;
	rc = examine(p, down);
	if (rc == 0 && !p->found)
		rc = locality_try(p->locality, down, &p->source, &p->made, size);
	if (rc == 0)
		rc = check_put(p, down, forth, back, size);
	if (p->found && !proof_ends(rc))
		rc = shrink(p, down);
	return proof_ends(rc) ? rc : 0;
}

/* --- telling ---------------------------------------------------------------------------- */

static const struct {
	const char *before, *behind; /* up or down */
} words[FAILURES] = {
	[CANNOT_RUN] = {"a valid document cannot go", ": "},
	[NOT_VALID] = {"a valid document becomes an invalid one going", ": "},
	[CANNOT_GO_BACK] = {"a valid document cannot come back, having gone", ": "},
	[LOOKING_CHANGES] = {"GetPut is broken going", ": there and back changes the document"},
	[PUT_IS_LOST] = {"PutGet is broken going",
			 ": what was put into another document is read again as something else"},
};

static void tell_examples(struct prover *p)
{
	char what[200];

	for (int i = 0; i < 2 * FAILURES; i++) {
		bool down = i >= FAILURES;

		(void)snprintf(what, sizeof(what), "%s %s%s", words[i % FAILURES].before,
			       down ? "down" : "up", words[i % FAILURES].behind);
		example_tell(&p->examples[down][i % FAILURES], p->bench->checker, p->edge->lens,
			     what);
	}
	locality_tell(p->locality);
}

static int prove(struct prover *p)
{
	unsigned runs = p->bench->checker->args->runs;
	int rc = 0;

	for (unsigned i = 0; i < runs && rc == 0; i++) {
		unsigned size = (unsigned)((uint64_t)i * 100 / runs);

		rc = try_once(p, false, size);
		if (rc == 0)
			rc = try_once(p, true, size);
	}
	return rc;
}

int check_laws(struct bench *bench, const struct catalog_edge *edge)
{
	const struct cf_mem *mem = bench->checker->mem;
	struct prover *p;
	int rc;

	if (lens_program_inputs(edge->up).count > PLACES_MAX ||
	    lens_program_outputs(edge->up).count > PLACES_MAX)
		return 0;
	p = mem_calloc(mem, 1, sizeof(*p));
	if (!p)
		return CF_ERR_NOMEM;
	p->bench = bench;
	p->edge = edge;
	p->locality = locality_new(bench, edge);
	side_init(&p->source, mem);
	side_init(&p->made, mem);
	side_init(&p->back, mem);
	side_init(&p->other, mem);
	buf_init(&p->kept, mem);
	buf_init(&p->tried, mem);
	for (int i = 0; i < 2 * FAILURES; i++)
		example_init(&p->examples[i / FAILURES][i % FAILURES], mem);
	rc = p->locality ? prove(p) : CF_ERR_NOMEM;
	if (rc == 0)
		tell_examples(p);
	for (int i = 0; i < 2 * FAILURES; i++)
		example_fini(&p->examples[i / FAILURES][i % FAILURES]);
	buf_fini(&p->tried);
	buf_fini(&p->kept);
	side_fini(&p->other);
	side_fini(&p->back);
	side_fini(&p->made);
	side_fini(&p->source);
	locality_free(p->locality);
	mem_free(mem, p);
	return rc;
}
