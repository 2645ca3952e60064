/* keys/algorithms/session.h - how a session key is packed for a public key. */
#ifndef KEYS_SESSION_H
#define KEYS_SESSION_H

#include "keys/algorithms/pk.h"

/* As long as ECDH pads it to; RSA needs less. */
#define SESSION_PLAIN_MAX 40
#define SESSION_WRAP_LEN  8 /* what AES key wrap adds (RFC 3394) */
#define SESSION_KEK_MAX   32

/*
 * The cipher (in a PKESK of version 3 only), the key, and the sum of its
 * octets (RFC 9580, 5.1.3 and 11.5).  Taking it apart uses all of plain; false
 * for every failure alike.
 */
void session_put(
    struct buf *plain, int pkesk_version, int cipher, const struct buf *key);
bool session_take(int pkesk_version, const uint8_t *plain, size_t len,
    int *cipher, struct buf *key);

/* AES key wrap (RFC 3394): out receives len + or - SESSION_WRAP_LEN octets;
 * out and in are not the same memory. */
bool session_wrap(const uint8_t *kek, size_t kek_len, const uint8_t *in,
    size_t len, uint8_t *out);
bool session_unwrap(const uint8_t *kek, size_t kek_len, const uint8_t *in,
    size_t len, uint8_t *out);

/*
 * What stands behind an ephemeral point of X25519 and all that came later
 * (RFC 9580, 5.1.6): a length, in version 3 the cipher in the clear, the
 * wrapped key.  Taking it uses all that is left of fields.
 */
bool session_put_wrapped(struct buf *out, int pkesk_version, int cipher,
    const uint8_t *kek, size_t kek_len, const struct buf *key);
bool session_take_wrapped(struct buf *fields, int pkesk_version, int *cipher,
    const uint8_t *kek, size_t kek_len, struct buf *key);

#endif
