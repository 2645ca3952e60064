/* keys/algorithms/secret_key_make.c - fresh private numbers and their public halves. */
#include "keys/algorithms/pk_math.h"
#include "keys/algorithms/secret_key.h"

#include <string.h>

#define POINT_PREFIX 0x40
#define SCALAR_LEN   32

static enum gw_status
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "libgcrypt made no key");
	return GW_INTERNAL;
}

/* RFC 9580, 5.5.2.2. */
static void
put_head(struct buf *public, time_t created, int algorithm)
{
	buf_put_u8(public, 4);
	buf_put_u32(public, (uint32_t)created);
	buf_put_u8(public, (uint8_t)algorithm);
}

static void
put_curve(struct buf *public, int algorithm, const uint8_t point[SCALAR_LEN])
{
	uint8_t coded[1 + SCALAR_LEN] = { POINT_PREFIX };
	size_t len;
	const uint8_t *oid = pk_oid(algorithm, &len);

	memcpy(coded + 1, point, SCALAR_LEN);
	buf_put_u8(public, (uint8_t)len);
	buf_put(public, oid, len);
	packet_put_mpi(public, coded, sizeof(coded));
}

/* The value of one parameter, an MPI's octets or a string's. */
static gcry_mpi_t
parameter(gcry_sexp_t key, const char *part, const char *name)
{
	gcry_sexp_t list = gcry_sexp_find_token(key, part, 0);
	gcry_sexp_t value = gcry_sexp_find_token(list, name, 0);
	gcry_mpi_t m = gcry_sexp_nth_mpi(value, 1, GCRYMPI_FMT_USG);

	gcry_sexp_release(value);
	gcry_sexp_release(list);
	return m;
}

static bool
put_parameter(
    struct buf *out, gcry_sexp_t key, const char *part, const char *name)
{
	gcry_mpi_t m = parameter(key, part, name);
	size_t len = 0, max;
	uint8_t *room;
	bool ok = false;

	if (m == NULL)
		return false;
	max = (gcry_mpi_get_nbits(m) + 7) / 8;
	if ((room = gcry_malloc_secure(max + 1)) != NULL) {
		ok = gcry_mpi_print(GCRYMPI_FMT_USG, room, max + 1, &len, m) ==
			 0 &&
		     packet_put_mpi(out, room, len);
		mem_wipe(room, max + 1);
	}
	gcry_free(room);
	gcry_mpi_release(m);
	return ok;
}

static bool
genkey(const char *how, gcry_sexp_t *key)
{
	gcry_sexp_t want = NULL;
	bool ok = gcry_sexp_new(&want, how, 0, 1) == 0 &&
		  gcry_pk_genkey(key, want) == 0;

	gcry_sexp_release(want);
	return ok;
}

static enum gw_status
make_ed25519(
    time_t created, struct buf *public, struct buf *numbers, struct why *why)
{
	gcry_sexp_t key = NULL, q, list;
	const char *point = NULL;
	size_t len = 0;
	bool ok = false;

	if (!genkey("(genkey(ecc(curve Ed25519)(flags eddsa)))", &key))
		return failed(why);
	list = gcry_sexp_find_token(key, "public-key", 0);
	q = gcry_sexp_find_token(list, "q", 0);
	point = gcry_sexp_nth_data(q, 1, &len);
	if (point != NULL && len == 1 + SCALAR_LEN && *point == POINT_PREFIX) {
		point++;
		len--;
	}
	if (point != NULL && len == SCALAR_LEN) {
		put_head(public, created, PACKET_EDDSA);
		put_curve(public, PACKET_EDDSA, (const uint8_t *)point);
		ok = put_parameter(numbers, key, "private-key", "d") &&
		     !public->bad;
	}
	gcry_sexp_release(q);
	gcry_sexp_release(list);
	gcry_sexp_release(key);
	return ok ? GW_OK : failed(why);
}

static enum gw_status
make_curve25519(
    time_t created, struct buf *public, struct buf *numbers, struct why *why)
{
	uint8_t *scalar =
	    gcry_random_bytes_secure(SCALAR_LEN, GCRY_VERY_STRONG_RANDOM);
	uint8_t *turned = gcry_malloc_secure(SCALAR_LEN);
	uint8_t point[SCALAR_LEN];
	bool ok = false;

	if (scalar == NULL || turned == NULL)
		goto done;
	/* RFC 7748, 5: the legacy coding wants the scalar as it is used. */
	scalar[0] &= 0xf8;
	scalar[31] = (scalar[31] & 0x7f) | 0x40;
	for (size_t i = 0; i < SCALAR_LEN; i++)
		turned[i] = scalar[SCALAR_LEN - 1 - i];
	if (!pk_math_x25519(scalar, NULL, point))
		goto done;
	put_head(public, created, PACKET_ECDH);
	put_curve(public, PACKET_ECDH, point);
	/* RFC 9580, 5.5.5.6: what gpg takes for this curve too. */
	buf_put_u8(public, 3);
	buf_put_u8(public, 1);
	buf_put_u8(public, PACKET_SHA256);
	buf_put_u8(public, PACKET_AES128);
	ok = packet_put_mpi(numbers, turned, SCALAR_LEN) && !public->bad;
done:
	if (scalar != NULL)
		mem_wipe(scalar, SCALAR_LEN);
	if (turned != NULL)
		mem_wipe(turned, SCALAR_LEN);
	gcry_free(scalar);
	gcry_free(turned);
	return ok ? GW_OK : failed(why);
}

static enum gw_status
make_rsa(time_t created, unsigned bits, struct buf *public, struct buf *numbers,
    struct why *why)
{
	static const char *const secrets[] = { "d", "p", "q", "u" };
	gcry_sexp_t key = NULL;
	bool ok;

	if (!genkey(bits == 4096
			? "(genkey(rsa(nbits 4:4096)(rsa-use-e 5:65537)))"
			: "(genkey(rsa(nbits 4:3072)(rsa-use-e 5:65537)))",
		&key))
		return failed(why);
	put_head(public, created, PACKET_RSA);
	ok = put_parameter(public, key, "public-key", "n") &&
	     put_parameter(public, key, "public-key", "e");
	/* libgcrypt's u is p^-1 mod q with p < q, as RFC 9580, 5.5.5.1. */
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		ok = ok &&
		     put_parameter(numbers, key, "private-key", secrets[i]);
	gcry_sexp_release(key);
	return ok ? GW_OK : failed(why);
}

enum gw_status
secret_key_make(int version, int algorithm, const char *curve, unsigned bits,
    time_t created, struct buf *public, struct buf *numbers, struct why *why)
{
	if (version == 4 && algorithm == PACKET_RSA)
		return make_rsa(created, bits, public, numbers, why);
	if (version == 4 && algorithm == PACKET_EDDSA)
		return make_ed25519(created, public, numbers, why);
	if (version == 4 && algorithm == PACKET_ECDH && curve != NULL &&
	    strcmp(curve, "Curve25519") == 0)
		return make_curve25519(created, public, numbers, why);
	why_set(why, REASON_UNSUPPORTED,
	    "keys of version %d, algorithm %d are not made", version,
	    algorithm);
	return GW_REFUSED;
}
