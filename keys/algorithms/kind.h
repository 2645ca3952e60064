/* keys/algorithms/kind.h - the table of algorithms and curves; for keys/algorithms only. */
#ifndef KEYS_KIND_H
#define KEYS_KIND_H

#include "keys/algorithms/pk.h"
#include "keys/algorithms/secret_key.h"

#define KIND_OID_MAX 10

struct pk_kind;

/*
 * What a family of algorithms can do, public half and private half together.
 * NULL: it cannot.  Whatever is handed in was checked by the dispatcher: the
 * key is supported, the digest has the hash's length and enough bits, the
 * session key has its cipher's length, a PKESK is of version 3 or 6.
 */
struct kind_family {
	/* Take the public numbers (RFC 9580, 5.5.5) behind a curve's OID.  The
	 * buffer's position counts from the packet body's first octet, which
	 * is how pk says where numbers stand.  Sets `supported`, or says
	 * nothing of it. */
	enum gw_status (*read)(struct pk *, struct buf *, struct why *);
	/* All octets of a signature behind the left 16 bits (RFC 9580, 5.2.3);
	 * GW_REFUSED, SIGNATURE_BAD. */
	enum gw_status (*verify)(const struct pk *, const struct packet_hash *,
	    const uint8_t *digest, struct buf *numbers, struct why *);
	/* Append a PKESK's fields behind the algorithm (RFC 9580, 5.1). */
	enum gw_status (*encrypt)(const struct pk *, int pkesk_version,
	    int cipher, const struct buf *session_key, struct buf *out,
	    struct why *);

	/* Take all of the secret numbers; GW_REFUSED, KEY_UNUSABLE when they
	 * are seen not to fit (a signing key is tried out afterwards). */
	enum gw_status (*open)(
	    struct secret_key *, struct buf *numbers, struct why *);
	/* Append a signature's numbers; false: libgcrypt failed. */
	bool (*sign)(const struct secret_key *, const struct packet_hash *,
	    const uint8_t *digest, struct buf *out);
	/* Is that a good signature of this key's, known faster than verify()
	 * does?  False: ask verify().  NULL: there is no faster way. */
	bool (*check_own)(const struct secret_key *, const struct packet_hash *,
	    const uint8_t *digest, struct buf *numbers);
	/* As secret_key_unwrap(). */
	bool (*unwrap)(const struct secret_key *, int pkesk_version,
	    struct buf *fields, int *cipher, struct buf *session_key);
	/* Append fresh numbers: public ones as read() takes them, secret ones
	 * as open() does.  GW_INTERNAL: libgcrypt failed. */
	enum gw_status (*make)(const struct pk_kind *, unsigned bits,
	    struct buf *public, struct buf *numbers, struct why *);
};

/* One row: an algorithm, on one curve. */
struct pk_kind {
	int algorithm;    /* enum packet_pk */
	const char *name; /* for people; RSA adds its size */
	const struct kind_family *family;
	bool signs, encrypts;
	bool only4, only6; /* in keys of one version only */
	bool post_quantum; /* not with every libgcrypt: pq_possible() */
	unsigned bits;     /* of the curve */

	const char *curve; /* libgcrypt's name, and secret_key_make()'s */
	uint8_t oid[KIND_OID_MAX];
	size_t oid_len; /* 0: the algorithm has but one curve */
	size_t len;     /* octets of a coordinate or of a native point */

	/* The hash that we sign with; a shorter digest is not accepted. */
	int hash;
	/* For ECDH (RFC 9580, 11.5.1). */
	int kdf_hash, kdf_cipher;
};

/* Has this algorithm a curve's OID before its numbers? */
bool kind_has_oid(int algorithm);
/* The row; oid_len 0 for algorithms with one curve.  NULL: none of ours. */
const struct pk_kind *kind_find(
    int algorithm, const uint8_t *oid, size_t oid_len);
/* The same by the curve's name; NULL for algorithms with one curve. */
const struct pk_kind *kind_named(int algorithm, const char *curve);

/* How the families say what went wrong. */
enum gw_status kind_malformed(struct why *, const char *what);
enum gw_status kind_bad_signature(struct why *);
/* libgcrypt failed, on which key and at what. */
enum gw_status kind_failed(struct why *, const struct pk *, const char *doing);
enum gw_status kind_disagree(struct why *, const struct pk *);
enum gw_status kind_unfit(struct why *, const struct pk *);

/* Verify; data and sig are released.  NULL in one: there was no memory. */
enum gw_status kind_verify_sexp(
    gcry_sexp_t key, gcry_sexp_t data, gcry_sexp_t sig, struct why *);
/* The named number in an expression, padded to `len` octets in front; false
 * when it is not there or longer. */
bool kind_extract(gcry_sexp_t, const char *name, uint8_t *to, size_t len);
/* Append the named number of one part ("public-key", "private-key") of a new
 * key as an MPI. */
bool kind_put_mpi(
    struct buf *, gcry_sexp_t key, const char *part, const char *name);
/* A new key from libgcrypt; NULL: it failed. */
gcry_sexp_t kind_generate(const char *how);
/* Copied into secure memory, where MPIs and expressions made from it stay
 * too; NULL: none left.  Release with kind_free_secret(). */
uint8_t *kind_secret_copy(const uint8_t *, size_t len);
void kind_free_secret(uint8_t *, size_t len);

extern const struct kind_family rsa_family;
extern const struct kind_family eddsa_family, eddsa_legacy_family;
extern const struct kind_family xdh_family, xdh_legacy_family;
extern const struct kind_family ecdsa_family, ecdh_family;
extern const struct kind_family mlkem_family, mldsa_family;

#endif
