/* keys/packets/packet.c - OpenPGP's numbers and the framing of packets in memory. */
#include "keys/packets/packet.h"

#include <gcrypt.h>
#include <string.h>

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad packet: %s", what);
	return GW_REFUSED;
}

/* RFC 9580, 4.2.1. */
static bool
new_length(struct buf *from, size_t *len)
{
	uint8_t first = buf_get_u8(from);

	if (first < 192)
		*len = first;
	else if (first < 224)
		*len = ((size_t)(first - 192) << 8) + buf_get_u8(from) + 192;
	else if (first == 255)
		*len = buf_get_u32(from);
	else
		return false; /* partial */
	return true;
}

/* RFC 9580, 4.2.2. */
static bool
old_length(struct buf *from, unsigned type, size_t *len)
{
	switch (type) {
	case 0:
		*len = buf_get_u8(from);
		return true;
	case 1:
		*len = buf_get_u16(from);
		return true;
	case 2:
		*len = buf_get_u32(from);
		return true;
	default:
		return false; /* indeterminate */
	}
}

enum gw_status
packet_next(struct buf *from, struct packet *p, struct why *why)
{
	uint8_t head;
	size_t len = 0;
	bool definite;

	p->tag = -1;
	buf_view(&p->body, "", 0);
	if (from->bad)
		return malformed(why, "read after the end");
	if (buf_left(from) == 0)
		return GW_NONE;
	head = buf_get_u8(from);
	if ((head & 0x80) == 0)
		return malformed(why, "it does not start with a packet tag");
	if ((head & 0x40) != 0) {
		p->tag = head & 0x3f;
		definite = new_length(from, &len);
	} else {
		p->tag = head >> 2 & 0x0f;
		definite = old_length(from, head & 3u, &len);
	}
	if (!definite)
		return malformed(why, "partial length where none may be");
	if (p->tag == 0)
		return malformed(why, "tag 0 is reserved");
	if (!buf_child(from, len, &p->body))
		return malformed(why, "cut short");
	return GW_OK;
}

bool
packet_put_header(struct buf *b, int tag, size_t len)
{
	buf_put_u8(b, (uint8_t)(0xc0 | tag));
	if (len < 192)
		return buf_put_u8(b, (uint8_t)len);
	if (len < 8384)
		return buf_put_u16(b, (uint16_t)(len - 192 + (192u << 8)));
	buf_put_u8(b, 255);
	return buf_put_u32(b, (uint32_t)len);
}

bool
packet_put(struct buf *b, int tag, const void *body, size_t len)
{
	return packet_put_header(b, tag, len) && buf_put(b, body, len);
}

const struct packet_hash *
packet_hash_find(int id)
{
	static const struct packet_hash hashes[] = {
		{ PACKET_SHA1, GCRY_MD_SHA1, 20, "SHA1", 0 },
		{ PACKET_SHA256, GCRY_MD_SHA256, 32, "SHA256", 16 },
		{ PACKET_SHA384, GCRY_MD_SHA384, 48, "SHA384", 24 },
		{ PACKET_SHA512, GCRY_MD_SHA512, 64, "SHA512", 32 },
		{ PACKET_SHA224, GCRY_MD_SHA224, 28, "SHA224", 16 },
		{ PACKET_SHA3_256, GCRY_MD_SHA3_256, 32, "SHA3-256", 16 },
		{ PACKET_SHA3_512, GCRY_MD_SHA3_512, 64, "SHA3-512", 32 },
	};

	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (hashes[i].id == id)
			return &hashes[i];
	return NULL;
}

/* How many bits the first octet of a number has. */
static unsigned
octet_bits(uint8_t v)
{
	unsigned bits = 0;

	while (v != 0) {
		bits++;
		v >>= 1;
	}
	return bits;
}

bool
packet_get_mpi(struct buf *b, size_t max_bits, const uint8_t **num, size_t *len)
{
	size_t bits = buf_get_u16(b);

	*num = NULL;
	*len = 0;
	if (bits > max_bits) {
		b->bad = true;
		return false;
	}
	*num = buf_take(b, (bits + 7) / 8);
	if (*num == NULL)
		return false;
	*len = (bits + 7) / 8;
	if (*len > 0 && octet_bits(**num) + 8 * (*len - 1) != bits) {
		b->bad = true;
		return false;
	}
	return true;
}

bool
packet_put_mpi(struct buf *b, const uint8_t *num, size_t len)
{
	while (len > 0 && *num == 0) {
		num++;
		len--;
	}
	buf_put_u16(
	    b, (uint16_t)(len == 0 ? 0 : octet_bits(*num) + 8 * (len - 1)));
	return buf_put(b, num, len);
}
