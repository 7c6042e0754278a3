/* Records in the control store. The stage moves by compare-and-set alone; progress is one
 * writer's, and the last word counts. */
#include "move/inside.h"

#include <inttypes.h>
#include <stdio.h>

/* NAME, or NAME/WHAT. */
static struct cf_str id_of(struct cf_move *m, const char *what)
{
	return arena_printf(&m->arena, "%.*s%s%s", STR_ARG(m->config->name), what ? "/" : "",
			    what ? what : "");
}

/* The body's members are read with m->doc. */
static int read_record(struct cf_move *m, const char *what, struct cf_revision *ret,
		       struct cf_error *error)
{
	struct cf_get get = {.id = id_of(m, what)};
	struct cf_record record;
	int rc;

	*ret = (struct cf_revision){0};
	if (!get.id.ptr)
		return error_nomem(error);
	rc = store_get(m->control, &get, 1, CF_READ_BODIES, &m->arena, &record, error);
	if (rc || record.revision_count == 0 || record.revisions[0].deleted)
		return rc ? error_prefix(error, rc, "control") : 0;
	*ret = record.revisions[0];
	rc = json_read(&m->doc, ret->body.ptr, ret->body.len, JSON_READ_DOCUMENT, error);
	return rc ? error_prefix(error, rc, "control: the record of the move is damaged") : 0;
}

uint64_t move_number(struct json_value object, const char *name)
{
	struct json_value value = json_member(object, str_of(name));
	int64_t number = 0;

	if (json_kind(value) != JSON_NUMBER || !json_number_int64(json_span(value), &number) ||
	    number < 0)
		return 0;
	return (uint64_t)number;
}

