/* Ids as regular expressions, for those who cannot ask us: selectors and filters. Written so
 * that PCRE (CouchDB) and JavaScript (PouchDB) take them alike. */
#include "catalog/inside.h"

/* What means something in a pattern: some of it cannot stand in brackets. */
static const char slashed[] = {'^', '\\', ']'};
static const char bracketed[] = {'$', '.', '|', '?', '*', '+', '(', ')', '[', '{', '}', '/'};

static void write_escaped(struct cf_str text, struct cf_buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (memchr(slashed, c, sizeof(slashed)))
			buf_printf(out, "\\%c", c);
		else if (memchr(bracketed, c, sizeof(bracketed)))
			buf_printf(out, "[%c]", c);
		else
			buf_byte(out, c);
	}
}

/* Types of the catalog, and those of the service and of apps that speak with it. */
static void write_types(const struct catalog *catalog, struct cf_buf *out)
{
	buf_str(out, STR("(?:" CATALOG_SUPPORT_TYPE "|schema-client"));
	for (size_t i = 0; i < catalog->type_count; i++) {
		buf_byte(out, '|');
		write_escaped(catalog->types[i].name, out);
	}
	buf_byte(out, ')');
}

/* `type` NULL: any. */
static void write_pieces(const struct catalog *catalog, const struct catalog_type *type,
			 const struct id_piece *pieces, size_t count, struct cf_buf *out)
{
	for (size_t i = 0; i < count; i++) {
		switch (pieces[i].kind) {
		case ID_LITERAL:
			write_escaped(pieces[i].literal, out);
			break;
		case ID_TYPE:
			if (type)
				write_escaped(type->name, out);
			else
				write_types(catalog, out);
			break;
		case ID_MAJOR:
			buf_str(out, STR("[0-9]+"));
			break;
		case ID_KEY:
			buf_str(out, STR(".+"));
			break;
		}
	}
}

static const struct own_ids *own_of(const struct catalog *catalog,
				    const struct catalog_major *major)
{
	for (size_t i = 0; i < catalog->own_count; i++)
		if (catalog->own[i].major == major)
			return &catalog->own[i];
	return NULL;
}

int catalog_own_pattern(const struct catalog *catalog, const struct catalog_major *major,
			struct cf_buf *out)
{
	const struct own_ids *own = own_of(catalog, major);

	if (own)
		write_pieces(catalog, major->type, own->grammar.pieces, own->grammar.count, out);
	return out->failed ? CF_ERR_NOMEM : 0;
}

int catalog_ids_pattern(const struct catalog *catalog, struct cf_buf *out)
{
	const struct id_grammar *g = &catalog->grammar;

	buf_str(out, STR("_.*|"));
	write_pieces(catalog, NULL, g->pieces, g->count, out);
	if (g->single_count > 1) {
		buf_byte(out, '|');
		write_pieces(catalog, NULL, g->single, g->single_count, out);
	}
	return out->failed ? CF_ERR_NOMEM : 0;
}

bool catalog_next_rule(const struct catalog *catalog, size_t *at, struct json_value *ret_when,
		       const struct catalog_major **ret_major)
{
	if (*at == catalog->rule_count)
		return false;
	*ret_when = catalog->rules[*at].when;
	*ret_major = catalog->rules[*at].major;
	++*at;
	return true;
}
