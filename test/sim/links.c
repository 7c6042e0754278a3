/* Links of made catalogs: ops at random, each written to the lens file and carried out
 * on what the model knows of the newer version. */
#include "made.h"

/* The name of a field, and of the object around it ("" at the top). */
static void split_pointer(const struct view *view, char host[24], char name[24])
{
	const char *last = strrchr(view->pointer, '/');

	host[0] = '\0';
	if (last != view->pointer)
		snprintf(host, 24, "%.*s", (int)(last - view->pointer - 1), view->pointer + 1);
	snprintf(name, 24, "%s", last + 1);
}

static void join_pointer(struct view *view, const char *host, const char *name)
{
	snprintf(view->pointer, sizeof(view->pointer), "%s%.20s/%.20s", *host ? "/" : "", host,
		 name);
}

/* Opens and closes `in` around an op on a nested field. */
static void enter_host(struct making *making, const char *host)
{
	if (*host)
		buf_printf(&making->lens, "{\"in\":{\"name\":\"%s\",\"lens\":[", host);
}

static void leave_host(struct making *making, const char *host)
{
	if (*host)
		buf_str(&making->lens, STR("]}}"));
}

/* An atom of the main document that an op may take; NULL: there is none such. */
static struct view *pick(struct making *making, bool nested, bool wrapped)
{
	struct shape *shape = making->shape;
	size_t first = rng_below(&making->rng, shape->atom_count);

	for (size_t i = 0; i < shape->atom_count; i++) {
		struct atom_def *atom = &shape->atoms[(first + i) % shape->atom_count];
		struct view *view = &atom->views[making->level];
		bool is_nested = strrchr(view->pointer, '/') != view->pointer;

		if (view->there && view->place == 0 && is_nested == nested &&
		    view->wrapped == wrapped && !atom->mute)
			return view;
	}
	return NULL;
}

static struct atom_def *atom_of(struct making *making, const struct view *view)
{
	return (struct atom_def *)(void *)((char *)(uintptr_t)(view - making->level) -
					   offsetof(struct atom_def, views));
}

static size_t count_in(const struct making *making, const char *host)
{
	size_t count = 0;

	for (size_t i = 0; i < making->shape->atom_count; i++) {
		const struct view *view = &making->shape->atoms[i].views[making->level];
		char its_host[24], name[24];

		if (!view->there || view->place)
			continue;
		split_pointer(view, its_host, name);
		count += strcmp(its_host, host) == 0;
	}
	return count;
}

/* --- ops ---------------------------------------------------------------------- */

static bool op_rename(struct making *making)
{
	struct view *view =
		pick(making, rng_below(&making->rng, 3) == 0, rng_below(&making->rng, 2));
	char host[24], name[24], fresh[24];

	if (!view)
		return false;
	split_pointer(view, host, name);
	snprintf(fresh, sizeof(fresh), "r%u", making->names++);
	enter_host(making, host);
	buf_printf(&making->lens, "{\"rename\":{\"source\":\"%s\",\"destination\":\"%s\"}}", name,
		   fresh);
	leave_host(making, host);
	join_pointer(view, host, fresh);
	return true;
}

/* One row for each value that `from` can say. */
static void write_table(struct making *making, const struct view *from, const struct view *to)
{
	buf_byte(&making->lens, '{');
	for (int token = 0; token < CLASSES * FINE; token += 1 << from->shift) {
		buf_str(&making->lens, token ? STR(",") : STR(""));
		view_text(from, token, &making->lens);
		buf_byte(&making->lens, ':');
		view_text(to, token, &making->lens);
	}
	buf_byte(&making->lens, '}');
}

