/* keys/messages/sign.h - signatures without encryption. */
#ifndef KEYS_SIGN_H
#define KEYS_SIGN_H

#include "keys/messages/seal.h"

/* Detached (RFC 9580, 10.4): the signature packets alone, armored or not.
 * *hash_algorithm (may be NULL): of the first one. */
enum gw_status sign_detached(const struct seal_signing *, bool armored, int in,
    int out, int *hash_algorithm, struct why *);
/* A signed message: one-pass packets, literal, signatures (RFC 9580, 10.3). */
enum gw_status sign_inline(
    const struct seal_signing *, bool armored, int in, int out, struct why *);
/* Cleartext signature framework (RFC 9580, 7).  The text is read twice and
 * must be a regular file.  GW_REFUSED, MALFORMED: it is not UTF-8 text. */
enum gw_status sign_cleartext(
    const struct seal_signing *, int in, int out, struct why *);

#endif
