/* keys/messages/sign.h - signatures without encryption. */
#ifndef KEYS_SIGN_H
#define KEYS_SIGN_H

#include "keys/messages/seal.h"

/*
 * One to SEAL_SIGNERS_MAX signers; GW_REFUSED, KEY_UNUSABLE as in seal.h, and
 * then nothing is written.
 *
 * Detached (RFC 9580, 10.4): the signature packets alone, in the order of the
 * signers, armored or not.  *hash_algorithm (may be NULL): of the first one.
 */
enum gw_status sign_detached(const struct seal_signing *, bool armored, int in,
    int out, int *hash_algorithm, struct why *);
/* A signed message: one-pass packets, literal, signatures (RFC 9580, 10.3).
 * A text stays as it is, with format 'u'; GnuPG finds a text signature inside
 * a message good only when its lines ended with CR LF already. */
enum gw_status sign_inline(
    const struct seal_signing *, bool armored, int in, int out, struct why *);
/*
 * Cleartext signature framework (RFC 9580, 7).  The text is read twice and
 * must be a regular file.  All of it is signed but white space at the end of
 * lines, the last line end included: the one before the signatures is added.
 * GW_REFUSED, MALFORMED: it is not UTF-8, and nothing is written.
 */
enum gw_status sign_cleartext(
    const struct seal_signing *, int in, int out, struct why *);

#endif
