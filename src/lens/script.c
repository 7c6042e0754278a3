/* Scripts: JavaScript (ES5) functions on Duktape, for what tables cannot say.
 *
 * A script is bounded and the same input gives the same output, always:
 * - Steps: script_guard.c counts loops and calls; built-in functions that walk
 *   arrays or strings are charged by their length (the prelude below), and all
 *   memory that is asked for by its size. A step costs more while there is a big
 *   value, since one expression may walk it.
 * - Memory: the heap has LIMIT_SCRIPT_BYTES.
 * - A stop cannot be caught: it jumps out of the interpreter, whose heap is then
 *   thrown away whole. The heap holds nothing but memory, so nothing leaks.
 * - No clock, randomness, I/O, eval, Function, RegExp, Duktape's own objects.
 * - No memory between calls: strict mode, all objects of the language frozen with all
 *   that is reached from them, the global object closed, and the script is one function
 *   and nothing else, frozen with its prototype.
 * - Numbers that a double cannot hold exactly are refused, not rounded, and so is what
 *   JSON cannot say, which would be dropped or made null.
 * - What no counting sees (straight-line code over long chains of prototypes) is stopped
 *   after LIMIT_SCRIPT_MS of the processor's time: no honest script comes near it.
 */
#include "lens/script_inside.h"

#include "lens/script_guard.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char prelude[] =
	"(function(g){'use strict';var charge=g.__charge,apply=Function.prototype.call.bind("
	"Function.prototype.apply),own=Object.getOwnPropertyNames,A=Array.prototype,S=String."
	"prototype,isArray=Array.isArray,slice=A.slice;"
	"function wrap(o,n,f){var old=o[n];if(typeof old!=='function')return;"
	"o[n]=function(){f(this,arguments);return apply(old,this,arguments);};}"
	"function array(t){if(!isArray(t))throw new TypeError('an array is expected');"
	"charge(t.length);}"
	"['concat','every','filter','forEach','indexOf','join','lastIndexOf','map','pop','push',"
	"'reduce','reduceRight','reverse','shift','slice','some','splice','unshift',"
	"'toString','toLocaleString','fill','find','findIndex','includes'].forEach(function(n){"
	"wrap(A,n,n==='concat'?"
	"function(t,a){array(t);for(var i=0;i<a.length;i++)if(isArray(a[i]))charge(a[i].length);}"
	":array);});"
	"['indexOf','lastIndexOf','split','replace','includes','startsWith','endsWith','concat',"
	"'substring','substr','slice','trim','toLowerCase','toUpperCase','localeCompare','repeat',"
	"'padStart','padEnd','charAt','charCodeAt','codePointAt'].forEach(function(n){wrap(S,n,"
	"function(t,a){"
	"var l=String(t).length,m=typeof a[0]==='string'?a[0].length:typeof a[0]==='number'&&"
	"a[0]>0&&n==='repeat'?a[0]:1;charge((l+1)*(m+1)/64);});});"
	/* The interpreter's own sort takes random pivots. */
	"A.sort=function(f){array(this);var n=this.length,a=this,b=[],w,i,j,k,m,h,t;"
	"charge(n*20);if(f===undefined)f=function(x,y){x=String(x);y=String(y);"
	"return x<y?-1:x>y?1:0;};"
	"if(typeof f!=='function')throw new TypeError('a function is expected');"
	"function le(x,y){return y===undefined||(x!==undefined&&!(f(x,y)>0));}"
	"var s=apply(slice,a,[0]);for(w=1;w<n;w*=2){for(i=0;i<n;i+=2*w){m=Math.min(i+w,n);"
	"h=Math.min(i+2*w,n);j=i;k=m;for(t=i;t<h;t++)"
	"b[t]=j<m&&(k>=h||le(s[j],s[k]))?s[j++]:s[k++];}t=s;s=b;b=t;}"
	"for(i=0;i<n;i++)a[i]=s[i];return a;};"
	"['parse','stringify'].forEach(function(n){var old=JSON[n];JSON[n]=function(v,f,g){"
	"if(n==='parse'){v=String(v);charge(v.length/64);}"
	"v=old(v,typeof f==='function'?f:undefined,g);"
	"if(typeof v==='string')charge(v.length/64);return v;};});"
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
	"var seen=[],symbols=Object.getOwnPropertySymbols,described=Object."
	"getOwnPropertyDescriptor;delete Object.getOwnPropertySymbols;"
	/* All that is reached from it, by accessors and symbols too. */
	"function freeze(o){if((typeof o!=='object'&&typeof o!=='function')||o===null||"
	"seen.indexOf(o)>=0)return;seen.push(o);Object.freeze(o);"
	"own(o).concat(symbols(o)).forEach(function(n){var d=described(o,n);"
	"if(d){freeze(d.value);freeze(d.get);freeze(d.set);}});"
	"freeze(Object.getPrototypeOf(o));}"
	"own(g).forEach(function(n){freeze(g[n]);});"
	"[{},[],'',0,true,function(){},new Error()].forEach(function(v){"
	"freeze(Object.getPrototypeOf(Object(v)));});"
	"freeze(described((function(){return arguments;})(),'callee').get);"
	"own(g).forEach(function(n){Object.defineProperty(g,n,{writable:false,configurable:false"
	"});});Object.preventExtensions(g);"
	"return{freeze:freeze,number:Number.prototype,string:String.prototype,boolean:Boolean."
	"prototype};})";

