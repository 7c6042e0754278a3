/* init --from: reads the documents of a store, finds which member says their type and how
 * their ids are made, and drafts a catalog that takes them where they are. */
#include "cli/draft.h"

#include "cli/profile.h"
#include "cli/where.h"
#include "store/store.h"

#include <ctype.h>
#include <inttypes.h>

enum { DRAFT_PAGE = 500, DRAFT_FIRST = 2000, DRAFT_TYPES = 64 };

/* Documents that say the same of their type. */
struct group {
	struct cf_str value; /* of the member; ptr NULL: there is no such member */
	struct cf_str name;  /* of the type */
	struct profile profile;
	struct cf_str prefix; /* with which all ids begin */
};

struct draft {
	struct cli *cli;
	struct cf_store *store;
	struct profiler *profiler;
	struct cf_arena page;
	struct json_doc doc;
	struct cli_where where;
	uint64_t read, limit, untyped, strange;
	const char *type_member; /* NULL: none */
	bool cut;                /* there are more than were read */
	struct group groups[DRAFT_TYPES];
	size_t group_count;
	struct profile all; /* of the first documents: to choose the member by */
};

/* --- reading ----------------------------------------------------------------------------- */

static bool is_wanted(const struct draft *d, struct cf_str id, struct json_value document)
{
	if ((id.len && id.ptr[0] == '_') || str_starts_with(id, STR("schema-support@")))
		return false;
	return cli_where_holds(&d->where, document);
}

/* Each document, in the order of ids, until `take` has had `most`. */
static int walk(struct draft *d, uint64_t most,
		int (*take)(struct draft *d, struct cf_str id, struct json_value document),
		struct cf_error *error)
{
	struct cf_buf after;
	size_t count = DRAFT_PAGE;
	int rc = 0;

	d->read = 0;
	d->cut = false;
	buf_init(&after, d->cli->mem);
	while (rc == 0 && count == DRAFT_PAGE && !d->cut) {
		struct cf_scan scan = {
			.limit = DRAFT_PAGE, .after = buf_view(&after), .flags = CF_READ_BODIES};
		struct cf_record *records;

		arena_reset(&d->page);
		rc = store_scan(d->store, &scan, &d->page, &records, &count, error);
		for (size_t i = 0; i < count && rc == 0 && !d->cut; i++) {
			struct cf_str body =
				records[i].revision_count ? records[i].revisions[0].body : STR("");

			if (body.len == 0 ||
			    json_read(&d->doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL) != 0 ||
			    !is_wanted(d, records[i].id, json_root(&d->doc)))
				continue;
			d->cut = d->read == most;
			if (d->cut)
				break;
			d->read++;
			rc = take(d, records[i].id, json_root(&d->doc)) ? error_nomem(error) : 0;
		}
		buf_clear(&after);
		if (rc == 0 && count && buf_str(&after, records[count - 1].id))
			rc = error_nomem(error);
		if (rc == 0 && cli_interrupted())
			rc = error_set(error, CF_ERR_INTERRUPTED, "%s", "");
	}
	buf_fini(&after);
	return rc;
}

static int take_first(struct draft *d, struct cf_str id, struct json_value document)
{
	(void)id;
	return profile_add(d->profiler, &d->all, document, 0);
}

/* A member of few texts, that most documents have, of a name that is usual for it. */
static void choose_member(struct draft *d)
{
	static const char *const usual[] = {"type",    "schema",   "kind",  "docType",
					    "doctype", "doc_type", "_type", "table"};

	const char *asked = cli_option(d->cli, "type");

	if (asked)
		d->type_member = strcmp(asked, "none") == 0 ? NULL : asked;
	for (size_t i = 0; i < ARRAY_LEN(usual) && !asked && !d->type_member; i++)
		for (const struct profile *m = d->all.members; m; m = m->next)
			if (str_equal(m->name, str_of(usual[i])) && m->seen * 2 > d->read &&
			    m->kinds[JSON_STRING] == m->seen &&
			    (m->value_count <= PROFILE_VALUES || m->seen > 20 * PROFILE_VALUES))
				d->type_member = usual[i];
}

