/* The durable tier against a plain array: reopened, compacted, killed, torn, full. argv: seeds */
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "config/vocab.h"
#include "correlate/history_segment.h"

#define DAY   INT64_C(86400000000)
#define T0    INT64_C(1795000000000000)
#define MOST  4000
#define STATE 5

static char dir[] = "/tmp/tocsin-history-XXXXXX";

static uint64_t draw(uint64_t *seed)
{
	return hash_word(*seed += 0x9e3779b97f4a7c15u);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	return ftw->level ? remove(path) : 0;
}

static void empty(void)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct history *reopen(struct history *h, uint32_t max)
{
	char why[256] = "";

	history_close(h);
	if (history_open(&h, dir, max, why)) {
		printf("# %s\n", why);
		exit(2);
	}
	return h;
}

static struct history_record record(uint32_t threat, uint32_t candidate, uint32_t version, int64_t day)
{
	struct history_record r = {.version = version, .state = (uint8_t)(STATE + candidate % 2)};
	char id[32];

	snprintf(id, sizeof(id), "threat %u", threat);
	history_threat(1, id, r.threat);
	memcpy(r.candidate, &candidate, sizeof(candidate));
	r.first_us = T0 + day * DAY;
	r.last_us = r.first_us + version * INT64_C(1000000);
	r.raised = candidate % 3 == 0;
	r.expired = candidate % 5 == 0;
	r.severity = (uint8_t)(version % 4);
	r.tlp = (uint8_t)(threat % TLPS);
	r.pap = (uint8_t)(threat % PAPS);
	r.score = (uint8_t)(candidate % 101);
	r.entities_exact = threat % 2;
	r.records_exact = version % 2;
	r.profile = history_profile("mine", version % 2 ? "1" : "2");
	r.decided_us = r.first_us + 1;
	r.entities = (uint64_t)candidate << 40 | version;
	r.records = r.entities * 3;
	r.users = r.entities * 5;
	r.origins = UINT32_MAX - version;
	r.sectors = candidate & ((1u << SECTORS) - 1);
	r.criteria = ~candidate;
	return r;
}

/* --- the slow way ---------------------------------------------------------------- */

static struct history_record model[MOST];
static int models;

/* Every field, however it is padded. */
static bool same_all(const struct history_record *a, const struct history_record *b)
{
	return memcmp(a->threat, b->threat, 16) == 0 && memcmp(a->candidate, b->candidate, 16) == 0 &&
	       a->first_us == b->first_us && a->last_us == b->last_us && a->version == b->version &&
	       a->state == b->state && a->withdrawn == b->withdrawn && a->raised == b->raised &&
	       a->expired == b->expired &&
	       a->severity == b->severity && a->tlp == b->tlp && a->pap == b->pap &&
	       a->score == b->score && a->entities_exact == b->entities_exact &&
	       a->records_exact == b->records_exact && a->profile == b->profile &&
	       a->decided_us == b->decided_us && a->entities == b->entities &&
	       a->records == b->records && a->users == b->users && a->origins == b->origins &&
	       a->sectors == b->sectors && a->criteria == b->criteria;
}

static bool same_key(const struct history_record *a, const struct history_record *b)
{
	return memcmp(a->threat, b->threat, 16) == 0 && a->state == b->state &&
	       memcmp(a->candidate, b->candidate, 16) == 0;
}

static void model_put(const struct history_record *r)
{
	int i = 0;

	while (i < models && !same_key(&model[i], r))
		i++;
	if (i == models)
		model[models++] = *r;
	else if (r->version > model[i].version)
		model[i] = *r;
	else if (r->version == model[i].version) {
		if (r->first_us < model[i].first_us)
			model[i].first_us = r->first_us;
		if (r->last_us > model[i].last_us)
			model[i].last_us = r->last_us;
		model[i].withdrawn |= r->withdrawn;
		model[i].decided_us = r->decided_us > model[i].decided_us ? r->decided_us : model[i].decided_us;
	}
}

struct seen {
	int found, wrong;
};

