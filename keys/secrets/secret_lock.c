/* keys/secrets/secret_lock.c - secret numbers in a key packet, under a
 * passphrase or not (RFC 9580, 3.7.2.1 and 5.5.3). */
#include "keys/algorithms/cipher.h"
#include "keys/algorithms/hkdf.h"
#include "keys/algorithms/s2k.h"
#include "keys/secrets/secret_parts.h"

#include <string.h>

#define USAGE_PLAIN 0
#define USAGE_AEAD  253
#define USAGE_SHA1  254
#define USAGE_SUM   255

#define S2K_GNU        101
#define GNU_NO_NUMBERS 1
#define GNU_ON_CARD    2

#define SHA1_LEN 20
#define SUM_LEN  2

/* How the numbers of one key are locked. */
struct lock {
	int usage;
	int cipher, aead;
	struct s2k s2k;
	uint8_t iv[CIPHER_NONCE_MAX]; /* or nonce */
	bool elsewhere;               /* GnuPG: there are no numbers */
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
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL,
	    "libgcrypt failed on a passphrase; is enough memory locked?");
	return GW_INTERNAL;
}

enum gw_status
secret_wrong_passphrase(struct why *why)
{
	why_set(why, REASON_KEY_UNUSABLE,
	    "secret key: wrong passphrase, or damaged");
	return GW_REFUSED;
}

bool
secret_numbers_set(struct secret_numbers *n, const void *data, size_t len)
{
	n->len = 0;
	if ((n->at = gcry_malloc_secure(len > 0 ? len : 1)) == NULL)
		return false;
	memcpy(n->at, data, len);
	n->len = len;
	return true;
}

void
secret_numbers_free(struct secret_numbers *n)
{
	if (n->at != NULL)
		mem_wipe(n->at, n->len);
	gcry_free(n->at);
	n->at = NULL;
	n->len = 0;
}

/* RFC 9580, 5.5.3: the sum of all octets, in two. */
static unsigned
sum_of(const uint8_t *p, size_t len)
{
	unsigned sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += p[i];
	return sum & 0xffff;
}

/* In the clear; version 6 has no sum behind it any more. */
static enum gw_status
take_plain(const struct pk *pk, struct buf *part, struct secret_numbers *out,
    struct why *why)
{
	size_t len = buf_left(part), tail = pk->version == 6 ? 0 : SUM_LEN;
	const uint8_t *p;

	if (len < tail || len - tail > SECRET_NUMBERS_MAX ||
	    (p = buf_take(part, len - tail)) == NULL)
		return malformed(why);
	len -= tail;
	if (tail > 0 && buf_get_u16(part) != sum_of(p, len))
		return malformed(why);
	return secret_numbers_set(out, p, len) ? GW_OK : failed(why);
}

/* GnuPG's way to say that the numbers are elsewhere: "GNU" and a mode, behind
 * a hash that hashes nothing. */
static enum gw_status
read_gnu(struct buf *b, struct lock *l, struct why *why)
{
	char mark[3];
	int mode;

	(void)buf_get_u8(b); /* its own number */
	(void)buf_get_u8(b); /* the hash */
	(void)buf_get(b, mark, sizeof(mark));
	mode = buf_get_u8(b);
	if (b->bad || memcmp(mark, "GNU", sizeof(mark)) != 0 ||
	    (mode != GNU_NO_NUMBERS && mode != GNU_ON_CARD))
		return malformed(why);
	l->elsewhere = true;
	return GW_OK;
}

/* The specifier; in version 6 its length stands before it. */
static enum gw_status
read_s2k(struct buf *b, bool counted, struct lock *l, struct why *why)
{
	struct buf inner;
	enum gw_status st;

	if (counted) {
		if (!buf_child(b, buf_get_u8(b), &inner))
			return malformed(why);
		st = read_s2k(&inner, false, l, why);
		return st == GW_OK && !buf_done(&inner) ? malformed(why) : st;
	}
	if (buf_left(b) > 0 && b->data[b->pos] == S2K_GNU)
		return read_gnu(b, l, why);
	return s2k_read(b, &l->s2k, why);
}

/*
 * What belongs to what (RFC 9580, 3.7.2.1): Argon2 to AEAD alone, and nothing
 * old to anything new.
 */
