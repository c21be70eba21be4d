/*
 * Raw rules in the pattern format of hsbench: "id:/regex/flags" a line.
 *
 * A rule is a regular expression on the raw bytes of a record, its threat the rule itself.
 */
#include <errno.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/feed_load.h"

struct rule_line {
	struct span id, regex, flags;
};

/* NULL, or what is wrong with the line's shape. */
static const char *split(struct span line, struct rule_line *r)
{
	const char *colon = memchr(line.p, ':', line.len);

	if (!colon)
		return "no \"id:/regex/flags\"";
	r->id = feed_trim((struct span){line.p, (uint32_t)(colon - line.p)});
	struct span rest =
		feed_trim((struct span){colon + 1, line.len - (uint32_t)(colon + 1 - line.p)});
	if (r->id.len == 0)
		return "no id before the ':'";
	if (rest.len == 0 || rest.p[0] != '/')
		return "no '/' after the ':'";
	const char *close = memrchr(rest.p, '/', rest.len);
	if (close == rest.p)
		return "no '/' that ends the expression";
	r->regex = (struct span){rest.p + 1, (uint32_t)(close - rest.p - 1)};
	r->flags = (struct span){close + 1, (uint32_t)(rest.p + rest.len - close - 1)};
	return NULL;
}

/* hsbench's letters; -1 for what cannot be taken, with the reason. */
static int64_t flags_of(struct span s, char why[64])
{
	static const struct {
		char letter;
		unsigned flag;
	} letters[] = {{'i', HS_FLAG_CASELESS},
		       {'s', HS_FLAG_DOTALL},
		       {'m', HS_FLAG_MULTILINE},
		       {'H', HS_FLAG_SINGLEMATCH},
		       {'V', HS_FLAG_ALLOWEMPTY},
		       {'8', HS_FLAG_UTF8},
		       {'W', HS_FLAG_UCP},
		       {'P', HS_FLAG_PREFILTER},
		       {'L', HS_FLAG_SOM_LEFTMOST},
		       {'O', 0},
		       {'o', 0}}; /* O: its test tool compares the order of matches */
	int64_t flags = 0;

	for (uint32_t i = 0; i < s.len; i++) {
		size_t k = 0, count = sizeof(letters) / sizeof(letters[0]);
		while (k < count && letters[k].letter != s.p[i])
			k++;
		if (k < count) {
			flags |= letters[k].flag;
			continue;
		}
		const char *what = s.p[i] == 'C' ? "flag C (combinations of rules) is not supported"
				   : s.p[i] == 'Q' ? "flag Q (never report) is not supported"
				   : s.p[i] == '{' ? "extended parameters are not supported"
						   : NULL;
		if (what)
			snprintf(why, 64, "%s", what);
		else
			snprintf(why, 64, "unknown flag '%c'",
				 s.p[i] > ' ' && s.p[i] < 0x7f ? s.p[i] : '?');
		return -1;
	}
	return flags;
}

/* The same rule again is no harm; another one under its name is. */
static bool taken(struct feed_load *l, const struct rule_line *r, uint32_t flags, uint32_t line)
{
	const struct indicator *known = indicator_set_rule(l->s, r->id);

	if (!known)
		return false;
	const struct condition *c = &l->s->conditions[known->first_condition];
	if (c->hs_flags != flags || c->text_len != r->regex.len ||
	    memcmp(l->s->text + c->text, r->regex.p, r->regex.len) != 0)
		problem_refuse(l->ps, "rule", l->feed->path, line,
			       "rule id %.*s is taken by line %u of %s",
			       (int)(r->id.len < 80 ? r->id.len : 80), r->id.p, known->line,
			       l->s->feeds[known->feed].path);
	return true;
}

static void one_rule(struct feed_load *l, uint32_t line, struct span text)
{
	struct draft *d = &l->draft;
	struct rule_line r;
	char why[64] = "";
	const char *bad = split(text, &r);
	int64_t flags = bad ? -1 : flags_of(r.flags, why);

	if (!bad && flags < 0)
		bad = why;
	draft_reset(d, l->feed);
	d->line = line;
	d->rule = true;
	if (!bad)
		bad = draft_pattern(d, 0, OBSERVABLE_NONE, PATTERN_REGEX, (uint32_t)flags,
				    r.regex.p, r.regex.len);
	if (bad) {
		problem_refuse(l->ps, "rule", l->feed->path, line, "%s", bad);
		return;
	}
	d->id = r.id;
	if (!taken(l, &r, (uint32_t)flags, line))
		l->error = indicator_set_add(l->s, l->number, d);
}

static void read_rules(struct feed_load *l)
{
	const char *p = l->p, *end = l->p + l->len;
	struct span line;

	for (uint32_t n = 1; !l->error && feed_next_line(&p, end, &line); n++) {
		struct span text = feed_trim(line);
		if (text.len && text.p[0] != '#')
			one_rule(l, n, text);
	}
}

int rules_load_file(struct indicator_set *s, const char *path, struct problems *ps)
{
	struct feed feed = {.tlp = TLP_AMBER, .pap = PAP_CLEAR, .severity = SEVERITY_MEDIUM};
	struct feed_load l = {.s = s, .feed = &feed, .ps = ps};
	const char *slash = strrchr(path, '/');
	struct feed_bytes bytes;

	snprintf(feed.name, sizeof(feed.name), "%s", slash ? slash + 1 : path);
	snprintf(feed.path, sizeof(feed.path), "%s", path);
	int rc = feed_read(path, &bytes);
	if (rc) {
		problem_refuse(ps, "rule", path, 0, "cannot read the file: %s", strerror(-rc));
		return rc;
	}
	l.p = bytes.p;
	l.len = bytes.len;
	int number = indicator_set_feed(s, &feed);
	l.error = number < 0 ? number : 0;
	l.number = (uint16_t)(number < 0 ? 0 : number);
	draft_init(&l.draft);
	read_rules(&l);
	draft_fini(&l.draft);
	feed_bytes_fini(&bytes);
	return l.error;
}