static struct group *group_of(struct draft *d, struct json_value type)
{
	struct group *group;
	struct cf_str decoded;

	for (size_t i = 0; i < d->group_count; i++)
		if (d->groups[i].value.ptr ? json_kind(type) == JSON_STRING &&
						     json_name_is(type, d->groups[i].value)
					   : json_is_absent(type))
			return &d->groups[i];
	if (d->group_count == DRAFT_TYPES)
		return NULL;
	group = &d->groups[d->group_count];
	*group = (struct group){.name = STR("document")};
	if (json_kind(type) == JSON_STRING) {
		if (json_decode(type, &d->cli->arena, &decoded))
			return NULL;
		group->value = arena_dup(&d->cli->arena, decoded);
	}
	d->group_count++;
	return group;
}

/* What all ids begin with, up to a sign that parts words. */
static int note_id(struct draft *d, struct group *group, struct cf_str id)
{
	size_t same = 0;

	if (group->profile.seen == 0) {
		group->prefix = arena_dup(&d->cli->arena, id);
		return group->prefix.ptr ? 0 : CF_ERR_NOMEM;
	}
	while (same < group->prefix.len && same < id.len && group->prefix.ptr[same] == id.ptr[same])
		same++;
	group->prefix.len = same;
	return 0;
}

static int take_document(struct draft *d, struct cf_str id, struct json_value document)
{
	struct json_value type = JSON_ABSENT;
	struct group *group;

	if (d->type_member)
		type = json_member(document, str_of(d->type_member));
	if (d->type_member && json_kind(type) != JSON_STRING) {
		d->untyped++;
		return 0;
	}
	group = group_of(d, type);
	if (!group) {
		d->strange++;
		return 0;
	}
	return note_id(d, group, id) ? CF_ERR_NOMEM
				     : profile_add(d->profiler, &group->profile, document, 0);
}

/* --- names and ids ------------------------------------------------------------------------- */

/* A type's name is a folder's, and part of ids. */
static int name_types(struct draft *d)
{
	for (size_t i = 0; i < d->group_count; i++) {
		struct group *group = &d->groups[i];
		struct cf_buf name;

		if (!group->value.ptr)
			continue;
		buf_init(&name, d->cli->mem);
		for (size_t k = 0; k < group->value.len; k++) {
			unsigned char c = (unsigned char)group->value.ptr[k];

			buf_byte(&name, isalnum(c) || c == '-' || c == '_' ? (char)c : '-');
		}
		if (name.len == 0)
			buf_str(&name, STR("document"));
		for (size_t k = 0; k < i; k++)
			if (str_equal(d->groups[k].name, buf_view(&name)))
				buf_printf(&name, "-%zu", i);
		group->name = arena_dup_buf(&d->cli->arena, &name);
		buf_fini(&name);
		if (!group->name.ptr)
			return CF_ERR_NOMEM;
	}
	return 0;
}

/* Ids that begin with the type's name, or something of this type alone. */
static bool has_prefix(const struct draft *d, const struct group *group)
{
	for (size_t i = 0; i < d->group_count; i++) {
		const struct group *other = &d->groups[i];

		if (other != group && (str_starts_with(other->prefix, group->prefix) ||
				       str_starts_with(group->prefix, other->prefix)))
			return false;
	}
	return group->prefix.len >= 2 && group->profile.seen > 1;
}

static void cut_prefixes(struct draft *d)
{
	for (size_t i = 0; i < d->group_count; i++) {
		struct cf_str *prefix = &d->groups[i].prefix;

		while (prefix->len && !strchr(":/-_.@#", prefix->ptr[prefix->len - 1]))
			prefix->len--;
	}
}

static bool is_renamed(const struct draft *d)
{
	for (size_t i = 0; i < d->group_count; i++)
		if (d->groups[i].value.ptr && !str_equal(d->groups[i].value, d->groups[i].name))
			return true;
	return false;
}

static bool has_member(const struct draft *d, const char *name)
{
	for (size_t i = 0; i < d->group_count; i++)
		for (const struct profile *m = d->groups[i].profile.members; m; m = m->next)
			if (str_equal(m->name, str_of(name)))
				return true;
	return false;
}

