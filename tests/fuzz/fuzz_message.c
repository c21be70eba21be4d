/* Whatever the bytes of a live message, two halves read in either order say the same; so does
 * what is laid over a base, and what people say is heard or refused. First line: the key. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "match/feed_message.h"
#include "match/indicator_join.h"
#include "engine/silence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct feed feed = {.name = "live", .path = "kafka:live", .severity = SEVERITY_MEDIUM};

static void load(struct indicator_set *s, struct span key, const char *p, size_t len, int64_t version)
{
	struct feed_message m = {key, {p, (uint32_t)len}, version};
	int rc = feed_message_load(s, &feed, &m, NULL);

	if (rc && rc != -12)
		abort();
}

/* How many indicators there are, and what they say, in any order. */
static uint64_t sum(const struct indicator_set *s, const uint64_t *withdrawn)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		struct indicator in = indicator_at(s, i);
		if (withdrawn && withdrawn[i / 64] >> (i % 64) & 1)
			continue;
		uint64_t one = in.id_len + (uint64_t)in.valid_until * 31 + in.severity * 7;
		for (uint32_t k = 0; k < in.id_len; k++)
			one = one * 131 + (uint8_t)s->text[in.id + k];
		for (uint32_t k = 0; k < in.conditions; k++) {
			struct condition c = condition_at(s, in.first_condition + k);
			for (uint32_t b = 0; b < c.text_len; b++)
				one = one * 137 + (uint8_t)s->text[c.text + b];
		}
		h += one * one;
	}
	return h;
}

static void hear(const char *p, size_t len)
{
	struct feed_sighting said;
	struct silence *s;

	if (!feed_sighting_read((struct span){p, (uint32_t)len}, &said) || silence_init(&s, 1))
		return;
	silence_hear(s, &said, false);
	if (silence_hear(s, &said, false))
		abort(); /* heard twice is heard once */
	silence_fini(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct indicator_set ab, ba, base, live, delta;
	const char *p = (const char *)data, *nl = memchr(p, '\n', size);

	if (!nl || size > 1 << 16)
		return 0;
	struct span key = {p, (uint32_t)(nl - p)};
	size_t left = size - key.len - 1;
	const char *rest = nl + 1, *mid = left ? memchr(rest, '\x1e', left) : NULL;
	size_t first = mid ? (size_t)(mid - rest) : left, second = mid ? left - first - 1 : 0;

	hear(rest, first);
	indicator_set_init(&ab);
	indicator_set_init(&ba);
	indicator_set_init(&base);
	indicator_set_init(&live);
	indicator_set_init(&delta);
	load(&ab, key, rest, first, 1);
	load(&ab, key, mid ? mid + 1 : "", second, 2);
	load(&ba, key, mid ? mid + 1 : "", second, 2);
	load(&ba, key, rest, first, 1);
	load(&base, key, rest, first, 1);
	load(&live, key, mid ? mid + 1 : "", second, 2);
	if (indicator_set_finish(&ab) || indicator_set_finish(&ba) || indicator_set_finish(&base))
		abort();
	uint64_t *withdrawn = calloc(base.count / 64 + 1, sizeof(*withdrawn));
	if (indicator_set_overlay(&delta, &live, &base, withdrawn) || indicator_set_finish(&delta))
		abort();
	if (sum(&ab, NULL) != sum(&ba, NULL) ||
	    sum(&base, withdrawn) + sum(&delta, NULL) != sum(&ab, NULL))
		abort();
	free(withdrawn);
	indicator_set_fini(&ab);
	indicator_set_fini(&ba);
	indicator_set_fini(&base);
	indicator_set_fini(&live);
	indicator_set_fini(&delta);
	return 0;
}
