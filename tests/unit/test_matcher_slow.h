/*
 * test_matcher_slow - the hits of an event, one condition after the other, from the contract
 * of match.h and indicator.h alone.
 */
#ifndef TOCSIN_TESTS_TEST_MATCHER_SLOW_H
#define TOCSIN_TESTS_TEST_MATCHER_SLOW_H

#include <jansson.h>
#include <regex.h>
#include <strings.h>

#include "base/text.h"
#include "decode/event.h"
#include "match/atom.h"
#include "match/indicator.h"

static char low(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same(const char *a, const char *b, size_t n, bool caseless)
{
	for (size_t i = 0; i < n; i++)
		if (caseless ? low(a[i]) != low(b[i]) : a[i] != b[i])
			return false;
	return true;
}

/* Which beginnings of the value a glob's beginning matches, character by character. */
static bool glob(const char *g, const char *ge, const char *p, const char *end, bool caseless)
{
	static bool at[2][65536];
	size_t n = (size_t)(end - p);
	bool *now = at[0], *next = at[1];

	if (n >= sizeof(at[0]))
		abort();
	memset(now, 0, n + 1);
	for (now[0] = true; g < ge; g++) {
		char sign = *g;
		if (sign == '\\' && g + 1 < ge)
			g++;
		memset(next, 0, n + 1);
		for (size_t i = 0; i <= n; i++) {
			if (sign == '*')
				next[i] = now[i] || (i > 0 && next[i - 1]);
			else if (sign != '?')
				next[i] = i > 0 && now[i - 1] && same(g, p + i - 1, 1, caseless);
		}
		for (size_t i = 0, k; sign == '?' && i < n; i++) {
			for (k = i + 1; k < n && (p[k] & 0xc0) == 0x80; k++)
				;
			next[k] |= now[i];
		}
		bool *t = now;
		now = next;
		next = t;
	}
	return now[n];
}

/* strndup() looks for the end of what has none. */
static char *copy_of(const char *p, size_t len)
{
	char *s = malloc(len + 1);

	if (!s)
		abort();
	memcpy(s, p, len);
	s[len] = '\0';
	return s;
}

static bool pattern_holds(const struct indicator_set *s, const struct condition *c, struct span v)
{
	const char *t = s->text + c->text;
	bool caseless = c->hs_flags & HS_FLAG_CASELESS;

	if (c->pattern_kind == PATTERN_WILDCARD)
		return glob(t, t + c->text_len, v.p, v.p + v.len, caseless);
	if (c->pattern_kind == PATTERN_SUBSTRING) {
		for (uint32_t i = 0; i + c->text_len <= v.len; i++)
			if (same(t, v.p + i, c->text_len, caseless))
				return true;
		return false;
	}
	regex_t re;
	char *pattern = copy_of(t, c->text_len), *value = copy_of(v.p, v.len);
	bool hit =
		regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB | (caseless ? REG_ICASE : 0)) == 0;
	if (!hit)
		abort();
	/* '.' matches no line end, as Hyperscan reads it */
	hit = regexec(&re, value, 0, NULL, 0) == 0;
	regfree(&re);
	free(pattern);
	free(value);
	return hit;
}

/* The name or one of its parents is the atom. */
static bool under(struct span v, const char *atom, size_t atom_len)
{
	char name[256];

	if (v.len && v.p[v.len - 1] == '.')
		v.len--;
	for (uint32_t i = 0; i < v.len; i++) {
		if (i > 0 && v.p[i - 1] != '.' &&
		    !(i >= 3 && memcmp(v.p + i - 3, "\xe3\x80\x82", 3) == 0))
			continue;
		size_t n = atom_domain_normalise(v.p + i, v.len - i, name, sizeof(name));
		if (n == atom_len && memcmp(name, atom, n) == 0)
			return true;
	}
	return false;
}

static struct span host_of(struct span url, char buf[ATOM_URL_MAX])
{
	size_t n = atom_url_normalise(url.p, url.len, buf, ATOM_URL_MAX);
	struct span h = n ? atom_url_host(buf, n) : (struct span){"", 0};

