/* dialect_report - what an entity reports of an incident: in a notification (an input format of
 * its own), or beside what another format says. */
#include <string.h>
#include <strings.h>

#include "base/timestamp.h"
#include "config/reason.h"
#include "decode/dialect.h"

static bool is(struct span v, const char *word)
{
	return v.len == strlen(word) && strncasecmp(v.p, word, v.len) == 0;
}

/* The first fault names the reason. */
static void refuse(struct event *ev, enum dialect dialect, enum reason why)
{
	if (dialect == DIALECT_NOTIFICATION && ev->refused == REASON_OK)
		ev->refused = (uint8_t)why;
}

/* Of several numbers for one measure the largest stands, as in evidence. */
static bool take_measure(struct event *ev, int measure, struct span v)
{
	uint32_t n;

	if (!vocab_impact_number(vocab_impact_unit(measure), v.p, v.len, &n))
		return false;
	if (measure == IMPACT_USERS)
		ev->users_affected = n > ev->users_affected ? n : ev->users_affected;
	else if (measure == IMPACT_DURATION)
		ev->duration_s = n > ev->duration_s ? n : ev->duration_s;
	else if (n > ev->measure[measure])
		ev->measure[measure] = n;
	return true;
}

static bool take_claim(struct event *ev, int claim, struct span v)
{
	if (is(v, "true"))
		ev->claims |= IMPACT_BIT(claim);
	return is(v, "true") || is(v, "false");
}

/* A word of a vocabulary whose values are claims; -1 is none. */
static bool take_claimed(struct event *ev, int claim)
{
	if (claim >= 0)
		ev->claims |= IMPACT_BIT(claim);
	return claim >= 0;
}

static bool take_impact_severity(struct event *ev, struct span v)
{
	int64_t claims = vocab_impact_severity(v.p, v.len);

	if (claims > 0)
		ev->claims |= (uint64_t)claims;
	return claims >= 0;
}

static bool take_sector(struct event *ev, struct span v)
{
	int sector = vocab_sector_parse(v.p, v.len);

	if (sector >= 0 && ev->sector < 0)
		ev->sector = (int8_t)sector;
	return sector >= 0;
}

static bool take_state_affected(struct event *ev, struct span v)
{
	int state = vocab_state_parse(v.p, v.len);

	if (state >= 0)
		ev->states_affected |= 1u << state;
	return state >= 0;
}

/* What has had no effect, or is announced maintenance (Implementing Regulation (EU) 2024/2690,
 * Article 3(2)), makes no impact. */
static bool take_report_type(struct draft *d, struct span v)
{
	static const struct {
		const char *word;
		enum hit_class hit_class;
	} types[] = {
		{"early-warning", CLASS_EFFECT},       {"incident-notification", CLASS_EFFECT},
		{"intermediate-report", CLASS_EFFECT}, {"progress-report", CLASS_EFFECT},
		{"final-report", CLASS_EFFECT},        {"near-miss", CLASS_ATTEMPT},
		{"cyber-threat", CLASS_ATTEMPT},       {"scheduled-maintenance", CLASS_ATTEMPT},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (is(v, types[i].word)) {
			d->ev->stated_class = (uint8_t)types[i].hit_class;
			d->typed = true;
			return true;
		}
	return false;
}

static bool take_exercise(struct event *ev, struct span v)
{
	ev->test |= is(v, "true");
	return is(v, "true") || is(v, "false");
}

/* Text that will be a name: short, on one line. */
static bool take_text(struct span *to, struct span v)
{
	for (uint32_t i = 0; i < v.len; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7f)
			return false;
	if (!to->len)
		*to = v;
	return v.len <= EVENT_NAME_MAX;
}

void dialect_report_take(struct draft *d, enum dialect dialect, const struct dialect_row *row,
			 struct span v)
{
	struct event *ev = d->ev;
	bool good = true;

	ev->reports = true;
	switch (row->slot) {
	case SLOT_MEASURE:
		if (!take_measure(ev, row->rank, v))
			refuse(ev, dialect, REASON_NOTIFICATION_NUMBER);
		return;
	case SLOT_CLAIM:
		good = take_claim(ev, row->rank, v);
		break;
	case SLOT_CAUSE:
		good = take_claimed(ev, vocab_impact_cause(v.p, v.len));
		break;
	case SLOT_ENTITY_TYPE:
		good = take_claimed(ev, vocab_impact_type(v.p, v.len));
		break;
	case SLOT_IMPACT_SEVERITY:
		good = take_impact_severity(ev, v);
		break;
	case SLOT_SECTOR:
		good = take_sector(ev, v);
		break;
	case SLOT_STATES_AFFECTED:
		good = take_state_affected(ev, v);
		break;
	case SLOT_REPORT_TYPE:
		good = take_report_type(d, v);
		break;
	case SLOT_EXERCISE:
		good = take_exercise(ev, v);
		break;
	case SLOT_CAMPAIGN:
		good = take_text(&ev->campaign, v);
		break;
	case SLOT_REPORT_ID:
		good = take_text(&ev->report_id, v);
		break;
	}
	if (!good)
		refuse(ev, dialect, REASON_NOTIFICATION_WORD);
}

/* A second begun is a second. */
void dialect_report_duration(struct draft *d)
{
	struct span from = d->slot[SLOT_BEGAN], to = d->slot[SLOT_CEASED];
	int64_t began, ended;

	if (d->ev->duration_s || !from.len || !to.len ||
	    !timestamp_parse(from.p, from.len, &began) || !timestamp_parse(to.p, to.len, &ended) ||
	    ended <= began)
		return;
	d->ev->duration_s = (uint64_t)((ended - began + TIMESTAMP_SECOND - 1) / TIMESTAMP_SECOND);
}

void dialect_report_end(struct draft *d)
{
	const uint32_t members = (1u << STATE_MEMBERS) - 1;

	dialect_report_duration(d);
	if (__builtin_popcount(d->ev->states_affected & members) >= 2)
		d->ev->claims |= IMPACT_BIT(IMPACT_CLAIM_SEVERAL_STATES);
	if (!d->typed)
		refuse(d->ev, DIALECT_NOTIFICATION, REASON_NOTIFICATION_WORD);
}
