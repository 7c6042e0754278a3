/* "Did you mean": edit distance between short words, where swapping two
 * neighbours counts once, as typing errors do. */
#include "cli/cli.h"

enum { WORD_BYTES_MAX = 32 };

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_BYTES_MAX + 1] = {{0}};
	size_t *before = rows[0], *above = rows[1], *here = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *spare = before;

		here[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t change = a[i - 1] != b[j - 1];

			here[j] = min3(above[j] + 1, here[j - 1] + 1, above[j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < here[j])
				here[j] = before[j - 2] + 1;
		}
		before = above;
		above = here;
		here = spare;
	}
	return above[b_len];
}

void cli_nearest_offer(struct cli_nearest *nearest, const char *candidate)
{
	size_t word_len = strlen(nearest->word);
	size_t len = strlen(candidate);
	size_t found;

	if (word_len > WORD_BYTES_MAX || len > WORD_BYTES_MAX)
		return;
	found = distance(nearest->word, word_len, candidate, len);
	if (found > 1 + word_len / 4 || (nearest->best && found >= nearest->best_distance))
		return;
	nearest->best = candidate;
	nearest->best_distance = found;
}
