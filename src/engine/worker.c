/*
 * The hot loop: a batch's records are split, scanned, and only those that may
 * hit something are decoded, verified and joined into evidence.
 */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/timestamp.h"
#include "engine/engine_priv.h"
#include "engine/correlating.h"
#include "engine/sequence.h"
#include "raise/hit_json.h"

/* Bytes scanned at once: a quarter of it costs 20 ns a record more, more gains nothing. */
#define LOOK_AHEAD 65536

/* One record on its way through the worker. */
struct job {
	const struct batch *b;
	const struct batch_item *item;
	const struct source *source;
	const char *p;
	uint32_t len;
	uint64_t offset;
	uint32_t sub;
	/* settled once a record has hits: */
	uint8_t state;
	uint64_t entity, origin, identity;
	int64_t time_us;
};

int worker_init(struct worker *wk, struct engine *e)
{
	memset(wk, 0, sizeof(*wk));
	wk->e = e;
	text_init(&wk->hits);
	heavy_watch_init(&wk->watch);
	wk->records_of = calloc(SOURCES_MAX, sizeof(*wk->records_of));
	if (e->retro)
		wk->view = retro_view(e->retro);
	if (!wk->records_of || (e->retro && !wk->view))
		return -ENOMEM;
	return decoder_init(&wk->decoder);
}

void worker_fini(struct worker *wk)
{
	decoder_fini(&wk->decoder);
	free(wk->view);
	free(wk->records_of);
	heavy_watch_fini(&wk->watch);
	text_fini(&wk->hits);
}

static void refuse(struct worker *wk, enum reason r)
{
	assert(r != REASON_OK);
	counter_add(&wk->ledger.reason[r], 1);
}

/* Which state the record speaks for: its source's, unless the source is
 * registered to aggregate for the state that the record or header names. */
static enum reason settle_state(struct worker *wk, struct job *j)
{
	int claim = j->item->state_claim != -1 ? j->item->state_claim : wk->event.state_claim;

	j->state = j->source->state;
	if (claim == -1 || claim == j->state)
		return REASON_OK;
	if (!j->source->aggregates) {
		counter_add(&wk->ledger.claims_ignored, 1);
		return REASON_OK;
	}
	if (claim < 0 || !(j->source->aggregates >> claim & 1))
		return REASON_STATE_NOT_REGISTERED;
	j->state = (uint8_t)claim;
	return REASON_OK;
}

/* The latest time that is taken, from what arrived with time t. A service's clock moves
 * on; a replay's must not, or a second run could differ. */
static int64_t latest_time(struct engine *e, const struct source *s, int64_t t)
{
	if (!e->live)
		return e->future_limit_us;
	int64_t now = clock_wall_us();
	skew_see(&e->skew[s->id], t, now);
	return now + e->config->clock_skew_max;
}

static enum reason settle_time(struct worker *wk, struct job *j)
{
	struct engine *e = wk->e;

	if (!wk->event.has_time && !j->item->time_us)
		return REASON_NO_TIME;
	j->time_us = wk->event.has_time ? wk->event.time_us : j->item->time_us;
	if (j->time_us < e->config->time_min || j->time_us < 0)
		return REASON_TIME_PAST;
	if (j->time_us > latest_time(e, j->source, j->time_us))
		return REASON_TIME_FUTURE;
	high_mark *mark = &wk->e->watermark[j->source->id];
	if (e->live && j->time_us < high_mark_get(mark) - e->config->retention)
		return REASON_LATE;
	high_mark_raise(mark, j->time_us);
	return REASON_OK;
}

/* Entities leave this function only as keyed hashes. A record that names nobody
 * affects at least the organisation behind its source. */
