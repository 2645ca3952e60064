/* keys/secrets/secret_lock.c - secret numbers in a key packet, under a passphrase or
 * not (RFC 9580, 3.7 and 5.5.3). */
#include "keys/secrets/secret_parts.h"

#include <string.h>

#define USAGE_PLAIN    0
#define USAGE_SHA1     254
#define USAGE_SUM      255
#define S2K_ITERATED   3
#define S2K_GNU        101
#define GNU_NO_NUMBERS 1
#define GNU_ON_CARD    2
#define SALT_LEN       8
#define IV_LEN         16
#define SHA1_LEN       20
/* 65,011,712 octets, the most that the format can say: 40 ms of SHA-256. */
#define COUNT_OCTET 0xff

struct lock {
	int cipher; /* libgcrypt's */
	int hash;   /* libgcrypt's */
	uint8_t salt[SALT_LEN];
	uint8_t count;
	uint8_t iv[IV_LEN];
};

static enum gw_status
malformed(struct why *why)
{
	why_set(why, REASON_MALFORMED, "bad secret key: cut or altered");
	return GW_REFUSED;
}

static enum gw_status
unsupported(struct why *why, const char *what, int number)
{
	why_set(why, REASON_UNSUPPORTED, "secret key: %s %d is not supported",
	    what, number);
	return GW_REFUSED;
}

static enum gw_status
locked(struct why *why, const char *what)
{
	why_set(why, REASON_KEY_UNUSABLE, "secret key: %s", what);
	return GW_REFUSED;
}

static enum gw_status
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "libgcrypt failed on a passphrase");
	return GW_INTERNAL;
}

/* RFC 9580, 3.7.1.3. */
static bool
derive(const struct lock *l, const char *passphrase, uint8_t *key, size_t len)
{
	unsigned long count = (16ul + (l->count & 15)) << ((l->count >> 4) + 6);

	return gcry_kdf_derive(passphrase, strlen(passphrase),
		   GCRY_KDF_ITERSALTED_S2K, l->hash, l->salt, sizeof(l->salt),
		   count, len, key) == 0;
}

/* The cipher of the lock, ready. */
static bool
open_cipher(const struct lock *l, const char *passphrase, gcry_cipher_hd_t *out)
{
	size_t len = gcry_cipher_get_algo_keylen(l->cipher);
	uint8_t key[32];
	bool ok;

	*out = NULL;
	ok = derive(l, passphrase, key, len) &&
	     gcry_cipher_open(out, l->cipher, GCRY_CIPHER_MODE_CFB,
		 GCRY_CIPHER_SECURE) == 0 &&
	     gcry_cipher_setkey(*out, key, len) == 0 &&
	     gcry_cipher_setiv(*out, l->iv, sizeof(l->iv)) == 0;
	mem_wipe(key, sizeof(key));
	return ok;
}

/* RFC 9580, 5.5.3: a sum of two octets behind numbers in the clear. */
static enum gw_status
take_plain(struct buf *part, struct buf *numbers, struct why *why)
{
	size_t len = buf_left(part);
	const uint8_t *p;
	unsigned sum = 0;

	if (len < 2 || (p = buf_take(part, len - 2)) == NULL)
		return malformed(why);
	for (size_t i = 0; i < len - 2; i++)
		sum += p[i];
	if (buf_get_u16(part) != (sum & 0xffff) ||
	    !buf_put(numbers, p, len - 2))
		return malformed(why);
	return GW_OK;
}

/* GnuPG's way to say that the numbers are elsewhere: "GNU" and a mode. */
static enum gw_status
take_gnu(struct buf *part, struct why *why)
{
	char mark[3];
	int mode;

	(void)buf_get_u8(part); /* a hash that hashes nothing */
	(void)buf_get(part, mark, sizeof(mark));
	mode = buf_get_u8(part);
	if (part->bad || memcmp(mark, "GNU", sizeof(mark)) != 0 ||
	    (mode != GNU_NO_NUMBERS && mode != GNU_ON_CARD))
		return malformed(why);
	(void)buf_take(part, buf_left(part)); /* the card's number */
	return GW_NONE;
}

static enum gw_status
read_lock(struct buf *part, struct lock *l, struct why *why)
{
	int cipher = buf_get_u8(part), kind = buf_get_u8(part), id;
	const struct packet_hash *hash;

	if (part->bad)
		return malformed(why);
	if (kind == S2K_GNU)
		return take_gnu(part, why);
	if (kind != S2K_ITERATED)
		return unsupported(why, "string-to-key", kind);
	l->cipher = cipher == PACKET_AES128   ? GCRY_CIPHER_AES128
		    : cipher == PACKET_AES192 ? GCRY_CIPHER_AES192
		    : cipher == PACKET_AES256 ? GCRY_CIPHER_AES256
					      : 0;
	if (l->cipher == 0)
		return unsupported(why, "cipher", cipher);
	id = buf_get_u8(part);
	if ((hash = packet_hash_find(id)) == NULL)
		return unsupported(why, "hash", id);
	l->hash = hash->gcry;
	(void)buf_get(part, l->salt, sizeof(l->salt)); /* bad is kept */
	l->count = buf_get_u8(part);
	(void)buf_get(part, l->iv, sizeof(l->iv));
	return part->bad ? malformed(why) : GW_OK;
}

