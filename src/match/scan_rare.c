/* scan_rare - shapes that few records have: out of the walk, so that it stays small. */
#include <assert.h>
#include <string.h>

#include "match/atom.h"
#include "match/exact_hash.h"
#include "match/matcher.h"
#include "match/scan.h"

#define LONG_NAME 512 /* a name has at most 253 bytes; what is before cannot matter */

static bool length_wanted(const struct scan_state *st, size_t n)
{
	return st->plan->value_lengths[n % SCAN_LENGTHS / 64] >> (n % 64) & 1;
}

static void push_flat(struct scan_state *st, const char *p, size_t len)
{
	if (length_wanted(st, len))
		scan_push(st, exact_hash_flat(p, len));
}

void scan_value(struct scan_state *st, const char *p, size_t len)
{
	push_flat(st, p, len);
	if (!st->plan->file_names)
		return;
	size_t base = len;
	while (base > 0 && p[base - 1] != '/' && p[base - 1] != '\\')
		base--;
	if (base > 0 && base < len)
		push_flat(st, p + base, len - base);
}

/* The name and its parents; the last label only where top names are looked for. */
static void push_name(struct scan_state *st, const char *p, size_t len)
{
	uint64_t h = EXACT_SEED_NAME;
	bool push = st->plan->top_names;

	while (len > 0) {
		h = exact_name_step(h, p, &len);
		if (push || len == 0)
			scan_push(st, h);
		push = true;
	}
}

void scan_long_name(struct scan_state *st, const char *p, size_t len)
{
	if (!st->plan->names)
		return;
	if (len > LONG_NAME) {
		p += len - LONG_NAME;
		len = LONG_NAME;
	}
	if (p[len - 1] == '.')
		len--;
	push_name(st, p, len);
}

void scan_v4_networks(struct scan_state *st, uint32_t network_order)
{
	struct address a = {.bits = 32};

	memcpy(a.b, &network_order, sizeof(network_order));
	st->maybe |= exact_net_any(st->plan->nets, &a);
}

static void take_address(struct scan_state *st, const char *p, size_t len)
{
	struct address a;

	if (!address_parse(p, len, &a))
		return;
	scan_push(st, exact_hash_address(&a));
	if (a.bits == 32 ? st->plan->nets_v4 : st->plan->nets_v6)
		st->maybe |= exact_net_any(st->plan->nets, &a);
}

/* IDEA0 writes an address as the range from itself to itself; lines put dots around one. */
void scan_v4_range(struct scan_state *st, const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		const char *stop = memchr(p, '-', (size_t)(end - p));
		const char *from = p, *to = stop ? stop : end;
		p = to + 1;
		while (from < to && *from == '.')
			from++;
		while (to > from && to[-1] == '.')
			to--;
		if (to > from)
			take_address(st, from, (size_t)(to - from));
	}
}

/* A run of hex digits and colons; an IPv4 address may be its tail. */
void scan_v6(struct scan_state *st, const char *p, size_t len)
{
	size_t n = len;

	take_address(st, p, len);
	if (p[len] != '.')
		return;
	while (n < len + 15 && (p[n] == '.' || (p[n] >= '0' && p[n] <= '9')))
		n++;
	take_address(st, p, n);
}

static bool is_local(char c)
{
	uint8_t u = (uint8_t)c;

	return u >= 0x80 || (u > ' ' && u != 0x7f && !strchr("\"(),:;<>@[\\]", c));
}

static bool is_domain(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' ||
	       c == '-';
}

/* "a@b" out of whatever it stands in, as the decoder takes it out. */
void scan_email(struct scan_state *st, const char *text, size_t len, size_t at)
{
	size_t from = at, to = at + 1;

	/* a local part of more than 64 bytes is no atom */
	while (from > 0 && at - from <= 64 && is_local(text[from - 1]))
		from--;
	while (to < len && to - at <= 256 && is_domain(text[to]))
		to++;
	size_t wide = to;
	while (wide < len && wide - at <= 256 && (is_domain(text[wide]) || text[wide] == '_'))
		wide++;
	if (wide > to)
		push_flat(st, text + from, wide - from);
	while (to > at + 1 && text[to - 1] == '.')
		to--;
	push_flat(st, text + from, to - from);
}

static bool in_name(uint8_t c)
{
	return c >= 0x80 || is_domain((char)c) || c == '_';
}

static void take_foreign(struct scan_state *st, const char *text, const char *p, size_t len)
{
	char name[ATOM_DOMAIN_MAX], email[ATOM_EMAIL_MAX];
	const char *at = memrchr(p, '@', len);

	if (at && st->plan->emails) {
		const char *from = at;
		while (from > text && at - from <= 64 && is_local(from[-1]))
			from--;
		size_t n =
			atom_email_normalise(from, (size_t)(p + len - from), email, sizeof(email));
		push_flat(st, email, n);
	}
	if (at) { /* a URL's user as well */
		len -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	if (!st->plan->names)
		return;
	size_t n = matcher_name(p, len, name, sizeof(name));
	if (n)
		push_name(st, name, n);
}

/* Runs that hold a byte beyond ASCII, and a dot or the ideographic full stop or an '@'. */
void scan_beyond_ascii(struct scan_state *st, const char *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t from = i;
		bool high = false, split = false;
		for (; i < len && (in_name((uint8_t)p[i]) || p[i] == '@'); i++) {
			high |= (uint8_t)p[i] >= 0x80;
			split |= p[i] == '.' || p[i] == '@' ||
				 (len - i >= 3 && memcmp(p + i, "\xe3\x80\x82", 3) == 0);
		}
		if (high && split)
			take_foreign(st, p, p + from, i - from);
		i += i == from;
	}
}
