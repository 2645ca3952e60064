/* base/clock.h - what time it is; the one place a test can change it. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds since 1970, wall clock: for records and signatures. */
int64_t clock_wall_ms(void);
/* Milliseconds of a clock that never jumps: for timers and rates. */
int64_t clock_mono_ms(void);
/* Tests only: the wall clock is `ms` from now on; 0 gives it back. */
void clock_fake(int64_t ms);

#define CLOCK_TEXT_MAX 32
/* "2026-11-23T21:20:41.123Z" (RFC 3339); returns its argument `out`. */
const char *clock_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX]);

#endif
