/* One document becomes several, and back. A part's fields are those of its
 * document without what says what it is; those are kept by lens_apply. */
#include "lens/program.h"

static struct work_value member_of(struct work_value *value, const struct op_name *name)
{
	struct work_member *member =
		value->kind == WORK_OBJECT ? work_find(value->object, name) : NULL;

	return member ? member->value : WORK_NOTHING;
}

static int nomem(struct run *run)
{
	return error_nomem(run->error);
}

/* The text of a key inside quotes: of a string as it stands, of others their JSON. */
static int raw_key(struct run *run, const struct work_value *value, struct cf_str *ret)
{
	struct json_value json;

	if (work_value_of(&run->worker->memory, value, &json))
		return nomem(run);
	*ret = json_is_absent(json)             ? (struct cf_str){NULL, 0}
	       : json_kind(json) == JSON_STRING ? json_inner(json)
						: json_span(json);
	return 0;
}

/* --- keys ------------------------------------------------------------------------------ */

/* XXH3-128 over the key fields' JSON, one a line; strings with the escapes that
 * JSON demands and no others. */
static int hash_key(struct run *run, const struct step *step, struct work_value *part, char out[33])
{
	struct lens_worker *worker = run->worker;
	struct cf_buf text;
	int rc = 0;

	buf_init(&text, worker->mem);
	for (size_t i = 0; i < step->op->key_count && rc == 0; i++) {
		struct work_value field = member_of(part, &step->op->key_names[i]);
		struct json_value json;
		struct cf_str decoded;

		rc = work_value_of(&worker->memory, &field, &json);
		if (i)
			buf_byte(&text, '\n');
		if (rc || json_is_absent(json))
			continue;
		if (json_kind(json) == JSON_STRING) {
			rc = json_decode(json, &worker->memory.arena, &decoded);
			json_write_string(decoded, &text);
		} else {
			json_write_compact(json, &text);
		}
	}
	if (rc == 0 && !text.failed)
		hash128_hex(hash128(buf_view(&text)), out);
	else
		rc = nomem(run);
	buf_fini(&text);
	return rc;
}

static int make_key(struct run *run, const struct step *step, struct work_value *part,
		    const char *constant, struct cf_str *ret)
{
	struct lens_worker *worker = run->worker;
	struct work_value field;
	char key[33];
	int rc;

	if (!step->op->key_hashed) {
		field = member_of(part, &step->op->key_names[0]);
		rc = raw_key(run, &field, ret);
		if (rc == 0 && ret->len == 0)
			rc = step_error(run, step, CF_ERR_INVALID, &step->op->key_names[0],
					"the field that gives the key is absent or empty");
		return rc;
	}
	if (constant && constant == worker->hashed_text) {
		*ret = arena_dup(&worker->memory.arena, str_of(worker->hashed_key));
		return ret->ptr ? 0 : nomem(run);
	}
	rc = hash_key(run, step, part, key);
	if (rc)
		return rc;
	if (constant) {
		worker->hashed_text = constant;
		memcpy(worker->hashed_key, key, sizeof(key));
	}
	*ret = arena_dup(&worker->memory.arena, str_of(key));
	return ret->ptr ? 0 : nomem(run);
}

static bool key_unchanged(struct run *run, const struct step *step, struct work_value *part,
			  struct work_value *base)
{
	for (size_t i = 0; i < step->op->key_count; i++) {
		struct work_value a = member_of(part, &step->op->key_names[i]);
		struct work_value b = member_of(base, &step->op->key_names[i]);

		if (!work_equal(run, &a, &b))
			return false;
	}
	return true;
}

/* Chooses the key, writes the reference into the main document. */
static int refer(struct run *run, const struct step *step, struct work_object *main,
		 struct work_value *part, const char *constant, const struct complement *complement)
{
	struct cf_str old = {NULL, 0}, key, quoted;
	struct work_value base = complement ? complement->value : WORK_NOTHING;
	int rc = complement ? raw_key(run, &complement->second, &old) : 0;

	if (rc)
		return rc;
	if (old.len && base.kind == WORK_OBJECT && key_unchanged(run, step, part, &base)) {
		run->keys[step->part] = old;
		return work_append(&run->worker->memory, main, &step->op->reference,
				   complement->second)
			       ? nomem(run)
			       : 0;
	}
	rc = make_key(run, step, part, constant, &key);
	if (rc)
		return rc;
	run->keys[step->part] = key;
	run->repointed[step->part] = old.len && !str_equal(old, key);
	quoted = arena_printf(&run->worker->memory.arena, "\"%.*s\"", STR_ARG(key));
	if (!quoted.ptr ||
	    work_append(&run->worker->memory, main, &step->op->reference, work_text(quoted)))
		return nomem(run);
	return 0;
}

/* --- extract ------------------------------------------------------------------------------ */

static int take_host(struct run *run, const struct step *step, struct work_object *main,
		     struct work_value *ret, const char **ret_constant)
{
	struct work_value host = work_take(main, &step->op->host);
	enum json_kind kind = work_json_kind(&host);

	if (kind == 0 || kind == JSON_NULL) {
		host = work_text(step->op->fallback);
		if (host.kind == WORK_ABSENT) {
			*ret = host;
			return 0;
		}
	} else if (kind != JSON_OBJECT) {
		return step_error(run, step, CF_ERR_INVALID, &step->op->host,
				  "an object is expected here");
	}
	/* A constant part (from `add`, or the default) has a constant key. */
	*ret_constant = host.kind == WORK_TEXT ? host.text.ptr : NULL;
	*ret = host;
	return work_open(&run->worker->memory, ret) ? nomem(run) : 0;
}

