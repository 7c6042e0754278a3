/* Ids of the state's records; see state.h. Nobody else looks at them. */
#include "state/id.h"

static const struct state_kind_info kinds[] = {
#define X(kind, word, names, holds, listed, rebuild) \
	[STATE_##kind] = {word, names, holds, listed, rebuild},
	STATE_KINDS(X)
#undef X
};

/* A cut name: as much of it as fits, tildes, 128 bits of its hash in hex. It is longer
 * than any name that is not cut. */
enum { HASH_CHARS = 32, KEPT_BYTES = STATE_NAME_BYTES - HASH_CHARS };

const struct state_kind_info *state_kind_info(enum state_kind kind)
{
	cf_assert(kind < STATE_KIND_COUNT);
	return &kinds[kind];
}

bool state_name_is_cut(struct cf_str name)
{
	return name.len > STATE_NAME_BYTES;
}

/* How much of a long text is kept: no character is broken. */
static struct cf_str keep(struct cf_str name)
{
	size_t len = KEPT_BYTES;

	while (len && ((unsigned char)name.ptr[len] & 0xc0) == 0x80)
		len--;
	return (struct cf_str){name.ptr, len};
}

static void write_name(struct cf_str name, struct cf_buf *out)
{
	char hash[HASH_CHARS + 1];
	struct cf_str kept;

	if (!state_name_is_cut(name)) {
		buf_str(out, name);
		return;
	}
	kept = keep(name);
	hash128_hex(hash128(name), hash);
	buf_str(out, kept);
	/* As long as all that were cut: by its length it is told from the others. */
	for (size_t len = kept.len; len <= KEPT_BYTES; len++)
		buf_byte(out, '~');
	buf_append(out, hash, HASH_CHARS);
}

static void encode(struct cf_str text, struct cf_buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '/')
			buf_str(out, STR("%2F"));
		else if (text.ptr[i] == '%')
			buf_str(out, STR("%25"));
		else
			buf_byte(out, text.ptr[i]);
	}
}

/* 64 bits in base64url. */
void state_id_hash(struct cf_str text, char ret[STATE_HASH_BYTES + 1])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t hash = hash64(text, 0);

	for (int i = 0; i < STATE_HASH_BYTES; i++, hash >>= 6)
		ret[i] = digits[hash & 63];
	ret[STATE_HASH_BYTES] = '\0';
}

/* A name behind which another one stands. */
static void write_first_name(struct cf_str name, struct cf_buf *out)
{
	char hash[STATE_HASH_BYTES + 1];

	state_id_hash(name, hash);
	buf_str(out, str_of(hash));
	buf_byte(out, '/');
}

int state_id_database(struct cf_str database, struct cf_buf *out)
{
	bool reserved = database.len && database.ptr[0] == '_';
	struct cf_buf whole;

	buf_init(&whole, out->mem);
	buf_str(&whole, reserved ? STR("%5F") : STR(""));
	encode((struct cf_str){database.ptr + reserved, database.len - reserved}, &whole);
	write_name(buf_view(&whole), out);
	buf_byte(out, '/');
	out->failed = out->failed || whole.failed;
	buf_fini(&whole);
	return out->failed ? CF_ERR_NOMEM : 0;
}

/* What stands in the buffer, in the arena; the buffer is done with. */
static struct cf_str finish(struct cf_buf *out, struct cf_arena *arena)
{
	struct cf_str text = arena_dup_buf(arena, out);

	buf_fini(out);
	return text;
}

struct cf_str state_id_begin(const struct state *state, const struct state_range *range,
			     struct cf_arena *arena)
{
	const struct state_kind_info *info = state_kind_info(range->kind);
	struct cf_buf out;

	buf_init(&out, arena->mem);
	buf_str(&out, state->database);
	buf_str(&out, str_of(info->word));
	if (info->names > 0)
		buf_byte(&out, '/');
	if (info->names > 1 && range->name.ptr)
		write_first_name(range->name, &out);
	buf_str(&out, state_name_is_cut(range->begin) ? keep(range->begin) : range->begin);
	return finish(&out, arena);
}

/* The usual id, put together in place: most records are of one short name. */
static struct cf_str short_id(const struct state *state, struct cf_str word, struct cf_str name,
			      struct cf_arena *arena)
{
	size_t len = state->database.len + word.len + 1 + name.len;
	char *text = arena_alloc(arena, len + 1), *at = text;

	if (!text)
		return (struct cf_str){NULL, 0};
	at = mempcpy(at, state->database.ptr, state->database.len);
	at = mempcpy(at, word.ptr, word.len);
	*at++ = '/';
	if (name.len)
		at = mempcpy(at, name.ptr, name.len);
	*at = '\0';
	return (struct cf_str){text, len};
}

struct cf_str state_id(const struct state *state, struct state_key key, struct cf_arena *arena)
{
	const struct state_kind_info *info = state_kind_info(key.kind);
	struct cf_buf out;

	if (info->names == 1 && !state_name_is_cut(key.name))
		return short_id(state, str_of(info->word), key.name, arena);
	buf_init(&out, arena->mem);
	buf_str(&out, state->database);
	buf_str(&out, str_of(info->word));
	if (info->names > 0)
		buf_byte(&out, '/');
	if (info->names > 1)
		write_first_name(key.name, &out);
	if (info->names > 0)
		write_name(info->names > 1 ? key.other : key.name, &out);
	return finish(&out, arena);
}

/* What stands behind the kind; ptr NULL: it is no record of that kind. */
static struct cf_str cut_kind(const struct state *state, enum state_kind kind, struct cf_str id)
{
	const struct state_kind_info *info = state_kind_info(kind);
	size_t skip = state->database.len, len = strlen(info->word);

	if (!str_starts_with(id, state->database) || id.len - skip < len ||
	    memcmp(id.ptr + skip, info->word, len) != 0)
		return (struct cf_str){NULL, 0};
	skip += len;
	if (info->names == 0)
		return id.len == skip ? STR("") : (struct cf_str){NULL, 0};
	if (id.len == skip || id.ptr[skip] != '/')
		return (struct cf_str){NULL, 0};
	return (struct cf_str){id.ptr + skip + 1, id.len - skip - 1};
}

bool state_id_is(const struct state *state, enum state_kind kind, struct cf_str id)
{
	return cut_kind(state, kind, id).ptr != NULL;
}

struct cf_str state_id_last(const struct state *state, enum state_kind kind, struct cf_str id)
{
	struct cf_str rest = cut_kind(state, kind, id);
	const char *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;

	if (state_kind_info(kind)->names < 2 || !slash)
		return rest;
	return (struct cf_str){slash + 1, rest.len - (size_t)(slash + 1 - rest.ptr)};
}
