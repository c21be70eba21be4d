#include "raise/candidate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uuid.h>

#include "raise/clocks.h"
#include "raise/describe.h"
#include "raise/score.h"

static void boolean(struct text *out, const char *key, bool value)
{
	text_printf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

/* Above 2^53 - 1 a JSON reader may round (RFC 8259, section 6): a count stops there. */
static void number(struct text *out, const char *key, uint64_t value)
{
	const uint64_t max = (UINT64_C(1) << 53) - 1;

	value = value < max ? value : max;
	text_printf(out, ",\"%s\":%" PRIu64, key, value);
}

static void string(struct text *out, const char *key, const char *value)
{
	text_printf(out, ",\"%s\":", key);
	text_json_str(out, value);
}

static void moment(struct text *out, const char *key, int64_t us)
{
	text_printf(out, ",\"%s\":", key);
	text_json_time(out, us);
}

static void hundredths(struct text *out, const char *key, uint32_t value)
{
	text_printf(out, ",\"%s\":%" PRIu32 ".%02" PRIu32, key, value / 100, value % 100);
}

static void head(struct text *out, const struct candidate *c)
{
	text_printf(out, "{\"event_type\":\"candidate\",\"id\":\"%s\",\"version\":%" PRIu32, c->id,
		    c->version);
	string(out, "status", candidate_status_name(c->status));
	moment(out, "cell", c->cell_us);
	text_printf(out, ",\"threat\":{\"kind\":\"%s\"", describe_kind(c->threat.kind));
	string(out, "id", c->threat.id);
	string(out, "name", c->threat.name);
	text_str(out, "},\"window\":{\"start\":");
	text_json_time(out, c->episode.first_us);
	moment(out, "end", c->episode.last_us);
	if (c->episode.status != EPISODE_NONE)
		moment(out, "decided_at", c->episode.decided_us);
	text_char(out, '}');
}

static void criteria_ids(struct text *out, uint32_t held, const struct profile *p)
{
	const char *sep = "";

	text_str(out, ",\"criteria\":[");
	for (uint32_t i = 0; i < p->criteria_count; i++)
		if (held >> i & 1) {
			text_str(out, sep);
			text_json_str(out, p->criteria[i].id);
			sep = ",";
		}
	text_char(out, ']');
}

/* Names in alphabetical order. A reader may rely on it; the numbers follow the Annexes. */
static void sectors(struct text *out, uint32_t mask)
{
	const char *last = NULL;

	text_str(out, ",\"sectors\":[");
	for (;;) {
		const char *next = NULL;
		for (int s = 0; s < SECTORS; s++) {
			const char *name = vocab_sector_name(s);
			if ((mask >> s & 1) && (!last || strcmp(name, last) > 0) &&
			    (!next || strcmp(name, next) < 0))
				next = name;
		}
		if (!next)
			break;
		if (last)
			text_char(out, ',');
		text_json_str(out, next);
		last = next;
	}
	text_char(out, ']');
}

static void missing(struct text *out, const struct state_assessment *st, const struct profile *p)
{
	struct text t;

	text_init(&t);
	describe_missing(&t, st, p);
	if (t.p && !t.error)
		string(out, "missing", t.p);
	if (t.error)
		out->error = t.error;
	text_fini(&t);
}

/* Millionths as a percentage: "5.0001". */
static void percent(struct text *out, const char *key, uint32_t share)
{
	char digits[16];
	int n = snprintf(digits, sizeof(digits), "%" PRIu32 ".%04" PRIu32, share / 10000,
			 share % 10000);

	while (digits[n - 1] == '0')
		n--;
	n -= digits[n - 1] == '.';
	text_printf(out, ",\"%s\":%.*s", key, n, digits);
}

/* What was reported beyond users and duration, in a notification's own words. */
static void reported(struct text *out, const struct state_assessment *st)
{
	const char *sep = "";
	uint32_t any = 0;

	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		any |= st->measure[m];
	if (!any && !st->claims)
		return;
	text_str(out, ",\"reported\":{\"claims\":[");
	for (int c = 0; c < IMPACT_CLAIM_COUNT; c++) {
		if (!(st->claims >> c & 1))
			continue;
		text_str(out, sep);
		text_json_str(out, vocab_impact_claim_name(c));
		sep = ",";
	}
	text_char(out, ']');
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		if (st->measure[m] && vocab_impact_unit(m) == IMPACT_SHARE)
			percent(out, vocab_impact_measure_field(m), st->measure[m]);
		else if (st->measure[m])
			number(out, vocab_impact_measure_field(m), st->measure[m]);
	text_char(out, '}');
}

/* The overrides by which this state's criteria may hold: of the state, and of its sectors. */
static void overrides(struct text *out, const struct state_assessment *st, const struct profile *p)
{
	const char *sep = ",\"overrides\":[";

	for (uint32_t i = 0; i < p->override_count; i++) {
		const struct profile_override *o = &p->override[i];
		if (!(st->criteria >> o->criterion & 1) ||
		    (o->states && !(o->states >> st->state & 1)) ||
		    (o->sectors && !(o->sectors & st->sectors)))
			continue;
		text_printf(out, "%s{\"criterion\":", sep);
		text_json_str(out, p->criteria[o->criterion].id);
		string(out, "legal_basis", o->legal_basis);
		text_char(out, '}');
		sep = ",";
	}
	if (sep[1] == '\0')
		text_char(out, ']');
}

static void state(struct text *out, const struct state_assessment *st, const struct profile *p)
{
	bool member = vocab_state_is_member(st->state);

	text_printf(out, "{\"code\":\"%s\"", vocab_state_code(st->state));
	boolean(out, "significant", st->significant);
	criteria_ids(out, st->criteria, p);
	number(out, "entities", st->entities);
	boolean(out, "entities_exact", st->entities_exact);
	number(out, "records", st->records);
	number(out, "origins", st->origins);
	sectors(out, st->sectors);
	number(out, "users_affected", st->users);
	string(out, "severity", vocab_severity_name(st->severity));
	moment(out, "first_seen", st->first_us);
	moment(out, "last_seen", st->last_us);
	string(out, "name", vocab_state_name(st->state));
	boolean(out, "deciding", st->deciding);
	number(out, "attempted_entities", st->attempted);
	boolean(out, "records_exact", st->records_exact);
	number(out, "duration_s", st->duration_s);
	reported(out, st);
	overrides(out, st, p);
	if (st->capacity_exceeded)
		boolean(out, "capacity_exceeded", true);
	if (st->ordinary)
		boolean(out, "ordinary", true);
	if (st->refused) {
		number(out, "refused_max", st->refused);
		moment(out, "complete_since", st->complete_since_us);
	}
	if (member && !st->significant)
		missing(out, st, p);
	text_char(out, '}');
}

/* Member States, or the valid sources that are none (EU, GB). */
static void states(struct text *out, const char *key, const struct candidate *c, bool members,
		   const struct profile *p)
{
	const char *sep = "";

	text_printf(out, ",\"%s\":[", key);
	for (uint32_t i = 0; i < c->episode.states; i++) {
		const struct state_assessment *st = &c->episode.state[i];
		if (vocab_state_is_member(st->state) != members)
			continue;
		text_str(out, sep);
		state(out, st, p);
		sep = ",";
	}
	text_char(out, ']');
}

static void profile(struct text *out, const struct profile *p)
{
	text_str(out, ",\"profile\":{\"id\":");
	text_json_str(out, p->id);
	string(out, "version", p->version);
	string(out, "title", p->title);
	string(out, "legal_basis", p->legal_basis);
	number(out, "window_s", (uint64_t)(p->window_us / 1000000));
	number(out, "min_states", p->min_states);
	text_char(out, '}');
}

static void criteria_detail(struct text *out, uint32_t held, const struct profile *p)
{
	const char *sep = "";

	text_str(out, ",\"criteria_detail\":[");
	for (uint32_t i = 0; i < p->criteria_count; i++) {
		const struct criterion *c = &p->criteria[i];
		if (!(held >> i & 1))
			continue;
		text_printf(out, "%s{\"id\":", sep);
		text_json_str(out, c->id);
		string(out, "legal_basis", c->legal_basis);
		string(out, "basis", c->asserted ? "asserted" : "inferred");
		string(out, "describe", c->describe);
		text_char(out, '}');
		sep = ",";
	}
	text_char(out, ']');
}

/* Said only where it is not the rule: so many significant Member States. */
static void basis(struct text *out, const struct episode *ep, const struct profile *p)
{
	switch (assess_basis(ep, p)) {
	case BASIS_MEMBER_STATES:
		break;
	case BASIS_CAPACITY:
		string(out, "basis", "capacity_exceeded");
		break;
	case BASIS_UNION_ENTITIES:
		string(out, "basis", "union_entities");
	}
}

static bool is_single_origin(const struct state_assessment *st)
{
	return st->single_origin;
}

static bool is_any(const struct state_assessment *st)
{
	(void)st;
	return true;
}

static void on_whom(struct text *out, const struct state_assessment *st, bool whole)
{
	text_printf(out, whole ? "{\"code\":\"%s\"" : "\"%s\"", vocab_state_code(st->state));
	if (!whole)
		return;
	number(out, "origins", st->origins);
	hundredths(out, "largest_share", st->largest_share);
	boolean(out, "single_origin", st->single_origin);
	boolean(out, "capped", st->capped);
	number(out, "shared_records", st->shared);
	text_char(out, '}');
}

static void each_member(struct text *out, const struct episode *ep, bool whole,
			bool (*which)(const struct state_assessment *st))
{
	const char *sep = "";

	for (uint32_t i = 0; i < ep->states; i++) {
		if (!vocab_state_is_member(ep->state[i].state) || !which(&ep->state[i]))
			continue;
		text_str(out, sep);
		on_whom(out, &ep->state[i], whole);
		sep = ",";
	}
}

/* On whom each Member State's significance rests. */
static void independence(struct text *out, const struct episode *ep,
			 const struct candidate_context *cx)
{
	uint32_t feeds = cx->feeds ? cx->feeds(cx->arg, ep->threat) : 0;

	text_str(out, ",\"independence\":{");
	if (feeds)
		text_printf(out, "\"feeds\":%" PRIu32 ",", feeds);
	text_str(out, "\"single_origin\":[");
	each_member(out, ep, false, is_single_origin);
	text_str(out, "],\"states\":[");
	each_member(out, ep, true, is_any);
	text_str(out, ep->held_back ? "],\"held_back\":true}" : "]}");
}

#define EARLIER_SHOWN 8

static void earlier(struct text *out, const struct history_record *r)
{
	char id[CANDIDATE_ID_MAX];

	uuid_unparse_lower(r->candidate, id);
	text_printf(out, "{\"id\":\"%s\"", id);
	moment(out, "first_seen", r->first_us);
	moment(out, "last_seen", r->last_us);
	text_char(out, '}');
}

/* Significant states that were so before, by the same threat, within six months. */
static void recurrence(struct text *out, const struct candidate *c,
		       const struct candidate_context *cx)
{
	struct history_record row[EARLIER_SHOWN];
	const char *sep = ",\"recurrence\":[";
	bool any = false;

	for (uint32_t i = 0; cx->recurrence && i < c->episode.states; i++) {
		const struct state_assessment *st = &c->episode.state[i];
		if (!st->significant)
			continue;
		uint32_t n = cx->recurrence(cx->arg, c, st->state, row, EARLIER_SHOWN);
		if (n == 0)
			continue;
		text_printf(out, "%s{\"code\":\"%s\",\"times\":%" PRIu32 ",\"earlier\":[",
			    any ? "," : sep, vocab_state_code(st->state), n + 1);
		for (uint32_t k = 0; k < n && k < EARLIER_SHOWN; k++) {
			text_str(out, k ? "," : "");
			earlier(out, &row[k]);
		}
		text_str(out, "]}");
		any = true;
	}
	if (any)
		text_char(out, ']');
}

#define PREVALENCE_ROWS 64

static void prevalence(struct text *out, const struct candidate *c,
		       const struct candidate_context *cx)
{
	struct prevalence_row row[PREVALENCE_ROWS];
	int n = cx->prevalence ? cx->prevalence(cx->arg, c->episode.threat, row, PREVALENCE_ROWS) : 0;

	if (n < 0)
		out->error = n;
	for (int i = 0; i < n; i++) {
		text_str(out, i ? ",{" : ",\"prevalence\":[{");
		text_printf(out, "\"code\":\"%s\"", vocab_state_code(row[i].state));
		string(out, "sector", vocab_sector_name(row[i].sector));
		number(out, "entities", row[i].entities);
		number(out, "known_entities", row[i].known);
		text_printf(out, ",\"share\":%.4f", row[i].share);
		if (row[i].lift > 0)
			text_printf(out, ",\"lift\":%.2f", row[i].lift);
		text_char(out, '}');
	}
	if (n > 0)
		text_char(out, ']');
}

static void score(struct text *out, const struct candidate *c, const struct profile *p)
{
	struct score s = {0};

	if (c->status != CANDIDATE_WITHDRAWN)
		score_episode(&s, &c->episode, p);
	hundredths(out, "score", s.hundredths);
	text_str(out, ",\"score_terms\":[");
	for (uint32_t i = 0; i < s.count; i++) {
		text_printf(out, "%s{\"term\":\"%s\"", i ? "," : "", s.term[i].name);
		hundredths(out, "value", s.term[i].hundredths);
		string(out, "evidence", s.term[i].evidence);
		text_char(out, '}');
	}
	text_char(out, ']');
}

static void clocks(struct text *out, const struct candidate *c)
{
	const int64_t aware_us = c->episode.decided_us;

	if (!candidate_clocks_run(c))
		return;
	text_str(out, ",\"clocks\":{\"aware_at\":");
	text_json_time(out, aware_us);
	text_str(out, ",\"deadlines\":[");
	for (int i = 0; i < CLOCKS; i++) {
		const struct clock_rule *r = clocks_rule((enum clock_id)i);
		text_printf(out, "%s{\"clock\":\"%s\"", i ? "," : "", r->name);
		moment(out, "due", clocks_due((enum clock_id)i, aware_us));
		string(out, "counted_from",
		       r->counted_from < 0 ? "aware_at"
					   : clocks_rule((enum clock_id)r->counted_from)->name);
		string(out, "limit", r->limit);
		string(out, "legal_basis", r->legal_basis);
		text_char(out, '}');
	}
	text_str(out, "]}");
}

static void evidence(struct text *out, const struct candidate *c,
		     const struct candidate_context *cx)
{
	struct describe_evidence list;

	describe_evidence(&list, c, cx);
	text_str(out, ",\"evidence\":[");
	for (uint32_t i = 0; i < list.count; i++) {
		const struct describe_line *l = &list.line[i];
		text_printf(out, "%s{\"source\":", i ? "," : "");
		text_json_str(out, l->source);
		string(out, "position", l->position.p ? l->position.p : "");
		moment(out, "time", l->evidence->item.time_us);
		string(out, "by", l->by);
		string(out, "member_state", vocab_state_code(l->evidence->state));
		string(out, "class", vocab_class_name(l->evidence->hit_class));
		if (l->position.p && strncmp(l->position.p, "retro:", 6) == 0)
			text_str(out, ",\"retrospective\":true");
		text_char(out, '}');
		if (l->position.error)
			out->error = l->position.error;
	}
	text_char(out, ']');
	describe_evidence_fini(&list);
}

static void explain(struct text *out, const struct candidate *c, const struct candidate_context *cx)
{
	struct text t;

	text_init(&t);
	candidate_explain(&t, c, cx);
	string(out, "explain", t.p ? t.p : "");
	if (t.error)
		out->error = t.error;
	text_fini(&t);
}

/* Why it was withdrawn, and who said so. */
static void withdrawal(struct text *out, const struct candidate *c)
{
	if (c->status != CANDIDATE_WITHDRAWN)
		return;
	text_printf(out, ",\"withdrawal\":{\"reason\":\"%s\"",
		    c->superseded_by[0] ? "superseded"
		    : c->rejected	? "false-positive"
					: "not-significant");
	if (c->rejected && !c->superseded_by[0]) {
		string(out, "by", c->rejected->by);
		moment(out, "time", c->rejected->time_us);
		string(out, "about", c->rejected->target);
		string(out, "comment", c->rejected->reason);
	}
	text_char(out, '}');
}

static void names_of(struct text *out, const char *key, const struct feedback_votes *v, bool against)
{
	const char *sep = "";

	text_printf(out, "\"%s\":[", key);
	for (uint32_t i = 0; i < v->count; i++) {
		if (v->vote[i]->false_positive != against)
			continue;
		text_str(out, sep);
		text_json_str(out, v->vote[i]->by);
		sep = ",";
	}
	text_char(out, ']');
}

/* What was said of it, also where that does not withdraw. */
static void feedback(struct text *out, const struct candidate *c, const struct candidate_context *cx)
{
	struct feedback_votes v;

	feedback_votes(cx->feedback, c->id, &c->threat, &c->episode, cx->names, &v);
	if (v.count == 0 || c->episode.status == EPISODE_NONE)
		return;
	text_str(out, ",\"feedback\":{");
	names_of(out, "false_positive", &v, true);
	text_char(out, ',');
	names_of(out, "confirmed", &v, false);
	text_printf(out, ",\"decided_by\":\"%s\"}",
		    v.desk      ? "desk"
		    : v.against ? "quorum"
				: "nobody");
}

void candidate_json(struct text *out, const struct candidate *c, const struct candidate_context *cx)
{
	head(out, c);
	states(out, "member_states", c, true, candidate_profile(cx, &c->episode));
	states(out, "other_sources", c, false, candidate_profile(cx, &c->episode));
	basis(out, &c->episode, candidate_profile(cx, &c->episode));
	profile(out, candidate_profile(cx, &c->episode));
	criteria_detail(out, describe_criteria(&c->episode), candidate_profile(cx, &c->episode));
	independence(out, &c->episode, cx);
	recurrence(out, c, cx);
	string(out, "tlp", vocab_tlp_name(c->episode.tlp));
	string(out, "pap", vocab_pap_name(c->episode.pap));
	score(out, c, candidate_profile(cx, &c->episode));
	clocks(out, c);
	text_str(out, ",\"labels\":");
	describe_labels(out, &c->episode, NULL);
	evidence(out, c, cx);
	explain(out, c, cx);
	withdrawal(out, c);
	feedback(out, c, cx);
	if (c->superseded_by[0])
		string(out, "superseded_by", c->superseded_by);
	prevalence(out, c, cx); /* the last: candidate_head() */
	text_char(out, '}');
}
