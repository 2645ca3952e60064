/* Goal: passwords become the keys that others make of them, and nobody chooses
 * what that costs us. */
#include "gateway/base/hex.h"
#include "keys/algorithms/s2k.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"
#include "keys/packets/packet.h"
#include "tests/keys/forge.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* RFC 9580, 3.7.1.1 to 3.7.1.3, written once more: `count` octets of salt and
 * password over and over, behind as many zeros as hashes came before. */
static void
by_hand(int hash, const char *salt, const char *password, size_t count,
    uint8_t *key, size_t len)
{
	size_t size = gcry_md_get_algo_dlen(hash), n;
	size_t whole = strlen(salt) + strlen(password);
	char one[128];
	gcry_md_hd_t md;

	snprintf(one, sizeof(one), "%s%s", salt, password);
	if (count < whole)
		count = whole;
	for (size_t done = 0, zeros = 0; done < len; done += n, zeros++) {
		ck_assert_int_eq(gcry_md_open(&md, hash, 0), 0);
		for (size_t z = 0; z < zeros; z++)
			gcry_md_putc(md, 0);
		for (size_t left = count; left > 0; left -= n) {
			n = left < whole ? left : whole;
			gcry_md_write(md, one, n);
		}
		n = len - done < size ? len - done : size;
		memcpy(key + done, gcry_md_read(md, hash), n);
		gcry_md_close(md);
	}
}

/* The specifier in these octets, all of which are read. */
static enum gw_status
read_octets(const void *octets, size_t len, struct s2k *s, struct why *why)
{
	struct buf b;
	enum gw_status st;

	buf_view(&b, octets, len);
	st = s2k_read(&b, s, why);
	ck_assert(st != GW_OK || buf_done(&b));
	return st;
}

static void
derives(const struct s2k *s, const char *password, uint8_t *key, size_t len)
{
	struct why why;

	ck_assert_msg(
	    s2k_derive(s, password, key, len, &why) == GW_OK, "%s", why.text);
}

static const struct {
	const char *octets;
	size_t len;
	int kind, hash, gcry;
	const char *salt;
	size_t count;
} hashed[] = {
	{ "\x00\x08", 2, S2K_SIMPLE, PACKET_SHA256, GCRY_MD_SHA256, "", 0 },
	{ "\x00\x02", 2, S2K_SIMPLE, PACKET_SHA1, GCRY_MD_SHA1, "", 0 },
	{ "\x01\x0a"
	  "saltsalt",
	    10, S2K_SALTED, PACKET_SHA512, GCRY_MD_SHA512, "saltsalt", 0 },
	{ "\x03\x08"
	  "saltsalt\x60",
	    11, S2K_ITERATED, PACKET_SHA256, GCRY_MD_SHA256, "saltsalt",
	    65536 },
	{ "\x03\x02"
	  "saltsalt\x00",
	    11, S2K_ITERATED, PACKET_SHA1, GCRY_MD_SHA1, "saltsalt", 1024 },
	{ "\x03\x0b"
	  "saltsalt\x7f",
	    11, S2K_ITERATED, PACKET_SHA224, GCRY_MD_SHA224, "saltsalt",
	    253952 },
};
#define HASHED ((int)(sizeof(hashed) / sizeof(hashed[0])))

