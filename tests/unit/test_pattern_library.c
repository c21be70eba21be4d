/* A pattern library that misses what is there is refused, by name and with what it missed. */
#include <dlfcn.h>
#include <errno.h>
#include <hs.h>
#include <string.h>

#include "base/problem.h"
#include "match/match.h"
#include "match/pattern_library.h"
#include "tap.h"

/* Stands in for the library's: deaf after a block's first 64 bytes, as Vectorscan 5.4.9 is. */
hs_error_t HS_CDECL hs_scan(const hs_database_t *db, const char *p, unsigned len, unsigned flags,
			    hs_scratch_t *scratch, match_event_handler on, void *arg)
{
	hs_error_t (*scan)(const hs_database_t *, const char *, unsigned, unsigned, hs_scratch_t *,
			   match_event_handler, void *);
	void *real = dlsym(RTLD_NEXT, "hs_scan");

	memcpy(&scan, &real, sizeof(scan));
	return scan(db, p, len < 64 ? len : 64, flags, scratch, on, arg);
}

int main(void)
{
	struct indicator_set set = {0};
	struct matcher *m = NULL;
	struct problems ps;
	char why[256];

	tap_int(pattern_library_check(why), -ENOTSUP, "a deaf library is told");
	tap_ok(strstr(why, "misses \"/\" at byte 64"), "and what it missed: %s", why);
	problems_init(&ps);
	tap_ok(matcher_compile(&m, &set, &ps) == -ENOTSUP && !m, "nothing is compiled for it");
	tap_ok(ps.refused == 1 && strcmp(ps.items[0].kind, "rule") == 0, "and check says so");
	problems_fini(&ps);
	return tap_done();
}
