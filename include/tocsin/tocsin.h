/*
 * tocsin - the engine as a library: open it with a configuration, feed it
 * records from several threads, receive candidates, close it.
 *
 *	struct tocsin_config *c = tocsin_config_create();
 *	tocsin_config_indicators(c, "isac.stix.json");
 *	struct tocsin *t;
 *	if (tocsin_open(&t, c)) { puts(tocsin_config_error(c)); ... }
 *	int de = tocsin_source(t, "DE/energy/soc-a");
 *	tocsin_feed(t, de, record, length, 0);          // any thread
 *	tocsin_flush(t);
 *	tocsin_changes(t, print_it, NULL);              // now and then
 *	tocsin_close(t);
 *
 * Link with -ltocsin. All handles are opaque. Functions that return int give 0
 * (or a count or number where said) or a negative errno value; the sentence
 * that goes with it is had from tocsin_error() or tocsin_config_error().
 * A candidate is one line of JSON by candidate.schema.json, beside this file.
 */
#ifndef TOCSIN_H
#define TOCSIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOCSIN_API __attribute__((visibility("default")))

struct tocsin;
struct tocsin_config;

/* "0.1.0" */
TOCSIN_API const char *tocsin_version(void);

/* --- configuration: one thread ------------------------------------------- */

/* Defaults; NULL when out of memory. */
TOCSIN_API struct tocsin_config *tocsin_config_create(void);
TOCSIN_API void tocsin_config_destroy(struct tocsin_config *c);
/* A YAML file, as `tocsin run -c` takes it (its sources' inputs are not opened). */
TOCSIN_API int tocsin_config_load(struct tocsin_config *c, const char *path);
/* One option of config/REFERENCE.md: ("threads", "2"). */
TOCSIN_API int tocsin_config_set(struct tocsin_config *c, const char *name, const char *value);
/* A file or folder of indicators; of benign values. */
TOCSIN_API int tocsin_config_indicators(struct tocsin_config *c, const char *path);
TOCSIN_API int tocsin_config_benign(struct tocsin_config *c, const char *path);
/* What was refused last, with file and line; "" when nothing was. Valid until the next call. */
TOCSIN_API const char *tocsin_config_error(const struct tocsin_config *c);

/* --- engine -------------------------------------------------------------- */

/* Loads everything, takes all memory and starts the workers. On success the
 * engine owns c; on failure c stays the caller's, with tocsin_config_error(). */
TOCSIN_API int tocsin_open(struct tocsin **t, struct tocsin_config *c);
/* Registers "CC[/sector[/name]]", or finds a source of the configuration by its
 * name. Returns its number (from 0). Any thread. */
TOCSIN_API int tocsin_source(struct tocsin *t, const char *spec);
/*
 * One message: a record, or several with '\n' between. Copied before return.
 * offset is its place in the source's stream: with the source it is the
 * record's identity, and the same record fed twice counts once. Any thread.
 * -EINVAL: no such source; -EMSGSIZE: longer than record_bytes_max; -EPIPE: finished.
 */
TOCSIN_API int tocsin_feed(struct tocsin *t, int source, const void *record, size_t len,
			   uint64_t offset);
/* Returns when all that was fed before the call has been worked. Any thread. */
TOCSIN_API int tocsin_flush(struct tocsin *t);

/* line is NUL-terminated JSON of len bytes, valid during the call. */
typedef void tocsin_candidate_fn(void *arg, const char *id, const char *line, size_t len);

/* Calls fn for every candidate that is new or changed since the last call.
 * Returns how many. One thread at a time. */
TOCSIN_API int tocsin_changes(struct tocsin *t, tocsin_candidate_fn *fn, void *arg);
/* No more feeding: works off the rest and calls fn for every candidate in its
 * final state, ordered by window start and id. Returns how many. */
TOCSIN_API int tocsin_finish(struct tocsin *t, tocsin_candidate_fn *fn, void *arg);

/* The loss ledger, by name: "records", "bytes", "clean", "hit", "hits", "in_flight",
 * or a reason such as "not_json". 0 for a name that is none. Any thread. */
TOCSIN_API uint64_t tocsin_count(const struct tocsin *t, const char *name);
/* What went wrong in the calling thread's last call on t. Valid until its next. */
TOCSIN_API const char *tocsin_error(const struct tocsin *t);
TOCSIN_API void tocsin_close(struct tocsin *t); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif
