#include "engine/silence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

struct word {
	char *target, *by;
	uint64_t id; /* of the sighting */
	int64_t time_us, said_us;
	int type;
	bool deleted, decisive;
};

struct silence {
	struct word *words;
	uint32_t count, capacity;
	uint32_t *slots; /* number + 1, by id; a power of two */
	uint32_t slot_count;
	uint32_t quorum;
	uint64_t refused;
};

int silence_init(struct silence **out, uint32_t quorum)
{
	struct silence *s = calloc(1, sizeof(*s));

	*out = s;
	if (!s)
		return -ENOMEM;
	s->quorum = quorum;
	s->slot_count = 2 * SILENCE_MAX;
	s->slots = calloc(s->slot_count, sizeof(*s->slots));
	if (s->slots)
		return 0;
	free(s);
	*out = NULL;
	return -ENOMEM;
}

void silence_fini(struct silence *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->count; i++) {
		free(s->words[i].target);
		free(s->words[i].by);
	}
	free(s->words);
	free(s->slots);
	free(s);
}

/* A sighting without an id is known by all that it says. */
static uint64_t id_of(const struct feed_sighting *said)
{
	uint64_t h = hash_bytes(said->id, strlen(said->id), 1);

	if (said->id[0])
		return h;
	h = hash_bytes(said->target, strlen(said->target), h);
	h = hash_bytes(said->by, strlen(said->by), h);
	if (strcmp(said->by, "control") == 0)
		return h;
	return hash_pair(hash_pair(h, (uint64_t)said->time_us), (uint64_t)said->type);
}

static bool grow(struct silence *s)
{
	if (s->count < s->capacity)
		return true;
	uint32_t capacity = s->capacity ? s->capacity * 2 : 64;
	struct word *words = realloc(s->words, capacity * sizeof(*words));
	if (!words)
		return false;
	s->words = words;
	s->capacity = capacity;
	return true;
}

static bool later(const struct feed_sighting *a, const struct word *b)
{
	if (a->said_us != b->said_us)
		return a->said_us > b->said_us;
	if (a->deleted != b->deleted)
		return a->deleted;
	return a->type > b->type;
}

static struct word *word_of(struct silence *s, uint64_t id, const struct feed_sighting *said)
{
	uint32_t mask = s->slot_count - 1, at = (uint32_t)id & mask;

	for (; s->slots[at]; at = (at + 1) & mask)
		if (s->words[s->slots[at] - 1].id == id)
			return &s->words[s->slots[at] - 1];
	if (s->count == SILENCE_MAX || !grow(s))
		return NULL;
	struct word *w = &s->words[s->count];
	*w = (struct word){.id = id, .said_us = INT64_MIN};
	w->target = strdup(said->target);
	w->by = strdup(said->by);
	if (!w->target || !w->by) {
		free(w->target);
		free(w->by);
		return NULL;
	}
	s->slots[at] = ++s->count;
	return w;
}

bool silence_hear(struct silence *s, const struct feed_sighting *said, bool decisive)
{
	if (!said->target[0]) {
		s->refused++;
		return false;
	}
	struct word *w = word_of(s, id_of(said), said);
	if (!w) {
		s->refused++;
		return false;
	}
	if (!later(said, w))
		return false;
	w->time_us = said->time_us;
	w->said_us = said->said_us;
	w->type = said->type;
	w->deleted = said->deleted;
	w->decisive = decisive;
	return true;
}

uint64_t silence_refused(const struct silence *s)
{
	return s->refused;
}

/* From when on its speaker takes the indicator to be over; INT64_MAX: not at all. */
static int64_t until(const struct word *w)
{
	if (w->deleted || w->type == 0)
		return INT64_MAX;
	return w->type == 1 ? INT64_MIN : w->time_us;
}

static int by_speaker(const void *a, const void *b)
{
	const struct word *x = *(struct word *const *)a, *y = *(struct word *const *)b;
	int d = strcmp(x->target, y->target);

	if (!d)
		d = strcmp(x->by, y->by);
	return d ? d : (until(x) > until(y)) - (until(x) < until(y));
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The words about one indicator: when a quorum holds it to be over, or one that is enough. */
static int64_t decide(const struct silence *s, struct word *const *w, uint32_t n, int64_t *times)
{
	int64_t end = INT64_MAX;
	uint32_t speakers = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (w[i]->decisive && until(w[i]) < end)
			end = until(w[i]);
		if (i == 0 || strcmp(w[i]->by, w[i - 1]->by) != 0)
			times[speakers++] = until(w[i]);
	}
	qsort(times, speakers, sizeof(*times), by_time);
	if (speakers >= s->quorum && times[s->quorum - 1] < end)
		end = times[s->quorum - 1];
	return end;
}

int silence_each(struct silence *s, silence_told *fn, void *arg)
{
	struct word **w = malloc((s->count + 1) * sizeof(struct word *));
	int64_t *times = malloc((s->count + 1) * sizeof(*times));
	int err = w && times ? 0 : -ENOMEM;

	for (uint32_t i = 0; !err && i < s->count; i++)
		w[i] = &s->words[i];
	if (!err)
		qsort(w, s->count, sizeof(struct word *), by_speaker);
	for (uint32_t i = 0, n; !err && i < s->count; i += n) {
		for (n = 1; i + n < s->count && strcmp(w[i]->target, w[i + n]->target) == 0; n++)
			;
		int64_t end = decide(s, w + i, n, times);
		if (end != INT64_MAX)
			fn(arg, w[i]->target, end);
	}
	free(w);
	free(times);
	return err;
}