static void look(void *arg, const struct history_record *r)
{
	struct seen *s = arg;

	for (int i = 0; i < models; i++)
		if (same_key(&model[i], r)) {
			s->found++;
			s->wrong += !same_all(&model[i], r);
			return;
		}
	s->wrong++;
}

/* Finds exactly what the model has. */
static bool equals(const struct history *h)
{
	struct seen s = {0, 0};
	struct history_usage u;

	for (int i = 0; i < models; i++) {
		bool first = true;
		for (int k = 0; k < i; k++)
			first &= memcmp(model[k].threat, model[i].threat, 16) != 0 ||
				 model[k].state != model[i].state;
		if (first)
			history_find(h, model[i].threat, model[i].state, look, &s);
	}
	history_usage(h, &u);
	return s.found == models && s.wrong == 0 && u.records == (uint64_t)models;
}

static bool seed_equals(uint64_t seed)
{
	uint64_t s = seed;
	struct history *h = NULL;
	bool good = true;

	empty();
	models = 0;
	h = reopen(NULL, 1 << 20);
	for (int i = 0; i < 600 && good; i++) {
		struct history_record r =
			record((uint32_t)(draw(&s) % 20), (uint32_t)(draw(&s) % 100),
			       1 + (uint32_t)(draw(&s) % 3), (int64_t)(draw(&s) % 150));
		r.withdrawn = draw(&s) % 8 == 0;
		history_put(h, &r);
		model_put(&r);
		if (draw(&s) % 50 == 0)
			good &= equals(h);
		if (draw(&s) % 40 == 0) {
			good &= history_sync(h) == 0;
			h = reopen(h, 1 << 20);
			good &= equals(h);
		}
	}
	history_close(h);
	return good;
}

/* --- crashes ----------------------------------------------------------------------- */

/* Puts and syncs until it is killed; says over the pipe how far it is for good. */
static void victim(int fd)
{
	struct history *h = reopen(NULL, 1 << 20);

	for (uint32_t i = 0;; i++) {
		struct history_record r = record(i % 50, i % 500, 1 + i / 500, 0);
		history_put(h, &r);
		if (i % 7 == 0 && (history_sync(h) || write(fd, &i, sizeof(i)) != sizeof(i)))
			_exit(3);
	}
}

/* For each candidate the highest version put up to i; nothing newer than what was under way. */
static bool holds_up_to(struct history *h, uint32_t acknowledged)
{
	struct seen s = {0, 0};

	models = 0;
	for (uint32_t c = 0; c < 500 && c <= acknowledged; c++) {
		uint32_t last = acknowledged - (acknowledged - c) % 500;
		model[models++] = record(last % 50, c, 1 + last / 500, 0);
	}
	/* what was put after the last acknowledgement may be there as well: newer versions */
	for (int i = 0; i < models; i++) {
		struct history_usage u;
		history_usage(h, &u);
		if (u.damaged > 1)
			return false;
		history_put(h, &model[i]);
	}
	for (int i = 0; i < models; i++) {
		struct seen one = {0, 0};
		history_find(h, model[i].threat, model[i].state, look, &one);
		s.found += one.found;
	}
	struct history_usage u;
	history_usage(h, &u);
	/* had anything acknowledged been lost, putting it again would have made it dirty */
	return u.unsynced == 0 && s.found >= models;
}

static void test_kill(int kills)
{
	int lost = 0;

	for (int k = 0; k < kills; k++) {
		int pipe_fd[2];
		uint32_t at = 0, acknowledged = 0;
		empty();
		if (pipe(pipe_fd))
			exit(2);
		pid_t child = fork();
		if (child == 0)
			victim(pipe_fd[1]);
		close(pipe_fd[1]);
		uint64_t seed = (uint64_t)k + 1;
		uint32_t until = (uint32_t)(draw(&seed) % 3000);
		while (acknowledged < until && read(pipe_fd[0], &at, sizeof(at)) == sizeof(at))
			acknowledged = at;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(pipe_fd[0], &at, sizeof(at)) == sizeof(at))
			acknowledged = at;
		close(pipe_fd[0]);
		struct history *h = reopen(NULL, 1 << 20);
		lost += !holds_up_to(h, acknowledged);
		history_close(h);
	}
	tap_int(lost, 0, "killed at any moment, nothing that was synced is lost");
}

