/* Reading, writing and advancing bases. Hashes are 64 bits, as 11 characters of
 * base64url (RFC 4648), so that a record stays small. */
#include "sync/lineage/base.h"

#include "sync/limits.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
enum { HASH_CHARS = 11 };

static void hash_encode(uint64_t hash, char out[HASH_CHARS])
{
	for (int i = HASH_CHARS - 1; i >= 0; i--, hash >>= 6)
		out[i] = digits[hash & 63];
}

static bool hash_decode(struct cf_str text, uint64_t *ret)
{
	uint64_t hash = 0;

	if (text.len != HASH_CHARS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = memchr(digits, text.ptr[i], sizeof(digits) - 1);

		if (!at)
			return false;
		hash = hash << 6 | (uint64_t)(at - digits);
	}
	*ret = hash;
	return true;
}

/* --- differences ---------------------------------------------------------- */

/* What must be set (hash 0: removed) in `from` to get `to`. */
static int diff_make(const struct atoms *from, const struct atoms *to, struct cf_arena *arena,
		     struct atoms *ret)
{
	struct atoms_diff diff = {.a = from, .b = to};
	size_t count = 0;
	struct atom *at;

	while (atoms_diff_next(&diff))
		count++;
	at = arena_alloc(arena, count * sizeof(*at));
	if (!at)
		return CF_ERR_NOMEM;
	diff = (struct atoms_diff){.a = from, .b = to};
	for (size_t i = 0; atoms_diff_next(&diff); i++)
		at[i] = (struct atom){.pointer = diff.pointer,
				      .hash = diff.right ? diff.right->hash : 0};
	*ret = (struct atoms){.at = at, .count = count};
	return 0;
}

static int diff_apply(const struct atoms *from, const struct atoms *changes, struct cf_arena *arena,
		      struct atoms *ret)
{
	struct atom *at;
	size_t count = 0, i = 0, k = 0;

	if (changes->count == 0) {
		*ret = *from;
		return 0;
	}
	at = arena_alloc(arena, (from->count + changes->count) * sizeof(*at));
	if (!at)
		return CF_ERR_NOMEM;
	while (i < from->count || k < changes->count) {
		int order = i >= from->count ? 1
			    : k >= changes->count
				    ? -1
				    : pointer_compare(from->at[i].pointer, changes->at[k].pointer);

		if (order < 0) {
			at[count++] = from->at[i++];
			continue;
		}
		if (order == 0)
			i++;
		if (changes->at[k].hash)
			at[count++] = changes->at[k];
		k++;
	}
	*ret = (struct atoms){.at = at, .count = count};
	return 0;
}

ptrdiff_t base_find(const struct base_slot *slot, struct cf_str rev)
{
	for (size_t i = 0; i < slot->known_count; i++)
		if (str_equal(slot->known[i].rev, rev))
			return (ptrdiff_t)i;
	return -1;
}

int base_atoms(const struct base_slot *slot, size_t known, struct cf_arena *arena,
	       struct atoms *ret)
{
	struct atoms atoms = slot->agreed;

	if (slot->known[known].deleted) {
		*ret = (struct atoms){NULL, 0};
		return 0;
	}
	for (size_t i = 0; i <= known; i++) {
		int rc = diff_apply(&atoms, &slot->known[i].diff, arena, &atoms);

		if (rc)
			return rc;
	}
	*ret = atoms;
	return 0;
}

int base_agree(struct base_slot *slot, bool there, const struct atoms *agreed,
	       const struct base_news *news, size_t news_count, struct cf_arena *arena)
{
	struct base_known *known =
		arena_calloc(arena, slot->known_count + news_count + 1, sizeof(*known));
	struct atoms last = *agreed;
	size_t count = 0;
	bool joined = false; /* the first live old revision hangs on the newest before it */
	int rc = 0;

	if (!known)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < news_count && rc == 0; i++) {
		known[count] = (struct base_known){.rev = news[i].rev, .deleted = news[i].deleted};
		if (!news[i].deleted) {
			rc = diff_make(&last, &news[i].atoms, arena, &known[count].diff);
			last = news[i].atoms;
		}
		count++;
	}
	for (size_t i = 0; i < slot->known_count && rc == 0; i++) {
		known[count] = slot->known[i];
		if (!slot->known[i].deleted && !joined) {
			struct atoms old;

			rc = base_atoms(slot, i, arena, &old);
			if (rc == 0)
				rc = diff_make(&last, &old, arena, &known[count].diff);
			joined = true;
		}
		count++;
	}
	slot->known = known;
	slot->known_count = count < SYNC_KNOWN_MAX ? count : SYNC_KNOWN_MAX;
	slot->agreed = *agreed;
	slot->there = there;
	return rc;
}

