/* The door of cli/: the program's frame. Each command is one row of a table,
 * in a file of its own (cmd_NAME.c), listed in commands.c. Parser, --help, man
 * page and reference are made from the rows.
 *
 * Data goes to stdout through `cli_out_…`, words to stderr through `cli_say` and
 * `cli_report`. A command answers with an error code; the frame reports the error
 * once and turns the code into the exit code.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/base.h"

struct cli;

struct cli_option {
	const char *name;     /* without the dashes */
	char letter;          /* or 0 */
	const char *argument; /* what it is called in help, "FILE"; NULL: a switch */
	const char *help;     /* one phrase, without default and variable */
	const char *fallback; /* default, or NULL */
	const char *env;      /* environment variable that stands in for it, or NULL */
	bool required;        /* given, in the environment, or wrong use */
};

/* Rows that several commands share. */
#define CLI_OPTION_STORE                                                              \
	{                                                                             \
		.name = "store", .argument = "URL", .help = "the store of documents", \
		.env = "CHESTERFIELD_STORE", .required = true,                        \
	}
#define CLI_OPTION_STATE                                                                       \
	{                                                                                      \
		.name = "state", .argument = "URL",                                            \
		.help = "the store of checkpoints, bases and lists; without it, the one that " \
			"goes with --store",                                                   \
		.env = "CHESTERFIELD_STATE",                                                   \
	}
#define CLI_OPTION_DB                                                                    \
	{                                                                                \
		.name = "db", .argument = "PATTERN",                                     \
		.help = "--store is a server: its databases that match; several times; " \
			"!PATTERN: not these",                                           \
	}
#define CLI_OPTION_YES                                           \
	{                                                        \
		.name = "yes", .help = "do not ask; for scripts" \
	}
#define CLI_OPTION_CATALOG                                                                  \
	{                                                                                   \
		.name = "catalog", .letter = 'c', .argument = "DIR", .help = "the catalog", \
		.env = "CHESTERFIELD_CATALOG", .required = true,                            \
	}

/* ... of commands that also take it as an argument. */
#define CLI_OPTION_CATALOG_TOO                                                              \
	{                                                                                   \
		.name = "catalog", .letter = 'c', .argument = "DIR", .help = "the catalog", \
		.env = "CHESTERFIELD_CATALOG",                                              \
	}

enum { CLI_ARGS_ANY = -1 };

struct cli_command {
	const char *name;
	const char *summary;              /* one phrase, no full stop */
	const char *usage;                /* what stands behind the name: "[OPTIONS] [FILE...]" */
	const char *help;                 /* paragraphs between an empty line each; or NULL */
	const struct cli_option *options; /* ends with name NULL; NULL: none of its own */
	int min_args;
	int max_args; /* or CLI_ARGS_ANY */
	/* Ends with NULL. With subcommands there is no `run`: one must be named. */
	const struct cli_command *const *subcommands;
	/* What it prints says what was done or what is wrong: that nobody read it to the end
	 * is an error. What others print may be read as far as somebody likes (`| head`). */
	bool tells;
	/* 0 or an error code, with `error` filled. FINDINGS and INTERRUPTED may leave
	 * its message empty: the findings themselves have been told. */
	int (*run)(struct cli *cli, struct cf_error *error);
};

/* Commands under one heading of the program's help. Ends with title NULL. */
struct cli_group {
	const char *title;
	const struct cli_command *const *commands; /* ends with NULL */
};
extern const struct cli_group cli_groups[];

/* Buffered bytes on their way to a file. After the first failure nothing more is
 * written and each call answers IO. */
struct cli_out {
	int fd;
	struct cf_buf buf;
	int code;        /* 0, or why it stopped */
	int system_code; /* errno of that moment */
	bool looking;    /* who reads may stop when he has seen enough: cli_command.tells */
};

struct cli_progress {
	bool shown; /* stderr is a terminal, and not --quiet */
	bool open;  /* a line stands there */
	const char *what;
	uint64_t total; /* 0: not known */
	uint64_t start_ns;
	uint64_t last_ns;
};

