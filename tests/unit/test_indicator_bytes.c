/* What a million atoms take beside what they are called. */
#include "match/indicator.h"
#include "match/match.h"
#include "tap.h"
#include "test_feed_dump.h"

#define ATOMS 1000000

/* Values, ids and names of their own; a value within its id once. */
static size_t text_of(const struct indicator_set *s)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		struct indicator in = indicator_at(s, i);
		struct condition c = condition_at(s, i);
		struct threat t = threat_at(s, in.threat);
		bool within = c.text >= in.id && c.text < in.id + in.id_len;
		bytes += in.id_len + (within ? 0 : c.text_len);
		bytes += t.name > c.text && t.name < in.id ? t.name_len : 0;
	}
	return bytes;
}

static void measure(const char *what, struct text *feed, uint32_t atoms)
{
	struct feed f = dump_feed("feed", "feed");
	struct indicator_set s;
	struct matcher *m;

	indicator_set_init(&s);
	if (feed_load_bytes(&s, &f, feed->p, feed->len, NULL) || indicator_set_finish(&s) ||
	    indicator_set_seal(&s) || matcher_compile(&m, &s, NULL))
		exit(2);
	size_t held = indicator_set_bytes(&s) + matcher_bytes(m), text = text_of(&s);
	double each = (double)(held - text) / s.count;
	tap_ok(s.count == atoms && each <= 24 && each > 9, "%s: %.1f bytes an atom over %.1f of text",
	       what, each, (double)text / s.count);
	matcher_free(m);
	indicator_set_fini(&s);
	text_reset(feed);
}

int main(void)
{
	struct text feed;

	text_init(&feed);
	for (uint32_t i = 0; i < ATOMS / 10; i++)
		text_printf(&feed, "gate-%08x.example\n", i * 2654435761u);
	measure("a list", &feed, ATOMS / 10);
	text_str(&feed, "{\"Event\":{\"info\":\"one of many\",\"Attribute\":[");
	for (uint32_t i = 0; i < ATOMS; i++)
		text_printf(&feed,
			    "%s{\"uuid\":\"%08x-0000-4000-8000-%012x\",\"type\":\"domain\",\"value\":"
			    "\"gate-%08x.example\",\"to_ids\":true,\"timestamp\":\"%u\"}",
			    i ? "," : "", i * 2654435761u, i, i * 40503u,
			    1704067200u + i * 2654435761u % 31536000u);
	text_str(&feed, "]}}");
	measure("MISP", &feed, ATOMS);
	text_str(&feed, "{\"type\":\"bundle\",\"objects\":[");
	for (uint32_t i = 0; i < ATOMS / 10; i++)
		text_printf(&feed,
			    "%s{\"type\":\"indicator\",\"id\":\"indicator--%08x-0000-4000-8000-%012x\","
			    "\"modified\":\"2024-%02u-%02uT%02u:00:00.%03uZ\",\"valid_from\":"
			    "\"2024-%02u-%02uT%02u:00:00.%03uZ\",\"name\":\"number %u\",\"pattern\":"
			    "\"[domain-name:value = 'gate-%08x.example']\"}",
			    i ? "," : "", i * 2654435761u, i, 1 + i % 12, 1 + i % 28, i % 24, i % 1000,
			    1 + i % 12, 1 + i % 28, i % 24, i % 1000, i, i * 40503u);
	text_str(&feed, "]}");
	measure("STIX", &feed, ATOMS / 10);
	text_fini(&feed);
	return tap_done();
}