static void settle_entity(struct worker *wk, struct job *j)
{
	const struct source *s = j->source;
	char text[ENTITY_TEXT_MAX];
	uint8_t out[crypto_shorthash_BYTES];

	static_assert(crypto_shorthash_BYTES == 8 && crypto_shorthash_KEYBYTES == 16,
		      "SipHash-2-4");
	j->origin = source_origin(s, j->state);
	j->identity = event_identity(&wk->event);
	/* who is affected by what a relay passes on, its own registration cannot say */
	size_t len = event_entity(&wk->event, s->relay ? NULL : s, &wk->e->config->home, text);
	if (len == 0 && s->relay) {
		j->entity = 0;
		return;
	}
	if (len == 0)
		len = (size_t)snprintf(text, sizeof(text), "source:%s", s->name);
	crypto_shorthash(out, (const uint8_t *)text, len, wk->e->entity_key);
	memcpy(&j->entity, out, 8);
	j->entity += j->entity == 0;
}

static uint8_t max3(int a, int b, int c)
{
	int m = a > b ? a : b;

	return (uint8_t)(m > c ? m : c);
}

/* Class and severity are a cell's own, so within one the first-hand copy is always the better. */
static uint8_t rank_of(enum hit_class c, int severity, bool relayed)
{
	int rank = c != CLASS_EFFECT || severity < SEVERITY_MEDIUM ? 2 : severity < SEVERITY_HIGH;

	return (uint8_t)(rank + relayed);
}

static enum hit_class class_of(struct worker *wk, const struct job *j, const struct hit *h)
{
	if (j->source->exercise)
		return CLASS_TEST;
	return event_class(&wk->event, h->observable, &wk->e->config->home);
}

/* What an entity reports beyond users and duration: the same observation, a pair at a time. */
static void place_reports(struct worker *wk, struct observation o)
{
	const struct event *ev = &wk->event;

	for (int pair = 1; pair < IMPACT_PAIRS; pair++) {
		o.pair = (uint8_t)pair;
		o.users = ev->measure[2 * pair];
		o.duration_s = ev->measure[2 * pair + 1];
		if (o.users || o.duration_s)
			placing_report(wk, &o);
	}
	o.pair = IMPACT_PAIR_CLAIMS;
	o.users = ev->claims >> 32;
	o.duration_s = ev->claims & UINT32_MAX;
	if (ev->claims)
		placing_report(wk, &o);
}

/* A source's sector is its registration's; where that says none, a notification may. */
static uint8_t sector_of(const struct worker *wk, const struct job *j)
{
	const bool stated = j->source->sector == SECTOR_UNKNOWN && wk->event.sector > 0;

	return stated ? (uint8_t)wk->event.sector : j->source->sector;
}

/*
 * While the table fills up, a threat in half of what this worker reads no longer
 * takes an entry for each entity and record: they go to the cell's sketches. In a
 * replay never, because which hits came before that is chance.
 */
static bool heavy(struct worker *wk, uint32_t threat)
{
	uint64_t records = counter_get(&wk->ledger.records);

	/* relaxed: from the next tick on will do */
	if (!atomic_load_explicit(&wk->e->pressure, memory_order_relaxed) ||
	    records < wk->e->traffic.least || heavy_at_least(&wk->heavy, threat) * 2 < records)
		return false;
	heavy_watch_summarised(&wk->watch, threat);
	return true;
}

static struct observation observe(struct worker *wk, const struct job *j,
				  const struct indicator *in, uint32_t threat, uint32_t by,
				  enum hit_class c)
{
	const struct event *ev = &wk->event;
	int severity = ev->stated_severity ? ev->stated_severity : in->severity;

	return (struct observation){
		.threat = threat,
		.by = by,
		.state = j->state,
		.sector = sector_of(wk, j),
		.tlp = max3(j->source->tlp, in->tlp, ev->tlp),
		.pap = in->pap,
		.hit_class = (uint8_t)c,
		.severity = (uint8_t)severity,
		.rank = rank_of(c, severity, evidence_relayed(j->origin)),
		.time_us = j->time_us,
		.entity = j->entity,
		.origin = j->origin,
		.identity = j->identity,
		.object = j->b->object->id,
		.sub = j->sub,
		.offset = j->offset,
		.users = ev->users_affected,
		.duration_s = ev->duration_s,
	};
}

