/* Private to the command graph. */
#ifndef CLI_GRAPH_H
#define CLI_GRAPH_H

#include "catalog/catalog.h"
#include "cli/cli.h"

/* Draws types as rows, versions as boxes, lenses as lines. */
void graph_svg(struct cf_buf *out, const struct catalog *catalog);

#endif
