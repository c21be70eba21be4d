/* A cover's fragments: few, and one in every literal; and what scan finds behind one. */
#include "match/match.h"
#include "match/matcher.h"
#include "match/pattern_cover.h"
#include "tap.h"
#include "test_matcher_set.h"

static uint64_t seed = 20261122;

static uint32_t below(uint32_t n)
{
	return random_below(&seed, n);
}

static void add(struct pattern_list *l, const char *text)
{
	if (pattern_list_add(l, text, strlen(text), 0, l->count))
		abort();
}

static void random_text(char *out, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		out[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"[below(64)];
	out[len] = '\0';
}

/* Literals of so many families: a common part at any place in a text of their own. */
static void draw(struct pattern_list *l, uint32_t families, uint32_t literals)
{
	char family[200][16], text[64], front[16];

	for (uint32_t i = 0; i < families; i++)
		random_text(family[i], 5 + below(6));
	for (uint32_t i = 0; i < literals; i++) {
		const char *common = family[i % families];
		random_text(front, below(4));
		size_t n = (size_t)sprintf(text, "%s%s", front, common);
		random_text(text + n, 4 + below(8));
		char *c = &text[below((uint32_t)n)];
		if (*c >= 'a' && *c <= 'z')
			*c -= 32; /* another case here and there */
		add(l, text);
	}
}

static bool holds(const struct pattern_list *l, unsigned literal, const struct pattern_list *cover)
{
	for (unsigned i = 0; i < cover->count; i++)
		for (size_t at = 0; at + cover->lens[i] <= l->lens[literal]; at++)
			if (strncasecmp(l->texts[literal] + at, cover->texts[i], cover->lens[i]) == 0)
				return true;
	return false;
}

static void test_cover(uint32_t families, uint32_t literals, bool want)
{
	struct pattern_list l = {0}, cover = {0};
	bool all = true;

	draw(&l, families, literals);
	tap_ok(pattern_cover(&l, &cover) == 0, "%u families of %u literals are tried", families,
	       literals);
	for (unsigned i = 0; i < l.count && cover.count; i++)
		all = all && holds(&l, i, &cover);
	tap_ok(cover.count <= PATTERN_COVER_MAX && (cover.count > 0) == want && all,
	       "%s cover: %u fragments", want ? "a" : "no", cover.count);
	pattern_list_fini(&l);
	pattern_list_fini(&cover);
}

/* Lines in blocks, most clean, some with a fragment or a whole literal. */
static void test_scan(uint32_t share)
{
	static char text[1 << 18];
	struct indicator_set set = {0};
	struct matcher *m;
	struct match_scratch *sc;
	struct pattern_list l = {0};
	uint32_t lines = 0, maybe = 0, planted = 0, wrong = 0;
	size_t len = 0;

	draw(&l, 20, 400);
	for (unsigned i = 0; i < l.count; i++)
		set_pattern(&set, PATTERN_SUBSTRING, OBSERVABLE_PATH, l.texts[i], 0);
	if (matcher_compile(&m, &set, NULL) || match_scratch_init(&sc, m))
		abort();
	tap_ok(m->patterns.cover != NULL, "the set has a cover");
	while (len < sizeof(text) - 1000) {
		const char *literal = l.texts[below(l.count)];
		bool plant = below(share) == 0;
		planted += plant;
		len += (size_t)sprintf(text + len, "{\"url\":\"/%u/%.*s/%u\"}\n", below(100000),
				       plant ? 99 : (int)below(12), literal, below(100000));
	}
	const char *block = text, *end = text + len;
	for (const char *p = text; p < end; lines++) {
		if (p >= block)
			block = match_block(m, sc, FORMAT_EVE, p,
					    (size_t)(end - p) < 9000 ? (size_t)(end - p) : 9000);
		const char *stop = match_line(m, sc, p, end);
		bool ahead = match_scan(m, sc, FORMAT_EVE, p, (size_t)(stop - p));
		struct match_ahead kept = sc->ahead;
		sc->ahead.start = sc->ahead.end = NULL;
		wrong += match_scan(m, sc, FORMAT_EVE, p, (size_t)(stop - p)) != ahead;
		sc->ahead = kept;
		maybe += ahead;
		p = stop + 1;
	}
	match_block(m, sc, FORMAT_EVE, NULL, 0);
	tap_ok(wrong == 0 && maybe >= planted && planted > 0,
	       "1 line in %u: %u of %u lines may match, as they do one by one (%u do not)", share, maybe,
	       lines, wrong);
	match_scratch_free(sc);
	matcher_free(m);
	pattern_list_fini(&l);
	set_fini(&set);
}

int main(void)
{
	test_cover(1, 1000, true);
	test_cover(30, 1000, true);
	test_cover(50, 5000, true);
	test_cover(200, 1000, false);
	test_cover(10, PATTERN_COVER_LEAST - 1, false);
	test_scan(2000);
	test_scan(50);
	test_scan(2);
	return tap_done();
}
