/* Goal: the numbers that a stranger chooses end neither the process nor a
 * secret: points, signatures and session keys at every edge; and the numbers
 * that RFCs print come out. */
#include "gateway/base/hex.h"
#include "keys/algorithms/cipher.h"
#include "keys/algorithms/eddsa.h"
#include "keys/algorithms/hkdf.h"
#include "keys/algorithms/kind.h"
#include "keys/algorithms/session.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"
#include "tests/keys/pair.h"

#include <stdlib.h>

#define SECURE    65536
#define WIDE      66 /* octets, P-521 */
#define POINT_MAX (1 + 2 * WIDE)

#define COUNT(a) ((int)(sizeof(a) / sizeof(a[0])))

/* The Weierstrass curves, as rows of pair_kinds. */
static const struct {
	const char *name;
	size_t len;
	int ecdsa, ecdh;
} curves[] = {
	{ "NIST P-256", 32, 7, 21 },
	{ "NIST P-384", 48, 9, 23 },
	{ "NIST P-521", 66, 11, 25 },
	{ "brainpoolP256r1", 32, 13, 27 },
	{ "brainpoolP384r1", 48, 14, 28 },
	{ "brainpoolP512r1", 64, 15, 29 },
};

static void
put_number(gcry_mpi_t m, uint8_t *to, size_t len)
{
	size_t n = (gcry_mpi_get_nbits(m) + 7) / 8, got;

	ck_assert(n <= len);
	memset(to, 0, len);
	if (n > 0)
		ck_assert_int_eq(
		    gcry_mpi_print(GCRYMPI_FMT_USG, to + len - n, n, &got, m),
		    0);
}

/* A constant of a curve, plus something small. */
static void
constant(const char *curve, const char *what, int plus, uint8_t *to, size_t len)
{
	gcry_ctx_t ctx;
	gcry_mpi_t m;

	ck_assert_int_eq(gcry_mpi_ec_new(&ctx, NULL, curve), 0);
	ck_assert_ptr_nonnull(m = gcry_mpi_ec_get_mpi(what, ctx, 1));
	if (plus >= 0)
		gcry_mpi_add_ui(m, m, (unsigned long)plus);
	else
		gcry_mpi_sub_ui(m, m, (unsigned long)-plus);
	put_number(m, to, len);
	gcry_mpi_release(m);
	gcry_ctx_release(ctx);
}

#define BAD_POINTS 15

/* Points that are none; *size is how long each is written. */
static void
bad_point(
    int which, int c, const uint8_t *good, uint8_t out[POINT_MAX], size_t *size)
{
	size_t len = curves[c].len;
	uint8_t *x = out + 1, *y = out + 1 + len;

	*size = 1 + 2 * len;
	memcpy(out, good, *size);
	switch (which) {
	case 0: /* another prefix: hybrid, short, native, none */
	case 1:
	case 2:
	case 3:
	case 4:
		out[0] = (uint8_t[]){ 0x06, 0x02, 0x03, 0x40, 0x01 }[which];
		break;
	case 5: /* properly short */
		out[0] = 2 + (y[len - 1] & 1);
		*size = 1 + len;
		break;
	case 6: /* infinity, in two ways */
		*size = 1;
		out[0] = 0;
		break;
	case 7:
		memset(x, 0, 2 * len);
		break;
	case 8: /* beside the curve */
		y[len - 1] ^= 1;
		break;
	case 9:
		x[len - 1] ^= 1;
		break;
	case 10: /* not below p: p, p + x for small x, all ones */
		constant(curves[c].name, "p", 0, x, len);
		break;
	case 11:
		constant(curves[c].name, "p", 1, y, len);
		break;
	case 12:
		memset(x, 0xff, 2 * len);
		break;
	case 13:
		memset(x, 0, len);
		constant(curves[c].name, "p", -1, y, len);
		break;
	default: /* one octet too few */
		*size -= 1;
		break;
	}
}

/* A key packet like p's with another point, as long as that one is. */
static enum gw_status
parse_with(const struct pair *p, const uint8_t *point, size_t size,
    size_t behind, struct why *why)
{
	struct buf b;
	struct pk pk;
	enum gw_status st;

	buf_init(&b, 1024);
	buf_put(&b, p->public.data, p->pk.point - 2); /* to the bit count */
	packet_put_mpi(&b, point, size);
	buf_put(&b, p->public.data + p->public.len - behind, behind);
	if (p->pk.version == 6)
		b.data[9] = (uint8_t)(b.len - 10);
	st = pk_parse(&pk, &b, why);
	pk_close(&pk);
	buf_free(&b);
	return st;
}

