/* keys/packets/inflate.c - the inside of a compressed packet, bounded. */
#include "keys/packets/inflate.h"

#include <bzlib.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define INFLATE_CHUNK ((size_t)128 * 1024)
/* Deflate cannot gain more than 1032 to 1.  BZip2 can, a million to 1, but
 * only on data that is no document; such a small bomb is nevertheless let
 * through up to a size that hurts nobody. */
#define RATIO_MAX  1100
#define RATIO_FREE ((uint64_t)64 * 1024 * 1024)

/* RFC 9580, 9.4 */
enum algorithm { PLAIN = 0, ZIP = 1, ZLIB = 2, BZIP2 = 3 };

struct inflate {
	struct source src;
	struct source *body;
	int algorithm;
	z_stream z;
	bz_stream bz;
	bool open; /* the library's state wants releasing */
	uint64_t max, in, out;
	uint8_t *room;
};

static enum gw_status
refuse(struct why *why, enum gw_reason reason, const char *what)
{
	why_set(why, reason, "the compressed data %s", what);
	return GW_REFUSED;
}

/* Let zlib work; *ended when its stream is complete. */
static enum gw_status
step_zlib(struct inflate *f, bool *ended, struct why *why)
{
	int r;

	f->z.next_in = f->body->at;
	f->z.avail_in = (uInt)f->body->left;
	f->z.next_out = f->room;
	f->z.avail_out = (uInt)INFLATE_CHUNK;
	r = inflate(&f->z, Z_NO_FLUSH);
	source_take(f->body, f->body->left - f->z.avail_in);
	f->src.left = INFLATE_CHUNK - f->z.avail_out;
	*ended = r == Z_STREAM_END;
	if (r == Z_MEM_ERROR) {
		why_set(why, REASON_INTERNAL, "no memory to decompress");
		return GW_AGAIN;
	}
	if (r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR)
		return GW_OK;
	return refuse(why, REASON_DAMAGED, "are damaged");
}

static enum gw_status
step_bzip2(struct inflate *f, bool *ended, struct why *why)
{
	int r;

	f->bz.next_in = (char *)f->body->at;
	f->bz.avail_in = (unsigned)f->body->left;
	f->bz.next_out = (char *)f->room;
	f->bz.avail_out = (unsigned)INFLATE_CHUNK;
	r = BZ2_bzDecompress(&f->bz);
	source_take(f->body, f->body->left - f->bz.avail_in);
	f->src.left = INFLATE_CHUNK - f->bz.avail_out;
	*ended = r == BZ_STREAM_END;
	if (r == BZ_MEM_ERROR) {
		why_set(why, REASON_INTERNAL, "no memory to decompress");
		return GW_AGAIN;
	}
	if (r == BZ_OK || r == BZ_STREAM_END)
		return GW_OK;
	return refuse(why, REASON_DAMAGED, "are damaged");
}

static enum gw_status
check_size(struct inflate *f, struct why *why)
{
	f->out += f->src.left;
	if (f->max != 0 && f->out > f->max)
		return refuse(
		    why, REASON_TOO_LARGE, "unfold to more than is allowed");
	if (f->out > RATIO_FREE && f->out / RATIO_MAX > f->in)
		return refuse(
		    why, REASON_TOO_LARGE, "unfold beyond all measure");
	return GW_OK;
}

/* The stream is complete, so the packet must be too: what stands behind it
 * would be seen by one reader and not by another. */
static enum gw_status
check_rest(struct inflate *f, struct why *why)
{
	enum gw_status st = source_fill(f->body, why);

	if (st == GW_OK && f->body->left > 0)
		return refuse(why, REASON_MALFORMED, "have something behind");
	f->src.end = true;
	return st;
}

static enum gw_status
inflate_more(struct source *s, struct why *why)
{
	struct inflate *f = (struct inflate *)s;
	bool ended = false, starved;
	enum gw_status st;
	size_t before;

	if ((st = source_fill(f->body, why)) != GW_OK)
		return st;
	starved = f->body->left == 0;
	before = f->body->left;
	s->at = f->room;
	st = f->algorithm == BZIP2 ? step_bzip2(f, &ended, why)
				   : step_zlib(f, &ended, why);
	f->in += before - f->body->left;
	if (st != GW_OK || (st = check_size(f, why)) != GW_OK)
		return st;
	if (ended)
		return check_rest(f, why);
	/* What the library still held back came out; without input nothing
	 * more will. */
	if (starved && s->left == 0)
		return refuse(why, REASON_DAMAGED, "are cut short");
	return GW_OK;
}

/* Not compressed at all: hand the octets through. */
static enum gw_status
plain_more(struct source *s, struct why *why)
{
	struct inflate *f = (struct inflate *)s;
	enum gw_status st = source_fill(f->body, why);

	if (st != GW_OK)
		return st;
	s->at = f->body->at;
	s->left = f->body->left;
	s->end = s->left == 0;
	source_take(f->body, s->left);
	return GW_OK;
}

static bool
start(struct inflate *f)
{
	if (f->algorithm == PLAIN)
		return true;
	if ((f->room = malloc(INFLATE_CHUNK)) == NULL)
		return false;
	/* ZIP is raw deflate without zlib's frame: negative window bits. */
	if (f->algorithm == BZIP2)
		f->open = BZ2_bzDecompressInit(&f->bz, 0, 0) == BZ_OK;
	else
		f->open =
		    inflateInit2(&f->z,
			f->algorithm == ZIP ? -MAX_WBITS : MAX_WBITS) == Z_OK;
	return f->open;
}

static void
release(struct inflate *f)
{
	if (f == NULL)
		return;
	if (f->open && f->algorithm == BZIP2)
		(void)BZ2_bzDecompressEnd(&f->bz); /* fails on misuse only */
	else if (f->open)
		(void)inflateEnd(&f->z);
	free(f->room);
	free(f);
}

enum gw_status
inflate_open(
    struct source *body, uint64_t max, struct source **out, struct why *why)
{
	struct inflate *f;
	uint8_t algorithm;
	enum gw_status st = source_need(body, &algorithm, 1, why);

	if (st != GW_OK)
		return st;
	if (algorithm > BZIP2) {
		why_set(why, REASON_UNSUPPORTED, "compressed with algorithm %d",
		    algorithm);
		return GW_REFUSED;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL)
		goto nomem;
	f->src.more = algorithm == PLAIN ? plain_more : inflate_more;
	f->body = body;
	f->algorithm = algorithm;
	f->max = max;
	if (!start(f))
		goto nomem;
	*out = &f->src;
	return GW_OK;
nomem:
	release(f);
	why_set(why, REASON_INTERNAL, "no memory to decompress");
	return GW_AGAIN;
}

void
inflate_close(struct source *s)
{
	release((struct inflate *)s);
}