static void place(struct worker *wk, const struct job *j, const struct indicator *in,
		  uint32_t threat, uint32_t by, enum hit_class c)
{
	const struct event *ev = &wk->event;
	struct observation o = observe(wk, j, in, threat, by, c);

	wk->placed = true;
	if (threat && c != CLASS_NONE)
		heavy_add(&wk->heavy, threat);
	o.summarise = heavy(wk, threat);
	if (share_full(&wk->e->share, j->source->id)) {
		counter_add(&wk->ledger.over_share, 1);
		return;
	}
	if (threat == 0 || by == 0) {
		counter_add(&wk->ledger.unplaced, 1);
		return;
	}
	placing_hit(wk, j->source->id, &o);
	if (ev->reports)
		place_reports(wk, o);
}

/* True when there was a threat to place the notification under. */
static bool place_named(struct worker *wk, const struct job *j, bool *test)
{
	static const struct indicator none = {.severity = SEVERITY_MEDIUM};
	uint32_t threat = named_threat(wk);

	if (!threat)
		return false;
	enum hit_class c = j->source->exercise
				   ? CLASS_TEST
				   : event_class(&wk->event, NULL, &wk->e->config->home);
	*test |= c == CLASS_TEST;
	place(wk, j, &none, threat, wk->rules->notification_by, c);
	return true;
}

/* The ruleset, or what has arrived since and lies over it, and what of it was found. */
struct part {
	const struct ruleset *rules; /* NULL: nothing lies over it */
	const struct match_result *found;
};

#define PARTS 2

static struct part part_of(const struct worker *wk, int i)
{
	return i == 0 ? (struct part){wk->rules, &wk->result}
		      : (struct part){wk->generation->more, &wk->more};
}

static void write_hit(struct worker *wk, const struct job *j, struct span value, uint32_t by,
		      uint32_t threat, uint8_t severity, enum hit_class c)
{
	struct hit_json line = {
		.by = names_by_get(wk->e->names, by),
		.value = value.p,
		.value_len = value.len,
		.hit_class = (uint8_t)c,
		.source = j->source->name,
		.position = j->b->object->position,
		.offset = j->offset,
		.sub = j->sub,
		.time_us = wk->event.has_time ? wk->event.time_us : j->item->time_us,
		.state = j->state,
		.threat = names_threat_get(wk->e->names, threat)->id,
		.entity = j->entity,
		.severity = severity,
	};
	hit_json(&wk->hits, &line);
	text_char(&wk->hits, '\n');
}

/* A benign list's verdict is evidence too: it tells why a widely seen value did
 * not raise. */
static void place_suppressed(struct worker *wk, const struct job *j, const struct part *p)
{
	const struct ruleset *r = p->rules, *lists = wk->rules;

	for (uint32_t i = 0; i < p->found->suppressions; i++) {
		const struct suppressed *s = &p->found->suppressed[i];
		const struct indicator at = indicator_at(&r->set, s->indicator), *in = &at;
		place(wk, j, in, ruleset_threat(r, in->threat),
		      lists->benign_by[lists->set.benigns[s->benign].list], CLASS_NONE);
	}
	counter_add(&wk->ledger.suppressed, p->found->suppressions);
}

static enum reason settle(struct worker *wk, struct job *j)
{
	enum reason why = settle_state(wk, j);

	if (why == REASON_OK)
		why = settle_time(wk, j);
	if (why == REASON_OK)
		settle_entity(wk, j);
	return why;
}

