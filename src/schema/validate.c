/* Running a compiled schema over a document: types, values, numbers, strings, and
 * what is told of a failure. Objects, arrays and in-place rules have a file each.
 *
 * Invariants: nothing is allocated unless a string has escapes, a pattern runs,
 * a container of more than 64 is marked, or a failure is told. Depth is bounded
 * by LIMIT_SCHEMA_DEPTH and work by steps: what looks at a whole value at once is
 * charged by its size. Who runs out of steps is neither valid nor invalid. */
#include "schema/run.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned type_of(struct json_value v)
{
	switch (json_kind(v)) {
	case JSON_NULL:
		return SCHEMA_NULL;
	case JSON_FALSE:
	case JSON_TRUE:
		return SCHEMA_BOOLEAN;
	case JSON_NUMBER:
		return SCHEMA_NUMBER;
	case JSON_STRING:
	case JSON_KEY: /* propertyNames */
		return SCHEMA_STRING;
	case JSON_ARRAY:
		return SCHEMA_ARRAY;
	default:
		return SCHEMA_OBJECT;
	}
}

/* Each is told with its place, which takes a walk through the document. */
static void tell_no_more(struct run *run)
{
	struct schema_failure failure = {.rule = STR("limit"),
					 .message = STR("and there may be more: only the first "
							"failures are told")};

	(void)run->report->failure(run->report->ctx, &failure);
	run->stop = true;
}

static void tell(struct run *run, const struct snode *node, struct json_value v, const char *rule,
		 const char *message)
{
	struct schema_failure failure = {.rule = str_of(rule), .message = str_of(message)};
	struct cf_buf instance, keyword;

	buf_init(&instance, run->schema->mem);
	buf_init(&keyword, run->schema->mem);
	if (json_pointer_of(v, &instance) || schema_node_pointer(run->schema, node, &keyword) ||
	    (node->always == 0 && json_pointer_push(&keyword, failure.rule))) {
		run->stop = true;
	} else {
		failure.instance = buf_view(&instance);
		failure.keyword = buf_view(&keyword);
		if (!run->failed) {
			error_set(run->error, CF_ERR_INVALID, "%s", message);
			error_at_pointer(run->error, failure.instance);
		}
		if (run->report && run->report->failure)
			run->stop |= !run->report->failure(run->report->ctx, &failure);
	}
	if (++run->told == LIMIT_SCHEMA_FAILURES && run->report && !run->stop)
		tell_no_more(run);
	run->failed = true;
	buf_fini(&instance);
	buf_fini(&keyword);
}

int run_fail(struct run *run, const struct snode *node, struct json_value v, const char *rule,
	     const char *format, ...)
{
	char message[512];
	va_list args;

	if (run->quiet || run->stop || (run->failed && !run->report) ||
	    (!run->error && !run->report))
		return 0;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	tell(run, node, v, rule, message);
	return 0;
}

static void type_names(unsigned types, char *out, size_t size)
{
	static const char *const names[] = {"null",     "a boolean", "a number", "an integer",
					    "a string", "an array",  "an object"};
	size_t len = 0;

	out[0] = '\0';
	if (types & SCHEMA_NUMBER)
		types &= ~(unsigned)SCHEMA_INTEGER;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (types & (1u << i))
			len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " or " : "",
						names[i]);
}

static int run_type(struct run *run, const struct snode *node, struct json_value v)
{
	unsigned type = type_of(v);
	char names[128];

	if (node->types & type)
		return 1;
	if (type == SCHEMA_NUMBER && (node->types & SCHEMA_INTEGER) &&
	    json_number_is_integer(json_span(v)))
		return 1;
	type_names(node->types, names, sizeof(names));
	return run_fail(run, node, v, "type", "must be %s", names);
}

static bool has_value(const struct snode *node, struct json_value v)
{
	struct json_iter it = json_iter(node->values);
	uint32_t at;

	if (!node->value_slots) {
		while (json_next(&it))
			if (json_equal(it.value, v))
				return true;
		return false;
	}
	at = (uint32_t)json_hash64(v) & node->value_mask;
	for (; node->value_slots[at]; at = (at + 1) & node->value_mask) {
		struct json_value listed = {node->values.doc, node->value_slots[at] - 1};

		if (json_equal(listed, v))
			return true;
	}
	return false;
}

static int run_values(struct run *run, const struct snode *node, struct json_value v)
{
	if (run_charge(run, json_node_count(v)))
		return CF_ERR_LIMIT;
	if (has_value(node, v))
		return 1;
	return run_fail(run, node, v, "enum", "must be one of the values that enum lists");
}

static int shown_length(struct cf_str s)
{
	return s.len > 100 ? 100 : (int)s.len;
}

