/* Wildcards: whether parts in a row are a text. */
#include <string.h>

#include "base/find.h"
#include "base/utf8.h"
#include "match/sigma/sigma_bind.h"

#define NOT_HERE SIZE_MAX

static bool has_prefix(struct span text, size_t at, struct span part)
{
	return text.len - at >= part.len && memcmp(text.p + at, part.p, part.len) == 0;
}

/* Bytes of the character at; a byte that begins none is one by itself. */
static size_t character(struct span text, size_t at)
{
	size_t n = utf8_sequence((const uint8_t *)text.p + at, text.len - at);

	return n ? n : 1;
}

static size_t dash(struct span text, size_t at)
{
	static const struct span dashes[] = {
		{"-", 1}, {"/", 1}, {"\xe2\x80\x93", 3}, {"\xe2\x80\x94", 3}, {"\xe2\x80\x95", 3}};

	for (size_t i = 0; i < sizeof(dashes) / sizeof(dashes[0]); i++)
		if (has_prefix(text, at, dashes[i]))
			return dashes[i].len;
	return 0;
}

/* Parts without MANY, beginning at: where they end, or NOT_HERE. */
static size_t run_at(const struct sigma_part *parts, uint32_t count, struct span text, size_t at)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t n;
		switch (parts[i].kind) {
		case SIGMA_TEXT:
			n = has_prefix(text, at, parts[i].text) ? parts[i].text.len : 0;
			break;
		case SIGMA_DASH:
			n = dash(text, at);
			break;
		default:
			n = at < text.len ? character(text, at) : 0;
		}
		if (n == 0)
			return NOT_HERE;
		at += n;
	}
	return at;
}

/* The next place from at where a run may begin: its text, or any character. */
static size_t next_start(const struct sigma_part *parts, struct span text, size_t at)
{
	if (at >= text.len)
		return NOT_HERE;
	if (parts[0].kind != SIGMA_TEXT)
		return at;
	const char *p = find_bytes(text.p + at, text.len - at, parts[0].text.p, parts[0].text.len);
	return p ? (size_t)(p - text.p) : NOT_HERE;
}

/* The first end of the run at or behind from; to_end: only one that is the text's. */
static size_t find_run(const struct sigma_part *parts, uint32_t count, struct span text,
		       size_t from, bool to_end)
{
	for (size_t at = from; (at = next_start(parts, text, at)) != NOT_HERE;) {
		size_t end = run_at(parts, count, text, at);
		if (end != NOT_HERE && (!to_end || end == text.len))
			return end;
		at += parts[0].kind == SIGMA_TEXT ? 1 : character(text, at);
	}
	return NOT_HERE;
}

/* The last run: a single text needs no search. */
static bool ends_with(const struct sigma_part *parts, uint32_t count, struct span text, size_t from)
{
	if (count == 1 && parts[0].kind == SIGMA_TEXT)
		return text.len - from >= parts[0].text.len &&
		       memcmp(text.p + text.len - parts[0].text.len, parts[0].text.p,
			      parts[0].text.len) == 0;
	return find_run(parts, count, text, from, true) != NOT_HERE;
}

static uint32_t run_len(const struct sigma_part *parts, uint32_t count)
{
	uint32_t n = 0;

	while (n < count && parts[n].kind != SIGMA_MANY)
		n++;
	return n;
}

/* Runs between MANY are taken as early as they fit: that leaves most to those behind. */
bool sigma_parts_match(const struct sigma_part *parts, uint32_t count, struct span text)
{
	uint32_t n = run_len(parts, count);
	size_t at = run_at(parts, n, text, 0);

	if (n == count)
		return at == text.len;
	while (at != NOT_HERE) {
		parts += n + 1;
		count -= n + 1;
		if (count == 0)
			return true;
		n = run_len(parts, count);
		if (n == count)
			return ends_with(parts, n, text, at);
		at = find_run(parts, n, text, at, false);
	}
	return false;
}
