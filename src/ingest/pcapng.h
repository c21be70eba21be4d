/*
 * pcapng - lets libpcap read captures of several interfaces.
 *
 * libpcap gives up at an interface whose link type or snapshot length is not
 * the first one's, as in any capture of two interfaces at once. This stands
 * before it in the stream of bytes: later interface descriptions are shown to
 * it with the first one's values, and the link type that each packet really
 * has is kept here, in order, until the packet comes out.
 * Blocks as in draft-ietf-opsawg-pcapng, sections 4.1 to 4.4.
 *
 * Thread   one owner.
 * Memory   none but itself.
 * Limit    PCAPNG_INTERFACES a section and PCAPNG_AHEAD packets between what
 *          was passed and what was taken; beyond them the first link type.
 */
#ifndef TOCSIN_INGEST_PCAPNG_H
#define TOCSIN_INGEST_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_INTERFACES 256u
#define PCAPNG_AHEAD      32768u /* power of two; a packet's block takes 16 bytes or more */

struct pcapng {
	enum { PCAPNG_START, PCAPNG_YES, PCAPNG_NO } state;
	bool swap;        /* the section is of the other byte order */
	bool described;   /* an interface was: first[] is set */
	uint8_t first[8]; /* link type, reserved, snapshot length; as they stood */
	uint8_t head[16]; /* the block's first bytes, as they came */
	uint32_t at;      /* in the block */
	uint32_t length;  /* of the block, once known */
	uint32_t interfaces;
	uint16_t link[PCAPNG_INTERFACES];
	uint32_t pushed, taken;
	uint16_t ahead[PCAPNG_AHEAD];
};

/* Bytes of the capture on their way to libpcap, in order; rewritten in place. */
void pcapng_pass(struct pcapng *n, uint8_t *p, size_t len);
/* The link type (LINKTYPE_*) of the next packet, or -1 where it is the capture's. */
int pcapng_take(struct pcapng *n);

#endif