/* --- writing -------------------------------------------------------------- */

static void write_hashes(const struct atoms *atoms, struct cf_buf *out)
{
	char text[HASH_CHARS];

	buf_byte(out, '{');
	for (size_t i = 0; i < atoms->count; i++) {
		if (i)
			buf_byte(out, ',');
		json_write_string(atoms->at[i].pointer, out);
		if (atoms->at[i].hash) {
			hash_encode(atoms->at[i].hash, text);
			buf_str(out, STR(":\""));
			buf_append(out, text, sizeof(text));
			buf_byte(out, '"');
		} else {
			buf_str(out, STR(":null"));
		}
	}
	buf_byte(out, '}');
}

static void write_known(const struct base_slot *slot, struct cf_buf *out)
{
	buf_str(out, STR(",\"known\":["));
	for (size_t i = 0; i < slot->known_count; i++) {
		buf_str(out, i ? STR(",[") : STR("["));
		json_write_string(slot->known[i].rev, out);
		if (slot->known[i].deleted) {
			buf_str(out, STR(",null"));
		} else if (slot->known[i].diff.count) {
			buf_byte(out, ',');
			write_hashes(&slot->known[i].diff, out);
		}
		buf_byte(out, ']');
	}
	buf_byte(out, ']');
}

static int write_slot(const struct base *base, const struct family *family, size_t index,
		      struct cf_arena *arena, struct cf_buf *out)
{
	const struct base_slot *slot = &base->slots[index];
	struct atoms shown = slot->agreed, diff;
	struct cf_str place = family->slots[index].place;
	size_t like = index;

	for (size_t i = index; i-- > 0;) {
		int rc;

		if (!base->slots[i].there)
			continue;
		rc = diff_make(&base->slots[i].agreed, &slot->agreed, arena, &diff);
		if (rc)
			return rc;
		if (diff.count < shown.count) {
			shown = diff;
			like = i;
		}
		break;
	}
	json_write_string(place, out);
	buf_str(out, STR(":{"));
	if (like != index) {
		buf_str(out, STR("\"like\":"));
		json_write_string(family->slots[like].place, out);
		buf_byte(out, ',');
	}
	if (slot->key.len) {
		buf_str(out, STR("\"key\":"));
		json_write_string(slot->key, out);
		buf_byte(out, ',');
	}
	if (!slot->there)
		buf_str(out, STR("\"gone\":true,"));
	buf_str(out, STR("\"agreed\":"));
	write_hashes(&shown, out);
	if (slot->known_count)
		write_known(slot, out);
	return buf_byte(out, '}');
}

int base_write(const struct base *base, const struct family *family, struct cf_arena *arena,
	       struct cf_buf *out)
{
	bool first = true;
	int rc = 0;

	buf_byte(out, '{');
	if (base->listed_incomplete)
		buf_str(out, STR("\"incomplete\":true,"));
	if (base->listed_quarantine)
		buf_str(out, STR("\"quarantine\":true,"));
	if (base->unserved.len) {
		buf_str(out, STR("\"unserved\":{"));
		buf_str(out, base->unserved);
		buf_str(out, STR("},"));
	}
	buf_str(out, STR("\"slots\":{"));
	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		if (!base->slots[i].there && base->slots[i].known_count == 0)
			continue;
		if (!first)
			buf_byte(out, ',');
		first = false;
		rc = write_slot(base, family, i, arena, out);
	}
	buf_str(out, STR("}}"));
	return out->failed ? CF_ERR_NOMEM : rc;
}

/* --- reading -------------------------------------------------------------- */

