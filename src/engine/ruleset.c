#include "engine/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ruleset_names.h"
#include "ingest/ingest.h"

bool ruleset_live_add(struct ruleset_live *l, const struct feed *feed, const void *p, size_t len)
{
	if (l->count == l->capacity) {
		uint32_t capacity = l->capacity ? l->capacity * 2 : 64;
		struct feed *feeds = realloc(l->feeds, capacity * sizeof(*feeds));
		if (feeds)
			l->feeds = feeds;
		char **payloads = realloc(l->payloads, capacity * sizeof(*payloads));
		if (payloads)
			l->payloads = payloads;
		size_t *lengths = realloc(l->lengths, capacity * sizeof(*lengths));
		if (lengths)
			l->lengths = lengths;
		if (!feeds || !payloads || !lengths)
			return false;
		l->capacity = capacity;
	}
	char *copy = malloc(len + 1);
	if (!copy)
		return false;
	memcpy(copy, p, len);
	copy[len] = '\0';
	l->feeds[l->count] = *feed;
	l->payloads[l->count] = copy;
	l->lengths[l->count++] = len;
	return true;
}

void ruleset_live_fini(struct ruleset_live *l)
{
	for (uint32_t i = 0; i < l->count; i++)
		free(l->payloads[i]);
	free(l->feeds);
	free(l->payloads);
	free(l->lengths);
	memset(l, 0, sizeof(*l));
}

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
	ruleset_names_fini(r);
	matcher_free(r->matcher);
	ruleset_sigma_fini(&r->sigma);
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

static int load_all(struct ruleset *r, const struct config *c, const struct ruleset_live *live,
		    struct problems *ps)
{
	int err = 0, worst = 0;

	for (uint32_t i = 0; i < c->feed_count; i++)
		if (c->feeds[i].path[0] && (err = load_feed(r, &c->feeds[i], ps)))
			worst = err;
	for (uint32_t i = 0; live && i < live->count; i++)
		if ((err = feed_load_bytes(&r->set, &live->feeds[i], live->payloads[i],
					   live->lengths[i], ps)) == -ENOMEM)
			worst = err;
	for (uint32_t i = 0; i < c->rules.count; i++)
		if ((err = ruleset_sigma_load(&r->sigma, &r->set, c->rules.items[i], ps))) {
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

int ruleset_build(struct ruleset **out, const struct config *c, const struct ruleset_live *live,
		  struct names *names, struct problems *ps)
{
	struct ruleset *r = calloc(1, sizeof(*r));
	int err = r ? indicator_set_init(&r->set) : -ENOMEM;

	if (!err)
		err = ruleset_sigma_init(&r->sigma, c);
	if (!err)
		err = load_all(r, c, live, ps);
	if (!err)
		err = indicator_set_finish(&r->set);
	if (!err)
		err = indicator_set_seal(&r->set);
	if (!err)
		err = matcher_compile(&r->matcher, &r->set, ps);
	if (!err)
		err = ruleset_names_init(r, names, c);
	if (!err)
		err = ruleset_sigma_finish(&r->sigma, c, names,
					   r->set.count + r->set.benign_list_count + 2, ps);
	if (!err)
		err = index_campaigns(r);
	if (err) {
		free_ruleset(r);
		return err;
	}
	*out = r;
	return 0;
}

void ruleset_holder_init(struct ruleset_holder *h)
{
	memset(h, 0, sizeof(*h));
	pthread_mutex_init(&h->lock, NULL);
}

void ruleset_holder_fini(struct ruleset_holder *h)
{
	free_ruleset(h->current);
	pthread_mutex_destroy(&h->lock);
}

void ruleset_publish(struct ruleset_holder *h, struct ruleset *r)
{
	pthread_mutex_lock(&h->lock);
	struct ruleset *old = h->current;
	r->generation = ++h->generations;
	h->current = r;
	bool idle = old && old->references == 0;
	pthread_mutex_unlock(&h->lock);
	if (idle)
		free_ruleset(old);
}

struct ruleset *ruleset_get(struct ruleset_holder *h)
{
	pthread_mutex_lock(&h->lock);
	struct ruleset *r = h->current;
	if (r)
		r->references++;
	pthread_mutex_unlock(&h->lock);
	return r;
}

void ruleset_put(struct ruleset_holder *h, struct ruleset *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&h->lock);
	bool last = --r->references == 0 && r != h->current;
	pthread_mutex_unlock(&h->lock);
	if (last)
		free_ruleset(r);
}
