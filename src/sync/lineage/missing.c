/* What stands in for a part that is missing, so that others can go on without it: as the
 * document that is made of it says it; else with nothing but defaults and perhaps its key. */
#include "sync/lineage/settler.h"

int page_empty(struct settler *s, const struct slot_kind *kind, struct json_value name,
	       struct cf_str value, struct page **ret)
{
	buf_clear(&s->text);
	buf_byte(&s->text, '{');
	if (!json_is_absent(name)) {
		buf_str(&s->text, json_span(name));
		buf_byte(&s->text, ':');
		json_write_string(value, &s->text);
		buf_byte(&s->text, ',');
	}
	json_write_string(s->rules.type_field, &s->text);
	buf_byte(&s->text, ':');
	json_write_string(kind->major->type->name, &s->text);
	buf_byte(&s->text, ',');
	json_write_string(s->rules.version_field, &s->text);
	if (buf_printf(&s->text, ":%u}", kind->major->major))
		return error_nomem(s->error);
	return page_read(s, kind, buf_view(&s->text), ret);
}

/* What the document that is made of the part says of it; *ret NULL: nothing. */
static int read_back(const struct missing *m, struct page **ret)
{
	const struct lens_output *made;
	int rc = 0;

	*ret = NULL;
	if (!m->state->pages[m->back->inputs[0]] ||
	    crossing_apply(m->s, m->state, m->back, false, &made))
		return 0;
	for (size_t i = 0; i < m->back->output_count && !*ret && rc == 0; i++)
		if (m->back->outputs[i] == m->slot && made[i].text.ptr)
			rc = page_read(m->s, &m->s->family->slots[m->slot], made[i].text, ret);
	return rc;
}

/* Whether what is made of the part leads back to it, by its key. */
static bool leads_back(const struct missing *m)
{
	const struct lens_output *made;

	if (crossing_apply(m->s, m->state, m->back, false, &made))
		return false;
	for (size_t i = 0; i < m->back->output_count; i++)
		if (m->back->outputs[i] == m->slot && m->s->family->slots[m->slot].shared)
			return made[i].text.ptr && !made[i].repointed;
	return true;
}

/* What the part makes is read back: it may have become one with defaults. *ret NULL: it does
 * not lead back to it. */
static int try_part(const struct missing *m, struct page **ret)
{
	struct settler *s = m->s;
	size_t target = m->way->outputs[0];
	const struct lens_output *made;
	struct page *page = *ret, *again = NULL;
	int rc = 0;

	*ret = NULL;
	page->users++;
	pages_set(s, m->state, m->slot, page);
	if (m->state->pages[target] || crossing_apply(s, m->state, m->way, true, &made) ||
	    !made[0].text.ptr) {
		page_drop(s, page);
		return 0;
	}
	rc = page_read(s, &s->family->slots[target], made[0].text, &again);
	if (rc == 0) {
		pages_set(s, m->state, target, again);
		again = NULL;
		rc = read_back(m, &again);
	}
	if (again) {
		page_drop(s, page);
		page = again;
		page->users++;
		pages_set(s, m->state, m->slot, page);
	}
	if (rc == 0 && leads_back(m))
		*ret = page;
	else
		page_drop(s, page);
	pages_set(s, m->state, target, NULL);
	pages_set(s, m->state, m->slot, NULL);
	return rc;
}

/* Nothing is known of the part but perhaps its key. */
static int make_part(const struct missing *m, struct page **ret)
{
	struct settler *s = m->s;
	const struct slot_kind *kind = &s->family->slots[m->slot];
	const struct catalog_major *major = kind->major;
	struct json_value root = json_file_root(&major->schemas[major->schema_count - 1].file);
	struct json_iter it = json_iter(json_member(root, STR("properties")));
	struct cf_str key = m->state->keys[m->slot];
	int rc = page_empty(s, kind, JSON_ABSENT, key, ret);

	if (rc == 0)
		rc = try_part(m, ret);
	while (rc == 0 && !*ret && key.len && json_next(&it)) {
		if (json_name_is(it.name, s->rules.type_field) ||
		    json_name_is(it.name, s->rules.version_field))
			continue;
		rc = page_empty(s, kind, it.name, key, ret);
		if (rc == 0)
			rc = try_part(m, ret);
	}
	return rc || *ret ? rc : page_empty(s, kind, JSON_ABSENT, key, ret);
}

int stand_in(const struct missing *m)
{
	const struct page *target = m->state->pages[m->back->inputs[0]];
	struct page *page = NULL;
	int rc = target && !target->phantom ? read_back(m, &page) : 0;

	if (rc == 0 && !page)
		rc = make_part(m, &page);
	if (rc)
		return rc;
	page->phantom = page->root = true;
	pages_set(m->s, m->state, m->slot, page);
	return 0;
}
