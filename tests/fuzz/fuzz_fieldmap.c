/* fuzz_fieldmap - any bytes as a field map; one that loads decodes a record. */
#include <stdlib.h>
#include <string.h>

#include "decode/fieldmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char record[] = "{\"t\":\"2026-11-20T10:15:30Z\",\"a\":{\"b\":\"192.0.2.1\"},"
				     "\"c\":[\"x.example\",\"y.example\"],\"d\":\"\\u0041\"}";
	static struct decoder decoder;
	static struct event ev;
	struct problems ps;

	if (!decoder.index && decoder_init(&decoder))
		abort();
	problems_init(&ps);
	struct fieldmap *m = fieldmap_parse((const char *)data, size, "map.yaml", &ps);
	/* a refused map says why, a taken one works */
	if (!m && ps.refused == 0)
		abort();
	if (m &&
	    decode_text(&decoder, FORMAT_MAP, m, NULL, record, strlen(record), &ev) != REASON_OK)
		abort();
	fieldmap_free(m);
	problems_fini(&ps);
	return 0;
}
