/* A history as one line of JSON: outcome.py plays it again, and must come to the same. */
#include "play.h"

static const char *const kind_names[] = {
	"word", "null", "must", "full",  "rest",  "two",      "one",  "int",
	"tags", "enum", "rows", "coord", "state", "tracking", "file", "time",
};

static void write_names(const struct path *path, struct cf_buf *out)
{
	buf_byte(out, '[');
	for (size_t i = 0; i < path->count; i++) {
		buf_str(out, i ? STR(",") : STR(""));
		json_write_string(path->at[i].text, out);
	}
	buf_byte(out, ']');
}

static void write_shape(const struct shape_of *shape, struct cf_buf *out)
{
	buf_byte(out, '[');
	for (size_t i = 0; i < shape->count; i++) {
		buf_str(out, i ? STR(",[") : STR("["));
		write_names(&shape->at[i].path, out);
		buf_printf(out, ",\"%s\",%u,\"%s\"]", kind_names[shape->at[i].kind],
			   shape->at[i].track, shape->at[i].key ? shape->at[i].key : "");
	}
	buf_byte(out, ']');
}

void tell_start(struct table *table)
{
	static const char *const prefers[] = {"newest-version", "oldest-version", "latest"};
	struct cf_buf *out = &table->line;

	buf_printf(out,
		   "{\"seed\":%llu,\"prefer\":\"%s\",\"late\":\"%s\",\"start\":%zu,\"shapes\":[",
		   (unsigned long long)table->game->seed, prefers[table->made.policy.prefer],
		   table->made.policy.late_wins ? "edit" : "agreed", table->versions);
	for (size_t v = 0; v < table->made.count; v++) {
		buf_str(out, v ? STR(",") : STR(""));
		write_shape(&table->made.shapes[v], out);
	}
	buf_str(out, STR("],\"links\":["));
	for (size_t v = 0; v + 1 < table->made.count; v++)
		buf_printf(out, "%s[%.*s]", v ? "," : "", STR_ARG(table->made.python[v]));
	buf_str(out, STR("],\"steps\":["));
}

static void begin_step(struct table *table)
{
	struct cf_buf *out = &table->line;

	buf_str(out, out->ptr[out->len - 1] == '[' ? STR("") : STR(","));
}

void tell_grow(struct table *table)
{
	begin_step(table);
	buf_str(&table->line, STR("{\"grow\":true}"));
}

static void write_document(const struct value *document, struct cf_buf *out)
{
	if (document)
		value_write(document, out);
	else
		buf_str(out, STR("null"));
}

void tell_node(struct table *table, const struct node *node)
{
	begin_step(table);
	buf_printf(&table->line, "{\"saved\":[%zu,\"%.*s\",", node->version, STR_ARG(node->rev));
	write_document(node->document, &table->line);
	buf_str(&table->line, STR("]}"));
}

static void write_leaves(const struct leaf_list *leaves, struct cf_buf *out)
{
	buf_byte(out, '[');
	for (size_t i = 0; i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->at[i];

		buf_printf(out, "%s[%zu,\"%.*s\",[", i ? "," : "", leaf->version,
			   STR_ARG(leaf->rev));
		for (size_t k = 0; k < leaf->way_count; k++)
			buf_printf(out, "%s\"%.*s\"", k ? "," : "", STR_ARG(leaf->way[k]));
		buf_str(out, STR("],"));
		write_document(leaf->document, out);
		buf_byte(out, ']');
	}
	buf_byte(out, ']');
}

static void write_edit(struct table *table, const struct edit *edit, struct cf_buf *out)
{
	if (!edit) {
		buf_str(out, STR("null"));
		return;
	}
	buf_printf(out, "[%zu,", edit->version);
	json_write_string(path_print(&table->arena, &edit->pointer), out);
	buf_printf(out, ",\"%.*s\",[", STR_ARG(edit->rev));
	if (edit->value)
		value_write(rule_shown(&table->thing->court, edit), out);
	buf_str(out, STR("]]"));
}

/* Older revisions whose bodies the store still has. */
static void write_readable(struct table *table, const struct leaf_list *leaves, struct cf_buf *out)
{
	bool any = false;

	buf_str(out, STR(",\"readable\":["));
	for (size_t i = 0; i < leaves->count; i++)
		for (size_t k = 0; k < leaves->at[i].way_count; k++) {
			struct cf_str rev = leaves->at[i].way[k];

			if (!server_body(table, leaves->at[i].version, rev))
				continue;
			buf_printf(out, "%s[%zu,\"%.*s\"]", any ? "," : "", leaves->at[i].version,
				   STR_ARG(rev));
			any = true;
		}
	buf_str(out, STR("]"));
}

void tell_agreement(struct table *table, const struct leaf_list *before, bool taken,
		    const struct leaf_list *after)
{
	struct cf_buf *out = &table->line;

	if (!table->game->ideal)
		return;
	begin_step(table);
	buf_str(out, STR("{\"leaves\":"));
	write_leaves(before, out);
	write_readable(table, before, out);
	buf_printf(out, ",\"taken\":%s,\"docs\":[", taken ? "true" : "false");
	for (size_t v = 0; v < table->versions && table->thing->agreed.docs.at[0]; v++) {
		buf_str(out, v ? STR(",") : STR(""));
		write_document(table->thing->agreed.docs.at[v], out);
	}
	buf_str(out, STR("],\"losers\":["));
	for (size_t i = 0; i < table->losers.count; i++) {
		buf_str(out, i ? STR(",[") : STR("["));
		write_edit(table, table->losers.at[i].edit, out);
		buf_byte(out, ',');
		write_edit(table, table->losers.at[i].winner, out);
		buf_byte(out, ']');
	}
	buf_str(out, STR("],\"after\":"));
	write_leaves(after, out);
	buf_byte(out, '}');
}

void tell_end(struct table *table)
{
	buf_str(&table->line, STR("]}\n"));
}
