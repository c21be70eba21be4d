/*
 * truth - holds an engine against the reference, over seeds.
 *
 *   truth seeds FIRST COUNT FOLDER [--line NAME]   through the API, packed; TAP, or a JSON line
 *   truth emit FIRST COUNT FOLDER                  files for `tocsin run` and `replay`:
 *                                                  sources.yaml and the like, feed, want
 *   truth read                                     candidate lines in, canonical lines out;
 *                                                  of each id the last version, if alive
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench.h"
#include "truth.h"

static const int threads_of[] = {1, 2, 3, 4, 5, 8, 13, 16};

static struct drive drive_of(uint64_t first)
{
	struct rng r = {first + 99};

	return (struct drive){.threads = threads_of[first / TRUTH_PACK % 8],
			      .feeders = 1 + (int)rng_below(&r, 4),
			      .looks = (int)rng_below(&r, 6)};
}

static bool same(const struct truth_lines *a, const struct truth_lines *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
		if (strcmp(a->line[i], b->line[i]))
			return false;
	return true;
}

static void show_difference(const char *name, const struct truth_lines *got,
			    const struct truth_lines *want)
{
	int shown = 0;

	for (int i = 0, k = 0; (i < got->count || k < want->count) && shown < 6;) {
		int d = i == got->count    ? 1
			: k == want->count ? -1
					   : strcmp(got->line[i], want->line[k]);
		if (d < 0)
			printf("# %s has:  %s\n", name, got->line[i]);
		else if (d > 0)
			printf("# it must: %s\n", want->line[k]);
		shown += d != 0;
		i += d <= 0;
		k += d >= 0;
	}
}

/* --- a part of a world: which messages, in which order ------------------------------ */

struct part {
	const struct truth_world *w;
	const char *folder;
	struct drive d;
	int *order, count;
};

/* True when the engine's word differs from the reference's; tell: say how. */
static bool differs(const struct part *p, bool tell)
{
	bool *take = calloc((size_t)p->w->message_count + 1, sizeof(*take));
	struct truth_lines want = {0};
	struct driven got;

	for (int i = 0; i < p->count; i++)
		take[p->order[i]] = true;
	reference_world(p->w, take, &want);
	drive_engine(p->w, p->folder, p->order, p->count, &p->d, &got);
	bool bad = got.why[0] || !same(&got.final, &want) || !same(&got.told, &want);
	if (bad && tell) {
		if (got.why[0])
			printf("# %s\n", got.why);
		show_difference("the end", &got.final, &want);
		show_difference("the changes", &got.told, &want);
	}
	free(take);
	lines_free(&want);
	driven_free(&got);
	return bad;
}

/* Leaves out halves, quarters, ... for as long as the rest still differs. */
static void shrink(struct part *p)
{
	int *all = malloc((size_t)p->count * sizeof(*all)), *keep = p->order;

	for (int piece = (p->count + 1) / 2, tries = 0;
	     piece >= 1 && tries<600; piece = piece> 1 ? (piece + 1) / 2 : 0) {
		for (int at = 0; at < p->count && tries < 600; tries++) {
			int n = p->count, cut = at + piece > n ? n - at : piece;
			memcpy(all, keep, (size_t)n * sizeof(*all));
			memmove(keep + at, keep + at + cut, (size_t)(n - at - cut) * sizeof(*keep));
			p->count = n - cut;
			if (differs(p, false))
				continue;
			memcpy(keep, all, (size_t)n * sizeof(*all));
			p->count = n;
			at += piece;
		}
	}
	free(all);
}

static void show_part(const struct part *p)
{
	char command[4200];
	int seed = p->count ? p->w->messages[p->order[0]].seed : 0;

	printf("# %d messages, %d threads; in order of delivery:\n", p->count, p->d.threads);
	for (int i = 0; i < p->count && i < 60; i++) {
		const struct truth_message *m = &p->w->messages[p->order[i]];
		const struct truth_source *s = &p->w->sources[m->source];
		for (int k = 0; k < m->count; k++)
			printf("# %s/%s/%s@%llu+%d %s\n", truth_states[s->state],
			       truth_sectors[s->sector], s->name, (unsigned long long)m->offset, k,
			       p->w->records[m->first + k].line);
	}
	fflush(stdout);
	snprintf(command, sizeof(command),
		 "sed 's/^/# /' %s/profile.yaml; grep -hE 'of %d,|s%d[.]bad' %s/indicators.csv | "
		 "sed 's/^/# /'",
		 p->folder, seed, seed, p->folder);
	if (system(command))
		puts("# (the files are gone)");
}

