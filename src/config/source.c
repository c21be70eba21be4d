#include "config/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ctype.h>

int source_registry_init(struct source_registry *r)
{
	r->count = 0;
	r->sources = calloc(SOURCES_MAX, sizeof(*r->sources));
	return r->sources ? 0 : -ENOMEM;
}

void source_registry_fini(struct source_registry *r)
{
	free(r->sources);
	r->sources = NULL;
	r->count = 0;
}

struct source *source_find(const struct source_registry *r, const char *name, size_t len)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (strlen(r->sources[i].name) == len && memcmp(r->sources[i].name, name, len) == 0)
			return &r->sources[i];
	return NULL;
}

struct source *source_add(struct source_registry *r, const char *name, int state)
{
	size_t len = strlen(name);

	if (r->count == SOURCES_MAX || len == 0 || len >= SOURCE_NAME_MAX ||
	    source_find(r, name, len))
		return NULL;
	struct source *s = &r->sources[r->count];
	memset(s, 0, sizeof(*s));
	s->id = (uint16_t)r->count++;
	s->state = (uint8_t)state;
	s->tlp = TLP_AMBER;
	memcpy(s->name, name, len + 1);
	memcpy(s->soc, name, len + 1);
	memcpy(s->lineage, name, len + 1);
	return s;
}

/* "de-energy", the name of a source that was given none. */
static void default_name(char *out, size_t size, int state, int sector)
{
	snprintf(out, size, "%s%s%s", vocab_state_code(state), sector ? "-" : "",
		 sector ? vocab_sector_name(sector) : "");
	for (char *p = out; *p; p++)
		*p = (char)tolower((unsigned char)*p);
}

struct source *source_from_spec(struct source_registry *r, const char *spec, char why[256])
{
	size_t cc = strcspn(spec, "/");
	int state = vocab_state_parse(spec, cc);
	if (state < 0) {
		snprintf(why, 256,
			 "\"%.*s\" is no Member State: a two-letter ISO code (EL is GR), EU or GB",
			 (int)cc, spec);
		return NULL;
	}
	int sector = SECTOR_UNKNOWN;
	const char *rest = spec + cc + (spec[cc] == '/');
	size_t len = strcspn(rest, "/");
	if (len && (sector = vocab_sector_parse(rest, len)) < 0) {
		snprintf(why, 256, "\"%.*s\" is no NIS2 sector (energy, transport, banking, ...)",
			 (int)len, rest);
		return NULL;
	}
	rest += len + (rest[len] == '/');
	char name[SOURCE_NAME_MAX];
	default_name(name, sizeof(name), state, sector);
	if (*rest && snprintf(name, sizeof(name), "%s", rest) >= (int)sizeof(name)) {
		snprintf(why, 256, "a source name has at most %d characters", SOURCE_NAME_MAX - 1);
		return NULL;
	}
	struct source *s = source_find(r, name, strlen(name));
	if (s && (s->state != state || s->sector != sector)) {
		snprintf(why, 256, "source %s is registered for %s/%s already", name,
			 vocab_state_code(s->state), vocab_sector_name(s->sector));
		return NULL;
	}
	if (!s && (s = source_add(r, name, state)))
		s->sector = (uint8_t)sector;
	if (!s)
		snprintf(why, 256, "more than %d sources", SOURCES_MAX);
	return s;
}
