/* The evidence table is a set: order, repetition, splitting and merging change
 * nothing; and what does not fit is refused aloud. argv: seeds */
#include "tap.h"

#include "test_assess_oracle.h"
#include "test_evidence_dump.h"

static const struct evidence_config small = {1024, 4096, 64, 16};

static struct evidence_table *make(const struct evidence_config *c)
{
	struct evidence_table *t;

	if (evidence_init(&t, c))
		exit(2);
	return t;
}

static void join(struct evidence_table *t, const struct observation *hits, int n)
{
	for (int i = 0; i < n; i++)
		if (evidence_update(t, &hits[i]))
			exit(2);
}

/* Joins from's contents into t through a snapshot. */
static int merge(struct evidence_table *t, const struct evidence_table *from)
{
	struct blob b = {0};
	int rc = evidence_snapshot(from, blob_write, &b);

	if (rc == 0)
		rc = evidence_restore(t, blob_read, &b);
	free(b.p);
	return rc;
}

/* Cells, entries, sketches, and what an assessor makes of them. */
static char *look(const struct evidence_table *t, const struct profile *p)
{
	struct text out;
	struct assessor *a;

	text_init(&out);
	text_str(&out, "");
	if (assessor_init(&a, p))
		exit(2);
	for (uint32_t threat = 1; threat <= 2; threat++) {
		dump_threat(t, threat, &out);
		assess_threat(a, t, threat, write_episode, &out);
	}
	assessor_fini(a);
	return text_take(&out);
}

static bool same(const struct evidence_table *t, const struct profile *p, const char *want)
{
	char *got = look(t, p);
	bool equal = strcmp(got, want) == 0;

	if (!equal)
		printf("# got:\n%s\n# want:\n%s\n", got, want);
	free(got);
	return equal;
}

static void shuffle(uint64_t *seed, struct observation *v, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int j = (int)below(seed, (uint64_t)i + 1);
		struct observation x = v[i];
		v[i] = v[j];
		v[j] = x;
	}
}

/* Fewer cells, more elements each, so that exact_max is passed now and then. */
static struct observation dense_hit(uint64_t *seed, int64_t window)
{
	struct observation o = draw_hit(seed, window);

	o.identity = below(seed, 3) ? 0 : hash_word(below(seed, 40) + 1000);
	if (below(seed, 2))
		return o;
	o.threat = 1;
	o.state = 0;
	o.sector = 1;
	o.hit_class = CLASS_EFFECT;
	o.severity = 2;
	o.time_us = T0 + (int64_t)below(seed, 2 * (uint64_t)TIMESTAMP_HOUR);
	o.entity = hash_word(below(seed, 30) + 1);
	o.origin = below(seed, 5) ? hash_word(below(seed, 24) + 100) : EVIDENCE_RELAYED;
	return o;
}

static int failures[4];
static uint32_t overflowed;

/* Shuffled and repeated; split over two tables and merged either way; merged with itself. */
static void laws(uint64_t seed)
{
	static struct observation hits[HITS_MAX], again[HITS_MAX];
	struct profile p;
	struct evidence_usage u;
	uint64_t s = seed;

	draw_profile(&s, &p);
	int n = 1 + (int)below(&s, 250), cut = (int)below(&s, (uint64_t)n), more;
	for (int i = 0; i < n; i++)
		hits[i] = dense_hit(&s, p.window_us);
	struct evidence_table *t = make(&small), *other = make(&small), *a = make(&small),
			      *b = make(&small), *ab = make(&small), *ba = make(&small);
	join(t, hits, n);
	char *want = look(t, &p);
	memcpy(again, hits, sizeof(again));
	for (more = n; more < 2 * n && more < HITS_MAX; more++)
		again[more] = hits[below(&s, (uint64_t)n)];
	shuffle(&s, again, more);
	if (evidence_update_many(other, again, (uint32_t)more, NULL))
		exit(2);
	failures[0] += !same(other, &p, want);
	join(a, hits, cut);
	join(b, hits + cut, n - cut);
	failures[1] += merge(ab, a) || merge(ab, b) || !same(ab, &p, want);
	failures[1] += merge(ba, b) || merge(ba, a) || !same(ba, &p, want);
	failures[2] += merge(ab, ab) || !same(ab, &p, want);
	evidence_usage(t, &u);
	overflowed += u.overflows;
	evidence_compact(t, 0);
	failures[3] += !same(t, &p, want);
	join(t, again, more);
	failures[3] += !same(t, &p, want);
	free(want);
	struct evidence_table *all[] = {t, other, a, b, ab, ba};
	for (int i = 0; i < 6; i++)
		evidence_fini(all[i]);
}

