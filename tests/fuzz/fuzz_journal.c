/* journal: any bytes are frames up to the first that is not one, and what is taken up of their
 * entries leaves an engine that can be judged and saved again. Frames are sealed as they lie
 * first, so that what is behind the checksums is met too; inputs that begin with '!' are not. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/checkpoint.h"
#include "engine/engine_priv.h"
#include "engine/journal.h"
#include "engine/journal_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NUMBER 5

struct header {
	char magic[4];
	uint16_t kind, chained;
	uint32_t len, index;
	uint64_t number, sum;
};

static void seal(uint8_t *p, size_t size)
{
	uint32_t index = 0;

	for (size_t at = 0; at + sizeof(struct header) <= size; index++) {
		struct header h;
		memcpy(&h, p + at, sizeof(h));
		memcpy(h.magic, "tcJ1", 4);
		h.kind = h.kind % 3;
		size_t most = size - at - sizeof(h);
		h.len = h.len > most ? (uint32_t)most : h.len;
		h.index = index;
		h.number = NUMBER;
		h.sum = hash_bytes(p + at + sizeof(h), h.len,
				   hash_bytes(&h, offsetof(struct header, sum), 0));
		memcpy(p + at, &h, sizeof(h));
		at += sizeof(h) + ((h.len + 7u) & ~7u);
	}
}

static struct config *configured(void)
{
	static const char *const set[] = {"profile=rules/significance/observed.yaml", "table.cells=1k",
					  "table.entries=1k", "table.overflows=1", "table.partial=1k",
					  "batches=1", "threads=1"};
	static struct config c;
	struct problems ps;
	char why[256];

	problems_init(&ps);
	config_init(&c);
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		config_set(&c, set[i], &ps);
	source_from_spec(&c.sources, "DE/energy/soc", why);
	config_finish(&c, &ps);
	problems_fini(&ps);
	return &c;
}

struct life {
	struct engine *e;
	struct outbox b;
	uint32_t frames;
};

static int take(void *arg, const struct journal_frame *f)
{
	struct life *l = arg;

	l->frames++;
	if (f->kind != JOURNAL_SAID)
		return 0;
	int err = journal_entry_get(f->p, f->len, l->e, &l->b);
	assert(err == 0 || err == -EBADMSG || err == -ENOMEM || err == -ENOSPC);
	return err;
}

static void quiet(void *arg, const struct candidate *c)
{
	struct text t;

	text_init(&t);
	candidate_json(&t, c, arg);
	text_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config *config;
	struct life l = {0};
	struct problems ps;
	char why[256];

	if (!config)
		config = configured();
	uint8_t *copy = malloc(size + 1);
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	if (size && data[0] != '!')
		seal(copy, size);
	problems_init(&ps);
	if (engine_create(&l.e, config, &ps, why))
		abort();
	int err = journal_scan(copy, size, NUMBER, take, &l, why);
	assert(err <= 0 && l.frames <= size / sizeof(struct header));
	engine_judge(l.e, quiet, &l.e->context);
	struct stream cut;
	struct checkpoint_marks none = {0};
	checkpoint_cut(&cut, l.e, &l.b, &none);
	assert(cut.error == 0);
	stream_fini(&cut);
	outbox_fini(&l.b);
	engine_destroy(l.e);
	problems_fini(&ps);
	free(copy);
	return 0;
}
