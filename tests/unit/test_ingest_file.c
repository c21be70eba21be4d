/* Every line exactly once, at its offset, by every way bytes can come in. */
#include "test_ingest_common.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static char folder[64] = "/tmp/test_ingest_file.XXXXXX";
static char path[128];

static void check(const uint8_t *p, size_t len, size_t max, const char *name)
{
	struct run want, got;
	char label[160];

	expect_lines(&want, p, len, max);
	write_file(path, p, len);
	cx.record_bytes_max = (uint32_t)max;
	for (int ring = 0; ring < 2; ring++) {
		cx.io_uring = ring;
		read_all(&got, &ingest_file, path, NULL, true);
		snprintf(label, sizeof(label), "%s, %s", name, ring ? "io_uring" : "read");
		same_run(&got, &want, label);
		run_free(&got);
	}
	for (int gzip = 0; gzip < 2; gzip++) {
		/* two members: the second starts in the middle of a line */
		size_t half = len / 2, n1, n2;
		uint8_t *a = pack(gzip, p, half, &n1), *b = pack(gzip, p + half, len - half, &n2);
		a = realloc(a, n1 + n2);
		memcpy(a + n1, b, n2);
		write_file(path, a, n1 + n2);
		read_all(&got, &ingest_file, path, NULL, true);
		snprintf(label, sizeof(label), "%s, two members of %s", name,
			 gzip ? "gzip" : "zstd");
		same_run(&got, &want, label);
		run_free(&got);
		free(a);
		free(b);
	}
	cx.record_bytes_max = BATCH_BYTES;
	run_free(&want);
}

static void check_shapes(void)
{
	static const size_t sizes[] = {1, 100, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20};
	char name[64];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *p = make_lines(sizes[i], 700, i);
		snprintf(name, sizeof(name), "%zu bytes", sizes[i]);
		check(p, sizes[i], BATCH_BYTES, name);
		free(p);
	}
	check((const uint8_t *)"", 0, BATCH_BYTES, "nothing");
	check((const uint8_t *)"\n\n\n\n", 4, BATCH_BYTES, "only newlines");
	check((const uint8_t *)"a\nb", 3, BATCH_BYTES, "no newline at the end");
	check((const uint8_t *)"a\r\nb\r\n", 6, BATCH_BYTES, "CR LF");
	uint8_t *p = malloc(3 << 20);
	memset(p, '\n', 3 << 20);
	check(p, 3 << 20, BATCH_BYTES, "three megabytes of newlines");
	free(p);
}

static void check_long_lines(void)
{
	char name[64];

	/* around the longest record: one less, exactly, one more, with and without newline */
	for (int extra = -1; extra <= 2; extra++) {
		size_t len = (size_t)((int)BATCH_BYTES + extra);
		uint8_t *p = malloc(len + 8);
		memset(p, 'x', len);
		memcpy(p + len, "\nab\ncd\n", 7);
		snprintf(name, sizeof(name), "a line of BATCH_BYTES%+d", extra);
		check(p, len + 7, BATCH_BYTES, name);
		check(p, len, BATCH_BYTES, "the same without a newline");
		free(p);
	}
	for (uint64_t seed = 1; seed < 5; seed++) {
		uint8_t *p = make_lines(3 << 20, 3000, seed);
		check(p, 3 << 20, 1024, "many lines over 1 KiB");
		check(p, 3 << 20, 2000 + seed, "some lines too long");
		free(p);
	}
	uint8_t *p = make_lines(4 << 20, 300000, 9);
	check(p, 4 << 20, 100000, "lines of hundreds of KB");
	free(p);
}