/* Only the messages of one seed; -1 all. */
static void part_of(struct part *p, const struct truth_world *w, int seed)
{
	p->w = w;
	p->order = malloc((size_t)(w->order_count + 1) * sizeof(*p->order));
	p->count = 0;
	for (int i = 0; i < w->order_count; i++)
		if (seed < 0 || w->messages[w->order[i]].seed == seed)
			p->order[p->count++] = w->order[i];
}

/* Which seed of the pack differs by itself; shrunk and told. */
static void explain(const struct truth_world *w, const char *folder, const struct drive *d)
{
	struct part p = {.folder = folder, .d = *d};
	int seed = -1;

	for (int i = 0; i < w->seeds && seed < 0; i++) {
		part_of(&p, w, (int)w->first_seed + i);
		if (differs(&p, false))
			seed = (int)w->first_seed + i;
		else
			free(p.order);
	}
	if (seed < 0) {
		printf("# no seed of %llu..%llu differs alone: together, or by the threads' luck\n",
		       (unsigned long long)w->first_seed,
		       (unsigned long long)w->first_seed + (unsigned)w->seeds - 1);
		part_of(&p, w, -1);
	} else {
		printf("# seed %d differs\n", seed);
	}
	if (differs(&p, true))
		shrink(&p);
	differs(&p, true);
	show_part(&p);
	free(p.order);
}

/* --- subcommands ---------------------------------------------------------------------- */

struct sums {
	long seeds, packs, bad, records, deliveries, raised, watch;
	double reference_s, engine_s;
};

static void one_pack(uint64_t first, int seeds, const char *folder, struct sums *s)
{
	struct truth_world w;
	struct truth_lines want = {0};
	struct part p = {.folder = folder, .d = drive_of(first)};

	world_make(&w, first, seeds);
	world_write(&w, folder, false);
	double t0 = bench_now();
	reference_world(&w, NULL, &want);
	double t1 = bench_now();
	for (int i = 0; i < want.count; i++) {
		s->raised += strstr(want.line[i], ": raised ") != NULL;
		s->watch += strstr(want.line[i], ": watch ") != NULL;
	}
	part_of(&p, &w, -1);
	if (differs(&p, false)) {
		s->bad++;
		printf("# the pack of seeds %llu..%llu differs\n", (unsigned long long)first,
		       (unsigned long long)first + (unsigned)seeds - 1);
		if (s->bad == 1)
			explain(&w, folder, &p.d);
		fflush(stdout);
	}
	s->reference_s += t1 - t0;
	s->engine_s += bench_now() - t1;
	s->packs++;
	s->seeds += seeds;
	s->records += w.record_count;
	s->deliveries += w.order_count;
	free(p.order);
	lines_free(&want);
	world_free(&w);
}

static int run_seeds(uint64_t first, long count, const char *folder, const char *bench)
{
	struct sums s = {0};

	mkdir(folder, 0777);
	for (uint64_t at = first; at < first + (uint64_t)count && s.bad < 3;) {
		uint64_t end = (at / TRUTH_PACK + 1) * TRUTH_PACK;
		if (end > first + (uint64_t)count)
			end = first + (uint64_t)count;
		one_pack(at, (int)(end - at), folder, &s);
		at = end;
	}
	/* a generator that makes nothing to find would agree with anything */
	bool rich = count < 50 || (s.raised > s.seeds / 10 && s.watch > s.seeds / 10);
	if (bench) {
		printf("{\"bench\":\"%s\",\"seeds\":%ld,\"packs_that_differ\":%ld,\"records\":%ld,"
		       "\"messages_delivered\":%ld,\"raised\":%ld,\"watch\":%ld,\"threads\":\"1.."
		       "16\","
		       "\"seconds_reference\":%.1f,\"seconds_engine\":%.1f,",
		       bench, s.seeds, s.bad, s.records, s.deliveries, s.raised, s.watch,
		       s.reference_s, s.engine_s);
		bench_machine(stdout);
		puts("}");
		return s.bad || !rich;
	}
	printf("%sok 1 - %ld seeds equal the reference: %ld records, %ld raised, %ld on watch, 1 "
	       "to 16 threads\n",
	       s.bad ? "not " : "", s.seeds, s.records, s.raised, s.watch);
	printf("%sok 2 - they hold enough to find\n1..2\n", rich ? "" : "not ");
	return s.bad || !rich;
}

