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

static bool in_networks(const struct scan_plan *plan, const struct address *a)
{
	return exact_net_any(plan->nets, a) ||
	       (plan->more_nets && exact_net_any(plan->more_nets, a));
}

void scan_v4_networks(struct scan_state *st, uint32_t network_order)
{
	struct address a = {.bits = 32};

	memcpy(a.b, &network_order, sizeof(network_order));
	if (in_networks(st->plan, &a))
		scan_found(st);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Eight groups: serial numbers of certificates look like that, in every TLS record. */
static bool eight_groups(const char *p, size_t len, struct address *a)
{
	const char *end = p + len;

	memset(a, 0, sizeof(*a));
	a->bits = 128;
	for (int g = 0; g < 8; g++) {
		unsigned v = 0, n = 0;
		for (; p < end && *p != ':'; p++, n++) {
			int d = hex_digit(*p);
			if (d < 0 || n == 4)
				return false;
			v = v << 4 | (unsigned)d;
		}
		if (n == 0 || (g < 7) != (p < end))
			return false;
		p++;
		a->b[2 * g] = (uint8_t)(v >> 8);
		a->b[2 * g + 1] = (uint8_t)v;
	}
	/* what may be an IPv4 address within is left to address_parse() */
	return a->b[0] | a->b[1];
}

static void take_address(struct scan_state *st, const char *p, size_t len)
{
	struct address a;

	if (!eight_groups(p, len, &a) && !address_parse(p, len, &a))
		return;
	scan_push(st, exact_hash_address(&a));
	if ((a.bits == 32 ? st->plan->nets_v4 : st->plan->nets_v6) && in_networks(st->plan, &a))
		scan_found(st);
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

static bool is_domain(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' ||
	       c == '-';
}

/* What no decoder leaves inside a local part. */
static bool ends_local(char c)
{
	uint8_t u = (uint8_t)c;

	return u <= ' ' || u == 0x7f || strchr("\"<>,;", c);
}

/* Whether a local part may start behind this byte: decoders cut at different signs. */
static bool starts_local(char c)
{
	return !((uint8_t)c >= 0x80 || (c >= '0' && c <= '9') ||
		 ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'));
}

/* The address that ends in domain, with each local part that may be meant; at is the '@'. */
static void push_emails(struct scan_state *st, const char *text, const char *at, const char *domain,
			size_t domain_len)
{
	char email[ATOM_EMAIL_MAX];
	const size_t room = 64; /* a longer local part is no atom */

	if (domain_len >= sizeof(email) - room)
		return;
	memcpy(email + room, domain, domain_len);
	for (const char *from = at; from > text && (size_t)(at - from) < room;) {
		from--;
		if (ends_local(*from))
			return;
		email[room - (size_t)(at - from)] = *from;
		if (from == text || starts_local(from[-1]))
			push_flat(st, email + room - (at - from), (size_t)(at - from) + domain_len);
	}
}

/* "a@b" out of whatever it stands in, as the decoders take it out. */
void scan_email(struct scan_state *st, const char *text, size_t len, size_t at)
{
	size_t to = at + 1;

	while (to < len && to - at <= 256 && is_domain(text[to]))
		to++;
	size_t wide = to;
	while (wide < len && wide - at <= 256 && (is_domain(text[wide]) || text[wide] == '_'))
		wide++;
	while (wide > to && text[wide - 1] == '.')
		wide--;
	if (wide > to)
		push_emails(st, text, text + at, text + at, wide - at);
	while (to > at + 1 && text[to - 1] == '.')
		to--;
	push_emails(st, text, text + at, text + at, to - at);
}

static bool in_name(uint8_t c)
{
	return c >= 0x80 || is_domain((char)c) || c == '_';
}

/* The address around an '@' whose domain reaches to end at most. */
static void foreign_email(struct scan_state *st, const char *text, const char *at, const char *end)
{
	char domain[1 + ATOM_DOMAIN_MAX] = "@";

	while (end > at + 1 && end[-1] == '.')
		end--;
	size_t n =
		atom_domain_normalise(at + 1, (size_t)(end - at - 1), domain + 1, ATOM_DOMAIN_MAX);
	if (n)
		push_emails(st, text, at, domain, n + 1);
}

static void foreign_emails(struct scan_state *st, const char *text, const char *p, const char *end)
{
	for (const char *at = p; (at = memchr(at, '@', (size_t)(end - at))); at++) {
		const char *next = memchr(at + 1, '@', (size_t)(end - at - 1));
		const char *stop = next ? next : end;
		const char *score = memchr(at, '_', (size_t)(stop - at));
		foreign_email(st, text, at, stop);
		if (score)
			foreign_email(st, text, at, score);
	}
}

static void take_foreign(struct scan_state *st, const char *text, const char *p, size_t len)
{
	char name[ATOM_DOMAIN_MAX];
	const char *at = memrchr(p, '@', len);

	if (at && st->plan->emails)
		foreign_emails(st, text, p, p + len);
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

/* The next byte beyond ASCII at or after i, or len. */
static size_t next_high(const char *p, size_t i, size_t len)
{
	uint64_t w;

	for (; i + sizeof(w) <= len; i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		w &= UINT64_C(0x8080808080808080);
		if (w)
			return i + (unsigned)__builtin_ctzll(w) / 8;
	}
	while (i < len && (uint8_t)p[i] < 0x80)
		i++;
	return i;
}

static bool in_run(char c)
{
	return in_name((uint8_t)c) || c == '@';
}

/* Runs that hold a byte beyond ASCII, and a dot or the ideographic full stop or an '@'. */
void scan_beyond_ascii(struct scan_state *st, const char *p, size_t len)
{
	size_t done = 0, end;

	for (size_t at = next_high(p, 0, len); at < len; at = next_high(p, end, len)) {
		size_t from = at;
		bool split = false;
		while (from > done && in_run(p[from - 1]))
			from--;
		for (end = from; end < len && in_run(p[end]); end++)
			split |= p[end] == '.' || p[end] == '@' ||
				 (len - end >= 3 && memcmp(p + end, "\xe3\x80\x82", 3) == 0);
		if (split)
			take_foreign(st, p, p + from, end - from);
		end += end == from;
		done = end;
	}
}