static void test_laws(int seeds)
{
	for (int i = 1; i <= seeds; i++)
		laws((uint64_t)i);
	tap_int(failures[0], 0, "commutative and idempotent: shuffled and repeated hits");
	tap_int(failures[1], 0, "associative: two tables merged, in either order, are the union");
	tap_int(failures[2], 0, "idempotent: a table merged with its own snapshot");
	tap_int(failures[3], 0, "packing loses nothing, and what comes again is known");
	tap_ok(overflowed > (uint32_t)seeds / 4, "sketches were used (%u)", overflowed);
}

/* --- one observation at a time ---------------------------------------------------- */

static struct observation one(void)
{
	return (struct observation){.threat = 1,
				    .by = 2,
				    .state = 3,
				    .sector = 4,
				    .tlp = TLP_GREEN,
				    .pap = PAP_AMBER,
				    .hit_class = CLASS_EFFECT,
				    .severity = 2,
				    .rank = 1,
				    .time_us = T0 + 5,
				    .entity = 77,
				    .origin = 88,
				    .object = 9,
				    .sub = 10,
				    .offset = 11,
				    .users = 12,
				    .duration_s = 13};
}

static struct evidence_cell cell;
static struct evidence_entry entry[EVIDENCE_KINDS];
static int cells, entries;

static void keep_cell(void *arg, const struct evidence_cell *c)
{
	(void)arg;
	cell = *c;
	cells++;
}

static void keep_entry(void *arg, const struct evidence_entry *e)
{
	(void)arg;
	entry[e->kind] = *e;
	entries++;
}

static void test_round_trip(void)
{
	struct evidence_table *t = make(&small);
	struct observation o = one();

	o.object = (1 << 18) - 1;
	o.sub = 4095;
	o.offset = (UINT64_C(1) << 40) - 2;
	o.by = (1 << 24) - 1;
	o.time_us = T0 - 1; /* the last microsecond of its hour */
	tap_int(evidence_update(t, &o), 0, "joined");
	evidence_read_cells(t, 1, keep_cell, NULL);
	evidence_read_entries(t, cell.index, keep_entry, NULL);
	tap_ok(cells == 1 && cell.key.threat == 1 && cell.key.state == 3 && cell.key.sector == 4 &&
		       cell.key.hit_class == CLASS_EFFECT && cell.key.severity == 2 &&
		       cell.key.bucket == (T0 - 1) / EVIDENCE_BUCKET_US,
	       "its cell");
	tap_ok(cell.tlp == TLP_GREEN && cell.pap == PAP_AMBER && cell.first_us == T0 - 1 &&
		       cell.last_us == T0 - 1 && cell.entities == 1 && cell.records == 1 &&
		       cell.origins == 1 && !cell.entities_over,
	       "its fields");
	tap_ok(entries == 4 && entry[EVIDENCE_ENTITY].hash == 77 &&
		       entry[EVIDENCE_ORIGIN].hash == 88 && entry[EVIDENCE_REPORT].hash == 77 &&
		       entry[EVIDENCE_REPORT].users == 12 &&
		       entry[EVIDENCE_REPORT].duration_s == 13,
	       "its entries");
	const struct evidence_item *i = &entry[EVIDENCE_RECORD].item;
	tap_ok(i->rank == 1 && i->time_us == o.time_us && i->object == o.object &&
		       i->sub == o.sub && i->by == o.by && i->offset == o.offset,
	       "its evidence, every bit of the widest position");
	evidence_fini(t);
}

