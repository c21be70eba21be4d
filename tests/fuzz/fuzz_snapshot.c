/* evidence_restore: any bytes are refused, or make a table that can be read,
 * assessed, packed and written again. The checksum is made right first, so that
 * what lies behind it is met too; inputs that begin with '!' keep theirs. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "correlate/assess.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct stream {
	const uint8_t *p;
	size_t left;
};

static int64_t read_stream(void *arg, void *p, size_t len)
{
	struct stream *s = arg;
	size_t n = s->left < len ? s->left : len;

	if (n)
		memcpy(p, s->p, n);
	s->p += n;
	s->left -= n;
	return (int64_t)n;
}

static int count_bytes(void *arg, const void *p, size_t len)
{
	(void)p;
	*(size_t *)arg += len;
	return 0;
}

static void look(void *arg, const struct episode *ep)
{
	(void)arg;
	assert(ep->states >= 1 && ep->states <= STATES && ep->first_us <= ep->last_us);
}

static void use(struct evidence_table *t)
{
	static const struct profile p = {.window_us = INT64_C(86400000000),
					 .min_states = 2,
					 .criteria_count = 1,
					 .criteria = {{.effect_only = true, .entities = 2}}};
	uint32_t threats[16], n;
	struct assessor *a;
	size_t written = 0;

	if (assessor_init(&a, &p))
		return;
	while ((n = evidence_take_dirty(t, threats, 16)))
		for (uint32_t i = 0; i < n; i++)
			assert(assess_threat(a, t, threats[i], look, NULL) == 0);
	assessor_fini(a);
	assert(evidence_snapshot(t, count_bytes, &written) == 0 && written);
	evidence_compact(t, 490000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct evidence_config small = {1024, 1024, 2, 16};
	struct evidence_table *t;
	uint8_t *copy = malloc(size + 8);
	bool keep = size && data[0] == '!';

	if (!copy || evidence_init(&t, &small)) {
		free(copy);
		return 0;
	}
	if (size)
		memcpy(copy, data, size);
	if (!keep) {
		uint64_t digest = hash_bytes(copy, size, 0);
		memcpy(copy + size, &digest, sizeof(digest));
	}
	struct stream s = {copy + keep, keep ? size - 1 : size + 8};
	int rc = evidence_restore(t, read_stream, &s);
	assert(rc == 0 || rc == -EBADMSG || rc == -ENOSPC);
	if (rc != -EBADMSG)
		use(t);
	evidence_fini(t);
	free(copy);
	return 0;
}
