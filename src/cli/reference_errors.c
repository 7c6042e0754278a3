/* The reference of errors, in Markdown, from the table of errors. */
#include "cli/cli.h"

static const char *class_name(enum cf_error_class class)
{
	static const char *const names[] = {
		[CF_CLASS_NONE] = "none",
		[CF_CLASS_RETRYABLE] = "retryable: the same call may succeed later",
		[CF_CLASS_CONFLICT] = "conflict: somebody else was first, read again",
		[CF_CLASS_INPUT] = "input: this document is wrong, others are not",
		[CF_CLASS_CONFIG] = "config: the catalog, a URL or an option is wrong",
		[CF_CLASS_BUG] = "bug: ours",
	};

	return names[class];
}

int cli_reference_errors(struct cli *cli)
{
	static const int codes[] = {
#define X(name, value, class, exit_code, http, text) (value),
		CF_ERROR_TABLE(X)
#undef X
	};
	struct cf_buf *out = &cli->out.buf;

	(void)buf_str(out, STR("# Errors\n\nMade from the library's own table by `make docs`. A "
			       "function of the library answers 0 or `CF_ERR_` and the name.\n\n"
			       "| name | code | means | class | exit code | HTTP |\n"
			       "| --- | --- | --- | --- | --- | --- |\n"));
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		(void)buf_printf(out, "| `%s` | %d | %s | %s | %d | %d |\n",
				 cf_error_name(codes[i]), codes[i], cf_error_text(codes[i]),
				 class_name(cf_error_class(codes[i])), cf_error_exit_code(codes[i]),
				 cf_error_http_status(codes[i]));
	return cli_out_check(cli);
}
