#include "match/sigma/sigma_line.h"

#include <stdbool.h>
#include <string.h>

#include "decode/ascii.h"

#define SPAN(text) ((struct span){text, sizeof(text) - 1})

struct line {
	const char *p, *end;
	struct arena *arena;
	sigma_line_visit *visit;
	void *ctx;
	uint32_t pairs;
	struct span type; /* of the audit record */
};

static bool is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

/* Blanks, and the byte before what auditd adds in plain words. */
static bool is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\x1d';
}

static void skip_gap(struct line *l)
{
	while (l->p < l->end && is_gap(*l->p))
		l->p++;
}

static struct span token(struct line *l)
{
	const char *from = l->p;

	while (l->p < l->end && !is_gap(*l->p))
		l->p++;
	return (struct span){from, (uint32_t)(l->p - from)};
}

/* Fields that hold any bytes, and so are hexadecimal where they are not quoted. */
static bool may_be_hex(const struct line *l, struct span name)
{
	static const char *const names[] = {"proctitle", "comm", "exe", "cwd", "name", "cmd"};

	if (name.len >= 2 && name.p[0] == 'a' && ascii_digit(name.p[1]))
		return is(l->type, "EXECVE");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is(name, names[i]))
			return true;
	return false;
}

static struct span unhex(struct line *l, struct span v)
{
	if (v.len == 0 || v.len % 2)
		return v;
	for (uint32_t i = 0; i < v.len; i++)
		if (!ascii_digit(v.p[i]) && !(v.p[i] >= 'A' && v.p[i] <= 'F'))
			return v;
	char *out = arena_alloc(l->arena, v.len / 2);
	if (!out)
		return v;
	for (uint32_t i = 0; i < v.len / 2; i++) {
		char c = (char)(ascii_hex(v.p[2 * i]) << 4 | ascii_hex(v.p[2 * i + 1]));
		out[i] = c ? c : ' '; /* between the words of a title */
	}
	return (struct span){out, v.len / 2};
}

static struct span value(struct line *l, struct span name, bool *inner)
{
	const char quote = l->p < l->end ? *l->p : '\0';

	*inner = quote == '\'';
	if (quote != '"' && quote != '\'') {
		struct span v = token(l);
		return may_be_hex(l, name) ? unhex(l, v) : v;
	}
	const char *from = ++l->p, *stop = memchr(from, quote, (size_t)(l->end - from));
	l->p = stop ? stop + 1 : l->end;
	return (struct span){from, (uint32_t)((stop ? stop : l->end) - from)};
}

/* key=value, until the line ends; words without a '=' say nothing. */
static void audit_pairs(struct line *l)
{
	for (skip_gap(l); l->p < l->end && l->pairs < SIGMA_LINE_PAIRS_MAX; skip_gap(l)) {
		const char *from = l->p;
		while (l->p < l->end && !is_gap(*l->p) && *l->p != '=')
			l->p++;
		struct span name = {from, (uint32_t)(l->p - from)};
		if (l->p == l->end || *l->p != '=')
			continue;
		l->p++;
		bool inner;
		struct span v = value(l, name, &inner);
		if (is(name, "type") && l->type.len == 0)
			l->type = v;
		l->pairs++;
		l->visit(l->ctx, name, v);
		if (inner) {
			struct line in = *l;
			in.p = v.p;
			in.end = v.p + v.len;
			if (l->end > in.end) /* else the quote never closed: that was the line */
				audit_pairs(&in);
			l->pairs = in.pairs;
		}
	}
}

static bool is_audit(const char *p, size_t len)
{
	return len > 10 && (memcmp(p, "type=", 5) == 0 || memcmp(p, "node=", 5) == 0) &&
	       memmem(p, len, " msg=audit(", 11);
}

static bool take(struct line *l, char c)
{
	if (l->p == l->end || *l->p != c)
		return false;
	l->p++;
	return true;
}

static bool digits_and(const char *p, const char *end, const char *shape)
{
	for (; *shape; shape++, p++)
		if (p == end || (*shape == '9' ? !ascii_digit(*p) : *shape != ' ' && *p != *shape))
			return false;
	return true;
}

/* "Nov 22 10:00:00" or an RFC 3339 time, behind "<13>" and "1 ", where they are. */
static bool syslog_time(struct line *l)
{
	if (take(l, '<')) {
		while (l->p < l->end && ascii_digit(*l->p))
			l->p++;
		if (!take(l, '>'))
			return false;
		if (l->end - l->p > 2 && l->p[0] == '1' && l->p[1] == ' ')
			l->p += 2;
	}
	if (l->end - l->p > 16 && ascii_alpha(*l->p) && digits_and(l->p + 6, l->end, " 99:99:99 ")) {
		l->p += 15;
		return true;
	}
	if (!digits_and(l->p, l->end, "9999-99-99"))
		return false;
	token(l);
	return true;
}

/* "host program[pid]: message", RFC 3164 and what rsyslog writes. */
static bool read_syslog(struct line *l)
{
	if (!syslog_time(l))
		return false;
	skip_gap(l);
	struct span host = token(l);
	skip_gap(l);
	struct span tag = token(l), pid = {"", 0};
	if (host.len == 0 || tag.len < 2)
		return false;
	const char *open = memchr(tag.p, '[', tag.len);
	const char *stop = memchr(tag.p, ':', tag.len);
	const char *close = open ? memchr(open, ']', (size_t)(tag.p + tag.len - open)) : NULL;
	if (!stop || (open && (!close || open > stop)))
		return false;
	if (open)
		pid = (struct span){open + 1, (uint32_t)(close - open - 1)};
	l->p = stop + 1;
	skip_gap(l);
	tag.len = (uint32_t)((open ? open : stop) - tag.p);
	l->visit(l->ctx, SPAN("@syslog"), SPAN("1"));
	l->visit(l->ctx, SPAN("host"), host);
	l->visit(l->ctx, SPAN("program"), tag);
	if (pid.len)
		l->visit(l->ctx, SPAN("pid"), pid);
	l->visit(l->ctx, SPAN("message"), (struct span){l->p, (uint32_t)(l->end - l->p)});
	return true;
}

void sigma_line_read(struct arena *arena, const char *p, size_t len, sigma_line_visit *visit,
		     void *ctx)
{
	struct line l = {.p = p, .end = p + len, .arena = arena, .visit = visit, .ctx = ctx};

	/* the whole line is what keywords are looked for in */
	if (is_audit(p, len)) {
		visit(ctx, SPAN("@audit"), SPAN("1"));
		visit(ctx, SPAN("message"), (struct span){p, (uint32_t)len});
		audit_pairs(&l);
	} else if (read_syslog(&l)) {
		visit(ctx, SPAN("@line"), (struct span){p, (uint32_t)len});
	} else {
		visit(ctx, SPAN("message"), (struct span){p, (uint32_t)len});
	}
}
