/*
 * feed_message - a message of a live feed: indicators as a file has them, or one indicator
 * under a key, or what somebody says of one.
 *
 * Thread   the set's owner.
 * Order    none: versions decide (indicator_join.h). On a compacted topic the version is the
 *          message's time, so that what stands last under a key stands.
 * Owns     nothing.
 * Memory   the set's, and the message's tree while it is read.
 * Limit    FEED_BYTES_MAX a message.
 */
#ifndef TOCSIN_MATCH_FEED_MESSAGE_H
#define TOCSIN_MATCH_FEED_MESSAGE_H

#include "match/indicator.h"

struct feed_message {
	struct span key;     /* of a compacted topic; empty: the payload's own ids and versions */
	struct span payload; /* p NULL: a tombstone, the key is withdrawn */
	int64_t version;     /* with a key: us */
};

/* Takes the message into the set. 0, -ENOMEM, -EOVERFLOW; what is refused goes to ps. */
int feed_message_load(struct indicator_set *s, const struct feed *feed,
		      const struct feed_message *m, struct problems *ps);

/* A finished set of one indicator: what a plain list would make of this value. -EINVAL: nothing. */
int feed_message_value(struct indicator_set *s, struct span value);

/* A MISP sighting, as its Kafka topic carries it: a word about an indicator. */
struct feed_sighting {
	char id[64];	   /* its own uuid */
	char target[1024]; /* the attribute's uuid, or else its value */
	char by[128];	   /* the organisation, "org:7"; "" where it is kept back */
	char source[128];  /* what the sighting calls its source */
	int type;	   /* 0 seen, 1 false positive, 2 expiration */
	int64_t time_us;   /* of what it says; of an expiration, when */
	int64_t said_us;   /* when it was said: of two words the later stands */
	bool deleted;	   /* it is taken back */
};

/* True when the payload is a sighting and nothing else; out->target is empty when it
 * cannot be used (nothing named, no type, no time). */
bool feed_sighting_read(struct span payload, struct feed_sighting *out);

#endif
