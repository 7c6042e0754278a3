/* The database between apps and engine: documents as the model has them, and as a store
 * has them. */
#include "play.h"

#include <stdio.h>

enum { WAY_MAX = 64, ID_MAX = 16 };

static struct cf_str id_with(struct table *table, size_t version, struct cf_str key)
{
	switch (table->made.ids[version]) {
	case IDS_OWN:
		return arena_printf(&table->arena, "old-p:%.*s", STR_ARG(key));
	case IDS_BARE:
		return key;
	default:
		return arena_printf(&table->arena, "p@%zu:%.*s", version + 1, STR_ARG(key));
	}
}

static struct cf_str id_of(struct table *table, size_t version)
{
	return id_with(table, version, table->key);
}

/* An attachment is "DATA TYPE" in the model. */
static size_t take_attachment(struct table *table, struct value *document,
			      struct cf_attachment *ret)
{
	struct path path = path_of("_attachments", "a.txt");
	const struct value *file = value_get(document, &path, 2);
	char data[32] = "", type[32] = "";

	if (!file)
		return 0;
	sscanf(file->text.ptr, "\"%31s %31[^\"]", data, type);
	*ret = (struct cf_attachment){
		.name = STR("a.txt"),
		.content_type = arena_dup(&table->arena, str_of(type)),
		.data = arena_dup(&table->arena, str_of(data)),
	};
	value_remove_member(document, STR("_attachments"));
	return 1;
}

static void put_one(struct table *table, const struct cf_put *put)
{
	struct cf_answer answer;

	cf_assert(store_put(table->server, put, 1, &table->arena, &answer, NULL) == 0 &&
		  answer.code == 0);
}

static void put_revision(struct table *table, size_t version, const struct cf_str *history,
			 size_t history_count, const struct value *document)
{
	struct cf_attachment file;
	struct cf_put put = {.id = id_of(table, version),
			     .kind = CF_PUT_REVISION,
			     .rev = history[0],
			     .history = history,
			     .history_count = history_count,
			     .deleted = !document,
			     .attachments = &file};
	struct value *body = document ? value_clone(&table->arena, document) : NULL;

	if (body)
		put.attachment_count = take_attachment(table, body, &file);
	put.body = body ? value_print(&table->arena, body)
			: arena_printf(&table->arena, "{\"schema\":\"p\",\"version\":%zu}",
				       version + 1);
	put_one(table, &put);
	if (!table->setting.shadow)
		return;
	put.id = id_with(table, version, STR("l"));
	put_one(table, &put);
}

void server_put(struct table *table, struct node *node)
{
	struct cf_str history[WAY_MAX];
	size_t count = 0;

	for (const struct node *n = node; n && count < WAY_MAX; n = n->parent)
		history[count++] = n->rev;
	put_revision(table, node->version, history, count, node->document);
	node->pushed = true;
}

/* A list says only of what digest an attachment was. */
static void know_data(struct table *table, const struct cf_attachment *file)
{
	if (server_data_of(table, file->digest).ptr)
		return;
	cf_assert(table->digest_count < DIGESTS_MAX);
	table->digests[table->digest_count] = arena_dup(&table->arena, file->digest);
	table->digest_data[table->digest_count++] = arena_dup(&table->arena, file->data);
}

struct cf_str server_data_of(const struct table *table, struct cf_str digest)
{
	for (size_t i = 0; i < table->digest_count; i++)
		if (str_equal(table->digests[i], digest))
			return table->digest_data[i];
	return (struct cf_str){NULL, 0};
}

static const struct value *document_of(struct table *table, const struct cf_revision *revision)
{
	struct value *document;
	struct path path = path_of("_attachments", "a.txt");

	if (revision->deleted || !revision->body.ptr)
		return NULL;
	document = value_read(&table->arena, revision->body);
	cf_assert(document);
	for (size_t i = 0; i < revision->attachment_count; i++) {
		const struct cf_attachment *file = &revision->attachments[i];

		know_data(table, file);
		value_put(&table->arena, document, &path, 2,
			  value_string(&table->arena,
				       arena_printf(&table->arena, "%.*s %.*s", STR_ARG(file->data),
						    STR_ARG(file->content_type))));
	}
	return document;
}

