/*
 * sink - where candidates go: standard output, a file, a Kafka topic.
 *
 * Thread   one writer (the raise thread).
 * Order    lines arrive in the order of the writes.
 * Owns     its descriptor or producer.
 * Memory   the longest line; kafka: librdkafka's queue, bounded by its settings.
 * Limit    none of its own; a full disk or a lost broker is an error returned,
 *          never a lost line: the caller keeps the line and tries again.
 */
#ifndef TOCSIN_RAISE_SINK_H
#define TOCSIN_RAISE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink; /* a backend's own state */

struct sink_ops {
	const char *name; /* "stdout", "file", "kafka", "null" */
	/* target: path, or "brokers/topic". properties: "key=value" librdkafka
	 * settings, NULL-terminated, may be NULL. 0 or -errno with why. */
	int (*open)(struct sink **s, const char *target, const char *const *properties,
		    char why[256]);
	/* Appends one line (no newline in it). Whole or not at all: a file that took
	 * half a line (disk full) is cut back to the line's start. kafka: queues it;
	 * -EAGAIN when the queue stays full, -EMSGSIZE. 0 or -errno. */
	int (*write)(struct sink *s, const char *id, const char *line, size_t len);
	/* Returns once everything written is safe (fsync, broker acknowledgements).
	 * kafka: -ETIMEDOUT: not yet, nothing is given up, flush again; -EIO: some
	 * lines since the last flush were given up, write those lines again (a line
	 * that arrives twice has the same id and version). */
	int (*flush)(struct sink *s, int timeout_ms);
	/* After log rotation. kafka: a new producer, when the old one is broken (a
	 * write answers -EIO); lines not yet acknowledged are to be written again. */
	int (*reopen)(struct sink *s);
	void (*close)(struct sink *s);
};

extern const struct sink_ops sink_stdout, sink_file, sink_kafka, sink_null;

/* For a file that may hold lines of an earlier life: calls fn for every whole
 * candidate line in it, in order. 0 or -errno (-ENOENT when there is none). */
struct candidate_head;
int sink_file_scan(const char *path,
		   void (*fn)(void *arg, const struct candidate_head *head, const char *line,
			      size_t len),
		   void *arg);

#endif
