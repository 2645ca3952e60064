/* keys/algorithms/eddsa.c - Ed25519 and Ed448, both halves (RFC 9580, 5.5.5.5,
 * 5.5.5.9, 5.5.5.10). */
#include "keys/algorithms/eddsa.h"

#include "keys/algorithms/eddsa_own.h"
#include "keys/algorithms/kind.h"

#include <stdio.h>
#include <string.h>

#define MAX PK_MATH_EDWARDS_MAX

/* A point of the legacy coding is 0x40 and 32 octets (RFC 9580, 11.2.2). */
#define LEGACY_PREFIX 0x40
#define LEGACY_BITS   263
#define LEGACY_LEN    32

static bool
is_448(const struct pk_math_edwards *c)
{
	return c == &pk_math_ed448;
}

enum gw_status
eddsa_public(const struct pk_math_edwards *c, const uint8_t *point,
    gcry_sexp_t *public, struct why *why)
{
	uint8_t q[1 + 2 * MAX] = { 4 }; /* not compressed */
	int len = (int)(1 + 2 * pk_math_edwards_len(c));

	if (!pk_math_edwards_point(c, point, q + 1))
		return kind_malformed(why, is_448(c)
					       ? "not a point of Ed448"
					       : "not a point of Ed25519");
	if (gcry_sexp_build(public, NULL,
		is_448(c)
		    ? "(public-key(ecc(curve Ed448)(q%b)))"
		    : "(public-key(ecc(curve Ed25519)(flags eddsa)(q%b)))",
		len, q) == 0)
		return GW_OK;
	why_set(why, REASON_INTERNAL, "libgcrypt takes no EdDSA key");
	return GW_INTERNAL;
}

/* The curve says how it is hashed; to Ed25519 libgcrypt wants it said. */
static gcry_sexp_t
message(const struct pk_math_edwards *c, const uint8_t *digest, size_t len)
{
	gcry_sexp_t data = NULL;

	(void)gcry_sexp_build(&data, NULL,
	    is_448(c) ? "(data(flags eddsa)(value%b))"
		      : "(data(flags eddsa)(hash-algo sha512)(value%b))",
	    (int)len, digest); /* NULL then */
	return data;
}

enum gw_status
eddsa_verify(const struct pk_math_edwards *c, gcry_sexp_t public,
    const uint8_t *digest, size_t len, const uint8_t *r, const uint8_t *s,
    struct why *why)
{
	int n = (int)pk_math_edwards_len(c);
	gcry_sexp_t sig = NULL;

	if (!pk_math_edwards_scalar(c, s))
		return kind_bad_signature(why);
	(void)gcry_sexp_build(
	    &sig, NULL, "(sig-val(eddsa(r%b)(s%b)))", n, r, n, s); /* NULL */
	return kind_verify_sexp(public, message(c, digest, len), sig, why);
}

bool
eddsa_private(const struct pk_math_edwards *c, const uint8_t *point,
    const uint8_t *seed, gcry_sexp_t *private)
{
	uint8_t q[1 + 2 * MAX] = { 4 };
	int len = (int)pk_math_edwards_len(c);

	return pk_math_edwards_point(c, point, q + 1) &&
	       gcry_sexp_build(private, NULL,
		   is_448(c)
		       ? "(private-key(ecc(curve Ed448)(q%b)(d%b)))"
		       : "(private-key(ecc(curve Ed25519)(flags eddsa)(q%b)"
			 "(d%b)))",
		   1 + 2 * len, q, len, seed) == 0;
}

bool
eddsa_sign(const struct pk_math_edwards *c, gcry_sexp_t private,
    const uint8_t *digest, size_t len, uint8_t *r, uint8_t *s)
{
	size_t n = pk_math_edwards_len(c);
	gcry_sexp_t data = message(c, digest, len), sig = NULL;
	bool ok;

	ok = data != NULL && gcry_pk_sign(&sig, data, private) == 0 &&
	     kind_extract(sig, "r", r, n) && kind_extract(sig, "s", s, n);
	gcry_sexp_release(sig);
	gcry_sexp_release(data);
	return ok;
}

