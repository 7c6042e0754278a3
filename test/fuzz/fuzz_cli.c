/* The command line: lines are words. Whatever stands there, it is understood or wrong
 * use, and no password is left in the words. */
#include "cli/cli.h"

#include <stdlib.h>

enum { WORDS_MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cli cli = {.mem = &mem_heap, .env = &env_system, .groups = cli_groups};
	struct cf_error error = {0};
	char *words[WORDS_MAX + 1];
	char *text = malloc(size + 1);
	char *at = text;
	int count = 0;
	bool stop;
	int rc;

	cf_assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	while (at && count < WORDS_MAX) {
		words[count++] = at;
		at = strchr(at, '\n');
		if (at)
			*at++ = '\0';
	}
	words[count] = NULL;
	cli.err_fd = -1;
	cli.out.fd = -1;
	arena_init(&cli.arena, cli.mem);
	buf_init(&cli.out.buf, cli.mem);
	rc = cli_parse(&cli, count, words, &stop, &error);
	cf_assert(rc == 0 || rc == CF_ERR_IO || (rc == CF_ERR_USAGE && error.message[0]));
	for (int i = 1; i < count; i++)
		cf_assert(!strstr(words[i], "://u:secret@"));
	buf_fini(&cli.out.buf);
	arena_fini(&cli.arena);
	free(text);
	return 0;
}
