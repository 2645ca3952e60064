/* keys/packets/body.h - one packet after the other out of a stream. */
#ifndef KEYS_BODY_H
#define KEYS_BODY_H

#include "gateway/base/buf.h"
#include "keys/packets/source.h"

enum body_tag {
	BODY_PKESK = 1,
	BODY_SIGNATURE = 2,
	BODY_SKESK = 3,
	BODY_ONE_PASS = 4,
	BODY_COMPRESSED = 8,
	BODY_SED = 9,
	BODY_MARKER = 10,
	BODY_LITERAL = 11,
	BODY_SEIPD = 18,
	BODY_LIBREPGP_AEAD = 20,
	BODY_PADDING = 21
};

/*
 * The body of the packet at hand as a source that ends where the packet
 * ends, whatever way its length was written: definite, partial or (data
 * packets of the old format) up to the end of what contains it.
 */
struct body {
	struct source src;
	struct source *from;
	int tag;
	uint64_t piece; /* octets of the present length not shown yet */
	bool partial;   /* another length follows the piece */
	bool open_ended;
	unsigned crumbs; /* partial lengths too small to be honest */
};

/*
 * Read the next packet's header (RFC 9580, 4.2).  GW_NONE: `from` ended
 * cleanly before it.  The body of the packet before must have been read or
 * drained.  GW_REFUSED: not a packet, or a length that the rules forbid.
 */
enum gw_status body_next(struct body *, struct source *from, struct why *);
/*
 * Does a packet of this type mean nothing to us, so that it is read over?
 * Marker, padding, and the types that may be unknown (RFC 9580, 4.3: 40 to
 * 63 are not critical).  Whoever reads over them counts.
 */
bool body_filler(int tag);
/* Append the whole body of a packet that must be small; GW_REFUSED,
 * REASON_MALFORMED when it does not fit into the buffer. */
enum gw_status body_collect(struct body *, struct buf *, struct why *);

#endif
