/* A compiled schema, as the files of this room see it.
 *
 * Every place of a schema document that is a schema has one node, found by
 * document and tape index. Nodes are made by index.c (which also says to which
 * resource, the reach of one $id, a place belongs), filled by compile.c, and
 * never changed after schema_compile returned. */
#ifndef SCHEMA_NODE_H
#define SCHEMA_NODE_H

#include "schema/pattern.h"
#include "schema/schema.h"

enum schema_draft {
	DRAFT_07 = 1,
	DRAFT_2020 = 2,
};

enum schema_vocabulary {
	VOCABULARY_CORE = 1,
	VOCABULARY_APPLICATOR = 2,
	VOCABULARY_UNEVALUATED = 4,
	VOCABULARY_VALIDATION = 8,
	VOCABULARY_FORMAT_ANNOTATION = 16,
	VOCABULARY_FORMAT_ASSERTION = 32,
	VOCABULARY_CONTENT = 64,
	VOCABULARY_META_DATA = 128,
	VOCABULARY_ALL = 255 & ~32,
};

enum schema_format {
	FORMAT_NONE,
	FORMAT_DATE_TIME,
	FORMAT_DATE,
	FORMAT_TIME,
	FORMAT_DURATION,
	FORMAT_EMAIL,
	FORMAT_HOSTNAME,
	FORMAT_IPV4,
	FORMAT_IPV6,
	FORMAT_URI,
	FORMAT_URI_REFERENCE,
	FORMAT_UUID,
	FORMAT_JSON_POINTER,
	FORMAT_RELATIVE_JSON_POINTER,
	FORMAT_REGEX,
};

enum schema_format format_by_name(struct cf_str name);
const char *format_name(enum schema_format format);
/* `mem` is for format regex only. */
bool format_holds(enum schema_format format, struct cf_str decoded, const struct cf_mem *mem);

struct anchor {
	struct cf_str name;
	bool is_dynamic;
	struct snode *node;
	struct anchor *next;
};

/* What one $id reaches. */
struct resource {
	struct cf_str uri; /* absolute, without fragment */
	struct json_value root;
	enum schema_draft draft;
	unsigned vocabularies;
	struct anchor *anchors;
	struct resource *next;
};

struct snode_list {
	struct snode **items;
	uint32_t count;
};

/* A member that must be there where another is. */
struct name_need {
	uint32_t rule; /* its place in the table */
	bool old;      /* said by "dependencies" */
};
/* A name that an object's rules speak of. */
struct name_rule {
	struct cf_str name;
	uint16_t hash;
	struct snode *schema;        /* properties */
	struct snode *dependents[2]; /* of "dependencies", and of dependentSchemas */
	struct name_need *needs;     /* dependentRequired */
	uint32_t need_count;
	bool required;
};
struct name_table {
	struct name_rule *rules; /* in the schema's order: properties first */
	uint32_t count;
	uint32_t cap;
	uint32_t required_count;
	uint64_t *required; /* a bit for each rule */
	uint32_t *slots;    /* 1 + index into rules; 0: free. slot_mask + 1 of them */
	uint32_t slot_mask;
	bool has_dependencies;
};

struct pattern_rule {
	struct pattern *pattern;
	struct cf_str text;
	struct snode *schema;
};

#define SNODE_NO_LIMIT UINT32_MAX

struct snode {
	struct json_value at;
	struct resource *resource;
	bool queued;
	int8_t always; /* 1: `true`, -1: `false`, 0: an object */
	uint8_t visit; /* while cycles are looked for: 1 on the way, 2 done */
	bool has_object_rules;
	bool has_array_rules;
	bool has_in_place; /* rules that apply other schemas to the same value */
	bool unique_items;
	uint8_t types; /* 0: any */
	enum schema_format format;
	struct snode *ref;
	struct snode *dynamic_ref;
	struct cf_str dynamic_name; /* ptr NULL: dynamic_ref is as $ref */
	struct snode_list all_of, any_of, one_of;
	struct snode *not_schema, *if_schema, *then_schema, *else_schema;
	struct json_value values; /* enum */
	uint32_t *value_slots;    /* of a long enum, by hash: 1 + the node of a value */
	uint32_t value_mask;
	struct json_value constant;
	struct cf_str minimum, maximum, above, below, multiple; /* ptr NULL: none */
	uint32_t min_length, max_length;
	struct cf_str pattern_text;
	struct pattern *pattern;
	struct name_table *names;
	struct pattern_rule *patterns;
	uint32_t pattern_count;
	struct snode *additional, *property_names, *unevaluated_properties;
	uint32_t min_properties, max_properties;
	struct snode_list prefix;
	struct snode *items, *contains, *unevaluated_items;
	uint32_t min_items, max_items, min_contains, max_contains;
};

struct set_document {
	struct cf_str uri;
	struct json_value root;
	struct set_document *next;
};
struct set_metaschema {
	struct cf_str uri;
	struct schema *schema;
	struct set_metaschema *next;
};
struct schema_set {
	const struct cf_mem *mem;
	struct cf_arena arena;
	struct set_document *documents;
	struct set_metaschema *metaschemas; /* compiled when first asked for */
	struct json_doc *built_in;          /* likewise; one for each row of metaschema_rows */
};

/* The document of that URI (without fragment), absent where it is not known. */
int set_find(struct schema_set *set, struct cf_str uri, struct json_value *ret,
	     struct cf_error *error);

struct metaschema_row {
	const char *uri;
	const char *text;
};
extern const struct metaschema_row metaschema_rows[];
extern const size_t metaschema_row_count;

struct schema {
	const struct cf_mem *mem;
	struct cf_arena arena;
	struct schema_set *set;
	bool owns_set;
	unsigned flags;
	enum schema_draft draft;
	struct json_value root_value;
	struct snode *root;
	struct resource *resources;
	struct snode **slots; /* nodes by document and index */
	size_t slot_count;
	size_t node_count;
	struct snode **queue; /* nodes still to be compiled, then all nodes */
	size_t queue_count;
	size_t queue_cap;
};

/* NULL where that place is not known as a schema. */
struct snode *schema_node_find(const struct schema *schema, struct json_value at);
const struct name_rule *name_table_find(const struct name_table *table, struct json_value name);
/* By decoded name. */
const struct name_rule *name_table_get(const struct name_table *table, struct cf_str name);
/* 1 where the value is valid by that place of the schema, as if it began there; 0, LIMIT or
 * NOMEM. Takes its steps off *steps_left. */
int schema_node_holds(const struct schema *schema, const struct snode *node, struct json_value v,
		      uint64_t *steps_left);
/* The place of a node: "#/pointer" for the root's document, else with its URI before it. */
int schema_node_pointer(const struct schema *schema, const struct snode *node, struct cf_buf *out);

#endif
