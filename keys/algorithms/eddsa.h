/* keys/algorithms/eddsa.h - EdDSA (RFC 8032), apart from how OpenPGP codes it. */
#ifndef KEYS_EDDSA_H
#define KEYS_EDDSA_H

#include "gateway/base/status.h"
#include "keys/algorithms/pk_math.h"

/* Composite algorithms use these as well.  R, S, points and seeds have
 * pk_math_edwards_len() octets each. */

/* GW_REFUSED, MALFORMED: not such a point as we accept. */
enum gw_status eddsa_public(const struct pk_math_edwards *,
    const uint8_t *point, gcry_sexp_t *public, struct why *);
/* GW_REFUSED, SIGNATURE_BAD. */
enum gw_status eddsa_verify(const struct pk_math_edwards *, gcry_sexp_t public,
    const uint8_t *digest, size_t len, const uint8_t *r, const uint8_t *s,
    struct why *);

/* seed: in secure memory.  Whether it belongs to the point is for a signature
 * made for trial to show; the point goes with the seed so that it need not be
 * computed again for each signature. */
bool eddsa_private(const struct pk_math_edwards *, const uint8_t *point,
    const uint8_t *seed, gcry_sexp_t *private);
bool eddsa_sign(const struct pk_math_edwards *, gcry_sexp_t private,
    const uint8_t *digest, size_t len, uint8_t *r, uint8_t *s);
/* seed: secure memory. */
bool eddsa_make(const struct pk_math_edwards *, uint8_t *point, uint8_t *seed);

#endif
