#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

struct error_row {
	int code;
	const char *name;
	enum cf_error_class class;
	int exit_code;
	int http_status;
	const char *text;
};

static const struct error_row error_rows[] = {
#define X(name, value, class, exit_code, http, text) \
	{(value), #name, CF_CLASS_##class, (exit_code), (http), (text)},
	CF_ERROR_TABLE(X)
#undef X
};

static const struct error_row *find_row(int code)
{
	static const struct error_row ok = {0, "OK", CF_CLASS_NONE, 0, 200, "done"};
	static const struct error_row unknown = {0, "BUG", CF_CLASS_BUG, 1, 500, "unknown error"};

	if (code == 0)
		return &ok;
	for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++)
		if (error_rows[i].code == code)
			return &error_rows[i];
	return &unknown;
}

const char *cf_error_name(int code)
{
	return find_row(code)->name;
}

const char *cf_error_text(int code)
{
	return find_row(code)->text;
}

enum cf_error_class cf_error_class(int code)
{
	return find_row(code)->class;
}

int cf_error_exit_code(int code)
{
	return find_row(code)->exit_code;
}

int cf_error_http_status(int code)
{
	return find_row(code)->http_status;
}

/* Copies what fits, without cutting a UTF-8 character in two. */
static void copy_cut(char *out, size_t size, struct cf_str s)
{
	size_t len = s.len < size ? s.len : size - 1;

	if (len < s.len)
		while (len > 0 && ((unsigned char)s.ptr[len] & 0xc0) == 0x80)
			len--;
	if (len)
		memcpy(out, s.ptr, len);
	out[len] = '\0';
}

static void set_message(struct cf_error *error, const char *format, va_list args)
{
	char text[sizeof(error->message) * 2];

	vsnprintf(text, sizeof(text), format, args);
	copy_cut(error->message, sizeof(error->message), str_of(text));
}

int error_set(struct cf_error *error, int code, const char *format, ...)
{
	va_list args;

	if (!error)
		return code;
	*error = (struct cf_error){.code = code};
	va_start(args, format);
	set_message(error, format, args);
	va_end(args);
	return code;
}

int error_prefix(struct cf_error *error, int code, const char *format, ...)
{
	char prefix[sizeof(error->message)];
	char text[sizeof(prefix) + sizeof(error->message) + 2];
	va_list args;

	if (!error)
		return code;
	va_start(args, format);
	vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	snprintf(text, sizeof(text), "%s: %s", prefix, error->message);
	copy_cut(error->message, sizeof(error->message), str_of(text));
	return error->code;
}

void error_at_file(struct cf_error *error, struct cf_str path, unsigned line)
{
	if (!error)
		return;
	copy_cut(error->file, sizeof(error->file), path);
	error->line = line;
}

void error_at_document(struct cf_error *error, struct cf_str id)
{
	if (error)
		copy_cut(error->document, sizeof(error->document), id);
}

void error_at_pointer(struct cf_error *error, struct cf_str pointer)
{
	if (error)
		copy_cut(error->pointer, sizeof(error->pointer), pointer);
}

int error_nomem(struct cf_error *error)
{
	return error_set(error, CF_ERR_NOMEM, "%s", cf_error_text(CF_ERR_NOMEM));
}

char *cf_error_format(const struct cf_error *error, char *out, size_t size)
{
	char where[sizeof(error->file) + 64] = "";
	char what[sizeof(error->document) + sizeof(error->pointer) + 64] = "";

	if (size == 0)
		return out;
	if (error->file[0] && error->line && error->column)
		snprintf(where, sizeof(where), "%s:%u:%u: ", error->file, error->line,
			 error->column);
	else if (error->file[0] && error->line)
		snprintf(where, sizeof(where), "%s:%u: ", error->file, error->line);
	else if (error->file[0])
		snprintf(where, sizeof(where), "%s: ", error->file);
	else if (error->line)
		snprintf(where, sizeof(where), "line %u, column %u: ", error->line, error->column);
	if (error->document[0] && error->pointer[0])
		snprintf(what, sizeof(what), "%s at %s: ", error->document, error->pointer);
	else if (error->document[0] || error->pointer[0])
		snprintf(what, sizeof(what), "%s%s: ", error->document, error->pointer);
	snprintf(out, size, "%s%s%s", where, what,
		 error->message[0] ? error->message : cf_error_text(error->code));
	return out;
}
