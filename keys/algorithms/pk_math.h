/* keys/algorithms/pk_math.h - the arithmetic of Curve25519 that libgcrypt leaves to us. */
#ifndef KEYS_PK_MATH_H
#define KEYS_PK_MATH_H

#include <stdbool.h>
#include <stdint.h>

/* Is it a point of Ed25519, canonically written, and not one of the eight
 * under which one signature would fit many messages? */
bool pk_math_ed25519_point(const uint8_t point[32]);
/* Is it a scalar of Ed25519: not zero and below the group's order?  Two
 * spellings of one signature would exist otherwise (RFC 8032, 5.1.7). */
bool pk_math_ed25519_scalar(const uint8_t s[32]);
/*
 * X25519 (RFC 7748).  point NULL: the base point.  False when libgcrypt
 * fails or the result is zero, which it reports as success: the other side
 * chose a point that gives everybody the same secret.  The scalar's memory
 * decides where libgcrypt works: give secure memory for secrets that last.
 */
bool pk_math_x25519(
    const uint8_t scalar[32], const uint8_t *point, uint8_t out[32]);

#endif
