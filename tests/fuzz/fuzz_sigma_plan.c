/* Any bytes as a block of records under a few rules: the plan leaves all that would hit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/sigma/sigma_bind.h"
#include "match/sigma/sigma_fold.h"
#include "match/sigma/sigma_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules[] =
	"title: a\nid: 00000000-0000-4000-8000-000000000001\n"
	"logsource: {product: windows, category: process_creation}\n"
	"detection: {s: {Image|endswith: '\\cmd.exe', CommandLine|contains: ['/c ', 'whoami']}, "
	"condition: s}\n"
	"---\ntitle: b\nid: 00000000-0000-4000-8000-000000000002\n"
	"logsource: {product: windows, service: security}\n"
	"detection: {s: {EventID: 4688, P|startswith: '1'}, f: {P: null}, condition: s and not f}\n"
	"---\ntitle: c\nid: 00000000-0000-4000-8000-000000000003\nlogsource: {product: windows}\n"
	"detection: {s: ['é\"key', 'word'], condition: s}\n";
static const char map[] =
	"name: windows\nshapes:\n"
	"  - {name: flat, tells: [Channel, EventID], under: [\"\"], fields: {Provider_Name: "
	"[SourceName]}}\n"
	"  - {name: beat, tells: [w.channel, w.event_id], under: [w.data., \"\"],\n"
	"     fields: {Channel: w.channel, EventID: [w.event_id, event.code]}}\n"
	"logsources:\n"
	"  - {product: windows}\n"
	"  - {product: windows, category: process_creation, when: {Channel: Sysmon, EventID: "
	"[1]}}\n"
	"  - {product: windows, category: process_creation, when: {Provider_Name: kernel}}\n"
	"  - {product: windows, service: security, when: {Channel: Security}}\n";

static struct sigma_matcher *matcher;
static struct sigma_scratch *record;
static struct sigma_plan *plan;
static struct sigma_plan_scratch scratch;
static struct scan_state block;
static struct sigma_result full, planned;

static void start(void)
{
	static struct sigma_set set;
	static struct scan_plan scan;
	static struct exact none;
	struct sigma_maps *maps = sigma_maps_create();

	scan.atoms = &none;
	sigma_fold_init();
	if (!maps || sigma_maps_load(maps, "map", map, sizeof(map) - 1, NULL) ||
	    sigma_set_init(&set) || sigma_set_load(&set, "rules", rules, sizeof(rules) - 1, NULL) ||
	    sigma_set_finish(&set, NULL) || set.count != 3 ||
	    sigma_matcher_create(&matcher, &set, maps, NULL, 0) ||
	    !(record = sigma_scratch_create(matcher)) || sigma_plan_compile(&plan, matcher) ||
	    sigma_plan_scratch_init(&scratch, plan) || exact_init(&none, 1) ||
	    exact_finish(&none) || scan_state_init(&block, &scan))
		abort();
}

static void one(const char *text, size_t from, size_t to)
{
	struct sigma_record rec = {FORMAT_AUTO, &block, text, text + from, to - from};

	full.hits = planned.hits = 0;
	if (sigma_read(matcher, record, SIGMA_NO_ROUTE, FORMAT_AUTO, NULL, rec.p, rec.len))
		sigma_match(matcher, record, &full);
	if (sigma_plan_scan(plan, &scratch, SIGMA_NO_ROUTE, &rec) &&
	    sigma_read(matcher, record, SIGMA_NO_ROUTE, FORMAT_AUTO, NULL, rec.p, rec.len)) {
		sigma_plan_keep(plan, &scratch, record);
		sigma_match(matcher, record, &planned);
	}
	if (full.hits != planned.hits)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[65536 + 128];

	if (!plan)
		start();
	if (size > 65536)
		return 0;
	memcpy(text, data, size);
	memset(text + size, 0, 128);
	scan_walk_best()->block(&block, text, size, true);
	for (size_t from = 0; from < size;) {
		const char *end = memchr(text + from, '\n', size - from);
		size_t to = end ? (size_t)(end - text) : size;
		if (to > from)
			one(text, from, to);
		from = to + 1;
	}
	return 0;
}
