#include "config/reason.h"

#include <assert.h>

enum kind { REJECTED, DROPPED };

static const struct {
	enum kind kind;
	const char *name, *doc;
} reasons[REASON_COUNT] = {
	[REASON_OK] = {REJECTED, "ok", "taken"},
#define X(kind, name, text, doc) [REASON_##name] = {kind, text, doc},
	REASONS(X)
#undef X
};

const char *reason_name(enum reason r)
{
	assert(r < REASON_COUNT);
	return reasons[r].name;
}

const char *reason_doc(enum reason r)
{
	assert(r < REASON_COUNT);
	return reasons[r].doc;
}

int reason_is_drop(enum reason r)
{
	assert(r < REASON_COUNT);
	return reasons[r].kind == DROPPED;
}
