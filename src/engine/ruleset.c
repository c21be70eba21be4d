#include "engine/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ruleset_names.h"
#include "ingest/ingest.h"
#include "match/indicator_join.h"

static void campaigns_fini(struct ruleset *r)
{
	for (uint32_t i = 0; i < r->campaign_count; i++)
		free(r->campaigns[i].text);
	free(r->campaigns);
}

static void free_ruleset(struct ruleset *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->scratch_count; i++)
		match_scratch_free(r->scratch[i]);
	free(r->scratch);
	free(r->linked);
	ruleset_names_fini(r);
	matcher_free(r->matcher);
	ruleset_sigma_put(r->sigma);
	indicator_set_fini(&r->set);
	campaigns_fini(r);
	free(r);
}

/* One feed: a file, or every file of a folder. */
static int load_feed(struct ruleset *r, const struct config_feed *cf, struct problems *ps)
{
	struct input_list files = {0};
	struct feed feed = {.tlp = cf->tlp, .pap = cf->pap, .severity = cf->severity};
	char why[256];
	uint32_t before = r->set.count;
	uint64_t aside = r->set.revoked + r->set.deleted + r->set.not_to_ids;

	int err = input_list_add(&files, cf->path, NULL, why);
	if (err) {
		problem_refuse(ps, "indicator", cf->path, 0, "cannot be read: %s", why);
		return -ENOENT;
	}
	input_list_sort(&files);
	snprintf(feed.name, sizeof(feed.name), "%s", cf->name);
	snprintf(feed.campaign, sizeof(feed.campaign), "%s", cf->campaign);
	for (uint32_t i = 0; i < files.count && !err; i++) {
		snprintf(feed.path, sizeof(feed.path), "%.511s", files.items[i].path);
		err = feed_load_file(&r->set, &feed, ps);
		if (err && err != -ENOMEM) {
			problem_refuse(ps, "indicator", feed.path, 0, "cannot be read: %s",
				       strerror(-err));
			err = -ENOENT;
		}
	}
	input_list_fini(&files);
	if (!err && r->set.count == before &&
	    r->set.revoked + r->set.deleted + r->set.not_to_ids == aside)
		problem_remark(ps, "indicator", cf->path, 0, "holds no indicator");
	return err;
}

static int load_all(struct ruleset *r, const struct config *c, struct problems *ps)
{
	int err = 0, worst = 0;

	for (uint32_t i = 0; i < c->feed_count; i++)
		if (c->feeds[i].path[0] && (err = load_feed(r, &c->feeds[i], ps)))
			worst = err;
	for (uint32_t i = 0; i < c->rules.count; i++)
		if ((err = ruleset_sigma_load(r->sigma, &r->set, c->rules.items[i], ps))) {
			problem_refuse(ps, "rule", c->rules.items[i], 0, "cannot be read: %s",
				       strerror(-err));
			worst = -ENOENT;
		}
	for (uint32_t i = 0; i < c->benign.count; i++)
		if ((err = benign_load(&r->set, c->benign.items[i], ps))) {
			problem_refuse(ps, "benign", c->benign.items[i], 0, "cannot be read: %s",
				       strerror(-err));
			worst = -ENOENT;
		}
	return worst;
}

static int by_text(const void *a, const void *b)
{
	const struct campaign_name *x = a, *y = b;
	int d = strcasecmp(x->text, y->text);

	return d ? d : strcmp(x->id, y->id);
}

static bool add_campaign(struct ruleset *r, uint32_t threat, struct span text)
{
	struct campaign_name *c = &r->campaigns[r->campaign_count];
	char *copy = malloc((size_t)text.len + 1);

	if (!copy)
		return false;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	*c = (struct campaign_name){copy, names_threat_get(r->names, threat)->id, threat};
	r->campaign_count++;
	return true;
}

static int index_campaigns(struct ruleset *r)
{
	const struct indicator_set *s = &r->set;

	r->campaigns = calloc(2 * (size_t)threats_whole(s) + 1, sizeof(*r->campaigns));
	if (!r->campaigns)
		return -ENOMEM;
	for (uint32_t i = 0; i < threats_whole(s); i++) {
		const struct threat *t = &s->threats[i];
		if (t->kind != THREAT_CAMPAIGN)
			continue;
		uint32_t number = ruleset_threat(r, i);
		if (!number)
			continue;
		if (!add_campaign(r, number, indicator_text(s, t->id, t->id_len)) ||
		    !add_campaign(r, number, indicator_text(s, t->name, t->name_len)))
			return -ENOMEM;
	}
	qsort(r->campaigns, r->campaign_count, sizeof(*r->campaigns), by_text);
	return 0;
}

