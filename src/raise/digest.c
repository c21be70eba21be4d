#include "raise/digest.h"

#include <inttypes.h>
#include <stdio.h>

void digest_init(struct digest *d)
{
	XXH3_128bits_reset(&d->state);
}

void digest_line(struct digest *d, const char *line, size_t len)
{
	XXH3_128bits_update(&d->state, line, len);
	XXH3_128bits_update(&d->state, "\n", 1);
}

void digest_hex(const struct digest *d, char out[DIGEST_TEXT_MAX])
{
	XXH128_hash_t h = XXH3_128bits_digest(&d->state);

	snprintf(out, DIGEST_TEXT_MAX, "%016" PRIx64 "%016" PRIx64, h.high64, h.low64);
}
