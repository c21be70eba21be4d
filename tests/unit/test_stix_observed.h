/* Observed data as the public vectors write it, 2.0 and 2.1, as objects to decide on. */
#ifndef TOCSIN_TEST_STIX_OBSERVED_H
#define TOCSIN_TEST_STIX_OBSERVED_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "match/stix_program.h"
#include "match/stix_sequence.h"

static struct span observed_span(const char *s)
{
	return (struct span){s ? s : "", (uint32_t)strlen(s ? s : "")};
}

static void observed_value(struct stix_world *w, uint32_t parent, struct span key, const json_t *v)
{
	static const uint8_t kinds[] = {
		[JSON_OBJECT] = STIX_VALUE_OBJECT, [JSON_ARRAY] = STIX_VALUE_LIST,
		[JSON_STRING] = STIX_VALUE_STRING, [JSON_INTEGER] = STIX_VALUE_NUMBER,
		[JSON_REAL] = STIX_VALUE_NUMBER,   [JSON_TRUE] = STIX_VALUE_BOOL,
		[JSON_FALSE] = STIX_VALUE_BOOL,    [JSON_NULL] = STIX_VALUE_NULL};
	uint32_t n = stix_world_add(w, parent, key, kinds[json_typeof(v)]);
	const char *name;
	json_t *of;
	size_t i;

	w->items[n].truth = json_is_true(v);
	if (json_is_string(v))
		w->items[n].text =
			(struct span){json_string_value(v), (uint32_t)json_string_length(v)};
	if (json_is_integer(v))
		w->items[n].number = (long double)json_integer_value(v);
	if (json_is_real(v))
		w->items[n].number = json_real_value(v);
	json_array_foreach(v, i, of)
	{
		observed_value(w, n, (struct span){"", 0}, of);
	}
	json_object_foreach((json_t *)v, name, of)
	{
		observed_value(w, n, observed_span(name), of);
	}
}

static void observed_object(struct stix_world *w, const char *id, const json_t *o)
{
	uint32_t item = stix_world_object(
		w, observed_span(json_string_value(json_object_get(o, "type"))), observed_span(id));
	const char *name;
	json_t *of;

	json_object_foreach((json_t *)o, name, of)
	{
		if (strcmp(name, "type") != 0)
			observed_value(w, item, observed_span(name), of);
	}
}

static bool observed_is_ref(struct span key)
{
	return (key.len > 4 && memcmp(key.p + key.len - 4, "_ref", 4) == 0) ||
	       (key.len > 5 && memcmp(key.p + key.len - 5, "_refs", 5) == 0);
}

static void observed_refer(struct stix_world *w, uint32_t n)
{
	struct span id = w->items[n].text;

	if (w->items[n].kind == STIX_VALUE_STRING)
		for (uint32_t i = 0; i < w->object_count; i++)
			if (w->objects[i].id.len == id.len &&
			    memcmp(w->objects[i].id.p, id.p, id.len) == 0)
				w->items[n].target = i + 1;
	for (uint32_t i = w->items[n].first; i != STIX_NOTHING; i = w->items[i].next)
		observed_refer(w, i);
}

static void observed_finish(struct stix_world *w)
{
	for (uint32_t n = 1; n < w->item_count; n++)
		if (observed_is_ref(w->items[n].key))
			observed_refer(w, n);
}

/* One observation: number_observed of them, each as the others. Returns how many. */
static uint32_t observed_one(struct stix_world *w, const json_t *o, const json_t *bundle,
			     struct stix_instance *in)
{
	const json_t *objects = json_object_get(o, "objects"), *of, *ref;
	const char *name, *first = json_string_value(json_object_get(o, "first_observed"));
	const char *last = json_string_value(json_object_get(o, "last_observed"));
	size_t i, k;

	stix_world_reset(w);
	json_object_foreach((json_t *)objects, name, of)
	{
		observed_object(w, name, of);
	}
	json_array_foreach(json_object_get(o, "object_refs"), i, ref)
	{
		json_array_foreach(json_object_get(bundle, "objects"), k, of)
		{
			const char *id = json_string_value(json_object_get(of, "id"));
			if (id && strcmp(id, json_string_value(ref)) == 0)
				observed_object(w, id, of);
		}
	}
	observed_finish(w);
	timestamp_parse(first, strlen(first), &in->first_us);
	timestamp_parse(last, strlen(last), &in->last_us);
	return (uint32_t)json_integer_value(json_object_get(o, "number_observed"));
}

#define OBSERVED_MAX 256

struct observed {
	struct stix_world world;
	struct stix_scratch *sc;
	struct stix_instance in[OBSERVED_MAX];
	uint32_t count;
	bool error;
};

static void observed_add(struct observed *ob, const struct stix_program *pr, const json_t *o,
			 const json_t *bundle)
{
	struct stix_instance in = {0};
	uint32_t n = observed_one(&ob->world, o, bundle, &in);

	ob->error |= !stix_program_observe(pr, ob->sc, &ob->world, &in.holds);
	for (; n && ob->count < OBSERVED_MAX; n--)
		ob->in[ob->count++] = in;
}

static int observed_order(const void *a, const void *b)
{
	const struct stix_instance *x = a, *y = b;

	return (x->first_us > y->first_us) - (x->first_us < y->first_us);
}

/* "match", "nomatch", "error". */
static const char *observed_decide(struct observed *ob, const char *pattern,
				   enum stix_dialect dialect, const json_t *list,
				   char why[STIX_PATTERN_WHY_MAX])
{
	uint8_t used[OBSERVED_MAX];
	size_t i, k;
	json_t *v, *o;
	struct stix_program *pr =
		stix_program_create(pattern, strlen(pattern), dialect, STIX_STRICT, why);

	if (!pr)
		return "error";
	ob->count = 0;
	ob->error = false;
	json_array_foreach(list, i, v)
	{
		if (json_object_get(v, "number_observed"))
			observed_add(ob, pr, v, NULL);
		else
			json_array_foreach(json_object_get(v, "objects"), k,
					   o) if (json_object_get(o, "number_observed"))
				observed_add(ob, pr, o, v);
	}
	qsort(ob->in, ob->count, sizeof(*ob->in), observed_order);
	enum stix_answer a = stix_sequence_match(stix_program_tree(pr), ob->in, ob->count, used,
						 STIX_SEQUENCE_EFFORT);
	stix_program_free(pr);
	return ob->error       ? "error"
	       : a == STIX_YES ? "match"
	       : a == STIX_NO  ? "nomatch"
			       : "undecided";
}

#endif
