/* Ids in each grammar: what can be read is made again the same. The first byte
 * chooses the grammar. */
#include "catalog/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const grammars[] = {"{type}@{major}:{key}", "{type}:{key}:v:{major}",
				       "{type}:{key}"};

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
}

/* A catalog of two types, one with a name inside the other's, opened and removed. */
static struct catalog *make_catalog(const char *grammar)
{
	static const char *const names[] = {"schemas/a/1.0.0.json",
					    "schemas/a-b/2.0.0.json",
					    "catalog.yaml",
					    "schemas/a",
					    "schemas/a-b",
					    "schemas",
					    ""};
	char dir[] = "/tmp/fuzz-id-XXXXXX", path[256], config[64];
	struct catalog *catalog = NULL;

	if (!mkdtemp(dir))
		abort();
	for (size_t i = 5; i > 2; i--) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (mkdir(path, 0700))
			abort();
	}
	snprintf(config, sizeof(config), "id: \"%s\"\n", grammar);
	write_file(dir, names[0], "{\"version\": \"1.0.0\"}");
	write_file(dir, names[1], "{\"version\": \"2.0.0\"}");
	write_file(dir, names[2], config);
	if (catalog_open(&catalog, dir, &mem_heap, NULL))
		abort();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (remove(path))
			abort();
	}
	return catalog;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalog *catalogs[ARRAY_LEN(grammars)];
	struct catalog_id id;
	struct cf_buf made;
	struct cf_str text;
	size_t which;

	if (size == 0)
		return 0;
	which = data[0] % ARRAY_LEN(grammars);
	if (!catalogs[which])
		catalogs[which] = make_catalog(grammars[which]);
	text = (struct cf_str){(const char *)data + 1, size - 1};
	if (catalog_identify_id(catalogs[which], text, &id, NULL))
		return 0;
	buf_init(&made, &mem_heap);
	if (catalog_format_id(catalogs[which], id.type->name, id.major_number, id.key, id.singleton,
			      &made) ||
	    !str_equal(buf_view(&made), text))
		abort();
	buf_fini(&made);
	return 0;
}
