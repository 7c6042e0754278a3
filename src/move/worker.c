/* Handles on the stores of a move. A worker has one on each side, used by one call at a
 * time. */
#include "move/inside.h"

int move_open_side(struct cf_move *m, bool old, struct cf_store **ret, struct cf_error *error)
{
	struct cf_str url = old ? m->config->old_url : m->config->new_url;
	unsigned ms = old ? m->config->old_ms : m->config->new_ms;
	struct cf_str text = arena_dup(&m->arena, url);
	int rc = text.ptr ? store_open_existing(ret, text.ptr, &m->env, &m->mem, error)
			  : error_nomem(error);

	if (rc)
		return error_prefix(error, rc, "%s", old ? "old" : "new");
	if (m->hook && m->hook->wrap)
		*ret = m->hook->wrap(m->hook->ctx, old ? CF_OLD : CF_NEW, *ret);
	if (ms && (*ret)->capabilities & CF_STORE_TIMEOUTS)
		rc = store_set_timeout(*ret, ms, error);
	return rc;
}

int move_open_control(struct cf_move *m, struct cf_error *error)
{
	struct cf_str text = arena_dup(&m->arena, m->config->control_url);
	unsigned need = CF_STORE_CAS | CF_STORE_ORDERED;
	int rc = text.ptr ? store_open(&m->control, text.ptr, &m->env, &m->mem, error)
			  : error_nomem(error);

	if (rc)
		return error_prefix(error, rc, "control");
	if (m->hook && m->hook->wrap)
		m->control = m->hook->wrap(m->hook->ctx, CF_NO_SIDE, m->control);
	if ((m->control->capabilities & need) != need ||
	    !(m->control->capabilities & CF_STORE_HISTORIES))
		return error_set(error, CF_ERR_USAGE,
				 "control: must be a store of documents, such as sqlite:FILE");
	return 0;
}

void move_init(struct cf_move *m, const struct cf_move_config *config, const struct cf_mem *mem,
	       const struct cf_env *env)
{
	m->config = config;
	m->mem = *mem;
	m->env = *env;
	arena_init(&m->arena, &m->mem);
	arena_init(&m->notes_arena, &m->mem);
	json_doc_init(&m->doc, &m->mem);
	json_doc_init(&m->other, &m->mem);
	buf_init(&m->buf, &m->mem);
}

int move_worker_open(struct cf_move **ret, const struct cf_move *m, bool control,
		     struct cf_error *error)
{
	struct cf_move *w = mem_calloc(&m->mem, 1, sizeof(*w));
	int rc;

	if (!w)
		return error_nomem(error);
	move_init(w, m->config, &m->mem, &m->env);
	w->hook = m->hook;
	rc = move_open_side(w, true, &w->old_store, error);
	rc = rc ? rc : move_open_side(w, false, &w->new_store, error);
	if (rc == 0 && control)
		rc = move_open_control(w, error);
	if (rc)
		move_worker_close(w);
	else
		*ret = w;
	return rc;
}

void move_worker_close(struct cf_move *m)
{
	struct cf_mem mem = m->mem;

	store_close(m->old_store);
	store_close(m->new_store);
	store_close(m->control);
	json_doc_fini(&m->doc);
	json_doc_fini(&m->other);
	buf_fini(&m->buf);
	arena_fini(&m->arena);
	arena_fini(&m->notes_arena);
	mem_free(&mem, m);
}
