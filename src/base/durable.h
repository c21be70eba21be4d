/*
 * durable - bytes that are on the disk when the call returns, through io_uring, or
 * without it where the kernel has none for us.
 *
 * Thread   one owner.
 * Order    a write returns after its data is on the disk (fdatasync).
 * Owns     a ring of four entries.
 * Memory   that.
 * Limit    1 GiB a write.
 */
#ifndef TOCSIN_BASE_DURABLE_H
#define TOCSIN_BASE_DURABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct durable;
int durable_init(struct durable **d); /* 0, -ENOMEM */
void durable_fini(struct durable *d);
bool durable_uring(const struct durable *d);
/* All len bytes at this offset, and on the disk. 0 or -errno. */
int durable_write(struct durable *d, int fd, const void *p, size_t len, uint64_t at);

#endif
