/* keys/algorithms/s2k.c - a password becomes a key (RFC 9580, 3.7). */
#include "keys/algorithms/s2k.h"

#include "keys/packets/packet.h"

#include <gcrypt.h>
#include <string.h>

/* 65,011,712 octets, the most that the format can say: less than a tenth of a
 * second of SHA-256. */
#define FRESH_COUNT 0xff

/* RFC 9106, 4, the second recommendation; 2^16 KiB are 64 MiB. */
#define FRESH_PASSES 3
#define FRESH_LANES  4
#define FRESH_MEMORY 16

/* The least memory is eight blocks of 1 KiB a lane (RFC 9580, 3.7.1.4). */
#define BLOCKS_PER_LANE 8
/* 2^21 KiB are 2 GiB.  This is more than policy: libgcrypt 1.10 computes the
 * octets in 32 bits, and 4 GiB would be an allocation of nothing. */
#define MEMORY_MAX 21

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad string-to-key: %s", what);
	return GW_REFUSED;
}

static enum gw_status
unsupported(struct why *why, const char *what, int number)
{
	why_set(why, REASON_UNSUPPORTED,
	    "string-to-key: %s %d is not supported", what, number);
	return GW_REFUSED;
}

/* The cost, in one number that can be compared: KiB times passes. */
static uint64_t
cost(const struct s2k *s)
{
	return (uint64_t)s->passes << s->memory;
}

static enum gw_status
check_argon2(const struct s2k *s, struct why *why)
{
	if (s->passes == 0 || s->lanes == 0 || s->memory > 31 ||
	    (uint64_t)1 << s->memory < (uint64_t)BLOCKS_PER_LANE * s->lanes)
		return malformed(why, "no such numbers of Argon2");
	if (s->memory <= MEMORY_MAX && cost(s) <= S2K_ARGON2_COST_MAX)
		return GW_OK;
	why_set(why, REASON_TOO_LARGE,
	    "string-to-key: Argon2 with %u passes over 2^%u KiB costs more "
	    "than is allowed",
	    s->passes, s->memory);
	return GW_REFUSED;
}

static enum gw_status
read_argon2(struct buf *b, struct s2k *s, struct why *why)
{
	(void)buf_get(b, s->salt, S2K_SALT_ARGON2_LEN); /* bad is kept */
	s->passes = buf_get_u8(b);
	s->lanes = buf_get_u8(b);
	s->memory = buf_get_u8(b);
	return b->bad ? malformed(why, "cut short") : check_argon2(s, why);
}

enum gw_status
s2k_read(struct buf *b, struct s2k *s, struct why *why)
{
	memset(s, 0, sizeof(*s));
	s->kind = buf_get_u8(b);
	if (b->bad)
		return malformed(why, "cut short");
	if (s->kind == S2K_ARGON2)
		return read_argon2(b, s, why);
	if (s->kind != S2K_SIMPLE && s->kind != S2K_SALTED &&
	    s->kind != S2K_ITERATED)
		return unsupported(why, "kind", s->kind);
	s->hash = buf_get_u8(b);
	if (s->kind != S2K_SIMPLE)
		(void)buf_get(b, s->salt, S2K_SALT_LEN); /* bad is kept */
	if (s->kind == S2K_ITERATED)
		s->count = buf_get_u8(b);
	if (b->bad)
		return malformed(why, "cut short");
	/* MD5 and RIPEMD are none of ours. */
	return packet_hash_find(s->hash) != NULL
		   ? GW_OK
		   : unsupported(why, "hash", s->hash);
}

bool
s2k_modern(const struct s2k *s)
{
	return s->kind != S2K_SIMPLE && s->hash != PACKET_SHA1;
}

void
s2k_fresh(struct s2k *s, enum s2k_kind kind)
{
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	switch (kind) {
	case S2K_ITERATED:
		s->hash = PACKET_SHA256;
		s->count = FRESH_COUNT;
		gcry_randomize(s->salt, S2K_SALT_LEN, GCRY_STRONG_RANDOM);
		return;
	case S2K_ARGON2:
		s->passes = FRESH_PASSES;
		s->lanes = FRESH_LANES;
		s->memory = FRESH_MEMORY;
		gcry_randomize(
		    s->salt, S2K_SALT_ARGON2_LEN, GCRY_STRONG_RANDOM);
		return;
	default:
		gw_fatal("a fresh string-to-key of kind %d", (int)kind);
	}
}

bool
s2k_write(const struct s2k *s, struct buf *b)
{
	buf_put_u8(b, (uint8_t)s->kind);
	if (s->kind == S2K_ARGON2) {
		buf_put(b, s->salt, S2K_SALT_ARGON2_LEN);
		buf_put_u8(b, s->passes);
		buf_put_u8(b, s->lanes);
		return buf_put_u8(b, s->memory);
	}
	buf_put_u8(b, (uint8_t)s->hash);
	if (s->kind != S2K_SIMPLE)
		buf_put(b, s->salt, S2K_SALT_LEN);
	if (s->kind == S2K_ITERATED)
		buf_put_u8(b, s->count);
	return !b->bad;
}

/* RFC 9580, 3.7.1.1 to 3.7.1.3. */
static gcry_error_t
derive_hashed(
    const struct s2k *s, const char *password, uint8_t *key, size_t len)
{
	const struct packet_hash *hash = packet_hash_find(s->hash);
	unsigned long count = (16ul + (s->count & 15)) << ((s->count >> 4) + 6);
	int kind = s->kind == S2K_SIMPLE   ? GCRY_KDF_SIMPLE_S2K
		   : s->kind == S2K_SALTED ? GCRY_KDF_SALTED_S2K
					   : GCRY_KDF_ITERSALTED_S2K;

	if (hash == NULL)
		return gcry_error(GPG_ERR_DIGEST_ALGO);
	return gcry_kdf_derive(password, strlen(password), kind, hash->gcry,
	    s->salt, S2K_SALT_LEN, count, len, key);
}

/* RFC 9580, 3.7.1.4: Argon2id, version 0x13, without secret or data of its
 * own.  One thread: who may start more is the process's own affair. */
static gcry_error_t
derive_argon2(
    const struct s2k *s, const char *password, uint8_t *key, size_t len)
{
	unsigned long params[] = { len, s->passes, 1ul << s->memory, s->lanes };
	gcry_kdf_hd_t h;
	gcry_error_t err;

	err = gcry_kdf_open(&h, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, params,
	    sizeof(params) / sizeof(params[0]), password, strlen(password),
	    s->salt, S2K_SALT_ARGON2_LEN, NULL, 0, NULL, 0);
	if (err != 0)
		return err;
	if ((err = gcry_kdf_compute(h, NULL)) == 0)
		err = gcry_kdf_final(h, len, key);
	gcry_kdf_close(h);
	return err;
}

enum gw_status
s2k_derive(const struct s2k *s, const char *password, uint8_t *key, size_t len,
    struct why *why)
{
	gcry_error_t err;

	if (len == 0 || len > S2K_KEY_MAX)
		gw_fatal("a key of %zu octets from a password", len);
	if (s->kind == S2K_ARGON2 && check_argon2(s, why) != GW_OK)
		return GW_REFUSED;
	err = s->kind == S2K_ARGON2 ? derive_argon2(s, password, key, len)
				    : derive_hashed(s, password, key, len);
	if (err == 0)
		return GW_OK;
	mem_wipe(key, len);
	why_set(why, REASON_INTERNAL, "no key from this password: %s",
	    gcry_strerror(err));
	return gcry_err_code(err) == GPG_ERR_ENOMEM ? GW_AGAIN : GW_INTERNAL;
}
