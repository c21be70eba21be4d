/*
 * The bytes are a snapshot's payload: the frame and its checksum are put around
 * them, so that the parser behind the checksum is met. What is restored is
 * offered to, expired, printed and saved again. The same bytes also go, as they
 * are, to the whole restore and to the reader of candidate lines.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "raise/board.h"

struct input {
	const uint8_t *p;
	size_t len;
};

static int64_t read_input(void *arg, void *p, size_t len)
{
	struct input *in = arg;

	len = len < in->len ? len : in->len;
	memcpy(p, in->p, len);
	in->p += len;
	in->len -= len;
	return (int64_t)len;
}

static int write_text(void *arg, const void *p, size_t len)
{
	text_bytes(arg, p, len);
	return ((struct text *)arg)->error;
}

static struct candidate_origin origin(void *arg, uint32_t object)
{
	(void)arg;
	(void)object;
	return (struct candidate_origin){"source", "file:a"};
}

static void say(void *arg, const struct candidate *c)
{
	const struct candidate_context *cx = arg;
	struct candidate_head head;
	struct text t;

	text_init(&t);
	candidate_json(&t, c, cx);
	if (!candidate_head(t.p, t.len, &head))
		abort();
	text_reset(&t);
	candidate_terminal(&t, c, cx, true);
	text_reset(&t);
	candidate_stix(&t, c, cx);
	text_fini(&t);
}

/* What was restored can be saved, and restored from that. */
static void again(const struct board *b)
{
	struct board *copy;
	struct text t;

	text_init(&t);
	if (board_init(&copy) != 0 || board_snapshot(b, write_text, &t) != 0)
		abort();
	struct input in = {(const uint8_t *)t.p, t.len};
	if (board_restore(copy, read_input, &in) != 0 ||
	    board_count(copy, CANDIDATE_RAISED) != board_count(b, CANDIDATE_RAISED))
		abort();
	board_fini(copy);
	text_fini(&t);
}

static void frame(struct text *t, const uint8_t *data, size_t size)
{
	static const char head[12] = "tocsinbd\3\0\0";
	uint64_t len = size, hash = hash_bytes(data, size, 0);

	text_bytes(t, head, sizeof(head));
	text_bytes(t, &len, sizeof(len));
	text_bytes(t, data, size);
	text_bytes(t, &hash, sizeof(hash));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct profile profile = {
		.id = "p",
		.window_us = 86400000000,
		.min_states = 2,
		.criteria_count = 2,
		.criteria = {{.id = "a", .entities = 3}, {.id = "b", .users = 9, .annex = 2}}};
	static struct names *names;
	struct candidate_head head;
	struct candidate_said said;
	struct board *b;
	struct text t;

	if (!names && (names_init(&names) != 0 || !names_threat(names, 0, "t", 1, "t", 1)))
		abort();
	struct candidate_context cx = {
		.names = names, .profile = &profile, .origin = origin};
	if (board_init(&b) != 0)
		abort();
	text_init(&t);
	candidate_head((const char *)data, size, &head);
	if (candidate_read((const char *)data, size, &said) == 0) {
		if (board_known(b, &said) != 0)
			abort();
		board_expire(b, &cx, INT64_MAX, say, &cx);
		candidate_said_fini(&said);
	}
	struct input raw = {data, size};
	board_restore(b, read_input, &raw);
	frame(&t, data, size);
	struct input in = {(const uint8_t *)t.p, t.len};
	if (board_restore(b, read_input, &in) == 0) {
		struct episode ep = {.threat = 1,
				     .status = EPISODE_NONE,
				     .last_us = INT64_C(253402300799999999)};
		again(b);
		board_offer(b, &cx, &ep, say, &cx);
		board_expire(b, &cx, INT64_MAX, say, &cx);
	}
	text_fini(&t);
	board_fini(b);
	return 0;
}
