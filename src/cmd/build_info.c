#include "cmd/build_info.h"

#include <hs.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <liburing.h>
#include <pcap/pcap.h>
#include <sodium.h>
#include <zstd.h>

void build_info(FILE *out)
{
	fprintf(out, "tocsin %s\n", TOCSIN_VERSION);
	fprintf(out, "compiler:   %s\n", __VERSION__);
	fprintf(out, "hyperscan:  %s\n", hs_version());
	fprintf(out, "libpcap:    %s\n", pcap_lib_version());
	fprintf(out, "librdkafka: %s\n", rd_kafka_version_str());
	fprintf(out, "jansson:    %s\n", jansson_version_str());
	fprintf(out, "libsodium:  %s\n", sodium_version_string());
	fprintf(out, "zstd:       %s\n", ZSTD_versionString());
#ifdef TOCSIN_JEMALLOC
	fprintf(out, "allocator:  jemalloc\n");
#endif
	fprintf(out, "cpu:        avx2 %s, avx512bw %s\n",
		__builtin_cpu_supports("avx2") ? "yes" : "no",
		__builtin_cpu_supports("avx512bw") ? "yes" : "no");
}
