/*
 * The hot loop: a batch's records are split, scanned, and only those that may
 * hit something are decoded, verified and joined into evidence.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/timestamp.h"
#include "engine/job.h"

/* Bytes scanned at once: a quarter of it costs 20 ns a record more, more gains nothing. */
#define LOOK_AHEAD 65536

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

static void verify(struct worker *wk, struct job *j)
{
	if (wk->view)
		match_note(wk->view, &wk->event);
	match_verify(wk->rules->matcher, wk->scratch, &wk->event, &wk->result);
	match_verify_more(wk->rules->matcher, wk->scratch, &wk->event, &wk->more);
	job_conclude(wk, j);
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
		job_refuse(wk, why);
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

	if (decode_time(format_of(j), j->p, j->len, &t) && t <= job_latest_time(wk->e, j->source, t))
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
		job_refuse(wk, why);
	else
		verify(wk, j);
}

/* Lines of a message whose source nobody registered. */
static void unknown_source(struct worker *wk, const struct batch *b, const struct batch_item *it)
{
	counter_add(&wk->ledger.records, 1);
	counter_add(&wk->ledger.bytes, it->len);
	job_refuse(wk, REASON_UNKNOWN_SOURCE);
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
