/* Scripts: what they may do, and each way out of the sandbox that we know, closed. */
#include "check_main.h"
#include "lens/script.h"
#include "lens/script_memo.h"

static int call(struct script_engine *engine, const char *function, const char *source,
		struct cf_buf *out, struct cf_error *error)
{
	struct cf_str none = {0};

	buf_clear(out);
	return script_call(engine, str_of(function), str_of(source), none, out, error);
}

/* `want` NULL: the call must fail with SCRIPT, its message holding `message`. */
static void expect(const char *function, const char *source, const char *want, const char *message)
{
	struct script_engine *engine = script_engine_new(&mem_heap);
	struct cf_error error = {0};
	struct cf_buf out;
	int rc;

	buf_init(&out, &mem_heap);
	ck_assert_ptr_nonnull(engine);
	rc = call(engine, function, source, &out, &error);
	if (want) {
		ck_assert_msg(rc == 0, "%s: %s", function, error.message);
		ck_assert_msg(str_equal(buf_view(&out), str_of(want)), "%s: %.*s", function,
			      STR_ARG(buf_view(&out)));
	} else {
		ck_assert_msg(rc == CF_ERR_SCRIPT, "%s: %d %.*s", function, rc,
			      STR_ARG(buf_view(&out)));
		ck_assert_msg(!message || strstr(error.message, message), "%s: %s", function,
			      error.message);
		/* The next call is as if nothing had been. */
		rc = call(engine, "function (s) { return {a: s.a}; }", "{\"a\":1}", &out, &error);
		ck_assert_msg(rc == 0, "after %s: %s", function, error.message);
		ck_assert(str_equal(buf_view(&out), STR("{\"a\":1}")));
	}
	buf_fini(&out);
	script_engine_free(engine);
}

static void body(const char *text, const char *want, const char *message)
{
	char function[2048];

	snprintf(function, sizeof(function), "function (s, base) { %s }", text);
	expect(function, "{\"a\":5,\"t\":\"one two\",\"l\":[3,1,2]}", want, message);
}

START_TEST(scripts_compute)
{
	body("return {b: s.a * 2};", "{\"b\":10}", NULL);
	body("return {b: s.t.split(' ')};", "{\"b\":[\"one\",\"two\"]}", NULL);
	body("return {b: s.l.sort()};", "{\"b\":[1,2,3]}", NULL);
	body("return {b: s.l.sort(function (x, y) { return y - x; })};", "{\"b\":[3,2,1]}", NULL);
	body("return {b: s.l.map(function (x) { return x / 2; }).join('-')};",
	     "{\"b\":\"1.5-0.5-1\"}", NULL);
	body("return {b: typeof base, c: undefined};", "{\"b\":\"undefined\"}", NULL);
	body("var n = 0; for (var i = 0; i < 10; i++) if (i % 2) n += i; return {b: n};",
	     "{\"b\":25}", NULL);
	body("var n = 0; for (var k in s) { n++; } return {b: n};", "{\"b\":3}", NULL);
	body("var n = 0; do n++; while (n < 4) return {b: n};", "{\"b\":4}", NULL);
	body("switch (s.a) { case 5: return {b: 1}; default: return {b: 2}; }", "{\"b\":1}", NULL);
	body("return {b: (s.a + 5) / 2};", "{\"b\":5}", NULL);
	body("return {b: JSON.parse(JSON.stringify(s)).a};", "{\"b\":5}", NULL);
	body("return {b: Math.max(1, 0x10, 1e1, .5)};", "{\"b\":16}", NULL);
}
END_TEST

START_TEST(sorting_is_stable)
{
	body("var l = []; for (var i = 0; i < 50; i++) l.push({k: i % 3, i: i});"
	     "l.sort(function (x, y) { return x.k - y.k; });"
	     "for (i = 1; i < 50; i++) if (l[i].k === l[i - 1].k && l[i].i < l[i - 1].i)"
	     " throw new Error('not stable'); return {b: l.length};",
	     "{\"b\":50}", NULL);
	body("return {b: [3, undefined, 1].sort().length};", "{\"b\":3}", NULL);
}
END_TEST

