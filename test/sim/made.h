/* Making a catalog: what made.c and links.c share. */
#ifndef SIM_MADE_H
#define SIM_MADE_H

#include "sim.h"

#include <stddef.h>

struct making {
	struct shape *shape;
	struct rng rng;
	size_t level; /* the version that is made now */
	unsigned names;
	struct cf_buf lens;
	char host[24];      /* an object that holds fields */
	char dropped[24];   /* the name of a field that is no longer there */
	char into[32];      /* the part that this link makes, or "" */
	bool boxed;         /* older versions hold a box */
	const char *latest; /* pointer of the field that the policy looks at; "": none */
	char dir[64];
};

/* A field with a name and a kind of its own. */
void made_view(struct making *making, struct view *ret);
/* Writes the ops of one link, and does to the level what they do. */
void made_link(struct making *making);

#endif
