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

static struct board_line **line_chain(const struct board *b, const char *id)
{
	return &b->lines[hash_bytes(id, strlen(id), 0) & (b->line_chains - 1)];
}

struct board_line *board_table_line(const struct board *b, const char *id)
{
	struct board_line *l = b->line_chains ? *line_chain(b, id) : NULL;

	while (l && strcmp(l->id, id) != 0)
		l = l->next;
	return l;
}

static int grow_lines(struct board *b)
{
	uint32_t old_chains = b->line_chains, chains = old_chains ? old_chains * 2 : 64;
	struct board_line **old = b->lines, **new = calloc(chains, sizeof(*new));

	if (!new)
		return -ENOMEM;
	b->lines = new;
	b->line_chains = chains;
	for (uint32_t i = 0; i < old_chains; i++)
		for (struct board_line *l = old[i], *next; l; l = next) {
			next = l->next;
			struct board_line **chain = line_chain(b, l->id);
			l->next = *chain;
			*chain = l;
		}
	free(old);
	return 0;
}

int board_table_set_line(struct board *b, const char *id, uint32_t version, uint64_t says)
{
	struct board_line *l = board_table_line(b, id);

	assert(strlen(id) < CANDIDATE_ID_MAX);
	if (!l) {
		if (b->line_count == b->line_chains && grow_lines(b) != 0)
			return -ENOMEM;
		l = calloc(1, sizeof(*l));
		if (!l)
			return -ENOMEM;
		memcpy(l->id, id, strlen(id) + 1);
		struct board_line **chain = line_chain(b, id);
		l->next = *chain;
		*chain = l;
		b->line_count++;
	}
	l->version = version;
	l->says = says;
	return 0;
}

void board_table_forget_line(struct board *b, const char *id)
{
	struct board_line *l = board_table_line(b, id);

	if (!l)
		return;
	struct board_line **at = line_chain(b, id);
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	b->line_count--;
	free(l);
}

void board_table_clear(struct board *b)
{
	for (uint32_t i = 0; i < b->entry_chains; i++)
		for (struct board_entry *e = b->entries[i], *next; e; e = next) {
			next = e->next;
			board_table_free(e);
		}
	for (uint32_t i = 0; i < b->line_chains; i++)
		for (struct board_line *l = b->lines[i], *next; l; l = next) {
			next = l->next;
			free(l);
		}
	free(b->entries);
	free(b->lines);
	memset(b, 0, sizeof(*b));
}
