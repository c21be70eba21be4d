#include "raise/board_table.h"

#include <string.h>

#include "base/hash.h"

static void put(struct text *t, uint64_t value, unsigned bytes)
{
	char le[8];

	for (unsigned i = 0; i < bytes; i++)
		le[i] = (char)(value >> 8 * i);
	text_bytes(t, le, bytes);
}

static void put_string(struct text *t, const char *s)
{
	size_t len = strlen(s);

	put(t, len, 4);
	text_bytes(t, s, len);
}

/* What few candidates have is written only where it is there. */
static bool has_reports(const struct state_assessment *st)
{
	uint32_t any = 0;

	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		any |= st->measure[m];
	return any || st->claims;
}

static void put_reports(struct text *t, const struct state_assessment *st)
{
	put(t, st->claims, 8);
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		put(t, st->measure[m], 4);
}

static void put_state(struct text *t, const struct state_assessment *st)
{
	const bool reports = has_reports(st);

	put(t, st->state, 1);
	put(t,
	    st->significant | st->deciding << 1 | st->entities_exact << 2 | st->records_exact << 3 |
		    st->single_origin << 4 | st->capped << 5 | st->ordinary << 6 |
		    st->capacity_exceeded << 7 | reports << 8 | (st->refused != 0) << 9,
	    2);
	put(t, st->largest_share, 1);
	put(t, st->shared, 8);
	put(t, st->criteria, 4);
	put(t, st->entities, 8);
	put(t, st->attempted, 8);
	put(t, st->records, 8);
	put(t, st->origins, 4);
	put(t, st->sectors, 4);
	put(t, st->users, 8);
	put(t, st->duration_s, 8);
	put(t, st->severity, 1);
	put(t, (uint64_t)st->first_us, 8);
	put(t, (uint64_t)st->last_us, 8);
	if (reports)
		put_reports(t, st);
	if (st->refused) {
		put(t, st->refused, 8);
		put(t, (uint64_t)st->complete_since_us, 8);
	}
}

static void put_evidence(struct text *t, const struct assess_evidence *e)
{
	put(t, e->state, 1);
	put(t, e->hit_class, 1);
	put(t, e->item.rank, 1);
	put(t, (uint64_t)e->item.time_us, 8);
	put(t, e->item.object, 4);
	put(t, e->item.sub, 4);
	put(t, e->item.by, 4);
	put(t, e->item.offset, 8);
}

static void put_episode(struct text *t, const struct episode *ep)
{
	put(t, ep->threat, 4);
	put(t, (uint64_t)ep->status | (uint64_t)ep->held_back << 4, 1);
	put(t, (uint64_t)ep->first_us, 8);
	put(t, (uint64_t)ep->last_us, 8);
	put(t, (uint64_t)ep->decided_us, 8);
	put(t, ep->tlp, 1);
	put(t, ep->pap, 1);
	put(t, ep->states, 1);
	for (uint32_t i = 0; i < ep->states; i++)
		put_state(t, &ep->state[i]);
	put(t, ep->evidence_count, 1);
	for (uint32_t i = 0; i < ep->evidence_count; i++)
		put_evidence(t, &ep->evidence[i]);
}

static void put_entry(struct text *t, const struct board_entry *e)
{
	text_bytes(t, e->id, CANDIDATE_ID_MAX - 1);
	put(t, e->version, 4);
	put(t, e->status, 1);
	put(t, e->says, 8);
	put(t, (uint64_t)e->cell_us, 8);
	put_string(t, e->superseded_by);
	put_string(t, e->profile);
	put(t, e->threat.kind, 1);
	put_string(t, e->threat.id);
	put_string(t, e->threat.name);
	put_episode(t, &e->episode);
}

/* All entries; or those of one threat. */
static void put_board(struct text *t, const struct board *b, const struct threat_name *threat)
{
	uint32_t of_threat = 0;

	for (const struct board_entry *e = threat ? board_table_first(b, threat) : NULL; e;
	     e = board_table_next(e))
		of_threat++;
	put(t, b->expired, 4);
	put(t, (uint64_t)b->horizon_us, 8);
	put(t, threat ? of_threat : b->entry_count, 4);
	for (const struct board_entry *e = threat ? board_table_first(b, threat) : NULL; e;
	     e = board_table_next(e))
		put_entry(t, e);
	for (uint32_t i = 0; !threat && i < b->entry_chains; i++)
		for (const struct board_entry *e = b->entries[i]; e; e = e->next)
			put_entry(t, e);
}

static int snapshot(const struct board *b, const struct threat_name *threat,
		    int (*write)(void *arg, const void *p, size_t len), void *arg)
{
	struct text payload, frame;

	text_init(&payload);
	text_init(&frame);
	put_board(&payload, b, threat);
	text_bytes(&frame, BOARD_SNAPSHOT_MAGIC, 8);
	put(&frame, BOARD_SNAPSHOT_VERSION, 4);
	put(&frame, payload.len, 8);
	int r = payload.error ? payload.error : frame.error;
	if (r == 0)
		r = write(arg, frame.p, frame.len);
	if (r == 0)
		r = write(arg, payload.p, payload.len);
	if (r == 0) {
		text_reset(&frame);
		put(&frame, hash_bytes(payload.p, payload.len, 0), 8);
		r = write(arg, frame.p, frame.len);
	}
	text_fini(&frame);
	text_fini(&payload);
	return r;
}

int board_snapshot(const struct board *b, int (*write)(void *arg, const void *p, size_t len),
		   void *arg)
{
	return snapshot(b, NULL, write, arg);
}

int board_snapshot_threat(const struct board *b, const struct threat_name *threat,
			  int (*write)(void *arg, const void *p, size_t len), void *arg)
{
	return snapshot(b, threat, write, arg);
}
