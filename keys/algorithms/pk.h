/* keys/algorithms/pk.h - the public half of one key: what can be done with it. */
#ifndef KEYS_PK_H
#define KEYS_PK_H

#include "gateway/base/doc.h"
#include "keys/packets/packet.h"

#include <gcrypt.h>
#include <time.h>

#define PK_KEYID_LEN       8
#define PK_FINGERPRINT_MAX 32
#define PK_BODY_MAX        (16 * 1024)
#define PK_RSA_BITS_MIN    2048 /* to read */
#define PK_RSA_BITS_MAKE   3072 /* to make, and to be encrypted to */
#define PK_RSA_BITS_MAX    16384
#define PK_SESSION_KEY_MAX 32

struct pk_kind; /* for keys/algorithms only: kind.h */

/* Read only outside keys/algorithms. */
struct pk {
	int version;   /* 4 or 6 */
	int algorithm; /* enum packet_pk */
	time_t created;
	unsigned bits;  /* of RSA's modulus or the curve; 0: neither */
	bool supported; /* false: known by its fingerprint only */
	bool weak;      /* why it is not: too small, or DSA, Elgamal */
	char name[24];  /* "Ed25519", "RSA-3072" ... */
	uint8_t fingerprint[PK_FINGERPRINT_MAX];
	size_t fingerprint_len;
	char hex[DOC_FINGERPRINT_SIZE]; /* the same, upper case */
	uint8_t keyid[PK_KEYID_LEN];
	uint8_t *body; /* the public part of the packet, as it came */
	size_t body_len;

	const struct pk_kind *kind;  /* NULL: none of ours */
	size_t modulus, modulus_len; /* RSA: where n stands in the body */
	size_t point;                /* curves: likewise, without any prefix */
	gcry_sexp_t sexp;            /* made once, used often; or NULL */
	uint8_t kdf_hash;            /* ECDH (RFC 9580, 5.5.5.6 and 11.5) */
	uint8_t kdf_cipher;
};

/*
 * Read the public part of a key packet (RFC 9580, 5.5.2) and leave `body`
 * behind it (the secret part follows, or nothing may).  Release with
 * pk_close(), also after a failure.
 * GW_OK with supported == false: a well-formed key of an algorithm or curve
 * that we cannot use; of version 4: all of `body` was consumed, for nobody
 * knows where its secret part begins.
 * GW_REFUSED: MALFORMED (points that are on no curve or of small order, even
 * moduli, forbidden pairs of version and algorithm as well), or UNSUPPORTED
 * for other versions than 4 and 6.
 */
enum gw_status pk_parse(struct pk *, struct buf *body, struct why *);
void pk_close(struct pk *);

/* Hash the public part as signatures over keys and fingerprints do (RFC 9580,
 * 5.2.4 and 5.5.4). */
void pk_hash_into(const struct pk *, gcry_md_hd_t);
/* The hash for a signature by this key: SHA-256 where its strength allows it
 * (it is the fastest), otherwise what its curve needs.  pk_verify() accepts no
 * shorter digest. */
int pk_hash_algorithm(const struct pk *);

bool pk_can_sign(const struct pk *);                /* by algorithm alone */
bool pk_can_encrypt(const struct pk *);             /* likewise */
bool pk_same(const struct pk *, const struct pk *); /* same fingerprint */
bool pk_is_post_quantum(const struct pk *);         /* RFC 9980 */

/* GW_OK, or why this key is not `supported`: WEAK or UNSUPPORTED. */
enum gw_status pk_supported(const struct pk *, struct why *);

/*
 * Check a signature's numbers, as they stand in the signature packet after
 * the left 16 bits, against a digest.  GW_REFUSED, SIGNATURE_BAD when they do
 * not match or are not well-formed; leftovers are refused.  GW_REFUSED, WEAK
 * when the digest is shorter than such a key's signatures allow (RFC 9580,
 * 5.2.3.2 to 5.2.3.5).
 */
enum gw_status pk_verify(const struct pk *, int hash_algorithm,
    const uint8_t *digest, size_t digest_len, const void *numbers,
    size_t numbers_len, struct why *);
/* The same with a digest of any length: for revocations, where believing one
 * too many is the safe mistake. */
enum gw_status pk_verify_any(const struct pk *, int hash_algorithm,
    const uint8_t *digest, size_t digest_len, const void *numbers,
    size_t numbers_len, struct why *);

/*
 * Append the body of a PKESK packet (without packet header) for this key
 * (RFC 9580, 5.1): version 3 when an encrypted-data packet of version 1
 * follows, 6 when version 2 does.  cipher is the session key's algorithm.
 * GW_REFUSED, RECIPIENT_UNFIT: not an encryption key, or too weak.
 */
enum gw_status pk_encrypt_session(const struct pk *, int pkesk_version,
    int cipher, const struct buf *session_key, struct buf *out, struct why *);

#endif
