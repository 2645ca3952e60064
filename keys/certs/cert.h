/* keys/certs/cert.h - OpenPGP certificates (transferable public keys). */
#ifndef KEYS_CERT_H
#define KEYS_CERT_H

#include "gateway/base/buf.h"
#include "gateway/base/doc.h"
#include "gateway/base/status.h"

#include <stdint.h>
#include <time.h>

struct cert;

enum cert_use {
	CERT_SIGN,
	CERT_ENCRYPT,
	/* The same with only those keys that withstand a quantum computer
	 * (RFC 9980), and with only those that do not. */
	CERT_ENCRYPT_PQ,
	CERT_ENCRYPT_CLASSIC
};

/*
 * Parse one certificate of version 4 or 6, binary or armored (RFC 9580, 10.1).
 * Packets after the first certificate are refused, and so are unknown ones of
 * the critical numbers (4.3).
 * Bounded: 1 MiB, 64 subkeys, 64 user ids, 1024 signatures that say they are
 * the owner's; what others say about it is read over.  That goes for
 * revocations by others, too: a designated revoker (5.2.3.23, deprecated) is
 * not believed, for his certificate is not at hand.  Release with cert_free().
 */
enum gw_status cert_parse(const void *, size_t, struct cert **, struct why *);
void cert_free(struct cert *);
/*
 * Certificates one after the other, in one armored block, several, or binary:
 * what people call a keyring; at most 16 MiB.  At most `max` are stored; more
 * is GW_REFUSED, and so is one that cannot be read.  On failure none is left.
 */
enum gw_status cert_parse_all(const void *, size_t, struct cert **out,
    size_t max, size_t *count, struct why *);
/*
 * Two copies of a certificate become one (RFC 9580, 10.1): every packet of
 * either, once, in canonical order (user ids, then subkeys, as they first
 * came; with each its revocations, then its signatures, newest first).  What
 * cannot be verified goes.  So a revocation that only one of them has is never
 * merged away, and a certificate merged with itself is clean.  GW_REFUSED:
 * another primary key, or one that we cannot verify with.
 */
enum gw_status cert_merge(
    const struct cert *, const struct cert *, struct cert **out, struct why *);
/*
 * When both are copies of one certificate, `known` becomes the two in one and
 * `more` is freed; who holds several must know what any of them says, or a key
 * that one copy revokes would live on in another.  GW_NONE: they are not, or
 * cannot be merged, and both stay as they were; so they do with GW_AGAIN.
 */
enum gw_status cert_absorb(
    struct cert **known, struct cert *more, struct why *);
/*
 * Add one armored or binary revocation of the primary key: a bare signature
 * or, as version 6 has it, with the key before it (RFC 9580, 10.1.2).  The
 * result is as clean as a merged one.  GW_REFUSED, SIGNATURE_BAD: not by this
 * key, or no such revocation; CONFIG: of another key.
 */
enum gw_status cert_revoke(const struct cert *, const void *sig, size_t,
    struct cert **out, struct why *);
/* Does the primary key stand revoked, whatever the time? */
bool cert_revoked(const struct cert *);

/* Upper-case hex fingerprint of the primary key. */
const char *cert_fingerprint(const struct cert *);
/* First valid user id or ""; foreign text. */
const char *cert_user_id(const struct cert *);
time_t cert_created(const struct cert *);
/* When the key that would be used for this expires; 0: never. */
time_t cert_expires(const struct cert *, enum cert_use);
/* "Ed25519", "RSA-3072" ... of the key used for this; "" if none. */
const char *cert_algorithm(const struct cert *, enum cert_use);
/* Can it be used for this at that time?  GW_REFUSED with the reason
 * (RECIPIENT_UNFIT, SIGNER_EXPIRED, SIGNER_REVOKED, WEAK ...) and the date. */
enum gw_status cert_usable(
    const struct cert *, enum cert_use, time_t when, struct why *);
/* One of its keys, for people who look after it. */
enum cert_life {
	CERT_LIFE_GOOD,
	CERT_LIFE_NOT_YET,
	CERT_LIFE_EXPIRED,
	CERT_LIFE_REVOKED,
	CERT_LIFE_UNFIT /* too weak, not supported, or not bound to it */
};
struct cert_key_facts {
	const char *fingerprint, *algorithm; /* the certificate's */
	bool certifies, signs, encrypts;     /* what it is meant for */
	time_t from, until;                  /* until 0: for ever */
	time_t revoked;                      /* 0: it is not */
	enum cert_life life;                 /* its own; not the primary's */
};
/* All of them, the primary first, as they stand at that time; at most `max`
 * are stored.  Returns how many. */
size_t cert_facts(
    const struct cert *, time_t when, struct cert_key_facts *out, size_t max);
/* Append the certificate, binary or armored (the latter for people). */
enum gw_status cert_export(
    const struct cert *, bool armored, struct buf *, struct why *);

#endif
