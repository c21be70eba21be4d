/* partial: what is kept is a function of the set, by an oracle that keeps everything. */
#include "correlate/partial.h"

#include "correlate/names.h"
#include <errno.h>

#include "tap.h"

#define RULES   3
#define GROUPS  2
#define STRETCH INT64_C(1000000)

static const struct partial_shape shape = {STRETCH, PARTIAL_KEPT, false};

static uint64_t seed = 7;

static uint32_t roll(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static struct partial make(uint32_t i, uint32_t span_us)
{
	uint64_t saved = seed;
	seed = i * 2654435761u + 99;
	struct partial p = {.rule = 1 + roll(RULES), .group = roll(GROUPS), .which = 1u << roll(2)};

	p.o.threat = p.o.by = 1;
	p.o.time_us = (int64_t)roll(span_us) - 1500000;
	p.o.object = roll(4);
	p.o.offset = i;
	seed = saved;
	return p;
}

static int64_t stretch(int64_t t)
{
	return t < 0 ? -((-t + STRETCH - 1) / STRETCH) : t / STRETCH;
}

static int order(const void *a, const void *b)
{
	const struct partial *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->o.time_us != y->o.time_us)
		return x->o.time_us < y->o.time_us ? -1 : 1;
	if (x->o.object != y->o.object)
		return x->o.object < y->o.object ? -1 : 1;
	return (x->o.offset > y->o.offset) - (x->o.offset < y->o.offset);
}

static bool mates(const struct partial *a, const struct partial *b)
{
	return a->rule == b->rule && a->group == b->group && a->which == b->which &&
	       stretch(a->o.time_us) == stretch(b->o.time_us);
}

/* Is it among the first or the last PARTIAL_KEPT of its stretch? all is in order. */
static bool kept(const struct partial *all, uint32_t n, uint32_t at)
{
	uint32_t before = 0, behind = 0;

	for (uint32_t i = 0; i < n; i++)
		if (i != at && mates(&all[i], &all[at])) {
			before += i < at;
			behind += i > at;
		}
	return before < PARTIAL_KEPT || behind < PARTIAL_KEPT;
}

struct seen {
	struct partial *p;
	uint32_t count;
	uint8_t tell;
};

static void note(void *arg, struct partial *const *p, uint32_t count)
{
	struct seen *s = arg;

	for (uint32_t i = 0; i < count; i++) {
		s->p[s->count++] = *p[i];
		p[i]->told = s->tell;
	}
}

static void shuffle(uint32_t *v, uint32_t n)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = roll(i), t = v[i - 1];
		v[i - 1] = v[k];
		v[k] = t;
	}
}

static void sets(uint32_t n, uint32_t span_us)
{
	struct partial *all = calloc(n, sizeof(*all)), *got = calloc(n, sizeof(*got));
	uint32_t *which = calloc(n, sizeof(*which)), want = 0, wrong = 0;
	struct partial_usage u;

	for (uint32_t i = 0; i < n; i++) {
		all[i] = make(i, span_us);
		which[i] = i;
	}
	qsort(all, n, sizeof(*all), order);
	for (int round = 0; round < 4; round++) {
		struct partial_store *s;
		struct seen seen = {got, 0, true};
		if (partial_init(&s, 1u << 17))
			abort();
		if (round)
			shuffle(which, n);
		for (uint32_t i = 0; i < n; i++) {
			struct partial p = make(which[i], span_us);
			wrong += partial_add(s, &p, shape) != 0;
			if (roll(3) == 0)
				partial_add(s, &p, shape);
		}
		wrong += !partial_changed(s);
		partial_each(s, note, &seen);
		wrong += partial_changed(s);
		want = 0;
		for (uint32_t i = 0; i < n; i++) {
			if (!kept(all, n, i))
				continue;
			wrong += want >= seen.count || order(&all[i], &got[want]) != 0;
			want++;
		}
		partial_usage(s, &u);
		wrong += want != seen.count || u.kept != want || (u.dropped > 0) != (want < n);
		seen = (struct seen){got, 0, false};
		partial_each(s, note, &seen);
		for (uint32_t i = 0; i < seen.count; i++)
			wrong += !got[i].told;
		partial_fini(s);
	}
	printf("# %u observations, %u kept\n", n, want);
	tap_int(wrong, 0, "what is kept is what the set says, in any order, told once");
	free(all);
	free(got);
	free(which);
}

