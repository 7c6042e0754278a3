/* One direction of a link, by itself. */
#include "sync/lineage/lineage.h"

int image_make(struct bench *bench, const struct lineage *lineage, const struct image *image,
	       struct cf_str **ret)
{
	const struct crossing *way = image->way;
	const struct json_value *documents = image->documents;
	size_t count = way->input_count + way->output_count;
	struct json_value *in = arena_calloc(&bench->arena, count, sizeof(*in));
	struct lens_args args = {.key = lineage->key_json,
				 .singleton = lineage->name.singleton,
				 .inputs = in,
				 .bases = in ? in + way->input_count : NULL};
	const struct lens_output *outputs;
	int rc;

	*ret = arena_calloc(&bench->arena, way->output_count + 1, sizeof(**ret));
	if (!in || !*ret)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < way->input_count; i++)
		in[i] = documents[way->inputs[i]];
	for (size_t i = 0; i < way->output_count; i++)
		in[way->input_count + i] = image->bare ? JSON_ABSENT : documents[way->outputs[i]];
	rc = lens_apply(bench->worker, way->program, &args, &outputs, NULL);
	for (size_t i = 0; i < way->output_count && rc == 0; i++) {
		if (!outputs[i].text.ptr)
			continue;
		(*ret)[i] = arena_dup(&bench->arena, outputs[i].text);
		rc = (*ret)[i].ptr ? 0 : CF_ERR_NOMEM;
		if (rc == 0)
			rc = bench_form(bench, (*ret)[i], &bench->arena, &(*ret)[i], NULL);
	}
	return rc;
}
