/* The function that CouchDB asks of each document; see channel_validate.h.
 *
 * It is one expression: tables made of the catalog, and below them what reads them. Of JSON
 * Schema it knows what apps get wrong: types, values, texts, numbers, members, elements and
 * combinations; what it does not know it lets through, and the service tells of it. */
#include "cli/channel_validate.h"

/* --- tables ----------------------------------------------------------------------------------- */

/* What stands in an id before and behind the key; both empty where the id says nothing. */
static int write_id(const struct catalog *catalog, const struct catalog_major *major,
		    const struct cf_mem *mem, struct cf_buf *out)
{
	struct cf_buf a, b;
	size_t head = 0, tail = 0;
	int rc;

	buf_init(&a, mem);
	buf_init(&b, mem);
	rc = catalog_format_id(catalog, major->type->name, major->major, STR("a"), false, &a);
	rc = rc ? rc
		: catalog_format_id(catalog, major->type->name, major->major, STR("b"), false, &b);
	while (rc == 0 && head < a.len && a.ptr[head] == b.ptr[head])
		head++;
	while (rc == 0 && tail + head < a.len && a.ptr[a.len - 1 - tail] == b.ptr[b.len - 1 - tail])
		tail++;
	buf_str(out, STR("\"head\":"));
	json_write_string((struct cf_str){a.ptr, rc ? 0 : head}, out);
	buf_str(out, STR(",\"tail\":"));
	json_write_string((struct cf_str){a.ptr + (rc ? 0 : a.len - tail), rc ? 0 : tail}, out);
	buf_fini(&a);
	buf_fini(&b);
	return rc;
}

static void write_side(const struct lens_side side, const struct catalog_major *major, bool *first,
		       struct cf_buf *out)
{
	if (side.count == 0 || !str_equal(side.places[0].type, major->type->name) ||
	    side.places[0].major != major->major)
		return;
	for (size_t i = 1; i < side.count; i++) {
		if (side.places[i].tie != LENS_SHARED)
			continue;
		buf_str(out, *first ? STR("") : STR(","));
		json_write_string(side.places[i].reference, out);
		buf_byte(out, ':');
		json_write_string(side.places[i].type, out);
		*first = false;
	}
}

/* Fields that hold the key of another document, and of which type that is. */
static void write_references(const struct catalog *catalog, const struct catalog_major *major,
			     struct cf_buf *out)
{
	const struct catalog_edge *edges;
	size_t count = catalog_edges(catalog, &edges);
	bool first = true;

	buf_str(out, STR(",\"references\":{"));
	for (size_t i = 0; i < count; i++) {
		write_side(lens_older(edges[i].lens), major, &first, out);
		write_side(lens_newer(edges[i].lens), major, &first, out);
	}
	buf_byte(out, '}');
}

static int write_major(const struct catalog *catalog, const struct catalog_major *major,
		       const struct cf_mem *mem, struct cf_buf *out)
{
	const struct catalog_schema *newest = &major->schemas[major->schema_count - 1];
	int rc;

	buf_printf(out, "\"%u\":{\"accepted\":%s,", major->major,
		   major->supported ? "true" : "false");
	rc = write_id(catalog, major, mem, out);
	write_references(catalog, major, out);
	buf_printf(out, ",\"withId\":%s,\"schema\":", major->names_id ? "true" : "false");
	json_write_compact(json_file_root(&newest->file), out);
	buf_byte(out, '}');
	return rc;
}

static int write_types(const struct catalog *catalog, const struct cf_mem *mem, struct cf_buf *out)
{
	const struct catalog_type *types;
	size_t count = catalog_types(catalog, &types);
	int rc = 0;

	buf_byte(out, '{');
	for (size_t i = 0; i < count && rc == 0; i++) {
		buf_str(out, i ? STR(",\n") : STR(""));
		json_write_string(types[i].name, out);
		buf_str(out, STR(":{"));
		for (size_t k = 0; k < types[i].major_count && rc == 0; k++) {
			buf_str(out, k ? STR(",") : STR(""));
			rc = write_major(catalog, &types[i].majors[k], mem, out);
		}
		buf_byte(out, '}');
	}
	buf_byte(out, '}');
	return rc;
}

/* --- the script ------------------------------------------------------------------------------- */

