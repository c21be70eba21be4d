/*
 * ingest_pcap - the frames of a capture, through libpcap.
 *
 * libpcap reads from a stdio stream whose bytes come from unpack, so that
 * compressed captures and standard input take the same way as files. The
 * stream is unbuffered and the buffer is here: so we know whether the next
 * frame is at hand, and a quiet `tcpdump -w -` does not hold back the frames
 * that came before the silence.
 */
#include "ingest/ingest.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/timestamp.h"
#include "ingest/pcapng.h"
#include "ingest/unpack.h"

#define READ_BUFFER  (256u << 10)
#define STREAM_BUFFER 65536
#define READ_WAIT_MS 200

struct input {
	struct unpack u;
	pcap_t *pcap;
	struct object *object;
	const struct source *source;
	char *path;
	uint8_t *buffer; /* READ_BUFFER; [at, len) is not yet read by libpcap */
	size_t at, len;
	uint64_t frame; /* number of the last one read, from 1 */
	int link_type;  /* of the capture's first interface */
	struct pcapng ng;
	int error;   /* a failed read, -errno */
	bool broken; /* no more frames will come */
	uint16_t frame_link;
	struct pcap_pkthdr *pending; /* read from libpcap, not yet in a batch */
	const u_char *pending_bytes;
};

/* fopencookie's read: what libpcap asks for, waiting until it is there. */
static ssize_t cookie_read(void *cookie, char *dst, size_t len)
{
	struct input *in = cookie;

	if (in->at == in->len) {
		ssize_t n;
		do
			n = unpack_read(&in->u, in->buffer, READ_BUFFER, READ_WAIT_MS);
		while (n == -EAGAIN && !raw_stopped(&in->u.raw));
		if (n < 0 && n != -EAGAIN)
			in->error = (int)n;
		in->at = 0;
		in->len = n > 0 ? (size_t)n : 0;
		pcapng_pass(&in->ng, in->buffer, in->len);
	}
	if (len > in->len - in->at)
		len = in->len - in->at;
	memcpy(dst, in->buffer + in->at, len);
	in->at += len;
	return (ssize_t)len;
}

static void pcap_input_close(struct input *in)
{
	if (!in)
		return;
	if (in->pcap)
		pcap_close(in->pcap);
	unpack_close(&in->u);
	free(in->buffer);
	free(in->path);
	free(in);
}

/* The stream goes with the pcap_t that is made on it. */
static int open_stream(struct input *in, char why[256])
{
	const cookie_io_functions_t io = {.read = cookie_read};
	char reason[PCAP_ERRBUF_SIZE] = "";
	FILE *f = fopencookie(in, "rb", io);

	if (!f)
		return -ENOMEM;
	/* unbuffered, glibc takes the lock of standard output for every read; but on a
	 * stream that may fall silent, what waits must be known here: at_hand() */
	if (in->u.raw.regular)
		setvbuf(f, NULL, _IOFBF, STREAM_BUFFER);
	else
		setvbuf(f, NULL, _IONBF, 0);
	in->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_MICRO, reason);
	if (!in->pcap) {
		fclose(f);
		snprintf(why, 256, "%.130s: %.120s", in->path,
			 in->error ? strerror(-in->error) : reason);
		return in->error ? in->error : -EINVAL;
	}
	in->link_type = pcap_datalink(in->pcap);
	return 0;
}

static int pcap_input_open(struct input **out, const struct ingest_context *cx, const char *spec,
			   const struct source *source, char why[256])
{
	char position[4200];
	struct input *in = calloc(1, sizeof(*in));
	int err = -ENOMEM;

	*out = NULL;
	snprintf(why, 256, "%.180s: out of memory", spec);
	if (!in)
		return err;
	err = unpack_open(&in->u, spec, cx->io_uring, cx->stop, why);
	if (err) {
		free(in);
		return err;
	}
	in->u.raw.hurry = cx->hurry;
	snprintf(position, sizeof(position), "pcap:%.4096s", spec);
	err = -ENOMEM;
	in->source = source;
	in->path = strdup(spec);
	in->buffer = malloc(READ_BUFFER);
	if (!in->path || !in->buffer)
		goto fail;
	err = open_stream(in, why);
	if (err)
		goto fail;
	in->object = object_get(cx->objects, position, source);
	if (!in->object) {
		err = -ENOMEM;
		goto fail;
	}
	in->object->format = FORMAT_PACKET;
	*out = in;
	return 0;
fail:
	pcap_input_close(in);
	return err;
}

