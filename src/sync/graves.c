/* Databases that are gone; see graves.h. */
#include "sync/graves.h"

struct grave {
	struct grave *next;
	uint64_t round;
	char name[];
};

int graves_erase(const struct graves *graves, struct cf_store *records, struct cf_str name,
		 struct cf_error *error)
{
	struct state state;
	int rc = state_init(&state, records, name, graves->mem)
			 ? error_nomem(error)
			 : state_erase(&state, NULL, graves->mem, error);

	state_fini(&state);
	return rc;
}

int graves_bury(struct graves *graves, struct cf_store *records, struct cf_str name, uint64_t round,
		struct cf_error *error)
{
	struct grave *grave = mem_calloc(graves->mem, 1, sizeof(*grave) + name.len + 1);

	if (!grave)
		return error_nomem(error);
	memcpy(grave->name, name.ptr, name.len);
	grave->round = round;
	grave->next = graves->first;
	graves->first = grave;
	return graves_erase(graves, records, name, error);
}

int graves_tend(struct graves *graves, struct cf_store *records, uint64_t round,
		struct cf_error *error)
{
	struct grave **at = &graves->first;
	int rc = 0;

	while (*at && rc == 0) {
		struct grave *grave = *at;

		if (grave->round + 1 >= round) {
			at = &grave->next;
			continue;
		}
		rc = graves_erase(graves, records, str_of(grave->name), error);
		*at = grave->next;
		mem_free(graves->mem, grave);
	}
	return rc;
}

void graves_dig_up(struct graves *graves, struct cf_str name)
{
	for (struct grave **at = &graves->first; *at; at = &(*at)->next) {
		struct grave *grave = *at;

		if (!str_equal(str_of(grave->name), name))
			continue;
		*at = grave->next;
		mem_free(graves->mem, grave);
		return;
	}
}

void graves_fini(struct graves *graves)
{
	while (graves->first) {
		struct grave *grave = graves->first;

		graves->first = grave->next;
		mem_free(graves->mem, grave);
	}
}
