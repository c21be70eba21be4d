/* One observed value against one comparison. */
#include <string.h>
#include <strings.h>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "match/stix_program_priv.h"

enum order { BEFORE = -1, SAME, BEHIND, APART };

static enum order order_bytes(struct span a, struct span b)
{
	uint32_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	if (d == 0)
		d = (a.len > b.len) - (a.len < b.len);
	return d < 0 ? BEFORE : d > 0 ? BEHIND : SAME;
}

static bool ends(struct span key, const char *tail)
{
	size_t n = strlen(tail);

	return key.len >= n && memcmp(key.p + key.len - n, tail, n) == 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'                     ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
							: -1;
}

static bool from_hex(struct span s, char *out, struct span *bytes)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i + 1 < s.len; i += 2) {
		if (hex(s.p[i]) < 0 || hex(s.p[i + 1]) < 0)
			return false;
		out[n++] = (char)(hex(s.p[i]) << 4 | hex(s.p[i + 1]));
	}
	*bytes = (struct span){out, n};
	return s.len % 2 == 0;
}

static int sextet(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

static bool from_base64(struct span s, char *out, struct span *bytes)
{
	uint32_t n = 0, bits = 0, have = 0, len = s.len;

	while (len && s.len - len < 2 && s.p[len - 1] == '=')
		len--;
	for (uint32_t i = 0; i < len; i++) {
		int v = sextet(s.p[i]);
		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have);
		}
	}
	*bytes = (struct span){out, n};
	return s.len % 4 == 0;
}

/* A property's name says that its text stands for bytes: _hex, _bin. */
static bool stands_for_bytes(struct span key)
{
	return ends(key, "_hex") || ends(key, "_bin");
}

static bool bytes_of(struct stix_scratch *sc, const struct stix_item *v, struct span key,
		     struct span *bytes)
{
	if (v->text.len > STIX_TEXT_MAX)
		return false;
	if (ends(key, "_hex"))
		return from_hex(v->text, sc->bytes, bytes);
	if (ends(key, "_bin"))
		return from_base64(v->text, sc->bytes, bytes);
	return stix_latin(v->text, sc->bytes, bytes);
}

static enum order order_times(struct stix_scratch *sc, const struct stix_constant *c, struct span v)
{
	int64_t us = 0;
	uint32_t nanos = 0;

	if (!stix_time_valid(v.p, v.len)) {
		sc->error = true;
		return APART;
	}
	timestamp_parse(v.p, v.len, &us);
	const char *dot = memchr(v.p, '.', v.len), *end = v.p + v.len;
	for (int i = 7; dot && i <= 9; i++)
		nanos = nanos * 10 + (end - dot > i && !memchr(dot, 'Z', (size_t)i) && dot[i] != 'Z'
					      ? (uint32_t)(dot[i] - '0')
					      : 0);
	if (us != c->time_us)
		return us < c->time_us ? BEFORE : BEHIND;
	return nanos < c->nanos ? BEFORE : nanos > c->nanos ? BEHIND : SAME;
}

/* In records: addresses as networks, other values in their canonical form. */
static enum order order_canonical(struct stix_scratch *sc, uint8_t about,
				  const struct stix_ready *r, struct span v)
{
	struct network n;
	struct span to;

	if (r->is_network && (about == STIX_ABOUT_IP || about == STIX_ABOUT_HOST))
		return network_parse(v.p, v.len, &n) && n.prefix >= r->network.prefix &&
				       network_contains(&r->network, &n.base)
			       ? SAME
			       : APART;
	return order_bytes(stix_canonical(about, v, sc->url, &to) ? to : v, r->text);
}

static enum order order_text(const struct stix_program *pr, struct stix_scratch *sc,
			     const struct stix_leaf *l, const struct stix_constant *c,
			     const struct stix_ready *r, const struct stix_item *v, struct span key)
{
	struct span bytes;

	if (c->kind == STIX_TIME)
		return order_times(sc, c, v->text);
	if (c->kind == STIX_STRING && !stands_for_bytes(key))
		return pr->records ? order_canonical(sc, l->target.about, r, v->text)
				   : order_bytes(v->text, r->text);
	if (!r->is_bytes || !bytes_of(sc, v, key, &bytes))
		return APART;
	return order_bytes(bytes, r->bytes);
}

/* APART: of types that nobody compares. */
static enum order order(const struct stix_program *pr, struct stix_scratch *sc,
			const struct stix_leaf *l, uint32_t k, const struct stix_item *v,
			struct span key)
{
	const struct stix_constant *c = &pr->tree.constants[k];

