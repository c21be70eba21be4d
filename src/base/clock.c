#include "base/clock.h"

#include <time.h>

static int64_t fake_us;

static uint64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int64_t clock_wall_us(void)
{
	return fake_us ? fake_us : (int64_t)(read_ns(CLOCK_REALTIME) / 1000);
}

uint64_t clock_monotonic_ns(void)
{
	return fake_us ? (uint64_t)fake_us * 1000 : read_ns(CLOCK_MONOTONIC);
}

void clock_fake(int64_t wall_us)
{
	fake_us = wall_us;
}
