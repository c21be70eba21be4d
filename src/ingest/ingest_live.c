/*
 * ingest_live - frames of an interface, through libpcap.
 *
 * The kernel hands frames over in blocks, at the latest after BLOCK_MS, so a
 * quiet interface costs a few wake-ups a second and a busy one fills batches.
 */
#include "ingest/ingest.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "ingest/raw.h"

#define BLOCK_MS     50
#define WAIT_MS      200
#define SNAP_BYTES   262144 /* libpcap's largest for what has no larger frames */
#define KERNEL_BYTES (32 << 20)

struct input {
	pcap_t *pcap;
	struct object *object;
	const struct source *source;
	const _Atomic bool *stop;
	int hurry;
	uint64_t frame, bytes;
	int fd, link_type;
};

static void live_close(struct input *in)
{
	if (!in)
		return;
	if (in->pcap)
		pcap_close(in->pcap);
	free(in);
}

static int error_of(int pcap_error)
{
	switch (pcap_error) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return -EPERM;
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENETDOWN;
	default:
		return -EIO;
	}
}

static int activate(struct input *in, const char *interface, char why[256])
{
	char reason[PCAP_ERRBUF_SIZE] = "";

	in->pcap = pcap_create(interface, reason);
	if (!in->pcap) {
		snprintf(why, 256, "interface %.64s: %.150s", interface, reason);
		return -EINVAL;
	}
	pcap_set_snaplen(in->pcap, SNAP_BYTES);
	pcap_set_promisc(in->pcap, 1);
	pcap_set_timeout(in->pcap, BLOCK_MS);
	pcap_set_buffer_size(in->pcap, KERNEL_BYTES);
	int ret = pcap_activate(in->pcap); /* >0 are warnings */
	if (ret < 0) {
		const char *detail = pcap_geterr(in->pcap);
		snprintf(why, 256, "interface %.64s: %s%s%.100s", interface, pcap_statustostr(ret),
			 detail[0] ? ": " : "", detail);
		return error_of(ret);
	}
	in->fd = pcap_get_selectable_fd(in->pcap);
	in->link_type = pcap_datalink(in->pcap);
	if (in->fd < 0 || pcap_setnonblock(in->pcap, 1, reason) != 0) {
		snprintf(why, 256, "interface %.64s: cannot be polled %.100s", interface, reason);
		return -ENOTSUP;
	}
	return 0;
}

static int live_open(struct input **out, const struct ingest_context *cx, const char *spec,
		     const struct source *source, char why[256])
{
	char position[256];
	struct input *in = calloc(1, sizeof(*in));

	*out = NULL;
	snprintf(why, 256, "interface %.64s: out of memory", spec);
	if (!in)
		return -ENOMEM;
	int err = activate(in, spec, why);
	if (err)
		goto fail;
	snprintf(position, sizeof(position), "live:%.200s", spec);
	in->object = object_get(cx->objects, position, source);
	err = -ENOMEM;
	if (!in->object)
		goto fail;
	in->object->format = FORMAT_PACKET;
	in->source = source;
	in->stop = cx->stop;
	in->hurry = cx->hurry;
	*out = in;
	return 0;
fail:
	live_close(in);
	return err;
}

static void take_frame(struct input *in, struct batch *b, const struct pcap_pkthdr *h,
		       const u_char *bytes)
{
	struct batch_item proto = {.wire_len = h->len,
				   .link_type = (uint16_t)in->link_type,
				   .state_claim = -1,
				   .offset = ++in->frame,
				   .time_us = h->ts.tv_sec * TIMESTAMP_SECOND + h->ts.tv_usec,
				   .source = in->source};

	if (!batch_append(b, bytes, h->caplen, &proto))
		b->refused[REASON_TOO_LONG]++; /* longer than SNAP_BYTES: room() was there */
	in->bytes += h->caplen;
}

static bool room(const struct batch *b)
{
	return b->items < BATCH_ITEMS_MAX && BATCH_BYTES - b->used >= SNAP_BYTES;
}

static int live_fill(struct input *in, struct batch *b, char why[256])
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int ret = 0;

	why[0] = '\0';
	b->kind = BATCH_PACKETS;
	b->object = in->object;
	if (in->stop && atomic_load_explicit(in->stop, memory_order_relaxed))
		return 0;
	raw_poll(in->fd, in->hurry, WAIT_MS); /* a failure or a signal: look, and come again */
	while (room(b) && (ret = pcap_next_ex(in->pcap, &h, &bytes)) == 1)
		take_frame(in, b, h, bytes);
	if (ret < 0 && b->items == 0) {
		snprintf(why, 256, "%.64s: %.150s", in->object->position, pcap_geterr(in->pcap));
		b->refused[REASON_READ_FAILED]++;
		return -EIO;
	}
	return 1;
}

uint64_t ingest_live_drops(const struct input *in)
{
	struct pcap_stat st;

	return pcap_stats(in->pcap, &st) == 0 ? (uint64_t)st.ps_drop + st.ps_ifdrop : 0;
}

static void live_progress(const struct input *in, uint64_t *done, uint64_t *total)
{
	*done = in->bytes;
	*total = 0;
}

const struct source_ops ingest_live = {
	.name = "live",
	.open = live_open,
	.fill = live_fill,
	.progress = live_progress,
	.close = live_close,
};