/* --- the catalog ------------------------------------------------------------------------------ */

static void write_ids(const struct draft *d, struct cf_buf *out)
{
	bool any = false;

	for (size_t i = 0; i < d->group_count; i++) {
		const struct group *group = &d->groups[i];

		if (!has_prefix(d, group) && d->type_member)
			continue;
		buf_printf(out, "%s  %.*s@1: ", any ? "" : "ids:\n", STR_ARG(group->name));
		if (has_prefix(d, group)) {
			buf_byte(out, '"');
			json_write_string_inner(group->prefix, out);
			buf_printf(out, "{key}\"\n");
		} else {
			buf_printf(out, "\"{key}\"\n");
		}
		any = true;
	}
	any = false;
	for (size_t i = 0; i < d->group_count; i++) {
		const struct group *group = &d->groups[i];

		if (has_prefix(d, group) || !d->type_member)
			continue;
		buf_printf(out, "%s  - {when: {%s: ", any ? "" : "recognise:\n", d->type_member);
		json_write_string(group->value, out);
		buf_printf(out, "}, as: %.*s@1}\n", STR_ARG(group->name));
		any = true;
	}
}

static int write_config(struct draft *d, const char *dir, struct cf_error *error)
{
	const char *slash = strrchr(dir, '/');
	bool own = !d->type_member || is_renamed(d);
	struct cf_buf out;
	int rc;

	buf_init(&out, d->cli->mem);
	buf_printf(&out,
		   "# Drafted from %" PRIu64 " documents%s. Version 1 is what is there; it "
		   "stays where it is.\nname: ",
		   d->read, d->cut ? ", the first in the order of ids; there are more" : "");
	json_write_string(str_of(slash && slash[1] ? slash + 1 : dir), &out);
	/* Where newer versions say what they are: not in members that mean something else. */
	buf_printf(&out, "\nfields: {type: %s, version: %s}\n",
		   !own                      ? d->type_member
		   : has_member(d, "schema") ? "schemaType"
					     : "schema",
		   has_member(d, "version") ? "schemaVersion" : "version");
	write_ids(d, &out);
	rc = out.failed ? error_nomem(error)
			: init_write_file(arena_printf(&d->cli->arena, "%s/catalog.yaml", dir),
					  buf_view(&out), error);
	buf_fini(&out);
	return rc;
}

static int write_schema(struct draft *d, const char *dir, const struct group *group,
			struct cf_error *error)
{
	struct cf_str folder =
		arena_printf(&d->cli->arena, "%s/schemas/%.*s", dir, STR_ARG(group->name));
	struct cf_buf out;
	int rc = folder.ptr ? init_make_folder(folder, false, error) : error_nomem(error);

	if (rc)
		return rc;
	buf_init(&out, d->cli->mem);
	buf_printf(&out, "$schema: https://json-schema.org/draft/2020-12/schema\nversion: 1.0.0\n");
	profile_write(&group->profile, 0, &out);
	rc = out.failed ? error_nomem(error)
			: init_write_file(
				  arena_printf(&d->cli->arena, "%.*s/1.0.0.yaml", STR_ARG(folder)),
				  buf_view(&out), error);
	buf_fini(&out);
	return rc;
}

static int write_manifest(struct draft *d, const char *dir, struct cf_error *error)
{
	struct cf_buf out;
	int rc;

	buf_init(&out, d->cli->mem);
	buf_printf(&out, "{\"name\": \"app\", \"version\": \"1.0.0\", \"dependencies\": {");
	for (size_t i = 0; i < d->group_count; i++)
		buf_printf(&out, "%s\"%.*s\": \"^1.0.0\"", i ? ", " : "",
			   STR_ARG(d->groups[i].name));
	buf_printf(&out, "}}\n");
	rc = out.failed
		     ? error_nomem(error)
		     : init_write_file(arena_printf(&d->cli->arena, "%s/manifests/1.0.0.json", dir),
				       buf_view(&out), error);
	buf_fini(&out);
	return rc;
}

