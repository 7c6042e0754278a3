/* Values that nobody wrote. A document that a lens made holds defaults where the other
 * versions have nothing to say. Somebody may have made his own document with that id
 * meanwhile, and sent it later: what he says there was contested by nobody.
 */
#include "sync/leaves.h"

#include "sync/limits.h"

static bool touches(struct cf_str a, struct cf_str b)
{
	return str_equal(a, b) || pointer_lies_under(a, b) || pointer_lies_under(b, a);
}

/* Whether what is agreed there is what we made: no revision says something else, but
 * those that say nothing. */
static bool is_as_made(const struct base_slot *base, struct cf_str pointer)
{
	if (!base->made || base->known_count >= SYNC_KNOWN_MAX)
		return false;
	for (size_t i = 0; i < base->known_count; i++) {
		const struct atoms *diff = &base->known[i].diff;

		for (size_t k = 0; k < diff->count; k++)
			if (touches(diff->at[k].pointer, pointer) && diff->at[k].hash &&
			    diff->at[k].hash != atoms_hash_at(&base->agreed, diff->at[k].pointer))
				return false;
	}
	return true;
}

struct seeker {
	const struct lineage *lineage;
	const struct crossing *way;
	bool up;
	/* Of a shared part its key fields reach the reference, too: another part is
	 * referred to. All else would be an edit of what others share. */
	bool part_reached, own_reached;
};

static int seek(const struct lineage *lineage, size_t slot, struct cf_str pointer, bool up);

static int seek_traced(void *ctx, size_t output, struct cf_str pointer)
{
	struct seeker *seeker = ctx;
	size_t slot = seeker->way->outputs[output];

	if (seeker->lineage->slots[slot].kind->shared) {
		seeker->part_reached = true;
		return 0;
	}
	seeker->own_reached = true;
	if (!is_as_made(&seeker->lineage->base.slots[slot], pointer))
		return 1;
	return seek(seeker->lineage, slot, pointer, seeker->up);
}

/* 1: somebody may have written what feeds this place, or is fed by it, in the versions
 * that lie that way; 0: nobody did; NOMEM. */
static int seek(const struct lineage *lineage, size_t slot, struct cf_str pointer, bool up)
{
	const struct family *family = lineage->name.family;
	int rc = 0;

	for (size_t i = 0; i < family->link_count && rc == 0; i++) {
		struct seeker seeker = {.lineage = lineage, .up = up};

		seeker.way = up ? &family->links[i].up : &family->links[i].down;
		for (size_t k = 0; k < seeker.way->input_count && rc == 0; k++)
			if (seeker.way->inputs[k] == slot)
				rc = lens_trace(seeker.way->program, k, pointer, seek_traced,
						&seeker);
		if (rc == 0 && seeker.part_reached && !seeker.own_reached)
			rc = 1;
	}
	return rc;
}

int atom_is_invented(const struct lineage *lineage, size_t slot, struct cf_str pointer,
		     bool *ret_invented)
{
	int rc = !is_as_made(&lineage->base.slots[slot], pointer);

	if (rc == 0)
		rc = seek(lineage, slot, pointer, true);
	if (rc == 0)
		rc = seek(lineage, slot, pointer, false);
	*ret_invented = rc == 0;
	return rc < 0 ? rc : 0;
}
