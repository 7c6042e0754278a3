/* Lenses and documents made at random, for tests that hold one way of running them
 * against another. */
#ifndef TEST_LENS_RANDOM_H
#define TEST_LENS_RANDOM_H

#include "check_main.h"
#include "lens/lens.h"

enum { LINKS = 8 };

struct chain {
	struct json_file files[LINKS];
	struct lens *lenses[LINKS];
	size_t count;
};

/* Ops over the names a to f, whatever they hold. */
static inline void random_op(struct rng *rng, unsigned depth, struct cf_buf *out)
{
	static const char names[] = "abcdef";
	char a = names[rng_below(rng, 6)], b = names[rng_below(rng, 6)];
	char other = a == b ? (a == 'f' ? 'a' : (char)(a + 1)) : b; /* check refuses the same */

	switch (rng_below(rng, depth ? 9 : 7)) {
	case 0:
		buf_printf(out, "{\"add\":{\"name\":\"%c\",\"type\":\"number\",\"default\":7}}", a);
		return;
	case 1:
		buf_printf(out, "{\"remove\":{\"name\":\"%c\",\"type\":\"string\"}}", a);
		return;
	case 2:
		buf_printf(out, "{\"rename\":{\"source\":\"%c\",\"destination\":\"%c\"}}", a, b);
		return;
	case 3:
		buf_printf(out, "{\"hoist\":{\"host\":\"%c\",\"name\":\"%c\"}}", a, other);
		return;
	case 4:
		buf_printf(out, "{\"plunge\":{\"host\":\"%c\",\"name\":\"%c\"}}", a, other);
		return;
	case 5:
		buf_printf(out, "{\"wrap\":{\"name\":\"%c\"}}", a);
		return;
	case 6:
		buf_printf(out,
			   "{\"convert\":{\"name\":\"%c\",\"mapping\":[{\"1\":\"x\",\"true\":2},"
			   "{\"x\":1,\"y\":1,\"2\":true}],\"default\":[null,0]}}",
			   a);
		return;
	case 7:
		buf_printf(out, "{\"in\":{\"name\":\"%c\",\"lens\":[", a);
		random_op(rng, depth - 1, out);
		buf_printf(out, "]}}");
		return;
	default:
		buf_printf(out, "{\"in\":{\"name\":\"%c\",\"lens\":[{\"map\":{\"lens\":[", a);
		random_op(rng, depth - 1, out);
		buf_printf(out, "]}}]}}");
	}
}

static inline void random_value(struct rng *rng, unsigned depth, struct cf_buf *out)
{
	static const char *const scalars[] = {"1",      "true", "null", "\"x\"", "\"\\u0079\"",
					      "1.50e2", "\"\"", "2",    "{}",    "[]"};
	uint64_t kind = rng_below(rng, depth ? 4 : 2);

	if (kind < 2) {
		buf_str(out, str_of(scalars[rng_below(rng, ARRAY_LEN(scalars))]));
		return;
	}
	buf_byte(out, kind == 2 ? '{' : '[');
	for (char name = 'a', first = 1; name <= 'f'; name++) {
		if (rng_below(rng, 2))
			continue;
		if (!first)
			buf_str(out, rng_below(rng, 8) ? STR(",") : STR(" , "));
		first = 0;
		if (kind == 2)
			buf_printf(out, rng_below(rng, 8) ? "\"%c\":" : "\"\\u00%x\": ", name);
		random_value(rng, depth - 1, out);
	}
	buf_byte(out, kind == 2 ? '}' : ']');
}

static inline void random_document(struct rng *rng, struct cf_buf *out)
{
	do {
		buf_clear(out);
		random_value(rng, 3, out);
	} while (out->ptr[0] != '{');
}

static inline void make_chain(struct rng *rng, struct chain *chain)
{
	struct cf_error error = {0};

	chain->count = 1 + rng_below(rng, LINKS);
	for (size_t i = 0; i < chain->count; i++) {
		struct cf_buf text;
		int rc;

		buf_init(&text, &mem_heap);
		buf_str(&text, STR("{\"lens\":["));
		random_op(rng, 2, &text);
		buf_byte(&text, ',');
		random_op(rng, 2, &text);
		buf_str(&text, STR("]}"));
		rc = json_file_read(&chain->files[i], "l.json", buf_view(&text), &mem_heap, &error);
		ck_assert_msg(rc == 0, "%s", error.message);
		rc = lens_read(&chain->lenses[i], &chain->files[i], &mem_heap, &error);
		ck_assert_msg(rc == 0, "%.*s: %s", STR_ARG(buf_view(&text)), error.message);
		buf_fini(&text);
	}
}

static inline void free_chain(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		lens_free(chain->lenses[i]);
		json_file_fini(&chain->files[i]);
	}
}

#endif
