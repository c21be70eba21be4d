/* Records of any bytes under rules of every kind: read as JSON, as a Zeek row, as a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/sigma/sigma_matcher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules[] =
	"title: a\nlogsource: {product: p}\ndetection:\n"
	"  s: {A|contains: [x, '?y*z'], B|windash|endswith: '-q', a0|re|i: '(a|b)+c'}\n"
	"  t: {C: 5, D|gt: 1, E|cidr: 10.0.0.0/8, F|exists: true, G: null}\n"
	"  u: {T|week: 1, A|fieldref|contains: B, H|base64offset|contains: ab}\n"
	"  k: ['key', '*w?rd']\n  condition: 1 of them or not all of them\n"
	"---\ntitle: b\nlogsource: {product: q}\ndetection: {s: {D.x|neq: a}, condition: s}\n";
static const char map[] =
	"shapes:\n- {tells: [A], under: ['', 'D.*.'], fields: {B: [b, c]}}\n"
	"- {tells: ['@audit'], under: ['']}\n- {tells: ['@syslog'], under: ['']}\n"
	"fields: {C: D}\nlogsources: [{product: p, unless: {A: no}}, {product: q, when: {A: [1, yes]}}]\n";
static const char header[] = "#fields\tA\tB\ta0\n#types\tstring\tstring\tset[string]\n";

static struct sigma_set set;
static struct sigma_maps *maps;
static struct sigma_matcher *matcher;
static struct sigma_scratch *scratch;

static void prepare(void)
{
	if (scratch)
		return;
	if (sigma_set_init(&set) != 0 || !(maps = sigma_maps_create()) ||
	    sigma_set_load(&set, "r", rules, strlen(rules), NULL) != 0 ||
	    sigma_set_finish(&set, NULL) != 0 ||
	    sigma_maps_load(maps, "m", map, strlen(map), NULL) != 0 || set.count != 2 ||
	    sigma_matcher_create(&matcher, &set, maps, NULL, 0) != 0 ||
	    !(scratch = sigma_scratch_create(matcher)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum format formats[] = {FORMAT_AUTO, FORMAT_LINES, FORMAT_ZEEK_TSV};
	static struct sigma_result out;
	struct span value;

	prepare();
	/* a copy of its own size: a read past the end is seen */
	char *p = malloc(size + 1);
	if (!p)
		return 0;
	memcpy(p, data, size);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (sigma_read(matcher, scratch, SIGMA_NO_ROUTE, formats[i], header, p, size))
			sigma_match(matcher, scratch, &out);
		for (uint32_t r = 0; r < set.count; r++)
			sigma_match_rule(matcher, scratch, r, &value);
	}
	free(p);
	return 0;
}
