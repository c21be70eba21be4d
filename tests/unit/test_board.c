#include "raise/board.h"

#include <errno.h>

#include "base/hash.h"
#include "raise/digest.h"
#include "tap.h"
#include "test_candidate.h"

/* What the board said: the last few, and how often. A candidate's strings last
 * only for the call, so what its line says is taken there. */
struct heard {
	const struct candidate_context *cx;
	struct candidate last[64];
	uint64_t says[64];
	uint32_t count;
};

static uint64_t says(const struct candidate *c, const struct candidate_context *cx)
{
	struct candidate_head head = {0};
	struct text t;

	text_init(&t);
	candidate_json(&t, c, cx);
	candidate_head(t.p, t.len, &head);
	text_fini(&t);
	return head.says;
}

static void hear(void *arg, const struct candidate *c)
{
	struct heard *h = arg;

	h->says[h->count % 64] = says(c, h->cx);
	h->last[h->count++ % 64] = *c;
}

/* As somebody else would read the line that was last said, at this version. */
static void known(struct board *b, const struct heard *h, const struct candidate *c, uint32_t version)
{
	struct candidate other = *c;
	struct candidate_said said;
	struct text t;

	other.version = version;
	text_init(&t);
	candidate_json(&t, &other, h->cx);
	if (candidate_read(t.p, t.len, &said) != 0 || board_known(b, &said) != 0)
		abort();
	candidate_said_fini(&said);
	text_fini(&t);
}

static const struct candidate *last(const struct heard *h)
{
	return &h->last[(h->count - 1) % 64];
}

static const struct candidate *before_last(const struct heard *h)
{
	return &h->last[(h->count - 2) % 64];
}

static struct board *new_board(void)
{
	struct board *b;

	if (board_init(&b) != 0)
		abort();
	return b;
}

static void offer(struct board *b, const struct fixture *f, const struct episode *ep,
		  struct heard *h)
{
	if (board_offer(b, &f->cx, ep, hear, h) != 0)
		abort();
}

static void life(const struct fixture *f)
{
	struct board *b = new_board();
	struct heard h = {.cx = &f->cx};
	struct episode ep = fixture_watch(f);

	ep.status = EPISODE_NONE;
	offer(b, f, &ep, &h);
	tap_int(h.count, 0, "what does not hold is not said");
	ep = fixture_watch(f);
	offer(b, f, &ep, &h);
	tap_ok(h.count == 1 && last(&h)->status == CANDIDATE_WATCH && last(&h)->version == 1,
	       "a watch the first time");
	char id[CANDIDATE_ID_MAX];
	strcpy(id, last(&h)->id);
	offer(b, f, &ep, &h);
	tap_int(h.count, 1, "the same again is not said");
	ep.state[1].records++;
	offer(b, f, &ep, &h);
	tap_ok(h.count == 2 && last(&h)->status == CANDIDATE_WATCH && last(&h)->version == 2,
	       "a watch that grew is a watch again, version 2");
	ep = fixture_raised(f);
	offer(b, f, &ep, &h);
	tap_ok(h.count == 3 && last(&h)->status == CANDIDATE_RAISED, "then it is raised");
	offer(b, f, &ep, &h);
	ep.state[0].entities++;
	offer(b, f, &ep, &h);
	tap_ok(h.count == 4 && last(&h)->status == CANDIDATE_UPDATED && last(&h)->version == 4,
	       "then updated");
	tap_ok(board_count(b, CANDIDATE_UPDATED) == 1 && board_count(b, CANDIDATE_WATCH) == 0,
	       "the counts follow");
	ep.first_us -= 9 * TIMESTAMP_HOUR; /* over midnight: another cell */
	offer(b, f, &ep, &h);
	tap_ok(h.count == 5 && strcmp(last(&h)->id, id) == 0 &&
		       last(&h)->episode.first_us == ep.first_us,
	       "late evidence moves the window and not the id");
	struct candidate fresh;
	candidate_make(&fresh, &f->cx, &ep, CANDIDATE_RAISED, 1);
	tap_ok(strcmp(fresh.id, id) != 0 && board_name(b, &f->cx, &fresh) &&
		       strcmp(fresh.id, id) == 0 && fresh.version == 5,
	       "the episode is known by the name it was first said with");
	ep.status = EPISODE_NONE;
	offer(b, f, &ep, &h);
	tap_ok(h.count == 6 && last(&h)->status == CANDIDATE_WITHDRAWN, "then withdrawn");
	offer(b, f, &ep, &h);
	tap_int(h.count, 6, "once");
	ep = fixture_raised(f);
	offer(b, f, &ep, &h);
	tap_ok(h.count == 7 && last(&h)->status == CANDIDATE_RAISED && last(&h)->version == 7 &&
		       strcmp(last(&h)->id, id) == 0,
	       "and raised again under its id, versions going on");
	ep = fixture_watch(f);
	offer(b, f, &ep, &h);
	tap_ok(last(&h)->status == CANDIDATE_WATCH && last(&h)->version == 8,
	       "a raised one that is only a watch now says so");
	board_expire(b, &f->cx, ep.last_us, hear, &h);
	tap_int(h.count, 8, "a window that ends now has not expired");
	board_expire(b, &f->cx, ep.last_us + 1, hear, &h);
	tap_ok(h.count == 9 && last(&h)->status == CANDIDATE_EXPIRED && last(&h)->version == 9,
	       "then it expires");
	tap_ok(board_count(b, CANDIDATE_EXPIRED) == 1 && board_count(b, CANDIDATE_WATCH) == 0,
	       "and is gone");
	offer(b, f, &ep, &h);
	tap_int(h.count, 9, "for good, though its evidence is still there");
	board_fini(b);
}

