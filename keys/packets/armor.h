/* keys/packets/armor.h - certificates and keys as text (RFC 9580, 6). */
#ifndef KEYS_ARMOR_H
#define KEYS_ARMOR_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

#define ARMOR_PUBLIC_KEY  "PGP PUBLIC KEY BLOCK"
#define ARMOR_PRIVATE_KEY "PGP PRIVATE KEY BLOCK"
#define ARMOR_SIGNATURE   "PGP SIGNATURE"

/* Does it look like text?  Otherwise it is binary: a packet's first octet has
 * its top bit set (RFC 9580, 4.2). */
bool armor_looks(const void *, size_t);

/*
 * Append the binary content of exactly one armored block of that label.
 * Headers are read over, and so is text before and after the block: people
 * send keys in letters, and what the key says is proven by itself.  A check
 * sum that is there must be right; it may be absent.  A second block, another
 * label, a line that is too long, anything that is not base 64: GW_REFUSED,
 * REASON_MALFORMED.
 */
enum gw_status armor_read(const char *label, const void *text, size_t len,
    struct buf *out, struct why *);
/*
 * The same for one block of several: *text and *len become what is left
 * behind it.  GW_NONE: no block begins in the rest.
 */
enum gw_status armor_next(const char *label, const void **text, size_t *len,
    struct buf *out, struct why *);
/* Append the block with CRC24, lines of 64, final newline. */
enum gw_status armor_write(const char *label, const void *data, size_t len,
    struct buf *out, struct why *);

#endif