struct bytes {
	char p[1 << 20];
	size_t len, at;
};

static int put(void *arg, const void *p, size_t len)
{
	struct bytes *b = arg;

	if (b->len + len > sizeof(b->p))
		return -ENOSPC;
	memcpy(b->p + b->len, p, len);
	b->len += len;
	return 0;
}

static int64_t get(void *arg, void *p, size_t len)
{
	struct bytes *b = arg;
	size_t n = b->len - b->at < len ? b->len - b->at : len;

	memcpy(p, b->p + b->at, n);
	b->at += n;
	return (int64_t)n;
}

static void bytes(void)
{
	static struct bytes b;
	static struct partial one[2000], two[2000];
	struct seen x = {one, 0, true}, y = {two, 0, false};
	struct partial_store *s, *t;
	struct names *names;

	if (partial_init(&s, 1u << 16) || partial_init(&t, 1u << 16) || names_init(&names))
		abort();
	for (uint32_t i = 0; i < 2000; i++) {
		struct partial p = make(i, 4000000);
		partial_add(s, &p, shape);
	}
	partial_each(s, note, &x);
	tap_int(partial_snapshot(s, put, &b), 0, "written");
	tap_int(partial_restore(t, names, get, &b), -EBADMSG, "a number that nobody handed out");
	names_threat(names, 0, "a", 1, "a", 1);
	names_by(names, "b", 1);
	b.at = 0;
	tap_int(partial_restore(t, names, get, &b), 0, "read");
	partial_each(t, note, &y);
	bool same = x.count == y.count;
	for (uint32_t i = 0; same && i < x.count; i++)
		same = order(&one[i], &two[i]) == 0 && two[i].told;
	tap_ok(same, "the same %u, and what was told", x.count);
	b.at = 0;
	b.len--;
	tap_int(partial_restore(t, names, get, &b), -EBADMSG, "cut off");
	partial_forget(t, 0, INT64_MIN, 0);
	y = (struct seen){two, 0, false};
	partial_each(t, note, &y);
	bool late = y.count > 0 && y.count < x.count;
	for (uint32_t i = 0; i < y.count; i++)
		late &= two[i].o.time_us >= 0;
	tap_ok(late, "what was before is forgotten");
	partial_fini(s);
	partial_fini(t);
	names_fini(names);
}

static void full(void)
{
	struct partial_store *s;
	struct partial_usage u;
	uint32_t refused = 0;

	if (partial_init(&s, 1024))
		abort();
	for (uint32_t i = 0; i < 5000; i++) {
		struct partial p = make(i, 4000000);
		p.group = i;
		refused += partial_add(s, &p, shape) == -ENOSPC;
	}
	partial_usage(s, &u);
	tap_ok(refused > 3000 && u.refused == refused && u.kept + refused == 5000,
	       "a full store refuses by count");
	partial_forget(s, INT64_MIN, 2000000, STRETCH / 2);
	partial_usage(s, &u);
	tap_ok(u.kept > 0 && u.kept < 1000, "of a full store, what is too old to matter goes");
	partial_forget(s, INT64_MAX, INT64_MIN, 0);
	struct partial p = make(1, 4000000);
	tap_int(partial_add(s, &p, shape), 0, "forgotten, there is room again");
	partial_fini(s);
	tap_int(partial_init(&s, 0), -EINVAL, "no room at all");
}

int main(void)
{
	sets(500, 4000000);
	sets(TAP_SANITIZED ? 8000 : 16000, 500000);
	bytes();
	full();
	return tap_done();
}
