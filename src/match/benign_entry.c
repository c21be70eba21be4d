/* Benign values in the form in which they are compared. */
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/atom.h"
#include "match/benign_load.h"
#include "match/indicator_draft.h"
#include "match/indicator_index.h"

static void keep(struct benign_load *b, enum benign_kind kind, struct span text)
{
	struct indicator_set *s = b->s;
	struct ref at;

	if (b->error)
		return;
	b->error = index_grow((void **)&s->benigns, s->benign_count, &s->benign_capacity,
			      sizeof(*s->benigns));
	if (!b->error)
		b->error = indicator_set_text(s, text, &at);
	if (!b->error)
		s->benigns[s->benign_count++] =
			(struct benign){(uint8_t)kind, b->list, at.at, at.len};
}

/* NULL, or why not: each of these keeps one entry. */
static const char *keep_cidr(struct benign_load *b, struct span v)
{
	char text[ADDRESS_TEXT_MAX + 8];
	struct network n;

	if (!network_parse(v.p, v.len, &n))
		return "no address or CIDR";
	if (n.prefix == 0)
		return "a /0 network is everything";
	size_t len = address_format(&n.base, text);
	if (n.prefix < n.base.bits)
		len += (size_t)snprintf(text + len, 8, "/%u", n.prefix);
	keep(b, BENIGN_CIDR, (struct span){text, (uint32_t)len});
	return NULL;
}

static const char *keep_hostname(struct benign_load *b, struct span v)
{
	char name[ATOM_DOMAIN_MAX];
	struct network n;

	if (network_parse(v.p, v.len, &n))
		return keep_cidr(b, v);
	size_t len = atom_domain_normalise(v.p, v.len, name, sizeof(name));
	if (len == 0)
		return "no host name";
	keep(b, BENIGN_HOSTNAME, (struct span){name, (uint32_t)len});
	return NULL;
}

static const char *keep_lower(struct benign_load *b, enum benign_kind kind, struct span v)
{
	char low[ATOM_URL_MAX];

	if (v.len > sizeof(low))
		return "the value is too long";
	for (uint32_t i = 0; i < v.len; i++)
		low[i] = v.p[i] >= 'A' && v.p[i] <= 'Z' ? (char)(v.p[i] + 32) : v.p[i];
	keep(b, kind, (struct span){low, v.len});
	return NULL;
}

/* Canonical where it is an atom, as the values it is compared with are. */
static const char *keep_string(struct benign_load *b, struct span v)
{
	char out[ATOM_URL_MAX];
	size_t n = 0;

	switch (atom_guess(v.p, v.len)) {
	case CONDITION_IP:
	case CONDITION_NETWORK:
		return keep_cidr(b, v);
	case CONDITION_DOMAIN:
		/* ".example.com" among strings can only mean the names below it */
		if (v.p[0] == '.' || v.p[0] == '*')
			return keep_hostname(b, v);
		n = atom_domain_normalise(v.p, v.len, out, sizeof(out));
		break;
	case CONDITION_URL:
		n = atom_url_normalise(v.p, v.len, out, sizeof(out));
		break;
	case CONDITION_EMAIL:
		n = atom_email_normalise(v.p, v.len, out, sizeof(out));
		break;
	}
	if (n == 0)
		return keep_lower(b, BENIGN_STRING, v);
	keep(b, BENIGN_STRING, (struct span){out, (uint32_t)n});
	return NULL;
}

/* "/regex/flags" of PHP, or a bare expression. */
static const char *keep_regex(struct benign_load *b, struct span v)
{
	const char *close = v.p[0] == '/' ? memrchr(v.p + 1, '/', v.len - 1) : NULL;
	hs_compile_error_t *error = NULL;
	hs_expr_info_t *info = NULL;
	bool caseless = false;
	struct text t;

	if (close) {
		for (const char *f = close + 1; f < v.p + v.len; f++) {
			if (!strchr("igu", *f))
				return "unknown flag of the expression";
			caseless |= *f == 'i';
		}
		v = (struct span){v.p + 1, (uint32_t)(close - v.p - 1)};
	}
	if (memchr(v.p, '\0', v.len) || v.len > DRAFT_VALUE_MAX)
		return "no regular expression";
	text_init(&t);
	text_str(&t, caseless ? "(?i)" : "");
	text_bytes(&t, v.p, v.len);
	const char *why = t.error ? "out of memory" : NULL;
	if (!why && hs_expression_info(t.p, 0, &info, &error) != HS_SUCCESS)
		why = "the expression is not supported";
	if (!why)
		keep(b, BENIGN_REGEX, (struct span){t.p, (uint32_t)t.len});
	free(info);
	hs_free_compile_error(error);
	text_fini(&t);
	return why;
}

const char *benign_entry(struct benign_load *b, enum benign_kind kind, struct span v)
{
	if (v.len == 0)
		return "no value";
	switch (kind) {
	case BENIGN_CIDR:
		return keep_cidr(b, v);
	case BENIGN_HOSTNAME:
		return keep_hostname(b, v);
	case BENIGN_SUBSTRING:
		return keep_lower(b, kind, v);
	case BENIGN_REGEX:
		return keep_regex(b, v);
	case BENIGN_STRING:
		break;
	}
	return keep_string(b, v);
}

const char *benign_plain(struct benign_load *b, struct span v)
{
	struct network n;
	char name[ATOM_DOMAIN_MAX];

	if (network_parse(v.p, v.len, &n))
		return keep_cidr(b, v);
	if (atom_domain_normalise(v.p, v.len, name, sizeof(name)) &&
	    atom_guess(v.p, v.len) != CONDITION_HASH)
		return keep_hostname(b, v);
	return keep_string(b, v);
}
