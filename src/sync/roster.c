/* What databases there are; see roster.h. */
#include "sync/roster.h"

#include "sync/engine.h"
#include "sync/fellows.h"

#include <fnmatch.h>

/* --- which are meant ------------------------------------------------------------------ */

bool sync_names_have(const struct sync_names *names, const char *name)
{
	bool meant = false;

	if (names->never && strcmp(name, names->never) == 0)
		return false;
	if (names->shards > 1 && hash64(str_of(name), 0) % names->shards != names->shard)
		return false;
	if (!fellows_ours(names->members, names->member_count, str_of(name)))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		const char *pattern = names->patterns[i];
		bool without = *pattern == '!';

		/* The server's own names are meant where they are said, and by no "*". */
		if (fnmatch(pattern + without, name, 0) != 0 ||
		    (*name == '_' && pattern[without] != '_'))
			continue;
		if (without)
			return false;
		meant = true;
	}
	return meant;
}

/* --- the list --------------------------------------------------------------------------- */

int roster_init(struct roster *roster, const struct sync_names *which,
		const struct roster_calls *calls, const struct cf_mem *mem)
{
	*roster = (struct roster){.mem = mem, .which = which, .calls = *calls, .listing = true};
	arena_init(&roster->arena, mem);
	roster->after = text_dup(mem, STR(""));
	return roster->after ? 0 : CF_ERR_NOMEM;
}

void roster_fini(struct roster *roster)
{
	for (size_t i = 0; i < roster->count; i++)
		mem_free(roster->mem, roster->at[i]);
	mem_free(roster->mem, roster->at);
	mem_free(roster->mem, roster->after);
	arena_fini(&roster->arena);
}

/* Where it stands, or would stand. */
static size_t place_of(const struct roster *roster, struct cf_str name, bool *ret_there)
{
	size_t low = 0, high = roster->count;

	*ret_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(str_of(roster->at[middle]->name), name);

		if (order == 0) {
			*ret_there = true;
			return middle;
		}
		low = order < 0 ? middle + 1 : low;
		high = order < 0 ? high : middle;
	}
	return low;
}

/* NULL: it is not meant, or (*ret_rc) there is no memory. */
static struct roster_entry *entry_of(struct roster *roster, struct cf_str name, int *ret_rc)
{
	bool there;
	size_t place = place_of(roster, name, &there);
	struct roster_entry *entry;

	*ret_rc = 0;
	if (there)
		return roster->at[place];
	if (roster->count == roster->cap) {
		size_t cap = roster->cap ? roster->cap * 2 : 64;
		struct roster_entry **grown =
			mem_resize(roster->mem, roster->at, cap * sizeof(struct roster_entry *));

		*ret_rc = grown ? 0 : CF_ERR_NOMEM;
		if (!grown)
			return NULL;
		roster->at = grown;
		roster->cap = cap;
	}
	entry = mem_calloc(roster->mem, 1, sizeof(*entry) + name.len + 1);
	*ret_rc = entry ? 0 : CF_ERR_NOMEM;
	if (!entry)
		return NULL;
	memcpy(entry->name, name.ptr, name.len);
	if (!sync_names_have(roster->which, entry->name)) {
		mem_free(roster->mem, entry);
		return NULL;
	}
	memmove(roster->at + place + 1, roster->at + place,
		(roster->count - place) * sizeof(struct roster_entry *));
	roster->at[place] = entry;
	roster->count++;
	roster->position += place < roster->position;
	return entry;
}

static void drop(struct roster *roster, struct roster_entry *entry)
{
	bool there;
	size_t place = place_of(roster, str_of(entry->name), &there);

	roster->hinted -= entry->hinted;
	roster->count--;
	memmove(roster->at + place, roster->at + place + 1,
		(roster->count - place) * sizeof(struct roster_entry *));
	roster->position -= place < roster->position;
	mem_free(roster->mem, entry);
}

int roster_hint(struct roster *roster, struct cf_str name)
{
	int rc;
	struct roster_entry *entry = entry_of(roster, name, &rc);

	if (entry && !entry->hinted) {
		entry->hinted = true;
		roster->hinted++;
	}
	return rc;
}

/* --- looking ------------------------------------------------------------------------------ */

/* What was asked for together. */
struct looks {
	struct roster_entry *entries[ROSTER_LOOKS];
	struct store_database databases[ROSTER_LOOKS];
	size_t count;
	bool hinted; /* not in a round */
};

static void add_look(struct looks *looks, struct roster_entry *entry)
{
	looks->databases[looks->count].name = str_of(entry->name);
	looks->entries[looks->count++] = entry;
}

/* What the server says of one; those that are to be found are gathered at the front. */
static int note_change(struct roster *roster, struct roster_entry *entry, uint64_t token,
		       bool in_round, struct cf_error *error)
{
	bool moved = entry->token != token;
	int rc = 0;

	if (!moved && !(entry->again && in_round))
		return 0;
	rc = roster->calls.changed(roster->calls.ctx, str_of(entry->name), error);
	if (rc == 0) {
		entry->again = moved;
		entry->token = token;
	}
	return rc;
}

