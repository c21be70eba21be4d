/* Sigma rules and records, drawn from one small vocabulary so that they meet. */
#ifndef TOCSIN_TESTS_SIGMA_DRAW_H
#define TOCSIN_TESTS_SIGMA_DRAW_H

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

static uint64_t draw_state;

static void draw_seed(uint64_t seed)
{
	draw_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static uint32_t draw_below(uint32_t n)
{
	draw_state ^= draw_state << 13;
	draw_state ^= draw_state >> 7;
	draw_state ^= draw_state << 17;
	return (uint32_t)(draw_state >> 33) % n;
}

#define DRAW(a) ((a)[draw_below(sizeof(a) / sizeof((a)[0]))])

static const char *const draw_words[] = {"cmd.exe",
					 "\\Windows\\System32\\",
					 "C:\\Users\\Public\\",
					 "powershell",
					 "-enc ",
					 "/c ",
					 "a\"b",
					 "tab\tx",
					 "line\nbreak",
					 "/etc/passwd",
					 "\\\\server\\share",
					 "str\xc3\xa9",
					 "\xc3\x84rger",
					 "\xe2\x84\xaa"
					 "elvin",
					 "\xc5\xbf"
					 "et",
					 "\xf0\x9f\x94\xb8",
					 "\xe2\x96\xaa\xef\xb8\x8f",
					 "\xe6\x97\xa5\xe6\x9c\xac",
					 "\xd0\x90\xd0\x91",
					 "\x01"
					 "ctl",
					 "\x7f"
					 "del",
					 "0x1fffff",
					 "true",
					 "10",
					 "4688",
					 "kk",
					 "lsass.exe",
					 "whoami /all",
					 "https://evil.example/a",
					 "{\"q\":1}",
					 "::",
					 "ProcessAccess",
					 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

static const char *const draw_fields[] = {"Image", "CommandLine", "TargetObject", "Message",
					  "Param One"};

static const char *const draw_sources[] = {"{category: process_creation, product: windows}",
					   "{category: process_access, product: windows}",
					   "{category: registry_set, product: windows}",
					   "{product: windows, service: security}",
					   "{product: windows}",
					   "{product: windows, service: sysmon}",
					   "{category: file_access, product: windows}",
					   "{category: process_creation}",
					   "{product: linux, service: auditd}",
					   "{product: windows, category: ps_script}"};

/* ---- rules ---- */

/* A YAML string in double quotes. */
static void draw_quoted(struct text *t, const char *s)
{
	text_char(t, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_char(t, '\\');
		if (*s == '\n')
			text_str(t, "\\n");
		else if (*s == '\t')
			text_str(t, "\\t");
		else if ((uint8_t)*s < 0x20 || *s == 0x7f)
			text_printf(t, "\\x%02x", *s);
		else
			text_char(t, *s);
	}
	text_char(t, '"');
}

/* A pattern of words: Sigma's own signs in them are escaped, some wildcards are not. */
static void draw_pattern(struct text *t)
{
	char out[512] = "";
	uint32_t words = 1 + (draw_below(3) == 0);

	for (uint32_t i = 0; i < words; i++) {
		if (draw_below(6) == 0)
			strcat(out, draw_below(3) ? "*" : "?");
		strcat(out, DRAW(draw_words));
	}
	draw_quoted(t, out);
}

static void draw_regex(struct text *t)
{
	static const char *const texts[] = {
		"cmd\\.exe", "(?i)CMD\\.exe$", "\\\\windows\\\\", "a\"b|tab\\s",  "lsass|whoami",
		"0x1f+",     "[Kk]k",          "https?://evil",   "line.break",   "stré",
		"\\{\"q\"",  "^(cmd|power)",   "x{2,}",           "Power(shell)?"};
	draw_quoted(t, DRAW(texts));
}

static void draw_item(struct text *t)
{
	static const char *const modifiers[] = {"",
						"|contains",
						"|startswith",
						"|endswith",
						"|contains",
						"|cased",
						"|contains|cased",
						"|base64|contains",
						"|contains",
						"|base64offset|contains",
						"|wide|base64offset|contains",
						"|windash|contains",
						"|endswith",
						"|utf16be|base64offset|contains",
						"|neq",
						"|startswith|windash"};
	uint32_t kind = draw_below(14);
	const char *field = DRAW(draw_fields);

	if (kind == 0) {
		text_printf(t, "    EventID: %s\n", draw_below(2) ? "10" : "[1, 4688, 13]");
	} else if (kind == 1) {
		text_printf(t, "    \"%s|re%s\": ", field, draw_below(2) ? "|i" : "");
		draw_regex(t);
		text_char(t, '\n');
	} else if (kind == 2) {
		text_printf(t, "    \"%s\": %s\n", field, draw_below(2) ? "null" : "10");
	} else if (kind == 3) {
		text_printf(t, "    \"%s|exists\": %s\n", field, draw_below(2) ? "true" : "false");
	} else if (kind == 4) {
		text_printf(t, "    \"%s|contains|all\": [", field);
		draw_pattern(t);
		text_str(t, ", ");
		draw_pattern(t);
		text_str(t, "]\n");
	} else {
		uint32_t n = 1 + draw_below(3);
		text_printf(t, "    \"%s%s\":\n", field, DRAW(modifiers));
		for (uint32_t i = 0; i < n; i++) {
			text_str(t, "      - ");
			draw_pattern(t);
			text_char(t, '\n');
		}
	}
}

static void draw_selection(struct text *t, const char *name)
{
	text_printf(t, "  %s:\n", name);
	if (draw_below(8) == 0) {
		text_str(t, "    - ");
		draw_pattern(t);
		text_char(t, '\n');
		return;
	}
	draw_item(t);
}

static void draw_rules(struct text *t, uint32_t count)
{
	static const char *const conditions[] = {"selection1",
						 "selection1 and selection2",
						 "selection1 or selection2",
						 "selection1 and not selection2",
						 "1 of selection*",
						 "all of them",
						 "not selection1 and selection2",
						 "not (selection1 and selection2)"};

	for (uint32_t i = 0; i < count; i++) {
		text_printf(
			t,
			"---\ntitle: drawn %u\nid: 00000000-0000-4000-8000-%012u\nlogsource: %s\n"
			"detection:\n",
			i, i, DRAW(draw_sources));
		draw_selection(t, "selection1");
		draw_selection(t, "selection2");
		text_printf(t, "  condition: %s\n", DRAW(conditions));
	}
}

/* ---- records ---- */

static uint32_t draw_code(const uint8_t **p)
{
	size_t n = utf8_sequence(*p, 4);
	uint32_t cp = n <= 1 ? **p : **p & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | ((*p)[i] & 0x3f);
	*p += n ? n : 1;
	return cp;
}

/* The character in another case, now and then; a few beyond ASCII. */
static uint32_t draw_case(uint32_t cp)
{
	if ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z')
		return cp ^ 0x20;
	if (cp >= 0xc0 && cp < 0x100 && cp != 0xd7 && cp != 0xdf && cp != 0xf7 && cp != 0xff)
		return cp ^ 0x20;
	return cp >= 0x410 && cp < 0x430 ? cp + 0x20 : cp;
}

struct draw_style {
	uint32_t unicode; /* one in so many characters as \u, 0: none */
	uint32_t other_case;
	bool slash, blanks;
};

static void draw_string(struct text *t, const char *s, const struct draw_style *how)
{
	const uint8_t *p = (const uint8_t *)s;
	uint8_t out[4];

	text_char(t, '"');
	while (*p) {
		uint32_t cp = draw_code(&p);
		if (how->other_case && draw_below(how->other_case) == 0)
			cp = draw_case(cp);
		if (cp < 0x20 && cp != '\n' && cp != '\t')
			text_printf(t, "\\u%04x", cp);
		else if (how->unicode && draw_below(how->unicode) == 0 && cp < 0x10000)
			text_printf(t, draw_below(2) ? "\\u%04x" : "\\u%04X", cp);
		else if (how->unicode && draw_below(how->unicode) == 0 && cp >= 0x10000)
			text_printf(t, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10),
				    0xdc00 + ((cp - 0x10000) & 0x3ff));
		else if (cp == '"' || cp == '\\')
			text_printf(t, "\\%c", cp);
		else if (cp == '\n' || cp == '\t')
			text_str(t, cp == '\n' ? "\\n" : "\\t");
		else if (cp == '/' && how->slash)
			text_str(t, "\\/");
		else
			text_bytes(t, out, utf8_put(cp, out));
	}
	text_char(t, '"');
}

static size_t draw_base64(const uint8_t *in, size_t len, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *o = out;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < len ? in[i + 1] << 8 : 0) |
			     (i + 2 < len ? in[i + 2] : 0);
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
		*o++ = i + 2 < len ? digits[v & 63] : '=';
	}
	*o = '\0';
	return (size_t)(o - out);
}

