/* A candidate line, read back: of an earlier life, or of another node. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <uuid.h>

#include "base/timestamp.h"
#include "raise/candidate.h"
#include "raise/describe.h"

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static bool moment(const json_t *o, const char *key, int64_t *us)
{
	const char *s = string(o, key);

	return timestamp_parse(s, strlen(s), us) && *us >= 0;
}

static bool word(int value, uint8_t *out)
{
	*out = (uint8_t)value;
	return value >= 0;
}

static bool read_threat(const json_t *o, struct threat_name *t)
{
	const char *kind = string(o, "kind"), *id = string(o, "id");

	for (uint8_t k = NAME_CAMPAIGN; k <= NAME_RULE; k++)
		if (id[0] && strcmp(kind, describe_kind(k)) == 0) {
			*t = (struct threat_name){k, strdup(id), strdup(string(o, "name"))};
			return true;
		}
	return false;
}

static bool read_superseded(const json_t *o, char out[CANDIDATE_ID_MAX])
{
	const char *id = string(o, "superseded_by");
	uuid_t parsed;

	if (!id[0])
		return true;
	if (strlen(id) != CANDIDATE_ID_MAX - 1 || uuid_parse(id, parsed) != 0)
		return false;
	memcpy(out, id, CANDIDATE_ID_MAX);
	return true;
}

static bool read_rest(const json_t *o, struct candidate_said *out)
{
	const json_t *window = json_object_get(o, "window");
	const char *tlp = string(o, "tlp"), *pap = string(o, "pap");
	struct episode *ep = &out->episode;

	/* no status of an episode: what it was judged by is not here */
	return moment(window, "start", &ep->first_us) && moment(window, "end", &ep->last_us) &&
	       ep->first_us <= ep->last_us && out->head.cell_us >= 0 &&
	       word(vocab_tlp_parse(tlp, strlen(tlp)), &ep->tlp) &&
	       word(vocab_pap_parse(pap, strlen(pap)), &ep->pap) &&
	       read_superseded(o, out->superseded_by) &&
	       read_threat(json_object_get(o, "threat"), &out->threat);
}

int candidate_read(const char *line, size_t len, struct candidate_said *out)
{
	memset(out, 0, sizeof(*out));
	if (!candidate_head(line, len, &out->head) || out->head.version == 0 ||
	    out->head.version == UINT32_MAX) /* versions go on from it */
		return -EINVAL;
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	int r = json_is_object(o) && read_rest(o, out) ? 0 : -EINVAL;
	json_decref(o);
	if (r == 0 && (!out->threat.id || !out->threat.name))
		r = -ENOMEM;
	if (r)
		candidate_said_fini(out);
	return r;
}

void candidate_said_fini(struct candidate_said *s)
{
	free((char *)s->threat.id);
	free((char *)s->threat.name);
	s->threat.id = s->threat.name = NULL;
}
