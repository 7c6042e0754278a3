/* A limit on everything that somebody outside controls, each with its reason. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* One buffer. Offsets are 32 bits wide; a text of a gigabyte is a mistake. */
#define LIMIT_BUF_BYTES ((size_t)1 << 30)
/* One document. CouchDB's default is 8 MB; ours leaves room and keeps memory small. */
#define LIMIT_DOCUMENT_BYTES ((size_t)16 << 20)
/* Nested arrays and objects. Recursion over a document stays within a small stack. */
#define LIMIT_JSON_DEPTH 512
/* Values and names in one document: each takes 16 bytes of a tape, so no text takes more than
 * 64 MiB of it. */
#define LIMIT_JSON_NODES ((uint32_t)4 << 20)
/* What a tape remembers of shapes it has read: shapes, their bytes, and nodes of one.
 * Texts that never repeat a shape must cost little memory and time. */
#define LIMIT_SHAPES 32
#define LIMIT_SHAPES_BYTES ((size_t)256 << 10)
#define LIMIT_SHAPE_NODES 4096
/* Pieces of one plan: most have ten. A worker keeps 64 plans. */
#define LIMIT_PLAN_PIECES 512
/* Values in one YAML file after aliases are expanded: stops a "billion laughs". */
#define LIMIT_YAML_NODES 1000000
/* A catalog's file. Schemas of real products stay under a megabyte. */
#define LIMIT_FILE_BYTES ((size_t)16 << 20)
/* Ops in one lens file, and lenses in one chain. */
#define LIMIT_LENS_OPS 1000
#define LIMIT_LENS_CHAIN 64
/* One script call: bytes of its heap and steps of its interpreter. */
#define LIMIT_SCRIPT_BYTES ((size_t)16 << 20)
#define LIMIT_SCRIPT_STEPS 1000000
/* The same call's time of the processor, for what counting does not see, and the bytes of
 * its text, between whose loops and calls nothing can stop it. */
#define LIMIT_SCRIPT_MS 1500
#define LIMIT_SCRIPT_TEXT_BYTES 65536
/* Steps of all pattern matches in one validation (some 10 ns each), so that no input
 * hangs; one more for each byte that is looked at. */
#define LIMIT_PATTERN_STEPS 50000000
/* Schema applications nested while one document is validated ($ref recursion). */
#define LIMIT_SCHEMA_DEPTH 2048
/* Steps of one validation (a schema applied, a value compared; some 20 ns each): so many,
 * and so many more for each value of the document. Nested anyOf with references can
 * double the work at each level. */
#define LIMIT_SCHEMA_STEPS 50000000
#define LIMIT_SCHEMA_STEPS_PER_VALUE 16
/* Failures that are told of one document: the place of each takes a walk through it. */
#define LIMIT_SCHEMA_FAILURES 100
/* A document's id. CouchDB's documented advice is far less; URLs break at 8 KB. */
#define LIMIT_ID_BYTES 2048
/* Types in a catalog and majors of a type. */
#define LIMIT_TYPES 4096
#define LIMIT_MAJORS 64
/* A semantic version, as node-semver's MAX_LENGTH. */
#define LIMIT_SEMVER_BYTES 256

#endif
