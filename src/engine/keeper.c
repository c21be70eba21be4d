#include "engine/keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine_priv.h"
#include "engine/journal_entry.h"

#define SHARE    4 /* lines that wait for checkpoints have them take at most a fifth of the time */
#define STEP_NS  1000000u /* between looks whether the world stands still */
#define SAID_MAX (1u << 20)

/* --- an earlier life ------------------------------------------------------------- */

struct taking_up {
	struct keeper *k;
	uint32_t entries;
	bool chained_only;
};

static int take_up(void *arg, const struct journal_frame *f)
{
	struct taking_up *t = arg;
	struct keeper *k = t->k;

	/* it waited for a checkpoint that never was whole: nobody has seen it */
	if (t->chained_only && !f->chained)
		return -ECANCELED;
	if (f->kind == JOURNAL_SENT && f->len == sizeof(uint64_t)) {
		uint64_t serial;
		memcpy(&serial, f->p, sizeof(serial));
		outbox_forget(k->outbox, serial);
		return 0;
	}
	t->entries++;
	return f->kind == JOURNAL_SAID ? journal_entry_get(f->p, f->len, k->e, k->outbox)
				       : -EBADMSG;
}

/* 0 when all of it was read. */
static int read_journal(struct keeper *k, uint64_t number, bool chained_only)
{
	struct taking_up t = {k, 0, chained_only};
	char why[256];
	int err = journal_read(k->dir, number, take_up, &t, why);

	if (t.entries) {
		k->next = number + 1;
		log_info("%u journal entries after checkpoint %llu", t.entries,
			 (unsigned long long)k->number);
	}
	if (err && err != -ECANCELED)
		log_warning("%s/journal.%d: %s: what was said after that is known from what was "
			    "sent alone",
			    k->dir, (int)(number & 1), why);
	return err;
}

int keeper_restore(struct keeper *k, struct engine *e, struct outbox *b, char why[256])
{
	memset(k, 0, sizeof(*k));
	k->e = e;
	k->outbox = b;
	k->dir = e->config->state_dir;
	int err = checkpoint_load(e, k->dir, &k->number, b, &k->marks, why);
	if (err && err != -ENOENT)
		return err;
	k->based = !err;
	/* frames of an earlier set of checkpoints have other numbers */
	k->number = err ? (uint64_t)clock_wall_us() : k->number;
	k->next = k->number + 1;
	if (k->based && read_journal(k, k->number, false) == 0)
		read_journal(k, k->number + 1, true);
	k->written = k->next - 1;
	k->entered = k->durable = k->sent = b->next;
	return 0;
}

void keeper_start(struct keeper *k)
{
	char why[256];

	if (journal_open(&k->journal, k->dir, why))
		log_error("no journal: %s; candidates wait for checkpoints", why);
	k->error = keeper_save(k, NULL);
	if (k->error)
		log_error("%s: no checkpoint: %s", k->dir, strerror(-k->error));
}

/* --- lines ------------------------------------------------------------------------ */

static void hold(struct keeper *k)
{
	k->outbox->held = k->outbox->next - k->durable;
}

/* Until the next checkpoint's cut nothing goes into the journal. */
static void shut(struct keeper *k)
{
	k->open = false;
	k->said_count = 0;
}

void keeper_said(struct keeper *k, uint32_t threat)
{
	hold(k);
	if (!k->open || !threat || (k->said_count && k->said[k->said_count - 1] == threat))
		return;
	if (k->said_count == k->said_room) {
		uint32_t room = k->said_room ? k->said_room * 2 : 64;
		uint32_t *said = room > SAID_MAX ? NULL : realloc(k->said, room * sizeof(*said));
		if (!said) {
			shut(k);
			return;
		}
		k->said = said;
		k->said_room = room;
	}
	k->said[k->said_count++] = threat;
}

static int enter(struct keeper *k)
{
	struct stream head, body;
	struct state_known known = k->known;

	stream_to_memory(&head, journal_room(k->journal));
	stream_to_memory(&body, journal_room(k->journal));
	journal_entry_put(&body, k->e, k->said, k->said_count, k->outbox, k->entered);
	if (!body.error)
		journal_entry_put_head(&head, k->e, &known);
	int err = body.error ? body.error : head.error;
	const struct journal_frame f = {JOURNAL_SAID, k->chained, head.buf, head.at};
	if (!err)
		err = journal_append(k->journal, &f, body.buf, body.at,
				     k->e->config->state_sync);
	stream_fini(&head);
	stream_fini(&body);
	if (!err)
		k->known = known;
	return err;
}

bool keeper_pending(const struct keeper *k)
{
	return k->entered < k->outbox->next;
}

void keeper_commit(struct keeper *k)
{
	if (k->open && keeper_pending(k)) {
		int err = enter(k);
		bool full = err == -EFBIG || err == -ENOSPC;
		if (err && !full && err != k->journal_error)
			log_error("%s: journal: %s; candidates wait for checkpoints", k->dir,
				  strerror(-err));
		k->journal_error = full ? 0 : err;
		if (err) {
			shut(k);
			if (!full) {
				journal_close(k->journal);
				k->journal = NULL;
			}
		} else {
			k->said_count = 0;
			k->entered = k->outbox->next;
			k->durable = k->chained ? k->entered : k->durable;
		}
	}
	hold(k);
}

void keeper_sent(struct keeper *k)
{
	uint64_t first = outbox_first(k->outbox);
	const struct journal_frame f = {JOURNAL_SENT, k->chained, (uint8_t *)&first, sizeof(first)};

	/* unsynced: if it is lost with the machine a line is sent once more */
	if (k->open && first > k->sent && journal_append(k->journal, &f, NULL, 0, false) == 0)
		k->sent = first;
}

