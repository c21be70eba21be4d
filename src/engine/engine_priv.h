/* engine_priv - what the files of src/engine share. */
#ifndef TOCSIN_ENGINE_PRIV_H
#define TOCSIN_ENGINE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/bell.h"
#include "correlate/assess.h"
#include "correlate/heavy.h"
#include "correlate/history.h"
#include "correlate/partial.h"
#include "decode/decode.h"
#include "engine/engine.h"
#include "engine/generation.h"
#include "engine/heavy_watch.h"
#include "engine/inbox.h"
#include "engine/intake.h"
#include "engine/intel.h"
#include "engine/placing.h"
#include "engine/retro.h"
#include "engine/share.h"
#include "engine/skew.h"
#include "engine/traffic.h"
#include "raise/board.h"

/* Campaigns that no feed knows and notifications name: a source that invents names must
 * not fill memory. */
#define CAMPAIGNS_NAMED_MAX 65536

/* Lines of hits from all workers, a batch's worth at a time. */
struct hits_file {
	pthread_mutex_t lock;
	int fd;	   /* -1: nobody asked */
	int error; /* first -errno of a write, under lock */
};

struct worker {
	struct engine *e;
	pthread_t thread;
	bool started;
	struct ledger ledger;
	struct generation *generation; /* held during a batch */
	struct ruleset *rules;	       /* its base */
	struct match_scratch *scratch; /* the base's for this worker */
	struct sigma_scratch *sigma;   /* the same; NULL: it has no Sigma rule */
	struct sigma_plan_scratch *sigma_plan;
	struct decoder decoder;
	struct event event;
	struct match_result result, more; /* of the base, and of what lies over it */
	struct seen_view *view; /* NULL: nothing is noted */
	const char *run_end;	/* of the bytes of one source, while something is */
	struct sigma_result fired;	  /* Sigma rules that the record at hand fits */
	const char *looked_from, *looked; /* the block that was scanned ahead */
	counter *records_of;		  /* by source */
	struct heavy heavy;		  /* threats of its hits */
	struct heavy_watch watch;	  /* the same for others */
	struct placing placing;		  /* its hits that are not joined yet */
	struct text hits;   /* lines of the current batch */
	bool placed;	    /* evidence came of the current batch */
};

#define PACE_TAKEN 1024
/* Threats of which something was said a moment ago wait a little to be judged again. */
struct pace {
	struct pace_threat {
		uint64_t said_ns; /* monotonic; 0 never */
		bool waits;
	} *threat; /* by number */
	uint32_t threats;
	uint32_t *waiting; /* numbers; as much room as threats */
	uint32_t count;
	/* taken from the table as changed, and not judged yet */
	uint32_t taken[PACE_TAKEN], taken_count, taken_at;
};
void pace_fini(struct pace *p);

/* Readers park here while a checkpoint wants the world still. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint32_t readers; /* registered */
	uint32_t parked;
	bool closed;
	int hurry; /* an eventfd, readable while it is closed: readers need not wait for input */
};

/* What people said, and where more of it comes from. */
struct feedback_file;
struct feedback_input {
	struct feedback *store; /* @thread judge, as all but arrived */
	struct inbox arrived;	/* messages of feedback.topic */
	struct feedback_file *files;
	uint32_t file_count;
	uint64_t reviewed; /* generation that the board has taken in */
};
void feedback_input_init(struct feedback_input *in);
void feedback_input_fini(struct feedback_input *in);

/* Threats with a significance profile of their own (own_profile.h). @thread judge */
struct own_profiles {
	struct ruleset_sigma *of; /* whose correlations say so; held */
	struct own_profile {
		uint32_t threat;
		struct profile *profile;
		struct assessor *assessor;
	} *list;
	uint32_t count;
};