static int write_folders(struct draft *d, const char *dir, struct cf_error *error)
{
	static const char *const names[] = {"", "/manifests", "/schemas", "/lenses"};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && rc == 0; i++) {
		struct cf_str path = arena_printf(&d->cli->arena, "%s%s", dir, names[i]);

		rc = path.ptr ? init_make_folder(path, i == 0, error) : error_nomem(error);
	}
	return rc;
}

/* --- words --------------------------------------------------------------------------------- */

struct teller {
	struct draft *draft;
	const struct group *group;
};

static void tell_doubt(void *ctx, struct cf_str path, const char *doubt)
{
	const struct teller *teller = ctx;

	cli_say(teller->draft->cli, "unsure: %.*s@1%s%.*s %s", STR_ARG(teller->group->name),
		path.len ? " " : "", STR_ARG(path), doubt);
}

static void tell(struct draft *d, const char *dir)
{
	for (size_t i = 0; i < d->group_count; i++) {
		struct teller teller = {d, &d->groups[i]};

		cli_out_printf(d->cli, "%.*s@1 %" PRIu64 "\n", STR_ARG(d->groups[i].name),
			       d->groups[i].profile.seen);
		profile_doubts(&d->groups[i].profile, STR(""), tell_doubt, &teller);
	}
	if (!d->type_member && cli_option(d->cli, "type"))
		cli_say(d->cli, "all are taken for one type, document@1");
	else if (!d->type_member)
		cli_say(d->cli, "unsure: no member says a type: all are taken for one, document@1");
	else
		cli_say(d->cli, "the member %s is taken for the type", d->type_member);
	if (d->untyped)
		cli_say(d->cli, "unsure: %" PRIu64 " documents without %s are in no type",
			d->untyped, d->type_member);
	if (d->strange)
		cli_say(d->cli, "unsure: %" PRIu64 " documents are of more than %d types",
			d->strange, DRAFT_TYPES);
	if (d->cut)
		cli_say(d->cli,
			"the first %" PRIu64 " documents were read, in the order of ids; more: "
			"--sample N",
			d->read);
	cli_say(d->cli,
		"a catalog was written to %s; next: chesterfield adopt -c %s --dry-run --store "
		"URL",
		dir, dir);
}

/* --- the whole ------------------------------------------------------------------------------ */

static int draft(struct draft *d, const char *dir, struct cf_error *error)
{
	int rc = walk(d, DRAFT_FIRST, take_first, error);

	if (rc == 0)
		choose_member(d);
	if (rc == 0)
		rc = walk(d, d->limit, take_document, error);
	if (rc == 0 && d->group_count == 0)
		rc = error_set(error, CF_ERR_PRECONDITION, "there is no document to learn from");
	if (rc == 0 && name_types(d))
		rc = error_nomem(error);
	if (rc)
		return rc;
	cut_prefixes(d);
	rc = write_folders(d, dir, error);
	if (rc == 0)
		rc = write_config(d, dir, error);
	for (size_t i = 0; i < d->group_count && rc == 0; i++)
		rc = write_schema(d, dir, &d->groups[i], error);
	if (rc == 0)
		rc = write_manifest(d, dir, error);
	if (rc == 0)
		tell(d, dir);
	return rc;
}

int draft_catalog(struct cli *cli, const char *dir, struct cf_error *error)
{
	struct draft *d = arena_calloc(&cli->arena, 1, sizeof(*d));
	int rc;

	if (!d)
		return error_nomem(error);
	d->cli = cli;
	arena_init(&d->page, cli->mem);
	json_doc_init(&d->doc, cli->mem);
	d->profiler = profiler_new(&cli->arena);
	rc = d->profiler ? cli_where_read(cli, &d->where, error) : error_nomem(error);
	if (rc == 0)
		rc = cli_option_number(cli, "sample", 1, UINT32_MAX, &d->limit, error);
	if (rc == 0)
		rc = store_open_existing(&d->store, cli_option(cli, "from"), cli->env, cli->mem,
					 error);
	if (rc == 0)
		rc = draft(d, dir, error);
	store_close(d->store);
	profiler_free(d->profiler);
	json_doc_fini(&d->doc);
	arena_fini(&d->page);
	return rc;
}
