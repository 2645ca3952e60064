/* keys/secrets/secret.h - the only user of private OpenPGP keys. */
#ifndef KEYS_SECRET_H
#define KEYS_SECRET_H

#include "keys/certs/cert.h"

struct secret;

/*
 * Where secret numbers are.  A struct secret has them in libgcrypt's secure
 * memory alone (locked, where keys_init() was given some; wiped when freed),
 * and so are the keys of locks while they are used.  What is read or written
 * as a file, however, is in the caller's ordinary memory: use
 * buf_init_secret(), which is wiped but not locked, and a process whose pages
 * stay out of swap.  secret_export() and secret_generate() work in such
 * buffers too; keyholder calls neither.  Passphrases are the caller's.
 */

/*
 * Parse a transferable secret key (RFC 9580, 10.2; binary or armored), unlock
 * it with the passphrase (NULL: it must be unprotected) and check that public
 * and secret parts agree.  What the lock may be: secret_lock.c.  Keys whose
 * numbers are elsewhere (on a card, left at home, or in it as public subkeys)
 * are part of the certificate and of nothing else.
 * GW_REFUSED, KEY_UNUSABLE: wrong or missing passphrase, halves that do not
 * agree, no numbers at all; WEAK, UNSUPPORTED, MALFORMED, TOO_LARGE (the price
 * of its lock).
 */
enum gw_status secret_parse(const void *, size_t, const char *passphrase,
    struct secret **, struct why *);
void secret_free(struct secret *);
/*
 * Several, one after the other or in one armored block each, as
 * cert_parse_all(); each part of each is tried with every passphrase.  On
 * failure none is left.
 */
enum gw_status secret_parse_all(const void *, size_t,
    const char *const *passphrases, size_t passphrase_count,
    struct secret **out, size_t max, size_t *count, struct why *);
/* Only the certificates in secret keys, which need not be unlocked for it. */
enum gw_status secret_certs(const void *, size_t, struct cert **out, size_t max,
    size_t *count, struct why *);
/* The public part; stays the secret's. */
const struct cert *secret_cert(const struct secret *);

/* For seal_sign_fn and unseal_unwrap_fn, over keys in this array. */
enum gw_status secret_sign(struct secret *const *, size_t count,
    const char *fingerprint, int hash_algorithm, const uint8_t *digest,
    size_t len, struct buf *out, struct why *);
enum gw_status secret_unwrap(struct secret *const *, size_t count,
    const void *pkesk, size_t len, int seipd, int *algorithm,
    struct buf *session_key, struct why *);

/* Which algorithms; primary and signing subkey / encryption subkey. */
enum secret_kind {
	SECRET_ED25519, /* version 4: the legacy codings; 6: native ones */
	SECRET_ED448,
	SECRET_RSA3072,
	SECRET_RSA4096,
	SECRET_NISTP256,
	SECRET_NISTP384,
	SECRET_NISTP521,
	SECRET_BRAINPOOLP256,
	SECRET_BRAINPOOLP384,
	SECRET_BRAINPOOLP512,
	/* Ed25519 as above and an ML-KEM-768+X25519 subkey beside the other
	 * (RFC 9980); SECRET_MLDSA signs with ML-DSA-65+Ed25519, version 6. */
	SECRET_MLKEM,
	SECRET_MLDSA
};

/* How private numbers are locked in a file (RFC 9580, 3.7.2). */
enum secret_lock_kind {
	SECRET_LOCK_ITERATED, /* every reader knows it */
	SECRET_LOCK_ARGON2    /* with AEAD; newer ones only */
};

/* How it was locked when it was read, to be written so again; *weak: in an old
 * way that should not be kept. */
enum secret_lock_kind secret_locked_as(const struct secret *, bool *weak);

/* Did numbers of any of its keys lie open in the file that it came from? */
bool secret_lay_open(const struct secret *);

struct secret_params {
	enum secret_kind kind;
	int version;                 /* 4 (0 is 4) or 6 */
	const char *const *user_ids; /* may be none: a direct-key signature */
	size_t user_id_count;
	time_t created;
	time_t expires;         /* absolute; 0: never */
	bool announce_seipd2;   /* features 0x08 beside 0x01 */
	bool sign_only;         /* no encryption subkey */
	const char *passphrase; /* NULL: stored unprotected (mode 0600) */
	enum secret_lock_kind lock;
};
/* Primary certifies, one subkey signs, one encrypts.  Appends the armored
 * secret key; *out may be NULL when only the text is wanted. */
enum gw_status secret_generate(const struct secret_params *, struct buf *text,
    struct secret **out, struct why *);
/* GW_REFUSED, UNSUPPORTED, and why: not with this libgcrypt. */
enum gw_status secret_kind_possible(enum secret_kind, struct why *);

/* Append the whole as it is now, locked under this passphrase or none.  Keys
 * without numbers are marked in GnuPG's way as having none: that they are on a
 * card, and on which, is not kept, and GnuPG finds that again by itself. */
enum gw_status secret_export(const struct secret *, const char *passphrase,
    enum secret_lock_kind, bool armored, struct buf *, struct why *);

/* RFC 9580, 5.2.3.31. */
enum secret_reason {
	SECRET_NO_REASON = 0,
	SECRET_SUPERSEDED = 1,
	SECRET_COMPROMISED = 2,
	SECRET_RETIRED = 3
};
/*
 * Append an armored revocation of the primary key, to be kept apart from it
 * (made at birth) or published: a bare signature, in version 6 with the key
 * before it; cert_revoke() and everybody's import take it.
 */
enum gw_status secret_revocation(const struct secret *, enum secret_reason,
    const char *text, time_t when, struct buf *, struct why *);

/*
 * These change the certificate: *out is the new secret, with the same
 * numbers; what was there before stays in it, outdated.  New signatures are
 * dated `when`, or a second after what they replace.  All need the primary
 * key's numbers (GW_REFUSED, KEY_UNUSABLE: it is kept elsewhere).
 */

/* What another copy of its certificate knows comes in (cert_merge()); the
 * primary key's numbers may be elsewhere. */
enum gw_status secret_merge(const struct secret *, const struct cert *,
    struct secret **out, struct why *);
/* New expiry for the primary key and every subkey not expired or revoked;
 * 0: never.  GW_REFUSED, KEY_UNUSABLE: the key is revoked; CONFIG: a time not
 * to come. */
enum gw_status secret_expire(const struct secret *, time_t expires, time_t when,
    struct secret **out, struct why *);
/* Revoke the primary key, for good. */
enum gw_status secret_revoke(const struct secret *, enum secret_reason,
    const char *text, time_t when, struct secret **out, struct why *);
/* Revoke one subkey (hex fingerprint). */
enum gw_status secret_revoke_subkey(const struct secret *,
    const char *fingerprint, enum secret_reason, const char *text, time_t when,
    struct secret **out, struct why *);
/*
 * Fresh signing and encryption subkeys beside the old ones, which keep
 * decrypting and verifying.  They and their bindings are dated `from` (not
 * before params->created, which is now): we and partners use the new ones from
 * then on, and a certificate handed out before is used as it was.  Of the
 * params, user ids and version are the key's own; the primary key is made to
 * live as long as the new subkeys.
 */
enum gw_status secret_rotate(const struct secret *,
    const struct secret_params *, time_t from, struct secret **out,
    struct why *);

#endif
