/* Scripts: JavaScript (ES5) functions on Duktape, for what tables cannot say.
 *
 * A script is bounded and the same input gives the same output, always:
 * - Steps: script_guard.c counts loops and calls; built-in functions that walk
 *   arrays or strings are charged by their length (the prelude below).
 * - Memory: the heap has LIMIT_SCRIPT_BYTES.
 * - No clock, randomness, I/O, eval, Function, RegExp, Duktape's own objects.
 * - No memory between calls: strict mode, all objects of the language frozen, the
 *   global object closed, and the script is one function and nothing else.
 * - Numbers that a double cannot hold exactly are refused, not rounded.
 */
#include "lens/script.h"

#include "lens/script_guard.h"
#include "json/json.h"

#include <duktape.h>
#include <stdio.h>
#include <stdlib.h>

static const char prelude[] =
	"(function(g){'use strict';var charge=g.__charge,apply=Function.prototype.call.bind("
	"Function.prototype.apply),own=Object.getOwnPropertyNames,A=Array.prototype,S=String."
	"prototype,isArray=Array.isArray;"
	"function wrap(o,n,f){var old=o[n];if(typeof old!=='function')return;"
	"o[n]=function(){f(this,arguments);return apply(old,this,arguments);};}"
	"function array(t){if(!isArray(t))throw new TypeError('an array is expected');"
	"charge(t.length);}"
	"['concat','every','filter','forEach','indexOf','join','lastIndexOf','map','pop','push',"
	"'reduce','reduceRight','reverse','shift','slice','some','splice','unshift','sort',"
	"'toString','toLocaleString','fill','find','findIndex','includes'].forEach(function(n){"
	"wrap(A,n,n==='sort'?function(t){array(t);charge(t.length*20);}:n==='concat'?"
	"function(t,a){array(t);for(var i=0;i<a.length;i++)if(isArray(a[i]))charge(a[i].length);}"
	":array);});"
	"['indexOf','lastIndexOf','split','replace','includes','startsWith','endsWith','concat',"
	"'substring','substr','slice','trim','toLowerCase','toUpperCase','localeCompare','repeat',"
	"'padStart','padEnd'].forEach(function(n){wrap(S,n,function(t,a){"
	"var l=String(t).length,m=typeof a[0]==='string'?a[0].length:typeof a[0]==='number'&&"
	"a[0]>0&&n==='repeat'?a[0]:1;charge((l+1)*(m+1)/64);});});"
	"delete S.match;delete S.search;delete S.matchAll;delete Math.random;delete Function."
	"prototype.apply;"
	"['Date','RegExp','eval','Function','Duktape','Proxy','Reflect','Promise','print','alert',"
	"'performance','TextDecoder','TextEncoder','ArrayBuffer','DataView','Uint8Array',"
	"'Uint8ClampedArray','Int8Array','Uint16Array','Int16Array','Uint32Array','Int32Array',"
	"'Float32Array','Float64Array','Buffer','CBOR','Symbol','WeakMap','globalThis','escape',"
	"'unescape','require','module','exports','console'].forEach(function(n){delete g[n];});"
	"delete (function(){}).__proto__.constructor;"
	"delete Object.prototype.__proto__;delete Object.setPrototypeOf;"
	"delete Object.prototype.__defineGetter__;delete Object.prototype.__defineSetter__;"
	"delete Object.prototype.__lookupGetter__;delete Object.prototype.__lookupSetter__;"
	"function freeze(o){if((typeof o!=='object'&&typeof o!=='function')||o===null||"
	"Object.isFrozen(o))return;Object.freeze(o);own(o).forEach(function(n){"
	"var d=Object.getOwnPropertyDescriptor(o,n);if(d&&'value' in d)freeze(d.value);});"
	"freeze(Object.getPrototypeOf(o));}"
	"own(g).forEach(function(n){freeze(g[n]);});"
	"[{},[],'',0,true,function(){},new Error()].forEach(function(v){"
	"freeze(Object.getPrototypeOf(Object(v)));});"
	"own(g).forEach(function(n){Object.defineProperty(g,n,{writable:false,configurable:false"
	"});});Object.preventExtensions(g);})";

struct cached {
	const char *text; /* the function's own text: its address names it */
	void *heap_ptr;
	struct cached *next;
};

struct script_engine {
	const struct cf_mem *mem;
	duk_context *duk;
	size_t bytes;
	int64_t steps_left;
	struct cached *cache;
};

/* --- memory --------------------------------------------------------------------------------- */

struct block {
	_Alignas(16) size_t size;
};

