/* keys/certs/cert_priv.h - certificates as keys/ itself sees them. */
#ifndef KEYS_CERT_PRIV_H
#define KEYS_CERT_PRIV_H

#include "keys/certs/cert.h"
#include "keys/certs/sig.h"

#define CERT_SUBKEYS_MAX 64
#define CERT_KEYS_MAX    (CERT_SUBKEYS_MAX + 1)

/* All keys returned here stay the certificate's. */

const struct pk *cert_primary(const struct cert *);
/* The signing key to use: newest usable subkey, else the primary.  NULL: none,
 * and why says what is wrong (cert_usable's words). */
const struct pk *cert_sign_key(const struct cert *, time_t when, struct why *);
/* The encryption key to use: the newest usable one.  NULL likewise. */
const struct pk *cert_encrypt_key(
    const struct cert *, time_t when, struct why *);
/* Both in one, and for the narrower uses. */
const struct pk *cert_key_for(
    const struct cert *, enum cert_use, time_t when, struct why *);
/* Every key whose numbers could be the recipient of something, usable or
 * not: secret.c tries them.  Returns how many (at most CERT_KEYS_MAX). */
size_t cert_keys(const struct cert *, const struct pk *out[CERT_KEYS_MAX]);

/* Keys that could sign in the certificate's name now or at any time: the
 * primary, and subkeys that confirm it by a back signature. */
size_t cert_signers(const struct cert *, const struct pk *out[CERT_KEYS_MAX]);

/* Was this key of the certificate ever meant for that (its newest binding's
 * flags), whether or not it may be used today? */
bool cert_meant_for(const struct cert *, const struct pk *, enum cert_use);

/* Does the owner say that the software behind it reads SEIPDv2 (hashed
 * features of the self-signature in force)? */
bool cert_reads_seipd2(const struct cert *, time_t when);

/*
 * Does the owner say that he reads this cipher: with aead 0 in SEIPDv1, else
 * with that mode in SEIPDv2 (RFC 9580, 5.2.3.14 and 5.2.3.15)?  AES-128, and
 * it with OCB, everybody must (9.3, 9.6), whatever the list says; weak
 * ciphers are never true.
 */
bool cert_takes(const struct cert *, int cipher, int aead, time_t when);

/* Keys of this certificate that the signature's hints fit and whose algorithm
 * is the signature's, whether or not they may sign.  Returns how many. */
size_t cert_candidates(const struct cert *, const struct sig *,
    const struct pk *out[CERT_KEYS_MAX]);
/*
 * May this key of the certificate have signed a document at `signed_at`, and
 * does that still count `now`?  Valid binding with back signature and signing
 * flag now, born already at `signed_at`, not expired at either time by the
 * newest binding, not revoked now, strong enough.  The binding may be younger
 * than the document: certificates are handed on without their outdated
 * self-signatures, so the one of that day need not be there.
 * GW_REFUSED: SIGNER_UNFIT, SIGNER_EXPIRED, SIGNER_REVOKED, WEAK.
 */
enum gw_status cert_signer_fit(const struct cert *, const struct pk *,
    time_t signed_at, time_t now, struct why *);
/*
 * May it have signed then, whatever became of the key since?  For proof of old
 * documents: an expiry after the signature and a soft revocation after it (the
 * key was replaced) do not undo what was signed; a hard revocation does, and
 * so does a newer self-signature that puts the expiry before it.  Results as
 * above.
 */
enum gw_status cert_signer_was_fit(const struct cert *, const struct pk *,
    time_t signed_at, time_t now, struct why *);
/* Is this the fingerprint (raw octets) of the certificate's primary key? */
bool cert_is(const struct cert *, const uint8_t *fpr, size_t len);

#endif
