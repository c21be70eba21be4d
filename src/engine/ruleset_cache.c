#include "engine/ruleset_cache.h"

#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/hash.h"

#define SETTLED_NS 50000000 /* coarser than any file system's clock here */

struct keying {
	XXH3_state_t sum;
	int64_t newest_ns;
	bool missing;
};

static void add(struct keying *k, const void *p, size_t len)
{
	uint64_t n = len;

	XXH3_128bits_update(&k->sum, &n, sizeof(n));
	if (len)
		XXH3_128bits_update(&k->sum, p, len);
}

static void add_text(struct keying *k, const char *text)
{
	add(k, text, strlen(text));
}

static void add_file(struct keying *k, const char *path, const struct stat *st)
{
	const int64_t is[] = {(int64_t)st->st_dev,
			      (int64_t)st->st_ino,
			      (int64_t)st->st_size,
			      (int64_t)st->st_mode,
			      (int64_t)st->st_mtim.tv_sec,
			      (int64_t)st->st_mtim.tv_nsec,
			      (int64_t)st->st_ctim.tv_sec,
			      (int64_t)st->st_ctim.tv_nsec};
	int64_t changed = is[6] * 1000000000 + is[7];

	add_text(k, path);
	add(k, is, sizeof(is));
	if (changed > k->newest_ns)
		k->newest_ns = changed;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A file, or all that a folder holds. */
static void add_path(struct keying *k, const char *path)
{
	char *const paths[] = {(char *)path, NULL};
	FTS *tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;
	bool any = false;

	while (tree && (e = fts_read(tree))) {
		if (e->fts_info == FTS_DP)
			continue;
		bool here = e->fts_info == FTS_F || e->fts_info == FTS_D;
		/* a pipe is read once: there is nothing to compare it with */
		k->missing |= !here;
		any |= here;
		if (here)
			add_file(k, e->fts_path, e->fts_statp);
	}
	if (tree)
		fts_close(tree);
	k->missing |= !any;
}

static void add_feed(struct keying *k, const struct config_feed *f)
{
	const uint8_t levels[] = {f->tlp, f->pap, f->severity};

	if (!f->path[0])
		return;
	add_text(k, f->name);
	add_text(k, f->campaign);
	add(k, levels, sizeof(levels));
	add_path(k, f->path);
}

bool ruleset_cache_path(const struct config *c, char path[CONFIG_TEXT_MAX + 64])
{
	const char *dir = c->cache_dir[0] ? c->cache_dir : c->state_dir;

	snprintf(path, CONFIG_TEXT_MAX + 64, "%s/indicators.cache", dir);
	return dir[0];
}

bool ruleset_cache_key(const struct config *c, struct cache_key *key, bool *settled)
{
	struct keying k = {.newest_ns = 0};
	struct timespec now;

	XXH3_128bits_reset(&k.sum);
	add_text(&k, TOCSIN_VERSION);
	/* another build may pack otherwise */
	add_path(&k, "/proc/self/exe");
	k.newest_ns = 0;
	for (uint32_t i = 0; i < c->feed_count; i++)
		add_feed(&k, &c->feeds[i]);
	for (uint32_t i = 0; i < c->rules.count; i++)
		add_path(&k, c->rules.items[i]);
	for (uint32_t i = 0; i < c->benign.count; i++)
		add_path(&k, c->benign.items[i]);
	add(&k, &c->rules.count, sizeof(c->rules.count));
	XXH128_hash_t h = XXH3_128bits_digest(&k.sum);
	*key = (struct cache_key){{h.low64, h.high64}};
	clock_gettime(CLOCK_REALTIME, &now);
	*settled = now.tv_sec * INT64_C(1000000000) + now.tv_nsec - k.newest_ns > SETTLED_NS;
	return !k.missing;
}
