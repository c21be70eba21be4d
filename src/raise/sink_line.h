/*
 * sink_line - one line to a descriptor, whole or not at all.
 *
 * Thread   one writer a descriptor.
 * Order    lines appear in the order of the calls.
 * Owns     nothing.
 * Memory   none.
 * Limit    what a pipe took of a line before its reader left cannot be taken back.
 */
#ifndef TOCSIN_RAISE_SINK_LINE_H
#define TOCSIN_RAISE_SINK_LINE_H

#include <stddef.h>

/* Writes p[0..len), which ends in a newline; one write(2) unless it comes up
 * short. A regular file that took part of it is cut back. 0 or -errno; -EPIPE
 * without a SIGPIPE. */
int sink_line_write(int fd, const char *p, size_t len);
/* fsync; 0 for what cannot be synced (pipe, terminal). */
int sink_line_sync(int fd);

#endif
