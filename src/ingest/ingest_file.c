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
#include "ingest/ingest.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/unpack.h"

/* One byte more than a batch: a record of exactly BATCH_BYTES is seen to end. */
#define WINDOW          (BATCH_BYTES + 1u)
#define FILL_BYTES     (256u << 10) /* of a file: what a core's own cache holds until it is scanned */
#define FILL_WAIT_MS    20 /* a checkpoint waits as long */
#define STREAM_WAIT_NS  2000000 /* what has come is not held back for a fuller batch */
#define FOLLOW_PAUSE_MS 20
#define FOLLOW_GRACE    50 /* looks: a rotated file's writer may still finish its lines */

static_assert(BATCH_PAD > 1, "the window's last byte lies in the pad");

struct input {
	struct ingest_context cx;
	struct unpack u;
	const struct source *source;
	struct object *object;
	char *path;
	uint8_t *rest; /* WINDOW bytes; [rest_at, rest_len) are read and not delivered */
	size_t rest_at, rest_len;
	uint64_t offset; /* in the stream, of the first byte not delivered */
	bool follow;     /* a plain regular file that may grow */
	int watch;       /* inotify's descriptor; -1: none, then it is looked at now and then */
	bool sniffed;    /* its first bytes were looked at */
	bool skipping;   /* inside a line too long */
	bool end;        /* no more bytes will come */
	uint32_t grace;  /* follow: quiet looks since the path names another file */
	bool told;       /* bad compression or a failed read was counted */
	int error;       /* a failed read, told after what came before it */
};

/* The position prefix. A followed file is named with its inode: the next file
 * of that path starts at offset 0 again, and is another object. */
static struct object *name_object(struct input *in)
{
	char position[4200];

	if (in->follow)
		snprintf(position, sizeof(position), "file:%.4096s#%" PRIu64, in->path,
			 in->u.raw.inode);
	else
		snprintf(position, sizeof(position), "file:%.4096s", in->path);
	return object_get(in->cx.objects, position, in->source);
}

