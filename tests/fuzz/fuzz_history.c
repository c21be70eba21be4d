/* history: any bytes in its folder are read without a crash; what is taken of them is
 * sound, can be added to, and comes out again. The checksums of all units are made right
 * first, so that what lies behind them is met too; inputs that begin with '!' keep theirs. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "config/vocab.h"
#include "correlate/history_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/tocsin-fuzz-history-XXXXXX";

static void gone(void)
{
	char path[128];

	for (unsigned long long i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "%s/%016llx.seg", dir, i);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/history.new", dir);
	unlink(path);
}

static void at_exit(void)
{
	gone();
	rmdir(dir);
}

static void put_file(const char *name, const uint8_t *p, size_t len)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(p, 1, len, f) != len || fclose(f))
		abort();
}

static void check(void *arg, const struct history_record *r)
{
	uint8_t unit[HISTORY_UNIT];
	struct history_record again;

	assert(r->first_us >= 0 && r->last_us >= r->first_us && r->version &&
	       vocab_state_is_member(r->state));
	history_segment_record(r, unit);
	assert(history_segment_read_record(unit, &again) && again.last_us == r->last_us &&
	       again.version == r->version && again.withdrawn == r->withdrawn);
	++*(uint64_t *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct history *h;
	struct history_usage u;
	uint64_t found = 0;
	char why[256];

	if (!ready && (!mkdtemp(dir) || atexit(at_exit)))
		abort();
	ready = true;
	gone();
	uint8_t *bytes = malloc(size + 1);
	if (!bytes)
		return 0;
	if (size)
		memcpy(bytes, data, size);
	for (size_t at = 0; (size == 0 || data[0] != '!') && at + HISTORY_UNIT <= size; at += HISTORY_UNIT) {
		uint64_t sum = hash_bytes(bytes + at, HISTORY_UNIT - 8, 0);
		memcpy(bytes + at + HISTORY_UNIT - 8, &sum, 8);
	}
	/* two segments, the second from the middle on */
	size_t half = size / 2 / HISTORY_UNIT * HISTORY_UNIT;
	put_file("0000000000000001.seg", bytes, half);
	put_file("0000000000000002.seg", bytes + half, size - half);
	free(bytes);
	if (history_open(&h, dir, 1024, why))
		abort();
	struct history_record r = {.threat = {1, 2}, .first_us = 1, .last_us = 2, .version = 1};
	assert(history_put(h, &r) == 0);
	history_find(h, r.threat, 0, check, &found);
	assert(found >= 1);
	if (size % 8 == 0)
		assert(history_sync(h) == 0);
	history_usage(h, &u);
	uint64_t known = u.records;
	history_close(h);
	if (size % 8 == 0) {
		if (history_open(&h, dir, 1024, why))
			abort();
		history_usage(h, &u);
		assert(u.records == known);
		history_close(h);
	}
	return 0;
}
