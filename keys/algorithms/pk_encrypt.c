/* keys/algorithms/pk_encrypt.c - session keys for a public key (RFC 9580, 5.1). */
#include "keys/algorithms/hkdf.h"
#include "keys/algorithms/pk.h"
#include "keys/algorithms/pk_math.h"

#include <string.h>

#define WRAP_EXTRA   8  /* what AES key wrap adds */
#define ECDH_PADDED  40 /* length of the wrapped part before wrapping */
#define ECDH_KDF_MAX 128
#define X25519_KEK   16
#define POINT_PREFIX 0x40

static enum gw_status
unfit(const struct pk *pk, struct why *why)
{
	why_set(why, REASON_RECIPIENT_UNFIT,
	    "key %s (%s) cannot be encrypted to", pk->hex, pk->name);
	return GW_REFUSED;
}

static enum gw_status
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "libgcrypt failed to encrypt a key");
	return GW_INTERNAL;
}

static int
gcry_cipher_of(int cipher)
{
	return cipher == PACKET_AES128   ? GCRY_CIPHER_AES128
	       : cipher == PACKET_AES192 ? GCRY_CIPHER_AES192
					 : GCRY_CIPHER_AES256;
}

/* RFC 9580, 11.5: Hash(00 00 00 01 || ZB || Param), cut to the key's size. */
static enum gw_status
derive_ecdh(const struct pk *pk, const uint8_t shared[32], uint8_t kek[32],
    size_t *len, struct why *why)
{
	static const uint8_t sender[] = "Anonymous Sender    ";
	const struct packet_hash *hash = packet_hash_find(pk->kdf_hash);
	uint8_t room[ECDH_KDF_MAX], digest[PACKET_HASH_MAX];
	size_t oid_len, n = 0;
	const uint8_t *oid = pk_oid(pk->algorithm, &oid_len);

	if (hash == NULL || oid == NULL)
		return failed(why);
	memcpy(room, "\0\0\0\1", 4);
	memcpy(room + 4, shared, 32);
	n = 36;
	room[n++] = (uint8_t)oid_len;
	memcpy(room + n, oid, oid_len);
	n += oid_len;
	room[n++] = PACKET_ECDH;
	room[n++] = 3;
	room[n++] = 1;
	room[n++] = pk->kdf_hash;
	room[n++] = pk->kdf_cipher;
	memcpy(room + n, sender, sizeof(sender) - 1);
	n += sizeof(sender) - 1;
	memcpy(room + n, pk->fingerprint, pk->fingerprint_len);
	n += pk->fingerprint_len;
	gcry_md_hash_buffer(hash->gcry, digest, room, n);
	*len = 16u + 8u * (unsigned)(pk->kdf_cipher - PACKET_AES128);
	memcpy(kek, digest, *len);
	mem_wipe(room, sizeof(room));
	mem_wipe(digest, sizeof(digest));
	return GW_OK;
}

/* RFC 9580, 5.1.6. */
static enum gw_status
derive_x25519(const struct pk *pk, const uint8_t ephemeral[32],
    const uint8_t shared[32], uint8_t kek[32], size_t *len, struct why *why)
{
	static const char info[] = "OpenPGP X25519";
	uint8_t room[96];
	bool ok;

	memcpy(room, ephemeral, 32);
	memcpy(room + 32, pk->point, 32);
	memcpy(room + 64, shared, 32);
	ok = hkdf_sha256(room, sizeof(room), NULL, 0, info, sizeof(info) - 1,
	    kek, X25519_KEK);
	*len = X25519_KEK;
	mem_wipe(room, sizeof(room));
	return ok ? GW_OK : failed(why);
}

enum gw_status
pk_derive_kek(const struct pk *pk, const uint8_t ephemeral[32],
    const uint8_t shared[32], uint8_t kek[32], size_t *len, struct why *why)
{
	if (pk->algorithm == PACKET_X25519)
		return derive_x25519(pk, ephemeral, shared, kek, len, why);
	return derive_ecdh(pk, shared, kek, len, why);
}

static bool
wrap(const uint8_t *kek, size_t kek_len, const struct buf *plain, uint8_t *out)
{
	gcry_cipher_hd_t h = NULL;
	int algo = kek_len == 16   ? GCRY_CIPHER_AES128
		   : kek_len == 24 ? GCRY_CIPHER_AES192
				   : GCRY_CIPHER_AES256;
	bool ok =
	    gcry_cipher_open(&h, algo, GCRY_CIPHER_MODE_AESWRAP, 0) == 0 &&
	    gcry_cipher_setkey(h, kek, kek_len) == 0 &&
	    gcry_cipher_encrypt(
		h, out, plain->len + WRAP_EXTRA, plain->data, plain->len) == 0;

	gcry_cipher_close(h);
	return ok;
}

/* A fresh point of ours and the wrapped text, both for this key. */
static enum gw_status
wrap_for(const struct pk *pk, const struct buf *plain, uint8_t ephemeral[32],
    uint8_t *wrapped, struct why *why)
{
	uint8_t scalar[32], shared[32] = { 0 }, kek[32];
	size_t kek_len = 0;
	enum gw_status st;

	gcry_randomize(scalar, sizeof(scalar), GCRY_STRONG_RANDOM);
	if (!pk_math_x25519(scalar, NULL, ephemeral))
		st = failed(why);
	else if (!pk_math_x25519(scalar, pk->point, shared))
		st = unfit(pk, why); /* a point of small order */
	else if ((st = pk_derive_kek(
		      pk, ephemeral, shared, kek, &kek_len, why)) == GW_OK &&
		 !wrap(kek, kek_len, plain, wrapped))
		st = failed(why);
	mem_wipe(scalar, sizeof(scalar));
	mem_wipe(shared, sizeof(shared));
	mem_wipe(kek, sizeof(kek));
	return st;
}