static struct episode shifted(const struct fixture *f, int days)
{
	struct episode ep = fixture_raised(f);

	ep.first_us += days * TIMESTAMP_DAY;
	ep.last_us += days * TIMESTAMP_DAY;
	return ep;
}

static void bridge(const struct fixture *f)
{
	struct board *b = new_board();
	struct heard h = {.cx = &f->cx};
	struct episode late = shifted(f, 3), early = shifted(f, 0), both = early;
	struct episode other = late;

	other.threat = f->domain;
	offer(b, f, &late, &h);
	char late_id[CANDIDATE_ID_MAX], early_id[CANDIDATE_ID_MAX];
	strcpy(late_id, last(&h)->id);
	offer(b, f, &early, &h);
	strcpy(early_id, last(&h)->id);
	offer(b, f, &other, &h);
	tap_ok(h.count == 3 && board_count(b, CANDIDATE_RAISED) == 3,
	       "two windows of a threat and another threat are three candidates");
	both.last_us = late.last_us;
	offer(b, f, &both, &h);
	tap_int(h.count, 5, "a bridge says two things");
	tap_ok(strcmp(before_last(&h)->id, early_id) == 0 &&
		       before_last(&h)->status == CANDIDATE_UPDATED,
	       "the older goes on");
	tap_ok(strcmp(last(&h)->id, late_id) == 0 && last(&h)->status == CANDIDATE_WITHDRAWN &&
		       strcmp(last(&h)->superseded_by, early_id) == 0,
	       "the younger is withdrawn and names it");
	tap_int(board_count(b, CANDIDATE_RAISED), 1, "the other threat is untouched");
	offer(b, f, &both, &h);
	tap_int(h.count, 5, "and nothing more");
	board_fini(b);
}

/* A name that was gone when the bridge came stays gone, though its cell is the earlier. */
static void bridge_to_a_gone_one(const struct fixture *f)
{
	struct board *b = new_board();
	struct heard h = {.cx = &f->cx};
	struct episode late = shifted(f, 3), early = shifted(f, 0), both = early;

	offer(b, f, &early, &h);
	early.status = EPISODE_NONE;
	offer(b, f, &early, &h);
	offer(b, f, &late, &h);
	char id[CANDIDATE_ID_MAX];
	strcpy(id, last(&h)->id);
	both.last_us = late.last_us;
	offer(b, f, &both, &h);
	tap_ok(h.count == 4 && strcmp(last(&h)->id, id) == 0, "what is alive goes on");
	both.status = EPISODE_NONE;
	offer(b, f, &both, &h);
	both.status = EPISODE_RAISED;
	offer(b, f, &both, &h);
	tap_ok(h.count == 6 && last(&h)->status == CANDIDATE_RAISED && strcmp(last(&h)->id, id) == 0,
	       "and comes back as itself");
	board_fini(b);
}

struct memory {
	struct text t;
	size_t at;
};

static int to_memory(void *arg, const void *p, size_t len)
{
	text_bytes(&((struct memory *)arg)->t, p, len);
	return ((struct memory *)arg)->t.error;
}

