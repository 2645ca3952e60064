/* keys/messages/wrap.c - one session key, encrypted to everybody. */
#include "keys/messages/wrap.h"

#include "keys/algorithms/cipher.h"
#include "keys/algorithms/hkdf.h"
#include "keys/algorithms/s2k.h"
#include "keys/certs/cert_priv.h"

#include <string.h>

#define KEK_CIPHER PACKET_AES256 /* under passwords */
#define KEK_LEN    32
#define NONCE_LEN  15 /* of OCB */
#define SKESK_MAX  256

static enum gw_status
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "the session key cannot be encrypted");
	return GW_INTERNAL;
}

static enum gw_status
check_counts(const struct seal_request *q, struct why *why)
{
	if (q->recipient_count + q->password_count > 0 &&
	    q->recipient_count <= WRAP_RECIPIENTS_MAX &&
	    q->password_count <= SEAL_PASSWORDS_MAX)
		return GW_OK;
	why_set(why, REASON_RECIPIENT_UNFIT,
	    "%zu recipients and %zu passwords; %d and %d are possible, and one "
	    "of either is needed",
	    q->recipient_count, q->password_count, WRAP_RECIPIENTS_MAX,
	    SEAL_PASSWORDS_MAX);
	return GW_REFUSED;
}

static enum gw_status
put_packet(struct buf *out, int tag, const struct buf *body, struct why *why)
{
	if (!body->bad && packet_put(out, tag, body->data, body->len))
		return GW_OK;
	why_set(why, REASON_INTERNAL, "no room for the session keys");
	return GW_INTERNAL;
}

/* Whoever prefers takes what there is. */
static const struct pk *
choose_key(
    const struct seal_request *q, const struct cert *cert, struct why *why)
{
	time_t when = q->signing.when;
	const struct pk *key;

	if (q->post_quantum == SEAL_PQ_OFF)
		return cert_key_for(cert, CERT_ENCRYPT_CLASSIC, when, why);
	key = cert_key_for(cert, CERT_ENCRYPT_PQ, when, why);
	if (key == NULL && q->post_quantum == SEAL_PQ_PREFER)
		key = cert_encrypt_key(cert, when, why);
	return key;
}

static enum gw_status
put_pkesk(const struct seal_request *q, const struct cert *cert,
    enum container_kind kind, const struct buf *session_key, struct buf *out,
    struct why *why)
{
	const struct pk *key = choose_key(q, cert, why);
	struct buf body;
	enum gw_status st;

	if (key == NULL)
		return GW_REFUSED;
	buf_init(&body, WRAP_TOTAL_MAX);
	st = pk_encrypt_session(key, kind == CONTAINER_SEIPD2 ? 6 : 3,
	    cipher_of_len(session_key->len), session_key, &body, why);
	if (st == GW_OK)
		st = put_packet(out, PACKET_PKESK, &body, why);
	buf_free(&body);
	return st;
}

/* RFC 9580, 5.3.1: under the password's key, in CFB with an all-zero IV, the
 * cipher's octet and the session key. */
static bool
seal_v4(const uint8_t *kek, const struct buf *session_key, struct buf *body)
{
	static const uint8_t iv[CIPHER_BLOCK_LEN];
	gcry_cipher_hd_t h = NULL;
	size_t len = 1 + session_key->len;
	uint8_t *to = buf_room(body, len);
	bool ok;

	if (to == NULL)
		return false;
	to[0] = (uint8_t)cipher_of_len(session_key->len);
	memcpy(to + 1, session_key->data, session_key->len);
	ok = gcry_cipher_open(&h, cipher_gcry(KEK_CIPHER), GCRY_CIPHER_MODE_CFB,
		 GCRY_CIPHER_SECURE) == 0 &&
	     gcry_cipher_setkey(h, kek, KEK_LEN) == 0 &&
	     gcry_cipher_setiv(h, iv, sizeof(iv)) == 0 &&
	     gcry_cipher_encrypt(h, to, len, NULL, 0) == 0;
	gcry_cipher_close(h);
	if (ok)
		buf_grew(body, len);
	else
		mem_wipe(to, len);
	return ok;
}

