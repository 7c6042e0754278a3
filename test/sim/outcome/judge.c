/* After the engine: does each document say, and the lists hold, what the model says? */
#include "play.h"
#include "tape.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEPS_UNTIL_IDLE = 300 };

void table_close_engine(struct table *table)
{
	table->sync = sync_close(table->sync);
}

/* --- running ---------------------------------------------------------------------------- */

static void retire_versions(struct table *table)
{
	const struct catalog_type *types;
	bool already;

	catalog_types(table->chain.catalog, &types);
	for (size_t v = 0; v < table->versions; v++)
		if (table->made.roles[v] == ROLE_RETIRED &&
		    sync_retire(&table->records, table->chain.catalog,
				catalog_major(types, (uint32_t)v + 1), &table->env, &already,
				&mem_heap, NULL))
			table_fail(table, DEVIATION_STOPS, "a version cannot be retired");
}

static void run_engine(struct table *table)
{
	struct sync_options options = {0};
	struct cf_error error;
	char text[1200];
	bool idle = false;
	int rc = 0;

	table_lanes(table, &options);
	if (!table->sync)
		retire_versions(table);
	if (!table->sync)
		rc = sync_open(&table->sync, table->chain.catalog, table->feed, &table->records,
			       &options, &table->env, &mem_heap, &error);
	for (int i = 0; rc == 0 && !idle; i++) {
		rc = sync_step(table->sync, &idle, &error);
		if (i == STEPS_UNTIL_IDLE) {
			table_fail(table, DEVIATION_STOPS, "the engine finds no end");
			return;
		}
	}
	if (rc)
		table_fail(table, DEVIATION_STOPS, "the engine stops: %s",
			   cf_error_format(&error, text, sizeof(text)));
}

/* --- lists --------------------------------------------------------------------------------- */

/* The keys of an order; presence is there or not; all else is said as it is. */
static void write_said(struct table *table, struct cf_str pointer, const struct value *value,
		       struct cf_buf *out)
{
	bool order = pointer.len > 2 && memcmp(pointer.ptr + pointer.len - 3, "/[]", 3) == 0;

	if (!value) {
		buf_str(out, STR("removed"));
		return;
	}
	if (!order || value->kind != JSON_ARRAY) {
		struct value *sorted = value_clone(&table->arena, value);

		value_sort_members(sorted);
		value_write(sorted, out);
		return;
	}
	for (const struct value *v = value->first; v; v = v->next) {
		const struct value *key = v;

		/* The member that names an element is its only one that all have. */
		for (const struct value *m = v->kind == JSON_OBJECT ? v->first : NULL; m;
		     m = m->next)
			if (str_equal(m->name, STR("id")) || str_starts_with(m->name, STR("key")))
				key = m;
		value_write(key, out);
	}
}

struct cf_str table_print_entry(struct table *table, const struct entry *entry)
{
	struct cf_buf out;
	struct cf_str text;

	buf_init(&out, &mem_heap);
	for (int i = 0; i < 2; i++) {
		const struct side *side = i ? &entry->winner : &entry->loser;

		buf_printf(&out, "%s p@%zu %.*s %.*s ", i ? " lost to" : entry->kind,
			   side->version + 1, STR_ARG(side->rev), STR_ARG(side->pointer));
		write_said(table, side->pointer, side->value, &out);
	}
	text = arena_dup(&table->arena, buf_view(&out));
	buf_fini(&out);
	return text;
}

static struct side side_of_edit(struct table *table, const struct edit *edit)
{
	return (struct side){edit->version, edit->rev, path_print(&table->arena, &edit->pointer),
			     rule_shown(&table->thing->court, edit)};
}

static struct cf_str text_at(struct table *table, struct json_value object, const char *name)
{
	struct json_value value = json_member(object, str_of(name));
	struct cf_str text = STR("");

	if (json_kind(value) == JSON_STRING)
		cf_assert(json_decode(value, &table->arena, &text) == 0);
	return arena_dup(&table->arena, text);
}

/* An attachment as the model has it: "DATA TYPE". */
static const struct value *said_of_file(struct table *table, struct json_value stub)
{
	struct cf_str data = server_data_of(table, text_at(table, stub, "digest"));

	return value_string(&table->arena,
			    arena_printf(&table->arena, "%.*s %.*s", STR_ARG(data),
					 STR_ARG(text_at(table, stub, "content_type"))));
}

static const struct value *said_in_entry(struct table *table, struct json_value side,
					 struct cf_str pointer)
{
	struct json_value value = json_member(side, STR("value"));

	if (!json_is_absent(json_member(side, STR("removed"))))
		return NULL;
	return str_starts_with(pointer, STR("/_attachments/")) ? said_of_file(table, value)
							       : value_of(&table->arena, value);
}

static struct side side_of_entry(struct table *table, struct json_value side)
{
	struct cf_str version = text_at(table, side, "version");
	struct cf_str pointer = text_at(table, side, "pointer");
	unsigned major = 0;

