/* keys/secrets/secret_parts.h - private numbers; for keys/secret*.c only. */
#ifndef KEYS_SECRET_PARTS_H
#define KEYS_SECRET_PARTS_H

#include "keys/certs/cert_priv.h"
#include "keys/secrets/secret.h"

/* What secret_lock and secret_math hand to each other: the numbers as they
 * stand in a key packet (RFC 9580, 5.5.3), without check sum, in a buffer
 * that wipes itself. */
#define SECRET_NUMBERS_MAX 8192

/* One private key; the memory behind it is libgcrypt's secure memory. */
struct secret_key {
	const struct pk *pk; /* the certificate's; NULL: no numbers here */
	gcry_sexp_t sexp;    /* RSA and EdDSA */
	uint8_t *scalar;     /* Curve25519: 32 octets, little-endian */
};

/*
 * Read the secret part of a key packet up to its end: unprotected, or
 * protected by a passphrase and SHA-1.  GW_NONE: there are no numbers (the
 * key was exported without them).  GW_REFUSED, KEY_UNUSABLE: wrong or missing
 * passphrase; UNSUPPORTED, MALFORMED.
 */
enum gw_status secret_unlock(struct buf *part, const char *passphrase,
    struct buf *numbers, struct why *);
/* Append the secret part for these numbers; passphrase NULL: unprotected. */
enum gw_status secret_lock(const struct buf *numbers, const char *passphrase,
    struct buf *part, struct why *);

/* Take the numbers of that key and check that both halves agree: sign and
 * verify, or multiply and compare.  Release with secret_key_close(). */
enum gw_status secret_key_open(
    struct secret_key *, const struct pk *, struct buf *numbers, struct why *);
void secret_key_close(struct secret_key *);
/* Sign a digest, verify the result, append what stands in a signature. */
enum gw_status secret_key_sign(const struct secret_key *, int hash_algorithm,
    const uint8_t *digest, size_t len, struct buf *out, struct why *);
/*
 * The session key out of a PKESK's fields behind the algorithm octet.  False
 * for every failure alike.  *cipher is 0 for version 6.
 */
bool secret_key_unwrap(const struct secret_key *, int version,
    struct buf *fields, int *cipher, struct buf *session_key);

/* Fresh numbers: the public body of a key packet and the secret numbers. */
enum gw_status secret_make_ed25519(
    time_t created, struct buf *public, struct buf *numbers, struct why *);
enum gw_status secret_make_curve25519(
    time_t created, struct buf *public, struct buf *numbers, struct why *);
enum gw_status secret_make_rsa(time_t created, unsigned bits,
    struct buf *public, struct buf *numbers, struct why *);

#endif