/* RFC 9580, 5.3.2: under a key derived from the password's, with OCB. */
static bool
seal_v6(const uint8_t *derived, const struct buf *session_key, struct buf *body)
{
	const uint8_t ad[4] = { 0xc0 | PACKET_SKESK, 6, KEK_CIPHER,
		PACKET_OCB };
	size_t len = session_key->len;
	uint8_t kek[KEK_LEN], nonce[NONCE_LEN],
	    sealed[CIPHER_KEY_MAX + CIPHER_TAG_LEN];
	bool ok;

	gcry_create_nonce(nonce, sizeof(nonce));
	memcpy(sealed, session_key->data, len);
	ok = hkdf_sha256(
		 derived, KEK_LEN, NULL, 0, ad, sizeof(ad), kek, sizeof(kek)) &&
	     cipher_seal(KEK_CIPHER, PACKET_OCB, kek, nonce, ad, sizeof(ad),
		 sealed, len) &&
	     buf_put(body, nonce, sizeof(nonce)) &&
	     buf_put(body, sealed, len + CIPHER_TAG_LEN);
	mem_wipe(kek, sizeof(kek));
	mem_wipe(sealed, sizeof(sealed));
	return ok;
}

/* Everything in front of what is encrypted. */
static void
skesk_head(bool v6, const struct s2k *s2k, struct buf *body)
{
	struct buf spec;

	buf_init(&spec, SKESK_MAX);
	(void)s2k_write(s2k, &spec); /* the buffer remembers */
	buf_put_u8(body, v6 ? 6 : 4);
	if (v6)
		buf_put_u8(body, (uint8_t)(3 + spec.len + NONCE_LEN));
	buf_put_u8(body, KEK_CIPHER);
	if (v6) {
		buf_put_u8(body, PACKET_OCB);
		buf_put_u8(body, (uint8_t)spec.len);
	}
	buf_put(body, spec.data, spec.len);
	body->bad = body->bad || spec.bad;
	buf_free(&spec);
}

static enum gw_status
put_skesk(const char *password, bool v6, bool argon2,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	uint8_t key[KEK_LEN];
	struct s2k s2k;
	struct buf body;
	enum gw_status st;

	s2k_fresh(&s2k, v6 && argon2 ? S2K_ARGON2 : S2K_ITERATED);
	if ((st = s2k_derive(&s2k, password, key, sizeof(key), why)) != GW_OK)
		return st;
	buf_init(&body, SKESK_MAX);
	skesk_head(v6, &s2k, &body);
	if (v6 ? seal_v6(key, session_key, &body)
	       : seal_v4(key, session_key, &body))
		st = put_packet(out, PACKET_SKESK, &body, why);
	else
		st = failed(why);
	mem_wipe(key, sizeof(key));
	buf_free(&body);
	return st;
}

int
wrap_cipher(const struct seal_request *q, enum container_kind kind)
{
	int aead = kind == CONTAINER_SEIPD2 ? PACKET_OCB : 0;

	for (size_t i = 0; i < q->recipient_count; i++)
		if (!cert_takes(
			q->recipients[i], PACKET_AES256, aead, q->signing.when))
			return PACKET_AES128;
	return PACKET_AES256;
}

enum gw_status
wrap_for_all(const struct seal_request *q, enum container_kind kind,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	enum gw_status st = check_counts(q, why);

	if (st == GW_OK && cipher_of_len(session_key->len) == 0)
		st = failed(why);
	for (size_t i = 0; i < q->recipient_count && st == GW_OK; i++) {
		st =
		    put_pkesk(q, q->recipients[i], kind, session_key, out, why);
		if (st != GW_OK)
			why_prefix(why, "recipient %.64s",
			    cert_fingerprint(q->recipients[i]));
	}
	for (size_t i = 0; i < q->password_count && st == GW_OK; i++)
		st = put_skesk(q->passwords[i], kind == CONTAINER_SEIPD2,
		    q->argon2, session_key, out, why);
	return st;
}
