/*
 * example - the public API from end to end: three hosts each in two Member
 * States ask for a domain that an ISAC calls bad; one candidate comes out.
 *
 * Compiles as C and as C++. Two threads feed, one country each.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tocsin/tocsin.h"

struct country {
	struct tocsin *engine;
	const char *spec;
	int subnet;
};

static void *feed(void *arg)
{
	struct country *c = (struct country *)arg;
	int source = tocsin_source(c->engine, c->spec);
	char line[512];

	for (int host = 1; host <= 3; host++) {
		int n = snprintf(line, sizeof(line),
				 "{\"timestamp\":\"2026-11-20T10:0%d:00.000000+0000\","
				 "\"event_type\":\"dns\",\"src_ip\":\"10.%d.0.%d\",\"src_port\":5353,"
				 "\"dest_ip\":\"192.0.2.53\",\"dest_port\":53,\"proto\":\"UDP\","
				 "\"dns\":{\"type\":\"query\",\"rrname\":\"c2.campaign.example\"}}",
				 host, c->subnet, host);
		if (tocsin_feed(c->engine, source, line, (size_t)n, (uint64_t)host))
			fprintf(stderr, "feed: %s\n", tocsin_error(c->engine));
	}
	return NULL;
}

static void show(void *arg, const char *id, const char *line, size_t len)
{
	(void)arg;
	(void)id;
	(void)len;
	puts(line);
}

int main(int argc, char **argv)
{
	struct tocsin_config *config = tocsin_config_create();
	struct tocsin *engine;

	if (!config || argc < 2)
		return 2;
	tocsin_config_set(config, "threads", "2");
	tocsin_config_indicators(config, argv[1]);
	if (tocsin_open(&engine, config)) {
		fprintf(stderr, "open: %s\n", tocsin_config_error(config));
		return 1;
	}
	struct country countries[2] = {{engine, "DE/energy/soc-a", 49}, {engine, "FR/energy/soc-b", 33}};
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, feed, &countries[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	tocsin_flush(engine);
	int changes = tocsin_changes(engine, NULL, NULL);
	int candidates = tocsin_finish(engine, show, NULL);
	fprintf(stderr, "records %llu, hit %llu, changes %d, candidates %d\n",
		(unsigned long long)tocsin_count(engine, "records"),
		(unsigned long long)tocsin_count(engine, "hit"), changes, candidates);
	tocsin_close(engine);
	return candidates == 1 ? 0 : 1;
}