static enum gw_status
check_lock(const struct pk *pk, const struct lock *l, struct why *why)
{
	const struct s2k *s = &l->s2k;

	if (s->kind == S2K_ARGON2 && l->usage != USAGE_AEAD)
		return malformed(why);
	if (pk->version != 6 && l->usage != USAGE_AEAD)
		return GW_OK;
	if (!s2k_modern(s) || s->kind == S2K_SALTED)
		return unsupported(
		    why, "with this protection, string-to-key", s->kind);
	return GW_OK;
}

static enum gw_status
read_parameters(
    const struct pk *pk, struct buf *b, struct lock *l, struct why *why)
{
	enum gw_status st;
	size_t iv_len = CIPHER_BLOCK_LEN;

	l->cipher = buf_get_u8(b);
	if (l->usage == USAGE_AEAD)
		l->aead = buf_get_u8(b);
	if (b->bad)
		return malformed(why);
	if ((st = read_s2k(b, pk->version == 6, l, why)) != GW_OK ||
	    l->elsewhere)
		return st;
	if (cipher_key_len(l->cipher) == 0)
		return unsupported(why, "cipher", l->cipher);
	if (l->usage == USAGE_AEAD && (iv_len = cipher_nonce_len(l->aead)) == 0)
		return unsupported(why, "AEAD mode", l->aead);
	if (!buf_get(b, l->iv, iv_len))
		return malformed(why);
	return check_lock(pk, l, why);
}

/* Version 6 counts its parameters once more as a whole. */
static enum gw_status
read_lock(
    const struct pk *pk, struct buf *part, struct lock *l, struct why *why)
{
	struct buf inner;
	enum gw_status st;

	if (pk->version != 6)
		return read_parameters(pk, part, l, why);
	if (!buf_child(part, buf_get_u8(part), &inner))
		return malformed(why);
	st = read_parameters(pk, &inner, l, why);
	return st == GW_OK && !buf_done(&inner) ? malformed(why) : st;
}

/*
 * The key of the lock, in secure memory of S2K_KEY_MAX octets.  With AEAD it
 * is bound to what it is used for (RFC 9580, 5.5.3).
 */
static enum gw_status
derive(const struct secret_packet *p, const struct lock *l,
    const char *passphrase, uint8_t *key, struct why *why)
{
	uint8_t info[] = { (uint8_t)(0xc0 | p->tag), (uint8_t)p->pk->version,
		(uint8_t)l->cipher, (uint8_t)l->aead };
	size_t len = cipher_key_len(l->cipher);
	enum gw_status st;
	uint8_t *first;

	if (l->usage != USAGE_AEAD)
		return s2k_derive(&l->s2k, passphrase, key, len, why);
	if ((first = gcry_malloc_secure(S2K_KEY_MAX)) == NULL)
		return failed(why);
	st = s2k_derive(&l->s2k, passphrase, first, len, why);
	if (st == GW_OK &&
	    !hkdf_sha256(first, len, NULL, 0, info, sizeof(info), key, len))
		st = failed(why);
	mem_wipe(first, S2K_KEY_MAX);
	gcry_free(first);
	return st;
}

/* What AEAD protects beside the numbers: the public half, so that nobody can
 * change it under them. */
static bool
associated_data(const struct secret_packet *p, struct buf *ad)
{
	buf_init(ad, 1 + PK_BODY_MAX);
	buf_put_u8(ad, (uint8_t)(0xc0 | p->tag));
	return buf_put(ad, p->pk->body, p->pk->body_len);
}

/* In place; data has room for the tag behind len octets. */
static bool
aead(const struct secret_packet *p, const struct lock *l, const uint8_t *key,
    bool seal, uint8_t *data, size_t len)
{
	struct buf ad;
	bool ok = associated_data(p, &ad);

	if (ok && seal)
		ok = cipher_seal(
		    l->cipher, l->aead, key, l->iv, ad.data, ad.len, data, len);
	else if (ok)
		ok = cipher_open(
		    l->cipher, l->aead, key, l->iv, ad.data, ad.len, data, len);
	buf_free(&ad);
	return ok;
}

