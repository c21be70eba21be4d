/*
 * vocab_impact - what an entity reports of an incident, as small numbers:
 * measures, claims and kinds of entity.
 *
 * The words are those of the acts that ask for them: Directive (EU) 2022/2555
 * (NIS2), Implementing Regulation (EU) 2024/2690, Delegated Regulation (EU)
 * 2024/1772 (DORA) and the NIS Cooperation Group's taxonomy. A measure is known
 * by one name in a notification (its unit last) and by a shorter one in a
 * profile; a claim by one name in both.
 *
 * Thread   constant.
 * Order    none.
 * Owns     static tables.
 * Memory   none.
 * Limit    IMPACT_PAIR_CLAIMS pairs of measures (evidence.h has 4 bits for them), 64 claims.
 */
#ifndef TOCSIN_CONFIG_VOCAB_IMPACT_H
#define TOCSIN_CONFIG_VOCAB_IMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * X(ID, "name in a notification", "name in a profile", UNIT). What is kept of each is a whole
 * number of 32 bits: persons, seconds, milliseconds, euros, or millionths (SHARE), rounded up,
 * so that "more than" what the law says is judged exactly.
 */
#define IMPACT_MEASURES(X) IMPACT_MEASURES_PLAIN(X) IMPACT_MEASURES_MORE(X)
/* An event has fields of their own for these two. */
#define IMPACT_MEASURES_PLAIN(X)                                                                   \
	X(USERS, "users_affected", "users", COUNT)                                                 \
	X(DURATION, "duration_seconds", "duration", SECONDS)
#define IMPACT_MEASURES_MORE(X)                                                                    \
	X(UNAVAILABLE, "unavailable_seconds", "unavailable", SECONDS)                              \
	X(LIMITED, "limited_seconds", "limited", SECONDS)                                          \
	X(UNAVAILABLE_WEEK, "unavailable_seconds_in_week", "unavailable_in_week", SECONDS)         \
	X(RESPONSE, "response_time_milliseconds", "response_time", MILLISECONDS)                   \
	X(LOSS, "financial_loss_eur", "loss_eur", COUNT)                                           \
	X(TURNOVER_SHARE, "financial_loss_percent_of_turnover", "loss_of_turnover", SHARE)         \
	X(USERS_SHARE, "users_affected_percent", "users_share", SHARE)                             \
	X(DATA_USERS, "data_users_affected", "data_users", COUNT)                                  \
	X(DATA_USERS_SHARE, "data_users_affected_percent", "data_users_share", SHARE)              \
	X(DOMAINS, "domain_names_affected", "domain_names", COUNT)                                 \
	X(DOMAINS_SHARE, "domain_names_affected_percent", "domain_names_share", SHARE)             \
	X(CLIENTS, "clients_affected", "clients", COUNT)                                           \
	X(CLIENTS_SHARE, "clients_affected_percent", "clients_share", SHARE)                       \
	X(COUNTERPARTS_SHARE, "counterparts_affected_percent", "counterparts_share", SHARE)        \
	X(TRANSACTIONS_SHARE, "transactions_affected_percent", "transactions_share", SHARE)        \
	X(CRITICAL_DOWNTIME, "critical_function_downtime_seconds", "critical_downtime", SECONDS)

enum impact_measure {
#define X(id, field, name, unit) IMPACT_##id,
	IMPACT_MEASURES(X)
#undef X
	IMPACT_MEASURE_COUNT
};

/* Measures go in pairs; the last pair's number stands for the claims. */
#define IMPACT_PAIRS	   ((IMPACT_MEASURE_COUNT + 1) / 2)
#define IMPACT_PAIR_CLAIMS 15

enum impact_unit { IMPACT_COUNT, IMPACT_SECONDS, IMPACT_MILLISECONDS, IMPACT_SHARE };
#define IMPACT_SHARE_WHOLE 1000000u /* 100 % */

