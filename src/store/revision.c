/* Ids of revisions: "generation-hash". */
#include "store/limits.h"
#include "store/store.h"

#include <stdio.h>

uint64_t revision_generation(struct cf_str rev)
{
	uint64_t generation = 0;
	size_t i = 0;

	/* 18 digits fit; no replica gets that far. */
	while (i < rev.len && i < 18 && rev.ptr[i] >= '0' && rev.ptr[i] <= '9')
		generation = generation * 10 + (uint64_t)(rev.ptr[i++] - '0');
	if (i == 0 || rev.ptr[0] == '0' || i + 1 >= rev.len || rev.ptr[i] != '-' ||
	    rev.len > LIMIT_REV_BYTES)
		return 0;
	return generation;
}

int revision_format(uint64_t generation, struct cf_str hash, struct cf_arena *arena,
		    struct cf_str *ret)
{
	char digits[20], *text;
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + generation % 10);
	while (generation /= 10);
	text = arena_alloc(arena, sizeof(digits) - at + 1 + hash.len + 1);
	if (!text)
		return CF_ERR_NOMEM;
	*ret = (struct cf_str){text, sizeof(digits) - at + 1 + hash.len};
	memcpy(text, digits + at, sizeof(digits) - at);
	text += sizeof(digits) - at;
	*text++ = '-';
	memcpy(text, hash.ptr, hash.len);
	text[hash.len] = '\0';
	return 0;
}

int revision_compare(struct cf_str a, bool a_deleted, struct cf_str b, bool b_deleted)
{
	uint64_t x = revision_generation(a), y = revision_generation(b);

	if (a_deleted != b_deleted)
		return a_deleted ? -1 : 1;
	if (x != y)
		return x > y ? 1 : -1;
	/* Equal generations are written with equal digits: what differs is the hash. */
	return str_compare(a, b);
}

static void put_attachment(const struct cf_attachment *attachment, struct hash128 *sum)
{
	struct hash128 parts[4] = {hash128(attachment->name), hash128(attachment->content_type)};

	parts[2] = hash128(attachment->digest);
	if (attachment->data.ptr) {
		char hex[33], digest[64];

		hash128_hex(hash128(attachment->data), hex);
		snprintf(digest, sizeof(digest), "xxh3-%s", hex);
		parts[2] = hash128(str_of(digest));
	}
	parts[3] = hash128((struct cf_str){(const char *)parts, 3 * sizeof(parts[0])});
	/* A sum: the order of attachments says nothing. */
	sum->low += parts[3].low;
	sum->high += parts[3].high;
}

int revision_make(struct cf_str parent, bool deleted, struct json_value content,
		  const struct cf_attachment *attachments, size_t attachment_count,
		  struct cf_arena *arena, struct cf_str *ret)
{
	struct {
		struct hash128 parent;
		struct hash128 content;
		struct hash128 attachments;
		uint64_t deleted;
		uint64_t attachment_count;
	} key = {.deleted = deleted, .attachment_count = attachment_count};
	uint64_t generation = parent.len ? revision_generation(parent) + 1 : 1;
	char hex[33];

	key.parent = hash128(parent);
	key.content = json_hash128(content);
	for (size_t i = 0; i < attachment_count; i++)
		put_attachment(&attachments[i], &key.attachments);
	hash128_hex(hash128((struct cf_str){(const char *)&key, sizeof(key)}), hex);
	return revision_format(generation, (struct cf_str){hex, 32}, arena, ret);
}
