/* What check says, and of which file. */
#include "catalog/check.h"

#include <stdarg.h>
#include <stdio.h>

enum { MESSAGE_BYTES = 600 };

void checker_tell_finding(struct checker *checker, const char *path,
			  struct catalog_finding *finding)
{
	struct cf_str file = str_of(path);

	if (str_starts_with(file, checker->dir) && file.len > checker->dir.len &&
	    file.ptr[checker->dir.len] == '/') {
		file.ptr += checker->dir.len + 1;
		file.len -= checker->dir.len + 1;
	}
	finding->file = file;
	checker->errors += !finding->warning;
	if (checker->args->finding)
		checker->args->finding(checker->args->ctx, finding);
}

void checker_tell(struct checker *checker, bool warning, const char *path, unsigned line,
		  struct cf_str message)
{
	struct catalog_finding finding = {.warning = warning, .line = line, .message = message};

	checker_tell_finding(checker, path, &finding);
}

void checker_error(struct checker *checker, const struct json_file *file, uint32_t node,
		   const char *format, ...)
{
	char text[MESSAGE_BYTES];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	checker_tell(checker, false, file->path, json_file_line(file, node), str_of(text));
}

void checker_warn(struct checker *checker, const struct json_file *file, uint32_t node,
		  const char *format, ...)
{
	char text[MESSAGE_BYTES];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	checker_tell(checker, true, file->path, json_file_line(file, node), str_of(text));
}

void checker_tell_unproven(struct checker *checker, const struct catalog_major *major,
			   const struct cf_error *why)
{
	const struct catalog_schema *schema = &major->schemas[major->schema_count - 1];
	struct json_value at =
		json_pointer_get(json_file_root(&schema->file), str_of(why->pointer));

	for (size_t i = 0; i < checker->unproven_count; i++)
		if (checker->unproven[i] == major)
			return;
	if (checker->unproven_count == ARRAY_LEN(checker->unproven))
		return;
	checker->unproven[checker->unproven_count++] = major;
	checker_warn(checker, &schema->file, json_is_absent(at) ? 0 : at.node,
		     "the laws are not tried on %.*s@%u: %s%s%s", STR_ARG(major->type->name),
		     major->major, why->message, why->pointer[0] ? " at " : "", why->pointer);
}
