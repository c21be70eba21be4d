#include "raise/candidate.h"

#include <inttypes.h>
#include <string.h>
#include <uuid.h>

#include "raise/clocks.h"
#include "raise/describe.h"
#include "raise/page.h"
#include "raise/score.h"

#define PER_STATE 2  /* pieces of evidence shown of one state */
#define BY_MAX	  54 /* columns of an indicator's id beside time, state and class */

static void title(struct page *pg, const struct candidate *c)
{
	static const char *const words[CANDIDATE_STATUSES] = {"WATCH", "RAISED", "RAISED, UPDATED",
							      "RAISED, CORROBORATED",
							      "WITHDRAWN", "EXPIRED"};
	static const char *const colours[CANDIDATE_STATUSES] = {PAGE_YELLOW, PAGE_RED, PAGE_RED,
							      PAGE_RED, PAGE_DIM, PAGE_DIM};
	struct text right;

	text_init(&right);
	unsigned hundredths = (unsigned)(c->score * 100 + 0.5);
	text_printf(&right, "score %u.%02u   TLP:", hundredths / 100, hundredths % 100);
	for (const char *t = vocab_tlp_name(c->episode.tlp); *t; t++)
		text_char(&right, *t >= 'a' && *t <= 'z' ? (char)(*t - 'a' + 'A') : *t);

	page_style(pg, colours[c->status]);
	text_printf(pg->out, " %s", words[c->status]);
	page_style(pg, PAGE_RESET);
	text_str(pg->out, "  ");
	size_t left = 1 + strlen(words[c->status]) + 2, room = PAGE_COLUMNS - left - right.len - 3;
	page_style(pg, PAGE_BOLD);
	size_t taken = page_cut(pg->out, c->threat.name, room);
	page_style(pg, PAGE_RESET);
	page_spaces(pg->out, PAGE_COLUMNS - left - taken - right.len - 1);
	text_str(pg->out, right.p ? right.p : "");
	text_char(pg->out, '\n');
	text_fini(&right);
}

static void who(struct page *pg, const struct candidate *c)
{
	const struct episode *ep = &c->episode;
	uint32_t significant = describe_members(ep, true), seen = describe_members(ep, false);
	uint64_t entities = 0;
	struct text *t = &pg->line;

	text_printf(t, "%s %s", describe_kind(c->threat.kind), c->threat.id);
	page_paragraph(pg, "threat", 2);
	for (uint32_t i = 0; i < ep->states; i++)
		if (vocab_state_is_member(ep->state[i].state))
			entities += ep->state[i].entities;
	text_printf(t, "significant in ");
	describe_count(t, significant, "Member State", "Member States");
	text_printf(t, ", seen in %" PRIu32 " more; ", seen);
	describe_count(t, entities, "affected entity", "affected entities");
	if (describe_sector_mask(ep)) {
		text_str(t, " (");
		describe_sectors(t, describe_sector_mask(ep));
		text_char(t, ')');
	}
	page_paragraph(pg, "who", 0);
	describe_time(t, ep->first_us);
	text_str(t, ", for ");
	describe_duration(t, ep->last_us - ep->first_us);
	if (ep->status != EPISODE_NONE) {
		text_str(t, "; decided ");
		describe_time(t, ep->decided_us);
	}
	page_paragraph(pg, "since", 0);
}

static const char *standing(const struct state_assessment *st)
{
	if (!vocab_state_is_member(st->state))
		return "no Member State";
	if (st->capacity_exceeded)
		return "over capacity";
	return st->significant ? "significant" : "seen";
}

/* The second line of a state: its sectors, and what was only tried. */
static void details(struct page *pg, const struct state_assessment *st)
{
	bool sectors = st->sectors & ~(1u << SECTOR_UNKNOWN);

	if (!sectors && !st->attempted)
		return;
	text_str(&pg->line, "    ");
	describe_sectors(&pg->line, st->sectors);
	if (st->attempted) {
		text_str(&pg->line, sectors ? "; attempts on " : "attempts on ");
		describe_count(&pg->line, st->attempted, "entity", "entities");
	}
	page_paragraph(pg, "", 4);
}

