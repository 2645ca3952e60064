/* base/clock.c - what time it is. */
#include "gateway/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t fake_ms;

static int64_t
read_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_wall_ms(void)
{
	return fake_ms != 0 ? fake_ms : read_ms(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

void
clock_fake(int64_t ms)
{
	fake_ms = ms;
}

const char *
clock_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX])
{
	int ms = (int)(wall_ms % 1000);
	time_t sec = (time_t)(wall_ms / 1000);
	struct tm tm;
	size_t n;

	if (ms < 0) { /* before 1970 */
		ms += 1000;
		sec--;
	}
	if (gmtime_r(&sec, &tm) == NULL ||
	    (n = strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm)) == 0)
		snprintf(out, CLOCK_TEXT_MAX, "-");
	else
		snprintf(out + n, CLOCK_TEXT_MAX - n, ".%03dZ", ms);
	return out;
}
