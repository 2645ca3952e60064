/* tests/fuzz/fuzz.h - what all harnesses begin with. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "keys/keys.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gcrypt.h>
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

/*
 * Stands before libgcrypt's: a machine without the memory that a dear Argon2
 * asks for, or one input would take the time of ten thousand.
 */
gcry_error_t
gcry_kdf_open(gcry_kdf_hd_t *h, int algo, int sub, const unsigned long *param,
    unsigned int count, const void *pass, size_t pass_len, const void *salt,
    size_t salt_len, const void *key, size_t key_len, const void *ad,
    size_t ad_len)
{
	static gcry_error_t (*real)(gcry_kdf_hd_t *, int, int,
	    const unsigned long *, unsigned int, const void *, size_t,
	    const void *, size_t, const void *, size_t, const void *, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gcry_kdf_open");
	/* Length of the key, passes, KiB, lanes. */
	if (count >= 3 && param[1] * param[2] > 1024)
		return gcry_error(GPG_ERR_ENOMEM);
	return real(h, algo, sub, param, count, pass, pass_len, salt, salt_len,
	    key, key_len, ad, ad_len);
}

#endif
