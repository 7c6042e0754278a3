/* A catalog's file: JSON as it stands, or YAML turned into JSON text with the
 * line of each value beside it. */
#include "json/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_yaml(const char *path)
{
	size_t len = strlen(path);

	return (len > 5 && strcmp(path + len - 5, ".yaml") == 0) ||
	       (len > 4 && strcmp(path + len - 4, ".yml") == 0);
}

/* The line in the YAML file of a member name that the JSON text has twice. */
static void locate(struct json_file *file, struct cf_error *error)
{
	if (!error ||
	    json_read(&file->doc, file->text.ptr, file->text.len, JSON_READ_DUPLICATE_NAMES, NULL))
		return;
	for (uint32_t i = 0; i < file->doc.count; i++)
		if (file->doc.nodes[i].start == error->offset)
			error->line = file->node_lines[i];
	error->column = 0;
}

int json_file_read(struct json_file *file, const char *path, struct cf_str bytes,
		   const struct cf_mem *mem, struct cf_error *error)
{
	size_t path_len = strlen(path);
	int rc;

	*file = (struct json_file){.mem = mem};
	json_doc_init(&file->doc, mem);
	buf_init(&file->text, mem);
	file->path = mem_alloc(mem, path_len + 1);
	if (!file->path)
		return error_nomem(error);
	memcpy(file->path, path, path_len + 1);
	if (is_yaml(path)) {
		rc = yaml_convert(file, bytes, error);
	} else {
		rc = buf_str(&file->text, bytes) ? error_nomem(error) : 0;
	}
	if (rc == 0) {
		rc = json_read(&file->doc, file->text.ptr ? file->text.ptr : "", file->text.len,
			       JSON_READ_DOCUMENT, error);
		if (rc && file->node_lines)
			locate(file, error);
		if (rc && error)
			error_at_file(error, str_of(path), error->line);
	}
	if (rc)
		json_file_fini(file);
	return rc;
}

static int read_bytes(const char *path, struct cf_buf *out, struct cf_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		rc = error_set(error, fd < 0 && errno == ENOENT ? CF_ERR_NOT_FOUND : CF_ERR_IO,
			       "cannot be read: %s",
			       fd < 0 ? strerrordesc_np(errno) : "it is a folder");
		error_at_file(error, str_of(path), 0);
	}
	while (rc == 0) {
		ssize_t got;

		if (out->len > LIMIT_FILE_BYTES) {
			rc = error_set(error, CF_ERR_LIMIT, "more than %zu bytes",
				       LIMIT_FILE_BYTES);
			error_at_file(error, str_of(path), 0);
			break;
		}
		if (buf_reserve(out, 65536)) {
			rc = error_nomem(error);
			break;
		}
		got = read(fd, out->ptr + out->len, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = error_set(error, CF_ERR_IO, "cannot be read: %s",
				       strerrordesc_np(errno));
			error_at_file(error, str_of(path), 0);
		}
		if (got <= 0)
			break;
		out->len += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int json_file_load(struct json_file *file, const char *path, const struct cf_mem *mem,
		   struct cf_error *error)
{
	struct cf_buf bytes;
	int rc;

	*file = (struct json_file){.mem = mem};
	buf_init(&bytes, mem);
	rc = read_bytes(path, &bytes, error);
	if (rc == 0)
		rc = json_file_read(file, path, buf_view(&bytes), mem, error);
	buf_fini(&bytes);
	return rc;
}

void json_file_fini(struct json_file *file)
{
	json_doc_fini(&file->doc);
	mem_free(file->mem, file->path);
	mem_free(file->mem, file->node_lines);
	buf_fini(&file->text);
	*file = (struct json_file){.mem = file->mem};
	json_doc_init(&file->doc, file->mem);
	buf_init(&file->text, file->mem);
}

unsigned json_file_line(const struct json_file *file, uint32_t node)
{
	unsigned line = 1;
	uint32_t start;

	if (node >= file->doc.count)
		return 0;
	if (file->node_lines)
		return file->node_lines[node];
	start = file->doc.nodes[node].start;
	for (uint32_t i = 0; i < start; i++)
		line += file->text.ptr[i] == '\n';
	return line;
}
