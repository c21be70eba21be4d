#include "raise/kept.h"

#include <inttypes.h>
#include <string.h>
#include <uuid.h>

#include "raise/describe.h"
#include "raise/page.h"

void kept_add(struct kept *k, const struct history_record *r)
{
	uint32_t at = k->states;

	if (k->states == STATES)
		return;
	for (; at > 0 && k->state[at - 1].state > r->state; at--)
		k->state[at] = k->state[at - 1];
	k->state[at] = *r;
	k->states++;
}

static int newer(const struct history_record *a, const struct history_record *b)
{
	if (a->last_us != b->last_us)
		return a->last_us > b->last_us ? -1 : 1;
	int c = memcmp(a->candidate, b->candidate, sizeof(a->candidate));
	return c ? c : a->state - b->state;
}

void kept_add_other(struct kept *k, const struct history_record *r)
{
	uint32_t at;

	if (r->withdrawn || memcmp(r->candidate, k->state[0].candidate, sizeof(r->candidate)) == 0)
		return;
	for (at = k->others; at > 0 && newer(r, &k->other[at - 1]) < 0; at--)
		if (at < KEPT_OTHERS_MAX)
			k->other[at] = k->other[at - 1];
	if (at < KEPT_OTHERS_MAX)
		k->other[at] = *r;
	k->others += k->others < KEPT_OTHERS_MAX;
}

/* Its newest version: what was said last. */
static const struct history_record *last_said(const struct kept *k)
{
	const struct history_record *last = &k->state[0];

	for (uint32_t i = 1; i < k->states; i++)
		if (k->state[i].version > last->version ||
		    (k->state[i].version == last->version && last->withdrawn && !k->state[i].withdrawn))
			last = &k->state[i];
	return last;
}

void kept_told(const struct kept *k, uint32_t *version, enum candidate_status *status)
{
	const struct history_record *last = last_said(k);

	*version = last->version;
	*status = last->withdrawn ? CANDIDATE_WITHDRAWN
		  : last->expired ? CANDIDATE_EXPIRED
		  : last->raised  ? CANDIDATE_RAISED
				  : CANDIDATE_WATCH;
}

void kept_episode(const struct kept *k, const struct profile *p, struct episode *ep)
{
	const uint64_t profile = history_profile(p->id, p->version);

	memset(ep, 0, sizeof(*ep));
	ep->states = k->states;
	ep->first_us = INT64_MAX;
	for (uint32_t i = 0; i < k->states; i++) {
		const struct history_record *r = &k->state[i];
		ep->state[i] = (struct state_assessment){
			.state = r->state,
			.significant = !r->withdrawn,
			.criteria = r->profile == profile ? r->criteria : 0,
			.entities = r->entities,
			.entities_exact = r->entities_exact,
			.records = r->records,
			.records_exact = r->records_exact,
			.origins = r->origins,
			.sectors = r->sectors,
			.users = r->users,
			.severity = r->severity,
			.first_us = r->first_us,
			.last_us = r->last_us,
		};
		ep->first_us = r->first_us < ep->first_us ? r->first_us : ep->first_us;
		ep->last_us = r->last_us > ep->last_us ? r->last_us : ep->last_us;
		ep->tlp = r->tlp > ep->tlp ? r->tlp : ep->tlp;
		ep->pap = r->pap > ep->pap ? r->pap : ep->pap;
	}
	const struct history_record *last = last_said(k);
	ep->decided_us = last->decided_us;
	ep->status = last->withdrawn ? EPISODE_NONE
		     : last->raised  ? EPISODE_RAISED
				     : EPISODE_WATCH;
}

static void title(struct page *pg, const struct kept *k, const struct history_record *last)
{
	struct text *t = pg->out;

	page_style(pg, PAGE_DIM);
	text_printf(t, " %s", last->withdrawn ? "WITHDRAWN" : "EXPIRED");
	page_style(pg, PAGE_RESET);
	text_str(t, "  ");
	page_style(pg, PAGE_BOLD);
	page_cut(t, k->threat.id[0] ? k->threat.name : "(no longer named)", PAGE_COLUMNS - 20);
	page_style(pg, PAGE_RESET);
	text_char(t, '\n');
	page_rule(pg);
	if (k->threat.id[0])
		text_printf(&pg->line, "%s %s", describe_kind(k->threat.kind), k->threat.id);
	else
		text_str(&pg->line, "no feed, rule or checkpoint names it any more");
	page_paragraph(pg, "threat", 2);
}