/* Long chains of prototypes: each look walks all of them. */
#define LOOK10 "o.x;o.x;o.x;o.x;o.x;o.x;o.x;o.x;o.x;o.x;"
#define LOOK100 LOOK10 LOOK10 LOOK10 LOOK10 LOOK10 LOOK10 LOOK10 LOOK10 LOOK10 LOOK10

static const char *const endless[] = {
	"for (;;);",
	"while (true);",
	"do ; while (true);",
	"a: for (;;) { b: for (;;) { continue a; } }",
	"for (var i = 0; ; i++) { continue; }",
	"for (;;) try { for (;;); } catch (e) {}",
	"try { for (;;); } catch (e) { for (;;); } finally { for (;;); }",
	"function f() { f(); f(); } f();",
	"function f() { try { f(); } catch (e) { f(); } f(); } f();",
	"function f(n) /* x */ { if (n) { f(n - 1); f(n - 1); } } f(60);",
	"var o = {get x() { return this.x + this.x; }}; try { o.x; } catch (e) { o.x; } "
	"for (;;) try { o.x; } catch (e) {}",
	"var o = {toString: function () { for (;;); }}; return {b: '' + o};",
	"return {b: {toJSON: function () { for (;;); }}};",
	"throw {toString: function () { for (;;); }};",
	"var x = 'x'; for (;;) x += x;",
	"var x = 'x'; while (x.length < 1e6) x += x; for (;;) { var y = x + 'y'; }",
	"var x = []; for (;;) x.push(x.slice());",
	"for (;;) try { new Array(4e6).join('xxxx'); } catch (e) {}",
	"return {b: [].indexOf.call({length: 4e9}, 1)};",
	"var x = []; x.length = 4e9; x.forEach(function () {});",
	"var x = []; x[4e9] = 1; x.reverse();",
	"var x = [1]; for (var i = 0; i < 60; i++) x = [x, x]; return {b: '' + x};",
	"var x = [1]; for (var i = 0; i < 60; i++) x = [x, x]; return {b: x};",
	"var x = 'a'; while (x.length < 4e5) x += x; for (;;) x.indexOf(x + 'b');",
	"var o = {}; for (var i = 0; i < 2000; i++) { o['k' + i] = 1; }"
	"for (var a in o) { for (var b in o) { for (var c in o) { } } }",
	"[1, 2].sort(function () { for (;;); });",
	"JSON.parse('[1]', function () { for (;;); });",
	"var o = {switch: 1, f: function () { o.f(); o.f(); }}; for (;;) try { o.f(); } "
	"catch (e) {}",
	"var f = function g() { return g.bind(null)(); }; for (;;) try { f(); } "
	"catch (e) {}",
	"function C() {} var o = {}; for (var i = 0; i < 9000; i++) { C.prototype = o; o = new "
	"C(); }"
	"for (;;) {" LOOK100 LOOK100 "}",
};
enum { ENDLESS_COUNT = ARRAY_LEN(endless) };

START_TEST(endless_code_is_stopped)
{
	body(endless[_i], NULL, NULL);
}
END_TEST

static const char *const hidden[] = {
	"if (1) {} /\"/; for (;;); \"/ \";",
	"if (s) /\"/.x; for (;;); \"/ \";",
	"var i = 1; i++ /\"/; for (;;); \"/ \";",
	"return {b: /(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')};",
	"<!-- /*\n for (;;); // */\n",
	"\n--> /*\n for (;;); // */\n",
	"// \xe2\x80\xa8 for (;;);\n",
	"// \r for (;;);\n",
	"var \\u005f_step = 1;",
	"var __step = function () {}; for (;;);",
	"return {b: `x`};",
	"}, function () { for (;;);",
	"return {switch() { for (;;); }};",
	"var x = {get switch() { x.switch; x.switch; }};",
	"with (s) { }",
	"debugger;",
	"return 3in s;",
	"return {b: 1.while(1)};",
	"for (var k in s) k;",
	"return {b: \"open};",
	"return {b: 1} }; for (;;); var x = {",
};
enum { HIDDEN_COUNT = ARRAY_LEN(hidden) };

START_TEST(hidden_code_is_refused)
{
	body(hidden[_i], NULL, NULL);
}
END_TEST

