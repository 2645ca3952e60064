/* keys/messages/container.c - the encrypted message while it is written. */
#include "keys/messages/container.h"

#include "keys/packets/body.h"

#include <stdlib.h>
#include <string.h>

#define BITS       18 /* 2^18 = SOURCE_CHUNK */
#define HEADER_MAX 6
/* So much is hashed by one thread while another enciphers it: in smaller
 * pieces they would wait for each other more often. */
#define CHUNKS_A_ROOM 4
/* What is smaller is hashed before another thread would have woken up. */
#define WORTH_A_THREAD ((size_t)64 * 1024)

static enum gw_status
start1(struct seipd_writer *w, const struct buf *key, int octet, uint8_t *out,
    struct why *why)
{
	(void)octet; /* it has no chunks */
	return seipd1_start(w, key, out, why);
}

static const struct kind {
	int tag;
	size_t head, chunk_tag, tail;
	enum gw_status (*start)(struct seipd_writer *, const struct buf *key,
	    int octet, uint8_t *out, struct why *);
	enum gw_status (*more)(struct seipd_writer *, const uint8_t *in,
	    size_t n, uint8_t *out, struct why *);
	enum gw_status (*finish)(
	    struct seipd_writer *, uint8_t *out, struct why *);
} kinds[] = {
	[CONTAINER_SEIPD1] = { BODY_SEIPD, SEIPD1_HEAD_LEN, 0, SEIPD1_TAIL_LEN,
	    start1, seipd1_cipher, seipd1_finish },
	[CONTAINER_SEIPD2] = { BODY_SEIPD, SEIPD2_HEAD_LEN, SEIPD2_TAG_LEN,
	    SEIPD2_TAG_LEN, seipd2_start, seipd2_chunk, seipd2_finish },
	[CONTAINER_LIBREPGP] = { BODY_LIBREPGP_AEAD, LIBREPGP_HEAD_LEN,
	    SEIPD2_TAG_LEN, SEIPD2_TAG_LEN, librepgp_start, librepgp_chunk,
	    librepgp_finish },
};

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

static size_t
chunk(const struct container *c)
{
	return (size_t)1 << c->bits;
}

static uint8_t *
body_start(const struct container *c)
{
	return c->sealed[c->turn] + c->esk_len + HEADER_MAX;
}

/* Write header and n octets of the body; then what was behind them begins the
 * other half.  That one was perhaps being hashed below until this one came,
 * which now is. */
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
		memmove(start, c->sealed[c->turn], c->esk_len);
		len += c->esk_len;
	}
	c->esk_len = 0;
	c->body_len -= n;
	st = sink_fd_put(c->to, start, len, why);
	if (c->sink.twice) {
		c->turn ^= 1;
		memcpy(body_start(c), body + n, c->body_len);
	}
	return st;
}

/* A partial length of fixed size, once there is enough for one. */
static enum gw_status
write_partial(struct container *c, struct why *why)
{
	uint8_t header[2] = { (uint8_t)(0xc0 | kinds[c->kind].tag),
		(uint8_t)(0xe0 | c->bits) };
	bool first = !c->split;

	c->split = true;
	return write_piece(
	    c, first ? header : header + 1, first ? 2 : 1, chunk(c), why);
}

static enum gw_status
write_last(struct container *c, struct why *why)
{
	uint8_t header[HEADER_MAX] = { (uint8_t)(0xc0 | kinds[c->kind].tag) };
	size_t len = container_length(c->body_len, header + 1);

	if (c->split)
		return write_piece(c, header + 1, len, c->body_len, why);
	return write_piece(c, header, len + 1, c->body_len, why);
}

static void
hash_piece(void *arg)
{
	struct container *c = arg;

	seipd1_hash(&c->writer, c->hashed, c->hashed_len);
}

/* Version 1 is the only one whose cipher does not check by itself. */
static void
hash(struct container *c, const uint8_t *p, size_t n)
{
	if (c->kind != CONTAINER_SEIPD1 || n == 0)
		return;
	second_thread_wait(&c->mdc);
	c->hashed = p;
	c->hashed_len = n;
	if (n < WORTH_A_THREAD)
		hash_piece(c);
	else
		second_thread_give(&c->mdc);
}

