/* Differences between two manifests: types that come and go, and ranges of their versions,
 * compared as sets. */
#include "schema/differ.h"
#include "schema/range.h"

static const struct manifest_dependency *find_dependency(const struct manifest *m,
							 struct cf_str type)
{
	for (size_t i = 0; i < m->dependency_count; i++)
		if (str_equal(m->dependencies[i].type, type))
			return &m->dependencies[i];
	return NULL;
}

static struct cf_str dependency_pointer(struct differ *d, struct cf_str type)
{
	struct cf_buf pointer;
	struct cf_str copy = {"", 0};

	buf_init(&pointer, d->diff->arena.mem);
	(void)buf_str(&pointer, STR("/dependencies"));
	if (json_pointer_push(&pointer, type) ||
	    !(copy = arena_dup(&d->diff->arena, buf_view(&pointer))).ptr)
		d->rc = CF_ERR_NOMEM;
	buf_fini(&pointer);
	return copy;
}

static void tell_type(struct differ *d, struct cf_str type, unsigned breaks, const char *rule,
		      const char *what)
{
	differ_tell(d, NULL, breaks, rule, "%.*s%s", STR_ARG(type), what);
	if (d->rc == 0)
		d->diff->reasons[d->diff->reason_count - 1].pointer = dependency_pointer(d, type);
}

static unsigned breaks_of(const struct range_change *c, const char **ret_rule)
{
	if (c->disjoint || c->step_removed || c->step_added) {
		*ret_rule = "dependency-major";
		return (c->disjoint || c->step_removed ? BREAKS_BACKWARD : 0) |
		       (c->disjoint || c->step_added ? BREAKS_FORWARD : 0);
	}
	*ret_rule = c->minor        ? "dependency-minor"
		    : c->patch      ? "dependency-patch"
		    : c->prerelease ? "dependency-prerelease"
				    : "dependency-text";
	if (!c->patch && c->prerelease)
		return BREAKS_UNDECIDED;
	return c->minor ? BREAKS_FEATURE : 0;
}

/* What the change means, behind "t: ^1.0.0 became >=1.0.0". */
static void write_meaning(const struct range_change *c, struct cf_buf *out)
{
	if (c->disjoint) {
		buf_str(out, STR("; no version is in both"));
	} else if (c->step_added || c->step_removed) {
		buf_str(out, c->step_added ? STR("; this lets ") : STR("; this leaves out "));
		semver_format(&c->step, out);
		buf_str(out, c->step_added ? STR(" in") : STR(""));
	} else if (!c->patch) {
		buf_str(out, c->prerelease ? STR("; who can read its prereleases is open")
					   : STR(", which says the same"));
	}
}

static void diff_dependency(struct differ *d, const struct manifest_dependency *a,
			    const struct manifest_dependency *b)
{
	struct range_change change;
	struct cf_buf what;
	const char *rule;
	unsigned breaks;

	if (str_equal(a->range_text, b->range_text) || d->rc)
		return;
	d->rc = range_compare(&change, a->range, b->range, d->diff->arena.mem);
	if (d->rc)
		return;
	breaks = breaks_of(&change, &rule);
	buf_init(&what, d->diff->arena.mem);
	buf_printf(&what, ": %.*s became %.*s", STR_ARG(a->range_text), STR_ARG(b->range_text));
	write_meaning(&change, &what);
	if (buf_byte(&what, '\0'))
		d->rc = CF_ERR_NOMEM;
	else
		tell_type(d, b->type, breaks, rule, what.ptr);
	buf_fini(&what);
}

int manifest_diff(struct schema_diff *ret, const struct manifest *old_manifest,
		  const struct manifest *new_manifest, const struct cf_mem *mem,
		  struct cf_error *error)
{
	struct schema_diff diff = {.compatibility = SCHEMA_BACKWARD | SCHEMA_FORWARD};
	struct differ d = {.diff = &diff};

	arena_init(&diff.arena, mem);
	for (size_t i = 0; i < old_manifest->dependency_count; i++) {
		const struct manifest_dependency *a = &old_manifest->dependencies[i];
		const struct manifest_dependency *b = find_dependency(new_manifest, a->type);

		if (b)
			diff_dependency(&d, a, b);
		else
			tell_type(&d, a->type, BREAKS_BACKWARD, "type-removed", " is gone");
	}
	for (size_t i = 0; i < new_manifest->dependency_count; i++)
		if (!find_dependency(old_manifest, new_manifest->dependencies[i].type))
			tell_type(&d, new_manifest->dependencies[i].type, BREAKS_FEATURE,
				  "type-added", " is new");
	if (d.rc) {
		schema_diff_fini(&diff);
		return error_nomem(error);
	}
	*ret = diff;
	return 0;
}
