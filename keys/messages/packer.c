/* keys/messages/packer.c - a compressed packet while it is written. */
#include "keys/messages/packer.h"

#include "keys/messages/container.h"
#include "keys/packets/body.h"
#include "keys/packets/packet.h"

#include <stdlib.h>
#include <string.h>

#define ROOM  ((size_t)64 * 1024)
#define PIECE ((size_t)1 << PACKER_PIECE_OCTET)

static enum gw_status
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "no memory to compress");
	return GW_AGAIN;
}

/* What came together, in a partial length, or the rest in a definite one. */
static enum gw_status
write_piece(struct packer *p, bool last, struct why *why)
{
	uint8_t header[6] = { 0xc0 | BODY_COMPRESSED,
		0xe0 | PACKER_PIECE_OCTET };
	size_t n = 1, skip = p->split ? 1 : 0;
	enum gw_status st;

	if (last)
		n = container_length(p->out_len, header + 1);
	st = sink_put(p->to, header + skip, 1 + n - skip, why);
	if (st == GW_OK)
		st = sink_put(p->to, p->out, p->out_len, why);
	p->split = true;
	p->out_len = 0;
	return st;
}

static enum gw_status
take(struct sink *s, const uint8_t *data, size_t n, bool last, struct why *why)
{
	struct packer *p = (struct packer *)s;
	int done = Z_OK;
	enum gw_status st = GW_OK;

	p->z.next_in = data;
	p->z.avail_in = (uInt)n;
	while (st == GW_OK && (p->z.avail_in > 0 || (last && done == Z_OK))) {
		p->z.next_out = p->out + p->out_len;
		p->z.avail_out = (uInt)(PIECE - p->out_len);
		done = deflate(&p->z, last ? Z_FINISH : Z_NO_FLUSH);
		if (done != Z_OK && done != Z_STREAM_END)
			return failed(why);
		p->out_len = PIECE - p->z.avail_out;
		if (p->out_len == PIECE)
			st = write_piece(p, false, why);
	}
	return st == GW_OK && last ? write_piece(p, true, why) : st;
}

enum gw_status
packer_open(struct packer *p, struct sink *to, struct why *why)
{
	memset(p, 0, sizeof(*p));
	sink_init(&p->sink, ROOM, true, take);
	p->to = to;
	if ((p->out = malloc(PIECE)) == NULL ||
	    deflateInit(&p->z, Z_DEFAULT_COMPRESSION) != Z_OK)
		return failed(why);
	p->ready = true;
	p->out[p->out_len++] = PACKET_ZLIB;
	return GW_OK;
}

void
packer_close(struct packer *p)
{
	if (p->ready)
		(void)deflateEnd(&p->z); /* also in the middle of data */
	if (p->out != NULL)
		mem_wipe(p->out, PIECE);
	free(p->out);
	sink_free(&p->sink);
	memset(p, 0, sizeof(*p));
}