static bool
cfb(const struct lock *l, const uint8_t *key, bool seal, uint8_t *data,
    size_t len)
{
	gcry_cipher_hd_t h = NULL;
	bool ok = gcry_cipher_open(&h, cipher_gcry(l->cipher),
		      GCRY_CIPHER_MODE_CFB, GCRY_CIPHER_SECURE) == 0 &&
		  gcry_cipher_setkey(h, key, cipher_key_len(l->cipher)) == 0 &&
		  gcry_cipher_setiv(h, l->iv, CIPHER_BLOCK_LEN) == 0 &&
		  (seal ? gcry_cipher_encrypt(h, data, len, NULL, 0)
			: gcry_cipher_decrypt(h, data, len, NULL, 0)) == 0;

	gcry_cipher_close(h);
	return ok;
}

static size_t
tail_len(int usage)
{
	return usage == USAGE_AEAD   ? CIPHER_TAG_LEN
	       : usage == USAGE_SHA1 ? SHA1_LEN
				     : SUM_LEN;
}

/* Decrypt in place and check what stands behind the len octets. */
static bool
open_numbers(const struct secret_packet *p, const struct lock *l,
    const uint8_t *key, uint8_t *data, size_t len)
{
	uint8_t sum[SHA1_LEN];
	size_t tail = tail_len(l->usage);
	unsigned two;

	if (l->usage == USAGE_AEAD)
		return aead(p, l, key, false, data, len);
	if (!cfb(l, key, false, data, len + tail))
		return false;
	if (l->usage == USAGE_SHA1) {
		gcry_md_hash_buffer(GCRY_MD_SHA1, sum, data, len);
	} else {
		two = sum_of(data, len);
		sum[0] = (uint8_t)(two >> 8);
		sum[1] = (uint8_t)two;
	}
	return mem_equal_ct(sum, data + len, tail);
}

static enum gw_status
take_locked(const struct secret_packet *p, const struct lock *l,
    struct buf *part, const char *passphrase, struct secret_numbers *out,
    struct why *why)
{
	size_t len = buf_left(part), tail = tail_len(l->usage);
	enum gw_status st;
	uint8_t *key;

	if (passphrase == NULL || *passphrase == '\0') {
		why_set(why, REASON_KEY_UNUSABLE,
		    "secret key: it needs a passphrase");
		return GW_REFUSED;
	}
	if (len < tail || len - tail > SECRET_NUMBERS_MAX)
		return malformed(why);
	if ((key = gcry_malloc_secure(S2K_KEY_MAX)) == NULL ||
	    !secret_numbers_set(out, buf_take(part, len), len)) {
		gcry_free(key);
		return failed(why);
	}
	st = derive(p, l, passphrase, key, why);
	if (st == GW_OK && !open_numbers(p, l, key, out->at, len - tail))
		st = secret_wrong_passphrase(why);
	mem_wipe(key, S2K_KEY_MAX);
	gcry_free(key);
	if (st == GW_OK) {
		mem_wipe(out->at + len - tail, tail);
		out->len = len - tail;
	} else {
		secret_numbers_free(out);
	}
	return st;
}

/*
 * The old way of 255, with no more than a sum behind the numbers, is read for
 * AES and version 4: other software still exports it.  Somebody who can write
 * the file could alter numbers and sum so that they fit, and have us sign
 * with them until the true ones are known; what stands against that is that
 * numbers are never used, nor written again, before they were found to belong
 * to the public half, which its self-signatures hold.  The way before that, a
 * bare cipher's number, hashes the passphrase once with MD5 and is refused.
 */
enum gw_status
secret_unlock(const struct secret_packet *p, struct buf *part,
    const char *passphrase, struct secret_numbers *out,
    struct secret_locked *how, struct why *why)
{
	struct lock l = { .usage = buf_get_u8(part) };
	enum gw_status st;

	memset(out, 0, sizeof(*out));
	memset(how, 0, sizeof(*how));
	if (part->bad)
		return malformed(why);
	how->open = l.usage == USAGE_PLAIN;
	if (how->open)
		return take_plain(p->pk, part, out, why);
	if (l.usage < USAGE_AEAD ||
	    (l.usage == USAGE_SUM && p->pk->version == 6))
		return unsupported(why, "protection", l.usage);
	if ((st = read_lock(p->pk, part, &l, why)) != GW_OK)
		return st;
	if (l.elsewhere)
		return GW_NONE;
	how->malleable = l.usage == USAGE_SUM;
	how->weak = how->malleable || l.s2k.kind == S2K_SIMPLE ||
		    l.s2k.kind == S2K_SALTED;
	how->aead = l.usage == USAGE_AEAD;
	return take_locked(p, &l, part, passphrase, out, why);
}

