/* Arrays with a key: where each side has them, and under what names. */
#include "check_main.h"
#include "lens/lens.h"

#include <stdio.h>

/* "place pointer field" of each, with commas. */
static void list(const struct lens *lens, bool newer, char *out, size_t size)
{
	const struct lens_keyed *keyed;
	size_t count = lens_keyed_arrays(lens, newer, &keyed), at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%zu %.*s %.*s", i ? ", " : "",
				       keyed[i].place, STR_ARG(keyed[i].pointer),
				       STR_ARG(keyed[i].field));
}

struct row {
	const char *ops, *older, *newer;
};

static void check_row(const struct row *row)
{
	struct json_file file;
	struct lens *lens = NULL;
	struct cf_error error = {0};
	char text[1000], names[300];
	int rc;

	snprintf(text, sizeof(text), "{from: t@1, to: [t@2, p@1], lens: [%s]}", row->ops);
	rc = json_file_read(&file, "l.yaml", str_of(text), &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s: %s", text, error.message);
	rc = lens_read(&lens, &file, &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s: %s", text, error.message);
	list(lens, false, names, sizeof(names));
	ck_assert_str_eq(names, row->older);
	list(lens, true, names, sizeof(names));
	ck_assert_str_eq(names, row->newer);
	lens_free(lens);
	json_file_fini(&file);
}

#define KEYED "{map: {key: id, lens: []}}"

START_TEST(each_side_has_its_names)
{
	static const struct row rows[] = {
		{"{in: {name: a, lens: [" KEYED "]}}", "0 /a id", "0 /a id"},
		{"{rename: {source: a, destination: b}}, {in: {name: b, lens: [" KEYED "]}}",
		 "0 /a id", "0 /b id"},
		{"{in: {name: a, lens: [" KEYED "]}}, {rename: {source: a, destination: b}}",
		 "0 /a id", "0 /b id"},
		{"{in: {name: a, lens: [{map: {key: id, lens: [{rename: {source: id, destination: "
		 "key}}]}}]}}",
		 "0 /a id", "0 /a key"},
		{"{hoist: {host: h, name: a}}, {in: {name: a, lens: [" KEYED "]}}", "0 /h/a id",
		 "0 /a id"},
		{"{in: {name: a, lens: [" KEYED "]}}, {plunge: {host: h, name: a}}", "0 /a id",
		 "0 /h/a id"},
		{"{in: {name: o, lens: [{rename: {source: a, destination: b}}, {in: {name: b, "
		 "lens: [" KEYED "]}}]}}, {rename: {source: o, destination: p}}",
		 "0 /o/a id", "0 /p/b id"},
		{"{in: {name: a, lens: [{map: {lens: [{in: {name: c, lens: [" KEYED
		 "]}}, {rename: {source: c, destination: d}}]}}]}}",
		 "0 /a/*/c id", "0 /a/*/d id"},
		{"{in: {name: a, lens: [" KEYED "]}}, {remove: {name: a, type: array}}", "0 /a id",
		 ""},
		{"{in: {name: a, lens: [{map: {key: id, lens: [{remove: {name: id, type: "
		 "string}}]}}]}}",
		 "0 /a id", ""},
		{"{in: {name: a, lens: [" KEYED "]}}, {extract: {names: [{a: list}], into: p@1, "
		 "key: same}}",
		 "0 /a id", "1 /list id"},
		{"{in: {name: a/b, lens: [" KEYED "]}}, {rename: {source: a/b, destination: c~d}}",
		 "0 /a~1b id", "0 /c~0d id"},
		{"{in: {name: a, lens: [" KEYED "]}}, {in: {name: b, lens: [" KEYED "]}}, "
		 "{rename: {source: a, destination: c}}",
		 "0 /a id, 0 /b id", "0 /c id, 0 /b id"},
		{"{in: {name: a, lens: [{map: {lens: []}}]}}", "", ""},
		/* What is no object is its own key. */
		{"{in: {name: a, lens: [{map: {as: id, key: id, lens: [{rename: {source: id, "
		 "destination: no}}]}}]}}",
		 "0 /a ", "0 /a no"},
		{"{in: {name: a, lens: [{map: {only: id, key: id}}]}}", "0 /a id", "0 /a "},
		{"{in: {name: a, lens: [{map: {only: id, key: no}}]}}", "0 /a no", ""},
		{"{in: {name: a, lens: [{map: {as: v, lens: [{in: {name: v, lens: [" KEYED
		 "]}}]}}]}}",
		 "0 /a/* id", "0 /a/*/v id"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-keyed");
	TCase *tcase = tcase_create("keyed");

	tcase_add_test(tcase, each_side_has_its_names);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
