/*
 * atoms - loading feeds of atoms beside Jansson, and what the atoms take.
 *
 *   atoms [atoms [repeats [feed]]]     default 1000000 3, and 10 million of the list
 *
 * Feeds are seeded: a STIX 2.1 bundle, MISP events of 1,000 attributes, a plain list; domains,
 * addresses, hashes and URLs in turn. load_over: the time that Jansson takes to parse the
 * file, over the time until the set is read, settled and packed (best of repeats each, in
 * turns, one thread, processor time). warm_over: load and compile over opening the cache. over_text: what set and exact tables take beside values, ids and
 * names, an atom; resident is the growth of the process instead.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef TOCSIN_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#include "match/indicator.h"
#include "match/match.h"
#include "match/match_cache.h"

static uint64_t state;

static uint64_t draw(void)
{
	uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* The value of atom i, and its kind: 0 domain, 1 address, 2 hash, 3 URL. */
static int value(uint32_t i, char *out)
{
	switch (i % 10) {
	default:
		sprintf(out, "gate-%08x%u.example", (unsigned)draw(), i);
		return 0;
	case 4:
	case 5:
		sprintf(out, "%u.%u.%u.%u", 1 + (i >> 22) % 200, i >> 15 & 127, i >> 8 & 127, i & 255);
		return 1;
	case 6:
	case 7:
	case 8:
		sprintf(out, "%016llx%016llx%016llx%016llx", (unsigned long long)draw(),
			(unsigned long long)draw(), (unsigned long long)draw(), (unsigned long long)draw());
		return 2;
	case 9:
		sprintf(out, "http://gate-%08x.example/in/%u.php", (unsigned)draw() & 0xffff, i);
		return 3;
	}
}

static const char *uuid(char out[40])
{
	uint64_t a = draw(), b = draw();

	sprintf(out, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)(a >> 32), (unsigned)(a & 0xffff),
		(unsigned)(a >> 16 & 0xfff), (unsigned)(b >> 48 & 0xfff),
		(unsigned long long)(b & 0xffffffffffff));
	return out;
}

static void write_stix(FILE *f, uint32_t count)
{
	static const char *const path[] = {"domain-name:value", "ipv4-addr:value",
					   "file:hashes.'SHA-256'", "url:value"};
	char v[128], id[40];

	fputs("{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\","
	      "\"objects\":[\n", f);
	for (uint32_t i = 0; i < count; i++) {
		int kind = value(i, v);
		unsigned day = 1 + (unsigned)draw() % 28, hour = (unsigned)draw() % 24;
		unsigned ms = (unsigned)draw() % 1000, second = (unsigned)draw() % 60;
		char time[40];
		sprintf(time, "2024-%02u-%02uT%02u:%02u:%02u.%03uZ", 1 + i % 12, day, hour,
			(unsigned)draw() % 60, second, ms);
		fprintf(f,
			"%s{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--%s\","
			"\"created_by_ref\":\"identity--f431f809-377b-45e0-aa1c-6a4751cae5ff\","
			"\"created\":\"%s\",\"modified\":\"%s\",\"name\":\"Seen at %s\","
			"\"indicator_types\":[\"malicious-activity\"],\"pattern\":\"[%s = '%s']\","
			"\"pattern_type\":\"stix\",\"valid_from\":\"%s\",\"confidence\":%u,"
			"\"object_marking_refs\":[\"marking-definition--f88d31f6-486f-44da-b317-"
			"01333bde0b82\"]}",
			i ? ",\n" : "", uuid(id), time, time, v, path[kind], v, time,
			60 + 10 * (i % 4));
	}
	fputs("]}\n", f);
}

static void write_misp(FILE *f, uint32_t count)
{
	static const char *const type[] = {"domain", "ip-dst", "sha256", "url"};
	char v[128], id[40];

	fputs("[", f);
	for (uint32_t i = 0; i < count; i++) {
		if (i % 1000 == 0)
			fprintf(f,
				"%s{\"Event\":{\"uuid\":\"%s\",\"info\":\"Wave %u of a botnet\","
				"\"threat_level_id\":\"2\",\"date\":\"2024-03-01\",\"Tag\":[{\"name\":"
				"\"tlp:green\"}],\"Attribute\":[",
				i ? ",\n" : "", uuid(id), i / 1000);
		int kind = value(i, v);
		fprintf(f,
			"%s{\"uuid\":\"%s\",\"type\":\"%s\",\"category\":\"Network activity\","
			"\"value\":\"%s\",\"to_ids\":true,\"timestamp\":\"%u\",\"comment\":\"\","
			"\"distribution\":\"5\",\"disable_correlation\":false}",
			i % 1000 ? ",\n" : "", uuid(id), type[kind], v,
			1704067200u + (unsigned)draw() % 31536000u);
		if (i % 1000 == 999 || i + 1 == count)
			fputs("]}}", f);
	}
	fputs("]\n", f);
}

static void write_list(FILE *f, uint32_t count)
{
	char v[128];

	for (uint32_t i = 0; i < count; i++) {
		value(i, v);
		fprintf(f, "%s\n", v);
	}
}

