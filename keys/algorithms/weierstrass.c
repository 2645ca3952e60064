/* keys/algorithms/weierstrass.c - ECDSA and ECDH on the curves of NIST and
 * brainpool, both halves (RFC 9580, 5.5.5.4 and 5.5.5.6). */
#include "keys/algorithms/ecdh.h"
#include "keys/algorithms/pk_math.h"

#include <string.h>

#define COORDINATE_MAX PK_MATH_COORDINATE_MAX
#define POINT_MAX      (1 + 2 * COORDINATE_MAX)

/* 04, x and y: three bits of the first octet, all of the others. */
static bool
take_coded(struct buf *b, const struct pk_kind *kind, const uint8_t **coded)
{
	size_t len, want = 1 + 2 * kind->len;

	return packet_get_mpi(b, 3 + 16 * kind->len, coded, &len) &&
	       len == want && **coded == 4;
}

static enum gw_status
read_point(struct pk *pk, struct buf *b, const uint8_t **coded, struct why *why)
{
	size_t len = 1 + 2 * pk->kind->len;

	/* The short form is none of RFC 9580's (11.2). */
	if (!take_coded(b, pk->kind, coded))
		return kind_malformed(why, "point");
	pk->point = b->pos - len;
	pk->supported = pk_math_weierstrass_known(pk->kind->curve);
	if (pk->supported && !pk_math_weierstrass_point(
				 pk->kind->curve, pk->kind->len, *coded, len))
		return kind_malformed(why, "the point is not on its curve");
	return GW_OK;
}

static enum gw_status
read_ecdsa(struct pk *pk, struct buf *b, struct why *why)
{
	const uint8_t *coded;
	enum gw_status st = read_point(pk, b, &coded, why);

	if (st != GW_OK || !pk->supported)
		return st;
	if (gcry_sexp_build(&pk->sexp, NULL, "(public-key(ecc(curve%s)(q%b)))",
		pk->kind->curve, (int)(1 + 2 * pk->kind->len), coded) != 0)
		return kind_failed(why, pk, "take an ECDSA key");
	return GW_OK;
}

static enum gw_status
read_ecdh(struct pk *pk, struct buf *b, struct why *why)
{
	const uint8_t *coded;
	enum gw_status st = read_point(pk, b, &coded, why);
	bool usable;

	if (st != GW_OK)
		return st;
	if (!ecdh_get_parameters(pk, b, &usable))
		return kind_malformed(why, "ECDH parameters");
	pk->supported = pk->supported && usable;
	return GW_OK;
}

/* libgcrypt truncates the digest to the curve's size.  The nonce is made from
 * key and digest (RFC 6979): a bad source of random numbers gives no key
 * away. */
static gcry_sexp_t
message(const struct packet_hash *hash, const uint8_t *digest)
{
	gcry_sexp_t data = NULL;

	(void)gcry_sexp_build(&data, NULL, "(data(flags rfc6979)(hash%s%b))",
	    hash->name, (int)hash->len, digest); /* NULL then */
	return data;
}

static enum gw_status
verify(const struct pk *pk, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers, struct why *why)
{
	const uint8_t *r, *s;
	size_t r_len, s_len;
	gcry_sexp_t sig = NULL;

	/* libgcrypt compares both with the group's order. */
	if (!packet_get_mpi(numbers, pk->kind->bits, &r, &r_len) ||
	    !packet_get_mpi(numbers, pk->kind->bits, &s, &s_len) ||
	    !buf_done(numbers) || r_len == 0 || s_len == 0)
		return kind_bad_signature(why);
	(void)gcry_sexp_build(&sig, NULL, "(sig-val(ecdsa(r%b)(s%b)))",
	    (int)r_len, r, (int)s_len, s); /* NULL then */
	return kind_verify_sexp(pk->sexp, message(hash, digest), sig, why);
}

static enum gw_status
encrypt(const struct pk *pk, int version, int cipher,
    const struct buf *session_key, struct buf *out, struct why *why)
{
	size_t len = pk->kind->len;
	uint8_t ephemeral[POINT_MAX], shared[POINT_MAX];
	uint8_t scalar[COORDINATE_MAX];
	bool ok;

	ok = pk_math_weierstrass_random(
		 pk->kind->curve, len, GCRY_STRONG_RANDOM, scalar) &&
	     pk_math_weierstrass(
		 pk->kind->curve, len, scalar, NULL, 0, ephemeral) &&
	     pk_math_weierstrass(pk->kind->curve, len, scalar,
		 pk->body + pk->point, 1 + 2 * len, shared) &&
	     packet_put_mpi(out, ephemeral, 1 + 2 * len) &&
	     ecdh_seal(pk, version, cipher, shared + 1, len, session_key, out);
	mem_wipe(scalar, sizeof(scalar));
	mem_wipe(shared, sizeof(shared));
	return ok ? GW_OK : kind_failed(why, pk, "encrypt");
}