/* --- checkpoints ------------------------------------------------------------------ */

/* The journal of the checkpoint to come: what is said from now on goes there. */
static void begin_journal(struct keeper *k)
{
	char why[256];

	if (!k->journal && journal_open(&k->journal, k->dir, why))
		return;
	k->journal_error = 0;
	journal_begin(k->journal, k->next);
	k->written = k->next;
	k->chained = k->durable == k->outbox->next;
	k->open = true;
	k->said_count = 0;
	k->entered = k->outbox->next;
	k->sent = outbox_first(k->outbox);
}

/* @locks the engine quiescent. What fails is in cut.error. */
static void cut(struct keeper *k, struct live *l)
{
	int err = l ? live_marks(l, &k->write.marks) : 0;

	k->write.known = state_now(k->e, &k->known);
	checkpoint_cut(&k->write.cut, k->e, k->outbox, l ? &k->write.marks : &k->marks);
	k->write.cut.error = k->write.cut.error ? k->write.cut.error : err;
	k->write.serial = k->outbox->next;
	/* not over the journal that the last whole checkpoint needs; a second attempt goes on in
	 * the one it has */
	if (k->based && k->next == k->number + 1 && k->written < k->next)
		begin_journal(k);
}

static void *write_thread(void *arg)
{
	struct keeper *k = arg;

	pthread_setname_np(pthread_self(), "tocsin-keeper");
	k->write.error = checkpoint_write(k->e, k->dir, k->next, &k->write.cut);
	/* release: pairs with the acquire in keeper_step(), though the join would do */
	atomic_store_explicit(&k->write.done, true, memory_order_release);
	bell_ring(&k->e->bell);
	return NULL;
}

static void whole(struct keeper *k, bool marks)
{
	k->number = k->next++;
	k->based = k->chained = true;
	if (marks) {
		checkpoint_marks_fini(&k->marks);
		k->marks = k->write.marks;
		memset(&k->write.marks, 0, sizeof(k->write.marks));
	}
	k->known = k->write.known;
	k->durable = k->write.serial > k->entered ? k->write.serial : k->entered;
	/* lines that came since the cut are the next one's */
	if (k->written < k->number && k->outbox->next == k->write.serial) {
		k->next = k->number;
		begin_journal(k);
		k->next = k->number + 1;
	}
}

static void finish(struct keeper *k, bool marks)
{
	uint64_t now = clock_monotonic_ns();

	k->error = k->write.error;
	if (!k->error)
		whole(k, marks);
	checkpoint_marks_fini(&k->write.marks);
	stream_fini(&k->write.cut);
	k->took_ns = now - k->write.began_ns;
	k->done_ns = now;
	hold(k);
}

/* How long after the last one the next begins. */
static uint64_t rest_ns(const struct keeper *k)
{
	uint64_t paced = SHARE * k->took_ns,
		 retry = paced > KEEPER_RETRY_NS ? paced : KEEPER_RETRY_NS;
	uint64_t interval = (uint64_t)k->e->config->checkpoint_interval * 1000;

	if (k->error || (k->journal && !k->open))
		return retry;
	if (k->durable < k->outbox->next || (k->open && journal_half_full(k->journal)))
		return paced < interval ? paced : interval;
	return interval;
}

bool keeper_due(const struct keeper *k)
{
	return !k->write.on && !k->asked && clock_monotonic_ns() - k->done_ns >= rest_ns(k);
}

uint64_t keeper_next_ns(const struct keeper *k, uint64_t until)
{
	uint64_t next = k->write.on ? until
			: k->asked  ? clock_monotonic_ns() + STEP_NS
				    : k->done_ns + rest_ns(k);

	return next < until ? next : until;
}

/* The world stands still: cuts, lets it go, and writes. */
static void begin_write(struct keeper *k, struct live *l, void (*compact)(struct engine *e))
{
	compact(k->e);
	cut(k, l);
	k->asked = false;
	engine_resume(k->e);
	atomic_store_explicit(&k->write.done, false, memory_order_relaxed);
	/* the thread's word on how it went may be there before this call returns */
	int err = -pthread_create(&k->write.thread, NULL, write_thread, k);
	k->write.on = !err;
	if (err) {
		k->write.error = err;
		finish(k, true);
	}
}

bool keeper_step(struct keeper *k, struct live *l, void (*compact)(struct engine *e))
{
	if (k->write.on && atomic_load_explicit(&k->write.done, memory_order_acquire)) {
		pthread_join(k->write.thread, NULL);
		k->write.on = false;
		finish(k, true);
		return k->error == 0;
	}
	if (keeper_due(k)) {
		k->asked = true;
		k->write.began_ns = clock_monotonic_ns();
		engine_ask_quiet(k->e);
	}
	if (k->asked && engine_is_quiet(k->e))
		begin_write(k, l, compact);
	return false;
}

void keeper_rest(struct keeper *k)
{
	if (k->asked)
		engine_resume(k->e);
	k->asked = false;
	if (k->write.on) {
		pthread_join(k->write.thread, NULL);
		k->write.on = false;
		finish(k, true);
	}
}

int keeper_save(struct keeper *k, struct live *l)
{
	keeper_rest(k);
	k->write.began_ns = clock_monotonic_ns();
	cut(k, l);
	k->write.error = checkpoint_write(k->e, k->dir, k->next, &k->write.cut);
	finish(k, l != NULL);
	return k->error;
}

void keeper_fini(struct keeper *k)
{
	journal_close(k->journal);
	checkpoint_marks_fini(&k->marks);
	free(k->said);
	k->journal = NULL;
	k->said = NULL;
}
