#include "raise/candidate.h"

#include <inttypes.h>
#include <string.h>

#include "raise/describe.h"

/* " and " before the last of a list, ", " before the others. */
static const char *joint(uint32_t done, uint32_t total)
{
	return done == 0 ? "" : done + 1 == total ? " and " : ", ";
}

static void threat(struct text *out, const struct candidate *c)
{
	const char *kind = describe_kind(c->threat.kind);

	text_char(out, (char)(kind[0] - 'a' + 'A'));
	text_printf(out, "%s \"%s\"", kind + 1, c->threat.name);
	if (strcmp(c->threat.name, c->threat.id) != 0)
		text_printf(out, " (%s)", c->threat.id);
}

/* "Germany (DE) with 14 affected entities of energy, health, severity high" */
static void significant_state(struct text *out, const struct state_assessment *st)
{
	text_printf(out, "%s (%s) with %s", vocab_state_name(st->state),
		    vocab_state_code(st->state), st->entities_exact ? "" : "about ");
	describe_count(out, st->entities, "affected entity", "affected entities");
	if (st->sectors & ~(1u << SECTOR_UNKNOWN)) {
		text_str(out, " in ");
		describe_sectors(out, st->sectors);
	}
	if (st->users) {
		text_str(out, " and ");
		describe_count(out, st->users, "reported user", "reported users");
	}
}

static void significant_states(struct text *out, const struct episode *ep)
{
	uint32_t total = describe_members(ep, true), done = 0;

	if (!total) {
		text_str(out, " is significant in no Member State. ");
		return;
	}
	text_str(out, " is significant in ");
	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *st = &ep->state[i];
		if (!vocab_state_is_member(st->state) || !st->significant)
			continue;
		text_str(out, joint(done++, total));
		significant_state(out, st);
	}
	text_str(out, ". ");
}

static void other_states(struct text *out, const struct episode *ep, const struct profile *p)
{
	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *st = &ep->state[i];
		if (!vocab_state_is_member(st->state)) {
			text_printf(out, "%s (%s) saw it too, which is no Member State%s. ",
				    vocab_state_name(st->state), vocab_state_code(st->state),
				    st->significant ? "; by criteria of its own it is significant, "
						      "and not counted"
						    : "");
		} else if (!st->significant) {
			text_printf(out, "%s ", vocab_state_code(st->state));
			describe_missing(out, st, p);
			text_str(out, ". ");
		}
	}
}

static void since(struct text *out, const struct episode *ep)
{
	text_str(out, "First seen ");
	describe_time(out, ep->first_us);
	text_str(out, ", last ");
	describe_time(out, ep->last_us);
	text_str(out, " (");
	describe_duration(out, ep->last_us - ep->first_us);
	text_str(out, "). ");
}

static void criteria(struct text *out, const struct episode *ep, const struct profile *p)
{
	uint32_t held = describe_criteria(ep);
	const char *sep = "";

	text_printf(out, "By profile %s %s%s%s%s", p->id, p->version, p->legal_basis[0] ? " (" : "",
		    p->legal_basis, p->legal_basis[0] ? ")" : "");
	text_str(out, held ? ": " : " no criterion holds");
	for (uint32_t i = 0; i < p->criteria_count; i++) {
		if (!(held >> i & 1))
			continue;
		const struct criterion *c = &p->criteria[i];
		text_printf(out, "%s%s", sep, c->id);
		text_str(out, " in ");
		describe_holders(out, ep, i);
		text_printf(out, " (%s%s%s)", c->asserted ? "asserted" : "inferred",
			    c->legal_basis[0] ? "; " : "", c->legal_basis);
		sep = "; ";
	}
	text_str(out, ". ");
}

static void rejected(struct text *out, const struct feedback_verdict *v)
{
	text_printf(out, "Withdrawn: %s called %s a false positive on ", v->by, v->target);
	describe_time(out, v->time_us);
	text_printf(out, "%s%s%s.", v->reason[0] ? " (" : "", v->reason, v->reason[0] ? ")" : "");
}

/* What raises apart from the rule of Member States. */
static void apart(struct text *out, const struct candidate *c, const struct profile *p)
{
	struct text who;

	text_init(&who);
	uint32_t asserting = describe_capacity(&who, &c->episode);
	if (asserting)
		text_printf(out,
			    "Asserted, not judged: the capacity to respond is exceeded in %s "
			    "(Directive (EU) 2022/2555, Article 6(7)). ",
			    who.p ? who.p : "");
	if (who.error)
		out->error = who.error;
	text_fini(&who);
	if (assess_basis(&c->episode, p) != BASIS_MEMBER_STATES)
		text_printf(out, "The rule of %" PRIu32 " Member States does not hold. ",
			    p->min_states);
}

static void verdict(struct text *out, const struct candidate *c, const struct profile *p)
{
	switch (c->status) {
	case CANDIDATE_WITHDRAWN:
		if (c->superseded_by[0])
			text_printf(out,
				    "Withdrawn: later evidence joined it to candidate %s, "
				    "which goes on in its place.",
				    c->superseded_by);
		else if (c->rejected)
			rejected(out, c->rejected);
		else
			text_str(out, "Withdrawn: what was said before no longer holds.");
		return;
	case CANDIDATE_EXPIRED:
		text_str(out, "Expired: its window is over and nothing new came of it.");
		return;
	case CANDIDATE_WATCH:
		text_printf(out, "A watch: it takes %" PRIu32 " significant Member States inside ",
			    p->min_states);
		describe_duration(out, p->window_us);
		text_str(out, " to raise it, and a human decides.");
		return;
	case CANDIDATE_CORROBORATED:
	case CANDIDATE_RAISED:
	case CANDIDATE_UPDATED:
		text_str(out, "A candidate for a large-scale incident; a human decides.");
	}
}

static void voices(struct text *out, const struct feedback_votes *v, bool against)
{
	uint32_t total = against ? v->false_positives : v->count - v->false_positives, done = 0;

	for (uint32_t i = 0; i < v->count; i++)
		if (v->vote[i]->false_positive == against)
			text_printf(out, "%s%s", joint(done++, total), v->vote[i]->by);
}

/* What people said, where it is more than the word that withdrew it. */
static void said(struct text *out, const struct candidate *c, const struct candidate_context *cx)
{
	struct feedback_votes v;

	feedback_votes(cx->feedback, c->id, &c->threat, &c->episode, cx->names, &v);
	if (v.count == 0 || c->episode.status == EPISODE_NONE || (v.against && v.count == 1))
		return;
	if (v.false_positives) {
		text_str(out, " Called a false positive by ");
		voices(out, &v, true);
	}
	if (v.count > v.false_positives) {
		text_str(out, v.false_positives ? ", confirmed by " : " Confirmed by ");
		voices(out, &v, false);
	}
	text_char(out, '.');
	if (!v.against && !v.desk && v.false_positives)
		text_printf(out, " It takes the desk's word, or %" PRIu32
				 " more against it than for it, to withdraw it.", v.quorum);
}

void candidate_explain(struct text *out, const struct candidate *c,
		       const struct candidate_context *cx)
{
	threat(out, c);
	significant_states(out, &c->episode);
	other_states(out, &c->episode, candidate_profile(cx, &c->episode));
	since(out, &c->episode);
	criteria(out, &c->episode, candidate_profile(cx, &c->episode));
	apart(out, c, candidate_profile(cx, &c->episode));
	if (c->episode.held_back)
		text_str(out, "Not raised: that several Member States are significant together rests "
			      "on the word of one source alone. ");
	verdict(out, c, candidate_profile(cx, &c->episode));
	said(out, c, cx);
}
