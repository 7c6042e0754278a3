/* What the files that compile a schema share. */
#ifndef SCHEMA_COMPILER_H
#define SCHEMA_COMPILER_H

#include "schema/node.h"

struct compiler {
	struct schema *schema;
	struct schema_set *set;
	struct cf_error *error;
	bool trusted; /* a metaschema: not checked against a metaschema */
};

enum { DRAFTS_BOTH = DRAFT_07 | DRAFT_2020 };

/* SCHEMA with the place of `at`. `format` is not a format: the text as it stands. */
int compile_wrong(struct compiler *c, struct json_value at, const char *reason);
/* The same, with the reason that stands in the error already. */
int compile_wrong_pattern(struct compiler *c, struct json_value at);
/* Knows a document's schemas: its places, $id, anchors. The node of its root. */
int index_document(struct compiler *c, struct json_value root, struct cf_str uri,
		   enum schema_draft draft, struct snode **ret);
/* The node that `ref` leads to from a place in `from`. */
int index_resolve(struct compiler *c, struct resource *from, struct json_value ref,
		  struct snode **ret, struct cf_str *ret_fragment);
/* Queues a known or new place for compilation. */
int index_place(struct compiler *c, struct json_value at, struct resource *resource,
		struct snode **ret);
/* Fills a node that was indexed. */
int compile_node(struct compiler *c, struct snode *node);
/* The object rules of a node: names, patterns, dependencies. */
int compile_object_rules(struct compiler *c, struct snode *node);
/* A node's keyword, absent where its draft or vocabularies leave it out. */
struct json_value compile_keyword(const struct snode *node, const char *name, unsigned vocabulary,
				  unsigned drafts);
int compile_child(struct compiler *c, struct snode *node, struct json_value at, struct snode **ret);
int compile_list(struct compiler *c, struct snode *node, struct json_value at,
		 struct snode_list *ret);
/* SCHEMA where in-place rules lead back to their own place. */
int compile_find_cycles(struct compiler *c);
/* The compiled metaschema of that URI, of `set`. */
int compile_metaschema(struct schema_set *set, struct cf_str uri, struct schema **ret,
		       struct cf_error *error);
int compile_trusted(struct schema **ret, struct schema_set *set, struct json_value root,
		    struct cf_str uri, struct cf_error *error);

#endif
