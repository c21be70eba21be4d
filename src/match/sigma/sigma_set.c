/* The set of all rules: what is added while files are read, and what follows from all of them. */
#include "match/sigma/sigma_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "match/sigma/sigma_fold.h"
#include "match/sigma/sigma_read.h"

/* Text -> number, open addressing, half full at most. */
struct index {
	struct slot {
		struct span key;
		uint32_t value;
		bool taken;
	} *slots;
	uint32_t capacity, count;
};

struct sigma_build {
	struct index fields, ids;
	struct sigma_filter *filters;
};

int sigma_set_init(struct sigma_set *s)
{
	memset(s, 0, sizeof(*s));
	sigma_fold_init();
	s->build = calloc(1, sizeof(*s->build));
	return s->build ? 0 : -ENOMEM;
}

static void build_free(struct sigma_set *s)
{
	if (!s->build)
		return;
	free(s->build->fields.slots);
	free(s->build->ids.slots);
	free(s->build);
	s->build = NULL;
}

void sigma_set_fini(struct sigma_set *s)
{
	build_free(s);
	sigma_regexes_fini(&s->regexes);
	sigma_chain_fini(&s->chain);
	sigma_pool_free(&s->pool);
	free(s->rules);
	free(s->fields);
	memset(s, 0, sizeof(*s));
}

static struct slot *find(const struct index *x, struct span key)
{
	uint64_t h = XXH3_64bits(key.p, key.len);

	for (;; h++) {
		struct slot *s = &x->slots[h & (x->capacity - 1)];
		if (!s->taken || sigma_span_equal(s->key, key))
			return s;
	}
}

/* Room for one more key. */
static bool reserve(struct index *x)
{
	struct index more = {.capacity = x->capacity ? x->capacity * 2 : 256, .count = x->count};

	if (x->count * 2 < x->capacity)
		return true;
	more.slots = calloc(more.capacity, sizeof(*more.slots));
	if (!more.slots)
		return false;
	for (uint32_t i = 0; i < x->capacity; i++)
		if (x->slots[i].taken)
			*find(&more, x->slots[i].key) = x->slots[i];
	free(x->slots);
	*x = more;
	return true;
}

static bool out_of_memory(struct sigma_reader *rd)
{
	rd->bad = rd->pool->failed = true;
	return false;
}

uint32_t sigma_field(struct sigma_reader *rd, struct span name)
{
	struct sigma_set *s = rd->s;
	struct index *x = &s->build->fields;

	if (!reserve(x)) {
		out_of_memory(rd);
		return SIGMA_FIELD_NONE;
	}
	struct slot *slot = find(x, name);
	if (slot->taken)
		return slot->value;
	if (s->field_count == SIGMA_FIELDS_MAX) {
		sigma_refuse(rd, rd->line, "too many fields; accepted: up to 16,384 in all rules");
		return SIGMA_FIELD_NONE;
	}
	if (s->field_count == s->field_capacity) {
		uint32_t capacity = s->field_capacity ? s->field_capacity * 2 : 256;
		struct span *fields = realloc(s->fields, capacity * sizeof(*fields));
		if (!fields) {
			out_of_memory(rd);
			return SIGMA_FIELD_NONE;
		}
		s->fields = fields;
		s->field_capacity = capacity;
	}
	*slot = (struct slot){sigma_pool_copy(rd->pool, name.p, name.len), s->field_count, true};
	x->count++;
	s->fields[s->field_count] = slot->key;
	return s->field_count++;
}

uint32_t sigma_regex_add(struct sigma_reader *rd, uint32_t line, const struct sigma_value *v)
{
	char why[256];
	int64_t n = sigma_regexes_add(&rd->s->regexes, v, why);

	if (n < 0)
		sigma_refuse(rd, line, "%s", why);
	return n < 0 ? 0 : (uint32_t)n;
}

static bool reserve_rule(struct sigma_set *s)
{
	uint32_t capacity = s->capacity ? s->capacity * 2 : 256;
	struct sigma_rule *rules;

	if (s->count < s->capacity)
		return true;
	rules = realloc(s->rules, capacity * sizeof(*rules));
	if (!rules)
		return false;
	s->rules = rules;
	s->capacity = capacity;
	return true;
}

/* An id is taken once; the rules of one collection may share theirs. */
static bool take_id(struct sigma_reader *rd, const struct sigma_rule *r, bool collected)
{
	struct index *x = &rd->s->build->ids;

	if (!reserve(x))
		return out_of_memory(rd);
	struct slot *slot = find(x, r->id);
	const struct sigma_rule *known = slot->taken ? &rd->s->rules[slot->value] : NULL;
	if (known && !(collected && strcmp(known->file, r->file) == 0)) {
		sigma_refuse(rd, r->line, "rule id %.*s is taken by line %u of %s",
			     (int)(r->id.len < 80 ? r->id.len : 80), r->id.p, known->line,
			     known->file);
		return false;
	}
	if (!known) {
		*slot = (struct slot){r->id, rd->s->count, true};
		x->count++;
	}
	return true;
}

