/* keys/algorithms/xdh.c - X25519 and X448, both halves (RFC 9580, 5.5.5.7 and
 * 5.5.5.8), and the older coding of the first (5.5.5.6). */
#include "keys/algorithms/ecdh.h"
#include "keys/algorithms/hkdf.h"
#include "keys/algorithms/pk_math.h"
#include "keys/algorithms/session.h"

#include <string.h>

#define MAX PK_MATH_X448_LEN

/* RFC 9580, 11.2.2. */
#define LEGACY_PREFIX 0x40
#define LEGACY_BITS   263
#define LEGACY_LEN    32

static bool
multiply(const struct pk_kind *kind, const uint8_t *scalar,
    const uint8_t *point, uint8_t *out)
{
	return kind->len == PK_MATH_X448_LEN
		   ? pk_math_x448(scalar, point, out)
		   : pk_math_x25519(scalar, point, out);
}

static enum gw_status
read_public(struct pk *pk, struct buf *b, struct why *why)
{
	if (buf_take(b, pk->kind->len) == NULL)
		return kind_malformed(why, "point");
	pk->point = b->pos - pk->kind->len;
	pk->supported = true;
	return GW_OK;
}

static bool
take_legacy_point(struct buf *b, const uint8_t **point)
{
	size_t len;

	/* libgcrypt takes cut points as well: all 33 octets, or none. */
	if (!packet_get_mpi(b, LEGACY_BITS, point, &len) ||
	    len != 1 + LEGACY_LEN || **point != LEGACY_PREFIX)
		return false;
	(*point)++;
	return true;
}

static enum gw_status
read_legacy(struct pk *pk, struct buf *b, struct why *why)
{
	const uint8_t *point;

	if (!take_legacy_point(b, &point))
		return kind_malformed(why, "point");
	pk->point = b->pos - LEGACY_LEN;
	if (!ecdh_get_parameters(pk, b, &pk->supported))
		return kind_malformed(why, "ECDH parameters");
	return GW_OK;
}

/* RFC 9580, 5.1.6 and 5.1.7. */
static bool
derive(const struct pk *pk, const uint8_t *ephemeral, const uint8_t *shared,
    uint8_t *kek, size_t *kek_len)
{
	static const char info25519[] = "OpenPGP X25519";
	static const char info448[] = "OpenPGP X448";
	size_t len = pk->kind->len;
	uint8_t room[3 * MAX];
	bool ok;

	memcpy(room, ephemeral, len);
	memcpy(room + len, pk->body + pk->point, len);
	memcpy(room + 2 * len, shared, len);
	if (len == PK_MATH_X448_LEN) {
		*kek_len = 32;
		ok = hkdf_sha512(room, 3 * len, NULL, 0, info448,
		    sizeof(info448) - 1, kek, *kek_len);
	} else {
		*kek_len = 16;
		ok = hkdf_sha256(room, 3 * len, NULL, 0, info25519,
		    sizeof(info25519) - 1, kek, *kek_len);
	}
	mem_wipe(room, sizeof(room));
	return ok;
}

/* A point for this message alone, and what it shares with the key. */
static enum gw_status
share(const struct pk *pk, uint8_t *ephemeral, uint8_t *shared, struct why *why)
{
	uint8_t scalar[MAX];
	enum gw_status st = GW_OK;

	gcry_randomize(scalar, pk->kind->len, GCRY_STRONG_RANDOM);
	if (!multiply(pk->kind, scalar, NULL, ephemeral))
		st = kind_failed(why, pk, "encrypt");
	else if (!multiply(pk->kind, scalar, pk->body + pk->point, shared))
		st = kind_unfit(why, pk); /* a point of small order */
	mem_wipe(scalar, sizeof(scalar));
	return st;
}

static enum gw_status
encrypt(const struct pk *pk, int version, int cipher,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	uint8_t ephemeral[MAX], shared[MAX], kek[SESSION_KEK_MAX];
	size_t kek_len;
	enum gw_status st = share(pk, ephemeral, shared, why);

	if (st != GW_OK)
		return st;
	buf_put(out, ephemeral, pk->kind->len);
	if (!derive(pk, ephemeral, shared, kek, &kek_len) ||
	    !session_put_wrapped(
		out, version, cipher, kek, kek_len, session_key))
		st = kind_failed(why, pk, "encrypt");
	mem_wipe(shared, sizeof(shared));
	mem_wipe(kek, sizeof(kek));
	return st;
}

static enum gw_status
encrypt_legacy(const struct pk *pk, int version, int cipher,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	uint8_t coded[1 + MAX] = { LEGACY_PREFIX }, shared[MAX];
	enum gw_status st = share(pk, coded + 1, shared, why);

	if (st != GW_OK)
		return st;
	if (!packet_put_mpi(out, coded, 1 + LEGACY_LEN) ||
	    !ecdh_seal(
		pk, version, cipher, shared, LEGACY_LEN, session_key, out))
		st = kind_failed(why, pk, "encrypt");
	mem_wipe(shared, sizeof(shared));
	return st;
}

