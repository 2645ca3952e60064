/* keys/messages/wrap.h - one session key, encrypted to everybody. */
#ifndef KEYS_WRAP_H
#define KEYS_WRAP_H

#include "keys/messages/container.h"
#include "keys/messages/seal.h"

#define WRAP_RECIPIENTS_MAX 32
#define WRAP_TOTAL_MAX      (64 * 1024)

/* The cipher for everybody: AES-256, or AES-128, which everybody must read,
 * when one of the recipients does not list the other. */
int wrap_cipher(const struct seal_request *, enum container_kind);

/*
 * Append a PKESK packet per recipient and an SKESK packet per password, of
 * the versions that go with that container (RFC 9580, 5.1, 5.3 and 10.3.2.1).
 * GW_REFUSED, RECIPIENT_UNFIT: nobody, too many, or one that cannot be
 * encrypted to.
 */
enum gw_status wrap_for_all(const struct seal_request *, enum container_kind,
    const struct buf *session_key, struct buf *out, struct why *);

#endif
