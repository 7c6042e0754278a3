/* --where MEMBER=VALUE: which documents are meant. */
#ifndef CLI_WHERE_H
#define CLI_WHERE_H

#include "cli/cli.h"
#include "json/json.h"

struct cli_where {
	struct cf_str member; /* ptr NULL: all documents */
	struct cf_str value;  /* a text as it is, or a number or boolean */
};

/* The command's table must have the option. USAGE where it is none. */
int cli_where_read(const struct cli *cli, struct cli_where *ret, struct cf_error *error);
bool cli_where_holds(const struct cli_where *where, struct json_value document);

#endif
