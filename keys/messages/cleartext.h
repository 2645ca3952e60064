/* keys/messages/cleartext.h - the cleartext signature framework (RFC 9580, 7). */
#ifndef KEYS_CLEARTEXT_H
#define KEYS_CLEARTEXT_H

#include "keys/messages/unseal.h"
#include "keys/packets/source.h"

/*
 * Read what follows the first line of a signed text: "Hash" headers and no
 * other, a blank line, the text, its signatures, and nothing more.  The text
 * is written to `out` as it was signed: without dash-escapes, without white
 * space before the ends of lines, and without the last of these; whether they
 * are LF or CR LF stays as it came.  Lines may be of any length.
 */
enum gw_status cleartext_read(const struct unseal_request *, struct source *,
    uint64_t hint, int out, struct unseal_result *, struct why *);

#endif