/* One chunk.  The room behind the body holds that much. */
static enum gw_status
encrypt(struct container *c, const uint8_t *p, size_t n, struct why *why)
{
	const struct kind *k = &kinds[c->kind];
	enum gw_status st =
	    k->more(&c->writer, p, n, body_start(c) + c->body_len, why);

	c->body_len += n + k->chunk_tag;
	/* Mostly one; but the tags, too, come to a whole one in the end. */
	while (st == GW_OK && c->body_len >= chunk(c) && c->sink.twice)
		st = write_partial(c, why);
	return st;
}

static enum gw_status
finish(struct container *c, struct why *why)
{
	const struct kind *k = &kinds[c->kind];
	enum gw_status st;

	second_thread_wait(&c->mdc);
	st = k->finish(&c->writer, body_start(c) + c->body_len, why);
	c->body_len += k->tail;
	if (st == GW_OK)
		st = write_last(c, why);
	return st == GW_OK ? sink_end(&c->to->sink, why) : st;
}

static enum gw_status
take(struct sink *s, const uint8_t *p, size_t n, bool last, struct why *why)
{
	struct container *c = (struct container *)s;
	enum gw_status st = GW_OK;

	/* A small room is for what was foreseen to fit into it. */
	if (!last && !s->twice) {
		why_set(why, REASON_INTERNAL, "more to encrypt than foreseen");
		return GW_INTERNAL;
	}
	hash(c, p, n);
	while (n > 0 && st == GW_OK) {
		size_t part = n < chunk(c) ? n : chunk(c);

		st = encrypt(c, p, part, why);
		p += part;
		n -= part;
	}
	return st == GW_OK && last ? finish(c, why) : st;
}

static bool
make_rooms(struct container *c, size_t room)
{
	/* Before encrypt() the body of a large one is shorter than a chunk. */
	size_t cap = c->esk_len + HEADER_MAX + SEIPD_HEAD_MAX + SEIPD_TAIL_MAX +
		     (c->sink.twice ? 2 * chunk(c) : room);

	c->sealed[0] = malloc(cap);
	if (c->sink.twice)
		c->sealed[1] = malloc(cap);
	return c->sealed[0] != NULL && (!c->sink.twice || c->sealed[1] != NULL);
}

enum gw_status
container_open_bits(struct container *c, struct sink_fd *to,
    enum container_kind kind, const struct buf *session_key,
    const struct buf *esk, uint64_t hint, unsigned bits, struct why *why)
{
	size_t size = (size_t)1 << bits;
	bool large = hint >= size;
	size_t room =
	    large ? CHUNKS_A_ROOM * size : source_cap(hint + 1, SOURCE_CHUNK);
	enum gw_status st;

	memset(c, 0, sizeof(*c));
	sink_init(&c->sink, room, large, take);
	c->to = to;
	c->kind = kind;
	c->bits = bits;
	c->mdc = (struct second_job){ .run = hash_piece, .arg = c };
	c->esk_len = esk->len;
	if (!make_rooms(c, room)) {
		why_set(why, REASON_INTERNAL, "no memory to encrypt");
		return GW_AGAIN;
	}
	memcpy(c->sealed[0], esk->data, esk->len);
	/* A chunk size octet of 0 is 2^6 (RFC 9580, 5.13.2). */
	st = kinds[kind].start(
	    &c->writer, session_key, (int)bits - 6, body_start(c), why);
	c->body_len = kinds[kind].head;
	return st;
}

enum gw_status
container_open(struct container *c, struct sink_fd *to,
    enum container_kind kind, const struct buf *session_key,
    const struct buf *esk, uint64_t hint, struct why *why)
{
	return container_open_bits(
	    c, to, kind, session_key, esk, hint, BITS, why);
}

void
container_close(struct container *c)
{
	second_thread_wait(&c->mdc);
	seipd_writer_close(&c->writer);
	free(c->sealed[0]);
	free(c->sealed[1]);
	sink_free(&c->sink);
	memset(c, 0, sizeof(*c));
}
