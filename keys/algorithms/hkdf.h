/* keys/algorithms/hkdf.h - HKDF (RFC 5869), which libgcrypt 1.10 lacks. */
#ifndef KEYS_HKDF_H
#define KEYS_HKDF_H

#include <stdbool.h>
#include <stddef.h>

/* Extract and expand into out, at most 255 digests.  False when libgcrypt
 * fails; out is zero then. */
bool hkdf_sha256(const void *key, size_t key_len, const void *salt,
    size_t salt_len, const void *info, size_t info_len, void *out, size_t len);
bool hkdf_sha512(const void *key, size_t key_len, const void *salt,
    size_t salt_len, const void *info, size_t info_len, void *out, size_t len);

#endif
