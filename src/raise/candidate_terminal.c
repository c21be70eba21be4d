#include "raise/candidate.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "raise/describe.h"

#define COLUMNS   100
#define LABEL     11 /* columns that a label takes, with the space after it */
#define PER_STATE 2  /* pieces of evidence shown of one state */
#define BY_MAX	  54 /* columns of an indicator's id beside time, state and class */

#define BOLD   "\033[1m"
#define DIM    "\033[2m"
#define RED    "\033[1;31m"
#define YELLOW "\033[1;33m"
#define RESET  "\033[0m"

struct page {
	struct text *out;
	bool colour;
	struct text line; /* scratch: the words of one paragraph */
};

static void style(const struct page *pg, const char *code)
{
	if (pg->colour)
		text_str(pg->out, code);
}

static void spaces(struct text *out, size_t n)
{
	while (n-- > 0)
		text_char(out, ' ');
}

/* One character that a terminal prints and does not obey; *p moves past it. Names
 * come from feeds, and an escape sequence in one must not reach the screen. */
static void glyph(struct text *out, const char **p, const char *end)
{
	const uint8_t *s = (const uint8_t *)*p;
	size_t n = s[0] < 0x80 ? 1 : utf8_sequence(s, (size_t)(end - *p));
	bool control = n == 1 ? s[0] < 0x20 || s[0] == 0x7f : s[0] == 0xc2 && s[1] < 0xa0;

	if (n == 0 || control)
		text_char(out, '?');
	else
		text_bytes(out, *p, n);
	*p += n ? n : 1;
}

/* Appends s, cut to this many columns; returns the columns taken. */
static size_t cut(struct text *out, const char *s, size_t columns)
{
	const char *end = s + strlen(s);
	size_t taken = 0;

	for (; s < end && taken < columns; taken++) {
		if (taken + 1 == columns && end - s > 1) {
			text_str(out, "\xe2\x80\xa6"); /* an ellipsis: there was more */
			return taken + 1;
		}
		glyph(out, &s, end);
	}
	return taken;
}