static int judge(struct roster *roster, struct looks *looks, size_t index, size_t *found,
		 struct cf_error *error)
{
	struct roster_entry *entry = looks->entries[index];
	const struct store_database database = looks->databases[index];
	uint64_t token = hash64(database.token, 1), life = hash64(database.life, 2);
	bool was_known = entry->known, anew = was_known && entry->life != life;
	int rc = 0;

	if (database.token.len == 0 || anew) {
		rc = was_known ? roster->calls.gone(roster->calls.ctx, database.name, error) : 0;
		was_known = entry->known = entry->known && rc != 0;
	}
	if (rc == 0 && database.token.len && !was_known) {
		looks->entries[*found] = entry;
		looks->databases[(*found)++] = database;
	} else if (rc == 0 && database.token.len) {
		rc = note_change(roster, entry, token, !looks->hinted, error);
	}
	if (rc == 0 && entry->hinted) {
		entry->hinted = false;
		roster->hinted--;
	}
	if (rc == 0 && database.token.len == 0)
		drop(roster, entry);
	return rc;
}

static int look(struct roster *roster, struct looks *looks, struct cf_error *error)
{
	size_t found = 0;
	int rc = looks->count ? roster->calls.look(roster->calls.ctx, looks->databases,
						   looks->count, &roster->arena, error)
			      : 0;

	for (size_t i = 0; i < looks->count && rc == 0; i++)
		rc = judge(roster, looks, i, &found, error);
	if (rc == 0 && found)
		rc = roster->calls.found(roster->calls.ctx, looks->databases, found, &roster->arena,
					 error);
	for (size_t i = 0; i < found && rc == 0; i++) {
		looks->entries[i]->known = true;
		looks->entries[i]->token = hash64(looks->databases[i].token, 1);
		looks->entries[i]->life = hash64(looks->databases[i].life, 2);
	}
	return rc;
}

/* --- a step -------------------------------------------------------------------------------- */

static int look_at_hinted(struct roster *roster, struct cf_error *error)
{
	struct looks looks = {.count = 0, .hinted = true};

	for (size_t i = 0; i < roster->count && looks.count < ROSTER_LOOKS; i++)
		if (roster->at[i]->hinted)
			add_look(&looks, roster->at[i]);
	return look(roster, &looks, error);
}

static int list_names(struct roster *roster, struct cf_error *error)
{
	struct store_names page = {.after = str_of(roster->after), .limit = ROSTER_NAMES};
	int rc = roster->calls.list(roster->calls.ctx, &page, &roster->arena, error);

	for (size_t i = 0; i < page.count && rc == 0; i++) {
		entry_of(roster, page.names[i], &rc);
		if (rc)
			return error_nomem(error);
	}
	if (rc)
		return rc;
	roster->listing = page.count == page.limit;
	roster->position = 0;
	if (text_replace(roster->mem, &roster->after,
			 roster->listing ? page.names[page.count - 1] : STR("")))
		return error_nomem(error);
	return 0;
}

/* The next page of all. Those that were not listed are looked at like the others: that they
 * are gone, the server must say itself. */
static int look_at_next(struct roster *roster, struct cf_error *error)
{
	struct looks looks = {.count = 0};
	int rc;

	for (size_t i = roster->position; i < roster->count && looks.count < ROSTER_LOOKS; i++)
		add_look(&looks, roster->at[i]);
	roster->position += looks.count;
	rc = look(roster, &looks, error);
	if (rc)
		roster->position -= looks.count < roster->position ? looks.count : roster->position;
	return rc;
}

int roster_sift(struct roster *roster, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < roster->count && rc == 0;) {
		struct roster_entry *entry = roster->at[i];

		if (sync_names_have(roster->which, entry->name)) {
			i++;
			continue;
		}
		rc = roster->calls.left(roster->calls.ctx, str_of(entry->name), error);
		if (rc == 0)
			drop(roster, entry);
	}
	if (rc == 0 && text_replace(roster->mem, &roster->after, STR("")))
		rc = error_nomem(error);
	roster->listing = true;
	return rc;
}

bool roster_between(const struct roster *roster)
{
	return roster->listing && !*roster->after;
}

int roster_step(struct roster *roster, bool *ret_end, struct cf_error *error)
{
	int rc;

	*ret_end = false;
	arena_reset(&roster->arena);
	if (roster->hinted)
		return look_at_hinted(roster, error);
	if (roster->listing)
		return list_names(roster, error);
	rc = look_at_next(roster, error);
	if (rc == 0 && roster->position >= roster->count) {
		*ret_end = true;
		roster->listing = true;
	}
	return rc;
}
