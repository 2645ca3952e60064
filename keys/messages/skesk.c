/* keys/messages/skesk.c - a session key under a password (RFC 9580, 5.3). */
#include "keys/messages/esk.h"

#include "keys/algorithms/cipher.h"
#include "keys/algorithms/hkdf.h"
#include "keys/algorithms/s2k.h"

#include <string.h>

/* The packet's parts; what is encrypted stands behind the nonce. */
struct skesk {
	uint8_t version, cipher, aead;
	struct s2k s2k;
	const uint8_t *nonce;
	const uint8_t *sealed;
	size_t sealed_len;
};

static enum gw_status
unsupported(struct why *why, const char *what, int number)
{
	why_set(why, REASON_UNSUPPORTED,
	    "session key under a password: %s %d is not supported", what,
	    number);
	return GW_REFUSED;
}

static enum gw_status
malformed(struct why *why)
{
	why_set(why, REASON_MALFORMED, "bad session key under a password");
	return GW_REFUSED;
}

/* RFC 9580, 10.3.2.1: each goes with one kind of encrypted data only. */
static bool
version_fits(int version, enum esk_for what)
{
	switch (what) {
	case ESK_FOR_SEIPD1:
		return version == 4;
	case ESK_FOR_SEIPD2:
		return version == 6;
	case ESK_FOR_LIBREPGP:
		return version == 4 || version == 5;
	}
	return false;
}

/* In version 6 the octets up to the nonce are counted, and so is the
 * specifier; both counts must be right (RFC 9580, 5.3.2). */
static enum gw_status
read_s2k(struct skesk *k, struct buf *b, struct why *why)
{
	struct buf inner, *from = b;
	enum gw_status st;

	if (k->version == 6) {
		if (!buf_child(b, buf_get_u8(b), &inner))
			return malformed(why);
		from = &inner;
	}
	if ((st = s2k_read(from, &k->s2k, why)) != GW_OK)
		return st;
	if (k->version != 6)
		return GW_OK;
	if (!buf_done(from))
		return malformed(why);
	return s2k_modern(&k->s2k)
		   ? GW_OK
		   : unsupported(why, "weak string-to-key", k->s2k.kind);
}

static enum gw_status
parse(struct skesk *k, struct buf *b, enum esk_for what, struct why *why)
{
	size_t counted = 0, start;
	enum gw_status st;

	k->version = buf_get_u8(b);
	if (!version_fits(k->version, what))
		return unsupported(why, "version", k->version);
	if (k->version == 6)
		counted = buf_get_u8(b);
	start = b->pos;
	k->cipher = buf_get_u8(b);
	k->aead = k->version == 4 ? 0 : buf_get_u8(b);
	if (cipher_key_len(k->cipher) == 0)
		return unsupported(why, "cipher", k->cipher);
	if (k->version != 4 && (cipher_nonce_len(k->aead) == 0 ||
				   (k->version == 5 && k->aead == PACKET_GCM)))
		return unsupported(why, "mode", k->aead);
	if ((st = read_s2k(k, b, why)) != GW_OK)
		return st;
	if (k->version != 4)
		k->nonce = buf_take(b, cipher_nonce_len(k->aead));
	if (b->bad || (k->version == 6 && b->pos - start != counted))
		return malformed(why);
	k->sealed_len = buf_left(b);
	k->sealed = buf_take(b, k->sealed_len);
	return GW_OK;
}

/* RFC 9580, 5.3.1: the derived key itself, or under it (CFB, no IV) the
 * cipher's octet and the key. */
static enum gw_status
open_v4(const struct skesk *k, const uint8_t *derived, int *cipher,
    uint8_t key[32], size_t *len)
{
	static const uint8_t iv[CIPHER_BLOCK_LEN];
	uint8_t clear[1 + 32];
	gcry_cipher_hd_t h = NULL;
	bool ok;

	*cipher = k->cipher;
	*len = cipher_key_len(k->cipher);
	memcpy(key, derived, *len);
	if (k->sealed_len == 0)
		return GW_OK;
	if (k->sealed_len > sizeof(clear))
		return GW_NONE;
	ok = gcry_cipher_open(&h, cipher_gcry(k->cipher), GCRY_CIPHER_MODE_CFB,
		 GCRY_CIPHER_SECURE) == 0 &&
	     gcry_cipher_setkey(h, derived, *len) == 0 &&
	     gcry_cipher_setiv(h, iv, sizeof(iv)) == 0 &&
	     gcry_cipher_decrypt(
		 h, clear, k->sealed_len, k->sealed, k->sealed_len) == 0;
	gcry_cipher_close(h);
	*cipher = clear[0];
	*len = k->sealed_len - 1;
	memcpy(key, clear + 1, *len);
	mem_wipe(clear, sizeof(clear));
	return ok && *len > 0 && *len == cipher_key_len(*cipher) ? GW_OK
								 : GW_NONE;
}

/* RFC 9580, 5.3.2: by way of HKDF; LibrePGP's version 5 does without. */
static enum gw_status
open_aead(
    const struct skesk *k, const uint8_t *derived, uint8_t key[32], size_t *len)
{
	const uint8_t ad[4] = { 0xc3, k->version, k->cipher, k->aead };
	uint8_t kek[CIPHER_KEY_MAX] = { 0 }, clear[32 + CIPHER_TAG_LEN];
	size_t kek_len = cipher_key_len(k->cipher);
	bool ok;

	if (k->sealed_len <= CIPHER_TAG_LEN || k->sealed_len > sizeof(clear))
		return GW_NONE;
	*len = k->sealed_len - CIPHER_TAG_LEN;
	memcpy(clear, k->sealed, k->sealed_len);
	memcpy(kek, derived, kek_len);
	ok = k->version == 5 || hkdf_sha256(derived, kek_len, NULL, 0, ad,
				    sizeof(ad), kek, kek_len);
	ok = ok && cipher_open(k->cipher, k->aead, kek, k->nonce, ad,
		       sizeof(ad), clear, *len);
	if (ok)
		memcpy(key, clear, *len);
	mem_wipe(clear, sizeof(clear));
	mem_wipe(kek, sizeof(kek));
	return ok ? GW_OK : GW_NONE;
}

/* One message may not have us spend minutes. */
static enum gw_status
pay(const struct s2k *s, uint64_t *left, struct why *why)
{
	uint64_t cost =
	    s->kind == S2K_ARGON2 ? (uint64_t)s->passes << s->memory : 0;

	if (cost > *left) {
		why_set(why, REASON_TOO_LARGE,
		    "the message's passwords cost more than is allowed");
		return GW_REFUSED;
	}
	*left -= cost;
	return GW_OK;
}

enum gw_status
skesk_open(const uint8_t *body, size_t len, enum esk_for what,
    const char *password, uint64_t *argon2_left, int *cipher, uint8_t key[32],
    size_t *key_len, struct why *why)
{
	struct skesk k = { 0 };
	uint8_t derived[CIPHER_KEY_MAX];
	enum gw_status st;
	struct buf b;

	buf_view(&b, body, len);
	if ((st = parse(&k, &b, what, why)) != GW_OK ||
	    (st = pay(&k.s2k, argon2_left, why)) != GW_OK)
		return st;
	st = s2k_derive(
	    &k.s2k, password, derived, cipher_key_len(k.cipher), why);
	if (st == GW_OK && k.version == 4)
		st = open_v4(&k, derived, cipher, key, key_len);
	else if (st == GW_OK)
		st = open_aead(&k, derived, key, key_len);
	mem_wipe(derived, sizeof(derived));
	return st;
}
