#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "gen: %s: %s\n", what, strerror(errno));
	exit(4);
}

static void flush(struct out *o)
{
	size_t done = 0;

	while (done < o->len) {
		ssize_t n = write(o->fd, o->p + done, o->len - done);
		if (n < 0 && errno != EINTR)
			fail("writing");
		if (n > 0)
			done += (size_t)n;
	}
	o->len = o->begin = 0;
}

void out_open(struct out *o, const char *path)
{
	*o = (struct out){.fd = STDOUT_FILENO, .second = -1};
	o->p = malloc(OUT_BYTES + OUT_RECORD_MAX);
	if (!o->p)
		fail("buffer");
	if (path && (o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) < 0)
		fail(path);
}

void out_record_end(struct out *o)
{
	o->p[o->len++] = '\n';
	o->bytes += o->len - o->begin;
	o->begin = o->len;
	if (o->len >= OUT_BYTES)
		flush(o);
}

void out_close(struct out *o)
{
	flush(o);
	if (o->fd != STDOUT_FILENO && close(o->fd) < 0)
		fail("closing");
	free(o->p);
}

void out_second(struct out *o, int64_t second)
{
	if (second != o->second) {
		time_t t = (time_t)second;
		struct tm tm;
		gmtime_r(&t, &tm);
		strftime(o->day_time, sizeof(o->day_time), "%Y-%m-%dT%H:%M:%S", &tm);
		o->second = second;
	}
	out_bytes(o, o->day_time, sizeof(o->day_time) - 1);
}
