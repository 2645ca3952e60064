/* tests/fuzz/fuzz.h - what all harnesses begin with. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "keys/keys.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int fuzz_null = -1;

static inline void
fuzz_begin(void)
{
	struct why why;

	if (fuzz_null >= 0)
		return;
	if (keys_init(1024 * 1024, &why) != GW_OK)
		abort();
	fuzz_null = open("/dev/null", O_WRONLY | O_CLOEXEC);
}

/* Exactly as large as the input, so that a read beyond it is seen. */
static inline uint8_t *
fuzz_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	return copy;
}

static inline int
fuzz_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return fd;
}

#endif
