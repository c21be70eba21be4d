#include "engine/ruleset_sigma.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/correlating.h"
#include "engine/own_profile.h"
#include "engine/shipped.h"
#include "ingest/ingest.h"

static struct sigma_placeholder *placeholders_of(const struct config *c)
{
	struct sigma_placeholder *list = calloc((size_t)c->placeholder_count + 1, sizeof(*list));

	for (uint32_t i = 0; list && i < c->placeholder_count; i++) {
		const struct config_placeholder *ph = &c->placeholders[i];
		list[i] = (struct sigma_placeholder){
			ph->name, (const char *const *)ph->values.items, ph->values.count};
	}
	return list;
}

static void destroy(struct ruleset_sigma *r)
{
	for (uint32_t i = 0; i < r->scratch_count; i++)
		sigma_scratch_free(r->scratch[i]);
	for (uint32_t i = 0; r->plan_scratch && i < r->scratch_count; i++)
		sigma_plan_scratch_fini(&r->plan_scratch[i]);
	free(r->scratch);
	free(r->plan_scratch);
	sigma_plan_free(r->plan);
	sigma_matcher_free(r->matcher);
	sigma_maps_free(r->maps);
	sigma_set_fini(&r->set);
	free(r->placeholders);
	free(r->threat);
	free(r->by);
	free(r->chain_threat);
	free(r->chain_by);
	free(r->chain_key);
	free(r->stated);
	free(r);
}

int ruleset_sigma_create(struct ruleset_sigma **out, const struct config *c)
{
	struct ruleset_sigma *r = calloc(1, sizeof(*r));
	int err = r ? sigma_set_init(&r->set) : -ENOMEM;

	if (!err && !(r->placeholders = placeholders_of(c)))
		err = -ENOMEM;
	if (err) {
		if (r)
			destroy(r);
		return err;
	}
	atomic_init(&r->references, 1);
	r->set.placeholders = r->placeholders;
	r->set.placeholder_count = c->placeholder_count;
	*out = r;
	return 0;
}

void ruleset_sigma_hold(struct ruleset_sigma *r)
{
	/* relaxed: whoever calls has a reference already */
	atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
}

void ruleset_sigma_put(struct ruleset_sigma *r)
{
	/* each release is seen by the acquire of who frees it */
	if (r && atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) == 1)
		destroy(r);
}

