#include "match/feed_tree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lazy.h"
#include "decode/json_string.h"

/* A sticky cursor: once why is set, nothing is read any more. */
struct reader {
	struct feed_tree *t;
	const char *p, *end;
	const char *why;
	uint32_t depth;
	uint32_t open[FEED_TREE_DEPTH_MAX]; /* nodes of the containers around */
};

int feed_tree_init(struct feed_tree *t, size_t len)
{
	memset(t, 0, sizeof(*t));
	if (len >= UINT32_MAX - 2)
		return -EFBIG;
	/* a byte of text makes at most one node; ":" and "," pay for the first two */
	t->room = len + 3;
	t->nodes = lazy_alloc_huge(t->room * sizeof(*t->nodes));
	return t->nodes ? 0 : -ENOMEM;
}

void feed_tree_fini(struct feed_tree *t)
{
	lazy_free(t->nodes, t->room * sizeof(*t->nodes));
	free(t->beside);
	memset(t, 0, sizeof(*t));
}

static void fail(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
}

static inline void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

static uint32_t add(struct reader *r, enum feed_kind kind, size_t at, size_t len)
{
	struct feed_tree *t = r->t;

	assert(t->count < t->room);
	if (len > FEED_TREE_STRING_MAX) {
		fail(r, "a string of 256 MB or more");
		len = 0;
	}
	t->nodes[t->count] = (struct feed_node){(uint32_t)at, kind, (uint32_t)len & FEED_TREE_STRING_MAX};
	return (uint32_t)t->count++;
}

static void add_escaped(struct reader *r, const char *from, size_t len)
{
	struct feed_tree *t = r->t;

	if (t->beside_room - t->beside_len < len) {
		size_t room = (t->beside_room + len) * 2;
		char *p = realloc(t->beside, room);
		if (!p) {
			fail(r, "out of memory");
			return;
		}
		t->beside = p;
		t->beside_room = room;
	}
	size_t n = json_string_unescape(from, len, t->beside + t->beside_len);
	add(r, FEED_ESCAPED, t->beside_len, n);
	t->beside_len += n;
}

/* The string whose opening quote is at hand. */
static void string(struct reader *r)
{
	const char *from = r->p + 1;
	bool escaped;
	const char *end = json_string_end(from, r->end, &escaped);

	if (!end) {
		fail(r, "a string that does not end, or holds control characters, a wrong escape or no UTF-8");
		return;
	}
	if (escaped)
		add_escaped(r, from, (size_t)(end - from));
	else
		add(r, FEED_STRING, (size_t)(from - r->t->text), (size_t)(end - from));
	r->p = end + 1;
}

static bool digits(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return r->p > from;
}

static char here(const struct reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

/* number = [ "-" ] int [ frac ] [ exp ], RFC 8259 section 6 */
static void number(struct reader *r)
{
	const char *from = r->p;
	enum feed_kind kind = FEED_INTEGER;
	bool ok = true;

	r->p += *r->p == '-';
	if (here(r) == '0')
		r->p++;
	else
		ok = digits(r);
	if (ok && here(r) == '.') {
		kind = FEED_REAL;
		r->p++;
		ok = digits(r);
	}
	if (ok && (here(r) | 0x20) == 'e') {
		kind = FEED_REAL;
		r->p++;
		r->p += here(r) == '+' || here(r) == '-';
		ok = digits(r);
	}
	if (ok)
		add(r, kind, (size_t)(from - r->t->text), (size_t)(r->p - from));
	else
		fail(r, "neither a value nor a number");
}

static void literal(struct reader *r, const char *word, enum feed_kind kind)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0) {
		fail(r, "an unknown word");
		return;
	}
	add(r, kind, (size_t)(r->p - r->t->text), len);
	r->p += len;
}

static void scalar(struct reader *r)
{
	switch (*r->p) {
	case '"':
		string(r);
		break;
	case 't':
		literal(r, "true", FEED_TRUE);
		break;
	case 'f':
		literal(r, "false", FEED_FALSE);
		break;
	case 'n':
		literal(r, "null", FEED_NULL);
		break;
	default:
		number(r);
	}
}