/* What a step buys: bytes of the biggest value. */
enum { VALUE_BYTES_A_STEP = 16384 };

struct cached {
	struct cf_str text; /* a copy behind this struct: a lens may go and its address return */
	void *heap_ptr;
	struct cached *next;
};

/* --- steps ------------------------------------------------------------------------------------ */

static duk_ret_t script_step(duk_context *duk)
{
	struct script_engine *engine = script_engine_of(duk);

	script_spend(engine, 1 + (double)engine->biggest / VALUE_BYTES_A_STEP);
	duk_push_true(duk);
	return 1;
}

static duk_ret_t script_charge(duk_context *duk)
{
	double steps = duk_to_number(duk, 0);

	script_spend(script_engine_of(duk), steps > 0 ? steps + 1 : 1);
	return 0;
}

/* --- the interpreter -----------------------------------------------------------------------------
 */

/* Pushes what the prelude gave us under that name. */
static void push_ours(duk_context *duk, const char *name)
{
	duk_push_heap_stash(duk);
	duk_get_prop_string(duk, -1, "ours");
	duk_get_prop_string(duk, -1, name);
	duk_insert(duk, -3);
	duk_pop_2(duk);
}

static duk_ret_t set_up(duk_context *duk, void *udata)
{
	static const char *const boxed[] = {"number", "string", "boolean"};
	struct script_engine *engine = script_engine_of(duk);

	(void)udata;
	duk_push_c_function(duk, script_step, 0);
	duk_put_global_string(duk, "__step");
	duk_push_c_function(duk, script_charge, 1);
	duk_put_global_string(duk, "__charge");
	duk_push_string(duk, prelude);
	duk_eval(duk);
	duk_push_global_object(duk);
	duk_call(duk, 1);
	/* Where no script can look. */
	duk_push_heap_stash(duk);
	duk_dup(duk, -2);
	duk_put_prop_string(duk, -2, "ours");
	for (size_t i = 0; i < ARRAY_LEN(boxed); i++) {
		push_ours(duk, boxed[i]);
		engine->boxed[i] = duk_get_heapptr(duk, -1);
		duk_pop(duk);
	}
	return 0;
}

static void close_interpreter(struct script_engine *engine)
{
	while (engine->cache) {
		struct cached *next = engine->cache->next;

		mem_free(engine->mem, engine->cache);
		engine->cache = next;
	}
	/* Not by the interpreter: it may have been left in the midst of something. */
	while (engine->blocks) {
		struct script_block *next = engine->blocks->next;

		mem_free(engine->mem, engine->blocks);
		engine->blocks = next;
	}
	engine->bytes = 0;
	engine->duk = NULL;
}

static int open_interpreter(struct script_engine *engine)
{
	jmp_buf stop;
	volatile int rc = 0;

	engine->stop = &stop; /* cppcheck-suppress autoVariables; taken back below */
	engine->steps_left = INT64_MAX / 2;
	engine->began_ms = INT64_MAX / 2;
	if (setjmp(stop) == 0) {
		engine->duk = duk_create_heap(script_alloc, script_realloc, script_free, engine,
					      script_fatal);
		if (!engine->duk ||
		    duk_safe_call(engine->duk, set_up, NULL, 0, 1) != DUK_EXEC_SUCCESS)
			rc = CF_ERR_NOMEM;
		else
			duk_set_top(engine->duk, 0);
	} else {
		rc = CF_ERR_NOMEM;
	}
	engine->stop = NULL;
	if (rc)
		close_interpreter(engine);
	return rc;
}

