/* The public C API (include/tocsin/tocsin.h) over the engine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine_priv.h"
#include "tocsin/tocsin.h"

struct tocsin_config {
	struct config config;
	struct problems problems;
	char error[512];
};

/* A source's half-filled batch. */
struct feeder {
	pthread_mutex_t lock;
	struct batch *open;
};

struct tocsin {
	struct tocsin_config *c;
	struct engine *e;
	pthread_mutex_t lock;	    /* sources, judging */
	pthread_rwlock_t feeding;   /* read: feed; write: flush, finish */
	struct feeder *feeders;	    /* SOURCES_MAX */
	pthread_mutex_t held_lock;
	uint32_t held;		    /* half-filled batches, under held_lock */
	bool finished;		    /* under feeding */
	struct text line;	    /* under lock */
	tocsin_candidate_fn *fn;    /* under lock, during a call */
	void *arg;
	int said;
};

static _Thread_local char last_error[512];

const char *tocsin_version(void)
{
	return TOCSIN_VERSION;
}

struct tocsin_config *tocsin_config_create(void)
{
	struct tocsin_config *c = calloc(1, sizeof(*c));

	if (c && config_init(&c->config) == 0) {
		problems_init(&c->problems);
		return c;
	}
	free(c);
	return NULL;
}

void tocsin_config_destroy(struct tocsin_config *c)
{
	if (!c)
		return;
	problems_fini(&c->problems);
	config_fini(&c->config);
	free(c);
}

/* The last refusal becomes the sentence. */
static int told(struct tocsin_config *c, bool ok)
{
	c->error[0] = '\0';
	if (ok)
		return 0;
	for (size_t i = c->problems.count; i-- > 0;) {
		const struct problem *pr = &c->problems.items[i];
		if (!pr->fatal)
			continue;
		snprintf(c->error, sizeof(c->error), "%.150s:%u: %.300s", pr->file, pr->line,
			 pr->reason);
		break;
	}
	return -EINVAL;
}

int tocsin_config_load(struct tocsin_config *c, const char *path)
{
	return told(c, config_load(&c->config, path, &c->problems));
}

int tocsin_config_set(struct tocsin_config *c, const char *name, const char *value)
{
	char assignment[CONFIG_TEXT_MAX + 64];

	if (snprintf(assignment, sizeof(assignment), "%s=%s", name, value) >=
	    (int)sizeof(assignment)) {
		snprintf(c->error, sizeof(c->error), "%.60s: longer than %d bytes", name,
			 CONFIG_TEXT_MAX - 1);
		return -EINVAL;
	}
	return told(c, config_set(&c->config, assignment, &c->problems));
}

int tocsin_config_indicators(struct tocsin_config *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct config_feed *f = config_feed_add(&c->config, slash && slash[1] ? slash + 1 : path);

	if (!f || strlen(path) >= sizeof(f->path))
		return -ENOMEM;
	snprintf(f->path, sizeof(f->path), "%s", path);
	return 0;
}

int tocsin_config_benign(struct tocsin_config *c, const char *path)
{
	return config_list_add(&c->config.benign, path) ? 0 : -ENOMEM;
}

const char *tocsin_config_error(const struct tocsin_config *c)
{
	return c->error;
}

static int init_feeders(struct tocsin *t)
{
	t->feeders = calloc(SOURCES_MAX, sizeof(*t->feeders));
	for (uint32_t i = 0; t->feeders && i < SOURCES_MAX; i++)
		pthread_mutex_init(&t->feeders[i].lock, NULL);
	return t->feeders ? 0 : -ENOMEM;
}

static int open_engine(struct tocsin *t, struct tocsin_config *c)
{
	char why[256] = "";

	if (!config_finish(&c->config, &c->problems))
		return told(c, false);
	int err = engine_create(&t->e, &c->config, &c->problems, why);
	if (!err && (err = engine_load(t->e, &c->problems)))
		snprintf(why, sizeof(why), "indicators or benign lists did not load");
	if (!err)
		err = engine_open_history(t->e, why);
	if (!err && (err = engine_start(t->e, true)))
		snprintf(why, sizeof(why), "threads cannot be started");
	if (err) {
		told(c, false);
		size_t len = strlen(c->error);
		snprintf(c->error + len, sizeof(c->error) - len, "%s%.200s", len ? "; " : "", why);
	}
	return err;
}

