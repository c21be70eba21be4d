#include "ingest/pcapng.h"

#include <assert.h>
#include <string.h>

enum { BLOCK_INTERFACE = 1, BLOCK_PACKET_OLD = 2, BLOCK_SIMPLE = 3, BLOCK_PACKET = 6 };

#define BLOCK_SECTION      0x0a0d0d0au
#define BLOCK_MIN          12u
#define BYTE_ORDER_OF_OURS 0x1a2b3c4du

static uint32_t get32(const struct pcapng *n, size_t at)
{
	uint32_t v;

	memcpy(&v, n->head + at, sizeof(v));
	return n->swap ? __builtin_bswap32(v) : v;
}

static uint16_t get16(const struct pcapng *n, size_t at)
{
	uint16_t v;

	memcpy(&v, n->head + at, sizeof(v));
	return n->swap ? __builtin_bswap16(v) : v;
}

static void push(struct pcapng *n, uint32_t interface)
{
	uint16_t link = interface < n->interfaces && interface < PCAPNG_INTERFACES
				? n->link[interface]
				: n->link[0];

	if (n->pushed - n->taken < PCAPNG_AHEAD)
		n->ahead[n->pushed++ % PCAPNG_AHEAD] = link;
	else
		n->state = PCAPNG_NO; /* out of step from here on: the capture's own */
}

static void set_length(struct pcapng *n)
{
	n->length = get32(n, 4);
	if (n->length < BLOCK_MIN)
		n->state = PCAPNG_NO; /* libpcap says what is wrong with it */
}

/* Once so many bytes of a block are there, what they say. */
static void look(struct pcapng *n)
{
	uint32_t type = get32(n, 0);

	if (type == BLOCK_SECTION && n->at == 12) {
		uint32_t magic;
		memcpy(&magic, n->head + 8, sizeof(magic));
		n->swap = magic != BYTE_ORDER_OF_OURS;
		n->interfaces = 0;
		set_length(n);
	} else if (type != BLOCK_SECTION && n->at == 8) {
		set_length(n);
		if (type == BLOCK_SIMPLE)
			push(n, 0);
	} else if (type == BLOCK_INTERFACE && n->at == 16) {
		if (n->interfaces < PCAPNG_INTERFACES)
			n->link[n->interfaces] = get16(n, 8);
		n->interfaces++;
		if (!n->described)
			memcpy(n->first, n->head + 8, sizeof(n->first));
		n->described = true;
	} else if (type == BLOCK_PACKET && n->at == 12) {
		push(n, get32(n, 8));
	} else if (type == BLOCK_PACKET_OLD && n->at == 12) {
		push(n, get16(n, 8));
	}
}

/* One of a block's first sixteen bytes. */
static void head_byte(struct pcapng *n, uint8_t *p)
{
	n->head[n->at++] = *p;
	if (n->described && n->at > 8 && get32(n, 0) == BLOCK_INTERFACE)
		*p = n->first[n->at - 9];
	if (n->at == 4 && n->state == PCAPNG_START)
		n->state = get32(n, 0) == BLOCK_SECTION ? PCAPNG_YES : PCAPNG_NO;
	else if (n->at >= 8 && n->at % 4 == 0)
		look(n);
}

void pcapng_pass(struct pcapng *n, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len && n->state != PCAPNG_NO;) {
		if (n->at < sizeof(n->head) && (n->length == 0 || n->at < n->length)) {
			head_byte(n, p + i++);
		} else {
			size_t left = n->length - n->at;
			size_t step = left < len - i ? left : len - i;
			n->at += (uint32_t)step;
			i += step;
		}
		if (n->length && n->at >= n->length)
			n->at = n->length = 0;
	}
}

int pcapng_take(struct pcapng *n)
{
	assert(n->pushed - n->taken <= PCAPNG_AHEAD);
	return n->taken == n->pushed ? -1 : n->ahead[n->taken++ % PCAPNG_AHEAD];
}