static FILE *open_out(const char *folder, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	if (!f)
		exit(2);
	return f;
}

/* feed: "source TAB line" in order of delivery, each once: a file has no second delivery. */
static int run_emit(uint64_t first, long count, const char *folder)
{
	struct truth_world w;
	struct truth_lines want = {0};

	mkdir(folder, 0777);
	world_make(&w, first, (int)count);
	world_write(&w, folder, true);
	reference_world(&w, NULL, &want);
	FILE *f = open_out(folder, "feed"), *out = open_out(folder, "want");
	bool *said = calloc((size_t)w.message_count + 1, sizeof(*said));
	for (int i = 0; i < w.order_count; i++) {
		const struct truth_message *m = &w.messages[w.order[i]];
		for (int k = 0; k < m->count && !said[w.order[i]]; k++)
			fprintf(f, "%s\t%s\n", w.sources[m->source].name,
				w.records[m->first + k].line);
		said[w.order[i]] = true;
	}
	for (int i = 0; i < want.count; i++)
		fprintf(out, "%s\n", want.line[i]);
	fclose(f);
	fclose(out);
	free(said);
	lines_free(&want);
	world_free(&w);
	return 0;
}

struct last {
	char id[40], status[16];
	int version;
	char *text;
};

static int run_read(void)
{
	struct {
		struct last *lasts;
		int last_count, last_room;
	} t = {0};
	struct truth_lines out = {0};
	char *line = NULL;
	size_t room = 0;
	int bad = 0;

	for (ssize_t len; (len = getline(&line, &room, stdin)) > 0;) {
		struct last now = {.version = 0}, *old = NULL;
		now.text = candidate_read(line, (size_t)len, now.status, now.id, &now.version);
		if (!now.text) {
			bad++;
			continue;
		}
		for (int i = 0; i < t.last_count; i++)
			if (strcmp(t.lasts[i].id, now.id) == 0)
				old = &t.lasts[i];
		if (old && old->version == now.version) {
			printf("version %d of %s stands twice\n", now.version, now.id);
			bad++;
		}
		if (!old)
			old = PUSH(&t, last);
		if (old->version <= now.version) {
			free(old->text);
			*old = now;
		} else {
			free(now.text);
		}
	}
	for (int i = 0; i < t.last_count; i++) {
		if (strcmp(t.lasts[i].status, "withdrawn") && strcmp(t.lasts[i].status, "expired"))
			lines_add(&out, strdup(t.lasts[i].text));
		free(t.lasts[i].text);
	}
	free(t.lasts);
	lines_sort(&out);
	for (int i = 0; i < out.count; i++)
		puts(out.line[i]);
	lines_free(&out);
	free(line);
	return bad != 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "read") == 0)
		return run_read();
	if (argc >= 5) {
		uint64_t first = strtoull(argv[2], NULL, 10);
		long count = strtol(argv[3], NULL, 10);
		if (strcmp(what, "seeds") == 0)
			return run_seeds(first, count, argv[4], argc == 7 ? argv[6] : NULL);
		if (strcmp(what, "emit") == 0 && count <= TRUTH_SEEDS_MAX)
			return run_emit(first, count, argv[4]);
	}
	fprintf(stderr, "usage: truth seeds FIRST COUNT FOLDER [--line NAME] | emit FIRST COUNT "
			"FOLDER | read\n");
	return 2;
}