static const char schema_script[] =
	"  function kind(v) { return v === null ? 'null' : Array.isArray(v) ? 'array' : typeof v; "
	"}\n"
	"  function has(o, name) { return Object.prototype.hasOwnProperty.call(o, name); }\n"
	"  function is(v, type) {\n"
	"    if (type === 'integer') return typeof v === 'number' && Math.floor(v) === v;\n"
	"    return kind(v) === type;\n"
	"  }\n"
	"  function same(a, b) {\n"
	"    var name;\n"
	"    if (kind(a) !== kind(b)) return false;\n"
	"    if (a === null || typeof a !== 'object') return a === b;\n"
	"    for (name in a) if (!has(b, name) || !same(a[name], b[name])) return false;\n"
	"    for (name in b) if (!has(a, name)) return false;\n"
	"    return true;\n"
	"  }\n"
	"  function matches(pattern, text) {\n"
	"    try { return new RegExp(pattern, 'u').test(text); } catch (e) {}\n"
	"    try { return new RegExp(pattern).test(text); } catch (e) { return true; }\n"
	"  }\n"
	"  function count(text) { return text.replace(/[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]/g, "
	"'_').length; }\n"
	"  function target(root, ref) {\n"
	"    var at = root, parts = ref.split('/'), i;\n"
	"    if (parts[0] !== '#') return true;\n"
	"    for (i = 1; i < parts.length && at; i++)\n"
	"      at = at[decodeURIComponent(parts[i]).replace(/~1/g, '/').replace(/~0/g, '~')];\n"
	"    return at === undefined ? true : at;\n"
	"  }\n"
	"  function wrongText(s, v) {\n"
	"    if (has(s, 'minLength') && count(v) < s.minLength) return 'is too short';\n"
	"    if (has(s, 'maxLength') && count(v) > s.maxLength) return 'is too long';\n"
	"    if (has(s, 'pattern') && !matches(s.pattern, v)) return 'does not match ' + "
	"s.pattern;\n"
	"  }\n"
	"  function wrongNumber(s, v) {\n"
	"    if (v < s.minimum || v <= s.exclusiveMinimum) return 'is too small';\n"
	"    if (v > s.maximum || v >= s.exclusiveMaximum) return 'is too large';\n"
	"  }\n"
	"  function wrongArray(s, v, at, root) {\n"
	"    var first = s.prefixItems || (Array.isArray(s.items) ? s.items : []);\n"
	"    var rest = Array.isArray(s.items) ? s.additionalItems : s.items;\n"
	"    var i, k, why;\n"
	"    if (v.length < s.minItems) return at + ': has too few elements';\n"
	"    if (v.length > s.maxItems) return at + ': has too many elements';\n"
	"    for (i = 0; i < v.length; i++) {\n"
	"      why = wrong(i < first.length ? first[i] : rest, v[i], at + '/' + i, root);\n"
	"      for (k = 0; !why && s.uniqueItems && k < i; k++)\n"
	"        if (same(v[i], v[k])) why = at + ': says the same twice';\n"
	"      if (why) return why;\n"
	"    }\n"
	"  }\n"
	"  function wrongMember(s, name, v, at, root) {\n"
	"    var known = s.properties && has(s.properties, name), why, pattern;\n"
	"    if (known) why = wrong(s.properties[name], v, at, root);\n"
	"    for (pattern in s.patternProperties || {})\n"
	"      if (matches(pattern, name)) {\n"
	"        known = true;\n"
	"        why = why || wrong(s.patternProperties[pattern], v, at, root);\n"
	"      }\n"
	"    if (!known && s.additionalProperties === false) return at + ': is no field of this "
	"version';\n"
	"    return why || (known ? undefined : wrong(s.additionalProperties, v, at, root));\n"
	"  }\n"
	"  function wrongObject(s, v, at, root) {\n"
	"    var i, name, why, names = Object.keys(v);\n"
	"    for (i = 0; i < (s.required || []).length; i++)\n"
	"      if (!has(v, s.required[i])) return at + '/' + s.required[i] + ': is missing';\n"
	"    if (names.length < s.minProperties) return at + ': has too few fields';\n"
	"    if (names.length > s.maxProperties) return at + ': has too many fields';\n"
	"    for (i = 0; i < names.length; i++) {\n"
	"      name = names[i];\n"
	"      why = wrongMember(s, name, v[name], at + '/' + name, root) ||\n"
	"        wrong(s.propertyNames, name, at + '/' + name, root);\n"
	"      if (why) return why;\n"
	"    }\n"
	"  }\n"
	"  function wrongOf(s, v, at, root) {\n"
	"    var i, good, why;\n"
	"    for (i = 0; i < (s.allOf || []).length; i++)\n"
	"      if ((why = wrong(s.allOf[i], v, at, root))) return why;\n"
	"    good = (s.anyOf || s.oneOf || []).filter(function (one) { return !wrong(one, v, at, "
	"root); });\n"
	"    if ((s.anyOf || s.oneOf) && !good.length) return at + ': is none of what it may be';\n"
	"    if (!s.anyOf && s.oneOf && good.length > 1) return at + ': is more than one of what "
	"it may be';\n"
	"    if (has(s, 'not') && !wrong(s.not, v, at, root)) return at + ': is what it must not "
	"be';\n"
	"    if (has(s, 'if')) return wrong(wrong(s['if'], v, at, root) ? s['else'] : s.then, v, "
	"at, root);\n"
	"  }\n"
	"  function wrong(s, v, at, root) {\n"
	"    var types, why;\n"
	"    if (s === undefined || s === true) return undefined;\n"
	"    if (s === false) return at + ': must not be there';\n"
	"    if (s.$ref && (why = wrong(target(root, s.$ref), v, at, root))) return why;\n"
	"    types = s.type ? [].concat(s.type) : null;\n"
	"    if (types && !types.some(function (type) { return is(v, type); }))\n"
	"      return at + ': must be ' + types.join(' or ');\n"
	"    if (has(s, 'const') && !same(s['const'], v)) return at + ': must be ' + "
	"JSON.stringify(s['const']);\n"
	"    if (s['enum'] && !s['enum'].some(function (one) { return same(one, v); }))\n"
	"      return at + ': must be one of ' + JSON.stringify(s['enum']);\n"
	"    if (typeof v === 'string') why = wrongText(s, v);\n"
	"    if (typeof v === 'number') why = wrongNumber(s, v);\n"
	"    if (why) return at + ': ' + why;\n"
	"    return (kind(v) === 'array' && wrongArray(s, v, at, root)) ||\n"
	"      (kind(v) === 'object' && wrongObject(s, v, at, root)) || wrongOf(s, v, at, root);\n"
	"  }\n";

