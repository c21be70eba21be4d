/* What a rule says beside its detection: names, log source, level, tags. */
#include <string.h>
#include <strings.h>

#include "match/sigma/sigma_read.h"

#define TAGS_MAX  256

static struct span text_of(struct sigma_reader *rd, const struct sigma_yaml *doc, const char *key,
			   size_t max)
{
	const struct sigma_yaml *n = sigma_yaml_get(doc, key);

	if (!n || n->kind == SIGMA_YAML_NULL)
		return (struct span){"", 0};
	if (!sigma_yaml_is_scalar(n))
		sigma_refuse(rd, n->line, "%s is a text, not %s", key, sigma_yaml_kind_name(n));
	else if (n->text.len > max || strlen(n->text.p) != n->text.len)
		sigma_refuse(rd, n->line, "%s is too long; accepted: up to %zu bytes", key, max);
	return sigma_pool_copy(rd->pool, n->text.p, n->text.len);
}

static struct span lower(struct sigma_reader *rd, const struct sigma_yaml *map, const char *key)
{
	struct span s = text_of(rd, map, key, SIGMA_ID_MAX);
	char *p = (char *)(uintptr_t)s.p;

	for (uint32_t i = 0; i < s.len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] |= 0x20;
	return s;
}

void sigma_meta_logsource(struct sigma_reader *rd, const struct sigma_yaml *doc,
			  struct sigma_logsource *out)
{
	const struct sigma_yaml *n = sigma_yaml_get(doc, "logsource");

	if (!n || n->kind != SIGMA_YAML_MAP) {
		sigma_refuse(rd, n ? n->line : rd->line, n ? "logsource is no map" : "no logsource");
		return;
	}
	out->product = lower(rd, n, "product");
	out->category = lower(rd, n, "category");
	out->service = lower(rd, n, "service");
	if (out->product.len + out->category.len + out->service.len == 0)
		sigma_refuse(rd, n->line, "logsource names no product, category or service");
}

static bool covers(struct span wide, struct span narrow)
{
	return wide.len == 0 || sigma_span_equal(wide, narrow);
}

bool sigma_logsource_covers(const struct sigma_logsource *wide, const struct sigma_logsource *narrow)
{
	return covers(wide->product, narrow->product) && covers(wide->category, narrow->category) &&
	       covers(wide->service, narrow->service);
}

/* The place of a word in a list that NULL ends; -1 with a refusal. */
static int word(struct sigma_reader *rd, const struct sigma_yaml *doc, const char *key,
		const char *const *words, const char *told)
{
	struct span s = text_of(rd, doc, key, SIGMA_ID_MAX);

	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == s.len && strncasecmp(words[i], s.p, s.len) == 0)
			return i;
	if (s.len)
		sigma_refuse(rd, sigma_yaml_get(doc, key)->line, "unknown %s \"%.*s\"; accepted: %s",
			     key, (int)(s.len < 80 ? s.len : 80), s.p, told);
	return -1;
}

static uint8_t read_level(struct sigma_reader *rd, const struct sigma_yaml *doc)
{
	static const char *const words[] = {"informational", "low", "medium", "high", "critical",
					    NULL};
	static const uint8_t severity[] = {SEVERITY_LOW, SEVERITY_LOW, SEVERITY_MEDIUM,
					   SEVERITY_HIGH, SEVERITY_HIGH};
	int i = word(rd, doc, "level", words, "informational, low, medium, high, critical");

	return i < 0 ? (uint8_t)SEVERITY_MEDIUM : severity[i];
}

static uint8_t read_status(struct sigma_reader *rd, const struct sigma_yaml *doc)
{
	static const char *const words[] = {"stable",	  "test",	 "experimental",
					    "deprecated", "unsupported", NULL};
	int i = word(rd, doc, "status", words,
		     "stable, test, experimental, deprecated, unsupported");

	if (i == SIGMA_UNSUPPORTED - SIGMA_STABLE)
		sigma_refuse(rd, sigma_yaml_get(doc, "status")->line,
			     "status unsupported: its author says it cannot be used");
	return (uint8_t)(i + 1);
}

static void read_tags(struct sigma_reader *rd, const struct sigma_yaml *doc, struct sigma_rule *r)
{
	const struct sigma_yaml *n = sigma_yaml_get(doc, "tags");

	if (!n || n->kind == SIGMA_YAML_NULL)
		return;
	if (n->kind != SIGMA_YAML_LIST || n->count > TAGS_MAX) {
		sigma_refuse(rd, n->line, "tags is a list of up to 256 words");
		return;
	}
	struct span *tags = sigma_alloc(rd, n->count + 1, sizeof(*tags));
	for (uint32_t i = 0; tags && i < n->count; i++) {
		if (sigma_yaml_is_scalar(n->items[i]))
			tags[r->tag_count++] = sigma_pool_copy(rd->pool, n->items[i]->text.p,
							       n->items[i]->text.len);
		else
			sigma_refuse(rd, n->items[i]->line, "a tag is a word");
	}
	r->tags = tags;
}

