#include "engine/intel.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine_priv.h"
#include "engine/overlay.h"
#include "engine/silence.h"
#include "match/indicator_join.h"

#define FOLD_SHARE    4	 /* folding takes at most a fifth of the time */
#define REASONS_SHOWN 20 /* of what was refused, at once */

struct news {
	struct news *next;
	enum intel_kind kind;
	struct feed feed;
	struct feed_sighting said;
	struct feed_message message; /* its texts lie behind the struct */
	uint64_t arrived_ns;
};

struct intel {
	struct engine *e;
	bool started;
	pthread_t reader, folder;

	pthread_mutex_t lock; /* all down to counts */
	pthread_cond_t changed;
	struct news *first, **last;
	uint32_t waiting;
	uint64_t added, taken; /* messages, ever */
	bool stop, fold_due;
	struct intel_counts counts;

	/* Lock order: build, sets, then lock or the holder's. */
	pthread_mutex_t build; /* one ruleset is built at a time */
	pthread_mutex_t sets;  /* what follows; the generation in force changes under it alone */
	struct indicator_set all;     /* joined by folds */
	struct indicator_set folding; /* being folded */
	struct indicator_set recent;  /* since then */
	bool is_folding;
	struct silence *silence;
	uint64_t fold_took_ns; /* under build */
};

int intel_init(struct intel **out, struct engine *e)
{
	struct intel *in = calloc(1, sizeof(*in));

	*out = in;
	if (!in)
		return -ENOMEM;
	in->e = e;
	in->last = &in->first;
	pthread_mutex_init(&in->lock, NULL);
	pthread_mutex_init(&in->build, NULL);
	pthread_mutex_init(&in->sets, NULL);
	pthread_cond_init(&in->changed, NULL);
	int err = silence_init(&in->silence, (uint32_t)e->config->feedback_quorum);
	if (!err)
		err = indicator_set_init(&in->all);
	if (!err)
		err = indicator_set_init(&in->recent);
	return err;
}

static void drop_news(struct news *n)
{
	for (struct news *next; n; n = next) {
		next = n->next;
		free(n);
	}
}

void intel_fini(struct intel *in)
{
	if (!in)
		return;
	intel_stop(in);
	drop_news(in->first);
	silence_fini(in->silence);
	indicator_set_fini(&in->all);
	indicator_set_fini(&in->recent);
	indicator_set_fini(&in->folding);
	pthread_mutex_destroy(&in->lock);
	pthread_mutex_destroy(&in->build);
	pthread_mutex_destroy(&in->sets);
	pthread_cond_destroy(&in->changed);
	free(in);
}

/* --- what lies over the ruleset in force -------------------------------------------------- */

static struct ruleset_order order_of(struct intel *in, const struct ruleset *before,
				     struct problems *ps)
{
	return (struct ruleset_order){.config = in->e->lists,
				      .names = in->e->names,
				      .before = before,
				      .workers = in->e->worker_count,
				      .watch = in->e->retro != NULL,
				      .problems = ps};
}

/* A generation of base (its reference is taken over) and what has arrived since. @locks sets */
static int lay(struct intel *in, struct ruleset *base, uint64_t arrived_ns, struct problems *ps)
{
	const struct indicator_set *sets[2] = {&in->recent};
	struct ruleset_order o = order_of(in, base, ps);
	struct generation *g;
	uint32_t n = 1;

	if (in->is_folding)
		sets[n++] = &in->folding;
	uint64_t silenced;
	int err = overlay_build(&g, &o, base, sets, n, in->silence, &silenced);
	if (err)
		return err;
	pthread_mutex_lock(&in->lock);
	in->counts.silenced = silenced;
	pthread_mutex_unlock(&in->lock);
	g->arrived_ns = arrived_ns;
	if (in->e->retro) /* what is published now has the next number: the sets are locked */
		retro_gather(in->e->retro, g, in->e->rules.published + 1);
	generation_publish(&in->e->rules, g);
	return 0;
}

/* The base in force, with a reference of the caller's; NULL before the first. more: the
 * same for what lies over it; may be NULL. */
static struct ruleset *hold_base(struct intel *in, struct ruleset **more)
{
	struct generation *g = generation_get(&in->e->rules);
	struct ruleset *base = g ? g->base : NULL;