static void test_range(void)
{
	struct evidence_table *t = make(&small);
	struct observation o;
	int bad = 0;

#define BAD(field, value) (o = one(), o.field = (value), bad += evidence_update(t, &o) != -ERANGE)
	BAD(threat, 0);
	BAD(threat, 1u << 27);
	BAD(by, 0);
	BAD(by, 1u << 24);
	BAD(state, STATES);
	BAD(sector, SECTORS);
	BAD(tlp, TLPS);
	BAD(pap, PAPS);
	BAD(hit_class, 4);
	BAD(severity, 4);
	BAD(rank, 4);
	BAD(pair, IMPACT_PAIR_CLAIMS + 1);
	BAD(time_us, -1);
	BAD(time_us, INT64_C(13569465600) * TIMESTAMP_SECOND);
#undef BAD
	tap_int(bad, 0, "what does not fit is -ERANGE");
	struct evidence_usage u;
	evidence_usage(t, &u);
	tap_int(u.cells + u.entries, 0, "and leaves nothing behind");
	o = one();
	o.time_us = INT64_C(13569465600) * TIMESTAMP_SECOND - 1;
	o.threat = (1u << 27) - 1;
	o.state = STATES - 1;
	o.sector = SECTORS - 1;
	o.users = o.duration_s = UINT64_MAX;
	cells = entries = 0;
	tap_int(evidence_update(t, &o), 0, "the largest of everything fits");
	evidence_read_cells(t, o.threat, keep_cell, NULL);
	evidence_read_entries(t, cell.index, keep_entry, NULL);
	tap_ok(cells == 1 && cell.last_us == o.time_us && cell.key.threat == o.threat &&
		       entry[EVIDENCE_REPORT].users == UINT32_MAX,
	       "and comes back, reports cut to what is kept");
	evidence_fini(t);
	static const struct evidence_config bad_configs[] = {
		{1000, 1024, 1, 16},    {512, 1024, 1, 16},  {1024, 1000, 1, 16},
		{1024, 1024, 0, 16},    {1024, 1024, 1, 15}, {1024, 1024, 1, 65537},
		{1u << 29, 1024, 1, 16}};
	bad = 0;
	for (size_t i = 0; i < sizeof(bad_configs) / sizeof(bad_configs[0]); i++)
		bad += evidence_init(&t, &bad_configs[i]) != -EINVAL || t ||
		       evidence_bytes(&bad_configs[i]);
	tap_int(bad, 0, "a bad configuration is -EINVAL");
}

static void test_dirty(void)
{
	struct evidence_table *t = make(&small);
	struct observation o = one();
	uint32_t got[2000], n, total = 0;
	uint8_t seen[1001] = {0};

	tap_int(evidence_take_dirty(t, got, 10), 0, "nothing changed yet");
	evidence_update(t, &o);
	o.sector = 5;
	evidence_update(t, &o);
	n = evidence_take_dirty(t, got, 10);
	tap_ok(n == 1 && got[0] == 1, "a threat with two changed cells is told once");
	evidence_update(t, &o);
	tap_int(evidence_take_dirty(t, got, 10), 0, "a hit that is known changes nothing");
	o.tlp = TLP_RED;
	evidence_update(t, &o);
	tap_int(evidence_take_dirty(t, got, 10), 1, "one more mark does");
	for (o.threat = 1; o.threat <= 700; o.threat++)
		evidence_update(t, &o);
	while ((n = evidence_take_dirty(t, got, 37)))
		for (uint32_t i = 0; i < n; i++, total++)
			seen[got[i]]++;
	bool once = true;
	for (int i = 2; i <= 700; i++)
		once &= seen[i] == 1;
	tap_ok(once && total == 699, "in portions of 37: each once, none lost, the known one not");
	evidence_fini(t);
}

/* What is said to be refused is exactly what is missing. */
static void test_full(void)
{
	const struct evidence_config tiny = {1024, 1024, 1, 16};
	struct evidence_table *t = make(&tiny);
	struct evidence_usage u;
	struct observation o = one();
	uint32_t taken = 0, refused = 0, there = 0, partly = 0, sum = 0, lists = 0;

	o.users = o.duration_s = 0;
	o.offset = UINT64_C(1) << 39; /* no place inside the cell */
	for (uint32_t i = 1; i <= 3000; i++) {
		o.threat = i;
		o.entity = o.origin = i;
		int rc = evidence_update(t, &o);
		cells = entries = 0;
		evidence_read_cells(t, i, keep_cell, NULL);
		if (cells)
			evidence_read_entries(t, cell.index, keep_entry, NULL);
		taken += rc == 0;
		refused += rc == -ENOSPC;
		there += entries == 3;
		partly += entries && entries < 3;
		sum += (uint32_t)entries;
		lists += (uint32_t)cells;
	}
	tap_ok(taken + refused == 3000 && refused > 0, "a full table says -ENOSPC (%u of 3000)",
	       refused);
	tap_ok(there == taken && partly <= refused, "and what it took is all there (%u whole)",
	       there);
	evidence_usage(t, &u);
	tap_int(u.entries, sum + lists, "usage is what can be read, and one a cell that lists it");
	tap_int(u.entries, 1024, "every entry was used before any was refused");
	o.threat = 1;
	o.entity = o.origin = 1;
	tap_int(evidence_update(t, &o), 0, "what is known still joins");
	evidence_fini(t);
}

