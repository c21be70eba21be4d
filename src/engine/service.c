#include "engine/service.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/control.h"
#include "engine/engine_priv.h"
#include "engine/sightings.h"

#define RETRY_NS	2000000000u /* between attempts on a sink that failed */
#define RESCAN_NS	2000000000u /* between looks for new files in folders */
#define SHARE		4	    /* judging takes at most a fifth of the time */
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
	int err = keeper_restore(&s->keeper, e, &s->outbox, why);
	if (!err && s->keeper.based)
		log_info("resumed from %s/checkpoint: %u inputs, %u partitions, %u lines to send",
			 e->config->state_dir, s->keeper.marks.file_count,
			 s->keeper.marks.kafka_count, s->outbox.count);
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

static void said(struct service *s, uint32_t threat)
{
	if (durable(s))
		keeper_said(&s->keeper, threat);
}

static void note(void *arg, const char *id, const char *line, size_t len)
{
	struct service *s = arg;

	/* a STIX consumer is not sent what is no bundle */
	if (!s->o->stix && outbox_add(&s->outbox, id, 1, line, len))
		log_error("out of memory: anomaly %s was not sent", id);
	log_warning("over-correlation: %.*s", (int)len, line);
	said(s, 0);
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
	if (durable(s))
		keeper_start(&s->keeper);
	err = engine_start(s->e, true);
	if (err) {
		snprintf(why, 256, "worker threads: %s", strerror(-err));
		return err;
	}
	s->scan_ns = clock_monotonic_ns();
	/* what was ordered before is in force for the first record */
	if ((err = intel_start(s->e->intel))) {
		snprintf(why, 256, "the indicators' threads: %s", strerror(-err));
		return err;
	}
	if ((err = sightings_open(&s->sightings, s->e, why)))
		return err;
	if ((err = control_open(&s->control, s->e, s->e->config->control, why)))
		return err;
	intel_wait(s->e->intel, 10000);
	return live_start(&s->live, s->e, lo, &s->keeper.marks, why);
}

static void say(void *arg, const struct candidate *c)
{
	struct service *s = arg;

	if (output_format(s->o, c, &s->e->context) ||
	    outbox_add(&s->outbox, c->id, c->version, s->o->line.p, s->o->line.len))
		log_error("out of memory: version %u of candidate %s was not sent", c->version, c->id);
	s->raised += c->status == CANDIDATE_RAISED;
	s->watch += c->status == CANDIDATE_WATCH && c->version == 1;
	uint32_t threat = c->episode.threat;
	if (!threat)
		threat = names_threat_find(s->e->names, c->threat.kind, c->threat.id,
					   strlen(c->threat.id));
	said(s, threat);
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

static int64_t horizon(const struct engine *e)
{
	return newest(e) - e->config->retention;
}

static void expire(struct service *s)
{
	int64_t before_us = horizon(s->e);

	if (before_us > 0 && board_expire(s->e->board, &s->e->context, before_us, say_expired, s))
		log_error("out of memory: not all that is over has expired");
}

/* @locks the engine quiescent */
static void compact(struct engine *e)
{
	struct evidence_usage u;
	int64_t before_us = horizon(e);

	partial_forget(e->partial, before_us, newest(e), e->config->clock_skew_max);
	evidence_usage(e->evidence, &u);
	if (before_us <= 0 ||
	    ((uint64_t)u.cells * 100 <= (uint64_t)u.capacity.cells * TABLE_PRESSURE &&
	     (uint64_t)u.entries * 100 <= (uint64_t)u.capacity.entries * TABLE_PRESSURE))
		return;
	uint64_t before = u.entries;
	evidence_compact(e->evidence, (int32_t)(before_us / EVIDENCE_BUCKET_US));
	evidence_usage(e->evidence, &u);
	share_forget(&e->share, before, u.entries);
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

/* Makes what was said durable, and goes on with a checkpoint. 0 or how the last one ended. */
static int keep(struct service *s)
{
	struct keeper *k = &s->keeper;

	bool due = keeper_due(k);

	if (due)
		expire(s);
	/* before the journal and the checkpoint: what they know is not said, nor let go, again */
	if (due || keeper_pending(k))
		sync_history(s);
	keeper_commit(k);
	if (keeper_step(k, s->live, compact)) {
		int err = live_commit(s->live, &k->marks);
		if (err)
			log_warning("offsets are not committed yet: %s", strerror(-err));
	}
	return k->error;
}

static void send(struct service *s)
{
	int error;

	if (s->outbox.count <= s->outbox.held || (s->error && clock_monotonic_ns() < s->retry_ns))
		return;
	uint32_t left = outbox_send(&s->outbox, s->o, &error);
	if (error && !s->error)
		log_error("candidates cannot be written: %s; %u lines wait", strerror(-error), left);
	if (!error && s->error)
		log_warning("candidates are written again");
	s->error = error;
	s->retry_ns = clock_monotonic_ns() + RETRY_NS;
	if (durable(s))
		keeper_sent(&s->keeper);
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
	recall_arrived(s);
	look_for_files(s);
	sightings_tick(s->sightings, false);
	int err = judge(s);
	int kept = durable(s) ? keep(s) : 0;
	if (!durable(s) && (clock_monotonic_ns() - s->history_ns) / 1000 >=
				   (uint64_t)s->e->config->checkpoint_interval)
		sync_history(s);
	/* what is not durable yet is held, and not seen */
	send(s);
	return err ? err : kept;
}

void service_wait(const struct service *s, int fd)
{
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
			      {.fd = engine_bell(s->e), .events = POLLIN}};
	uint64_t now = clock_monotonic_ns(), due = judge_due(s);
	uint64_t until = now + (uint64_t)s->e->config->raise_interval * 1000;

	if (durable(s))
		until = keeper_next_ns(&s->keeper, until);
	if (now < due && !wait_until(p, 1, due < until ? due : until))
		return;
	wait_until(p, 2, until);
}

bool service_ended(const struct service *s)
{
	return live_running(s->live) == 0;
}

/* What was said is on the disk, and the checkpoint knows that it left. */
static int stop_durably(struct service *s)
{
	struct keeper *k = &s->keeper;

	expire(s);
	sync_history(s);
	int err = keeper_save(k, s->live);
	if (!err) {
		s->error = 0;
		send(s);
		err = s->error;
	}
	if (!err && s->live)
		err = live_commit(s->live, &k->marks);
	/* the outbox is empty now: say so, or the next start sends it again */
	return err ? err : keeper_save(k, s->live);
}

int service_stop(struct service *s)
{
	int err = 0;

	if (durable(s))
		keeper_rest(&s->keeper);
	control_close(s->control);
	s->control = NULL;
	engine_interrupt(s->e);
	if (s->live)
		live_join(s->live);
	engine_stop(s->e);
	hear(s);
	int judged = engine_judge(s->e, say, s);
	sightings_tick(s->sightings, true);
	sightings_close(s->sightings);
	s->sightings = NULL;
	if (durable(s)) {
		err = stop_durably(s);
	} else {
		sync_history(s);
		s->error = 0;
		send(s);
		err = s->error;
	}
	live_free(s->live);
	intel_stop(s->e->intel);
	keeper_fini(&s->keeper);
	outbox_fini(&s->outbox);
	return err ? err : judged;
}