static int64_t from_memory(void *arg, void *p, size_t len)
{
	struct memory *m = arg;

	if (len > 7)
		len = 7; /* short reads are no end */
	if (len > m->t.len - m->at)
		len = m->t.len - m->at;
	memcpy(p, m->t.p + m->at, len);
	m->at += len;
	return (int64_t)len;
}

static void damage(struct board *b, struct memory *m)
{
	int bad = 0, total = 0;

	for (size_t i = 0; i < m->t.len; i += 13, total++) {
		m->t.p[i] ^= 0x20;
		m->at = 0;
		bad += board_restore(b, from_memory, m) == -EBADMSG;
		m->t.p[i] ^= 0x20;
	}
	tap_int(bad, total, "every flipped bit is found");
	bad = total = 0;
	for (size_t len = 0, whole = m->t.len; len < whole; len += 31, total++) {
		m->t.len = len;
		m->at = 0;
		bad += board_restore(b, from_memory, m) == -EBADMSG;
		m->t.len = whole;
	}
	tap_int(bad, total, "and every cut");
}

static void snapshots(const struct fixture *f)
{
	struct board *b = new_board(), *c = new_board();
	struct heard h = {.cx = &f->cx};
	struct memory m = {0};
	struct episode ep = fixture_raised(f), watch = fixture_watch(f);

	offer(b, f, &ep, &h);
	watch.threat = f->rule;
	offer(b, f, &watch, &h);
	for (int i = 2; i < 200; i++) {
		struct episode more = shifted(f, 4 * i);
		offer(b, f, &more, &h);
	}
	tap_int(board_snapshot(b, to_memory, &m), 0, "a board of 200 is saved");
	tap_int(board_restore(c, from_memory, &m), 0, "and restored");
	uint32_t said = h.count;
	offer(c, f, &ep, &h);
	offer(c, f, &watch, &h);
	tap_int(h.count, said, "what it said before is not said again");
	ep.state[0].entities++;
	offer(c, f, &ep, &h);
	tap_ok(last(&h)->status == CANDIDATE_UPDATED && last(&h)->version == 2,
	       "and what is new goes on with version 2");
	damage(c, &m);
	tap_int(board_count(c, CANDIDATE_RAISED), 198, "after damage the board is as it was");
	board_expire(c, &f->cx, INT64_MAX, hear, &h);
	tap_int(h.count, said + 201, "all 200 expire");
	text_fini(&m.t);
	board_fini(c);
	board_fini(b);
}

static void earlier_life(const struct fixture *f)
{
	struct board *b = new_board();
	struct heard h = {.cx = &f->cx};
	struct episode ep = fixture_raised(f);

	offer(b, f, &ep, &h);
	const struct candidate first = *last(&h);
	struct board *c = new_board();
	known(c, &h, &first, 5);
	offer(c, f, &ep, &h);
	tap_int(h.count, 1, "a line that the file holds is not said again");
	ep.state[0].entities++;
	offer(c, f, &ep, &h);
	tap_ok(h.count == 2 && last(&h)->version == 6 && last(&h)->status == CANDIDATE_UPDATED,
	       "the next has the next version");
	board_fini(c);
	c = new_board();
	known(c, &h, &first, 7);
	known(c, &h, &first, 5);
	offer(c, f, &ep, &h);
	tap_ok(h.count == 3 && last(&h)->version == 8, "lines may come in any order");
	board_fini(c);
	c = new_board();
	known(c, &h, &first, 5);
	ep.first_us -= 20 * TIMESTAMP_HOUR;
	ep.last_us = first.episode.first_us - TIMESTAMP_DAY;
	for (uint32_t i = 0; i < ep.states; i++)
		ep.state[i].first_us = ep.first_us, ep.state[i].last_us = ep.last_us;
	offer(c, f, &ep, &h);
	tap_ok(strcmp(last(&h)->id, first.id) == 0, "an episode a window away is that candidate");
	board_fini(c);
	c = new_board();
	known(c, &h, &first, 5);
	ep.last_us--;
	offer(c, f, &ep, &h);
	tap_ok(strcmp(last(&h)->id, first.id) != 0, "and a microsecond further it is another");
	board_expire(c, &f->cx, INT64_MAX, hear, &h);
	tap_ok(last(&h)->status == CANDIDATE_EXPIRED && strcmp(last(&h)->id, first.id) == 0 &&
		       last(&h)->episode.tlp == TLP_AMBER,
	       "what only a line told of expires too, marked as the line was");
	board_fini(c);
	board_fini(b);
}

