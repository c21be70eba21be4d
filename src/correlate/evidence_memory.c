/* What the table takes, where each array lies in it, and in which pages. */
#include "correlate/evidence_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/clock.h"

static bool power_of_two(uint32_t n, uint32_t min, uint32_t max)
{
	return n >= min && n <= max && (n & (n - 1)) == 0;
}

static bool config_good(const struct evidence_config *c)
{
	return power_of_two(c->cells, 1024, 1u << 28) && power_of_two(c->entries, 1024, 1u << 30) &&
	       c->overflows >= 1 && c->overflows <= 1u << 20 && c->exact_max >= 16 &&
	       c->exact_max <= 65536;
}

static size_t take(size_t *at, size_t count, size_t size)
{
	size_t begin = *at;

	*at = (begin + count * size + 63) & ~(size_t)63;
	return begin;
}

/* As many hits are remembered as fit a core's cache. */
static uint32_t memos(const struct evidence_config *c)
{
	return c->cells < 1u << 16 ? c->cells : 1u << 16;
}

/* Where each array lies; with base NULL, only how much there is. */
static size_t lay_out(struct evidence_table *t, const struct evidence_config *c, char *base)
{
	size_t at = 0;
	size_t cells = take(&at, c->cells, sizeof(*t->cells));
	size_t inside = take(&at, c->cells, sizeof(*t->inside));
	size_t slots = take(&at, c->entries, sizeof(*t->slots));
	size_t blocks = take(&at, c->overflows, sizeof(*t->blocks));
	size_t owners = take(&at, c->overflows, sizeof(*t->block_owner));
	size_t heads = take(&at, c->cells, sizeof(*t->heads));
	size_t dirty = take(&at, c->cells / 64, sizeof(*t->dirty));
	size_t lost = take(&at, LOST_ROWS * LOST_COLUMNS, sizeof(*t->lost));
	size_t memo = take(&at, memos(c), sizeof(*t->memo));
	size_t tags = take(&at, c->cells / GROUP, sizeof(*t->tags));

	if (base) {
		t->cells = (void *)(base + cells);
		t->inside = (void *)(base + inside);
		t->slots = (void *)(base + slots);
		t->blocks = (void *)(base + blocks);
		t->block_owner = (void *)(base + owners);
		t->heads = (void *)(base + heads);
		t->dirty = (void *)(base + dirty);
		t->memo = (void *)(base + memo);
		t->lost = (void *)(base + lost);
		t->tags = (void *)(base + tags);
	}
	return (at + 4095) & ~(size_t)4095;
}

size_t evidence_bytes(const struct evidence_config *c)
{
	struct evidence_table t;

	return config_good(c) ? lay_out(&t, c, NULL) + sizeof(t) : 0;
}

uint32_t evidence_parts(const struct evidence_config *c, struct evidence_part out[EVIDENCE_PARTS])
{
	struct evidence_table t;
	const uint64_t lost = LOST_ROWS * LOST_COLUMNS;
	uint64_t rest = evidence_bytes(c);

	if (!rest)
		return 0;
	out[0] = (struct evidence_part){"evidence cells", c->cells,
					sizeof(*t.cells) + sizeof(*t.inside)};
	out[1] = (struct evidence_part){"their index", c->cells, sizeof(*t.heads) + 1};
	out[2] = (struct evidence_part){"evidence entries", c->entries, sizeof(*t.slots)};
	out[3] = (struct evidence_part){"sketches", c->overflows,
					sizeof(*t.blocks) + sizeof(*t.block_owner)};
	out[4] = (struct evidence_part){"refusals", lost, sizeof(*t.lost)};
	for (int i = 0; i < 5; i++)
		rest -= out[i].count * out[i].bytes_each;
	out[5] = (struct evidence_part){"the table itself", 1, rest};
	return 6;
}

/* Huge pages are worth it from here on, and asked for. */
static bool wants_huge(size_t bytes)
{
	return bytes >= 4u << 20;
}

bool evidence_huge_pages(const struct evidence_config *c)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	char modes[64] = "";

	if (!f)
		return false;
	bool there = fgets(modes, sizeof(modes), f) && !strstr(modes, "[never]");
	fclose(f);
	return there && wants_huge(evidence_bytes(c));
}

/* Every page now, so that the resident size is known from the start. */
static void touch(void *p, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
	if (madvise(p, bytes, MADV_POPULATE_WRITE) == 0)
		return;
#endif
	for (size_t at = 0; at < bytes; at += 4096)
		((volatile char *)p)[at] = 0;
}

static uint64_t fresh_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = hash_word(clock_monotonic_ns() ^ (uintptr_t)&seed);
	return seed;
}

int evidence_init(struct evidence_table **out, const struct evidence_config *c)
{
	*out = NULL;
	if (!config_good(c))
		return -EINVAL;
	struct evidence_table *t = aligned_alloc(64, sizeof(*t));
	if (!t)
		return -ENOMEM;
	memset(t, 0, sizeof(*t));
	t->map_bytes = lay_out(t, c, NULL);
	t->map = mmap(NULL, t->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (t->map == MAP_FAILED) {
		free(t);
		return -ENOMEM;
	}
	/* random access all over: fewer TLB misses are worth more than the rounding */
	if (wants_huge(t->map_bytes))
		madvise(t->map, t->map_bytes, MADV_HUGEPAGE);
	touch(t->map, t->map_bytes);
	lay_out(t, c, t->map);
	t->config = *c;
	t->cell_mask = c->cells - 1;
	t->slot_mask = c->entries - 1;
	t->memo_mask = memos(c) - 1;
	t->seed = fresh_seed();
	*out = t;
	return 0;
}

void evidence_fini(struct evidence_table *t)
{
	if (!t)
		return;
	munmap(t->map, t->map_bytes);
	free(t);
}
