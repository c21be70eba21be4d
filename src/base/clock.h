/* clock - wall and monotonic time; a test can stop and set both. */
#ifndef TOCSIN_BASE_CLOCK_H
#define TOCSIN_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_us(void);
uint64_t clock_monotonic_ns(void);
/* From now on both clocks stand at this time; 0 gives the real ones back. @thread before others start */
void clock_fake(int64_t wall_us);

#endif