struct engine {
	const struct config *config;
	const struct config *lists; /* whose feeds, rules and benign lists are in force */
	bool live;
	uint8_t entity_key[16];
	struct object_registry *objects;
	struct names *names;
	struct evidence_table *evidence;
	struct partial_store *partial;
	bool partial_waits; /* a correlation is told later. @thread judge */
	struct ledger judge_ledger; /* of what the judge completes. @thread judge */
	struct profile *profile;
	struct generation_holder rules;
	struct intel *intel; /* what arrives while serving */
	struct retro *retro; /* what was seen before; NULL: nothing is noted */
	struct assessor *assessor; /* @thread judge */
	struct own_profiles own;
	struct pace pace;	   /* @thread judge */
	struct bell bell;	   /* rings when there is evidence to judge */
	struct board *board;	   /* @thread judge */
	struct feedback_input feedback;
	struct inbox said; /* candidates of output.topic, ours and other nodes' */
	struct prevalence *prevalence; /* @thread judge */
	struct history *history;       /* NULL: none is kept. @thread judge */
	uint64_t census_ns;	       /* when it last took stock; 0 never */
	struct batch_pool pool;
	struct queue work;
	struct intake *intake; /* replay: in place of the queue */
	struct worker *workers;
	uint32_t worker_count;
	struct ledger reader_ledger; /* what sources refuse; under gate.lock */
	struct gate gate;
	struct hits_file hits;
	_Atomic bool stop;
	int64_t future_limit_us;	 /* replay: fixed at start; live: moves with the clock */
	_Atomic uint32_t campaigns_named; /* by notifications alone, in this life */
	high_mark watermark[SOURCES_MAX]; /* newest event time by source */
	struct skew skew[SOURCES_MAX];	  /* live: how far their clocks are off */
	struct share share;		  /* of the evidence table, by source */
	counter records_before[SOURCES_MAX]; /* of an earlier life, by source */
	uint64_t records_least[SOURCES_MAX]; /* there were as many once; constant after start */
	struct traffic traffic;		  /* @thread judge */
	struct {
		engine_note *note;
		void *arg;
		uint32_t *said; /* threats */
		size_t count, capacity;
	} anomalies; /* @thread judge */
	_Atomic bool pressure;		  /* the table is half full: heavy threats are summarised */
	struct candidate_context context;
	struct ingest_context ingest;
};

void worker_run(struct worker *wk); /* until the work queue is closed and empty */
int worker_init(struct worker *wk, struct engine *e);
void worker_fini(struct worker *wk);

/* It names a campaign, or asserts an exceeded capacity. */
bool named_by_itself(const struct event *ev);
/* Takes that assertion out of wk's event where its source's word does not count. */
void named_settle_capacity(struct worker *wk, const struct source *s, uint8_t state);
/* The number in names of the threat that wk's notification names; 0: none. */
uint32_t named_threat(struct worker *wk);

/* A reader announces itself, passes the gate before each fill, and leaves. */
int gate_init(struct gate *g); /* 0, -errno */
void gate_fini(struct gate *g);
void gate_enter(struct gate *g);
void gate_pass(struct gate *g); /* waits while the gate is closed */
void gate_leave(struct gate *g);
/* Closes it and waits until every reader is parked; then opens. */
void gate_close(struct gate *g);
void gate_open(struct gate *g);
bool gate_is_closed(struct gate *g);
/* Closes it and does not wait; then: whether every reader is parked. */
void gate_ask(struct gate *g);
bool gate_is_still(struct gate *g);
/* Gate closed and all batches back in the pool: nothing moves. */
void engine_quiesce(struct engine *e);
void engine_resume(struct engine *e);
/* The same in steps, for who has other things to do meanwhile. */
void engine_ask_quiet(struct engine *e);
bool engine_is_quiet(struct engine *e);

/* What a reader had to refuse goes into the ledger. */
void engine_count_refused(struct engine *e, const struct batch *b);
/* Hands a filled batch to the workers, or back to the pool when it is empty. */
void engine_push(struct engine *e, struct batch *b);

/* An assessor for this profile, of the engine's sources and traffic. 0, -ENOMEM. */
int engine_assessor(struct engine *e, const struct profile *p, struct assessor **out);
/* The independent origin behind what a source says of a state. */
uint64_t source_origin(const struct source *s, uint8_t state);

/* Records read so far, by source. */
void engine_records_read(const struct engine *e, uint64_t out[SOURCES_MAX]);
/* The same, or what a life had read whose evidence is here already, if that is more. */
void engine_records(const struct engine *e, uint64_t out[SOURCES_MAX]);
/* As candidate_context asks. @thread judge */
int engine_prevalence(void *arg, uint32_t threat, struct prevalence_row *rows, uint32_t max);
/* As candidate_context asks. @thread judge */
uint32_t engine_recurrence(void *arg, const struct candidate *c, uint8_t state,
			   struct history_record *rows, uint32_t max);
/* Keeps in which states c is significant. 0, -ENOMEM. @thread judge */
int engine_note_history(struct engine *e, const struct candidate *c);
/* The most frequent threats so far, of all workers. @thread any */
void engine_heavy(const struct engine *e, struct heavy *sum);
/* Before judging: what is ordinary, by the records read so far. */
void engine_take_traffic(struct engine *e);

int hits_open(struct hits_file *h, const char *path);
void hits_append(struct hits_file *h, struct text *lines); /* resets lines */
int hits_error(struct hits_file *h);
void hits_close(struct hits_file *h);

#endif
