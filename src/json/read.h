/* Private to json/: reading with one of the two scanners, and name hashes. */
#ifndef JSON_READ_H
#define JSON_READ_H

#include "json/json.h"

/* As json_read; `vector` chooses the scanner. */
int json_read_with(struct json_doc *doc, const char *text, size_t len, unsigned flags, bool vector,
		   struct cf_error *error);

/* The end of a string, p behind its opening quote, and of a number; NULL: it is none. */
const uint8_t *token_string(const uint8_t *begin, const uint8_t *p, const uint8_t *end,
			    uint8_t *flags, bool vector);
const uint8_t *token_number(const uint8_t *p, const uint8_t *end);

/* The length of the UTF-8 sequence at p (a byte >= 0x80), 0 where it is none. */
size_t utf8_length(const uint8_t *p, const uint8_t *end);

/* A cheap hash of a member's name: its first and last bytes and its length. */
static inline uint16_t name_hash(const char *p, size_t len)
{
	uint64_t first = 0, last = 0;

	if (len >= 8) {
		memcpy(&first, p, 8);
		memcpy(&last, p + len - 8, 8);
	} else if (len >= 4) {
		uint32_t a, b;

		memcpy(&a, p, 4);
		memcpy(&b, p + len - 4, 4);
		first = a;
		last = b;
	} else if (len) {
		first = (uint8_t)p[0];
		last = (uint64_t)(uint8_t)p[len / 2] << 8 | (uint8_t)p[len - 1];
	}
	first = (first ^ len) * 0x9e3779b97f4a7c15u;
	last = (last + (first >> 29)) * 0xbf58476d1ce4e5b9u;
	return (uint16_t)((first ^ last) >> 48);
}

#endif