/* Replaces the watch, if any: a new file may go by the path now. */
static void watch(struct input *in)
{
	if (in->watch >= 0)
		close(in->watch);
	in->watch = in->follow ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
	if (in->watch >= 0)
		inotify_add_watch(in->watch, in->path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF);
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
	in->rest = malloc(WINDOW);
	in->object = in->path ? name_object(in) : NULL;
	if (!in->rest || !in->object)
		goto no_memory;
	watch(in);
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

/* The '#' lines at the top, whole ones only; 0 when the first other line is not in sight. */
static size_t header_length(const uint8_t *p, size_t len, bool all)
{
	size_t at = 0;

	while (at < len && p[at] == '#') {
		const uint8_t *nl = memchr(p + at, '\n', len - at);
		if (!nl)
			return all ? at : 0;
		at = (size_t)(nl - p) + 1;
	}
	return at < len || all ? at : 0;
}

static bool may_be_zeek(const struct input *in)
{
	return !in->source || in->source->format == FORMAT_AUTO ||
	       in->source->format == FORMAT_ZEEK || in->source->format == FORMAT_ZEEK_TSV;
}

/* True when p starts with word, or is too short to tell. */
static bool may_start(const uint8_t *p, size_t len, const char *word, size_t word_len)
{
	return memcmp(p, word, len < word_len ? len : word_len) == 0;
}

/* Looks at the stream's first bytes, at the front of the batch; false: more must be seen
 * (all: there is no more). *skip: leading bytes to leave out, a byte order mark. */
static bool sniff(struct input *in, const uint8_t *p, size_t len, bool all, size_t *skip)
{
	static const char bom[3] = "\xef\xbb\xbf", zeek[10] = "#separator";

	*skip = 0;
	if (may_start(p, len, bom, sizeof(bom))) {
		if (len < sizeof(bom))
			return all;
		*skip = sizeof(bom);
	}
	p += *skip;
	len -= *skip;
	if (!may_be_zeek(in) || !may_start(p, len, zeek, sizeof(zeek)))
		return true;
	all = all || len + *skip >= WINDOW;
	size_t n = header_length(p, len, all);
	if (n < sizeof(zeek))
		return all;
	if (!in->object->header) { /* one that is set is being read by workers */
		in->object->header = strndup((const char *)p, n);
		in->object->format = FORMAT_ZEEK_TSV;
	}
	return true;
}

/* Opens what the path names by now; the old file has been read to its end. */
static int follow_rotated(struct input *in, char why[256])
{
	struct unpack next;
	int err = unpack_open(&next, in->path, in->cx.io_uring, in->cx.stop, why);

	if (err)
		return err == -ENOENT ? 0 : err; /* between rename and create: look again */
	unpack_close(&in->u);
	in->u = next;
	in->u.raw.hurry = in->cx.hurry;
	in->object = name_object(in);
	watch(in);
	in->offset = 0;
	in->grace = 0;
	in->sniffed = in->skipping = false;
	return in->object ? 0 : -ENOMEM;
}

/* How much to ask for; 0: it is enough. More than FILL_BYTES only for a line that is longer. */
static size_t wanted(const struct input *in, const struct batch *b)
{
	size_t room = WINDOW - b->used;

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

static void make_item(struct input *in, struct batch *b, size_t len)
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
				make_item(in, b, n);
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
	make_item(in, b, good);
}

/* The file is shorter than what was read of it: it was emptied in place. */
static void follow_restart(struct input *in, struct batch *b)
{
	log_warning("%s: shorter than what was read of it; reading it from its start", in->path);
	if (in->rest_len > 0)
		b->refused[REASON_READ_FAILED]++; /* the line that was being written */
	in->rest_len = 0;
	in->offset = 0;
	in->skipping = false;
	unpack_seek(&in->u, 0);
}

/* Until the kernel tells of a change, or a while. */
static void wait_for_growth(struct input *in)
{
	char events[1024];

	if (raw_poll(in->watch, in->cx.hurry, FOLLOW_PAUSE_MS) > 0)
		while (read(in->watch, events, sizeof(events)) > 0)
			;
}

/* At the end of a file that may grow: looks whether it still is the one to follow. */
static int follow_on(struct input *in, struct batch *b, char why[256])
{
	struct stat st;

	if (fstat(in->u.raw.fd, &st) == 0 && (uint64_t)st.st_size < in->u.raw.offset)
		follow_restart(in, b);
	else if (in->grace > FOLLOW_GRACE && in->rest_len > 0) {
		memcpy(b->bytes, in->rest, in->rest_len);
		make_item(in, b, in->rest_len);
		in->rest_len = 0;
	} else if (in->grace > FOLLOW_GRACE) {
		int err = follow_rotated(in, why);
		return err ? err : 1;
	} else if (stat(in->path, &st) == 0 &&
		   (st.st_ino != in->u.raw.inode || st.st_dev != in->u.raw.device)) {
		in->grace++;
	}
	if (b->items == 0)
		wait_for_growth(in);
	return 1;
}

/* The stream's first bytes; false: they wait in `rest` until more can be seen. */
static bool begin(struct input *in, struct batch *b)
{
	size_t skip;

	in->sniffed = sniff(in, b->bytes, b->used, in->end, &skip);
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
	return in->follow ? follow_on(in, b, why) : 1;
}

static void file_progress(const struct input *in, uint64_t *done, uint64_t *total)
{
	*done = in->u.raw.offset - (in->u.len - in->u.at);
	*total = in->u.raw.size;
}

void ingest_file_mark(const struct input *in, struct file_mark *mark)
{
	*mark = (struct file_mark){in->u.raw.device, in->u.raw.inode, in->offset};
}

int ingest_file_seek(struct input *in, const struct file_mark *mark)
{
	uint8_t top[16 << 10];
	struct stat st;
	size_t skip;

	assert(in->offset == 0 && in->rest_len == 0);
	if (!in->u.raw.regular || fstat(in->u.raw.fd, &st) != 0)
		return -ESPIPE;
	if (mark->device != in->u.raw.device || mark->inode != in->u.raw.inode ||
	    (uint64_t)st.st_size < mark->offset)
		return -ESTALE;
	ssize_t n = unpack_read(&in->u, top, sizeof(top), 0);
	if (in->u.kind != UNPACK_PLAIN)
		return -ESPIPE;
	/* a Zeek log's header is at its top, wherever we go on */
	if (n > 0 && mark->offset > 0)
		in->sniffed = sniff(in, top, (size_t)n, true, &skip);
	unpack_seek(&in->u, mark->offset);
	in->offset = mark->offset;
	return 0;
}

const struct source_ops ingest_file = {
	.name = "file",
	.open = file_open,
	.fill = file_fill,
	.progress = file_progress,
	.close = file_close,
};