static const char document_script[] =
	"  function refuse(reason) { throw({forbidden: 'chesterfield: ' + reason}); }\n"
	"  function begins(id, of) {\n"
	"    return of.head && id.length > of.head.length + of.tail.length &&\n"
	"      id.slice(0, of.head.length) === of.head && id.slice(id.length - of.tail.length) === "
	"of.tail;\n"
	"  }\n"
	"  function whose(id, found) {\n"
	"    var type, version;\n"
	"    for (type in types) for (version in types[type])\n"
	"      if (begins(id, types[type][version])) found(type, Number(version));\n"
	"  }\n"
	"  function checkReferences(of) {\n"
	"    var pointer, parts, at, i;\n"
	"    for (pointer in of.references) {\n"
	"      parts = pointer.split('/');\n"
	"      at = newDoc;\n"
	"      for (i = 1; i < parts.length && at; i++) at = at[parts[i]];\n"
	"      if (typeof at === 'string') whose(at, function (type, version) {\n"
	"        if (type === of.references[pointer]) refuse(pointer + ': ' + JSON.stringify(at) "
	"+\n"
	"          ' is the id of one version; a reference says the key alone');\n"
	"      });\n"
	"    }\n"
	"  }\n"
	"  var type = newDoc[typeField], version = newDoc[versionField], of, plain = {}, name, "
	"why;\n"
	"  if (newDoc._deleted || newDoc._id.slice(0, 8) === '_design/') return;\n"
	"  whose(newDoc._id, function (idType, idVersion) {\n"
	"    if (type !== undefined && type !== idType || version !== undefined && version !== "
	"idVersion)\n"
	"      refuse('it says ' + type + '@' + version + ', its id ' + idType + '@' + "
	"idVersion);\n"
	"    type = idType;\n"
	"    version = idVersion;\n"
	"  });\n"
	"  of = typeof type === 'string' && has(types, type) && has(types[type], version) && "
	"types[type][version];\n"
	"  if (!of) return;\n"
	"  if (!of.accepted) refuse(type + '@' + version + ' is no longer accepted: update the "
	"app');\n"
	"  if (of.head && !begins(newDoc._id, of))\n"
	"    refuse('it says ' + type + '@' + version + ', and its id does not');\n"
	"  checkReferences(of);\n"
	"  for (name in newDoc) if (name[0] !== '_' || (name === '_id' && of.withId)) plain[name] "
	"= newDoc[name];\n"
	"  why = wrong(of.schema, plain, '', of.schema);\n"
	"  if (why) refuse(why);\n"
	"}";

int channel_validate_write(const struct catalog *catalog, const struct cf_mem *mem,
			   struct cf_buf *out)
{
	const struct lens_identity *fields = catalog_identity(catalog);
	int rc;

	buf_str(out, STR("function (newDoc) {\n  var typeField = "));
	json_write_string(fields->type_field, out);
	buf_str(out, STR(", versionField = "));
	json_write_string(fields->version_field, out);
	buf_str(out, STR(";\n  var types = "));
	rc = write_types(catalog, mem, out);
	buf_str(out, STR(";\n"));
	buf_str(out, str_of(schema_script));
	buf_str(out, str_of(document_script));
	return rc || out->failed ? CF_ERR_NOMEM : 0;
}
