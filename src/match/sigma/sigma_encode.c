/* The encoding modifiers: what a string looks like inside base64 or as UTF-16. */
#include <string.h>

#include "match/sigma/sigma_read.h"

#define DASHES_MAX 4 /* under an encoding: 5^4 values */

static const char *const dashes[] = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};

/* The only text of a string without wildcards, "" of an empty one. */
static bool plain_text(const struct sigma_value *v, struct span *text)
{
	*text = v->part_count ? v->parts[0].text : (struct span){"", 0};
	return v->part_count == 0 || (v->part_count == 1 && v->parts[0].kind == SIGMA_TEXT);
}

static size_t base64(const uint8_t *p, size_t len, char *out)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *o = out;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t w = (uint32_t)p[i] << 16 | (i + 1 < len ? (uint32_t)p[i + 1] << 8 : 0) |
			     (i + 2 < len ? p[i + 2] : 0u);
		*o++ = digit[w >> 18];
		*o++ = digit[w >> 12 & 63];
		*o++ = i + 1 < len ? digit[w >> 6 & 63] : '=';
		*o++ = i + 2 < len ? digit[w & 63] : '=';
	}
	return (size_t)(o - out);
}

void sigma_encode_base64(struct sigma_reader *rd, uint32_t line, struct sigma_value *v)
{
	struct span text;

	if (!plain_text(v, &text)) {
		sigma_refuse(rd, line, "base64 of a wildcard; accepted: plain text");
		return;
	}
	char *out = sigma_alloc(rd, (size_t)text.len / 3 * 4 + 5, 1);
	if (out)
		sigma_string_plain(
			rd,
			(struct span){out, (uint32_t)base64((const uint8_t *)text.p, text.len, out)},
			v);
}

/*
 * Of text that begins shift bytes into a group of three: the digits that its bytes alone
 * decide. A digit carries six bits; the first that touches bytes before, and the last that
 * touches bytes behind, are left out.
 */
static struct span base64_inside(struct sigma_reader *rd, struct span text, uint32_t shift)
{
	size_t len = text.len + (size_t)shift;
	uint8_t *shifted = sigma_alloc(rd, len + 1, 1);
	char *out = sigma_alloc(rd, len / 3 * 4 + 5, 1);

	if (!shifted || !out)
		return (struct span){"", 0};
	memcpy(shifted + shift, text.p, text.len);
	base64(shifted, len, out);
	size_t first = (8 * (size_t)shift + 5) / 6, end = 8 * len / 6;
	return (struct span){out + first, end > first ? (uint32_t)(end - first) : 0};
}

void sigma_encode_base64offset(struct sigma_reader *rd, uint32_t line, const struct sigma_value *v,
			       struct sigma_values *out)
{
	struct span text;

	if (!plain_text(v, &text)) {
		sigma_refuse(rd, line, "base64offset of a wildcard; accepted: plain text");
		return;
	}
	for (uint32_t shift = 0; shift < 3; shift++) {
		struct span inside = base64_inside(rd, text, shift);
		struct sigma_value one = *v;
		if (inside.len == 0) {
			sigma_refuse(rd, line, "base64offset of a text too short to be told; "
					       "accepted: 2 bytes at least");
			return;
		}
		sigma_string_plain(rd, inside, &one);
		sigma_values_add(rd, out, &one);
	}
}

static uint32_t next_code(const uint8_t **p)
{
	const uint8_t *s = *p;

	if (s[0] < 0x80) {
		*p += 1;
		return s[0];
	}
	if (s[0] < 0xe0) {
		*p += 2;
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	}
	if (s[0] < 0xf0) {
		*p += 3;
		return (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
	}
	*p += 4;
	return (s[0] & 7u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
}

static char *put_unit(char *o, uint32_t unit, bool big)
{
	*o++ = (char)(big ? unit >> 8 : unit & 0xff);
	*o++ = (char)(big ? unit & 0xff : unit >> 8);
	return o;
}

/* text is UTF-8 that libyaml has checked */
static struct span utf16(struct sigma_reader *rd, struct span text, bool big, bool mark)
{
	const uint8_t *p = (const uint8_t *)text.p, *end = p + text.len;
	char *out = sigma_alloc(rd, 2 * (size_t)text.len + 3, 1), *o = out;

	if (!out)
		return (struct span){"", 0};
	if (mark)
		o = put_unit(o, 0xfeff, big);
	while (p < end) {
		uint32_t cp = next_code(&p);
		if (cp >= 0x10000) {
			o = put_unit(o, 0xd800 + ((cp - 0x10000) >> 10), big);
			cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
		}
		o = put_unit(o, cp, big);
	}
	return (struct span){out, (uint32_t)(o - out)};
}

void sigma_encode_utf16(struct sigma_reader *rd, uint32_t line, struct sigma_value *v,
			enum sigma_utf16 order)
{
	struct sigma_part *parts = sigma_alloc(rd, v->part_count + 1, sizeof(*parts));
	bool mark = order == SIGMA_UTF16_BOM;

	if (mark && v->part_count && v->parts[0].kind != SIGMA_TEXT)
		sigma_refuse(rd, line, "a byte order mark before a wildcard; accepted: plain text");
	for (uint32_t i = 0; parts && i < v->part_count; i++) {
		parts[i] = v->parts[i];
		if (parts[i].kind == SIGMA_ONE)
			sigma_refuse(rd, line, "UTF-16 of '?'; accepted: plain text and '*'");
		if (parts[i].kind == SIGMA_TEXT)
			parts[i].text = utf16(rd, parts[i].text, order == SIGMA_UTF16_BE, mark && i == 0);
	}
	v->parts = parts;
}

void sigma_encode_dashes(struct sigma_reader *rd, uint32_t line, const struct sigma_value *v,
			 struct sigma_values *out)
{
	uint32_t count = 0, len = 0, forms = 1;

	for (uint32_t i = 0; i < v->part_count; i++) {
		count += v->parts[i].kind == SIGMA_DASH;
		len += v->parts[i].text.len + 3;
	}
	if (count > DASHES_MAX) {
		sigma_refuse(rd, line, "windash with %u dashes under an encoding; accepted: up to 4",
			     count);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		forms *= 5;
	for (uint32_t form = 0; form < forms && !rd->bad; form++) {
		uint32_t rest = form;
		char *text = sigma_alloc(rd, len + 1, 1), *o = text;
		for (uint32_t i = 0; text && i < v->part_count; i++) {
			const struct sigma_part *part = &v->parts[i];
			if (part->kind == SIGMA_DASH) {
				o = stpcpy(o, dashes[rest % 5]);
				rest /= 5;
			} else if (part->kind == SIGMA_TEXT) {
				memcpy(o, part->text.p, part->text.len);
				o += part->text.len;
			} else {
				sigma_refuse(rd, line, "a wildcard under an encoding; "
						       "accepted: plain text");
			}
		}
		struct sigma_value one = *v;
		if (text)
			sigma_string_plain(rd, (struct span){text, (uint32_t)(o - text)}, &one);
		sigma_values_add(rd, out, &one);
	}
}
