#include "match/atom_punycode.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* RFC 3492 section 5 */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 0x80 };

struct out {
	char *p;
	size_t len;
	bool full;
};

static void put(struct out *o, char c)
{
	if (o->len == ATOM_LABEL_MAX)
		o->full = true;
	else
		o->p[o->len++] = c;
}

static char digit(uint32_t d)
{
	assert(d < BASE);
	return (char)(d < 26 ? 'a' + d : '0' + d - 26);
}

/* Letters that lie 32 apart from their lower case, or beside it (even/odd pairs). */
uint32_t atom_lower(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
	if ((cp >= 0xc0 && cp <= 0xde && cp != 0xd7) || (cp >= 0x391 && cp <= 0x3a9) ||
	    (cp >= 0x410 && cp <= 0x42f))
		return cp + 32;
	if (cp >= 0x400 && cp <= 0x40f)
		return cp + 80;
	if (cp >= 0x531 && cp <= 0x556)
		return cp + 48;
	if (cp == 0x386)
		return 0x3ac;
	if (cp >= 0x388 && cp <= 0x38a)
		return cp + 37;
	if (cp == 0x38c)
		return 0x3cc;
	if (cp == 0x38e || cp == 0x38f)
		return cp + 63;
	if (cp == 0x178)
		return 0xff;
	if ((cp >= 0x139 && cp <= 0x148) || (cp >= 0x179 && cp <= 0x17e))
		return cp + (cp & 1);
	if ((cp >= 0x100 && cp <= 0x137 && cp != 0x130 && cp != 0x131) ||
	    (cp >= 0x14a && cp <= 0x177) || (cp >= 0x218 && cp <= 0x21b) ||
	    (cp >= 0x460 && cp <= 0x481) || (cp >= 0x48a && cp <= 0x4bf) ||
	    (cp >= 0x4d0 && cp <= 0x52f) || (cp >= 0x1e00 && cp <= 0x1e95) ||
	    (cp >= 0x1ea0 && cp <= 0x1eff))
		return cp | 1;
	return cp;
}

/* One well-formed UTF-8 sequence; the caller's bytes were checked to be complete. */
static size_t decode(const uint8_t *p, size_t len, uint32_t *cp)
{
	static const uint8_t mask[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (n == 0 || n > len || p[0] > 0xf4)
		return 0;
	*cp = p[0] & mask[n];
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	return n;
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static void put_variable(struct out *o, uint32_t q, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
		if (q < t)
			break;
		put(o, digit(t + (q - t) % (BASE - t)));
		q = (q - t) / (BASE - t);
	}
	put(o, digit(q));
}

static uint32_t next_point(const uint32_t *cp, size_t count, uint32_t least)
{
	uint32_t m = UINT32_MAX;

	for (size_t i = 0; i < count; i++)
		if (cp[i] >= least && cp[i] < m)
			m = cp[i];
	return m;
}

/* RFC 3492 section 6.3. At most 63 points below 0x110000: 32 bits cannot overflow. */
static void encode(struct out *o, const uint32_t *cp, size_t count)
{
	uint32_t n = FIRST, delta = 0, bias = BIAS, done = 0, basic = 0;

	for (size_t i = 0; i < count; i++)
		if (cp[i] < FIRST) {
			put(o, (char)cp[i]);
			basic++;
		}
	done = basic;
	if (basic)
		put(o, '-');
	while (done < count && !o->full) {
		uint32_t m = next_point(cp, count, n);
		delta += (m - n) * (done + 1);
		n = m;
		for (size_t i = 0; i < count; i++) {
			if (cp[i] < n)
				delta++;
			if (cp[i] != n)
				continue;
			put_variable(o, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		n++;
	}
}

size_t atom_punycode_label(const uint8_t *p, size_t len, char out[ATOM_LABEL_MAX])
{
	uint32_t cp[ATOM_LABEL_MAX];
	size_t count = 0;
	struct out o = {out, 0, false};

	for (size_t i = 0; i < len;) {
		if (count == ATOM_LABEL_MAX)
			return 0;
		size_t n = decode(p + i, len - i, &cp[count]);
		if (n == 0)
			return 0;
		cp[count] = atom_lower(cp[count]);
		count++;
		i += n;
	}
	memcpy(out, "xn--", 4);
	o.len = 4;
	encode(&o, cp, count);
	return o.full ? 0 : o.len;
}