/* 100 MB of one line must not cost 100 MB. */
static long resident_kb(void)
{
	long pages = 0, ignored;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%ld %ld", &ignored, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void check_huge_line(void)
{
	struct run got;
	const size_t huge = 100 << 20;
	FILE *f = fopen(path, "wb");
	uint8_t *mb = malloc(1 << 20);

	memset(mb, 'y', 1 << 20);
	fputs("first\n", f);
	for (size_t i = 0; i < huge >> 20; i++)
		fwrite(mb, 1, 1 << 20, f);
	fputs("\nlast\n", f);
	fclose(f);
	free(mb);
	cx.io_uring = true;
	read_all(&got, &ingest_file, path, NULL, true); /* buffers are touched once */
	run_free(&got);
	long before = resident_kb();
	read_all(&got, &ingest_file, path, NULL, true);
	tap_str(got.lines.p, "0:first\n104857607:last\n", "lines around one of 100 MB");
	tap_int((long long)got.refused[REASON_TOO_LONG], 1, "which is counted once");
	tap_ok(resident_kb() - before < 8192, "in constant memory");
	run_free(&got);
}

static void check_broken(void)
{
	struct run want, got;
	size_t n;
	uint8_t *p = make_lines(1 << 20, 100, 3);

	for (int gzip = 0; gzip < 2; gzip++) {
		const char *kind = gzip ? "gzip" : "zstd";
		uint8_t *packed = pack(gzip, p, 1 << 20, &n);
		write_file(path, packed, n - n / 3);
		read_all(&got, &ingest_file, path, NULL, true);
		tap_ok(got.result == 0 && got.records > 1000, "%s cut short: %llu lines came", kind,
		       (unsigned long long)got.records);
		tap_int((long long)got.refused[REASON_BAD_COMPRESSION], 1,
			"and it is counted once");
		/* whole lines only, each a line of the original */
		expect_lines(&want, p, got.bytes, BATCH_BYTES);
		tap_ok(got.lines.len == want.lines.len &&
			       memcmp(got.lines.p, want.lines.p, want.lines.len) == 0 &&
			       p[got.bytes - 1] == '\n',
		       "and no line is torn");
		run_free(&want);
		run_free(&got);
		packed = realloc(packed, n + 7);
		memcpy(packed + n, "garbage", 7);
		write_file(path, packed, n + 7);
		read_all(&got, &ingest_file, path, NULL, true);
		expect_lines(&want, p, 1 << 20, BATCH_BYTES);
		tap_ok(got.records == want.records && got.refused[REASON_BAD_COMPRESSION] == 1 &&
			       got.result == 0,
		       "garbage after %s: all lines, and it is counted", kind);
		run_free(&want);
		run_free(&got);
		free(packed);
	}
	write_file(path, "\x1f\x8b\x08\x00garbage that is no deflate", 31);
	read_all(&got, &ingest_file, path, NULL, true);
	tap_ok(got.result == 0 && got.records == 0 && got.refused[REASON_BAD_COMPRESSION] == 1,
	       "a gzip magic and nothing behind it");
	run_free(&got);
	free(p);
}

static void check_padding(void)
{
	struct run got;
	size_t n;
	uint8_t *packed = pack(true, "a\nb\n", 4, &n);

	packed = realloc(packed, n + 600000);
	memset(packed + n, 0, 600000);
	write_file(path, packed, n + 600000);
	read_all(&got, &ingest_file, path, NULL, true);
	tap_ok(got.records == 2 && got.refused[REASON_BAD_COMPRESSION] == 0,
	       "zero bytes after gzip are padding");
	run_free(&got);
	free(packed);
}

struct writer {
	int fd;
	const uint8_t *p;
	size_t len;
	uint64_t seed;
};

static void *write_chunks(void *arg)
{
	struct writer *w = arg;

	for (size_t at = 0; at < w->len;) {
		size_t n = 1 + roll(&w->seed) % 70000;
		if (n > w->len - at)
			n = w->len - at;
		ssize_t done = write(w->fd, w->p + at, n);
		if (done < 0)
			break;
		at += (size_t)done;
	}
	close(w->fd);
	return NULL;
}

/* Through a FIFO and through standard input, in random pieces. */
static void check_streams(void)
{
	struct run want, got;
	char fifo[128];

	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	for (uint64_t seed = 0; seed < 4; seed++) {
		size_t len = (seed << 20) + 12345;
		uint8_t *p = make_lines(len, 2000, seed), *sent = p;
		size_t n = len;
		pthread_t thread;
		int ends[2] = {-1, -1};
		if (seed % 2)
			sent = pack(seed == 1, p, len, &n);
		struct writer w = {-1, sent, n, seed};
		bool named = seed < 2;
		if (named) {
			mkfifo(fifo, 0600);
			w.fd = open(fifo, O_RDWR);
		} else if (pipe(ends) == 0) {
			w.fd = ends[1];
			dup2(ends[0], 0);
			close(ends[0]);
		}
		struct input *in;
		memset(&got, 0, sizeof(got));
		ingest_file.open(&in, &cx, named ? fifo : "-", NULL, got.why);
		pthread_create(&thread, NULL, write_chunks, &w);
		drain(&got, &ingest_file, in, true);
		ingest_file.close(in);
		pthread_join(thread, NULL);
		unlink(fifo);
		expect_lines(&want, p, len, BATCH_BYTES);
		same_run(&got, &want, named ? "through a FIFO" : "through standard input");
		run_free(&want);
		run_free(&got);
		if (sent != p)
			free(sent);
		free(p);
	}
}

/* A stream that says something and falls silent is not waited for. */
static void check_quiet_stream(void)
{
	int ends[2];
	char why[256];
	struct input *in;
	struct batch *b = batch_get(&pool);

	if (pipe(ends) != 0)
		return;
	dup2(ends[0], 0);
	close(ends[0]);
	ingest_file.open(&in, &cx, "-", NULL, why);
	dprintf(ends[1], "x\nhalf");
	while (ingest_file.fill(in, b, why) > 0 && b->items == 0)
		batch_reset(b);
	tap_ok(b->items == 1 && b->item[0].len == 2,
	       "the line comes, its neighbour's half does not");
	batch_reset(b);
	tap_ok(ingest_file.fill(in, b, why) == 1 && b->items == 0, "silence: nothing yet");
	atomic_store(&stop, true);
	tap_int(ingest_file.fill(in, b, why), 0, "stopped: the end");
	atomic_store(&stop, false);
	close(ends[1]);
	ingest_file.close(in);
	batch_put(&pool, b);
}

static void check_first_bytes(void)
{
	struct run got;
	static const char log[] = "#separator \\x09\n#path\tdns\n#fields\tts\tuid\n";
	struct source eve = {.id = 1, .name = "eve", .format = FORMAT_EVE};
	char text[256];

	write_file(path, "\xef\xbb\xbf{}\n", 6);
	read_all(&got, &ingest_file, path, NULL, true);
	tap_str(got.lines.p, "3:{}\n", "a byte order mark is left out");
	run_free(&got);
	snprintf(text, sizeof(text), "%s1\ta\n#close\n", log);
	write_file(path, text, strlen(text));
	read_all(&got, &ingest_file, path, &eve, true);
	tap_ok(got.header[0] == '\0' && got.format == FORMAT_EVE, "no header for a source of EVE");
	run_free(&got);
	read_all(&got, &ingest_file, path, NULL, true);
	tap_str(got.header, log, "a Zeek header is kept");
	tap_int(got.format, FORMAT_ZEEK_TSV, "and names the format");
	tap_int((long long)got.records, 5, "and its lines stay in the stream");
	run_free(&got);
	write_file(path, "#sep", 4);
	read_all(&got, &ingest_file, path, NULL, true);
	tap_str(got.lines.p, "0:#sep\n", "the beginning of a header alone is a line");
	run_free(&got);
}

/* The rest of a file, read until count records came, with so much patience. */
static void follow_some(struct run *r, struct input *in, uint64_t count, int looks)
{
	for (int i = 0; i < looks && r->records < count; i++) {
		struct batch *b = batch_get(&pool);
		if (ingest_file.fill(in, b, r->why) > 0)
			take_lines(r, b);
		if (b->object)
			snprintf(r->position, sizeof(r->position), "%s", b->object->position);
		batch_put(&pool, b);
	}
}

static void follow_until(struct run *r, struct input *in, uint64_t count)
{
	follow_some(r, in, count, 200);
}

static void append_file(const char *text)
{
	FILE *f = fopen(path, "ab");

	fputs(text, f);
	fclose(f);
}

static void check_follow(void)
{
	struct run r = {0};
	struct input *in;
	struct file_mark mark;
	char old[140], first[512];

	snprintf(old, sizeof(old), "%s.1", path);
	cx.follow = true;
	write_file(path, "a\nb", 3);
	ingest_file.open(&in, &cx, path, NULL, r.why);
	follow_until(&r, in, 1);
	ingest_file_mark(in, &mark);
	tap_int((long long)mark.offset, 2, "the mark is after the whole line");
	append_file("c\nd\n");
	follow_until(&r, in, 3);
	tap_str(r.lines.p, "0:a\n2:bc\n5:d\n", "a file that grows");
	snprintf(first, sizeof(first), "%s", r.position);
	rename(path, old);
	write_file(path, "", 0);
	FILE *f = fopen(old, "ab"); /* its writer has not noticed yet */
	fputs("e\nf", f);
	fclose(f);
	append_file("g\n");
	follow_until(&r, in, 6);
	tap_str(r.lines.p, "0:a\n2:bc\n5:d\n7:e\n9:f\n0:g\n", "a file that is rotated");
	tap_ok(strcmp(first, r.position) != 0, "is another object");
	if (truncate(path, 0) == 0)
		follow_some(&r, in, 99, 5);
	append_file("h\n");
	follow_until(&r, in, 7);
	tap_ok(r.lines.len > 4 && strcmp(r.lines.p + r.lines.len - 4, "0:h\n") == 0,
	       "a file that is emptied");
	ingest_file.close(in);
	run_free(&r);

	unlink(old);
}

static void check_seek(void)
{
	struct run r = {0};
	struct input *in;
	struct file_mark mark;
	struct source zeek = {.id = 2, .name = "zeek", .format = FORMAT_ZEEK};

	cx.follow = false;
	write_file(path, "#separator \\x09\n#fields\tx\na\nb\nc\n", 32);
	ingest_file.open(&in, &cx, path, &zeek, r.why);
	ingest_file_mark(in, &mark);
	mark.offset = 28;
	tap_int(ingest_file_seek(in, &mark), 0, "go on at a mark");
	drain(&r, &ingest_file, in, true);
	tap_str(r.lines.p, "28:b\n30:c\n", "what follows the mark");
	tap_str(r.header, "#separator \\x09\n#fields\tx\n", "with the header from the top");
	ingest_file.close(in);
	ingest_file.open(&in, &cx, path, &zeek, r.why);
	mark.offset = 33;
	tap_int(ingest_file_seek(in, &mark), -ESTALE, "a mark beyond the end");
	ingest_file.close(in);
	run_free(&r);
}

static void check_refusals(void)
{
	struct run got;

	read_all(&got, &ingest_file, "/nonexistent/x", NULL, true);
	tap_ok(got.result == -ENOENT && strstr(got.why, "/nonexistent/x"), "no such file: %s",
	       got.why);
	read_all(&got, &ingest_file, folder, NULL, true);
	tap_int(got.result, -EISDIR, "a folder");
	read_all(&got, &ingest_file, "/proc/self/mem", NULL, true);
	tap_ok(got.result < 0 && got.refused[REASON_READ_FAILED] == 1, "a read that fails: %s",
	       got.why);
	run_free(&got);
}

/* Makes the kernel refuse io_uring, for this process. */
static bool refuse_ring(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = 4, .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void check_refused_ring(void)
{
	uint8_t *p = make_lines(5 << 20, 700, 1);
	struct run want, got;

	if (!refuse_ring()) {
		tap_skip(1, "no seccomp here");
	} else {
		cx.io_uring = true;
		write_file(path, p, 5 << 20);
		expect_lines(&want, p, 5 << 20, BATCH_BYTES);
		read_all(&got, &ingest_file, path, NULL, true);
		same_run(&got, &want, "a kernel that refuses io_uring");
		run_free(&want);
		run_free(&got);
	}
	free(p);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/data", folder);
	common_init();
	check_shapes();
	check_long_lines();
	check_huge_line();
	check_broken();
	check_padding();
	check_streams();
	check_quiet_stream();
	check_first_bytes();
	check_follow();
	check_seek();
	check_refusals();
	check_refused_ring();
	common_fini();
	unlink(path);
	rmdir(folder);
	return tap_done();
}
