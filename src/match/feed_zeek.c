/* Zeek Intelligence Framework files: TSV with a #fields line. */
#include <string.h>
#include <strings.h>

#include "match/feed_load.h"

#define COLUMNS_MAX 64

struct header {
	int indicator, type, desc; /* column numbers, -1 absent */
	int columns;
};

static const struct {
	const char *name;
	enum condition_kind kind;
	enum observable_type type;
} types[] = {
	{"Intel::ADDR", CONDITION_NETWORK, OBSERVABLE_IP},
	{"Intel::SUBNET", CONDITION_NETWORK, OBSERVABLE_IP},
	{"Intel::URL", CONDITION_URL, OBSERVABLE_URL},
	{"Intel::DOMAIN", CONDITION_DOMAIN, OBSERVABLE_DOMAIN},
	{"Intel::EMAIL", CONDITION_EMAIL, OBSERVABLE_EMAIL},
	{"Intel::FILE_HASH", CONDITION_HASH, OBSERVABLE_HASH},
	{"Intel::CERT_HASH", CONDITION_HASH, OBSERVABLE_HASH},
	{"Intel::SOFTWARE", CONDITION_VALUE, OBSERVABLE_USER_AGENT},
	{"Intel::FILE_NAME", CONDITION_VALUE, OBSERVABLE_FILE_NAME},
};

static int split(struct span line, struct span out[COLUMNS_MAX])
{
	const char *p = line.p, *end = line.p + line.len;
	int n = 0;

	while (n < COLUMNS_MAX) {
		const char *tab = memchr(p, '\t', (size_t)(end - p));
		out[n++] = (struct span){p, (uint32_t)((tab ? tab : end) - p)};
		if (!tab)
			break;
		p = tab + 1;
	}
	return n;
}

static bool is(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

bool feed_zeek_is(const char *p, size_t len)
{
	const char *end = p + len;
	struct span line;

	while (feed_next_line(&p, end, &line)) {
		if (line.len > 8 && memcmp(line.p, "#fields\t", 8) == 0)
			return memmem(line.p, line.len, "indicator_type", 14) != NULL;
		if (line.len && line.p[0] != '#')
			return memmem(line.p, line.len, "\tIntel::", 8) != NULL;
	}
	return false;
}

static void read_header(struct header *h, struct span line)
{
	struct span f[COLUMNS_MAX];
	int n = split((struct span){line.p + 8, line.len - 8}, f);

	*h = (struct header){-1, -1, -1, n};
	for (int i = 0; i < n; i++) {
		if (is(f[i], "indicator"))
			h->indicator = i;
		else if (is(f[i], "indicator_type"))
			h->type = i;
		else if (is(f[i], "meta.desc"))
			h->desc = i;
	}
}

static struct span column(const struct span *f, int n, int at)
{
	if (at < 0 || at >= n || is(f[at], "-"))
		return (struct span){"", 0};
	return feed_trim(f[at]);
}

static void row(struct feed_load *l, const struct header *h, uint32_t number, struct span line)
{
	struct span f[COLUMNS_MAX];
	int n = split(line, f);
	struct span v = column(f, n, h->indicator), type = column(f, n, h->type);

	if (h->indicator < 0 || h->type < 0)
		return feed_refuse(l, number,
				   "the #fields line names no indicator and indicator_type");
	if (n <= h->indicator || n <= h->type)
		return feed_refuse(l, number, "%d columns where the #fields line names %d", n,
				   h->columns);
	draft_reset(&l->draft, l->feed);
	l->draft.line = number;
	l->draft.name = column(f, n, h->desc);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!is(type, types[i].name))
			continue;
		const char *why =
			draft_atom(&l->draft, 0, types[i].kind, types[i].type, v.p, v.len);
		if (why)
			feed_refuse_value(l, number, v.p, v.len, why);
		else
			feed_add(l);
		return;
	}
	feed_refuse(l, number, "indicator type \"%.*s\" is not supported",
		    (int)(type.len < 60 ? type.len : 60), type.p);
}

void feed_zeek(struct feed_load *l)
{
	const char *p = l->p, *end = l->p + l->len;
	struct header h = {0, 1, -1, 2}; /* without a #fields line */
	struct span line;

	for (uint32_t n = 1; !l->error && feed_next_line(&p, end, &line); n++) {
		if (line.len > 8 && memcmp(line.p, "#fields\t", 8) == 0)
			read_header(&h, line);
		else if (line.len && line.p[0] != '#')
			row(l, &h, n, line);
	}
}
