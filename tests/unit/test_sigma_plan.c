/*
 * The plan never hides a match: rules and records drawn from one small vocabulary, records
 * written in every way that JSON has; what the plan leaves to be tried must hit the same as
 * trying every rule. Then the same on real events, where they are there.
 */
#include <glob.h>
#include <stdint.h>

#include "base/text.h"
#include "match/sigma/sigma_fold.h"
#include "match/sigma/sigma_plan.h"
#include "match/sigma/sigma_bind.h"
#include "tap.h"
#include "unit/test_sigma_draw.h"

#define MAPS   "rules/fieldmaps/sigma"
#define RULES  "../shared/data/rules/sigma"
#define EVENTS "../shared/data/logs/OTRF"
#define BLOCK  65536
#define ROUNDS (TAP_SANITIZED ? 60 : 600)

struct world {
	struct sigma_set set;
	struct sigma_maps *maps;
	struct sigma_matcher *m;
	struct sigma_scratch *record;
	struct sigma_plan *plan;
	struct sigma_plan_scratch scratch;
	struct scan_plan scan_plan;
	struct exact none;
	struct scan_state block;
	struct problems ps;
	const struct scan_walk *walk;
};

struct tally {
	uint64_t records, candidates, hits, wrong;
	uint64_t rules, tried; /* of each record: there are, and the plan leaves to be tried */
};

static void open_world(struct world *w, const struct sigma_logsource *stated, uint32_t count)
{
	memset(w, 0, sizeof(*w));
	problems_init(&w->ps);
	sigma_fold_init();
	w->maps = sigma_maps_create();
	if (!w->maps || sigma_set_init(&w->set) || sigma_maps_load_dir(w->maps, MAPS, &w->ps))
		abort();
	(void)stated, (void)count;
}

static void ready(struct world *w, const struct sigma_logsource *stated, uint32_t count)
{
	w->scan_plan.atoms = &w->none;
	w->walk = scan_walk_best();
	if (sigma_set_finish(&w->set, &w->ps) ||
	    sigma_matcher_create(&w->m, &w->set, w->maps, stated, count) ||
	    !(w->record = sigma_scratch_create(w->m)) || sigma_plan_compile(&w->plan, w->m) ||
	    sigma_plan_scratch_init(&w->scratch, w->plan) || exact_init(&w->none, 1) ||
	    exact_finish(&w->none) || scan_state_init(&w->block, &w->scan_plan))
		abort();
}

static void close_world(struct world *w)
{
	scan_state_fini(&w->block);
	exact_fini(&w->none);
	sigma_plan_scratch_fini(&w->scratch);
	sigma_plan_free(w->plan);
	sigma_scratch_free(w->record);
	sigma_matcher_free(w->m);
	sigma_maps_free(w->maps);
	sigma_set_fini(&w->set);
	problems_fini(&w->ps);
}

static struct sigma_result full, planned;

static bool same_hits(void)
{
	if (full.hits != planned.hits)
		return false;
	for (uint32_t i = 0; i < full.hits; i++)
		if (full.hit[i].rule != planned.hit[i].rule)
			return false;
	return true;
}

static void tell(const struct world *w, const char *p, size_t len)
{
	printf("# %.*s\n", len < 2000 ? (int)len : 2000, p);
	for (uint32_t i = 0; i < full.hits; i++)
		printf("#   all: %s (%s:%u)\n", w->set.rules[full.hit[i].rule].title.p,
		       w->set.rules[full.hit[i].rule].file, w->set.rules[full.hit[i].rule].line);
	for (uint32_t i = 0; i < planned.hits; i++)
		printf("#   planned: %s\n", w->set.rules[planned.hit[i].rule].title.p);
}

/* One record of the block, with the plan and without. */
static void one(struct world *w, uint32_t stated, const char *text, size_t from, size_t to,
		struct tally *t)
{
	const char *p = text + from;
	size_t len = to - from;

	full.hits = planned.hits = 0;
	if (sigma_read_json(w->m, w->record, stated, p, len))
		sigma_match(w->m, w->record, &full);
	struct sigma_record rec = {FORMAT_AUTO, &w->block, text, p, len};
	bool any = sigma_plan_scan(w->plan, &w->scratch, stated, &rec);
	if (any && sigma_read_json(w->m, w->record, stated, p, len)) {
		sigma_plan_keep(w->plan, &w->scratch, w->record);
		sigma_match(w->m, w->record, &planned);
	}
	for (uint32_t i = 0; any && i < w->m->words; i++)
		t->tried += (uint64_t)__builtin_popcountll(w->scratch.candidates[i]);
	t->rules += w->set.count;
	t->records++;
	t->candidates += any;
	t->hits += full.hits;
	if (!same_hits() && t->wrong++ < 3)
		tell(w, p, len);
}

/* Whole lines of up to a block's bytes at a time; 64 bytes behind the text are readable. */
static void all_lines(struct world *w, uint32_t stated, const char *p, size_t len, struct tally *t)
{
	while (len > 0) {
		size_t n = len < BLOCK ? len : BLOCK;
		const char *last = memrchr(p, '\n', n);
		if (!last)
			last = memchr(p, '\n', len);
		n = last ? (size_t)(last - p) + 1 : len;
		w->walk->block(&w->block, p, n, true);
		for (size_t from = 0; from < n;) {
			const char *end = memchr(p + from, '\n', n - from);
			size_t to = end ? (size_t)(end - p) : n;
			if (to > from)
				one(w, stated, p, from, to, t);
			from = to + 1;
		}
		p += n;
		len -= n;
	}
}

