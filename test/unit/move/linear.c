/* The search of Wing and Gong ("Testing and verifying concurrent objects", 1993): take one
 * of the operations that nothing has to stand before, see whether it fits, go on, and go back
 * where none fits. With Lowe's memory ("Testing for linearizability", 2017; as in Porcupine)
 * of which operations were taken and what the key was then: nothing is tried twice. */
#include "linear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = LINEAR_MAX / 64, BUCKETS = 4096 };

/* A call or a return, in the order of time. */
struct event {
	uint64_t at;
	const struct linear_op *op;
	unsigned number;     /* of the operation */
	struct event *match; /* of a call its return; NULL: unknown */
	struct event *next, *before;
	bool is_call;
};

struct seen {
	struct seen *next;
	uint64_t taken[WORDS];
	long value;
};

struct taken {
	struct event *call;
	long value; /* before it */
};

struct search {
	struct event head;
	struct event *events;
	size_t returns; /* that are left */
	struct seen *buckets[BUCKETS];
	uint64_t set[WORDS];
	struct taken *stack;
	size_t depth;
	long value;
};

static int compare_events(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void link_events(struct search *s, size_t count)
{
	struct event *last = &s->head;
	struct event **calls = calloc(LINEAR_MAX, sizeof(struct event *));

	for (size_t i = 0; i < count; i++) {
		struct event *event = &s->events[i];

		if (event->is_call)
			calls[event->number] = event;
		else
			calls[event->number]->match = event;
		last->next = event;
		event->before = last;
		last = event;
	}
	free(calls);
}

static void read_history(struct search *s, const struct linear_op *ops, size_t count)
{
	size_t events = 0;

	s->events = calloc(2 * count + 1, sizeof(*s->events));
	s->stack = calloc(count + 1, sizeof(*s->stack));
	for (size_t i = 0; i < count; i++) {
		s->events[events++] = (struct event){
			.at = ops[i].called, .op = &ops[i], .number = (unsigned)i, .is_call = true};
		if (ops[i].returned == LINEAR_UNKNOWN)
			continue;
		s->events[events++] =
			(struct event){.at = ops[i].returned, .op = &ops[i], .number = (unsigned)i};
		s->returns++;
	}
	qsort(s->events, events, sizeof(*s->events), compare_events);
	link_events(s, events);
}

/* False: it was there before. */
static bool remember(struct search *s)
{
	uint64_t hash = (uint64_t)s->value * 0x9e3779b97f4a7c15u;
	struct seen *seen;

	for (size_t i = 0; i < WORDS; i++)
		hash = (hash ^ s->set[i]) * 0xff51afd7ed558ccdu;
	hash = (hash >> 32) % BUCKETS;
	for (seen = s->buckets[hash]; seen; seen = seen->next)
		if (seen->value == s->value && memcmp(seen->taken, s->set, sizeof(s->set)) == 0)
			return false;
	seen = calloc(1, sizeof(*seen));
	memcpy(seen->taken, s->set, sizeof(s->set));
	seen->value = s->value;
	seen->next = s->buckets[hash];
	s->buckets[hash] = seen;
	return true;
}

static void take_out(struct event *event)
{
	event->before->next = event->next;
	if (event->next)
		event->next->before = event->before;
}

static void put_back(struct event *event)
{
	event->before->next = event;
	if (event->next)
		event->next->before = event;
}

static void flip(struct search *s, const struct event *call)
{
	s->set[call->number / 64] ^= (uint64_t)1 << (call->number % 64);
}

/* Whether the operation may stand next, which was not tried in this situation before. */
static bool take(struct search *s, struct event *call)
{
	long before = s->value;

	if (!call->op->writes && call->op->value != s->value)
		return false;
	s->value = call->op->value;
	flip(s, call);
	if (!remember(s)) {
		flip(s, call);
		s->value = before;
		return false;
	}
	s->stack[s->depth++] = (struct taken){call, before};
	take_out(call);
	if (call->match)
		take_out(call->match);
	s->returns -= call->match != NULL;
	return true;
}

/* The last one that was taken stands elsewhere. NULL: there is none. */
static struct event *go_back(struct search *s)
{
	struct taken *last;

	if (s->depth == 0)
		return NULL;
	last = &s->stack[--s->depth];
	s->value = last->value;
	flip(s, last->call);
	if (last->call->match)
		put_back(last->call->match);
	put_back(last->call);
	s->returns += last->call->match != NULL;
	return last->call;
}

static bool find(struct search *s)
{
	struct event *event = s->head.next;

	/* What is left then has no known outcome, and may never take effect. */
	while (s->returns) {
		if (event && event->is_call) {
			event = take(s, event) ? s->head.next : event->next;
			continue;
		}
		event = go_back(s);
		if (!event)
			return false;
		event = event->next;
	}
	return true;
}

bool linear_check(const struct linear_op *ops, size_t count, long first)
{
	struct search *s = calloc(1, sizeof(*s));
	bool found;

	s->value = first;
	read_history(s, ops, count);
	found = find(s);
	for (size_t i = 0; i < BUCKETS; i++)
		while (s->buckets[i]) {
			struct seen *next = s->buckets[i]->next;

			free(s->buckets[i]);
			s->buckets[i] = next;
		}
	free(s->events);
	free(s->stack);
	free(s);
	return found;
}

void linear_print(const struct linear_op *ops, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%8llu %8lld  %2u %s %ld\n", (unsigned long long)ops[i].called,
		       ops[i].returned == LINEAR_UNKNOWN ? -1LL : (long long)ops[i].returned,
		       ops[i].actor, ops[i].writes ? "writes" : "reads ", ops[i].value);
}
