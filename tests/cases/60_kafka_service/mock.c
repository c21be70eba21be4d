/* mock - librdkafka's mock cluster as a process: prints its address, lives until standard input ends. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set_log_cb(conf, NULL);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	rd_kafka_mock_cluster_t *cluster = rk ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
	if (!cluster)
		return 1;
	/* topic:partitions */
	for (int i = 1; i + 1 < argc; i += 2)
		rd_kafka_mock_topic_create(cluster, argv[i], atoi(argv[i + 1]), 1);
	puts(rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	/* "down" and "up" play a broker that goes away and comes back */
	for (char line[64]; fgets(line, sizeof(line), stdin);) {
		if (line[0] == 'd')
			rd_kafka_mock_broker_set_down(cluster, 1);
		if (line[0] == 'u')
			rd_kafka_mock_broker_set_up(cluster, 1);
		puts("done");
		fflush(stdout);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(rk);
	return 0;
}