/* Decrypt and check; SHA-1 stands behind the numbers. */
static enum gw_status
take_locked(struct buf *part, const char *passphrase, struct buf *numbers,
    struct why *why)
{
	struct lock l;
	gcry_cipher_hd_t cipher = NULL;
	enum gw_status st;
	uint8_t sum[SHA1_LEN], *to;
	size_t len;

	if ((st = read_lock(part, &l, why)) != GW_OK)
		return st;
	if (passphrase == NULL || *passphrase == '\0')
		return locked(why, "it needs a passphrase");
	len = buf_left(part);
	if (len < SHA1_LEN || (to = buf_room(numbers, len)) == NULL)
		return malformed(why);
	(void)buf_get(part, to, len); /* as many as are left */
	if (!open_cipher(&l, passphrase, &cipher) ||
	    gcry_cipher_decrypt(cipher, to, len, NULL, 0) != 0) {
		st = failed(why);
		goto done;
	}
	gcry_md_hash_buffer(GCRY_MD_SHA1, sum, to, len - SHA1_LEN);
	if (!mem_equal_ct(sum, to + len - SHA1_LEN, SHA1_LEN)) {
		st = locked(why, "wrong passphrase, or damaged");
		goto done;
	}
	buf_grew(numbers, len - SHA1_LEN);
	st = GW_OK;
done:
	mem_wipe(sum, sizeof(sum));
	gcry_cipher_close(cipher);
	return st;
}

enum gw_status
secret_unlock(struct buf *part, const char *passphrase, struct buf *numbers,
    struct why *why)
{
	int usage = buf_get_u8(part);

	if (part->bad)
		return malformed(why);
	switch (usage) {
	case USAGE_PLAIN:
		return take_plain(part, numbers, why);
	case USAGE_SHA1:
		return take_locked(part, passphrase, numbers, why);
	case USAGE_SUM:
		/* So gpg writes a key whose numbers it left at home. */
		if (buf_left(part) > 1 && part->data[part->pos + 1] == S2K_GNU)
			return read_lock(part, &(struct lock){ 0 }, why);
		/* Its sum, as that of bare cipher numbers, can be kept right
		 * while the numbers are altered. */
		return unsupported(why, "protection", usage);
	default:
		return unsupported(why, "protection", usage);
	}
}

static enum gw_status
put_locked(const struct buf *numbers, const char *passphrase, struct buf *part,
    struct why *why)
{
	struct lock l = { .cipher = GCRY_CIPHER_AES256,
		.hash = GCRY_MD_SHA256,
		.count = COUNT_OCTET };
	gcry_cipher_hd_t cipher = NULL;
	size_t len = numbers->len + SHA1_LEN;
	uint8_t *to;
	bool ok;

	gcry_randomize(l.salt, sizeof(l.salt), GCRY_STRONG_RANDOM);
	gcry_randomize(l.iv, sizeof(l.iv), GCRY_STRONG_RANDOM);
	buf_put_u8(part, USAGE_SHA1);
	buf_put_u8(part, PACKET_AES256);
	buf_put_u8(part, S2K_ITERATED);
	buf_put_u8(part, PACKET_SHA256);
	buf_put(part, l.salt, sizeof(l.salt));
	buf_put_u8(part, l.count);
	buf_put(part, l.iv, sizeof(l.iv));
	if ((to = buf_room(part, len)) == NULL)
		return failed(why);
	memcpy(to, numbers->data, numbers->len);
	gcry_md_hash_buffer(
	    GCRY_MD_SHA1, to + numbers->len, numbers->data, numbers->len);
	ok = open_cipher(&l, passphrase, &cipher) &&
	     gcry_cipher_encrypt(cipher, to, len, NULL, 0) == 0;
	gcry_cipher_close(cipher);
	if (!ok) {
		mem_wipe(to, len);
		return failed(why);
	}
	buf_grew(part, len);
	return GW_OK;
}

enum gw_status
secret_lock(const struct buf *numbers, const char *passphrase, struct buf *part,
    struct why *why)
{
	unsigned sum = 0;

	if (passphrase != NULL)
		return put_locked(numbers, passphrase, part, why);
	for (size_t i = 0; i < numbers->len; i++)
		sum += numbers->data[i];
	buf_put_u8(part, USAGE_PLAIN);
	buf_put(part, numbers->data, numbers->len);
	return buf_put_u16(part, (uint16_t)sum) ? GW_OK : failed(why);
}
