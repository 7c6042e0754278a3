/* Which edits are judged: what people did, and what they said that still counts. */
#include "sync/lineage/settler.h"

/* What was said counts where it still stands, and somebody's app did not know it. */
static bool binds(const struct settler *s, const struct edit *said)
{
	return said->stood && said->agreement > s->seen_min;
}

int list_judged(struct settler *s)
{
	size_t max = 0, count = 0;

	for (size_t i = 0; i < s->source_count; i++)
		max = s->sources[i].edit_count > max ? s->sources[i].edit_count : max;
	s->edit_count = 0;
	for (size_t i = 0; i < s->source_count; i++)
		s->edit_count += s->sources[i].edit_count;
	s->judged = arena_alloc(&s->words, (s->edit_count + 1) * sizeof(*s->judged));
	s->gathered = arena_alloc(&s->words, (max + 1) * sizeof(*s->gathered));
	s->putting = arena_alloc(&s->arena, (s->source_count + 1) * sizeof(*s->putting));
	if (!s->judged || !s->gathered || !s->putting)
		return error_nomem(s->error);
	for (size_t n = s->source_count; n-- > 0;) {
		struct source *source = s->ranked[n];

		for (size_t i = 0; i < source->edit_count; i++) {
			struct edit *edit = &source->edits[i];

			edit->stands = edit->stood;
			edit->judged = edit->head == edit && !edit->pending &&
				       (source->kind == SETTLE_SIDE_EDIT || binds(s, edit));
			if (edit->judged)
				s->judged[count++] = edit;
		}
	}
	s->judged_count = count;
	return 0;
}
