#include "match/feed_mark.h"

#include <string.h>
#include <strings.h>

#include "match/feed_load.h"

#define PREFIX "marking-definition--"

static const struct {
	const char *uuid;
	int8_t tlp, pap;
} known[] = {
	/* TLP 2.0 */
	{"94868c89-83c2-464b-929b-a1a8aa3c8487", TLP_CLEAR, -1},
	{"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", TLP_GREEN, -1},
	{"55d920b0-5e8b-4f79-9ee9-91f868d9b421", TLP_AMBER, -1},
	{"939a9414-2ddd-4d32-a0cd-375ea402b003", TLP_AMBER_STRICT, -1},
	{"e828b379-4e03-4974-9ac4-e53a884c97c1", TLP_RED, -1},
	/* TLP 1.0 */
	{"613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP_CLEAR, -1},
	{"34098fce-860f-48ae-8e50-ebd3cc5e41da", TLP_GREEN, -1},
	{"f88d31f6-486f-44da-b317-01333bde0b82", TLP_AMBER, -1},
	{"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", TLP_RED, -1},
	/* PAP */
	{"ad15a0cd-55b6-4588-a14c-a66105329b92", -1, PAP_CLEAR},
	{"a3bea94c-b469-41dc-9cfe-d6e7daba7730", -1, PAP_CLEAR},
	{"c43594d1-4b11-4c59-93ab-1c9b14d53ce9", -1, PAP_GREEN},
	{"60f8932b-e51e-4458-b265-a2e8be9a80ab", -1, PAP_AMBER},
	{"740d36e5-7714-4c30-961a-3ae632ceee0e", -1, PAP_RED},
};

bool feed_mark_known(struct span id, int *tlp, int *pap)
{
	size_t n = strlen(PREFIX);

	if (id.len != n + 36 || memcmp(id.p, PREFIX, n) != 0)
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncasecmp(id.p + n, known[i].uuid, 36) == 0) {
			*tlp = known[i].tlp;
			*pap = known[i].pap;
			return true;
		}
	return false;
}

static int tlp_word(struct span s)
{
	return s.len ? vocab_tlp_parse(s.p, s.len) : -1;
}

static int pap_word(struct span s)
{
	return s.len ? vocab_pap_parse(s.p, s.len) : -1;
}

bool feed_mark_object(struct feed_value o, int *tlp, int *pap)
{
	struct feed_value ext = feed_get(o, "extensions"), def = feed_get(o, "definition");

	*tlp = tlp_word(feed_json_string(def, "tlp"));
	*pap = pap_word(feed_json_string(def, "pap"));
	feed_each_key(key, e, ext) {
		int t = tlp_word(feed_json_string(e, "tlp_2_0"));
		int p = pap_word(feed_json_string(e, "pap"));
		*tlp = t > *tlp ? t : *tlp;
		*pap = p > *pap ? p : *pap;
	}
	if (*tlp < 0 && *pap < 0)
		feed_mark_tag(feed_json_string(o, "name"), tlp, pap);
	return *tlp >= 0 || *pap >= 0;
}

void feed_mark_tag(struct span tag, int *tlp, int *pap)
{
	*tlp = *pap = -1;
	if (tag.len > 4 && strncasecmp(tag.p, "tlp:", 4) == 0) {
		/* "tlp:ex:chr" says how to share, not how far */
		if (tag.len > 7 && strncasecmp(tag.p + 4, "ex:", 3) == 0)
			return;
		*tlp = vocab_tlp_parse(tag.p, tag.len);
		if (*tlp < 0)
			*tlp = TLP_RED;
	} else if (tag.len > 4 && strncasecmp(tag.p, "pap:", 4) == 0) {
		*pap = vocab_pap_parse(tag.p, tag.len);
		if (*pap < 0)
			*pap = PAP_RED;
	}
}

void feed_mark(struct draft *d, int tlp, int pap)
{
	if (tlp >= 0) {
		d->tlp = (uint8_t)(d->tlp_stated && d->tlp > tlp ? d->tlp : tlp);
		d->tlp_stated = true;
	}
	if (pap >= 0) {
		d->pap = (uint8_t)(d->pap_stated && d->pap > pap ? d->pap : pap);
		d->pap_stated = true;
	}
}
