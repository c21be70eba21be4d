#include "raise/recheck.h"

#include "tap.h"
#include "test_candidate.h"

static void changes(const struct fixture *f)
{
	struct episode was = fixture_watch(f), now = fixture_raised(f);
	struct text t;

	text_init(&t);
	text_str(&t, "");
	recheck_changes(&t, &was, &was, &f->profile, true);
	tap_str(t.p, "", "nothing changed");
	now.first_us -= TIMESTAMP_HOUR;
	now.state[0].severity = SEVERITY_MEDIUM;
	now.states = 3;
	recheck_changes(&t, &was, &now, &f->profile, true);
	tap_str(t.p,
		"DE severity high to medium; FR is now significant; FR meets observed-sector; "
		"FR affected entities 1 to 3; FR entities attempted 0 to 2; FR records 2 to 24; "
		"FR independent origins 1 to 2; FR severity medium to high; PL is seen now; "
		"PL entities attempted 0 to 5; PL independent origins 0 to 1; "
		"first evidence 2026-11-20 08:00 UTC to 2026-11-20 07:00 UTC",
		"every difference has its words");
	text_reset(&t);
	now.states = 1;
	now.state[0] = was.state[0];
	now.first_us = was.first_us;
	recheck_changes(&t, &was, &now, &f->profile, false);
	tap_str(t.p, "FR is no longer seen", "a state that is gone");
	text_fini(&t);
}

static void hold(const struct fixture *f)
{
	static const struct {
		enum candidate_status told;
		enum candidate_status now;
		bool holds;
	} rows[] = {
		{CANDIDATE_WATCH, CANDIDATE_WATCH, true},
		{CANDIDATE_WATCH, CANDIDATE_RAISED, true},
		{CANDIDATE_WATCH, CANDIDATE_WITHDRAWN, false},
		{CANDIDATE_RAISED, CANDIDATE_RAISED, true},
		{CANDIDATE_UPDATED, CANDIDATE_RAISED, true},
		{CANDIDATE_CORROBORATED, CANDIDATE_CORROBORATED, true},
		{CANDIDATE_RAISED, CANDIDATE_WATCH, false},
		{CANDIDATE_CORROBORATED, CANDIDATE_WATCH, false},
		{CANDIDATE_RAISED, CANDIDATE_WITHDRAWN, false},
		{CANDIDATE_WITHDRAWN, CANDIDATE_RAISED, true},
		{CANDIDATE_WITHDRAWN, CANDIDATE_WITHDRAWN, false},
		{CANDIDATE_EXPIRED, CANDIDATE_RAISED, false},
	};
	struct episode ep = fixture_raised(f);
	struct board_told told = {
		.id = "x", .version = 2, .superseded_by = "", .profile = "", .episode = &ep};
	struct candidate now;
	int wrong = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		told.status = rows[i].told;
		candidate_make(&now, &f->cx, &ep, rows[i].now, 1);
		wrong += recheck_holds(&told, &now) != rows[i].holds || recheck_holds(&told, NULL);
	}
	tap_int(wrong, 0, "it holds while it is no less than was said");
	told.status = CANDIDATE_RAISED;
	candidate_make(&now, &f->cx, &ep, CANDIDATE_RAISED, 1);
	tap_ok(recheck_holds(NULL, &now) && !recheck_holds(NULL, NULL),
	       "what was never said is what it is now");
	told.superseded_by = "94ec10fa-d3cb-5702-a458-30cd694d928e";
	tap_ok(!recheck_holds(&told, &now), "what is part of another does not");
	struct text t;
	text_init(&t);
	recheck_print(&t, &told, NULL, &f->cx, false);
	tap_ok(strstr(t.p, "no: it is part of candidate 94ec10fa-d3cb-5702-a458-30cd694d928e") !=
		       NULL,
	       "and says whose");
	text_reset(&t);
	told.superseded_by = "";
	recheck_print(&t, &told, &now, &f->cx, false);
	tap_ok(strstr(t.p, " changed   profile unknown to observed 1\n") != NULL,
	       "under an unknown profile nothing else is compared that cannot be");
	text_fini(&t);
}

int main(void)
{
	struct fixture f;

	fixture_init(&f);
	changes(&f);
	hold(&f);
	fixture_fini(&f);
	return tap_done();
}