/* The pool of sketches used up: refused aloud, the rest joined. */
static void test_pool(void)
{
	const struct evidence_config tiny = {1024, 4096, 1, 16};
	struct evidence_table *t = make(&tiny);
	struct observation o = one();
	int refused = 0;

	for (uint32_t i = 0; i < 40; i++) {
		o.threat = 1 + i % 2;
		o.offset = o.entity = 1 + i;
		refused += evidence_update(t, &o) == -ENOSPC;
	}
	tap_int(refused, 4, "one sketch for two cells: the other's overflow is refused aloud");
	evidence_fini(t);
}

static void test_compact(void)
{
	struct evidence_table *t = make(&small), *young = make(&small);
	struct evidence_usage u;
	struct profile p = {.window_us = TIMESTAMP_DAY, .min_states = 2};
	uint64_t s = 5;
	int32_t hour = (int32_t)(T0 / EVIDENCE_BUCKET_US) + 30;
	bool good = true;

	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 150; i++) {
			struct observation o = dense_hit(&s, TIMESTAMP_DAY);
			if (below(&s, 3))
				o.time_us += 30 * TIMESTAMP_HOUR;
			join(t, &o, 1);
			if (o.time_us / EVIDENCE_BUCKET_US >= hour)
				join(young, &o, 1);
		}
		evidence_compact(t, hour);
		evidence_compact(young, 0);
		char *want = look(young, &p);
		good &= same(t, &p, want);
		free(want);
		if (round % 10 == 9) {
			evidence_compact(t, INT32_MAX);
			evidence_compact(young, INT32_MAX);
			evidence_usage(t, &u);
			good &= u.cells + u.entries + u.overflows == 0;
		}
	}
	tap_ok(good, "what is forgotten is as if it had never been, what is young stays");
	evidence_fini(t);
	evidence_fini(young);
}

static void test_compact_full(void)
{
	const struct evidence_config tiny = {1024, 1024, 4, 16};
	struct evidence_table *t = make(&tiny);
	struct observation o = one();
	uint32_t young = 0, there = 0;
	struct evidence_usage u;

	o.users = o.duration_s = o.origin = o.entity = 0;
	o.offset = UINT64_C(1) << 39;
	for (uint32_t i = 1; i <= 1500; i++) {
		o.threat = i;
		o.time_us = T0 + (i % 3) * TIMESTAMP_HOUR;
		evidence_update(t, &o);
	}
	entries = 0; /* of the young, and one each that lists them */
	for (uint32_t i = 2; i <= 1500; i += 3) {
		cells = 0;
		evidence_read_cells(t, i, keep_cell, NULL);
		young += (uint32_t)cells;
		if (!cells)
			continue;
		entries++;
		evidence_read_entries(t, cell.index, keep_entry, NULL);
	}
	evidence_usage(t, &u);
	tap_ok(u.cells > 900 && u.entries == 1024, "filled to the brim (%u, %u)", u.cells, u.entries);
	evidence_compact(t, (int32_t)(T0 / EVIDENCE_BUCKET_US) + 2);
	for (uint32_t i = 1; i <= 1500; i++) {
		cells = 0;
		evidence_read_cells(t, i, keep_cell, NULL);
		there += (uint32_t)cells;
	}
	evidence_usage(t, &u);
	tap_ok(there == young && u.entries == (uint32_t)entries && u.cells >= young,
	       "and packed (%u)", there);
	evidence_fini(t);
}

/* --- snapshots that are not --------------------------------------------------------- */

