/* A move between two tables of SQLite files, in a folder of its own. */
#ifndef TEST_MOVE_PLACE_H
#define TEST_MOVE_PLACE_H

#include "check_main.h"
#include "move/calls.h"

#include <sqlite3.h>

struct place {
	char folder[64];
	char old_url[128], new_url[128], control_url[128];
	struct cf_move_config config;
	struct move_hook hook;
};

/* Two tables city(id TEXT PRIMARY KEY, v INT), started, at stage off. */
void place_open(struct place *p, enum cf_guarantee guarantee);
void place_close(struct place *p);
/* A handle; with a name it has joined. */
struct cf_move *place_move(struct place *p, const char *instance);
/* SQL on one side's file; the first column of the first row, -1 where there is none. */
long place_sql(struct place *p, enum cf_side side, const char *sql);
/* The value of a key, -1: there is none. */
long place_value(struct place *p, enum cf_side side, const char *key);
void place_put(struct place *p, enum cf_side side, const char *key, int value);
void place_delete(struct place *p, enum cf_side side, const char *key);
/* One stage on, and until all that have joined confirm it. */
void place_advance(struct place *p, struct cf_move *move);
void place_confirmed(struct cf_move *move);
int move_put(struct cf_move *move, const char *key, int value);
/* The value, -1: none. */
long move_get(struct cf_move *move, const char *key);
/* Intents that lie in the old store. */
size_t place_intents(struct place *p);
/* A note in the old store, as a writer leaves it that dies: m/intent/INSTANCE/KEY. */
void place_intent(struct place *p, const char *key);
/* The control store cannot be opened, read or written; and can again. */
void place_control_away(struct place *p);
void place_control_back(struct place *p);

#endif
