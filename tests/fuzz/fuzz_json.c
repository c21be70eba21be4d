/* fuzz_json - any bytes as a text record of any format: no crash, and what must hold, holds. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct decoder decoder;
static struct event ev;
static struct home_net home;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool readable(struct span s)
{
	volatile char sum = 0;

	for (uint32_t i = 0; i < s.len; i++)
		sum = (char)(sum ^ s.p[i]);
	return s.p != NULL;
}

static void judge(void)
{
	char entity[ENTITY_TEXT_MAX];

	check(ev.fields <= EVENT_FIELDS_MAX && ev.observables <= EVENT_OBSERVABLES_MAX);
	for (uint32_t i = 0; i < ev.fields; i++)
		check(readable(ev.field[i].value) && ev.field[i].id < FIELD_COUNT);
	for (uint32_t i = 0; i < ev.observables; i++) {
		const struct observable *o = &ev.observable[i];
		check(readable(o->value) && (o->type != OBSERVABLE_IP || o->addr.bits));
		check(event_class(&ev, o, &home) != CLASS_NONE);
	}
	check(event_entity(&ev, NULL, &home, entity) < ENTITY_TEXT_MAX);
	check(ev.campaign.len <= EVENT_NAME_MAX || ev.format != FORMAT_NOTIFICATION);
	check(ev.claims < IMPACT_BIT(IMPACT_CLAIM_COUNT));
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		check(vocab_impact_unit(m) != IMPACT_SHARE || ev.measure[m] <= IMPACT_SHARE_WHOLE);
}

/* The first byte chooses the format, 'N' a notification; the rest is the record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum format formats[] = {FORMAT_AUTO, FORMAT_EVE,  FORMAT_ZEEK,
					      FORMAT_ECS,  FORMAT_IDEA, FORMAT_INTELMQ,
					      FORMAT_N6,   FORMAT_LINES};
	int64_t time_us;

	if (!decoder.index) {
		check(decoder_init(&decoder) == 0);
		home_net_default(&home);
	}
	if (size == 0)
		return 0;
	enum format format = data[0] == 'N' ? FORMAT_NOTIFICATION : formats[data[0] % 8];
	const char *p = (const char *)data + 1;
	enum reason why = decode_text(&decoder, format, NULL, NULL, p, size - 1, &ev);
	if (why == REASON_OK)
		judge();
	check(why != REASON_NOT_UTF8 || !utf8_valid(data + 1, size - 1));
	decode_time(format, p, size - 1, &time_us);
	return 0;
}
