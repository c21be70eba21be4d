/* A record taken in: its values under their places, its shape, its log sources. */
#include <string.h>

#include "decode/decode.h"
#include "decode/zeek_tsv.h"
#include "match/sigma/sigma_bind.h"
#include "match/sigma/sigma_fold.h"
#include "match/sigma/sigma_line.h"
#include "match/sigma/sigma_read.h"

struct reading {
	const struct sigma_matcher *m;
	struct sigma_scratch *sc;
	uint32_t key; /* of the last scalar: elements of an array share it */
	uint32_t place[2 + SIGMA_WILD_MAX];
	uint32_t places;
};

static void hang(struct reading *r, uint32_t place, struct span text, uint8_t kind)
{
	struct sigma_scratch *sc = r->sc;

	if (sc->value_count == SIGMA_RECORD_VALUES_MAX) {
		sc->overflow++;
		return;
	}
	uint32_t n = ++sc->value_count;
	sc->value[n - 1] = (struct sigma_field_value){.text = text, .kind = kind};
	if (place == SIGMA_NO_ROUTE)
		return;
	if (sc->place_stamp[place] != sc->stamp) {
		sc->place_stamp[place] = sc->stamp;
		sc->head[place] = n;
	} else {
		sc->value[sc->tail[place] - 1].next = n;
	}
	sc->tail[place] = n;
}

static void add_place(struct reading *r, uint32_t place)
{
	if (place != SIGMA_NO_ROUTE)
		r->place[r->places++] = place;
}

/* Containers that the path lies in, where a rule asks whether they are there. */
static void mark_parents(struct reading *r, struct span path)
{
	const char *p = path.p, *end = path.p + path.len;

	for (const char *dot; (dot = memchr(p, '.', (size_t)(end - p))); p = dot + 1) {
		uint32_t place = sigma_place_find(r->m, path.p, (size_t)(dot - path.p));
		if (place != SIGMA_NO_ROUTE && r->m->place[place].parent)
			r->sc->parent_stamp[place] = r->sc->stamp;
	}
}

/* "Event.UserData.X.y" is found as "Event.UserData.*.y" too. */
static void find_wild(struct reading *r, struct span path)
{
	char text[JSON_PATH_MAX + 2];

	for (uint32_t i = 0; i < r->m->wild_count; i++) {
		struct span w = r->m->wild[i];
		if (path.len <= w.len || memcmp(path.p, w.p, w.len) != 0)
			continue;
		const char *dot = memchr(path.p + w.len, '.', path.len - w.len);
		if (!dot)
			continue;
		uint32_t rest = path.len - (uint32_t)(dot - path.p);
		memcpy(text, w.p, w.len);
		text[w.len] = '*';
		memcpy(text + w.len + 1, dot, rest);
		add_place(r, sigma_place_find(r->m, text, w.len + 1 + rest));
	}
}

static void find_places(struct reading *r, struct span path)
{
	char text[JSON_PATH_MAX];

	r->places = 0;
	if (path.len > JSON_PATH_MAX)
		return;
	if (memchr(path.p, ' ', path.len)) {
		uint32_t n = 0;
		for (uint32_t i = 0; i < path.len; i++)
			if (path.p[i] != ' ')
				text[n++] = path.p[i];
		path = (struct span){text, n};
	}
	add_place(r, sigma_place_find(r->m, path.p, path.len));
	if (r->m->wild_count)
		find_wild(r, path);
	if (r->m->parents)
		mark_parents(r, path);
}

static void add_value(struct reading *r, struct span text, uint8_t kind)
{
	for (uint32_t i = 0; i < r->places; i++)
		hang(r, r->place[i], text, kind);
	if (r->places == 0 && r->m->keywords)
		hang(r, SIGMA_NO_ROUTE, text, kind);
}

static void visit_json(void *ctx, const struct json_scalar *s)
{
	struct reading *r = ctx;

	if (s->key != r->key) {
		r->key = s->key;
		find_places(r, s->path);
	}
	add_value(r, s->value, (uint8_t)s->kind);
}

static void visit_pair(void *ctx, struct span name, struct span value)
{
	struct reading *r = ctx;

	find_places(r, name);
	add_value(r, value, JSON_KIND_STRING);
}

static struct reading begin(const struct sigma_matcher *m, struct sigma_scratch *sc)
{
	if (++sc->stamp == 0) { /* after 2^32 records: none of the old stamps may fit */
		memset(sc->place_stamp, 0, (m->place_count + 1) * sizeof(*sc->place_stamp));
		memset(sc->parent_stamp, 0, (m->place_count + 1) * sizeof(*sc->parent_stamp));
		memset(sc->slot_stamp, 0, (m->slots + 1) * sizeof(*sc->slot_stamp));
		sc->stamp = 1;
	}
	sc->value_count = sc->overflow = 0;
	sc->text_used = 0;
	sc->shape = m->shapes - 1;
	arena_reset(&sc->arena);
	return (struct reading){.m = m, .sc = sc};
}

struct span sigma_folded(struct sigma_scratch *sc, struct sigma_field_value *v)
{
	if (v->folded.p)
		return v->folded;
	if (sc->text_size - sc->text_used < SIGMA_FOLD_ROOM((size_t)v->text.len)) {
		sc->overflow++;
		return v->folded = (struct span){"", 0};
	}
	char *out = sc->text + sc->text_used;
	v->folded = (struct span){out, (uint32_t)sigma_fold(v->text.p, v->text.len, out)};
	sc->text_used += v->folded.len;
	return v->folded;
}

