/*
 * engine - wires the stages: readers fill batches, workers decode, match and
 * correlate them, the judge turns evidence into candidates for the outputs.
 *
 * Thread   create, start and destroy by one thread; see src/README.md for the rest.
 * Owns     everything below; the configuration is borrowed and must outlive it.
 * Memory   create takes the tables; worker threads allocate nothing afterwards
 *          but for a new generation's scratch at reload.
 * Limit    as the configuration says.
 */
#ifndef TOCSIN_ENGINE_ENGINE_H
#define TOCSIN_ENGINE_ENGINE_H

#include "config/config.h"
#include "engine/ledger.h"
#include "ingest/ingest.h"
#include "raise/candidate.h"
#include "raise/kept.h"

struct engine;

/* Loads the profile and field maps and takes all memory. 0; -EINVAL, -ENOMEM: the
 * configuration is at fault, with why. Then engine_load(), or a checkpoint first. */
int engine_create(struct engine **e, const struct config *c, struct problems *ps, char why[256]);
void engine_destroy(struct engine *e);
/* Loads indicators, rules and benign lists: the first generation. 0, -ENOMEM;
 * -ENOENT when a named file did not load at all. ps tells what was refused. */
int engine_load(struct engine *e, struct problems *ps);

/* Before start, where candidates are to be told and kept: reads history_dir, if there is
 * one. 0 or -errno with why. */
int engine_open_history(struct engine *e, char why[256]);
/* To explain, while another process may serve: reads it and changes nothing. */
int engine_look_history(struct engine *e, char why[256]);
/* What history has of this candidate. False: nothing. Its strings are the engine's. */
bool engine_kept(const struct engine *e, const char *id, struct kept *k);
/* What history was told is on the disk. 0 or -errno: call again. @thread judge */
int engine_sync_history(struct engine *e);

/* Starts the workers. live: late records are rejected and evidence expires. */
int engine_start(struct engine *e, bool live);
/* Waits until all pushed batches are done and stops the workers. */
void engine_stop(struct engine *e);

/* Inputs for the workers to read (intake.h); l must outlive the workers. The first time
 * before start: such an engine takes nothing else. 0, -ENOMEM. */
int engine_offer(struct engine *e, const struct input_list *l);
/* Until all that was offered has been read, or so many us (-1: for ever): true when it has.
 * What was read last may still be worked on. */
bool engine_wait(struct engine *e, int64_t us);
uint64_t engine_bytes_read(struct engine *e);	    /* of what was offered */
uint32_t engine_inputs_failed(struct engine *e); /* could not be read to their end; told */
/* Numbers the objects of a sorted input list, so that positions in evidence are
 * ordered alike however readers race. Before start. */
void engine_number_inputs(struct engine *e, const struct input_list *l);
/* An input that could not even be opened, or broke: one count under this reason. */
void engine_refuse_input(struct engine *e, enum reason why);
/* From any thread: inputs end soon. */
void engine_interrupt(struct engine *e);

/* Makes the file for hits (before start). 0 or -errno. */
int engine_open_hits(struct engine *e, const char *path);

/* After engine_stop(): every episode as candidates, sorted by window start and
 * id, each once. 0 or -ENOMEM. */
int engine_candidates(struct engine *e, void (*fn)(void *arg, const struct candidate *c),
		      void *arg);
/* The same of one threat, and of episodes that do not hold, as withdrawn. */
int engine_reassess(struct engine *e, const struct threat_name *t,
		    void (*fn)(void *arg, const struct candidate *c), void *arg);
/* While running: judges the threats that changed and says what is new. One
 * thread at a time. 0 or -ENOMEM. */
int engine_judge(struct engine *e, void (*say)(void *arg, const struct candidate *c), void *arg);
/* The same, but a threat of which something was said within rest_ns waits for a later
 * call: what is new is said at once, and what goes on not more often than that. */
int engine_judge_paced(struct engine *e, uint64_t rest_ns,
		       void (*say)(void *arg, const struct candidate *c), void *arg);
/* Readable, for poll(2), once there is evidence that no call has judged yet. */
int engine_bell(const struct engine *e);

/* Hears the files of feedback.path that are new or have changed, and what arrived.
 * What follows of it is said by the next engine_judge(). 0 or -errno with why; what
 * could be read is heard. @thread judge */
int engine_feedback_read(struct engine *e, char why[256]);
const struct feedback *engine_feedback(const struct engine *e);

/* While judging: each line about what is wrong with evidence (anomaly.h), once a threat.
 * Before the first judgement; without it nothing is said. */
typedef void engine_note(void *arg, const char *id, const char *line, size_t len);
void engine_anomalies(struct engine *e, engine_note *note, void *arg);

/* Gives c the id and version under which engine_judge() said its episode. False: never said. */
bool engine_name(const struct engine *e, struct candidate *c);

/* What engine_judge() last said of this id. False: nothing. */
struct board_told;
bool engine_told(const struct engine *e, const char *id, struct board_told *out);

const struct candidate_context *engine_context(const struct engine *e);
void engine_ledger(const struct engine *e, struct ledger *sum); /* sum of all workers, now */
/* Threats set aside as benign (or exercise), most states first; up to max. */
struct set_aside;
uint32_t engine_set_aside(struct engine *e, enum hit_class c, struct set_aside *out, uint32_t max);
int engine_output_failed(const struct engine *e); /* -errno of the hits file, or 0 */

/* Builds the ruleset anew from c's lists and swaps it in; on failure the old one
 * stays. c must live until the next one. @thread main */
int engine_reload(struct engine *e, const struct config *c, struct problems *ps);

#endif
