#include "engine/service.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine_priv.h"

#define RETRY_NS	2000000000u /* between attempts on a sink that failed */
#define RESCAN_NS	2000000000u /* between looks for new files in folders */
#define SHARE		4	    /* judging and checkpoints each take at most a fifth of the time */
#define TABLE_PRESSURE	75	    /* per cent of cells or entries that calls for forgetting */

static bool durable(const struct service *s)
{
	return s->e->config->state_dir[0] != '\0';
}

int service_restore(struct service *s, struct engine *e, char why[256])
{
	memset(s, 0, sizeof(*s));
	s->e = e;
	if (!durable(s))
		return 0;
	int err = checkpoint_load(e, e->config->state_dir, &s->outbox, &s->marks, why);
	if (err == -ENOENT)
		return 0;
	if (!err)
		log_info("resumed from %s/checkpoint: %u inputs, %u partitions, %u lines to send",
			 e->config->state_dir, s->marks.file_count, s->marks.kafka_count,
			 s->outbox.count);
	return err;
}

/* A folder that cannot be read now may be there later: said once. */
static void hear(struct service *s)
{
	char why[256];
	int err = engine_feedback_read(s->e, why);

	if (err && err != s->feedback_error)
		log_warning("%s", why);
	s->feedback_error = err;
}

static void recall(struct service *s, const char *where, const char *line, size_t len)
{
	const int64_t kept = s->e->config->retention + s->e->profile->window_us;
	struct candidate_said said;
	int r = candidate_read(line, len, &said);

	if (r == 0) {
		r = board_known(s->e->board, &said);
		/* a file of years must not be held whole: only what can still change */
		if (++s->recalled % 1024 == 0)
			board_forget(s->e->board, said.episode.last_us - kept);
		candidate_said_fini(&said);
	}
	if (r && !s->recall_error)
		log_warning("%s: a line cannot be read back: %s; others will not be told of",
			    where, strerror(-r));
	s->recall_error = s->recall_error ? s->recall_error : r;
}

static void recall_line(void *arg, const struct candidate_head *head, const char *line, size_t len)
{
	struct service *s = arg;

	(void)head;
	recall(s, s->e->config->output_file, line, len);
}

/* What other nodes said, or an earlier life, on the topic that they share. */
static void recall_arrived(struct service *s)
{
	struct text t;

	inbox_take(&s->e->said, &t);
	for (char *p = t.p, *end = p ? p + t.len : p, *nl; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			break;
		recall(s, s->e->config->output_topic, p, (size_t)(nl - p));
	}
	text_fini(&t);
}

/* The lines that the file holds name what is still alive, whatever became of state_dir. */
static void recall_names(struct service *s)
{
	const char *path = s->e->config->output_file;
	int err = path[0] && !s->o->stix ? sink_file_scan(path, recall_line, s) : 0;

	if (err && err != -ENOENT)
		log_warning("%s: cannot be read back: %s", path, strerror(-err));
}

static void note(void *arg, const char *id, const char *line, size_t len)
{
	struct service *s = arg;

	/* a STIX consumer is not sent what is no bundle */
	if (!s->o->stix && outbox_add(&s->outbox, id, 1, line, len))
		log_error("out of memory: anomaly %s was not sent", id);
	log_warning("over-correlation: %.*s", (int)len, line);
	s->changed = true;
}

int service_start(struct service *s, struct output *o, const struct live_options *lo,
		  char why[256])
{
	s->o = o;
	engine_anomalies(s->e, note, s);
	if (s->e->config->output_file[0])
		outbox_mark_written(&s->outbox, o, s->e->config->output_file);
	recall_names(s);
	hear(s);
	int err = engine_open_history(s->e, why);
	if (err)
		return err;
	err = engine_start(s->e, true);
	if (err) {
		snprintf(why, 256, "worker threads: %s", strerror(-err));
		return err;
	}
	s->checkpoint_ns = s->scan_ns = clock_monotonic_ns();
	return live_start(&s->live, s->e, lo, &s->marks, why);
}

