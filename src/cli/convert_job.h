/* Private to convert: documents on their way through a catalog. */
#ifndef CLI_CONVERT_JOB_H
#define CLI_CONVERT_JOB_H

#include "cli/gather.h"
#include "cli/order.h"
#include "cli/targets.h"

/* Whether other documents need those of a major. */
enum convert_part { NO_PART, PART_OF_MANY, PART_OF_ONE };

struct convert_job {
	struct cli *cli;
	struct catalog *catalog;
	struct cli_targets to, from;
	enum convert_part *parts; /* by type index * LIMIT_MAJORS + place of the major */
	bool *brings;             /* the same: it becomes one that others need */
	struct lens_worker *worker, *part_worker;
	struct gather gather;
	struct order order;
	bool waits;      /* the document at hand */
	bool pass;       /* what is not converted comes out as it stands */
	bool validates;  /* all of it */
	bool unreadable; /* the rest of the input */
	struct json_doc doc, part_docs[LIMIT_LENS_CHAIN], made_doc;
	const struct cli_lines *lines;
	struct cf_arena arena;
	struct cf_buf id;
	struct catalog_hints hints; /* what other documents said they are */
	struct cf_buf last_part;    /* shared, and written */
	struct cf_buf tombstone;
	uint64_t passed_over, findings, incomplete;
};

/* The place of a major in parts and brings. */
size_t convert_major_index(const struct catalog_major *major);
/* What makes of a part the one of a needed major; NULL: it need not or cannot be made. */
const struct lens_program *convert_bringing(const struct convert_job *job,
					    const struct catalog_type *type, uint32_t from,
					    const struct catalog_major *needed);
/* What is wrong with one document: it is reported, and the rest goes on. */
bool convert_is_finding(int rc, const struct cf_error *error);
/* Converts and prints a document, keeps it until its parts have come, or passes over it. An
 * error of class INPUT is its own. */
int convert_take(struct convert_job *job, struct cf_str line, struct cf_error *error);

#endif
