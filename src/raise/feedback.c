#include "raise/feedback_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"

/* --- who is heard ------------------------------------------------------------------- */

static int compare_party(const void *a, const void *b)
{
	return strcmp(((const struct feedback_party *)a)->name,
		      ((const struct feedback_party *)b)->name);
}

/* The party of this name, or -1. */
static int party_of(const struct feedback *f, const char *name, size_t len)
{
	for (uint32_t i = 0; i < f->parties; i++)
		if (strlen(f->party[i].name) == len && memcmp(f->party[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

static int add_party(struct feedback *f, const char *name, size_t len, bool desk)
{
	int known = party_of(f, name, len);

	if (known >= 0) {
		f->party[known].desk |= desk;
		return 0;
	}
	if (f->parties == FEEDBACK_PARTIES_MAX)
		return -E2BIG;
	char *copy = strndup(name, len);
	if (!copy)
		return -ENOMEM;
	f->party[f->parties++] = (struct feedback_party){.name = copy, .desk = desk};
	return 0;
}

static int add_parties(struct feedback *f, const char *names, bool desk)
{
	int err = 0;

	for (const char *p = names; *p && !err; p += strspn(p, ", ")) {
		size_t n = strcspn(p, ","), word = n;
		while (word && p[word - 1] == ' ')
			word--;
		if (word)
			err = add_party(f, p, word, desk);
		p += n;
	}
	return err;
}

int feedback_init(struct feedback **out, const char *registered, const char *desk, uint32_t quorum)
{
	struct feedback *f = calloc(1, sizeof(*f));
	int err = f ? add_parties(f, registered, false) : -ENOMEM;

	*out = NULL;
	if (!err)
		err = add_parties(f, desk, true);
	if (err) {
		feedback_fini(f);
		return err;
	}
	qsort(f->party, f->parties, sizeof(f->party[0]), compare_party);
	f->quorum = quorum;
	*out = f;
	return 0;
}

bool feedback_is_registered(const struct feedback *f, const char *name)
{
	return party_of(f, name, strlen(name)) >= 0;
}

static void drop(struct feedback_verdict *v)
{
	if (!v)
		return;
	free((char *)v->target);
	free((char *)v->reason);
	free(v);
}

void feedback_fini(struct feedback *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; i < f->chain_count; i++)
		for (struct feedback_verdict *v = f->chains[i], *next; v; v = next) {
			next = v->next;
			drop(v);
		}
	free(f->chains);
	for (uint32_t i = 0; i < f->parties; i++)
		free(f->party[i].name);
	free(f->seen);
	free(f);
}

/* --- counting each record once ----------------------------------------------------- */

static void mark_seen(uint64_t *seen, uint32_t size, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (size - 1);

	while (seen[i])
		i = (i + 1) & (size - 1);
	seen[i] = hash;
}

static bool was_seen(const struct feedback *f, uint64_t hash)
{
	for (uint32_t i = (uint32_t)hash; f->seen_size; i++) {
		uint64_t at = f->seen[i & (f->seen_size - 1)];
		if (at == hash || !at)
			return at == hash;
	}
	return false;
}

static void grow_seen(struct feedback *f)
{
	uint32_t size = f->seen_size ? f->seen_size * 2 : 256;
	uint64_t *seen = size > 4 * FEEDBACK_MAX ? NULL : calloc(size, sizeof(*seen));

	if (!seen)
		return;
	for (uint32_t i = 0; i < f->seen_size; i++)
		if (f->seen[i])
			mark_seen(seen, size, f->seen[i]);
	free(f->seen);
	f->seen = seen;
	f->seen_size = size;
}

void feedback_count(struct feedback *f, enum feedback_count what, const void *record, size_t len)
{
	uint64_t hash = hash_bytes(record, len, 1 + (uint64_t)what);

	hash += hash == 0;
	if (was_seen(f, hash))
		return;
	f->counts[what]++;
	if (2 * f->seen_count >= f->seen_size)
		grow_seen(f);
	/* full, it counts a record again when that is read again */
	if (2 * f->seen_count < f->seen_size) {
		mark_seen(f->seen, f->seen_size, hash);
		f->seen_count++;
	}
}

uint64_t feedback_counted(const struct feedback *f, enum feedback_count what)
{
	assert((unsigned)what < FEEDBACK_COUNTERS);
	return f->counts[what];
}

const char *feedback_count_name(enum feedback_count what)
{
	static const char *const names[FEEDBACK_COUNTERS] = {
#define X(id, name, doc) name,
		FEEDBACK_COUNTS(X)
#undef X
	};

	assert((unsigned)what < FEEDBACK_COUNTERS);
	return names[what];
}

uint64_t feedback_generation(const struct feedback *f)
{
	return f->generation;
}

/* --- verdicts ------------------------------------------------------------------------ */

/* Ids and values are compared without case. False: longer than any target. */
static bool lower(const char *s, char out[FEEDBACK_TEXT_MAX + 1])
{
	size_t len = 0;

	for (; s[len] && len <= FEEDBACK_TEXT_MAX; len++)
		out[len] = (char)(s[len] >= 'A' && s[len] <= 'Z' ? s[len] + ('a' - 'A') : s[len]);
	if (len > FEEDBACK_TEXT_MAX)
		return false;
	out[len] = '\0';
	return true;
}

static struct feedback_verdict *find(const struct feedback *f, const char *text)
{
	char target[FEEDBACK_TEXT_MAX + 1];

	if (!f->chain_count || !lower(text, target))
		return NULL;
	uint64_t hash = hash_bytes(target, strlen(target), 0);
	struct feedback_verdict *v = f->chains[hash & (f->chain_count - 1)];
	while (v && (v->hash != hash || strcmp(v->target, target) != 0))
		v = v->next;
	return v;
}

const struct feedback_verdict *feedback_first(const struct feedback *f, const char *target)
{
	return find(f, target);
}

const struct feedback_verdict *feedback_next(const struct feedback_verdict *v)
{
	const struct feedback_verdict *w = v->next;

	while (w && (w->hash != v->hash || strcmp(w->target, v->target) != 0))
		w = w->next;
	return w;
}

static struct feedback_verdict *find_own(const struct feedback *f, const char *target, int party)
{
	struct feedback_verdict *v = find(f, target);

	while (v && v->party != party)
		v = (struct feedback_verdict *)feedback_next(v);
	return v;
}

static bool grow(struct feedback *f)
{
	uint32_t count = f->chain_count ? f->chain_count * 2 : 64;
	struct feedback_verdict **chains = calloc(count, sizeof(*chains));

	if (!chains)
		return false;
	for (uint32_t i = 0; i < f->chain_count; i++)
		for (struct feedback_verdict *v = f->chains[i], *next; v; v = next) {
			next = v->next;
			v->next = chains[v->hash & (count - 1)];
			chains[v->hash & (count - 1)] = v;
		}
	free(f->chains);
	f->chains = chains;
	f->chain_count = count;
	return true;
}

int feedback_compare(const struct feedback_verdict *a, const struct feedback_verdict *b)
{
	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	int c = strcmp(a->by, b->by);
	if (c == 0)
		c = (int)a->false_positive - (int)b->false_positive;
	return c ? c : strcmp(a->reason, b->reason);
}

static struct feedback_verdict *add(struct feedback *f, const char *target, int party)
{
	struct feedback_verdict *v = calloc(1, sizeof(*v));

	if (v) {
		v->target = strdup(target);
		v->reason = strdup("");
	}
	if (!v || !v->target || !v->reason || (f->count == f->chain_count && !grow(f))) {
		drop(v);
		return NULL;
	}
	v->by = f->party[party].name;
	v->party = (uint8_t)party;
	v->time_us = INT64_MIN;
	v->hash = hash_bytes(target, strlen(target), 0);
	v->next = f->chains[v->hash & (f->chain_count - 1)];
	f->chains[v->hash & (f->chain_count - 1)] = v;
	f->count++;
	f->party[party].verdicts++;
	return v;
}

static void count_taken(struct feedback *f, const char *target, const char *by, const char *reason,
			int64_t time_us, bool false_positive)
{
	struct text t;

	text_init(&t);
	text_printf(&t, "%s\n%s\n%s\n%lld%d", target, by, reason, (long long)time_us,
		    false_positive);
	feedback_count(f, FEEDBACK_TAKEN, t.p ? t.p : "", t.len);
	text_fini(&t);
}

int feedback_hear(struct feedback *f, const char *about, const char *by, const char *reason,
		  int64_t time_us, bool false_positive)
{
	char target[FEEDBACK_TEXT_MAX + 1];

	if (!lower(about, target) || !target[0]) {
		feedback_count(f, FEEDBACK_NO_TARGET, about, strlen(about));
		return 0;
	}
	int party = party_of(f, by, strlen(by));
	assert(party >= 0);
	struct feedback_verdict *v = find_own(f, target, party);
	/* one that speaks of everything leaves room for the others */
	if (!v && f->party[party].verdicts >= FEEDBACK_MAX / f->parties) {
		feedback_count(f, FEEDBACK_FULL, target, strlen(target));
		return 0;
	}
	if (!v && !(v = add(f, target, party)))
		return -ENOMEM;
	count_taken(f, target, by, reason, time_us, false_positive);
	struct feedback_verdict new = *v;
	new.time_us = time_us;
	new.reason = reason;
	new.false_positive = false_positive;
	if (feedback_compare(&new, v) <= 0)
		return 0;
	char *copy = strdup(reason);
	if (!copy)
		return -ENOMEM;
	free((char *)v->reason);
	new.reason = copy;
	*v = new;
	f->generation++;
	return 0;
}

static int by_target(const void *a, const void *b)
{
	const struct feedback_verdict *v = *(const struct feedback_verdict *const *)a;
	const struct feedback_verdict *w = *(const struct feedback_verdict *const *)b;
	int c = strcmp(v->target, w->target);

	return c ? c : v->party - w->party;
}

void feedback_print(const struct feedback *f, struct text *out)
{
	const struct feedback_verdict **list = calloc(f->count + 1, sizeof(*list));
	uint32_t n = 0;

	for (uint32_t i = 0; list && i < f->chain_count; i++)
		for (const struct feedback_verdict *v = f->chains[i]; v; v = v->next)
			list[n++] = v;
	if (n)
		qsort(list, n, sizeof(*list), by_target);
	for (uint32_t i = 0; i < n; i++) {
		text_printf(out, "{\"event_type\":\"feedback\",\"verdict\":\"%s\",\"indicator\":",
			    list[i]->false_positive ? "false_positive" : "confirmed");
		text_json_str(out, list[i]->target);
		text_str(out, ",\"by\":");
		text_json_str(out, list[i]->by);
		text_str(out, ",\"time\":");
		text_json_time(out, list[i]->time_us);
		text_str(out, ",\"reason\":");
		text_json_str(out, list[i]->reason);
		text_str(out, "}\n");
	}
	if (!list)
		out->error = -ENOMEM;
	free(list);
}
