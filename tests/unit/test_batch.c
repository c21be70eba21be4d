/* Messages of a batch are parted, so that no value seems to go on in the next one. */
#include "ingest/batch.h"

#include <string.h>

#include "tap.h"

int main(void)
{
	static const uint8_t full[BATCH_BYTES];
	const struct batch_item proto = {.state_claim = -1};
	struct batch_pool pool;

	if (batch_pool_init(&pool, 1))
		return 1;
	struct batch *b = batch_get(&pool);
	b->kind = BATCH_MESSAGES;
	tap_ok(batch_append(b, "seen", 4, &proto) && batch_append(b, "bad.example", 11, &proto) &&
		       memcmp(b->bytes, "seen\nbad.example\n", 17) == 0,
	       "a line ends behind each message");
	tap_ok(b->item[0].len == 4 && b->item[1].start == 5 && b->item[1].len == 11 && b->used == 17,
	       "and is part of none");
	batch_reset(b);
	b->kind = BATCH_MESSAGES;
	tap_ok(batch_append(b, full, BATCH_BYTES, &proto) && b->used == BATCH_BYTES,
	       "a message as large as a batch fits");
	batch_reset(b);
	b->kind = BATCH_PACKETS;
	tap_ok(batch_append(b, "ab", 2, &proto) && batch_append(b, "cd", 2, &proto) &&
		       memcmp(b->bytes, "abcd", 4) == 0,
	       "packets stand side by side");
	batch_put(&pool, b);
	batch_pool_fini(&pool);
	return tap_done();
}
