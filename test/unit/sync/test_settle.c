/* The core that settles a lineage, against the rule: random chains of versions as real
 * catalogs, random histories, and what the rule says must come out (worlds.py). Documents
 * and losers must be the same, one by one.
 *
 * SETTLE_WORLDS=FOLDER plays those that worlds.py has made there. */
#include "check_main.h"
#include "sync/lineage/settle.h"

#include <dirent.h>

enum { SLOTS_MAX = 8, SAVED_MAX = 16, SAID_MAX = 512, LOSERS_MAX = 512 };

struct world {
	struct catalog *catalog;
	struct registry registry;
	struct settler *settler;
	struct cf_arena arena;
	uint64_t seed;
	size_t cases, contested, quarantined;
	size_t failed;
};

static void world_open(struct world *w, const char *path)
{
	struct cf_error error;
	int rc;

	rc = catalog_open(&w->catalog, path, &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s:%u: %s", error.file, error.line, error.message);
	rc = registry_init(&w->registry, w->catalog, NULL, &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s", error.message);
	w->settler = settler_new(&w->registry, &mem_heap);
	ck_assert_ptr_nonnull(w->settler);
}

static void world_close(struct world *w)
{
	settler_free(w->settler);
	registry_fini(&w->registry);
	catalog_close(w->catalog);
	arena_fini(&w->arena);
}

static struct cf_str text_at(struct json_value object, const char *name)
{
	return json_inner(json_member(object, str_of(name)));
}

static uint64_t number_at(struct json_value object, const char *name)
{
	int64_t number = 0;

	json_number_int64(json_span(json_member(object, str_of(name))), &number);
	return (uint64_t)number;
}

static struct json_value value_at(struct json_value object, const char *name)
{
	struct json_value value = json_member(object, str_of(name));

	return json_kind(value) == JSON_NULL ? JSON_ABSENT : value;
}

/* --- a case as the core's input ------------------------------------------------------- */

struct play {
	struct world *w;
	struct json_value given; /* the case */
	struct family *family;
	struct settle_slot slots[SLOTS_MAX];
	struct settle_saved saved[SAVED_MAX];
	struct settle_said said[SAID_MAX];
	struct settle_delete deletes[SAVED_MAX];
	struct settle_input input;
	struct settle_result result;
	struct cf_buf wrong; /* what is not as the rule says */
};

static void atoms_at(struct play *p, size_t slot, struct json_value document, struct atoms *ret)
{
	struct atom_rules rules = {.type_field = STR("schema"),
				   .version_field = STR("version"),
				   .keyed = p->family->slots[slot].keyed};

	*ret = (struct atoms){NULL, 0};
	if (!json_is_absent(document))
		ck_assert_int_eq(atoms_of(document, &rules, &p->w->arena, ret), 0);
}

static bool names_edit(struct json_value pointers, struct cf_str pointer)
{
	struct json_iter it = json_iter(pointers);
	struct cf_arena arena;
	struct cf_str text;
	bool found = false;

	arena_init(&arena, &mem_heap);
	while (!found && json_next(&it))
		found = json_decode(it.value, &arena, &text) == 0 && str_equal(text, pointer);
	arena_fini(&arena);
	return found;
}

/* In the rule's World no array is absent, and an object without members is not there. */
static bool is_empty(const struct settle_edit *edit)
{
	int kind = json_kind(edit->value);

	return (kind == JSON_ARRAY || kind == JSON_OBJECT) && json_count(edit->value) == 0;
}

static struct settle_together *read_together(struct play *p, size_t slot, size_t *ret_count)
{
	struct json_value sets = json_element(value_at(p->given, "together"), (uint32_t)slot);
	struct settle_together *at = arena_calloc(&p->w->arena, json_count(sets) + 1, sizeof(*at));
	struct json_iter it = json_iter(sets);

	for (*ret_count = 0; json_next(&it); ++*ret_count) {
		struct settle_together *set = &at[*ret_count];
		struct json_iter names = json_iter(it.value);
		struct cf_str *pointers =
			arena_calloc(&p->w->arena, json_count(it.value), sizeof(*pointers));

		set->pointers = pointers;
		while (json_next(&names))
			pointers[set->count++] = json_inner(names.value);
	}
	return at;
}

static void read_saved(struct play *p, struct json_value given, struct settle_saved *saved)
{
	struct json_value pointers = value_at(given, "edits");
	struct atoms was, now;
	struct settle_together *sets;
	struct settle_edit *edits;
	size_t extra = 0, set_count;

	*saved = (struct settle_saved){.slot = number_at(given, "slot"),
				       .rev = text_at(given, "rev"),
				       .seen = number_at(given, "seen"),
				       .document = value_at(given, "document")};
	saved->age = p->family->slots[saved->slot].age;
	atoms_at(p, saved->slot, value_at(given, "was"), &was);
	atoms_at(p, saved->slot, saved->document, &now);
	sets = read_together(p, saved->slot, &set_count);
	ck_assert_int_eq(
		settle_edits(&was, &now, sets, set_count, &p->w->arena, &edits, &saved->edit_count),
		0);
	saved->edits = edits;
	saved->latest = value_at(saved->document, "at");
	for (size_t i = 0; i < saved->edit_count; i++) {
		if (names_edit(pointers, edits[i].pointer))
			continue;
		extra++;
		if (!is_empty(&edits[i]))
			buf_printf(&p->wrong, "  edit %.*s, which is none\n",
				   STR_ARG(edits[i].pointer));
	}
	if (saved->edit_count - extra != json_count(pointers))
		buf_printf(&p->wrong, "  %zu edits, not %u\n", saved->edit_count,
			   json_count(pointers));
}

static struct cf_str decoded_at(struct play *p, struct json_value object, const char *name)
{
	struct cf_str text;

	ck_assert_int_eq(json_decode(json_member(object, str_of(name)), &p->w->arena, &text), 0);
	return text;
}

static void read_delete(struct play *p, struct json_value given, struct settle_delete *ret)
{
	struct json_value had = value_at(given, "document");
	struct atoms *atoms = arena_alloc(&p->w->arena, sizeof(*atoms));
	size_t slot = number_at(given, "slot");

	ck_assert_ptr_nonnull(atoms);
	atoms_at(p, slot, had, atoms);
	*ret = (struct settle_delete){.slot = slot,
				      .rev = text_at(given, "rev"),
				      .age = p->family->slots[slot].age,
				      .seen = number_at(given, "seen"),
				      .had = json_is_absent(had) ? NULL : atoms};
}

static void read_case(struct play *p)
{
	struct json_iter it = json_iter(value_at(p->given, "agreed"));
	struct settle_input *input = &p->input;

	*input = (struct settle_input){.family = p->family,
				       .key = STR("k"),
				       .key_json = STR("k"),
				       .creation = json_kind(value_at(p->given, "creation")) ==
						   JSON_TRUE,
				       .slots = p->slots,
				       .saved = p->saved,
				       .deletes = p->deletes,
				       .said = p->said};
	if (str_equal(text_at(p->given, "prefer"), STR("oldest-version")))
		input->policy.prefer = CATALOG_OLDEST_VERSION;
	if (str_equal(text_at(p->given, "prefer"), STR("latest")))
		input->policy =
			(struct settle_policy){.prefer = CATALOG_LATEST, .latest_field = STR("at")};
	input->policy.late_edit_wins = str_equal(text_at(p->given, "late"), STR("edit"));
	for (size_t i = 0; json_next(&it); i++)
		p->slots[i].document = it.value;
	it = json_iter(value_at(p->given, "saved"));
	while (json_next(&it)) {
		ck_assert_uint_lt(input->saved_count, SAVED_MAX);
		read_saved(p, it.value, &p->saved[input->saved_count++]);
	}
	it = json_iter(value_at(p->given, "said"));
	while (json_next(&it)) {
		size_t slot = number_at(it.value, "slot");

		ck_assert_uint_lt(input->said_count, SAID_MAX);
		p->said[input->said_count++] =
			(struct settle_said){.slot = slot,
					     .pointer = decoded_at(p, it.value, "pointer"),
					     .rev = text_at(it.value, "rev"),
					     .age = p->family->slots[slot].age,
					     .latest = value_at(it.value, "latest"),
					     .together = (unsigned)number_at(it.value, "together"),
					     .agreement = number_at(it.value, "agreement")};
	}
	it = json_iter(value_at(p->given, "deletes"));
	while (json_next(&it))
		read_delete(p, it.value, &p->deletes[input->delete_count++]);
}

/* --- what came out --------------------------------------------------------------------- */

static void compare_documents(struct play *p)
{
	struct json_value documents = value_at(p->given, "documents");
	struct json_iter it = json_iter(documents);

	if (json_is_absent(documents) != p->result.gone)
		buf_printf(&p->wrong, "  gone: %d\n", p->result.gone);
	for (size_t i = 0; json_next(&it); i++) {
		const struct settle_slot_result *slot = &p->result.slots[i];
		struct atoms want, got;
		struct atoms_diff diff = {.a = &want, .b = &got};

		atoms_at(p, i, it.value, &want);
		atoms_at(p, i, slot->document, &got);
		if (!atoms_diff_next(&diff))
			continue;
		buf_printf(&p->wrong, "  is  %.*s\n  not %.*s\n",
			   slot->document.doc ? (int)json_span(slot->document).len : 4,
			   slot->document.doc ? json_span(slot->document).ptr : "none",
			   STR_ARG(json_span(it.value)));
	}
}

static struct cf_str describe(struct play *p, const struct settle_side *side)
{
	const struct settle_input *input = &p->input;

	if (side->kind == SETTLE_SIDE_DELETE)
		return arena_printf(&p->w->arena, "%zu %.*s ", input->deletes[side->index].slot,
				    STR_ARG(input->deletes[side->index].rev));
	if (side->kind == SETTLE_SIDE_SAID)
		return arena_printf(&p->w->arena, "%zu %.*s %.*s", input->said[side->index].slot,
				    STR_ARG(input->said[side->index].rev),
				    STR_ARG(input->said[side->index].pointer));
	return arena_printf(&p->w->arena, "%zu %.*s %.*s", input->saved[side->index].slot,
			    STR_ARG(input->saved[side->index].rev),
			    STR_ARG(input->saved[side->index].edits[side->edit].pointer));
}

static struct cf_str describe_json(struct play *p, struct json_value side)
{
	return arena_printf(&p->w->arena, "%zu %.*s %.*s", (size_t)number_at(side, "slot"),
			    STR_ARG(text_at(side, "rev")), STR_ARG(decoded_at(p, side, "pointer")));
}

static struct cf_str pair(struct play *p, struct cf_str loser, struct cf_str winner)
{
	return arena_printf(&p->w->arena, "%.*s | %.*s", STR_ARG(loser), STR_ARG(winner));
}

static bool take_out(struct cf_str *list, size_t *count, struct cf_str text)
{
	for (size_t i = 0; i < *count; i++) {
		if (!str_equal(list[i], text))
			continue;
		list[i] = list[--*count];
		return true;
	}
	return false;
}

static void compare_losers(struct play *p)
{
	struct json_iter it = json_iter(value_at(p->given, "losers"));
	static struct cf_str want[LOSERS_MAX];
	size_t count = 0;

	while (json_next(&it))
		want[count++] = pair(p, describe_json(p, value_at(it.value, "loser")),
				     describe_json(p, value_at(it.value, "winner")));
	for (size_t i = 0; i < p->result.loser_count; i++) {
		const struct settle_loser *loser = &p->result.losers[i];
		struct cf_str text =
			pair(p, describe(p, &loser->loser), describe(p, &loser->winner));

		if (!take_out(want, &count, text))
			buf_printf(&p->wrong, "  listed %.*s\n", STR_ARG(text));
	}
	for (size_t i = 0; i < count; i++)
		buf_printf(&p->wrong, "  not listed %.*s\n", STR_ARG(want[i]));
}

static void play(struct world *w, struct json_value given, size_t index)
{
	static struct play p;
	struct cf_error error = {.code = 0};
	int rc;

	p = (struct play){.w = w, .given = given, .family = w->registry.by_type[0]};
	arena_reset(&w->arena);
	buf_init(&p.wrong, &mem_heap);
	read_case(&p);
	rc = settle(w->settler, &p.input, &p.result, &error);
	if (rc < 0 && json_kind(value_at(given, "quarantine")) == JSON_TRUE) {
		w->quarantined++;
	} else if (rc) {
		buf_printf(&p.wrong, "  error %d %s %s: %s\n", rc, error.document, error.pointer,
			   error.message);
	} else {
		if (json_kind(value_at(given, "quarantine")) == JSON_TRUE)
			buf_str(&p.wrong, STR("  no quarantine\n"));
		compare_documents(&p);
		compare_losers(&p);
	}
	w->cases++;
	w->contested += json_count(value_at(given, "losers")) > 0;
	if (p.wrong.len && w->failed++ < 3)
		printf("seed %llu case %zu (%.*s, late: %.*s)\n%.*s", (unsigned long long)w->seed,
		       index, STR_ARG(text_at(given, "prefer")), STR_ARG(text_at(given, "late")),
		       (int)p.wrong.len, p.wrong.ptr);
	buf_fini(&p.wrong);
}

static void play_world(struct world *total, const char *folder, const char *name)
{
	struct world w = {.seed = strtoull(name, NULL, 10)};
	struct json_file cases;
	struct cf_error error;
	struct json_iter it;
	struct cf_str path;

	arena_init(&w.arena, &mem_heap);
	path = arena_printf(&w.arena, "%s/%s", folder, name);
	world_open(&w, path.ptr);
	path = arena_printf(&w.arena, "%s/%s/cases.json", folder, name);
	ck_assert_msg(json_file_load(&cases, path.ptr, &mem_heap, &error) == 0, "%s: %s", path.ptr,
		      error.message);
	it = json_iter(json_file_root(&cases));
	for (size_t i = 0; json_next(&it); i++)
		play(&w, it.value, i);
	json_file_fini(&cases);
	world_close(&w);
	total->cases += w.cases;
	total->contested += w.contested;
	total->quarantined += w.quarantined;
	total->failed += w.failed;
}

START_TEST(comes_to_what_the_rule_says)
{
	const char *folder = getenv("SETTLE_WORLDS");
	struct world total = {.seed = 0};
	char path[512];
	struct dirent *entry;
	DIR *worlds;

	snprintf(path, sizeof(path), "%s/test/unit/sync/settle/worlds",
		 getenv("CHESTERFIELD_SOURCE"));
	folder = folder ? folder : path;
	worlds = opendir(folder);
	ck_assert_msg(worlds != NULL, "no folder %s", folder);
	while ((entry = readdir(worlds)))
		if (entry->d_name[0] != '.')
			play_world(&total, folder, entry->d_name);
	closedir(worlds);
	printf("%zu cases, %zu with losers, %zu in quarantine, %zu not as the rule says\n",
	       total.cases, total.contested, total.quarantined, total.failed);
	ck_assert_uint_gt(total.contested, 0);
	ck_assert_uint_gt(total.quarantined, 0);
	ck_assert_uint_eq(total.failed, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-settle");
	TCase *tcase = tcase_create("settle");

	tcase_set_timeout(tcase, 3600);
	tcase_add_test(tcase, comes_to_what_the_rule_says);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
