/* fuzz_packet - decode_packet() on hostile frames: first byte link type, the rest the frame. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every span must lie in the frame or in the decoder's own memory: reading it
 * through makes the sanitizer say so. */
static void touch(struct span s)
{
	const volatile char *p = s.p;

	for (uint32_t i = 0; i < s.len; i++)
		(void)p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int links[] = {1, 113, 276, 101, 0, 108, 9, 50, 104, 12, 228, 229};
	static struct decoder d;
	static struct event ev;

	if (!d.scratch.block && decoder_init(&d) < 0)
		abort();
	if (size < 1)
		return 0;
	int link = links[data[0] % (sizeof(links) / sizeof(links[0]))];
	uint8_t *frame = malloc(size); /* exact, so that one byte too many is seen */
	if (!frame)
		abort();
	memcpy(frame, data + 1, size - 1);
	enum reason r = decode_packet(&d, link, frame, size - 1, size - 1, 1, &ev);
	assert(r == REASON_OK || r == REASON_BAD_PACKET);
	for (uint32_t i = 0; i < ev.fields; i++)
		touch(ev.field[i].value);
	for (uint32_t i = 0; i < ev.observables; i++)
		touch(ev.observable[i].value);
	if (r == REASON_OK) {
		assert(ev.raw.len <= size - 1);
		touch(ev.raw);
	}
	free(frame);
	return 0;
}