	sscanf(version.ptr, "p@%u", &major);
	return (struct side){major - 1, text_at(table, side, "rev"), pointer,
			     said_in_entry(table, side, pointer)};
}

/* The other thing of a setting with a shadow is judged by nobody. */
static bool is_shadow(struct cf_str id)
{
	return str_equal(id, STR("#l")) || str_equal(id, STR("p/l")) ||
	       str_starts_with(id, STR("p/l/")) ||
	       (id.len > 2 && memcmp(id.ptr + id.len - 2, ":l", 2) == 0);
}

static int collect(void *ctx, struct cf_str id, struct json_value body)
{
	struct entries *entries = ctx;
	struct table *table = entries->table;

	if (is_shadow(id))
		return 0;
	cf_assert(entries->count < LISTED_ENTRIES_MAX);
	entries->at[entries->count++] =
		(struct entry){.loser = side_of_entry(table, json_member(body, STR("loser"))),
			       .winner = side_of_entry(table, json_member(body, STR("winner"))),
			       .kind = text_at(table, body, "kind").ptr,
			       .id = arena_dup(&table->arena, id)};
	return 0;
}

void table_entries(struct table *table, struct entries *ret)
{
	int rc;

	*ret = (struct entries){.table = table};
	rc = sync_walk(&table->records, SYNC_CONFLICTS, collect, ret, &mem_heap, NULL);
	cf_assert(rc == 0);
}

static bool has(const struct cf_str *list, size_t count, struct cf_str entry)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(list[i], entry))
			return true;
	return false;
}

static const char *kind_of(const struct loser *loser)
{
	const struct edit *winner = loser->winner;

	if (loser->edit->pointer.count == 0)
		return "delete";
	return loser->edit->late || (winner && (winner->late || winner->pointer.count == 0))
		       ? "late"
		       : "edit";
}

/* The loser, without the kind of the entry. */
static struct cf_str loser_of(struct cf_str entry)
{
	const char *from = memchr(entry.ptr, ' ', entry.len);
	const char *to = memmem(entry.ptr, entry.len, " lost to p@", strlen(" lost to p@"));

	return (struct cf_str){from, (size_t)(to - from)};
}

/* What has lost already is listed against whom it lost to last. */
static void list(struct table *table, struct cf_str entry)
{
	size_t at = 0;

	while (at < table->listed_count && !str_equal(loser_of(table->listed[at]), loser_of(entry)))
		at++;
	cf_assert(at < LISTED_ENTRIES_MAX);
	table->listed[at] = entry;
	table->listed_count += at == table->listed_count;
}

static struct cf_str print_loser(struct table *table, const struct loser *loser)
{
	struct entry entry = {.loser = side_of_edit(table, loser->edit), .kind = kind_of(loser)};

	if (loser->winner)
		entry.winner = side_of_edit(table, loser->winner);
	return table_print_entry(table, &entry);
}

static void note_losers(struct table *table)
{
	for (size_t i = 0; i < table->losers.count; i++)
		list(table, print_loser(table, &table->losers.at[i]));
}

static void compare_lists(struct table *table)
{
	struct entries *entries = calloc(1, sizeof(*entries));
	struct cf_str texts[LISTED_ENTRIES_MAX];

	cf_assert(entries);
	table_entries(table, entries);
	for (size_t i = 0; i < entries->count; i++)
		texts[i] = table_print_entry(table, &entries->at[i]);
	for (size_t i = 0; i < table->listed_count; i++)
		if (!has(texts, entries->count, table->listed[i]))
			table_fail(table, DEVIATION_LIST, "not listed: %.*s",
				   STR_ARG(table->listed[i]));
	for (size_t i = 0; i < entries->count; i++) {
		if (!has(table->listed, table->listed_count, texts[i]))
			table_fail(table, DEVIATION_LIST, "listed, but should not be: %.*s",
				   STR_ARG(texts[i]));
		table_say(table, "    list: %.*s", STR_ARG(texts[i]));
	}
	free(entries);
}

static int count_one(void *ctx, struct cf_str id, struct json_value body)
{
	(void)body;
	*(size_t *)ctx += !is_shadow(id);
	return 0;
}

static size_t count_quarantine(struct table *table)
{
	size_t count = 0;

	cf_assert(sync_walk(&table->records, SYNC_QUARANTINE, count_one, &count, &mem_heap, NULL) ==
		  0);
	return count;
}

bool table_is_clean(struct table *table)
{
	return count_quarantine(table) == 0;
}

static void compare_quarantine(struct table *table, bool taken)
{
	size_t count = count_quarantine(table);

	if (taken && count)
		table_fail(table, DEVIATION_QUARANTINE, "quarantined, but should not be");
	if (!taken && !count && !table->dropped)
		table_fail(table, DEVIATION_QUARANTINE, "not quarantined");
}

