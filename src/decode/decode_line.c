#include "decode/decode_line.h"

#include <string.h>
#include <strings.h>

#include "base/timestamp.h"
#include "decode/ascii.h"

#define DOMAIN_BYTES_MAX 253
#define EPOCH_DIGITS_MIN 9 /* shorter numbers are counters, not times since 1973 */

static bool is_in(char c, const char *set)
{
	return c && strchr(set, c);
}

/* "a.b": labels of letters, digits, hyphens, underscores; the last one of letters, or an A-label.
 */
static bool is_domain(struct span v)
{
	uint32_t label = 0, dots = 0, letters = 0;

	if (v.len && v.p[v.len - 1] == '.')
		v.len--;
	if (v.len < 4 || v.len > DOMAIN_BYTES_MAX)
		return false;
	for (uint32_t i = 0; i < v.len; i++) {
		if (v.p[i] == '.') {
			if (label == 0)
				return false;
			dots++;
			label = letters = 0;
			continue;
		}
		if (!ascii_alpha(v.p[i]) && !ascii_digit(v.p[i]) && v.p[i] != '-' && v.p[i] != '_')
			return false;
		letters += ascii_alpha(v.p[i]);
		label++;
	}
	bool a_label = label > 4 && strncasecmp(v.p + v.len - label, "xn--", 4) == 0;
	return dots && label >= 2 && (letters == label || a_label);
}

static struct span trim(struct span v, const char *set)
{
	while (v.len && is_in(v.p[0], set)) {
		v.p++;
		v.len--;
	}
	while (v.len && is_in(v.p[v.len - 1], set))
		v.len--;
	return v;
}

/* "host:80" and "host/path" without what follows the host. */
static struct span host_of(struct span v)
{
	struct address a;

	if (address_parse(v.p, v.len, &a))
		return v;
	for (uint32_t i = 0; i < v.len; i++)
		if (v.p[i] == ':' || v.p[i] == '/') {
			/* a network is not its first address */
			bool network = v.p[i] == '/' && i + 1 < v.len && ascii_digit(v.p[i + 1]) &&
				       address_parse(v.p, i, &a);
			v.len = network ? 0 : i;
			break;
		}
	return v;
}

/* A piece that holds no delimiter of its own. */
static void take_atom(struct event *ev, struct span v)
{
	struct address a;

	v = trim(v, ".:");
	if (memchr(v.p, '@', v.len)) {
		const char *at = memchr(v.p, '@', v.len);
		struct span domain = {at + 1, (uint32_t)(v.p + v.len - at - 1)};
		if (at > v.p && is_domain(domain))
			event_observe(ev, OBSERVABLE_EMAIL, v.p, v.len);
		return;
	}
	v = host_of(v);
	if (address_parse(v.p, v.len, &a))
		event_observe(ev, OBSERVABLE_IP, v.p, v.len);
	else if (event_is_hash(v.p, v.len))
		event_observe(ev, OBSERVABLE_HASH, v.p, v.len);
	else if (is_domain(v))
		event_observe(ev, OBSERVABLE_DOMAIN, v.p, v.len);
}

static void take_atoms(struct event *ev, struct span v)
{
	static const char between[] = ",;=()[]{}!#%&*^~$?";
	uint32_t from = 0;

	for (uint32_t i = 0; i <= v.len; i++)
		if (i == v.len || is_in(v.p[i], between)) {
			if (i > from)
				take_atom(ev, (struct span){v.p + from, i - from});
			from = i + 1;
		}
}

/* The scheme's first letter before "://", or NULL where no URL is. */
static const char *url_start(struct span v)
{
	const char *mark = memmem(v.p, v.len, "://", 3);
	const char *from = mark;

	if (!mark)
		return NULL;
	while (from > v.p &&
	       (ascii_alpha(from[-1]) || ascii_digit(from[-1]) || is_in(from[-1], "+-")))
		from--;
	while (from < mark && !ascii_alpha(*from))
		from++;
	return from < mark && mark + 3 < v.p + v.len ? from : NULL;
}

static void take_url(struct event *ev, const char *from, const char *end)
{
	struct span url = trim((struct span){from, (uint32_t)(end - from)}, ",;.)]}");
	const char *host = (const char *)memmem(url.p, url.len, "://", 3) + 3;
	const char *stop = host;
	const char *last = url.p + url.len;

	event_observe(ev, OBSERVABLE_URL, url.p, url.len);
	while (stop < last && !is_in(*stop, "/?#"))
		stop++;
	const char *user = memrchr(host, '@', (size_t)(stop - host));
	host = user ? user + 1 : host;
	struct span name = {host, (uint32_t)(stop - host)};
	if (name.len && *host == '[')
		take_atoms(ev, name);
	else
		take_atom(ev, name);
}

