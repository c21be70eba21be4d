/* Greedy set cover: the fragment that most literals hold, again and again. */
#include "match/pattern_cover.h"

#include <errno.h>
#include <hs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/pattern_literal.h"

#define SHORTEST 3
#define LONGEST	 8

/* What stands in telemetry of any kind: finding it tells nothing. */
static const char common[] =
	"http:// https:// www. .com .net .org index.html .php? .asp .jsp .json .xml .exe .dll .js .css "
	"timestamp event_type src_ip dest_ip src_port dest_port proto flow_id in_iface hostname "
	"http_user_agent http_content_type http_method content-type user-agent application/ text/html "
	"image/ mozilla/5.0 windows nt applewebkit chrome safari linux payload download upload login "
	"admin user update query answers version status length bytes_to packets source destination "
	"process command system32 microsoft program files c:\\windows\\ powershell.exe cmd.exe value= "
	"name= &id= ?id= true false null 2024- 2025- 2026- 2027- 2028- 2029- 0000 1111 ffff +0000 ";

struct gram {
	uint64_t bytes; /* the first in the lowest byte */
	uint32_t literal;
	uint32_t len;
};

struct search {
	struct gram *gram; /* sorted: those of one fragment are neighbours */
	size_t grams;
	uint8_t *covered; /* by literal */
	uint32_t left;
};

static uint64_t fold(const char *p, uint32_t len)
{
	uint64_t w = 0;

	for (uint32_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)p[i];
		w |= (uint64_t)(c >= 'A' && c <= 'Z' ? c + 32 : c) << (8 * i);
	}
	return w;
}

static bool is_common(uint64_t bytes, uint32_t len)
{
	return memmem(common, sizeof(common) - 1, &bytes, len) != NULL;
}

static int by_bytes(const void *a, const void *b)
{
	const struct gram *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return x->literal < y->literal ? -1 : x->literal > y->literal;
}

static int cut_up(struct search *s, const struct pattern_list *l)
{
	size_t room = 0;

	for (unsigned i = 0; i < l->count; i++)
		room += l->lens[i] * (LONGEST - SHORTEST + 1);
	s->gram = malloc((room + 1) * sizeof(*s->gram));
	s->covered = calloc(l->count + 1, 1);
	if (!s->gram || !s->covered)
		return -ENOMEM;
	for (unsigned i = 0; i < l->count; i++)
		for (uint32_t len = SHORTEST; len <= LONGEST; len++)
			for (size_t at = 0; at + len <= l->lens[i]; at++) {
				uint64_t bytes = fold(l->texts[i] + at, len);
				if (!is_common(bytes, len))
					s->gram[s->grams++] = (struct gram){bytes, i, len};
			}
	qsort(s->gram, s->grams, sizeof(*s->gram), by_bytes);
	s->left = l->count;
	return 0;
}

/* The literals that the fragment at from would add; *end is the next fragment's first. */
static uint32_t worth(const struct search *s, size_t from, size_t *end)
{
	uint32_t count = 0, last = UINT32_MAX;
	size_t i = from;

	for (; i < s->grams && s->gram[i].bytes == s->gram[from].bytes &&
	       s->gram[i].len == s->gram[from].len;
	     i++) {
		count += s->gram[i].literal != last && !s->covered[s->gram[i].literal];
		last = s->gram[i].literal;
	}
	*end = i;
	return count;
}

/* Of fragments that add much, a long one is found by chance less often. */
static size_t best(const struct search *s, uint32_t *most)
{
	size_t at = s->grams;
	uint32_t high = 0;

	*most = 0;
	for (size_t i = 0, end; i < s->grams; i = end) {
		uint32_t count = worth(s, i, &end), score = count * (s->gram[i].len - 1);
		if (score > high) {
			high = score;
			at = i;
		}
		*most = count > *most ? count : *most;
	}
	return at;
}

static int take(struct search *s, size_t from, struct pattern_list *cover)
{
	const struct gram *g = &s->gram[from];
	char text[LONGEST];

	for (uint32_t i = 0; i < g->len; i++)
		text[i] = (char)(g->bytes >> (8 * i));
	for (size_t i = from; i < s->grams && s->gram[i].bytes == g->bytes && s->gram[i].len == g->len;
	     i++) {
		s->left -= !s->covered[s->gram[i].literal];
		s->covered[s->gram[i].literal] = 1;
	}
	return pattern_list_add(cover, text, g->len, HS_FLAG_CASELESS, cover->count);
}

int pattern_cover(const struct pattern_list *literals, struct pattern_list *cover)
{
	struct search s = {0};
	uint32_t most;

	if (literals->count < PATTERN_COVER_LEAST || literals->count > PATTERN_COVER_MOST)
		return 0;
	int err = cut_up(&s, literals);
	while (!err && s.left > 0) {
		size_t at = best(&s, &most);
		/* even that many each time would not be enough */
		if ((uint64_t)most * (PATTERN_COVER_MAX - cover->count) < s.left)
			break;
		err = take(&s, at, cover);
	}
	if (err || s.left > 0)
		pattern_list_fini(cover);
	cover->literal = true;
	free(s.gram);
	free(s.covered);
	return err;
}