/* One of the observations that a pattern takes: no hit yet, and never one by itself. */
static bool note(struct worker *wk, const struct job *j, const struct ruleset *r,
		 const struct hit *h, enum hit_class c)
{
	const struct indicator in = indicator_at(&r->set, h->indicator);

	if (!h->observations)
		return false;
	uint32_t threat = ruleset_threat(r, in.threat), by = ruleset_by(r, h->indicator);
	struct observation o = observe(wk, j, &in, threat, by, c);
	if (threat && by)
		sequence_note(wk, r, h, &o);
	else
		counter_add(&wk->ledger.unplaced, 1);
	wk->placed = true;
	return true;
}

/* The hits of a settled record; how many there are beside observations for later. */
static uint32_t place_hits(struct worker *wk, struct job *j, const struct part *p, enum reason why,
			   bool *test)
{
	const struct ruleset *r = p->rules;
	uint32_t hits = 0;

	for (uint32_t i = 0; i < p->found->hits; i++) {
		const struct hit *h = &p->found->hit[i];
		const struct indicator in = indicator_at(&r->set, h->indicator);
		enum hit_class c = class_of(wk, j, h);
		if (h->observations && (why != REASON_OK || note(wk, j, r, h, c)))
			continue;
		*test |= c == CLASS_TEST;
		hits++;
		if (why == REASON_OK)
			place(wk, j, &in, ruleset_threat(r, in.threat), ruleset_by(r, h->indicator),
			      c);
		if (wk->e->hits.fd >= 0)
			write_hit(wk, j, h->value, ruleset_by(r, h->indicator),
				  ruleset_threat(r, in.threat), in.severity, c);
	}
	return hits;
}

/* What the record says of itself stands over what the rule says. */
static enum hit_class class_of_rule(const struct worker *wk, const struct job *j,
				    const struct sigma_rule *rule)
{
	if (j->source->exercise || wk->event.test)
		return CLASS_TEST;
	return (enum hit_class)(wk->event.stated_class != CLASS_NONE ? wk->event.stated_class
								     : rule->hit_class);
}

/* What the record shows of the correlations that its rule has a part in. */
static void feed_correlations(struct worker *wk, const struct job *j, uint32_t rule)
{
	const struct ruleset_sigma *r = wk->rules->sigma;
	const struct sigma_correlations *chain = &r->set.chain;

	if (chain->count == 0)
		return;
	for (uint32_t i = chain->first[rule]; i < chain->first[rule + 1]; i++) {
		const struct sigma_feed *f = &chain->feeds[i];
		const struct sigma_rule *meta = &chain->list[f->correlation].meta;
		const struct indicator as = {.severity = meta->severity, .tlp = meta->tlp};
		struct observation o =
			observe(wk, j, &as, r->chain_threat[f->correlation],
				r->chain_by[f->correlation], class_of_rule(wk, j, meta));
		correlating_note(wk, f, &o);
		wk->placed = true;
	}
}

/* The same of Sigma rules; those that are only parts of correlations are no hits. */
static uint32_t place_rules(struct worker *wk, struct job *j, enum reason why, bool *test)
{
	const struct ruleset_sigma *r = wk->rules->sigma;
	uint32_t hits = 0;

	for (uint32_t i = 0; i < wk->fired.hits; i++) {
		const struct sigma_hit *h = &wk->fired.hit[i];
		const struct sigma_rule *rule = &r->set.rules[h->rule];
		const struct indicator as = {.severity = rule->severity, .tlp = rule->tlp};
		enum hit_class c = class_of_rule(wk, j, rule);
		if (why == REASON_OK)
			feed_correlations(wk, j, h->rule);
		if (rule->referred)
			continue;
		*test |= c == CLASS_TEST;
		hits++;
		if (why == REASON_OK)
			place(wk, j, &as, r->threat[h->rule], r->by[h->rule], c);
		if (wk->e->hits.fd >= 0)
			write_hit(wk, j, h->value, r->by[h->rule], r->threat[h->rule],
				  rule->severity, c);
	}
	return hits;
}

