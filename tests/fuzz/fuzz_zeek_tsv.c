/* fuzz_zeek_tsv - a header up to the first NUL, then a line. */
#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decoder decoder;
	static struct event ev;
	const uint8_t *nul = memchr(data, 0, size);

	if (!decoder.index && decoder_init(&decoder))
		abort();
	if (!nul)
		return 0;
	const char *line = (const char *)nul + 1;
	size_t len = size - (size_t)(nul + 1 - data);
	enum reason why =
		decode_text(&decoder, FORMAT_ZEEK_TSV, NULL, (const char *)data, line, len, &ev);
	if (why != REASON_OK || ev.observables > EVENT_OBSERVABLES_MAX)
		abort();
	return 0;
}
