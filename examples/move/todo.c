/* A todo service that reads and writes through the library, and its own load: it goes on
 * while its records are moved to another store.
 *
 *     todo MOVE.yaml NAME
 *
 * NAME is the instance's. It works until its standard input ends. Each item has a counter
 * that one thread raises, by writing and now and then by deleting the item and making it
 * again; all threads read all items. A read must give what was written last before the read
 * began, or something newer. At the end it prints
 *
 *     {"reads":812345,"writes":51234,"failed":0,"stale":0}
 *
 * and its exit code is 1 where a call failed or was answered with an old value. */
#include <chesterfield.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ITEMS = 32, THREADS = 2, PAUSE_US = 5000, DELETED_EVERY = 8 };

struct item {
	char id[64];
	/* Ranks: the last that was begun, and the last that was answered "written". */
	atomic_long begun, written;
};

struct service {
	struct cf_move *move;
	struct item items[ITEMS];
	atomic_bool over;
	atomic_ulong reads, writes, failed, stale;
};

struct worker {
	struct service *service;
	unsigned number;
	pthread_t thread;
};

static struct cf_str text_of(const char *text)
{
	return (struct cf_str){text, strlen(text)};
}

static void complain(struct service *s, const char *what, const struct item *item,
		     const struct cf_error *error)
{
	atomic_fetch_add(&s->failed, 1);
	fprintf(stderr, "%s %s: %s\n", what, item->id, error->message);
}

/* One thread owns an item. Each eighth time it is deleted. */
static void write_item(struct service *s, struct item *item)
{
	long rank = atomic_load(&item->begun) + 1;
	struct cf_error error = {0};
	char body[160];
	int rc;

	atomic_store(&item->begun, rank);
	snprintf(body, sizeof(body), "{\"title\":\"Item %s\",\"done\":%s,\"rank\":%ld}", item->id,
		 rank % 2 ? "true" : "false", rank);
	rc = rank % DELETED_EVERY == 0
		     ? cf_move_delete(s->move, text_of(item->id), &error)
		     : cf_move_write(s->move, text_of(item->id), text_of(body), &error);
	if (rc)
		complain(s, "write", item, &error);
	else
		atomic_store(&item->written, rank);
	atomic_fetch_add(&s->writes, 1);
}

static long rank_of(const struct cf_move_value *value)
{
	const char *rank = value->exists ? strstr(value->body.ptr, "\"rank\":") : NULL;

	return rank ? strtol(rank + 7, NULL, 10) : 0;
}

/* What was written last before the read began, or something newer that was begun. An item
 * that is not there stands for the last delete, or for none of it yet. */
static bool is_current(long before, long after, bool exists, long rank)
{
	if (exists)
		return rank >= before && rank <= after;
	return before == 0 || after / DELETED_EVERY * DELETED_EVERY >= before;
}

static void read_item(struct service *s, struct item *item)
{
	long before = atomic_load(&item->written), after;
	struct cf_move_value value;
	struct cf_error error = {0};

	if (cf_move_read(s->move, text_of(item->id), &value, &error)) {
		complain(s, "read", item, &error);
		return;
	}
	after = atomic_load(&item->begun);
	if (!is_current(before, after, value.exists, rank_of(&value))) {
		atomic_fetch_add(&s->stale, 1);
		fprintf(stderr, "read %s: %ld, not from %ld to %ld\n", item->id, rank_of(&value),
			before, after);
	}
	cf_move_value_free(s->move, &value);
	atomic_fetch_add(&s->reads, 1);
}

static void *work(void *ctx)
{
	struct worker *worker = ctx;
	struct service *s = worker->service;

	for (unsigned round = worker->number; !atomic_load(&s->over); round++) {
		/* Item i belongs to thread i % THREADS. */
		unsigned own = round % (ITEMS / THREADS) * THREADS + worker->number;

		write_item(s, &s->items[own]);
		for (unsigned i = 0; i < 8; i++)
			read_item(s, &s->items[(round * 8 + i) % ITEMS]);
		usleep(PAUSE_US);
	}
	return NULL;
}

static void run(struct service *s, const char *name)
{
	struct worker workers[THREADS];
	char byte;

	for (unsigned i = 0; i < ITEMS; i++)
		snprintf(s->items[i].id, sizeof(s->items[i].id), "%.40s-%u", name, i);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.service = s, .number = i};
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	atomic_store(&s->over, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
}

int main(int argc, char **argv)
{
	static struct service s;
	struct cf_move_config *config = NULL;
	struct cf_error error = {0};
	int rc;

	if (argc != 3) {
		fprintf(stderr, "usage: todo MOVE.yaml NAME\n");
		return 2;
	}
	rc = cf_move_config_load(&config, argv[1], NULL, &error);
	rc = rc ? rc : cf_move_open(&s.move, config, NULL, NULL, &error);
	rc = rc ? rc : cf_move_join(s.move, argv[2], &error);
	if (rc) {
		fprintf(stderr, "todo: %s\n", error.message);
		return 1;
	}
	run(&s, argv[2]);
	cf_move_close(s.move);
	cf_move_config_free(config);
	printf("{\"reads\":%lu,\"writes\":%lu,\"failed\":%lu,\"stale\":%lu}\n",
	       atomic_load(&s.reads), atomic_load(&s.writes), atomic_load(&s.failed),
	       atomic_load(&s.stale));
	return atomic_load(&s.failed) || atomic_load(&s.stale);
}