static size_t resident(void)
{
	size_t pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

#ifdef TOCSIN_JEMALLOC
	mallctl("arena.4096.purge", NULL, NULL, NULL, 0); /* MALLCTL_ARENAS_ALL */
#endif
	if (f && fscanf(f, "%*u %zu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Bytes of what the atoms are called: value and id, once where one ends in the other, and a
 * name of its own. */
static size_t text_of(const struct indicator_set *s)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		struct indicator in = indicator_at(s, i);
		struct condition c = condition_at(s, i);
		struct threat t = threat_at(s, in.threat);
		bool within = c.text >= in.id && c.text < in.id + in.id_len;
		bytes += in.id_len + (within ? 0 : c.text_len);
		if (t.name < in.id && t.name > c.text)
			bytes += t.name_len;
	}
	return bytes;
}

static double part[3]; /* of the last load: reading, settling, packing */

static int load(struct indicator_set *s, const char *path)
{
	struct feed feed = {.name = "bench", .tlp = TLP_AMBER, .severity = SEVERITY_MEDIUM};

	snprintf(feed.path, sizeof(feed.path), "%s", path);
	int err = indicator_set_init(s);
	double t = now();
	err = err ? err : feed_load_file(s, &feed, NULL);
	part[0] = now() - t;
	err = err ? err : indicator_set_finish(s);
	part[1] = now() - t - part[0];
	err = err ? err : indicator_set_seal(s);
	part[2] = now() - t - part[0] - part[1];
	return err;
}

static double jansson(const char *path, int repeats)
{
	double best = 1e9;

	for (int i = 0; i < repeats; i++) {
		double t = now();
		json_t *root = json_load_file(path, 0, NULL);
		t = now() - t;
		best = t < best ? t : best;
		if (!root)
			exit(1);
		json_decref(root);
	}
	return best;
}

/* Seconds until set and tables are there again; nonzero when they are not. */
static int warm(const char *path, const struct matcher *m, double *seconds, uint32_t atoms)
{
	const struct cache_key key = {{4, 2}};
	char cache[64];

	snprintf(cache, sizeof(cache), "%s.cache", path);
	int wrong = match_cache_save(cache, &key, m, NULL, 0, 0, NULL);
	*seconds = 1e9;
	for (int i = 0; i < 3 && !wrong; i++) {
		struct indicator_set s;
		struct matcher *again;
		struct cache_part more;
		double t = now();
		wrong = match_cache_open(cache, &key, &s, &again, NULL, &more) || s.count != atoms;
		t = now() - t;
		*seconds = t < *seconds ? t : *seconds;
		if (wrong)
			break;
		matcher_free(again);
		indicator_set_fini(&s);
	}
	unlink(cache);
	return wrong;
}

static int run(const char *what, void (*write)(FILE *, uint32_t), uint32_t atoms, int repeats,
	       bool json)
{
	struct indicator_set s;
	struct matcher *m;
	char path[] = "/tmp/tocsin-bench-atoms-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	double best = 1e9, reference = 1e9, warm_s = 0;

	if (!f)
		return 1;
	state = 4;
	write(f, atoms);
	long bytes = ftell(f);
	fclose(f);
	for (int i = 0; i < repeats; i++) {
		if (json) {
			double t = jansson(path, 1);
			reference = t < reference ? t : reference;
		}
		double t = now();
		if (load(&s, path))
			return 1;
		t = now() - t;
		best = t < best ? t : best;
		indicator_set_fini(&s);
	}
	size_t before = resident();
	if (load(&s, path))
		return 1;
	double t = now();
	if (matcher_compile(&m, &s, NULL))
		return 1;
	t = now() - t;
	size_t after = resident(), text = text_of(&s);
	size_t held = indicator_set_bytes(&s) + matcher_bytes(m);
	printf("{\"bench\":\"atoms\",\"feed\":\"%s\",\"atoms\":%u,\"file_bytes\":%ld,\"load_s\":%.3f,"
	       "\"read_s\":%.3f,\"settle_s\":%.3f,\"pack_s\":%.3f,"
	       "\"jansson_s\":%.3f,\"load_over\":%.2f,\"compile_s\":%.3f,\"text_bytes\":%zu,"
	       "\"over_text\":%.1f,\"resident_over_text\":%.1f,\"match_count\":%u}\n",
	       what, atoms, bytes, best, part[0], part[1], part[2], json ? reference : 0, json ? reference / best : 0, t, text,
	       (double)(held - text) / atoms, ((double)after - (double)before - (double)text) / atoms,
	       s.count);
	int wrong = s.count != atoms || warm(path, m, &warm_s, atoms);
	printf("{\"bench\":\"atoms_cache\",\"feed\":\"%s\",\"atoms\":%u,\"open_s\":%.4f,"
	       "\"load_over\":%.1f,\"load_and_compile_over\":%.1f,\"match_count\":%u}\n",
	       what, atoms, warm_s, (part[0] + part[1] + part[2]) / warm_s,
	       (part[0] + part[1] + part[2] + t) / warm_s, s.count);
	matcher_free(m);
	indicator_set_fini(&s);
	if (!getenv("KEEP"))
		unlink(path);
	return wrong;
}

int main(int argc, char **argv)
{
	uint32_t atoms = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
	int repeats = argc > 2 ? atoi(argv[2]) : 3;

	const char *only = argc > 3 ? argv[3] : "";

	if ((!*only || !strcmp(only, "stix")) && run("stix", write_stix, atoms, repeats, true))
		return 1;
	if ((!*only || !strcmp(only, "misp")) && run("misp", write_misp, atoms, repeats, true))
		return 1;
	if ((!*only || !strcmp(only, "list")) && run("list", write_list, atoms, repeats, false))
		return 1;
	return argc == 1 && run("list", write_list, 10 * atoms, 1, false);
}
