/* keys/packets/inflate.h - the inside of a compressed packet, bounded. */
#ifndef KEYS_INFLATE_H
#define KEYS_INFLATE_H

#include "keys/packets/source.h"

/*
 * Read a compressed data packet (RFC 9580, 5.6), algorithm octet first:
 * uncompressed, ZIP, ZLIB or BZip2.  More than `max` octets coming out (0: no
 * limit), or a blow-up that no document has, is GW_REFUSED, TOO_LARGE; octets
 * behind the compressed data are refused too.
 */
enum gw_status inflate_open(
    struct source *body, uint64_t max, struct source **out, struct why *);
void inflate_close(struct source *);

#endif