	if (base)
		ruleset_hold(base);
	if (more && (*more = g ? g->more : NULL))
		ruleset_hold(*more);
	generation_put(&in->e->rules, g);
	return base;
}

/* --- reading ------------------------------------------------------------------------------- */

/* Whether a list of names, separated by commas, holds this one. */
static bool is_named(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; *p && len; p += strcspn(p, ","), p += *p == ',') {
		p += strspn(p, " ");
		if (strncmp(p, name, len) == 0 && strchr(", ", p[len]))
			return true;
	}
	return false;
}

static void hear(struct intel *in, const struct news *n, const struct feed_sighting *said)
{
	struct feed_sighting s = *said;
	bool decisive = n->kind == INTEL_SAID || is_named(in->e->config->feedback_desk, s.source);

	/* organisations are numbered by the instance that the topic belongs to */
	if (n->kind != INTEL_SAID)
		snprintf(s.by, sizeof(s.by), "%.40s/%.80s", n->feed.name, said->by);
	silence_hear(in->silence, &s, decisive);
}

/* The broker's time has milliseconds; what comes later under a key within one is newer. */
static int64_t version_of(const struct intel *in, const struct news *n)
{
	const struct indicator_set *sets[] = {&in->recent, &in->folding, &in->all};
	int64_t version = n->message.version;

	for (int i = 0; i < 3; i++) {
		if (i == 1 && !in->is_folding)
			continue;
		int64_t a = indicator_set_modified(sets[i], NULL, n->message.key);
		int64_t b = indicator_set_modified(sets[i], &n->feed, n->message.key);
		int64_t known = a > b ? a : b;
		if (known >= version && known - version < 1000)
			version = known + 1;
	}
	return version;
}

/* @locks sets */
static int read_one(struct intel *in, const struct news *n, struct problems *ps)
{
	struct feed_sighting said;
	int err = 0;

	switch (n->kind) {
	case INTEL_SAID:
		hear(in, n, &n->said);
		break;
	case INTEL_WITHDRAW:
		err = indicator_set_withdraw(&in->recent, NULL, n->message.key, n->message.version);
		if (!err)
			err = indicator_set_withdraw(&in->recent, &n->feed, n->message.key,
						     n->message.version);
		break;
	case INTEL_MESSAGE:
		if (!feed_sighting_read(n->message.payload, &said)) {
			struct feed_message m = n->message;
			m.version = m.key.len ? version_of(in, n) : 0;
			return feed_message_load(&in->recent, &n->feed, &m, ps);
		}
		hear(in, n, &said);
		/* who may withdraw a candidate says it there as well */
		if (!inbox_add(&in->e->feedback.arrived, n->message.payload.p, n->message.payload.len))
			err = -ENOMEM;
	}
	return err;
}

static void tell(const struct problems *ps)
{
	uint32_t shown = 0;

	for (size_t i = 0; i < ps->count; i++)
		if (ps->items[i].fatal && shown++ < REASONS_SHOWN)
			log_warning("%s:%u: %s", ps->items[i].file, ps->items[i].line,
				    ps->items[i].reason);
	if (shown > REASONS_SHOWN)
		log_warning("%u more entries were refused", shown - REASONS_SHOWN);
}

static bool fold_is_due(struct intel *in, const struct ruleset *base)
{
	return indicator_set_versions(&in->recent) >= in->e->config->live_fold ||
	       indicator_set_waits(&in->recent, &base->set);
}

static struct news *take_all(struct intel *in, uint32_t *count)
{
	pthread_mutex_lock(&in->lock);
	struct news *n = in->first;
	in->first = NULL;
	in->last = &in->first;
	*count = in->waiting;
	pthread_mutex_unlock(&in->lock);
	return n;
}

static void taken(struct intel *in, uint32_t count, uint64_t refused, bool fold_due)
{
	pthread_mutex_lock(&in->lock);
	in->waiting -= count;
	in->taken += count;
	in->counts.messages += count;
	in->counts.refused += refused;
	in->fold_due |= fold_due;
	pthread_cond_broadcast(&in->changed);
	pthread_mutex_unlock(&in->lock);
}

