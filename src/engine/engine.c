#include "engine/engine_priv.h"
#include "engine/own_profile.h"
#include "engine/shipped.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "engine/entity_key.h"

static struct candidate_origin origin_of(void *arg, uint32_t object)
{
	const struct object *o = object_by_id(((struct engine *)arg)->objects, object);

	return (struct candidate_origin){o && o->source ? o->source->name : "unknown",
					 o ? o->position : "unknown"};
}

uint64_t source_origin(const struct source *s, uint8_t state)
{
	const uint64_t h = hash_bytes(s->lineage, strlen(s->lineage), 0), relay = h >> 16;

	/* of another state than its own it can only have heard */
	if (s->relay || s->state != state)
		return EVIDENCE_RELAYED | relay;
	return evidence_relayed(h) ? ~h : h;
}

static uint64_t object_origin(void *arg, uint32_t object, uint8_t state)
{
	const struct object *o = object_by_id(((struct engine *)arg)->objects, object);

	return o && o->source ? source_origin(o->source, state) : 0;
}

static uint64_t object_name(void *arg, uint32_t object)
{
	const struct object *o = object_by_id(((struct engine *)arg)->objects, object);

	return o ? o->name : 0;
}

static bool ordinary(void *arg, uint8_t state, uint64_t records)
{
	return traffic_ordinary(&((struct engine *)arg)->traffic, state, records);
}

static uint32_t feeds_of(void *arg, uint32_t threat)
{
	struct engine *e = arg;
	struct generation *g = generation_get(&e->rules);
	uint32_t n = g ? ruleset_origins(g->base, threat) : 0;
	uint32_t more = g && g->more ? ruleset_origins(g->more, threat) : 0;

	generation_put(&e->rules, g);
	/* feeds of both parts are told apart when they are folded: until then at least as many */
	return more > n ? more : n;
}

static int load_profile(struct engine *e, struct problems *ps, char why[256])
{
	struct shipped shipped;

	shipped_find(&shipped, "rules/significance");
	e->profile = profile_load(e->config->profile, shipped.dirs, ps);
	if (e->profile)
		return 0;
	snprintf(why, 256, "the significance profile \"%.200s\" did not load", e->config->profile);
	return -EINVAL;
}

static int load_maps(struct engine *e, struct problems *ps, char why[256])
{
	for (uint32_t i = 0; i < e->config->input_count; i++) {
		const struct config_input *in = &e->config->inputs[i];
		if (!in->fieldmap[0])
			continue;
		in->source->map = fieldmap_load(in->fieldmap, ps);
		if (!in->source->map) {
			snprintf(why, 256, "the field map %.200s did not load", in->fieldmap);
			return -EINVAL;
		}
	}
	return 0;
}

static int take_memory(struct engine *e, char why[256])
{
	const struct config *c = e->config;
	struct evidence_config ec = {(uint32_t)c->table_cells, (uint32_t)c->table_entries,
				     (uint32_t)c->table_overflows, (uint32_t)c->table_exact_max};
	uint32_t batches = (uint32_t)c->batches;

	if (batches == 0)
		batches = 4 + 2 * e->worker_count;
	int err = evidence_init(&e->evidence, &ec);
	if (!err)
		err = partial_init(&e->partial, (uint32_t)c->table_partial);
	if (!err)
		err = batch_pool_init(&e->pool, batches);
	if (!err)
		err = queue_init(&e->work, batches);
	if (err)
		snprintf(why, 256, "the evidence table and %u batches (%zu MiB) cannot be had: %s",
			 batches, (evidence_bytes(&ec) >> 20) + batches, strerror(-err));
	return err;
}

static int init_workers(struct engine *e)
{
	e->workers = calloc(e->worker_count, sizeof(*e->workers));
	if (!e->workers)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->worker_count; i++)
		if (worker_init(&e->workers[i], e))
			return -ENOMEM;
	return 0;
}

int engine_assessor(struct engine *e, const struct profile *p, struct assessor **out)
{
	const struct config *c = e->config;
	int err = assessor_init(out, p);

	if (err)
		return err;
	assessor_ordinary(*out, ordinary, e);
	assessor_origins(*out, object_origin, e, c->influence_cap);
	for (uint32_t i = 0; i < c->sources.count; i++) {
		const struct source *s = &c->sources.sources[i];
		if (s->aggregates && !s->relay)
			assessor_same(*out, source_origin(s, s->state), source_origin(s, STATES));
	}
	return 0;
}

