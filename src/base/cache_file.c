#include "base/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define MAGIC "tocsinM1"
#define ALIGN 64

struct header {
	char magic[8];
	struct cache_key key;
	uint64_t bytes;	   /* of the file */
	uint64_t checksum; /* of the header with 0 here, and of all behind it */
	struct {
		uint64_t at, bytes;
	} parts[CACHE_PARTS_MAX];
};

static uint64_t aligned(uint64_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static int write_all(int fd, const void *p, uint64_t n)
{
	const char *q = p;

	while (n > 0) {
		ssize_t did = write(fd, q, n < (1u << 30) ? n : 1u << 30);
		if (did < 0 && errno != EINTR)
			return -errno;
		q += did > 0 ? did : 0;
		n -= did > 0 ? (uint64_t)did : 0;
	}
	return 0;
}

static void lay_out(struct header *h, const struct cache_part *parts)
{
	static const char none[ALIGN];
	uint64_t at = aligned(sizeof(*h));
	XXH3_state_t sum;

	for (int i = 0; i < CACHE_PARTS_MAX; i++) {
		h->parts[i].at = at;
		h->parts[i].bytes = parts[i].bytes;
		at += aligned(parts[i].bytes);
	}
	h->bytes = at;
	XXH3_64bits_reset(&sum);
	XXH3_64bits_update(&sum, h, sizeof(*h));
	XXH3_64bits_update(&sum, none, aligned(sizeof(*h)) - sizeof(*h));
	for (int i = 0; i < CACHE_PARTS_MAX; i++) {
		if (parts[i].bytes)
			XXH3_64bits_update(&sum, parts[i].p, parts[i].bytes);
		XXH3_64bits_update(&sum, none, aligned(parts[i].bytes) - parts[i].bytes);
	}
	h->checksum = XXH3_64bits_digest(&sum);
}

static int write_parts(int fd, const struct header *h, const struct cache_part *parts)
{
	static const char none[ALIGN];
	int err = write_all(fd, h, sizeof(*h));

	if (!err)
		err = write_all(fd, none, aligned(sizeof(*h)) - sizeof(*h));
	for (int i = 0; i < CACHE_PARTS_MAX && !err; i++) {
		err = write_all(fd, parts[i].p, parts[i].bytes);
		if (!err)
			err = write_all(fd, none, aligned(parts[i].bytes) - parts[i].bytes);
	}
	return err;
}

int cache_file_write(const char *path, const struct cache_key *key,
		     const struct cache_part parts[CACHE_PARTS_MAX])
{
	struct header h = {.key = *key};
	char tmp[4096];

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid()) >= sizeof(tmp))
		return -ENAMETOOLONG;
	memcpy(h.magic, MAGIC, sizeof(h.magic));
	lay_out(&h, parts);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int err = write_parts(fd, &h, parts);
	/* no fsync: what a crash leaves half written has the wrong checksum */
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	if (err)
		unlink(tmp);
	return err;
}

static int trusted(int fd, uint64_t *bytes)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) ||
	    st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	*bytes = (uint64_t)st.st_size;
	return *bytes >= sizeof(struct header) ? 0 : -EBADMSG;
}

static int check(struct cache_file *f, const struct cache_key *key)
{
	struct header h;
	const uint64_t body = sizeof(h);
	XXH3_state_t sum;

	memcpy(&h, f->map, sizeof(h));
	if (memcmp(h.magic, MAGIC, sizeof(h.magic)) != 0 || h.bytes != f->bytes)
		return -EBADMSG;
	if (memcmp(&h.key, key, sizeof(*key)) != 0)
		return -ENOENT;
	for (int i = 0; i < CACHE_PARTS_MAX; i++) {
		if (h.parts[i].at % ALIGN || h.parts[i].at > f->bytes ||
		    h.parts[i].bytes > f->bytes - h.parts[i].at)
			return -EBADMSG;
		f->parts[i] = (struct cache_part){(const char *)f->map + h.parts[i].at,
						  h.parts[i].bytes};
	}
	uint64_t checksum = h.checksum;
	h.checksum = 0;
	XXH3_64bits_reset(&sum);
	XXH3_64bits_update(&sum, &h, sizeof(h));
	XXH3_64bits_update(&sum, (const char *)f->map + body, f->bytes - body);
	return XXH3_64bits_digest(&sum) == checksum ? 0 : -EBADMSG;
}

int cache_file_open(struct cache_file *f, const char *path, const struct cache_key *key)
{
	uint64_t bytes = 0;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	*f = (struct cache_file){0};
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EPERM;
	int err = trusted(fd, &bytes);
	void *map = err ? MAP_FAILED
			: mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (!err && map == MAP_FAILED)
		err = -errno;
	close(fd);
	if (err)
		return err;
	f->map = map;
	f->bytes = bytes;
	err = check(f, key);
	if (err)
		cache_file_close(f);
	return err;
}

void cache_file_close(struct cache_file *f)
{
	if (f->map)
		munmap(f->map, f->bytes);
	*f = (struct cache_file){0};
}