struct cli_value;

/* One run of the program. `args` are the command's own arguments. */
struct cli {
	const struct cf_mem *mem;
	const struct cf_env *env;
	const struct cli_group *groups;
	const struct cli_command *path[4]; /* [0] command, [1] subcommand */
	size_t depth;
	const char **args;
	size_t arg_count;
	bool quiet;
	bool json;     /* results and errors as JSON */
	bool log_json; /* and all words */
	int err_fd;
	struct cli_out out;
	struct cli_progress progress;
	struct cf_arena arena; /* lives as long as the run */
	struct cli_value *values;
	size_t value_count;
};

/* The whole program: parses, runs, reports; answers the exit code. A password in
 * a URL among `argv` is overwritten there, so that the process title does not
 * show it. */
int cli_main(int argc, char **argv);

/* --- options ---------------------------------------------------------------- */

/* The last value given, else the environment's, else the default, else NULL. The
 * name must be in the command's table. */
const char *cli_option(const struct cli *cli, const char *name);
/* Whether the switch, or an option with a value, was given on the command line. */
bool cli_given(const struct cli *cli, const char *name);
/* Each value of an option that may be given several times; NULL after the last.
 * Usage: size_t at = 0; while ((value = cli_option_next(cli, "db", &at))) … */
const char *cli_option_next(const struct cli *cli, const char *name, size_t *at);
/* The folder of the catalog: the argument, else --catalog or its variable, else `fallback`.
 * USAGE where both are given, or there is none. */
int cli_catalog_folder(const struct cli *cli, const char *fallback, const char **ret,
		       struct cf_error *error);
/* A whole number from min to max; USAGE otherwise. `*ret` is left alone where the
 * option has no value at all. */
int cli_option_number(const struct cli *cli, const char *name, uint64_t min, uint64_t max,
		      uint64_t *ret, struct cf_error *error);

/* --- data to stdout ----------------------------------------------------------- */

/* 0 or IO. Commands may append straight to cli->out.buf and then call
 * cli_out_check, which writes when enough has gathered. */
