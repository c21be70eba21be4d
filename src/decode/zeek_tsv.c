#include "decode/zeek_tsv.h"

#include <string.h>

#include "decode/ascii.h"

/* What the '#' lines say. */
struct header {
	char separator;
	char set_separator;
	struct span empty, unset, path, fields, types;
};

struct reader {
	struct header h;
	zeek_tsv_visit *visit;
	void *ctx;
	char *text; /* room for unescaped values */
};

/* The byte of "\xHH" at p, or -1. */
static int hex_escape(const char *p, const char *end)
{
	if (end - p < 4 || p[0] != '\\' || p[1] != 'x')
		return -1;
	int high = ascii_hex(p[2]), low = ascii_hex(p[3]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool is(struct span v, struct span w)
{
	return v.len == w.len && memcmp(v.p, w.p, v.len) == 0;
}

/* The text before the next separator; *p moves past it, to NULL after the last. */
static struct span cut(const char **p, const char *end, char separator)
{
	const char *stop = memchr(*p, separator, (size_t)(end - *p));
	struct span s = {*p, (uint32_t)((stop ? stop : end) - *p)};

	*p = stop ? stop + 1 : NULL;
	return s;
}

static void read_header_line(struct header *h, const char *p, const char *end)
{
	/* "#separator \x09" itself stands behind a space */
	static const char separator[] = "#separator ";
	size_t n = sizeof(separator) - 1;

	if ((size_t)(end - p) > n && memcmp(p, separator, n) == 0) {
		int c = hex_escape(p + n, end);
		h->separator = c >= 0 ? (char)c : p[n];
		return;
	}
	const char *rest = p;
	struct span key = cut(&rest, end, h->separator);
	struct span value = {rest ? rest : "", rest ? (uint32_t)(end - rest) : 0};
	if (is(key, (struct span){"#set_separator", 14}) && value.len)
		h->set_separator = value.p[0];
	else if (is(key, (struct span){"#empty_field", 12}))
		h->empty = value;
	else if (is(key, (struct span){"#unset_field", 12}))
		h->unset = value;
	else if (is(key, (struct span){"#path", 5}))
		h->path = value;
	else if (is(key, (struct span){"#fields", 7}))
		h->fields = value;
	else if (is(key, (struct span){"#types", 6}))
		h->types = value;
}

static void read_header(struct header *h, const char *text)
{
	const char *end = text + strlen(text);

	*h = (struct header){.separator = '\t',
			     .set_separator = ',',
			     .empty = {"(empty)", 7},
			     .unset = {"-", 1},
			     .path = {"", 0},
			     .fields = {"", 0},
			     .types = {"", 0}};
	for (const char *p = text; p;) {
		struct span line = cut(&p, end, '\n');
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		read_header_line(h, line.p, line.p + line.len);
	}
}

/* Zeek writes bytes that would confuse a reader as "\xHH". */
static struct span unescape(struct reader *r, struct span v)
{
	const char *end = v.p + v.len;

	if (!memmem(v.p, v.len, "\\x", 2))
		return v;
	struct span out = {r->text, 0};
	for (const char *p = v.p; p < end;) {
		int c = hex_escape(p, end);
		*r->text++ = c >= 0 ? (char)c : *p;
		p += c >= 0 ? 4 : 1;
	}
	out.len = (uint32_t)(r->text - out.p);
	return out;
}

static void take(struct reader *r, struct span column, struct span value)
{
	if (value.len && !is(value, r->h.unset) && !is(value, r->h.empty))
		r->visit(r->ctx, column, unescape(r, value));
}

static bool is_container(struct span type)
{
	return (type.len > 4 && memcmp(type.p, "set[", 4) == 0) ||
	       (type.len > 7 && memcmp(type.p, "vector[", 7) == 0);
}

static void take_column(struct reader *r, struct span column, struct span type, struct span value)
{
	if (!is_container(type)) {
		take(r, column, value);
		return;
	}
	for (const char *p = value.p; p;)
		take(r, column, cut(&p, value.p + value.len, r->h.set_separator));
}

bool zeek_tsv_read(struct arena *scratch, const char *header, const char *p, size_t len,
		   zeek_tsv_visit *visit, void *ctx)
{
	struct reader r = {.visit = visit, .ctx = ctx};
	const struct span none = {"", 0};

	read_header(&r.h, header);
	r.text = arena_alloc(scratch, len);
	if (!r.text || !r.h.fields.len)
		return false;
	if (r.h.path.len)
		take(&r, (struct span){"_path", 5}, r.h.path);
	const char *fields = r.h.fields.p, *fields_end = fields + r.h.fields.len;
	const char *types = r.h.types.p, *types_end = types + r.h.types.len;
	const char *end = p + len;
	for (int i = 0; i < ZEEK_TSV_COLUMNS_MAX && fields && p; i++) {
		struct span column = cut(&fields, fields_end, r.h.separator);
		struct span type = types ? cut(&types, types_end, r.h.separator) : none;
		take_column(&r, column, type, cut(&p, end, r.h.separator));
	}
	return true;
}
