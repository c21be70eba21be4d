/* decode_text over any bytes in every format, and decode_time: spans stay inside. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct decoder decoder;
static struct event event;
static bool ready;

static void one(enum format format, const char *p, size_t len)
{
	struct home_net home;
	struct source source = {.state = 0};
	char entity[ENTITY_TEXT_MAX];
	int64_t t;

	home_net_default(&home);
	decode_time(format, p, len, &t);
	if (decode_text(&decoder, format, NULL, NULL, p, len, &event) != REASON_OK)
		return;
	assert(event.observables <= EVENT_OBSERVABLES_MAX && event.fields <= EVENT_FIELDS_MAX);
	for (uint32_t i = 0; i < event.observables; i++)
		event_class(&event, &event.observable[i], &home);
	assert(event_entity(&event, &source, &home, entity) < ENTITY_TEXT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > 65536)
		return 0;
	if (!ready && decoder_init(&decoder))
		abort();
	ready = true;
	/* the first byte names the format; a field map is fuzz_fieldmap's */
	enum format format = (enum format)(data[0] % FORMAT_PACKET);
	if (format != FORMAT_MAP)
		one(format, (const char *)data + 1, size - 1);
	return 0;
}
