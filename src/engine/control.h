/*
 * control - the control socket: a Unix socket on which an operator asks and orders.
 *
 * A line is a request, {"command":NAME,"arguments":{...}}; each gets one line back,
 * {"return":"OK","message":...} or {"return":"NOK","message":WHY}, as users of suricatasc
 * know it (its greeting {"version":...} is answered as well). "commands" lists what there is.
 *
 * What a request changes about indicators is written to control.journal in state_dir and
 * synced before it is answered, and done again at the next start. A topic needs none: it is
 * read again.
 *
 * Thread   one of its own; open and close by the service.
 * Order    requests of a connection one after the other.
 * Owns     the socket's file, mode 0600; nobody else's requests are read (SO_PEERCRED).
 * Memory   heap; CONTROL_LINE_MAX a connection.
 * Limit    CONTROL_CLIENTS_MAX connections; further ones wait.
 */
#ifndef TOCSIN_ENGINE_CONTROL_H
#define TOCSIN_ENGINE_CONTROL_H

#include "base/text.h"

#define CONTROL_LINE_MAX    (1u << 20)
#define CONTROL_CLIENTS_MAX 16

struct engine;
struct control;

/* Takes up the journal of state_dir; then, with a path, listens. 0 or -errno with why. */
int control_open(struct control **c, struct engine *e, const char *path, char why[256]);
void control_close(struct control *c);

/* One request's answer, without its newline; for tests, which have no socket. */
void control_answer(struct control *c, const char *line, size_t len, struct text *out);

/* Instead of signals to this process, for tests. */
void control_on_signal(struct control *c, void (*fn)(int signal_number));

#endif
