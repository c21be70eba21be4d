/*
 * config - one table of options that drives the YAML loader, --set, check and
 * the reference page (config/REFERENCE.md is printed from it).
 *
 * Thread   built by one, then constant.
 * Owns     its strings.
 * Memory   grows while loading.
 * Limit    each option's own range, in its row; CONFIG_LIST_MAX entries a list.
 */
#ifndef TOCSIN_CONFIG_CONFIG_H
#define TOCSIN_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/address.h"
#include "base/problem.h"
#include "config/source.h"

#define CONFIG_TEXT_MAX 512
#define CONFIG_LIST_MAX 4096

/*
 * X(member, "name", TYPE, default, min, max, "doc")
 * COUNT a number with k, M, G (powers of 1024); DURATION "24h" in microseconds;
 * TIME RFC 3339 in microseconds; FLAG true or false; TEXT any text; PATH
 * relative to the file that names it; NAMED an id, or such a path, which has a '/'
 * in it or ends in ".yaml".
 */
#define CONFIG_OPTIONS(X)                                                                          \
	X(threads, "threads", COUNT, "0", 0, 256, "worker threads; 0 is one a core")               \
	X(profile, "profile", NAMED, "observed", 1, 0,                                             \
	  "significance profile: an id in rules/significance, or a path")                          \
	X(influence_cap, "influence_cap", FLAG, "false", 0, 1,                                     \
	  "a Member State whose significance rests on one origin does not count toward raising")   \
	X(over_correlation_share, "over_correlation.share", COUNT, "50", 0, 100,                   \
	  "a threat in this per cent of all records of a state is ordinary there and does not raise; 0 off") \
	X(over_correlation_records, "over_correlation.records", COUNT, "10000", 1, 1099511627776,  \
	  "records of a state below which nothing is ordinary")                                    \
	X(sigma_maps, "sigma_maps", PATH, "", 0, 0,                                                \
	  "folder of field maps for Sigma rules; empty is the one that comes with the program")    \
	X(home_net, "home_net", TEXT, "", 0, 0,                                                    \
	  "what is inside: CIDRs; default the private, unique-local and link-local ranges")        \
	X(entity_key, "entity_key", TEXT, "", 0, 0,                                                \
	  "key that entities are hashed under: 32 hex digits, or file:PATH with 16 bytes or them") \
	X(time_min, "time_min", TIME, "1990-01-01", 0, 0,                                          \
	  "hits on records before this are rejected as time_past")                                 \
	X(clock_skew_max, "clock_skew_max", DURATION, "1h", 0, 31,                                 \
	  "hits this far ahead of the clock are rejected as time_future (0..31d)")                 \
	X(retention, "retention", DURATION, "7d", 0, 366,                                          \
	  "run: how long evidence is kept; older records are rejected as late")                    \
	X(record_bytes_max, "record_bytes_max", COUNT, "1M", 1024, 1048576,                        \
	  "longest record; longer ones are rejected as too_long")                                  \
	X(batches, "batches", COUNT, "0", 0, 4096,                                                 \
	  "batches of 1 MiB in circulation; 0 is 4 and 2 a thread")                                \
	X(io_uring, "io_uring", FLAG, "true", 0, 1, "read files with io_uring where the kernel lets us") \
	X(follow, "follow", FLAG, "true", 0, 1, "run: go on reading files that grow")              \
	X(table_cells, "table.cells", COUNT, "512k", 1024, 268435456,                              \
	  "evidence cells: (threat, state, sector, class, severity, hour); a power of two")        \
	X(table_entries, "table.entries", COUNT, "2M", 1024, 1073741824,                           \
	  "entities, positions and origins in all cells; a power of two")                          \
	X(table_overflows, "table.overflows", COUNT, "4096", 1, 1048576,                           \
	  "cells that may outgrow table.exact_max and become sketches")                            \
	X(table_exact_max, "table.exact_max", COUNT, "1024", 16, 65536,                             \
	  "exact entities, and exact records, a cell; beyond it HyperLogLog")                      \
	X(table_partial, "table.partial", COUNT, "64k", 1024, 67108864,                            \
	  "observations kept of patterns and rules that take several records")                     \
	X(table_source_share, "table.source_share", COUNT, "50", 1, 100,                           \
	  "per cent of the table that one of several sources may claim; hits beyond are over_share") \
	X(state_dir, "state_dir", PATH, "", 0, 0,                                                  \
	  "run: where checkpoint and journal live; empty keeps nothing across restarts")            \
	X(state_sync, "state_sync", FLAG, "true", 0, 1,                                            \
	  "run: a candidate leaves once the disk has it; false: once the kernel has, which a killed process survives, a power cut may not") \
	X(feed_loss_max, "feed_loss_max", COUNT, "90", 1, 100,                                     \
	  "per cent of its indicators that a feed may lose in a reload; beyond it the reload is refused") \
	X(cache_dir, "cache_dir", PATH, "", 0, 0,                                                  \
	  "indicators and patterns as they were compiled, for the next start; empty: state_dir")    \
	X(history_dir, "history_dir", PATH, "", 0, 0,                                              \
	  "what was significant where, kept for six months and told as recurrence; empty keeps none") \
	X(history_max, "history_max", COUNT, "1M", 1024, 67108864,                                 \
	  "records in history_dir (144 bytes of memory each); beyond it the oldest go")             \
	X(checkpoint_interval, "checkpoint_interval", DURATION, "5s", 0, 1,                        \
	  "run: at most this long between checkpoints (100ms..1d)")                                \
	X(raise_interval, "raise_interval", DURATION, "200ms", 0, 1,                               \
	  "a candidate is updated at most this often; what is new is said at once (1ms..1d)")       \
	X(feedback_path, "feedback.path", PATH, "", 0, 0,                                          \
	  "false positives told by people: a file or folder of records, MISP sightings, STIX opinions") \
	X(feedback_topic, "feedback.topic", TEXT, "", 0, 0, "run: the same from this Kafka topic")  \
	X(feedback_by, "feedback.by", TEXT, "", 0, 0,                                              \
	  "who is heard so: names as the records give them, separated by commas; none withdraws alone") \
	X(feedback_desk, "feedback.desk", TEXT, "", 0, 0,                                          \
	  "who is heard as the desk: its last word withdraws a candidate or keeps it")             \
	X(feedback_quorum, "feedback.quorum", COUNT, "2", 1, 64,                                   \
	  "so many more of feedback.by against a candidate than for it withdraw it without the desk; and so many organisations' MISP sightings silence an indicator") \
	X(control, "control", PATH, "", 0, 0,                                                      \
	  "run: the control socket's path (tocsin ctl); empty is none")                            \
	X(retro_window, "retro.window", DURATION, "0", 0, 5,                                       \
	  "run: how long names, addresses and hashes are remembered for indicators that come later; 0 is not at all") \
	X(retro_memory, "retro.memory", COUNT, "256M", 65536, 1099511627776,                       \
	  "bytes for that, 8 for each observable of each source; beyond it the oldest are forgotten") \
	X(live_fold, "live.fold", COUNT, "8192", 1, 16777216,                                      \
	  "run: indicators that arrived before they are folded into the ruleset")                  \
	X(output_format, "output.format", TEXT, "ndjson", 0, 0, "ndjson or stix")                  \
	X(output_stdout, "output.stdout", FLAG, "true", 0, 1, "candidates to standard output")     \
	X(output_file, "output.file", PATH, "", 0, 0, "candidates to this file as well")           \
	X(output_topic, "output.topic", TEXT, "", 0, 0, "candidates to this Kafka topic as well")  \
	X(output_recall, "output.recall", FLAG, "false", 0, 1,                                     \
	  "run: read output.topic back, so that nodes that share it give an incident one id")     \
	X(output_hits, "output.hits", PATH, "", 0, 0, "every hit as one NDJSON line to this file") \
	X(output_stats, "output.stats", PATH, "", 0, 0, "the summary as one JSON object to this file") \
	X(sightings_file, "sightings.file", PATH, "", 0, 0,                                        \
	  "each indicator that was seen, by Member State: first, last, how often; written anew each time") \
	X(sightings_topic, "sightings.topic", TEXT, "", 0, 0,                                      \
	  "run: the same to this Kafka topic, those that changed, by their ids")                   \
	X(sightings_format, "sightings.format", TEXT, "stix", 0, 0, "stix (2.1, sightings) or misp (as /sightings/add takes them)") \
	X(sightings_interval, "sightings.interval", DURATION, "5m", 0, 1,                          \
	  "run: how often they are told (at most 1d)")                                             \
	X(kafka_brokers, "kafka.brokers", TEXT, "", 0, 0, "host:port,...")                         \
	X(kafka_group, "kafka.group", TEXT, "tocsin", 1, 0, "consumer group")                      \
	X(init_errors_fatal, "init_errors_fatal", FLAG, "false", 0, 1,                             \
	  "do not start when any rule or indicator is refused")                                    \
	X(strict, "strict", FLAG, "false", 0, 1, "accounted loss is exit code 5")

