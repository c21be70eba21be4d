#include "match/pattern_library.h"

#include <errno.h>
#include <hs.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 200 /* more than three of the widest vectors */

/* Small sets are what goes wrong: each is run by another of the library's engines. */
static const struct trial {
	const char *expression, *beside, *text;
} trials[] = {
	{"/", NULL, "/"},	  {"ab", "zebra[0-9]q", "ab"}, {"/[0-9]", NULL, "/5"},
	{"/.*a", NULL, "/qa"},	  {"(?i)q", NULL, "Q"},        {"abcd", "zebra[0-9]q", "abcd"},
	{"wget", "curl", "wget"},
};

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		 void *arg)
{
	(void)from;
	(void)to;
	(void)flags;
	*(int *)arg += id == 0;
	return 0;
}

/* The first place where the text is missed; BLOCK: none. */
static size_t missed(const struct trial *t, const hs_database_t *db, hs_scratch_t *scratch)
{
	const size_t len = strlen(t->text);
	char block[BLOCK];
	size_t at = 0;

	for (; at + len <= BLOCK; at++) {
		int found = 0;
		memset(block, 'x', sizeof(block));
		memcpy(block + at, t->text, len);
		if (hs_scan(db, block, BLOCK, 0, scratch, count, &found) != HS_SUCCESS || !found)
			return at;
	}
	return BLOCK;
}

static int try(const struct trial *t, char why[256])
{
	const char *expressions[] = {t->expression, t->beside};
	static const unsigned flags[] = {HS_FLAG_SINGLEMATCH, HS_FLAG_SINGLEMATCH}, ids[] = {0, 1};
	hs_compile_error_t *error = NULL;
	hs_scratch_t *scratch = NULL;
	hs_database_t *db = NULL;
	size_t at = 0;

	if (hs_compile_multi(expressions, flags, ids, t->beside ? 2 : 1, HS_MODE_BLOCK, NULL, &db,
			     &error) == HS_SUCCESS &&
	    hs_alloc_scratch(db, &scratch) == HS_SUCCESS)
		at = missed(t, db, scratch);
	const int err = scratch ? at == BLOCK ? 0 : -ENOTSUP : -ENOMEM;
	if (err == -ENOTSUP)
		snprintf(why, 256,
			 "the pattern library at hand (%.40s) misses \"%s\" at byte %zu of a block on "
			 "this processor: use Hyperscan, or a newer Vectorscan",
			 hs_version(), t->text, at);
	hs_free_compile_error(error);
	hs_free_scratch(scratch);
	hs_free_database(db);
	return err;
}

static struct {
	int err;
	char why[256];
} verdict;

static void judge(void)
{
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]) && !verdict.err; i++)
		verdict.err = try(&trials[i], verdict.why);
}

int pattern_library_check(char why[256])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, judge);
	memcpy(why, verdict.why, sizeof(verdict.why));
	return verdict.err;
}