static int run_number(struct run *run, const struct snode *node, struct json_value v)
{
	struct cf_str n = json_span(v);
	bool is_multiple = true;
	int rc = 1;

	if (node->minimum.ptr && json_number_compare(n, node->minimum) < 0)
		rc = run_fail(run, node, v, "minimum", "must be at least %.*s",
			      shown_length(node->minimum), node->minimum.ptr);
	if (node->maximum.ptr && json_number_compare(n, node->maximum) > 0)
		rc = run_fail(run, node, v, "maximum", "must be at most %.*s",
			      shown_length(node->maximum), node->maximum.ptr);
	if (node->above.ptr && json_number_compare(n, node->above) <= 0)
		rc = run_fail(run, node, v, "exclusiveMinimum", "must be greater than %.*s",
			      shown_length(node->above), node->above.ptr);
	if (node->below.ptr && json_number_compare(n, node->below) >= 0)
		rc = run_fail(run, node, v, "exclusiveMaximum", "must be less than %.*s",
			      shown_length(node->below), node->below.ptr);
	if (node->multiple.ptr && json_number_is_multiple(n, node->multiple, &is_multiple))
		return error_set(run->error, CF_ERR_LIMIT,
				 "exponents too far apart for multipleOf");
	if (!is_multiple)
		rc = run_fail(run, node, v, "multipleOf", "must be a multiple of %.*s",
			      shown_length(node->multiple), node->multiple.ptr);
	return rc;
}

static uint32_t count_code_points(struct cf_str s)
{
	uint32_t count = 0;

	for (size_t i = 0; i < s.len; i++)
		count += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
	return count;
}

int run_out_of_steps(struct run *run)
{
	run->steps_left = 0;
	return error_set(run->error, CF_ERR_LIMIT,
			 "cannot be judged: the schema takes more than %llu steps",
			 (unsigned long long)run->steps_max);
}

int run_decode(struct run *run, struct json_value string, struct cf_str *ret)
{
	if (!(json_node(string)->flags & JSON_ESCAPED)) {
		*ret = json_inner(string);
		return 0;
	}
	if (run_charge(run, json_span(string).len / 64))
		return CF_ERR_LIMIT;
	arena_reset(&run->text);
	return json_decode(string, &run->text, ret);
}

int run_pattern(struct run *run, const struct pattern *pattern, struct cf_str source,
		struct cf_str text)
{
	int rc = pattern_match(pattern, &run->matcher, text);

	if (rc == CF_ERR_LIMIT)
		error_set(run->error, rc,
			  "cannot be judged: matching the pattern %.*s takes more than %d steps",
			  shown_length(source), source.ptr, LIMIT_PATTERN_STEPS);
	return rc;
}

static int run_string(struct run *run, const struct snode *node, struct json_value v)
{
	struct cf_str text;
	uint32_t length;
	int rc = 1, decoded;

	if (!node->pattern && !node->format && !node->min_length &&
	    node->max_length == SNODE_NO_LIMIT)
		return 1;
	decoded = run_decode(run, v, &text);
	if (decoded)
		return decoded;
	if (run_charge(run, text.len / 64))
		return CF_ERR_LIMIT;
	length = node->min_length || node->max_length != SNODE_NO_LIMIT ? count_code_points(text)
									: 0;
	if (length < node->min_length)
		rc = run_fail(run, node, v, "minLength", "must have at least %u characters",
			      node->min_length);
	if (length > node->max_length)
		rc = run_fail(run, node, v, "maxLength", "must have at most %u characters",
			      node->max_length);
	if (node->format && !format_holds(node->format, text, run->schema->mem))
		rc = run_fail(run, node, v, "format", "must be of the format %s",
			      format_name(node->format));
	if (node->pattern) {
		int match = run_pattern(run, node->pattern, node->pattern_text, text);

		if (match == 0)
			rc = run_fail(run, node, v, "pattern", "must match %.*s",
				      shown_length(node->pattern_text), node->pattern_text.ptr);
		else if (match < 0)
			rc = match;
	}
	return rc;
}

static int run_own_rules(struct run *run, const struct snode *node, struct json_value v,
			 struct marks *marks)
{
	enum json_kind kind = json_kind(v);
	int rc = 1, part = 1;

	if (node->types)
		rc = part = run_type(run, node, v);
	if (run_goes_on(run, part) && !json_is_absent(node->values))
		rc = (part = run_values(run, node, v)) <= 0 ? part : rc;
	if (run_goes_on(run, part) && !json_is_absent(node->constant) &&
	    run_charge(run, json_node_count(v)))
		return CF_ERR_LIMIT;
	if (run_goes_on(run, part) && !json_is_absent(node->constant) &&
	    !json_equal(node->constant, v))
		rc = part = run_fail(run, node, v, "const", "must be the value of const");
	if (!run_goes_on(run, part))
		return rc;
	if (kind == JSON_NUMBER)
		part = run_number(run, node, v);
	else if (kind == JSON_STRING || kind == JSON_KEY)
		part = run_string(run, node, v);
	else if (kind == JSON_OBJECT && node->has_object_rules)
		part = run_object(run, node, v, marks);
	else if (kind == JSON_ARRAY && node->has_array_rules)
		part = run_array(run, node, v, marks);
	return part <= 0 ? part : rc;
}

