/* A move between two SQLite files; see place.h. */
#include "place.h"

#include <dirent.h>
#include <sched.h>
#include <sys/stat.h>

static sqlite3 *open_side(struct place *p, enum cf_side side)
{
	char path[128];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/%s.db", p->folder, side == CF_OLD ? "old" : "new");
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	return db;
}

long place_sql(struct place *p, enum cf_side side, const char *sql)
{
	sqlite3 *db = open_side(p, side);
	sqlite3_stmt *statement = NULL;
	long value = -1;
	int step;

	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s",
		      sqlite3_errmsg(db));
	step = sqlite3_step(statement);
	ck_assert_msg(step == SQLITE_ROW || step == SQLITE_DONE, "%s", sqlite3_errmsg(db));
	if (step == SQLITE_ROW)
		value = (long)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

long place_value(struct place *p, enum cf_side side, const char *key)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT v FROM city WHERE id = '%s'", key);
	return place_sql(p, side, sql);
}

void place_put(struct place *p, enum cf_side side, const char *key, int value)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO city(id, v) VALUES('%s', %d)", key,
		 value);
	place_sql(p, side, sql);
}

void place_delete(struct place *p, enum cf_side side, const char *key)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "DELETE FROM city WHERE id = '%s'", key);
	place_sql(p, side, sql);
}

void place_open(struct place *p, enum cf_guarantee guarantee)
{
	struct cf_move *move;

	*p = (struct place){0};
	snprintf(p->folder, sizeof(p->folder), "/tmp/move-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->folder));
	snprintf(p->old_url, sizeof(p->old_url), "sqlite:%s/old.db?table=city", p->folder);
	snprintf(p->new_url, sizeof(p->new_url), "sqlite:%s/new.db?table=city", p->folder);
	snprintf(p->control_url, sizeof(p->control_url), "sqlite:%s/control.db", p->folder);
	for (int side = 0; side < 2; side++) {
		place_sql(p, side, "PRAGMA journal_mode = WAL");
		place_sql(p, side, "CREATE TABLE city(id TEXT PRIMARY KEY, v INT)");
	}
	cf_move_config_init(&p->config);
	p->config.name = STR("m");
	p->config.old_url = str_of(p->old_url);
	p->config.new_url = str_of(p->new_url);
	p->config.control_url = str_of(p->control_url);
	p->config.guarantee = guarantee;
	move = place_move(p, NULL);
	ck_assert_int_eq(cf_move_start(move, false, "test", NULL), 0);
	cf_move_close(move);
}

void place_close(struct place *p)
{
	DIR *folder = opendir(p->folder);
	struct dirent *entry;
	char path[512];

	while ((entry = readdir(folder))) {
		snprintf(path, sizeof(path), "%s/%s", p->folder, entry->d_name);
		unlink(path);
	}
	closedir(folder);
	ck_assert_int_eq(rmdir(p->folder), 0);
}

struct cf_move *place_move(struct place *p, const char *instance)
{
	struct cf_move *move = NULL;
	struct cf_error error = {0};

	ck_assert_msg(cf_move_open(&move, &p->config, NULL, NULL, &error) == 0, "%s",
		      error.message);
	if (p->hook.at)
		move->hook = &p->hook;
	if (instance)
		ck_assert_msg(cf_move_join(move, instance, &error) == 0, "%s", error.message);
	return move;
}

void place_confirmed(struct cf_move *move)
{
	struct cf_move_status status;
	size_t confirmed;

	do {
		sched_yield();
		ck_assert_int_eq(cf_move_status(move, &status, NULL), 0);
		confirmed = 0;
		for (size_t i = 0; i < status.instance_count; i++)
			confirmed += status.instances[i].confirmed == status.step;
	} while (confirmed < status.instance_count);
}

/* A keeper may confirm the stage before at the same moment: then once more. */
void place_advance(struct place *p, struct cf_move *move)
{
	struct cf_error error = {0};

	(void)p;
	place_confirmed(move);
	ck_assert_msg(cf_move_advance(move, "test", &error) == 0, "%s", error.message);
	place_confirmed(move);
}

int move_put(struct cf_move *move, const char *key, int value)
{
	char body[40];

	snprintf(body, sizeof(body), "{\"v\":%d}", value);
	return cf_move_write(move, str_of(key), str_of(body), NULL);
}

long move_get(struct cf_move *move, const char *key)
{
	struct cf_move_value value;
	const char *colon;
	long number = -1;

	ck_assert_int_eq(cf_move_read(move, str_of(key), &value, NULL), 0);
	if (value.exists) {
		colon = strstr(value.body.ptr, "\"v\":");
		ck_assert_ptr_nonnull(colon);
		number = strtol(colon + 4, NULL, 10);
	}
	cf_move_value_free(move, &value);
	return number;
}

size_t place_intents(struct place *p)
{
	struct cf_scan scan = {.limit = 1000};
	struct cf_store *store = NULL;
	struct cf_note *notes;
	struct cf_arena arena;
	size_t count = 0;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_open(&store, p->old_url, &env_system, &mem_heap, NULL), 0);
	ck_assert_int_eq(store_notes(store, &scan, &arena, &notes, &count, NULL), 0);
	store_close(store);
	arena_fini(&arena);
	return count;
}

void place_intent(struct place *p, const char *key)
{
	struct cf_note note = {.kind = CF_NOTE_SET, .key = str_of(key)};
	struct cf_put put = {.kind = CF_PUT_NOTES, .notes = &note, .note_count = 1};
	struct cf_answer answer = {0};
	struct cf_store *store = NULL;
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_open(&store, p->old_url, &env_system, &mem_heap, NULL), 0);
	ck_assert_int_eq(store_put(store, &put, 1, &arena, &answer, NULL), 0);
	ck_assert_int_eq(answer.code, 0);
	store_close(store);
	arena_fini(&arena);
}

void place_control_away(struct place *p)
{
	char path[128], away[140];

	snprintf(path, sizeof(path), "%s/control.db", p->folder);
	snprintf(away, sizeof(away), "%s.away", path);
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

void place_control_back(struct place *p)
{
	char path[128], away[140];

	snprintf(path, sizeof(path), "%s/control.db", p->folder);
	snprintf(away, sizeof(away), "%s.away", path);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(away, path), 0);
}
