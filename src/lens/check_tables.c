/* Tables that lose what they need not: PutGet of convert, seen from its rows alone.
 *
 * Generated documents do not find this. Over a base a convert keeps the base's own value
 * wherever that says the same, so that even tables that contradict each other come back
 * right there; who meets the document first, without a base, reads something else.
 *
 * A many-to-one table loses what it joins, and says so. But what a value became must
 * come back as a value that becomes the same again: one of those that are joined stands
 * for all. That holds for each row of both tables. Where a default takes part, which is
 * declared to lose more, it is enough that the value stays what it became. */
#include "lens/op.h"

#include <stdio.h>

struct table_check {
	const struct lens_report *report;
	struct json_doc value, other;
};

/* A value on its way. */
struct stop {
	struct cf_str text; /* ptr NULL: no row and no default */
	bool by_default;
};

/* Reads a constant of the lens. NOMEM. */
static int read_value(struct json_doc *doc, struct cf_str text, struct json_value *ret)
{
	int rc = json_read(doc, text.ptr, text.len, 0, NULL);

	*ret = rc ? JSON_ABSENT : json_root(doc);
	return rc == CF_ERR_NOMEM ? rc : 0;
}

static int same(struct table_check *check, struct cf_str a, struct cf_str b, bool *ret)
{
	struct json_value x, y = JSON_ABSENT;
	int rc = read_value(&check->value, a, &x);

	if (rc == 0)
		rc = read_value(&check->other, b, &y);
	*ret = rc == 0 && !json_is_absent(x) && !json_is_absent(y) && json_equal(x, y);
	return rc;
}

/* Whether a row is that of a value: as table_look_up, before there is a program. */
static int finds(struct table_check *check, struct json_value v, struct cf_str key, bool *ret)
{
	struct json_value number = JSON_ABSENT;
	int rc = 0;

	if (json_kind(v) == JSON_STRING) {
		*ret = json_name_is(v, key);
	} else if (json_kind(v) == JSON_NUMBER) {
		rc = read_value(&check->other, key, &number);
		*ret = rc == 0 && json_kind(number) == JSON_NUMBER && json_equal(v, number);
	} else {
		*ret = !json_is_absent(v) && json_kind(v) <= JSON_TRUE &&
		       str_equal(json_span(v), key);
	}
	return rc;
}

static int look_up(struct table_check *check, const struct op_table *table, struct cf_str text,
		   struct stop *ret)
{
	struct json_value v;
	int rc = read_value(&check->value, text, &v);
	bool found = false;

	*ret = (struct stop){.text = table->fallback, .by_default = true};
	for (size_t i = 0; i < table->count && rc == 0 && !found; i++) {
		rc = finds(check, v, table->rows[i].key, &found);
		if (found)
			*ret = (struct stop){.text = table->rows[i].text};
	}
	if (!found && table->keep)
		*ret = (struct stop){.text = text, .by_default = true};
	return rc;
}

static void tell(const struct table_check *check, const struct op *op, bool down,
		 const struct op_row *row, struct cf_str back, struct cf_str again)
{
	struct lens_finding finding = {.line = op->line};
	char text[600];

	(void)snprintf(text, sizeof(text),
		       "convert: PutGet is broken: %s, \"%.*s\" becomes %.*s, which comes back as "
		       "%.*s, and that becomes %.*s",
		       down ? "down" : "up", STR_ARG(row->key), STR_ARG(row->text), STR_ARG(back),
		       STR_ARG(again));
	finding.message = str_of(text);
	check->report->finding(check->report->ctx, &finding);
}

/* A value goes there by a row, back, and there again. What has no row on the way is told
 * by those who look at rows. */
static int check_row(struct table_check *check, const struct op *op, bool down,
		     const struct op_row *row, bool *ret_told)
{
	struct stop back, again, settled;
	bool ok = true;
	int rc = look_up(check, &op->table[!down], row->text, &back);

	if (rc || !back.text.ptr)
		return rc;
	rc = look_up(check, &op->table[down], back.text, &again);
	if (rc || !again.text.ptr)
		return rc;
	rc = same(check, row->text, again.text, &ok);
	if (rc == 0 && !ok && (back.by_default || again.by_default)) {
		rc = look_up(check, &op->table[!down], again.text, &settled);
		if (rc == 0 && settled.text.ptr)
			rc = same(check, back.text, settled.text, &ok);
	}
	if (rc == 0 && !ok) {
		tell(check, op, down, row, back.text, again.text);
		*ret_told = true;
	}
	return rc;
}

/* The first row of each convert, upwards first, stands for its others. */
static int check_ops(struct table_check *check, const struct op *ops, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		bool told = false;

		for (int down = 0; down < 2; down++)
			for (size_t k = 0; k < ops[i].table[down].count && rc == 0 && !told; k++)
				rc = check_row(check, &ops[i], down, &ops[i].table[down].rows[k],
					       &told);
		if (rc == 0)
			rc = check_ops(check, ops[i].inner, ops[i].inner_count);
	}
	return rc;
}

int check_tables(const struct op *ops, size_t count, const struct cf_mem *mem,
		 const struct lens_report *report)
{
	struct table_check check = {.report = report};
	int rc;

	json_doc_init(&check.value, mem);
	json_doc_init(&check.other, mem);
	rc = check_ops(&check, ops, count);
	json_doc_fini(&check.other);
	json_doc_fini(&check.value);
	return rc;
}