/* What a verified record comes to. */
static void conclude(struct worker *wk, struct job *j)
{
	const struct part part[PARTS] = {part_of(wk, 0), part_of(wk, 1)};
	uint32_t found = part[0].found->hits + part[1].found->hits, hits = 0;
	uint32_t suppressions = part[0].found->suppressions + part[1].found->suppressions;
	bool test = false;

	found += wk->fired.hits;
	counter_add(&wk->ledger.hit_overflow,
		    part[0].found->overflow + part[1].found->overflow + wk->fired.overflow);
	counter_add(&wk->ledger.field_overflow, wk->event.overflow);
	counter_add(&wk->ledger.undecided, part[0].found->undecided + part[1].found->undecided);
	if (found == 0 && suppressions == 0 && !named_by_itself(&wk->event)) {
		counter_add(&wk->ledger.clean, 1);
		return;
	}
	enum reason why = settle(wk, j);
	bool named = false;
	if (why == REASON_OK) {
		named_settle_capacity(wk, j->source, j->state);
		for (int i = 0; i < PARTS; i++)
			place_suppressed(wk, j, &part[i]);
		named = place_named(wk, j, &test);
	} else {
		named = named_by_itself(&wk->event);
	}
	for (int i = 0; i < PARTS; i++)
		hits += place_hits(wk, j, &part[i], why, &test);
	hits += place_rules(wk, j, why, &test);
	/* observations for later are no hits, but what cannot be placed is refused all the same */
	if (hits == 0 && !named && (why == REASON_OK || found == 0)) {
		counter_add(&wk->ledger.clean, 1);
		return;
	}
	counter_add(&wk->ledger.hits, hits);
	if (why == REASON_OK && test)
		why = REASON_EXERCISE;
	if (why == REASON_OK)
		counter_add(&wk->ledger.hit, 1);
	else
		refuse(wk, why);
}

static void verify(struct worker *wk, struct job *j)
{
	if (wk->view)
		match_note(wk->view, &wk->event);
	match_verify(wk->rules->matcher, wk->scratch, &wk->event, &wk->result);
	match_verify_more(wk->rules->matcher, wk->scratch, &wk->event, &wk->more);
	conclude(wk, j);
}

static enum format format_of(const struct job *j)
{
	return (enum format)(j->b->object->format ? j->b->object->format : j->source->format);
}

/* Records of this batch are contiguous: many are scanned at once. */
static void look_ahead(struct worker *wk, const struct job *j, const char *p)
{
	const char *end = wk->view ? wk->run_end : (const char *)j->b->bytes + j->b->used;
	size_t left = (size_t)(end - p), len = left < LOOK_AHEAD ? left : LOOK_AHEAD;

	wk->looked_from = p;
	wk->looked = match_block(wk->rules->matcher, wk->scratch, format_of(j), p, len);
}

/* The end of the line at p, which then lies in the block, if it fits into one. */
static const char *line_end(struct worker *wk, const struct job *j, const char *p, const char *end)
{
	if (p >= wk->looked)
		look_ahead(wk, j, p);
	const char *stop = match_line(wk->rules->matcher, wk->scratch, p, end);
	if (stop <= wk->looked || p == wk->looked_from)
		return stop;
	look_ahead(wk, j, p);
	return match_line(wk->rules->matcher, wk->scratch, p, end);
}

/* A notification is decoded whatever the scan finds: what it reports may stand by itself. */
static bool is_notification(enum format format, const char *p, uint32_t len)
{
	static const char begin[] = "{\"notification\":";

	return format == FORMAT_NOTIFICATION || (format == FORMAT_AUTO && len >= sizeof(begin) &&
						 memcmp(p, begin, sizeof(begin) - 1) == 0);
}

