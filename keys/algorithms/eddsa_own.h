/* keys/algorithms/eddsa_own.h - our own Ed25519 signatures, checked quickly. */
#ifndef KEYS_EDDSA_OWN_H
#define KEYS_EDDSA_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a signing key keeps to check what it has signed: multiples of the base
 * point and of its public one, from the fourth signature on.  libgcrypt takes
 * twice as long to verify a signature as to make it; with these it is a third.
 */
struct eddsa_own;

/* NULL: no memory.  point was checked. */
struct eddsa_own *eddsa_own_new(const uint8_t point[32]);
void eddsa_own_free(struct eddsa_own *);
/*
 * Is R, S the signature of this digest?  False may also mean that it is not
 * known yet, or that there is no memory: verify it as any other.  Not for
 * signatures of strangers: S is believed to be below the order.
 */
bool eddsa_own_fits(struct eddsa_own *, const uint8_t *digest, size_t len,
    const uint8_t r[32], const uint8_t s[32]);

#endif
