/* Lists of job one: printing them, and finding one entry. */
#include "cli/lists.h"

enum { NAME_WIDTH = 12 };

int cli_entry_line(struct cli *cli, struct cf_str id, struct json_value body)
{
	struct cf_buf *out = &cli->out.buf;
	struct cf_str text = json_span(body);

	/* The body begins with a brace and is never empty. */
	buf_str(out, STR("{\"entry\":"));
	json_write_string(id, out);
	buf_byte(out, ',');
	buf_append(out, text.ptr + 1, text.len - 1);
	buf_byte(out, '\n');
	return cli_out_check(cli);
}

int cli_entry(struct cli *cli, enum sync_list list, cli_entry_show *show, struct cf_error *error)
{
	struct cli_stores stores = {.store = NULL};
	struct sync_entry entry;
	struct json_doc doc;
	int rc = cli_stores_open(cli, &stores, error);

	json_doc_init(&doc, cli->mem);
	if (rc == 0)
		rc = sync_entry_find(&stores.state, list, str_of(cli->args[0]), &cli->arena, &doc,
				     &entry, error);
	if (rc == 0)
		rc = show(cli, &stores, &entry, error);
	if (rc == 0 && cli->out.code)
		rc = cli_out_error(cli, error);
	json_doc_fini(&doc);
	cli_stores_close(&stores);
	return rc;
}

void cli_show(struct cli *cli, const char *name, struct cf_str text)
{
	if (text.len == 0)
		return;
	cli_out_printf(cli, "%-*s  ", NAME_WIDTH, name);
	cli_write_shown(text, &cli->out.buf);
	buf_byte(&cli->out.buf, '\n');
	cli_out_check(cli);
}

struct cf_str cli_text_in(struct cf_arena *arena, struct json_value object, const char *name)
{
	struct json_value value = json_member(object, str_of(name));
	struct cf_str text = STR("");

	if (json_is_absent(value))
		return text;
	if (json_kind(value) != JSON_STRING)
		return json_span(value);
	return json_decode(value, arena, &text) ? STR("") : text;
}

struct cf_str cli_text(struct cli *cli, struct json_value object, const char *name)
{
	return cli_text_in(&cli->arena, object, name);
}

struct cf_str cli_list_time(struct cf_arena *arena, struct json_value time)
{
	struct cf_str text = json_kind(time) == JSON_STRING ? json_inner(time) : STR("");

	return text.len < sizeof("2026-11-30T08:11") - 1
		       ? text
		       : arena_printf(arena, "%.10s %.5s", text.ptr, text.ptr + 11);
}
