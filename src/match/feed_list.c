#include "match/feed_load.h"

#include <string.h>
#include <strings.h>

#include "match/atom.h"

/* "http://host[:port]" without a path means the host: so list makers write it. */
static bool bare_host(struct span *v)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (int i = 0; i < 2; i++) {
		uint32_t n = (uint32_t)strlen(schemes[i]);
		if (v->len <= n || strncasecmp(v->p, schemes[i], n) != 0)
			continue;
		for (uint32_t k = n; k < v->len; k++)
			if (strchr("/?#@", v->p[k]))
				return false;
		*v = (struct span){v->p + n, v->len - n};
		return true;
	}
	return false;
}

const char *feed_list_take(struct draft *d, uint32_t clause, struct span v)
{
	char plain[ATOM_URL_MAX];
	struct span host;
	uint16_t port;

	size_t n = atom_refang(v.p, v.len, plain, sizeof(plain));
	if (n == 0)
		return v.len ? "the value is too long" : "no value";
	v = (struct span){plain, (uint32_t)n};
	if (bare_host(&v))
		return draft_endpoint(d, clause, v.p, v.len);
	int kind = atom_guess(v.p, v.len);
	if (kind >= 0)
		return draft_atom(d, clause, (enum condition_kind)kind, OBSERVABLE_NONE, v.p,
				  v.len);
	if (atom_endpoint_split(v.p, v.len, &host, &port))
		return draft_endpoint(d, clause, v.p, v.len);
	if (v.p[0] == '/')
		return "a path without a host";
	return "no address, network, domain, URL, hash or e-mail address";
}

void feed_list_value(struct feed_load *l, uint32_t line, const char *p, size_t len)
{
	if (l->error)
		return;
	draft_reset(&l->draft, l->feed);
	l->draft.line = line;
	const char *why = feed_list_take(&l->draft, 0, (struct span){p, (uint32_t)len});
	if (why)
		feed_refuse_value(l, line, p, len, why);
	else
		feed_add(l);
}

static struct span token(struct span *rest)
{
	struct span t = *rest;

	t.len = 0;
	while (t.len < rest->len && t.p[t.len] != ' ' && t.p[t.len] != '\t')
		t.len++;
	*rest = feed_trim((struct span){t.p + t.len, rest->len - t.len});
	return t;
}

static bool is_comment(struct span s)
{
	return s.len == 0 || s.p[0] == '#' || s.p[0] == ';' ||
	       (s.len > 1 && memcmp(s.p, "//", 2) == 0);
}

static bool is_count(struct span s)
{
	for (uint32_t i = 0; i < s.len; i++)
		if (!s.p[i] || !strchr("0123456789.,-+ \t", s.p[i]))
			return false;
	return true;
}

/* The address that hosts files give to what they block. */
static bool is_sinkhole(struct span s)
{
	static const char *const sinks[] = {"0.0.0.0", "127.0.0.1", "::", "::1"};

	for (int i = 0; i < 4; i++)
		if (s.len == strlen(sinks[i]) && memcmp(s.p, sinks[i], s.len) == 0)
			return true;
	return false;
}

static void one_line(struct feed_load *l, uint32_t number, struct span line)
{
	struct span rest = feed_trim(line);

	if (is_comment(rest))
		return;
	struct span v = token(&rest);
	if (is_sinkhole(v) && !is_comment(rest) && !is_count(rest))
		v = token(&rest);
	if (!is_comment(rest) && !is_count(rest))
		feed_refuse_value(l, number, line.p, line.len, "more than one value on a line");
	else
		feed_list_value(l, number, v.p, v.len);
}

void feed_list(struct feed_load *l)
{
	const char *p = l->p, *end = l->p + l->len;
	struct span line;

	for (uint32_t n = 1; !l->error && feed_next_line(&p, end, &line); n++)
		one_line(l, n, line);
}
