/* The field's words: every name is read back, in any case, and nothing else is. */
#include "config/vocab.h"

#include <ctype.h>

#include "tap.h"

typedef int parse_fn(const char *p, size_t len);
typedef const char *name_fn(int value);

/* Each value's name in both cases, cut, and one byte longer. */
static void both_ways(parse_fn *parse, name_fn *name, int from, int count, const char *what)
{
	int wrong = 0;

	for (int v = from; v < count; v++) {
		char text[64];
		size_t len = strlen(name(v));
		memcpy(text, name(v), len + 1);
		wrong += parse(text, len) != v || parse(text, len - 1) == v;
		for (size_t i = 0; i < len; i++)
			text[i] = (char)toupper((unsigned char)text[i]);
		text[len] = 'x';
		wrong += parse(text, len) != v || parse(text, len + 1) != -1;
	}
	wrong += parse("", 0) != -1 || parse("no such word", 12) != -1;
	tap_int(wrong, 0, what);
}

#define IS(parse, text, want) tap_int(parse(text, strlen(text)), want, #parse " " text)

static void durations(void)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {{"0s", 0},
		    {"1us", 1},
		    {"500ms", 500000},
		    {"90s", 90000000},
		    {"5m", 300000000},
		    {"5min", 300000000},
		    {"24h", INT64_C(86400000000)},
		    {"7d", INT64_C(604800000000)},
		    {"604800000000us", INT64_C(604800000000)},
		    {"2W", INT64_C(1209600000000)},
		    {"106751991d", INT64_C(9223372022400000000)},
		    {"106751992d", -1},
		    {"9223372036854775807us", -1},
		    {"99999999999999999999us", -1},
		    {"", -1},
		    {"5", -1},
		    {"h", -1},
		    {"-5s", -1},
		    {"+5s", -1},
		    {"1.5h", -1},
		    {"5 s", -1},
		    {"5s ", -1},
		    {"5sec", -1},
		    {"1h30m", -1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tap_ok(vocab_duration_parse(rows[i].text, strlen(rows[i].text)) == rows[i].us,
		       "duration \"%s\"", rows[i].text);
}

int main(void)
{
	both_ways(vocab_state_parse, vocab_state_code, 0, STATES, "states");
	both_ways(vocab_sector_parse, vocab_sector_name, 0, SECTORS, "sectors");
	both_ways(vocab_severity_parse, vocab_severity_name, 0, SEVERITY_HIGH + 1, "severities");
	both_ways(vocab_tlp_parse, vocab_tlp_name, 0, TLPS, "TLP");
	both_ways(vocab_pap_parse, vocab_pap_name, 0, PAPS, "PAP");
	both_ways(vocab_format_parse, vocab_format_name, 0, FORMATS, "formats");

	int members = 0, sorted = 0, annex[3] = {0};
	for (int s = 0; s < STATES; s++) {
		members += vocab_state_is_member(s);
		sorted += s && s < STATE_MEMBERS && strcmp(vocab_state_code(s - 1), vocab_state_code(s)) < 0;
	}
	for (int s = 0; s < SECTORS; s++)
		annex[vocab_sector_annex(s)]++;
	tap_ok(members == 27 && sorted == 26, "27 Member States in the order of their codes");
	tap_ok(annex[0] == 1 && annex[1] == 11 && annex[2] == 7, "11 sectors of Annex I, 7 of Annex II");
	IS(vocab_state_parse, "el", vocab_state_parse("GR", 2));
	IS(vocab_state_parse, "UK", STATE_GB);
	IS(vocab_state_parse, "US", -1);
	IS(vocab_state_parse, "DEU", -1);
	tap_ok(!vocab_state_is_member(STATE_EU) && !vocab_state_is_member(STATE_GB) &&
		       !vocab_state_is_member(-1) && !vocab_state_is_member(STATES), "EU and GB are none");

	IS(vocab_tlp_parse, "TLP:AMBER+STRICT", TLP_AMBER_STRICT);
	IS(vocab_tlp_parse, "tlp.white", TLP_CLEAR);
	IS(vocab_tlp_parse, "tlp:", -1);
	IS(vocab_tlp_parse, "tlp", -1);
	IS(vocab_tlp_parse, "tlp-red", -1);
	IS(vocab_pap_parse, "PAP:AMBER", PAP_AMBER);
	IS(vocab_pap_parse, "white", PAP_CLEAR);
	IS(vocab_pap_parse, "pap:amber+strict", -1);
	IS(vocab_severity_parse, "critical", SEVERITY_HIGH);

	IS(vocab_rsit_class, "malicious-code", CLASS_EFFECT);
	IS(vocab_rsit_class, "rsit:intrusions=\"system-compromise\"", CLASS_EFFECT);
	IS(vocab_rsit_class, "rsit:malicious-code=\"scanner\"", CLASS_ATTEMPT);
	IS(vocab_rsit_class, "rsit:malicious-code=\"no-such\"", CLASS_EFFECT);
	IS(vocab_rsit_class, "rsit:malicious-code=", CLASS_EFFECT);
	IS(vocab_rsit_class, "rsit:malicious-code=\"", CLASS_EFFECT);
	IS(vocab_rsit_class, "rsit:", CLASS_NONE);
	IS(vocab_rsit_class, "Recon.Scanning", CLASS_ATTEMPT);
	IS(vocab_rsit_class, "Intrusion.Botnet", CLASS_EFFECT);
	IS(vocab_rsit_class, "test", CLASS_TEST);
	IS(vocab_rsit_class, ".", CLASS_NONE);
	IS(vocab_rsit_class, "", CLASS_NONE);
	durations();
	return tap_done();
}
