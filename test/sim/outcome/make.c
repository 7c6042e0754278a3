/* Making a chain: the first version's fields, and link by link what becomes of them. */
#include "link.h"

#include <stdio.h>

const struct group groups[GROUPS] = {
	{"renames", OP_RENAME | OP_NEST | OP_ADD},
	{"tables", OP_TABLE | OP_RENAME},
	{"split", OP_SPLIT | OP_RENAME},
	{"join", OP_JOIN | OP_SPLIT},
	{"keyed arrays", OP_ROWS | OP_KEY | OP_RENAME},
	{"scripts", OP_RECUT | OP_MIX | OP_TAGS},
	{"arrays", OP_TAGS | OP_ROWS | OP_KEY},
	{"schemas", OP_PAIR | OP_DEPENDS | OP_CAP | OP_RENAME},
	{"all", OP_ALL},
};

/* --- links ---------------------------------------------------------------------------------------
 */

/* What may happen to the fields of a track. */
static unsigned possible(const struct field *fields, size_t count)
{
	const struct field *f = &fields[0];
	bool single = count == 1, flat = f->path.count == 1;

	switch (f->kind) {
	case FIELD_NULL:
		return OP_RENAME;
	case FIELD_WORD:
		return single && flat ? OP_RENAME | OP_NEST | OP_ADD : single ? OP_NEST : 0;
	case FIELD_MUST:
		if (count == 2)
			return OP_JOIN;
		return single && flat ? OP_RENAME | OP_NEST | OP_ADD : single ? OP_NEST : 0;
	case FIELD_FULL:
		return OP_RENAME | OP_SPLIT;
	case FIELD_TWO:
	case FIELD_ONE:
		return count == 2 ? OP_RECUT : 0;
	case FIELD_INT:
		return OP_MIX | OP_CAP;
	case FIELD_TAGS:
		return OP_TAGS;
	case FIELD_TABLE:
		return OP_RENAME | OP_TABLE;
	case FIELD_ROWS:
		return OP_RENAME | OP_ROWS | OP_KEY;
	case FIELD_COORD:
		return OP_PAIR;
	case FIELD_STATE:
		return OP_DEPENDS;
	default:
		return 0;
	}
}

static void link_word(struct link *link, const struct field *field, unsigned op)
{
	if (op == OP_RENAME)
		link_rename(link, field);
	else if (op == OP_ADD)
		link_add_or_remove(link, link_field_name(field), false);
	else if (field->path.count == 2)
		link_hoist(link, field);
	else
		link_plunge(link, field);
}

static void link_track(struct link *link, const struct field *fields, size_t count, unsigned op)
{
	switch (op) {
	case OP_SPLIT:
		link_split(link, fields);
		break;
	case OP_JOIN:
		link_join(link, fields);
		break;
	case OP_TABLE:
		link_table(link, fields);
		break;
	case OP_RECUT:
		link_recut(link, fields);
		break;
	case OP_MIX:
	case OP_CAP:
		link_mix(link, fields, op == OP_CAP);
		break;
	case OP_ROWS:
	case OP_KEY:
		link_rows(link, fields, op == OP_KEY);
		break;
	case OP_TAGS:
		link_tags(link, fields);
		break;
	case OP_PAIR:
		link_pair(link, fields);
		break;
	case OP_DEPENDS:
		for (size_t i = 0; i < count; i++)
			link_rename(link, &fields[i]);
		break;
	default:
		link_word(link, fields, op);
	}
}

static unsigned pick(struct made *made, unsigned ops)
{
	uint64_t nth;

	if (!ops)
		return 0;
	nth = rng_below(&made->rng, (uint64_t)__builtin_popcount(ops));
	while (nth--)
		ops &= ops - 1;
	return ops & -ops;
}

static void make_link(struct made *made)
{
	struct link link = {.made = made,
			    .old = &made->shapes[made->count - 1],
			    .new = &made->shapes[made->count]};

	buf_init(&link.lens, &mem_heap);
	buf_init(&link.python, &mem_heap);
	for (size_t i = 0; i < link.old->count;) {
		const struct field *fields = &link.old->at[i];
		size_t count = 1;
		unsigned op;

		while (i + count < link.old->count && fields[count].track == fields->track)
			count++;
		i += count;
		op = pick(made, possible(fields, count) & made->ops);
		if (op && (fields->kind == FIELD_TAGS || !link_one_in(made, 4)))
			link_track(&link, fields, count, op);
		else
			for (size_t k = 0; k < count; k++)
				link_keep(&link, &fields[k]);
	}
	if ((made->ops & OP_ADD) && rng_below(&made->rng, 5) < 3) {
		const char *name = link_name(made, "add");

		link_add(link.new, link_one_in(made, 2) ? FIELD_WORD : FIELD_MUST, made->names,
			 name, NULL);
		link_add_or_remove(&link, name, true);
	}
	made->lenses[made->count - 1] = arena_dup(&made->arena, buf_view(&link.lens));
	made->python[made->count - 1] = arena_dup(&made->arena, buf_view(&link.python));
	buf_fini(&link.lens);
	buf_fini(&link.python);
	made->count++;
}

/* --- the first version
 * ------------------------------------------------------------------------------ */

