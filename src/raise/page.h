/*
 * page - lines of a terminal: labels on the left, words wrapped beside them.
 *
 * Names come from feeds: whatever is in them, no control character reaches the
 * screen and no line is longer than PAGE_COLUMNS.
 *
 * Thread   any.
 * Order    none.
 * Owns     line, its scratch; out is the caller's.
 * Memory   heap, for the scratch.
 * Limit    none.
 */
#ifndef TOCSIN_RAISE_PAGE_H
#define TOCSIN_RAISE_PAGE_H

#include "base/text.h"

#define PAGE_COLUMNS 100
#define PAGE_LABEL   11 /* columns that a label takes, with the space after it */

#define PAGE_BOLD   "\033[1m"
#define PAGE_DIM    "\033[2m"
#define PAGE_RED    "\033[1;31m"
#define PAGE_YELLOW "\033[1;33m"
#define PAGE_RESET  "\033[0m"

struct page {
	struct text *out;
	bool colour;
	struct text line; /* scratch: the words of one paragraph */
};

void page_style(const struct page *pg, const char *code); /* nothing without colour */
void page_spaces(struct text *out, size_t n);
/* Appends s, cut to this many columns; returns the columns taken. */
size_t page_cut(struct text *out, const char *s, size_t columns);
size_t page_columns(const char *p, const char *end);
/* The scratch words after a label, wrapped; "" as label continues the one above. */
void page_paragraph(struct page *pg, const char *label, size_t hang);
void page_rule(const struct page *pg); /* a line across */

#endif