static const char *const outside[] = {
	"Date",
	"Function",
	"eval",
	"Duktape",
	"Proxy",
	"Reflect",
	"print",
	"alert",
	"performance",
	"require",
	"TextDecoder",
	"RegExp",
	"Symbol",
	"globalThis",
	"CBOR",
	"escape",
	"ArrayBuffer",
	"Math['random']",
	"((function () {}).constructor === Object ? undefined : 1)",
	"({}).__proto__",
	"Object.setPrototypeOf",
	"({}).__defineGetter__",
	"Function.prototype",
};
enum { OUTSIDE_COUNT = ARRAY_LEN(outside) };

START_TEST(nothing_leads_outside)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "var t; try { t = typeof %s; } catch (e) { t = 'undefined'; }"
		 "return {b: t};",
		 outside[_i]);
	body(text, "{\"b\":\"undefined\"}", NULL);
}
END_TEST

static const char *const writes[] = {
	"Array.prototype.push = 1;",
	"Array.prototype.mine = 1;",
	"Object.prototype.mine = 1;",
	"Object.mine = 1;",
	"JSON.parse = 1;",
	"Math.PI = 3;",
	"(function () {}).call.mine = 1;",
	"new Error('x').constructor.prototype.mine = 1;",
	"try { null.x; } catch (e) { Object.getPrototypeOf(e).mine = 1; }",
	"mine = 1;",
	"Object.defineProperty([], 'length', {value: 1}).constructor.mine = 1;",
	"String.prototype.trim.mine = 1;",
	"''.split.constructor.mine = 1;",
	"this.mine = 1;",
	"arguments.callee.mine = 1;",
};
enum { WRITES_COUNT = ARRAY_LEN(writes) };

START_TEST(calls_do_not_see_each_other)
{
	body(writes[_i], NULL, NULL);
}
END_TEST

/* Each finds what the call before left behind, if it can leave anything: %s is a place
 * that the language has only once. */
static const char *const kept[] = {
	"f.prototype",
	"f.prototype.constructor",
	"Object.getOwnPropertyDescriptor((function () { return arguments; })(), 'callee').get",
	"Object.getOwnPropertyDescriptor(Error.prototype, 'stack').get",
	"Object.getOwnPropertyDescriptor(Error.prototype, 'stack').set",
	"f",
	"Object.getPrototypeOf(f)",
	"Object.getPrototypeOf(arguments)",
	"[].map",
	"Object.getPrototypeOf(Object.getPrototypeOf([]))",
	"JSON",
	"(function () { return this; }).call.bind",
};
enum { KEPT_COUNT = ARRAY_LEN(kept) };

START_TEST(calls_leave_nothing_behind)
{
	struct script_engine *engine = script_engine_new(&mem_heap);
	struct cf_error error = {0};
	char function[600];
	struct cf_buf out;

	snprintf(function, sizeof(function),
		 "function f(s) { var o = %s, n = o.mine || 0;"
		 "try { o.mine = n + 1; } catch (e) { }"
		 "try { Object.defineProperty(o, 'mine', {value: n + 1, configurable: true}); }"
		 "catch (e) { } return {n: n}; }",
		 kept[_i]);
	buf_init(&out, &mem_heap);
	for (int i = 0; i < 3; i++) {
		ck_assert_msg(call(engine, function, "{}", &out, &error) == 0, "%s: %s", kept[_i],
			      error.message);
		ck_assert_msg(str_equal(buf_view(&out), STR("{\"n\":0}")), "%s: %.*s", kept[_i],
			      STR_ARG(buf_view(&out)));
	}
	buf_fini(&out);
	script_engine_free(engine);
}
END_TEST

START_TEST(symbols_are_out_of_reach)
{
	body("return {b: typeof Object.getOwnPropertySymbols};", "{\"b\":\"undefined\"}", NULL);
	body("return {b: typeof Symbol};", "{\"b\":\"undefined\"}", NULL);
}
END_TEST