static int init_parts(struct engine *e, struct problems *ps, char why[256])
{
	int err;

	if ((err = entity_key_load(e->config->entity_key, e->entity_key, why)) ||
	    (err = load_profile(e, ps, why)) || (err = load_maps(e, ps, why)))
		return err;
	snprintf(why, 256, "out of memory");
	if ((err = object_registry_init(&e->objects)) || (err = names_init(&e->names)) ||
	    (err = engine_assessor(e, e->profile, &e->assessor)) || (err = board_init(&e->board)) ||
	    (err = prevalence_init(&e->prevalence)) || (err = retro_init(&e->retro, e)) ||
	    (err = intel_init(&e->intel, e)) ||
	    (err = init_workers(e)))
		return err;
	err = feedback_init(&e->feedback.store, e->config->feedback_by, e->config->feedback_desk,
			    (uint32_t)e->config->feedback_quorum);
	if (err == -E2BIG)
		snprintf(why, 256, "feedback.by and feedback.desk name more than %d",
			 FEEDBACK_PARTIES_MAX);
	return err ? err : take_memory(e, why);
}

static uint32_t cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 256 ? 256 : (uint32_t)n;
}

int engine_create(struct engine **out, const struct config *c, struct problems *ps, char why[256])
{
	if (sodium_init() < 0) {
		snprintf(why, 256, "libsodium does not start");
		return -ENOSYS;
	}
	struct engine *e = calloc(1, sizeof(*e));
	if (!e) {
		snprintf(why, 256, "out of memory");
		return -ENOMEM;
	}
	e->config = c;
	e->worker_count = c->threads ? (uint32_t)c->threads : cores();
	e->hits.fd = -1;
	pthread_mutex_init(&e->hits.lock, NULL);
	int err = gate_init(&e->gate), bell = bell_init(&e->bell);
	feedback_input_init(&e->feedback);
	inbox_init(&e->said);
	generation_holder_init(&e->rules);
	err = err ? err : bell;
	if (err)
		snprintf(why, 256, "eventfd: %s", strerror(-err));
	else
		err = init_parts(e, ps, why);
	if (err) {
		engine_destroy(e);
		return err;
	}
	share_init(&e->share, c);
	traffic_init(&e->traffic, c);
	evidence_objects(e->evidence, object_name, e);
	e->context = (struct candidate_context){
		.names = e->names,
		.profile = e->profile,
		.profile_of = own_profile_of,
		.origin = origin_of,
		.arg = e,
		.feedback = e->feedback.store,
		.feeds = feeds_of,
		.prevalence = engine_prevalence,
		.recurrence = engine_recurrence,
	};
	e->ingest = (struct ingest_context){
		.record_bytes_max = (uint32_t)c->record_bytes_max,
		.follow = false,
		.io_uring = c->io_uring,
		.stop = &e->stop,
		.hurry = e->gate.hurry,
		.objects = e->objects,
		.sources = &c->sources,
	};
	*out = e;
	return 0;
}

void engine_destroy(struct engine *e)
{
	if (!e)
		return;
	for (uint32_t i = 0; e->workers && i < e->worker_count; i++)
		worker_fini(&e->workers[i]);
	free(e->workers);
	intake_fini(e->intake);
	hits_close(&e->hits);
	if (e->work.items)
		queue_fini(&e->work);
	if (e->pool.count)
		batch_pool_fini(&e->pool);
	intel_fini(e->intel);
	retro_fini(e->retro);
	generation_holder_fini(&e->rules);
	if (e->board)
		board_fini(e->board);
	prevalence_fini(e->prevalence);
	history_close(e->history);
	own_profile_fini(&e->own);
	if (e->assessor)
		assessor_fini(e->assessor);
	if (e->evidence)
		evidence_fini(e->evidence);
	partial_fini(e->partial);
	if (e->names)
		names_fini(e->names);
	if (e->objects)
		object_registry_fini(e->objects);
	for (uint32_t i = 0; i < e->config->input_count; i++) {
		struct source *s = e->config->inputs[i].source;
		fieldmap_free((struct fieldmap *)s->map);
		s->map = NULL;
	}
	profile_free(e->profile);
	free(e->anomalies.said);
	gate_fini(&e->gate);
	bell_fini(&e->bell);
	pace_fini(&e->pace);
	feedback_input_fini(&e->feedback);
	inbox_fini(&e->said);
	pthread_mutex_destroy(&e->hits.lock);
	free(e);
}

static void *worker_thread(void *arg)
{
	pthread_setname_np(pthread_self(), "tocsin-worker");
	worker_run(arg);
	return NULL;
}

