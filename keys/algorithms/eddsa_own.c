/* keys/algorithms/eddsa_own.c - our own Ed25519 signatures, checked quickly. */
#include "keys/algorithms/eddsa_own.h"

#include "gateway/base/buf.h"
#include "keys/algorithms/pk_math.h"

#include <stdlib.h>
#include <string.h>

#define LEN        32
#define DIGEST_MAX 64
#define WINDOWS    64 /* hexadecimal digits of a scalar */
#define DIGITS     15 /* but zero */

/* A process that signs once or twice shall not spend a millisecond first. */
#define SIGNED_BEFORE 3

/* at[i][j] is (j + 1) 16^i times a point. */
struct multiples {
	gcry_mpi_point_t at[WINDOWS][DIGITS];
};

struct eddsa_own {
	uint8_t point[LEN];
	unsigned signatures;
	gcry_ctx_t curve;
	gcry_mpi_t n;
	gcry_mpi_point_t neutral;
	/* Of the base point, and of the public one times -1. */
	struct multiples *base, *minus_public;
};

struct eddsa_own *
eddsa_own_new(const uint8_t point[LEN])
{
	struct eddsa_own *o = calloc(1, sizeof(*o));

	if (o != NULL)
		memcpy(o->point, point, LEN);
	return o;
}

static void
multiples_free(struct multiples *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < WINDOWS; i++)
		for (size_t j = 0; j < DIGITS; j++)
			gcry_mpi_point_release(m->at[i][j]);
	free(m);
}

void
eddsa_own_free(struct eddsa_own *o)
{
	if (o == NULL)
		return;
	multiples_free(o->base);
	multiples_free(o->minus_public);
	gcry_mpi_point_release(o->neutral);
	gcry_mpi_release(o->n);
	gcry_ctx_release(o->curve);
	free(o);
}

/*
 * libgcrypt adds points whose coordinates have all their limbs, and ends the
 * process on others.  What comes out of a multiplication, and of additions
 * after that, has them; whatever else is multiplied by one first.  The sum
 * needs no exceptions: the formula is complete on this curve.
 */
static gcry_mpi_point_t
times(const struct eddsa_own *o, unsigned scalar, gcry_mpi_point_t point)
{
	gcry_mpi_t k = gcry_mpi_set_ui(NULL, scalar);
	gcry_mpi_point_t result = gcry_mpi_point_new(0);

	gcry_mpi_ec_mul(result, k, point, o->curve);
	gcry_mpi_release(k);
	return result;
}

static struct multiples *
multiples_of(const struct eddsa_own *o, gcry_mpi_point_t point)
{
	struct multiples *m = calloc(1, sizeof(*m));
	gcry_mpi_point_t next = times(o, 1, point);

	for (size_t i = 0; m != NULL && i < WINDOWS; i++) {
		m->at[i][0] = next;
		for (size_t j = 1; j < DIGITS; j++) {
			m->at[i][j] = gcry_mpi_point_new(0);
			gcry_mpi_ec_add(m->at[i][j], m->at[i][j - 1],
			    m->at[i][0], o->curve);
		}
		next = gcry_mpi_point_new(0);
		gcry_mpi_ec_add(
		    next, m->at[i][DIGITS - 1], m->at[i][0], o->curve);
	}
	gcry_mpi_point_release(next);
	return m;
}

/* (-x, y). */
static gcry_mpi_point_t
minus_public(const struct eddsa_own *o)
{
	gcry_mpi_point_t point = gcry_mpi_point_new(0);
	gcry_mpi_t p = gcry_mpi_ec_get_mpi("p", o->curve, 1);
	gcry_mpi_t one = gcry_mpi_set_ui(NULL, 1), x = NULL, y = NULL;
	uint8_t xy[2 * LEN];
	bool ok;

	ok = pk_math_edwards_point(&pk_math_ed25519, o->point, xy) &&
	     gcry_mpi_scan(&x, GCRYMPI_FMT_USG, xy, LEN, NULL) == 0 &&
	     gcry_mpi_scan(&y, GCRYMPI_FMT_USG, xy + LEN, LEN, NULL) == 0;
	if (ok) {
		gcry_mpi_sub(x, p, x);
		gcry_mpi_point_set(point, x, y, one);
	}
	gcry_mpi_release(y);
	gcry_mpi_release(x);
	gcry_mpi_release(one);
	gcry_mpi_release(p);
	if (ok)
		return point;
	gcry_mpi_point_release(point);
	return NULL;
}

