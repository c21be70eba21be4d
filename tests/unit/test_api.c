/* api.c: what the public interface must bear beside what tests/cases/50_api shows. */
#include <unistd.h>

#include "tap.h"
#include "tocsin/tocsin.h"

static struct tocsin *engine_of(const char *threads, const char *batches)
{
	struct tocsin_config *c = tocsin_config_create();
	struct tocsin *t = NULL;

	tocsin_config_set(c, "threads", threads);
	tocsin_config_set(c, "batches", batches);
	tocsin_config_set(c, "table.cells", "1024");
	tocsin_config_set(c, "table.entries", "1024");
	tocsin_config_set(c, "table.overflows", "1");
	return tocsin_open(&t, c) ? NULL : t;
}

/* Each source's records gather in a batch; they must not wait for one another's. */
static void many_sources(int sources, const char *batches)
{
	struct tocsin *t = engine_of("1", batches);
	char spec[64];
	int refused = 0;

	for (int round = 0; t && round < 3; round++)
		for (int i = 0; i < sources; i++) {
			snprintf(spec, sizeof(spec), "DE/energy/soc-%d", i);
			refused += tocsin_feed(t, tocsin_source(t, spec), "{}", 2,
					       (uint64_t)round) != 0;
		}
	if (t)
		tocsin_flush(t);
	tap_ok(t && !refused && tocsin_count(t, "records") == 3u * (unsigned)sources,
	       "%d sources take turns with %s batches", sources, batches);
	tocsin_close(t);
}

int main(void)
{
	alarm(60); /* a feed that never returns is the failure looked for */
	many_sources(40, "0");
	many_sources(40, "2");
	many_sources(5, "1");
	return tap_done();
}
