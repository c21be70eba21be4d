#include "base/bell.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int bell_init(struct bell *b)
{
	atomic_init(&b->rung, false);
	b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return b->fd < 0 ? -errno : 0;
}

void bell_fini(struct bell *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

void bell_ring(struct bell *b)
{
	if (!atomic_exchange_explicit(&b->rung, true, memory_order_acq_rel))
		eventfd_write(b->fd, 1);
}

void bell_clear(struct bell *b)
{
	eventfd_t count;

	eventfd_read(b->fd, &count);
	atomic_exchange_explicit(&b->rung, false, memory_order_acq_rel);
}