static int run_unevaluated(struct run *run, const struct snode *node, struct json_value v,
			   struct marks *marks)
{
	bool members = json_kind(v) == JSON_OBJECT;
	const struct snode *rest = members ? node->unevaluated_properties : node->unevaluated_items;
	struct json_iter it = json_iter(v);
	int rc = 1;

	if (!rest)
		return 1;
	for (uint32_t i = 0; json_next(&it); i++) {
		int part;

		if (marks_has(marks, i))
			continue;
		if (rest->always < 0)
			part = run_fail(run, node, it.value,
					members ? "unevaluatedProperties" : "unevaluatedItems",
					"must not be here: no rule speaks of it");
		else
			part = run_schema(run, rest, it.value, NULL);
		marks_set(marks, i);
		rc = part <= 0 ? part : rc;
		if (!run_goes_on(run, part))
			break;
	}
	return rc;
}

/* The rules of one schema, with the marks of its own where it asks for them. */
static int run_rules(struct run *run, const struct snode *node, struct json_value v,
		     struct marks *marks)
{
	bool asks = (node->unevaluated_properties && json_kind(v) == JSON_OBJECT) ||
		    (node->unevaluated_items && json_kind(v) == JSON_ARRAY);
	struct marks own;
	int rc = asks ? marks_init(run, &own, v) : 0, part = 1;

	if (rc)
		return rc;
	rc = run_own_rules(run, node, v, asks ? &own : marks);
	if (node->has_in_place || (node->names && node->names->has_dependencies)) {
		if (run_goes_on(run, rc))
			part = run_in_place(run, node, v, asks ? &own : marks);
		rc = part <= 0 && rc >= 0 ? part : rc;
	}
	if (asks && rc > 0)
		rc = run_unevaluated(run, node, v, &own);
	if (asks && rc > 0 && marks)
		marks_merge(marks, &own);
	if (asks)
		marks_fini(run, &own);
	return rc;
}

int run_schema(struct run *run, const struct snode *node, struct json_value v, struct marks *marks)
{
	struct scope scope = {node->resource, run->scope};
	bool enters = !run->scope || run->scope->resource != node->resource;
	int rc;

	if (node->always)
		return node->always > 0 ? 1 : run_fail(run, node, v, "false", "must not be here");
	if (run_charge(run, 1))
		return CF_ERR_LIMIT;
	if (run->depth >= LIMIT_SCHEMA_DEPTH)
		return error_set(run->error, CF_ERR_LIMIT,
				 "cannot be judged: the schema nests more than %d deep",
				 LIMIT_SCHEMA_DEPTH);
	run->depth++;
	if (enters)
		run->scope = &scope; /* cppcheck-suppress autoVariables; taken back below */
	rc = run_rules(run, node, v, marks);
	if (enters)
		run->scope = scope.outer;
	run->depth--;
	return rc;
}

static void run_init(struct run *run, const struct schema *schema, struct json_value v)
{
	*run = (struct run){.schema = schema};
	run->steps_max = run->steps_left =
		LIMIT_SCHEMA_STEPS + LIMIT_SCHEMA_STEPS_PER_VALUE * json_node_count(v);
	arena_init(&run->text, schema->mem);
	matcher_init(&run->matcher, schema->mem);
}

static void run_fini(struct run *run)
{
	matcher_fini(&run->matcher);
	arena_fini(&run->text);
}

int schema_node_holds(const struct schema *schema, const struct snode *node, struct json_value v,
		      uint64_t *steps_left)
{
	struct run run;
	int rc;

	run_init(&run, schema, v);
	run.quiet = 1;
	run.steps_left = *steps_left;
	rc = run_schema(&run, node, v, NULL);
	*steps_left = run.steps_left;
	run_fini(&run);
	return rc;
}

int schema_validate(const struct schema *schema, struct json_value instance,
		    const struct schema_report *report, struct cf_error *error)
{
	struct run run;
	int rc;

	run_init(&run, schema, instance);
	run.report = report && report->failure ? report : NULL;
	run.error = error;
	rc = run_schema(&run, schema->root, instance, NULL);
	run_fini(&run);
	if (rc == CF_ERR_NOMEM)
		return error_nomem(error);
	if (rc == 0 && error && !run.failed)
		error_set(error, CF_ERR_INVALID, "%s", cf_error_text(CF_ERR_INVALID));
	return rc > 0 ? 0 : rc == 0 ? CF_ERR_INVALID : rc;
}

int schema_node_pointer(const struct schema *schema, const struct snode *node, struct cf_buf *out)
{
	if (node->at.doc != schema->root_value.doc) {
		struct cf_buf pointer;
		int rc;

		buf_init(&pointer, schema->mem);
		rc = json_pointer_of(node->at, &pointer);
		for (const struct resource *r = schema->resources; rc == 0 && r; r = r->next) {
			if (r->root.doc == node->at.doc && r->root.node == 0) {
				buf_str(out, r->uri);
				rc = buf_byte(out, '#');
				break;
			}
		}
		if (rc == 0)
			rc = buf_str(out, buf_view(&pointer));
		buf_fini(&pointer);
		return rc;
	}
	return json_pointer_of(node->at, out);
}