static bool
prepare(struct eddsa_own *o)
{
	gcry_mpi_point_t base = NULL, minus = NULL;
	bool ok = false;

	if (gcry_mpi_ec_new(&o->curve, NULL, "Ed25519") != 0)
		return false;
	o->n = gcry_mpi_ec_get_mpi("n", o->curve, 1);
	base = gcry_mpi_ec_get_point("g", o->curve, 1);
	minus = minus_public(o);
	if (o->n != NULL && base != NULL && minus != NULL) {
		o->neutral = times(o, 0, base);
		o->base = multiples_of(o, base);
		o->minus_public = multiples_of(o, minus);
		ok = o->base != NULL && o->minus_public != NULL;
	}
	gcry_mpi_point_release(minus);
	gcry_mpi_point_release(base);
	return ok;
}

/* Add scalar (little-endian) times what m holds multiples of. */
static void
add(const struct eddsa_own *o, const struct multiples *m,
    const uint8_t scalar[LEN], gcry_mpi_point_t sum)
{
	for (size_t i = 0; i < WINDOWS; i++) {
		unsigned digit = scalar[i / 2] >> (i % 2 == 0 ? 0 : 4) & 15u;

		if (digit != 0)
			gcry_mpi_ec_add(
			    sum, sum, m->at[i][digit - 1], o->curve);
	}
}

static void
reverse(const uint8_t *from, uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = from[len - 1 - i];
}

/* A number below 2^256, little-endian. */
static bool
print(gcry_mpi_t m, uint8_t out[LEN])
{
	uint8_t big[LEN];
	size_t n = (gcry_mpi_get_nbits(m) + 7) / 8, got = 0;

	memset(out, 0, LEN);
	if (n > LEN || (n > 0 && gcry_mpi_print(GCRYMPI_FMT_USG, big,
				     sizeof(big), &got, m) != 0))
		return false;
	reverse(big, out, n);
	return true;
}

/* SHA-512(R, A, digest) below the order (RFC 8032, 5.1.7). */
static bool
challenge(const struct eddsa_own *o, const uint8_t r[LEN],
    const uint8_t *digest, size_t len, uint8_t out[LEN])
{
	uint8_t room[2 * LEN + DIGEST_MAX], hash[64], turned[64];
	gcry_mpi_t h = NULL;
	bool ok;

	if (len > DIGEST_MAX)
		return false;
	memcpy(room, r, LEN);
	memcpy(room + LEN, o->point, LEN);
	memcpy(room + 2 * LEN, digest, len);
	gcry_md_hash_buffer(GCRY_MD_SHA512, hash, room, 2 * LEN + len);
	reverse(hash, turned, sizeof(hash));
	ok = gcry_mpi_scan(&h, GCRYMPI_FMT_USG, turned, sizeof(turned), NULL) ==
	     0;
	if (ok) {
		gcry_mpi_mod(h, h, o->n);
		ok = print(h, out);
	}
	gcry_mpi_release(h);
	return ok;
}

/* Is this point written like that? */
static bool
is_written(
    const struct eddsa_own *o, gcry_mpi_point_t point, const uint8_t r[LEN])
{
	gcry_mpi_t x = gcry_mpi_new(0), y = gcry_mpi_new(0);
	uint8_t coded[LEN];
	bool ok;

	ok = gcry_mpi_ec_get_affine(x, y, point, o->curve) == 0 &&
	     print(y, coded);
	if (ok && gcry_mpi_test_bit(x, 0))
		coded[LEN - 1] |= 0x80;
	gcry_mpi_release(y);
	gcry_mpi_release(x);
	return ok && memcmp(coded, r, LEN) == 0;
}

bool
eddsa_own_fits(struct eddsa_own *o, const uint8_t *digest, size_t len,
    const uint8_t r[LEN], const uint8_t s[LEN])
{
	gcry_mpi_point_t sum;
	uint8_t h[LEN];
	bool ok;

	if (o == NULL || o->signatures < SIGNED_BEFORE) {
		if (o != NULL)
			o->signatures++;
		return false;
	}
	if (o->minus_public == NULL && (o->curve != NULL || !prepare(o)))
		return false; /* once failed, it is not tried again */
	if (!challenge(o, r, digest, len, h))
		return false;
	/* s B - h A is R, if the signature is good. */
	sum = gcry_mpi_point_copy(o->neutral);
	add(o, o->base, s, sum);
	add(o, o->minus_public, h, sum);
	ok = is_written(o, sum, r);
	gcry_mpi_point_release(sum);
	return ok;
}
