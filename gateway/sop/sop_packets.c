/* gateway/sop/sop_packets.c - which kind of packets, and how they are shown. */
#include "gateway/sop/sop_packets.h"

#include "gateway/base/fdio.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "keys/packets/armor.h"
#include "keys/packets/body.h"
#include "keys/packets/packet.h"

#include <unistd.h>

/* The tag in a packet's first octet (RFC 9580, 4.2); -1: it is none. */
static int
tag_of(uint8_t first)
{
	if ((first & 0x80) == 0)
		return -1;
	return (first & 0x40) != 0 ? first & 0x3f : first >> 2 & 0x0f;
}

/* Nothing but signatures: detached ones.  Whatever follows them otherwise
 * makes it a message. */
static bool
only_signatures(const uint8_t *data, size_t len)
{
	struct packet p;
	struct buf view;
	struct why why;
	enum gw_status st;

	buf_view(&view, data, len);
	while ((st = packet_next(&view, &p, &why)) == GW_OK)
		if (p.tag != PACKET_SIGNATURE)
			return false;
	return st == GW_NONE;
}

const char *
sop_packets_label(const uint8_t *data, size_t len)
{
	switch (tag_of(data[0])) {
	case PACKET_PUBLIC_KEY:
		return ARMOR_PUBLIC_KEY;
	case PACKET_SECRET_KEY:
		return ARMOR_PRIVATE_KEY;
	case PACKET_SIGNATURE:
		return only_signatures(data, len) ? ARMOR_SIGNATURE
						  : ARMOR_MESSAGE;
	case BODY_PKESK:
	case BODY_SKESK:
	case BODY_ONE_PASS:
	case BODY_COMPRESSED:
	case BODY_SED:
	case BODY_MARKER:
	case BODY_LITERAL:
	case BODY_SEIPD:
	case BODY_LIBREPGP_AEAD:
	case BODY_PADDING:
		return ARMOR_MESSAGE;
	default:
		return NULL;
	}
}

/* What is of version 6, or protected by AEAD, is read by nobody who needs one,
 * and RFC 9580, 6.1 would rather have none. */
bool
sop_packets_sum(const uint8_t *data, size_t len)
{
	int tag = tag_of(data[0]);
	size_t at = 2; /* of the version, behind the length (4.2) */

	if ((data[0] & 0x40) == 0)
		at = 1 + ((size_t)1 << (data[0] & 3));
	else if (len > 1 && data[1] == 255)
		at = 6;
	else if (len > 1 && data[1] >= 192 && data[1] < 224)
		at = 3;
	return at >= len || data[at] != (tag == BODY_SEIPD ? 2 : 6);
}

enum gw_status
sop_packets_armor(const char *label, const struct buf *packets, struct buf *out,
    struct why *why)
{
	if (packets->len > 0 && !sop_packets_sum(packets->data, packets->len))
		return armor_write_bare(
		    label, packets->data, packets->len, out, why);
	return armor_write(label, packets->data, packets->len, out, why);
}

int
sop_packets_print(const char *label, const struct buf *packets, bool armored)
{
	const struct buf *out = packets;
	enum gw_status st = GW_OK;
	struct buf text;
	struct why why;

	buf_init_secret(&text, 2 * SOP_INDIRECT_MAX + 1024);
	if (armored) {
		st = sop_packets_armor(label, packets, &text, &why);
		out = &text;
	}
	if (st == GW_OK)
		st = fd_write_all(STDOUT_FILENO, out->data, out->len, &why);
	buf_free(&text);
	return st == GW_OK ? SOP_OK : sop_fail(SOP_FAILED, "%s", why.text);
}
