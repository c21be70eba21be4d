/* Orders about indicators. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "engine/control_priv.h"
#include "match/indicator_join.h"

#define IN_FORCE_MS 10000
#define FOUND_MAX   64

static const struct feed own = {
	.name = "control", .path = "control:", .tlp = TLP_AMBER, .severity = SEVERITY_MEDIUM};

static struct span span_of(const char *s)
{
	return (struct span){s, (uint32_t)strlen(s)};
}

static void refuse(struct request *r, const char *why)
{
	snprintf(r->why, sizeof(r->why), "%s", why);
}

/* Hands it over, and waits until it is in force for batches to come. */
static void hand_over(struct request *r, const struct intel_news *n)
{
	struct intel *in = r->c->e->intel;

	if (!intel_add(in, n)) {
		refuse(r, "out of memory");
		return;
	}
	if (!r->c->replaying && !intel_wait(in, IN_FORCE_MS)) {
		refuse(r, "taken, but not in force yet");
		return;
	}
	struct generation *g = generation_get(&r->c->e->rules);
	text_printf(&r->out, "{\"generation\":%u}", g ? g->number : 0);
	generation_put(&r->c->e->rules, g);
}

/* --- add ------------------------------------------------------------------------------ */

static void csv_cell(struct text *t, const char *s)
{
	text_char(t, '"');
	for (; *s; s++) {
		if (*s == '"')
			text_char(t, '"');
		text_char(t, *s);
	}
	text_char(t, '"');
}

/* A value with what is said of it, as a row. */
static void row(struct request *r, const char *id, struct text *t)
{
	static const char *const columns[] = {"value",	    "severity",	  "tlp", "campaign",
					      "valid_from", "valid_until"};

	text_str(t, "id,value,severity,tlp,campaign,valid_from,valid_until\n");
	csv_cell(t, id);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		text_char(t, ',');
		csv_cell(t, control_text(r, columns[i]));
	}
	text_char(t, '\n');
}

/* Whether it would be taken, and why not. */
static bool try_out(struct request *r, const struct feed_message *m)
{
	struct indicator_set s;
	struct problems ps;
	int err = indicator_set_init(&s);

	problems_init(&ps);
	if (!err)
		err = feed_message_load(&s, &own, m, &ps);
	if (err)
		refuse(r, strerror(-err));
	else if (ps.count && ps.items[0].fatal)
		snprintf(r->why, sizeof(r->why), "%.250s", ps.items[0].reason);
	else if (indicator_set_versions(&s) == 0)
		refuse(r, "no indicator in it");
	indicator_set_fini(&s);
	problems_fini(&ps);
	return !r->why[0];
}

static void add_message(struct request *r, const struct feed_message *m)
{
	struct intel_news n = {.kind = INTEL_MESSAGE, .feed = &own, .message = *m};

	if (try_out(r, m))
		hand_over(r, &n);
}

void control_indicator_add(struct request *r)
{
	const json_t *object = json_object_get(r->arguments, "object");
	const char *value = control_text(r, "value"), *id = control_text(r, "id");
	struct feed_message m = {.version = r->time_us};
	struct text t;

	text_init(&t);
	if (json_is_object(object)) { /* it has its own id and version */
		char *json = json_dumps(object, JSON_COMPACT);
		text_str(&t, json ? json : "");
		free(json);
	} else if (value[0] && !strpbrk(value, "\r\n")) {
		m.key = span_of(id[0] ? id : value);
		row(r, id[0] ? id : value, &t);
	} else {
		refuse(r, "indicator-add needs a value or an object");
	}
	m.payload = (struct span){t.p, (uint32_t)t.len};
	if (t.error || (!r->why[0] && !t.p))
		refuse(r, "out of memory");
	if (!r->why[0])
		add_message(r, &m);
	text_fini(&t);
}

/* --- remove, silence, restore --------------------------------------------------------- */

