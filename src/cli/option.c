/* Asking for the values of options. Asking for one that is not in the command's
 * table is a bug of the command. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>

static const struct cli_option *row_of(const struct cli *cli, const char *name)
{
	const struct cli_option *option = cli->path[cli->depth - 1]->options;

	for (; option && option->name; option++)
		if (strcmp(option->name, name) == 0)
			return option;
	cf_assert(!"an option that the table lacks");
	return NULL;
}

const char *cli_option(const struct cli *cli, const char *name)
{
	const struct cli_option *option = row_of(cli, name);
	const char *value = NULL;

	for (size_t i = cli->value_count; i-- > 0;)
		if (cli->values[i].option == option)
			return cli->values[i].value;
	if (option->env)
		value = getenv(option->env);
	return value && *value ? value : option->fallback;
}

bool cli_given(const struct cli *cli, const char *name)
{
	const struct cli_option *option = row_of(cli, name);

	for (size_t i = 0; i < cli->value_count; i++)
		if (cli->values[i].option == option)
			return true;
	return false;
}

const char *cli_option_next(const struct cli *cli, const char *name, size_t *at)
{
	const struct cli_option *option = row_of(cli, name);

	while (*at < cli->value_count) {
		const struct cli_value *value = &cli->values[(*at)++];

		if (value->option == option)
			return value->value;
	}
	return NULL;
}

int cli_catalog_folder(const struct cli *cli, const char *fallback, const char **ret,
		       struct cf_error *error)
{
	const char *named = cli_option(cli, "catalog");

	if (cli->arg_count && cli_given(cli, "catalog"))
		return error_set(error, CF_ERR_USAGE, "the catalog is named twice: %s and %s",
				 cli->args[0], named);
	*ret = cli->arg_count ? cli->args[0] : named ? named : fallback;
	if (!*ret)
		return error_set(error, CF_ERR_USAGE,
				 "which catalog? name its folder (or give --catalog DIR, or the "
				 "variable CHESTERFIELD_CATALOG)");
	return 0;
}

int cli_option_number(const struct cli *cli, const char *name, uint64_t min, uint64_t max,
		      uint64_t *ret, struct cf_error *error)
{
	const char *text = cli_option(cli, name);
	unsigned long long value = 0;
	char *end = NULL;

	if (!text)
		return 0;
	errno = 0;
	if (*text >= '0' && *text <= '9')
		value = strtoull(text, &end, 10);
	if (!end || *end || errno || value < min || value > max)
		return error_set(error, CF_ERR_USAGE,
				 "--%s: \"%s\" is not a whole number from %llu to %llu", name, text,
				 (unsigned long long)min, (unsigned long long)max);
	*ret = value;
	return 0;
}