/* Takes in what has arrived. */
static void take_in(struct intel *in)
{
	struct problems ps;
	uint32_t count;
	struct news *news = take_all(in, &count);
	int err = 0;

	if (!news)
		return;
	problems_init(&ps);
	pthread_mutex_lock(&in->sets);
	for (const struct news *n = news; n; n = n->next) {
		int rc = read_one(in, n, &ps);
		if (rc)
			problem_refuse(&ps, "indicator", n->feed.path, 0, "%s", strerror(-rc));
	}
	struct ruleset *base = hold_base(in, NULL);
	bool due = base && fold_is_due(in, base);
	if (base)
		err = lay(in, base, news->arrived_ns, &ps);
	pthread_mutex_unlock(&in->sets);
	if (err)
		log_error("indicators that arrived are not in force: %s; the old generation stays",
			  strerror(-err));
	tell(&ps);
	taken(in, count, ps.refused, due);
	problems_fini(&ps);
	drop_news(news);
}

static void *reader_thread(void *arg)
{
	struct intel *in = arg;

	pthread_setname_np(pthread_self(), "tocsin-intel");
	for (;;) {
		pthread_mutex_lock(&in->lock);
		while (!in->first && !in->stop)
			pthread_cond_wait(&in->changed, &in->lock);
		bool stop = in->stop;
		pthread_mutex_unlock(&in->lock);
		if (stop)
			return NULL;
		take_in(in);
		generation_reap(&in->e->rules);
	}
}

/* --- folding ------------------------------------------------------------------------------- */

/* Parts off what has arrived, to be folded. False: nothing has. @locks build */
static bool begin_fold(struct intel *in, struct ruleset **base, struct ruleset **more)
{
	pthread_mutex_lock(&in->sets);
	*base = hold_base(in, more);
	bool any = *base && indicator_set_versions(&in->recent) > 0;
	if (any) {
		struct indicator_set fresh;
		any = indicator_set_init(&fresh) == 0;
		if (any) {
			in->folding = in->recent;
			in->recent = fresh;
			in->is_folding = true;
		}
	}
	pthread_mutex_unlock(&in->sets);
	return any;
}

/* What was parted off is in all from now on, and in the ruleset unless that failed. */
static int end_fold(struct intel *in, struct ruleset *r, struct problems *ps)
{
	struct indicator_set all;
	int err = indicator_set_copy(&all, &in->all);

	if (!err) {
		err = indicator_set_join(&all, &in->folding);
		if (!err)
			err = indicator_set_finish(&all);
		if (err)
			indicator_set_fini(&all);
	}
	pthread_mutex_lock(&in->sets);
	if (err || !r) { /* as if nothing had been done */
		ruleset_put(r);
		int back = indicator_set_join(&in->recent, &in->folding);
		err = err ? err : back;
	} else {
		indicator_set_fini(&in->all);
		in->all = all;
	}
	indicator_set_fini(&in->folding);
	in->is_folding = false;
	if (r && !err)
		err = lay(in, r, 0, ps);
	pthread_mutex_unlock(&in->sets);
	return err;
}

int intel_fold(struct intel *in)
{
	struct problems ps;
	struct ruleset *base, *more, *r = NULL;
	uint64_t from = clock_monotonic_ns();
	int err = 0;

	problems_init(&ps);
	pthread_mutex_lock(&in->build);
	if (begin_fold(in, &base, &more)) {
		struct ruleset_order o = order_of(in, base, &ps);
		o.before_more = more;
		err = ruleset_fold(&r, &o, &in->folding);
		int rc = end_fold(in, r, &ps);
		err = err ? err : rc;
		in->fold_took_ns = clock_monotonic_ns() - from;
		pthread_mutex_lock(&in->lock);
		in->counts.folds += !err;
		in->counts.fold_ms_last = in->fold_took_ns / 1000000;
		pthread_mutex_unlock(&in->lock);
	}
	ruleset_put(more);
	ruleset_put(base);
	pthread_mutex_unlock(&in->build);
	problems_fini(&ps);
	return err;
}

/* Until folding has taken no more than its share of the time. */
static void rest(struct intel *in)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	uint64_t ns = (uint64_t)until.tv_nsec + FOLD_SHARE * in->fold_took_ns;
	until.tv_sec += (time_t)(ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	pthread_mutex_lock(&in->lock);
	while (!in->stop && pthread_cond_timedwait(&in->changed, &in->lock, &until) == 0)
		;
	pthread_mutex_unlock(&in->lock);
}

