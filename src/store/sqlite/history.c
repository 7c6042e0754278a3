/* Revisions as blobs.
 *
 * One in a table without a feed: its generation (1 to 255) in a byte, then 16 bytes that are
 * the hash's 32 lower-case hex digits; any other one stands there as text.
 *
 * Ancestors of a revision. Generations need not be written: each is one
 * less than the one before. For each ancestor one byte: 0, then 16 bytes that are
 * the hash's 32 lower-case hex digits; or the hash's length, then the hash. */
#include "store/sqlite/documents.h"

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool pack_hex(struct cf_str hash, unsigned char out[16])
{
	if (hash.len != 32)
		return false;
	for (size_t i = 0; i < 16; i++) {
		int high = hex_digit(hash.ptr[2 * i]), low = hex_digit(hash.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

int history_write(const struct cf_str *history, size_t count, struct cf_buf *out)
{
	int rc = 0;

	for (size_t i = 1; i < count && rc == 0; i++) {
		const char *dash = memchr(history[i].ptr, '-', history[i].len);
		struct cf_str hash = {dash + 1,
				      history[i].len - (size_t)(dash + 1 - history[i].ptr)};
		unsigned char packed[16];

		if (pack_hex(hash, packed)) {
			rc = buf_byte(out, 0);
			rc = rc ? rc : buf_append(out, packed, sizeof(packed));
		} else {
			rc = buf_byte(out, (char)(unsigned char)hash.len);
			rc = rc ? rc : buf_str(out, hash);
		}
	}
	return rc;
}

static struct cf_str unpack(uint64_t generation, struct cf_str packed, bool hex,
			    struct cf_arena *arena)
{
	static const char digits[] = "0123456789abcdef";
	char text[32];
	struct cf_str rev = {NULL, 0};

	if (!hex) {
		revision_format(generation, packed, arena, &rev);
		return rev;
	}
	for (size_t i = 0; i < 16; i++) {
		text[2 * i] = digits[(unsigned char)packed.ptr[i] >> 4];
		text[2 * i + 1] = digits[packed.ptr[i] & 15];
	}
	revision_format(generation, (struct cf_str){text, sizeof(text)}, arena, &rev);
	return rev;
}

int history_read(struct cf_str rev, struct cf_str blob, struct cf_arena *arena,
		 const struct cf_str **ret, size_t *ret_count)
{
	uint64_t generation = revision_generation(rev);
	struct cf_str *history = arena_alloc(arena, (blob.len / 2 + 1) * sizeof(*history));
	size_t count = 0;

	if (!history)
		return CF_ERR_NOMEM;
	history[count++] = rev;
	for (size_t at = 0; at < blob.len;) {
		size_t len = (unsigned char)blob.ptr[at++];
		bool hex = len == 0;

		len = hex ? 16 : len;
		/* A damaged blob ends early: less is remembered, nothing is invented. */
		if (len > blob.len - at || generation <= count)
			break;
		history[count] =
			unpack(generation - count, (struct cf_str){blob.ptr + at, len}, hex, arena);
		if (!history[count++].ptr)
			return CF_ERR_NOMEM;
		at += len;
	}
	*ret = history;
	*ret_count = count;
	return 0;
}

bool revision_pack(struct cf_str rev, unsigned char ret[REVISION_PACKED_BYTES])
{
	const char *dash = memchr(rev.ptr, '-', rev.len);
	uint64_t generation = revision_generation(rev);
	struct cf_str hash;

	if (!dash || generation < 1 || generation > 255)
		return false;
	hash = (struct cf_str){dash + 1, rev.len - (size_t)(dash + 1 - rev.ptr)};
	ret[0] = (unsigned char)generation;
	return pack_hex(hash, ret + 1);
}

struct cf_str revision_unpack(struct cf_str packed, struct cf_arena *arena)
{
	struct cf_str hash = {packed.ptr + 1, packed.len - 1}, none = {NULL, 0};

	if (packed.len != REVISION_PACKED_BYTES)
		return none;
	return unpack((unsigned char)packed.ptr[0], hash, true, arena);
}
