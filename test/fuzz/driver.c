/* Replays a corpus without libFuzzer: driver FOLDER. Each file is one case: as it is,
 * then cut and changed at some places, the same ones each time. A crash shows as a
 * missing case. Writes TAP, also to $CK_TAP_LOG_FILE_NAME. */
#include "base/base.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHANGES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(FILE *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(FILE *log, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	fflush(stdout);
	if (!log)
		return;
	va_start(args, format);
	vfprintf(log, format, args);
	va_end(args);
	fflush(log);
}

/* A block of exactly this size, so that a sanitizer sees the first byte beyond. */
static void run_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	cf_assert(copy);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_changes(uint8_t *data, size_t size)
{
	struct rng rng = {hash64((struct cf_str){(char *)data, size}, 0)};

	for (int i = 0; size && i < CHANGES; i++) {
		size_t at = rng_below(&rng, size);
		uint8_t was = data[at];

		run_copy(data, at);
		data[at] = (uint8_t)rng_next(&rng);
		run_copy(data, size);
		data[at] = was;
	}
}

static int run_file(const char *path)
{
	struct stat st;
	uint8_t *data = NULL;
	int rc = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0)
		goto done;
	data = malloc((size_t)st.st_size + 1);
	if (!data || read(fd, data, (size_t)st.st_size) != st.st_size)
		goto done;
	run_copy(data, (size_t)st.st_size);
	run_changes(data, (size_t)st.st_size);
	rc = 0;
done:
	free(data);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	const char *log_path = getenv("CK_TAP_LOG_FILE_NAME");
	FILE *log = log_path ? fopen(log_path, "we") : NULL;
	struct dirent **files = NULL;
	int count = argc == 2 ? scandir(argv[1], &files, is_visible, alphasort) : -1;
	int failed = count <= 0;

	tell(log, "1..%d\n", count > 0 ? count : 1);
	if (failed)
		tell(log, "not ok 1 - an empty corpus\n");
	for (int i = 0; i < count; i++) {
		char path[1024];
		int rc;

		snprintf(path, sizeof(path), "%s/%s", argv[1], files[i]->d_name);
		rc = run_file(path);
		failed |= rc;
		tell(log, "%sok %d - %s\n", rc ? "not " : "", i + 1, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	if (log)
		fclose(log);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
