/* Sigma's strings: wildcards, escapes, placeholders, dashes. */
#include <string.h>

#include "base/utf8.h"
#include "match/sigma/sigma_fold.h"
#include "match/sigma/sigma_read.h"

/* Parts while they are put together; text is cut from one copy of the raw bytes. */
struct draft {
	struct sigma_part *parts;
	uint32_t count;
	char *text;
};

static void put_char(struct draft *d, char c)
{
	struct sigma_part *last = d->count ? &d->parts[d->count - 1] : NULL;

	if (!last || last->kind != SIGMA_TEXT) {
		d->parts[d->count++] = (struct sigma_part){SIGMA_TEXT, {d->text, 0}};
		last = &d->parts[d->count - 1];
	}
	*d->text++ = c;
	last->text.len++;
}

static void put_wildcard(struct draft *d, char c)
{
	uint8_t kind = c == '*' ? SIGMA_MANY : SIGMA_ONE;

	if (kind == SIGMA_MANY && d->count && d->parts[d->count - 1].kind == SIGMA_MANY)
		return;
	d->parts[d->count++] = (struct sigma_part){kind, {"", 0}};
}

static bool is_wildcard(char c)
{
	return c == '*' || c == '?';
}

static bool begin(struct sigma_reader *rd, struct draft *d, struct span raw, uint32_t parts)
{
	d->parts = sigma_alloc(rd, parts + 1, sizeof(*d->parts));
	d->text = sigma_alloc(rd, raw.len + 1, 1);
	d->count = 0;
	return d->parts && d->text;
}

static void finish(const struct draft *d, struct sigma_value *v)
{
	v->kind = SIGMA_STRING;
	v->parts = d->parts;
	v->part_count = d->count;
}

/* A backslash frees a wildcard or a backslash behind it; before anything else it is itself. */
void sigma_string_parse(struct sigma_reader *rd, struct span raw, struct sigma_value *v)
{
	struct draft d;
	uint32_t wildcards = 0;

	for (uint32_t i = 0; i < raw.len; i++)
		wildcards += is_wildcard(raw.p[i]);
	if (!begin(rd, &d, raw, 2 * wildcards + 1))
		return;
	for (uint32_t i = 0; i < raw.len; i++) {
		const bool pair = raw.p[i] == '\\' && i + 1 < raw.len &&
				  (raw.p[i + 1] == '\\' || is_wildcard(raw.p[i + 1]));
		if (pair)
			put_char(&d, raw.p[++i]);
		else if (is_wildcard(raw.p[i]))
			put_wildcard(&d, raw.p[i]);
		else
			put_char(&d, raw.p[i]);
	}
	finish(&d, v);
}

void sigma_string_plain(struct sigma_reader *rd, struct span text, struct sigma_value *v)
{
	struct draft d;

	if (!begin(rd, &d, text, 1))
		return;
	for (uint32_t i = 0; i < text.len; i++)
		put_char(&d, text.p[i]);
	finish(&d, v);
}

void sigma_string_wrap(struct sigma_reader *rd, struct sigma_value *v, bool before, bool after)
{
	static const struct sigma_part many = {SIGMA_MANY, {"", 0}};
	uint32_t n = 0;
	struct sigma_part *parts = sigma_alloc(rd, v->part_count + 2, sizeof(*parts));

	if (!parts)
		return;
	if (before && !(v->part_count && v->parts[0].kind == SIGMA_MANY))
		parts[n++] = many;
	if (v->part_count)
		memcpy(parts + n, v->parts, v->part_count * sizeof(*parts));
	n += v->part_count;
	if (after && !(n && parts[n - 1].kind == SIGMA_MANY))
		parts[n++] = many;
	v->parts = parts;
	v->part_count = n;
}

/* Bytes of the dash at p: - / and the three long ones U+2013..U+2015; 0 where there is none. */
static uint32_t dash_len(const char *p, uint32_t left)
{
	if (*p == '-' || *p == '/')
		return 1;
	return left >= 3 && memcmp(p, "\xe2\x80", 2) == 0 && (uint8_t)p[2] >= 0x93 &&
			       (uint8_t)p[2] <= 0x95
		       ? 3
		       : 0;
}

static void split_at_dashes(struct draft *d, struct span text)
{
	for (uint32_t i = 0; i < text.len;) {
		uint32_t n = dash_len(text.p + i, text.len - i);
		if (n)
			d->parts[d->count++] = (struct sigma_part){SIGMA_DASH, {"", 0}};
		else
			put_char(d, text.p[i]);
		i += n ? n : 1;
	}
}