/* Two nodes saw half of an incident each, under two names; then each reads the other's lines. */
static void two_nodes(const struct fixture *f)
{
	struct board *a = new_board(), *b = new_board();
	struct heard ha = {.cx = &f->cx}, hb = {.cx = &f->cx};
	struct episode late = shifted(f, 1), early = shifted(f, 0), both = early;

	both.last_us = late.last_us;
	offer(a, f, &early, &ha);
	offer(b, f, &late, &hb);
	const struct candidate na = *last(&ha), nb = *last(&hb);
	tap_ok(strcmp(na.id, nb.id) != 0 && na.cell_us < nb.cell_us, "two names");
	known(a, &ha, &nb, 1);
	known(b, &hb, &na, 1);
	offer(a, f, &both, &ha);
	offer(b, f, &both, &hb);
	tap_ok(strcmp(before_last(&ha)->id, na.id) == 0 && strcmp(before_last(&hb)->id, na.id) == 0,
	       "both go on with the earlier");
	tap_ok(strcmp(last(&ha)->superseded_by, na.id) == 0 &&
		       strcmp(last(&hb)->superseded_by, na.id) == 0 &&
		       last(&ha)->version == last(&hb)->version &&
		       strcmp(last(&ha)->id, nb.id) == 0 && strcmp(last(&hb)->id, nb.id) == 0,
	       "and withdraw the later, in the same words");
	known(a, &ha, &nb, 9);
	offer(a, f, &both, &ha);
	tap_int(ha.count, 3, "a line of the withdrawn name that comes late brings nothing back");
	known(b, &hb, last(&ha), 4);
	offer(b, f, &both, &hb);
	tap_int(hb.count, 3, "nor does its withdrawal say anything new");
	board_fini(b);
	board_fini(a);
}

/* --- the property: how evidence is split over offers does not matter ----- */

static uint64_t seed = 1;

static uint32_t below(uint32_t n)
{
	seed = hash_word(seed + 0x9e3779b97f4a7c15u);
	return (uint32_t)(seed % n);
}

/* Evidence as points in time of a state; an episode is a function of their set. */
struct point {
	int64_t at;
	uint8_t state;
};

static void add_state(struct episode *ep, const struct point *p)
{
	uint32_t i = 0;

	while (i < ep->states && ep->state[i].state < p->state)
		i++;
	if (i == ep->states || ep->state[i].state != p->state) {
		memmove(&ep->state[i + 1], &ep->state[i], (ep->states - i) * sizeof(ep->state[0]));
		ep->state[i] = fixture_seen(p->state, 0);
		ep->state[i].first_us = ep->state[i].last_us = p->at;
		ep->states++;
	}
	struct state_assessment *st = &ep->state[i];
	st->entities++;
	st->records++;
	st->first_us = st->first_us < p->at ? st->first_us : p->at;
	st->last_us = st->last_us > p->at ? st->last_us : p->at;
	st->significant = st->entities >= 3;
	st->criteria = st->significant;
}

static void judge(struct episode *ep)
{
	uint32_t significant = 0;

	for (uint32_t i = 0; i < ep->states; i++)
		significant += ep->state[i].significant;
	ep->status = significant >= 2                ? EPISODE_RAISED
		     : significant && ep->states > 1 ? EPISODE_WATCH
						     : EPISODE_NONE;
}

static int by_time(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Episodes of the first n points (in order of arrival), each offered. */
static void offer_all(struct board *b, const struct fixture *f, const struct point *points,
		      uint32_t n, struct heard *h)
{
	struct point sorted[64];
	struct episode ep = {0};

	memcpy(sorted, points, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), by_time);
	for (uint32_t i = 0; i < n; i++) {
		if (ep.states && sorted[i].at - ep.last_us > f->profile.window_us) {
			judge(&ep);
			offer(b, f, &ep, h);
			ep = (struct episode){0};
		}
		if (!ep.states)
			ep = (struct episode){.threat = f->campaign, .first_us = sorted[i].at};
		ep.last_us = ep.decided_us = sorted[i].at;
		add_state(&ep, &sorted[i]);
	}
	judge(&ep);
	offer(b, f, &ep, h);
}

