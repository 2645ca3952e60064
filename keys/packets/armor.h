/* keys/packets/armor.h - packets as text (RFC 9580, 6). */
#ifndef KEYS_ARMOR_H
#define KEYS_ARMOR_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

#include <stdint.h>

#define ARMOR_PUBLIC_KEY  "PGP PUBLIC KEY BLOCK"
#define ARMOR_PRIVATE_KEY "PGP PRIVATE KEY BLOCK"
#define ARMOR_SIGNATURE   "PGP SIGNATURE"
#define ARMOR_MESSAGE     "PGP MESSAGE"

/* Does it look like text?  Otherwise it is binary: a packet's first octet has
 * its top bit set (RFC 9580, 4.2). */
bool armor_looks(const void *, size_t);

/*
 * Append the binary content of exactly one armored block of that label.
 * Headers are read over, and so is text before and after the block: people
 * send keys in letters, and what the key says is proven by itself.  A check
 * sum may be right, wrong or absent (RFC 9580, 6.1).  A second block, another
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
/*
 * Append the block: lines of 64, final newline.  With the check sum for what
 * old software may read; armor_write_bare() is without, for version 6, which
 * must not have one (RFC 9580, 6.1).
 */
enum gw_status armor_write(const char *label, const void *data, size_t len,
    struct buf *out, struct why *);
enum gw_status armor_write_bare(const char *label, const void *data, size_t len,
    struct buf *out, struct why *);

/* The same piece by piece. */
#define ARMOR_LINE_BYTES 48
struct armor_writer {
	const char *label;
	bool sum; /* a check sum at the end */
	uint32_t crc;
	uint8_t held[ARMOR_LINE_BYTES]; /* less than a line */
	size_t held_len;
};

/* Text that n bytes become, at most; beginning and end need as much as 0. */
#define ARMOR_TEXT_MAX(n) (((n) / ARMOR_LINE_BYTES + 1) * 65 + 128)

/* Each writes to `out` and returns how much. */
size_t armor_begin(
    struct armor_writer *, const char *label, bool sum, char *out);
size_t armor_more(struct armor_writer *, const void *, size_t n, char *out);
size_t armor_end(struct armor_writer *, char *out);

/* RFC 9580, 6.1.1. */
#define ARMOR_CRC_START 0xb704ceu
uint32_t armor_crc(uint32_t crc, const void *, size_t n);

#endif