START_TEST(what_json_cannot_say_is_refused)
{
	body("return {b: 0 / 0};", NULL, "at /b: NaN");
	body("return {b: [1, {c: 1 / 0}]};", NULL, "at /b/1/c: Infinity");
	body("return {b: -1 / 0};", NULL, "at /b: -Infinity");
	body("return {b: [1, undefined]};", NULL, "at /b/1: undefined in an array");
	body("return {b: [,1]};", NULL, "at /b/0: undefined in an array");
	body("return {b: function () {}};", NULL, "at /b: a function");
	body("return {b: new Number(1)};", NULL, "at /b: an object that is no plain one");
	body("return {b: {toJSON: function () { return 1; }}};", NULL, "at /b: toJSON");
	body("return {toJSON: function () { return {}; }};", NULL, "toJSON");
	body("return {b: {toJSON: 1}};", "{\"b\":{\"toJSON\":1}}", NULL);
	body("return {b: -0};", "{\"b\":0}", NULL);
	body("var n = 0; return {get b() { return n++ ? 0 / 0 : 1; }};", "{\"b\":1}", NULL);
	body("var x = {}; x.x = x; return {b: x};", NULL, "nests too deeply");
	body("return {'a/b': {'~': 0 / 0}};", NULL, "at /a~1b/~0: NaN");
}
END_TEST

START_TEST(newer_language_is_told_with_the_older_way)
{
	body("return {b: s.l.map(x => x)};", NULL,
	     "line 1 of the script: => is newer than ES5.1: write function (x) { return ...; }");
	body("let x = 1; return {b: x};", NULL, "let is newer than ES5.1: write var");
	body("return {b: `x`};", NULL, "` is newer than ES5.1: put texts together with +");
	body("return {b: [...s.l]};", NULL, "... is newer");
	body("return {b: 2 ** 3};", NULL, "** is newer than ES5.1: use Math.pow");
	body("return {b: s?.a};", NULL, "?. is newer");
	body("return {b: s.x ?? 1};", NULL, "?? is newer");
	body("class A {} return {};", NULL, "class is newer");
	body("var o = {let: 1, class: 2}; return {b: o.let + o.class, c: s.a ?.5 : 1};",
	     "{\"b\":3,\"c\":0.5}", NULL);
	body("var letter = '=>', o = '...'; return {b: letter + o};", "{\"b\":\"=>...\"}", NULL);
}
END_TEST

START_TEST(an_answer_is_an_object)
{
	body("return 1;", NULL, "object");
	body("return [1];", NULL, "object");
	body("return null;", NULL, "object");
	body("", NULL, "object");
	body("return function () {};", NULL, "object");
	body("throw new Error('too bad');", NULL, "too bad");
	body("var x = {}; x.x = x; return x;", NULL, NULL);
	expect("return 1", "{}", NULL, "function");
	expect("function () {} 1", "{}", NULL, "behind");
	expect("function (", "{}", NULL, NULL);
	expect("function () { return 1 +; }", "{}", NULL, NULL);
}
END_TEST

START_TEST(numbers_are_not_rounded)
{
	const char *same = "function (s) { return s; }";

	expect(same, "{\"a\":9007199254740993}", NULL, "9007199254740993");
	expect(same, "{\"a\":0.1234567890123456789}", NULL, "exactly");
	expect(same, "{\"a\":1e400}", NULL, "exactly");
	expect(same, "{\"a\":0.1,\"b\":9007199254740992,\"c\":1e300}",
	       "{\"a\":0.1,\"b\":9007199254740992,\"c\":1e+300}", NULL);
}
END_TEST

START_TEST(characters_beyond_the_basic_plane)
{
	expect("function (s) { return {a: s.a, n: s.a.length}; }", "{\"a\":\"\xf0\x9f\x98\x80\"}",
	       "{\"a\":\"\xf0\x9f\x98\x80\",\"n\":2}", NULL);
	expect("function (s) { return {a: s.a.charAt(0)}; }", "{\"a\":\"\xf0\x9f\x98\x80\"}",
	       "{\"a\":\"\\ud83d\"}", NULL);
	expect("function (s) { return {a: s.a.charAt(0) + s.a.charAt(1)}; }",
	       "{\"a\":\"\xf0\x9f\x98\x80\"}", "{\"a\":\"\xf0\x9f\x98\x80\"}", NULL);
	expect("function (s) { return s; }", "{\"a\":\"\\ud83d\\ude00\",\"b\":\"\xc3\xa9\"}",
	       "{\"a\":\"\xf0\x9f\x98\x80\",\"b\":\"\xc3\xa9\"}", NULL);
}
END_TEST