/* Sigma rules on the record as it is: none needs it decoded. */
static bool fires(struct worker *wk, const struct job *j, enum format format)
{
	const struct ruleset_sigma *r = wk->rules->sigma;
	const char *header = j->b->object->header;

	wk->fired.hits = wk->fired.overflow = 0;
	if (!wk->sigma)
		return false;
	uint32_t stated =
		j->source->id < r->stated_count ? r->stated[j->source->id] : SIGMA_NO_ROUTE;
	struct sigma_record rec = {format, NULL, NULL, j->p, j->len};
	rec.sets = match_sets(wk->scratch, j->p, j->len, &rec.text);
	if (!sigma_plan_scan(r->plan, wk->sigma_plan, stated, &rec) ||
	    !sigma_read(r->matcher, wk->sigma, stated, format, header, j->p, j->len))
		return false;
	sigma_plan_keep(r->plan, wk->sigma_plan, wk->sigma);
	sigma_match(r->matcher, wk->sigma, &wk->fired);
	counter_add(&wk->ledger.undecided, wk->fired.gave_up);
	return wk->fired.hits > 0;
}

static void text_record(struct worker *wk, struct job *j)
{
	const struct object *o = j->b->object;
	enum format format = format_of(j);

	counter_add(&wk->ledger.records, 1);
	counter_add(&wk->ledger.bytes, j->len + 1u);
	if (!fires(wk, j, format) && !is_notification(format, j->p, j->len) &&
	    !match_scan(wk->rules->matcher, wk->scratch, format, j->p, j->len)) {
		counter_add(&wk->ledger.clean, 1);
		return;
	}
	enum reason why = decode_text(&wk->decoder, format, j->source->map, o->header, j->p, j->len,
				      &wk->event);
	if (why != REASON_OK)
		refuse(wk, why);
	else
		verify(wk, j);
}

