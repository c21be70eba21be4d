#include "engine/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "engine/engine_priv.h"

struct lane {
	const struct input_path *path; /* NULL: free */
	struct input *input;	       /* opened by the first fill */
	bool busy;		       /* somebody has its turn; the lock is not needed then */
	uint64_t done;		       /* bytes; under the lock */
};

struct intake {
	struct engine *e;
	pthread_mutex_t lock;
	pthread_cond_t turn, ended;
	const struct input_path **paths;
	uint32_t count, next;
	struct lane *lanes;
	uint32_t lane_count, in_use;
	uint32_t failed;
	uint64_t done; /* bytes of inputs that have ended */
	bool closed;
};

int intake_init(struct intake **out, struct engine *e, uint32_t lanes)
{
	struct intake *in = calloc(1, sizeof(*in));
	pthread_condattr_t monotonic;

	*out = in;
	if (!in)
		return -ENOMEM;
	in->e = e;
	in->lane_count = lanes;
	in->lanes = calloc(lanes, sizeof(*in->lanes));
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->turn, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&in->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (in->lanes)
		return 0;
	intake_fini(in);
	*out = NULL;
	return -ENOMEM;
}

void intake_fini(struct intake *in)
{
	if (!in)
		return;
	for (uint32_t i = 0; in->lanes && i < in->lane_count; i++)
		if (in->lanes[i].input)
			in->lanes[i].path->ops->close(in->lanes[i].input);
	pthread_cond_destroy(&in->ended);
	pthread_cond_destroy(&in->turn);
	pthread_mutex_destroy(&in->lock);
	free(in->lanes);
	free(in->paths);
	free(in);
}

int intake_add(struct intake *in, const struct input_list *l)
{
	pthread_mutex_lock(&in->lock);
	size_t count = (size_t)in->count + l->count;
	const struct input_path **paths = realloc(in->paths, (count + 1) * sizeof(*paths));
	if (paths) {
		in->paths = paths;
		for (uint32_t i = 0; i < l->count; i++)
			paths[in->count + i] = &l->items[i];
		in->count = (uint32_t)count;
		pthread_cond_broadcast(&in->turn);
	}
	pthread_mutex_unlock(&in->lock);
	return paths ? 0 : -ENOMEM;
}

void intake_close(struct intake *in)
{
	pthread_mutex_lock(&in->lock);
	in->closed = true;
	pthread_cond_broadcast(&in->turn);
	pthread_mutex_unlock(&in->lock);
}

/* All that was added has been read. Under the lock. */
static bool idle(const struct intake *in)
{
	return in->next == in->count && in->in_use == 0;
}

/* An open input whose turn is free, before one more is opened. Under the lock. */
static struct lane *free_lane(struct intake *in)
{
	struct lane *unused = NULL;

	for (uint32_t i = 0; i < in->lane_count; i++) {
		struct lane *l = &in->lanes[i];
		if (l->path && !l->busy)
			return l;
		if (!l->path)
			unused = l;
	}
	if (!unused || in->next == in->count)
		return NULL;
	*unused = (struct lane){.path = in->paths[in->next++]};
	in->in_use++;
	return unused;
}

static struct lane *take_turn(struct intake *in)
{
	struct lane *l;

	pthread_mutex_lock(&in->lock);
	while (!(l = free_lane(in)) && !(in->closed && idle(in)))
		pthread_cond_wait(&in->turn, &in->lock);
	if (l)
		l->busy = true;
	pthread_mutex_unlock(&in->lock);
	return l;
}

/* A broken capture is counted as such and is no failure of the run. */
static bool broken_capture(const struct input_path *p, int err)
{
	return p->ops == &ingest_pcap && err == -EINVAL;
}

static void end_turn(struct intake *in, struct lane *l, int n, uint64_t done)
{
	pthread_mutex_lock(&in->lock);
	l->busy = false;
	l->done = done;
	if (n <= 0) {
		in->failed += n < 0 && !broken_capture(l->path, n);
		in->done += l->path->bytes;
		*l = (struct lane){0};
		in->in_use--;
	}
	if (idle(in)) {
		pthread_cond_broadcast(&in->ended);
		pthread_cond_broadcast(&in->turn);
	} else {
		pthread_cond_signal(&in->turn);
	}
	pthread_mutex_unlock(&in->lock);
}

static void end_input(struct intake *in, struct lane *l, int n, const char *why)
{
	if (n < 0) {
		log_error("%s: %s", l->path->path, why[0] ? why : strerror(-n));
		engine_refuse_input(in->e, broken_capture(l->path, n) ? REASON_BAD_CAPTURE
								      : REASON_READ_FAILED);
	}
	if (l->input)
		l->path->ops->close(l->input);
	l->input = NULL;
}

struct batch *intake_fill(struct intake *in)
{
	struct lane *l = take_turn(in);
	uint64_t done = 0, total = 0;
	char why[256] = "";
	int n = 0;

	if (!l)
		return NULL;
	struct batch *b = batch_get(&in->e->pool); /* whoever waits for a turn holds none */
	const struct source_ops *ops = l->path->ops;
	if (!l->input)
		n = ops->open(&l->input, &in->e->ingest, l->path->path, l->path->source, why);
	if (n == 0) {
		n = ops->fill(l->input, b, why);
		ops->progress(l->input, &done, &total);
	}
	if (n <= 0)
		end_input(in, l, n, why);
	end_turn(in, l, n, done);
	return b;
}

bool intake_wait(struct intake *in, int64_t us)
{
	struct timespec until;
	int late = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + us % 1000000 * 1000;
	until.tv_sec += us / 1000000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&in->lock);
	while (!idle(in) && !late)
		late = us < 0 ? pthread_cond_wait(&in->ended, &in->lock)
			      : pthread_cond_timedwait(&in->ended, &in->lock, &until);
	bool is = idle(in);
	pthread_mutex_unlock(&in->lock);
	return is;
}

uint64_t intake_done(struct intake *in)
{
	pthread_mutex_lock(&in->lock);
	uint64_t done = in->done;
	for (uint32_t i = 0; i < in->lane_count; i++)
		done += in->lanes[i].path ? in->lanes[i].done : 0;
	pthread_mutex_unlock(&in->lock);
	return done;
}

uint32_t intake_failed(struct intake *in)
{
	pthread_mutex_lock(&in->lock);
	uint32_t failed = in->failed;
	pthread_mutex_unlock(&in->lock);
	return failed;
}
