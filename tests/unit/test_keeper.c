/*
 * A service that is killed at every step that reaches the disk: no line is lost, none
 * doubled, no version is left out or means two things. And disks that are full or broken.
 *
 * This program's own write(), pwrite(), fsync(), fdatasync(), rename() and
 * io_uring_submit_and_wait() stand before the C library's: they count, and at the number
 * that was drawn the process kills itself before, after, or half way through.
 */
#include <dlfcn.h>
#include <errno.h>
#include <liburing.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "engine/control.h"
#include "engine/service.h"
#include "test_engine.h"

/* --- the disk --------------------------------------------------------------------- */

static struct {
	int kill_at;		 /* event; 0: none */
	enum { BEFORE, HALF_WAY, AFTER } how;
	_Atomic int events;
	_Atomic bool full;	 /* no checkpoint can be written */
	_Atomic bool broken;	 /* nothing can be written to the journal */
	_Atomic int refused;
	bool kill_at_note;	 /* that lines have left */
} disk;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool is_file(int fd, const char *name)
{
	char link[64], path[512];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strstr(path, test_dir) && (!name || strstr(path, name));
}

static int now_or_never(void)
{
	return atomic_fetch_add(&disk.events, 1) + 1 == disk.kill_at;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static void before(bool now)
{
	if (now && disk.how == BEFORE)
		die();
}

static void after(bool now)
{
	if (now)
		die();
}

ssize_t write(int fd, const void *p, size_t len)
{
	if (!is_file(fd, NULL))
		return REAL(write)(fd, p, len);
	if (atomic_load(&disk.full) && is_file(fd, "checkpoint")) {
		atomic_fetch_add(&disk.refused, 1);
		errno = ENOSPC;
		return -1;
	}
	bool now = now_or_never();
	before(now);
	ssize_t n = REAL(write)(fd, p, now && disk.how == HALF_WAY ? len / 2 : len);
	after(now);
	return n;
}

ssize_t pwrite(int fd, const void *p, size_t len, off_t at)
{
	if (atomic_load(&disk.broken) && is_file(fd, "journal")) {
		errno = EIO;
		return -1;
	}
	if (disk.kill_at_note && len < 128 && is_file(fd, "journal"))
		die();
	bool now = is_file(fd, NULL) && now_or_never();
	before(now);
	ssize_t n = REAL(pwrite)(fd, p, now && disk.how == HALF_WAY ? len / 2 : len, at);
	after(now);
	return n;
}

int fsync(int fd)
{
	bool now = now_or_never();
	before(now);
	int r = REAL(fsync)(fd);
	after(now);
	return r;
}

int fdatasync(int fd)
{
	if (atomic_load(&disk.broken) && is_file(fd, "journal")) {
		errno = EIO;
		return -1;
	}
	bool now = now_or_never();
	before(now);
	int r = REAL(fdatasync)(fd);
	after(now);
	return r;
}

int rename(const char *from, const char *to)
{
	bool now = now_or_never();
	before(now);
	int r = REAL(rename)(from, to);
	after(now);
	return r;
}

static bool uring = true;

int io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags)
{
	return uring ? REAL(io_uring_queue_init)(entries, ring, flags) : -ENOSYS;
}

int io_uring_submit_and_wait(struct io_uring *ring, unsigned count)
{
	bool now = now_or_never();
	before(now);
	int r = REAL(io_uring_submit_and_wait)(ring, now && disk.how == HALF_WAY ? 0 : count);
	after(now);
	return r;
}

/* --- a service over two files ------------------------------------------------------- */

#define THREATS 3
#define STEPS	18
#define WAIT_S	20

struct life {
	struct test_engine t;
	struct output out;
	struct service s;
	uint64_t lines;
};

static const char *const files[2] = {"de.ndjson", "fr.ndjson"};