static bool blank(const char *p, size_t len)
{
	while (len && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	return len == 0;
}

/* Event time moves on clean records too: the last of an item stands for all. */
static void advance_watermark(struct worker *wk, const struct job *j)
{
	int64_t t;

	if (decode_time(format_of(j), j->p, j->len, &t) && t <= latest_time(wk->e, j->source, t))
		high_mark_raise(&wk->e->watermark[j->source->id], t);
}

/* An item of lines: a megabyte of a file, or one message of one or more. */
static void text_item(struct worker *wk, struct job *j)
{
	const bool message = j->b->kind == BATCH_MESSAGES;
	const char *start = (const char *)j->b->bytes + j->item->start;
	const char *p = start, *end = start + j->item->len;
	const bool tsv = j->b->object->format == FORMAT_ZEEK_TSV;
	bool any = false;

	j->sub = 0;
	while (p < end) {
		const char *stop = line_end(wk, j, p, end);
		size_t len = (size_t)(stop - p);
		if (len && p[len - 1] == '\r')
			len--;
		if (!blank(p, len) && !(tsv && *p == '#')) {
			j->p = p;
			j->len = (uint32_t)len;
			j->offset = j->item->offset + (message ? 0 : (uint64_t)(p - start));
			text_record(wk, j);
			any = true;
		}
		j->sub += message;
		p = stop + 1;
	}
	if (any)
		advance_watermark(wk, j);
}

static void packet_record(struct worker *wk, struct job *j)
{
	const struct batch_item *it = j->item;

	j->p = (const char *)j->b->bytes + it->start;
	j->len = it->len;
	j->offset = it->offset;
	j->sub = 0;
	wk->fired.hits = wk->fired.overflow = 0;
	counter_add(&wk->ledger.records, 1);
	counter_add(&wk->ledger.bytes, j->len);
	enum reason why = decode_packet(&wk->decoder, it->link_type, (const uint8_t *)j->p, it->len,
					it->wire_len, it->time_us, &wk->event);
	if (why != REASON_OK)
		refuse(wk, why);
	else
		verify(wk, j);
}

/* Lines of a message whose source nobody registered. */
static void unknown_source(struct worker *wk, const struct batch *b, const struct batch_item *it)
{
	counter_add(&wk->ledger.records, 1);
	counter_add(&wk->ledger.bytes, it->len);
	refuse(wk, REASON_UNKNOWN_SOURCE);
	(void)b;
}

/* Whose records were read since from; a batch is of few sources, mostly of one. */
static uint64_t attribute(struct worker *wk, const struct source *s, uint64_t from)
{
	uint64_t records = counter_get(&wk->ledger.records);

	if (s)
		counter_add(&wk->records_of[s->id], records - from);
	return records;
}

static const struct source *source_of(const struct batch *b, uint32_t i)
{
	return b->item[i].source ? b->item[i].source : b->object->source;
}

/* What is noted from item i on is of this source, to the end of its run. */
static void note_for(struct worker *wk, const struct batch *b, uint32_t i, const struct source *s)
{
	if (!wk->view || !s)
		return;
	while (i + 1 < b->items && source_of(b, i + 1) == s)
		i++;
	wk->view->salt = retro_salt(wk->e->retro, s->id);
	wk->run_end = (const char *)b->bytes +
		      (i + 1 < b->items ? b->item[i + 1].start : b->used);
}

static void one_batch(struct worker *wk, const struct batch *b)
{
	const struct source *run = NULL;
	uint64_t from = counter_get(&wk->ledger.records);

	wk->looked = wk->looked_from = NULL;
	for (uint32_t i = 0; i < b->items; i++) {
		struct job j = {.b = b, .item = &b->item[i]};
		j.source = source_of(b, i);
		if (j.source != run) {
			from = attribute(wk, run, from);
			run = j.source;
			note_for(wk, b, i, run);
		}
		if (!j.source)
			unknown_source(wk, b, j.item);
		else if (b->kind == BATCH_PACKETS)
			packet_record(wk, &j);
		else
			text_item(wk, &j);
	}
	attribute(wk, run, from);
	placing_flush(wk);
	match_block(wk->rules->matcher, wk->scratch, FORMAT_AUTO, NULL, 0);
}

/* The scratch is the ruleset's, so that a new one costs this thread no memory. */
static void enter(struct worker *wk)
{
	uint32_t number = (uint32_t)(wk - wk->e->workers);

	wk->generation = generation_get(&wk->e->rules);
	assert(wk->generation);
	wk->rules = wk->generation->base;
	assert(number < wk->rules->scratch_count);
	wk->scratch = wk->rules->scratch[number];
	wk->sigma = wk->rules->sigma->matcher ? wk->rules->sigma->scratch[number] : NULL;
	wk->sigma_plan = wk->sigma ? &wk->rules->sigma->plan_scratch[number] : NULL;
	match_want_sets(wk->scratch, wk->sigma != NULL);
	match_overlay_use(wk->scratch, wk->rules->matcher, wk->generation->over, number);
	if (!wk->view)
		return;
	wk->view->minute = (uint32_t)(clock_wall_us() / TIMESTAMP_SECOND / 60);
	match_watch(wk->scratch, wk->view);
}

static void leave(struct worker *wk)
{
	match_watch(wk->scratch, NULL);
	match_overlay_use(wk->scratch, wk->rules->matcher, NULL, 0);
	generation_put(&wk->e->rules, wk->generation);
}

/* What is to be worked on next; NULL: nothing will come any more. */
static struct batch *next_batch(struct engine *e)
{
	struct batch *b;

	if (!e->intake)
		return queue_pop(&e->work);
	while ((b = intake_fill(e->intake))) {
		engine_count_refused(e, b);
		if (b->items)
			return b;
		batch_put(&e->pool, b);
	}
	return NULL;
}

void worker_run(struct worker *wk)
{
	struct engine *e = wk->e;

	for (struct batch *b; (b = next_batch(e));) {
		enter(wk);
		one_batch(wk, b);
		leave(wk);
		if (wk->placed) {
			heavy_watch_show(&wk->watch, &wk->heavy);
			bell_ring(&e->bell);
		}
		wk->placed = false;
		if (wk->hits.len)
			hits_append(&e->hits, &wk->hits);
		batch_put(&e->pool, b);
	}
}
