/* A loaded set as sorted text, free of indices and line numbers: two sets that say the
 * same print the same. */
#ifndef TOCSIN_TESTS_FEED_DUMP_H
#define TOCSIN_TESTS_FEED_DUMP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/timestamp.h"
#include "match/indicator.h"

static const char *const dump_kinds[] = {"ip",    "net",   "domain", "url",    "hash",
					 "email", "value", "port",   "pattern"};
static const char *const dump_types[] = {"none",     "ip",   "domain", "url",  "hash",
					 "email",    "ua",   "ja3",    "file", "command",
					 "registry", "path", "text"};
static const char *const dump_patterns[] = {"substring", "wildcard", "regex"};

static void dump_condition(struct text *t, const struct indicator_set *s, uint32_t number)
{
	const struct condition at = condition_at(s, number), *c = &at;

	text_printf(t, " %u:%s", c->clause, dump_kinds[c->kind]);
	if (c->kind == CONDITION_VALUE || c->kind == CONDITION_PATTERN)
		text_printf(t, "/%s", dump_types[c->type]);
	if (c->kind == CONDITION_PATTERN)
		text_printf(t, "/%s/%x", dump_patterns[c->pattern_kind], c->hs_flags);
	text_printf(t, "=%.*s", (int)c->text_len, s->text + c->text);
	struct network n;
	if ((c->kind == CONDITION_IP || c->kind == CONDITION_NETWORK) &&
	    (!network_parse(s->text + c->text, c->text_len, &n) || n.prefix != c->network.prefix ||
	     !address_equal(&n.base, &c->network.base)))
		text_str(t, "(another network)");
}

static bool dump_exact; /* times to the microsecond */

static void dump_time(struct text *t, const char *name, int64_t us)
{
	char buf[TIMESTAMP_TEXT_MAX];

	if (us == INT64_MIN || us == INT64_MAX)
		return;
	if (dump_exact)
		text_printf(t, "[%lld]", (long long)us);
	timestamp_format(us, buf);
	text_printf(t, " %s=%.10s", name, buf);
}

/* "id [conditions] threat kind:id(name) severity tlp pap confidence validity" */
__attribute__((unused)) static void dump_indicator(struct text *t, const struct indicator_set *s,
						   const struct indicator *in)
{
	static const char *const kinds[] = {"campaign", "indicator", "rule"};
	const struct threat threat = threat_at(s, in->threat), *th = &threat;

	text_printf(t, "%.*s", (int)in->id_len, s->text + in->id);
	for (uint32_t i = 0; i < in->conditions; i++)
		dump_condition(t, s, in->first_condition + i);
	text_printf(t, " %s:%.*s", kinds[th->kind], (int)th->id_len, s->text + th->id);
	if (th->name_len != th->id_len ||
	    memcmp(s->text + th->id, s->text + th->name, th->id_len) != 0)
		text_printf(t, "(%.*s)", (int)th->name_len, s->text + th->name);
	text_printf(t, " %s %s %s", vocab_severity_name(in->severity), vocab_tlp_name(in->tlp),
		    vocab_pap_name(in->pap));
	if (in->confidence >= 0)
		text_printf(t, " c%d", in->confidence);
	dump_time(t, "from", in->valid_from);
	dump_time(t, "until", in->valid_until);
	if (in->rule)
		text_str(t, " rule");
}

static int dump_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* malloc'd; one line an indicator, sorted. */
__attribute__((unused)) static char *dump_set(const struct indicator_set *s)
{
	char **lines = calloc(s->count + 1, sizeof(*lines));
	struct text all, one;

	text_init(&all);
	for (uint32_t i = 0; i < s->count; i++) {
		text_init(&one);
		struct indicator in = indicator_at(s, i);
		dump_indicator(&one, s, &in);
		lines[i] = text_take(&one);
	}
	qsort(lines, s->count, sizeof(*lines), dump_order);
	for (uint32_t i = 0; i < s->count; i++) {
		text_str(&all, lines[i]);
		text_char(&all, '\n');
		free(lines[i]);
	}
	free(lines);
	return text_take(&all);
}

__attribute__((unused)) static struct feed dump_feed(const char *name, const char *path)
{
	struct feed f = {.tlp = TLP_AMBER, .severity = SEVERITY_MEDIUM};

	snprintf(f.name, sizeof(f.name), "%s", name);
	snprintf(f.path, sizeof(f.path), "%s", path);
	return f;
}

/* A sealed set says what it said before; each id is found again. */
__attribute__((unused)) static void dump_sealed(struct text *t, struct indicator_set *s,
						uint32_t threats)
{
	dump_exact = true;
	char *before = dump_set(s);
	if (indicator_set_seal(s))
		text_str(t, "not sealed\n");
	char *after = dump_set(s);
	if (strcmp(before, after) != 0)
		text_printf(t, "sealed it says:\n%s", after);
	free(before);
	free(after);
	dump_exact = false;
	if (s->threats_named != threats)
		text_printf(t, "%u threats, once %u\n", s->threats_named, threats);
	for (uint32_t i = 0; i < s->count; i++) {
		struct indicator in = indicator_at(s, i);
		struct span id = indicator_text(s, in.id, in.id_len);
		const char *feed = in.local ? s->feeds[in.feed].name : NULL;
		if (indicator_find(s, id, feed) != (in.rule ? -1 : (int64_t)i))
			text_printf(t, "%u is not found\n", i);
	}
}

/* What the feed's bytes load as, then "! line: reason" for each refusal. */
__attribute__((unused)) static char *dump_bytes(const char *bytes, size_t len)
{
	struct feed f = dump_feed("feed", "feed.txt");
	struct indicator_set s;
	struct problems ps;
	struct text t;

	text_init(&t);
	problems_init(&ps);
	indicator_set_init(&s);
	int rc = feed_load_bytes(&s, &f, bytes, len, &ps);
	if (rc)
		text_printf(&t, "error %d\n", rc);
	indicator_set_finish(&s);
	char *set = dump_set(&s);
	text_str(&t, set);
	dump_sealed(&t, &s, s.threat_count);
	free(set);
	for (size_t i = 0; i < ps.count; i++)
		text_printf(&t, "! %u: %s\n", ps.items[i].line, ps.items[i].reason);
	if (s.revoked || s.deleted || s.not_to_ids)
		text_printf(&t, "revoked %d deleted %d not_to_ids %d\n", (int)s.revoked,
			    (int)s.deleted, (int)s.not_to_ids);
	indicator_set_fini(&s);
	problems_fini(&ps);
	return text_take(&t);
}

#endif
