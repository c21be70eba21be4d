#include "raise/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "test_candidate.h"

static char folder[] = "/tmp/tocsin-sink-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* What a file holds, NUL-terminated. */
static char *slurp(const char *path)
{
	char *p = calloc(1, 1 << 20);
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, p, (1 << 20) - 1) < 0)
		p[0] = '\0';
	close(fd);
	return p;
}

static void spill(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void holds(const char *path, const char *want, const char *name)
{
	char *got = slurp(path);

	tap_str(got, want, name);
	free(got);
}

static struct sink *open_file(const char *path)
{
	struct sink *s = NULL;
	char why[256] = "";

	if (sink_file.open(&s, path, NULL, why) != 0)
		printf("# %s\n", why);
	return s;
}

static int write_line(struct sink *s, const char *line)
{
	return sink_file.write(s, "id", line, strlen(line));
}

static void file(void)
{
	char path[256], rotated[256], why[256] = "";
	struct sink *s = NULL;

	strcpy(path, in_folder("plain"));
	strcpy(rotated, in_folder("plain.1"));
	s = open_file(path);
	tap_int(write_line(s, "one"), 0, "a line");
	tap_int(sink_file.flush(s, 0), 0, "is synced");
	tap_int(rename(path, rotated), 0, "the file is rotated away");
	write_line(s, "two");
	tap_int(sink_file.reopen(s), 0, "and reopened");
	write_line(s, "three");
	sink_file.close(s);
	holds(rotated, "one\ntwo\n", "until then lines went to the old file");
	holds(path, "three\n", "then to the new one");
	tap_int(sink_file.open(&s, "/no/such/folder/x", NULL, why), -ENOENT,
		"a folder that is not");
	tap_ok(strstr(why, "/no/such/folder/x") != NULL, "is named: %s", why);
	tap_ok(sink_file.open(&s, folder, NULL, why) != 0, "a folder is no file");
}

static void half_lines(void)
{
	char path[256];
	struct sink *s;

	strcpy(path, in_folder("half"));
	spill(path, "{\"event_type\":\"candidate\"}\n{\"event_type\":\"candi");
	s = open_file(path);
	write_line(s, "next");
	sink_file.close(s);
	holds(path, "{\"event_type\":\"candidate\"}\nnext\n", "half a line of ours is cut away");
	spill(path, "{\"ev");
	s = open_file(path);
	sink_file.close(s);
	holds(path, "", "even when it is all there is");
	spill(path, "a stranger's words");
	s = open_file(path);
	write_line(s, "next");
	sink_file.close(s);
	holds(path, "a stranger's words\nnext\n", "a stranger's last line is only ended");
}

/* With `room` bytes left: lines of 100 bytes until one fails; none may be there in part. */
static void until_full(const char *path, int want, const char *where)
{
	char line[100];
	struct sink *s = open_file(path);
	int r = 0, lines = 0;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (; lines < 100000 && (r = write_line(s, line)) == 0; lines++)
		;
	struct stat st;
	tap_int(r, want, where);
	tap_ok(stat(path, &st) == 0 && st.st_size == lines * 100, "%d lines whole, no part of one",
	       lines);
	sink_file.close(s);
}

static void size_limit(void)
{
	struct rlimit old, small;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){.rlim_cur = 12345, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	until_full(in_folder("limited"), -EFBIG, "a size limit is an error");
	setrlimit(RLIMIT_FSIZE, &old);
}

static void full_disk(void)
{
	char disk[256], path[300];

	strcpy(disk, in_folder("disk"));
	mkdir(disk, 0700);
	if (mount("tocsin-test", disk, "tmpfs", 0, "size=64k") != 0) {
		tap_skip(4, "mounting a small tmpfs: %s", strerror(errno));
		return;
	}
	snprintf(path, sizeof(path), "%s/full", disk);
	until_full(path, -ENOSPC, "a full disk is an error");
	/* the caller keeps the line, makes room, tries again */
	truncate(path, 100);
	struct sink *s = open_file(path);
	tap_int(write_line(s, "kept"), 0, "with room again the line goes in");
	sink_file.close(s);
	char *all = slurp(path);
	tap_ok(strlen(all) == 105 && strcmp(all + 99, "\nkept\n") == 0, "whole");
	free(all);
	umount(disk);
}

static void to_stdout(void)
{
	int pipes[2], saved = dup(STDOUT_FILENO);
	char buf[64] = "", why[256];
	struct sink *s = NULL;

	if (pipe(pipes) != 0)
		abort();
	dup2(pipes[1], STDOUT_FILENO);
	close(pipes[1]);
	int opened = sink_stdout.open(&s, NULL, NULL, why);
	int wrote = sink_stdout.write(s, "id", "line", 4);
	int flushed = sink_stdout.flush(s, 0);
	ssize_t n = read(pipes[0], buf, sizeof(buf) - 1);
	close(pipes[0]);
	int closed = sink_stdout.write(s, "id", "line", 4);
	sink_stdout.close(s);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	tap_int(opened | wrote | flushed, 0, "standard output takes a line");
	tap_ok(n == 5 && strcmp(buf, "line\n") == 0, "in one piece");
	tap_int(closed, -EPIPE, "a closed pipe is an error and no signal");
}

static void *drain(void *arg)
{
	size_t *total = arg, len = total[1];
	char buf[4096];
	ssize_t n;

	usleep(20000);
	while (total[0] < len && (n = read((int)total[2], buf, sizeof(buf))) > 0)
		total[0] += (size_t)n;
	return NULL;
}

/* A reader slower than the writer, and a descriptor that does not block. */
static void slow_reader(void)
{
	int pipes[2], saved = dup(STDOUT_FILENO);
	size_t len = 1 << 20;
	char *line = malloc(len), why[256];
	struct sink *s = NULL;
	pthread_t thread;

	memset(line, 'y', len);
	if (pipe(pipes) != 0)
		abort();
	fcntl(pipes[1], F_SETFL, O_NONBLOCK);
	size_t total[3] = {0, len + 1, (size_t)pipes[0]};
	pthread_create(&thread, NULL, drain, total);
	dup2(pipes[1], STDOUT_FILENO);
	close(pipes[1]);
	sink_stdout.open(&s, NULL, NULL, why);
	int r = sink_stdout.write(s, "id", line, len);
	pthread_join(thread, NULL);
	sink_stdout.close(s);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(pipes[0]);
	free(line);
	tap_ok(r == 0 && total[0] == len + 1, "a megabyte through a slow pipe that does not block");
}

struct scanned {
	int count;
	uint32_t version;
	char id[CANDIDATE_ID_MAX];
};

static void scan(void *arg, const struct candidate_head *head, const char *line, size_t len)
{
	struct scanned *sc = arg;
	struct candidate_head again;

	sc->count += candidate_head(line, len, &again) && again.says == head->says;
	sc->version = head->version;
	strcpy(sc->id, head->id);
}

static void scans(void)
{
	struct scanned sc = {0};
	struct fixture f;
	struct candidate c;
	struct text t;
	char path[256];

	fixture_init(&f);
	strcpy(path, in_folder("scan"));
	tap_int(sink_file_scan(path, scan, &sc), -ENOENT, "no file, nothing to scan");
	struct sink *s = open_file(path);
	struct episode ep = fixture_raised(&f);
	candidate_make(&c, &f.cx, &ep, CANDIDATE_RAISED, 1);
	text_init(&t);
	for (; c.version <= 3; c.version++) {
		text_reset(&t);
		candidate_json(&t, &c, &f.cx);
		sink_file.write(s, c.id, t.p, t.len);
		write_line(s, "{\"event_type\":\"hit\"}");
		write_line(s, "");
	}
	sink_file.close(s);
	tap_int(sink_file_scan(path, scan, &sc), 0, "a file of an earlier life");
	tap_ok(sc.count == 3 && sc.version == 3 && strcmp(sc.id, c.id) == 0,
	       "three candidate lines, the last of version 3");
	truncate(path, (off_t)(t.len + 1 + 10));
	sc.count = 0;
	sink_file_scan(path, scan, &sc);
	tap_int(sc.count, 1, "a line that is not whole does not count");
	text_fini(&t);
	fixture_fini(&f);
}

static void nothing(void)
{
	struct sink *s = NULL;
	char why[256];

	tap_ok(sink_null.open(&s, NULL, NULL, why) == 0 && sink_null.write(s, "i", "l", 1) == 0 &&
		       sink_null.flush(s, 0) == 0 && sink_null.reopen(s) == 0,
	       "null takes everything");
	sink_null.close(s);
}

int main(void)
{
	char command[300];

	if (!mkdtemp(folder))
		abort();
	file();
	half_lines();
	size_limit();
	full_disk();
	to_stdout();
	slow_reader();
	scans();
	nothing();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		printf("# %s stays\n", folder);
	return tap_done();
}