static void
put_parameters(const struct pk *pk, const struct lock *l, struct buf *out)
{
	struct buf s2k;

	buf_init(&s2k, 64);
	if (l->elsewhere) {
		buf_put_u8(&s2k, S2K_GNU);
		buf_put_u8(&s2k, 0);
		buf_put_text(&s2k, "GNU");
		buf_put_u8(&s2k, GNU_NO_NUMBERS);
	} else {
		(void)s2k_write(&l->s2k, &s2k); /* far below its bound */
	}
	buf_put_u8(out, (uint8_t)l->cipher);
	if (l->usage == USAGE_AEAD)
		buf_put_u8(out, (uint8_t)l->aead);
	if (pk->version == 6)
		buf_put_u8(out, (uint8_t)s2k.len);
	buf_put(out, s2k.data, s2k.len);
	if (!l->elsewhere)
		buf_put(out, l->iv,
		    l->usage == USAGE_AEAD ? cipher_nonce_len(l->aead)
					   : CIPHER_BLOCK_LEN);
	buf_free(&s2k);
}

static void
put_lock(const struct pk *pk, const struct lock *l, struct buf *part)
{
	struct buf params;

	buf_init(&params, UINT8_MAX);
	put_parameters(pk, l, &params);
	buf_put_u8(part, (uint8_t)l->usage);
	if (pk->version == 6)
		buf_put_u8(part, (uint8_t)params.len);
	buf_put(part, params.data, params.len);
	buf_free(&params);
}

/* Numbers and what proves them, encrypted behind what is there already. */
static bool
seal_numbers(const struct secret_packet *p, const struct lock *l,
    const uint8_t *key, const struct secret_numbers *numbers, struct buf *part)
{
	size_t len = numbers->len, tail = tail_len(l->usage);
	uint8_t *to = buf_room(part, len + tail);
	bool ok;

	if (to == NULL)
		return false;
	memcpy(to, numbers->at, len);
	if (l->usage == USAGE_SHA1)
		gcry_md_hash_buffer(GCRY_MD_SHA1, to + len, to, len);
	ok = l->usage == USAGE_AEAD ? aead(p, l, key, true, to, len)
				    : cfb(l, key, true, to, len + tail);
	if (ok)
		buf_grew(part, len + tail);
	else
		mem_wipe(to, len + tail);
	return ok;
}

static enum gw_status
put_locked(const struct secret_packet *p, const struct secret_numbers *numbers,
    const struct lock *l, const char *passphrase, struct buf *part,
    struct why *why)
{
	uint8_t *key = gcry_malloc_secure(S2K_KEY_MAX);
	enum gw_status st;

	if (key == NULL)
		return failed(why);
	put_lock(p->pk, l, part);
	st = derive(p, l, passphrase, key, why);
	if (st == GW_OK && !seal_numbers(p, l, key, numbers, part))
		st = failed(why);
	mem_wipe(key, S2K_KEY_MAX);
	gcry_free(key);
	return st;
}

enum gw_status
secret_lock(const struct secret_packet *p, const struct secret_numbers *numbers,
    const char *passphrase, enum secret_lock_kind kind, struct buf *part,
    struct why *why)
{
	struct lock l = { .usage = USAGE_SHA1, .cipher = PACKET_AES256 };

	if (numbers->at == NULL) {
		l.cipher = 0;
		l.elsewhere = true;
		put_lock(p->pk, &l, part);
		return part->bad ? failed(why) : GW_OK;
	}
	if (passphrase == NULL) {
		buf_put_u8(part, USAGE_PLAIN);
		buf_put(part, numbers->at, numbers->len);
		if (p->pk->version != 6)
			buf_put_u16(
			    part, (uint16_t)sum_of(numbers->at, numbers->len));
		return part->bad ? failed(why) : GW_OK;
	}
	if (kind == SECRET_LOCK_ARGON2) {
		l.usage = USAGE_AEAD;
		l.aead = PACKET_OCB;
	}
	s2k_fresh(
	    &l.s2k, kind == SECRET_LOCK_ARGON2 ? S2K_ARGON2 : S2K_ITERATED);
	gcry_randomize(l.iv, sizeof(l.iv), GCRY_STRONG_RANDOM);
	return put_locked(p, numbers, &l, passphrase, part, why);
}