void sigma_string_dashes(struct sigma_reader *rd, uint32_t line, struct sigma_value *v)
{
	uint32_t len = 0;
	struct draft d;

	for (uint32_t i = 0; i < v->part_count; i++)
		len += v->parts[i].text.len;
	if (!begin(rd, &d, (struct span){"", len}, v->part_count + len))
		return;
	for (uint32_t i = 0; i < v->part_count; i++) {
		if (v->parts[i].kind == SIGMA_TEXT)
			split_at_dashes(&d, v->parts[i].text);
		else
			d.parts[d.count++] = v->parts[i];
	}
	if (d.count > SIGMA_PARTS_MAX)
		sigma_refuse(rd, line, "a string of too many dashes; accepted: up to 256 parts");
	finish(&d, v);
}

void sigma_string_fold(struct sigma_reader *rd, struct sigma_value *v)
{
	struct sigma_part *parts = sigma_alloc(rd, v->part_count + 1, sizeof(*parts));

	if (!parts)
		return;
	for (uint32_t i = 0; i < v->part_count; i++) {
		struct span from = v->parts[i].text;
		parts[i] = v->parts[i];
		if (from.len == 0)
			continue;
		char *to = sigma_alloc(rd, SIGMA_FOLD_ROOM((size_t)from.len), 1);
		if (!to)
			return;
		parts[i].text = (struct span){to, (uint32_t)sigma_fold(from.p, from.len, to)};
	}
	v->parts = parts;
}

static bool name_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c == '-' || c == '.';
}

/* The name between the percent signs at p; len 0 where there is none. */
static struct span placeholder_at(const char *p, const char *end)
{
	const char *q = p + 1;

	while (q < end && name_char(*q))
		q++;
	return (struct span){p + 1, q < end && *q == '%' ? (uint32_t)(q - p - 1) : 0};
}

static const struct sigma_placeholder *find_placeholder(const struct sigma_set *s, struct span name)
{
	for (uint32_t i = 0; i < s->placeholder_count; i++)
		if (sigma_span_is(name, s->placeholders[i].name))
			return &s->placeholders[i];
	return NULL;
}

/* Every text so far, followed by each of count texts. */
static struct sigma_values times(struct sigma_reader *rd, const struct sigma_values *left,
				 const char *const *texts, const uint32_t *lens, uint32_t count)
{
	struct sigma_values out = {0};

	for (uint32_t i = 0; i < left->count && !rd->bad; i++)
		for (uint32_t k = 0; k < count && !rd->bad; k++) {
			struct span head = left->v[i].text;
			char *p = sigma_alloc(rd, (size_t)head.len + lens[k] + 1, 1);
			if (!p)
				break;
			memcpy(p, head.p, head.len);
			memcpy(p + head.len, texts[k], lens[k]);
			struct sigma_value v = {.text = {p, head.len + lens[k]}};
			sigma_values_add(rd, &out, &v);
		}
	return out;
}

static void append_values(struct sigma_reader *rd, struct sigma_values *all,
			  const struct sigma_placeholder *ph)
{
	uint32_t *lens = sigma_alloc(rd, ph->count + 1, sizeof(*lens));

	for (uint32_t k = 0; lens && k < ph->count; k++)
		lens[k] = (uint32_t)strlen(ph->values[k]);
	if (lens)
		*all = times(rd, all, ph->values, lens, ph->count);
}

static void append_text(struct sigma_reader *rd, struct sigma_values *all, const char *p,
			uint32_t len)
{
	if (len)
		*all = times(rd, all, &p, &len, 1);
}

struct sigma_values sigma_string_expand(struct sigma_reader *rd, uint32_t line, struct span raw)
{
	struct sigma_values all = {0};
	struct sigma_value empty = {.text = {"", 0}};
	const char *p = raw.p, *end = raw.p + raw.len, *from = p;

	sigma_values_add(rd, &all, &empty);
	while (p < end && !rd->bad) {
		if (*p == '\\' && p + 1 < end && (p[1] == '\\' || p[1] == '%')) {
			/* the escaped percent sign loses its backslash, the escaped backslash not */
			append_text(rd, &all, from, (uint32_t)(p - from));
			from = p[1] == '%' ? p + 1 : p;
			p += 2;
			continue;
		}
		struct span name = *p == '%' ? placeholder_at(p, end) : (struct span){"", 0};
		if (name.len == 0) {
			p++;
			continue;
		}
		const struct sigma_placeholder *ph = find_placeholder(rd->s, name);
		if (!ph)
			sigma_refuse(rd, line, "placeholder %%%.*s%% is not configured",
				     (int)(name.len < 80 ? name.len : 80), name.p);
		append_text(rd, &all, from, (uint32_t)(p - from));
		if (ph)
			append_values(rd, &all, ph);
		from = p = name.p + name.len + 1;
	}
	append_text(rd, &all, from, (uint32_t)(end - from));
	return all;
}
