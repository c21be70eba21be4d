/* The engine, through its public interface, fed as badly as a network can. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/tocsin.h"
#include "truth.h"

/* --- what the changes told ------------------------------------------------------ */

struct card {
	char id[40], status[16];
	int version;
	char *text;
};

struct table {
	struct card *cards;
	int card_count, card_room;
	char *why;
};

static void take_change(void *arg, const char *id, const char *line, size_t len)
{
	struct table *t = arg;
	struct card now = {.version = 0}, *old = NULL;

	now.text = candidate_read(line, len, now.status, now.id, &now.version);
	if (!now.text || strcmp(id, now.id) != 0) {
		snprintf(t->why, 256, "a change that is no candidate line: %.150s", line);
		free(now.text);
		return;
	}
	for (int i = 0; i < t->card_count; i++)
		if (strcmp(t->cards[i].id, id) == 0)
			old = &t->cards[i];
	if (old && now.version <= old->version)
		snprintf(t->why, 256, "candidate %s: version %d after %d", id, now.version,
			 old->version);
	if (!old)
		old = PUSH(t, card);
	free(old->text);
	*old = now;
}

static void alive(struct table *t, struct truth_lines *out)
{
	for (int i = 0; i < t->card_count; i++)
		if (strcmp(t->cards[i].status, "withdrawn") &&
		    strcmp(t->cards[i].status, "expired"))
			lines_add(out, strdup(t->cards[i].text));
	lines_sort(out);
}

static void take_final(void *arg, const char *id, const char *line, size_t len)
{
	char *text = candidate_read(line, len, NULL, NULL, NULL);

	(void)id;
	lines_add(arg, text ? text : strdup("no candidate line"));
}

/* --- feeding ---------------------------------------------------------------------- */

struct feeding {
	struct tocsin *t;
	const struct truth_world *w;
	const int *number, *order; /* the engine's number of each source; messages */
	int from, to, step;
	int failed;
};

static void feed_message(struct feeding *f, const struct truth_message *m)
{
	char text[4 * 1024 + 8];
	size_t len = 0;

	for (int i = 0; i < m->count; i++)
		len += (size_t)sprintf(text + len, "%s%s", i ? "\n" : "",
				       f->w->records[m->first + i].line);
	f->failed += tocsin_feed(f->t, f->number[m->source], text, len, m->offset) != 0;
}

static void *feeder(void *arg)
{
	struct feeding *f = arg;

	for (int i = f->from; i < f->to; i += f->step)
		feed_message(f, &f->w->messages[f->order[i]]);
	return NULL;
}

#define FEEDERS_MAX 16

/* Messages from..to of the order, by several threads at once. */
static int feed(struct feeding *base, int from, int to, int feeders)
{
	struct feeding f[FEEDERS_MAX];
	pthread_t thread[FEEDERS_MAX];
	int failed = 0;

	for (int i = 0; i < feeders; i++) {
		f[i] = *base;
		f[i].from = from + i;
		f[i].to = to;
		f[i].step = feeders;
		f[i].failed = 0;
		if (feeders > 1)
			pthread_create(&thread[i], NULL, feeder, &f[i]);
		else
			feeder(&f[i]);
	}
	for (int i = 0; i < feeders; i++) {
		if (feeders > 1)
			pthread_join(thread[i], NULL);
		failed += f[i].failed;
	}
	return failed;
}

static void option(struct tocsin_config *c, const char *name, const char *value)
{
	if (tocsin_config_set(c, name, value)) {
		fprintf(stderr, "truth: %s\n", tocsin_config_error(c));
		exit(2);
	}
}

static struct tocsin *open_engine(const char *folder, int threads, int records)
{
	struct tocsin_config *c = tocsin_config_create();
	char path[4096], value[32];
	struct tocsin *t = NULL;
	int room = 4096;