int tocsin_open(struct tocsin **out, struct tocsin_config *c)
{
	struct tocsin *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	pthread_mutex_init(&t->lock, NULL);
	pthread_rwlock_init(&t->feeding, NULL);
	pthread_mutex_init(&t->held_lock, NULL);
	text_init(&t->line);
	int err = init_feeders(t);
	if (!err)
		err = open_engine(t, c);
	if (err) {
		tocsin_close(t);
		return err;
	}
	t->c = c;
	*out = t;
	return 0;
}

int tocsin_source(struct tocsin *t, const char *spec)
{
	struct source_registry *r = &t->c->config.sources;

	pthread_mutex_lock(&t->lock);
	struct source *s = source_find(r, spec, strlen(spec));
	if (!s)
		s = source_from_spec(r, spec, last_error);
	int number = s ? s->id : -EINVAL;
	pthread_mutex_unlock(&t->lock);
	return number;
}

static const struct source *source_at(struct tocsin *t, int number)
{
	pthread_mutex_lock(&t->lock);
	struct source_registry *r = &t->c->config.sources;
	const struct source *s =
		number >= 0 && (uint32_t)number < r->count ? &r->sources[number] : NULL;
	pthread_mutex_unlock(&t->lock);
	return s;
}

static struct batch *open_batch(struct tocsin *t, const struct source *s)
{
	char position[SOURCE_NAME_MAX + 8];
	struct batch *b = batch_get(&t->e->pool);

	snprintf(position, sizeof(position), "api:%s", s->name);
	b->object = object_get(t->e->objects, position, s);
	b->kind = BATCH_MESSAGES;
	return b;
}

/* Sources may be many more than batches, and a held batch is one that no other source can
 * have: half of them may be held, and past that a message leaves at once. */
static bool may_hold(struct tocsin *t)
{
	pthread_mutex_lock(&t->held_lock);
	bool may = t->held < t->e->pool.count / 2;
	t->held += may;
	pthread_mutex_unlock(&t->held_lock);
	return may;
}

/* Pushes what the feeder holds. @locks f->lock, or feeding (write) */
static void let_go(struct tocsin *t, struct feeder *f)
{
	engine_push(t->e, f->open);
	f->open = NULL;
	pthread_mutex_lock(&t->held_lock);
	t->held--;
	pthread_mutex_unlock(&t->held_lock);
}

/* @locks f->lock and feeding (read) */
static int append(struct tocsin *t, struct feeder *f, const struct source *s, const void *p,
		  size_t len, uint64_t offset)
{
	struct batch_item item = {.state_claim = -1, .offset = offset, .source = s};

	if (f->open && batch_append(f->open, p, (uint32_t)len, &item))
		return 0;
	if (f->open)
		let_go(t, f);
	struct batch *b = open_batch(t, s);
	int err = batch_append(b, p, (uint32_t)len, &item) ? 0 : -EMSGSIZE;
	if (may_hold(t))
		f->open = b;
	else
		engine_push(t->e, b);
	return err;
}

static int fail(int err, const char *why)
{
	snprintf(last_error, sizeof(last_error), "%s", why);
	return err;
}

int tocsin_feed(struct tocsin *t, int source, const void *record, size_t len, uint64_t offset)
{
	const struct source *s = source_at(t, source);

	if (!s)
		return fail(-EINVAL, "no such source: tocsin_source() gives the numbers");
	if (len > t->c->config.record_bytes_max)
		return fail(-EMSGSIZE, "longer than record_bytes_max");
	pthread_rwlock_rdlock(&t->feeding);
	int err = -EPIPE;
	if (!t->finished) {
		struct feeder *f = &t->feeders[source];
		pthread_mutex_lock(&f->lock);
		err = append(t, f, s, record, len, offset);
		pthread_mutex_unlock(&f->lock);
	}
	pthread_rwlock_unlock(&t->feeding);
	return err ? fail(err, "the engine was finished") : 0;
}