static size_t columns(const char *p, const char *end)
{
	size_t n = 0;

	for (; p < end; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

static void new_line(const struct page *pg, size_t indent)
{
	text_char(pg->out, '\n');
	spaces(pg->out, indent);
}

/* One word at column *at, broken only when it is longer than a line. */
static void word(const struct page *pg, const char *p, const char *end, size_t indent, size_t *at)
{
	while (p < end) {
		if (*at == COLUMNS) {
			new_line(pg, indent);
			*at = indent;
		}
		glyph(pg->out, &p, end);
		++*at;
	}
}

/* The scratch words after a label, wrapped; "" as label continues the one above. */
static void paragraph(struct page *pg, const char *label, size_t hang)
{
	const char *p = pg->line.p ? pg->line.p : "", *all = p + pg->line.len;
	size_t at = LABEL, indent = LABEL + hang;

	style(pg, label[0] ? DIM : "");
	text_printf(pg->out, " %s", label);
	style(pg, label[0] ? RESET : "");
	size_t gap = LABEL - 1 - strlen(label);
	while (p < all) {
		const char *end = p + strcspn(p, " ");
		if (at + columns(p, end) > COLUMNS && at > indent) {
			new_line(pg, indent);
			at = indent;
		} else {
			spaces(pg->out, gap);
		}
		word(pg, p, end, indent, &at);
		/* printed only when a word follows on the line */
		gap = strspn(end, " ");
		at += gap;
		p = end + gap;
	}
	text_char(pg->out, '\n');
	text_reset(&pg->line);
}

static void rule_off(const struct page *pg)
{
	style(pg, DIM);
	for (int i = 0; i < COLUMNS; i++)
		text_str(pg->out, "\xe2\x94\x80"); /* box drawings light horizontal */
	style(pg, RESET);
	text_char(pg->out, '\n');
}

static void title(struct page *pg, const struct candidate *c)
{
	static const char *const words[CANDIDATE_STATUSES] = {"WATCH", "RAISED", "RAISED, UPDATED",
							      "WITHDRAWN", "EXPIRED"};
	static const char *const colours[CANDIDATE_STATUSES] = {YELLOW, RED, RED, DIM, DIM};
	struct text right;

	text_init(&right);
	unsigned hundredths = (unsigned)(c->score * 100 + 0.5);
	text_printf(&right, "score %u.%02u   TLP:", hundredths / 100, hundredths % 100);
	for (const char *t = vocab_tlp_name(c->episode.tlp); *t; t++)
		text_char(&right, *t >= 'a' && *t <= 'z' ? (char)(*t - 'a' + 'A') : *t);

	style(pg, colours[c->status]);
	text_printf(pg->out, " %s", words[c->status]);
	style(pg, RESET);
	text_str(pg->out, "  ");
	size_t left = 1 + strlen(words[c->status]) + 2, room = COLUMNS - left - right.len - 3;
	style(pg, BOLD);
	size_t taken = cut(pg->out, c->threat.name, room);
	style(pg, RESET);
	spaces(pg->out, COLUMNS - left - taken - right.len - 1);
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
	paragraph(pg, "threat", 2);
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
	paragraph(pg, "who", 0);
	describe_time(t, ep->first_us);
	text_str(t, ", for ");
	describe_duration(t, ep->last_us - ep->first_us);
	if (ep->status != EPISODE_NONE) {
		text_str(t, "; decided ");
		describe_time(t, ep->decided_us);
	}
	paragraph(pg, "since", 0);
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
	paragraph(pg, "", 4);
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
		paragraph(pg, i ? "" : "where", 4);
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
		paragraph(pg, label, 2);
		label = "";
		if (c->legal_basis[0]) {
			text_printf(&pg->line, "  %s", c->legal_basis);
			paragraph(pg, "", 2);
		}
	}
	text_printf(&pg->line, "%s %s: %s", p->id, p->version, p->title);
	paragraph(pg, "profile", 2);
}

/* An id by its two ends when it is too long for its line: they tell ids apart. */
static void by(struct text *out, const char *id)
{
	const char *end = id + strlen(id);

	/* what calls itself so needs no second word for it */
	if (strncmp(id, "indicator:indicator--", 21) == 0)
		id += 10;
	if (columns(id, end) <= BY_MAX) {
		text_str(out, id);
		return;
	}
	cut(out, id, BY_MAX / 2);
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
		paragraph(pg, rows++ ? "" : "evidence", 35);
		text_printf(&pg->line, "  %s  %s", l->source, l->position.p ? l->position.p : "");
		paragraph(pg, "", 4);
	}
	describe_evidence_fini(&list);
	if (rest) {
		text_printf(&pg->line, "and %" PRIu32 " more", rest);
		paragraph(pg, "", 0);
	}
}

static void missing(struct page *pg, const struct candidate *c, const struct profile *p)
{
	const char *label = "missing";

	for (uint32_t i = 0; c->status == CANDIDATE_WATCH && i < c->episode.states; i++) {
		const struct state_assessment *st = &c->episode.state[i];
		if (!vocab_state_is_member(st->state) || st->significant)
			continue;
		text_printf(&pg->line, "%s ", vocab_state_code(st->state));
		describe_missing(&pg->line, st, p);
		paragraph(pg, label, 2);
		label = "";
	}
}

static void next(struct page *pg, const struct candidate *c)
{
	static const char *const words[CANDIDATE_STATUSES] = {
		"keep watching: it is not raised yet, and a human decides",
		"a human decides",
		"a human decides",
		"nothing: what was said before no longer holds",
		"nothing: its window is over",
	};

	if (c->superseded_by[0])
		text_printf(&pg->line, "it goes on as candidate %s", c->superseded_by);
	else
		text_str(&pg->line, words[c->status]);
	paragraph(pg, "next", 0);
	text_printf(&pg->line, "%s, version %" PRIu32, c->id, c->version);
	paragraph(pg, "candidate", 0);
}

void candidate_terminal(struct text *out, const struct candidate *c,
			const struct candidate_context *cx, bool colour)
{
	struct page pg = {.out = out, .colour = colour};

	text_init(&pg.line);
	title(&pg, c);
	rule_off(&pg);
	who(&pg, c);
	where(&pg, &c->episode);
	why(&pg, &c->episode, cx->profile);
	evidence(&pg, c, cx);
	missing(&pg, c, cx->profile);
	next(&pg, c);
	text_char(out, '\n');
	if (pg.line.error)
		out->error = pg.line.error;
	text_fini(&pg.line);
}
