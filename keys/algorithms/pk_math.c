/* keys/algorithms/pk_math.c - the arithmetic on curves that libgcrypt leaves to us. */
#include "keys/algorithms/pk_math.h"

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

#include <string.h>

static gcry_mpi_t
constant(const char *hex)
{
	gcry_mpi_t m = NULL;

	if (gcry_mpi_scan(&m, GCRYMPI_FMT_HEX, hex, 0, NULL) != 0)
		gw_fatal("libgcrypt cannot read a constant");
	return m;
}

/* Big-endian, padded to `len` octets; false when it is longer. */
static bool
print(gcry_mpi_t m, uint8_t *to, size_t len)
{
	size_t n = 0, bits = gcry_mpi_get_nbits(m);

	if ((bits + 7) / 8 > len)
		return false;
	memset(to, 0, len);
	return bits == 0 || gcry_mpi_print(GCRYMPI_FMT_USG,
				to + len - (bits + 7) / 8, len, &n, m) == 0;
}

struct pk_math_edwards {
	size_t len;
	const char *prime, *a, *d; /* a x^2 + y^2 = 1 + d x^2 y^2 */
	/* A square's root is this power of it, or, where there is a root of
	 * -1, possibly that many times as much. */
	const char *root_power, *root_of_m1;
	const char *order8[2]; /* y of small order that are not short */
	uint8_t order[PK_MATH_EDWARDS_MAX]; /* little-endian */
	/*
	 * libgcrypt 1.10 ends the process ("mulm_25519: different sizes",
	 * likewise "mulm_448") when a coordinate of a public key lacks a
	 * limb.  No honest key comes near (2^-63), a partner who wants our
	 * verifier dead can make one.  0, 1 and -1, thus all points of order
	 * 1, 2 and 4, have such a coordinate too.
	 */
	unsigned coordinate_bits_min;
};

/* RFC 8032, 5.1. */
const struct pk_math_edwards pk_math_ed25519 = {
	.len = 32,
	.prime = "7fffffffffffffffffffffffffffffff"
		 "ffffffffffffffffffffffffffffffed",
	.a = "7fffffffffffffffffffffffffffffff"
	     "ffffffffffffffffffffffffffffffec",
	.d = "52036cee2b6ffe738cc740797779e898"
	     "00700a4d4141d8ab75eb4dca135978a3",
	.root_power = "0fffffffffffffffffffffffffffffff"
		      "fffffffffffffffffffffffffffffffe",
	.root_of_m1 = "2b8324804fc1df0b2b4d00993dfbd7a7"
		      "2f431806ad2fe478c4ee1b274a0ea0b0",
	.order8 = { "05fc536d880238b13933c6d305acdfd5"
		    "f098eff289f4c345b027b2c28f95e826",
	    "7a03ac9277fdc74ec6cc392cfa53202a"
	    "0f67100d760b3cba4fd84d3d706a17c7" },
	.order = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c,
	    0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 },
	.coordinate_bits_min = 193,
};

/* RFC 8032, 5.2. */
const struct pk_math_edwards pk_math_ed448 = {
	.len = 57,
	.prime = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
		 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	.a = "01",
	.d = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	     "ffffffffffffffffffffffffffffffffffffffffffffffffffff6756",
	.root_power =
	    "3fffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	    "c0000000000000000000000000000000000000000000000000000000",
	.order = { 0xf3, 0x44, 0x58, 0xab, 0x92, 0xc2, 0x78, 0x23, 0x55, 0x8f,
	    0xc5, 0x8d, 0x72, 0xc2, 0x6c, 0x21, 0x90, 0x36, 0xd6, 0xae, 0x49,
	    0xdb, 0x4e, 0xc4, 0xe9, 0x23, 0xca, 0x7c, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0x3f, 0x00 },
	.coordinate_bits_min = 385,
};

size_t
pk_math_edwards_len(const struct pk_math_edwards *c)
{
	return c->len;
}

/* x2 = (y^2 - 1) / (d y^2 - a), the square of x. */
static void
square_of_x(
    gcry_mpi_t x2, gcry_mpi_t y, gcry_mpi_t p, const struct pk_math_edwards *c)
{
	gcry_mpi_t d = constant(c->d), a = constant(c->a), v = gcry_mpi_new(0);

	gcry_mpi_mulm(x2, y, y, p);
	gcry_mpi_mulm(v, d, x2, p);
	/* v is never zero: a/d is no square. */
	gcry_mpi_subm(v, v, a, p);
	gcry_mpi_invm(v, v, p);
	gcry_mpi_set_ui(a, 1);
	gcry_mpi_subm(x2, x2, a, p);
	gcry_mpi_mulm(x2, x2, v, p);
	gcry_mpi_release(v);
	gcry_mpi_release(a);
	gcry_mpi_release(d);
}