static void begin_rows(struct made *made, unsigned track)
{
	struct field *rows =
		link_add(&made->shapes[0], FIELD_ROWS, track, link_name(made, "rows"), NULL);

	rows->key = "id";
	rows->parts = arena_calloc(&made->arena, PARTS_MAX, sizeof(*rows->parts));
	rows->part_count = 2;
	rows->parts[0] = (struct field){.path = path_of("text", NULL), .kind = FIELD_WORD};
	rows->parts[1] = (struct field){
		.path = path_of("state", NULL), .kind = FIELD_TABLE, .letters = "xy"};
}

static void begin_table(struct made *made, unsigned track)
{
	struct field *field =
		link_add(&made->shapes[0], FIELD_TABLE, track, link_name(made, "table"), NULL);

	memcpy(field->letters, "abcd", 5);
	link_shuffle(made, field->letters, 4);
	field->letters[2 + rng_below(&made->rng, 2)] = '\0';
}

static void begin_two(struct made *made, unsigned track, enum field_kind a, const char *first,
		      enum field_kind b, const char *second)
{
	link_add(&made->shapes[0], a, track, link_name(made, first), NULL);
	link_add(&made->shapes[0], b, track, link_name(made, second), NULL);
}

static void begin_field(struct made *made, unsigned op)
{
	struct shape_of *shape = &made->shapes[0];
	static const enum field_kind words[] = {FIELD_WORD, FIELD_MUST, FIELD_MUST, FIELD_NULL};
	unsigned track = made->names + 1;
	const char *spot;

	switch (op) {
	case OP_SPLIT:
		link_add(shape, FIELD_FULL, track, link_name(made, "full"), NULL);
		break;
	case OP_JOIN:
		begin_two(made, track, FIELD_MUST, "first", FIELD_REST, "last");
		break;
	case OP_TABLE:
		begin_table(made, track);
		break;
	case OP_RECUT:
		begin_two(made, track, FIELD_TWO, "two", FIELD_ONE, "one");
		break;
	case OP_MIX:
	case OP_CAP:
		begin_two(made, track, FIELD_INT, "a", FIELD_INT, "b");
		break;
	case OP_ROWS:
	case OP_KEY:
		begin_rows(made, track);
		break;
	case OP_TAGS:
		link_add(shape, FIELD_TAGS, track, link_name(made, "tags"), NULL);
		break;
	case OP_PAIR:
		spot = link_name(made, "spot");
		link_add(shape, FIELD_COORD, track, spot, "x");
		link_add(shape, FIELD_COORD, track, spot, "y");
		break;
	case OP_DEPENDS:
		begin_two(made, track, FIELD_STATE, "state", FIELD_TRACKING, "tracking");
		break;
	default:
		link_add(shape, words[rng_below(&made->rng, ARRAY_LEN(words))], track,
			 link_name(made, "word"), NULL);
	}
}

static void make_policy(struct made *made)
{
	uint64_t prefer = rng_below(&made->rng, 4);

	made->policy = (struct policy){.prefer = prefer < 2 ? PREFER_NEWEST : PREFER_OLDEST,
				       .late_wins = link_one_in(made, 3)};
	if (made->ops & OP_LATEST) {
		made->policy.prefer = PREFER_LATEST;
		made->policy.latest = path_of("at", NULL);
	}
}

void made_init(struct made *made, uint64_t seed)
{
	struct rng rng = {.state = seed * 0x9e3779b97f4a7c15u + 77};
	size_t fields, versions;

	memset(made, 0, sizeof(*made));
	arena_init(&made->arena, &mem_heap);
	made->rng.state = rng_next(&rng);
	made->ops = groups[seed % GROUPS].ops;
	if (link_one_in(made, 6))
		made->ops |= OP_LATEST;
	made->odd_names = link_one_in(made, 8);
	make_policy(made);
	fields = 1 + rng_below(&made->rng, 4);
	versions = 2 + rng_below(&made->rng, 3);
	for (size_t i = 0; i < fields; i++)
		begin_field(made, pick(made, made->ops & ~(unsigned)(OP_FILE | OP_LATEST)));
	if ((made->ops & OP_FILE) && link_one_in(made, 4))
		link_add(&made->shapes[0], FIELD_FILE, 1000, "_attachments", "a.txt");
	if (made->ops & OP_LATEST)
		link_add(&made->shapes[0], FIELD_TIME, 1001, "at", NULL);
	made->count = 1;
	while (made->count < versions)
		make_link(made);
}

void made_fini(struct made *made)
{
	for (size_t i = 0; i < VERSIONS_MAX; i++)
		catalog_close(made->catalogs[i]);
	arena_fini(&made->arena);
}

void made_chain(struct made *made, size_t count, struct chain *ret)
{
	ret->catalog = made_catalog(made, count);
	ret->count = count;
	for (size_t v = 0; v < count; v++) {
		ret->keyed_count[v] = 0;
		for (size_t i = 0; i < made->shapes[v].count; i++) {
			const struct field *field = &made->shapes[v].at[i];
			bool named = false;

			for (size_t k = 0; k < made->named_count; k++)
				named = named || (made->named[k] == field->track &&
						  made->named_since[k] <= count);
			if (!named || (field->kind != FIELD_ROWS && field->kind != FIELD_TAGS))
				continue;
			cf_assert(ret->keyed_count[v] < KEYED_MAX);
			ret->keyed[v][ret->keyed_count[v]++] = (struct keyed_path){
				field->path, field->kind == FIELD_ROWS ? field->key : NULL};
		}
	}
}