static void *script_realloc(void *udata, void *ptr, duk_size_t size)
{
	struct script_engine *engine = udata;
	struct block *old = ptr ? (struct block *)ptr - 1 : NULL, *block;
	size_t had = old ? old->size : 0;

	if (size == 0) {
		if (old) {
			engine->bytes -= had;
			mem_free(engine->mem, old);
		}
		return NULL;
	}
	if (size > LIMIT_SCRIPT_BYTES || engine->bytes - had + size > LIMIT_SCRIPT_BYTES)
		return NULL;
	block = mem_resize(engine->mem, old, sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	engine->bytes = engine->bytes - had + size;
	return block + 1;
}

static void *script_alloc(void *udata, duk_size_t size)
{
	return script_realloc(udata, NULL, size);
}

static void script_free(void *udata, void *ptr)
{
	(void)script_realloc(udata, ptr, 0);
}

static void script_fatal(void *udata, const char *message)
{
	(void)udata;
	(void)message;
	cf_assert(!"the interpreter failed outside a protected call");
}

/* --- steps ------------------------------------------------------------------------------------ */

static struct script_engine *engine_of(duk_context *duk)
{
	duk_memory_functions functions;

	duk_get_memory_functions(duk, &functions);
	return functions.udata;
}

static duk_ret_t charge(duk_context *duk, double steps)
{
	struct script_engine *engine = engine_of(duk);

	engine->steps_left -= steps < 1e15 ? (int64_t)steps + 1 : (int64_t)1e15;
	if (engine->steps_left < 0)
		return duk_error(duk, DUK_ERR_RANGE_ERROR, "stopped after %d steps",
				 LIMIT_SCRIPT_STEPS);
	duk_push_true(duk);
	return 1;
}

static duk_ret_t script_step(duk_context *duk)
{
	return charge(duk, 0);
}

static duk_ret_t script_charge(duk_context *duk)
{
	double steps = duk_to_number(duk, 0);

	return charge(duk, steps > 0 ? steps : 0);
}

/* --- the interpreter -----------------------------------------------------------------------------
 */

static duk_ret_t set_up(duk_context *duk, void *udata)
{
	(void)udata;
	duk_push_c_function(duk, script_step, 0);
	duk_put_global_string(duk, "__step");
	duk_push_c_function(duk, script_charge, 1);
	duk_put_global_string(duk, "__charge");
	duk_push_string(duk, prelude);
	duk_eval(duk);
	duk_push_global_object(duk);
	duk_call(duk, 1);
	return 0;
}

static int open_interpreter(struct script_engine *engine)
{
	engine->bytes = 0;
	engine->duk =
		duk_create_heap(script_alloc, script_realloc, script_free, engine, script_fatal);
	if (!engine->duk)
		return CF_ERR_NOMEM;
	engine->steps_left = INT64_MAX / 2;
	if (duk_safe_call(engine->duk, set_up, NULL, 0, 1) != DUK_EXEC_SUCCESS)
		return CF_ERR_NOMEM;
	duk_set_top(engine->duk, 0);
	return 0;
}

static void close_interpreter(struct script_engine *engine)
{
	while (engine->cache) {
		struct cached *next = engine->cache->next;

		mem_free(engine->mem, engine->cache);
		engine->cache = next;
	}
	if (engine->duk)
		duk_destroy_heap(engine->duk);
	engine->duk = NULL;
}

struct script_engine *script_engine_new(const struct cf_mem *mem)
{
	struct script_engine *engine = mem_calloc(mem, 1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->mem = mem;
	if (open_interpreter(engine)) {
		close_interpreter(engine);
		mem_free(mem, engine);
		return NULL;
	}
	return engine;
}

struct script_engine *script_engine_free(struct script_engine *engine)
{
	if (engine) {
		close_interpreter(engine);
		mem_free(engine->mem, engine);
	}
	return NULL;
}

/* --- calls
 * ------------------------------------------------------------------------------------------ */

struct call {
	struct script_engine *engine;
	struct cf_str guarded; /* compile: the text */
	struct cached *cached;
	struct cf_str source, base;
	struct cf_buf *out;
};

static duk_ret_t compile(duk_context *duk, void *udata)
{
	struct call *call = udata;

	duk_push_lstring(duk, call->guarded.ptr, call->guarded.len);
	duk_eval(duk);
	duk_freeze(duk, -1);
	/* Kept alive by the stash, under its own address. */
	call->cached->heap_ptr = duk_get_heapptr(duk, -1);
	duk_push_heap_stash(duk);
	duk_dup(duk, -2);
	duk_put_prop_heapptr(duk, -2, call->cached->heap_ptr);
	return 0;
}

static void push_json(duk_context *duk, struct cf_str text)
{
	if (text.len == 0) {
		duk_push_undefined(duk);
		return;
	}
	duk_push_lstring(duk, text.ptr, text.len);
	duk_json_decode(duk, -1);
}

static duk_ret_t run(duk_context *duk, void *udata)
{
	struct call *call = udata;
	const char *text;
	duk_size_t len;

	duk_push_heapptr(duk, call->cached->heap_ptr);
	push_json(duk, call->source);
	push_json(duk, call->base);
	duk_call(duk, 2);
	if (!duk_is_object(duk, -1) || duk_is_array(duk, -1) || duk_is_function(duk, -1))
		return duk_error(duk, DUK_ERR_TYPE_ERROR, "it must return an object");
	text = duk_json_encode(duk, -1);
	if (!text)
		return duk_error(duk, DUK_ERR_TYPE_ERROR, "it must return an object");
	text = duk_get_lstring(duk, -1, &len);
	if (buf_append(call->out, text, len))
		return duk_error(duk, DUK_ERR_RANGE_ERROR, "out of memory");
	return 0;
}

static int protected_call(struct script_engine *engine, duk_safe_call_function function,
			  struct call *call, struct cf_error *error)
{
	duk_context *duk = engine->duk;
	int rc = 0;

	engine->steps_left = LIMIT_SCRIPT_STEPS;
	if (duk_safe_call(duk, function, call, 0, 1) != DUK_EXEC_SUCCESS) {
		/* Making a text of the error may run the script's code, too. */
		engine->steps_left = LIMIT_SCRIPT_STEPS;
		rc = error_set(error, CF_ERR_SCRIPT, "%s", duk_safe_to_string(duk, -1));
	}
	duk_set_top(duk, 0);
	return rc;
}

static int find_function(struct script_engine *engine, struct cf_str function, struct cached **ret,
			 struct cf_error *error)
{
	struct call call = {.engine = engine};
	struct cf_buf guarded;
	struct cached *cached;
	int rc;

	for (cached = engine->cache; cached; cached = cached->next) {
		if (cached->text == function.ptr) {
			*ret = cached;
			return 0;
		}
	}
	cached = mem_calloc(engine->mem, 1, sizeof(*cached));
	if (!cached)
		return error_nomem(error);
	cached->text = function.ptr;
	buf_init(&guarded, engine->mem);
	buf_str(&guarded, STR("(function(){'use strict';return ("));
	rc = script_guard(function, &guarded, error);
	buf_str(&guarded, STR("\n);})()"));
	call.guarded = buf_view(&guarded);
	call.cached = cached;
	if (rc == 0)
		rc = protected_call(engine, compile, &call, error);
	buf_fini(&guarded);
	if (rc) {
		mem_free(engine->mem, cached);
		return rc;
	}
	cached->next = engine->cache;
	engine->cache = cached;
	*ret = cached;
	return 0;
}

/* Numbers must survive the way through a double. */
static int check_numbers(struct cf_str text, const struct cf_mem *mem, struct cf_error *error)
{
	struct json_doc doc;
	int rc;

	if (text.len == 0)
		return 0;
	json_doc_init(&doc, mem);
	rc = json_read(&doc, text.ptr, text.len, JSON_READ_DOCUMENT, error);
	for (uint32_t i = 0; i < doc.count && rc == 0; i++) {
		struct json_value value = {&doc, i};
		struct cf_str span = json_span(value);
		char copy[400], again[40];

		if (json_kind(value) != JSON_NUMBER || span.len <= 15)
			continue;
		snprintf(copy, sizeof(copy), "%.*s", STR_ARG(span));
		snprintf(again, sizeof(again), "%.17g", strtod(copy, NULL));
		if (span.len >= sizeof(copy) || strpbrk(again, "in") ||
		    json_number_compare(span, str_of(again)) != 0)
			rc = error_set(error, CF_ERR_SCRIPT,
				       "JavaScript cannot hold the number %.60s exactly", copy);
	}
	json_doc_fini(&doc);
	return rc;
}

int script_call(struct script_engine *engine, struct cf_str function, struct cf_str source,
		struct cf_str base, struct cf_buf *out, struct cf_error *error)
{
	struct call call = {.engine = engine, .source = source, .base = base, .out = out};
	int rc = check_numbers(source, engine->mem, error);

	if (rc == 0)
		rc = check_numbers(base, engine->mem, error);
	if (rc == 0)
		rc = find_function(engine, function, &call.cached, error);
	return rc ? rc : protected_call(engine, run, &call, error);
}

int script_check(struct script_engine *engine, struct cf_str function, struct cf_error *error)
{
	struct cached *cached;

	return find_function(engine, function, &cached, error);
}
