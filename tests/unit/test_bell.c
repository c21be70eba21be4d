/* A bell rings once however often it is rung, and a ring after a look is heard. */
#include "base/bell.h"

#include <poll.h>
#include <pthread.h>
#include <stdint.h>

#include "tap.h"

#define RINGS 200000

static struct bell bell;
static _Atomic uint32_t told;

static bool rings(int ms)
{
	struct pollfd p = {.fd = bell.fd, .events = POLLIN};

	return poll(&p, 1, ms) > 0;
}

static void *ringer(void *arg)
{
	for (uint32_t i = 0; i < RINGS; i++) {
		atomic_fetch_add_explicit(&told, 1, memory_order_relaxed);
		bell_ring(&bell);
	}
	return arg;
}

int main(void)
{
	pthread_t thread[2];
	uint32_t seen = 0, looks = 0;

	tap_ok(bell_init(&bell) == 0 && !rings(0), "a new bell is silent");
	bell_ring(&bell);
	bell_ring(&bell);
	tap_ok(rings(0), "it rings");
	bell_clear(&bell);
	tap_ok(!rings(0), "and is silent after a look, rung twice or not");
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, ringer, NULL);
	/* a ring that is lost leaves the last of them unseen */
	while (seen < 2 * RINGS && rings(5000)) {
		bell_clear(&bell);
		seen = atomic_load_explicit(&told, memory_order_relaxed);
		looks++;
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	tap_ok(seen == 2 * RINGS, "what two threads told %u times is seen, in %u looks", 2 * RINGS,
	       looks);
	bell_fini(&bell);
	return tap_done();
}