static int lines_in(const char *name)
{
	FILE *f = fopen(test_path(name), "r");
	int n = 0;

	for (int c; f && (c = getc(f)) != EOF;)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

static void feed(int state, int step)
{
	FILE *f = fopen(test_path(files[state]), "a");

	if (!f)
		abort();
	fprintf(f,
		"{\"timestamp\":\"2026-11-20T10:%02d:00.000000+0000\",\"event_type\":\"dns\","
		"\"src_ip\":\"10.%d.%d.1\",\"src_port\":5353,\"dest_ip\":\"192.0.2.53\","
		"\"dest_port\":53,\"proto\":\"UDP\",\"dns\":{\"type\":\"query\","
		"\"rrname\":\"t%d.bad.example\"}}\n",
		step, state + 1, step / THREATS + 1, step % THREATS);
	fclose(f);
}

static void fresh_folder(void)
{
	static const char *const names[] = {"state/checkpoint", "state/checkpoint.new", "state/journal.0",
					    "state/journal.1", "out.ndjson"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(test_path(names[i]));
	for (int i = 0; i < 2; i++)
		test_write(files[i], "", 0);
}

static void begin(struct life *l, int64_t checkpoint_us)
{
	static const char bad[] = "t0.bad.example\nt1.bad.example\nt2.bad.example\n";
	char why[256] = "";

	memset(l, 0, sizeof(*l));
	test_write("bad.txt", bad, sizeof(bad) - 1);
	if (test_engine_init(&l->t, "2"))
		abort();
	struct config *c = &l->t.config;
	for (int i = 0; i < 2; i++) {
		struct config_input *in = config_input_add(c, &c->sources.sources[i]);
		snprintf(in->path, sizeof(in->path), "%s", test_path(files[i]));
	}
	snprintf(c->state_dir, sizeof(c->state_dir), "%s", test_path("state"));
	snprintf(c->output_file, sizeof(c->output_file), "%s", test_path("out.ndjson"));
	c->output_stdout = false;
	c->follow = true;
	c->raise_interval = 1000;
	c->checkpoint_interval = checkpoint_us;
	if (service_restore(&l->s, l->t.e, why) || engine_load(l->t.e, &l->t.problems) ||
	    output_open(&l->out, c, why) ||
	    service_start(&l->s, &l->out, &(struct live_options){0}, why)) {
		printf("# %s\n", why);
		abort();
	}
}

static void tick(struct life *l)
{
	service_wait(&l->s, -1);
	service_tick(&l->s);
}

static uint64_t records(struct life *l)
{
	struct ledger sum;

	engine_ledger(l->t.e, &sum);
	return counter_get(&sum.records);
}

/* Until all that was fed in this life is read, and then a little. */
static void take_in(struct life *l, uint64_t want)
{
	uint64_t until = clock_monotonic_ns() + WAIT_S * UINT64_C(1000000000);

	while (records(l) < want && clock_monotonic_ns() < until)
		tick(l);
	for (int i = 0; i < 4; i++)
		tick(l);
}

static int finish(struct life *l)
{
	int err = service_stop(&l->s);

	output_close(&l->out);
	test_engine_fini(&l->t);
	return err;
}

/* Feeds what no life has fed yet, a step at a time, to the end. */
static int live_through(int64_t checkpoint_us)
{
	struct life l;
	int from = lines_in(files[1]);

	begin(&l, checkpoint_us);
	for (int step = from; step < STEPS; step++) {
		uint64_t had = records(&l);
		for (int state = 0; state < 2; state++)
			if (lines_in(files[state]) == step)
				feed(state, step);
		take_in(&l, had + 1);
	}
	/* what a life before had not come to is read again: no more comes when it is quiet */
	for (uint64_t had = UINT64_MAX; had != records(&l);) {
		had = records(&l);
		for (int i = 0; i < 30; i++)
			tick(&l);
	}
	return finish(&l);
}

/* --- what came out -------------------------------------------------------------------- */

struct heard {
	char id[64];
	int versions;
	char status[16];
	char *states; /* of the last */
};

struct told {
	struct heard heard[16];
	int count, doubled, missing, lines;
};

static void hear(struct told *t, const char *line)
{
	struct heard *h = t->heard, *end = h + t->count;
	const char *id = strstr(line, "\"id\":\""), *v = strstr(line, "\"version\":"),
		   *st = strstr(line, "\"status\":\""), *from = strstr(line, "\"member_states\":"),
		   *to = strstr(line, ",\"profile\":");

	if (!id || !v || !st || !from || !to || t->count == 16)
		abort();
	while (h < end && strncmp(h->id, id + 6, 36) != 0)
		h++;
	if (h == end) {
		memcpy(h->id, id + 6, 36);
		t->count++;
	}
	int version = atoi(v + 10);
	t->doubled += version <= h->versions;
	t->missing += version > h->versions + 1;
	h->versions = version;
	t->lines++;
	snprintf(h->status, sizeof(h->status), "%.*s", (int)strcspn(st + 10, "\""), st + 10);
	free(h->states);
	h->states = strndup(from, (size_t)(to - from));
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct heard *)a)->id, ((const struct heard *)b)->id);
}

static struct told what_was_said(void)
{
	struct told t = {0};
	FILE *f = fopen(test_path("out.ndjson"), "r");
	char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0)
		hear(&t, line);
	free(line);
	if (f)
		fclose(f);
	qsort(t.heard, (size_t)t.count, sizeof(t.heard[0]), by_id);
	return t;
}

