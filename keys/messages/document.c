/* keys/messages/document.c - a descriptor's content as literal data. */
#include "keys/messages/document.h"

#include "gateway/base/buf.h"
#include "gateway/base/fdio.h"
#include "keys/messages/container.h"
#include "keys/packets/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define LITERAL_HEAD_MAX (2 + 255 + 4)
/* A definite length has 32 bits; a longer document of known size goes in
 * pieces of 2^30 and a last one of any length. */
#define DEFINITE_MAX UINT32_MAX
#define PIECE_OCTET  30
/* A document of unknown size is read ahead by one such piece. */
#define AHEAD_OCTET 16
#define AHEAD       ((size_t)1 << AHEAD_OCTET)

#define SAMPLES    3
#define SAMPLE_LEN ((size_t)16 * 1024)

static enum gw_status
changed(struct why *why)
{
	why_set(why, REASON_STILL_WRITTEN,
	    "the document changed while it was sealed");
	return GW_AGAIN;
}

enum gw_status
document_open(
    struct document *d, int fd, struct digests *digests, struct why *why)
{
	off_t at;

	memset(d, 0, sizeof(*d));
	d->fd = fd;
	d->digests = digests;
	d->left = UINT64_MAX;
	if (fstat(fd, &d->st) != 0) {
		why_errno(why, REASON_IO_ERROR, "looking at the document");
		return gw_status_errno(errno);
	}
	if (!S_ISREG(d->st.st_mode))
		return GW_OK;
	at = lseek(fd, 0, SEEK_CUR);
	if (at < 0 || at > d->st.st_size)
		return changed(why);
	d->left = (uint64_t)(d->st.st_size - at);
	return GW_OK;
}

/* Does it become smaller by an eighth at least? */
static bool
sample_shrinks(const uint8_t *p, size_t n)
{
	uint8_t out[SAMPLE_LEN];
	uLongf len = n - n / 8;

	return compress2(out, &len, p, n, Z_BEST_SPEED) == Z_OK;
}

bool
document_shrinks(const struct document *d)
{
	uint8_t sample[SAMPLE_LEN];
	uint64_t start = (uint64_t)d->st.st_size - d->left, gap;
	unsigned gain = 0;

	if (d->left == UINT64_MAX)
		return true;
	gap = d->left > SAMPLE_LEN ? (d->left - SAMPLE_LEN) / (SAMPLES - 1) : 0;
	for (unsigned i = 0; i < SAMPLES; i++) {
		ssize_t n = pread(
		    d->fd, sample, sizeof(sample), (off_t)(start + i * gap));

		if (n > 0 && sample_shrinks(sample, (size_t)n))
			gain++;
	}
	mem_wipe(sample, sizeof(sample));
	return 2 * gain > SAMPLES;
}

/* RFC 9580, 5.9: format, name, date. */
static size_t
literal_head(
    char format, const char *text, time_t when, uint8_t out[LITERAL_HEAD_MAX])
{
	size_t name = text != NULL ? strlen(text) : 0;
	uint32_t date = (uint32_t)when;

	if (name > 255)
		name = 255;
	out[0] = (uint8_t)(format != 0 ? format : 'b');
	out[1] = (uint8_t)name;
	if (name > 0)
		memcpy(out + 2, text, name);
	for (int i = 0; i < 4; i++)
		out[2 + name + (size_t)i] = (uint8_t)(date >> (24 - 8 * i));
	return 2 + name + 4;
}

/* The next n octets of the document, read straight to where they will be
 * used. */
static enum gw_status
copy_in(struct document *d, struct sink *to, uint64_t n, struct why *why)
{
	enum gw_status st = GW_OK;

	while (n > 0 && st == GW_OK) {
		uint8_t *room;
		size_t len, got;

		if ((st = sink_room(to, &room, &len, why)) != GW_OK)
			break;
		if (len > n)
			len = (size_t)n;
		if ((st = fd_read_full(d->fd, room, len, &got, why)) != GW_OK)
			break;
		if (got < len)
			return changed(why);
		digests_write(d->digests, room, got);
		n -= got;
		d->size += got;
		st = sink_grew(to, got, why);
	}
	return st;
}

/* A regular file: all lengths are known before its first octet is read. */
static enum gw_status
put_known(struct document *d, struct sink *to, const uint8_t *head,
    size_t head_len, struct why *why)
{
	uint64_t body = head_len + d->left;
	enum gw_status st;
	uint8_t more;
	size_t extra;

	while (body > 0) {
		uint8_t length[5] = { 0xe0 | PIECE_OCTET };
		uint64_t piece = (uint64_t)1 << PIECE_OCTET;
		size_t len = 1;

		if (body <= DEFINITE_MAX)
			len = container_length(piece = body, length);
		st = sink_put(to, length, len, why);
		if (st == GW_OK)
			st = sink_put(to, head, head_len, why);
		if (st == GW_OK)
			st = copy_in(d, to, piece - head_len, why);
		if (st != GW_OK)
			return st;
		body -= piece;
		head_len = 0;
	}
	/* It must end where it ended when we looked. */
	st = fd_read_full(d->fd, &more, 1, &extra, why);
	if (st == GW_OK && extra > 0)
		st = changed(why);
	return st;
}

/* A pipe: pieces of a fixed size, each read whole before it is announced. */
static enum gw_status
put_unknown(struct document *d, struct sink *to, const uint8_t *head,
    size_t head_len, struct why *why)
{
	uint8_t *piece = malloc(AHEAD), length[5];
	size_t len = head_len, got;
	bool last = false;
	enum gw_status st = GW_OK;

	if (piece == NULL) {
		why_set(why, REASON_INTERNAL, "no memory to read");
		return GW_AGAIN;
	}
	memcpy(piece, head, head_len);
	while (st == GW_OK && !last) {
		size_t n = 1;

		st = fd_read_full(d->fd, piece + len, AHEAD - len, &got, why);
		if (st != GW_OK)
			break;
		digests_write(d->digests, piece + len, got);
		digests_settle(d->digests);
		d->size += got;
		len += got;
		last = len < AHEAD;
		length[0] = 0xe0 | AHEAD_OCTET;
		if (last)
			n = container_length(len, length);
		st = sink_put(to, length, n, why);
		if (st == GW_OK)
			st = sink_put(to, piece, len, why);
		len = 0;
	}
	mem_wipe(piece, AHEAD);
	free(piece);
	return st;
}

enum gw_status
document_put(struct document *d, struct sink *to, char format, const char *name,
    time_t when, struct why *why)
{
	uint8_t head[LITERAL_HEAD_MAX], tag = 0xc0 | BODY_LITERAL;
	size_t len = literal_head(format, name, when, head);
	enum gw_status st = sink_put(to, &tag, 1, why);

	if (st != GW_OK)
		return st;
	return d->left == UINT64_MAX ? put_unknown(d, to, head, len, why)
				     : put_known(d, to, head, len, why);
}