static int take_names(struct run *run, const struct step *step, struct work_object *main,
		      const struct complement *complement, struct work_value *ret)
{
	bool any = false;
	int rc;

	if (complement && complement->value.kind == WORK_OBJECT)
		rc = work_copy(&run->worker->memory, &complement->value, ret);
	else
		rc = work_new_object(&run->worker->memory, ret);
	any = rc == 0 && ret->object->count > 0;
	for (size_t i = 0; i < step->op->pair_count && rc == 0; i++) {
		struct work_value value = work_take(main, &step->op->pairs[i].main);
		struct work_member *there = work_find(ret->object, &step->op->pairs[i].part);

		any = any || value.kind != WORK_ABSENT;
		if (there && value.kind != WORK_ABSENT) {
			there->value = value;
			there->untouched = false;
		} else if (there) {
			(void)work_take(ret->object, &step->op->pairs[i].part);
		} else if (value.kind != WORK_ABSENT) {
			rc = work_append(&run->worker->memory, ret->object,
					 &step->op->pairs[i].part, value);
		}
	}
	if (!any)
		*ret = WORK_NOTHING;
	return rc ? nomem(run) : 0;
}

int extract_forward(struct run *run, const struct step *step, struct work_value *value,
		    const struct complement *complement)
{
	struct work_object *main = value->object;
	const char *constant = NULL;
	struct work_value part;
	int rc = step->op->host.decoded.ptr ? take_host(run, step, main, &part, &constant)
					    : take_names(run, step, main, complement, &part);

	if (rc)
		return rc;
	run->outputs[step->part] = part;
	if (part.kind == WORK_ABSENT || !step->op->shared)
		return 0;
	return refer(run, step, main, &part, constant, complement);
}

int extract_backward(struct run *run, const struct step *step, struct work_value *value,
		     struct complement *complement)
{
	struct work_memory *memory = &run->worker->memory;
	struct work_value part = run->bases ? run->bases[step->part] : WORK_NOTHING, copy;
	struct work_value reference = WORK_NOTHING;
	int rc = work_json_kind(value) == JSON_OBJECT ? work_open(memory, value) : 0;

	if (rc || value->kind != WORK_OBJECT)
		return rc;
	if (step->op->shared)
		reference = work_take(value->object, &step->op->reference);
	if (complement) {
		complement->there = true;
		complement->second = reference;
		rc = work_copy(memory, &part, &complement->value);
	}
	if (rc || part.kind != WORK_OBJECT)
		return rc;
	if (step->op->host.decoded.ptr) {
		rc = work_copy(memory, &part, &copy);
		return rc ? rc : work_append(memory, value->object, &step->op->host, copy);
	}
	for (size_t i = 0; i < step->op->pair_count && rc == 0; i++) {
		struct work_value field = member_of(&part, &step->op->pairs[i].part);

		if (field.kind != WORK_ABSENT)
			rc = work_append(memory, value->object, &step->op->pairs[i].main, field);
	}
	return rc;
}

/* --- embed ----------------------------------------------------------------------------------- */

static int missing_part(struct run *run, const struct step *step)
{
	const struct lens_place *place = &run->program->inputs[step->part];

	return step_error(run, step, CF_ERR_INCOMPLETE, NULL, "its %.*s@%u has not arrived",
			  STR_ARG(place->type), place->major);
}

/* The default that stood for a part that was not there stays away. */
static bool stays_away(struct run *run, const struct step *step, struct work_value *part,
		       const struct complement *complement)
{
	struct work_value fallback = work_text(step->op->fallback);

	return complement && complement->there && complement->value.kind == WORK_ABSENT &&
	       fallback.kind != WORK_ABSENT && work_equal(run, part, &fallback);
}

int embed_forward(struct run *run, const struct step *step, struct work_value *value,
		  const struct complement *complement)
{
	struct work_memory *memory = &run->worker->memory;
	struct work_object *main = value->object;
	struct work_value part = run->inputs[step->part], copy;
	int rc = 0;

	if (step->op->shared && work_take(main, &step->op->reference).kind == WORK_ABSENT)
		return 0;
	if (part.kind != WORK_OBJECT)
		return missing_part(run, step);
	if (work_copy(memory, &part, &copy))
		return nomem(run);
	if (step->op->host.decoded.ptr) {
		if (stays_away(run, step, &part, complement))
			return 0;
		return work_append(memory, main, &step->op->host, copy) ? nomem(run) : 0;
	}
	for (size_t i = 0; i < step->op->pair_count && rc == 0; i++) {
		struct work_value field = member_of(&copy, &step->op->pairs[i].part);

		if (field.kind != WORK_ABSENT)
			rc = work_append(memory, main, &step->op->pairs[i].main, field);
	}
	return rc ? nomem(run) : 0;
}

int embed_backward(struct run *run, const struct step *step, struct work_value *value,
		   struct complement *complement)
{
	int rc = work_json_kind(value) == JSON_OBJECT ? work_open(&run->worker->memory, value) : 0;

	if (rc || value->kind != WORK_OBJECT)
		return rc;
	if (complement)
		complement->there = true;
	if (step->op->host.decoded.ptr) {
		struct work_value host = work_take(value->object, &step->op->host);

		if (complement)
			complement->value = host;
		return 0;
	}
	for (size_t i = 0; i < step->op->pair_count; i++)
		(void)work_take(value->object, &step->op->pairs[i].main);
	return 0;
}
