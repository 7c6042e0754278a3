/* One record: what the new store is to hold of it, and making it so. */
#include "move/inside.h"

/* Turns until two stores that change all the time are said to differ. */
enum { TURNS = 8 };

/* --- where and drop ---------------------------------------------------------------------- */

static bool is_dropped(const struct cf_move *m, struct json_value name)
{
	for (size_t i = 0; i < m->config->drop_count; i++)
		if (json_name_is(name, m->config->drop[i]))
			return true;
	return false;
}

/* Members that are dropped, or those that are not. */
static void write_members(struct cf_move *m, bool dropped)
{
	struct json_iter it = json_iter(json_root(&m->doc));

	while (json_next(&it)) {
		if (is_dropped(m, it.name) != dropped)
			continue;
		if (m->buf.len > 1)
			buf_byte(&m->buf, ',');
		json_write(it.name, &m->buf);
		buf_byte(&m->buf, ':');
		json_write(it.value, &m->buf);
	}
}

static int write_end(struct cf_move *m, struct cf_arena *arena, struct cf_str *ret)
{
	if (buf_byte(&m->buf, '}'))
		return CF_ERR_NOMEM;
	*ret = arena_dup(arena, buf_view(&m->buf));
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

static int write_rest(struct cf_move *m, struct cf_arena *arena, struct cf_str *ret)
{
	buf_clear(&m->buf);
	buf_byte(&m->buf, '{');
	write_members(m, false);
	return write_end(m, arena, ret);
}

/* A record of the new store on its way back: with what the old one's has of the members that
 * are dropped. */
static int merge_dropped(struct cf_move *m, struct cf_str body, struct cf_str old_body,
			 struct cf_arena *arena, struct cf_str *ret)
{
	int rc;

	*ret = body;
	if (m->config->drop_count == 0)
		return 0;
	buf_clear(&m->buf);
	buf_byte(&m->buf, '{');
	rc = json_read(&m->doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL);
	if (rc == 0)
		write_members(m, false);
	rc = rc ? rc : json_read(&m->doc, old_body.ptr, old_body.len, JSON_READ_DOCUMENT, NULL);
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	write_members(m, true);
	return write_end(m, arena, ret);
}

static int meets(struct cf_move *m, const struct cf_condition *condition, bool *ret)
{
	struct json_value member = json_member(json_root(&m->doc), condition->member);
	int rc = json_read(&m->other, condition->value.ptr, condition->value.len,
			   JSON_READ_DOCUMENT, NULL);

	*ret = rc == 0 && !json_is_absent(member) && json_equal(member, json_root(&m->other));
	return rc == CF_ERR_NOMEM ? rc : 0;
}

int move_convert(struct cf_move *m, struct cf_str body, struct cf_arena *arena, struct cf_str *ret,
		 bool *ret_left_out)
{
	bool holds = true;
	int rc;

	*ret = body;
	*ret_left_out = false;
	if (m->config->where_count == 0 && m->config->drop_count == 0)
		return 0;
	rc = json_read(&m->doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL);
	/* What cannot be read meets nothing, and the new store says why it refuses it. */
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	for (size_t i = 0; i < m->config->where_count && holds && rc == 0; i++)
		rc = meets(m, &m->config->where[i], &holds);
	*ret_left_out = !holds;
	return rc || !holds || m->config->drop_count == 0 ? rc : write_rest(m, arena, ret);
}

/* --- settling ------------------------------------------------------------------------------ */

/* One side's record, and what it is to be compared by. */
struct side {
	bool exists;
	struct cf_str rev, body;
	int code;
	struct cf_str message;
};

static int read_side(struct cf_move *m, struct cf_store *store, struct cf_str key, struct side *ret,
		     struct cf_error *error)
{
	struct cf_get get = {.id = key};
	struct cf_record record = {0};
	int rc = store_get(store, &get, 1, CF_READ_BODIES, &m->arena, &record, error);

	*ret = (struct side){.code = record.code, .message = record.message};
	if (rc || record.revision_count == 0)
		return rc;
	ret->exists = !record.revisions[0].deleted;
	ret->rev = record.revisions[0].rev;
	ret->body = record.revisions[0].body;
	return 0;
}

/* One turn of settling. */
struct turn {
	struct cf_move *m;
	struct cf_str key;
	struct side from, to; /* the authority, and the other */
	struct cf_put put;    /* what makes the other's record what it should be */
	bool needed;          /* whether it is not so already */
	enum move_settled settled;
	bool unsure; /* the answer to a put was lost */
	struct cf_error *error;
};

/* To the new store: without what `where` and `drop` leave out. */
static int choose_for_new(struct turn *t, bool *ret_left_out)
{
	struct cf_str wanted = {NULL, 0};
	struct cf_difference where;
	enum move_equal equal = MOVE_DIFFERENT;
	int rc = 0;

	if (t->from.exists)
		rc = move_convert(t->m, t->from.body, &t->m->arena, &wanted, ret_left_out);
	if (rc == 0 && t->from.exists && !*ret_left_out && t->to.exists)
		rc = move_compare(t->m, wanted, t->to.body, &equal, &where);
	t->put.body = wanted;
	t->needed = equal == MOVE_DIFFERENT;
	return rc;
}

/* To the old store: what was dropped stays as it is there. */
static int choose_for_old(struct turn *t)
{
	struct cf_str copied = {NULL, 0};
	struct cf_difference where;
	enum move_equal equal = MOVE_DIFFERENT;
	bool left_out = false;
	int rc = 0;

	t->put.body = t->from.body;
	if (t->from.exists && t->to.exists) {
		rc = move_convert(t->m, t->to.body, &t->m->arena, &copied, &left_out);
		rc = rc || left_out ? rc : move_compare(t->m, copied, t->from.body, &equal, &where);
	}
	t->needed = equal == MOVE_DIFFERENT;
	if (rc == 0 && t->needed && t->from.exists && t->to.exists)
		rc = merge_dropped(t->m, t->from.body, t->to.body, &t->m->arena, &t->put.body);
	return rc;
}

static int choose_put(struct turn *t)
{
	bool left_out = false;
	int rc;

	t->put = (struct cf_put){.id = t->key,
				 .kind = t->to.exists ? CF_PUT_ON_REV : CF_PUT_ABSENT,
				 .rev = t->to.rev};
	rc = t->m->authority == CF_OLD ? choose_for_new(t, &left_out) : choose_for_old(t);
	if (rc)
		return error_nomem(t->error);
	if (left_out)
		t->settled = MOVE_LEFT_OUT;
	if (!t->from.exists || left_out) {
		struct cf_store *store = move_store(t->m, move_other(t->m->authority));

		t->put.deleted = true;
		t->put.fence = store->capabilities & CF_STORE_FENCES;
		t->put.body = (struct cf_str){NULL, 0};
		t->needed = t->to.exists;
	}
	return 0;
}

/* 1: settled, or refused with *ret_message; 0: another turn must look. */
static int take_turn(struct turn *t, struct cf_str *ret_message)
{
	struct cf_answer answer = {0};
	struct cf_store *authority = move_store(t->m, t->m->authority);
	struct cf_store *other = move_store(t->m, move_other(t->m->authority));
	int rc = read_side(t->m, other, t->key, &t->to, t->error);

	move_at(t->m, "other-read");
	rc = rc ? rc : read_side(t->m, authority, t->key, &t->from, t->error);
	move_at(t->m, "authority-read");
	if (rc == 0 && (t->from.code || t->to.code)) {
		t->settled = MOVE_REFUSED;
		*ret_message = t->from.code ? t->from.message : t->to.message;
		return 1;
	}
	rc = rc ? rc : choose_put(t);
	if (rc || !t->needed)
		return rc ? rc : 1;
	rc = store_put(other, &t->put, 1, &t->m->arena, &answer, t->error);
	/* Whether it was done the next turn sees; not whether it will be. */
	t->unsure |= rc == CF_ERR_UNCERTAIN;
	if (rc && rc != CF_ERR_UNCERTAIN)
		return rc;
	if (answer.code && answer.code != CF_ERR_CONFLICT) {
		t->settled = MOVE_REFUSED;
		*ret_message = answer.message;
		return 1;
	}
	if (t->settled != MOVE_LEFT_OUT)
		t->settled = MOVE_COPIED;
	return 0;
}

int move_settle(struct cf_move *m, struct cf_str key, enum move_settled *ret,
		struct cf_str *ret_message, struct cf_error *error)
{
	struct turn turn = {.m = m, .key = key, .settled = MOVE_EQUAL, .error = error};
	int rc = 0;

	for (int i = 0; i < TURNS && rc == 0; i++)
		rc = take_turn(&turn, ret_message);
	*ret = rc == 0 ? MOVE_UNSETTLED : turn.settled;
	if (turn.unsure && (*ret == MOVE_COPIED || *ret == MOVE_EQUAL || *ret == MOVE_LEFT_OUT))
		*ret = MOVE_UNSURE;
	return rc < 0 ? rc : 0;
}