static void say(void *arg, const struct candidate *c)
{
	struct service *s = arg;

	if (output_format(s->o, c, &s->e->context) ||
	    outbox_add(&s->outbox, c->id, c->version, s->o->line.p, s->o->line.len))
		log_error("out of memory: version %u of candidate %s was not sent", c->version, c->id);
	s->raised += c->status == CANDIDATE_RAISED;
	s->watch += c->status == CANDIDATE_WATCH && c->version == 1;
	s->changed = true;
}

/* Newest event time that any source has shown. */
static int64_t newest(const struct engine *e)
{
	int64_t t = 0;

	for (uint32_t i = 0; i < e->config->sources.count; i++) {
		int64_t w = high_mark_get(&e->watermark[i]);
		t = w > t ? w : t;
	}
	/* a clock ahead must not make the others' evidence old */
	return t < clock_wall_us() ? t : clock_wall_us();
}

static void say_expired(void *arg, const struct candidate *c)
{
	struct service *s = arg;

	if (engine_note_history(s->e, c))
		log_error("out of memory: candidate %s is not kept in history", c->id);
	say(arg, c);
}

/* @locks the engine quiescent */
static void forget_old(struct service *s)
{
	struct engine *e = s->e;
	struct evidence_usage u;
	int64_t horizon = newest(e) - e->config->retention;

	if (horizon <= 0)
		return;
	board_expire(e->board, &e->context, horizon, say_expired, s);
	evidence_usage(e->evidence, &u);
	if ((uint64_t)u.cells * 100 > (uint64_t)u.capacity.cells * TABLE_PRESSURE ||
	    (uint64_t)u.entries * 100 > (uint64_t)u.capacity.entries * TABLE_PRESSURE) {
		uint64_t before = u.entries;
		evidence_compact(e->evidence, (int32_t)(horizon / EVIDENCE_BUCKET_US));
		partial_forget(e->partial, horizon);
		evidence_usage(e->evidence, &u);
		share_forget(&e->share, before, u.entries);
	}
}

/* A threat of millions of hits takes long to judge: not again at once. */
static uint64_t judge_due(const struct service *s)
{
	return s->judged_ns + SHARE * s->judge_took_ns;
}

static int judge(struct service *s)
{
	uint64_t from = clock_monotonic_ns();

	if (from < judge_due(s))
		return 0;
	int err = engine_judge_paced(s->e, (uint64_t)s->e->config->raise_interval * 1000, say, s);
	s->judged_ns = clock_monotonic_ns();
	s->judge_took_ns = s->judged_ns - from;
	return err;
}

/* History that cannot be written is kept in memory and tried again; candidates go on. */
static void sync_history(struct service *s)
{
	int err = engine_sync_history(s->e);

	if (err && err != s->history_error)
		log_error("history_dir cannot be written: %s", strerror(-err));
	s->history_error = err;
	s->history_ns = clock_monotonic_ns();
}

static int write_checkpoint(struct service *s)
{
	struct checkpoint_marks marks = {0};
	uint64_t from = clock_monotonic_ns();

	engine_quiesce(s->e);
	int err = engine_judge(s->e, say, s);
	forget_old(s);
	/* before the checkpoint: what a checkpoint knows is not judged, nor let go, again */
	sync_history(s);
	if (!err)
		err = s->live ? live_marks(s->live, &marks) : 0;
	if (!err)
		err = checkpoint_save(s->e, s->e->config->state_dir, &s->outbox, &marks);
	engine_resume(s->e);
	s->checkpoint_ns = clock_monotonic_ns();
	s->checkpoint_took_ns = s->checkpoint_ns - from;
	if (err) {
		checkpoint_marks_fini(&marks);
		return err;
	}
	checkpoint_marks_fini(&s->marks);
	s->marks = marks;
	s->changed = false;
	return 0;
}

static void send(struct service *s)
{
	int error;

	if (s->outbox.count == 0 || (s->error && clock_monotonic_ns() < s->retry_ns))
		return;
	uint32_t left = outbox_send(&s->outbox, s->o, &error);
	if (error && !s->error)
		log_error("candidates cannot be written: %s; %u lines wait", strerror(-error), left);
	if (!error && s->error)
		log_warning("candidates are written again");
	s->error = error;
	s->retry_ns = clock_monotonic_ns() + RETRY_NS;
}