static char *only_segment(char path[512])
{
	DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d));)
		if (strstr(e->d_name, ".seg"))
			snprintf(path, 512, "%s/%s", dir, e->d_name);
	closedir(d);
	return path;
}

static void count(void *arg, const struct history_record *r)
{
	(void)r;
	++*(int *)arg;
}

static void test_damage(void)
{
	char path[512], *bytes = malloc(1 << 16);
	uint64_t seed = 7, threat[2];
	int bad = 0;

	empty();
	models = 0;
	struct history *h = reopen(NULL, 1 << 20);
	for (uint32_t i = 0; i < 200; i++) {
		struct history_record r = record(i % 9, i, 1, i % 30);
		history_put(h, &r);
		model_put(&r);
	}
	history_sync(h);
	history_close(h);
	FILE *f = fopen(only_segment(path), "r+b");
	size_t len = fread(bytes, 1, 1 << 16, f);
	fclose(f);
	tap_int((long long)len, 201 * HISTORY_UNIT, "a record is 128 bytes");
	for (int i = 0; i < 300; i++) {
		size_t cut = i < 200 ? draw(&seed) % len : len, at = draw(&seed) % len;
		struct history_usage u;
		f = fopen(path, "wb");
		bytes[at] ^= (char)(i >= 200);
		fwrite(bytes, 1, cut, f);
		bytes[at] ^= (char)(i >= 200);
		fclose(f);
		h = reopen(NULL, 1 << 20);
		struct seen s = {0, 0};
		for (uint32_t t = 0; t < 9; t++)
			for (uint8_t state = STATE; state < STATE + 2; state++) {
				struct history_record r = record(t, 0, 1, 0);
				history_find(h, r.threat, state, look, &s);
			}
		history_usage(h, &u);
		int whole = cut < HISTORY_UNIT ? 0 : (int)(cut / HISTORY_UNIT) - 1;
		/* cut: all whole records are there; a bit wrong: all but one, or none with its header */
		bad += s.wrong != 0 || u.records != (uint64_t)s.found ||
		       (i < 200 ? s.found != whole
				: s.found != (at < HISTORY_UNIT ? 0 : 199) || u.damaged != 1);
		history_close(h);
	}
	tap_int(bad, 0, "torn or with a bit wrong it costs what was hit, counted, and invents nothing");
	f = fopen(path, "wb");
	fwrite(bytes, 1, len, f);
	fclose(f);
	h = reopen(NULL, 1 << 20);
	tap_ok(equals(h), "whole again it is read whole");
	/* a crash after a compaction's renaming, before the old segments went */
	for (uint32_t v = 2; v < 60; v++)
		for (uint32_t i = 0; i < 200; i++) {
			struct history_record r = record(i % 9, i, v, i % 30);
			history_put(h, &r);
			model_put(&r);
			if (i % 100 == 0)
				history_sync(h);
		}
	history_sync(h);
	struct history_usage u;
	history_usage(h, &u);
	tap_ok(u.on_disk <= 2 * u.records + 4096 + 200, "versions that no longer count are compacted away");
	f = fopen(path, "wb");
	fwrite(bytes, 1, len, f); /* the very first segment, come back */
	fclose(f);
	snprintf(path, sizeof(path), "%s/history.new", dir);
	f = fopen(path, "wb");
	fwrite(bytes, 1, 100, f);
	fclose(f);
	h = reopen(h, 1 << 20);
	history_usage(h, &u);
	tap_ok(equals(h) && access(path, F_OK) != 0 && u.damaged == 0,
	       "what a compaction has replaced is void, and one that did not end is gone");
	history_threat(1, "nothing", threat);
	int n = 0;
	history_find(h, threat, STATE, count, &n);
	tap_int(n, 0, "what was never there is not found");
	history_close(h);
	free(bytes);
}

static void count_candidate(void *arg, const struct history_record *r)
{
	int *n = arg;

	n[0]++;
	n[1] += r->candidate[0];
}

struct under {
	struct history *h;
	bool done, seen[250];
};