	if (h.len > 2 && h.p[0] == '[')
		h = (struct span){h.p + 1, h.len - 2};
	return h;
}

static bool address_of(const struct observable *o, struct address *a)
{
	char buf[ATOM_URL_MAX];

	*a = o->addr;
	if (o->type == OBSERVABLE_URL) {
		struct span h = host_of(o->value, buf);
		return address_parse(h.p, h.len, a);
	}
	return o->type == OBSERVABLE_IP;
}

static bool condition_holds(const struct indicator_set *s, const struct condition *c,
			    const struct observable *o)
{
	const char *t = s->text + c->text;
	char buf[ATOM_URL_MAX];
	struct address a;
	size_t n;

	switch (c->kind) {
	case CONDITION_IP:
		return address_of(o, &a) && address_equal(&a, &c->network.base);
	case CONDITION_NETWORK:
		return address_of(o, &a) && network_contains(&c->network, &a);
	case CONDITION_DOMAIN:
		if (o->type == OBSERVABLE_URL) {
			struct span h = host_of(o->value, buf);
			return !address_parse(h.p, h.len, &a) && under(h, t, c->text_len);
		}
		return o->type == OBSERVABLE_DOMAIN && under(o->value, t, c->text_len);
	case CONDITION_URL:
		if (o->type != OBSERVABLE_URL)
			return false;
		n = atom_url_normalise(o->value.p, o->value.len, buf, sizeof(buf));
		return n == c->text_len && memcmp(buf, t, n) == 0;
	case CONDITION_HASH:
	case CONDITION_EMAIL:
		if (o->type != (c->kind == CONDITION_HASH ? OBSERVABLE_HASH : OBSERVABLE_EMAIL))
			return false;
		n = c->kind == CONDITION_HASH
			    ? atom_hash_normalise(o->value.p, o->value.len, buf, sizeof(buf))
			    : atom_email_normalise(o->value.p, o->value.len, buf, sizeof(buf));
		return n == c->text_len && memcmp(buf, t, n) == 0;
	case CONDITION_VALUE:
		return o->type == c->type && o->value.len == c->text_len &&
		       same(t, o->value.p, c->text_len, true);
	case CONDITION_PATTERN:
		return o->type == c->type && pattern_holds(s, c, o->value);
	default:
		return false;
	}
}

static bool valid(const struct indicator *ind, const struct event *e)
{
	return !e->has_time || (ind->valid_from <= e->time_us && e->time_us < ind->valid_until);
}

static bool ports_hold(const struct indicator_set *s, const struct indicator *ind, uint32_t clause,
		       const struct event *e, const struct observable *o)
{
	for (uint32_t i = 0; i < ind->conditions; i++) {
		const struct condition *c = &s->conditions[ind->first_condition + i];
		if (c->kind != CONDITION_PORT || c->clause != clause)
			continue;
		if (o && o->port ? o->port != c->port
				 : e->client_port != c->port && e->server_port != c->port)
			return false;
	}
	return true;
}

/* On this observable (NULL: the raw bytes), with the ports of its clause. */
static bool part_holds(const struct indicator_set *s, const struct indicator *ind,
		       const struct condition *c, const struct event *e, const struct observable *o)
{
	bool address = c->kind == CONDITION_IP || c->kind == CONDITION_NETWORK;

	if (o ? !condition_holds(s, c, o)
	      : !(c->kind == CONDITION_PATTERN && c->type == OBSERVABLE_NONE &&
		  pattern_holds(s, c, e->raw)))
		return false;
	return ports_hold(s, ind, c->clause, e, address ? o : NULL);
}

static bool anywhere(const struct indicator_set *s, const struct indicator *ind,
		     const struct condition *c, const struct event *e)
{
	for (uint32_t i = 0; i < e->observables; i++)
		if (part_holds(s, ind, c, e, &e->observable[i]))
			return true;
	return part_holds(s, ind, c, e, NULL);
}

