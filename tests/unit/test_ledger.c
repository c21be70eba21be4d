/* The loss ledger: sums, the balance, and its JSON. */
#include "engine/ledger.h"

#include "tap.h"

int main(void)
{
	static struct ledger a, b, sum, again;
	struct text t;

	text_init(&t);
	ledger_json(&t, &sum);
	tap_str(t.p, "{\"records\":0,\"clean\":0,\"hit\":0,\"rejected\":{},\"dropped\":{},\"in_flight\":0}",
		"an empty ledger");
	tap_ok(!ledger_lossy(&sum) && ledger_in_flight(&sum) == 0, "balances and lost nothing");

	counter_add(&a.records, 100);
	counter_add(&a.bytes, 5000);
	counter_add(&a.clean, 90);
	counter_add(&a.hit, 4);
	counter_add(&a.hits, 9);
	tap_ok(ledger_in_flight(&a) == 6 && !ledger_lossy(&a), "what is not placed is in flight, not lost");
	counter_add(&a.reason[REASON_NOT_JSON], 2);
	counter_add(&a.reason[REASON_LATE], 3);
	counter_add(&a.reason[REASON_TABLE_FULL], 1);
	tap_ok(ledger_in_flight(&a) == 0 && ledger_lossy(&a), "what is refused is placed, and lost");
	text_reset(&t);
	ledger_json(&t, &a);
	tap_str(t.p,
		"{\"records\":100,\"clean\":90,\"hit\":4,\"rejected\":{\"not_json\":2,\"late\":3},"
		"\"dropped\":{\"table_full\":1},\"in_flight\":0}",
		"its JSON has what is not zero, each on its side");

	/* every reason is counted, named once and on one side */
	int twice = 0, drops = 0;
	for (int r = REASON_OK + 1; r < REASON_COUNT; r++) {
		struct ledger one = {0};
		counter_add(&one.records, 1);
		counter_add(&one.reason[r], 1);
		text_reset(&t);
		ledger_json(&t, &one);
		const char *at = strstr(t.p, reason_name(r)), *dropped = strstr(t.p, "\"dropped\"");
		twice += !at || strstr(at + 1, reason_name(r)) || (at > dropped) != reason_is_drop(r) ||
			 ledger_in_flight(&one) || !ledger_lossy(&one) || !reason_doc(r)[0];
		drops += reason_is_drop(r);
	}
	tap_int(twice, 0, "each reason stands once, on its side, and balances");
	tap_ok(drops >= 2 && drops < REASON_COUNT - 1, "some are ours");

	/* joined: every counter is the sum */
	counter *from = (counter *)&b, *to = (counter *)&sum;
	for (size_t i = 0; i < sizeof(b) / sizeof(counter); i++)
		counter_add(&from[i], i + 1);
	ledger_join(&sum, &b);
	ledger_join(&sum, &b);
	int wrong = 0;
	for (size_t i = 0; i < sizeof(b) / sizeof(counter); i++)
		wrong += counter_get(&to[i]) != 2 * (i + 1) || counter_get(&from[i]) != i + 1;
	tap_int(wrong, 0, "a join adds every counter, and leaves the other alone");
	ledger_join(&again, &a);
	tap_ok(ledger_in_flight(&again) == 0 && counter_get(&again.bytes) == 5000, "sums balance");
	struct ledger over = {0};
	counter_add(&over.unplaced, 1);
	tap_ok(ledger_lossy(&over), "a hit without room is a loss");
	text_fini(&t);
	return tap_done();
}
