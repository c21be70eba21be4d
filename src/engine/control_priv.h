/* control_priv - what the files of the control socket share. */
#ifndef TOCSIN_ENGINE_CONTROL_PRIV_H
#define TOCSIN_ENGINE_CONTROL_PRIV_H

#include <jansson.h>
#include <pthread.h>

#include "engine/control.h"
#include "engine/engine_priv.h"

struct client {
	int fd;
	struct text in, out;
};

struct control {
	struct engine *e;
	char path[108];
	int listen_fd, wake_fd;
	int journal_fd; /* -1: none is kept */
	bool replaying;
	int64_t last_us; /* of a request that changed something: each is later than the last */
	uint64_t started_ns;
	void (*on_signal)(int signal_number);
	pthread_t thread;
	bool started, stop;
	struct client clients[CONTROL_CLIENTS_MAX];
	uint32_t client_count;
};

/* A request on its way: the answer's message is JSON in out, unless why says why not. */
struct request {
	struct control *c;
	const json_t *arguments;
	int64_t time_us; /* what it changes is of this moment */
	struct text out;
	char why[256];
};

struct control_command {
	const char *name;
	const char *doc;
	bool changes; /* indicators: it goes into the journal */
	void (*run)(struct request *r);
};

const char *control_text(const struct request *r, const char *key); /* "" when absent */

/* Orders about indicators: control_indicator.c. */
void control_indicator_add(struct request *r);
void control_indicator_remove(struct request *r);
void control_indicator_silence(struct request *r);
void control_indicator_restore(struct request *r);
void control_indicator_lookup(struct request *r);

/* control_journal.c */
int control_journal_open(struct control *c, char why[256]);
/* True when the line is on the disk, or none is kept. */
bool control_journal_add(struct control *c, const json_t *request, int64_t time_us);

#endif