bool
eddsa_make(const struct pk_math_edwards *c, uint8_t *point, uint8_t *seed)
{
	size_t len = pk_math_edwards_len(c);
	uint8_t q[1 + MAX];
	gcry_sexp_t key, private;
	bool ok;

	key = kind_generate(is_448(c)
				? "(genkey(ecc(curve Ed448)))"
				: "(genkey(ecc(curve Ed25519)(flags eddsa)))");
	private = gcry_sexp_find_token(key, "private-key", 0);
	/* Some versions put 0x40 in front of the point. */
	ok = kind_extract(private, "q", q, 1 + len) &&
	     (q[0] == 0 || q[0] == LEGACY_PREFIX) &&
	     kind_extract(private, "d", seed, len);
	if (ok)
		memcpy(point, q + 1, len);
	gcry_sexp_release(private);
	gcry_sexp_release(key);
	return ok;
}

/* From here on: as it stands in packets. */

static const struct pk_math_edwards *
curve_of(const struct pk_kind *kind)
{
	return kind->bits == 448 ? &pk_math_ed448 : &pk_math_ed25519;
}

static enum gw_status
read_public(struct pk *pk, struct buf *b, struct why *why)
{
	const uint8_t *point = buf_take(b, pk->kind->len);
	enum gw_status st;

	if (point == NULL)
		return kind_malformed(why, "point");
	pk->point = b->pos - pk->kind->len;
	st = eddsa_public(curve_of(pk->kind), point, &pk->sexp, why);
	pk->supported = st == GW_OK;
	return st;
}

static enum gw_status
read_legacy(struct pk *pk, struct buf *b, struct why *why)
{
	const uint8_t *mpi;
	size_t len;
	enum gw_status st;

	if (!packet_get_mpi(b, LEGACY_BITS, &mpi, &len) ||
	    len != 1 + LEGACY_LEN || *mpi != LEGACY_PREFIX)
		return kind_malformed(why, "point");
	pk->point = b->pos - LEGACY_LEN;
	st = eddsa_public(&pk_math_ed25519, mpi + 1, &pk->sexp, why);
	pk->supported = st == GW_OK;
	return st;
}

static enum gw_status
verify(const struct pk *pk, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers, struct why *why)
{
	const uint8_t *r = buf_take(numbers, pk->kind->len);
	const uint8_t *s = buf_take(numbers, pk->kind->len);

	if (!buf_done(numbers))
		return kind_bad_signature(why);
	return eddsa_verify(
	    curve_of(pk->kind), pk->sexp, digest, hash->len, r, s, why);
}

/* Legacy signatures lose the leading zeros of R and S; give them back. */
static bool
get_padded(struct buf *numbers, uint8_t out[LEGACY_LEN])
{
	const uint8_t *p;
	size_t len;

	if (!packet_get_mpi(numbers, 8 * LEGACY_LEN, &p, &len))
		return false;
	memset(out, 0, LEGACY_LEN);
	memcpy(out + LEGACY_LEN - len, p, len);
	return true;
}

static enum gw_status
verify_legacy(const struct pk *pk, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers, struct why *why)
{
	uint8_t r[LEGACY_LEN], s[LEGACY_LEN];

	if (!get_padded(numbers, r) || !get_padded(numbers, s) ||
	    !buf_done(numbers))
		return kind_bad_signature(why);
	return eddsa_verify(
	    &pk_math_ed25519, pk->sexp, digest, hash->len, r, s, why);
}

/* `seed` holds it with its leading zeros. */
static enum gw_status
take_seed(struct secret_key *k, const uint8_t *seed, struct why *why)
{
	uint8_t *copy = kind_secret_copy(seed, k->pk->kind->len);
	bool ok;

	ok = copy != NULL && eddsa_private(curve_of(k->pk->kind),
				 k->pk->body + k->pk->point, copy, &k->sexp);
	kind_free_secret(copy, k->pk->kind->len);
	if (ok && k->pk->kind->len == LEGACY_LEN)
		k->own = eddsa_own_new(k->pk->body + k->pk->point);
	return ok ? GW_OK : kind_failed(why, k->pk, "take a secret key");
}