/* k->secret is the scalar; is it the point's? */
static enum gw_status
check_scalar(const struct secret_key *k, struct why *why)
{
	const struct pk *pk = k->pk;
	uint8_t point[MAX];

	if (!multiply(pk->kind, k->secret, NULL, point) ||
	    memcmp(point, pk->body + pk->point, pk->kind->len) != 0)
		return kind_disagree(why, pk);
	return GW_OK;
}

static enum gw_status
open_secret(struct secret_key *k, struct buf *numbers, struct why *why)
{
	const uint8_t *scalar = buf_take(numbers, k->pk->kind->len);

	if (!buf_done(numbers))
		return kind_disagree(why, k->pk);
	if ((k->secret = kind_secret_copy(scalar, k->pk->kind->len)) == NULL)
		return kind_failed(why, k->pk, "take a secret key");
	k->secret_len = k->pk->kind->len;
	return check_scalar(k, why);
}

static void
reverse(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		uint8_t v = p[i];

		p[i] = p[len - 1 - i];
		p[len - 1 - i] = v;
	}
}

/* Big-endian (RFC 9580, 5.5.5.6.1.1), and possibly without leading zeros. */
static enum gw_status
open_legacy(struct secret_key *k, struct buf *numbers, struct why *why)
{
	size_t len = (buf_get_u16(numbers) + 7u) / 8;
	const uint8_t *p = buf_take(numbers, len);

	if (!buf_done(numbers) || len > LEGACY_LEN)
		return kind_disagree(why, k->pk);
	if ((k->secret = gcry_calloc_secure(1, LEGACY_LEN)) == NULL)
		return kind_failed(why, k->pk, "take a secret key");
	k->secret_len = LEGACY_LEN;
	memcpy(k->secret + LEGACY_LEN - len, p, len);
	reverse(k->secret, LEGACY_LEN);
	return check_scalar(k, why);
}

static bool
unwrap(const struct secret_key *k, int version, struct buf *fields, int *cipher,
    struct buf *session_key)
{
	const uint8_t *point = buf_take(fields, k->pk->kind->len);
	uint8_t shared[MAX], kek[SESSION_KEK_MAX];
	size_t kek_len;
	bool ok;

	if (point == NULL)
		return false;
	ok = multiply(k->pk->kind, k->secret, point, shared) &&
	     derive(k->pk, point, shared, kek, &kek_len) &&
	     session_take_wrapped(
		 fields, version, cipher, kek, kek_len, session_key);
	mem_wipe(shared, sizeof(shared));
	mem_wipe(kek, sizeof(kek));
	return ok;
}

static bool
unwrap_legacy(const struct secret_key *k, int version, struct buf *fields,
    int *cipher, struct buf *session_key)
{
	const uint8_t *point;
	uint8_t shared[MAX];
	bool ok;

	ok = take_legacy_point(fields, &point) &&
	     multiply(k->pk->kind, k->secret, point, shared) &&
	     ecdh_open(k->pk, version, fields, shared, LEGACY_LEN, cipher,
		 session_key);
	mem_wipe(shared, sizeof(shared));
	return ok;
}

static bool
make_native(const struct pk_kind *kind, const uint8_t *scalar,
    struct buf *public, struct buf *numbers)
{
	uint8_t point[MAX];

	return multiply(kind, scalar, NULL, point) &&
	       buf_put(public, point, kind->len) &&
	       buf_put(numbers, scalar, kind->len);
}

/* RFC 9580, 5.5.5.6.1.1: the scalar is stored as it is used, with some bits
 * set and cleared (RFC 7748, 5), and turned round. */
static bool
make_legacy(const struct pk_kind *kind, uint8_t *scalar, struct buf *public,
    struct buf *numbers)
{
	uint8_t coded[1 + MAX] = { LEGACY_PREFIX };

	scalar[0] &= 0xf8;
	scalar[31] = (scalar[31] & 0x7f) | 0x40;
	if (!multiply(kind, scalar, NULL, coded + 1))
		return false;
	reverse(scalar, LEGACY_LEN);
	packet_put_mpi(public, coded, 1 + LEGACY_LEN);
	ecdh_put_parameters(kind, public);
	return packet_put_mpi(numbers, scalar, LEGACY_LEN);
}

static enum gw_status
make(const struct pk_kind *kind, unsigned bits, struct buf *public,
    struct buf *numbers, struct why *why)
{
	uint8_t *scalar =
	    gcry_random_bytes_secure(kind->len, GCRY_VERY_STRONG_RANDOM);
	bool ok;

	(void)bits;
	ok = kind->oid_len > 0 ? make_legacy(kind, scalar, public, numbers)
			       : make_native(kind, scalar, public, numbers);
	kind_free_secret(scalar, kind->len);
	if (ok)
		return GW_OK;
	why_set(why, REASON_INTERNAL, "libgcrypt made no %s key", kind->name);
	return GW_INTERNAL;
}

const struct kind_family xdh_family = {
	.read = read_public,
	.encrypt = encrypt,
	.open = open_secret,
	.unwrap = unwrap,
	.make = make,
};

const struct kind_family xdh_legacy_family = {
	.read = read_legacy,
	.encrypt = encrypt_legacy,
	.open = open_legacy,
	.unwrap = unwrap_legacy,
	.make = make,
};