static void drawn(void)
{
	static char records[1 << 20];
	static const struct sigma_logsource stated = {{"windows", 7}, {"", 0}, {"", 0}};
	struct tally t = {0};
	uint64_t rules = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct world w;
		struct text text;
		text_init(&text);
		draw_seed(round + 1);
		open_world(&w, &stated, 1);
		draw_rules(&text, 4);
		sigma_set_load(&w.set, "drawn.yml", text.p, text.len, &w.ps);
		ready(&w, &stated, 1);
		rules += w.set.count;
		text_reset(&text);
		for (int i = 0; i < 150; i++)
			draw_record(&text);
		memset(records, 0, sizeof(records));
		size_t len = text.len < sizeof(records) - 64 ? text.len : sizeof(records) - 64;
		memcpy(records, text.p, len);
		uint64_t wrong = t.wrong;
		all_lines(&w, round % 4 ? SIGMA_NO_ROUTE : 0, records, len, &t);
		if (t.wrong > wrong)
			printf("# seed %u\n", round + 1);
		text_fini(&text);
		close_world(&w);
	}
	printf("# %llu rules, %llu records, %llu candidates, %llu hits\n",
	       (unsigned long long)rules, (unsigned long long)t.records,
	       (unsigned long long)t.candidates, (unsigned long long)t.hits);
	tap_int((long long)t.wrong, 0, "drawn rules and records: the plan hides no match");
	tap_ok(rules > ROUNDS * 3u && t.hits > t.records / 20, "and there are matches to hide");
	tap_ok(t.tried < t.rules * 2 / 3, "it leaves %llu of %llu to be tried",
	       (unsigned long long)t.tried, (unsigned long long)t.rules);
}

static bool load_rules(struct world *w)
{
	static char text[1 << 20];
	glob_t found = {0};
	char pattern[256] = RULES;

	for (int depth = 0; depth < 7; depth++) {
		strcat(pattern, "/*");
		char files[300];
		snprintf(files, sizeof(files), "%s.yml", pattern);
		glob(files, depth ? GLOB_APPEND : 0, NULL, &found);
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *f = fopen(found.gl_pathv[i], "rb");
		size_t len = f ? fread(text, 1, sizeof(text), f) : 0;
		if (f)
			fclose(f);
		sigma_set_load(&w->set, found.gl_pathv[i], text, len, &w->ps);
	}
	bool any = found.gl_pathc > 0;
	globfree(&found);
	return any;
}

/* Members of the archive, read by unzip. */
static size_t read_archive(const char *path, char **p)
{
	char command[1024];
	size_t len = 0, room = 0;

	snprintf(command, sizeof(command), "unzip -p '%s' '*.json' -x '__MACOSX/*' 2>/dev/null",
		 path);
	FILE *f = popen(command, "r");
	for (size_t n = 1; f && n > 0; len += n) {
		if (room - len < (1 << 20)) {
			room += 32u << 20;
			*p = realloc(*p, room);
		}
		n = fread(*p + len, 1, room - len - 64, f);
	}
	if (f)
		pclose(f);
	memset(*p + len, 0, 64);
	return len;
}

static void real(void)
{
	struct world w;
	struct tally t = {0};
	glob_t zips = {0};
	char *events = NULL;
	int step = TAP_SANITIZED ? 6 : 1;

	open_world(&w, NULL, 0);
	bool rules = load_rules(&w);
	ready(&w, NULL, 0);
	for (int depth = 0; depth < 8; depth++) {
		char pattern[256] = EVENTS;
		for (int i = 0; i < depth; i++)
			strcat(pattern, "/*");
		strcat(pattern, "/*.zip");
		glob(pattern, depth ? GLOB_APPEND : 0, NULL, &zips);
	}
	if (!rules || zips.gl_pathc == 0) {
		tap_skip(2, "real rules and events: %s is not there", EVENTS);
	} else {
		for (size_t i = 0; i < zips.gl_pathc; i += (size_t)step) {
			size_t len = read_archive(zips.gl_pathv[i], &events);
			all_lines(&w, SIGMA_NO_ROUTE, events, len, &t);
		}
		tap_int((long long)t.wrong, 0, "real rules and events: the plan hides no match");
		tap_ok(t.hits > 100 / (unsigned)step && t.candidates < t.records / 5,
		       "%u rules, %llu records: %llu candidates, %llu hits", w.set.count,
		       (unsigned long long)t.records, (unsigned long long)t.candidates,
		       (unsigned long long)t.hits);
	}
	globfree(&zips);
	free(events);
	close_world(&w);
}

static void caseless(void)
{
	uint32_t wrong = 0, known = 0;

	sigma_fold_init();
	for (uint32_t cp = 0; cp < 0x110000; cp++) {
		uint32_t folded = sigma_fold_code(cp);
		wrong += folded != cp &&
			 (sigma_literal_caseless(cp) || sigma_literal_caseless(folded));
		known += sigma_literal_caseless(cp);
	}
	tap_ok(wrong == 0 && known > 1000, "%u characters without case, %u of them wrong", known,
	       wrong);
}

int main(void)
{
	caseless();
	drawn();
	real();
	return tap_done();
}