int move_text(struct cf_move *m, struct json_value object, const char *name, struct cf_str *ret)
{
	struct json_value value = json_member(object, str_of(name));

	*ret = (struct cf_str){NULL, 0};
	if (json_kind(value) != JSON_STRING)
		return 0;
	if (json_decode(value, &m->arena, ret))
		return CF_ERR_NOMEM;
	*ret = arena_dup(&m->arena, *ret);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

/* --- the control record ------------------------------------------------------------ */

static int read_instances(struct cf_move *m, struct json_value list, struct move_control *ret)
{
	struct json_iter it = json_iter(list);

	while (json_next(&it) && ret->instance_count < MOVE_INSTANCES_MAX) {
		struct move_instance *one = &ret->instances[ret->instance_count];
		struct json_value name = json_member(it.value, STR("name"));

		if (json_kind(name) != JSON_STRING || json_decode(name, &m->arena, &one->name))
			continue;
		one->name = arena_dup(&m->arena, one->name);
		if (!one->name.ptr)
			return CF_ERR_NOMEM;
		one->confirmed = move_number(it.value, "confirmed");
		one->seen_ms = (int64_t)move_number(it.value, "seen_ms");
		one->job = json_kind(json_member(it.value, STR("job"))) == JSON_TRUE;
		ret->instance_count++;
	}
	return 0;
}

int move_control_read(struct cf_move *m, struct move_control *ret, struct cf_error *error)
{
	struct cf_revision revision;
	struct json_value root;
	struct cf_str name;
	int rc = read_record(m, NULL, &revision, error);

	*ret = (struct move_control){0};
	if (rc || !revision.rev.ptr)
		return rc;
	root = json_root(&m->doc);
	ret->rev = revision.rev;
	ret->step = move_number(root, "step");
	ret->gate = (unsigned)move_number(root, "gate");
	ret->target = (unsigned)move_number(root, "target");
	ret->phase =
		move_number(root, "phase") > MOVE_HELD ? MOVE_HELD : move_number(root, "phase");
	ret->require = json_kind(json_member(root, STR("require_both"))) == JSON_TRUE
			       ? CF_REQUIRE_BOTH
			       : CF_REQUIRE_AUTHORITY;
	ret->both_step = move_number(root, "both_step");
	ret->since_ms = (int64_t)move_number(root, "since_ms");
	ret->compare_all = json_kind(json_member(root, STR("compare_all"))) == JSON_TRUE;
	root = json_member(root, STR("stage"));
	if (json_kind(root) != JSON_STRING || json_decode(root, &m->arena, &name))
		return error_set(error, CF_ERR_NEWER,
				 "control: the record of the move has no stage");
	name = arena_dup(&m->arena, name);
	if (!name.ptr)
		return error_nomem(error);
	if (!cf_stage_find(name.ptr, &ret->stage))
		return error_set(error, CF_ERR_NEWER, "control: unknown stage \"%s\"", name.ptr);
	return read_instances(m, json_member(json_root(&m->doc), STR("instances")), ret)
		       ? error_nomem(error)
		       : 0;
}

int move_control_need(struct cf_move *m, struct move_control *ret, struct cf_error *error)
{
	int rc = move_control_read(m, ret, error);

	if (rc == 0 && !ret->rev.len)
		rc = error_set(error, CF_ERR_PRECONDITION,
			       "the move \"%.*s\" has not been started (move start)",
			       STR_ARG(m->config->name));
	return rc;
}

static int write_body(const struct move_control *control, struct cf_buf *out)
{
	buf_clear(out);
	buf_printf(out,
		   "{\"stage\":\"%s\",\"step\":%" PRIu64 ",\"gate\":%u,\"phase\":%u,\"target\":%u"
		   ",\"require_both\":%s,\"both_step\":%" PRIu64 ",\"since_ms\":%" PRId64
		   ",\"compare_all\":%s,\"instances\":[",
		   cf_stage_info(control->stage)->name, control->step, control->gate,
		   (unsigned)control->phase, control->target,
		   control->require == CF_REQUIRE_BOTH ? "true" : "false", control->both_step,
		   control->since_ms, control->compare_all ? "true" : "false");
	for (size_t i = 0; i < control->instance_count; i++) {
		const struct move_instance *one = &control->instances[i];

		buf_str(out, i ? STR(",{\"name\":") : STR("{\"name\":"));
		json_write_string(one->name, out);
		buf_printf(out, ",\"confirmed\":%" PRIu64 ",\"seen_ms\":%" PRId64 "%s}",
			   one->confirmed, one->seen_ms, one->job ? ",\"job\":true" : "");
	}
	return buf_str(out, STR("]}"));
}

int move_control_write(struct cf_move *m, struct move_control *control, struct cf_error *error)
{
	struct cf_put put = {.id = id_of(m, NULL),
			     .kind = control->rev.len ? CF_PUT_ON_REV : CF_PUT_ABSENT,
			     .rev = control->rev};
	struct cf_answer answer = {0};
	int rc = write_body(control, &m->buf);

	put.body = buf_view(&m->buf);
	if (rc || !put.id.ptr)
		return error_nomem(error);
	rc = store_put(m->control, &put, 1, &m->arena, &answer, error);
	if (rc)
		return error_prefix(error, rc, "control");
	if (answer.code)
		return error_set(error, CF_ERR_PRECONDITION,
				 "somebody else has changed the move in the meantime: look at its "
				 "status, and try again");
	control->rev = answer.rev;
	return 0;
}

static struct move_instance *find_instance(struct move_control *control, struct cf_str name)
{
	for (size_t i = 0; i < control->instance_count; i++)
		if (str_equal(control->instances[i].name, name))
			return &control->instances[i];
	return NULL;
}

struct move_instance *move_control_instance(struct move_control *control, const char *instance)
{
	return find_instance(control, str_of(instance));
}

const struct move_instance *move_control_late(const struct move_control *control)
{
	for (size_t i = 0; i < control->instance_count; i++)
		if (!control->instances[i].job && control->instances[i].confirmed != control->step)
			return &control->instances[i];
	return NULL;
}

int move_control_join(struct cf_move *m, struct move_control *control,
		      const struct move_instance *instance, struct cf_error *error)
{
	int rc;

	do {
		struct move_instance *own;

		rc = move_control_need(m, control, error);
		if (rc)
			return rc;
		if (instance->job && control->phase != MOVE_NO_PHASE)
			return error_set(error, CF_ERR_PRECONDITION,
					 "keys are handed over at this moment: try again");
		own = find_instance(control, instance->name);
		if (!own && control->instance_count == MOVE_INSTANCES_MAX)
			return error_set(error, CF_ERR_LIMIT, "more than %d instances",
					 MOVE_INSTANCES_MAX);
		if (!own)
			own = &control->instances[control->instance_count++];
		*own = *instance;
		if (own->confirmed)
			own->confirmed = control->step;
		own->seen_ms = m->env.now_ms(m->env.ctx);
		rc = move_control_write(m, control, error);
	} while (rc == CF_ERR_PRECONDITION);
	return rc;
}

int move_control_remove(struct cf_move *m, const char *instance, struct cf_error *error)
{
	struct move_control control;
	struct move_instance *one;
	int rc;

	do {
		rc = move_control_need(m, &control, error);
		if (rc)
			return rc;
		one = move_control_instance(&control, instance);
		if (!one)
			return error_set(error, CF_ERR_NOT_FOUND, "there is no instance \"%s\"",
					 instance);
		*one = control.instances[--control.instance_count];
		rc = move_control_write(m, &control, error);
	} while (rc == CF_ERR_PRECONDITION);
	return rc;
}

/* --- other records ------------------------------------------------------------------- */

int move_state_read(struct cf_move *m, const char *what, struct json_value *ret,
		    struct cf_error *error)
{
	struct cf_revision revision;
	int rc = read_record(m, what, &revision, error);

	*ret = rc || !revision.rev.ptr ? JSON_ABSENT : json_root(&m->doc);
	return rc;
}

int move_state_write(struct cf_move *m, const char *what, struct cf_str body,
		     struct cf_error *error)
{
	struct cf_put put = {.id = id_of(m, what), .body = body};
	struct cf_answer answer = {0};
	int rc = put.id.ptr && body.ptr ? store_put(m->control, &put, 1, &m->arena, &answer, error)
					: error_nomem(error);

	if (rc == 0 && answer.code)
		rc = error_set(error, answer.code, "%.*s", STR_ARG(answer.message));
	return rc ? error_prefix(error, rc, "control") : 0;
}

/* --- the log -------------------------------------------------------------------------- */

int move_log(struct cf_move *m, const char *who, struct cf_error *error, const char *format, ...)
{
	int64_t now = m->env.now_ms(m->env.ctx);
	char text[300], what[64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(what, sizeof(what), "log/%015" PRId64 "-%08" PRIx32, now,
		 (uint32_t)m->env.random(m->env.ctx));
	buf_clear(&m->buf);
	buf_printf(&m->buf, "{\"at_ms\":%" PRId64 ",\"who\":", now);
	json_write_string(str_of(who ? who : "?"), &m->buf);
	buf_str(&m->buf, STR(",\"what\":"));
	json_write_string(str_of(text), &m->buf);
	if (buf_byte(&m->buf, '}'))
		return error_nomem(error);
	return move_state_write(m, what, buf_view(&m->buf), error);
}

static int tell_entry(struct cf_move *m, const struct cf_record *record,
		      void (*each)(void *ctx, const struct cf_move_entry *entry), void *ctx)
{
	struct cf_str body = record->revisions[0].body;
	struct cf_move_entry entry = {0};
	struct json_value root, who, what;

	if (json_read(&m->doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL))
		return 0;
	root = json_root(&m->doc);
	who = json_member(root, STR("who"));
	what = json_member(root, STR("what"));
	if (json_kind(who) != JSON_STRING || json_kind(what) != JSON_STRING)
		return 0;
	entry.at_ms = (int64_t)move_number(root, "at_ms");
	if (json_decode(who, &m->arena, &entry.who) || json_decode(what, &m->arena, &entry.what))
		return CF_ERR_NOMEM;
	each(ctx, &entry);
	return 0;
}

int cf_move_log(struct cf_move *m, void (*each)(void *ctx, const struct cf_move_entry *entry),
		void *ctx, struct cf_error *error)
{
	struct cf_scan scan = {.limit = 500, .flags = CF_READ_BODIES};
	struct cf_record *records;
	size_t count = scan.limit;
	int rc = 0;

	arena_reset(&m->arena);
	scan.prefix = id_of(m, "log/");
	while (rc == 0 && count == scan.limit) {
		rc = scan.prefix.ptr
			     ? store_scan(m->control, &scan, &m->arena, &records, &count, error)
			     : error_nomem(error);
		for (size_t i = 0; i < count && rc == 0; i++)
			rc = tell_entry(m, &records[i], each, ctx) ? error_nomem(error) : 0;
		if (rc == 0 && count)
			scan.after = records[count - 1].id;
	}
	return rc;
}

/* --- starting ------------------------------------------------------------------------- */

static int check_empty(struct cf_move *m, struct cf_error *error)
{
	struct cf_walk walk = {.limit = 1};
	struct cf_record *records;
	size_t count = 0;
	int rc;

	do {
		rc = store_walk(m->new_store, &walk, &m->arena, &records, &count, &walk.cursor,
				error);
	} while (rc == 0 && count == 0 && walk.cursor.len);
	if (rc == 0 && count)
		rc = error_set(
			error, CF_ERR_PRECONDITION,
			"the new store is not empty (it has \"%.*s\"): empty it, or have all "
			"compared and what is extra deleted (--compare-all)",
			STR_ARG(records[0].id));
	return rc;
}

int cf_move_start(struct cf_move *m, bool compare_all, const char *who, struct cf_error *error)
{
	struct move_control control;
	int rc;

	arena_reset(&m->arena);
	rc = move_control_read(m, &control, error);
	if (rc == 0 && control.rev.len)
		rc = error_set(error, CF_ERR_PRECONDITION,
			       "the move \"%.*s\" was started before, and is at stage %s",
			       STR_ARG(m->config->name), cf_stage_info(control.stage)->name);
	if (rc == 0 && m->config->guarantee == CF_GUARANTEE_INTENT)
		for (size_t i = 0; i < m->note_count && rc == 0; i++)
			if (memmem(m->notes[i].ptr, m->notes[i].len, "only `guarantee", 15))
				rc = error_set(error, CF_ERR_PRECONDITION, "%.*s",
					       STR_ARG(m->notes[i]));
	if (rc == 0 && m->config->require == CF_REQUIRE_BOTH)
		rc = move_check_both(m, error);
	if (rc == 0 && !compare_all)
		rc = check_empty(m, error);
	if (rc)
		return rc;
	control = (struct move_control){.stage = CF_STAGE_OFF,
					.require = m->config->require,
					.step = 1,
					.since_ms = m->env.now_ms(m->env.ctx),
					.compare_all = compare_all};
	rc = move_control_write(m, &control, error);
	return rc ? rc : move_log(m, who, error, "start");
}
