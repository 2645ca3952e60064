/* keys/messages/container.c - the encrypted message while it is written. */
#include "keys/messages/container.h"

#include "gateway/base/fdio.h"
#include "keys/packets/body.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_OCTET   12 /* 2^(12 + 6) = SOURCE_CHUNK */
#define PARTIAL_OCTET 18 /* 2^18, likewise */
#define HEADER_MAX    6
#define PUSH_EVERY    ((uint64_t)8 * 1024 * 1024)

void
container_push_back(int fd, uint64_t written, uint64_t *pushed)
{
	if (written - *pushed < PUSH_EVERY)
		return;
	/* A hint: pipes and odd file systems refuse it, which hurts nobody. */
	(void)sync_file_range(fd, (off_t)*pushed, (off_t)(written - *pushed),
	    SYNC_FILE_RANGE_WRITE);
	*pushed = written;
}

size_t
container_length(uint64_t len, uint8_t out[5])
{
	if (len < 192) {
		out[0] = (uint8_t)len;
		return 1;
	}
	if (len < 8384) {
		out[0] = (uint8_t)(((len - 192) >> 8) + 192);
		out[1] = (uint8_t)(len - 192);
		return 2;
	}
	out[0] = 255;
	for (int i = 0; i < 4; i++)
		out[1 + i] = (uint8_t)(len >> (24 - 8 * i));
	return 5;
}

static uint8_t *
body_start(const struct container *c)
{
	return c->sealed + c->esk_len + HEADER_MAX;
}

/* Write header and n octets of the body; what waits behind them moves up. */
static enum gw_status
write_piece(struct container *c, const uint8_t *header, size_t header_len,
    size_t n, struct why *why)
{
	uint8_t *body = body_start(c), *start = body - header_len;
	size_t len = header_len + n;
	enum gw_status st;

	memcpy(start, header, header_len);
	if (c->esk_len > 0) {
		start -= c->esk_len;
		memmove(start, c->sealed, c->esk_len);
		len += c->esk_len;
	}
	gcry_md_write(c->md, start, len);
	if ((st = fd_write_all(c->out, start, len, why)) != GW_OK)
		return st;
	c->total += len;
	container_push_back(c->out, c->total, &c->pushed);
	c->esk_len = 0;
	c->body_len -= n;
	memmove(body_start(c), body + n, c->body_len);
	return GW_OK;
}

/* A partial length of fixed size, once there is enough for one. */
static enum gw_status
write_partial(struct container *c, struct why *why)
{
	uint8_t header[2] = { 0xc0 | BODY_SEIPD, 0xe0 | PARTIAL_OCTET };
	bool first = !c->split;

	c->split = true;
	return write_piece(
	    c, first ? header : header + 1, first ? 2 : 1, SOURCE_CHUNK, why);
}

static enum gw_status
write_last(struct container *c, struct why *why)
{
	uint8_t header[HEADER_MAX] = { 0xc0 | BODY_SEIPD };
	size_t len = container_length(c->body_len, header + 1);

	if (c->split)
		return write_piece(c, header + 1, len, c->body_len, why);
	return write_piece(c, header, len + 1, c->body_len, why);
}

/* Encrypt what waits.  The room behind the body holds one chunk more. */
static enum gw_status
encrypt(struct container *c, struct why *why)
{
	uint8_t *to = body_start(c) + c->body_len;
	size_t n = c->plain_len;
	enum gw_status st;

	if (n == 0)
		return GW_OK;
	if (c->aead) {
		st = seipd2_chunk(&c->writer, c->plain, n, to, why);
		c->body_len += SEIPD2_TAG_LEN;
	} else {
		st = seipd1_more(&c->writer, c->plain, n, to, why);
	}
	c->body_len += n;
	c->plain_len = 0;
	if (st == GW_OK && c->body_len >= SOURCE_CHUNK)
		st = write_partial(c, why);
	return st;
}

enum gw_status
container_open(struct container *c, int out, bool aead,
    const struct buf *session_key, const struct buf *esk, uint64_t hint,
    struct why *why)
{
	size_t body_cap;
	enum gw_status st;

	memset(c, 0, sizeof(*c));
	c->out = out;
	c->aead = aead;
	c->plain_cap = source_cap(hint, SOURCE_CHUNK);
	/* Before encrypt() the body is shorter than a chunk. */
	body_cap = SEIPD_HEAD_MAX + c->plain_cap + SEIPD_TAIL_MAX +
		   (c->plain_cap == SOURCE_CHUNK ? SOURCE_CHUNK : 0);
	c->plain = malloc(c->plain_cap);
	c->sealed = malloc(esk->len + HEADER_MAX + body_cap);
	if (c->plain == NULL || c->sealed == NULL ||
	    gcry_md_open(&c->md, GCRY_MD_SHA256, 0) != 0) {
		why_set(why, REASON_INTERNAL, "no memory to encrypt");
		return GW_AGAIN;
	}
	c->esk_len = esk->len;
	memcpy(c->sealed, esk->data, esk->len);
	st = aead ? seipd2_start(&c->writer, session_key, CHUNK_OCTET,
			body_start(c), why)
		  : seipd1_start(&c->writer, session_key, body_start(c), why);
	c->body_len = aead ? SEIPD2_HEAD_LEN : SEIPD1_HEAD_LEN;
	return st;
}

uint8_t *
container_room(struct container *c, size_t *n)
{
	*n = c->plain_cap - c->plain_len;
	return c->plain + c->plain_len;
}

enum gw_status
container_grew(struct container *c, size_t n, struct why *why)
{
	c->plain_len += n;
	if (c->plain_len < c->plain_cap)
		return GW_OK;
	/* Chunks of less than the announced size are for the end only. */
	if (c->plain_cap < SOURCE_CHUNK) {
		why_set(why, REASON_INTERNAL, "more to encrypt than foreseen");
		return GW_INTERNAL;
	}
	return encrypt(c, why);
}

enum gw_status
container_put(struct container *c, const void *data, size_t n, struct why *why)
{
	const uint8_t *p = data;
	enum gw_status st = GW_OK;

	while (n > 0 && st == GW_OK) {
		size_t room;
		uint8_t *to = container_room(c, &room);

		if (room > n)
			room = n;
		memcpy(to, p, room);
		p += room;
		n -= room;
		st = container_grew(c, room, why);
	}
	return st;
}

enum gw_status
container_end(struct container *c, uint8_t sha256[SHA256_LEN], struct why *why)
{
	uint8_t *to;
	enum gw_status st = encrypt(c, why);

	if (st != GW_OK)
		return st;
	to = body_start(c) + c->body_len;
	if (c->aead) {
		st = seipd2_finish(&c->writer, to, why);
		c->body_len += SEIPD2_TAG_LEN;
	} else {
		st = seipd1_finish(&c->writer, to, why);
		c->body_len += SEIPD1_TAIL_LEN;
	}
	if (st == GW_OK)
		st = write_last(c, why);
	if (st == GW_OK && sha256 != NULL)
		memcpy(sha256, gcry_md_read(c->md, GCRY_MD_SHA256), SHA256_LEN);
	return st;
}

void
container_close(struct container *c)
{
	seipd_writer_close(&c->writer);
	if (c->md != NULL)
		gcry_md_close(c->md);
	if (c->plain != NULL)
		mem_wipe(c->plain, c->plain_cap);
	free(c->plain);
	free(c->sealed);
	memset(c, 0, sizeof(*c));
}
