#include "ingest/kafka_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct property {
	const char *name, *value;
};

/* What the engine's guarantees rest on: offsets are committed by it alone. */
static const struct property fixed[] = {
	{"enable.auto.commit", "false"},
	{"enable.auto.offset.store", "false"},
	{"enable.partition.eof", "true"},
};

/* What a user may want otherwise. */
static const struct property defaults[] = {
	{"client.id", "tocsin"},
	{"auto.offset.reset", "earliest"},
	{"queued.max.messages.kbytes", "65536"},
	{"fetch.wait.max.ms", "100"},
	{"reconnect.backoff.max.ms", "5000"},
	{"topic.metadata.refresh.interval.ms", "30000"},
};

/* Up to 2.2, closing a cooperative consumer before its first assignment aborts the
 * process (librdkafka issue 4312); there, partitions move in the older way. */
#define COOPERATIVE_SINCE 0x02030000

/* Set from settings of their own, or by fixed[]. */
static const char *const reserved[] = {
	"bootstrap.servers",  "metadata.broker.list",     "group.id",
	"enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof"};

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, char why[256])
{
	/* librdkafka's own sentence quotes the value, which may be a secret */
	char quoting[512];

	switch (rd_kafka_conf_set(conf, name, value, quoting, sizeof(quoting))) {
	case RD_KAFKA_CONF_OK:
		return 0;
	case RD_KAFKA_CONF_UNKNOWN:
		snprintf(why, 256, "kafka property %.100s: not known to librdkafka %s", name,
			 rd_kafka_version_str());
		return -1;
	default:
		snprintf(why, 256, "kafka property %.100s: its value is not accepted", name);
		return -1;
	}
}

/* A secret from a file, without the newline at its end; malloc'd, NULL with why. */
static char *read_secret(const char *name, const char *path, char why[256])
{
	char *secret = malloc(KAFKA_SECRET_MAX + 1);
	FILE *f = fopen(path, "rb");
	size_t len = f && secret ? fread(secret, 1, KAFKA_SECRET_MAX + 1, f) : 0;

	if (!f || !secret || ferror(f) || len > KAFKA_SECRET_MAX) {
		snprintf(why, 256, "kafka property %.80s: cannot read %.100s", name, path);
		free(secret);
		secret = NULL;
	} else {
		while (len > 0 && (secret[len - 1] == '\n' || secret[len - 1] == '\r'))
			len--;
		secret[len] = '\0';
	}
	if (f)
		fclose(f);
	return secret;
}

/* "key=value" */
static int set_property(rd_kafka_conf_t *conf, const char *property, char why[256])
{
	const char *equals = strchr(property, '=');
	char name[128], *secret = NULL;

	if (!equals || equals == property || (size_t)(equals - property) >= sizeof(name)) {
		snprintf(why, 256, "kafka property: expected name=value");
		return -1;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - property), property);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(name, reserved[i]) == 0) {
			snprintf(why, 256, "kafka property %s: is set by tocsin itself", name);
			return -1;
		}
	const char *value = equals + 1;
	if (strncmp(value, "env:", 4) == 0) {
		const char *variable = value + 4;
		value = getenv(variable);
		if (!value) {
			snprintf(why, 256,
				 "kafka property %s: environment variable %.60s is not set", name,
				 variable);
			return -1;
		}
	} else if (strncmp(value, "file:", 5) == 0) {
		value = secret = read_secret(name, value + 5, why);
		if (!secret)
			return -1;
	}
	int ret = set(conf, name, value, why);
	free(secret);
	return ret;
}

rd_kafka_conf_t *kafka_conf_make(const char *brokers, const char *group,
				 const char *const *properties, char why[256])
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int err = set(conf, "bootstrap.servers", brokers, why);

	if (!err)
		err = set(conf, "group.id", group, why);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]) && !err; i++)
		err = set(conf, fixed[i].name, fixed[i].value, why);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]) && !err; i++)
		err = set(conf, defaults[i].name, defaults[i].value, why);
	if (!err)
		err = set(conf, "partition.assignment.strategy",
			  rd_kafka_version() >= COOPERATIVE_SINCE ? "cooperative-sticky"
								  : "roundrobin",
			  why);
	for (size_t i = 0; properties && properties[i] && !err; i++)
		err = set_property(conf, properties[i], why);
	if (!err)
		return conf;
	rd_kafka_conf_destroy(conf);
	return NULL;
}
