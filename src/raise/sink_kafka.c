#include "raise/sink.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* How long a write waits for room in the queue before it answers -EAGAIN. */
#define QUEUE_WAIT_MS 1000
#define POLL_MS       50
/* At close: what is not acknowledged by then is left to the next life. */
#define CLOSE_WAIT_MS 5000

struct sink {
	rd_kafka_t *rk;
	rd_kafka_conf_t *conf; /* template, for reopen */
	char *brokers, *topic;
	uint64_t failed; /* lines given up since the last flush; counted in poll, on our thread */
	int fatal;       /* the producer is of no more use */
};

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct sink *s = opaque;

	(void)rk;
	if (!m->err)
		return;
	s->failed++;
	if (m->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE && m->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
		log_warning("kafka %s: a line was not delivered: %s", s->topic,
			    rd_kafka_err2str(m->err));
}

static void broken(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	struct sink *s = opaque;
	char text[256] = "";

	if (err != RD_KAFKA_RESP_ERR__FATAL) {
		log_warning("kafka %s: %s", s->topic, reason);
		return;
	}
	rd_kafka_fatal_error(rk, text, sizeof(text));
	log_error("kafka %s: the producer has to be opened again: %s", s->topic, text);
	s->fatal = 1;
}

static void told(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	log_line(level <= 3 ? LOG_WARNING : LOG_DEBUG, "kafka %s: %s", facility, text);
}

/* 0 or -EINVAL with why. */
static int set(rd_kafka_conf_t *conf, const char *key, const char *value, char *why)
{
	char text[200];

	if (rd_kafka_conf_set(conf, key, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
		return 0;
	if (why)
		snprintf(why, 256, "%s", text);
	return -EINVAL;
}

static int set_property(rd_kafka_conf_t *conf, const char *property, char *why)
{
	char key[256];
	const char *eq = strchr(property, '=');

	if (!eq || (size_t)(eq - property) >= sizeof(key)) {
		if (why)
			snprintf(why, 256, "kafka property \"%.150s\" is not key=value", property);
		return -EINVAL;
	}
	memcpy(key, property, (size_t)(eq - property));
	key[eq - property] = '\0';
	return set(conf, key, eq + 1, why);
}

/* Ours come last: a property may tune the producer, not weaken what flush promises. */
static int configure(struct sink *s, const char *const *properties, char *why)
{
	int r = set(s->conf, "bootstrap.servers", s->brokers, why);

	for (; r == 0 && properties && *properties; properties++)
		r = set_property(s->conf, *properties, why);
	if (r == 0)
		r = set(s->conf, "enable.idempotence", "true", why);
	if (r == 0)
		r = set(s->conf, "acks", "all", why);
	rd_kafka_conf_set_opaque(s->conf, s);
	rd_kafka_conf_set_dr_msg_cb(s->conf, delivered);
	rd_kafka_conf_set_error_cb(s->conf, broken);
	rd_kafka_conf_set_log_cb(s->conf, told);
	return r;
}

static int start(struct sink *s, char *why)
{
	char text[200];
	rd_kafka_conf_t *conf = rd_kafka_conf_dup(s->conf);

	s->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (s->rk) {
		s->failed = 0;
		s->fatal = 0;
		return 0;
	}
	rd_kafka_conf_destroy(conf);
	if (why)
		snprintf(why, 256, "%s", text);
	return -EINVAL;
}

static void discard(struct sink *s)
{
	if (!s)
		return;
	if (s->conf)
		rd_kafka_conf_destroy(s->conf);
	free(s->brokers);
	free(s->topic);
	free(s);
}

/* "brokers/topic": a topic has no slash in its name. */
static int split(struct sink *s, const char *target, char *why)
{
	const char *slash = strrchr(target, '/');

	if (!slash || slash == target || !slash[1]) {
		if (why)
			snprintf(why, 256, "\"%.150s\" is not brokers/topic", target);
		return -EINVAL;
	}
	s->brokers = strndup(target, (size_t)(slash - target));
	s->topic = strdup(slash + 1);
	return s->brokers && s->topic ? 0 : -ENOMEM;
}

static int kafka_open(struct sink **out, const char *target, const char *const *properties,
		      char why[256])
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	int r = split(s, target, why);
	if (r)
		goto fail;
	s->conf = rd_kafka_conf_new();
	r = configure(s, properties, why);
	if (r == 0)
		r = start(s, why);
	if (r)
		goto fail;
	*out = s;
	return 0;
fail:
	discard(s);
	return r;
}

static int errno_of(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return -EAGAIN;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		return -EMSGSIZE;
	default:
		return -EIO;
	}
}

static int kafka_write(struct sink *s, const char *id, const char *line, size_t len)
{
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__QUEUE_FULL;

	/* delivery reports are served here too: their queue must not fill up */
	rd_kafka_poll(s->rk, 0);
	if (s->fatal)
		return -EIO;
	for (int waited = 0; waited <= QUEUE_WAIT_MS; waited += POLL_MS) {
		err = rd_kafka_producev(s->rk, RD_KAFKA_V_TOPIC(s->topic),
					RD_KAFKA_V_KEY(id, strlen(id)),
					RD_KAFKA_V_VALUE((void *)(uintptr_t)line, len),
					RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
		if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			break;
		rd_kafka_poll(s->rk, POLL_MS);
	}
	return err ? errno_of(err) : 0;
}

static int kafka_flush(struct sink *s, int timeout_ms)
{
	rd_kafka_resp_err_t err = rd_kafka_flush(s->rk, timeout_ms);

	if (s->fatal)
		return -EIO;
	if (s->failed) {
		s->failed = 0;
		return -EIO;
	}
	return err ? -ETIMEDOUT : 0;
}

static void stop(struct sink *s, int wait_ms)
{
	rd_kafka_flush(s->rk, wait_ms);
	/* what is still queued is answered for by the caller, who kept it */
	rd_kafka_purge(s->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(s->rk, POLL_MS);
	rd_kafka_destroy(s->rk);
	s->rk = NULL;
}

/* A healthy producer has nothing to reopen: log rotation is no business of a broker's. */
static int kafka_reopen(struct sink *s)
{
	struct sink old = *s;

	rd_kafka_poll(s->rk, 0);
	if (!s->fatal)
		return 0;
	int r = start(s, NULL);
	if (r) {
		s->rk = old.rk;
		return r;
	}
	stop(&old, 0);
	return 0;
}

static void kafka_close(struct sink *s)
{
	if (!s)
		return;
	stop(s, s->fatal ? 0 : CLOSE_WAIT_MS);
	discard(s);
}

const struct sink_ops sink_kafka = {.name = "kafka",
				    .open = kafka_open,
				    .write = kafka_write,
				    .flush = kafka_flush,
				    .reopen = kafka_reopen,
				    .close = kafka_close};
