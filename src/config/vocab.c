#include "config/vocab.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

struct word {
	const char *text;
	int value;
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool same(const char *p, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(p, word, len) == 0;
}

static int find(const struct word *words, size_t count, const char *p, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (same(p, len, words[i].text))
			return words[i].value;
	return -1;
}

/* What stands behind a prefix such as "tlp:" or "tlp."; unchanged without it. */
static void skip_prefix(const char **p, size_t *len, const char *prefix)
{
	size_t n = strlen(prefix);

	if (*len > n && strncasecmp(*p, prefix, n) == 0 && strchr(":.", (*p)[n])) {
		*p += n + 1;
		*len -= n + 1;
	}
}

static const struct {
	const char *code, *name;
} states[STATES] = {
	{"AT", "Austria"},     {"BE", "Belgium"},   {"BG", "Bulgaria"}, {"CY", "Cyprus"},
	{"CZ", "Czechia"},     {"DE", "Germany"},   {"DK", "Denmark"},	{"EE", "Estonia"},
	{"ES", "Spain"},       {"FI", "Finland"},   {"FR", "France"},	{"GR", "Greece"},
	{"HR", "Croatia"},     {"HU", "Hungary"},   {"IE", "Ireland"},	{"IT", "Italy"},
	{"LT", "Lithuania"},   {"LU", "Luxembourg"}, {"LV", "Latvia"},	{"MT", "Malta"},
	{"NL", "Netherlands"}, {"PL", "Poland"},    {"PT", "Portugal"}, {"RO", "Romania"},
	{"SE", "Sweden"},      {"SI", "Slovenia"},  {"SK", "Slovakia"}, {"EU", "Union entities"},
	{"GB", "United Kingdom"},
};

int vocab_state_parse(const char *p, size_t len)
{
	if (same(p, len, "EL"))
		return vocab_state_parse("GR", 2);
	if (same(p, len, "UK"))
		return STATE_GB;
	for (int i = 0; i < STATES; i++)
		if (same(p, len, states[i].code))
			return i;
	return -1;
}

const char *vocab_state_code(int state)
{
	assert(state >= 0 && state < STATES);
	return states[state].code;
}

const char *vocab_state_name(int state)
{
	assert(state >= 0 && state < STATES);
	return states[state].name;
}

bool vocab_state_is_member(int state)
{
	return state >= 0 && state < STATE_MEMBERS;
}

/* Directive (EU) 2022/2555, Annex I (1..11) and Annex II (12..18); nis2 tag values. */
static const char *const sectors[SECTORS] = {
	"unknown",   "energy",	  "transport",	      "banking",
	"financial", "health",	  "drinking-water",   "waste-water",
	"digital-infrastructure", "ict-services",     "public-administration",
	"space",     "courier",	  "waste-management", "chemical",
	"food",	     "manufacturing", "digital-providers", "research",
};

int vocab_sector_parse(const char *p, size_t len)
{
	for (int i = 0; i < SECTORS; i++)
		if (same(p, len, sectors[i]))
			return i;
	return -1;
}

const char *vocab_sector_name(int sector)
{
	assert(sector >= 0 && sector < SECTORS);
	return sectors[sector];
}

int vocab_sector_annex(int sector)
{
	assert(sector >= 0 && sector < SECTORS);
	return sector == SECTOR_UNKNOWN ? 0 : sector <= 11 ? 1 : 2;
}

static const char *const severities[] = {"none", "low", "medium", "high"};

int vocab_severity_parse(const char *p, size_t len)
{
	static const struct word words[] = {
		{"low", SEVERITY_LOW},	   {"medium", SEVERITY_MEDIUM},
		{"high", SEVERITY_HIGH},   {"critical", SEVERITY_HIGH},
		{"none", SEVERITY_NONE},
	};
	return find(words, COUNT(words), p, len);
}

const char *vocab_severity_name(int severity)
{
	assert(severity >= SEVERITY_NONE && severity <= SEVERITY_HIGH);
	return severities[severity];
}

const char *vocab_class_name(int hit_class)
{
	static const char *const names[] = {"none", "attempt", "effect", "test"};

	assert(hit_class >= CLASS_NONE && hit_class <= CLASS_TEST);
	return names[hit_class];
}

/*
 * RSIT v1003 classes and types, IntelMQ's older spellings, IDEA0 categories
 * (by their first part where the rest does not matter) and n6 categories.
 * Effect: something happened to the host. Attempt: it was only tried, or is
 * merely possible (vulnerable) or harmless (abusive content received).
 */
static const struct word rsit[] = {
	{"abusive-content", CLASS_ATTEMPT},
	{"spam", CLASS_ATTEMPT},
	{"harmful-speech", CLASS_ATTEMPT},
	{"violence", CLASS_ATTEMPT},
	{"malicious-code", CLASS_EFFECT},
	{"malicious code", CLASS_EFFECT},
	{"infected-system", CLASS_EFFECT},
	{"ransomware", CLASS_EFFECT},
	{"c2-server", CLASS_EFFECT},
	{"malware-distribution", CLASS_EFFECT},
	{"malware-configuration", CLASS_EFFECT},
	{"malware", CLASS_EFFECT},
	{"dga-domain", CLASS_EFFECT},
	{"information-gathering", CLASS_ATTEMPT},
	{"information gathering", CLASS_ATTEMPT},
	{"scanner", CLASS_ATTEMPT},
	{"sniffing", CLASS_ATTEMPT},
	{"social-engineering", CLASS_ATTEMPT},
	{"intrusion-attempts", CLASS_ATTEMPT},
	{"intrusion attempts", CLASS_ATTEMPT},
	{"ids-alert", CLASS_ATTEMPT},
	{"brute-force", CLASS_ATTEMPT},
	{"exploit", CLASS_ATTEMPT},
	{"intrusions", CLASS_EFFECT},
	{"privileged-account-compromise", CLASS_EFFECT},
	{"unprivileged-account-compromise", CLASS_EFFECT},
	{"application-compromise", CLASS_EFFECT},
	{"system-compromise", CLASS_EFFECT},
	{"burglary", CLASS_EFFECT},
	{"availability", CLASS_EFFECT},
	{"dos", CLASS_EFFECT},
	{"ddos", CLASS_EFFECT},
	{"misconfiguration", CLASS_EFFECT},
	{"sabotage", CLASS_EFFECT},
	{"outage", CLASS_EFFECT},
	{"information-content-security", CLASS_EFFECT},
	{"information content security", CLASS_EFFECT},
	{"unauthorised-information-access", CLASS_EFFECT},
	{"unauthorized-information-access", CLASS_EFFECT},
	{"unauthorised-information-modification", CLASS_EFFECT},
	{"unauthorized-information-modification", CLASS_EFFECT},
	{"data-loss", CLASS_EFFECT},
	{"data-leak", CLASS_EFFECT},
	{"fraud", CLASS_EFFECT},
	{"unauthorised-use-of-resources", CLASS_EFFECT},
	{"unauthorized-use-of-resources", CLASS_EFFECT},
	{"copyright", CLASS_ATTEMPT},
	{"masquerade", CLASS_EFFECT},
	{"phishing", CLASS_ATTEMPT},
	{"vulnerable", CLASS_ATTEMPT},
	{"weak-crypto", CLASS_ATTEMPT},
	{"ddos-amplifier", CLASS_ATTEMPT},
	{"potentially-unwanted-accessible", CLASS_ATTEMPT},
	{"information-disclosure", CLASS_ATTEMPT},
	{"vulnerable-system", CLASS_ATTEMPT},
	{"test", CLASS_TEST},
	/* IDEA0 */
	{"Recon", CLASS_ATTEMPT},
	{"Attempt", CLASS_ATTEMPT},
	{"Intrusion", CLASS_EFFECT},
	{"Abusive", CLASS_ATTEMPT},
	{"Information", CLASS_EFFECT},
	/* n6 */
	{"bots", CLASS_EFFECT},
	{"cnc", CLASS_EFFECT},
	{"malurl", CLASS_EFFECT},
	{"phish", CLASS_ATTEMPT},
	{"scanning", CLASS_ATTEMPT},
	{"server-exploit", CLASS_ATTEMPT},
	{"dos-victim", CLASS_EFFECT},
	{"dos-attacker", CLASS_EFFECT},
	{"backdoor", CLASS_EFFECT},
	{"leak", CLASS_EFFECT},
	{"vulnerable", CLASS_ATTEMPT},
	{"amplifier", CLASS_ATTEMPT},
};

int vocab_rsit_class(const char *p, size_t len)
{
	if (len > 5 && strncasecmp(p, "rsit:", 5) == 0) {
		p += 5;
		len -= 5;
		const char *eq = memchr(p, '=', len);
		if (eq) {
			/* the type, in its quotes, says more than the class */
			const char *q = eq + 1;
			size_t n = len - (size_t)(q - p);
			if (n >= 2 && q[0] == '"' && q[n - 1] == '"') {
				q++;
				n -= 2;
			}
			int c = find(rsit, COUNT(rsit), q, n);
			if (c >= 0)
				return c;
			len = (size_t)(eq - p);
		}
	}
	int c = find(rsit, COUNT(rsit), p, len);
	const char *dot = memchr(p, '.', len);
	if (c < 0 && dot)
		c = find(rsit, COUNT(rsit), p, (size_t)(dot - p));
	return c < 0 ? CLASS_NONE : c;
}

static const char *const tlps[TLPS] = {"clear", "green", "amber", "amber+strict", "red"};

int vocab_tlp_parse(const char *p, size_t len)
{
	static const struct word words[] = {
		{"clear", TLP_CLEAR},
		{"white", TLP_CLEAR},
		{"public", TLP_CLEAR},
		{"green", TLP_GREEN},
		{"amber", TLP_AMBER},
		{"yellow", TLP_AMBER},
		{"need-to-know", TLP_AMBER},
		{"amber+strict", TLP_AMBER_STRICT},
		{"amber-strict", TLP_AMBER_STRICT},
		{"amber_strict", TLP_AMBER_STRICT},
		{"amber strict", TLP_AMBER_STRICT},
		{"internal", TLP_RED},
		{"red", TLP_RED},
		{"unclear", TLP_RED},
	};
	skip_prefix(&p, &len, "tlp");
	return find(words, COUNT(words), p, len);
}

const char *vocab_tlp_name(int tlp)
{
	assert(tlp >= 0 && tlp < TLPS);
	return tlps[tlp];
}

static const char *const paps[PAPS] = {"clear", "green", "amber", "red"};

int vocab_pap_parse(const char *p, size_t len)
{
	skip_prefix(&p, &len, "pap");
	if (same(p, len, "white"))
		return PAP_CLEAR;
	for (int i = 0; i < PAPS; i++)
		if (same(p, len, paps[i]))
			return i;
	return -1;
}

const char *vocab_pap_name(int pap)
{
	assert(pap >= 0 && pap < PAPS);
	return paps[pap];
}

static const char *const formats[FORMATS] = {
	"auto", "eve", "zeek", "zeek-tsv", "ecs", "idea", "intelmq", "n6", "notification",
	"map",	"lines", "packet",
};

int vocab_format_parse(const char *p, size_t len)
{
	for (int i = 0; i < FORMATS; i++)
		if (same(p, len, formats[i]))
			return i;
	return -1;
}

const char *vocab_format_name(int format)
{
	assert(format >= 0 && format < FORMATS);
	return formats[format];
}

int64_t vocab_duration_parse(const char *p, size_t len)
{
	static const struct {
		const char *unit;
		int64_t us;
	} units[] = {{"us", 1},		   {"ms", 1000},	    {"s", 1000000},
		     {"m", 60000000},	   {"min", 60000000},	    {"h", INT64_C(3600000000)},
		     {"d", INT64_C(86400000000)}, {"w", INT64_C(604800000000)}};
	int64_t n = 0;
	size_t i = 0;

	for (; i < len && isdigit((unsigned char)p[i]); i++) {
		if (n > (INT64_MAX - 9) / 10)
			return -1;
		n = n * 10 + (p[i] - '0');
	}
	if (i == 0)
		return -1;
	for (size_t u = 0; u < COUNT(units); u++)
		if (same(p + i, len - i, units[u].unit))
			return n > INT64_MAX / units[u].us ? -1 : n * units[u].us;
	return -1;
}
