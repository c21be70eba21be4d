#include "raise/candidate.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <uuid.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "raise/describe.h"
#include "raise/score.h"

/* 4525f278-6b36-42b1-a658-6cbbe19a9013: ours, random, and fixed for good: a
 * change would give every known candidate a new id. */
static const uuid_t name_space = {0x45, 0x25, 0xf2, 0x78, 0x6b, 0x36, 0x42, 0xb1,
				  0xa6, 0x58, 0x6c, 0xbb, 0xe1, 0x9a, 0x90, 0x13};

static const char *const status_names[CANDIDATE_STATUSES] = {
	"watch", "raised", "updated", "corroborated", "withdrawn", "expired"};

const char *candidate_status_name(enum candidate_status s)
{
	assert((unsigned)s < CANDIDATE_STATUSES);
	return status_names[s];
}

void candidate_uuid(const char *material, size_t len, char out[CANDIDATE_ID_MAX])
{
	uuid_t id;

	uuid_generate_sha1(id, name_space, material, len);
	uuid_unparse_lower(id, out);
}

int64_t candidate_cell(int64_t first_us, int64_t window_us)
{
	assert(window_us > 0);
	int64_t into = first_us % window_us;
	return first_us - (into < 0 ? into + window_us : into);
}

void candidate_id(const struct threat_name *threat, int64_t cell_us, int64_t window_us,
		  char out[CANDIDATE_ID_MAX])
{
	char start[TIMESTAMP_TEXT_MAX];
	struct text t;

	text_init(&t);
	timestamp_format(cell_us, start);
	/* an ISO 8601 interval: cells of another length are other cells */
	text_printf(&t, "%s\n%s\n%s/PT%" PRId64 "S", describe_kind(threat->kind), threat->id, start,
		    window_us / TIMESTAMP_SECOND);
	/* without memory there is no id to give, and a wrong one would be kept for good */
	assert(!t.error);
	candidate_uuid(t.p, t.len, out);
	text_fini(&t);
}

void candidate_make_of(struct candidate *c, const struct candidate_context *cx,
		       const struct threat_name *threat, const struct episode *ep,
		       enum candidate_status status, uint32_t version)
{
	struct score s = {0};

	memset(c, 0, sizeof(*c));
	c->threat = *threat;
	c->version = version;
	c->status = status;
	c->episode = *ep;
	c->cell_us = candidate_cell(ep->first_us, cx->profile->window_us);
	candidate_id(threat, c->cell_us, cx->profile->window_us, c->id);
	if (status != CANDIDATE_WITHDRAWN)
		score_episode(&s, ep, candidate_profile(cx, ep));
	c->score = s.hundredths / 100.0;
}

void candidate_make(struct candidate *c, const struct candidate_context *cx,
		    const struct episode *ep, enum candidate_status status, uint32_t version)
{
	const struct threat_name *threat = names_threat_get(cx->names, ep->threat);

	assert(threat);
	candidate_make_of(c, cx, threat, ep, status, version);
}

const struct feedback_verdict *candidate_rejected(const struct candidate_context *cx,
						  const char *id,
						  const struct threat_name *threat,
						  const struct episode *ep)
{
	struct feedback_votes votes;

	if (ep->status == EPISODE_NONE)
		return NULL;
	feedback_votes(cx->feedback, id, threat, ep, cx->names, &votes);
	return votes.against;
}

bool candidate_clocks_run(const struct candidate *c)
{
	return c->status != CANDIDATE_WITHDRAWN && c->episode.status != EPISODE_NONE;
}

void candidate_position(struct text *out, const char *prefix, const struct evidence_item *i)
{
	text_printf(out, "%s@%" PRIu64, prefix, i->offset);
	if (i->sub)
		text_printf(out, "+%" PRIu32, i->sub);
}

/* A cursor over a printed line: the first thing that does not fit clears ok. */
struct cursor {
	const char *p, *end;
	bool ok;
};

static void expect(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	if (!c->ok || (size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
		c->ok = false;
	else
		c->p += n;
}

static void read_id(struct cursor *c, char out[CANDIDATE_ID_MAX])
{
	uuid_t id;

	if (!c->ok || c->end - c->p < CANDIDATE_ID_MAX - 1) {
		c->ok = false;
		return;
	}
	memcpy(out, c->p, CANDIDATE_ID_MAX - 1);
	out[CANDIDATE_ID_MAX - 1] = '\0';
	c->p += CANDIDATE_ID_MAX - 1;
	c->ok = uuid_parse(out, id) == 0;
}

static uint32_t read_number(struct cursor *c)
{
	uint64_t n = 0;
	const char *from = c->p;

	for (; c->ok && c->p < c->end && *c->p >= '0' && *c->p <= '9' && n <= UINT32_MAX; c->p++)
		n = n * 10 + (uint64_t)(*c->p - '0');
	if (c->p == from || n > UINT32_MAX)
		c->ok = false;
	return (uint32_t)n;
}

static enum candidate_status read_status(struct cursor *c)
{
	for (int s = 0; c->ok && s < CANDIDATE_STATUSES; s++) {
		struct cursor at = *c;
		expect(&at, status_names[s]);
		expect(&at, "\"");
		if (at.ok) {
			*c = at;
			return (enum candidate_status)s;
		}
	}
	c->ok = false;
	return CANDIDATE_WATCH;
}

static int64_t read_time(struct cursor *c)
{
	const size_t len = sizeof("2026-11-22T04:33:00.000000Z") - 1;
	int64_t us = 0;

	if (!c->ok || (size_t)(c->end - c->p) < len || !timestamp_parse(c->p, len, &us))
		c->ok = false;
	else
		c->p += len;
	return us;
}

/* Prevalence aside, which ends the line: it moves with everybody's evidence, and by itself
 * changes nothing. In a string its quotes would be escaped, so this can only be the key. */
static uint64_t says(const char *p, const char *end)
{
	static const char key[] = ",\"prevalence\":[";
	const char *at = memmem(p, (size_t)(end - p), key, sizeof(key) - 1);

	return hash_bytes(p, (size_t)((at ? at : end - 1) - p), 0);
}

bool candidate_head(const char *line, size_t len, struct candidate_head *out)
{
	struct cursor c = {line, line + len, true};

	expect(&c, "{\"event_type\":\"candidate\",\"id\":\"");
	read_id(&c, out->id);
	expect(&c, "\",\"version\":");
	out->version = read_number(&c);
	expect(&c, ",\"status\":\"");
	out->status = read_status(&c);
	expect(&c, ",\"cell\":\"");
	out->cell_us = read_time(&c);
	expect(&c, "\"");
	if (!c.ok || c.p == c.end || c.end[-1] != '}')
		return false;
	out->says = says(c.p, c.end);
	return true;
}