static void where(struct page *pg, const struct episode *ep)
{
	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *st = &ep->state[i];
		struct text *t = &pg->line;
		text_printf(t, "%s  %-14s  %-15s %s%5" PRIu64 " %-8s %s%6" PRIu64 " %-7s  %s",
			    vocab_state_code(st->state), vocab_state_name(st->state), standing(st),
			    st->entities_exact ? " " : "~", st->entities,
			    st->entities == 1 ? "entity" : "entities",
			    st->records_exact ? " " : "~", st->records,
			    st->records == 1 ? "record" : "records",
			    vocab_severity_name(st->severity));
		page_paragraph(pg, i ? "" : "where", 4);
		details(pg, st);
	}
}

static void why(struct page *pg, const struct episode *ep, const struct profile *p)
{
	uint32_t held = describe_criteria(ep);
	const char *label = "why";

	for (uint32_t i = 0; i < p->criteria_count; i++) {
		const struct criterion *c = &p->criteria[i];
		if (!(held >> i & 1))
			continue;
		text_printf(&pg->line, "%s in ", c->id);
		describe_holders(&pg->line, ep, i);
		text_printf(&pg->line, " (%s): %s", c->asserted ? "asserted" : "inferred",
			    c->describe);
		page_paragraph(pg, label, 2);
		label = "";
		if (c->legal_basis[0]) {
			text_printf(&pg->line, "  %s", c->legal_basis);
			page_paragraph(pg, "", 2);
		}
	}
	text_printf(&pg->line, "%s %s: %s", p->id, p->version, p->title);
	page_paragraph(pg, "profile", 2);
}

/* An id by its two ends when it is too long for its line: they tell ids apart. */
static void by(struct text *out, const char *id)
{
	const char *end = id + strlen(id);

	/* what calls itself so needs no second word for it */
	if (strncmp(id, "indicator:indicator--", 21) == 0)
		id += 10;
	if (page_columns(id, end) <= BY_MAX) {
		text_str(out, id);
		return;
	}
	page_cut(out, id, BY_MAX / 2);
	const char *tail = end;
	for (size_t n = 0; n < BY_MAX - BY_MAX / 2 && tail > id; n += ((unsigned char)*tail & 0xc0) != 0x80)
		tail--;
	text_str(out, tail);
}

static void evidence(struct page *pg, const struct candidate *c, const struct candidate_context *cx)
{
	struct describe_evidence list;
	uint8_t shown[STATES] = {0};
	uint32_t rest = 0, rows = 0;

	describe_evidence(&list, c, cx);
	for (uint32_t i = 0; i < list.count; i++) {
		const struct describe_line *l = &list.line[i];
		if (shown[l->evidence->state]++ >= PER_STATE) {
			rest++;
			continue;
		}
		describe_time(&pg->line, l->evidence->item.time_us);
		text_printf(&pg->line, "  %s  %-7s  ", vocab_state_code(l->evidence->state),
			    vocab_class_name(l->evidence->hit_class));
		by(&pg->line, l->by);
		page_paragraph(pg, rows++ ? "" : "evidence", 35);
		text_printf(&pg->line, "  %s  %s", l->source, l->position.p ? l->position.p : "");
		page_paragraph(pg, "", 4);
	}
	describe_evidence_fini(&list);
	if (rest) {
		text_printf(&pg->line, "and %" PRIu32 " more", rest);
		page_paragraph(pg, "", 0);
	}
}

/* Where it was significant before, within six months. */
static void recurs(struct page *pg, const struct candidate *c, const struct candidate_context *cx)
{
	const char *label = "again";
	struct history_record last;
	char id[CANDIDATE_ID_MAX];

	for (uint32_t i = 0; cx->recurrence && i < c->episode.states; i++) {
		const struct state_assessment *st = &c->episode.state[i];
		uint32_t n = st->significant ? cx->recurrence(cx->arg, c, st->state, &last, 1) : 0;
		if (n == 0)
			continue;
		uuid_unparse_lower(last.candidate, id);
		text_printf(&pg->line, "%s  time %" PRIu32 " in six months; last ",
			    vocab_state_code(st->state), n + 1);
		describe_time(&pg->line, last.last_us);
		text_printf(&pg->line, ", candidate %s", id);
		page_paragraph(pg, label, 4);
		label = "";
	}
}