static void key(struct reader *r)
{
	skip_space(r);
	if (here(r) != '"') {
		fail(r, "no key where one is due");
		return;
	}
	string(r);
	skip_space(r);
	if (!r->why && here(r) != ':')
		fail(r, "no ':' behind a key");
	r->p++;
}

static void close_one(struct reader *r)
{
	struct feed_node *n = &r->t->nodes[r->open[--r->depth]];

	n->at = (uint32_t)r->t->count;
	r->p++;
}

static char closer(const struct reader *r)
{
	return r->t->nodes[r->open[r->depth - 1]].kind == FEED_OBJECT ? '}' : ']';
}

/* A container's opening; true when a value must follow at once. */
static bool open_one(struct reader *r)
{
	bool object = *r->p == '{';

	if (r->depth == FEED_TREE_DEPTH_MAX) {
		fail(r, "nested too deep");
		return false;
	}
	r->open[r->depth++] = add(r, object ? FEED_OBJECT : FEED_ARRAY, 0, 0);
	r->p++;
	skip_space(r);
	if (here(r) == (object ? '}' : ']')) {
		close_one(r);
		return false;
	}
	if (object)
		key(r);
	return !r->why;
}

/* After a value: closes what ends here. True when another value follows. */
static bool more(struct reader *r)
{
	while (r->depth > 0 && !r->why) {
		skip_space(r);
		char c = here(r);
		if (c == ',') {
			r->p++;
			if (closer(r) == '}')
				key(r);
			return !r->why;
		}
		if (c != closer(r)) {
			fail(r, "neither ',' nor the end of an object or array");
			return false;
		}
		close_one(r);
	}
	return false;
}

/* One value, or a container's opening; true when a value must follow at once. */
static bool value(struct reader *r)
{
	skip_space(r);
	if (r->p == r->end) {
		fail(r, "the text ends too soon");
		return false;
	}
	if (*r->p == '{' || *r->p == '[')
		return open_one(r);
	scalar(r);
	return false;
}

const char *feed_tree_read(struct feed_tree *t, const char *p, size_t len, const char **end)
{
	struct reader r;

	assert(len + 3 <= t->room);
	t->text = p;
	t->len = len;
	t->count = 0;
	t->beside_len = 0;
	r.t = t;
	r.p = p;
	r.end = p + len;
	r.why = NULL;
	r.depth = 0;
	add(&r, FEED_NONE, 0, 0);
	skip_space(&r);
	if (here(&r) != '{' && here(&r) != '[')
		fail(&r, "neither an object nor an array");
	while (!r.why && (value(&r) || more(&r)))
		;
	*end = r.p < r.end ? r.p : r.end;
	return r.why;
}

struct span feed_text(struct feed_value v)
{
	const struct feed_node *n = &v.tree->nodes[v.node];

	switch (n->kind) {
	case FEED_STRING:
	case FEED_INTEGER:
	case FEED_REAL:
		return (struct span){v.tree->text + n->at, n->len};
	case FEED_ESCAPED:
		return (struct span){v.tree->beside + n->at, n->len};
	default:
		return (struct span){"", 0};
	}
}

struct feed_value feed_get(struct feed_value v, const char *name)
{
	const struct feed_tree *t = v.tree;
	const struct feed_node *object = &t->nodes[v.node];
	struct feed_value found = {t, 0};
	size_t len = strlen(name);

	if (object->kind != FEED_OBJECT)
		return found;
	for (uint32_t i = v.node + 1; i < object->at; i = feed_after(t, i + 1)) {
		const struct feed_node *k = &t->nodes[i];
		if (k->len == len &&
		    memcmp(k->kind == FEED_STRING ? t->text + k->at : t->beside + k->at, name,
			   len) == 0)
			found.node = i + 1;
	}
	return found;
}
