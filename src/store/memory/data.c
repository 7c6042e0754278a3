/* The data of memory stores, and the one list of them; see data.h.
 *
 * The registry is the library's only changing state: a list of the names that are
 * open in this process, guarded by its own lock. Without it two handles of one name
 * could not meet. It is empty when all handles are closed.
 */
#include "store/memory/data.h"

#include <inttypes.h>

struct memory_registry {
	pthread_mutex_t lock;
	struct memory_data *first;
};
static struct memory_registry memory_registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct memory_data *data_new(struct cf_str name, const struct cf_mem *mem)
{
	struct memory_data *data = mem_calloc(mem, 1, sizeof(*data));
	pthread_condattr_t attributes;

	if (!data)
		return NULL;
	data->mem = *mem;
	data->name = mem_alloc(mem, name.len + 1);
	if (!data->name) {
		mem_free(mem, data);
		return NULL;
	}
	memcpy(data->name, name.ptr, name.len);
	data->name[name.len] = '\0';
	pthread_mutex_init(&data->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&data->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return data;
}

static void data_free(struct memory_data *data)
{
	struct cf_mem mem = data->mem;
	struct memory_record *record = data->first[0];

	while (record) {
		struct memory_record *next = record->next[0];

		memory_record_free(data, record);
		record = next;
	}
	memory_notes_forget(data);
	mem_free(&mem, data->log);
	mem_free(&mem, data->name);
	pthread_cond_destroy(&data->changed);
	pthread_mutex_destroy(&data->lock);
	mem_free(&mem, data);
}

int memory_data_open(struct memory_data **ret, struct cf_str name, bool create,
		     const struct cf_mem *mem, struct cf_error *error)
{
	struct memory_data *data;
	int rc = 0;

	pthread_mutex_lock(&memory_registry.lock);
	data = memory_registry.first;
	while (data && strcmp(data->name, name.ptr) != 0)
		data = data->next;
	if (!data && !create) {
		rc = error_set(
			error, CF_ERR_NO_DATABASE,
			"no such store in this process; one in memory ends with its process");
	} else if (!data) {
		data = data_new(name, mem);
		if (data) {
			data->next = memory_registry.first;
			memory_registry.first = data;
		} else {
			rc = error_nomem(error);
		}
	}
	if (rc == 0) {
		data->handles++;
		*ret = data;
	}
	pthread_mutex_unlock(&memory_registry.lock);
	return rc;
}

void memory_data_close(struct memory_data *data)
{
	struct memory_data **link;

	pthread_mutex_lock(&memory_registry.lock);
	if (--data->handles == 0) {
		link = &memory_registry.first;
		while (*link != data)
			link = &(*link)->next;
		*link = data->next;
		data_free(data);
	}
	pthread_mutex_unlock(&memory_registry.lock);
}

/* --- records ------------------------------------------------------------------------ */

/* The last record before `id` (or at it) on each level. */
static void find_before(const struct memory_data *data, struct cf_str id, bool inclusive,
			struct memory_record *before[MEMORY_LEVELS])
{
	struct memory_record *at = NULL;

	for (int level = MEMORY_LEVELS; level-- > 0;) {
		struct memory_record *next = at ? at->next[level] : data->first[level];

		while (next && str_compare(next->id, id) < (inclusive ? 1 : 0)) {
			at = next;
			next = at->next[level];
		}
		before[level] = at;
	}
}

struct memory_record *memory_after(const struct memory_data *data, struct cf_str id, bool inclusive)
{
	struct memory_record *before[MEMORY_LEVELS];

	find_before(data, id, !inclusive, before);
	return before[0] ? before[0]->next[0] : data->first[0];
}

struct memory_record *memory_find(const struct memory_data *data, struct cf_str id)
{
	struct memory_record *record = memory_after(data, id, true);

	return record && str_equal(record->id, id) ? record : NULL;
}

struct memory_record *memory_record_new(struct memory_data *data, struct cf_str id)
{
	struct memory_record *record = mem_calloc(&data->mem, 1, sizeof(*record) + id.len + 1);

	if (record) {
		memcpy(record + 1, id.ptr, id.len);
		record->id = (struct cf_str){(const char *)(record + 1), id.len};
	}
	return record;
}

void memory_record_free(struct memory_data *data, struct memory_record *record)
{
	for (size_t i = 0; i < record->leaf_count; i++)
		mem_free(&data->mem, record->leaves[i]);
	for (size_t i = 0; i < record->old_count; i++)
		mem_free(&data->mem, record->old[i]);
	mem_free(&data->mem, record->leaves);
	mem_free(&data->mem, record->old);
	mem_free(&data->mem, record);
}

void memory_insert(struct memory_data *data, struct memory_record *record)
{
	struct memory_record *before[MEMORY_LEVELS];
	/* The height comes from the id, so that a run can be repeated. */
	uint64_t bits = hash64(record->id, 1);

	find_before(data, record->id, false, before);
	for (int level = 0; level < MEMORY_LEVELS; level++) {
		struct memory_record **link =
			before[level] ? &before[level]->next[level] : &data->first[level];

		record->next[level] = *link;
		*link = record;
		if (bits & 3)
			break;
		bits >>= 2;
	}
}

/* --- the log --------------------------------------------------------------------------- */

size_t memory_log_find(const struct memory_data *data, uint64_t seq)
{
	size_t low = 0, high = data->log_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (data->log[middle].seq <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int memory_log_reserve(struct memory_data *data)
{
	struct memory_entry *log;
	size_t kept = 0, cap = data->log_cap ? data->log_cap * 2 : 64;

	if (data->log_count < data->log_cap)
		return 0;
	for (size_t i = 0; i < data->log_count; i++)
		if (data->log[i].record->seq == data->log[i].seq)
			data->log[kept++] = data->log[i];
	data->log_count = kept;
	if (kept <= data->log_cap / 2 && data->log_cap)
		return 0;
	log = mem_resize(&data->mem, data->log, cap * sizeof(*log));
	if (!log)
		return CF_ERR_NOMEM;
	data->log = log;
	data->log_cap = cap;
	return 0;
}

void memory_log(struct memory_data *data, struct memory_record *record)
{
	record->seq = ++data->seq;
	data->log[data->log_count++] = (struct memory_entry){record->seq, record};
}