static bool op_convert(struct making *making)
{
	struct view *view = pick(making, rng_below(&making->rng, 3) == 0, false), older;
	struct atom_def *atom;
	char host[24], name[24];

	if (!view || view->kind != VALUE_TABLE)
		return false;
	older = *view;
	atom = atom_of(making, view);
	split_pointer(view, host, name);
	view->shift = (uint8_t)rng_below(&making->rng, 3);
	snprintf(view->prefix, sizeof(view->prefix), "v%u_", making->names++);
	if (view->shift > atom->shift_max)
		atom->shift_max = view->shift;
	enter_host(making, host);
	buf_printf(&making->lens, "{\"convert\":{\"name\":\"%s\",\"mapping\":[", name);
	write_table(making, &older, view);
	buf_byte(&making->lens, ',');
	write_table(making, view, &older);
	buf_str(&making->lens, STR("]}}"));
	leave_host(making, host);
	return true;
}

static void write_field(struct making *making, const char *op, const struct view *view)
{
	char host[24], name[24];

	split_pointer(view, host, name);
	buf_printf(&making->lens, "{\"%s\":{\"name\":\"%s\",\"type\":\"%s\",\"default\":", op, name,
		   view->kind == VALUE_NUMBER ? "number" : "string");
	view_text(view, 0, &making->lens);
	buf_str(&making->lens, STR("}}"));
}

static bool op_add(struct making *making)
{
	struct shape *shape = making->shape;
	struct view *view;

	if (shape->atom_count == ATOMS_MAX)
		return false;
	view = &shape->atoms[shape->atom_count++].views[making->level];
	made_view(making, view);
	/* Now and then a name that an older version had for something else. */
	if (making->dropped[0] && rng_below(&making->rng, 2))
		join_pointer(view, "", making->dropped);
	making->dropped[0] = '\0';
	write_field(making, "add", view);
	return true;
}

static bool op_remove(struct making *making)
{
	struct view *view = pick(making, false, false);
	char host[24];

	if (!view || count_in(making, "") < 3)
		return false;
	write_field(making, "remove", view);
	split_pointer(view, host, making->dropped);
	view->there = false;
	return true;
}

static bool op_plunge(struct making *making)
{
	struct view *view = pick(making, false, false);
	char host[24], name[24];

	if (!view || atom_of(making, view)->optional || count_in(making, "") < 2)
		return false;
	split_pointer(view, host, name);
	if (!making->host[0] || count_in(making, making->host) == 0 || rng_below(&making->rng, 2)) {
		snprintf(making->host, sizeof(making->host), "h%u", making->names++);
		buf_printf(&making->lens,
			   "{\"add\":{\"name\":\"%s\",\"type\":\"object\",\"default\":{}}},",
			   making->host);
	}
	buf_printf(&making->lens, "{\"plunge\":{\"host\":\"%s\",\"name\":\"%s\"}}", making->host,
		   name);
	join_pointer(view, making->host, name);
	return true;
}

static bool op_hoist(struct making *making)
{
	struct view *view = pick(making, true, false);
	char host[24], name[24];

	if (!view)
		return false;
	split_pointer(view, host, name);
	if (count_in(making, host) < 2)
		return false;
	buf_printf(&making->lens, "{\"hoist\":{\"host\":\"%s\",\"name\":\"%s\"}}", host, name);
	join_pointer(view, "", name);
	return true;
}

static bool op_wrap(struct making *making)
{
	bool wrapped = rng_below(&making->rng, 2);
	struct view *view = pick(making, false, wrapped);
	char host[24], name[24];

	if (!view || atom_of(making, view)->optional)
		return false;
	split_pointer(view, host, name);
	buf_printf(&making->lens, "{\"%s\":{\"name\":\"%s\"}}", wrapped ? "head" : "wrap", name);
	view->wrapped = !wrapped;
	return true;
}