static void where(struct page *pg, const struct state_assessment *st, bool first)
{
	struct text *t = &pg->line;

	text_printf(t, "%s  %-14s  %-15s %s%5" PRIu64 " %-8s %s%6" PRIu64 " %-7s  %s",
		    vocab_state_code(st->state), vocab_state_name(st->state),
		    st->significant ? "significant" : "withdrawn", st->entities_exact ? " " : "~",
		    st->entities, st->entities == 1 ? "entity" : "entities",
		    st->records_exact ? " " : "~", st->records,
		    st->records == 1 ? "record" : "records", vocab_severity_name(st->severity));
	page_paragraph(pg, first ? "where" : "", 4);
	text_str(t, "    ");
	describe_time(t, st->first_us);
	text_str(t, " to ");
	describe_time(t, st->last_us);
	text_str(t, "; ");
	describe_count(t, st->origins, "origin", "origins");
	if (st->sectors & ~(1u << SECTOR_UNKNOWN)) {
		text_str(t, "; ");
		describe_sectors(t, st->sectors);
	}
	if (st->users) {
		text_str(t, "; ");
		describe_count(t, st->users, "reported user", "reported users");
	}
	page_paragraph(pg, "", 4);
}

static void why(struct page *pg, const struct episode *ep, const struct profile *p, bool same)
{
	const uint32_t held = describe_criteria(ep);
	const char *label = "why";

	for (uint32_t i = 0; i < p->criteria_count; i++) {
		if (!(held >> i & 1))
			continue;
		text_printf(&pg->line, "%s in ", p->criteria[i].id);
		describe_holders(&pg->line, ep, i);
		text_printf(&pg->line, ": %s", p->criteria[i].describe);
		page_paragraph(pg, label, 2);
		label = "";
	}
	if (same)
		text_printf(&pg->line, "%s %s: %s", p->id, p->version, p->title);
	else
		text_printf(&pg->line, "not %s %s, but another, whose criteria are not kept", p->id,
			    p->version);
	page_paragraph(pg, "profile", 2);
}

static void others(struct page *pg, const struct kept *k)
{
	for (uint32_t i = 0; i < k->others; i++) {
		char id[CANDIDATE_ID_MAX];
		uuid_unparse_lower(k->other[i].candidate, id);
		text_printf(&pg->line, "%s  ", vocab_state_code(k->other[i].state));
		describe_time(&pg->line, k->other[i].first_us);
		text_printf(&pg->line, "  as candidate %s", id);
		page_paragraph(pg, i ? "" : "also", 4);
	}
}

static void told_last(struct page *pg, const struct kept *k, const struct episode *ep,
		      const struct history_record *last)
{
	struct text *t = &pg->line;

	text_printf(t, "version %" PRIu32 ", %s%s, score %d.%02d", last->version,
		    ep->status == EPISODE_RAISED  ? "raised"
		    : ep->status == EPISODE_WATCH ? "a watch"
						  : "withdrawn",
		    last->expired ? ", and expired" : "", last->score / 100, last->score % 100);
	if (ep->decided_us && ep->status != EPISODE_NONE) {
		text_str(t, "; decided ");
		describe_time(t, ep->decided_us);
	}
	page_paragraph(pg, "said", 2);
	text_str(t, "from history: its evidence has expired from the table; this was told last, and only "
		    "of the Member States in which it was significant");
	page_paragraph(pg, "kept", 2);
	text_str(t, k->id);
	page_paragraph(pg, "candidate", 0);
}

static void verdict(struct page *pg, const struct episode *ep, const struct profile *p)
{
	struct text *t = &pg->line;

	text_str(t, "no: none of its evidence is stored, so it cannot be judged anew; what was told was ");
	describe_count(t, describe_members(ep, true), "significant Member State",
		       "significant Member States");
	text_printf(t, ", where %s %s asks for %" PRIu32, p->id, p->version, p->min_states);
	page_paragraph(pg, "holds", 2);
}

void kept_print(struct text *out, const struct kept *k, const struct profile *p, bool judged,
		bool colour)
{
	struct page pg = {.out = out, .colour = colour};
	const struct history_record *last = last_said(k);
	struct episode ep;

	kept_episode(k, p, &ep);
	text_init(&pg.line);
	title(&pg, k, last);
	for (uint32_t i = 0; i < ep.states; i++)
		where(&pg, &ep.state[i], i == 0);
	why(&pg, &ep, p, last->profile == history_profile(p->id, p->version));
	others(&pg, k);
	told_last(&pg, k, &ep, last);
	if (judged)
		verdict(&pg, &ep, p);
	if (pg.line.error)
		out->error = pg.line.error;
	text_fini(&pg.line);
}
