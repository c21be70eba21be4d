/* The registry of sources: names once, specifications as --as takes them, stable pointers. */
#include "config/source.h"

#include "tap.h"

static struct source_registry r;

static void spec(const char *text, const char *name, int state, int sector)
{
	char why[256] = "";
	const struct source *s = source_from_spec(&r, text, why);

	if (!name)
		tap_ok(!s && why[0], "\"%.40s\" is refused: %s", text, why);
	else
		tap_ok(s && strcmp(s->name, name) == 0 && s->state == state && s->sector == sector,
		       "\"%s\" is %s %s", text, name, why);
}

int main(void)
{
	char why[256], name[SOURCE_NAME_MAX + 8];

	tap_int(source_registry_init(&r), 0, "an empty registry");
	int de = vocab_state_parse("DE", 2), gr = vocab_state_parse("GR", 2);
	int energy = vocab_sector_parse("energy", 6);
	struct source *a = source_add(&r, "a", de);
	tap_ok(a && a->id == 0 && a->state == de && a->tlp == TLP_AMBER && strcmp(a->soc, "a") == 0 &&
		       a->sector == SECTOR_UNKNOWN && !a->exercise && !a->aggregates, "a source's defaults");
	tap_ok(!source_add(&r, "a", de), "a name once");
	tap_ok(!source_add(&r, "", de), "no empty name");
	memset(name, 'n', sizeof(name));
	name[SOURCE_NAME_MAX] = '\0';
	tap_ok(!source_add(&r, name, de), "a name too long");
	name[SOURCE_NAME_MAX - 1] = '\0';
	tap_ok(source_add(&r, name, de) != NULL, "the longest name");
	tap_ok(source_find(&r, "abc", 1) == a && !source_find(&r, "ab", 2) && !source_find(&r, "", 0),
	       "found by so many bytes");

	spec("DE", "de", de, SECTOR_UNKNOWN);
	spec("de/energy", "de-energy", de, energy);
	spec("EL/energy", "gr-energy", gr, energy);
	spec("DE/energy/soc/x", "soc/x", de, energy);
	spec("DE//soc-y", "soc-y", de, SECTOR_UNKNOWN);
	spec("DE/", "de", de, SECTOR_UNKNOWN);
	spec("EU", "eu", STATE_EU, SECTOR_UNKNOWN);
	spec("UK", "gb", STATE_GB, SECTOR_UNKNOWN);
	spec("DE/energy/a", NULL, 0, 0);
	spec("FR//a", NULL, 0, 0);
	spec("US", NULL, 0, 0);
	spec("", NULL, 0, 0);
	spec("/energy", NULL, 0, 0);
	spec("DE/cheese", NULL, 0, 0);
	char long_spec[SOURCE_NAME_MAX + 16];
	snprintf(long_spec, sizeof(long_spec), "DE//%.*s", SOURCE_NAME_MAX, "");
	memset(long_spec + 4, 'm', SOURCE_NAME_MAX);
	long_spec[4 + SOURCE_NAME_MAX] = '\0';
	spec(long_spec, NULL, 0, 0);
	uint32_t before = r.count;
	spec("DE", "de", de, SECTOR_UNKNOWN);
	tap_int(r.count, before, "the same again is the same source");

	while (r.count < SOURCES_MAX) {
		snprintf(name, sizeof(name), "s%u", r.count);
		if (!source_add(&r, name, de))
			break;
	}
	tap_int(r.count, SOURCES_MAX, "as many as there is room for");
	tap_ok(!source_add(&r, "more", de) && !source_from_spec(&r, "AT", why), "one more is refused: %s", why);
	tap_ok(source_find(&r, "a", 1) == a && a->id == 0, "and none has moved");
	source_registry_fini(&r);
	return tap_done();
}