/* A word as a script would hide it: base64 of it or of its UTF-16, at one of three places. */
static void draw_hidden(char *out)
{
	uint8_t bytes[512];
	size_t n = draw_below(4);
	uint32_t wide = draw_below(3);

	memset(bytes, 'z', n);
	for (const char *s = DRAW(draw_words); *s; s++) {
		if (wide == 1)
			bytes[n++] = 0;
		bytes[n++] = (uint8_t)*s;
		if (wide == 2)
			bytes[n++] = 0;
	}
	draw_base64(bytes, n, out);
}

static void draw_value(char *out)
{
	uint32_t words = 1 + draw_below(3);

	out[0] = '\0';
	if (draw_below(5) == 0) {
		draw_hidden(out);
		return;
	}
	for (uint32_t i = 0; i < words; i++) {
		strcat(out, DRAW(draw_words));
		if (draw_below(4) == 0)
			strcat(out, draw_below(2) ? "/" : "\xe2\x80\x93");
	}
}

static void draw_key(struct text *t, const char *key, const struct draw_style *how)
{
	struct draw_style plain = {.unicode = how->unicode ? how->unicode * 4 : 0};

	text_str(t, how->blanks && draw_below(3) == 0 ? " " : "");
	draw_string(t, key, &plain);
	text_str(t, how->blanks && draw_below(2) ? " : " : ":");
	text_str(t, how->blanks && draw_below(2) ? "  " : "");
}

