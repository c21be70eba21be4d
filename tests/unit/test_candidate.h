/* test_candidate - names, a profile and episodes built by hand, for the tests of raise. */
#ifndef TOCSIN_TESTS_CANDIDATE_H
#define TOCSIN_TESTS_CANDIDATE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "raise/candidate.h"

#define AT(hour, minute) (timestamp_civil(2026, 11, 20, hour, minute, 0) * TIMESTAMP_SECOND)

enum { DE = 5, FR = 10, PL = 21 }; /* vocab's order of codes */
enum { ENERGY = 1, TRANSPORT = 2, HEALTH = 5 };

struct fixture {
	struct names *names;
	struct profile profile;
	struct candidate_context cx;
	uint32_t campaign, domain, rule; /* threats */
	uint32_t by_domain, by_rule;
};

static inline struct candidate_origin fixture_origin(void *arg, uint32_t object)
{
	static const struct candidate_origin origins[] = {
		{"de-energy-soc", "kafka:soc.de:3"},
		{"fr-health-soc", "file:/data/fr.ndjson"},
		{"pl-gov-soc", "file:/data/pl \"new\".pcap"},
	};

	(void)arg;
	return object < 3 ? origins[object] : (struct candidate_origin){"other", "file:other"};
}

static inline uint32_t fixture_threat(struct fixture *f, uint8_t kind, const char *id,
				      const char *name)
{
	return names_threat(f->names, kind, id, strlen(id), name, strlen(name));
}

static inline void fixture_profile(struct profile *p)
{
	*p = (struct profile){
		.id = "observed",
		.version = "1",
		.title = "Impact observed in telemetry",
		.legal_basis = "Directive (EU) 2022/2555, Article 6(7)",
		.window_us = TIMESTAMP_DAY,
		.min_states = 2,
		.criteria_count = 3,
		.criteria = {{.id = "observed-sector",
			      .legal_basis = "Directive (EU) 2022/2555, Article 23(3), Annex I",
			      .describe = "At least 3 entities of one Annex I sector.",
			      .severity_min = SEVERITY_MEDIUM,
			      .annex = 1,
			      .one_sector = true,
			      .effect_only = true,
			      .entities = 3},
			     {.id = "observed-breadth",
			      .legal_basis = "Directive (EU) 2022/2555, Article 23(3)",
			      .describe = "At least 10 entities of any sectors.",
			      .severity_min = SEVERITY_MEDIUM,
			      .effect_only = true,
			      .entities = 10},
			     {.id = "reported-users",
			      .legal_basis = "Implementing Regulation (EU) 2024/2690, Article 3",
			      .describe = "More than 100,000 users reported.",
			      .asserted = true,
			      .users = 100000}},
	};
}

static inline void fixture_init(struct fixture *f)
{
	static const char by_domain[] = "indicator:domain:c2.example", by_rule[] = "rule:sid-7";

	memset(f, 0, sizeof(*f));
	if (names_init(&f->names) != 0)
		abort();
	f->campaign = fixture_threat(f, NAME_CAMPAIGN, "misp:nightjar", "Night\"jar");
	f->domain = fixture_threat(f, NAME_INDICATOR, "domain:c2.example", "c2.example");
	f->rule = fixture_threat(f, NAME_RULE, "sid-7", "Beacon of a known loader");
	f->by_domain = names_by(f->names, by_domain, sizeof(by_domain) - 1);
	f->by_rule = names_by(f->names, by_rule, sizeof(by_rule) - 1);
	fixture_profile(&f->profile);
	f->cx = (struct candidate_context){
		.names = f->names, .profile = &f->profile, .origin = fixture_origin};
}

static inline void fixture_fini(struct fixture *f)
{
	names_fini(f->names);
}

static inline struct state_assessment fixture_significant(uint8_t state, uint64_t entities)
{
	return (struct state_assessment){.state = state,
					 .significant = true,
					 .deciding = true,
					 .criteria = 1,
					 .entities = entities,
					 .entities_exact = true,
					 .attempted = 2,
					 .records = entities * 8,
					 .records_exact = true,
					 .origins = 2,
					 .sectors = 1u << ENERGY | 1u << HEALTH,
					 .severity = SEVERITY_HIGH,
					 .first_us = AT(8, 0),
					 .last_us = AT(12, 30)};
}

static inline struct state_assessment fixture_seen(uint8_t state, uint64_t entities)
{
	return (struct state_assessment){.state = state,
					 .entities = entities,
					 .entities_exact = true,
					 .records = entities * 2,
					 .records_exact = true,
					 .origins = 1,
					 .sectors = 1u << TRANSPORT,
					 .severity = SEVERITY_MEDIUM,
					 .first_us = AT(9, 0),
					 .last_us = AT(10, 0)};
}

static inline struct assess_evidence fixture_evidence(const struct fixture *f, uint8_t state,
						      uint32_t object, uint64_t offset, int64_t at)
{
	return (struct assess_evidence){
		.state = state,
		.hit_class = CLASS_EFFECT,
		.item = {.time_us = at, .object = object, .by = f->by_domain, .offset = offset}};
}

/* DE significant, FR seen with one entity. */
static inline struct episode fixture_watch(const struct fixture *f)
{
	struct episode ep = {.threat = f->campaign,
			     .status = EPISODE_WATCH,
			     .first_us = AT(8, 0),
			     .last_us = AT(12, 30),
			     .decided_us = AT(9, 15),
			     .tlp = TLP_AMBER,
			     .pap = PAP_GREEN,
			     .states = 2,
			     .evidence_count = 2};

	ep.state[0] = fixture_significant(DE, 14);
	ep.state[1] = fixture_seen(FR, 1);
	ep.evidence[0] = fixture_evidence(f, DE, 0, 991, AT(8, 0));
	ep.evidence[1] = fixture_evidence(f, FR, 1, 12, AT(9, 0));
	return ep;
}

/* DE and FR significant, PL seen, and a source for the Union's entities. */
static inline struct episode fixture_raised(const struct fixture *f)
{
	struct episode ep = fixture_watch(f);

	ep.status = EPISODE_RAISED;
	ep.states = 4;
	ep.state[1] = fixture_significant(FR, 3);
	ep.state[2] = fixture_seen(PL, 0);
	ep.state[2].attempted = 5;
	ep.state[3] = fixture_seen(STATE_EU, 4);
	ep.evidence_count = 4;
	ep.evidence[2] = fixture_evidence(f, PL, 2, 7, AT(9, 0));
	ep.evidence[2].item.sub = 3;
	ep.evidence[2].hit_class = CLASS_ATTEMPT;
	ep.evidence[3] = fixture_evidence(f, STATE_EU, 1, 1200, AT(9, 30));
	return ep;
}

#endif
