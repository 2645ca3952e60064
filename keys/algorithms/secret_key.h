/* keys/algorithms/secret_key.h - the private half of one key: what can be done with it. */
#ifndef KEYS_SECRET_KEY_H
#define KEYS_SECRET_KEY_H

#include "keys/algorithms/pk.h"

/* Secret numbers as they stand in a key packet (RFC 9580, 5.5.3), without
 * check sum, are handed around in a buffer that wipes itself. */
#define SECRET_NUMBERS_MAX 8192

struct eddsa_own;

/* Read only; the memory behind secrets is libgcrypt's secure memory. */
struct secret_key {
	const struct pk *pk; /* the certificate's; NULL: no numbers here */
	gcry_sexp_t sexp;    /* what signs, and RSA; or NULL */
	uint8_t *secret;     /* what else there is, as the family needs it */
	size_t secret_len;
	struct eddsa_own *own; /* Ed25519: what makes checking quick */
};

/*
 * Take the numbers of that key (all of them: leftovers are refused) and check
 * that both halves agree: sign and verify, or multiply and compare.  *pk is
 * borrowed.  Release with secret_key_close(), which may also follow a failure
 * or a memset to zero.  GW_REFUSED, KEY_UNUSABLE: they do not agree.
 */
enum gw_status secret_key_open(
    struct secret_key *, const struct pk *, struct buf *numbers, struct why *);
void secret_key_close(struct secret_key *);

/* Sign a digest, verify the result, append what stands in a signature packet
 * behind the left 16 bits of the digest.  One key is not for two threads at
 * a time. */
enum gw_status secret_key_sign(const struct secret_key *, int hash_algorithm,
    const uint8_t *digest, size_t len, struct buf *out, struct why *);

/*
 * The session key out of a PKESK's fields behind the algorithm octet; version
 * is the PKESK's (3 or 6).  False for every failure alike.  *cipher is 0 for
 * version 6.
 */
bool secret_key_unwrap(const struct secret_key *, int version,
    struct buf *fields, int *cipher, struct buf *session_key);

/*
 * A fresh key: append the public body of its key packet and its secret
 * numbers.  version: 4 or 6.  curve: "Ed25519" for EdDSA, "Curve25519" or a
 * curve of Weierstrass ("NIST P-256", "brainpoolP256r1" ...) for ECDH and
 * ECDSA, NULL for algorithms that have but one.  bits: RSA only.  A pair that
 * does not exist is our own mistake (fatal).  GW_REFUSED, UNSUPPORTED: not
 * with this libgcrypt.
 */
enum gw_status secret_key_make(int version, int algorithm, const char *curve,
    unsigned bits, time_t created, struct buf *public, struct buf *numbers,
    struct why *);

#endif