static void draw_event(struct text *t, const char *id)
{
	switch (draw_below(8)) {
	case 0:
		text_printf(t, "\"%s\"", id);
		break;
	case 1:
		text_printf(t, "%s.0", id);
		break;
	case 2:
		text_printf(t, "[%s,1]", id);
		break;
	default:
		text_str(t, id);
	}
}

static void draw_data(struct text *t, const struct draw_style *how)
{
	char value[1024];

	for (size_t i = 0; i < sizeof(draw_fields) / sizeof(draw_fields[0]); i++) {
		uint32_t kind = draw_below(10);
		if (kind == 0)
			continue;
		text_char(t, ',');
		draw_key(t,
			 strcmp(draw_fields[i], "Param One") || draw_below(2) ? draw_fields[i]
									      : "ParamOne",
			 how);
		draw_value(value);
		if (kind == 1)
			text_str(t, draw_below(2) ? "null" : "10");
		if (kind == 2)
			text_str(t, "[\"x\",");
		if (kind != 1)
			draw_string(t, value, how);
		if (kind == 2)
			text_char(t, ']');
	}
}

static void draw_record(struct text *t)
{
	static const char *const channels[] = {"Microsoft-Windows-Sysmon/Operational",
					       "Microsoft-Windows-Sysmon/Operational",
					       "Security",
					       "security",
					       "Microsoft-Windows-PowerShell/Operational",
					       "Nowhere/Operational"};
	static const char *const ids[] = {"1", "10", "13", "4688", "4104", "99"};
	struct draw_style how = {
		.unicode = draw_below(8) ? 0 : 1 + draw_below(40),
		.other_case = draw_below(2) ? 0 : 1 + draw_below(6),
		.slash = draw_below(12) == 0,
		.blanks = draw_below(12) == 0,
	};
	struct draw_style name = {.slash = how.slash, .unicode = how.unicode};
	const char *channel = DRAW(channels), *id = DRAW(ids);
	uint32_t form = draw_below(10);
	bool nested = form == 0, apart = form == 2;

	text_printf(t, "{\"@timestamp\":\"2026-11-22T05:00:00Z\"%s", how.blanks ? " " : "");
	if (form == 1) { /* of no log source, or of one by other words */
		text_str(t, draw_below(2) ? ",\"Provider_Name\":\"Microsoft-Windows-Kernel-File\","
					    "\"EventID\":1"
					  : ",\"type\":\"SYSCALL\"");
	} else {
		text_str(t, nested ? ",\"winlog\":{\"x\":1," : ",");
		draw_key(t, nested ? "channel" : apart ? "Chan nel" : "Channel", &how);
		draw_string(t, channel, &name);
		text_char(t, ',');
		draw_key(t, nested ? "event_id" : apart ? "Event ID" : "EventID", &how);
		draw_event(t, id);
		if (draw_below(8) == 0)
			text_printf(t, ",\"SourceName\":\"%s\"",
				    draw_below(2) ? "microsoft-windows-kernel-file"
						  : "Microsoft-Windows-Sysmon");
		if (draw_below(12) == 0) /* the key once more, elsewhere */
			text_str(t, ",\"more\":{\"Channel\":\"Security\",\"EventID\":4688}");
		text_str(t, nested ? ",\"event_data\":{\"y\":1" : "");
	}
	draw_data(t, &how);
	text_str(t, nested && form != 1 ? "}}}\n" : "}\n");
}

#endif