/* What is alive at the end, told by letting it expire: order and content. */
static void farewell(struct board *b, const struct fixture *f, bool ids, char out[DIGEST_TEXT_MAX])
{
	struct heard h = {.cx = &f->cx};
	struct digest d;

	digest_init(&d);
	board_expire(b, &f->cx, INT64_MAX, hear, &h);
	for (uint32_t i = 0; i < h.count && i < 64; i++) {
		digest_line(&d, (const char *)&h.says[i], sizeof(h.says[i]));
		if (ids)
			digest_line(&d, h.last[i].id, strlen(h.last[i].id));
	}
	digest_hex(&d, out);
}

/* Late points may give a candidate an id before its window's start is known; in
 * order of time the ids are the same too. */
static void property(const struct fixture *f, bool in_order)
{
	int same = 0;
	const int rounds = TAP_SANITIZED ? 60 : 300;

	for (int round = 0; round < rounds; round++) {
		struct point points[40];
		struct heard h = {.cx = &f->cx};
		char one[DIGEST_TEXT_MAX], many[DIGEST_TEXT_MAX];
		struct board *b = new_board(), *c = new_board();
		uint32_t n = 8 + below(32);

		for (uint32_t i = 0; i < n; i++)
			points[i] = (struct point){AT(0, 0) + below(24 * 12) * TIMESTAMP_HOUR,
						   (uint8_t)below(4)};
		if (in_order)
			qsort(points, n, sizeof(points[0]), by_time);
		offer_all(b, f, points, n, &h);
		for (uint32_t i = 1; i <= n; i += 1 + below(5))
			offer_all(c, f, points, i, &h);
		offer_all(c, f, points, n, &h);
		farewell(b, f, in_order, one);
		farewell(c, f, in_order, many);
		same += strcmp(one, many) == 0;
		board_fini(b);
		board_fini(c);
	}
	tap_int(same, rounds,
		in_order ? "growing in order of time: same candidates, same ids"
			 : "growing in any order: same candidates");
}

/* A payload for the corpus of tests/fuzz/fuzz_board.c. */
static void corpus(const struct fixture *f, const char *path)
{
	struct board *b = new_board();
	struct heard h = {.cx = &f->cx};
	struct memory m = {0};
	struct episode raised = fixture_raised(f), watch = fixture_watch(f), gone = watch;
	FILE *out = fopen(path, "wb");

	offer(b, f, &raised, &h);
	watch.threat = f->rule;
	offer(b, f, &watch, &h);
	gone.threat = f->domain;
	offer(b, f, &gone, &h);
	gone.status = EPISODE_NONE;
	offer(b, f, &gone, &h);
	known(b, &h, last(&h), 7);
	board_snapshot(b, to_memory, &m);
	if (out) {
		fwrite(m.t.p + 20, 1, m.t.len - 28, out);
		fclose(out);
	}
	text_fini(&m.t);
	board_fini(b);
}

static int more_usual(void *arg, uint32_t threat, struct prevalence_row *rows, uint32_t max)
{
	static uint64_t known = 10;

	(void)arg;
	(void)threat;
	(void)max;
	rows[0] = (struct prevalence_row){
		.state = 5, .sector = 1, .entities = 2, .known = known, .share = 2.0 / (double)known};
	known *= 2;
	return known > 20; /* and at first nothing */
}

/* What is known of everybody else moves all the time: by itself it is nothing to say. */
static void prevalence(const struct fixture *f)
{
	struct candidate_context cx = f->cx;
	struct board *b = new_board();
	struct heard h = {&cx, .count = 0};
	struct episode ep = fixture_raised(f);

	cx.prevalence = more_usual;
	for (int i = 0; i < 3; i++)
		if (board_offer(b, &cx, &ep, hear, &h) || board_review(b, &cx, hear, &h))
			abort();
	tap_int(h.count, 1, "prevalence that moved is not said by itself");
	ep.state[0].entities++;
	if (board_offer(b, &cx, &ep, hear, &h))
		abort();
	tap_int(h.count, 2, "evidence that moved is, beside it");
	board_fini(b);
}

int main(int argc, char **argv)
{
	struct fixture f;

	fixture_init(&f);
	if (argc > 1) {
		corpus(&f, argv[1]);
		fixture_fini(&f);
		return 0;
	}
	life(&f);
	bridge(&f);
	bridge_to_a_gone_one(&f);
	snapshots(&f);
	earlier_life(&f);
	two_nodes(&f);
	prevalence(&f);
	property(&f, true);
	property(&f, false);
	fixture_fini(&f);
	return tap_done();
}
