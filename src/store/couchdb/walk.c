/* Walking records in the order of their ids; see couchdb.h. _all_docs is in bytewise
 * order: CouchDB keeps ids by their bytes (couch_btree, fabric_view_all_docs). */
#include "store/apply.h"
#include "store/couchdb/couchdb.h"

struct records {
	struct cf_record *at;
	size_t count;
};

/* A page of _all_docs. */
struct page {
	struct couch_store *store;
	struct cf_arena *arena;
	unsigned flags;
	struct cf_record *records;
	size_t count, max, rows, asked;
	struct cf_str after; /* left out where it comes itself */
	struct cf_str last;  /* id */
	bool unreadable;     /* a row's document cannot be said */
	struct cf_error *error;
};

static int take_row(void *ctx, struct cf_str text)
{
	struct page *page = ctx;
	struct cf_revision *winner = arena_calloc(page->arena, 1, sizeof(*winner));
	struct cf_str kept = arena_dup(page->arena, text), id;
	struct json_value row, document;

	if (!winner || !kept.ptr)
		return error_nomem(page->error);
	if (!text.ptr ||
	    json_read(&page->store->row, kept.ptr, kept.len, JSON_READ_DOCUMENT, NULL)) {
		page->unreadable = true;
		return CF_ERR_INVALID;
	}
	row = json_root(&page->store->row);
	if (json_kind(json_member(row, STR("id"))) != JSON_STRING ||
	    json_decode(json_member(row, STR("id")), page->arena, &id))
		return error_set(page->error, CF_ERR_UNAVAILABLE, "_all_docs: a row without an id");
	page->rows++;
	page->last = id;
	if (page->count == page->max || (page->after.len && str_equal(id, page->after)))
		return 0;
	document = json_member(row, STR("doc"));
	if (json_kind(document) == JSON_OBJECT) {
		if (couch_read_revision(document, page->flags, page->arena, winner, NULL)) {
			page->unreadable = true;
			return CF_ERR_INVALID;
		}
	} else if (json_decode(json_member(json_member(row, STR("value")), STR("rev")), page->arena,
			       &winner->rev)) {
		return error_nomem(page->error);
	}
	page->records[page->count++] =
		(struct cf_record){.id = id, .revisions = winner, .revision_count = 1};
	return 0;
}

static void restart(void *ctx)
{
	struct page *page = ctx;

	page->count = page->rows = 0;
	page->unreadable = false;
}

static void write_utf8(unsigned code, struct cf_buf *out)
{
	if (code < 0x80) {
		buf_byte(out, (char)code);
		return;
	}
	buf_byte(out, (char)(code < 0x800     ? 0xc0 | code >> 6
			     : code < 0x10000 ? 0xe0 | code >> 12
					      : 0xf0 | code >> 18));
	if (code >= 0x10000)
		buf_byte(out, (char)(0x80 | (code >> 12 & 0x3f)));
	if (code >= 0x800)
		buf_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
	buf_byte(out, (char)(0x80 | (code & 0x3f)));
}

/* The last character of valid UTF-8, and where it starts. */
static unsigned last_character(struct cf_str text, size_t *ret_start)
{
	size_t start = text.len - 1;
	unsigned first, code;

	while (start > 0 && ((unsigned char)text.ptr[start] & 0xc0) == 0x80)
		start--;
	first = (unsigned char)text.ptr[start];
	code = first < 0x80 ? first : first & (0x7fu >> (text.len - start));
	for (size_t i = start + 1; i < text.len; i++)
		code = code << 6 | ((unsigned char)text.ptr[i] & 0x3f);
	*ret_start = start;
	return code;
}

/* The least text that stands behind all that begin so, as UTF-8 sorts by code points;
 * empty where there is none. */
static int behind_prefix(struct cf_str prefix, struct cf_buf *out)
{
	while (prefix.len) {
		size_t start;
		unsigned code = last_character(prefix, &start);

		prefix.len = start;
		if (code < 0x10ffff) {
			buf_str(out, prefix);
			write_utf8(code == 0xd7ff ? 0xe000 : code + 1, out);
			break;
		}
	}
	return out->failed ? CF_ERR_NOMEM : 0;
}

static int add_key(struct couch_store *store, const char *name, struct cf_str key)
{
	struct cf_buf text;
	int rc;

	buf_init(&text, &store->mem);
	rc = json_write_string(key, &text);
	rc = rc ? rc : couch_parameter(store, name, buf_view(&text));
	buf_fini(&text);
	return rc;
}

/* From the id or the prefix on, up to the prefix's end. */
static int add_range(struct couch_store *store, const struct cf_scan *scan, bool behind)
{
	struct cf_str start = behind ? scan->after : scan->prefix;
	struct cf_buf end;
	int rc = start.len ? add_key(store, "start_key", start) : 0;

	buf_init(&end, &store->mem);
	rc = rc ? rc : behind_prefix(scan->prefix, &end);
	if (rc == 0 && end.len) {
		rc = add_key(store, "end_key", buf_view(&end));
		rc = rc ? rc : couch_parameter(store, "inclusive_end", STR("false"));
	}
	buf_fini(&end);
	return rc;
}

