#include "ingest/file_input.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"

#define FOLLOW_PAUSE_MS 20
#define FOLLOW_GRACE    50 /* looks: a rotated file's writer may still finish its lines */

void file_watch(struct input *in)
{
	if (in->watch >= 0)
		close(in->watch);
	in->watch = in->follow ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
	if (in->watch >= 0)
		inotify_add_watch(in->watch, in->path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF);
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
	in->object = file_object(in);
	file_watch(in);
	in->offset = 0;
	in->grace = 0;
	in->sniffed = in->skipping = false;
	return in->object ? 0 : -ENOMEM;
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

int file_follow(struct input *in, struct batch *b, char why[256])
{
	struct stat st;

	if (fstat(in->u.raw.fd, &st) == 0 && (uint64_t)st.st_size < in->u.raw.offset)
		follow_restart(in, b);
	else if (in->grace > FOLLOW_GRACE && in->rest_len > 0) {
		memcpy(b->bytes, in->rest, in->rest_len);
		file_item(in, b, in->rest_len);
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
		in->sniffed = file_sniff(in, top, (size_t)n, true, &skip);
	unpack_seek(&in->u, mark->offset);
	in->offset = mark->offset;
	return 0;
}
