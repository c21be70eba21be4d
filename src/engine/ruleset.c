#include "engine/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ruleset_cache.h"
#include "engine/ruleset_names.h"
#include "ingest/ingest.h"
#include "match/indicator_join.h"
#include "match/match_cache.h"
#include "match/pattern_cache.h"

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

/* Patterns go to patterns, the rest to Sigma. */
static int load_rules(struct ruleset *r, struct indicator_set *patterns, const struct config *c,
		      struct problems *ps)
{
	int err = 0, worst = 0;

	for (uint32_t i = 0; i < c->rules.count; i++)
		if ((err = ruleset_sigma_load(r->sigma, patterns, c->rules.items[i], ps))) {
			problem_refuse(ps, "rule", c->rules.items[i], 0, "cannot be read: %s",
				       strerror(-err));
			worst = -ENOENT;
		}
	return worst;
}

static int load_all(struct ruleset *r, const struct config *c, struct problems *ps)
{
	int err = 0, worst = 0;

	for (uint32_t i = 0; i < c->feed_count; i++)
		if (c->feeds[i].path[0] && (err = load_feed(r, &c->feeds[i], ps)))
			worst = err;
	if ((err = load_rules(r, &r->set, c, ps)))
		worst = err;
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

/* A set with everything in it, compiled. */
static int compile(struct ruleset *r, const struct ruleset_order *o, bool over)
{
	int err = indicator_set_finish(&r->set);

	if (!err && !over)
		err = indicator_set_linked(&r->set, &r->linked, &r->linked_count);
	if (!err && !over) /* what lies over it is small, and may be silenced */
		err = indicator_set_seal(&r->set);
	return err ? err : matcher_compile(&r->matcher, &r->set, o->problems);
}

/* What is compiled, made ready. */
static int complete(struct ruleset *r, const struct ruleset_order *o, bool over)
{
	int err = ruleset_names_init(r, o->names, o->config);

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

static int load_and_compile(struct ruleset *r, const struct ruleset_order *o,
			    const struct indicator_set *const *live, uint32_t count, size_t *told)
{
	int err = indicator_set_init(&r->set);

	if (!err)
		err = load_all(r, o->config, o->problems);
	*told = o->problems ? o->problems->count : 0;
	for (uint32_t i = 0; i < count && !err; i++)
		err = indicator_set_join(&r->set, live[i]);
	return err ? err : compile(r, o, false);
}

/* The next start finds what this one made, if the files are still what they were before.
 * Of what was told, problems beyond the first thousands are only counted, and could not be
 * told again. */
static void keep(const struct ruleset *r, const struct ruleset_order *o, const char *path,
		 const struct cache_key *before, size_t first, size_t told)
{
	const struct cache_part linked = {r->linked, r->linked_count * sizeof(*r->linked)};
	struct cache_key now;
	bool settled;

	if (!(o->problems && o->problems->not_kept) &&
	    ruleset_cache_key(o->config, &now, &settled) && settled &&
	    memcmp(&now, before, sizeof(now)) == 0)
		match_cache_save(path, before, r->matcher, o->problems, first, told, &linked);
}

static int open_cache(struct ruleset *r, const struct ruleset_order *o, const char *path,
		      const struct cache_key *key)
{
	struct cache_part linked;
	int err = match_cache_open(path, key, &r->set, &r->matcher, o->problems, &linked);

	if (err)
		return err;
	r->linked = malloc(linked.bytes + 1);
	if (!r->linked)
		return -ENOMEM;
	if (linked.bytes)
		memcpy(r->linked, linked.p, linked.bytes);
	r->linked_count = (uint32_t)(linked.bytes / sizeof(*r->linked));
	/* its patterns are in the cache already; what is wrong with a rule is told here */
	struct indicator_set patterns;
	err = indicator_set_init(&patterns);
	if (!err)
		err = load_rules(r, &patterns, o->config, o->problems);
	indicator_set_fini(&patterns);
	return err;
}

static int find_or_compile(struct ruleset *r, const struct ruleset_order *o,
			   const struct indicator_set *const *live, uint32_t count)
{
	char path[CONFIG_TEXT_MAX + 64];
	const struct config *c = o->config;
	struct cache_key key;
	size_t first, told;
	bool settled, cached = ruleset_cache_path(c, path) && count == 0 &&
			       ruleset_cache_key(c, &key, &settled);

	pattern_cache_use(c->cache_dir[0] ? c->cache_dir : c->state_dir);
	if (cached) {
		int err = open_cache(r, o, path, &key);
		if (r->matcher || err == -ENOMEM)
			return err;
		if (err == -EPERM || err == -EBADMSG)
			problem_remark(o->problems, "config", path, 0, "%s; it is made anew",
				       err == -EPERM ? "others may write this cache, or it is no file"
						     : "the cache is damaged");
	}
	first = o->problems ? o->problems->count : 0;
	int err = load_and_compile(r, o, live, count, &told);
	if (!err && cached)
		keep(r, o, path, &key, first, told);
	return err;
}

#define FEED_LEAST 100 /* indicators below which a feed may come and go */

static uint64_t indicators_of(const struct ruleset *r, const char *feed)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < r->set.feed_count; i++)
		if (strcmp(r->set.feeds[i].name, feed) == 0)
			sum += r->set.feeds[i].indicators;
	return sum;
}

/* A feed that all but vanished overnight is more likely broken than clean: what is in force
 * stays. -ESTALE, told. */
static int compare_feeds(const struct ruleset *r, const struct ruleset_order *o)
{
	const struct config *c = o->config;
	int err = 0;

	for (uint32_t i = 0; i < c->feed_count && o->before && c->feed_loss_max < 100; i++) {
		const struct config_feed *f = &c->feeds[i];
		uint64_t had = indicators_of(o->before, f->name), has = indicators_of(r, f->name);
		if (!f->path[0] || had < FEED_LEAST || has * 100 >= had * (100 - c->feed_loss_max))
			continue;
		problem_refuse(o->problems, "indicator", f->path, 0,
			       "feed \"%s\" had %llu indicators and now has %llu, a loss of more than "
			       "feed_loss_max (%llu %%): what is in force stays",
			       f->name, (unsigned long long)had, (unsigned long long)has,
			       (unsigned long long)c->feed_loss_max);
		err = -ESTALE;
	}
	return err;
}

int ruleset_build(struct ruleset **out, const struct ruleset_order *o,
		  const struct indicator_set *const *live, uint32_t count)
{
	struct ruleset *r = new_ruleset();
	int err = r ? ruleset_sigma_create(&r->sigma, o->config) : -ENOMEM;

	if (!err)
		err = find_or_compile(r, o, live, count);
	if (!err)
		err = compare_feeds(r, o);
	if (!err)
		err = complete(r, o, false);
	if (!err)
		err = ruleset_sigma_finish(r->sigma, o->config, o->names,
					   r->set.count + r->set.benign_list_count + 2, o->workers,
					   o->problems);
	/* at start the rest is better than nothing; a reload has something better */
	if (!err && o->before && r->sigma->set.broken)
		err = -EINVAL;
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
	if (!err)
		err = compile(r, o, false);
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
	int err = compile(r, o, true);
	return deliver(out, r, err ? err : complete(r, o, true));
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
