#include "match/pattern_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cache_file.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"

#define PREFIX "patterns-"

enum { PART_DATABASE, PART_REFUSED };

#define FOLDER_MAX 3072

/* The first one named stands. Under the lock: rules that are folded in compile beside others. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[FOLDER_MAX];

/* False: there is none. */
static bool in_use(char out[FOLDER_MAX])
{
	pthread_mutex_lock(&lock);
	memcpy(out, folder, FOLDER_MAX);
	pthread_mutex_unlock(&lock);
	return *out != '\0';
}

static void remove_old(const char *dir)
{
	DIR *d = opendir(dir);
	time_t least = time(NULL) - (time_t)PATTERN_CACHE_DAYS * 86400;
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0 &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < least)
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

void pattern_cache_use(const char *dir)
{
	pthread_mutex_lock(&lock);
	const bool first = !*folder && *dir;
	if (first)
		snprintf(folder, sizeof(folder), "%.3071s", dir);
	pthread_mutex_unlock(&lock);
	if (first)
		remove_old(dir);
}

static void add(XXH3_state_t *s, const void *p, size_t len)
{
	uint64_t n = len;

	XXH3_128bits_update(s, &n, sizeof(n));
	if (len)
		XXH3_128bits_update(s, p, len);
}

static struct cache_key key_of(const struct pattern_list *l)
{
	hs_platform_info_t platform;
	XXH3_state_t s;

	memset(&platform, 0, sizeof(platform));
	hs_populate_platform(&platform);
	XXH3_128bits_reset(&s);
	add(&s, hs_version(), strlen(hs_version()));
	add(&s, &platform, sizeof(platform));
	add(&s, &l->literal, sizeof(l->literal));
	add(&s, l->flags, l->count * sizeof(*l->flags));
	add(&s, l->ids, l->count * sizeof(*l->ids));
	for (unsigned i = 0; i < l->count; i++)
		add(&s, l->texts[i], l->lens[i]);
	XXH128_hash_t h = XXH3_128bits_digest(&s);
	return (struct cache_key){{h.low64, h.high64}};
}

static void path_of(char path[4096], const char *dir, const struct cache_key *k)
{
	snprintf(path, 4096, "%s/" PREFIX "%016llx%016llx", dir, (unsigned long long)k->hash[1],
		 (unsigned long long)k->hash[0]);
}

/* id, why, NUL; and again. */
static void tell(const struct cache_part *p, pattern_refused *refused, void *ctx)
{
	const char *at = p->p, *end = at + p->bytes;
	unsigned id;

	while ((size_t)(end - at) > sizeof(id) &&
	       memchr(at + sizeof(id), '\0', (size_t)(end - at) - sizeof(id))) {
		memcpy(&id, at, sizeof(id));
		at += sizeof(id);
		refused(ctx, id, at);
		at += strlen(at) + 1;
	}
}

/* The ids of a file of the right name are the list's, unless someone made it up. */
static bool ids_known(const struct cache_part *p, const struct pattern_list *l)
{
	const char *at = p->p, *end = at + p->bytes;
	unsigned id, greatest = 0;

	for (unsigned i = 0; i < l->count; i++)
		greatest = l->ids[i] > greatest ? l->ids[i] : greatest;
	while (at < end) {
		if ((size_t)(end - at) <= sizeof(id))
			return false;
		memcpy(&id, at, sizeof(id));
		const char *nul = memchr(at + sizeof(id), '\0', (size_t)(end - at) - sizeof(id));
		if (!nul || id > greatest)
			return false;
		at = nul + 1;
	}
	return true;
}

static bool find(const char *path, const struct cache_key *key, const struct pattern_list *l,
		 hs_database_t **db, pattern_refused *refused, void *ctx)
{
	struct cache_file f;

	if (cache_file_open(&f, path, key))
		return false;
	const struct cache_part *bytes = &f.parts[PART_DATABASE];
	bool ok = ids_known(&f.parts[PART_REFUSED], l) &&
		  (bytes->bytes == 0 ||
		   hs_deserialize_database(bytes->p, bytes->bytes, db) == HS_SUCCESS);
	if (ok) {
		tell(&f.parts[PART_REFUSED], refused, ctx);
		utimensat(AT_FDCWD, path, NULL, 0); /* asked for today */
	}
	cache_file_close(&f);
	return ok;
}

/* What is refused is kept beside the database. */
struct listening {
	struct text said;
	pattern_refused *refused;
	void *ctx;
};

static void listen(void *arg, unsigned id, const char *why)
{
	struct listening *n = arg;

	text_bytes(&n->said, &id, sizeof(id));
	text_bytes(&n->said, why, strlen(why) + 1);
	n->refused(n->ctx, id, why);
}

static void keep(const char *path, const struct cache_key *key, const hs_database_t *db,
		 const struct text *said)
{
	struct cache_part parts[CACHE_PARTS_MAX] = {{0}};
	char *bytes = NULL;
	size_t len = 0;

	if (said->error || (db && hs_serialize_database(db, &bytes, &len) != HS_SUCCESS))
		return;
	parts[PART_DATABASE] = (struct cache_part){bytes, len};
	parts[PART_REFUSED] = (struct cache_part){said->p, said->len};
	cache_file_write(path, key, parts); /* a cache that cannot be written is none */
	free(bytes);
}

int pattern_list_compile(struct pattern_list *l, hs_database_t **db, pattern_refused *refused,
			  void *ctx)
{
	struct listening n = {.refused = refused, .ctx = ctx};
	char path[4096], dir[FOLDER_MAX];

	*db = NULL;
	if (!in_use(dir) || l->count == 0)
		return pattern_list_build(l, db, refused, ctx);
	struct cache_key key = key_of(l);
	path_of(path, dir, &key);
	if (find(path, &key, l, db, refused, ctx))
		return 0;
	uint64_t start = clock_monotonic_ns();
	int err = pattern_list_build(l, db, listen, &n);
	if (!err && clock_monotonic_ns() - start >= PATTERN_CACHE_LEAST_MS * UINT64_C(1000000))
		keep(path, &key, *db, &n.said);
	text_fini(&n.said);
	return err;
}
