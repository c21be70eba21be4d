/*
 * feed_tree - a JSON text as a flat array of nodes, read once and walked many times.
 *
 * A node is 8 bytes: what it is, and where its bytes lie. A container's node tells
 * where it ends, so that whatever is not asked for is stepped over. Strings are spans of
 * the text; those with escapes are spans of a buffer beside it.
 *
 * Thread   one owner; a read tree is constant.
 * Order    keys and elements in the order of the text; of equal keys the last counts.
 * Owns     its nodes and unescaped strings; borrows the text, which must outlive it.
 * Memory   address space for a node a byte of text, memory for the nodes there are: 8 bytes
 *          a value and 8 a key; the length of the strings that hold escapes.
 * Limit    RFC 8259; FEED_TREE_DEPTH_MAX containers, FEED_TREE_STRING_MAX bytes a string,
 *          4 GB of text. An escaped surrogate without its other half becomes U+FFFD.
 */
#ifndef TOCSIN_MATCH_FEED_TREE_H
#define TOCSIN_MATCH_FEED_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/event.h"

#define FEED_TREE_DEPTH_MAX  2048
#define FEED_TREE_STRING_MAX ((1u << 28) - 1)

enum feed_kind {
	FEED_NONE, /* no such value */
	FEED_OBJECT,
	FEED_ARRAY,
	FEED_STRING,  /* of the text */
	FEED_ESCAPED, /* a string in the buffer beside it */
	FEED_INTEGER,
	FEED_REAL,
	FEED_TRUE,
	FEED_FALSE,
	FEED_NULL,
};

struct feed_node {
	uint32_t at;	   /* of its bytes; of a container, the number of the node behind it */
	uint32_t kind : 4; /* enum feed_kind */
	uint32_t len : 28; /* bytes; of a container, values in it, at most this many */
};

struct feed_tree {
	struct feed_node *nodes; /* 0 is no value, 1 the root */
	size_t count, room;
	const char *text;
	size_t len;
	char *beside;
	size_t beside_len, beside_room;
};

/* A value of a tree; node 0: none. */
struct feed_value {
	const struct feed_tree *tree;
	uint32_t node;
};

/* For up to len bytes of text. 0, -ENOMEM. */
int feed_tree_init(struct feed_tree *t, size_t len);
void feed_tree_fini(struct feed_tree *t);
/* The object or array at p, which may be followed by anything: *end is behind it. NULL, or
 * why it is none, and *end where. */
const char *feed_tree_read(struct feed_tree *t, const char *p, size_t len, const char **end);

static inline struct feed_value feed_root(const struct feed_tree *t)
{
	return (struct feed_value){t, 1};
}

static inline enum feed_kind feed_kind(struct feed_value v)
{
	return (enum feed_kind)v.tree->nodes[v.node].kind;
}

static inline bool feed_is_string(struct feed_value v)
{
	return feed_kind(v) == FEED_STRING || feed_kind(v) == FEED_ESCAPED;
}

static inline bool feed_is_object(struct feed_value v)
{
	return feed_kind(v) == FEED_OBJECT;
}

static inline bool feed_is_array(struct feed_value v)
{
	return feed_kind(v) == FEED_ARRAY;
}

/* A string without quotes and escapes, a number as written; empty for anything else. */
struct span feed_text(struct feed_value v);

/* The value under a key; none when there is none, or v is no object. */
struct feed_value feed_get(struct feed_value v, const char *key);

/* The value after this one among its siblings, end when it is the last: for feed_each. */
static inline uint32_t feed_after(const struct feed_tree *t, uint32_t node)
{
	const struct feed_node *n = &t->nodes[node];

	return n->kind == FEED_OBJECT || n->kind == FEED_ARRAY ? n->at : node + 1;
}

/* Each element of an array; nothing when it is none. */
#define feed_each(item, array)                                                                     \
	for (struct feed_value item = {(array).tree, (array).node + 1};                            \
	     feed_is_array(array) && item.node < (array).tree->nodes[(array).node].at;             \
	     item.node = feed_after(item.tree, item.node))

/* Each key and value of an object; nothing when it is none. */
#define feed_each_key(name, item, object)                                                          \
	for (struct feed_value name = {(object).tree, (object).node + 1},                          \
			       item = {(object).tree, (object).node + 2};                          \
	     feed_is_object(object) && name.node < (object).tree->nodes[(object).node].at;         \
	     name.node = feed_after(item.tree, item.node), item.node = name.node + 1)

#endif