/* A run between white space and quotes: a URL, or smaller pieces. */
static void take_run(struct event *ev, struct span v)
{
	const char *url = url_start(v);

	/* a path on the host is no name in the network */
	if (v.p[0] == '/' || memchr(v.p, '\\', v.len))
		return;
	if (!url) {
		take_atoms(ev, v);
		return;
	}
	take_atoms(ev, (struct span){v.p, (uint32_t)(url - v.p)});
	take_url(ev, url, v.p + v.len);
}

static struct span next_word(const char **p, const char *end)
{
	while (*p < end && is_in(**p, " \t"))
		++*p;
	struct span w = {*p, 0};
	while (*p < end && !is_in(**p, " \t"))
		++*p;
	w.len = (uint32_t)(*p - w.p);
	return w;
}

/* Past "<PRI>" and, of RFC 5424, its version. */
static const char *after_priority(const char *p, const char *end, bool *rfc5424)
{
	const char *q = p + 1;

	*rfc5424 = false;
	if (p == end || *p != '<')
		return p;
	while (q < end && ascii_digit(*q))
		q++;
	if (q == p + 1 || q == end || *q != '>')
		return p;
	q++;
	if (end - q >= 2 && q[0] == '1' && q[1] == ' ') {
		*rfc5424 = true;
		q += 2;
	}
	return q;
}

/* Reads the time at *p and moves past it. */
static bool head_time(const char **p, const char *end, int64_t *time_us)
{
	const char *q = *p;
	struct span w = next_word(&q, end);
	struct span day = w = trim(w, "[]\",;");

	*p = q;
	if (w.len >= EPOCH_DIGITS_MIN && timestamp_parse_epoch(w.p, w.len, time_us))
		return true;
	if (w.len != 10 || !timestamp_parse(w.p, w.len, time_us))
		return w.len > 10 && timestamp_parse(w.p, w.len, time_us);
	/* "2026-11-22 04:33:00": the time of day is the next word */
	w = trim(next_word(&q, end), "[]\",;");
	struct span both = {day.p, (uint32_t)(w.p + w.len - day.p)};
	if (w.p == day.p + 11 && timestamp_parse(both.p, both.len, time_us))
		*p = q;
	return true;
}

/* "type=.. msg=audit(1700000000.123:45): ..", as Linux's audit daemon writes. */
static bool audit_time(const char *p, const char *end, int64_t *time_us)
{
	static const char mark[] = " msg=audit(";
	size_t n = sizeof(mark) - 1;

	if (end - p < 16 || (memcmp(p, "type=", 5) != 0 && memcmp(p, "node=", 5) != 0))
		return false;
	const char *from = memmem(p, (size_t)(end - p), mark, n);
	const char *colon = from ? memchr(from + n, ':', (size_t)(end - from) - n) : NULL;
	return colon && timestamp_parse_epoch(from + n, (size_t)(colon - from) - n, time_us);
}

bool decode_line_time(const char *p, size_t len, int64_t *time_us)
{
	bool rfc5424;

	if (audit_time(p, p + len, time_us))
		return true;
	const char *head = after_priority(p, p + len, &rfc5424);

	return head_time(&head, p + len, time_us);
}

static const char *take_head(const char *p, const char *end, struct event *ev)
{
	bool rfc5424;
	const char *head = after_priority(p, end, &rfc5424);

	ev->has_time = audit_time(p, end, &ev->time_us);
	if (ev->has_time)
		return p;
	ev->has_time = head_time(&head, end, &ev->time_us);
	if (!ev->has_time)
		return p;
	if (rfc5424) {
		struct span host = next_word(&head, end);
		if (host.len && !(host.len == 1 && host.p[0] == '-'))
			event_add(ev, FIELD_HOST_NAME, host.p, host.len);
	}
	return head;
}

void decode_line(const char *p, size_t len, struct event *ev)
{
	static const char between[] = " \t\r\n\"'`<>|";
	const char *end = p + len;

	p = take_head(p, end, ev);
	for (const char *from = p; from <= end;) {
		const char *to = from;
		while (to < end && *to && !is_in(*to, between))
			to++;
		if (to > from)
			take_run(ev, (struct span){from, (uint32_t)(to - from)});
		from = to + 1;
	}
}