static bool has_yaml_name(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

/* malloc'd; one byte more than a rule file may have, so that too long is seen. */
static char *read_file(const char *path, size_t *len, int *err)
{
	char *text = malloc(SIGMA_FILE_BYTES_MAX + 1);
	FILE *f = fopen(path, "rbe");

	*err = !f ? -errno : !text ? -ENOMEM : 0;
	*len = *err ? 0 : fread(text, 1, SIGMA_FILE_BYTES_MAX + 1, f);
	if (!*err && ferror(f))
		*err = -EIO;
	if (f)
		fclose(f);
	return text;
}

static int load_file(struct ruleset_sigma *r, struct indicator_set *patterns, const char *path,
		     struct problems *ps)
{
	size_t len;
	int err;
	char *text = read_file(path, &len, &err);

	if (!err && (has_yaml_name(path) || sigma_is_yaml(text, len)))
		err = sigma_set_load(&r->set, path, text, len, ps);
	else if (!err)
		err = rules_load_file(patterns, path, ps);
	free(text);
	return err;
}

int ruleset_sigma_load(struct ruleset_sigma *r, struct indicator_set *patterns, const char *path,
		       struct problems *ps)
{
	struct input_list files = {0};
	struct stat st;
	char why[256];
	int err;

	if (stat(path, &st) != 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return load_file(r, patterns, path, ps);
	err = input_list_add(&files, path, NULL, why);
	input_list_sort(&files);
	for (uint32_t i = 0; i < files.count && !err; i++)
		if (has_yaml_name(files.items[i].path))
			err = load_file(r, patterns, files.items[i].path, ps);
	input_list_fini(&files);
	return err;
}

/* The folder that was configured, or the first of the usual ones that has a map. */
static int load_maps(struct ruleset_sigma *r, const struct config *c, struct problems *ps)
{
	struct shipped shipped;
	int err = -ENOENT;

	if (c->sigma_maps[0])
		err = sigma_maps_load_dir(r->maps, c->sigma_maps, ps);
	shipped_find(&shipped, "rules/fieldmaps/sigma");
	for (int i = 0; !c->sigma_maps[0] && err == -ENOENT && shipped.dirs[i]; i++)
		err = sigma_maps_load_dir(r->maps, shipped.dirs[i], ps);
	if (err == -ENOENT)
		problem_refuse(ps, "fieldmap", c->sigma_maps[0] ? c->sigma_maps : "sigma_maps", 0,
			       "no field maps for Sigma rules: no *.yaml there");
	return err == -ENOMEM ? err : 0;
}

static struct span word(const char *s)
{
	return (struct span){s, (uint32_t)strlen(s)};
}

/* What sources say of their logs; the routes are numbered by source. */
static struct sigma_logsource *stated_by(struct ruleset_sigma *r, const struct config *c,
					 uint32_t *count)
{
	const struct source_registry *s = &c->sources;
	struct sigma_logsource *list = calloc((size_t)s->count + 1, sizeof(*list));

	r->stated = calloc((size_t)s->count + 1, sizeof(*r->stated));
	*count = 0;
	for (uint32_t i = 0; list && r->stated && i < s->count; i++) {
		const struct source *x = &s->sources[i];
		r->stated[i] = SIGMA_NO_ROUTE;
		if (!x->product[0] && !x->category[0] && !x->service[0])
			continue;
		r->stated[i] = *count;
		list[(*count)++] = (struct sigma_logsource){word(x->product), word(x->category),
							    word(x->service)};
	}
	r->stated_count = s->count;
	return list;
}

static void number(struct names *names, const struct sigma_rule *rule, uint32_t wish,
		   uint32_t *threat, uint32_t *by)
{
	char text[SIGMA_ID_MAX + 8];
	int n = snprintf(text, sizeof(text), "rule:%s", rule->id.p);

	*by = names_by_at(names, text, (size_t)n, wish);
	*threat = names_threat(names, NAME_RULE, rule->id.p, rule->id.len, rule->title.p,
			       rule->title.len);
}

static int number_chain(struct ruleset_sigma *r, struct names *names, uint32_t first_by)
{
	const struct sigma_correlations *all = &r->set.chain;

	r->chain_threat = calloc((size_t)all->count + 1, sizeof(*r->chain_threat));
	r->chain_by = calloc((size_t)all->count + 1, sizeof(*r->chain_by));
	r->chain_key = calloc((size_t)all->count + 1, sizeof(*r->chain_key));
	if (!r->chain_threat || !r->chain_by || !r->chain_key)
		return -ENOMEM;
	for (uint32_t i = 0; i < all->count; i++) {
		number(names, &all->list[i].meta, first_by + i, &r->chain_threat[i],
		       &r->chain_by[i]);
		r->chain_key[i] = correlating_key(&all->list[i]);
	}
	return 0;
}

static int number_all(struct ruleset_sigma *r, struct names *names, uint32_t first_by)
{
	const struct sigma_set *s = &r->set;

	r->threat = calloc((size_t)s->count + 1, sizeof(*r->threat));
	r->by = calloc((size_t)s->count + 1, sizeof(*r->by));
	if (!r->threat || !r->by)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->count; i++)
		number(names, &s->rules[i], first_by + i, &r->threat[i], &r->by[i]);
	return number_chain(r, names, first_by + s->count);
}

static int make_scratch(struct ruleset_sigma *r, uint32_t workers)
{
	r->scratch = calloc((size_t)workers + 1, sizeof(*r->scratch));
	r->plan_scratch = calloc((size_t)workers + 1, sizeof(*r->plan_scratch));
	if (!r->scratch || !r->plan_scratch)
		return -ENOMEM;
	for (uint32_t i = 0; i < workers; i++) {
		r->scratch_count++;
		if (!(r->scratch[i] = sigma_scratch_create(r->matcher)) ||
		    sigma_plan_scratch_init(&r->plan_scratch[i], r->plan))
			return -ENOMEM;
	}
	return 0;
}

/* A correlation that names a profile which does not load is not judged by another. */
static void check_profiles(struct sigma_correlations *all, struct problems *ps)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < all->count; i++) {
		const struct sigma_correlation *c = &all->list[i];
		if (c->profile.len == 0 || own_profile_check(c->profile.p, ps))
			all->list[kept++] = *c;
		else
			problem_refuse(ps, "rule", c->meta.file, c->meta.line,
				       "the significance profile %.*s did not load",
				       (int)c->profile.len, c->profile.p);
	}
	all->count = kept;
}

int ruleset_sigma_finish(struct ruleset_sigma *r, const struct config *c, struct names *names,
			 uint32_t first_by, uint32_t workers, struct problems *ps)
{
	uint32_t count = 0;
	check_profiles(&r->set.chain, ps);
	int err = sigma_set_finish(&r->set, ps);

	if (err || r->set.count == 0)
		return err;
	r->maps = sigma_maps_create();
	struct sigma_logsource *stated = stated_by(r, c, &count);
	err = r->maps && stated && r->stated ? load_maps(r, c, ps) : -ENOMEM;
	if (!err)
		err = sigma_matcher_create(&r->matcher, &r->set, r->maps, stated, count);
	if (!err)
		err = sigma_plan_compile(&r->plan, r->matcher);
	free(stated);
	for (uint32_t i = 0; !err && i < r->set.count; i++)
		r->unrouted += !sigma_matcher_routed(r->matcher, i);
	if (!err)
		err = make_scratch(r, workers);
	return err ? err : number_all(r, names, first_by);
}