int cli_out_bytes(struct cli *cli, struct cf_str bytes);
/* The bytes and a newline. */
int cli_out_line(struct cli *cli, struct cf_str line);
int cli_out_printf(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_out_check(struct cli *cli);
/* Writes what has gathered now, for somebody who watches. */
int cli_out_flush(struct cli *cli);
/* Appends text of others for people to read, in one line: what a terminal would obey
 * (controls, C1, bidi) or break the line at is shown as an escape. */
void cli_write_shown(struct cf_str text, struct cf_buf *out);
/* The same for lines: their ends and tabs stay. */
void cli_write_lines_shown(struct cf_str text, struct cf_buf *out);
/* Fills `error` from a failed writer: "standard output: No space left on device". */
int cli_out_error(const struct cli *cli, struct cf_error *error);

/* --- words to stderr ------------------------------------------------------------ */

/* "chesterfield: words", one line; not with --quiet. */
void cli_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "chesterfield: file:line: document at pointer: reason", one line, also with
 * --quiet. Control characters and passwords in URLs are masked. For errors that do
 * not end the command; the one that does is returned. */
void cli_report(struct cli *cli, const struct cf_error *error);

/* Asks on the terminal before something that cannot be taken back: "words? [y/N]". 0 to
 * go on, also with the switch --yes, which the command's table must have. PRECONDITION
 * where the answer was no; USAGE where nobody can be asked. */
int cli_confirm(struct cli *cli, struct cf_error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* --- lines in ----------------------------------------------------------------------- */

/* NDJSON from files, or from stdin where there are none; "-" is stdin too. Holds
 * one line at a time, at most LIMIT_DOCUMENT_BYTES. Lines of white space are
 * passed over. */
struct cli_lines {
	struct cli *cli;
	const char *const *files;
	size_t file_count;
	size_t file_index;
	const char *path; /* of the file being read; "-" for stdin */
	uint64_t line;    /* from 1, within the file */
	uint64_t bytes;   /* taken so far, of all files: for a progress line */
	int fd;
	bool end; /* of this file */
	struct cf_buf buf;
	size_t at; /* first byte of buf that is not taken */
};
void cli_lines_init(struct cli_lines *lines, struct cli *cli, const char *const *files,
		    size_t file_count);
/* 1 and a line without its newline, borrowed until the next call; 0 at the end. LIMIT
 * for a line that is too long, with file and line: it is skipped, and the next
 * call goes on behind it. IO: a file cannot be opened or read. INTERRUPTED. */
int cli_lines_next(struct cli_lines *lines, struct cf_str *ret, struct cf_error *error);
void cli_lines_fini(struct cli_lines *lines);
/* Puts the file and line that was returned last into `error`. */
void cli_lines_locate(const struct cli_lines *lines, struct cf_error *error);
/* Whether the next line is yet to be written by whoever writes them: who has lines at hand
 * does not keep them until then. */
bool cli_lines_wait(const struct cli_lines *lines);
/* Bytes of all the files together; 0 where one is not a regular file. */
uint64_t cli_lines_total(const struct cli_lines *lines);

/* --- progress --------------------------------------------------------------------- */

/* "documents 1200/5000 24%, 830/s, 4 s left" on a terminal, ten times a second at
 * most; nothing elsewhere. `what` is a literal; total 0: not known. */
void cli_progress_start(struct cli *cli, const char *what, uint64_t total);
void cli_progress_show(struct cli *cli, uint64_t done);
/* Whether the next call would show something: what it costs to know how much is done need
 * not be paid otherwise. A command may change cli->progress.total, 0 among others. */
bool cli_progress_due(struct cli *cli);
void cli_progress_end(struct cli *cli);

/* "READY=1" and the like to systemd, where it started us (sd_notify(3)). */
void cli_notify(const char *state);

/* --- interruption ------------------------------------------------------------------- */

/* True after the first SIGINT, SIGTERM or SIGHUP: finish the batch at hand, save, return
 * INTERRUPTED. A second signal ends the process at once with 128 + its number. */
bool cli_interrupted(void);
/* Waits until the file can be read from, or a signal came (false). */
bool cli_wait_input(int fd);

/* --- shared by the frame's own files --------------------------------------------------- */

#define CLI_PROGRAM "chesterfield"

struct cli_exit_code {
	int code;
	const char *what;
};
extern const struct cli_exit_code cli_exit_codes[]; /* ends with what NULL */

/* A value given on the command line. */
struct cli_value {
	const struct cli_option *option;
	const char *value; /* NULL: a switch */
};
/* Options that every command has; ends with name NULL. */
extern const struct cli_option cli_common_options[];

void cli_signals_catch(void);
/* Fills path, args and values. `*ret_stop`: help or version was asked for and has
 * been printed. */
int cli_parse(struct cli *cli, int argc, char **argv, bool *ret_stop, struct cf_error *error);
const struct cli_command *cli_command_find(const struct cli *cli, const char *name);
/* Help of the program (depth 0), or of the command that `path` names. */
int cli_help(struct cli *cli);
/* Each line of a command's usage with "chesterfield docs list" before it, and `before`
 * before that. `parent` may be NULL. */
void cli_usage_write(struct cf_buf *out, const char *before, const struct cli_command *parent,
		     const struct cli_command *command);
/* A summary as a sentence, without the full stop. */
void cli_sentence_write(struct cf_buf *out, const char *summary);
/* The man page (roff) and the pages of the reference (Markdown), from the tables. */
int cli_man(struct cli *cli);
int cli_reference_commands(struct cli *cli);
int cli_reference_errors(struct cli *cli);
int cli_reference_lenses(struct cli *cli);
/* Replaces the passwords of URLs in `text` by stars, keeping its length. */
void cli_mask_passwords(char *text);

/* The nearest of the words offered, if it is near enough for a typing error. */
struct cli_nearest {
	const char *word;
	const char *best;
	size_t best_distance;
};
void cli_nearest_offer(struct cli_nearest *nearest, const char *candidate);

#endif
