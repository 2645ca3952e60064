/* Goal: packets, numbers, public keys and signatures are read as the standard
 * says or not at all, and what libgcrypt would trip over never reaches it. */
#include "keys/algorithms/pk_math.h"
#include "tests/keys/forge.h"
#include "keys/keys.h"

static struct buf text;

static void
setup(void)
{
	buf_init(&text, 1 << 20);
}

static void
teardown(void)
{
	buf_free(&text);
}

START_TEST(header_round_trip)
{
	static const size_t lengths[] = { 0, 1, 191, 192, 193, 8383, 8384,
		65536 };
	static uint8_t body[65536];
	size_t len = lengths[_i];
	struct packet p;
	struct why why;
	struct buf at;

	ck_assert(packet_put(&text, PACKET_USER_ID, body, len));
	buf_view(&at, text.data, text.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_int_eq(p.tag, PACKET_USER_ID);
	ck_assert_uint_eq(p.body.len, len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_NONE);
	/* One octet short. */
	if (len > 0) {
		buf_view(&at, text.data, text.len - 1);
		ck_assert_int_eq(packet_next(&at, &p, &why), GW_REFUSED);
	}
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
	int tag; /* -1: refused */
	size_t body;
} headers[] = {
	{ "\x98\x01x", 3, 6, 1 },                       /* old, one octet */
	{ "\x99\x00\x01x", 4, 6, 1 },                   /* old, two */
	{ "\x9a\x00\x00\x00\x01x", 6, 6, 1 },           /* old, four */
	{ "\x9bx", 2, -1, 0 },                          /* old, open end */
	{ "\xc6\x01x", 3, 6, 1 },                       /* new, one */
	{ "\xc6\xff\x00\x00\x00\x01x", 7, 6, 1 },       /* new, five */
	{ "\xc6\xe0x", 3, -1, 0 },                      /* partial */
	{ "\xc6\xff\xff\xff\xff\xffx", 7, -1, 0 },      /* 4 GiB */
	{ "\xc0\x01x", 3, -1, 0 },                      /* tag 0 */
	{ "\x06\x01x", 3, -1, 0 },                      /* no packet */
	{ "\xc6", 1, -1, 0 }, { "\x99\x00", 2, -1, 0 }, /* cut */
};

START_TEST(header_forms)
{
	struct packet p;
	struct why why;
	struct buf at;

	buf_view(&at, headers[_i].bytes, headers[_i].len);
	if (headers[_i].tag < 0) {
		ck_assert_int_eq(packet_next(&at, &p, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_MALFORMED);
		return;
	}
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_int_eq(p.tag, headers[_i].tag);
	ck_assert_uint_eq(p.body.len, headers[_i].body);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
	bool good;
} mpis[] = {
	{ "\x00\x00", 2, true },         /* zero */
	{ "\x00\x01\x01", 3, true },     /* RFC 9580, 3.2 */
	{ "\x00\x09\x01\xff", 4, true }, /* likewise */
	{ "\x00\x02\x01", 3, false },    /* a bit too many */
	{ "\x00\x01\x03", 3, false },    /* one too few */
	{ "\x00\x08\x00", 3, false },    /* a leading zero */
	{ "\x00\x09\x01", 3, false },    /* cut */
	{ "\x00", 1, false },
	{ "\xff\xff\x80", 3, false },
};

START_TEST(mpi_forms)
{
	const uint8_t *p;
	size_t len;
	struct buf b;

	buf_view(&b, mpis[_i].bytes, mpis[_i].len);
	ck_assert(packet_get_mpi(&b, 4096, &p, &len) == mpis[_i].good);
	ck_assert(b.bad == !mpis[_i].good);
	if (!mpis[_i].good)
		return;
	ck_assert(packet_put_mpi(&text, p, len));
	ck_assert_uint_eq(text.len, mpis[_i].len);
	ck_assert_int_eq(memcmp(text.data, mpis[_i].bytes, text.len), 0);
}
END_TEST

/* Ed25519 points in hexadecimal and whether they are keys. */
static const struct {
	const char *hex;
	bool good;
} points[] = {
	/* RFC 8032, 7.1 */
	{ "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	    true },
	/* small order: 0, 1, -1 and order 8 */
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	    false },
	{ "0100000000000000000000000000000000000000000000000000000000000000",
	    false },
	{ "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    false },
	{ "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    false },
	{ "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	    false },
	{ "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    false },
	/* not canonical: p, p + 1, all ones */
	{ "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    false },
	{ "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    false },
	{ "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    false },
	/* on the curve, but the process would end in libgcrypt: y short */
	{ "0500000000000000000000000000000000000000000000000000000000000000",
	    false },
	/* likewise, x short: 2 and 6, and p minus that */
	{ "3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431a",
	    false },
	{ "3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf439a",
	    false },
	{ "aa9239e819ad147f9f634c535d82d85717a872ef0ae6c71c72571510cc4ba362",
	    false },
	{ "aa9239e819ad147f9f634c535d82d85717a872ef0ae6c71c72571510cc4ba3e2",
	    false },
	/* not on the curve */
	{ "da5a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	    false },
};

static void
put_ed25519(const uint8_t point[32])
{
	static const uint8_t oid[] = { 9, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda,
		0x47, 0x0f, 0x01 };
	uint8_t coded[33] = { 0x40 };

	memcpy(coded + 1, point, 32);
	buf_put_u8(&text, 4);
	buf_put_u32(&text, FORGE_BORN);
	buf_put_u8(&text, PACKET_EDDSA);
	buf_put(&text, oid, sizeof(oid));
	packet_put_mpi(&text, coded, sizeof(coded));
}

START_TEST(ed25519_points)
{
	uint8_t point[32];
	struct pk pk;
	struct why why;

	ck_assert(hex_parse(points[_i].hex, point, 32));
	put_ed25519(point);
	ck_assert_msg((pk_parse(&pk, &text, &why) == GW_OK) == points[_i].good,
	    "%s", points[_i].hex);
	pk_close(&pk);
}
END_TEST

START_TEST(no_number_ends_the_process)
{
	uint8_t point[32], sig[68] = { 0 };
	struct forge_key k;
	struct why why;

	/* A signature with r and s at the edges, by a good key. */
	forge_ed25519(&k, FORGE_BORN);
	for (int i = 0; i < 32; i++) {
		struct buf numbers;

		memset(point, i == 0 ? 0 : 0xff, sizeof(point));
		if (i > 0)
			point[i] = (uint8_t)i;
		point[31] &= 0x0f;
		buf_init(&numbers, sizeof(sig) + 8);
		packet_put_mpi(&numbers, point, 32);
		packet_put_mpi(&numbers, point, 32);
		ck_assert_int_eq(pk_verify(&k.pk, PACKET_SHA256, sig, 32,
				     numbers.data, numbers.len, &why),
		    GW_REFUSED);
		buf_free(&numbers);
	}
	forge_close(&k);
}
END_TEST

/* The order of the group added to s is the same signature to a careless
 * verifier. */
START_TEST(signature_has_one_spelling)
{
	static const uint8_t order[32] = { 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6,
		0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed };
	uint8_t digest[32] = { 1 }, s[32];
	struct forge_key k;
	struct buf good, bad;
	struct why why;
	const uint8_t *r, *p;
	size_t r_len, len;
	unsigned carry = 0;

	forge_ed25519(&k, FORGE_BORN);
	buf_init(&good, 256);
	buf_init(&bad, 256);
	ck_assert_int_eq(
	    secret_key_sign(&k.key, PACKET_SHA256, digest, 32, &good, &why),
	    GW_OK);
	ck_assert_int_eq(pk_verify(&k.pk, PACKET_SHA256, digest, 32, good.data,
			     good.len, &why),
	    GW_OK);
	/* Leftovers. */
	buf_put_u8(&good, 0);
	ck_assert_int_eq(pk_verify(&k.pk, PACKET_SHA256, digest, 32, good.data,
			     good.len, &why),
	    GW_REFUSED);
	good.len--;
	/* s + L, little-endian, so from the first octet on. */
	ck_assert(packet_get_mpi(&good, 256, &r, &r_len));
	ck_assert(packet_get_mpi(&good, 256, &p, &len));
	memset(s, 0, sizeof(s));
	memcpy(s + 32 - len, p, len);
	for (int i = 0; i < 32; i++) {
		carry += s[i] + (unsigned)order[31 - i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
	packet_put_mpi(&bad, r, r_len);
	packet_put_mpi(&bad, s, sizeof(s));
	ck_assert_int_eq(pk_verify(&k.pk, PACKET_SHA256, digest, 32, bad.data,
			     bad.len, &why),
	    GW_REFUSED);
	buf_free(&good);
	buf_free(&bad);
	forge_close(&k);
}
END_TEST

/* RFC 7748, 5.2 and 6.1. */
START_TEST(x25519)
{
	uint8_t scalar[32], point[32], out[32];
	char hex[65];

	hex_parse(
	    "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
	    scalar, 32);
	hex_parse(
	    "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	    point, 32);
	ck_assert(pk_math_x25519(scalar, point, out));
	ck_assert_str_eq(hex_lower(out, 32, hex),
	    "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	/* All-zero results are no secret. */
	memset(point, 0, sizeof(point));
	ck_assert(!pk_math_x25519(scalar, point, out));
	point[0] = 1;
	ck_assert(!pk_math_x25519(scalar, point, out));
}
END_TEST

static void
put_rsa(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len)
{
	buf_put_u8(&text, 4);
	buf_put_u32(&text, FORGE_BORN);
	buf_put_u8(&text, PACKET_RSA);
	packet_put_mpi(&text, n, n_len);
	packet_put_mpi(&text, e, e_len);
}

START_TEST(rsa_numbers)
{
	static const uint8_t e[] = { 1, 0, 1 }, one[] = { 1 }, even[] = { 4 };
	static uint8_t n[256];
	struct pk pk;
	struct why why;

	memset(n, 0xa5, sizeof(n));
	switch (_i) {
	case 0:
		put_rsa(n, 256, e, 3);
		ck_assert_int_eq(pk_parse(&pk, &text, &why), GW_OK);
		ck_assert(pk.supported && pk_can_sign(&pk));
		ck_assert_str_eq(pk.name, "RSA-2048");
		break;
	case 1: /* too small: known, not used */
		put_rsa(n, 128, e, 3);
		ck_assert_int_eq(pk_parse(&pk, &text, &why), GW_OK);
		ck_assert(!pk.supported && pk.weak && !pk_can_sign(&pk));
		ck_assert_int_eq(pk_supported(&pk, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_WEAK);
		break;
	case 2:
		put_rsa(n, 256, one, 1);
		ck_assert_int_eq(pk_parse(&pk, &text, &why), GW_REFUSED);
		break;
	case 3:
		put_rsa(n, 256, even, 1);
		ck_assert_int_eq(pk_parse(&pk, &text, &why), GW_REFUSED);
		break;
	case 4:
		n[255] = 0xa4;
		put_rsa(n, 256, e, 3);
		ck_assert_int_eq(pk_parse(&pk, &text, &why), GW_REFUSED);
		break;
	}
	pk_close(&pk);
}
END_TEST

START_TEST(other_versions)
{
	struct pk pk;
	struct why why;

	buf_put_u8(&text, (uint8_t)(_i == 0 ? 3 : _i == 1 ? 5 : 7));
	buf_put_u32(&text, FORGE_BORN);
	buf_put_u8(&text, PACKET_RSA);
	ck_assert_int_eq(pk_parse(&pk, &text, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
}
END_TEST

/* Each subpacket area as it could come, and what becomes of it. */
static const struct area {
	const char *what;
	const char *hashed;
	size_t len;
	enum gw_reason reason; /* NONE: accepted */
} areas[] = {
	{ "time", "\x05\x02\x65\x53\xf1\x00", 6, REASON_NONE },
	{ "nothing", "", 0, REASON_MALFORMED },
	{ "time twice", "\x05\x02\x65\x53\xf1\x00\x05\x02\x65\x53\xf1\x00", 12,
	    REASON_MALFORMED },
	{ "short time", "\x04\x02\x65\x53\xf1", 5, REASON_MALFORMED },
	{ "long time", "\x06\x02\x65\x53\xf1\x00\x00", 7, REASON_MALFORMED },
	{ "length beyond the area", "\x15\x02\x65\x53\xf1\x00", 6,
	    REASON_MALFORMED },
	{ "length zero", "\x05\x02\x65\x53\xf1\x00\x00", 7, REASON_MALFORMED },
	{ "unknown", "\x05\x02\x65\x53\xf1\x00\x02\x64x", 9, REASON_NONE },
	{ "unknown, critical", "\x05\x02\x65\x53\xf1\x00\x02\xe4x", 9,
	    REASON_UNSUPPORTED },
	{ "notation",
	    "\x05\x02\x65\x53\xf1\x00\x0d\x14\x80\0\0\0\0\x03\0\x01"
	    "a@bx",
	    20, REASON_NONE },
	{ "notation, critical",
	    "\x05\x02\x65\x53\xf1\x00\x0d\x94\x80\0\0\0\0\x03\0\x01"
	    "a@bx",
	    20, REASON_UNSUPPORTED },
	{ "notation, too long inside",
	    "\x05\x02\x65\x53\xf1\x00\x0d\x14\x80\0\0\0\0\x03\0\x02"
	    "a@bx",
	    20, REASON_MALFORMED },
	{ "issuer of version 6",
	    "\x05\x02\x65\x53\xf1\x00\x22\x21\x06"
	    "01234567890123456789012345678901",
	    41, REASON_UNSUPPORTED },
	{ "recipient of no version",
	    "\x05\x02\x65\x53\xf1\x00\x16\x23\x05"
	    "01234567890123456789",
	    29, REASON_MALFORMED },
};

static void
put_signature(const char *hashed, size_t len, const char *unhashed, size_t n)
{
	buf_reset(&text);
	buf_put(&text, "\x04\x00\x16\x08", 4);
	buf_put_u16(&text, (uint16_t)len);
	buf_put(&text, hashed, len);
	buf_put_u16(&text, (uint16_t)n);
	buf_put(&text, unhashed, n);
	buf_put(&text, "\x12\x34\x00\x01\x01\x00\x01\x01", 8);
}

START_TEST(subpacket_areas)
{
	struct sig s;
	struct why why;
	enum gw_status st;

	put_signature(areas[_i].hashed, areas[_i].len, "", 0);
	st = sig_parse(&s, text.data, text.len, &why);
	ck_assert_msg((st == GW_OK) == (areas[_i].reason == REASON_NONE), "%s",
	    areas[_i].what);
	if (st != GW_OK)
		ck_assert_msg(
		    why.reason == areas[_i].reason, "%s", areas[_i].what);
	sig_close(&s);
}
END_TEST

/* Nothing but hints is taken from where anybody can write. */
START_TEST(unhashed_area)
{
	static const char time[] = "\x05\x02\x65\x53\xf1\x00";
	struct sig s;
	struct why why;

	put_signature(time, 6,
	    "\x02\x1b\x03"             /* key flags */
	    "\x05\x09\x00\x00\x00\x01" /* key expiry */
	    "\x05\x02\x00\x00\x00\x01" /* another time */
	    "\x0d\x14\x80\0\0\0\0\x03\0\x01"
	    "a@bx" /* notation */
	    "\x09\x10"
	    "12345678",
	    39);
	ck_assert_int_eq(sig_parse(&s, text.data, text.len, &why), GW_OK);
	ck_assert(!s.has_key_flags && s.key_flags == 0);
	ck_assert_uint_eq(s.key_lifetime, 0);
	ck_assert_int_eq(s.created, 0x6553f100);
	ck_assert_uint_eq(s.notation_count, 0);
	ck_assert_uint_eq(s.issuer_id.len, 8);
	ck_assert_ptr_null(s.issuer_fpr.at);
	sig_close(&s);
	put_signature("", 0, time, 6);
	ck_assert_int_eq(sig_parse(&s, text.data, text.len, &why), GW_REFUSED);
}
END_TEST

/* Build, parse, verify; then every bit. */
START_TEST(build_and_verify)
{
	struct forge_key k, other;
	struct sig_build b;
	struct sig s;
	struct buf numbers, at;
	struct packet p;
	struct why why;
	gcry_md_hd_t md;
	char value[64];

	forge_ed25519(&k, FORGE_BORN);
	forge_ed25519(&other, FORGE_BORN);
	buf_init(&numbers, 256);
	ck_assert_int_eq(gcry_md_open(&md, GCRY_MD_SHA256, 0), 0);
	gcry_md_write(md, "document", 8);
	sig_build_init(
	    &b, PACKET_SIG_BINARY, &k.pk, PACKET_SHA256, FORGE_BORN + 7);
	sig_build_notation(&b, SIG_NOTATION_FLOW, "orders");
	sig_build_recipient(&b, &other.pk);
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	ck_assert_int_eq(secret_key_sign(&k.key, PACKET_SHA256, b.digest,
			     b.digest_len, &numbers, &why),
	    GW_OK);
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, &text, &why),
	    GW_OK);
	buf_view(&at, text.data, text.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_int_eq(sig_parse(&s, p.body.data, p.body.len, &why), GW_OK);
	ck_assert_int_eq(s.created, FORGE_BORN + 7);
	ck_assert(
	    sig_notation_text(&s, SIG_NOTATION_FLOW, value, sizeof(value)));
	ck_assert_str_eq(value, "orders");
	ck_assert(!sig_notation_text(
	    &s, SIG_NOTATION_SEQUENCE, value, sizeof(value)));
	ck_assert(!sig_notation_text(&s, SIG_NOTATION_FLOW, value, 6));
	ck_assert_uint_eq(s.recipient_count, 1);
	ck_assert_int_eq(
	    memcmp(s.recipients[0].at, other.pk.fingerprint, 20), 0);
	ck_assert(sig_hint_fits(&s, &k.pk) && !sig_hint_fits(&s, &other.pk));
	ck_assert_int_eq(sig_verify_digest(&s, &k.pk, SIG_FOR_DATA, b.digest,
			     b.digest_len, &why),
	    GW_OK);
	ck_assert_int_eq(sig_verify_digest(&s, &other.pk, SIG_FOR_DATA,
			     b.digest, b.digest_len, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
	sig_close(&s);
	/* Head and numbers: no bit may change.  (The unhashed area may.) */
	for (size_t bit = 0; bit < 8 * p.body.len; bit++) {
		gcry_md_hd_t again;

		p.body.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		gcry_md_open(&again, GCRY_MD_SHA256, 0);
		gcry_md_write(again, "document", 8);
		if (sig_parse(&s, p.body.data, p.body.len, &why) == GW_OK) {
			if (sig_verify(&s, &k.pk, SIG_FOR_DATA, again, &why) ==
			    GW_OK)
				ck_assert(
				    bit / 8 >= b.head.len &&
				    bit / 8 < b.head.len + 2 + b.unhashed.len);
			sig_close(&s);
		}
		gcry_md_close(again);
		p.body.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	gcry_md_close(md);
	sig_build_close(&b);
	buf_free(&numbers);
	forge_close(&k);
	forge_close(&other);
}
END_TEST

/* Which hash for what, and when. */
START_TEST(policy)
{
	static const struct {
		int hash;
		time_t created;
		enum gw_status data, self, revocation;
	} rules[] = {
		{ PACKET_SHA256, FORGE_NOW, GW_OK, GW_OK, GW_OK },
		{ PACKET_SHA384, FORGE_NOW, GW_OK, GW_OK, GW_OK },
		{ PACKET_SHA512, FORGE_NOW, GW_OK, GW_OK, GW_OK },
		{ PACKET_SHA224, FORGE_NOW, GW_REFUSED, GW_OK, GW_OK },
		{ PACKET_SHA1, FORGE_NOW, GW_REFUSED, GW_REFUSED, GW_OK },
		{ PACKET_SHA1, 1391212799, GW_REFUSED, GW_OK, GW_OK },
		{ PACKET_MD5, 1, GW_REFUSED, GW_REFUSED, GW_REFUSED },
		{ PACKET_RIPEMD160, 1, GW_REFUSED, GW_REFUSED, GW_REFUSED },
		{ 99, 1, GW_REFUSED, GW_REFUSED, GW_REFUSED },
	};
	struct sig s = { .hash_algorithm = rules[_i].hash,
		.created = rules[_i].created };
	struct why why;

	ck_assert_int_eq(sig_policy(&s, SIG_FOR_DATA, &why), rules[_i].data);
	ck_assert_int_eq(sig_policy(&s, SIG_FOR_SELF, &why), rules[_i].self);
	ck_assert_int_eq(
	    sig_policy(&s, SIG_FOR_REVOCATION, &why), rules[_i].revocation);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(a[0])))

int
main(void)
{
	Suite *s = suite_create("packet");
	TCase *t = tcase_create("packet");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(65536, &why) != GW_OK)
		return 1;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, header_round_trip, 0, 8);
	tcase_add_loop_test(t, header_forms, 0, COUNT(headers));
	tcase_add_loop_test(t, mpi_forms, 0, COUNT(mpis));
	tcase_add_loop_test(t, ed25519_points, 0, COUNT(points));
	tcase_add_test(t, no_number_ends_the_process);
	tcase_add_test(t, signature_has_one_spelling);
	tcase_add_test(t, x25519);
	tcase_add_loop_test(t, rsa_numbers, 0, 5);
	tcase_add_loop_test(t, other_versions, 0, 3);
	tcase_add_loop_test(t, subpacket_areas, 0, COUNT(areas));
	tcase_add_test(t, unhashed_area);
	tcase_add_test(t, build_and_verify);
	tcase_add_loop_test(t, policy, 0, 9);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
