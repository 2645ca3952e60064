/* tests/keys/craft.h - make messages by hand, right ones and wrong ones. */
#ifndef TESTS_KEYS_CRAFT_H
#define TESTS_KEYS_CRAFT_H

#include "gateway/base/fdio.h"
#include "keys/packets/body.h"
#include "keys/messages/container.h"
#include "keys/algorithms/hkdf.h"
#include "keys/messages/unseal.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CRAFT_MAX (64 * 1024 * 1024)

/* The session key that every crafted message uses. */
static const uint8_t craft_key[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

/* A file in memory with these bytes, read position at its start. */
static inline int
craft_file(const void *data, size_t len)
{
	struct why why;
	int fd = memfd_create("craft", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, data, len, &why), GW_OK);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* All of a file, whatever its position. */
static inline struct buf
craft_content(int fd)
{
	struct buf b;
	struct why why;

	buf_init(&b, CRAFT_MAX);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(fd_read_buf(fd, &b, &why), GW_OK);
	return b;
}

/* One packet with a definite new-format length. */
static inline void
craft_packet(struct buf *to, int tag, const void *body, size_t len)
{
	uint8_t header[6] = { (uint8_t)(0xc0 | tag) };
	size_t n = container_length(len, header + 1);

	ck_assert(buf_put(to, header, 1 + n));
	ck_assert(buf_put(to, body, len));
}

static inline void
craft_literal(struct buf *to, const char *name, const void *data, size_t len)
{
	struct buf b;

	buf_init(&b, CRAFT_MAX);
	buf_put_u8(&b, 'b');
	buf_put_u8(&b, (uint8_t)strlen(name));
	buf_put_text(&b, name);
	buf_put_u32(&b, 1700000000);
	ck_assert(buf_put(&b, data, len));
	craft_packet(to, BODY_LITERAL, b.data, b.len);
	buf_free(&b);
}

/* One-pass and signature that agree; nobody checks the numbers here. */
static inline void
craft_one_pass(struct buf *to, uint8_t hash, bool last)
{
	uint8_t raw[13] = { 3, 0, hash, 22, 1, 2, 3, 4, 5, 6, 7, 8, last };

	craft_packet(to, BODY_ONE_PASS, raw, sizeof(raw));
}

static inline void
craft_signature(struct buf *to, uint8_t hash)
{
	uint8_t raw[] = { 4, 0, 22, hash, 0, 0, 0, 0, 9, 9, 0, 1, 1, 0, 1, 1 };

	craft_packet(to, BODY_SIGNATURE, raw, sizeof(raw));
}

/* The same of version 6 (RFC 9580, 5.2.3 and 5.4), with this salt in each. */
static inline void
craft_one_pass6(struct buf *to, uint8_t hash, uint8_t salt, size_t salt_len)
{
	uint8_t raw[5 + 32 + 33] = { 6, 0, hash, 27, (uint8_t)salt_len };

	memset(raw + 5, salt, salt_len);
	raw[5 + salt_len + 32] = 1;
	craft_packet(to, BODY_ONE_PASS, raw, 5 + salt_len + 33);
}

static inline void
craft_signature6(struct buf *to, uint8_t hash, uint8_t salt, size_t salt_len)
{
	uint8_t raw[15 + 32 + 64] = { 6, 0, 27, hash, 0, 0, 0, 0, 0, 0, 0, 0, 9,
		9, (uint8_t)salt_len };

	memset(raw + 15, salt, salt_len);
	craft_packet(to, BODY_SIGNATURE, raw, 15 + salt_len + 64);
}

/* The usual inside: one-pass, literal, signature. */
static inline void
craft_signed(struct buf *to, const char *name, const void *data, size_t len)
{
	craft_one_pass(to, 8, true);
	craft_literal(to, name, data, len);
	craft_signature(to, 8);
}

/* A PKESK body that craft_unwrap() understands. */
static inline void
craft_pkesk(struct buf *to, int version, uint8_t id)
{
	uint8_t v3[12] = { 3, id, id, id, id, id, id, id, id, 25, 0, 0 };
	uint8_t v6[30] = { 6, 21, 4, id };

	if (version == 3)
		craft_packet(to, BODY_PKESK, v3, sizeof(v3));
	else
		craft_packet(to, BODY_PKESK, v6, sizeof(v6));
}

#define CRAFT_OURS 7

static inline enum gw_status
craft_unwrap(void *ctx, const void *pkesk, size_t len, int seipd,
    int *algorithm, struct buf *key, struct why *why)
{
	const uint8_t *p = pkesk;

	(void)ctx;
	(void)why;
	ck_assert_uint_gt(len, 4);
	ck_assert_int_eq(p[0], seipd == 1 ? 3 : 6);
	if (p[0] == 3 ? p[1] != CRAFT_OURS : p[3] != CRAFT_OURS)
		return GW_NONE;
	if (p[0] == 3)
		*algorithm = PACKET_AES256;
	buf_put(key, craft_key, sizeof(craft_key));
	return GW_OK;
}

/* `inside` encrypted by our own writer, to `out` in memory. */
static inline struct buf
craft_encrypt(const struct buf *inside, bool aead)
{
	const struct sink_form binary = { .label = NULL };
	struct container c;
	struct sink_fd to;
	struct buf key, esk, all;
	struct why why;
	int fd = memfd_create("craft", MFD_CLOEXEC);

	buf_view(&key, craft_key, sizeof(craft_key));
	buf_init(&esk, 1024);
	craft_pkesk(&esk, aead ? 6 : 3, CRAFT_OURS);
	ck_assert_int_eq(sink_fd_open(&to, fd, &binary, &why), GW_OK);
	ck_assert_int_eq(
	    container_open(&c, &to, aead ? CONTAINER_SEIPD2 : CONTAINER_SEIPD1,
		&key, &esk, inside->len + 1, &why),
	    GW_OK);
	ck_assert_int_eq(
	    sink_put(&c.sink, inside->data, inside->len, &why), GW_OK);
	ck_assert_int_eq(sink_end(&c.sink, &why), GW_OK);
	sink_fd_close(&to);
	container_close(&c);
	buf_free(&esk);
	all = craft_content(fd);
	close(fd);
	return all;
}

static inline void
craft_nonce(uint8_t *nonce, size_t len, uint64_t index)
{
	for (int i = 0; i < 8; i++)
		nonce[len - 1 - (size_t)i] = (uint8_t)(index >> (8 * i));
}

struct craft_chunks {
	uint8_t cipher, aead, octet;
	int gcry, mode;
	size_t key_len, nonce_len;
	/* Wrong on purpose: */
	int swap;       /* exchange the first two chunks */
	int drop;       /* leave out the last chunk */
	int empty_last; /* an empty chunk before the final tag */
	int no_final;   /* leave out the final tag */
	int librepgp;   /* LibrePGP's packet 20 instead of version 2 */
};

/* Cipher and associated data of one chunk: number, and at the end the sum. */
static inline void
craft_chunk_begin(gcry_cipher_hd_t c, const struct craft_chunks *k,
    const uint8_t *iv, uint64_t index, const uint64_t *total)
{
	uint8_t ad[21] = { k->librepgp ? 0xd4 : 0xd2, k->librepgp ? 1 : 2,
		k->cipher, k->aead, k->octet };
	uint8_t nonce[16], number[8];
	size_t len = 5;

	craft_nonce(number, 8, index);
	memcpy(nonce, iv, k->nonce_len);
	for (size_t i = 0; i < 8; i++)
		nonce[k->nonce_len - 8 + i] ^= number[i];
	if (k->librepgp) {
		memcpy(ad + len, number, 8);
		len += 8;
	}
	if (total != NULL) {
		craft_nonce(ad + len, 8, *total);
		len += 8;
	}
	ck_assert(gcry_cipher_setiv(c, nonce, k->nonce_len) == 0);
	ck_assert(gcry_cipher_authenticate(c, ad, len) == 0);
	ck_assert(gcry_cipher_final(c) == 0);
}

/* The head of the packet's body, and the key and IV that follow from it. */
static inline void
craft_chunk_keys(struct buf *b, const struct craft_chunks *k, uint8_t key[32],
    uint8_t iv[16])
{
	uint8_t ad[5] = { 0xd2, 2, k->cipher, k->aead, k->octet };
	uint8_t salt[32] = { 42 }, okm[48];

	memset(iv, 0, 16);
	if (k->librepgp) {
		ad[1] = 1;
		memset(iv, 0x5a, k->nonce_len);
		memcpy(key, craft_key, k->key_len);
		buf_put(b, ad + 1, 4);
		buf_put(b, iv, k->nonce_len);
		return;
	}
	buf_put(b, ad + 1, 4);
	buf_put(b, salt, 32);
	ck_assert(hkdf_sha256(craft_key, k->key_len, salt, 32, ad, 5, okm,
	    k->key_len + k->nonce_len - 8));
	memcpy(key, okm, k->key_len);
	memcpy(iv, okm + k->key_len, k->nonce_len - 8);
}

/* The body of a packet in chunks, in any mode and size, written independently
 * of keys/messages/chunks.c. */
static inline struct buf
craft_seipd2(const struct craft_chunks *k, const struct buf *inside)
{
	uint8_t key[32], iv[16], tag[16];
	size_t size = (size_t)1 << (k->octet + 6), off = 0, chunk_at[3] = { 0 };
	uint64_t index = 0, total = inside->len;
	gcry_cipher_hd_t c;
	struct buf b;

	buf_init(&b, CRAFT_MAX);
	craft_chunk_keys(&b, k, key, iv);
	ck_assert(gcry_cipher_open(&c, k->gcry, k->mode, 0) == 0);
	ck_assert(gcry_cipher_setkey(c, key, k->key_len) == 0);
	while (off < inside->len || (k->empty_last && off == inside->len)) {
		size_t n = inside->len - off < size ? inside->len - off : size;
		uint8_t *to = buf_room(&b, n + 16);

		if (index < 3)
			chunk_at[index] = b.len;
		craft_chunk_begin(c, k, iv, index, NULL);
		ck_assert(
		    gcry_cipher_encrypt(c, to, n, inside->data + off, n) == 0);
		ck_assert(gcry_cipher_gettag(c, to + n, 16) == 0);
		index++;
		off += n == 0 ? 1 : n;
		if (!k->drop || off < inside->len)
			buf_grew(&b, n + 16);
	}
	if (k->swap)
		for (size_t i = 0; i < size + 16; i++) {
			uint8_t x = b.data[chunk_at[0] + i];

			b.data[chunk_at[0] + i] = b.data[chunk_at[1] + i];
			b.data[chunk_at[1] + i] = x;
		}
	craft_chunk_begin(c, k, iv, index, &total);
	ck_assert(gcry_cipher_encrypt(c, tag, 0, tag, 0) == 0);
	ck_assert(gcry_cipher_gettag(c, tag, 16) == 0);
	gcry_cipher_close(c);
	if (!k->no_final)
		buf_put(&b, tag, 16);
	return b;
}

/* The whole message, to CRAFT_OURS. */
static inline struct buf
craft_wrap(const struct craft_chunks *k, const struct buf *inside)
{
	struct buf body = craft_seipd2(k, inside), msg;

	buf_init(&msg, CRAFT_MAX);
	craft_pkesk(&msg, k->librepgp ? 3 : 6, CRAFT_OURS);
	craft_packet(&msg, k->librepgp ? BODY_LIBREPGP_AEAD : BODY_SEIPD,
	    body.data, body.len);
	buf_free(&body);
	return msg;
}

/* What unseal makes of a message when asked like that; `plain` may be NULL. */
static inline enum gw_status
craft_ask(const struct unseal_request *q, const void *msg, size_t len,
    struct unseal_result *r, struct buf *plain, struct why *why)
{
	int in = craft_file(msg, len);
	int out = memfd_create("plain", MFD_CLOEXEC);
	enum gw_status st = unseal_stream(q, in, out, r, why);

	if (plain != NULL)
		*plain = craft_content(out);
	close(in);
	close(out);
	return st;
}

static inline enum gw_status
craft_unseal(const void *msg, size_t len, uint64_t max_plain,
    struct unseal_result *r, struct buf *plain, struct why *why)
{
	struct unseal_request q = { .unwrap = craft_unwrap,
		.want_sha256 = true,
		.max_plain = max_plain };

	return craft_ask(&q, msg, len, r, plain, why);
}

/* Asked like that, it gives exactly this document. */
static inline void
craft_gives(const struct unseal_request *q, const struct buf *msg,
    const void *data, size_t len)
{
	struct unseal_result r;
	struct why why = { REASON_NONE, "" };
	struct buf plain;
	enum gw_status st = craft_ask(q, msg->data, msg->len, &r, &plain, &why);

	ck_assert_msg(st == GW_OK, "%s: %s", reason_code(why.reason), why.text);
	ck_assert_uint_eq(plain.len, len);
	ck_assert(len == 0 || memcmp(plain.data, data, len) == 0);
	ck_assert_uint_eq(r.plain_size, len);
	buf_free(&plain);
	unseal_result_free(&r);
}

/* Asked like that, it is refused for this reason (REASON_NONE: for any). */
static inline void
craft_denies(const struct unseal_request *q, const void *msg, size_t len,
    enum gw_reason reason)
{
	struct unseal_result r;
	struct why why = { REASON_NONE, "" };
	enum gw_status st = craft_ask(q, msg, len, &r, NULL, &why);

	ck_assert_msg(
	    st == GW_REFUSED && (reason == REASON_NONE || why.reason == reason),
	    "%s, %s (wanted %s): %s", gw_status_name(st),
	    reason_code(why.reason), reason_code(reason), why.text);
	ck_assert_uint_eq(r.session_key.len, 0);
	unseal_result_free(&r);
}

/* A file of the shared vectors, from its first armored line on; false when
 * there are none. */
static inline bool
craft_vector(const char *path, struct buf *b)
{
	const char *shared = getenv("WAYBILL_SHARED");
	char name[512];
	struct why why;
	uint8_t *begin;
	int fd;

	snprintf(name, sizeof(name), "%s/vectors/%s",
	    shared != NULL ? shared : "../shared", path);
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	buf_init(b, CRAFT_MAX);
	ck_assert_int_eq(fd_read_buf(fd, b, &why), GW_OK);
	close(fd);
	begin = memmem(b->data, b->len, "-----BEGIN", 10);
	if (begin != NULL) {
		b->len -= (size_t)(begin - b->data);
		memmove(b->data, begin, b->len);
	}
	return true;
}

/* It must be refused for that reason (REASON_NONE: for any). */
static inline void
craft_refused(
    const void *msg, size_t len, uint64_t max_plain, enum gw_reason reason)
{
	struct unseal_request q = { .unwrap = craft_unwrap,
		.max_plain = max_plain };

	craft_denies(&q, msg, len, reason);
}

#endif