static void test_damage(void)
{
	struct evidence_table *t = make(&small), *into = make(&small);
	struct evidence_usage u;
	struct blob b = {0}, bad;
	uint64_t s = 9;
	int taken = 0;

	for (int i = 0; i < 200; i++) {
		struct observation o = dense_hit(&s, TIMESTAMP_DAY);
		join(t, &o, 1);
	}
	if (evidence_snapshot(t, blob_write, &b))
		exit(2);
	bad = b;
	bad.p = malloc(b.len);
	for (size_t i = 0; i < b.len; i += i < 200 ? 1 : 97) {
		memcpy(bad.p, b.p, b.len);
		bad.p[i] ^= (char)(1 << below(&s, 8));
		bad.at = 0;
		taken += evidence_restore(into, blob_read, &bad) != -EBADMSG;
	}
	tap_int(taken, 0, "one bit wrong anywhere is -EBADMSG");
	memcpy(bad.p, b.p, b.len);
	for (bad.len = 0; bad.len < b.len; bad.len += bad.len < 100 ? 1 : 101) {
		bad.at = 0;
		taken += evidence_restore(into, blob_read, &bad) != -EBADMSG;
	}
	tap_int(taken, 0, "a snapshot cut short anywhere is -EBADMSG");
	evidence_usage(into, &u);
	tap_int(u.cells + u.entries, 0, "and the table holds nothing of it");
	struct blob full = {.fail_at = b.len - 1};
	tap_int(evidence_snapshot(t, blob_write, &full), -ENOSPC, "a full disk is told");
	const struct evidence_config tiny = {1024, 1024, 1, 16};
	struct evidence_table *narrow = make(&tiny);
	for (uint32_t i = 1; i <= 600; i++) {
		struct observation o = one();
		o.threat = i;
		join(t, &o, 1);
	}
	tap_int(merge(narrow, t), -ENOSPC, "a table too small for the snapshot says so");
	free(b.p);
	free(bad.p);
	free(full.p);
	evidence_fini(t);
	evidence_fini(into);
	evidence_fini(narrow);
}

/* --- what a record is known by ------------------------------------------------------ */

#define OBJECTS 8

/* Objects by the order in which they were opened: their names. */
static uint64_t name_of(void *arg, uint32_t object)
{
	return hash_word(((const uint64_t *)arg)[object]);
}

static void records_of(const uint64_t *names, uint8_t regs[HLL_REGISTERS], bool again)
{
	struct evidence_table *t = make(&small), *copy = make(&small);
	struct observation o = one();

	o.users = o.duration_s = 0;
	o.identity = 0;
	for (uint32_t i = 0; i < 400; i++) {
		for (o.object = 0; names[o.object] != i % OBJECTS;)
			o.object++;
		o.offset = i / OBJECTS;
		o.entity = i < 3 ? i + 1 : 3; /* the first lie inside their cell */
		evidence_objects(t, name_of, (void *)names);
		join(t, &o, 1);
	}
	evidence_objects(copy, name_of, (void *)names);
	if (merge(copy, t))
		exit(2);
	cells = 0;
	evidence_read_cells(again ? copy : t, o.threat, keep_cell, NULL);
	memset(regs, 0, HLL_REGISTERS);
	evidence_read_sketch(again ? copy : t, cell.index, EVIDENCE_RECORD, regs);
	evidence_fini(t);
	evidence_fini(copy);
}

static void test_objects(void)
{
	static const uint64_t forth[OBJECTS] = {0, 1, 2, 3, 4, 5, 6, 7},
			      back[OBJECTS] = {7, 6, 5, 4, 3, 2, 1, 0},
			      other[OBJECTS] = {1, 0, 2, 4, 3, 7, 5, 6};
	uint8_t want[HLL_REGISTERS], got[HLL_REGISTERS];
	int bad = 0;

	records_of(forth, want, false);
	tap_ok(cell.records_over, "more records than are kept");
	records_of(back, got, false);
	bad += memcmp(want, got, sizeof(got)) != 0;
	records_of(other, got, true);
	bad += memcmp(want, got, sizeof(got)) != 0;
	tap_int(bad, 0, "their estimate is the same in whatever order their objects were opened");
}

int main(int argc, char **argv)
{
	test_round_trip();
	test_range();
	test_dirty();
	test_full();
	test_pool();
	test_compact();
	test_compact_full();
	test_damage();
	test_objects();
	test_laws(argc > 1 ? atoi(argv[1]) : TAP_SANITIZED ? 150 : 500);
	return tap_done();
}
