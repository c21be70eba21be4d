#include "raise/board_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

uint64_t board_table_hash(const struct threat_name *threat)
{
	return hash_bytes(threat->id, strlen(threat->id), threat->kind);
}

struct board_entry *board_table_new(const struct threat_name *threat)
{
	struct board_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->hash = board_table_hash(threat);
	e->threat = (struct threat_name){threat->kind, strdup(threat->id), strdup(threat->name)};
	if (e->threat.id && e->threat.name)
		return e;
	board_table_free(e);
	return NULL;
}

void board_table_free(struct board_entry *e)
{
	free((char *)e->threat.id);
	free((char *)e->threat.name);
	free(e);
}

static void link_entry(struct board *b, struct board_entry *e)
{
	struct board_entry **chain = &b->entries[e->hash & (b->entry_chains - 1)];

	e->next = *chain;
	*chain = e;
}

int board_table_reserve(struct board *b)
{
	if (b->entry_count < b->entry_chains)
		return 0;
	uint32_t old_chains = b->entry_chains, chains = old_chains ? old_chains * 2 : 64;
	struct board_entry **old = b->entries, **new = calloc(chains, sizeof(*new));

	if (!new)
		return -ENOMEM;
	b->entries = new;
	b->entry_chains = chains;
	for (uint32_t i = 0; i < old_chains; i++)
		for (struct board_entry *e = old[i], *next; e; e = next) {
			next = e->next;
			link_entry(b, e);
		}
	free(old);
	return 0;
}

void board_table_add(struct board *b, struct board_entry *e)
{
	assert(b->entry_count < b->entry_chains);
	link_entry(b, e);
	b->entry_count++;
	b->by_status[e->status]++;
}

void board_table_remove(struct board *b, struct board_entry *e)
{
	struct board_entry **at = &b->entries[e->hash & (b->entry_chains - 1)];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	b->entry_count--;
	b->by_status[e->status]--;
	board_table_free(e);
}

static struct board_entry *same_threat(struct board_entry *e, uint64_t hash,
				       const struct threat_name *threat)
{
	while (e && (e->hash != hash || e->threat.kind != threat->kind ||
		     strcmp(e->threat.id, threat->id) != 0))
		e = e->next;
	return e;
}

struct board_entry *board_table_first(const struct board *b, const struct threat_name *threat)
{
	uint64_t hash = board_table_hash(threat);

	if (!b->entry_chains)
		return NULL;
	return same_threat(b->entries[hash & (b->entry_chains - 1)], hash, threat);
}

struct board_entry *board_table_next(const struct board_entry *e)
{
	return same_threat(e->next, e->hash, &e->threat);
}

struct board_entry *board_table_find(const struct board *b, const struct threat_name *threat,
				     const char *id)
{
	struct board_entry *e = board_table_first(b, threat);

	while (e && strcmp(e->id, id) != 0)
		e = board_table_next(e);
	return e;
}

void board_table_clear(struct board *b)
{
	for (uint32_t i = 0; i < b->entry_chains; i++)
		for (struct board_entry *e = b->entries[i], *next; e; e = next) {
			next = e->next;
			board_table_free(e);
		}
	free(b->entries);
	memset(b, 0, sizeof(*b));
}