/* "x y12" becomes "x" and "y12". */
static bool op_split(struct making *making)
{
	static const char *const first[] = {"\"x\""};
	struct shape *shape = making->shape;
	struct view *view = pick(making, false, false), *other;
	char host[24], name[24], a[24], b[24];

	if (!view || view->kind != VALUE_TEXT || strcmp(view->prefix, "x y") != 0 ||
	    shape->atom_count == ATOMS_MAX)
		return false;
	split_pointer(view, host, name);
	snprintf(a, sizeof(a), "a%u", making->names++);
	snprintf(b, sizeof(b), "b%u", making->names++);
	buf_printf(&making->lens,
		   "{\"split\":{\"name\":\"%s\",\"into\":[\"%s\",\"%s\"],\"by\":\" \"}}", name, a,
		   b);
	shape->atoms[shape->atom_count] =
		(struct atom_def){.mute = true, .optional = atom_of(making, view)->optional};
	other = &shape->atoms[shape->atom_count++].views[making->level];
	*other = (struct view){
		.there = true, .kind = VALUE_CHOICE, .choices = first, .choice_count = 1};
	join_pointer(other, "", a);
	join_pointer(view, "", b);
	snprintf(view->prefix, sizeof(view->prefix), "y");
	/* Absent on one side only is no state of the older version. */
	if (atom_of(making, view)->optional)
		shape->atoms[shape->atom_count - 1].views[making->level].choice_count = 1;
	return true;
}

/* A field goes into a document of its own, of the same key. */
static bool op_extract(struct making *making)
{
	struct level *level = &making->shape->levels[making->level];
	struct view *view = pick(making, false, rng_below(&making->rng, 2));
	struct place *place = &level->places[level->place_count];
	char host[24], name[24], fresh[24];

	if (!view || level->place_count == 3 || count_in(making, "") < 3 ||
	    atom_of(making, view)->optional || making->into[0])
		return false;
	split_pointer(view, host, name);
	snprintf(fresh, sizeof(fresh), "p%u", making->names);
	snprintf(place->type, sizeof(place->type), "part%u", making->names++);
	place->major = 1;
	snprintf(making->into, sizeof(making->into), "%s@1", place->type);
	buf_printf(&making->lens,
		   "{\"extract\":{\"names\":[{\"%s\":\"%s\"}],\"into\":\"%s\",\"key\":\"same\"}}",
		   name, fresh, making->into);
	join_pointer(view, "", fresh);
	view->place = (uint8_t)level->place_count++;
	return true;
}

/* The box becomes a document that many refer to. */
static bool op_share(struct making *making)
{
	static const char *const keys[] = {"\"g0\"", "\"g1\"", "\"g2\""};
	struct shape *shape = making->shape;
	struct view *reference;

	if (shape->shared.there || !making->boxed || shape->atom_count == ATOMS_MAX ||
	    making->into[0])
		return false;
	for (size_t i = 0; i < shape->atom_count; i++)
		if (str_starts_with(str_of(shape->atoms[i].views[making->level].pointer),
				    STR("/box/")))
			shape->atoms[i].views[making->level].there = false;
	shape->shared = (struct shared_def){true, making->level, "box", "/boxId"};
	snprintf(making->into, sizeof(making->into), "box@1");
	buf_str(&making->lens, STR("{\"extract\":{\"host\":\"box\",\"into\":\"box@1\",\"key\":"
				   "{\"hash\":\"name\"},\"reference\":\"boxId\",\"default\":"
				   "{\"name\":\"Inbox\"}}}"));
	shape->atoms[shape->atom_count].mute = true;
	reference = &shape->atoms[shape->atom_count++].views[making->level];
	*reference = (struct view){.there = true,
				   .kind = VALUE_CHOICE,
				   .pointer = "/boxId",
				   .choices = keys,
				   .choice_count = 3};
	return true;
}

void made_link(struct making *making)
{
	static bool (*const ops[])(struct making * making) = {
		op_rename, op_convert, op_convert, op_convert, op_add,     op_remove, op_plunge,
		op_hoist,  op_wrap,    op_split,   op_split,   op_extract, op_share,  op_share,
	};
	unsigned wanted = 1 + (unsigned)rng_below(&making->rng, 3);

	making->into[0] = '\0';
	for (unsigned done = 0, tries = 0; done < wanted && tries < 40; tries++) {
		size_t len = making->lens.len;

		buf_str(&making->lens, done ? STR(",") : STR(""));
		if (ops[rng_below(&making->rng, ARRAY_LEN(ops))](making))
			done++;
		else
			making->lens.len = len;
	}
}