/* X(ID, "name"): kinds of entity first, then causes, then what was affected. */
#define IMPACT_ENTITY_TYPES(X)                                                                     \
	X(DNS, "dns-service-provider")                                                             \
	X(TLD, "tld-name-registry")                                                                \
	X(CLOUD, "cloud-computing-service-provider")                                               \
	X(DATA_CENTRE, "data-centre-service-provider")                                             \
	X(CDN, "content-delivery-network-provider")                                                \
	X(MANAGED, "managed-service-provider")                                                     \
	X(MANAGED_SECURITY, "managed-security-service-provider")                                   \
	X(MARKETPLACE, "online-marketplace")                                                       \
	X(SEARCH_ENGINE, "online-search-engine")                                                   \
	X(SOCIAL_NETWORK, "social-networking-services-platform")                                   \
	X(TRUST, "trust-service-provider")                                                         \
	X(FINANCIAL, "financial-entity")                                                           \
	X(ESSENTIAL, "essential-entity")                                                           \
	X(IMPORTANT, "important-entity")                                                           \
	X(UNION, "union-entity")

#define IMPACT_CAUSES(X)                                                                           \
	X(SYSTEM, "system-failures")                                                               \
	X(NATURAL, "natural-phenomena")                                                            \
	X(HUMAN, "human-errors")                                                                   \
	X(MALICIOUS, "malicious-actions")                                                          \
	X(THIRD_PARTY, "third-party-failures")

#define IMPACT_CLAIMS(X)                                                                           \
	X(SEVERE_DISRUPTION, "severe_operational_disruption")                                      \
	X(CONSIDERABLE_DAMAGE, "considerable_damage")                                              \
	X(TRADE_SECRETS, "trade_secrets_exfiltrated")                                              \
	X(DEATH, "death")                                                                          \
	X(HEALTH, "considerable_health_damage")                                                    \
	X(MALICIOUS_ACCESS, "malicious_access")                                                    \
	X(RECURRING, "recurring")                                                                  \
	X(DATA, "data_compromised")                                                                \
	X(PHYSICAL, "physical_access_compromised")                                                 \
	X(CROSS_BORDER, "cross_border_impact")                                                     \
	X(CRITICAL_SERVICES, "critical_services_affected")                                         \
	X(RELEVANT_CLIENT, "relevant_client_affected")                                             \
	X(REPUTATION, "reputational_impact")                                                       \
	X(DATA_LOSSES, "data_losses")                                                              \
	X(DATA_ACCESS, "malicious_data_access")                                                    \
	X(CAPACITY, "capacity_exceeded")

/* Claims that follow from other words of a notification. */
#define IMPACT_DERIVED(X)                                                                          \
	X(SEVERAL_STATES, "several_member_states")                                                 \
	X(LARGE, "impact_severity_large")                                                          \
	X(VERY_LARGE, "impact_severity_very_large")

enum impact_claim {
#define X(id, name) IMPACT_TYPE_##id,
	IMPACT_ENTITY_TYPES(X)
#undef X
	IMPACT_TYPES,
	IMPACT_CAUSE_FIRST = IMPACT_TYPES,
	IMPACT_CAUSE_BEFORE_FIRST = IMPACT_TYPES - 1,
#define X(id, name) IMPACT_CAUSE_##id,
	IMPACT_CAUSES(X)
#undef X
	IMPACT_CLAIM_FIRST,
	IMPACT_CLAIM_BEFORE_FIRST = IMPACT_CLAIM_FIRST - 1,
#define X(id, name) IMPACT_CLAIM_##id,
	IMPACT_CLAIMS(X) IMPACT_DERIVED(X)
#undef X
	IMPACT_CLAIM_COUNT
};

#define IMPACT_BIT(claim) (UINT64_C(1) << (claim))

/* By the name of a profile, or -1. */
int vocab_impact_measure(const char *p, size_t len);
const char *vocab_impact_measure_name(int measure);
const char *vocab_impact_measure_field(int measure); /* in a notification */
enum impact_unit vocab_impact_unit(int measure);
/* enum impact_claim of a kind of entity, of a cause, or of a cause or claim; or -1. */
int vocab_impact_type(const char *p, size_t len);
int vocab_impact_cause(const char *p, size_t len);
int vocab_impact_claim(const char *p, size_t len);
const char *vocab_impact_claim_name(int claim);

/* The Cooperation Group's scale of severity: red, yellow, green, white. The claims it
 * makes (LARGE for yellow; red makes both), or -1 for another word. */
int64_t vocab_impact_severity(const char *p, size_t len);

/* A JSON number as a measure keeps it: rounded up. False: negative, no number,
 * more than 100 % or than 32 bits hold. */
bool vocab_impact_number(enum impact_unit unit, const char *p, size_t len, uint32_t *out);

#endif
