/* What raises apart from the rule of Member States, what else was reported, and whether a
 * restart forgets any of it. */
#include "raise/board.h"
#include "tap.h"
#include "test_candidate.h"
#include "test_evidence_dump.h"

struct lines {
	const struct candidate_context *cx;
	struct text t;
};

static void print(void *arg, const struct candidate *c)
{
	struct lines *l = arg;

	candidate_json(&l->t, c, l->cx);
	text_char(&l->t, '\n');
}

/* A watch that became a candidate because FR's operator says that its capacity is exceeded. */
static struct episode capacity(const struct fixture *f)
{
	struct episode ep = fixture_watch(f);

	ep.status = EPISODE_RAISED;
	for (uint32_t i = 0; i < ep.states; i++) {
		struct state_assessment *s = &ep.state[i];
		s->deciding = s->capacity_exceeded = s->state == FR;
		if (s->state != FR)
			continue;
		s->claims = IMPACT_BIT(IMPACT_CLAIM_CAPACITY) | IMPACT_BIT(IMPACT_TYPE_TRUST) |
			    IMPACT_BIT(IMPACT_CAUSE_MALICIOUS);
		s->measure[IMPACT_LOSS] = 500001;
		s->measure[IMPACT_USERS_SHARE] = 50001;
		s->measure[IMPACT_DATA_USERS_SHARE] = 1000000;
		s->measure[IMPACT_CLIENTS_SHARE] = 100000;
		s->measure[IMPACT_TURNOVER_SHARE] = 7;
	}
	return ep;
}

static struct episode of_union(const struct fixture *f)
{
	struct episode ep = fixture_watch(f);

	ep.status = EPISODE_RAISED;
	for (uint32_t i = 0; i < ep.states; i++)
		ep.state[i].deciding = false;
	ep.state[ep.states++] = (struct state_assessment){.state = STATE_EU,
							  .significant = true,
							  .deciding = true,
							  .criteria = 1,
							  .first_us = ep.first_us,
							  .last_us = ep.last_us};
	return ep;
}

static void says(const char *line, const char *words)
{
	if (!tap_ok(strstr(line, words) != NULL, "says %s", words))
		printf("# %s\n", line);
}

static void line_of(const struct fixture *f, const struct episode *ep, struct lines *l)
{
	struct candidate c;

	text_reset(&l->t);
	candidate_make(&c, &f->cx, ep, CANDIDATE_RAISED, 1);
	print(l, &c);
}

int main(void)
{
	struct blob saved = {0};
	struct lines before = {0}, after = {0};
	struct board *b, *c;
	struct fixture f;

	fixture_init(&f);
	before.cx = after.cx = &f.cx;
	struct episode ep = capacity(&f), eu = of_union(&f), plain = fixture_raised(&f);

	tap_int(assess_basis(&plain, &f.profile), BASIS_MEMBER_STATES, "two states are the rule");
	tap_int(assess_basis(&ep, &f.profile), BASIS_CAPACITY, "one state's capacity is apart");
	tap_int(assess_basis(&eu, &f.profile), BASIS_UNION_ENTITIES, "and so are Union entities");
	line_of(&f, &plain, &before);
	tap_ok(!strstr(before.t.p, "\"basis\":\"capacity") && !strstr(before.t.p, "\"reported\"") &&
		       !strstr(before.t.p, "capacity_exceeded"),
	       "by the rule nothing of it is said");
	line_of(&f, &eu, &before);
	says(before.t.p, ",\"basis\":\"union_entities\"");
	says(before.t.p, "by criteria of its own it is significant, and not counted");
	line_of(&f, &ep, &before);
	says(before.t.p, ",\"basis\":\"capacity_exceeded\"");
	says(before.t.p,
	     "\"reported\":{\"claims\":[\"trust-service-provider\",\"malicious-actions\","
	     "\"capacity_exceeded\"],\"financial_loss_eur\":500001,"
	     "\"financial_loss_percent_of_turnover\":0.0007,"
	     "\"users_affected_percent\":5.0001,\"data_users_affected_percent\":100,"
	     "\"clients_affected_percent\":10}");
	says(before.t.p, "\"capacity_exceeded\":true");
	says(before.t.p, "the capacity to respond is exceeded in France (FR) (Directive (EU) "
			 "2022/2555, Article 6(7)). "
			 "The rule of 2 Member States does not hold.");

	text_reset(&before.t);
	if (board_init(&b) || board_init(&c))
		return 2;
	tap_int(board_offer(b, &f.cx, &ep, print, &before), 0, "offered");
	text_reset(&before.t);
	tap_ok(board_snapshot(b, blob_write, &saved) == 0 &&
		       board_restore(c, blob_read, &saved) == 0,
	       "saved and restored");
	board_expire(b, &f.cx, INT64_MAX, print, &before);
	board_expire(c, &f.cx, INT64_MAX, print, &after);
	tap_ok(before.t.len > 100 && strstr(before.t.p, "\"reported\"") &&
		       before.t.len == after.t.len &&
		       memcmp(before.t.p, after.t.p, before.t.len) == 0,
	       "a restart forgets nothing of it");
	board_fini(b);
	board_fini(c);
	text_fini(&before.t);
	text_fini(&after.t);
	free(saved.p);
	fixture_fini(&f);
	return tap_done();
}
