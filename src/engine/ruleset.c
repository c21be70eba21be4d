#include "engine/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/lineage.h"
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
	matcher_free(r->matcher);
	indicator_set_fini(&r->set);
	free(r->threat);
	free(r->by);
	free(r->benign_by);
	campaigns_fini(r);
	free(r->feeds);
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
		if ((err = rules_load_file(&r->set, c->rules.items[i], ps))) {
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

/* Names are numbered in the order of their ids, so that evidence which ties in
 * everything else is ordered alike whatever order the feeds were loaded in. */
static int by_id(const void *a, const void *b, void *arg)
{
	const struct indicator_set *s = arg;
	const struct indicator x = indicator_at(s, *(const uint32_t *)a);
	const struct indicator y = indicator_at(s, *(const uint32_t *)b);
	uint32_t n = x.id_len < y.id_len ? x.id_len : y.id_len;
	int d = memcmp(s->text + x.id, s->text + y.id, n);

	return d ? d : x.id_len < y.id_len ? -1 : x.id_len > y.id_len;
}

static uint32_t number_by(struct names *names, const char *prefix, const char *id, uint32_t len)
{
	char by[1024];
	int n = snprintf(by, sizeof(by), "%s:%.*s", prefix, (int)len, id);

	return names_by(names, by, (size_t)n < sizeof(by) ? (size_t)n : sizeof(by) - 1);
}

static uint32_t number_threat(struct ruleset *r, struct names *names, uint32_t i)
{
	static const uint8_t kinds[] = {[THREAT_CAMPAIGN] = NAME_CAMPAIGN,
					[THREAT_INDICATOR] = NAME_INDICATOR,
					[THREAT_RULE] = NAME_RULE};
	const struct threat at = threat_at(&r->set, i), *t = &at;

	return names_threat(names, kinds[t->kind], r->set.text + t->id, t->id_len,
			    r->set.text + t->name, t->name_len);
}

static int by_text(const void *a, const void *b)
{
	const struct campaign_name *x = a, *y = b;
	int d = strcasecmp(x->text, y->text);

	return d ? d : strcmp(x->id, y->id);
}

static bool add_campaign(struct ruleset *r, const struct names *names, uint32_t threat,
			 struct span text)
{
	struct campaign_name *c = &r->campaigns[r->campaign_count];
	char *copy = malloc((size_t)text.len + 1);

	if (!copy)
		return false;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	*c = (struct campaign_name){copy, names_threat_get(names, threat)->id, threat};
	r->campaign_count++;
	return true;
}

static int index_campaigns(struct ruleset *r, const struct names *names)
{
	const struct indicator_set *s = &r->set;

	r->campaigns = calloc(2 * (size_t)s->threat_count + 1, sizeof(*r->campaigns));
	if (!r->campaigns)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->threat_count; i++) {
		const struct threat at = threat_at(s, i), *t = &at;
		if (t->kind != THREAT_CAMPAIGN || !r->threat[i])
			continue;
		if (!add_campaign(r, names, r->threat[i], indicator_text(s, t->id, t->id_len)) ||
		    !add_campaign(r, names, r->threat[i], indicator_text(s, t->name, t->name_len)))
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

/*
 * A threat that goes on keeps its number, whichever indicator would name it now: else the
 * same campaign's evidence would lie under two. By number of the indicator.
 */
struct kept {
	uint32_t *threat; /* of an indicator that is a threat by itself; 0: of none */
	uint32_t count;
};

static int keep_threats(struct kept *k, const struct ruleset *before, const struct names *names)
{
	*k = (struct kept){.count = names_by_count(names) + 1};
	if (!before)
		return 0;
	k->threat = calloc(k->count, sizeof(*k->threat));
	for (uint32_t i = 0; k->threat && i < before->set.count; i++) {
		uint32_t threat = indicator_at(&before->set, i).threat;
		if (before->by[i] < k->count &&
		    threat_at(&before->set, threat).kind == THREAT_INDICATOR)
			k->threat[before->by[i]] = before->threat[threat];
	}
	return k->threat ? 0 : -ENOMEM;
}

/* The indicators in the order of their ids, each with its number. */
static int number_indicators(struct ruleset *r, struct names *names, uint32_t *order)
{
	const struct indicator_set *s = &r->set;

	for (uint32_t i = 0; i < s->count; i++)
		order[i] = i;
	qsort_r(order, s->count, sizeof(*order), by_id, &r->set);
	for (uint32_t k = 0; k < s->count; k++) {
		const struct indicator in = indicator_at(s, order[k]);
		r->by[order[k]] = number_by(names, in.rule ? "rule" : "indicator", s->text + in.id,
					    in.id_len);
	}
	return 0;
}

static void number_threats(struct ruleset *r, struct names *names, const uint32_t *order,
			   const struct kept *kept)
{
	const struct indicator_set *s = &r->set;

	for (uint32_t k = 0; kept->threat && k < s->count; k++) {
		uint32_t threat = indicator_at(s, order[k]).threat, by = r->by[order[k]];
		if (!r->threat[threat] && by < kept->count && kept->threat[by] &&
		    threat_at(s, threat).kind == THREAT_INDICATOR)
			r->threat[threat] = kept->threat[by];
	}
	for (uint32_t k = 0; k < s->count; k++) {
		uint32_t threat = indicator_at(s, order[k]).threat;
		if (!r->threat[threat])
			r->threat[threat] = number_threat(r, names, threat);
	}
}

/* What lies over a base goes on with its threats: of the id's campaign where only the base
 * has the relationship, else of who says the same atom. */
struct heir {
	const struct ruleset *base;
	uint32_t threat; /* number in names */
};

static bool inherit_atom(void *arg, uint32_t indicator)
{
	struct heir *h = arg;
	const struct indicator in = indicator_at(&h->base->set, indicator);

	if (threat_at(&h->base->set, in.threat).kind != THREAT_INDICATOR)
		return true;
	h->threat = h->base->threat[in.threat];
	return false;
}

static uint32_t inherited(const struct ruleset *r, const struct ruleset *base, uint32_t i)
{
	const struct indicator_set *s = &r->set, *b = &base->set;
	const struct indicator in = indicator_at(s, i);
	struct span id = indicator_text(s, in.id, in.id_len);
	struct heir h = {base, 0};

	if (threat_at(s, in.threat).kind != THREAT_INDICATOR)
		return 0;
	uint32_t was = indicator_set_find(b, NULL, id);
	if (was != INDICATOR_NONE) {
		uint32_t threat = indicator_at(b, was).threat;
		if (threat_at(b, threat).kind == THREAT_CAMPAIGN && indicator_set_related(b, id))
			return base->threat[threat];
	}
	if (in.conditions == 1) {
		const struct condition c = condition_at(s, in.first_condition);
		matcher_alone(base->matcher, s, &c, inherit_atom, &h);
	}
	return h.threat;
}

static void inherit_threats(struct ruleset *r, const struct ruleset *base)
{
	for (uint32_t i = 0; i < r->set.count; i++) {
		uint32_t *threat = &r->threat[indicator_at(&r->set, i).threat];
		uint32_t from = inherited(r, base, i);
		/* of several the smallest: any order of indicators will do */
		if (from && (*threat == 0 || from < *threat))
			*threat = from;
	}
}

/* over: the base that it lies over, or NULL. */
static int number_all(struct ruleset *r, const struct ruleset_order *o, const struct ruleset *over)
{
	const struct indicator_set *s = &r->set;
	uint32_t *order = malloc((s->count + 1) * sizeof(*order));
	struct kept kept = {0};
	int err = over ? 0 : keep_threats(&kept, o->before, o->names);

	r->threat = calloc(s->threat_count + 1, sizeof(*r->threat));
	r->by = calloc(s->count + 1, sizeof(*r->by));
	r->benign_by = calloc(s->benign_list_count + 1, sizeof(*r->benign_by));
	if (!order || !r->threat || !r->by || !r->benign_by)
		err = -ENOMEM;
	if (!err)
		err = number_indicators(r, o->names, order);
	if (!err && over)
		inherit_threats(r, over);
	if (!err)
		number_threats(r, o->names, order, &kept);
	free(order);
	free(kept.threat);
	for (uint32_t i = 0; !err && i < s->benign_list_count; i++)
		r->benign_by[i] = number_by(o->names, "benign", s->benign_lists[i].name,
					    (uint32_t)strlen(s->benign_lists[i].name));
	r->notification_by = names_by(o->names, "notification:campaign", 21);
	return err ? err : index_campaigns(r, o->names);
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
static int complete(struct ruleset *r, const struct ruleset_order *o, const struct ruleset *over)
{
	int err = indicator_set_finish(&r->set);

	if (!err)
		err = matcher_compile(&r->matcher, &r->set, o->problems);
	if (!err)
		err = number_all(r, o, over);
	if (!err)
		err = lineage_count(&r->feeds, &r->feeds_max, &r->set, r->threat, o->config);
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
		err = load_all(r, o->config, o->problems);
	for (uint32_t i = 0; i < count && !err; i++)
		err = indicator_set_join(&r->set, live[i]);
	return deliver(out, r, err ? err : complete(r, o, NULL));
}

int ruleset_fold(struct ruleset **out, const struct ruleset_order *o,
		 const struct indicator_set *live)
{
	struct ruleset *r = new_ruleset();
	int err = r ? indicator_set_copy(&r->set, &o->before->set) : -ENOMEM;

	if (!err)
		err = indicator_set_join(&r->set, live);
	return deliver(out, r, err ? err : complete(r, o, NULL));
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
	return deliver(out, r, complete(r, o, o->before));
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
