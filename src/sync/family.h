/* The registry: which documents hang together.
 *
 * A *family* is a set of types whose documents share a key because a lens splits
 * one into several of them. All documents of one family and one key, in all
 * supported versions, are a *lineage*. A *link* joins two neighbouring versions
 * of a type by the compiled lens between them; its places are slots of the
 * lineage. Parts that a lens shares between lineages (references) are slots
 * too, but their documents belong to a family of their own.
 */
#ifndef SYNC_FAMILY_H
#define SYNC_FAMILY_H

#include "catalog/catalog.h"
#include "sync/lineage/keyed.h"

/* One place of a lineage: a document of its own, or a shared part it refers to. */
struct slot_kind {
	const struct catalog_major *major;
	struct cf_str place;       /* "todo-item@2" */
	struct keyed_arrays keyed; /* arrays of the place that merge by element */
	uint64_t age; /* order of versions by age, also where they are of different types */
	bool shared;
	struct family *part_family;        /* shared: where the part's own lineage is */
	const struct lens_program *reader; /* shared: a program that takes it in */
	size_t holder;                     /* shared: the slot of the document that refers to it */
	size_t input;                      /* shared: the part's place among the inputs of reader */
};

/* One direction of a link: the program, and the slots of its inputs and outputs. */
struct crossing {
	const struct lens_program *program;
	size_t *inputs;
	size_t input_count;
	size_t *outputs;
	size_t output_count;
};

struct link {
	const struct catalog_type *type;
	uint32_t older_major, newer_major;
	struct crossing up, down;
};

struct family {
	const struct catalog_type *root; /* gives the lineage its name */
	struct slot_kind *slots;         /* own ones first, then shared ones */
	size_t slot_count;
	size_t own_count;
	struct link *links; /* in the order of an upward sweep */
	size_t link_count;
	bool is_part; /* other families refer to documents of this one */
};

/* Where a major stands in arrays of type count * LIMIT_MAJORS. */
static inline size_t major_index(const struct catalog_major *major)
{
	return major->type->index * LIMIT_MAJORS + (size_t)(major - major->type->majors);
}

struct registry {
	const struct catalog *catalog;
	const bool *retired; /* by major_index; NULL: none */
	struct family *families;
	size_t family_count;
	struct family **by_type; /* by catalog_type.index; NULL: no supported version */
	struct cf_arena arena;
};

/* CATALOG where two versions cannot reach each other, or the version is not in
 * the id (then only one version of a document could exist). */
int registry_init(struct registry *registry, const struct catalog *catalog, const bool *retired,
		  const struct cf_mem *mem, struct cf_error *error);
void registry_fini(struct registry *registry);

/* keyed_registry.c: fills slot_kind.keyed. 0 or NOMEM. */
int registry_find_keyed(struct registry *registry);

/* The lineage that a document belongs to. */
struct lineage_name {
	struct family *family;
	struct cf_str key;
	bool singleton;
	bool undecided; /* with UNKNOWN_TYPE: its members, or the state, may say it */
	const struct cf_error *refused; /* what a store said in this batch; NULL: nothing */
	int refusals;                   /* how often in this batch: refusal.c */
	bool asked;                     /* a person wants it looked at again */
};
/* Supported by the catalog, and not retired. */
bool registry_serves(const struct registry *registry, const struct catalog_major *major);
/* 0, UNKNOWN_TYPE (pass over) or UNSUPPORTED (list); then `ret` is filled, too, with
 * family NULL where no version of the type is served. */
int registry_find(const struct registry *registry, struct cf_str id, struct lineage_name *ret,
		  struct cf_error *error);
/* The same of a document whose id is undecided, by its members. */
int registry_find_document(const struct registry *registry, struct json_value document,
			   struct cf_str id, struct lineage_name *ret, struct cf_error *error);
/* The lineage of a key; its family may be NULL. */
void registry_name(const struct registry *registry, const struct catalog_major *major,
		   struct cf_str key, struct lineage_name *ret);
/* "todo-item/KEY"; a singleton's is "settings". What state records are named after. */
int lineage_label(const struct lineage_name *name, struct cf_buf *out);
/* The reverse of lineage_label. NOT_FOUND where it names none. */
int registry_parse_label(const struct registry *registry, struct cf_str label,
			 struct lineage_name *ret);

#endif
