#include "raise/recheck.h"

#include <inttypes.h>
#include <string.h>

#include "raise/describe.h"
#include "raise/page.h"

/* --- what changed ---------------------------------------------------------------------- */

struct clauses {
	struct text *out;
	size_t start; /* where the first begins */
};

static struct text *clause(struct clauses *c)
{
	if (c->out->len > c->start)
		text_str(c->out, "; ");
	return c->out;
}

static void moved(struct clauses *c, const char *what, int64_t was, int64_t now)
{
	if (was == now)
		return;
	struct text *t = clause(c);
	text_printf(t, "%s evidence ", what);
	describe_time(t, was);
	text_str(t, " to ");
	describe_time(t, now);
}

static void count(struct clauses *c, const char *code, const char *what, uint64_t was, uint64_t now)
{
	if (was != now)
		text_printf(clause(c), "%s %s %" PRIu64 " to %" PRIu64, code, what, was, now);
}

static void criteria_of(struct clauses *c, const char *code, uint32_t was, uint32_t now,
			const struct profile *p)
{
	for (uint32_t i = 0; i < p->criteria_count; i++)
		if ((was ^ now) >> i & 1)
			text_printf(clause(c), "%s %s %s", code,
				    now >> i & 1 ? "meets" : "no longer meets", p->criteria[i].id);
}

static void state(struct clauses *c, const struct state_assessment *was,
		  const struct state_assessment *now, const struct profile *p, bool criteria)
{
	const char *code = vocab_state_code(now->state);

	if (was->significant != now->significant)
		text_printf(clause(c), "%s is %s significant", code,
			    now->significant ? "now" : "no longer");
	if (criteria)
		criteria_of(c, code, was->criteria, now->criteria, p);
	count(c, code, "affected entities", was->entities, now->entities);
	count(c, code, "entities attempted", was->attempted, now->attempted);
	count(c, code, "records", was->records, now->records);
	count(c, code, "independent origins", was->origins, now->origins);
	count(c, code, "reported users", was->users, now->users);
	if (was->severity != now->severity)
		text_printf(clause(c), "%s severity %s to %s", code,
			    vocab_severity_name(was->severity), vocab_severity_name(now->severity));
}

static const struct state_assessment *state_of(const struct episode *ep, uint8_t code)
{
	for (uint32_t i = 0; i < ep->states; i++)
		if (ep->state[i].state == code)
			return &ep->state[i];
	return NULL;
}

void recheck_changes(struct text *out, const struct episode *was, const struct episode *now,
		     const struct profile *p, bool criteria)
{
	struct clauses c = {out, out->len};

	for (uint32_t i = 0; i < now->states; i++) {
		const struct state_assessment *old = state_of(was, now->state[i].state);
		const struct state_assessment none = {.state = now->state[i].state,
						      .severity = now->state[i].severity};
		if (!old)
			text_printf(clause(&c), "%s is seen now", vocab_state_code(none.state));
		state(&c, old ? old : &none, &now->state[i], p, criteria);
	}
	for (uint32_t i = 0; i < was->states; i++)
		if (!state_of(now, was->state[i].state))
			text_printf(clause(&c), "%s is no longer seen",
				    vocab_state_code(was->state[i].state));
	moved(&c, "first", was->first_us, now->first_us);
	moved(&c, "last", was->last_us, now->last_us);
}

/* --- whether it holds --------------------------------------------------------------------- */

/* 0 nothing, 1 a watch, 2 raised */
static int level(enum candidate_status s)
{
	return s >= CANDIDATE_WITHDRAWN ? 0 : s == CANDIDATE_WATCH ? 1 : 2;
}

bool recheck_holds(const struct board_told *told, const struct candidate *now)
{
	if (!now || level(now->status) == 0)
		return false;
	if (!told)
		return true;
	return !told->superseded_by[0] && told->status != CANDIDATE_EXPIRED &&
	       level(now->status) >= level(told->status);
}

static void why_not(struct text *t, const struct board_told *told, const struct candidate *now)
{
	text_str(t, "no: ");
	if (told && told->superseded_by[0]) {
		text_printf(t, "it is part of candidate %s", told->superseded_by);
	} else if (now && now->rejected) {
		text_printf(t, "%s called %s a false positive on ", now->rejected->by,
			    now->rejected->target);
		describe_time(t, now->rejected->time_us);
	} else if (told && told->status == CANDIDATE_EXPIRED) {
		text_str(t, "it has expired");
	} else if (now && level(now->status)) {
		text_str(t, "it was raised, and its evidence makes a watch now");
	} else if (now) {
		text_str(t, "its evidence makes it neither raised nor a watch");
	} else {
		text_str(t, "none of its evidence is stored");
	}
}

static void yes(struct text *t, const struct board_told *told, const struct candidate *now,
		const struct profile *p)
{
	text_printf(t, "yes, as %s", level(now->status) == 1 ? "a watch" : "raised");
	if (told && level(now->status) > level(told->status))
		text_printf(t, " (it was %s)", level(told->status) ? "a watch" : "withdrawn");
	text_str(t, ": significant in ");
	describe_count(t, describe_members(&now->episode, true), "Member State", "Member States");
	text_printf(t, ", where %s %s asks for %" PRIu32 " in one window", p->id, p->version,
		    p->min_states);
}

static void said(struct text *t, const struct board_told *told)
{
	if (!told)
		text_str(t, "never by this service");
	else
		text_printf(t, "version %" PRIu32 ", %s, under profile %s", told->version,
			    candidate_status_name(told->status),
			    told->profile[0] ? told->profile : "unknown");
}

static void changed(struct text *t, const struct board_told *told, const struct candidate *now,
		    const struct profile *p)
{
	char profile[BOARD_PROFILE_MAX];
	size_t start = t->len;

	board_profile(p, profile);
	bool same = strcmp(profile, told->profile) == 0;
	if (!same)
		text_printf(t, "profile %s to %s", told->profile[0] ? told->profile : "unknown",
			    profile);
	if (!told->episode->states) {
		text_printf(t, "%swhat was said is known by its line only", same ? "" : "; ");
		return;
	}
	struct text rest;
	text_init(&rest);
	recheck_changes(&rest, told->episode, &now->episode, p, same);
	if (rest.len)
		text_printf(t, "%s%s", t->len > start ? "; " : "", rest.p);
	if (t->len == start)
		text_str(t, "nothing");
	text_fini(&rest);
}

void recheck_print(struct text *out, const struct board_told *told, const struct candidate *now,
		   const struct candidate_context *cx, bool colour)
{
	struct page pg = {.out = out, .colour = colour};

	const struct profile *p = now ? candidate_profile(cx, &now->episode) : cx->profile;

	text_init(&pg.line);
	if (recheck_holds(told, now))
		yes(&pg.line, told, now, p);
	else
		why_not(&pg.line, told, now);
	page_paragraph(&pg, "holds", 2);
	said(&pg.line, told);
	page_paragraph(&pg, "said", 2);
	if (told && now) {
		changed(&pg.line, told, now, p);
		page_paragraph(&pg, "changed", 2);
	}
	if (pg.line.error)
		out->error = pg.line.error;
	text_fini(&pg.line);
}
