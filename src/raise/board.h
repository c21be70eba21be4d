/*
 * board - the candidates that are alive: status, version, what was last said.
 *
 * offer() takes each episode as assessed now and decides what to say: nothing,
 * a new watch or raised candidate, an update, a withdrawal. An episode within a
 * window of a known candidate of the same threat is that candidate and keeps
 * its id, so late evidence and restarts cannot double it. That is exact, not a
 * guess: evidence no further apart than a window is one episode.
 *
 * What follows what is lifecycle.h's table; a step whose line says the same as
 * the last, version and status aside, is not said. When an episode has several names (late evidence bridged two candidates, or another
 * node named it too), the one of the earliest cell goes on and the others are
 * withdrawn with superseded_by. So whoever knows the same names keeps the same.
 *
 * Thread   one owner (the raise thread); save and restore while it rests.
 * Order    say is called in the order of the changes; a survivor before the
 *          withdrawal of what it took over; expiries by window start and id.
 * Owns     its candidates and strings.
 * Memory   heap: about 5 kB a candidate that has not expired.
 * Limit    grows with the candidates that have not expired.
 */
#ifndef TOCSIN_RAISE_BOARD_H
#define TOCSIN_RAISE_BOARD_H

#include "raise/candidate.h"

struct board;
int board_init(struct board **b); /* 0, -ENOMEM */
void board_fini(struct board *b);

/* The candidate and its strings last for the call. */
typedef void board_say(void *arg, const struct candidate *c);

/* Says what changed. 0; -ENOMEM: offer it again, nothing will be said twice. */
int board_offer(struct board *b, const struct candidate_context *cx, const struct episode *ep,
		board_say *say, void *arg);
/* After cx->feedback has changed: says what follows for what is known. 0, -ENOMEM. */
int board_review(struct board *b, const struct candidate_context *cx, board_say *say, void *arg);
/* Candidates whose window ended before this time expire, through say; episodes that
 * did are no news from now on. What no evidence after this time can reach is
 * forgotten. 0, -ENOMEM. */
int board_expire(struct board *b, const struct candidate_context *cx, int64_t before_us,
		 board_say *say, void *arg);
/* Forgets what ended before this time without a word. */
void board_forget(struct board *b, int64_t before_us);
/* Gives c the id and version under which this episode is known. False: it is not. */
bool board_name(const struct board *b, const struct candidate_context *cx, struct candidate *c);
#define BOARD_PROFILE_MAX 100
/* What was last said of a candidate; pointers last until the next offer. */
struct board_told {
	const char *id;
	uint32_t version;
	enum candidate_status status;
	const char *superseded_by; /* or "" */
	const char *profile;	   /* "observed 1.0"; "": not known */
	const struct threat_name *threat;
	const struct episode *episode;
};
/* By id. False: nothing that has not been forgotten. Walks them all. */
bool board_told(const struct board *b, const char *id, struct board_told *out);
void board_profile(const struct profile *p, char out[BOARD_PROFILE_MAX]);

/* Candidates with this status; for CANDIDATE_EXPIRED, how many have expired so far. */
uint32_t board_count(const struct board *b, enum candidate_status status);

/*
 * Somebody else said this: an earlier life that was not saved (as from
 * sink_file_scan), or another node. The candidate is known by that name from
 * now on, its versions go on from there, and a line that says the same again is
 * not said. A join: lines may come in any order, and again. 0, -ENOMEM.
 */
int board_known(struct board *b, const struct candidate_said *s);

/* Binary, versioned, checksummed, through the same callbacks as evidence. */
int board_snapshot(const struct board *b, int (*write)(void *arg, const void *p, size_t len),
		   void *arg);
/* The candidates of one threat alone. */
int board_snapshot_threat(const struct board *b, const struct threat_name *threat,
			  int (*write)(void *arg, const void *p, size_t len), void *arg);
/* Replaces what the board holds. 0, -ENOMEM, what read returned; -EBADMSG: not a
 * snapshot, or damaged. After an error the board is as it was. Numbers of "by"
 * names and objects must mean what they meant. */
int board_restore(struct board *b, int64_t (*read)(void *arg, void *p, size_t len), void *arg);
/* Adds what was said later than the board holds, by version: a join. Errors as above, but
 * -ENOMEM may leave a part of it. */
int board_restore_join(struct board *b, int64_t (*read)(void *arg, void *p, size_t len), void *arg);

#endif