static void *folder_thread(void *arg)
{
	struct intel *in = arg;

	pthread_setname_np(pthread_self(), "tocsin-fold");
	for (;;) {
		pthread_mutex_lock(&in->lock);
		while (!in->fold_due && !in->stop)
			pthread_cond_wait(&in->changed, &in->lock);
		bool stop = in->stop;
		in->fold_due = false;
		pthread_mutex_unlock(&in->lock);
		if (stop)
			return NULL;
		int err = intel_fold(in);
		if (err)
			log_error("what has arrived could not be folded in: %s; it stays beside",
				  strerror(-err));
		rest(in);
	}
}

int intel_rebuild(struct intel *in, const struct config *c, struct problems *ps)
{
	struct ruleset *before, *more, *r = NULL;

	pthread_mutex_lock(&in->build);
	before = hold_base(in, &more);
	/* nothing folds meanwhile, so these two stay; what arrives is laid over */
	const struct indicator_set *live[] = {&in->all};
	struct ruleset_order o = order_of(in, before, ps);
	o.config = c;
	o.before_more = more;
	int err = ruleset_build(&r, &o, live, 1);
	if (!err) {
		pthread_mutex_lock(&in->sets);
		const struct config *old = in->e->lists;
		in->e->lists = c;
		err = lay(in, r, 0, ps);
		if (err)
			in->e->lists = old;
		pthread_mutex_unlock(&in->sets);
	}
	ruleset_put(more);
	ruleset_put(before);
	pthread_mutex_unlock(&in->build);
	return err;
}

/* --- arrival ------------------------------------------------------------------------------- */

int intel_start(struct intel *in)
{
	int err = -pthread_create(&in->reader, NULL, reader_thread, in);

	if (err)
		return err;
	err = -pthread_create(&in->folder, NULL, folder_thread, in);
	in->started = true;
	if (err) {
		in->folder = in->reader;
		intel_stop(in);
	}
	return err;
}

void intel_stop(struct intel *in)
{
	if (!in->started)
		return;
	pthread_mutex_lock(&in->lock);
	in->stop = true;
	pthread_cond_broadcast(&in->changed);
	pthread_mutex_unlock(&in->lock);
	pthread_join(in->reader, NULL);
	if (!pthread_equal(in->folder, in->reader))
		pthread_join(in->folder, NULL);
	in->started = false;
}

static struct span keep(char **at, struct span s)
{
	if (!s.p)
		return s;
	memcpy(*at, s.p, s.len);
	struct span kept = {*at, s.len};
	*at += s.len;
	return kept;
}

bool intel_add(struct intel *in, const struct intel_news *what)
{
	const struct feed_message *m = &what->message;
	struct news *n = malloc(sizeof(*n) + m->key.len + m->payload.len);

	if (!n)
		return false;
	memset(n, 0, sizeof(*n));
	char *at = (char *)(n + 1);
	n->kind = what->kind;
	n->feed = *what->feed;
	n->message = (struct feed_message){keep(&at, m->key), keep(&at, m->payload), m->version};
	if (what->said)
		n->said = *what->said;
	n->arrived_ns = clock_monotonic_ns();
	pthread_mutex_lock(&in->lock);
	while (in->started && in->waiting >= INTEL_WAITING_MAX && !in->stop)
		pthread_cond_wait(&in->changed, &in->lock);
	*in->last = n;
	in->last = &n->next;
	in->waiting++;
	in->added++;
	pthread_cond_broadcast(&in->changed);
	pthread_mutex_unlock(&in->lock);
	if (!in->started)
		take_in(in);
	return true;
}

bool intel_pending(struct intel *in)
{
	pthread_mutex_lock(&in->lock);
	bool pending = in->waiting > 0;
	pthread_mutex_unlock(&in->lock);
	return pending;
}

bool intel_wait(struct intel *in, uint32_t timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&in->lock);
	uint64_t want = in->added;
	int rc = 0;
	while (in->taken < want && rc == 0)
		rc = pthread_cond_timedwait(&in->changed, &in->lock, &until);
	bool done = in->taken >= want;
	pthread_mutex_unlock(&in->lock);
	return done;
}

void intel_counts(struct intel *in, struct intel_counts *out)
{
	pthread_mutex_lock(&in->lock);
	*out = in->counts;
	out->waiting = in->waiting;
	pthread_mutex_unlock(&in->lock);
}