/* One of the two roots of x2; false when there is none. */
static bool
root_of(
    gcry_mpi_t x, gcry_mpi_t x2, gcry_mpi_t p, const struct pk_math_edwards *c)
{
	gcry_mpi_t power = constant(c->root_power), again = gcry_mpi_new(0);
	bool found;

	gcry_mpi_powm(x, x2, power, p);
	gcry_mpi_mulm(again, x, x, p);
	if (gcry_mpi_cmp(again, x2) != 0 && c->root_of_m1 != NULL) {
		gcry_mpi_t m1 = constant(c->root_of_m1);

		gcry_mpi_mulm(x, x, m1, p);
		gcry_mpi_mulm(again, x, x, p);
		gcry_mpi_release(m1);
	}
	found = gcry_mpi_cmp(again, x2) == 0;
	gcry_mpi_release(again);
	gcry_mpi_release(power);
	return found;
}

static bool
is_small(const struct pk_math_edwards *c, gcry_mpi_t y)
{
	bool small = false;

	for (size_t i = 0; i < 2 && c->order8[i] != NULL; i++) {
		gcry_mpi_t m = constant(c->order8[i]);

		small = small || gcry_mpi_cmp(y, m) == 0;
		gcry_mpi_release(m);
	}
	return small;
}

/* y as the point says it; false when another point is meant. */
static bool
take_y(const struct pk_math_edwards *c, const uint8_t *point, gcry_mpi_t p,
    gcry_mpi_t *y)
{
	uint8_t big_endian[PK_MATH_EDWARDS_MAX];

	for (size_t i = 0; i < c->len; i++)
		big_endian[i] = point[c->len - 1 - i];
	big_endian[0] &= 0x7f; /* the sign of x */
	return gcry_mpi_scan(y, GCRYMPI_FMT_USG, big_endian, c->len, NULL) ==
		   0 &&
	       gcry_mpi_cmp(*y, p) < 0;
}

bool
pk_math_edwards_point(
    const struct pk_math_edwards *c, const uint8_t *point, uint8_t *xy)
{
	gcry_mpi_t p = constant(c->prime), y = NULL;
	gcry_mpi_t x2 = gcry_mpi_new(0), x = gcry_mpi_new(0);
	unsigned sign = point[c->len - 1] >> 7;
	bool ok = false;

	if (!take_y(c, point, p, &y) || is_small(c, y) ||
	    gcry_mpi_get_nbits(y) < c->coordinate_bits_min)
		goto done;
	square_of_x(x2, y, p, c);
	if (!root_of(x, x2, p, c))
		goto done;
	if ((unsigned)gcry_mpi_test_bit(x, 0) != sign)
		gcry_mpi_sub(x, p, x);
	/* Both roots: signing and verifying negate points. */
	gcry_mpi_sub(x2, p, x);
	ok = gcry_mpi_get_nbits(x) >= c->coordinate_bits_min &&
	     gcry_mpi_get_nbits(x2) >= c->coordinate_bits_min &&
	     (xy == NULL ||
		 (print(x, xy, c->len) && print(y, xy + c->len, c->len)));
done:
	gcry_mpi_release(x);
	gcry_mpi_release(x2);
	gcry_mpi_release(y);
	gcry_mpi_release(p);
	return ok;
}

/* Is the little-endian number a smaller than b? */
static bool
below(const uint8_t *a, const uint8_t *b, size_t len)
{
	while (len-- > 0)
		if (a[len] != b[len])
			return a[len] < b[len];
	return false;
}

bool
pk_math_edwards_scalar(const struct pk_math_edwards *c, const uint8_t *s)
{
	static const uint8_t zero[PK_MATH_EDWARDS_MAX];

	return below(zero, s, c->len) && below(s, c->order, c->len);
}

static const uint8_t zeros[PK_MATH_X448_LEN];

bool
pk_math_x25519(const uint8_t scalar[32], const uint8_t *point, uint8_t out[32])
{
	return gcry_ecc_mul_point(GCRY_ECC_CURVE25519, out, scalar, point) ==
		   0 &&
	       !mem_equal_ct(out, zeros, PK_MATH_X25519_LEN);
}

bool
pk_math_x448(const uint8_t scalar[56], const uint8_t *point, uint8_t out[56])
{
	return gcry_ecc_mul_point(GCRY_ECC_CURVE448, out, scalar, point) == 0 &&
	       !mem_equal_ct(out, zeros, PK_MATH_X448_LEN);
}

/* One of Weierstrass's curves, opened. */
struct curve {
	gcry_ctx_t ctx;
	gcry_mpi_t p, n;
	size_t len;
};

static bool
open_curve(struct curve *c, const char *name, size_t len)
{
	memset(c, 0, sizeof(*c));
	c->len = len;
	if (gcry_mpi_ec_new(&c->ctx, NULL, name) != 0)
		return false;
	c->p = gcry_mpi_ec_get_mpi("p", c->ctx, 1);
	c->n = gcry_mpi_ec_get_mpi("n", c->ctx, 1);
	return c->p != NULL && c->n != NULL;
}

static void
close_curve(struct curve *c)
{
	gcry_mpi_release(c->n);
	gcry_mpi_release(c->p);
	gcry_ctx_release(c->ctx);
}