static enum gw_status
open_secret(struct secret_key *k, struct buf *numbers, struct why *why)
{
	const uint8_t *seed = buf_take(numbers, k->pk->kind->len);

	if (!buf_done(numbers))
		return kind_disagree(why, k->pk);
	return take_seed(k, seed, why);
}

/* GnuPG has written seeds with leading zero bits; the number is what it is,
 * and it must fit the public one, so this MPI is not strict. */
static enum gw_status
open_legacy(struct secret_key *k, struct buf *numbers, struct why *why)
{
	size_t len = (buf_get_u16(numbers) + 7u) / 8;
	const uint8_t *p = buf_take(numbers, len);
	uint8_t seed[LEGACY_LEN] = { 0 };
	enum gw_status st;

	if (!buf_done(numbers) || len > LEGACY_LEN)
		return kind_disagree(why, k->pk);
	memcpy(seed + LEGACY_LEN - len, p, len);
	st = take_seed(k, seed, why);
	mem_wipe(seed, sizeof(seed));
	return st;
}

static bool
sign(const struct secret_key *k, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *out)
{
	size_t len = k->pk->kind->len;
	uint8_t r[MAX], s[MAX];

	return eddsa_sign(
		   curve_of(k->pk->kind), k->sexp, digest, hash->len, r, s) &&
	       buf_put(out, r, len) && buf_put(out, s, len);
}

static bool
sign_legacy(const struct secret_key *k, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *out)
{
	uint8_t r[MAX], s[MAX];

	return eddsa_sign(&pk_math_ed25519, k->sexp, digest, hash->len, r, s) &&
	       packet_put_mpi(out, r, LEGACY_LEN) &&
	       packet_put_mpi(out, s, LEGACY_LEN);
}

static bool
check_own(const struct secret_key *k, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers)
{
	const uint8_t *r = buf_take(numbers, k->pk->kind->len);
	const uint8_t *s = buf_take(numbers, k->pk->kind->len);

	return k->own != NULL && buf_done(numbers) &&
	       eddsa_own_fits(k->own, digest, hash->len, r, s);
}

static bool
check_own_legacy(const struct secret_key *k, const struct packet_hash *hash,
    const uint8_t *digest, struct buf *numbers)
{
	uint8_t r[LEGACY_LEN], s[LEGACY_LEN];

	return k->own != NULL && get_padded(numbers, r) &&
	       get_padded(numbers, s) && buf_done(numbers) &&
	       eddsa_own_fits(k->own, digest, hash->len, r, s);
}

static enum gw_status
make_numbers(const struct pk_kind *kind, struct buf *public,
    struct buf *numbers, bool legacy, struct why *why)
{
	uint8_t coded[1 + MAX] = { LEGACY_PREFIX };
	uint8_t *seed = gcry_malloc_secure(kind->len);
	bool ok;

	ok = seed != NULL && eddsa_make(curve_of(kind), coded + 1, seed);
	if (ok && legacy)
		ok = packet_put_mpi(public, coded, 1 + kind->len) &&
		     packet_put_mpi(numbers, seed, kind->len);
	else if (ok)
		ok = buf_put(public, coded + 1, kind->len) &&
		     buf_put(numbers, seed, kind->len);
	kind_free_secret(seed, kind->len);
	if (ok)
		return GW_OK;
	why_set(why, REASON_INTERNAL, "libgcrypt made no %s key", kind->name);
	return GW_INTERNAL;
}

static enum gw_status
make(const struct pk_kind *kind, unsigned bits, struct buf *public,
    struct buf *numbers, struct why *why)
{
	(void)bits;
	return make_numbers(kind, public, numbers, false, why);
}

static enum gw_status
make_legacy(const struct pk_kind *kind, unsigned bits, struct buf *public,
    struct buf *numbers, struct why *why)
{
	(void)bits;
	return make_numbers(kind, public, numbers, true, why);
}

const struct kind_family eddsa_family = {
	.read = read_public,
	.verify = verify,
	.open = open_secret,
	.sign = sign,
	.check_own = check_own,
	.make = make,
};

const struct kind_family eddsa_legacy_family = {
	.read = read_legacy,
	.verify = verify_legacy,
	.open = open_legacy,
	.sign = sign_legacy,
	.check_own = check_own_legacy,
	.make = make_legacy,
};
