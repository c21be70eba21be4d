/* Any bytes as a record of each kind, through every walk: they must agree; and its lines as a block. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/test_matcher_set.h"
#include "match/match.h"
#include "match/matcher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct matcher *matcher;
static struct match_scratch *scratch;

static void start(void)
{
	static struct indicator_set set;

	set_one(&set, CONDITION_IP, OBSERVABLE_IP, "192.0.2.1");
	set_one(&set, CONDITION_IP, OBSERVABLE_IP, "2001:db8::1");
	set_one(&set, CONDITION_NETWORK, OBSERVABLE_IP, "198.51.100.0/24");
	set_one(&set, CONDITION_NETWORK, OBSERVABLE_IP, "2001:db8:1::/48");
	set_one(&set, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, "evil.example");
	set_one(&set, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, "xn--bse-sna.example");
	set_one(&set, CONDITION_URL, OBSERVABLE_URL, "drop.example/x");
	set_one(&set, CONDITION_HASH, OBSERVABLE_HASH, "0123456789abcdef0123456789abcdef");
	set_one(&set, CONDITION_EMAIL, OBSERVABLE_EMAIL, "a@mail.example");
	set_one(&set, CONDITION_VALUE, OBSERVABLE_FILE_NAME, "bad.exe");
	set_pattern(&set, PATTERN_SUBSTRING, OBSERVABLE_COMMAND, "-enc ", HS_FLAG_CASELESS);
	set_pattern(&set, PATTERN_REGEX, OBSERVABLE_NONE, "raw[0-9]{3}mark", 0);
	if (matcher_compile(&matcher, &set, NULL) || match_scratch_init(&scratch, matcher))
		abort();
}

/* Its lines as a block: where one may match by itself, it may in the block. */
static void in_block(enum format format, const char *p, size_t size)
{
	const char *end = p + size, *block = p;

	for (const char *stop; p < end; p = stop + 1) {
		if (p >= block)
			block = match_block(matcher, scratch, format, p, (size_t)(end - p));
		stop = match_line(matcher, scratch, p, end);
		if (stop != end && *stop != '\n')
			abort();
		bool ahead = match_scan(matcher, scratch, format, p, (size_t)(stop - p));
		struct match_ahead kept = scratch->ahead;
		scratch->ahead.start = scratch->ahead.end = NULL;
		if (match_scan(matcher, scratch, format, p, (size_t)(stop - p)) && !ahead)
			abort();
		scratch->ahead = kept;
	}
	match_block(matcher, scratch, format, NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum format formats[] = {FORMAT_EVE, FORMAT_AUTO, FORMAT_LINES,
					      FORMAT_ZEEK_TSV};
	const struct scan_walk *const walks[] = {&scan_walk_portable, scan_walk_best(),
#ifdef __x86_64__
				       __builtin_cpu_supports("avx2") ? &scan_walk_avx2
								      : &scan_walk_portable
#endif
	};

	if (!matcher)
		start();
	/* exactly the room that the contract grants */
	char *record = calloc(size + 64, 1);
	if (!record)
		return 0;
	if (size)
		memcpy(record, data, size);
	for (size_t f = 0; f < 4; f++) {
		bool first = false;
		for (size_t w = 0; w < sizeof(walks) / sizeof(walks[0]); w++) {
			matcher->walk = walks[w];
			bool maybe = match_scan(matcher, scratch, formats[f], record, size);
			if (w == 0)
				first = maybe;
			else if (maybe != first)
				abort();
			in_block(formats[f], record, size);
		}
	}
	free(record);
	return 0;
}
