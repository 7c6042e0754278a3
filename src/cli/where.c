/* --where MEMBER=VALUE. */
#include "cli/where.h"

int cli_where_read(const struct cli *cli, struct cli_where *ret, struct cf_error *error)
{
	const char *text = cli_option(cli, "where");
	const char *sign = text ? strchr(text, '=') : NULL;

	*ret = (struct cli_where){.member = {NULL, 0}};
	if (!text)
		return 0;
	if (!sign || sign == text)
		return error_set(error, CF_ERR_USAGE, "--where must be MEMBER=VALUE");
	ret->member = (struct cf_str){text, (size_t)(sign - text)};
	ret->value = str_of(sign + 1);
	return 0;
}

bool cli_where_holds(const struct cli_where *where, struct json_value document)
{
	struct json_value value;

	if (!where->member.ptr)
		return true;
	value = json_member(document, where->member);
	if (json_kind(value) == JSON_STRING)
		return json_name_is(value, where->value);
	return !json_is_absent(value) && str_equal(json_span(value), where->value);
}
