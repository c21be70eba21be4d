/* What evidence_bytes() says is what the process takes, and not a page more, however
 * full the table is; a cell of up to four hits takes 128 bytes and no entry. */
#include "tap.h"

#include <unistd.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "correlate/evidence.h"

#define T0    (INT64_C(1763784000) * TIMESTAMP_SECOND)
#define CELLS 50000

/* Resident, as the page tables have it; 0 where the kernel does not tell. */
static size_t resident(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	unsigned long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024;
}

static struct observation hit(uint32_t threat, uint32_t k)
{
	return (struct observation){.threat = threat,
				    .by = 1,
				    .state = 3,
				    .hit_class = CLASS_EFFECT,
				    .time_us = T0 + k,
				    .entity = hash_word(k + 1),
				    .origin = 7,
				    .offset = (uint64_t)threat << 4 | k};
}

static uint32_t join(struct evidence_table *t, uint32_t cells, uint32_t from, uint32_t to)
{
	uint32_t refused = 0;

	for (uint32_t i = 1; i <= cells; i++)
		for (uint32_t k = from; k < to; k++) {
			struct observation o = hit(i, k);
			refused += evidence_update(t, &o) != 0;
		}
	return refused;
}

/* A cell that begins with a hit that has an identity holds three, whether they have one. */
static void named(const struct evidence_config *c)
{
	struct evidence_table *t;
	struct evidence_usage u;

	if (evidence_init(&t, c))
		exit(2);
	for (uint32_t i = 1; i <= CELLS; i++)
		for (uint32_t k = 0; k < 3; k++) {
			struct observation o = hit(i, k);
			o.identity = i % 8 == k ? 0 : hash_word(o.offset);
			evidence_update(t, &o);
		}
	evidence_usage(t, &u);
	/* an eighth began with one that has none: two hits apart, of two entities */
	tap_ok(u.cells == CELLS && u.entries == CELLS / 8 * 6,
	       "three with an identity take no entry either (%u, of those that began without)",
	       u.entries);
	evidence_fini(t);
}

static bool parts_sum(const struct evidence_config *c)
{
	struct evidence_part parts[EVIDENCE_PARTS];
	uint32_t n = evidence_parts(c, parts);
	size_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += parts[i].count * parts[i].bytes_each;
	return n && sum == evidence_bytes(c) && parts[0].bytes_each == 128;
}

int main(void)
{
	const struct evidence_config c = {65536, 65536, 16, 1024};
	const size_t said = evidence_bytes(&c), page = (size_t)sysconf(_SC_PAGESIZE);
	struct evidence_table *t;
	struct evidence_usage u;

	resident(); /* what stdio takes is taken */
	size_t before = resident();
	if (evidence_init(&t, &c))
		return 2;
	size_t empty = resident();
	tap_int(join(t, CELLS, 0, 4), 0, "50,000 cells of four hits are joined");
	size_t full = resident();
	evidence_usage(t, &u);
	tap_ok(u.cells == CELLS && u.entries == 0, "and take no entry: 128 bytes a cell");
	tap_ok(join(t, CELLS, 4, 12) > 0, "then what there are no entries for");
	evidence_usage(t, &u);
	tap_ok(u.entries > 65000 && u.refused > 0, "to the brim (%u entries)", u.entries);
	size_t over = resident();
	tap_ok(parts_sum(&c), "the parts are what is said, to the byte");
	if (!before || TAP_SANITIZED) {
		tap_skip(2, "%s",
			 before ? "a sanitizer's shadow is resident too"
				: "no /proc/self/smaps_rollup");
	} else {
		/* the table's struct comes from malloc(), whose pages are its own */
		tap_ok(empty - before <= said + 16 * page, "%zu bytes said, %zu taken", said,
		       empty - before);
		tap_ok(full - empty <= 4 * page && over - empty <= 4 * page,
		       "and not a page more when it is full (%zu, %zu)", full - empty,
		       over - empty);
	}
	evidence_fini(t);
	named(&c);
	return tap_done();
}
