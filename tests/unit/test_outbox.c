/* Lines on their way: in order, once each, and a sink that fails holds up nobody else. */
#include "engine/outbox.h"

#include <errno.h>
#include <unistd.h>

#include "tap.h"

/* A sink of this test: what it took, and how it fails. */
struct sink {
	struct text took, flushed;
	int fail_from; /* writes from this one on fail; -1 none */
	int writes, reopened;
	int flush_result;
};

static struct sink one, two;

static int sink_write(struct sink *s, const char *id, const char *line, size_t len)
{
	(void)id;
	if (s->fail_from >= 0 && s->writes >= s->fail_from)
		return -EIO;
	s->writes++;
	text_bytes(&s->took, line, len);
	text_char(&s->took, ' ');
	return 0;
}

static int sink_flush(struct sink *s, int timeout_ms)
{
	(void)timeout_ms;
	if (s->flush_result == 0)
		text_bytes(&s->flushed, s->took.p, s->took.len);
	if (s->flush_result != -ETIMEDOUT)
		text_reset(&s->took);
	return s->flush_result;
}

static int sink_reopen(struct sink *s)
{
	s->reopened++;
	return 0;
}

static const struct sink_ops test_sink = {
	.name = "test", .write = sink_write, .flush = sink_flush, .reopen = sink_reopen};

static struct output o;
static struct outbox b;

static void set_up(void)
{
	text_fini(&one.took);
	text_fini(&one.flushed);
	text_fini(&two.took);
	text_fini(&two.flushed);
	one = two = (struct sink){.fail_from = -1};
	text_str(&one.flushed, "");
	text_str(&two.flushed, "");
	outbox_fini(&b);
	memset(&o, 0, sizeof(o));
	digest_init(&o.digest);
	o.sinks[0].ops = o.sinks[1].ops = &test_sink;
	o.sinks[0].sink = &one;
	o.sinks[1].sink = &two;
	o.count = 2;
}

static void add(int from, int to)
{
	char id[16], line[16];

	for (int i = from; i < to; i++) {
		snprintf(id, sizeof(id), "id%d", i);
		outbox_add(&b, id, 1, line, (size_t)snprintf(line, sizeof(line), "L%d", i));
	}
}

static void order(void)
{
	int error = 1;

	set_up();
	tap_ok(outbox_send(&b, &o, &error) == 0 && error == 0, "nothing to send");
	add(0, 4);
	tap_ok(outbox_send(&b, &o, &error) == 0 && error == 0 && o.written == 4, "four lines go");
	tap_str(one.flushed.p, "L0 L1 L2 L3 ", "in order");
	tap_str(two.flushed.p, "L0 L1 L2 L3 ", "to both");
	set_up();
	for (int i = 0; i < 100; i++)
		add(i, i + 1);
	tap_ok(b.count == 100 && outbox_send(&b, &o, &error) == 0 && o.written == 100, "a hundred");
}

static void one_fails(void)
{
	int error;

	set_up();
	add(0, 4);
	two.fail_from = 2;
	tap_int(outbox_send(&b, &o, &error), 2, "a sink that fails keeps what it lacks");
	tap_int(error, -EIO, "and its error is told");
	tap_str(one.flushed.p, "L0 L1 L2 L3 ", "the other has all");
	add(4, 5);
	tap_int(outbox_send(&b, &o, &error), 3, "it still fails");
	tap_str(one.flushed.p, "L0 L1 L2 L3 L4 ", "the other goes on, and has nothing twice");
	two.fail_from = -1;
	tap_ok(outbox_send(&b, &o, &error) == 0 && error == 0 && o.written == 5, "it is well again");
	tap_str(two.flushed.p, "L0 L1 L2 L3 L4 ", "and has each line once, in order");
}

static void flush_fails(void)
{
	int error;

	set_up();
	add(0, 2);
	two.flush_result = -EIO;
	tap_ok(outbox_send(&b, &o, &error) == 2 && error == -EIO && two.reopened == 1,
	       "what was not made safe was not sent, and the sink is opened anew");
	two.flush_result = 0;
	tap_ok(outbox_send(&b, &o, &error) == 0, "it goes again");
	tap_str(two.flushed.p, "L0 L1 ", "whole");
	tap_str(one.flushed.p, "L0 L1 ", "and not twice to the other");
	set_up();
	add(0, 2);
	two.flush_result = -ETIMEDOUT;
	outbox_send(&b, &o, &error);
	int writes = two.writes;
	tap_ok(error == -ETIMEDOUT && two.reopened == 0, "a sink that is not done yet says so");
	two.flush_result = 0;
	outbox_send(&b, &o, &error);
	sink_flush(&two, 0);
	tap_ok(two.writes == writes, "what is on its way is not written again");
	tap_str(two.flushed.p, "L0 L1 ", "and arrives");
}

/* With the real file: lines of an earlier life are not written again. */
static void file(void)
{
	char path[] = "/tmp/tocsin-outbox-XXXXXX", why[256], back[64] = "";
	int error, fd = mkstemp(path);

	close(fd);
	set_up();
	o.sinks[0].ops = &sink_file;
	o.sinks[1].ops = &sink_null;
	tap_int(sink_file.open(&o.sinks[0].sink, path, NULL, why), 0, "a file");
	add(0, 3);
	tap_ok(outbox_send(&b, &o, &error) == 0 && error == 0, "lines to a file and to nobody");
	FILE *f = fopen(path, "rb");
	size_t n = fread(back, 1, sizeof(back) - 1, f);
	fclose(f);
	tap_ok(n == 9 && strcmp(back, "L0\nL1\nL2\n") == 0, "are in the file");
	outbox_mark_written(&b, &o, "/no/such/file");
	add(0, 1);
	outbox_mark_written(&b, &o, "/no/such/file");
	outbox_mark_written(&b, &o, path);
	tap_ok(b.entries[0].sent == 0, "lines that are no candidates mark nothing");
	sink_file.close(o.sinks[0].sink);
	outbox_fini(&b);
	unlink(path);
}

int main(void)
{
	order();
	one_fails();
	flush_fails();
	file();
	set_up();
	return tap_done();
}
