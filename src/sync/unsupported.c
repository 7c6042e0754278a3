/* Documents of versions that are not served: what people write there goes to the
 * quarantine list, and stays as it is. Left out: documents that say nothing new, which
 * were agreed on while their version was served; and tombstones. */
#include "sync/engine.h"

#include "sync/lists.h"

struct looked {
	const struct unsupported *one;
	struct state_record *listed, *base;
};

int unsupported_add(struct unsupported_list *list, const struct cf_record *record,
		    const struct lineage_name *name, const struct cf_error *why,
		    struct cf_arena *arena)
{
	struct unsupported *one = arena_calloc(arena, 1, sizeof(*one));
	struct cf_buf label;

	if (!one)
		return CF_ERR_NOMEM;
	*one = (struct unsupported){.record = record, .next = list->first};
	one->why = arena_dup(arena, str_of(why->message));
	one->label = STR("");
	if (name->family) {
		buf_init(&label, arena->mem);
		if (lineage_label(name, &label) == 0)
			one->label = arena_dup_buf(arena, &label);
		buf_fini(&label);
	}
	list->first = one;
	list->count++;
	return one->why.ptr && one->label.ptr ? 0 : CF_ERR_NOMEM;
}

static bool is_live(const struct cf_record *record)
{
	return record->revision_count && !record->revisions[0].deleted;
}

/* The reason names the version first; of what is damaged nobody knows it. */
static struct cf_str version_of(struct cf_str why)
{
	const char *space = memchr(why.ptr, ' ', why.len);
	struct cf_str first = {why.ptr, space ? (size_t)(space - why.ptr) : why.len};

	return memchr(first.ptr, '@', first.len) ? first : STR("");
}

/* Whether all that lives of it was agreed on. 0 or NOMEM. */
static int is_known(const struct looked *looked, struct json_doc *doc, bool *ret)
{
	const struct cf_record *record = looked->one->record;
	struct cf_str place = version_of(looked->one->why), body = looked->base->body;
	int rc;

	*ret = false;
	if (!state_exists(looked->base))
		return 0;
	rc = json_read(doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL);
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	for (size_t i = 0; i < record->revision_count; i++)
		if (!record->revisions[i].deleted &&
		    !unserved_knows(json_root(doc), place, record->revisions[i].rev))
			return 0;
	*ret = true;
	return 0;
}

static int write_entry(struct sync *sync, const struct unsupported *one, struct cf_str *ret)
{
	struct cf_buf *out = &sync->worker->bench.scratch;
	struct cf_str place = version_of(one->why);

	buf_clear(out);
	buf_str(out, STR("{\"id\":"));
	json_write_string(one->record->id, out);
	if (place.len) {
		buf_str(out, STR(",\"version\":"));
		json_write_string(place, out);
	}
	buf_str(out, STR(",\"error\":\"UNSUPPORTED\",\"reason\":"));
	json_write_string(one->why, out);
	buf_str(out, STR(",\"since\":"));
	record_time(sync->env->now_ms(sync->env->ctx), out);
	buf_byte(out, '}');
	*ret = arena_dup_buf(&sync->step, out);
	return out->failed || !ret->ptr ? CF_ERR_NOMEM : 0;
}

static int read_all(struct sync *sync, const struct unsupported_list *list, struct looked *looked,
		    struct state_key *keys, struct cf_error *error)
{
	struct cf_arena *arena = &sync->step;
	struct state_record *records = arena_calloc(arena, list->count * 2, sizeof(*records));
	size_t count = 0;

	if (!records)
		return error_nomem(error);
	for (struct unsupported *one = list->first; one; one = one->next) {
		looked->one = one;
		looked->listed = &records[count];
		keys[count++] = (struct state_key){
			STATE_QUARANTINE, arena_printf(arena, "#%.*s", STR_ARG(one->record->id))};
		looked->base = &records[count];
		keys[count++] = (struct state_key){STATE_BASE, one->label};
		looked++;
		if (!keys[count - 2].name.ptr)
			return error_nomem(error);
	}
	return state_get(sync->state, keys, count, arena, records, error);
}

int unsupported_take(struct sync *sync, struct unsupported_list *list, struct cf_error *error)
{
	struct cf_arena *arena = &sync->step;
	struct looked *looked = arena_calloc(arena, list->count + 1, sizeof(*looked));
	struct state_key *keys = arena_calloc(arena, list->count * 2 + 1, sizeof(*keys));
	struct state_put *puts = arena_calloc(arena, list->count + 1, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(arena, list->count + 1, sizeof(*answers));
	struct json_doc doc;
	size_t count = 0;
	int rc;

	if (list->count == 0)
		return 0;
	if (!looked || !keys || !puts || !answers)
		return error_nomem(error);
	json_doc_init(&doc, sync->mem);
	rc = read_all(sync, list, looked, keys, error);
	for (size_t i = 0; i < list->count && rc == 0; i++) {
		bool news, known;
		struct state_put put = {.key = keys[2 * i], .condition = CF_PUT_ANY};

		rc = is_known(&looked[i], &doc, &known) ? error_nomem(error) : 0;
		news = is_live(looked[i].one->record) && !known && !looked[i].one->decided;
		if (rc || news == state_exists(looked[i].listed))
			continue;
		if (news && write_entry(sync, looked[i].one, &put.body))
			rc = error_nomem(error);
		list->listed += news;
		puts[count++] = put;
	}
	if (rc == 0 && count)
		rc = state_put(sync->state, puts, count, arena, answers, error);
	json_doc_fini(&doc);
	return rc;
}