static struct leaf leaf_of(struct table *table, size_t version, const struct cf_revision *revision)
{
	size_t count = revision->history_count ? revision->history_count - 1 : 0;
	struct cf_str *way = arena_alloc(&table->arena, (count + 1) * sizeof(*way));

	cf_assert(way);
	for (size_t i = 0; i < count; i++)
		way[i] = arena_dup(&table->arena, revision->history[i + 1]);
	return (struct leaf){.version = version,
			     .rev = arena_dup(&table->arena, revision->rev),
			     .way = way,
			     .way_count = count,
			     .document = document_of(table, revision)};
}

void server_read(struct table *table, struct leaf_list *ret)
{
	ret->count = 0;
	for (size_t v = 0; v < table->versions; v++) {
		struct cf_get get = {.id = id_of(table, v)};
		struct cf_record record = {0};

		if (table->made.roles[v] == ROLE_RETIRED)
			continue;
		cf_assert(store_get(table->server, &get, 1,
				    CF_READ_BODIES | CF_READ_LEAVES | CF_READ_HISTORIES |
					    CF_READ_ATTACHMENTS,
				    &table->arena, &record, NULL) == 0);
		for (size_t i = 0; i < record.revision_count; i++) {
			cf_assert(ret->count < LEAVES_OF_THING_MAX);
			ret->at[ret->count++] = leaf_of(table, v, &record.revisions[i]);
		}
	}
}

const struct value *server_body(void *ctx, size_t version, struct cf_str rev)
{
	struct table *table = ctx;
	struct cf_get get = {.id = id_of(table, version), .rev = rev};
	struct cf_record record = {0};

	cf_assert(store_get(table->server, &get, 1, CF_READ_BODIES | CF_READ_ATTACHMENTS,
			    &table->arena, &record, NULL) == 0);
	return record.revision_count ? document_of(table, &record.revisions[0]) : NULL;
}

void server_restore(struct table *table, const struct leaf_list *copy)
{
	table_close_server(table);
	table_open_server(table);
	for (size_t i = 0; i < copy->count; i++) {
		const struct leaf *leaf = &copy->at[i];
		struct cf_str history[WAY_MAX] = {leaf->rev};
		size_t count = 1;

		for (size_t k = 0; k < leaf->way_count && count < WAY_MAX; k++)
			history[count++] = leaf->way[k];
		put_revision(table, leaf->version, history, count, leaf->document);
	}
}

/* --- an engine that does what the model says ---------------------------------------------- */

static void write_on(struct table *table, size_t version, const struct leaf *leaf, char mark,
		     const struct value *document)
{
	struct cf_str history[WAY_MAX];
	size_t count = 0;
	uint64_t generation = leaf ? revision_generation(leaf->rev) + 1 : 1;

	history[count++] =
		arena_printf(&table->arena, "%llu-%c%u%016llx", (unsigned long long)generation,
			     mark, table->agreements, (unsigned long long)rng_next(&table->rng));
	if (leaf)
		history[count++] = leaf->rev;
	for (size_t i = 0; leaf && i < leaf->way_count && count < WAY_MAX; i++)
		history[count++] = leaf->way[i];
	put_revision(table, version, history, count, document);
}

void server_write_ideal(struct table *table, const struct leaf_list *leaves)
{
	for (size_t v = 0; v < table->versions; v++) {
		const struct leaf *top = leaf_on_top(leaves, v);
		const struct value *document = table->thing->agreed.docs.at[v];

		for (size_t i = 0; i < leaves->count; i++) {
			const struct leaf *leaf = &leaves->at[i];

			if (leaf->version == v && leaf != top && leaf->document)
				write_on(table, v, leaf, 'x', NULL);
		}
		if (top ? !value_alike(top->document, document) : document != NULL)
			write_on(table, v, top, 'e', document);
	}
}