static void missing(struct page *pg, const struct candidate *c, const struct profile *p)
{
	const char *label = "missing";

	if (c->status == CANDIDATE_WATCH && c->episode.held_back) {
		text_str(&pg->line, "a second source: what is significant rests on the word of one alone");
		page_paragraph(pg, label, 2);
		label = "";
	}
	for (uint32_t i = 0; c->status == CANDIDATE_WATCH && i < c->episode.states; i++) {
		const struct state_assessment *st = &c->episode.state[i];
		if (!vocab_state_is_member(st->state) || st->significant)
			continue;
		text_printf(&pg->line, "%s ", vocab_state_code(st->state));
		describe_missing(&pg->line, st, p);
		page_paragraph(pg, label, 2);
		label = "";
	}
}

/* The sum that the score is. */
static void score(struct page *pg, const struct candidate *c, const struct profile *p)
{
	struct score s = {0};

	if (c->status != CANDIDATE_WITHDRAWN)
		score_episode(&s, &c->episode, p);
	for (uint32_t i = 0; i < s.count; i++) {
		const struct score_term *t = &s.term[i];
		text_printf(&pg->line, "%s0.%02" PRIu32 " %s (%s)", i ? " + " : "", t->hundredths,
			    t->name, t->evidence);
	}
	if (s.count)
		page_paragraph(pg, "score", 2);
}

/* The reports that the law asks for, each regime's in one line. */
static void due(struct page *pg, const struct candidate *c)
{
	static const enum clock_id last[] = {CLOCK_NIS2_FINAL, CLOCK_DORA_FINAL};
	int i = 0;

	for (int regime = 0; regime < 2 && candidate_clocks_run(c); regime++) {
		for (const char *sep = ""; i <= (int)last[regime]; i++, sep = ", ") {
			const struct clock_rule *r = clocks_rule((enum clock_id)i);
			text_printf(&pg->line, "%s%s ", sep, r->title + (sep[0] ? 5 : 0));
			describe_time(&pg->line, clocks_due((enum clock_id)i, c->episode.decided_us));
		}
		page_paragraph(pg, regime ? "" : "due", 2);
	}
}

static void next(struct page *pg, const struct candidate *c)
{
	static const char *const words[CANDIDATE_STATUSES] = {
		"keep watching: it is not raised yet, and a human decides",
		"a human decides",
		"a human decides",
		"a human decides: more independent evidence supports it than before",
		"nothing: what was said before no longer holds",
		"nothing: its window is over",
	};

	if (c->rejected && !c->superseded_by[0]) {
		text_printf(&pg->line, "nothing: %s called %s a false positive on ", c->rejected->by,
			    c->rejected->target);
		describe_time(&pg->line, c->rejected->time_us);
		if (c->rejected->reason[0])
			text_printf(&pg->line, ": %s", c->rejected->reason);
	} else if (c->superseded_by[0])
		text_printf(&pg->line, "it goes on as candidate %s", c->superseded_by);
	else
		text_str(&pg->line, words[c->status]);
	page_paragraph(pg, "next", 0);
	text_printf(&pg->line, "%s, version %" PRIu32, c->id, c->version);
	page_paragraph(pg, "candidate", 0);
}

void candidate_terminal(struct text *out, const struct candidate *c,
			const struct candidate_context *cx, bool colour)
{
	struct page pg = {.out = out, .colour = colour};

	text_init(&pg.line);
	title(&pg, c);
	page_rule(&pg);
	who(&pg, c);
	where(&pg, &c->episode);
	why(&pg, &c->episode, candidate_profile(cx, &c->episode));
	evidence(&pg, c, cx);
	recurs(&pg, c, cx);
	missing(&pg, c, candidate_profile(cx, &c->episode));
	score(&pg, c, candidate_profile(cx, &c->episode));
	due(&pg, c);
	next(&pg, c);
	text_char(out, '\n');
	if (pg.line.error)
		out->error = pg.line.error;
	text_fini(&pg.line);
}
