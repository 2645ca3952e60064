/* keys/keys.c - libgcrypt made ready, once per process. */
#include "keys/keys.h"

#include <gcrypt.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_SOUGHT
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_SOUGHT
#endif
#endif
#ifdef LEAKS_ARE_SOUGHT
#include <sanitizer/lsan_interface.h>
#endif

/* The first version with everything that is used here. */
#define NEED_VERSION "1.10.0"

/*
 * Fill the pool now, so that a role does not do it for its first signature.
 * To the strong level: the very strong one, which only making keys asks for,
 * gathers for another 13 ms, which a short-lived process would notice.  What
 * libgcrypt keeps for it hangs on a pointer in locked memory, where the leak
 * checker cannot look; for its sake all is gathered while it looks away.
 */
static void
seed(void)
{
	uint8_t byte;

#ifdef LEAKS_ARE_SOUGHT
	__lsan_disable();
	gcry_randomize(&byte, sizeof(byte), GCRY_VERY_STRONG_RANDOM);
	__lsan_enable();
#else
	gcry_randomize(&byte, sizeof(byte), GCRY_STRONG_RANDOM);
#endif
}

enum gw_status
keys_init(size_t secure_bytes, struct why *why)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0)
		return GW_OK;
	if (gcry_check_version(NEED_VERSION) == NULL) {
		why_set(why, REASON_INTERNAL,
		    "libgcrypt is older than " NEED_VERSION);
		return GW_INTERNAL;
	}
	/* It would print to stderr; whether memory could be locked is seen
	 * from what the call returns. */
	gcry_control(GCRYCTL_SUSPEND_SECMEM_WARN);
	if (secure_bytes == 0) {
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	} else if (gcry_control(
		       GCRYCTL_INIT_SECMEM, (unsigned)secure_bytes, 0) != 0) {
		why_set(why, REASON_INTERNAL,
		    "cannot lock %zu bytes of memory; raise LimitMEMLOCK",
		    secure_bytes);
		return GW_INTERNAL;
	}
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	if (secure_bytes > 0)
		seed();
	return GW_OK;
}

const char *
keys_library(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "libgcrypt %s", gcry_check_version(NULL));
	return text;
}