	switch (v->kind) {
	case STIX_VALUE_NUMBER:
		if (c->kind != STIX_INT && c->kind != STIX_FLOAT)
			return APART;
		return v->number < c->number ? BEFORE : v->number > c->number ? BEHIND : SAME;
	case STIX_VALUE_BOOL:
		return c->kind == STIX_BOOL && c->truth == v->truth ? SAME : APART;
	case STIX_VALUE_STRING:
		return order_text(pr, sc, l, c, &pr->ready[k], v, key);
	}
	return APART;
}

/* Characters from p on; _ takes one, however many bytes that is. */
static size_t character(struct span s, uint32_t at)
{
	size_t n = utf8_sequence((const uint8_t *)s.p + at, s.len - at);

	return n ? n : 1;
}

/* % any number of characters, _ one. */
static bool like(struct span v, struct span p)
{
	uint32_t i = 0, k = 0, star = UINT32_MAX, from = 0;

	while (i < v.len) {
		if (k < p.len && p.p[k] == '%') {
			star = k++;
			from = i;
		} else if (k < p.len && p.p[k] == '_') {
			i += (uint32_t)character(v, i);
			k++;
		} else if (k < p.len && p.p[k] == v.p[i]) {
			i++;
			k++;
		} else if (star != UINT32_MAX) {
			from += (uint32_t)character(v, from);
			i = from;
			k = star + 1;
		} else {
			return false;
		}
	}
	while (k < p.len && p.p[k] == '%')
		k++;
	return k == p.len;
}

static bool matches(struct stix_scratch *sc, const pcre2_code *re, struct span v)
{
	if (!re)
		return false;
	int n = pcre2_match(re, (PCRE2_SPTR)(v.p ? v.p : ""), v.len, 0, 0, sc->match, sc->context);
	if (n < PCRE2_ERROR_PARTIAL)
		sc->gave_up++;
	return n >= 0;
}

static bool pattern(struct stix_scratch *sc, const struct stix_leaf *l, const struct stix_ready *r,
		    const struct stix_item *v, struct span key)
{
	struct span text = v->text, bytes;

	if (v->kind != STIX_VALUE_STRING)
		return false;
	if (stands_for_bytes(key)) {
		if (!r->is_bytes || !bytes_of(sc, v, key, &bytes))
			return false;
		return l->op == STIX_OP_LIKE ? like(bytes, r->bytes)
					     : matches(sc, r->byte_regex, bytes);
	}
	text = stix_nfc(text, sc->wide, STIX_TEXT_MAX);
	return l->op == STIX_OP_LIKE ? like(text, r->text) : matches(sc, r->regex, text);
}

static bool network(const struct stix_leaf *l, const struct stix_ready *r,
		    const struct stix_item *v)
{
	struct network n;

	if (v->kind != STIX_VALUE_STRING || !r->is_network ||
	    !network_parse(v->text.p, v->text.len, &n))
		return false;
	const struct network *in = l->op == STIX_OP_ISSUBSET ? &r->network : &n;
	const struct network *of = l->op == STIX_OP_ISSUBSET ? &n : &r->network;
	return of->prefix >= in->prefix && network_contains(in, &of->base);
}

static bool member(const struct stix_program *pr, struct stix_scratch *sc,
		   const struct stix_leaf *l, const struct stix_item *v, struct span key)
{
	for (uint32_t i = 0; i < l->constants; i++)
		if (order(pr, sc, l, l->first_constant + i, v, key) == SAME)
			return true;
	return false;
}

static bool operator_holds(const struct stix_program *pr, struct stix_scratch *sc,
			   const struct stix_leaf *l, const struct stix_item *v, struct span key)
{
	const struct stix_ready *r = &pr->ready[l->first_constant];
	enum order o;

	switch (l->op) {
	case STIX_OP_LIKE:
	case STIX_OP_MATCHES:
		return pattern(sc, l, r, v, key);
	case STIX_OP_ISSUBSET:
	case STIX_OP_ISSUPERSET:
		return network(l, r, v);
	case STIX_OP_IN:
		return member(pr, sc, l, v, key);
	}
	o = order(pr, sc, l, l->first_constant, v, key);
	switch (l->op) {
	case STIX_OP_EQUAL:
		return o == SAME;
	case STIX_OP_UNEQUAL:
		return o != SAME;
	case STIX_OP_LESS:
		return o == BEFORE;
	case STIX_OP_MOST:
		return o == BEFORE || o == SAME;
	case STIX_OP_MORE:
		return o == BEHIND;
	}
	return o == BEHIND || o == SAME;
}

bool stix_test(const struct stix_program *pr, struct stix_scratch *sc, const struct stix_leaf *l,
	       const struct stix_item *v, struct span key)
{
	return operator_holds(pr, sc, l, v, key) != l->negated;
}