	while (room < records * 2)
		room *= 2;
	snprintf(path, sizeof(path), "%s/sources.yaml", folder);
	if (!c || tocsin_config_load(c, path)) {
		fprintf(stderr, "truth: %s\n", tocsin_config_error(c));
		exit(2);
	}
	snprintf(path, sizeof(path), "%s/profile.yaml", folder);
	option(c, "profile", path);
	snprintf(value, sizeof(value), "%d", threads);
	option(c, "threads", value);
	snprintf(value, sizeof(value), "%d", room);
	option(c, "table.cells", value);
	snprintf(value, sizeof(value), "%d", room * 4);
	option(c, "table.entries", value);
	option(c, "table.overflows", "16");
	option(c, "retention", "366d");
	snprintf(path, sizeof(path), "%s/indicators.csv", folder);
	tocsin_config_indicators(c, path);
	snprintf(path, sizeof(path), "%s/benign.txt", folder);
	tocsin_config_benign(c, path);
	if (tocsin_open(&t, c)) {
		fprintf(stderr, "truth: %s\n", tocsin_config_error(c));
		exit(2);
	}
	return t;
}

/* --- the ledger --------------------------------------------------------------------- */

static void check_ledger(struct tocsin *t, const struct truth_world *w, const int *order, int count,
			 char why[256])
{
	static const char *const names[FATES] = {
		"clean", "hit", "exercise", "time_future", "time_past", "state_not_registered"};
	uint64_t want[FATES] = {0};

	for (int i = 0; i < count; i++) {
		const struct truth_message *m = &w->messages[order[i]];
		for (int k = 0; k < m->count; k++)
			want[w->records[m->first + k].fate]++;
	}
	for (int f = 0; f < FATES; f++)
		if (tocsin_count(t, names[f]) != want[f])
			snprintf(why, 256, "the ledger has %s %llu, and it must be %llu", names[f],
				 (unsigned long long)tocsin_count(t, names[f]),
				 (unsigned long long)want[f]);
	if (tocsin_count(t, "in_flight") || tocsin_count(t, "unplaced"))
		snprintf(why, 256, "the ledger has records in flight, or hits without a place");
}

static void shuffle(int *order, int count, uint64_t seed)
{
	struct rng r = {seed};

	for (int i = count - 1; i > 0; i--) {
		int k = (int)rng_below(&r, (uint32_t)i + 1), t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
}

void drive_engine(const struct truth_world *w, const char *folder, const int *order, int count,
		  const struct drive *d, struct driven *out)
{
	struct tocsin *t = open_engine(folder, d->threads, w->record_count);
	int *number = calloc((size_t)w->source_count, sizeof(*number));
	int *mine = malloc((size_t)(count + 1) * sizeof(*mine));
	struct table told = {.why = out->why};

	memset(out, 0, sizeof(*out));
	memcpy(mine, order, (size_t)count * sizeof(*mine));
	if (d->shuffle)
		shuffle(mine, count, d->shuffle);
	for (int i = 0; i < w->source_count; i++)
		number[i] = tocsin_source(t, w->sources[i].name);
	struct feeding f = {.t = t, .w = w, .number = number, .order = mine};
	for (int i = 0, done = 0; i <= d->looks; i++) {
		int to = (int)((int64_t)count * (i + 1) / (d->looks + 1));
		if (feed(&f, done, to, d->feeders))
			snprintf(out->why, sizeof(out->why), "records were refused: %s",
				 tocsin_error(t));
		done = to;
		tocsin_flush(t);
		tocsin_changes(t, take_change, &told);
	}
	check_ledger(t, w, mine, count, out->why);
	tocsin_finish(t, take_final, &out->final);
	lines_sort(&out->final);
	alive(&told, &out->told);
	tocsin_close(t);
	for (int i = 0; i < told.card_count; i++)
		free(told.cards[i].text);
	free(told.cards);
	free(number);
	free(mine);
}

void driven_free(struct driven *d)
{
	lines_free(&d->final);
	lines_free(&d->told);
}