int engine_start(struct engine *e, bool live)
{
	e->live = live;
	e->future_limit_us = clock_wall_us() + e->config->clock_skew_max;
	for (uint32_t i = 0; i < e->worker_count; i++) {
		struct worker *wk = &e->workers[i];
		int err = -pthread_create(&wk->thread, NULL, worker_thread, wk);
		if (err) {
			engine_stop(e);
			return err;
		}
		wk->started = true;
	}
	return 0;
}

void engine_stop(struct engine *e)
{
	queue_close(&e->work);
	if (e->intake)
		intake_close(e->intake);
	for (uint32_t i = 0; i < e->worker_count; i++) {
		if (e->workers[i].started)
			pthread_join(e->workers[i].thread, NULL);
		e->workers[i].started = false;
	}
}

void engine_interrupt(struct engine *e)
{
	/* relaxed: readers poll it; nothing else hangs on it */
	atomic_store_explicit(&e->stop, true, memory_order_relaxed);
}

int engine_open_hits(struct engine *e, const char *path)
{
	return hits_open(&e->hits, path);
}

void engine_count_refused(struct engine *e, const struct batch *b)
{
	uint64_t refused = 0;

	pthread_mutex_lock(&e->gate.lock);
	for (int r = REASON_OK + 1; r < REASON_COUNT; r++) {
		counter_add(&e->reader_ledger.reason[r], b->refused[r]);
		refused += b->refused[r];
	}
	counter_add(&e->reader_ledger.records, refused);
	pthread_mutex_unlock(&e->gate.lock);
}

void engine_push(struct engine *e, struct batch *b)
{
	engine_count_refused(e, b);
	if (b->items == 0 || !queue_push(&e->work, b))
		batch_put(&e->pool, b);
}

int engine_offer(struct engine *e, const struct input_list *l)
{
	int err = e->intake ? 0 : intake_init(&e->intake, e, e->worker_count);

	return err ? err : intake_add(e->intake, l);
}

bool engine_wait(struct engine *e, int64_t us)
{
	return intake_wait(e->intake, us);
}

uint64_t engine_bytes_read(struct engine *e)
{
	return intake_done(e->intake);
}

uint32_t engine_inputs_failed(struct engine *e)
{
	return intake_failed(e->intake);
}

void engine_number_inputs(struct engine *e, const struct input_list *l)
{
	char position[4200];

	for (uint32_t i = 0; i < l->count; i++) {
		snprintf(position, sizeof(position), "%s:%s", l->items[i].ops->name,
			 l->items[i].path);
		object_get(e->objects, position, l->items[i].source);
	}
}

void engine_refuse_input(struct engine *e, enum reason why)
{
	pthread_mutex_lock(&e->gate.lock);
	counter_add(&e->reader_ledger.records, 1);
	counter_add(&e->reader_ledger.reason[why], 1);
	pthread_mutex_unlock(&e->gate.lock);
}

void engine_quiesce(struct engine *e)
{
	gate_close(&e->gate);
	/* all batches in the pool again: nothing is being worked on */
	while (queue_count(&e->pool.free) < e->pool.count)
		usleep(200);
}

void engine_ask_quiet(struct engine *e)
{
	gate_ask(&e->gate);
}

bool engine_is_quiet(struct engine *e)
{
	/* in this order: what no reader fills any more comes back to the pool and stays */
	return gate_is_still(&e->gate) && queue_count(&e->pool.free) == e->pool.count;
}

void engine_resume(struct engine *e)
{
	gate_open(&e->gate);
}

const struct candidate_context *engine_context(const struct engine *e)
{
	return &e->context;
}

void engine_ledger(const struct engine *e, struct ledger *sum)
{
	memset(sum, 0, sizeof(*sum));
	struct partial_usage u;
	partial_usage(e->partial, &u);
	ledger_join(sum, &e->reader_ledger);
	ledger_join(sum, &e->judge_ledger);
	counter_add(&sum->partial_dropped, u.dropped);
	for (uint32_t i = 0; i < e->worker_count; i++)
		ledger_join(sum, &e->workers[i].ledger);
}

int engine_output_failed(const struct engine *e)
{
	return hits_error(&((struct engine *)e)->hits);
}

int engine_load(struct engine *e, struct problems *ps)
{
	return engine_reload(e, e->config, ps);
}

int engine_reload(struct engine *e, const struct config *c, struct problems *ps)
{
	return intel_rebuild(e->intel, c, ps);
}