/* The scalar as an MPI, strict or not: it must fit the public point. */
static enum gw_status
take_scalar(struct secret_key *k, struct buf *numbers, struct why *why)
{
	size_t len = (buf_get_u16(numbers) + 7u) / 8, size = k->pk->kind->len;
	const uint8_t *p = buf_take(numbers, len);

	if (!buf_done(numbers) || len > size)
		return kind_disagree(why, k->pk);
	if ((k->secret = gcry_calloc_secure(1, size)) == NULL)
		return kind_failed(why, k->pk, "take a secret key");
	k->secret_len = size;
	memcpy(k->secret + size - len, p, len);
	return pk_math_weierstrass_scalar(k->pk->kind->curve, size, k->secret)
		   ? GW_OK
		   : kind_disagree(why, k->pk);
}

static enum gw_status
open_ecdsa(struct secret_key *k, struct buf *numbers, struct why *why)
{
	const struct pk_kind *kind = k->pk->kind;
	enum gw_status st = take_scalar(k, numbers, why);

	if (st != GW_OK)
		return st;
	if (gcry_sexp_build(&k->sexp, NULL,
		"(private-key(ecc(curve%s)(q%b)(d%b)))", kind->curve,
		(int)(1 + 2 * kind->len), k->pk->body + k->pk->point,
		(int)kind->len, k->secret) != 0)
		return kind_failed(why, k->pk, "take a secret key");
	kind_free_secret(k->secret, k->secret_len);
	k->secret = NULL;
	return GW_OK;
}

static enum gw_status
open_ecdh(struct secret_key *k, struct buf *numbers, struct why *why)
{
	const struct pk_kind *kind = k->pk->kind;
	uint8_t point[POINT_MAX];
	enum gw_status st = take_scalar(k, numbers, why);

	if (st != GW_OK)
		return st;
	if (!pk_math_weierstrass(
		kind->curve, kind->len, k->secret, NULL, 0, point) ||
	    memcmp(point, k->pk->body + k->pk->point, 1 + 2 * kind->len) != 0)
		return kind_disagree(why, k->pk);
	return GW_OK;
}

static bool
sign(const struct secret_key *k, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *out)
{
	gcry_sexp_t data = message(hash, digest), sig = NULL;
	uint8_t r[COORDINATE_MAX], s[COORDINATE_MAX];
	size_t len = k->pk->kind->len;
	bool ok;

	ok = data != NULL && gcry_pk_sign(&sig, data, k->sexp) == 0 &&
	     kind_extract(sig, "r", r, len) && kind_extract(sig, "s", s, len) &&
	     packet_put_mpi(out, r, len) && packet_put_mpi(out, s, len);
	gcry_sexp_release(sig);
	gcry_sexp_release(data);
	return ok;
}

static bool
unwrap(const struct secret_key *k, int version, struct buf *fields, int *cipher,
    struct buf *session_key)
{
	const struct pk_kind *kind = k->pk->kind;
	const uint8_t *coded;
	uint8_t shared[POINT_MAX];
	bool ok;

	ok = take_coded(fields, kind, &coded) &&
	     pk_math_weierstrass(kind->curve, kind->len, k->secret, coded,
		 1 + 2 * kind->len, shared) &&
	     ecdh_open(k->pk, version, fields, shared + 1, kind->len, cipher,
		 session_key);
	mem_wipe(shared, sizeof(shared));
	return ok;
}

static enum gw_status
make(const struct pk_kind *kind, unsigned bits, struct buf *public,
    struct buf *numbers, struct why *why)
{
	size_t len = kind->len;
	uint8_t point[POINT_MAX], *scalar;
	bool ok;

	(void)bits;
	if (!pk_math_weierstrass_known(kind->curve)) {
		why_set(why, REASON_UNSUPPORTED,
		    "this libgcrypt does not know %s", kind->curve);
		return GW_REFUSED;
	}
	scalar = gcry_malloc_secure(len);
	ok = scalar != NULL &&
	     pk_math_weierstrass_random(
		 kind->curve, len, GCRY_VERY_STRONG_RANDOM, scalar) &&
	     pk_math_weierstrass(kind->curve, len, scalar, NULL, 0, point) &&
	     packet_put_mpi(public, point, 1 + 2 * len) &&
	     packet_put_mpi(numbers, scalar, len);
	if (kind->encrypts)
		ecdh_put_parameters(kind, public);
	kind_free_secret(scalar, len);
	if (ok)
		return GW_OK;
	why_set(why, REASON_INTERNAL, "libgcrypt made no %s key", kind->name);
	return GW_INTERNAL;
}

const struct kind_family ecdsa_family = {
	.read = read_ecdsa,
	.verify = verify,
	.open = open_ecdsa,
	.sign = sign,
	.make = make,
};

const struct kind_family ecdh_family = {
	.read = read_ecdh,
	.encrypt = encrypt,
	.open = open_ecdh,
	.unwrap = unwrap,
	.make = make,
};
