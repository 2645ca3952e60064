/* tests/keys/skesk.h - session keys under passwords, made by hand and cheap. */
#ifndef TESTS_KEYS_SKESK_H
#define TESTS_KEYS_SKESK_H

#include "keys/algorithms/s2k.h"
#include "keys/messages/seipd.h"
#include "tests/keys/craft.h"

static inline struct buf
skesk_buf(void)
{
	struct buf b;

	buf_init(&b, CRAFT_MAX);
	return b;
}

struct skesk {
	int version, cipher, aead;
	bool direct; /* version 4: the password's key is the session key */
	int kind;    /* of string-to-key; 0: iterated, cheaply */
	int hash;    /* 0: SHA-256 */
};

static inline void
skesk_specifier(struct s2k *s, const struct skesk *k)
{
	s2k_fresh(s, k->kind == S2K_ARGON2 ? S2K_ARGON2 : S2K_ITERATED);
	if (k->kind != S2K_ARGON2) {
		s->kind = k->kind != 0 ? k->kind : S2K_ITERATED;
		s->hash = k->hash != 0 ? k->hash : PACKET_SHA256;
		s->count = 0;
	} else {
		s->passes = 1;
		s->lanes = 1;
		s->memory = 3;
	}
}

/* Version 4 (RFC 9580, 5.3.1); direct gives the session key back. */
static inline void
craft_skesk4(struct buf *to, const struct skesk *k, const char *password,
    uint8_t session[32])
{
	struct buf b = skesk_buf();
	struct s2k s;
	struct why why;
	uint8_t kek[32], clear[33];
	static const uint8_t iv[16];
	gcry_cipher_hd_t h;

	skesk_specifier(&s, k);
	buf_put_u8(&b, 4);
	buf_put_u8(&b, (uint8_t)k->cipher);
	ck_assert(s2k_write(&s, &b));
	ck_assert_int_eq(
	    s2k_derive(&s, password, kek, cipher_key_len(k->cipher), &why),
	    GW_OK);
	if (k->direct) {
		memcpy(session, kek, 32);
	} else {
		clear[0] = PACKET_AES256;
		memcpy(clear + 1, session, 32);
		gcry_cipher_open(
		    &h, cipher_gcry(k->cipher), GCRY_CIPHER_MODE_CFB, 0);
		gcry_cipher_setkey(h, kek, cipher_key_len(k->cipher));
		gcry_cipher_setiv(h, iv, 16);
		gcry_cipher_encrypt(h, clear, 33, NULL, 0);
		gcry_cipher_close(h);
		buf_put(&b, clear, 33);
	}
	craft_packet(to, BODY_SKESK, b.data, b.len);
	buf_free(&b);
}

/* Version 6 (RFC 9580, 5.3.2) and LibrePGP's 5. */
static inline void
craft_skesk6(struct buf *to, const struct skesk *k, const char *password,
    const uint8_t session[32])
{
	struct buf b = skesk_buf(), spec = skesk_buf();
	struct s2k s;
	struct why why;
	size_t key_len = cipher_key_len(k->cipher);
	size_t nonce_len = cipher_nonce_len(k->aead);
	uint8_t ad[4] = { 0xc3, (uint8_t)k->version, (uint8_t)k->cipher,
		(uint8_t)k->aead };
	uint8_t derived[32], kek[32], nonce[16] = { 5 }, data[48];

	skesk_specifier(&s, k);
	ck_assert(s2k_write(&s, &spec));
	ck_assert_int_eq(
	    s2k_derive(&s, password, derived, key_len, &why), GW_OK);
	memcpy(kek, derived, key_len);
	if (k->version == 6)
		ck_assert(hkdf_sha256(
		    derived, key_len, NULL, 0, ad, sizeof(ad), kek, key_len));
	buf_put_u8(&b, (uint8_t)k->version);
	if (k->version == 6)
		buf_put_u8(&b, (uint8_t)(3 + spec.len + nonce_len));
	buf_put_u8(&b, (uint8_t)k->cipher);
	buf_put_u8(&b, (uint8_t)k->aead);
	if (k->version == 6)
		buf_put_u8(&b, (uint8_t)spec.len);
	buf_put(&b, spec.data, spec.len);
	buf_put(&b, nonce, nonce_len);
	memcpy(data, session, 32);
	ck_assert(cipher_seal(
	    k->cipher, k->aead, kek, nonce, ad, sizeof(ad), data, 32));
	buf_put(&b, data, sizeof(data));
	craft_packet(to, BODY_SKESK, b.data, b.len);
	buf_free(&b);
	buf_free(&spec);
}

static inline void
craft_skesk(struct buf *to, const struct skesk *k, const char *password,
    uint8_t session[32])
{
	if (k->version == 4)
		craft_skesk4(to, k, password, session);
	else
		craft_skesk6(to, k, password, session);
}

/* The encrypted packet alone, in version 1, 2 or LibrePGP's. */
static inline void
craft_data(struct buf *to, int packet, const uint8_t session[32],
    const void *data, size_t len)
{
	struct buf inside = skesk_buf(), key, body = skesk_buf();
	struct seipd_writer w;
	struct why why;
	uint8_t *at;
	size_t n;

	craft_signed(&inside, "x", data, len);
	n = inside.len;
	buf_view(&key, session, 32);
	at = buf_room(&body, n + 200);
	if (packet == 1) {
		ck_assert_int_eq(seipd1_start(&w, &key, at, &why), GW_OK);
		at += SEIPD1_HEAD_LEN;
		seipd1_hash(&w, inside.data, n);
		seipd1_cipher(&w, inside.data, n, at, &why);
		seipd1_finish(&w, at + n, &why);
		buf_grew(&body, SEIPD1_HEAD_LEN + n + SEIPD1_TAIL_LEN);
	} else if (packet == 2) {
		ck_assert_int_eq(seipd2_start(&w, &key, 12, at, &why), GW_OK);
		at += SEIPD2_HEAD_LEN;
		seipd2_chunk(&w, inside.data, n, at, &why);
		seipd2_finish(&w, at + n + 16, &why);
		buf_grew(&body, SEIPD2_HEAD_LEN + n + 32);
	} else {
		ck_assert_int_eq(librepgp_start(&w, &key, 12, at, &why), GW_OK);
		at += LIBREPGP_HEAD_LEN;
		librepgp_chunk(&w, inside.data, n, at, &why);
		librepgp_finish(&w, at + n + 16, &why);
		buf_grew(&body, LIBREPGP_HEAD_LEN + n + 32);
	}
	seipd_writer_close(&w);
	craft_packet(to, packet == 20 ? BODY_LIBREPGP_AEAD : BODY_SEIPD,
	    body.data, body.len);
	buf_free(&body);
	buf_free(&inside);
}

#endif
