/* A world as files and lines: what an engine is given. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "truth.h"

struct line {
	char text[1024];
	int len;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *l, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	l->len += vsnprintf(l->text + l->len, sizeof(l->text) - (size_t)l->len, format, ap);
	va_end(ap);
	if (l->len >= (int)sizeof(l->text))
		abort();
}

static void put_time(struct line *l, int64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	put(l, "\"timestamp\":\"%s.%06d+0000\"", text, (int)(us % 1000000));
}

static void put_addresses(struct line *l, const struct truth_shot *s)
{
	char inside[32];

	snprintf(inside, sizeof(inside), "10.%d.%u.%u", s->slot, s->host >> 8, s->host & 255);
	if (s->knocking)
		put(l,
		    "\"event_type\":\"flow\",\"src_ip\":\"%s\",\"dest_ip\":\"%s\",\"dest_port\":22",
		    s->knocking->value, inside);
	else if (s->peer)
		put(l,
		    "\"event_type\":\"%s\",\"src_ip\":\"%s\",\"dest_ip\":\"%s\",\"dest_port\":443",
		    s->asked ? "tls" : "flow", inside, s->peer->value);
	else
		put(l,
		    "\"event_type\":\"dns\",\"src_ip\":\"%s\",\"dest_ip\":\"192.0.2.53\",\"dest_"
		    "port\":53",
		    inside);
}

/* Suricata's EVE, with the fields of our own where the record states something. */
char *shot_line(const struct truth_shot *s)
{
	static const char *const below[] = {"", "www.", "a.b."};
	struct line l = {.len = 0};
	const char *name = s->asked ? s->asked->value : "www.good.example";
	const char *sub = s->asked && s->asked->benign ? "" : below[s->serial % 3];

	put(&l, "{");
	put_time(&l, s->time_us);
	put(&l, ",\"flow_id\":%u,\"src_port\":%u,\"proto\":\"%s\",", s->serial + 1,
	    1024 + s->serial % 60000, s->asked || !s->peer ? "UDP" : "TCP");
	put_addresses(&l, s);
	if (s->asked && s->peer)
		put(&l, ",\"tls\":{\"sni\":\"%s%s\"}", sub, name);
	else if (!s->peer && !s->knocking)
		put(&l, ",\"dns\":{\"type\":\"query\",\"rrname\":\"%s%s\",\"rrtype\":\"A\"}", sub,
		    name);
	if (s->organisation >= 0)
		put(&l, ",\"organization\":{\"name\":\"%s %d\"}", s->serial % 2 ? "Firm" : "FIRM",
		    s->organisation);
	if (s->test)
		put(&l, ",\"tags\":[\"rsit:test=\\\"test\\\"\"]");
	if (s->severity > 0 || s->claim >= 0 || s->users || s->duration_s) {
		put(&l, ",\"tocsin\":{\"users_affected\":%u,\"duration_seconds\":%u", s->users,
		    s->duration_s);
		if (s->severity > 0)
			put(&l, ",\"severity\":\"%s\"", truth_severities[s->severity]);
		if (s->claim >= 0)
			put(&l, ",\"member_state\":\"%s\"", truth_states[s->claim]);
		put(&l, "}");
	}
	put(&l, "}");
	return strdup(l.text);
}

static FILE *open_in(const char *folder, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(2);
	}
	return f;
}

static void write_profile(FILE *f, const struct truth_profile *p)
{
	fprintf(f,
		"id: truth\nversion: \"1\"\ntitle: t\nlegal_basis: none\nwindow: %dh\nmin_states: "
		"%d\ncriteria:\n",
		(int)(p->window_us / 3600000000), p->min_states);
	for (int i = 0; i < p->criteria; i++) {
		const struct truth_criterion *c = &p->criterion[i];
		fprintf(f,
			"  - id: c%d\n    legal_basis: none\n    basis: %s\n    describe: d\n"
			"    counting:\n      annex: %d\n      one_sector: %s\n      effect_only: "
			"%s\n",
			i, c->users || c->duration_s ? "asserted" : "inferred", c->annex,
			c->one_sector ? "true" : "false", c->attempts_too ? "false" : "true");
		if (c->severity)
			fprintf(f, "      severity: %s\n", truth_severities[c->severity]);
		fprintf(f, "    at_least:\n");
		if (c->entities)
			fprintf(f, "      entities: %u\n", c->entities);
		if (c->sectors)
			fprintf(f, "      sectors: %u\n", c->sectors);
		if (c->origins)
			fprintf(f, "      origins: %u\n", c->origins);
		if (c->users)
			fprintf(f, "      users: %u\n", c->users);
		if (c->duration_s)
			fprintf(f, "      duration: %us\n", c->duration_s);
	}
}

static void write_sources(FILE *f, const struct truth_world *w, bool paths)
{
	fprintf(f, "sources:\n");
	for (int i = 0; i < w->source_count; i++) {
		const struct truth_source *s = &w->sources[i];
		fprintf(f, "  - {name: %s, state: %s, tlp: %s, format: eve, exercise: %s", s->name,
			truth_states[s->state], truth_tlps[s->tlp], s->exercise ? "true" : "false");
		if (s->sector)
			fprintf(f, ", sector: %s", truth_sectors[s->sector]);
		if (s->organisation[0])
			fprintf(f, ", organisation: %s", s->organisation);
		if (s->space[0])
			fprintf(f, ", address_space: %s", s->space);
		for (int k = 0; s->aggregates && k < TRUTH_STATES; k++)
			if (s->aggregates >> k & 1)
				fprintf(f, "%s%s",
					s->aggregates & ((1u << k) - 1) ? ", " : ", aggregates: [",
					truth_states[k]);
		fprintf(f, "%s", s->aggregates ? "]" : "");
		if (paths)
			fprintf(f, ", path: in/%s", s->name);
		fprintf(f, "}\n");
	}
}

void world_write(const struct truth_world *w, const char *folder, bool paths)
{
	FILE *profile = open_in(folder, "profile.yaml"), *feed = open_in(folder, "indicators.csv");
	FILE *benign = open_in(folder, "benign.txt"), *sources = open_in(folder, "sources.yaml");

	write_profile(profile, &w->profile);
	write_sources(sources, w, paths);
	fprintf(feed, "value,campaign,severity,tlp\n");
	fprintf(benign, "good.example.org\n");
	for (int i = 0; i < w->atom_count; i++) {
		const struct truth_atom *a = &w->atoms[i];
		const char *name = w->threats[a->threat].name;
		fprintf(feed, "%s,%s,%s,%s\n", a->value, strcmp(name, a->value) ? name : "",
			truth_severities[a->severity], truth_tlps[a->tlp]);
		if (a->benign)
			fprintf(benign, "%s\n", a->value);
	}
	fclose(profile);
	fclose(feed);
	fclose(benign);
	fclose(sources);
}
