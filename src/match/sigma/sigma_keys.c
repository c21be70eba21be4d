#include "match/sigma/sigma_keys.h"

#include <string.h>
#include <strings.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline uint64_t eight(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Of the last bytes, the first and the length. */
static inline uint16_t hash(const char *p, size_t len)
{
	uint64_t last = eight(p + len - 8), first = (uint8_t)p[0];

	return (uint16_t)(((last ^ first << 3 ^ len << 17) * UINT64_C(0x9e3779b97f4a7c15)) >> 54);
}

/* Eight bytes can be read at p. */
static inline uint16_t slot_of(const char *p, size_t len)
{
	if (len >= 8)
		return hash(p, len);
	uint64_t w = eight(p) & ((UINT64_C(1) << (8 * len)) - 1);
	return (uint16_t)((w * UINT64_C(0x9e3779b97f4a7c15)) >> 54);
}

static inline uint16_t tail_of(const char *end)
{
	return (uint16_t)(((uint8_t)end[-2] | (uint32_t)(uint8_t)end[-1] << 8) * 40503u >> 6 &
			  1023);
}

/* Most keys are none of the names by their last two bytes; a blank may stand there. */
static inline bool may_be_name(const struct sigma_keys *k, const char *end)
{
	uint16_t t = tail_of(end);

	return (k->tails[t / 64] >> (t % 64) & 1) | (end[-1] == ' ') | (end[-2] == ' ');
}

bool sigma_keys_add(struct sigma_keys *k, struct span name, unsigned bit)
{
	for (uint32_t i = 0; i < k->count; i++)
		if (k->bit[i] == bit && k->name[i].len == name.len &&
		    memcmp(k->name[i].p, name.p, name.len) == 0)
			return true;
	if (k->count == SIGMA_KEY_NAMES_MAX || bit >= SIGMA_KEY_BITS || name.len < 2 ||
	    name.len > SIGMA_KEY_BYTES || name.p[name.len - 1] == ':')
		return false;
	char text[SIGMA_KEY_BYTES + 1] = "";
	memcpy(text, name.p, name.len);
	uint16_t i = slot_of(text, name.len);
	while (k->slot[i])
		i = (i + 1) & 1023;
	uint16_t tail = tail_of(name.p + name.len);
	k->tails[tail / 64] |= UINT64_C(1) << (tail % 64);
	k->name[k->count] = name;
	k->bit[k->count] = (uint8_t)bit;
	k->slot[i] = (uint16_t)++k->count;
	return true;
}

static inline uint64_t look_up(const struct sigma_keys *k, const char *p, size_t len)
{
	uint64_t found = 0;

	if (len - 1 >= SIGMA_KEY_BYTES)
		return 0;
	for (uint16_t i = slot_of(p, len); k->slot[i]; i = (i + 1) & 1023) {
		const struct span *name = &k->name[k->slot[i] - 1];
		if (name->len == len && memcmp(name->p, p, len) == 0)
			found |= UINT64_C(1) << k->bit[k->slot[i] - 1];
	}
	return found;
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* A short string of ASCII without escapes, on to its closing quote. */
static bool take_string(const char *p, const char *end, struct span *out)
{
	size_t left = (size_t)(end - p), most = SIGMA_CHANNEL_MAX + 2;
	size_t room = left < most ? left : most;
	const char *close = room && *p == '"' ? memchr(p + 1, '"', room - 1) : NULL;

	if (!close)
		return false;
	for (const char *c = p; c < close; c++)
		if (*c == '\\' || (signed char)*c < 0)
			return false;
	*out = (struct span){p + 1, (uint32_t)(close - p - 1)};
	return true;
}

static bool take_channel(struct sigma_seen *seen, const char *p, const char *end)
{
	struct span channel;

	if (!take_string(p, end, &channel))
		return false;
	if (seen->has_channel)
		return channel.len == seen->channel.len &&
		       memcmp(channel.p, seen->channel.p, channel.len) == 0;
	seen->channel = channel;
	return seen->has_channel = true;
}

/* Whether the value is one that is looked for, or could be. What is looked for is plain, so
 * that a record without odd escapes writes it in one way. */
static bool is_other(const struct sigma_keys *k, const char *p, const char *end)
{
	if (k->any_other || (p < end && *p == '['))
		return true;
	for (uint32_t i = 0; i < k->other_count; i++) {
		uint32_t len = k->other[i].len;
		if (end - p > len + 1 && p[0] == '"' && p[len + 1] == '"' &&
		    strncasecmp(k->other[i].p, p + 1, len) == 0)
			return true;
	}
	return false;
}

/* Digits, perhaps between quotes; a number that is written otherwise is not taken. */
static bool take_event(struct sigma_seen *seen, const char *p, const char *end)
{
	bool quoted = p < end && *p == '"';
	const char *first = p += quoted;
	uint32_t event = 0;

	for (; p < end && *p >= '0' && *p <= '9' && p - first < 9; p++)
		event = event * 10 + (uint32_t)(*p - '0');
	bool number = p > first && (p == first + 1 || *first != '0');
	bool ends = p < end && (quoted ? *p == '"' : memchr(",} \t\r\n", *p, 6) != NULL);
	if (!number || !ends || (seen->has_event && seen->event != event))
		return false;
	seen->event = event;
	return seen->has_event = true;
}

/* One past the quote before the one at place at; from: there is none. */
static inline size_t opening(const uint64_t *quote, size_t from, size_t at)
{
	size_t w = at / 64;
	uint64_t q = quote[w] & ((UINT64_C(1) << (at % 64)) - 1);

	while (!q && w * 64 > from)
		q = quote[--w];
	size_t open = q ? w * 64 + 63 - (unsigned)__builtin_clzll(q) : from;
	return open < from ? from : open + 1;
}

/* Blanks in keys count for nothing (sigma_map.h). 64 bytes behind the text are readable. */
static inline bool has_blank(const char *p, size_t len)
{
#if defined(__SSE2__)
	if (len <= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		int blanks = _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')));
		return blanks & ((1 << len) - 1);
	}
#endif
	return memchr(p, ' ', len) != NULL;
}

struct sigma_seen sigma_keys_find(const struct sigma_keys *k, const struct scan_state *st,
				  const char *text, size_t from, size_t to)
{
	const uint64_t *quote = scan_set(st, SCAN_QUOTE), *colon = scan_set(st, SCAN_COLON);
	struct sigma_seen seen = {0};

	for (size_t w = from / 64; w * 64 < to; w++) {
		uint64_t ends = quote[w] & (colon[w] >> 1 | colon[w + 1] << 63);
		for (; ends; ends &= ends - 1) {
			size_t close = w * 64 + (unsigned)__builtin_ctzll(ends);
			if (close < from + 2 || close + 2 > to || !may_be_name(k, text + close))
				continue;
			size_t open = opening(quote, from, close);
			size_t len = close - open;
			uint64_t found = look_up(k, text + open, len);
			seen.blank |= has_blank(text + open, len);
			if (!found)
				continue;
			seen.keys |= found;
			const char *value = skip_space(text + close + 2, text + to);
			if (found & k->channels)
				seen.unplain |= !take_channel(&seen, value, text + to);
			if (found & k->events)
				seen.unplain |= !take_event(&seen, value, text + to);
			if (found & k->others)
				seen.other |= is_other(k, value, text + to);
		}
	}
	return seen;
}
