/*
 * demo_kafka - telemetry files into Kafka topics, for `tocsin demo`.
 *
 * The broker is librdkafka's in-process mock cluster, or a real one. A real one's
 * own topics are left alone: the demo makes its own, with a prefix of this run's, and
 * takes them away at the end. In the mock
 * cluster every run puts the same message at the same position.
 */
#ifndef TOCSIN_CMD_DEMO_KAFKA_H
#define TOCSIN_CMD_DEMO_KAFKA_H

#include "config/config.h"

struct demo_kafka;

/* brokers NULL: starts the mock cluster. 0 or -errno with why. */
int demo_kafka_start(struct demo_kafka **k, const char *brokers, char why[256]);
const char *demo_kafka_brokers(const struct demo_kafka *k);
/* For every input with a topic and a path: its lines become messages (each
 * third message holds two lines), and the input reads the topic only. */
int demo_kafka_produce(struct demo_kafka *k, struct config *c, char why[256]);
void demo_kafka_stop(struct demo_kafka *k);

#endif
