/* Lists as tables, or as JSON. */
#include "cli/listing.h"

#include "cli/server.h"

struct printing {
	struct cli *cli;
	const struct cli_listing *listing;
	struct cli_table table;
};

static int print_entry(void *ctx, struct cf_str id, struct json_value body)
{
	struct printing *printing = ctx;
	struct cf_str cells[CLI_COLUMNS_MAX];

	if (printing->cli->json)
		return cli_entry_line(printing->cli, id, body);
	printing->listing->row(&printing->table.arena, id, body, cells);
	return cli_table_row(&printing->table, cells);
}

static void begin(struct printing *printing, struct cli *cli, const struct cli_listing *listing)
{
	*printing = (struct printing){.cli = cli, .listing = listing};
	cli_table_init(&printing->table, cli, listing->columns, listing->column_count);
}

static int end(struct printing *printing, int rc, struct cf_error *error)
{
	struct cli *cli = printing->cli;

	if (rc == 0)
		rc = cli_table_end(&printing->table);
	cli_table_fini(&printing->table);
	if (cli->out.code)
		return cli_out_error(cli, error);
	return rc == CF_ERR_NOMEM ? error_nomem(error) : rc;
}

int cli_list(struct cli *cli, const struct cli_listing *listing, struct cf_error *error)
{
	struct cli_stores stores = {.store = NULL};
	struct cli_filter filter;
	struct printing printing;
	struct cli_walk walk = {cli, &stores, listing->list, &filter, print_entry, &printing};
	int rc;

	if (cli_server_asked(cli) && !cli_server_one(cli))
		return cli_list_many(cli, listing, error);
	rc = cli_filter_read(cli, &filter, error);
	if (rc == 0)
		rc = cli_stores_open(cli, &stores, error);
	begin(&printing, cli, listing);
	if (rc == 0)
		rc = cli_entries_walk(&walk, error);
	rc = end(&printing, rc, error);
	cli_stores_close(&stores);
	return rc;
}

int cli_list_some(struct cli *cli, const struct cli_stores *stores,
		  const struct cli_listing *listing, const struct cli_ids *ids,
		  struct cf_error *error)
{
	struct printing printing;
	struct json_doc doc;
	int rc = 0;

	begin(&printing, cli, listing);
	json_doc_init(&doc, cli->mem);
	for (size_t i = 0; i < ids->count && rc == 0; i++) {
		struct sync_entry entry;

		rc = sync_entry_find(&stores->state, listing->list, ids->at[i], &cli->arena, &doc,
				     &entry, error);
		if (rc == 0)
			rc = print_entry(&printing, entry.id, entry.body);
	}
	rc = end(&printing, rc, error);
	json_doc_fini(&doc);
	return rc;
}
