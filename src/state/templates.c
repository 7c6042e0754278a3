/* Which templates the state of a database has; see template.h.
 *
 * They are loaded once, and again where a record names one that is not known: another run
 * made it. One is made when it is seen for the second time, and written before the first
 * record that needs it. They are few: what is too different from all others stays as it is. */
#include "state/template.h"

#include "state/id.h"

enum { TEMPLATES_MAX = 256, SEEN_ONCE = 256 };

struct template
{
	char id[STATE_HASH_BYTES + 1];
	char *text;
};

struct templates {
	const struct cf_mem *mem;
	struct template at[TEMPLATES_MAX];
	size_t count;
	uint64_t once[SEEN_ONCE]; /* hashes of those that were seen once */
	bool loaded;
};

#define SHORT_BEGIN STR("{\"t\":\"")
#define SHORT_MIDDLE STR("\",\"v\":")

struct templates *templates_new(const struct cf_mem *mem)
{
	struct templates *all = mem_calloc(mem, 1, sizeof(*all));

	if (all)
		all->mem = mem;
	return all;
}

void templates_free(struct templates *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->count; i++)
		mem_free(all->mem, all->at[i].text);
	mem_free(all->mem, all);
}

static const struct template *find(const struct templates *all, const char *id)
{
	for (size_t i = 0; i < all->count; i++)
		if (memcmp(all->at[i].id, id, STATE_HASH_BYTES) == 0)
			return &all->at[i];
	return NULL;
}

/* 0 or NOMEM; nothing happens where it is known, or there are too many. */
static int add(struct templates *all, struct cf_str text)
{
	struct template *one = &all->at[all->count];
	char id[STATE_HASH_BYTES + 1];

	state_id_hash(text, id);
	if (all->count == TEMPLATES_MAX || find(all, id))
		return 0;
	one->text = mem_alloc(all->mem, text.len + 1);
	if (!one->text)
		return CF_ERR_NOMEM;
	memcpy(one->text, text.ptr, text.len);
	one->text[text.len] = '\0';
	memcpy(one->id, id, sizeof(id));
	all->count++;
	return 0;
}

static int load_record(struct templates *all, const struct cf_record *record,
		       struct cf_arena *arena, struct json_doc *doc)
{
	struct cf_str body = record->revisions[0].body, text;
	struct json_value value;
	int rc = json_read(doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL);

	value = json_member(rc ? JSON_ABSENT : json_root(doc), STR("text"));
	if (rc || json_kind(value) != JSON_STRING)
		return rc == CF_ERR_NOMEM ? rc : 0;
	return json_decode(value, arena, &text) ? CF_ERR_NOMEM : add(all, text);
}

static int load(const struct state *state, struct templates *all, struct cf_arena *arena,
		struct cf_error *error)
{
	struct state_range range = {.kind = STATE_TEMPLATE};
	struct cf_scan scan = {.prefix = state_id_begin(state, &range, arena),
			       .limit = TEMPLATES_MAX,
			       .flags = CF_READ_BODIES};
	struct cf_record *records;
	struct json_doc doc;
	size_t count;
	int rc = scan.prefix.ptr ? 0 : error_nomem(error);

	if (rc == 0)
		rc = store_scan(state->store, &scan, arena, &records, &count, error);
	if (rc)
		return rc;
	json_doc_init(&doc, arena->mem);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = load_record(all, &records[i], arena, &doc);
	json_doc_fini(&doc);
	all->loaded = rc == 0;
	return rc ? error_nomem(error) : 0;
}

/* --- writing ------------------------------------------------------------------------------------
 */

/* Whether it is worth to be made: it was seen before. */
static bool seen_before(struct templates *all, struct cf_str text)
{
	uint64_t hash = hash64(text, 1) | 1, *at = &all->once[hash % SEEN_ONCE];
	bool before = *at == hash;

	*at = hash;
	return before && all->count < TEMPLATES_MAX;
}

/* A template that is to be made. 0 or NOMEM. */
static int make(const struct state *state, struct cf_str text, const char *id,
		struct cf_arena *arena, struct cf_put *ret)
{
	struct state_key key = {STATE_TEMPLATE, str_of(id)};
	struct cf_buf out;

	buf_init(&out, arena->mem);
	buf_str(&out, STR("{\"text\":"));
	json_write_string(text, &out);
	buf_byte(&out, '}');
	*ret = (struct cf_put){.id = state_id(state, key, arena),
			       .kind = CF_PUT_ANY,
			       .body = arena_dup_buf(arena, &out)};
	buf_fini(&out);
	return ret->id.ptr && ret->body.ptr ? add(state->templates, text) : CF_ERR_NOMEM;
}

static struct cf_str write_short(const char *id, struct cf_str values, struct cf_arena *arena)
{
	struct cf_buf out;
	struct cf_str text;

	buf_init(&out, arena->mem);
	buf_str(&out, SHORT_BEGIN);
	buf_str(&out, str_of(id));
	buf_str(&out, SHORT_MIDDLE);
	json_write_string(values, &out);
	buf_byte(&out, '}');
	text = arena_dup_buf(arena, &out);
	buf_fini(&out);
	return text;
}

struct shortening {
	const struct state *state;
	struct cf_arena *arena;
	struct cf_buf template, values;
	struct cf_put *made;
	size_t made_count;
};