uint32_t sigma_slot(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t slot,
		    bool *there)
{
	size_t at = (size_t)sc->shape * m->slots + slot;

	*there = false;
	if (sc->slot_stamp[slot] != sc->stamp) {
		sc->slot_stamp[slot] = sc->stamp;
		sc->slot_place[slot] = SIGMA_NO_ROUTE;
		for (uint32_t i = m->first[at]; i < m->first[at + 1]; i++) {
			uint32_t place = m->order[i];
			if (sc->place_stamp[place] == sc->stamp) {
				sc->slot_place[slot] = place;
				break;
			}
			/* a container has no value, but it is there */
			if (sc->parent_stamp[place] == sc->stamp)
				sc->slot_place[slot] = place;
		}
	}
	uint32_t place = sc->slot_place[slot];
	if (place == SIGMA_NO_ROUTE)
		return 0;
	*there = true;
	return sc->place_stamp[place] == sc->stamp ? sc->head[place] : 0;
}

/* Whether one of these values is one of the test's. */
static bool fits(struct sigma_scratch *sc, const struct sigma_bound_test *t, uint32_t first)
{
	if (t->count == 0)
		return first != 0;
	for (uint32_t n = first; n; n = sc->value[n - 1].next) {
		if (sc->value[n - 1].kind == JSON_KIND_NULL)
			continue;
		struct span text = sigma_folded(sc, &sc->value[n - 1]);
		for (uint32_t i = 0; i < t->count; i++)
			if (sigma_span_equal(text, t->values[i]))
				return true;
	}
	return false;
}

static bool slot_fits(const struct sigma_matcher *m, struct sigma_scratch *sc,
		      const struct sigma_bound_test *t)
{
	bool there;

	return fits(sc, t, sigma_slot(m, sc, t->at, &there));
}

static bool tells(struct sigma_scratch *sc, const struct sigma_bound_tests *tests)
{
	for (uint32_t i = 0; i < tests->count; i++) {
		const struct sigma_bound_test *t = &tests->list[i];
		if (sc->place_stamp[t->at] != sc->stamp || !fits(sc, t, sc->head[t->at]))
			return false;
	}
	return true;
}

/* The shape that tells most; where none does, fields go by their own names. */
static void find_shape(const struct sigma_matcher *m, struct sigma_scratch *sc)
{
	uint32_t most = 0;

	for (uint32_t h = 0; h + 1 < m->shapes; h++)
		if (m->tells[h].count > most && tells(sc, &m->tells[h])) {
			most = m->tells[h].count;
			sc->shape = h;
		}
}

static bool holds(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t route)
{
	for (uint32_t i = 0; i < m->when[route].count; i++)
		if (!slot_fits(m, sc, &m->when[route].list[i]))
			return false;
	for (uint32_t i = 0; i < m->unless[route].count; i++)
		if (slot_fits(m, sc, &m->unless[route].list[i]))
			return false;
	return true;
}

static void take_rules(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t route)
{
	for (uint32_t i = 0; i < m->words; i++)
		sc->rules[i] |= m->rules[(size_t)route * m->words + i];
}

/* True when some rule is about the record. */
static bool find_routes(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated)
{
	const struct sigma_maps *maps = m->maps;
	uint64_t any = 0;

	find_shape(m, sc);
	memset(sc->rules, 0, m->words * sizeof(*sc->rules));
	if (sc->shape + 1 < m->shapes)
		for (uint32_t r = 0; r < maps->route_count; r++)
			if (maps->route[r].map == maps->shape[sc->shape].map && holds(m, sc, r))
				take_rules(m, sc, r);
	if (stated != SIGMA_NO_ROUTE)
		take_rules(m, sc, (maps ? maps->route_count : 0) + stated);
	for (uint32_t i = 0; i < m->words; i++)
		any |= sc->rules[i];
	return any != 0;
}

bool sigma_read_json(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated,
		     const char *p, size_t len)
{
	struct reading r = begin(m, sc);

	return len <= DECODE_BYTES_MAX &&
	       json_walk(&sc->arena, p, len, visit_json, &r) == REASON_OK &&
	       find_routes(m, sc, stated);
}

bool sigma_read_tsv(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated,
		    const char *header, const char *p, size_t len)
{
	struct reading r = begin(m, sc);

	return len <= DECODE_BYTES_MAX &&
	       zeek_tsv_read(&sc->arena, header, p, len, visit_pair, &r) &&
	       find_routes(m, sc, stated);
}

bool sigma_read_line(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated,
		     const char *p, size_t len)
{
	struct reading r = begin(m, sc);

	if (len > DECODE_BYTES_MAX)
		return false;
	sigma_line_read(&sc->arena, p, len, visit_pair, &r);
	return find_routes(m, sc, stated);
}

bool sigma_read(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated,
		enum format format, const char *header, const char *p, size_t len)
{
	const char *end = p + len;

	while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	const char *first = p;
	while (first < end && (*first == ' ' || *first == '\t'))
		first++;
	if (first == end || format == FORMAT_PACKET)
		return false;
	if (format != FORMAT_LINES && format != FORMAT_ZEEK_TSV && *first == '{')
		return sigma_read_json(m, sc, stated, first, (size_t)(end - first));
	if (format == FORMAT_ZEEK_TSV || (format == FORMAT_AUTO && header))
		return header && *p != '#' &&
		       sigma_read_tsv(m, sc, stated, header, p, (size_t)(end - p));
	if (format != FORMAT_LINES && format != FORMAT_AUTO)
		return false;
	return sigma_read_line(m, sc, stated, p, (size_t)(end - p));
}
