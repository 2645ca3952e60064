/* keys/algorithms/pk_math.c - the arithmetic of Curve25519 that libgcrypt leaves to us. */
#include "keys/algorithms/pk_math.h"

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

#include <gcrypt.h>
#include <string.h>

/* Is the little-endian number a smaller than b? */
static bool
below(const uint8_t a[32], const uint8_t b[32])
{
	for (int i = 31; i >= 0; i--)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/* RFC 7748, 4.1 and RFC 8032, 5.1. */
#define PRIME "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
#define CURVE_D                                                                \
	"52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"
#define POWER_3_8                                                              \
	"0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
#define ROOT_OF_M1                                                             \
	"2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0"

static gcry_mpi_t
constant(const char *hex)
{
	gcry_mpi_t m = NULL;

	if (gcry_mpi_scan(&m, GCRYMPI_FMT_HEX, hex, 0, NULL) != 0)
		gw_fatal("libgcrypt cannot read a constant");
	return m;
}

/* x2 = (y^2 - 1) / (d y^2 + 1), the square of x (RFC 8032, 5.1.3). */
static void
square_of_x(gcry_mpi_t x2, gcry_mpi_t y, gcry_mpi_t p)
{
	gcry_mpi_t d = constant(CURVE_D), v = gcry_mpi_new(256);

	gcry_mpi_mulm(x2, y, y, p);
	gcry_mpi_mulm(v, d, x2, p);
	gcry_mpi_add_ui(v, v, 1);
	gcry_mpi_mod(v, v, p);
	/* v is never zero: -1/d is no square. */
	gcry_mpi_invm(v, v, p);
	gcry_mpi_sub_ui(x2, x2, 1);
	gcry_mpi_mod(x2, x2, p);
	gcry_mpi_mulm(x2, x2, v, p);
	gcry_mpi_release(v);
	gcry_mpi_release(d);
}

/* One of the two roots of x2; false when there is none. */
static bool
root_of(gcry_mpi_t x, gcry_mpi_t x2, gcry_mpi_t p)
{
	gcry_mpi_t power = constant(POWER_3_8), m1 = constant(ROOT_OF_M1);
	gcry_mpi_t again = gcry_mpi_new(256);
	bool found;

	gcry_mpi_powm(x, x2, power, p);
	gcry_mpi_mulm(again, x, x, p);
	if (gcry_mpi_cmp(again, x2) != 0) {
		gcry_mpi_mulm(x, x, m1, p);
		gcry_mpi_mulm(again, x, x, p);
	}
	found = gcry_mpi_cmp(again, x2) == 0;
	gcry_mpi_release(again);
	gcry_mpi_release(m1);
	gcry_mpi_release(power);
	return found;
}

/*
 * libgcrypt 1.10 ends the process ("mulm_25519: different sizes") when a
 * coordinate of a public key has fewer than four limbs.  No honest key comes
 * near (2^-63), a partner who wants our verifier dead can make one.
 */
#define COORDINATE_BITS_MIN 193

static bool
long_enough(gcry_mpi_t v)
{
	return gcry_mpi_get_nbits(v) >= COORDINATE_BITS_MIN;
}

/* Of the points of small order, those whose coordinates are not short have
 * order eight: these two y, with either x. */
static bool
is_small(gcry_mpi_t y)
{
	static const char *const order8[] = {
		"05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
		"7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7",
	};
	bool small = false;

	for (size_t i = 0; i < sizeof(order8) / sizeof(order8[0]); i++) {
		gcry_mpi_t m = constant(order8[i]);

		small = small || gcry_mpi_cmp(y, m) == 0;
		gcry_mpi_release(m);
	}
	return small;
}

bool
pk_math_ed25519_point(const uint8_t point[32])
{
	uint8_t big_endian[32];
	gcry_mpi_t p = constant(PRIME), y = NULL;
	gcry_mpi_t x2 = gcry_mpi_new(256), x = gcry_mpi_new(256);
	bool ok = false;

	for (int i = 0; i < 32; i++)
		big_endian[i] = point[31 - i];
	big_endian[0] &= 0x7f; /* the sign of x */
	if (gcry_mpi_scan(&y, GCRYMPI_FMT_USG, big_endian, 32, NULL) != 0)
		goto done;
	if (gcry_mpi_cmp(y, p) >= 0 || !long_enough(y) || is_small(y))
		goto done;
	square_of_x(x2, y, p);
	if (!root_of(x, x2, p) || !long_enough(x))
		goto done;
	gcry_mpi_sub(x, p, x); /* the other one */
	ok = long_enough(x);
done:
	gcry_mpi_release(x);
	gcry_mpi_release(x2);
	gcry_mpi_release(y);
	gcry_mpi_release(p);
	return ok;
}

bool
pk_math_ed25519_scalar(const uint8_t s[32])
{
	/* RFC 8032, 5.1: L, little-endian. */
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63,
		0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x10 };
	static const uint8_t zero[32];

	return below(zero, s) && below(s, order);
}

bool
pk_math_x25519(const uint8_t scalar[32], const uint8_t *point, uint8_t out[32])
{
	static const uint8_t zero[32];

	return gcry_ecc_mul_point(GCRY_ECC_CURVE25519, out, scalar, point) ==
		   0 &&
	       !mem_equal_ct(out, zero, sizeof(zero));
}