START_TEST(functions_of_one_engine_stay_alive_together)
{
	static const char up[] = "function (s) { return {a: s.a + 1}; }";
	static const char down[] = "function (s) { return {a: s.a - 1}; }";
	struct script_engine *engine = script_engine_new(&mem_heap);
	struct cf_error error = {0};
	struct cf_buf out;

	buf_init(&out, &mem_heap);
	/* Many calls: until the interpreter has looked for garbage. */
	for (int i = 0; i < 6000; i++) {
		bool is_up = i % 2 == 0;

		ck_assert_msg(call(engine, is_up ? up : down, "{\"a\":5}", &out, &error) == 0, "%s",
			      error.message);
		ck_assert_bytes(out.ptr, out.len, is_up ? "{\"a\":6}" : "{\"a\":4}");
	}
	buf_fini(&out);
	script_engine_free(engine);
}
END_TEST

/* The latest calls are found by all that they were given, and by nothing less. */
START_TEST(the_latest_answers_are_kept)
{
	uint64_t up = script_memo_function(STR("function (s) { return s; }"));
	uint64_t down = script_memo_function(STR("function (s, b) { return s; }"));
	struct script_given first = {up, STR("{\"a\":1}"), {NULL, 0}}, other = first;
	struct script_memo memo;
	struct cf_str answer;
	char text[32];

	script_memo_init(&memo, &mem_heap);
	ck_assert(!script_memo_find(&memo, &first, &answer));
	ck_assert_int_eq(script_memo_keep(&memo, &first, STR("{\"n\":1}")), 0);
	ck_assert(script_memo_find(&memo, &first, &answer));
	ck_assert_bytes(answer.ptr, answer.len, "{\"n\":1}");
	other.function = down;
	ck_assert(!script_memo_find(&memo, &other, &answer));
	other = (struct script_given){up, STR("{\"a\":"), STR("1}")};
	ck_assert(!script_memo_find(&memo, &other, &answer));
	other = (struct script_given){up, STR("{\"a\":2}"), {NULL, 0}};
	ck_assert(!script_memo_find(&memo, &other, &answer));
	for (int i = 0; i < SCRIPT_MEMO_CALLS; i++) {
		snprintf(text, sizeof(text), "{\"b\":%d}", i);
		other.source = str_of(text);
		ck_assert_int_eq(script_memo_keep(&memo, &other, STR("{}")), 0);
		ck_assert(script_memo_find(&memo, &other, &answer));
	}
	ck_assert(!script_memo_find(&memo, &first, &answer));
	script_memo_fini(&memo);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-script");
	TCase *tcase = tcase_create("script");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, scripts_compute);
	tcase_add_test(tcase, sorting_is_stable);
	tcase_add_loop_test(tcase, endless_code_is_stopped, 0, ENDLESS_COUNT);
	tcase_add_loop_test(tcase, hidden_code_is_refused, 0, HIDDEN_COUNT);
	tcase_add_loop_test(tcase, nothing_leads_outside, 0, OUTSIDE_COUNT);
	tcase_add_loop_test(tcase, calls_do_not_see_each_other, 0, WRITES_COUNT);
	tcase_add_loop_test(tcase, calls_leave_nothing_behind, 0, KEPT_COUNT);
	tcase_add_test(tcase, symbols_are_out_of_reach);
	tcase_add_test(tcase, what_json_cannot_say_is_refused);
	tcase_add_test(tcase, newer_language_is_told_with_the_older_way);
	tcase_add_test(tcase, an_answer_is_an_object);
	tcase_add_test(tcase, numbers_are_not_rounded);
	tcase_add_test(tcase, characters_beyond_the_basic_plane);
	tcase_add_test(tcase, functions_of_one_engine_stay_alive_together);
	tcase_add_test(tcase, the_latest_answers_are_kept);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