enum config_type { CONFIG_COUNT, CONFIG_DURATION, CONFIG_TIME, CONFIG_FLAG, CONFIG_TEXT, CONFIG_PATH, CONFIG_NAMED };

typedef uint64_t config_count;
typedef int64_t config_duration;
typedef int64_t config_time;
typedef bool config_flag;
typedef char config_text[CONFIG_TEXT_MAX];
typedef char config_path[CONFIG_TEXT_MAX];
typedef char config_named[CONFIG_TEXT_MAX];

#define CONFIG_C_COUNT	  config_count
#define CONFIG_C_DURATION config_duration
#define CONFIG_C_TIME	  config_time
#define CONFIG_C_FLAG	  config_flag
#define CONFIG_C_TEXT	  config_text
#define CONFIG_C_PATH	  config_path
#define CONFIG_C_NAMED	  config_named

/* Where a source's records come from. */
struct config_input {
	struct source *source;
	char path[CONFIG_TEXT_MAX];	 /* file or folder; "" none */
	char topic[CONFIG_TEXT_MAX];	 /* Kafka; "" none */
	char interface[CONFIG_TEXT_MAX]; /* live capture; "" none */
	char fieldmap[CONFIG_TEXT_MAX];	 /* FORMAT_MAP; "" none */
	uint32_t line;			 /* in the configuration file */
};

