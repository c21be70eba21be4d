/* Problems: kept up to a bound, counted beyond it, each kind for itself. */
#include "base/problem.h"

#include "tap.h"

int main(void)
{
	struct problems ps;
	char long_text[3000];

	problems_init(&ps);
	problem_refuse(NULL, "config", "f", 1, "nobody %s", "listens");
	problem_refuse(&ps, "config", "a.yaml", 3, "threads: %d", 999);
	problem_remark(&ps, "rule", NULL, 0, "a remark");
	problem_refuse(&ps, "rule", "r", 7, "bad");
	tap_ok(ps.count == 3 && ps.refused == 2, "remarks are kept and refuse nothing");
	tap_ok(problems_refused(&ps, "config") == 1 && problems_refused(&ps, "rule") == 1 &&
		       problems_refused(&ps, "benign") == 0, "each kind for itself");
	tap_str(ps.items[0].reason, "threads: 999", "the reason");
	tap_ok(strcmp(ps.items[0].file, "a.yaml") == 0 && ps.items[0].line == 3 && ps.items[0].fatal,
	       "file and line");
	tap_ok(strcmp(ps.items[1].file, "-") == 0 && !ps.items[1].fatal, "no file is \"-\"");
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	problem_refuse(&ps, "rule", "r", 8, "%s", long_text);
	tap_ok(strlen(ps.items[3].reason) == 1023, "a long reason is cut");
	for (int i = 0; i < PROBLEMS_MAX; i++)
		problem_refuse(&ps, "indicator", "i", (uint32_t)i, "n");
	tap_ok(ps.count == PROBLEMS_MAX && ps.not_kept == 4, "the rest is counted only");
	tap_ok(problems_refused(&ps, "indicator") == PROBLEMS_MAX && ps.refused == PROBLEMS_MAX + 3,
	       "and refused all the same");
	problems_fini(&ps);
	tap_ok(ps.count == 0 && !ps.items && ps.refused == 0, "fini empties it");
	static const char *const kinds[] = {"0", "1", "2",  "3",  "4",	"5",  "6",  "7",  "8",
					    "9", "a", "b", "c", "d", "e", "f", "g", "h"};
	for (int i = 0; i < 18; i++)
		problem_refuse(&ps, kinds[i], "f", 0, "x");
	tap_ok(ps.refused == 18 && problems_refused(&ps, "f") == 1 && problems_refused(&ps, "g") == 0,
	       "more kinds than there is room for are counted in all");
	problems_fini(&ps);
	return tap_done();
}