/* At the first record all there is is written anew, into another segment. */
static void compact_under(void *arg, const struct history_record *r)
{
	struct under *u = arg;
	uint32_t candidate;

	memcpy(&candidate, r->candidate, sizeof(candidate));
	u->seen[candidate] = r->version >= 50;
	for (uint32_t v = 10; !u->done && v < 100; v++) {
		for (uint32_t i = 0; i < 250; i++) {
			struct history_record new = record(i % 9, i, v, i % 30);
			history_put(u->h, &new);
		}
		history_sync(u->h);
	}
	u->done = true;
}

/* Beside the process that has it open, while that writes and compacts. */
static void test_look(void)
{
	char why[256];
	struct history *h, *look;
	int n[2] = {0, 0};

	empty();
	models = 0;
	h = reopen(NULL, 1 << 20);
	for (uint32_t i = 0; i < 300; i++) {
		struct history_record r = record(i % 9, i % 250, 1, i % 30);
		history_put(h, &r);
		model_put(&r);
	}
	history_sync(h);
	tap_int(history_look(&look, dir, why), 0, "looked at while another has it open");
	tap_ok(history_looks(look) && !history_looks(h) && equals(look), "it is all there");
	struct history_record key = record(0, 7, 1, 0);
	history_candidate(look, key.candidate, count_candidate, n);
	tap_ok(n[0] == 2 && n[1] == 14, "a candidate's records are found by its id");
	history_close(look);

	/* several segments, and a compaction once the first of them is being read */
	for (uint32_t v = 2; v < 6; v++) {
		h = reopen(h, 1 << 20);
		struct history_record r = record(0, 0, v, 0);
		history_put(h, &r);
		history_sync(h);
	}
	struct under u = {.h = h};
	struct history_found found;
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	tap_ok(history_segment_look(fd, compact_under, &u, &found) == 0 && u.seen[249],
	       "replaced while it is read, it is read again");
	close(fd);
	history_close(h);
	tap_int(history_look(&look, "/no/such/folder", why), -ENOENT, "a folder that is not there");
}

static void test_limits(void)
{
	struct history_usage u;
	char why[256];
	struct history *h, *second;

	empty();
	h = reopen(NULL, 1024);
	for (uint32_t i = 0; i < 5000; i++) {
		struct history_record r = record(i, i, 1, i % 2 ? (int64_t)i / 50 : 100);
		history_put(h, &r);
	}
	history_usage(h, &u);
	tap_ok(u.records <= 1024 && u.records + u.dropped == 5000, "full, the oldest go, counted");
	tap_int(history_open(&second, dir, 1024, why), -EWOULDBLOCK, "a second process is refused");

	struct rlimit old, none = {.rlim_cur = 0};
	getrlimit(RLIMIT_FSIZE, &old);
	none.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	int err = history_sync(h);
	setrlimit(RLIMIT_FSIZE, &old);
	history_usage(h, &u);
	tap_ok(err == -EFBIG && u.unsynced == u.records, "a disk that takes nothing is an error, and nothing is given up");
	tap_int(history_sync(h), 0, "later it is written");
	uint64_t known = u.records;
	h = reopen(h, 1024);
	history_usage(h, &u);
	tap_ok(u.records == known && u.unsynced == 0, "all of it");
	printf("# io_uring: %s\n", u.io_uring ? "yes" : "no");

	for (uint32_t v = 1; v < 70; v++) {
		for (uint32_t i = 0; i < 100; i++) {
			struct history_record r = record(i, i, v, 2000);
			history_put(h, &r);
		}
		history_sync(h);
	}
	history_usage(h, &u);
	tap_int((long long)u.records, 100, "what ended half a year and more before the newest is let go");
	history_close(h);
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : TAP_SANITIZED ? 3 : 20, bad = 0;

	if (!mkdtemp(dir))
		return 1;
	for (int i = 1; i <= seeds; i++)
		bad += !seed_equals((uint64_t)i);
	tap_int(bad, 0, "put, synced and reopened it equals a plain array");
	test_damage();
	test_limits();
	test_look();
	test_kill(TAP_SANITIZED ? 4 : 25);
	empty();
	rmdir(dir);
	return tap_done();
}
