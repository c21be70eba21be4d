#include "raise/feedback.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"

struct feedback {
	char *registered;
	struct feedback_verdict **chains;
	uint32_t chain_count, count; /* chains: a power of two, 0 before the first */
	uint64_t generation;
	uint64_t counts[FEEDBACK_COUNTERS];
	uint64_t *seen; /* hashes of records that were counted; 0 free */
	uint32_t seen_size, seen_count;
};

int feedback_init(struct feedback **out, const char *registered)
{
	struct feedback *f = calloc(1, sizeof(*f));

	if (f)
		f->registered = strdup(registered);
	if (!f || !f->registered) {
		free(f);
		return -ENOMEM;
	}
	*out = f;
	return 0;
}

static void drop(struct feedback_verdict *v)
{
	if (!v)
		return;
	free((char *)v->target);
	free((char *)v->by);
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
	free(f->seen);
	free(f->registered);
	free(f);
}

bool feedback_is_registered(const struct feedback *f, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = f->registered; *p && len; p += strspn(p, ", ")) {
		size_t n = strcspn(p, ",");
		size_t word = n;
		while (word && p[word - 1] == ' ')
			word--;
		if (word == len && memcmp(p, name, len) == 0)
			return true;
		p += n;
	}
	return false;
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

/* Negative: the word stands already, or a later one. */
static int compare(const char *by, const char *reason, int64_t time_us, bool false_positive,
		   const struct feedback_verdict *v)
{
	if (time_us != v->time_us)
		return time_us < v->time_us ? -1 : 1;
	int c = strcmp(by, v->by);
	if (c == 0)
		c = (int)false_positive - (int)v->false_positive;
	return c ? c : strcmp(reason, v->reason);
}

static struct feedback_verdict *add(struct feedback *f, const char *target)
{
	struct feedback_verdict *v = calloc(1, sizeof(*v));

	if (v) {
		v->target = strdup(target);
		v->by = strdup("");
		v->reason = strdup("");
	}
	if (!v || !v->target || !v->by || !v->reason || (f->count == f->chain_count && !grow(f))) {
		drop(v);
		return NULL;
	}
	v->time_us = INT64_MIN;
	v->hash = hash_bytes(target, strlen(target), 0);
	v->next = f->chains[v->hash & (f->chain_count - 1)];
	f->chains[v->hash & (f->chain_count - 1)] = v;
	f->count++;
	return v;
}

static int replace(struct feedback_verdict *v, const char *by, const char *reason, int64_t time_us,
		   bool false_positive)
{
	char *b = strdup(by), *r = strdup(reason);

	if (!b || !r) {
		free(b);
		free(r);
		return -ENOMEM;
	}
	free((char *)v->by);
	free((char *)v->reason);
	v->by = b;
	v->reason = r;
	v->time_us = time_us;
	v->false_positive = false_positive;
	return 0;
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
	struct feedback_verdict *v = find(f, target);
	if (!v && f->count == FEEDBACK_MAX) {
		feedback_count(f, FEEDBACK_FULL, target, strlen(target));
		return 0;
	}
	if (!v && !(v = add(f, target)))
		return -ENOMEM;
	count_taken(f, target, by, reason, time_us, false_positive);
	if (compare(by, reason, time_us, false_positive, v) <= 0)
		return 0;
	f->generation++;
	return replace(v, by, reason, time_us, false_positive);
}

/* --- what stands against a candidate --------------------------------------------------- */

/* A word on "type:value", "indicator:type:value", or the value alone. */
static const struct feedback_verdict *about_id(const struct feedback *f, const char *id)
{
	const struct feedback_verdict *v = find(f, id), *w;
	const char *colon = strchr(id, ':');

	w = colon && colon[1] ? find(f, colon + 1) : NULL;
	/* of two words the later */
	return !v || (w && compare(w->by, w->reason, w->time_us, w->false_positive, v) > 0) ? w : v;
}

static bool holds_against(const struct feedback_verdict *v, const struct episode *ep)
{
	return v && v->false_positive && ep->first_us <= v->time_us;
}

/* The latest word when every piece of evidence has one against it. */
static const struct feedback_verdict *
about_evidence(const struct feedback *f, const struct episode *ep, const struct names *names)
{
	const struct feedback_verdict *last = NULL;

	for (uint32_t i = 0; i < ep->evidence_count; i++) {
		uint32_t n = ep->evidence[i].item.by;
		const char *by = n && n <= names_by_count(names) ? names_by_get(names, n) : "";
		const char *colon = strchr(by, ':');
		const struct feedback_verdict *v = colon ? about_id(f, colon + 1) : NULL;
		if (!holds_against(v, ep))
			return NULL;
		if (!last || compare(v->by, v->reason, v->time_us, true, last) > 0)
			last = v;
	}
	return last;
}

const struct feedback_verdict *feedback_against(const struct feedback *f, const char *id,
						const struct threat_name *threat,
						const struct episode *ep, const struct names *names)
{
	if (!f || !f->count)
		return NULL;
	const struct feedback_verdict *v = find(f, id);
	if (v)
		return v->false_positive ? v : NULL;
	v = about_id(f, threat->id);
	if (v)
		return holds_against(v, ep) ? v : NULL;
	return about_evidence(f, ep, names);
}

static int by_target(const void *a, const void *b)
{
	return strcmp((*(const struct feedback_verdict *const *)a)->target,
		      (*(const struct feedback_verdict *const *)b)->target);
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
