/*
 * retro - indicators that come late: was it seen before anybody said that it is bad?
 *
 * With retro.window, workers note what each source shows (match/seen.h): every domain (and its
 * parents), address and file hash that the walk over the raw bytes meets, and those of decoded
 * records; other kinds of indicators are not looked back for. An indicator that arrives, of an
 * atom that nobody named before, is asked of every source once it is in force on all workers.
 *
 * What was seen becomes evidence of class attempt at the minute in which it was last seen, at
 * position retro:SOURCE, of no entity: that it was there is known, not whom it reached.
 * valid_from does not count here, valid_until does. Times are of arrival, by this machine.
 *
 * Thread   note: workers, a view each; gather: who publishes; place: judge.
 * Order    an indicator is asked when no worker holds a generation without it: what was matched
 *          without it has been noted by then, what comes later is matched with it.
 * Owns     the table, and what waits to be asked.
 * Memory   retro.memory at start, 32 KiB a worker; heap for what is asked.
 * Limit    SEEN_ERROR; RETRO_ASKED_MAX indicators are remembered as asked.
 */
#ifndef TOCSIN_ENGINE_RETRO_H
#define TOCSIN_ENGINE_RETRO_H

#include "base/text.h"
#include "engine/generation.h"
#include "match/seen.h"

#define RETRO_ASKED_MAX (1u << 22)

struct engine;
struct retro;

int retro_init(struct retro **r, struct engine *e); /* NULL where it is off; 0, -ENOMEM */
void retro_fini(struct retro *r);
struct seen_view *retro_view(struct retro *r); /* malloc'd */
uint64_t retro_salt(const struct retro *r, uint32_t source);

/* Remembers what of the generation is new, before it is published as this number. */
void retro_gather(struct retro *r, const struct generation *g, uint32_t number);
/* Asks what is in effect by now, and places what was seen. @thread judge */
void retro_place(struct retro *r);
/* ,"retro":{...}; nothing where it is off. @thread any */
void retro_json(struct text *t, const struct retro *r);

#endif
