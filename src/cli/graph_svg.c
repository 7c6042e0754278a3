/* The picture of a catalog: a row for each type, a box for each major, a line for
 * each lens; dashed lines lead to parts. */
#include "cli/graph.h"

enum { LEFT = 170, TOP = 64, BOX = 120, HEIGHT = 48, STEP_X = 190, STEP_Y = 96 };

struct point {
	size_t x, y;
};

static struct point box_at(const struct catalog_major *major)
{
	size_t place = (size_t)(major - major->type->majors);

	return (struct point){LEFT + place * STEP_X, TOP + major->type->index * STEP_Y};
}

/* Types' names are free of quotes; the other signs of XML are escaped. */
static void write_escaped(struct cf_buf *out, struct cf_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		(void)buf_str(out, c == '<'   ? STR("&lt;")
				   : c == '>' ? STR("&gt;")
				   : c == '&' ? STR("&amp;")
					      : (struct cf_str){text.ptr + i, 1});
	}
}

static void draw_edge(struct cf_buf *out, const struct catalog_edge *edge)
{
	struct point from = box_at(edge->older[0]);
	size_t count = lens_newer(edge->lens).count;

	for (size_t i = 0; i < count; i++) {
		struct point to = box_at(edge->newer[i]);
		size_t x1 = from.x + BOX, y1 = from.y + HEIGHT / 2;
		size_t x2 = to.x, y2 = to.y + HEIGHT / 2;

		if (i == 0) {
			(void)buf_printf(out, "<path class=\"lens\" d=\"M%zu %zuL%zu %zu\"/>\n", x1,
					 y1, x2, y2);
			continue;
		}
		/* From the middle of the lens to the part's right side. */
		x1 = from.x + (BOX + STEP_X) / 2;
		x2 = to.x + BOX;
		(void)buf_printf(out,
				 "<path class=\"part\" d=\"M%zu %zuC%zu %zu %zu %zu %zu %zu\"/>\n",
				 x1, y1, x1, (y1 + y2) / 2, x1, y2, x2, y2);
	}
}

static void draw_major(struct cf_buf *out, const struct catalog_major *major)
{
	struct point at = box_at(major);
	const struct catalog_schema *newest = &major->schemas[major->schema_count - 1];

	(void)buf_printf(out,
			 "<rect class=\"%s\" x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" "
			 "rx=\"8\"/>\n<text class=\"major\" x=\"%zu\" y=\"%zu\">@%u</text>\n"
			 "<text class=\"version\" x=\"%zu\" y=\"%zu\">",
			 major->supported ? "on" : "off", at.x, at.y, BOX, HEIGHT, at.x + BOX / 2,
			 at.y + 21, major->major, at.x + BOX / 2, at.y + 38);
	write_escaped(out, newest->version_text);
	(void)buf_str(out, STR("</text>\n"));
}

static const char style[] =
	"<style>text{font-family:system-ui,sans-serif;fill:#1f2933}"
	".title{font-size:18px;font-weight:600}.type{font-size:15px}"
	".major{font-size:15px;font-weight:600;text-anchor:middle}"
	".version{font-size:11px;fill:#52606d;text-anchor:middle}"
	".on{fill:#e6f0ea;stroke:#2f6f4f;stroke-width:1.5}"
	".off{fill:#f5f5f5;stroke:#9aa5b1;stroke-dasharray:4 3}"
	".lens{stroke:#2f6f4f;stroke-width:2;fill:none}"
	".part{stroke:#b0762b;stroke-width:1.5;stroke-dasharray:5 4;fill:none}</style>\n";

void graph_svg(struct cf_buf *out, const struct catalog *catalog)
{
	const struct catalog_type *types;
	const struct catalog_edge *edges;
	size_t type_count = catalog_types(catalog, &types), majors = 1;
	size_t edge_count = catalog_edges(catalog, &edges);

	for (size_t i = 0; i < type_count; i++)
		if (types[i].major_count > majors)
			majors = types[i].major_count;
	(void)buf_printf(out,
			 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" "
			 "width=\"%zu\" height=\"%zu\">\n",
			 LEFT + (majors - 1) * STEP_X + BOX + 40, TOP + type_count * STEP_Y,
			 LEFT + (majors - 1) * STEP_X + BOX + 40, TOP + type_count * STEP_Y);
	(void)buf_str(out, str_of(style));
	(void)buf_str(out, STR("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
			       "<text class=\"title\" x=\"24\" y=\"36\">"));
	write_escaped(out, catalog_name(catalog));
	(void)buf_str(out, STR("</text>\n"));
	for (size_t i = 0; i < edge_count; i++)
		draw_edge(out, &edges[i]);
	for (size_t i = 0; i < type_count; i++) {
		(void)buf_printf(out, "<text class=\"type\" x=\"24\" y=\"%zu\">",
				 TOP + i * STEP_Y + HEIGHT / 2 + 5);
		write_escaped(out, types[i].name);
		(void)buf_str(out, STR("</text>\n"));
		for (size_t k = 0; k < types[i].major_count; k++)
			draw_major(out, &types[i].majors[k]);
	}
	(void)buf_str(out, STR("</svg>\n"));
}
