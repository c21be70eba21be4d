/* Candidates as canonical lines: from the reference, and read from what an engine printed. */
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "truth.h"

void lines_add(struct truth_lines *l, char *line)
{
	*(char **)truth_push(&l->line, &l->count, &l->room, sizeof(char *)) = line;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void lines_sort(struct truth_lines *l)
{
	if (l->count)
		qsort(l->line, (size_t)l->count, sizeof(*l->line), compare);
}

void lines_free(struct truth_lines *l)
{
	for (int i = 0; i < l->count; i++)
		free(l->line[i]);
	free(l->line);
	memset(l, 0, sizeof(*l));
}

struct out {
	char text[8192];
	int len;
};

__attribute__((format(printf, 2, 3))) static void put(struct out *o, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	o->len += vsnprintf(o->text + o->len, sizeof(o->text) - (size_t)o->len, format, ap);
	va_end(ap);
	if (o->len >= (int)sizeof(o->text))
		abort();
}

static void put_time(struct out *o, const char *word, int64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	put(o, " %s=%s.%06dZ", word, text, (int)(us % 1000000));
}

char *candidate_text(const struct truth_candidate *c)
{
	struct out o = {.len = 0};

	put(&o, "%s: %s", c->threat, c->raised ? "raised" : "watch");
	put_time(&o, "start", c->start_us);
	put_time(&o, "end", c->end_us);
	put_time(&o, "decided", c->decided_us);
	put(&o, " tlp=%s", truth_tlps[c->tlp]);
	for (int i = 0; i < c->states; i++) {
		const struct truth_state *s = &c->state[i];
		put(&o,
		    " | %s sig=%d dec=%d crit=%x ent=%u att=%u rec=%u org=%u sec=%x users=%llu "
		    "dur=%u sev=%s",
		    truth_states[s->state], s->significant, s->deciding, s->criteria, s->entities,
		    s->attempted, s->records, s->origins, s->sectors, (unsigned long long)s->users,
		    s->duration_s, truth_severities[s->severity]);
		put_time(&o, "first", s->first_us);
		put_time(&o, "last", s->last_us);
	}
	return strdup(o.text);
}

/* --- read back ---------------------------------------------------------------- */

static const char *word(const json_t *o, const char *key)
{
	const char *v = json_string_value(json_object_get(o, key));

	return v ? v : "?";
}

static int64_t time_of(const json_t *o, const char *key)
{
	struct tm tm = {0};
	const char *rest = strptime(word(o, key), "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest || *rest != '.')
		return -1;
	return (int64_t)timegm(&tm) * 1000000 + strtol(rest + 1, NULL, 10);
}

static int find(const char *const *words, int count, const char *v)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], v) == 0)
			return i;
	return 0;
}

static uint32_t number(const json_t *o, const char *key)
{
	return (uint32_t)json_integer_value(json_object_get(o, key));
}

static void read_state(struct truth_state *s, const json_t *o, int state)
{
	const json_t *v;
	size_t i;

	*s = (struct truth_state){
		.state = state,
		.severity = find(truth_severities, 4, word(o, "severity")),
		.significant = json_is_true(json_object_get(o, "significant")),
		.deciding = json_is_true(json_object_get(o, "deciding")),
		.entities = number(o, "entities"),
		.attempted = number(o, "attempted_entities"),
		.records = number(o, "records"),
		.origins = number(o, "origins"),
		.duration_s = number(o, "duration_s"),
		.users = (uint64_t)json_integer_value(json_object_get(o, "users_affected")),
		.first_us = time_of(o, "first_seen"),
		.last_us = time_of(o, "last_seen"),
	};
	json_array_foreach(json_object_get(o, "criteria"), i, v) s->criteria |=
		1u << strtol(json_string_value(v) + 1, NULL, 10);
	json_array_foreach(json_object_get(o, "sectors"), i, v) s->sectors |=
		1u << find(truth_sectors, TRUTH_SECTORS, json_string_value(v));
}

static void read_states(struct truth_candidate *c, const json_t *states)
{
	const json_t *v;
	size_t i;

	/* in the order of truth_states, which is that of the codes but for GB and EU */
	for (int s = 0; s < TRUTH_STATES; s++)
		json_array_foreach(states, i, v) if (c->states < TRUTH_STATES &&
						     strcmp(word(v, "code"), truth_states[s]) == 0)
			read_state(&c->state[c->states++], v, s);
}

char *candidate_read(const char *line, size_t len, char status[16], char id[40], int *version)
{
	json_t *o = json_loadb(line, len, 0, NULL);
	const json_t *window = json_object_get(o, "window"), *threat = json_object_get(o, "threat");
	struct truth_candidate c = {.threat = word(threat, "name")};
	char *text = NULL;

	if (o && strcmp(word(o, "event_type"), "candidate") == 0) {
		const char *said = word(o, "status");
		c.raised = strcmp(said, "raised") == 0 || strcmp(said, "updated") == 0 ||
			   strcmp(said, "corroborated") == 0;
		c.start_us = time_of(window, "start");
		c.end_us = time_of(window, "end");
		c.decided_us = time_of(window, "decided_at");
		c.tlp = find(truth_tlps, 4, word(o, "tlp"));
		read_states(&c, json_object_get(o, "member_states"));
		read_states(&c, json_object_get(o, "other_sources"));
		text = candidate_text(&c);
		if (status)
			snprintf(status, 16, "%s", said);
		if (id)
			snprintf(id, 40, "%s", word(o, "id"));
		if (version)
			*version = (int)number(o, "version");
	}
	json_decref(o);
	return text;
}