static int read_hashes(struct json_value object, struct cf_arena *arena, struct atoms *ret)
{
	struct json_iter it = json_iter(object);
	size_t count = 0, total = json_count(object);
	struct atom *at = arena_alloc(arena, total * sizeof(*at));
	struct cf_str text;

	if (!at)
		return CF_ERR_NOMEM;
	while (json_next(&it)) {
		int rc = json_decode(it.name, arena, &at[count].pointer);

		if (rc)
			return rc;
		at[count].value = JSON_ABSENT;
		at[count].hash = 0;
		text = json_kind(it.value) == JSON_STRING ? json_inner(it.value) : STR("");
		if (json_kind(it.value) != JSON_NULL && !hash_decode(text, &at[count].hash))
			return CF_ERR_INVALID;
		count++;
	}
	*ret = (struct atoms){.at = at, .count = count};
	return 0;
}

static int read_known(struct json_value array, struct cf_arena *arena, struct base_slot *slot)
{
	struct json_iter it = json_iter(array);
	int rc = 0;

	slot->known = arena_calloc(arena, json_count(array), sizeof(*slot->known));
	if (!slot->known)
		return CF_ERR_NOMEM;
	while (rc == 0 && json_next(&it)) {
		struct base_known *known = &slot->known[slot->known_count++];
		struct json_value rev = json_element(it.value, 0);
		struct json_value diff = json_element(it.value, 1);

		if (json_kind(rev) != JSON_STRING)
			return CF_ERR_INVALID;
		rc = json_decode(rev, arena, &known->rev);
		known->deleted = json_kind(diff) == JSON_NULL;
		if (rc == 0 && json_kind(diff) == JSON_OBJECT)
			rc = read_hashes(diff, arena, &known->diff);
	}
	return rc;
}

/* Reads one place of the record; `done` are those before it. */
static int read_slot(struct json_value value, struct json_value places, struct cf_arena *arena,
		     struct base_slot *slot, int depth)
{
	struct json_value like = json_member(value, STR("like"));
	struct json_value key = json_member(value, STR("key"));
	struct json_value known = json_member(value, STR("known"));
	struct cf_str name;
	int rc;

	slot->there = json_is_absent(json_member(value, STR("gone")));
	rc = read_hashes(json_member(value, STR("agreed")), arena, &slot->agreed);
	if (rc == 0 && json_kind(key) == JSON_STRING)
		rc = json_decode(key, arena, &slot->key);
	if (rc == 0 && json_kind(known) == JSON_ARRAY)
		rc = read_known(known, arena, slot);
	if (rc == 0 && json_kind(like) == JSON_STRING) {
		struct base_slot other = {0};

		rc = json_decode(like, arena, &name);
		if (rc == 0 && depth > (int)LIMIT_MAJORS)
			rc = CF_ERR_INVALID;
		if (rc == 0)
			rc = read_slot(json_member(places, name), places, arena, &other, depth + 1);
		if (rc == 0)
			rc = diff_apply(&other.agreed, &slot->agreed, arena, &slot->agreed);
	}
	return rc;
}

int base_read(struct base *ret, const struct family *family, struct json_value record,
	      struct cf_str rev, struct cf_arena *arena, struct cf_error *error)
{
	struct json_value places = json_member(record, STR("slots"));
	int rc = 0;

	*ret = (struct base){.exists = !json_is_absent(record), .rev = rev};
	ret->slots = arena_calloc(arena, family->slot_count, sizeof(*ret->slots));
	if (!ret->slots)
		return error_nomem(error);
	ret->listed_incomplete = json_kind(json_member(record, STR("incomplete"))) == JSON_TRUE;
	ret->listed_quarantine = json_kind(json_member(record, STR("quarantine"))) == JSON_TRUE;
	for (size_t i = 0; i < family->slot_count && rc == 0 && ret->exists; i++) {
		struct json_value value = json_member(places, family->slots[i].place);

		if (!json_is_absent(value))
			rc = read_slot(value, places, arena, &ret->slots[i], 0);
	}
	if (rc == 0)
		rc = unserved_read(family, record, arena, &ret->unserved);
	if (rc == CF_ERR_INVALID)
		return error_set(error, rc, "the state record of this lineage is damaged");
	return rc ? error_nomem(error) : 0;
}
