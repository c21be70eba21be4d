#include "engine/ledger.h"

#include <assert.h>

void ledger_join(struct ledger *sum, const struct ledger *from)
{
	counter *to = (counter *)sum;
	const counter *in = (const counter *)from;

	static_assert(sizeof(struct ledger) % sizeof(counter) == 0, "a ledger is counters only");
	for (size_t i = 0; i < sizeof(struct ledger) / sizeof(counter); i++)
		counter_add(&to[i], counter_get(&in[i]));
}

static uint64_t refused(const struct ledger *l)
{
	uint64_t n = 0;

	for (int r = REASON_OK + 1; r < REASON_COUNT; r++)
		n += counter_get(&l->reason[r]);
	return n;
}

uint64_t ledger_in_flight(const struct ledger *l)
{
	return counter_get(&l->records) - counter_get(&l->clean) - counter_get(&l->hit) -
	       refused(l);
}

bool ledger_lossy(const struct ledger *l)
{
	return refused(l) > 0 || counter_get(&l->unplaced) > 0 ||
	       counter_get(&l->campaigns_refused) > 0 || counter_get(&l->over_share) > 0 ||
	       counter_get(&l->hit_overflow) > 0 || counter_get(&l->undecided) > 0 ||
	       counter_get(&l->partial_refused) > 0 || counter_get(&l->partial_dropped) > 0;
}

static void reasons_json(struct text *out, const struct ledger *l, int drops)
{
	const char *comma = "";

	text_char(out, '{');
	for (int r = REASON_OK + 1; r < REASON_COUNT; r++) {
		uint64_t n = counter_get(&l->reason[r]);
		if (n == 0 || reason_is_drop(r) != drops)
			continue;
		text_printf(out, "%s\"%s\":%llu", comma, reason_name(r), (unsigned long long)n);
		comma = ",";
	}
	text_char(out, '}');
}

void ledger_json(struct text *out, const struct ledger *l)
{
	text_printf(out, "{\"records\":%llu,\"clean\":%llu,\"hit\":%llu,\"rejected\":",
		    (unsigned long long)counter_get(&l->records),
		    (unsigned long long)counter_get(&l->clean),
		    (unsigned long long)counter_get(&l->hit));
	reasons_json(out, l, 0);
	text_str(out, ",\"dropped\":");
	reasons_json(out, l, 1);
	text_printf(out, ",\"in_flight\":%llu}", (unsigned long long)ledger_in_flight(l));
}