/* 0 for a stamp that no clock can have given: a fraction beyond its second. Seconds in
 * pcap are unsigned (draft-ietf-opsawg-pcap); libpcap reads them as signed. */
static int64_t time_of(const struct pcap_pkthdr *h)
{
	int64_t sec = h->ts.tv_sec < 0 ? (int64_t)(uint32_t)h->ts.tv_sec : h->ts.tv_sec;
	int64_t us;

	if (h->ts.tv_usec < 0 || h->ts.tv_usec >= TIMESTAMP_SECOND ||
	    __builtin_mul_overflow(sec, TIMESTAMP_SECOND, &us) ||
	    __builtin_add_overflow(us, (int64_t)h->ts.tv_usec, &us))
		return 0;
	return us;
}

/* False when the batch has no room: the frame stays pending. */
static bool take_frame(struct input *in, struct batch *b)
{
	const struct pcap_pkthdr *h = in->pending;
	struct batch_item proto = {.wire_len = h->len,
				   .link_type = in->frame_link,
				   .state_claim = -1,
				   .offset = in->frame,
				   .time_us = time_of(h),
				   .source = in->source};

	if (h->caplen > BATCH_BYTES)
		b->refused[REASON_TOO_LONG]++;
	else if (!batch_append(b, in->pending_bytes, h->caplen, &proto))
		return false;
	in->pending = NULL;
	return true;
}

/* The capture ended at a place where no capture ends. */
static void count_broken(struct input *in, struct batch *b, char why[256])
{
	enum reason r = in->error   ? REASON_READ_FAILED
			: in->u.bad ? REASON_BAD_COMPRESSION
				    : REASON_BAD_CAPTURE;

	b->refused[r]++;
	snprintf(why, 256, "%.120s: after frame %" PRIu64 ": %.100s", in->path, in->frame,
		 in->error   ? strerror(-in->error)
		 : in->u.bad ? "cannot be unpacked"
			     : pcap_geterr(in->pcap));
	log_warning("%s", why);
}

/* The frame's link type as DLT_*. For all that can be in one capture with others, DLT_*
 * and LINKTYPE_* are one number, but for two (pcap-linktype(7)). */
static uint16_t link_of(struct input *in)
{
	int link = pcapng_take(&in->ng);

	switch (link) {
	case -1:
		return (uint16_t)in->link_type;
	case 100:
		return DLT_ATM_RFC1483;
	case 101:
		return DLT_RAW;
	default:
		return (uint16_t)link;
	}
}

/* The next frame into pending; false: none, and `broken` when none will come. */
static bool next_frame(struct input *in, struct batch *b, char why[256])
{
	int ret = pcap_next_ex(in->pcap, &in->pending, &in->pending_bytes);

	if (ret == 1) {
		in->frame++;
		in->frame_link = link_of(in);
		return true;
	}
	in->pending = NULL;
	in->broken = true;
	bool clean = ret == PCAP_ERROR_BREAK && !in->error && !in->u.bad;
	if (!clean && !raw_stopped(&in->u.raw))
		count_broken(in, b, why);
	return false;
}

static bool at_hand(const struct input *in)
{
	return in->at < in->len || unpack_ready(&in->u);
}

static int pcap_fill(struct input *in, struct batch *b, char why[256])
{
	why[0] = '\0';
	b->kind = BATCH_PACKETS;
	b->object = in->object;
	bool refused = false;
	if (in->pending)
		take_frame(in, b);
	while (!in->broken && !raw_stopped(&in->u.raw)) {
		if (b->items > 0 && !at_hand(in))
			return 1;
		if (!next_frame(in, b, why)) {
			refused = in->broken && why[0];
			break;
		}
		if (!take_frame(in, b))
			return 1;
	}
	if (b->items == 0 && in->error && refused)
		return in->error;
	return b->items > 0 || refused || b->refused[REASON_TOO_LONG] > 0;
}

static void pcap_progress(const struct input *in, uint64_t *done, uint64_t *total)
{
	*done = in->u.raw.offset - (in->u.len - in->u.at);
	*total = in->u.raw.size;
}

const struct source_ops ingest_pcap = {
	.name = "pcap",
	.open = pcap_input_open,
	.fill = pcap_fill,
	.progress = pcap_progress,
	.close = pcap_input_close,
};