static bool alone(const struct indicator_set *s, const struct indicator *ind, uint32_t cond)
{
	for (uint32_t i = ind->first_condition; i < ind->first_condition + ind->conditions; i++)
		if (i != cond && s->conditions[i].clause == s->conditions[cond].clause)
			return false;
	return true;
}

/* Whether another valid network, alone in its clause, is longer around this address. */
static bool overshadowed(const struct indicator_set *s, const struct event *e,
			 const struct condition *c, const struct observable *o)
{
	struct address a;

	if (!address_of(o, &a))
		return false;
	for (uint32_t i = 0; i < s->count; i++)
		for (uint32_t k = 0; k < s->indicators[i].conditions; k++) {
			uint32_t n = s->indicators[i].first_condition + k;
			const struct condition *d = &s->conditions[n];
			if (d->kind == CONDITION_NETWORK && d->network.prefix > c->network.prefix &&
			    valid(&s->indicators[i], e) && alone(s, &s->indicators[i], n) &&
			    network_contains(&d->network, &a))
				return true;
		}
	return false;
}

static bool is_hit(const struct indicator_set *s, const struct indicator *ind, uint32_t cond,
		   const struct event *e, const struct observable *o)
{
	const struct condition *c = &s->conditions[cond];

	if (c->kind == CONDITION_PORT || !valid(ind, e) || !part_holds(s, ind, c, e, o))
		return false;
	if (c->kind == CONDITION_NETWORK && alone(s, ind, cond) && overshadowed(s, e, c, o))
		return false;
	for (uint32_t i = ind->first_condition; i < ind->first_condition + ind->conditions; i++) {
		const struct condition *d = &s->conditions[i];
		if (i == cond || d->clause != c->clause || d->kind == CONDITION_PORT)
			continue;
		if (i < cond || !anywhere(s, ind, d, e))
			return false;
	}
	return true;
}

/* A line for each hit; of raw patterns only the indicator, for the value is a choice. */
static void put_hit(struct text *t, uint32_t indicator, const struct observable *o, struct span v)
{
	text_printf(t, "%u ", indicator);
	if (o)
		text_json(t, v.p, v.len);
	text_char(t, '\n');
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, each line once. */
static void sort_lines(struct text *t)
{
	char *lines[4096], *all = t->p ? strdup(t->p) : strdup(""), *save = NULL;
	size_t n = 0;

	for (char *l = strtok_r(all, "\n", &save); l && n < 4096; l = strtok_r(NULL, "\n", &save))
		lines[n++] = l;
	qsort(lines, n, sizeof(*lines), by_line);
	text_reset(t);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(lines[i], lines[i - 1]))
			text_printf(t, "%s\n", lines[i]);
	text_char(t, '.');
	free(all);
}

static void slow(const struct indicator_set *s, const struct event *e, struct text *out)
{
	text_reset(out);
	for (uint32_t i = 0; i < s->count; i++) {
		const struct indicator *ind = &s->indicators[i];
		for (uint32_t k = 0; k < ind->conditions; k++) {
			uint32_t cond = ind->first_condition + k;
			for (uint32_t o = 0; o < e->observables; o++)
				if (is_hit(s, ind, cond, e, &e->observable[o]))
					put_hit(out, i, &e->observable[o], e->observable[o].value);
			if (is_hit(s, ind, cond, e, NULL))
				put_hit(out, i, NULL, e->raw);
		}
	}
	sort_lines(out);
}

/* Every string of the record as every kind of observable there is. */
UNUSED static void every_string(const json_t *v, struct event *e)
{
	const char *key;
	json_t *child;
	size_t i;

	json_object_foreach((json_t *)v, key, child) every_string(child, e);
	json_array_foreach(v, i, child) every_string(child, e);
	if (!json_is_string(v))
		return;
	const char *s = json_string_value(v);
	size_t n = json_string_length(v);
	for (int t = OBSERVABLE_IP; t < OBSERVABLE_TYPES; t++)
		event_observe(e, (enum observable_type)t, s, n);
}

#endif