/* ATT&CK's tactics before a foothold, and those that take one; either spelling. */
static int tactic_class(struct span tag)
{
	static const struct {
		const char *name;
		int hit_class;
	} tactics[] = {
		{"reconnaissance", CLASS_ATTEMPT},	 {"resource-development", CLASS_ATTEMPT},
		{"initial-access", CLASS_ATTEMPT},	 {"execution", CLASS_EFFECT},
		{"persistence", CLASS_EFFECT},		 {"privilege-escalation", CLASS_EFFECT},
		{"defense-evasion", CLASS_EFFECT},	 {"stealth", CLASS_EFFECT},
		{"defense-impairment", CLASS_EFFECT},	 {"credential-access", CLASS_EFFECT},
		{"discovery", CLASS_EFFECT},		 {"lateral-movement", CLASS_EFFECT},
		{"collection", CLASS_EFFECT},		 {"command-and-control", CLASS_EFFECT},
		{"exfiltration", CLASS_EFFECT},		 {"impact", CLASS_EFFECT},
	};
	static const char prefix[] = "attack.";
	char name[32];

	if (tag.len <= sizeof(prefix) - 1 || tag.len - sizeof(prefix) + 1 >= sizeof(name) ||
	    strncasecmp(tag.p, prefix, sizeof(prefix) - 1) != 0)
		return CLASS_NONE;
	memcpy(name, tag.p + sizeof(prefix) - 1, tag.len - sizeof(prefix) + 1);
	name[tag.len - sizeof(prefix) + 1] = '\0';
	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = '-';
	for (size_t i = 0; i < sizeof(tactics) / sizeof(tactics[0]); i++)
		if (strcasecmp(name, tactics[i].name) == 0)
			return tactics[i].hit_class;
	return CLASS_NONE;
}

static int rsit_class(struct span tag)
{
	static const char prefix[] = "rsit.";

	if (tag.len <= sizeof(prefix) - 1 || strncasecmp(tag.p, prefix, sizeof(prefix) - 1) != 0)
		return CLASS_NONE;
	return vocab_rsit_class(tag.p + sizeof(prefix) - 1, tag.len - sizeof(prefix) + 1);
}

/* Logs of what is asked of a host from outside: a request says nothing of its success. */
static bool is_knock(const struct sigma_logsource *l)
{
	return sigma_span_is(l->category, "webserver") || sigma_span_is(l->category, "firewall");
}

/* README.md: an rsit tag; else a request seen from outside is an attempt; else the furthest tactic. */
static uint8_t class_of(const struct sigma_rule *r)
{
	int tactic = CLASS_NONE;

	for (uint32_t i = 0; i < r->tag_count; i++) {
		int c = rsit_class(r->tags[i]), t = tactic_class(r->tags[i]);
		if (c != CLASS_NONE)
			return (uint8_t)c;
		if (t == CLASS_EFFECT || tactic == CLASS_NONE)
			tactic = t;
	}
	if (is_knock(&r->logsource))
		return CLASS_ATTEMPT;
	return (uint8_t)(tactic == CLASS_NONE ? CLASS_EFFECT : tactic);
}

static uint8_t tlp_of(const struct sigma_rule *r)
{
	for (uint32_t i = 0; i < r->tag_count; i++) {
		struct span tag = r->tags[i];
		int tlp = tag.len > 4 && strncasecmp(tag.p, "tlp.", 4) == 0
				  ? vocab_tlp_parse(tag.p, tag.len)
				  : -1;
		if (tlp >= 0)
			return (uint8_t)tlp;
	}
	return TLP_AMBER;
}

void sigma_meta_names(struct sigma_reader *rd, const struct sigma_yaml *doc, struct sigma_rule *r)
{
	r->title = text_of(rd, doc, "title", SIGMA_ID_MAX);
	r->uuid = text_of(rd, doc, "id", SIGMA_ID_MAX);
	r->name = text_of(rd, doc, "name", SIGMA_ID_MAX);
	r->id = r->uuid.len ? r->uuid : r->name.len ? r->name : r->title;
	if (r->title.len == 0)
		sigma_refuse(rd, rd->line, "no title");
	struct span taxonomy = text_of(rd, doc, "taxonomy", SIGMA_ID_MAX);
	if (taxonomy.len && !sigma_span_is(taxonomy, "sigma"))
		sigma_refuse(rd, sigma_yaml_get(doc, "taxonomy")->line,
			     "taxonomy is not known; accepted: sigma");
	r->status = read_status(rd, doc);
	r->severity = read_level(rd, doc);
	read_tags(rd, doc, r);
	r->tlp = tlp_of(r);
	r->hit_class = class_of(r);
}

void sigma_meta_read(struct sigma_reader *rd, const struct sigma_yaml *doc, struct sigma_rule *r)
{
	sigma_meta_names(rd, doc, r);
	sigma_meta_logsource(rd, doc, &r->logsource);
	r->hit_class = class_of(r); /* the log source has a say in it */
}
