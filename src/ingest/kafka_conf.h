/*
 * kafka_conf - librdkafka's configuration: ours, then the user's properties.
 *
 * A property's value may be "file:PATH" or "env:NAME": the secret is read from
 * there. No value is ever printed, in an error as little as in a log line.
 *
 * Thread   one caller.
 * Owns     nothing: the configuration is the caller's.
 * Memory   at open.
 * Limit    a secret of KAFKA_SECRET_MAX bytes.
 */
#ifndef TOCSIN_INGEST_KAFKA_CONF_H
#define TOCSIN_INGEST_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#define KAFKA_SECRET_MAX 65536

/* A configuration for a consumer of this group, or NULL with why naming the property. */
rd_kafka_conf_t *kafka_conf_make(const char *brokers, const char *group,
				 const char *const *properties, char why[256]);


#endif