void control_indicator_remove(struct request *r)
{
	const char *id = control_text(r, "id"), *name = control_text(r, "feed");
	struct feed feed = own;
	struct intel_news n = {.kind = INTEL_WITHDRAW, .feed = &feed};

	if (name[0])
		snprintf(feed.name, sizeof(feed.name), "%s", name);
	n.message.key = span_of(id);
	n.message.version = r->time_us;
	if (!id[0] || n.message.key.len > 1024)
		refuse(r, "indicator-remove needs an id of at most 1024 bytes");
	else
		hand_over(r, &n);
}

static void say(struct request *r, struct feed_sighting *said)
{
	const char *target = control_text(r, "target");
	const struct intel_news n = {.kind = INTEL_SAID, .feed = &own, .said = said};

	if (!target[0] || strlen(target) >= sizeof(said->target)) {
		refuse(r, "target: an id or a value of at most 1023 bytes is needed");
		return;
	}
	snprintf(said->target, sizeof(said->target), "%s", target);
	snprintf(said->by, sizeof(said->by), "control");
	said->id[0] = '\0'; /* known by its target: the last word about that stands */
	hand_over(r, &n);
}

void control_indicator_silence(struct request *r)
{
	const char *until = control_text(r, "until");
	struct feed_sighting said = {.type = until[0] ? 2 : 1, .said_us = r->time_us};

	said.time_us = r->time_us;
	if (until[0] && !timestamp_parse(until, strlen(until), &said.time_us))
		refuse(r, "until is no time such as 2026-11-22T10:00:00Z");
	else
		say(r, &said);
}

void control_indicator_restore(struct request *r)
{
	struct feed_sighting said = {
		.type = 1, .deleted = true, .time_us = r->time_us, .said_us = r->time_us};

	say(r, &said);
}

/* --- look up -------------------------------------------------------------------------- */

struct lookup {
	struct request *r;
	const struct ruleset *rules;
	const uint64_t *withdrawn;
	uint32_t found;
};

static void time_json(struct text *t, const char *key, int64_t us)
{
	if (us == INT64_MIN || us == INT64_MAX)
		return;
	text_printf(t, ",\"%s\":", key);
	text_json_time(t, us);
}

static bool tell(void *arg, uint32_t i)
{
	struct lookup *l = arg;
	const struct indicator_set *s = &l->rules->set;
	struct text *t = &l->r->out;
	const struct indicator in = indicator_at(s, i);

	if (l->withdrawn && l->withdrawn[i / 64] >> (i % 64) & 1)
		return true;
	const struct threat threat = threat_at(s, in.threat);
	text_str(t, l->found++ ? ",{\"id\":" : "{\"id\":");
	text_json(t, s->text + in.id, in.id_len);
	text_str(t, ",\"feed\":");
	text_json_str(t, s->feeds[in.feed].name);
	text_str(t, ",\"threat\":");
	text_json(t, s->text + threat.id, threat.id_len);
	text_printf(t, ",\"severity\":\"%s\"", vocab_severity_name(in.severity));
	time_json(t, "valid_from", in.valid_from);
	time_json(t, "valid_until", in.valid_until);
	text_char(t, '}');
	return l->found < FOUND_MAX;
}

static void look_in(struct lookup *l, const char *target)
{
	uint32_t i = l->rules ? indicator_set_find(&l->rules->set, NULL, span_of(target))
			      : INDICATOR_NONE;
	struct indicator_set value;

	if (!l->rules)
		return;
	if (i != INDICATOR_NONE)
		tell(l, i);
	else if (feed_message_value(&value, span_of(target)) == 0) {
		struct condition c = condition_at(&value, 0);
		matcher_alone(l->rules->matcher, &value, &c, tell, l);
		indicator_set_fini(&value);
	}
}

void control_indicator_lookup(struct request *r)
{
	const char *target = control_text(r, "target");

	if (!target[0] || strlen(target) > 4096) {
		refuse(r, "target: an id or a value is needed");
		return;
	}
	struct generation *g = generation_get(&r->c->e->rules);
	struct lookup base = {r, g ? g->base : NULL, g ? g->withdrawn : NULL, 0};
	text_char(&r->out, '[');
	look_in(&base, target);
	struct lookup more = {r, g ? g->more : NULL, g ? g->more_withdrawn : NULL, base.found};
	look_in(&more, target);
	text_char(&r->out, ']');
	generation_put(&r->c->e->rules, g);
}