uint32_t ruleset_campaign(const struct ruleset *r, const char *p, size_t len)
{
	uint32_t from = 0, to = r->campaign_count;

	while (from < to) { /* the first text that is not before p */
		uint32_t mid = from + (to - from) / 2;
		const char *text = r->campaigns[mid].text;
		int d = strncasecmp(text, p, len);
		if (d < 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == r->campaign_count || strlen(r->campaigns[from].text) != len ||
	    strncasecmp(r->campaigns[from].text, p, len) != 0)
		return 0;
	return r->campaigns[from].threat;
}

static int make_scratch(struct ruleset *r, uint32_t workers)
{
	r->scratch = calloc(workers, sizeof(*r->scratch));
	if (!r->scratch)
		return -ENOMEM;
	for (; r->scratch_count < workers; r->scratch_count++)
		if (match_scratch_init(&r->scratch[r->scratch_count], r->matcher))
			return -ENOMEM;
	return 0;
}

/* A set with everything in it, made ready. */
static int complete(struct ruleset *r, const struct ruleset_order *o, bool over)
{
	int err = indicator_set_finish(&r->set);

	if (!err && !over)
		err = indicator_set_linked(&r->set, &r->linked, &r->linked_count);
	if (!err && !over) /* what lies over it is small, and may be silenced */
		err = indicator_set_seal(&r->set);
	if (!err)
		err = matcher_compile(&r->matcher, &r->set, o->problems);
	if (!err)
		err = ruleset_names_init(r, o->names, o->config);
	if (!err && over)
		ruleset_inherit(r, o->before);
	else if (!err && o->before)
		ruleset_keep(r, o->before);
	if (!err && !over && o->before_more)
		ruleset_keep(r, o->before_more);
	if (!err)
		err = index_campaigns(r);
	return err || over ? err : make_scratch(r, o->workers);
}

static int deliver(struct ruleset **out, struct ruleset *r, int err)
{
	*out = err ? NULL : r;
	if (err)
		free_ruleset(r);
	return err;
}

static struct ruleset *new_ruleset(void)
{
	struct ruleset *r = calloc(1, sizeof(*r));

	if (r)
		atomic_init(&r->references, 1);
	return r;
}

int ruleset_build(struct ruleset **out, const struct ruleset_order *o,
		  const struct indicator_set *const *live, uint32_t count)
{
	struct ruleset *r = new_ruleset();
	int err = r ? indicator_set_init(&r->set) : -ENOMEM;

	if (!err)
		err = ruleset_sigma_create(&r->sigma, o->config);
	if (!err)
		err = load_all(r, o->config, o->problems);
	for (uint32_t i = 0; i < count && !err; i++)
		err = indicator_set_join(&r->set, live[i]);
	if (!err)
		err = complete(r, o, false);
	if (!err)
		err = ruleset_sigma_finish(r->sigma, o->config, o->names,
					   r->set.count + r->set.benign_list_count + 2, o->workers,
					   o->problems);
	return deliver(out, r, err);
}

int ruleset_fold(struct ruleset **out, const struct ruleset_order *o,
		 const struct indicator_set *live)
{
	struct ruleset *r = new_ruleset();
	int err = r ? indicator_set_thaw(&r->set, &o->before->set) : -ENOMEM;

	if (r) {
		r->sigma = o->before->sigma;
		ruleset_sigma_hold(r->sigma);
	}
	if (!err)
		err = indicator_set_join(&r->set, live);
	return deliver(out, r, err ? err : complete(r, o, false));
}

int ruleset_lay(struct ruleset **out, const struct ruleset_order *o, struct indicator_set *delta)
{
	struct ruleset *r = new_ruleset();

	if (!r) {
		indicator_set_fini(delta);
		*out = NULL;
		return -ENOMEM;
	}
	r->set = *delta;
	memset(delta, 0, sizeof(*delta));
	return deliver(out, r, complete(r, o, true));
}

void ruleset_hold(struct ruleset *r)
{
	/* relaxed: whoever calls has a reference already */
	atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
}

void ruleset_put(struct ruleset *r)
{
	/* each release is seen by the acquire of who frees it */
	if (r && atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) == 1)
		free_ruleset(r);
}