static void told_fini(struct told *t)
{
	for (int i = 0; i < t->count; i++)
		free(t->heard[i].states);
}

static bool gone(const struct heard *h)
{
	return strcmp(h->status, "withdrawn") == 0 || strcmp(h->status, "expired") == 0;
}

static bool same(const struct told *a, const struct told *b)
{
	bool good = a->count == b->count;

	for (int i = 0; good && i < a->count; i++)
		good = strcmp(a->heard[i].id, b->heard[i].id) == 0 && !gone(&a->heard[i]) &&
		       strcmp(a->heard[i].states, b->heard[i].states) == 0;
	return good;
}

/* --- killed at every step -------------------------------------------------------------- */

/* True when it came to its end. */
static bool run_life(int kill_at, int how, int64_t checkpoint_us)
{
	int status;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		disk.kill_at = kill_at;
		disk.how = how;
		atomic_store(&disk.events, 0);
		/* not what the threads' ends still touch: the file has been written */
		_exit(live_through(checkpoint_us) ? 3 : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		tap_ok(false, "a life ended badly: %d", status);
	return false;
}

static void killed_everywhere(const struct told *want, int64_t checkpoint_us, int stride, const char *name)
{
	int points = 0, wrong = 0, doubled = 0, missing = 0, kills = 0;

	for (int at = 1; points < 400; at += stride, points++) {
		fresh_folder();
		bool ended = run_life(at, at % 3, checkpoint_us);
		bool beyond = ended;
		for (int again = 0; !ended; again++) {
			kills++;
			/* and once more, somewhere in what it does then */
			ended = run_life(again == 0 ? at % 37 + 1 : 0, (at + 1) % 3, checkpoint_us);
		}
		struct told got = what_was_said();
		bool good = same(&got, want);
		wrong += !good;
		doubled += got.doubled;
		missing += got.missing;
		if (!good || got.doubled || got.missing)
			printf("# killed at %d: %d candidates, %d doubled, %d missing\n", at, got.count,
			       got.doubled, got.missing);
		told_fini(&got);
		if (beyond)
			break;
	}
	printf("# %d points, %d kills\n", points, kills);
	tap_ok(points > (TAP_SANITIZED ? 2 : 5), "%s: killed at %d points, %d times", name, points, kills);
	tap_int(doubled, 0, "no version stands twice");
	tap_int(missing, 0, "none is left out");
	tap_int(wrong, 0, "and what is said last is what an undisturbed life says");
}

/* --- what a restart takes up -------------------------------------------------------------- */

#define HOUR INT64_C(3600000000)

/* A life that feeds steps and is killed: the steps while which the disk is full, and the
 * journal broken. */
struct plan {
	int steps;
	int64_t checkpoint_us;
	int full_to, broken_from, broken_to;
	bool settled; /* only once all has been said, and no later */
};

static bool busy(struct life *l)
{
	return l->s.outbox.count > 0 || l->s.keeper.error != 0;
}

static void follow_plan(const struct plan *p)
{
	struct life l;
	uint64_t until = clock_monotonic_ns() + WAIT_S * UINT64_C(1000000000);

	begin(&l, p->checkpoint_us);
	for (int step = 0; step < p->steps; step++) {
		uint64_t had = records(&l);
		atomic_store(&disk.full, step < p->full_to);
		atomic_store(&disk.broken, step >= p->broken_from && step < p->broken_to);
		feed(0, step);
		feed(1, step);
		take_in(&l, had + 2);
		/* a checkpoint is tried meanwhile */
		for (int i = 0; p->full_to && i < 60; i++)
			tick(&l);
		/* what is to wait is said, however slow the machine */
		while (step + 1 == p->broken_to && !l.s.outbox.held && clock_monotonic_ns() < until)
			tick(&l);
	}
	for (int i = 0; !p->settled && i < 20; i++)
		tick(&l);
	atomic_store(&disk.full, p->full_to >= p->steps && !p->settled);
	while (p->settled && busy(&l) && clock_monotonic_ns() < until)
		tick(&l);
	die();
}

static void killed_after(struct plan p)
{
	int status;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		follow_plan(&p);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
}

static void nothing_to_read_again(const struct told *want, struct plan plan, const char *how)
{
	fresh_folder();
	killed_after(plan);
	struct told first = what_was_said();
	tap_ok(same(&first, want), "%s all is said before the life is killed", how);
	for (int i = 0; i < 2; i++)
		test_write(files[i], "", 0); /* an input that cannot be read again */
	tap_ok(run_life(0, 0, HOUR), "a life that reads nothing");
	struct told then = what_was_said();
	tap_int(then.lines, first.lines, "it has nothing to say: the evidence was kept with the lines");
	tap_ok(same(&then, want) && !then.doubled, "and takes nothing back");
	told_fini(&first);
	told_fini(&then);
}

/* Between a line in the candidates file and the word in the journal that it is there. */
static void killed_before_it_is_noted(const struct told *want)
{
	fresh_folder();
	disk.kill_at_note = true;
	tap_ok(!run_life(0, 0, HOUR), "killed when the first line has left");
	disk.kill_at_note = false;
	struct told first = what_was_said();
	tap_ok(run_life(0, 0, HOUR), "a life that does not know it");
	struct told then = what_was_said();
	tap_ok(first.lines > 0 && same(&then, want) && !then.doubled && !then.missing,
	       "looks into the file, and does not say it again");
	told_fini(&first);
	told_fini(&then);
}

/* Lines that no entry has, and then lines that one has, behind the cut of a checkpoint that
 * never is whole. */
static void unchained(const struct told *want)
{
	fresh_folder();
	killed_after((struct plan){STEPS, 5000, STEPS, 0, STEPS / 2, false});
	struct told first = what_was_said();
	tap_int(first.lines, 0, "what an entry holds waits for what none holds");
	tap_ok(run_life(0, 0, HOUR), "a life that finds that entry");
	struct told then = what_was_said();
	tap_ok(same(&then, want) && !then.doubled && !then.missing, "says it from the first version on");
	told_fini(&first);
	told_fini(&then);
}

/* What a checkpoint holds and nobody has judged. */
static void judged_after_a_restart(void)
{
	struct life l;

	fresh_folder();
	begin(&l, HOUR);
	for (int step = 0; step < STEPS; step++) {
		feed(0, step);
		feed(1, step);
	}
	for (int i = 0; i < 2000 && records(&l) < 2 * STEPS; i++)
		usleep(5000); /* workers join; nobody judges */
	engine_quiesce(l.t.e);
	tap_int(keeper_save(&l.s.keeper, l.s.live), 0, "a checkpoint of what was not judged");
	engine_resume(l.t.e);
	struct told before = what_was_said();
	tap_int(before.lines, 0, "nothing has been said");
	/* as a kill would: nothing of this life is told */
	keeper_rest(&l.s.keeper);
	engine_interrupt(l.t.e);
	live_join(l.s.live);
	engine_stop(l.t.e);
	live_free(l.s.live);
	control_close(l.s.control);
	keeper_fini(&l.s.keeper);
	outbox_fini(&l.s.outbox);
	output_close(&l.out);
	test_engine_fini(&l.t);
	for (int i = 0; i < 2; i++)
		test_write(files[i], "", 0);
	begin(&l, HOUR);
	for (int i = 0; i < 10; i++)
		tick(&l);
	tap_int(finish(&l), 0, "the next life reads nothing");
	struct told after = what_was_said();
	tap_int(after.count, THREATS, "and says what the evidence means");
	told_fini(&before);
	told_fini(&after);
}

/* The journal's bytes changed or cut: told, the checkpoint's candidates are there, and what the
 * candidates file holds is not said again. */
static void damaged_journal(const struct told *want)
{
	static char whole[JOURNAL_BYTES];
	const int tries = TAP_SANITIZED ? 4 : 12;
	int wrong = 0, doubled = 0;

	for (int i = 0; i < tries; i++) {
		fresh_folder();
		killed_after((struct plan){.steps = STEPS / 2, .checkpoint_us = HOUR});
		for (int file = 0; file < 2; file++) {
			const char *path = test_path(file ? "state/journal.1" : "state/journal.0");
			FILE *f = fopen(path, "r+");
			size_t n = f ? fread(whole, 1, sizeof(whole), f) : 0, used = n;
			while (used && !whole[used - 1])
				used--;
			for (int k = 0; used && k <= i % 3; k++) {
				size_t at = hash_word((uint64_t)(i * 8 + k)) % used;
				fseek(f, (long)at, SEEK_SET);
				fputc(whole[at] ^ (1 + i), f);
			}
			if (f)
				fclose(f);
		}
		if (!run_life(0, 0, 5000))
			wrong++;
		struct told got = what_was_said();
		wrong += !same(&got, want);
		doubled += got.doubled;
		told_fini(&got);
	}
	tap_int(wrong, 0, "a damaged journal is passed over");
	tap_int(doubled, 0, "and what was sent is not said again");
}

/* --- disks -------------------------------------------------------------------------------- */

static void wait_ms(struct life *l, int ms)
{
	uint64_t until = clock_monotonic_ns() + (uint64_t)ms * 1000000;

	while (clock_monotonic_ns() < until)
		tick(l);
}

static void full_disk(void)
{
	struct life l;

	fresh_folder();
	begin(&l, 100000);
	atomic_store(&disk.full, true);
	for (int step = 0; step < STEPS / 2; step++) {
		feed(0, step);
		feed(1, step);
		wait_ms(&l, 20);
	}
	take_in(&l, STEPS);
	wait_ms(&l, 300);
	int refused = atomic_exchange(&disk.refused, 0);
	tap_ok(refused > 0 && l.s.keeper.error == -ENOSPC, "a full disk is told");
	wait_ms(&l, 1000);
	refused = atomic_exchange(&disk.refused, 0);
	struct told t = what_was_said();
	tap_int(t.count, THREATS, "candidates leave all the same, through the journal");
	tap_ok(refused >= 1 && refused <= 6, "a checkpoint is tried every 200 ms: %d in a second", refused);
	/* and with lines that wait, too */
	uint64_t from = clock_monotonic_ns();
	atomic_store(&disk.broken, true);
	for (int step = STEPS / 2; step < STEPS; step++) {
		feed(0, step);
		feed(1, step);
		wait_ms(&l, 60);
	}
	for (int i = 0; i < 1000 && !l.s.outbox.held; i++)
		wait_ms(&l, 5);
	refused = atomic_exchange(&disk.refused, 0);
	struct told held = what_was_said();
	tap_ok(held.lines == t.lines && l.s.outbox.held > 0, "with a broken journal they wait");
	int most = (int)((clock_monotonic_ns() - from) / KEEPER_RETRY_NS) + 2;
	tap_ok(refused <= most, "and wait for checkpoints that are tried no more often: %d of %d",
	       refused, most);
	atomic_store(&disk.full, false);
	atomic_store(&disk.broken, false);
	wait_ms(&l, 500);
	tap_ok(l.s.keeper.error == 0 && l.s.outbox.count == 0, "once there is room all of them leave");
	tap_int(finish(&l), 0, "the life ends well");
	struct told all = what_was_said();
	tap_ok(all.lines > t.lines && !all.doubled && !all.missing, "each once");
	told_fini(&t);
	told_fini(&held);
	told_fini(&all);
}

/* A journal that is full, or cannot be written: lines leave with checkpoints, as often as that. */
static void no_journal(void)
{
	struct life l;

	fresh_folder();
	atomic_store(&disk.broken, true);
	begin(&l, HOUR);
	for (int step = 0; step < STEPS; step++) {
		feed(0, step);
		feed(1, step);
		wait_ms(&l, 20);
	}
	wait_ms(&l, 500);
	struct told t = what_was_said();
	tap_ok(t.count == THREATS && !t.doubled && !t.missing, "without a journal lines leave with checkpoints");
	atomic_store(&disk.broken, false);
	tap_int(finish(&l), 0, "and the life ends well");
	told_fini(&t);
}

int main(void)
{
	test_dir_init(10);
	mkdir(test_path("state"), 0700);
	fresh_folder();
	tap_ok(run_life(0, 0, 5000), "an undisturbed life");
	struct told want = what_was_said();
	tap_ok(want.count == THREATS && want.lines > 2 * THREATS && !want.doubled && !want.missing,
	       "says %d candidates in %d lines", want.count, want.lines);
	killed_everywhere(&want, 5000, TAP_SANITIZED ? 31 : 7, "with checkpoints all the time");
	killed_everywhere(&want, 3600000000, TAP_SANITIZED ? 23 : 5, "with none after the first");
	uring = false;
	killed_everywhere(&want, 50000, TAP_SANITIZED ? 41 : 11, "without io_uring");
	full_disk();
	no_journal();
	unchained(&want);
	nothing_to_read_again(&want, (struct plan){STEPS, 5000, STEPS, STEPS / 2, STEPS, true},
			      "with a journal that is older than the checkpoint");
	uring = true;
	killed_before_it_is_noted(&want);
	nothing_to_read_again(&want, (struct plan){.steps = STEPS, .checkpoint_us = HOUR},
			      "without a disturbance");
	nothing_to_read_again(&want, (struct plan){STEPS, 5000, STEPS, 0, 0, false}, "on a full disk");
	damaged_journal(&want);
	judged_after_a_restart();
	told_fini(&want);
	test_dir_fini();
	return tap_done();
}
