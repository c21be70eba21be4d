/*
 * ingest_file - whole lines of a file or stream, a batch at a time.
 *
 * The bytes go from the kernel (or the decoder) straight into the batch. Only
 * the cut is looked for here, backwards from the end; what follows it, a part
 * of a line, waits in `rest` for the next batch. Lines are split by the worker.
 *
 * A line too long for its record is stepped over in `skipping`, holding nothing
 * of it. What follows such a line may be most of a batch; it stays in `rest`
 * and leaves from there without being moved again, so that a file full of long
 * lines costs each byte two copies and no more.
 */
#include "ingest/file_input.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define FILL_BYTES     (256u << 10) /* of a file: what a core's own cache holds until it is scanned */
#define FILL_WAIT_MS    20 /* a checkpoint waits as long */
#define STREAM_WAIT_NS  2000000 /* what has come is not held back for a fuller batch */

static_assert(BATCH_PAD > 1, "the window's last byte lies in the pad");

/* The position prefix. A followed file is named with its inode: the next file
 * of that path starts at offset 0 again, and is another object. */
struct object *file_object(struct input *in)
{
	char position[4200];

	if (in->follow)
		snprintf(position, sizeof(position), "file:%.4096s#%" PRIu64, in->path,
			 in->u.raw.inode);
	else
		snprintf(position, sizeof(position), "file:%.4096s", in->path);
	return object_get(in->cx.objects, position, in->source);
}

static void file_close(struct input *in)
{
	if (!in)
		return;
	unpack_close(&in->u);
	if (in->watch >= 0)
		close(in->watch);
	free(in->rest);
	free(in->path);
	free(in);
}

static int file_open(struct input **out, const struct ingest_context *cx, const char *spec,
		     const struct source *source, char why[256])
{
	struct input *in = calloc(1, sizeof(*in));

	*out = NULL;
	if (!in)
		goto no_memory;
	in->watch = -1;
	assert(cx->record_bytes_max > 0 && cx->record_bytes_max <= BATCH_BYTES);
	int err = unpack_open(&in->u, spec, cx->io_uring, cx->stop, why);
	if (err) {
		free(in);
		return err;
	}
	in->cx = *cx;
	in->u.raw.hurry = cx->hurry;
	in->source = source;
	in->follow = cx->follow && in->u.raw.regular;
	in->path = strdup(spec);
	in->rest = malloc(FILE_WINDOW);
	in->object = in->path ? file_object(in) : NULL;
	if (!in->rest || !in->object)
		goto no_memory;
	file_watch(in);
	*out = in;
	return 0;
no_memory:
	file_close(in);
	snprintf(why, 256, "%.180s: out of memory", spec);
	return -ENOMEM;
}

/* How many leading bytes are whole lines of at most max bytes each. Looks back once
 * for every max bytes, not once a line; *too_long: a longer line follows them. */
static size_t cut(const uint8_t *p, size_t len, size_t max, bool *too_long)
{
	size_t good = 0;
	const uint8_t *nl;

	*too_long = false;
	while (len - good > max) {
		nl = memrchr(p + good, '\n', max + 1);
		if (!nl) {
			*too_long = true;
			return good;
		}
		good = (size_t)(nl - p) + 1;
	}
	nl = memrchr(p + good, '\n', len - good);
	good = nl ? (size_t)(nl - p) + 1 : good;
	if (good > BATCH_BYTES) {
		/* its last newline does not fit: that line leaves with the next batch,
		 * unless it is all there is, and then it needs none */
		nl = memrchr(p, '\n', good - 1);
		good = nl ? (size_t)(nl - p) + 1 : good;
	}
	return good;
}

/* How much to ask for; 0: it is enough. More than FILL_BYTES only for a line that is longer. */
static size_t wanted(const struct input *in, const struct batch *b)
{
	size_t room = FILE_WINDOW - b->used;

	if (!in->u.raw.regular || room <= FILL_BYTES)
		return room;
	return b->used >= FILL_BYTES && memrchr(b->bytes, '\n', b->used) ? 0 : FILL_BYTES;
}

/* Bytes into the batch until it has enough, the input ends, or it is time to return. */
static void read_more(struct input *in, struct batch *b)
{
	int wait_ms = FILL_WAIT_MS;
	uint64_t until = 0;
	size_t want;

	while ((want = wanted(in, b)) > 0 && !in->end) {
		ssize_t n = unpack_read(&in->u, b->bytes + b->used, want, wait_ms);
		if (n == -EAGAIN)
			return;
		if (n < 0)
			in->error = (int)n;
		if (n == 0 && in->follow && in->u.kind == UNPACK_PLAIN)
			return;
		in->end = n <= 0;
		b->used += n > 0 ? (uint32_t)n : 0;
		if (in->u.raw.regular)
			continue;
		uint64_t now = clock_monotonic_ns();
		until = until ? until : now + STREAM_WAIT_NS;
		if (now >= until)
			return;
		wait_ms = 1;
	}
}

/* Drops n bytes from the front of the batch. */
static void drop_front(struct input *in, struct batch *b, size_t n)
{
	b->used -= (uint32_t)n;
	memmove(b->bytes, b->bytes + n, b->used);
	in->offset += n;
}

