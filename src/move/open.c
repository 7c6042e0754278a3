/* Opening a move: three stores, and what they cannot do. */
#include "move/inside.h"

#include <stdio.h>

static int add_note(struct cf_move *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int add_note(struct cf_move *m, const char *format, ...)
{
	struct cf_str *notes = arena_alloc(&m->notes_arena, (m->note_count + 1) * sizeof(*notes));
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!notes)
		return CF_ERR_NOMEM;
	if (m->note_count)
		memcpy(notes, m->notes, m->note_count * sizeof(*notes));
	notes[m->note_count] = arena_dup(&m->notes_arena, str_of(text));
	if (!notes[m->note_count].ptr)
		return CF_ERR_NOMEM;
	m->notes = notes;
	m->note_count++;
	return 0;
}

/* --- what falls away ----------------------------------------------------------------- */

/* One line for each thing that a side lacks. */
static const struct {
	enum cf_side side;
	unsigned capability;
	const char *words;
} needs[] = {
	{CF_NEW, CF_STORE_CAS,
	 "cannot write on condition of a revision: nothing is safe while it is written; only "
	 "`guarantee: repair` is possible"},
	{CF_OLD, CF_STORE_CAS,
	 "cannot write on condition of a revision: only `guarantee: repair` is possible"},
	{CF_OLD, CF_STORE_NOTES, "has no place for intents: only `guarantee: repair` is possible"},
	{CF_NEW, CF_STORE_FENCES,
	 "keeps no fence of a delete: a record that was just deleted may come back when a copier "
	 "dies; only `guarantee: repair` is possible"},
	{CF_OLD, CF_STORE_CHANGES,
	 "has no feed of changes: it cannot be followed; writes past the library are found and "
	 "repaired by verification alone"},
	{CF_NEW, CF_STORE_FRESH_REVS,
	 "names a revision by its content, which can come back: a copy that took back looks again "
	 "until both agree"},
	{CF_OLD, CF_STORE_TIMEOUTS, "has no time-out of its own for a call"},
	{CF_NEW, CF_STORE_TIMEOUTS, "has no time-out of its own for a call"},
};

static int note_needs(struct cf_move *m)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(needs) && rc == 0; i++) {
		bool old = needs[i].side == CF_OLD;
		const struct cf_store *store = old ? m->old_store : m->new_store;

		if (!(store->capabilities & needs[i].capability))
			rc = add_note(m, "the %s store %s", old ? "old" : "new", needs[i].words);
	}
	if (rc == 0 && !m->merged)
		rc = add_note(m, "the stores do not sort keys alike: each key is looked up on the "
				 "other side, which is slower");
	return rc;
}

static bool sort_alike(const struct cf_store *a, const struct cf_store *b)
{
	if (!(a->capabilities & b->capabilities & CF_STORE_SORTED) ||
	    a->keys.count != b->keys.count)
		return false;
	for (size_t i = 0; i < a->keys.count; i++)
		if (a->keys.kinds[i] != b->keys.kinds[i])
			return false;
	return true;
}

/* --- opening ----------------------------------------------------------------------------- */

static int check_places(struct cf_move *m, struct cf_error *error)
{
	const char *a = m->old_store->place, *b = m->new_store->place;

	if (str_equal(m->config->old_url, m->config->new_url) || (a && b && strcmp(a, b) == 0))
		return error_set(error, CF_ERR_USAGE, "old and new are the same store");
	return 0;
}

int cf_move_open(struct cf_move **ret, const struct cf_move_config *config,
		 const struct cf_mem *mem, const struct cf_env *env, struct cf_error *error)
{
	struct cf_move *m;
	int rc;

	mem = mem ? mem : &mem_heap;
	m = mem_calloc(mem, 1, sizeof(*m));
	if (!m)
		return error_nomem(error);
	move_init(m, config, mem, env ? env : &env_system);
	rc = move_open_side(m, true, &m->old_store, error);
	rc = rc ? rc : move_open_side(m, false, &m->new_store, error);
	rc = rc ? rc : check_places(m, error);
	rc = rc ? rc : move_open_control(m, error);
	if (rc == 0) {
		m->merged = sort_alike(m->old_store, m->new_store);
		rc = note_needs(m) ? error_nomem(error) : 0;
	}
	if (rc)
		cf_move_close(m);
	else
		*ret = m;
	return rc;
}

void cf_move_close(struct cf_move *m)
{
	if (!m)
		return;
	cf_move_leave(m);
	move_worker_close(m);
}