START_TEST(hashed_kinds)
{
	uint8_t key[32], want[32];
	struct s2k s;
	struct buf b;
	struct why why;

	ck_assert_int_eq(
	    read_octets(hashed[_i].octets, hashed[_i].len, &s, &why), GW_OK);
	ck_assert_int_eq(s.kind, hashed[_i].kind);
	ck_assert_int_eq(s.hash, hashed[_i].hash);
	for (size_t len = 16; len <= 32; len += 8) {
		derives(&s, "correct horse", key, len);
		by_hand(hashed[_i].gcry, hashed[_i].salt, "correct horse",
		    hashed[_i].count, want, len);
		ck_assert_mem_eq(key, want, len);
	}
	derives(&s, "correct horsf", key, 32);
	ck_assert_mem_ne(key, want, 32);
	buf_init(&b, 64);
	ck_assert(s2k_write(&s, &b));
	ck_assert_uint_eq(b.len, hashed[_i].len);
	ck_assert_mem_eq(b.data, hashed[_i].octets, b.len);
	buf_free(&b);
	/* Cut anywhere. */
	for (size_t n = 0; n < hashed[_i].len; n++) {
		ck_assert_int_eq(
		    read_octets(hashed[_i].octets, n, &s, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_MALFORMED);
	}
}
END_TEST

START_TEST(unknown_means_no)
{
	static const char *const octets[] = {
		"\x02\x08saltsalt\x60",
		"\x05\x08saltsalt\x60",
		"\x65\x00GNU\x01\x00\x00\x00\x00\x00", /* GnuPG's own: 101 */
		"\x03\x01saltsalt\x60",                /* MD5 */
		"\x03\x03saltsalt\x60",                /* RIPEMD-160 */
		"\x03\x63saltsalt\x60",
	};
	struct s2k s;
	struct why why;

	ck_assert_int_eq(read_octets(octets[_i], 11, &s, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
}
END_TEST

/* The two that we make: fresh each time, read back as they were. */
START_TEST(fresh)
{
	enum s2k_kind kind = _i == 0 ? S2K_ITERATED : S2K_ARGON2;
	uint8_t key[32], again[32];
	struct s2k s, other;
	struct buf b;
	struct why why;

	s2k_fresh(&s, kind);
	s2k_fresh(&other, kind);
	ck_assert_mem_ne(s.salt, other.salt, S2K_SALT_LEN);
	ck_assert(s2k_modern(&s));
	buf_init(&b, 64);
	ck_assert(s2k_write(&s, &b));
	ck_assert_int_eq(read_octets(b.data, b.len, &other, &why), GW_OK);
	derives(&s, "correct horse", key, sizeof(key));
	derives(&other, "correct horse", again, sizeof(again));
	ck_assert_mem_eq(key, again, sizeof(key));
	/* The length is part of what Argon2 computes, not of the others. */
	derives(&s, "correct horse", again, 16);
	ck_assert((memcmp(key, again, 16) == 0) == (kind == S2K_ITERATED));
	buf_free(&b);
}
END_TEST

START_TEST(modern)
{
	struct s2k s = { .kind = S2K_SIMPLE, .hash = PACKET_SHA256 };

	ck_assert(!s2k_modern(&s));
	s.kind = S2K_SALTED;
	ck_assert(s2k_modern(&s));
	s.hash = PACKET_SHA1;
	ck_assert(!s2k_modern(&s));
	s.kind = S2K_ITERATED;
	ck_assert(!s2k_modern(&s));
}
END_TEST

/* What somebody else would have us spend (passes, lanes, memory). */
START_TEST(pitfall_11_argon2_bombs)
{
	static const struct {
		uint8_t numbers[3];
		enum gw_reason reason;
	} all[] = {
		{ { 3, 4, 16 }, REASON_NONE },
		{ { 1, 4, 21 }, REASON_NONE }, /* RFC 9106's first */
		{ { 2, 4, 20 }, REASON_NONE },
		{ { 255, 1, 13 }, REASON_NONE },
		{ { 1, 1, 3 }, REASON_NONE },
		{ { 1, 255, 11 }, REASON_NONE },
		{ { 2, 4, 21 }, REASON_TOO_LARGE },
		{ { 1, 4, 22 }, REASON_TOO_LARGE },
		{ { 1, 1, 31 }, REASON_TOO_LARGE },
		{ { 255, 1, 14 }, REASON_TOO_LARGE },
		{ { 33, 4, 16 }, REASON_TOO_LARGE },
		{ { 0, 4, 16 }, REASON_MALFORMED },
		{ { 3, 0, 16 }, REASON_MALFORMED },
		{ { 1, 1, 2 }, REASON_MALFORMED },
		{ { 1, 4, 4 }, REASON_MALFORMED },
		{ { 1, 255, 10 }, REASON_MALFORMED },
		{ { 1, 1, 32 }, REASON_MALFORMED },
		{ { 1, 1, 64 }, REASON_MALFORMED },
		{ { 255, 255, 255 }, REASON_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		uint8_t octets[20] = { S2K_ARGON2 }, key[32] = { 1 };
		const uint8_t *n = all[i].numbers;
		struct s2k s;
		struct why why = { REASON_NONE, "" };
		enum gw_status st;

		memcpy(octets + 17, n, 3);
		st = read_octets(octets, sizeof(octets), &s, &why);
		ck_assert_msg((st == GW_OK) == (all[i].reason == REASON_NONE) &&
				  why.reason == all[i].reason,
		    "%d passes, %d lanes, 2^%d: %s", n[0], n[1], n[2],
		    why.text);
		if (st == GW_OK)
			continue;
		/* Not by another way either, and the key is no use. */
		s = (struct s2k){ .kind = S2K_ARGON2,
			.passes = n[0],
			.lanes = n[1],
			.memory = n[2] };
		ck_assert_int_eq(
		    s2k_derive(&s, "x", key, sizeof(key), &why), GW_REFUSED);
	}
}
END_TEST

/* Is there room for what the RFC's own samples ask? */
static bool
have_memory(unsigned long mib)
{
	return (unsigned long)sysconf(_SC_AVPHYS_PAGES) /
		   (1048576 / (unsigned long)sysconf(_SC_PAGESIZE)) >=
	       mib;
}

/* RFC 9580, A.12: the session key that the password of the sample opens. */
START_TEST(argon2_sample)
{
	static const char label[] = "Session key: ";
	struct buf text, raw;
	struct packet p;
	struct s2k s;
	struct why why;
	uint8_t key[16], want[16];
	gcry_cipher_hd_t h;
	const char *session;
	char hex[33];

	if (!have_memory(4096) ||
	    !forge_vector(
		"rnp/RFC9580/A.12.1.v4-skesk-argon2-aes128.asc", &text))
		return;
	ck_assert(buf_put_u8(&text, 0));
	ck_assert_ptr_nonnull(session = strstr((char *)text.data, label));
	snprintf(hex, sizeof(hex), "%s", session + strlen(label));
	ck_assert(hex_parse(hex, want, sizeof(want)));
	buf_init(&raw, 65536);
	ck_assert_int_eq(
	    armor_read("PGP MESSAGE", text.data, text.len - 1, &raw, &why),
	    GW_OK);
	ck_assert_int_eq(packet_next(&raw, &p, &why), GW_OK);
	ck_assert_int_eq(p.tag, PACKET_SKESK);
	ck_assert_int_eq(buf_get_u8(&p.body), 4);
	ck_assert_int_eq(buf_get_u8(&p.body), PACKET_AES128);
	ck_assert_int_eq(s2k_read(&p.body, &s, &why), GW_OK);
	ck_assert_uint_eq(buf_left(&p.body), 1 + sizeof(want));
	derives(&s, "password", key, sizeof(key));
	ck_assert_int_eq(
	    gcry_cipher_open(&h, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_CFB, 0),
	    0);
	ck_assert_int_eq(gcry_cipher_setkey(h, key, sizeof(key)), 0);
	ck_assert_int_eq(
	    gcry_cipher_decrypt(h, raw.data, 1 + sizeof(want),
		buf_take(&p.body, 1 + sizeof(want)), 1 + sizeof(want)),
	    0);
	gcry_cipher_close(h);
	ck_assert_int_eq(raw.data[0], PACKET_AES128);
	ck_assert_mem_eq(raw.data + 1, want, sizeof(want));
	buf_free(&raw);
	buf_free(&text);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* which lives in terabytes of addresses */
/* No memory is no verdict on the password. */
START_TEST(argon2_without_memory)
{
	struct s2k s = {
		.kind = S2K_ARGON2, .passes = 1, .lanes = 1, .memory = 20
	};
	struct rlimit limit = { 256 << 20, 256 << 20 };
	uint8_t key[32] = { 1 }, none[32] = { 0 };
	struct why why;

	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_int_eq(s2k_derive(&s, "x", key, sizeof(key), &why), GW_AGAIN);
	ck_assert_mem_eq(key, none, sizeof(key));
}
END_TEST
#endif

int
main(void)
{
	Suite *s = suite_create("s2k");
	TCase *t = tcase_create("s2k");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(0, &why) != GW_OK)
		return 1;
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, hashed_kinds, 0, HASHED);
	tcase_add_loop_test(t, unknown_means_no, 0, 6);
	tcase_add_loop_test(t, fresh, 0, 2);
	tcase_add_test(t, modern);
	tcase_add_test(t, pitfall_11_argon2_bombs);
	tcase_add_test(t, argon2_sample);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(t, argon2_without_memory);
#endif
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