static int ask_page(struct page *page, const struct cf_scan *scan, bool docs)
{
	struct couch_store *store = page->store;
	struct couch_request request = {
		.method = "GET", .element = take_row, .restart = restart, .ctx = page};
	bool behind = scan->after.len && str_compare(scan->after, scan->prefix) >= 0;

	restart(page);
	page->after = behind ? scan->after : STR("");
	page->max = scan->limit;
	page->asked = scan->limit + (behind ? 1 : 0);
	couch_path(store, "/_all_docs?limit=%zu", page->asked);
	if (docs)
		couch_parameter(store, "include_docs", STR("true"));
	if (add_range(store, scan, behind))
		return error_nomem(page->error);
	return couch_call(store, &request, NULL, page->error);
}

/* Reads at the ids what the rows do not tell. */
static int read_fully(struct page *page)
{
	struct cf_get *gets = arena_alloc(page->arena, (page->count + 1) * sizeof(*gets));
	const struct couch_gets what = {gets, page->count, page->flags, page->arena, page->error};

	if (!gets)
		return error_nomem(page->error);
	for (size_t i = 0; i < page->count; i++)
		gets[i] = (struct cf_get){page->records[i].id, {NULL, 0}};
	return page->count ? couch_read(page->store, &what, page->records) : 0;
}

/* Between the page and the reading a record may have gone. */
static void drop_deleted(struct page *page)
{
	size_t kept = 0;

	for (size_t i = 0; i < page->count; i++)
		if (page->records[i].code ||
		    (page->records[i].revision_count && !page->records[i].revisions[0].deleted))
			page->records[kept++] = page->records[i];
	page->count = kept;
}

/* As couch_scan; into `ret`, which has room for all that the scan may find. */
static int scan(struct couch_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		struct records *ret, struct cf_error *error)
{
	bool deep = scan->flags & (CF_READ_LEAVES | CF_READ_HISTORIES | CF_READ_ATTACHMENTS);
	struct page page = {.store = store, .arena = arena, .flags = scan->flags, .error = error};
	struct cf_scan next = *scan;
	int rc;
	bool end = false;

	*ret = (struct records){arena_calloc(arena, scan->limit, sizeof(*ret->at)), 0};
	rc = ret->at ? 0 : error_nomem(error);
	while (rc == 0 && ret->count < scan->limit && !end) {
		page.records = ret->at + ret->count;
		next.limit = scan->limit - ret->count;
		rc = ask_page(&page, &next, !deep && scan->flags & CF_READ_BODIES);
		if (page.unreadable)
			rc = ask_page(&page, &next, false);
		end = page.rows < page.asked;
		next.after = page.last;
		if (rc == 0 && (deep || page.unreadable)) {
			rc = read_fully(&page);
			drop_deleted(&page);
		}
		ret->count += page.count;
	}
	return rc;
}

int couch_scan(struct cf_store *base, const struct cf_scan *how, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct records found;
	int rc;

	couch_begin(base, 0);
	rc = scan((struct couch_store *)base, how, arena, &found, error);
	*ret = found.at;
	*ret_count = rc ? 0 : found.count;
	return rc;
}

/* --- find --------------------------------------------------------------------------------- */

/* The contract's order is that of ids, and equality is by value: both are kept by looking
 * at each. Mango compares by ICU, and pages by a mark of its own. */
int couch_find(struct cf_store *base, const struct cf_find *find, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct couch_store *store = (struct couch_store *)base;
	struct cf_scan how = find->scan;
	struct cf_record *found = arena_calloc(arena, how.limit, sizeof(*found));
	struct json_doc *values = NULL;
	struct records page = {.count = how.limit};
	size_t count = 0;
	int rc = find_open(find, arena, &store->mem, &values, error);

	if (rc)
		return rc;
	couch_begin(base, 0);
	how.flags |= CF_READ_BODIES;
	rc = found ? 0 : error_nomem(error);
	while (rc == 0 && page.count == how.limit && count < how.limit) {
		rc = scan(store, &how, arena, &page, error);
		for (size_t i = 0; i < page.count && rc == 0 && count < how.limit; i++) {
			bool matches = false;

			if (page.at[i].code == 0)
				rc = find_matches(&store->doc, page.at[i].revisions[0].body, find,
						  values, &matches);
			if (rc == 0 && matches)
				found[count++] = page.at[i];
			how.after = page.at[i].id;
		}
	}
	find_close(values, find->condition_count);
	if (rc)
		return rc;
	*ret = found;
	*ret_count = count;
	return 0;
}

/* --- info ------------------------------------------------------------------------------------ */

static uint64_t read_count(struct json_value info, struct cf_str name)
{
	struct json_value value = json_member(info, name);
	int64_t number = 0;

	if (json_kind(value) == JSON_NUMBER && json_number_int64(json_span(value), &number) &&
	    number > 0)
		return (uint64_t)number;
	return 0;
}

int couch_read_info(struct couch_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		    struct cf_error *error)
{
	struct http_answer answer;
	int rc;

	http_answer_init(&answer, &store->mem);
	rc = couch_database_info(store, &answer, &store->row, error);
	if (rc == 0) {
		struct json_value info = json_root(&store->row);

		*ret = (struct cf_store_info){.records = read_count(info, STR("doc_count")),
					      .records_deleted =
						      read_count(info, STR("doc_del_count"))};
		if (couch_read_token(json_member(info, STR("update_seq")), arena, &ret->token))
			rc = error_nomem(error);
	}
	http_answer_fini(&answer);
	return rc;
}

int couch_info(struct cf_store *base, struct cf_arena *arena, struct cf_store_info *ret,
	       struct cf_error *error)
{
	couch_begin(base, 0);
	return couch_read_info((struct couch_store *)base, arena, ret, error);
}
