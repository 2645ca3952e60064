/* keys/algorithms/ecdh.h - from a shared point to a session key (RFC 9580, 11.5). */
#ifndef KEYS_ECDH_H
#define KEYS_ECDH_H

#include "keys/algorithms/kind.h"

/*
 * The parameters behind a public key's point.  False when they are not
 * well-formed.  *usable: both are such as we accept, in a version 6 key those
 * that belong to the curve.
 */
bool ecdh_get_parameters(struct pk *, struct buf *, bool *usable);
/* Append those that belong to the curve. */
void ecdh_put_parameters(const struct pk_kind *, struct buf *);

/* Append what stands in a PKESK behind the ephemeral point. */
bool ecdh_seal(const struct pk *, int pkesk_version, int cipher,
    const uint8_t *shared, size_t shared_len, const struct buf *session_key,
    struct buf *out);
/* The session key out of that; uses all of fields. */
bool ecdh_open(const struct pk *, int pkesk_version, struct buf *fields,
    const uint8_t *shared, size_t shared_len, int *cipher,
    struct buf *session_key);

#endif