/* Steps over what is there of a line too long. */
static void skip_line(struct input *in, struct batch *b)
{
	const uint8_t *nl = memchr(b->bytes, '\n', b->used);

	drop_front(in, b, nl ? (size_t)(nl - b->bytes) + 1 : b->used);
	in->skipping = nl == NULL;
}

/* Keeps [good, used) of the batch for the next one. */
static void keep_rest(struct input *in, const struct batch *b, size_t good)
{
	in->rest_at = 0;
	in->rest_len = b->used - good;
	memcpy(in->rest, b->bytes + good, in->rest_len);
}

void file_item(struct input *in, struct batch *b, size_t len)
{
	/* a newline in the pad is understood: the item is one record of BATCH_BYTES */
	uint32_t shown = len > BATCH_BYTES ? BATCH_BYTES : (uint32_t)len;

	assert(len <= BATCH_BYTES || b->bytes[BATCH_BYTES] == '\n');
	b->kind = BATCH_LINES;
	b->object = in->object;
	b->used = shown;
	b->items = len > 0;
	b->item[0] = (struct batch_item){
		.len = shown, .state_claim = -1, .offset = in->offset, .source = in->source};
	in->offset += len;
}

/* What came before the input ended is out: say how it ended. <0, 0, or 1 to count it. */
static int finish(struct input *in, struct batch *b, char why[256])
{
	if (in->error && !in->told) {
		in->told = true;
		b->refused[REASON_READ_FAILED]++;
		snprintf(why, 256, "%.180s: at byte %" PRIu64 ": %s", in->path, in->offset,
			 strerror(-in->error));
		return in->error;
	}
	if (in->u.bad && !in->told) {
		in->told = true;
		b->refused[REASON_BAD_COMPRESSION]++;
		snprintf(why, 256,
			 "%.180s: what follows unpacked byte %" PRIu64 " cannot be unpacked",
			 in->path, in->offset);
		log_warning("%s", why);
		return 1;
	}
	return 0;
}

/* Delivers from `rest` while it holds the end of a long line; true: the batch is made. */
static bool fill_from_rest(struct input *in, struct batch *b)
{
	while (in->rest_at < in->rest_len) {
		const uint8_t *p = in->rest + in->rest_at;
		size_t len = in->rest_len - in->rest_at;
		bool too_long;
		size_t good = cut(p, len, in->cx.record_bytes_max, &too_long);
		if (!too_long || good > 0) {
			/* without a long line all of it, to be read on behind */
			size_t n = too_long ? good : len;
			memcpy(b->bytes, p, n);
			in->rest_at += n;
			b->used = (uint32_t)n;
			if (too_long)
				file_item(in, b, n);
			return too_long;
		}
		b->refused[REASON_TOO_LONG]++;
		const uint8_t *nl = memchr(p, '\n', len);
		size_t gone = nl ? (size_t)(nl - p) + 1 : len;
		in->rest_at += gone;
		in->offset += gone;
		in->skipping = nl == NULL;
	}
	return false;
}

/* Cuts what was read. A line too long stays behind, with all that follows it. */
static void cut_batch(struct input *in, struct batch *b)
{
	bool too_long;
	size_t good = cut(b->bytes, b->used, in->cx.record_bytes_max, &too_long);

	if (in->end && !too_long) {
		/* the last line may lack its newline; one torn by a break is the break's */
		if (in->error || in->u.torn)
			b->used = (uint32_t)good;
		good = b->used;
	}
	keep_rest(in, b, good);
	file_item(in, b, good);
}

/* The stream's first bytes; false: they wait in `rest` until more can be seen. */
static bool begin(struct input *in, struct batch *b)
{
	size_t skip;

	in->sniffed = file_sniff(in, b->bytes, b->used, in->end, &skip);
	if (in->sniffed) {
		drop_front(in, b, skip);
		return true;
	}
	keep_rest(in, b, 0);
	b->used = 0;
	return false;
}

static int file_fill(struct input *in, struct batch *b, char why[256])
{
	why[0] = '\0';
	assert(b->used == 0 && b->items == 0);
	b->object = in->object;
	if (fill_from_rest(in, b))
		return 1;
	in->rest_at = in->rest_len = 0;
	read_more(in, b);
	if (in->skipping)
		skip_line(in, b);
	if (in->sniffed || begin(in, b))
		cut_batch(in, b);
	/* a line in sight, or one refused, or a long one to be refused next time */
	if (b->items > 0 || b->refused[REASON_TOO_LONG] > 0 || (in->end && in->rest_len > 0))
		return 1;
	if (in->end)
		return finish(in, b, why);
	if (raw_stopped(&in->u.raw))
		return 0;
	return in->follow ? file_follow(in, b, why) : 1;
}

static void file_progress(const struct input *in, uint64_t *done, uint64_t *total)
{
	*done = in->u.raw.offset - (in->u.len - in->u.at);
	*total = in->u.raw.size;
}

const struct source_ops ingest_file = {
	.name = "file",
	.open = file_open,
	.fill = file_fill,
	.progress = file_progress,
	.close = file_close,
};
