/* NDJSON in: one line at a time, from files or stdin, in bounded memory. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024 };

static const char *const only_stdin[] = {"-"};

void cli_lines_init(struct cli_lines *lines, struct cli *cli, const char *const *files,
		    size_t file_count)
{
	*lines = (struct cli_lines){.cli = cli, .fd = -1};
	lines->files = file_count ? files : only_stdin;
	lines->file_count = file_count ? file_count : 1;
	buf_init(&lines->buf, cli->mem);
}

static void close_file(struct cli_lines *lines)
{
	if (lines->fd > STDERR_FILENO)
		close(lines->fd);
	lines->fd = -1;
}

void cli_lines_fini(struct cli_lines *lines)
{
	close_file(lines);
	buf_fini(&lines->buf);
}

static int io_error(const struct cli_lines *lines, struct cf_error *error)
{
	char reason[128];

	(void)error_set(error, CF_ERR_IO, "%s", strerror_r(errno, reason, sizeof(reason)));
	error_at_file(error,
		      strcmp(lines->path, "-") == 0 ? STR("standard input") : str_of(lines->path),
		      0);
	return CF_ERR_IO;
}

static int open_next(struct cli_lines *lines, struct cf_error *error)
{
	lines->path = lines->files[lines->file_index++];
	lines->line = 0;
	lines->end = false;
	lines->at = 0;
	buf_clear(&lines->buf);
	lines->fd = STDIN_FILENO;
	if (strcmp(lines->path, "-") != 0)
		lines->fd = open(lines->path, O_RDONLY | O_CLOEXEC);
	return lines->fd < 0 ? io_error(lines, error) : 0;
}

/* Moves what is not taken to the front and reads more behind it. */
static int fill(struct cli_lines *lines, struct cf_error *error)
{
	struct cf_buf *buf = &lines->buf;
	ssize_t n;

	if (lines->at) {
		memmove(buf->ptr, buf->ptr + lines->at, buf->len - lines->at);
		buf->len -= lines->at;
		lines->at = 0;
	}
	if (buf_reserve(buf, READ_BYTES) != 0)
		return error_nomem(error);
	do {
		if (!cli_wait_input(lines->fd))
			return error_set(error, CF_ERR_INTERRUPTED, "%s",
					 cf_error_text(CF_ERR_INTERRUPTED));
		n = read(lines->fd, buf->ptr + buf->len, READ_BYTES);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return io_error(lines, error);
	buf->len += (size_t)n;
	lines->bytes += (size_t)n;
	lines->end = n == 0;
	return 0;
}

/* What another file is to blame for, a lens say, keeps that place behind its message. */
static void tell_other_file(struct cf_error *error)
{
	struct cf_error was = *error;

	if (was.line)
		(void)error_set(error, was.code, "%s (%s:%u)", was.message, was.file, was.line);
	else
		(void)error_set(error, was.code, "%s (%s)", was.message, was.file);
	error_at_document(error, str_of(was.document));
	error_at_pointer(error, str_of(was.pointer));
}

void cli_lines_locate(const struct cli_lines *lines, struct cf_error *error)
{
	struct cf_str path =
		strcmp(lines->path, "-") == 0 ? STR("standard input") : str_of(lines->path);

	if (str_equal(str_of(error->file), path))
		return;
	if (error->file[0])
		tell_other_file(error);
	error_at_file(error, path, lines->line > UINT32_MAX ? 0 : (unsigned)lines->line);
}

static bool is_blank(struct cf_str line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] != ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r')
			return false;
	return true;
}

/* The next line of this file, however long: what is beyond the limit is dropped as
 * it comes. 1 a line, 0 the end, LIMIT it was too long. */
static int next_in_file(struct cli_lines *lines, struct cf_str *ret, struct cf_error *error)
{
	struct cf_buf *buf = &lines->buf;
	size_t searched = 0; /* bytes behind `at` without a newline */
	bool dropped = false;
	int rc;

	for (;;) {
		size_t left = buf->len - lines->at;
		char *start = left ? buf->ptr + lines->at : NULL;
		char *newline =
			left > searched ? memchr(start + searched, '\n', left - searched) : NULL;

		if (newline || (lines->end && (left || dropped))) {
			ret->ptr = start ? start : "";
			ret->len = newline ? (size_t)(newline - start) : left;
			lines->at += ret->len + (newline ? 1 : 0);
			lines->line++;
			return dropped || ret->len > LIMIT_DOCUMENT_BYTES ? CF_ERR_LIMIT : 1;
		}
		if (lines->end)
			return 0;
		searched = left;
		if (left > LIMIT_DOCUMENT_BYTES) {
			dropped = true;
			lines->at = buf->len;
			searched = 0;
		}
		rc = fill(lines, error);
		if (rc != 0)
			return rc;
	}
}

int cli_lines_next(struct cli_lines *lines, struct cf_str *ret, struct cf_error *error)
{
	int rc;

	for (;;) {
		if (lines->fd < 0) {
			if (lines->file_index == lines->file_count)
				return 0;
			rc = open_next(lines, error);
			if (rc != 0)
				return rc;
		}
		rc = next_in_file(lines, ret, error);
		if (rc == 0) {
			close_file(lines);
		} else if (rc == CF_ERR_LIMIT) {
			(void)error_set(error, CF_ERR_LIMIT, "a line of more than %zu bytes",
					LIMIT_DOCUMENT_BYTES);
			cli_lines_locate(lines, error);
			return rc;
		} else if (rc < 0 || !is_blank(*ret)) {
			return rc;
		}
	}
}

bool cli_lines_wait(const struct cli_lines *lines)
{
	struct pollfd input = {.fd = lines->fd, .events = POLLIN};
	size_t left = lines->buf.len - lines->at;

	if (lines->fd < 0 || lines->end)
		return false;
	if (left && memchr(lines->buf.ptr + lines->at, '\n', left))
		return false;
	return poll(&input, 1, 0) == 0;
}

uint64_t cli_lines_total(const struct cli_lines *lines)
{
	uint64_t total = 0;
	struct stat st;

	for (size_t i = 0; i < lines->file_count; i++) {
		bool is_stdin = strcmp(lines->files[i], "-") == 0;
		int rc = is_stdin ? fstat(STDIN_FILENO, &st) : stat(lines->files[i], &st);

		if (rc != 0 || !S_ISREG(st.st_mode))
			return 0;
		total += (uint64_t)st.st_size;
	}
	return total;
}