/* The curve's equation is checked on numbers below p only: others may end the
 * process ("W must be less than m^2"). */
static bool
take_point(const struct curve *c, const uint8_t *coded, size_t coded_len,
    gcry_mpi_point_t to)
{
	gcry_mpi_t x = NULL, y = NULL, one = gcry_mpi_set_ui(NULL, 1);
	bool ok;

	ok = coded_len == 1 + 2 * c->len && *coded == 4 &&
	     gcry_mpi_scan(&x, GCRYMPI_FMT_USG, coded + 1, c->len, NULL) == 0 &&
	     gcry_mpi_scan(
		 &y, GCRYMPI_FMT_USG, coded + 1 + c->len, c->len, NULL) == 0 &&
	     gcry_mpi_cmp(x, c->p) < 0 && gcry_mpi_cmp(y, c->p) < 0;
	if (ok) {
		gcry_mpi_point_set(to, x, y, one);
		ok = gcry_mpi_ec_curve_point(to, c->ctx) != 0;
	}
	gcry_mpi_release(one);
	gcry_mpi_release(y);
	gcry_mpi_release(x);
	return ok;
}

/* The flag makes libgcrypt take the same steps for every scalar.  On zero it
 * would end the process. */
static bool
take_scalar(const struct curve *c, const uint8_t *scalar, gcry_mpi_t *to)
{
	if (gcry_mpi_scan(to, GCRYMPI_FMT_USG, scalar, c->len, NULL) != 0 ||
	    gcry_mpi_cmp_ui(*to, 0) <= 0 || gcry_mpi_cmp(*to, c->n) >= 0)
		return false;
	gcry_mpi_set_flag(*to, GCRYMPI_FLAG_SECURE);
	return true;
}

bool
pk_math_weierstrass_point(
    const char *name, size_t len, const uint8_t *coded, size_t coded_len)
{
	gcry_mpi_point_t point = gcry_mpi_point_new(0);
	struct curve c;
	bool ok = open_curve(&c, name, len) &&
		  take_point(&c, coded, coded_len, point);

	gcry_mpi_point_release(point);
	close_curve(&c);
	return ok;
}

bool
pk_math_weierstrass_scalar(const char *name, size_t len, const uint8_t *scalar)
{
	gcry_mpi_t s = NULL;
	struct curve c;
	bool ok = open_curve(&c, name, len) && take_scalar(&c, scalar, &s);

	gcry_mpi_release(s);
	close_curve(&c);
	return ok;
}

bool
pk_math_weierstrass_known(const char *name)
{
	struct curve c;
	bool known = open_curve(&c, name, 0);

	close_curve(&c);
	return known;
}

/* Whatever is too large is thrown away: at most half of all. */
#define TRIES_MAX 200

bool
pk_math_weierstrass_random(
    const char *name, size_t len, enum gcry_random_level level, uint8_t *scalar)
{
	struct curve c;
	bool found = false;

	if (open_curve(&c, name, len)) {
		unsigned spare = (unsigned)(8 * len) - gcry_mpi_get_nbits(c.n);

		for (int i = 0; i < TRIES_MAX && !found; i++) {
			gcry_mpi_t s = NULL;

			gcry_randomize(scalar, len, level);
			scalar[0] &= (uint8_t)(0xffu >> spare);
			found = take_scalar(&c, scalar, &s);
			gcry_mpi_release(s);
		}
	}
	close_curve(&c);
	return found;
}

/* The base point comes from libgcrypt, all others from strangers. */
static gcry_mpi_point_t
point_or_base(const struct curve *c, const uint8_t *coded, size_t coded_len)
{
	gcry_mpi_point_t point;

	if (coded == NULL)
		return gcry_mpi_ec_get_point("g", c->ctx, 1);
	point = gcry_mpi_point_new(0);
	if (take_point(c, coded, coded_len, point))
		return point;
	gcry_mpi_point_release(point);
	return NULL;
}

bool
pk_math_weierstrass(const char *name, size_t len, const uint8_t *scalar,
    const uint8_t *coded, size_t coded_len, uint8_t *out)
{
	gcry_mpi_point_t point = NULL, result = gcry_mpi_point_new(0);
	gcry_mpi_t s = NULL, x = gcry_mpi_snew(0), y = gcry_mpi_snew(0);
	struct curve c;
	bool ok;

	ok = open_curve(&c, name, len) && take_scalar(&c, scalar, &s) &&
	     (point = point_or_base(&c, coded, coded_len)) != NULL;
	if (ok) {
		gcry_mpi_ec_mul(result, s, point, c.ctx);
		out[0] = 4;
		ok = gcry_mpi_ec_get_affine(x, y, result, c.ctx) == 0 &&
		     print(x, out + 1, len) && print(y, out + 1 + len, len);
	}
	gcry_mpi_release(y);
	gcry_mpi_release(x);
	gcry_mpi_release(s);
	gcry_mpi_point_release(point);
	gcry_mpi_point_release(result);
	close_curve(&c);
	return ok;
}