bool sigma_set_add(struct sigma_reader *rd, const struct sigma_rule *r, bool collected)
{
	struct sigma_set *s = rd->s;

	if (s->count == SIGMA_RULES_MAX) {
		sigma_refuse(rd, r->line, "too many rules; accepted: up to 1,048,576");
		return false;
	}
	if (!reserve_rule(s))
		return out_of_memory(rd);
	if (!take_id(rd, r, collected))
		return false;
	s->rules[s->count++] = *r;
	return true;
}

void sigma_set_add_filter(struct sigma_reader *rd, const struct sigma_filter *f)
{
	struct sigma_filter *copy = sigma_alloc(rd, 1, sizeof(*copy));

	if (!copy)
		return;
	*copy = *f;
	copy->next = rd->s->build->filters;
	rd->s->build->filters = copy;
	rd->s->filters++;
}

static bool referred(const struct sigma_rule *r, struct span ref)
{
	return sigma_span_equal(r->uuid, ref) || sigma_span_equal(r->name, ref) ||
	       sigma_span_equal(r->title, ref);
}

static void narrow(struct sigma_reader *rd, const struct sigma_filter *f, struct sigma_rule *r)
{
	const struct sigma_node *both[] = {r->condition, f->condition};

	r->condition = sigma_detection_join(rd, SIGMA_AND, both, 2);
	r->keywords |= f->keywords;
}

/* One reference, or every rule of the log source. */
static void apply(struct sigma_reader *rd, const struct sigma_filter *f, const struct span *ref)
{
	bool found = false;

	for (uint32_t i = 0; i < rd->s->count && !rd->bad; i++) {
		struct sigma_rule *r = &rd->s->rules[i];
		if (ref && !referred(r, *ref))
			continue;
		found = true;
		if (sigma_logsource_covers(&f->logsource, &r->logsource))
			narrow(rd, f, r);
		else if (ref)
			problem_remark(rd->ps, "rule", f->file, f->line,
				       "does not apply to %.*s, which has another log source",
				       (int)(ref->len < 80 ? ref->len : 80), ref->p);
	}
	rd->s->broken += !found && ref;
	if (!found && ref)
		problem_refuse(rd->ps, "rule", f->file, f->line,
			       "filter refers to %.*s, which is not loaded",
			       (int)(ref->len < 80 ? ref->len : 80), ref->p);
}

static void apply_filters(struct sigma_set *s, struct problems *ps)
{
	for (const struct sigma_filter *f = s->build->filters; f; f = f->next) {
		struct sigma_reader rd = {
			.s = s, .pool = &s->pool, .ps = ps, .path = f->file, .line = f->line};
		if (f->any)
			apply(&rd, f, NULL);
		for (uint32_t i = 0; i < f->count; i++)
			apply(&rd, f, &f->rules[i]);
	}
}

/* By id; those of one collection in the order of their file. */
static int by_id(const void *a, const void *b)
{
	const struct sigma_rule *x = a, *y = b;
	uint32_t n = x->id.len < y->id.len ? x->id.len : y->id.len;
	int d = memcmp(x->id.p, y->id.p, n);

	if (d || x->id.len != y->id.len)
		return d ? d : x->id.len < y->id.len ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

int sigma_set_finish(struct sigma_set *s, struct problems *ps)
{
	apply_filters(s, ps);
	build_free(s);
	if (s->count)
		qsort(s->rules, s->count, sizeof(*s->rules), by_id);
	s->placeholders = NULL;
	s->placeholder_count = 0;
	int err = sigma_chain_finish(s, ps);
	return s->pool.failed ? -ENOMEM : err;
}

/* The first line that says something: a pattern file's has "id:/", a rule's is a key. */
bool sigma_is_yaml(const char *p, size_t len)
{
	const char *end = p + len;

	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;
		const char *q = p;
		while (q < stop && (*q == ' ' || *q == '\t' || *q == '\r'))
			q++;
		if (q < stop && *q != '#') {
			const char *colon = memchr(q, ':', (size_t)(stop - q));
			return (stop - q >= 3 && memcmp(q, "---", 3) == 0) ||
			       (colon && (colon + 1 == stop || colon[1] == ' ' || colon[1] == '\r'));
		}
		p = stop + 1;
	}
	return false;
}
