/* keys/secrets/secret_parts.h - locking private numbers; for keys/secrets only. */
#ifndef KEYS_SECRET_PARTS_H
#define KEYS_SECRET_PARTS_H

#include "keys/algorithms/secret_key.h"
#include "keys/certs/cert_priv.h"
#include "keys/secrets/secret.h"

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

#endif