static void take_live_indicators(struct service *s)
{
	struct problems ps;

	pthread_mutex_lock(&s->e->live_lock);
	bool changed = s->e->live_changed;
	s->e->live_changed = false;
	pthread_mutex_unlock(&s->e->live_lock);
	if (!changed)
		return;
	problems_init(&ps);
	int err = engine_reload(s->e, s->e->lists, &ps);
	if (err)
		log_error("indicators that arrived were not taken: %s; the old generation stays",
			  strerror(-err));
	for (size_t i = 0; i < ps.count; i++)
		if (ps.items[i].fatal && strncmp(ps.items[i].file, "kafka:", 6) == 0)
			log_warning("%s:%u: %s", ps.items[i].file, ps.items[i].line,
				    ps.items[i].reason);
	problems_fini(&ps);
}

/* A change must not wait for the interval, but changes must not make a checkpoint each. */
static bool checkpoint_due(const struct service *s)
{
	uint64_t age_ns = clock_monotonic_ns() - s->checkpoint_ns;

	return age_ns / 1000 >= (uint64_t)s->e->config->checkpoint_interval ||
	       (s->changed && age_ns >= SHARE * s->checkpoint_took_ns);
}

static void look_for_files(struct service *s)
{
	uint64_t now = clock_monotonic_ns();

	if (now - s->scan_ns < RESCAN_NS)
		return;
	s->scan_ns = now;
	live_rescan(s->live);
	hear(s);
}

/* False when the first of them is readable. */
static bool wait_until(struct pollfd *p, nfds_t count, uint64_t until_ns)
{
	uint64_t now = clock_monotonic_ns(), left = until_ns > now ? until_ns - now : 0;
	struct timespec ts = {(time_t)(left / 1000000000), (long)(left % 1000000000)};

	return ppoll(p, count, &ts, NULL) <= 0 || !p[0].revents;
}

int service_tick(struct service *s)
{
	take_live_indicators(s);
	recall_arrived(s);
	look_for_files(s);
	int err = judge(s);
	if (!err && durable(s) && checkpoint_due(s)) {
		err = write_checkpoint(s);
		int uncommitted = err || !s->live ? 0 : live_commit(s->live, &s->marks);
		if (uncommitted)
			log_warning("offsets are not committed yet: %s", strerror(-uncommitted));
	}
	if (!err && !durable(s) &&
	    (clock_monotonic_ns() - s->history_ns) / 1000 >= (uint64_t)s->e->config->checkpoint_interval)
		sync_history(s);
	/* what is not durable yet must not be seen */
	if (!err && !(durable(s) && s->changed))
		send(s);
	return err;
}

void service_wait(const struct service *s, int fd)
{
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
			      {.fd = engine_bell(s->e), .events = POLLIN}};
	uint64_t now = clock_monotonic_ns(), due = judge_due(s);
	uint64_t until = now + (uint64_t)s->e->config->raise_interval * 1000;

	/* a change waits for the checkpoint that makes it durable, and may be due before */
	uint64_t durable_ns = s->checkpoint_ns + SHARE * s->checkpoint_took_ns;
	if (durable(s) && s->changed && durable_ns < until)
		until = durable_ns;
	if (now < due && !wait_until(p, 1, due < until ? due : until))
		return;
	wait_until(p, 2, until);
}

bool service_ended(const struct service *s)
{
	return live_running(s->live) == 0;
}

int service_stop(struct service *s)
{
	int err = 0;

	engine_interrupt(s->e);
	if (s->live)
		live_join(s->live);
	engine_stop(s->e);
	hear(s);
	int judged = engine_judge(s->e, say, s);
	if (durable(s))
		err = write_checkpoint(s);
	else
		sync_history(s);
	if (!err) {
		s->error = 0;
		send(s);
		err = s->error;
	}
	if (!err && durable(s) && s->live)
		err = live_commit(s->live, &s->marks);
	/* the outbox is empty now: say so, or the next start sends it again */
	if (!err && durable(s))
		err = write_checkpoint(s);
	live_free(s->live);
	checkpoint_marks_fini(&s->marks);
	outbox_fini(&s->outbox);
	return err ? err : judged;
}