struct script_engine *script_engine_new(const struct cf_mem *mem)
{
	struct script_engine *engine = mem_calloc(mem, 1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->mem = mem;
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
	push_ours(duk, "freeze");
	duk_dup(duk, -2);
	duk_call(duk, 1);
	duk_pop(duk);
	/* Kept alive by the stash, under its own address. */
	call->cached->heap_ptr = duk_get_heapptr(duk, -1);
	duk_push_heap_stash(duk);
	duk_push_pointer(duk, call->cached->heap_ptr);
	duk_dup(duk, -3);
	duk_put_prop(duk, -3);
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
	script_copy_answer(duk);
	text = duk_json_encode(duk, -1);
	if (!text)
		return duk_error(duk, DUK_ERR_TYPE_ERROR, "it must return an object");
	text = duk_get_lstring(duk, -1, &len);
	if (script_write_utf8(text, len, call->out))
		return duk_error(duk, DUK_ERR_RANGE_ERROR, "out of memory");
	return 0;
}

static int protected_call(struct script_engine *engine, duk_safe_call_function function,
			  struct call *call, struct cf_error *error)
{
	jmp_buf stop;
	volatile int rc = 0;
	size_t kept = call->out ? call->out->len : 0;

	engine->stop = &stop; /* cppcheck-suppress autoVariables; taken back below */
	engine->steps_left = LIMIT_SCRIPT_STEPS;
	engine->began_ms = script_clock_ms(CLOCK_MONOTONIC);
	engine->began_cpu_ms = script_clock_ms(CLOCK_THREAD_CPUTIME_ID);
	engine->biggest = 0;
	switch (setjmp(stop)) {
	case 0:
		if (duk_safe_call(engine->duk, function, call, 0, 1) != DUK_EXEC_SUCCESS)
			rc = error_set(error, CF_ERR_SCRIPT, "%s",
				       duk_safe_to_string(engine->duk, -1));
		duk_set_top(engine->duk, 0);
		break;
	case CF_ERR_SCRIPT:
		rc = engine->steps_left < 0
			     ? error_set(error, CF_ERR_SCRIPT, "stopped after %d steps",
					 LIMIT_SCRIPT_STEPS)
			     : error_set(error, CF_ERR_SCRIPT, "stopped after %d ms",
					 LIMIT_SCRIPT_MS);
		close_interpreter(engine);
		break;
	default:
		rc = error_nomem(error);
		close_interpreter(engine);
		break;
	}
	engine->stop = NULL;
	if (rc && call->out)
		call->out->len = kept;
	return rc;
}

static int compile_function(struct script_engine *engine, struct cf_str function,
			    struct cached *cached, struct cf_error *error)
{
	struct call call = {.engine = engine, .cached = cached};
	struct cf_buf guarded;
	int rc;

	buf_init(&guarded, engine->mem);
	buf_str(&guarded, STR("(function(){'use strict';return ("));
	rc = script_guard(function, &guarded, error);
	buf_str(&guarded, STR("\n);})()"));
	call.guarded = buf_view(&guarded);
	if (rc == 0 && guarded.failed)
		rc = error_nomem(error);
	if (rc == 0)
		rc = protected_call(engine, compile, &call, error);
	buf_fini(&guarded);
	return rc;
}

static int find_function(struct script_engine *engine, struct cf_str function, struct cached **ret,
			 struct cf_error *error)
{
	struct cached *cached;
	int rc;

	if (!engine->duk && open_interpreter(engine))
		return error_nomem(error);
	for (cached = engine->cache; cached; cached = cached->next) {
		if (str_equal(cached->text, function)) {
			*ret = cached;
			return 0;
		}
	}
	cached = mem_calloc(engine->mem, 1, sizeof(*cached) + function.len);
	if (!cached)
		return error_nomem(error);
	memcpy(cached + 1, function.ptr, function.len);
	cached->text = (struct cf_str){(char *)(cached + 1), function.len};
	rc = compile_function(engine, function, cached, error);
	if (rc) {
		mem_free(engine->mem, cached);
		return rc;
	}
	cached->next = engine->cache;
	engine->cache = cached;
	*ret = cached;
	return 0;
}

int script_call(struct script_engine *engine, struct cf_str function, struct cf_str source,
		struct cf_str base, struct cf_buf *out, struct cf_error *error)
{
	struct call call = {.engine = engine, .out = out};
	struct cf_buf texts[2];
	int rc = script_check_numbers(source, engine->mem, error);

	buf_init(&texts[0], engine->mem);
	buf_init(&texts[1], engine->mem);
	if (rc == 0)
		rc = script_check_numbers(base, engine->mem, error);
	if (rc == 0)
		rc = find_function(engine, function, &call.cached, error);
	if (rc == 0 &&
	    (script_write_escaped(source, &texts[0]) || script_write_escaped(base, &texts[1])))
		rc = error_nomem(error);
	call.source = buf_view(&texts[0]);
	call.base = buf_view(&texts[1]);
	if (rc == 0)
		rc = protected_call(engine, run, &call, error);
	buf_fini(&texts[0]);
	buf_fini(&texts[1]);
	return rc;
}

int script_check(struct script_engine *engine, struct cf_str function, struct cf_error *error)
{
	struct cached *cached;

	return find_function(engine, function, &cached, error);
}
