/* keys/messages/packer.h - a compressed packet while it is written. */
#ifndef KEYS_PACKER_H
#define KEYS_PACKER_H

#include "keys/packets/sink.h"

/* It only reads what it is given. */
#define ZLIB_CONST
#include <zlib.h>

#define PACKER_PIECE_OCTET 15 /* partial lengths of 32 KiB */

/* What goes into its sink comes out as one packet with ZLIB data (RFC 9580,
 * 5.6) in the sink below, which sink_end() does not end. */
struct packer {
	struct sink sink;
	struct sink *to;
	z_stream z;
	bool ready; /* z is to be ended */
	bool split; /* a first partial length was written */
	uint8_t *out;
	size_t out_len;
};

/* Release with packer_close(), also after a failure. */
enum gw_status packer_open(struct packer *, struct sink *to, struct why *);
void packer_close(struct packer *);

/* So much becomes of n octets at most, when nothing can be gained. */
#define PACKER_MAX(n) ((n) + (n) / 1000 + 1024)

#endif