struct config_feed {
	char name[128];
	char path[CONFIG_TEXT_MAX];
	char topic[CONFIG_TEXT_MAX];
	char campaign[128];
	char lineage[128];	/* feeds of one lineage are one origin of an indicator; "" the name */
	char derived_from[128]; /* the name of the feed it copies: their lineage is one; "" none */
	uint8_t tlp, pap, severity;
	bool compacted; /* the topic's keys are ids, its newest value stands, none withdraws */
	uint32_t line;
};

struct config_strings {
	char **items; /* a NULL behind the last; NULL when empty */
	uint32_t count;
};

/* What "%name%" stands for in a Sigma rule under the expand modifier. */
struct config_placeholder {
	char name[128];
	struct config_strings values;
};

struct config {
	char path[CONFIG_TEXT_MAX]; /* of the file, "" when there is none */
#define X(member, name, type, def, min, max, doc) CONFIG_C_##type member;
	CONFIG_OPTIONS(X)
#undef X
	struct home_net home;
	struct source_registry sources;
	struct config_input *inputs;
	uint32_t input_count;
	struct config_feed *feeds;
	uint32_t feed_count;
	struct config_strings rules;		/* files and folders: Sigma, patterns */
	struct config_placeholder *placeholders; /* of Sigma rules */
	uint32_t placeholder_count;
	struct config_strings benign;		/* files and folders */
	struct config_strings kafka_properties; /* "key=value" */
};

int config_init(struct config *c); /* defaults; 0, -ENOMEM */
void config_fini(struct config *c);
/* Reads a YAML file over the defaults. Problems carry file, line, key and the
 * accepted range. False when any was fatal. */
bool config_load(struct config *c, const char *path, struct problems *ps);
/* "name=value", as --set takes it. */
bool config_set(struct config *c, const char *assignment, struct problems *ps);
/* Checks what only the whole can tell, and resolves home_net. */
bool config_finish(struct config *c, struct problems *ps);
bool config_list_add(struct config_strings *l, const char *text);
struct config_placeholder *config_placeholder_add(struct config *c, const char *name);
struct config_feed *config_feed_add(struct config *c, const char *name);
struct config_input *config_input_add(struct config *c, struct source *s);

/* --dump-config: what is in force, as YAML; secrets left out. */
void config_dump(const struct config *c, FILE *out);
/* config/REFERENCE.md. */
void config_reference(FILE *out);

#endif
