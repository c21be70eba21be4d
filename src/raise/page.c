#include "raise/page.h"

#include <string.h>

#include "base/utf8.h"

void page_style(const struct page *pg, const char *code)
{
	if (pg->colour)
		text_str(pg->out, code);
}

void page_spaces(struct text *out, size_t n)
{
	while (n-- > 0)
		text_char(out, ' ');
}

/* One character that a terminal prints and does not obey; *p moves past it. Names
 * come from feeds, and an escape sequence in one must not reach the screen. */
static void glyph(struct text *out, const char **p, const char *end)
{
	const uint8_t *s = (const uint8_t *)*p;
	size_t n = s[0] < 0x80 ? 1 : utf8_sequence(s, (size_t)(end - *p));
	bool control = n == 1 ? s[0] < 0x20 || s[0] == 0x7f : s[0] == 0xc2 && s[1] < 0xa0;

	if (n == 0 || control)
		text_char(out, '?');
	else
		text_bytes(out, *p, n);
	*p += n ? n : 1;
}

size_t page_cut(struct text *out, const char *s, size_t columns)
{
	const char *end = s + strlen(s);
	size_t taken = 0;

	for (; s < end && taken < columns; taken++) {
		if (taken + 1 == columns && end - s > 1) {
			text_str(out, "\xe2\x80\xa6"); /* an ellipsis: there was more */
			return taken + 1;
		}
		glyph(out, &s, end);
	}
	return taken;
}

size_t page_columns(const char *p, const char *end)
{
	size_t n = 0;

	for (; p < end; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

static void new_line(const struct page *pg, size_t indent)
{
	text_char(pg->out, '\n');
	page_spaces(pg->out, indent);
}

/* One word at column *at, broken only when it is longer than a line. */
static void word(const struct page *pg, const char *p, const char *end, size_t indent, size_t *at)
{
	while (p < end) {
		if (*at == PAGE_COLUMNS) {
			new_line(pg, indent);
			*at = indent;
		}
		glyph(pg->out, &p, end);
		++*at;
	}
}

void page_paragraph(struct page *pg, const char *label, size_t hang)
{
	const char *p = pg->line.p ? pg->line.p : "", *all = p + pg->line.len;
	size_t at = PAGE_LABEL, indent = PAGE_LABEL + hang;

	page_style(pg, label[0] ? PAGE_DIM : "");
	text_printf(pg->out, " %s", label);
	page_style(pg, label[0] ? PAGE_RESET : "");
	size_t gap = PAGE_LABEL - 1 - strlen(label);
	while (p < all) {
		const char *end = p + strcspn(p, " ");
		if (at + page_columns(p, end) > PAGE_COLUMNS && at > indent) {
			new_line(pg, indent);
			at = indent;
		} else {
			page_spaces(pg->out, gap);
		}
		word(pg, p, end, indent, &at);
		/* printed only when a word follows on the line */
		gap = strspn(end, " ");
		at += gap;
		p = end + gap;
	}
	text_char(pg->out, '\n');
	text_reset(&pg->line);
}

void page_rule(const struct page *pg)
{
	page_style(pg, PAGE_DIM);
	for (int i = 0; i < PAGE_COLUMNS; i++)
		text_str(pg->out, "\xe2\x94\x80"); /* box drawings light horizontal */
	page_style(pg, PAGE_RESET);
	text_char(pg->out, '\n');
}