/* --- documents ----------------------------------------------------------------------------------
 */

static void compare_version(struct table *table, const struct leaf_list *leaves, size_t v)
{
	const struct value *should = table->thing->agreed.docs.at[v];
	const struct leaf *top = leaf_on_top(leaves, v);
	size_t live = 0;

	for (size_t i = 0; i < leaves->count; i++)
		live += leaves->at[i].version == v && leaves->at[i].document;
	if (live > 1)
		table_fail(table, DEVIATION_DOCUMENTS, "p@%zu has %zu leaves", v + 1, live);
	if (!value_alike(top ? top->document : NULL, should))
		table_fail(table, DEVIATION_DOCUMENTS, "p@%zu says %.*s, but should say %.*s",
			   v + 1, STR_ARG(value_print(&table->arena, top ? top->document : NULL)),
			   STR_ARG(value_print(&table->arena, should)));
}

static void say_agreed(struct table *table, const struct leaf_list *after)
{
	for (size_t v = 0; v < table->versions && table->tells; v++) {
		const struct leaf *top = leaf_on_top(after, v);

		if (top)
			table_say(table, "    is p@%zu:k %.*s %.*s", v + 1, STR_ARG(top->rev),
				  STR_ARG(value_print(&table->arena, top->document)));
	}
	for (size_t i = 0; i < table->losers.count && table->tells; i++)
		table_say(table, "    should list: %.*s",
			  STR_ARG(print_loser(table, &table->losers.at[i])));
}

void table_agree(struct table *table)
{
	struct bodies bodies = {server_body, table};
	struct leaf_list *before = calloc(2, sizeof(*before)), *after = before + 1;
	bool taken;

	cf_assert(before);
	server_read(table, before);
	taken = thing_agree(table->thing, before, &bodies, &table->losers);
	table->agreements++;
	table->contested += table->losers.count > 0;
	note_losers(table);
	if (table->game->ideal && taken)
		server_write_ideal(table, before);
	if (!table->game->ideal)
		run_engine(table);
	server_read(table, after);
	say_agreed(table, after);
	if (!table->game->ideal && !table->deviation) {
		compare_quarantine(table, taken);
		for (size_t v = 0; v < table->versions && taken; v++)
			if (table->made.roles[v] == ROLE_SERVED)
				compare_version(table, after, v);
		compare_lists(table);
	}
	if (taken)
		thing_learn(table->thing, after);
	tell_agreement(table, before, taken, after);
	tape_agreement(table, taken, after);
	free(before);
}

/* --- people decide ------------------------------------------------------------------------- */

static void forget_listed(struct table *table, struct cf_str entry)
{
	for (size_t i = 0; i < table->listed_count; i++)
		if (str_equal(table->listed[i], entry)) {
			table->listed[i] = table->listed[--table->listed_count];
			return;
		}
}

void table_decide(struct table *table, const struct entry *entry, bool take_loser)
{
	struct sync_resolve how = {.id = entry->id,
				   .take = take_loser ? SYNC_TAKE_LOSER : SYNC_TAKE_WINNER,
				   .catalog = table->chain.catalog};
	struct cf_str text = table_print_entry(table, entry);
	struct sync_resolved resolved;
	int rc = sync_conflict_resolve(table->server, &table->records, &how, &table->arena,
				       &resolved, NULL);

	table_say(table, "    takes the %s of %.*s: %s", take_loser ? "loser" : "winner",
		  STR_ARG(text),
		  rc                 ? "it cannot"
		  : resolved.written ? "written"
				     : "as it is");
	if (rc == 0)
		forget_listed(table, text);
	else if (rc != CF_ERR_PRECONDITION && rc != CF_ERR_INVALID)
		table_fail(table, DEVIATION_STOPS, "an entry cannot be decided on: %s",
			   cf_error_name(rc));
	tape_decision(table, entry, take_loser);
}

void table_resolve(struct table *table, struct rng *rng)
{
	bool take_loser = rng_below(rng, 3) != 0;
	struct entries *entries = calloc(1, sizeof(*entries));

	cf_assert(entries);
	if (!table->game->ideal && !table->keeps_decisions)
		table_entries(table, entries);
	if (entries->count)
		table_decide(table, &entries->at[rng_below(rng, entries->count)], take_loser);
	free(entries);
}

void table_forget(struct table *table)
{
	struct court court = table->thing->court;

	memset(table->thing, 0, sizeof(*table->thing));
	table->thing->court = court;
	table->dropped = false;
}

void table_rebuild(struct table *table)
{
	uint64_t forgotten;

	if (table->game->ideal || table->keeps_state)
		return;
	table_close_engine(table);
	if (sync_rebuild(&table->records, &forgotten, &mem_heap, NULL))
		table_fail(table, DEVIATION_STOPS, "the state cannot be built anew");
	table_forget(table);
	tape_note(table, HAPPENS_REBUILD);
}
