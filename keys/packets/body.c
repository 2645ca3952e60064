/* keys/packets/body.c - one packet after the other out of a stream. */
#include "keys/packets/body.h"

#include <string.h>

/* RFC 9580, 4.2.1.4: the first partial length is at least 512 octets.  Later
 * ones may be smaller; nobody honest writes many of those, and each costs us
 * as much as a large one. */
#define PARTIAL_FIRST_MIN 512
#define CRUMB_SIZE        512
#define CRUMBS_MAX        4096

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(
	    why, REASON_MALFORMED, "not a proper OpenPGP message: %s", what);
	return GW_REFUSED;
}

/* RFC 9580, 4.2.1.4: only data packets may use partial lengths; the same
 * holds for the old format's indeterminate one (4.2.2). */
static bool
holds_data(int tag)
{
	return tag == BODY_COMPRESSED || tag == BODY_SED ||
	       tag == BODY_LITERAL || tag == BODY_SEIPD ||
	       tag == BODY_LIBREPGP_AEAD;
}

static enum gw_status
read_number(struct body *b, size_t octets, struct why *why)
{
	uint8_t raw[4];
	enum gw_status st = source_need(b->from, raw, octets, why);

	b->piece = 0;
	for (size_t i = 0; st == GW_OK && i < octets; i++)
		b->piece = b->piece << 8 | raw[i];
	return st;
}

/* RFC 9580, 4.2.1: one, two or five octets, or a partial length. */
static enum gw_status
read_length(struct body *b, struct why *why)
{
	uint8_t first;
	enum gw_status st = source_need(b->from, &first, 1, why);

	b->partial = false;
	if (st != GW_OK)
		return st;
	if (first < 192) {
		b->piece = first;
	} else if (first < 224) {
		st = read_number(b, 1, why);
		b->piece += ((uint64_t)(first - 192) << 8) + 192;
	} else if (first == 255) {
		st = read_number(b, 4, why);
	} else {
		b->partial = true;
		b->piece = (uint64_t)1 << (first & 31);
	}
	return st;
}

static enum gw_status
read_length_old(struct body *b, int type, struct why *why)
{
	if (type < 3)
		return read_number(b, (size_t)1 << type, why);
	if (!holds_data(b->tag))
		return malformed(why, "indeterminate length of a small packet");
	b->open_ended = true;
	return GW_OK;
}

/* Go to the next length once the present piece was used up. */
static enum gw_status
next_piece(struct body *b, struct why *why)
{
	enum gw_status st;

	while (b->piece == 0 && b->partial) {
		if ((st = read_length(b, why)) != GW_OK)
			return st;
		if (b->partial && b->piece < CRUMB_SIZE &&
		    ++b->crumbs > CRUMBS_MAX)
			return malformed(why, "a flood of partial lengths");
	}
	return GW_OK;
}

/* Show the bytes of the source below, as far as they belong to us. */
static enum gw_status
body_more(struct source *s, struct why *why)
{
	struct body *b = (struct body *)s;
	enum gw_status st;

	if (!b->open_ended && (st = next_piece(b, why)) != GW_OK)
		return st;
	if (!b->open_ended && b->piece == 0) {
		s->end = true;
		return GW_OK;
	}
	if ((st = source_fill(b->from, why)) != GW_OK)
		return st;
	if (b->from->left == 0) {
		if (b->open_ended) {
			s->end = true;
			return GW_OK;
		}
		why_set(why, REASON_DAMAGED, "the message is cut short");
		return GW_REFUSED;
	}
	s->at = b->from->at;
	s->left = b->from->left;
	if (!b->open_ended) {
		if (s->left > b->piece)
			s->left = (size_t)b->piece;
		b->piece -= s->left;
		/* Known to be the last: the end is seen without another
		 * call. */
		s->end = b->piece == 0 && !b->partial;
	}
	source_take(b->from, s->left);
	return GW_OK;
}

enum gw_status
body_next(struct body *b, struct source *from, struct why *why)
{
	enum gw_status st;
	int c;

	memset(b, 0, sizeof(*b));
	b->src.more = body_more;
	b->from = from;
	if ((st = source_byte(from, &c, why)) != GW_OK)
		return st;
	if (c < 0)
		return GW_NONE;
	if ((c & 0x80) == 0)
		return malformed(why, "no packet where one must begin");
	if (c & 0x40) {
		b->tag = c & 0x3f;
		st = read_length(b, why);
	} else {
		b->tag = c >> 2 & 0x0f;
		st = read_length_old(b, c & 3, why);
	}
	if (st == GW_OK && b->tag == 0)
		st = malformed(why, "packet of the reserved type 0");
	if (st == GW_OK && b->partial &&
	    (!holds_data(b->tag) || b->piece < PARTIAL_FIRST_MIN))
		st = malformed(why, "partial length where none is allowed");
	return st;
}

bool
body_filler(int tag)
{
	return tag == BODY_MARKER || tag == BODY_PADDING || tag >= 40;
}

enum gw_status
body_collect(struct body *b, struct buf *to, struct why *why)
{
	enum gw_status st;

	while ((st = source_fill(&b->src, why)) == GW_OK && b->src.left > 0) {
		if (!buf_put(to, b->src.at, b->src.left))
			return malformed(why, "a packet is far too large");
		source_take(&b->src, b->src.left);
	}
	return st;
}
