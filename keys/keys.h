/* keys/keys.h - libgcrypt made ready. */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H

#include "gateway/base/status.h"

#include <stddef.h>

/* To be called once per process before anything else in keys/: initialises
 * libgcrypt.  secure_bytes > 0 locks that much memory for secret numbers
 * (keyholder); 0 elsewhere. */
enum gw_status keys_init(size_t secure_bytes, struct why *);
/* "libgcrypt 1.10.1": the library that is used, not the one built with. */
const char *keys_library(void);

#endif