/* As an encryption key's point, and as a message's. */
START_TEST(pitfall_12_weierstrass_points)
{
	uint8_t point[POINT_MAX], session[32] = { 1 };
	const uint8_t *good;
	size_t size, len = curves[_i].len;
	struct pair p;
	struct buf b, got, key, pkesk;
	struct why why;
	int cipher;

	pair_make(&p, curves[_i].ecdh);
	good = p.pk.body + p.pk.point;
	buf_init(&b, 1024);
	buf_init(&pkesk, 1024);
	buf_init_secret(&got, 64);
	buf_view(&key, session, sizeof(session));
	ck_assert_int_eq(
	    pk_encrypt_session(&p.pk, 3, PACKET_AES256, &key, &pkesk, &why),
	    GW_OK);
	ck_assert_int_eq(parse_with(&p, good, 1 + 2 * len, 4, &why), GW_OK);
	for (int which = 0; which < BAD_POINTS; which++) {
		bad_point(which, _i, good, point, &size);
		ck_assert(!pk_math_weierstrass_point(
		    curves[_i].name, len, point, size));
		ck_assert_int_eq(
		    parse_with(&p, point, size, 4, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_MALFORMED);
		buf_reset(&b);
		packet_put_mpi(&b, point, size);
		buf_put(&b, pkesk.data + pkesk.len - 49, 49);
		ck_assert(!secret_key_unwrap(&p.key, 3, &b, &cipher, &got));
	}
	pkesk.pos = 10;
	ck_assert(secret_key_unwrap(&p.key, 3, &pkesk, &cipher, &got));
	buf_free(&b);
	buf_free(&pkesk);
	buf_free(&got);
	pair_close(&p);
}
END_TEST

/* The same points as a signing key's. */
START_TEST(pitfall_12_weierstrass_signing_points)
{
	uint8_t point[POINT_MAX];
	const uint8_t *good;
	size_t size;
	struct pair p;
	struct why why;

	pair_make(&p, curves[_i].ecdsa);
	good = p.pk.body + p.pk.point;
	ck_assert_int_eq(
	    parse_with(&p, good, 1 + 2 * curves[_i].len, 0, &why), GW_OK);
	for (int which = 0; which < BAD_POINTS; which++) {
		bad_point(which, _i, good, point, &size);
		ck_assert_int_eq(
		    parse_with(&p, point, size, 0, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_MALFORMED);
	}
	pair_close(&p);
}
END_TEST

/* r and s of ECDSA at every edge of their range, in all pairs. */
START_TEST(pitfall_12_ecdsa_edges)
{
	const char *name = curves[_i].name;
	size_t len = curves[_i].len;
	uint8_t edge[8][WIDE] = { { 0 } }, digest[64] = { 1 };
	const struct packet_hash *hash =
	    packet_hash_find(pair_kinds[curves[_i].ecdsa].hash);
	struct pair p;
	struct buf b;
	struct why why;

	edge[1][len - 1] = 1;
	constant(name, "n", -1, edge[2], len);
	constant(name, "n", 0, edge[3], len);
	constant(name, "n", 1, edge[4], len);
	constant(name, "p", 0, edge[5], len);
	memset(edge[6], 0xff, len);
	memset(edge[7], 0x7f, len);
	pair_make(&p, curves[_i].ecdsa);
	buf_init(&b, 1024);
	for (int r = 0; r < 8; r++)
		for (int s = 0; s < 8; s++) {
			buf_reset(&b);
			packet_put_mpi(&b, edge[r], len);
			packet_put_mpi(&b, edge[s], len);
			ck_assert_int_eq(pk_verify(&p.pk, hash->id, digest,
					     hash->len, b.data, b.len, &why),
			    GW_REFUSED);
			ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
		}
	buf_free(&b);
	pair_close(&p);
}
END_TEST

/* A true signature whose r or s is written as n more: another spelling. */
START_TEST(pitfall_12_ecdsa_one_spelling)
{
	size_t len = curves[_i].len;
	const struct packet_hash *hash =
	    packet_hash_find(pair_kinds[curves[_i].ecdsa].hash);
	uint8_t digest[64] = { 1 }, wide[WIDE + 1];
	struct pair p;
	struct buf sig, b;
	struct why why;
	gcry_ctx_t ctx;
	gcry_mpi_t n, m;

	pair_make(&p, curves[_i].ecdsa);
	buf_init(&sig, 1024);
	buf_init(&b, 1024);
	ck_assert_int_eq(gcry_mpi_ec_new(&ctx, NULL, curves[_i].name), 0);
	n = gcry_mpi_ec_get_mpi("n", ctx, 1);
	ck_assert_int_eq(
	    secret_key_sign(&p.key, hash->id, digest, hash->len, &sig, &why),
	    GW_OK);
	for (int which = 0; which < 2; which++) {
		const uint8_t *part[2];
		size_t part_len[2];

		sig.pos = 0;
		buf_reset(&b);
		for (int i = 0; i < 2; i++)
			ck_assert(packet_get_mpi(
			    &sig, 8 * WIDE, &part[i], &part_len[i]));
		for (int i = 0; i < 2; i++) {
			if (i != which) {
				packet_put_mpi(&b, part[i], part_len[i]);
				continue;
			}
			m = NULL;
			ck_assert_int_eq(gcry_mpi_scan(&m, GCRYMPI_FMT_USG,
					     part[i], part_len[i], NULL),
			    0);
			gcry_mpi_add(m, m, n);
			put_number(m, wide, len + 1);
			packet_put_mpi(&b, wide, len + 1);
			gcry_mpi_release(m);
		}
		ck_assert_int_eq(pk_verify(&p.pk, hash->id, digest, hash->len,
				     b.data, b.len, &why),
		    GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
	}
	gcry_mpi_release(n);
	gcry_ctx_release(ctx);
	buf_free(&b);
	buf_free(&sig);
	pair_close(&p);
}
END_TEST

/* Signatures of MPIs, each with its bit count one off and with a leading
 * zero. */
START_TEST(pitfall_12_signature_mpis)
{
	static const int kinds[] = { 0, 2, 7, 9, 11, 13 };
	int kind = kinds[_i];
	struct pair room, *p = pair_get(&room, kind);
	const struct packet_hash *hash =
	    packet_hash_find(pair_kinds[kind].hash);
	uint8_t digest[64] = { 4 };
	struct buf sig, b;
	struct why why;
	const uint8_t *num;
	size_t len;

	buf_init(&sig, 4096);
	buf_init(&b, 4096);
	ck_assert_int_eq(
	    secret_key_sign(&p->key, hash->id, digest, hash->len, &sig, &why),
	    GW_OK);
	for (size_t at = 0; at < sig.len; at = sig.pos) {
		for (int by = -1; by <= 1; by++) {
			unsigned bits =
			    (unsigned)sig.data[at] << 8 | sig.data[at + 1];

			bits += (unsigned)by;
			buf_reset(&b);
			buf_put(&b, sig.data, at);
			buf_put_u16(&b, (uint16_t)bits);
			buf_put(&b, sig.data + at + 2, sig.len - at - 2);
			ck_assert_int_eq(pk_verify(&p->pk, hash->id, digest,
					     hash->len, b.data, b.len, &why),
			    by == 0 ? GW_OK : GW_REFUSED);
		}
		buf_reset(&b);
		buf_put(&b, sig.data, at);
		buf_put_u16(&b, (uint16_t)(8 + ((unsigned)sig.data[at] << 8 |
						   sig.data[at + 1])));
		buf_put_u8(&b, 0);
		buf_put(&b, sig.data + at + 2, sig.len - at - 2);
		ck_assert_int_eq(pk_verify(&p->pk, hash->id, digest, hash->len,
				     b.data, b.len, &why),
		    GW_REFUSED);
		sig.pos = at;
		ck_assert(packet_get_mpi(&sig, 8192, &num, &len));
	}
	buf_free(&b);
	buf_free(&sig);
	pair_put(p);
}
END_TEST

/* Private scalars: 0, the order and more are none. */
START_TEST(pitfall_12_weierstrass_scalars)
{
	const char *name = curves[_i].name;
	size_t len = curves[_i].len;
	uint8_t scalar[WIDE] = { 0 }, out[POINT_MAX], minus[POINT_MAX];

	ck_assert(!pk_math_weierstrass_scalar(name, len, scalar));
	ck_assert(!pk_math_weierstrass(name, len, scalar, NULL, 0, out));
	scalar[len - 1] = 1;
	ck_assert(pk_math_weierstrass(name, len, scalar, NULL, 0, out));
	constant(name, "g.x", 0, scalar, len);
	ck_assert_int_eq(memcmp(scalar, out + 1, len), 0);
	constant(name, "n", -1, scalar, len);
	ck_assert(pk_math_weierstrass(name, len, scalar, NULL, 0, minus));
	ck_assert_int_eq(memcmp(minus + 1, out + 1, len), 0);
	ck_assert_int_ne(memcmp(minus + 1 + len, out + 1 + len, len), 0);
	constant(name, "n", 0, scalar, len);
	ck_assert(!pk_math_weierstrass(name, len, scalar, NULL, 0, out));
	memset(scalar, 0xff, len);
	ck_assert(!pk_math_weierstrass(name, len, scalar, NULL, 0, out));
}
END_TEST

/* Ed448 points and whether they are keys. */
static const struct {
	const char *hex;
	bool good;
} points448[] = {
	/* RFC 8032, 7.4 */
	{ "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778"
	  "edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
	    true },
	/* order 1, 2, 4 and 4 */
	{ "0100000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000000",
	    false },
	{ "fefffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffff"
	  "ffffffffffffffffffffffffffffffffffffffffffffffff00",
	    false },
	{ "0000000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000000",
	    false },
	{ "0000000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000080",
	    false },
	/* not canonical: p + 1, p, all ones, one bit beyond the number */
	{ "00000000000000000000000000000000000000000000000000000000ffffffff"
	  "ffffffffffffffffffffffffffffffffffffffffffffffff00",
	    false },
	{ "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffff"
	  "ffffffffffffffffffffffffffffffffffffffffffffffff80",
	    false },
	{ "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	  "ffffffffffffffffffffffffffffffffffffffffffffffffff",
	    false },
	{ "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778"
	  "edf124769b46c7061bd6783df1e50f6cd1fa1abeafe82561c0",
	    false },
	/* on the curve, but the process would end in libgcrypt: y short */
	{ "0300000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000080",
	    false },
	{ "faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	  "ffffffffffffffffffffffffffffffff000000000000000000",
	    false },
	/* likewise, x short: 3, and p minus that */
	{ "a903dc77cf2d847426f8e9f65898c6106adfd38bac3282684c13adc96724d4b6"
	  "bec73566a94e708a86849d4fa814e54828a0e7133b2f3bd680",
	    false },
	{ "a903dc77cf2d847426f8e9f65898c6106adfd38bac3282684c13adc96724d4b6"
	  "bec73566a94e708a86849d4fa814e54828a0e7133b2f3bd600",
	    false },
	/* just long enough */
	{ "0400000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000010000000000000000",
	    true },
	/* not on the curve */
	{ "3a30000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000008000",
	    false },
};

START_TEST(pitfall_12_ed448_points)
{
	uint8_t point[57], sig[114] = { 1 }, digest[64] = { 1 };
	struct buf b;
	struct pk pk;
	struct why why;

	ck_assert(hex_parse(points448[_i].hex, point, 57));
	buf_init(&b, 256);
	buf_put_u8(&b, 6);
	buf_put_u32(&b, PAIR_BORN);
	buf_put_u8(&b, PACKET_ED448);
	buf_put_u32(&b, 57);
	buf_put(&b, point, 57);
	ck_assert_msg((pk_parse(&pk, &b, &why) == GW_OK) == points448[_i].good,
	    "%s", points448[_i].hex);
	/* A good one must survive being used. */
	sig[60] = 1;
	if (points448[_i].good)
		ck_assert_int_eq(
		    pk_verify(&pk, PACKET_SHA512, digest, 64, sig, 114, &why),
		    GW_REFUSED);
	pk_close(&pk);
	buf_free(&b);
}
END_TEST

/* R and S of EdDSA at every edge, in all pairs, for each coding. */
START_TEST(pitfall_12_eddsa_edges)
{
	static const int kinds[] = { 2, 4, 6 };
	static const uint8_t order[] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63,
		0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
		0x14, [31] = 0x10 };
	const struct packet_hash *hash =
	    packet_hash_find(pair_kinds[kinds[_i]].hash);
	size_t len = _i == 2 ? 57 : 32;
	uint8_t edge[7][57] = { { 0 } }, digest[64] = { 1 };
	struct pair p;
	struct buf b;
	struct why why;

	pair_make(&p, kinds[_i]);
	buf_init(&b, 512);
	edge[1][0] = 1;
	memset(edge[2], 0xff, len);
	memcpy(edge[3], order, sizeof(order));
	memcpy(edge[4], p.pk.body + p.pk.point, len);
	edge[5][len - 1] = 0x80;
	memset(edge[6], 0xff, len - 1);
	for (int r = 0; r < 7; r++)
		for (int s = 0; s < 7; s++) {
			buf_reset(&b);
			if (_i == 0) {
				packet_put_mpi(&b, edge[r], len);
				packet_put_mpi(&b, edge[s], len);
			} else {
				buf_put(&b, edge[r], len);
				buf_put(&b, edge[s], len);
			}
			ck_assert_int_eq(pk_verify(&p.pk, hash->id, digest,
					     hash->len, b.data, b.len, &why),
			    GW_REFUSED);
		}
	buf_free(&b);
	pair_close(&p);
}
END_TEST

/* S plus the order is the same signature to a careless verifier. */
START_TEST(pitfall_12_ed448_one_spelling)
{
	static const char hex[] =
	    "f34458ab92c27823558fc58d72c26c219036d6ae49db4ec4e923ca7cffffffff"
	    "ffffffffffffffffffffffffffffffffffffffffffffff3f00";
	uint8_t order[57], digest[64] = { 1 };
	unsigned carry = 0;
	struct pair p;
	struct buf sig;
	struct why why;

	ck_assert(hex_parse(hex, order, 57));
	pair_make(&p, 6);
	buf_init(&sig, 256);
	ck_assert_int_eq(
	    secret_key_sign(&p.key, PACKET_SHA512, digest, 64, &sig, &why),
	    GW_OK);
	for (int i = 0; i < 57; i++) {
		carry += sig.data[57 + i] + (unsigned)order[i];
		sig.data[57 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	ck_assert_int_eq(pk_verify(&p.pk, PACKET_SHA512, digest, 64, sig.data,
			     sig.len, &why),
	    GW_REFUSED);
	buf_free(&sig);
	pair_close(&p);
}
END_TEST

/* Points that share zero with everybody (RFC 7748, 6.1 and 6.2): as a key's
 * and as a message's. */
static const struct {
	int kind;
	const char *hex;
} zero_points[] = {
	{ 18, "00000000000000000000000000000000"
	      "00000000000000000000000000000000" },
	{ 18, "01000000000000000000000000000000"
	      "00000000000000000000000000000000" },
	{ 18, "e0eb7a7c3b41b8ae1656e3faf19fc46a"
	      "da098deb9c32b1fd866205165f49b800" },
	{ 18, "5f9c95bca3508c24b1d0b1559c83ef5b"
	      "04445cc4581c8e86d8224eddd09f1157" },
	{ 18, "ecffffffffffffffffffffffffffffff"
	      "ffffffffffffffffffffffffffffff7f" },
	{ 18, "edffffffffffffffffffffffffffffff"
	      "ffffffffffffffffffffffffffffff7f" },
	{ 18, "eeffffffffffffffffffffffffffffff"
	      "ffffffffffffffffffffffffffffff7f" },
	{ 20, "00000000000000000000000000000000000000000000000000000000"
	      "00000000000000000000000000000000000000000000000000000000" },
	{ 20, "01000000000000000000000000000000000000000000000000000000"
	      "00000000000000000000000000000000000000000000000000000000" },
	{ 20, "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	      "feffffffffffffffffffffffffffffffffffffffffffffffffffffff" },
	{ 20, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	      "feffffffffffffffffffffffffffffffffffffffffffffffffffffff" },
	{ 20, "00000000000000000000000000000000000000000000000000000000"
	      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff" },
};

START_TEST(pitfall_12_shared_zero)
{
	int kind = zero_points[_i].kind;
	size_t len = kind == 18 ? 32 : 56;
	uint8_t point[56], session[16] = { 1 };
	struct pair p;
	struct buf b, key, pkesk, got;
	struct pk pk;
	struct why why;
	int cipher;

	ck_assert(hex_parse(zero_points[_i].hex, point, len));
	pair_make(&p, kind);
	buf_init(&pkesk, 512);
	buf_init_secret(&got, 64);
	buf_view(&key, session, sizeof(session));
	/* Nobody else's secret is at stake in such a key, but what is
	 * encrypted to it everybody can read. */
	buf_init(&b, 512);
	buf_put(&b, p.public.data, 10);
	buf_put(&b, point, len);
	ck_assert_int_eq(pk_parse(&pk, &b, &why), GW_OK);
	ck_assert_int_eq(
	    pk_encrypt_session(&pk, 6, PACKET_AES128, &key, &pkesk, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_RECIPIENT_UNFIT);
	pk_close(&pk);

	/* A message for the shared secret that everybody knows: zero. */
	{
		uint8_t kek[32], room[3 * 56] = { 0 };

		memcpy(room, point, len);
		memcpy(room + len, p.pk.body + p.pk.point, len);
		if (kind == 18)
			ck_assert(hkdf_sha256(
			    room, 96, NULL, 0, "OpenPGP X25519", 14, kek, 16));
		else
			ck_assert(hkdf_sha512(
			    room, 168, NULL, 0, "OpenPGP X448", 12, kek, 32));
		buf_reset(&b);
		buf_put(&b, point, len);
		ck_assert(session_put_wrapped(
		    &b, 6, PACKET_AES128, kek, kind == 18 ? 16 : 32, &key));
	}
	ck_assert(!secret_key_unwrap(&p.key, 6, &b, &cipher, &got));
	ck_assert_uint_eq(got.len, 0);
	buf_free(&b);
	buf_free(&pkesk);
	buf_free(&got);
	pair_close(&p);
}
END_TEST

/* What the raw operation of RSA is given, and whether it is a session key:
 * the padding of RFC 8017, 7.2.1, spoiled in each way. */
enum spoiled {
	GOOD,
	FIRST,      /* not 0 */
	TYPE,       /* not 2 */
	EARLY_ZERO, /* within the padding */
	LATE_ZERO,  /* likewise, its last octet */
	NO_ZERO,
	SUM,
	CIPHER,       /* unknown */
	OTHER_CIPHER, /* of another key length */
	LONGER,       /* an octet more */
	ALL_ZERO,
	SPOILED
};

static bool
unwrap_em(uint8_t *em, size_t size, int version, int *cipher, struct buf *got)
{
	gcry_sexp_t data = NULL, sealed = NULL;
	uint8_t a[PAIR_BITS / 8];
	struct buf b;
	bool ok;

	ck_assert_int_eq(gcry_sexp_build(&data, NULL,
			     "(data(flags raw)(value%b))", (int)size, em),
	    0);
	ck_assert_int_eq(
	    gcry_pk_encrypt(&sealed, data, pair_rsa[0].pk.sexp), 0);
	ck_assert(kind_extract(sealed, "a", a, size));
	buf_init(&b, 4096);
	buf_reset(got);
	packet_put_mpi(&b, a, size);
	ok = secret_key_unwrap(&pair_rsa[0].key, version, &b, cipher, got);
	gcry_sexp_release(sealed);
	gcry_sexp_release(data);
	buf_free(&b);
	return ok;
}

START_TEST(pitfall_08_rsa_padding)
{
	static const int ciphers[] = { PACKET_AES128, PACKET_AES192,
		PACKET_AES256 };
	enum spoiled how = (enum spoiled)_i;
	uint8_t em[PAIR_BITS / 8];
	size_t size = sizeof(em);
	struct buf got;

	buf_init_secret(&got, 64);
	for (int i = 0; i < 6; i++) {
		int version = i < 3 ? 3 : 6, c = ciphers[i % 3], cipher = 9;
		size_t n = cipher_key_len(c), head = version == 3 ? 1 : 0;
		size_t zero = size - 2 - n - head - 1;
		unsigned sum = 0;
		bool ok;

		memset(em, 0x55, size);
		em[0] = 0;
		em[1] = 2;
		em[zero] = 0;
		if (head > 0)
			em[zero + 1] = (uint8_t)c;
		for (size_t k = 0; k < n; k++) {
			em[size - 2 - n + k] = (uint8_t)(k + 1);
			sum += (unsigned)k + 1;
		}
		em[size - 2] = (uint8_t)(sum >> 8);
		em[size - 1] = (uint8_t)sum;
		switch (how) {
		case FIRST:
			em[0] = 1;
			break;
		case TYPE:
			em[1] = 1;
			break;
		case EARLY_ZERO:
			em[2] = 0;
			break;
		case LATE_ZERO:
			em[zero - 1] = 0;
			break;
		case NO_ZERO:
			em[zero] = 1;
			break;
		case SUM:
			em[size - 1] ^= 1;
			break;
		case CIPHER:
			em[zero + head] ^= 0x80;
			break;
		case OTHER_CIPHER:
			em[zero + head] = (uint8_t)(c == 9 ? 7 : c + 1);
			break;
		case LONGER:
			memmove(em + 1, em + 2, size - 2);
			em[1] = 2;
			em[size - 1] = (uint8_t)sum;
			break;
		case ALL_ZERO:
			memset(em, 0, size);
			em[size - 1] = 1;
			break;
		case GOOD:
		case SPOILED:
			break;
		}
		/* The sum does not know which octets it is of. */
		ok = unwrap_em(em, size, version, &cipher, &got);
		ck_assert_msg(
		    ok == (how == GOOD), "PKESK %d, cipher %d", version, c);
		ck_assert_uint_eq(got.len, how == GOOD ? n : 0);
		ck_assert_int_eq(cipher, how == GOOD && version == 3 ? c : 0);
	}
	buf_free(&got);
}
END_TEST

/* The padding of ECDH (RFC 9580, 11.5), as others may write it: any multiple
 * of eight octets; and as nobody may. */
START_TEST(pitfall_08_ecdh_padding)
{
	static const struct {
		size_t pad;
		int last; /* -1: as it should be */
		bool good;
	} rows[] = {
		{ 5, -1, true },
		{ 13, -1, true },
		{ 197, -1, true },
		{ 205, -1, true },
		{ 213, -1, false }, /* its length fits no octet */
		{ 5, 0, false },
		{ 5, 4, false },
		{ 5, 40, false },
		{ 5, 255, false },
	};
	struct pair p;
	uint8_t ephemeral[POINT_MAX], shared[POINT_MAX], scalar[32] = { 9 };
	uint8_t plain[256], wrapped[264], kek[16], room[256], digest[32];
	size_t len = 35 + rows[_i].pad, n = 0;
	struct buf b, got;
	int cipher;

	pair_make(&p, 21);
	ck_assert(
	    pk_math_weierstrass("NIST P-256", 32, scalar, NULL, 0, ephemeral));
	ck_assert(pk_math_weierstrass(
	    "NIST P-256", 32, scalar, p.pk.body + p.pk.point, 65, shared));
	/* RFC 9580, 11.5, once more and by hand. */
	memcpy(room, "\0\0\0\1", 4);
	memcpy(room + 4, shared + 1, 32);
	n = 36;
	memcpy(room + n,
	    "\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x12\x03\x01\x08\x07", 14);
	n += 14;
	memcpy(room + n, "Anonymous Sender    ", 20);
	n += 20;
	memcpy(room + n, p.pk.fingerprint, 20);
	n += 20;
	ck_assert_uint_eq(n, 36 + 54);
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, room, n);
	memcpy(kek, digest, 16);
	memset(plain, (int)rows[_i].pad, sizeof(plain));
	plain[0] = PACKET_AES256;
	memset(plain + 1, 1, 32);
	plain[33] = 0;
	plain[34] = 32;
	if (rows[_i].last >= 0)
		plain[len - 1] = (uint8_t)rows[_i].last;
	ck_assert(session_wrap(kek, 16, plain, len, wrapped));
	buf_init(&b, 1024);
	buf_init_secret(&got, 64);
	packet_put_mpi(&b, ephemeral, 65);
	buf_put_u8(&b, (uint8_t)(len + 8));
	buf_put(&b, wrapped, len + 8);
	ck_assert(
	    secret_key_unwrap(&p.key, 3, &b, &cipher, &got) == rows[_i].good);
	ck_assert_uint_eq(got.len, rows[_i].good ? 32 : 0);
	buf_free(&b);
	buf_free(&got);
	pair_close(&p);
}
END_TEST

/* RFC 8032, 7.4, and a seed that begins with zeros, signed elsewhere. */
static const struct {
	const char *seed, *point, *message, *signature;
} signed448[] = {
	{ "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463a"
	  "fbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
	    "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c086"
	    "6aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
	    "03",
	    "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f435"
	    "2541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cb"
	    "cee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f"
	    "f3348ab21aa4adafd1d234441cf807c03a00" },
	{ "000000070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cb"
	  "d2d9e0e7eef5fc030a11181f262d343b424950575e656c737a",
	    "98b5ce54da4f727d3fd4eac66a76313a34df7b53451b9e51242d433b413299a4"
	    "0916cf81ec7909103fe90f88e89577dca7b17d8714ece8d980",
	    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
	    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
	    "aeda8e38bf66aed59f4268f0939edbd9eefc64f2b8542abc473115414df96569"
	    "467638e517bdf95a3d95a135eced72c1f9eebbe0c6596aa8807445709a9b92ad"
	    "c99c89bac5dcfc34ca6c5277b1a046080c6ce7bec841f1be24b1fa640d03f489"
	    "ba7c8aa518b2bd1ed6c003484f3a826d0300" },
};

START_TEST(ed448_answers)
{
	uint8_t seed[57], point[57], message[64], want[114], r[57], s[57];
	size_t len = strlen(signed448[_i].message) / 2;
	uint8_t *kept;
	gcry_sexp_t public, private;
	struct why why;

	ck_assert(hex_parse(signed448[_i].seed, seed, 57));
	ck_assert(hex_parse(signed448[_i].point, point, 57));
	ck_assert(hex_parse(signed448[_i].message, message, len));
	ck_assert(hex_parse(signed448[_i].signature, want, 114));
	ck_assert_ptr_nonnull(kept = kind_secret_copy(seed, 57));
	ck_assert(eddsa_private(&pk_math_ed448, point, kept, &private));
	ck_assert(eddsa_sign(&pk_math_ed448, private, message, len, r, s));
	ck_assert_int_eq(memcmp(r, want, 57), 0);
	ck_assert_int_eq(memcmp(s, want + 57, 57), 0);
	ck_assert_int_eq(
	    eddsa_public(&pk_math_ed448, point, &public, &why), GW_OK);
	ck_assert_int_eq(
	    eddsa_verify(&pk_math_ed448, public, message, len, r, s, &why),
	    GW_OK);
	kind_free_secret(kept, 57);
	gcry_sexp_release(public);
	gcry_sexp_release(private);
}
END_TEST

/* RFC 7748, 5.2. */
START_TEST(x448_answer)
{
	uint8_t scalar[56], point[56], want[56], out[56];

	ck_assert(hex_parse(
	    "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121"
	    "700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3",
	    scalar, 56));
	ck_assert(hex_parse(
	    "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9"
	    "814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086",
	    point, 56));
	ck_assert(hex_parse(
	    "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239f"
	    "e14fbaadeb445fc66a01b0779d98223961111e21766282f73dd96b6f",
	    want, 56));
	ck_assert(pk_math_x448(scalar, point, out));
	ck_assert_int_eq(memcmp(out, want, 56), 0);
}
END_TEST

/* RFC 6979, A.2.5: P-256, SHA-256, "sample". */
START_TEST(p256_answer)
{
	uint8_t d[32], digest[32], r[32], s[32];
	struct pair p;
	struct buf sig;
	struct why why;

	ck_assert(hex_parse("c9afa9d845ba75166b5c215767b1d693"
			    "4e50c3db36e89b127b8a622b120f6721",
	    d, 32));
	ck_assert(hex_parse("efd48b2aacb6a8fd1140dd9cd45e81d6"
			    "9d2c877b56aaf991c34d0ea84eaf3716",
	    r, 32));
	ck_assert(hex_parse("f7cb1c942d657c41d436c7a1b6e29f65"
			    "f3e900dbb9aff4064dc4ab2f843acda8",
	    s, 32));
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, "sample", 6);
	pair_make(&p, 7);
	secret_key_close(&p.key);
	ck_assert(pk_math_weierstrass(
	    "NIST P-256", 32, d, NULL, 0, p.public.data + p.pk.point));
	pk_close(&p.pk);
	buf_reset(&p.numbers);
	packet_put_mpi(&p.numbers, d, 32);
	ck_assert_int_eq(pair_open(&p, &why), GW_OK);
	buf_init(&sig, 128);
	ck_assert_int_eq(
	    secret_key_sign(&p.key, PACKET_SHA256, digest, 32, &sig, &why),
	    GW_OK);
	ck_assert_uint_eq(sig.len, 68);
	ck_assert_int_eq(memcmp(sig.data + 2, r, 32), 0);
	ck_assert_int_eq(memcmp(sig.data + 36, s, 32), 0);
	buf_free(&sig);
	pair_close(&p);
}
END_TEST

static void
load(const char *name, struct buf *b)
{
	const char *shared = getenv("WAYBILL_SHARED");
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/vectors/rnp/RFC9580/%s",
	    shared != NULL ? shared : "../shared", name);
	if ((f = fopen(path, "rb")) == NULL)
		return;
	buf_grew(b, fread(buf_room(b, 16384), 1, 16384, f));
	ck_assert_int_eq(fclose(f), 0);
}

/* RFC 9580, A.3, A.4 and A.8: the sample key opens the sample message. */
START_TEST(rfc_9580_samples)
{
	struct buf text, raw, message, session, numbers, body;
	struct packet packet;
	struct pk pk[2];
	struct secret_key key[2];
	struct why why;
	int cipher, n = 0;

	buf_init(&text, 32768);
	buf_init(&raw, 32768);
	buf_init(&message, 32768);
	buf_init_secret(&session, 64);
	load("A.4.transferable-seckey-v6.asc", &text);
	if (text.len == 0)
		return; /* no shared vectors here */
	ck_assert_int_eq(
	    armor_read(ARMOR_PRIVATE_KEY, text.data, text.len, &raw, &why),
	    GW_OK);
	while (packet_next(&raw, &packet, &why) == GW_OK) {
		if (packet.tag != PACKET_SECRET_KEY &&
		    packet.tag != PACKET_SECRET_SUBKEY)
			continue;
		body = packet.body;
		ck_assert_int_eq(pk_parse(&pk[n], &body, &why), GW_OK);
		ck_assert_int_eq(buf_get_u8(&body), 0); /* not locked */
		buf_view(&numbers, buf_take(&body, 32), 32);
		ck_assert(buf_done(&body));
		ck_assert_int_eq(
		    secret_key_open(&key[n], &pk[n], &numbers, &why), GW_OK);
		n++;
	}
	ck_assert_int_eq(n, 2);
	ck_assert_str_eq(pk[0].hex, "CB186C4F0609A697E4D52DFA6C722B0C"
				    "1F1E27C18A56708F6525EC27BAD9ACC9");
	ck_assert_str_eq(pk[1].hex, "12C83F1E706F6308FE151A417743A1F0"
				    "33790E93E9978488D1DB378DA9930885");
	buf_reset(&text);
	load("A.8.5-v6pkesk-v2seipd", &text);
	if (text.len == 0)
		return;
	if (armor_looks(text.data, text.len))
		ck_assert_int_eq(armor_read(ARMOR_MESSAGE, text.data, text.len,
				     &message, &why),
		    GW_OK);
	else
		buf_put(&message, text.data, text.len);
	ck_assert_int_eq(packet_next(&message, &packet, &why), GW_OK);
	ck_assert_int_eq(packet.tag, PACKET_PKESK);
	body = packet.body;
	(void)buf_take(&body, 36); /* recipient and algorithm */
	ck_assert(secret_key_unwrap(&key[1], 6, &body, &cipher, &session));
	{
		char hex[65];

		ck_assert_str_eq(hex_lower(session.data, session.len, hex),
		    "dd708f6fa1ed65114d68d2343e7c2f1d");
	}
	for (int i = 0; i < 2; i++) {
		secret_key_close(&key[i]);
		pk_close(&pk[i]);
	}
	buf_free(&text);
	buf_free(&raw);
	buf_free(&message);
	buf_free(&session);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("points");
	TCase *t = tcase_create("points");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(SECURE, &why) != GW_OK)
		return 1;
	tcase_add_unchecked_fixture(t, pair_rsa_setup, pair_rsa_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, pitfall_12_weierstrass_points, 0, COUNT(curves));
	tcase_add_loop_test(
	    t, pitfall_12_weierstrass_signing_points, 0, COUNT(curves));
	tcase_add_loop_test(t, pitfall_12_ecdsa_edges, 0, COUNT(curves));
	tcase_add_loop_test(t, pitfall_12_ecdsa_one_spelling, 0, COUNT(curves));
	tcase_add_loop_test(t, pitfall_12_signature_mpis, 0, 6);
	tcase_add_loop_test(
	    t, pitfall_12_weierstrass_scalars, 0, COUNT(curves));
	tcase_add_loop_test(t, pitfall_12_ed448_points, 0, COUNT(points448));
	tcase_add_loop_test(t, pitfall_12_eddsa_edges, 0, 3);
	tcase_add_test(t, pitfall_12_ed448_one_spelling);
	tcase_add_loop_test(t, pitfall_12_shared_zero, 0, COUNT(zero_points));
	tcase_add_loop_test(t, pitfall_08_rsa_padding, 0, SPOILED);
	tcase_add_loop_test(t, pitfall_08_ecdh_padding, 0, 9);
	tcase_add_loop_test(t, ed448_answers, 0, COUNT(signed448));
	tcase_add_test(t, x448_answer);
	tcase_add_test(t, p256_answer);
	tcase_add_test(t, rfc_9580_samples);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
