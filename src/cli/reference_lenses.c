/* The reference of lens ops, in Markdown, from the table of ops. */
#include "cli/cli.h"

#include "lens/lens.h"

int cli_reference_lenses(struct cli *cli)
{
	struct cf_buf *out = &cli->out.buf;
	const struct lens_op *ops;
	size_t count = lens_ops(&ops);

	(void)buf_str(out, STR("# Lens ops\n\nMade from the library's own table by `make docs`. "
			       "Going down, each op is its mirror image.\n"));
	for (size_t i = 0; i < count; i++) {
		(void)buf_printf(out,
				 "\n## `%s`\n\n%s.\n\n| argument | what it is | |\n"
				 "| --- | --- | --- |\n",
				 ops[i].name, ops[i].summary);
		for (const struct lens_op_argument *a = ops[i].arguments; a->name; a++)
			(void)buf_printf(out, "| `%s` | %s | %s |\n", a->name, a->what,
					 a->required ? "needed" : "");
	}
	return cli_out_check(cli);
}
