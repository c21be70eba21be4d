/* What RFC 3629 calls UTF-8, and nothing else: every code point, every lead byte. */
#include "base/utf8.h"

#include "tap.h"

static const struct {
	const char *bytes, *name;
	size_t len;
} broken[] = {
	{"\x80", "a tail alone", 1},
	{"\xbf", "the last tail alone", 1},
	{"\xc0\x80", "overlong NUL in two", 2},
	{"\xc1\xbf", "overlong 7F in two", 2},
	{"\xe0\x80\x80", "overlong NUL in three", 3},
	{"\xe0\x9f\xbf", "overlong 7FF in three", 3},
	{"\xf0\x80\x80\x80", "overlong NUL in four", 4},
	{"\xf0\x8f\xbf\xbf", "overlong FFFF in four", 4},
	{"\xed\xa0\x80", "the first surrogate", 3},
	{"\xed\xbf\xbf", "the last surrogate", 3},
	{"\xf4\x90\x80\x80", "beyond 10FFFF", 4},
	{"\xf5\x80\x80\x80", "lead byte F5", 4},
	{"\xfe", "FE", 1},
	{"\xff", "FF", 1},
	{"\xc3", "two cut after one", 1},
	{"\xe2\x82", "three cut after two", 2},
	{"\xf0\x9f\x92", "four cut after three", 3},
	{"\xc3\x28", "two with an ASCII tail", 2},
	{"\xe2\x28\xa1", "three with a bad second", 3},
	{"\xe2\x82\x28", "three with a bad third", 3},
	{"\xf0\x9f\x92\xff", "four with a bad fourth", 4},
	{"\xf8\x88\x80\x80\x80", "five bytes", 5},
};

/* The definition itself, from RFC 3629 section 4, written as ranges of bytes. */
static size_t by_table(const uint8_t *p, size_t len)
{
	static const struct {
		uint8_t lead[2], second[2];
		size_t n;
	} rows[] = {{{0x00, 0x7f}, {0, 0}, 1},	    {{0xc2, 0xdf}, {0x80, 0xbf}, 2},
		    {{0xe0, 0xe0}, {0xa0, 0xbf}, 3}, {{0xe1, 0xec}, {0x80, 0xbf}, 3},
		    {{0xed, 0xed}, {0x80, 0x9f}, 3}, {{0xee, 0xef}, {0x80, 0xbf}, 3},
		    {{0xf0, 0xf0}, {0x90, 0xbf}, 4}, {{0xf1, 0xf3}, {0x80, 0xbf}, 4},
		    {{0xf4, 0xf4}, {0x80, 0x8f}, 4}};

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		if (len == 0 || p[0] < rows[r].lead[0] || p[0] > rows[r].lead[1])
			continue;
		if (rows[r].n > len ||
		    (rows[r].n > 1 && (p[1] < rows[r].second[0] || p[1] > rows[r].second[1])))
			return 0;
		for (size_t i = 2; i < rows[r].n; i++)
			if (p[i] < 0x80 || p[i] > 0xbf)
				return 0;
		return rows[r].n;
	}
	return 0;
}

static void every_pair(void)
{
	static const uint8_t tails[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
	int differ = 0;

	for (unsigned lead = 0; lead < 256; lead++)
		for (unsigned second = 0; second < 256; second++)
			for (size_t i = 0; i < 36; i++)
				for (size_t len = 0; len <= 4; len++) {
					uint8_t p[4] = {(uint8_t)lead, (uint8_t)second, tails[i / 6],
							tails[i % 6]};
					differ += utf8_sequence(p, len) != by_table(p, len);
				}
	tap_int(differ, 0, "every first two bytes, whole and cut, are what RFC 3629's table says");
}

static void every_code_point(void)
{
	int wrong = 0;

	for (uint32_t cp = 0; cp < 0x110100; cp++) {
		uint8_t out[4];
		size_t n = utf8_put(cp, out);
		bool none = (cp >= 0xd800 && cp <= 0xdfff) || cp > 0x10ffff;
		size_t want = none ? 0 : cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
		wrong += n != want || (n && utf8_sequence(out, n) != n);
	}
	tap_int(wrong, 0, "every code point is written in its length and read again");
	uint8_t out[4];
	tap_int((long long)utf8_put(UINT32_MAX, out), 0, "and what is none is not");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		char text[64];
		bool found = !utf8_valid((const uint8_t *)broken[i].bytes, broken[i].len);
		/* behind 0 to 16 bytes of ASCII: the eight-byte stride must not step over it */
		for (size_t at = 0; at < 17; at++) {
			memset(text, 'a', sizeof(text));
			memcpy(text + at, broken[i].bytes, broken[i].len);
			found &= !utf8_valid((const uint8_t *)text, at + broken[i].len);
			if (broken[i].len != 5)
				found &= utf8_sequence((const uint8_t *)text + at, broken[i].len) == 0;
		}
		tap_ok(found, "broken: %s", broken[i].name);
	}
	every_pair();
	every_code_point();
	static const char good[] = "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"
				   "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
	tap_ok(utf8_valid((const uint8_t *)good, sizeof(good)), "the borders of every length, with a NUL");
	tap_ok(utf8_valid(NULL, 0), "nothing is well-formed");
	return tap_done();
}