/* @locks feeding (write) */
static void push_open(struct tocsin *t)
{
	for (uint32_t i = 0; i < SOURCES_MAX; i++) {
		if (t->feeders[i].open)
			let_go(t, &t->feeders[i]);
	}
}

int tocsin_flush(struct tocsin *t)
{
	pthread_rwlock_wrlock(&t->feeding);
	if (!t->finished) {
		push_open(t);
		engine_quiesce(t->e);
		engine_resume(t->e);
	}
	pthread_rwlock_unlock(&t->feeding);
	return 0;
}

static void hand_over(void *arg, const struct candidate *c)
{
	struct tocsin *t = arg;

	text_reset(&t->line);
	candidate_json(&t->line, c, engine_context(t->e));
	if (t->line.error)
		return;
	t->said++;
	if (t->fn)
		t->fn(t->arg, c->id, t->line.p, t->line.len);
}

static int judged(struct tocsin *t, tocsin_candidate_fn *fn, void *arg,
		  int (*judge)(struct engine *, void (*)(void *, const struct candidate *), void *))
{
	pthread_mutex_lock(&t->lock);
	t->fn = fn;
	t->arg = arg;
	t->said = 0;
	int err = judge(t->e, hand_over, t);
	int kept = engine_sync_history(t->e);
	int n = err ? err : kept ? kept : t->said;
	pthread_mutex_unlock(&t->lock);
	return n >= 0 ? n : fail(n, kept ? "history_dir cannot be written" : "out of memory");
}

int tocsin_changes(struct tocsin *t, tocsin_candidate_fn *fn, void *arg)
{
	return judged(t, fn, arg, engine_judge);
}

int tocsin_finish(struct tocsin *t, tocsin_candidate_fn *fn, void *arg)
{
	pthread_rwlock_wrlock(&t->feeding);
	if (!t->finished) {
		push_open(t);
		engine_stop(t->e);
		t->finished = true;
	}
	pthread_rwlock_unlock(&t->feeding);
	return judged(t, fn, arg, engine_candidates);
}

uint64_t tocsin_count(const struct tocsin *t, const char *name)
{
	struct ledger l;
	const struct {
		const char *name;
		const counter *value;
	} named[] = {{"records", &l.records},	{"bytes", &l.bytes}, {"clean", &l.clean},
		     {"hit", &l.hit},		{"hits", &l.hits},   {"suppressed", &l.suppressed},
		     {"unplaced", &l.unplaced}, {"claims_ignored", &l.claims_ignored},
		     {"assertions_ignored", &l.assertions_ignored},
		     {"campaigns_refused", &l.campaigns_refused},
		     {"over_share", &l.over_share},
		     {"undecided", &l.undecided},
		     {"partial_refused", &l.partial_refused},
		     {"partial_dropped", &l.partial_dropped}};

	engine_ledger(t->e, &l);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strcmp(named[i].name, name) == 0)
			return counter_get(named[i].value);
	if (strcmp(name, "in_flight") == 0)
		return ledger_in_flight(&l);
	for (int r = REASON_OK + 1; r < REASON_COUNT; r++)
		if (strcmp(reason_name((enum reason)r), name) == 0)
			return counter_get(&l.reason[r]);
	return 0;
}

const char *tocsin_error(const struct tocsin *t)
{
	(void)t;
	return last_error;
}

void tocsin_close(struct tocsin *t)
{
	if (!t)
		return;
	if (t->e && !t->finished) {
		push_open(t);
		engine_stop(t->e);
	}
	engine_destroy(t->e);
	for (uint32_t i = 0; t->feeders && i < SOURCES_MAX; i++)
		pthread_mutex_destroy(&t->feeders[i].lock);
	free(t->feeders);
	text_fini(&t->line);
	pthread_rwlock_destroy(&t->feeding);
	pthread_mutex_destroy(&t->held_lock);
	pthread_mutex_destroy(&t->lock);
	tocsin_config_destroy(t->c);
	free(t);
}