/* RFC 9580, 5.1.5: padded (PKCS #5) to a length that does not tell which
 * cipher it is. */
static enum gw_status
encrypt_ecdh(
    const struct pk *pk, struct buf *plain, struct buf *out, struct why *why)
{
	uint8_t point[33] = { POINT_PREFIX };
	uint8_t wrapped[ECDH_PADDED + WRAP_EXTRA];
	uint8_t pad = (uint8_t)(ECDH_PADDED - plain->len);
	enum gw_status st;

	while (plain->len < ECDH_PADDED && buf_put_u8(plain, pad))
		;
	if (plain->bad)
		return failed(why);
	if ((st = wrap_for(pk, plain, point + 1, wrapped, why)) != GW_OK)
		return st;
	packet_put_mpi(out, point, sizeof(point));
	buf_put_u8(out, sizeof(wrapped));
	buf_put(out, wrapped, sizeof(wrapped));
	return GW_OK;
}

/* RFC 9580, 5.1.6: the cipher stands outside what is wrapped, and only in
 * version 3. */
static enum gw_status
encrypt_x25519(const struct pk *pk, int version, int cipher,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	uint8_t point[32], wrapped[PK_SESSION_KEY_MAX + WRAP_EXTRA];
	size_t len = session_key->len + WRAP_EXTRA;
	enum gw_status st = wrap_for(pk, session_key, point, wrapped, why);

	if (st != GW_OK)
		return st;
	buf_put(out, point, sizeof(point));
	buf_put_u8(out, (uint8_t)(len + (version == 3)));
	if (version == 3)
		buf_put_u8(out, (uint8_t)cipher);
	buf_put(out, wrapped, len);
	return GW_OK;
}

/* RFC 9580, 5.1.3. */
static enum gw_status
encrypt_rsa(const struct pk *pk, const struct buf *plain, struct buf *out,
    struct why *why)
{
	gcry_sexp_t data = NULL, sealed = NULL;
	gcry_mpi_t a = NULL;
	uint8_t num[PK_RSA_BITS_MAX / 8];
	size_t len = 0;
	enum gw_status st = GW_INTERNAL;

	if (gcry_sexp_build(&data, NULL, "(data(flags pkcs1)(value%b))",
		(int)plain->len, plain->data) != 0 ||
	    gcry_pk_encrypt(&sealed, data, pk->sexp) != 0 ||
	    gcry_sexp_extract_param(sealed, "enc-val!rsa", "a", &a, NULL) !=
		0 ||
	    gcry_mpi_print(GCRYMPI_FMT_USG, num, sizeof(num), &len, a) != 0) {
		st = failed(why);
	} else {
		packet_put_mpi(out, num, len);
		st = GW_OK;
	}
	gcry_mpi_release(a);
	gcry_sexp_release(sealed);
	gcry_sexp_release(data);
	return st;
}

/* RFC 9580, 5.1.1 and 5.1.2: whom it is for. */
static void
put_recipient(const struct pk *pk, int version, struct buf *out)
{
	buf_put_u8(out, (uint8_t)version);
	if (version == 3) {
		buf_put(out, pk->keyid, PK_KEYID_LEN);
	} else {
		buf_put_u8(out, (uint8_t)(pk->fingerprint_len + 1));
		buf_put_u8(out, (uint8_t)pk->version);
		buf_put(out, pk->fingerprint, pk->fingerprint_len);
	}
	buf_put_u8(out, (uint8_t)pk->algorithm);
}

/* The cipher (version 3 only), the key, and the sum of its octets. */
static void
put_plain(struct buf *plain, int version, int cipher, const struct buf *key)
{
	unsigned sum = 0;

	if (version == 3)
		buf_put_u8(plain, (uint8_t)cipher);
	buf_put(plain, key->data, key->len);
	for (size_t i = 0; i < key->len; i++)
		sum += key->data[i];
	buf_put_u16(plain, (uint16_t)sum);
}

enum gw_status
pk_encrypt_session(const struct pk *pk, int version, int cipher,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	struct buf plain;
	enum gw_status st;

	if (!pk_can_encrypt(pk) ||
	    (pk->modulus_len > 0 && pk->bits < PK_RSA_BITS_MAKE))
		return unfit(pk, why);
	if ((version != 3 && version != 6) ||
	    (cipher < PACKET_AES128 || cipher > PACKET_AES256) ||
	    session_key->len !=
		gcry_cipher_get_algo_keylen(gcry_cipher_of(cipher)))
		gw_fatal("pk_encrypt_session: version or session key");
	buf_init_secret(&plain, ECDH_PADDED);
	put_plain(&plain, version, cipher, session_key);
	put_recipient(pk, version, out);
	if (pk->algorithm == PACKET_X25519)
		st = encrypt_x25519(pk, version, cipher, session_key, out, why);
	else if (pk->algorithm == PACKET_ECDH)
		st = encrypt_ecdh(pk, &plain, out, why);
	else
		st = encrypt_rsa(pk, &plain, out, why);
	if (st == GW_OK && out->bad)
		st = failed(why);
	buf_free(&plain);
	return st;
}
