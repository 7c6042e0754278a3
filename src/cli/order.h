/* Lines go out in the order of the input, also where a document had to wait: what
 * comes after it is held until its turn. */
#ifndef CLI_ORDER_H
#define CLI_ORDER_H

#include "cli/cli.h"

/* More than this is not held: what waits then comes out when it can. */
#define ORDER_BYTES_MAX ((size_t)64 << 20)

struct order_place;
struct order {
	struct cli *cli;
	struct order_place *first, *last;
	struct order_place *current; /* whose turn it is to print; NULL: the input's */
	size_t bytes;
	bool given_up; /* more would have to be held than is allowed */
	bool told;
};

void order_init(struct order *order, struct cli *cli);
void order_fini(struct order *order);
/* Prints a line, now or when its turn comes. 0, IO, NOMEM. */
int order_print(struct order *order, struct cf_str line, struct cf_error *error);
/* Keeps a place for the document at hand, which waits. The one that has a place
 * already keeps it. NOMEM. */
int order_wait(struct order *order, struct order_place **ret, struct cf_error *error);
/* From here to order_leave, what is printed goes to this place. */
void order_enter(struct order *order, struct order_place *place);
/* `done`: nothing more comes for it. 0, IO. */
int order_leave(struct order *order, bool done, struct cf_error *error);
/* Nothing more comes at all: prints what is held. 0, IO. */
int order_finish(struct order *order, struct cf_error *error);

#endif
