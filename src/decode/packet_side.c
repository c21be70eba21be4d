/*
 * packet_side - who asked, where neither handshake nor payload tells: by ports.
 *
 * Stateless on purpose: the same frame gives the same answer whatever came
 * before it, so that results do not depend on batches, threads or order.
 */
#include "decode/packet.h"

#define PORT_NFS 2049

/* Services that listen above 1023, sorted; none inside the ephemeral ranges
 * of Linux (32768..) or IANA (49152..), where a port says nothing. */
static const uint16_t services[] = {
	1080,  1194,  1433,  1434,  1521,  1701,  1723,  1812,  1813,  1883,  1900,  2082,
	2083,  2123,  2152,  2375,  2376,  2404,  3000,  3128,  3268,  3269,  3306,  3389,
	3478,  3544,  3702,  4444,  4500,  4786,  4789,  5000,  5060,  5061,  5222,  5228,
	5269,  5353,  5355,  5432,  5601,  5671,  5672,  5683,  5900,  5901,  5938,  5984,
	5985,  5986,  6081,  6379,  6443,  6667,  6697,  7001,  8000,  8008,  8009,  8080,
	8081,  8086,  8088,  8123,  8333,  8443,  8472,  8530,  8531,  8545,  8883,  8888,
	9000,  9001,  9042,  9090,  9092,  9100,  9200,  9300,  9418,  9443,  10050, 10051,
	10250, 11211, 11371, 15672, 18080, 20000, 25565, 27017, 27018, 30303, 32400,
};

enum { SERVICES = sizeof(services) / sizeof(services[0]) };

static int rank(uint16_t port)
{
	size_t lo = 0, hi = SERVICES;

	/* clients of NFS bind reserved ports: between those two nothing is told */
	if (port < 1024 || port == PORT_NFS)
		return 2;
	if (port > services[SERVICES - 1])
		return 0;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (services[mid] < port)
			lo = mid + 1;
		else
			hi = mid;
	}
	return services[lo] == port;
}

enum packet_asker packet_side_ports(uint16_t sport, uint16_t dport)
{
	int s = rank(sport), d = rank(dport);

	if (s == d)
		return PACKET_ASKER_UNKNOWN;
	return d > s ? PACKET_ASKER_SRC : PACKET_ASKER_DST;
}

bool packet_side_is_group(const uint8_t *addr, uint8_t bytes)
{
	if (bytes == 16)
		return addr[0] == 0xff;
	return (addr[0] & 0xf0) == 0xe0 ||
	       (addr[0] == 255 && addr[1] == 255 && addr[2] == 255 && addr[3] == 255);
}