/* 0 or NOMEM; *ret stays where there is no template for it. */
static int shorten(struct shortening *s, struct cf_str body, struct cf_str *ret)
{
	char id[STATE_HASH_BYTES + 1];
	struct cf_str text;
	int rc;

	buf_clear(&s->template);
	buf_clear(&s->values);
	rc = template_split(body, &s->template, &s->values);
	if (rc)
		return rc < 0 ? rc : 0;
	text = buf_view(&s->template);
	state_id_hash(text, id);
	if (!find(s->state->templates, id)) {
		if (!seen_before(s->state->templates, text))
			return 0;
		rc = make(s->state, text, id, s->arena, &s->made[s->made_count]);
		if (rc)
			return rc;
		s->made_count++;
	}
	*ret = write_short(id, buf_view(&s->values), s->arena);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

static bool is_base(const struct state_put *put)
{
	return put->key.kind == STATE_BASE && put->body.ptr;
}

/* What was not written is not known. */
static void forget_last(struct templates *all, size_t count)
{
	for (; count > 0; count--)
		mem_free(all->mem, all->at[--all->count].text);
}

static int write_made(const struct shortening *s, struct cf_error *error)
{
	struct cf_answer *answers = arena_calloc(s->arena, s->made_count, sizeof(*answers));
	int rc = answers ? store_put(s->state->store, s->made, s->made_count, s->arena, answers,
				     error)
			 : error_nomem(error);

	for (size_t i = 0; i < s->made_count && rc == 0; i++)
		if (answers[i].code)
			rc = error_set(error, answers[i].code, "%.*s", STR_ARG(answers[i].message));
	return rc;
}

static int shorten_all(struct shortening *s, const struct templates_puts *b, struct cf_error *error)
{
	struct templates *all = s->state->templates;
	size_t before = all->count;
	int rc = 0;

	for (size_t i = 0; i < b->count && rc == 0; i++)
		if (is_base(&b->puts[i]))
			rc = shorten(s, b->puts[i].body, &b->ret[i]) ? error_nomem(error) : 0;
	if (rc == 0 && s->made_count)
		rc = write_made(s, error);
	if (rc)
		forget_last(all, all->count - before);
	return rc;
}

int templates_shorten(const struct state *state, const struct templates_puts *bodies,
		      struct cf_error *error)
{
	struct shortening s = {.state = state, .arena = bodies->arena};
	size_t due = 0;
	int rc = 0;

	for (size_t i = 0; i < bodies->count; i++) {
		bodies->ret[i] = bodies->puts[i].body;
		due += is_base(&bodies->puts[i]);
	}
	if (!state->templates || due == 0)
		return 0;
	if (!state->templates->loaded)
		rc = load(state, state->templates, s.arena, error);
	s.made = arena_calloc(s.arena, due, sizeof(*s.made));
	if (rc || !s.made)
		return rc ? rc : error_nomem(error);
	buf_init(&s.template, s.arena->mem);
	buf_init(&s.values, s.arena->mem);
	rc = shorten_all(&s, bodies, error);
	buf_fini(&s.template);
	buf_fini(&s.values);
	return rc;
}

/* --- reading ------------------------------------------------------------------------------------
 */

static bool is_short(const struct state_record *record)
{
	return str_starts_with(record->body, SHORT_BEGIN) &&
	       record->body.len > SHORT_BEGIN.len + STATE_HASH_BYTES + SHORT_MIDDLE.len + 3;
}

static int restore(const struct templates *all, struct state_record *record, struct json_doc *doc,
		   struct cf_arena *arena)
{
	const struct template *one = find(all, record->body.ptr + SHORT_BEGIN.len);
	struct json_value value;
	struct cf_str values;
	int rc;

	if (!one)
		return CF_ERR_NOT_FOUND;
	rc = json_read(doc, record->body.ptr, record->body.len, JSON_READ_DOCUMENT, NULL);
	value = json_member(rc ? JSON_ABSENT : json_root(doc), STR("v"));
	if (rc == 0)
		rc = json_kind(value) == JSON_STRING ? json_decode(value, arena, &values)
						     : CF_ERR_INVALID;
	return rc ? rc : template_join(str_of(one->text), values, arena, &record->body);
}

static int restore_all(const struct state *state, struct templates *all,
		       struct templates_records *wanted, struct cf_error *error)
{
	struct state_record *records = wanted->records;
	struct cf_arena *arena = wanted->arena;
	bool asked = false;
	struct json_doc doc;
	int rc = 0;

	json_doc_init(&doc, arena->mem);
	for (size_t i = 0; i < wanted->count && (rc == 0 || rc == CF_ERR_NOT_FOUND); i++) {
		int missing = rc;

		if (!state_exists(&records[i]) || !is_short(&records[i]))
			continue;
		rc = restore(all, &records[i], &doc, arena);
		if (rc == CF_ERR_NOT_FOUND && !asked) {
			asked = true;
			rc = load(state, all, arena, error);
			if (rc == 0)
				rc = restore(all, &records[i], &doc, arena);
		}
		if (rc && !missing)
			wanted->at = i;
		rc = rc ? rc : missing;
	}
	json_doc_fini(&doc);
	return rc;
}

int templates_restore(const struct state *state, struct templates_records *records,
		      struct cf_error *error)
{
	struct templates *own;
	size_t i = 0;
	int rc;

	if (state->templates)
		return restore_all(state, state->templates, records, error);
	while (i < records->count &&
	       !(state_exists(&records->records[i]) && is_short(&records->records[i])))
		i++;
	if (i == records->count)
		return 0;
	own = templates_new(records->arena->mem);
	rc = own ? restore_all(state, own, records, error) : error_nomem(error);
	templates_free(own);
	return rc;
}
