/* keys/algorithms/pk_math.h - the arithmetic on curves that libgcrypt leaves to us. */
#ifndef KEYS_PK_MATH_H
#define KEYS_PK_MATH_H

#include <gcrypt.h>
#include <stdbool.h>
#include <stdint.h>

#define PK_MATH_X25519_LEN     32
#define PK_MATH_X448_LEN       56
#define PK_MATH_EDWARDS_MAX    57
#define PK_MATH_COORDINATE_MAX 66 /* octets, on P-521 */

/* One curve of EdDSA (RFC 8032, 5.1 and 5.2). */
struct pk_math_edwards;
extern const struct pk_math_edwards pk_math_ed25519, pk_math_ed448;
/* Octets of a point, of a scalar and of a seed: 32 or 57. */
size_t pk_math_edwards_len(const struct pk_math_edwards *);
/*
 * Is it a point, canonically written, and not one of those few under which
 * one signature would fit many messages?  Points that would end the process
 * inside libgcrypt are refused as well.  xy (NULL: not wanted) receives both
 * coordinates, big-endian, `len` octets each: libgcrypt need not compute x
 * again for each signature.
 */
bool pk_math_edwards_point(
    const struct pk_math_edwards *, const uint8_t *point, uint8_t *xy);
/* Is it a scalar: not zero and below the group's order?  Two spellings of one
 * signature would exist otherwise (RFC 8032, 5.1.7 and 5.2.7). */
bool pk_math_edwards_scalar(const struct pk_math_edwards *, const uint8_t *s);

/*
 * X25519 and X448 (RFC 7748).  point NULL: the base point.  False when
 * libgcrypt fails or the result is zero, which it reports as success: the
 * other side chose a point that gives everybody the same secret.  The
 * scalar's memory decides where libgcrypt works: give secure memory for
 * secrets that last.
 */
bool pk_math_x25519(
    const uint8_t scalar[32], const uint8_t *point, uint8_t out[32]);
bool pk_math_x448(
    const uint8_t scalar[56], const uint8_t *point, uint8_t out[56]);

/*
 * A point of one of Weierstrass's curves (libgcrypt's name) as it is written
 * in a key or message: 04, x and y of `len` octets each (SEC 1, 2.3.3).  False
 * for the short form, for infinity, and for what is not on the curve.
 */
bool pk_math_weierstrass_point(
    const char *curve, size_t len, const uint8_t *coded, size_t coded_len);
/* Does this libgcrypt know the curve?  One of those that obey the rules of
 * FIPS does not know brainpool's. */
bool pk_math_weierstrass_known(const char *curve);
/* Is it a private scalar: big-endian, `len` octets, 1 to order - 1? */
bool pk_math_weierstrass_scalar(
    const char *curve, size_t len, const uint8_t *scalar);
/* A fresh one, into secure memory if it is to last. */
bool pk_math_weierstrass_random(
    const char *curve, size_t len, enum gcry_random_level, uint8_t *scalar);
/*
 * scalar times point (NULL: the base point), written as above; out has room
 * for 1 + 2 len octets.  False: not a point, not a scalar, or libgcrypt
 * failed.  The time taken does not tell the scalar.
 */
bool pk_math_weierstrass(const char *curve, size_t len, const uint8_t *scalar,
    const uint8_t *coded, size_t coded_len, uint8_t *out);

#endif
