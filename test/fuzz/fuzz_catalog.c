/* "PATH\n" and the bytes of one file of a small catalog; the other files are good ones.
 * The catalog opens or is refused with a place; check looks at it either way. */
#include "catalog/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *path, *text;
} files[] = {
	{"catalog.yaml", "name: f\nid: \"{type}@{major}:{key}\"\nsupported: {t: [1, 2]}\n"},
	{"manifests/1.0.0.json",
	 "{\"name\":\"f\",\"version\":\"1.0.0\",\"dependencies\":{\"t\":\"^1.0.0\"}}"},
	{"lenses/t/1-2.yaml",
	 "from: t@1\nto: [t@2, p@1]\nlens:\n  - rename: {source: a, destination: b}\n"
	 "  - extract: {names: [c], into: p@1, key: same}\n"},
	{"schemas/t/1.0.0.json",
	 "{\"version\":\"1.0.0\",\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},"
	 "\"c\":{\"enum\":[1,2]}}}"},
	{"schemas/t/2.0.0.json", "{\"version\":\"2.0.0\",\"type\":\"object\",\"properties\":{\"b\":"
				 "{\"type\":\"string\"}}}"},
	{"schemas/p/1.0.0.json",
	 "{\"version\":\"1.0.0\",\"type\":\"object\",\"properties\":{\"c\":{\"enum\":[1,2]}}}"},
};
static const char *const folders[] = {
	"", "/manifests", "/lenses", "/lenses/t", "/schemas", "/schemas/t", "/schemas/p",
};

static void write_file(const char *dir, const char *name, const void *bytes, size_t size)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (!file)
		abort();
	if (size)
		(void)!fwrite(bytes, size, 1, file);
	fclose(file);
}

static void remove_all(const char *dir)
{
	char path[200];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i].path);
		unlink(path);
	}
	for (size_t i = ARRAY_LEN(folders); i-- > 0;) {
		snprintf(path, sizeof(path), "%s%s", dir, folders[i]);
		rmdir(path);
	}
}

/* Each finding names a file of the catalog. */
static void on_finding(void *ctx, const struct catalog_finding *finding)
{
	(void)ctx;
	if (finding->message.len == 0 || finding->file.len == 0)
		abort();
}

static void look(const char *dir)
{
	struct catalog_check_args args = {.seed = 1, .runs = 2, .finding = on_finding};
	struct catalog *catalog = NULL;
	struct cf_error error = {0};
	struct catalog_checked done;
	int rc = catalog_open(&catalog, dir, &mem_heap, &error);

	if (rc && (!error.message[0] || !error.file[0]))
		abort();
	if (rc == 0)
		catalog_close(catalog);
	(void)catalog_check(dir, &args, &done, &mem_heap, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	size_t name_len = line ? (size_t)(line - data) : 0, chosen = ARRAY_LEN(files);
	char dir[64], path[200];

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (line && strlen(files[i].path) == name_len &&
		    memcmp(files[i].path, data, name_len) == 0)
			chosen = i;
	if (chosen == ARRAY_LEN(files))
		return 0;
	snprintf(dir, sizeof(dir), "/tmp/chesterfield-fuzz-%ld", (long)getpid());
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, folders[i]);
		mkdir(path, 0700);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (i != chosen)
			write_file(dir, files[i].path, files[i].text, strlen(files[i].text));
	write_file(dir, files[chosen].path, line + 1, size - name_len - 1);
	look(dir);
	remove_all(dir);
	return 0;
}
