/*
 * pattern_cover - a few fragments of which every literal holds one.
 *
 * Hyperscan looks for some dozen literals three times as fast as for a thousand
 * (11 and 3.3 GB/s here), and the literals of real pattern lists come in families:
 * "stage_4466f222.php", "stage_90ab11cd.php". Where so few fragments cover all
 * literals, a block is searched for them first, and only a line that holds one
 * for the literals themselves.
 *
 * Thread   one owner.
 * Order    none.
 * Owns     nothing; the fragments are the caller's list.
 * Memory   allocates 16 bytes for each of about 100 fragments a literal, and frees them.
 * Limit    PATTERN_COVER_MAX fragments of 3 to 8 bytes; lists of PATTERN_COVER_LEAST to
 *          PATTERN_COVER_MOST literals are tried.
 */
#ifndef TOCSIN_MATCH_PATTERN_COVER_H
#define TOCSIN_MATCH_PATTERN_COVER_H

#include "match/pattern_compile.h"

#define PATTERN_COVER_MAX   64 /* more, and Hyperscan is hardly faster than for all */
#define PATTERN_COVER_LEAST 128
#define PATTERN_COVER_MOST  20000

/* Adds the fragments, for any case, to an empty list; none where there is no such
 * cover. 0, -ENOMEM. */
int pattern_cover(const struct pattern_list *literals, struct pattern_list *cover);

#endif
