/* Goal: the table of what is good enough says what it should, on both sides of
 * each of its dates. */
#include "keys/certs/policy.h"
#include "keys/keys.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define YEAR_2014 ((time_t)1391212800)  /* 2014-02-01 */
#define YEAR_2031 ((time_t)1924992000)  /* 2031-01-01 */
#define LATE      ((time_t)32503680000) /* the year 3000 */

/* Until when is it accepted?  0: never; LATE: as long as we looked. */
#define NEVER ((time_t)0)

static const struct hash_row {
	int id;
	time_t data, self, revocation;
} hashes[] = {
	{ PACKET_SHA256, LATE, LATE, LATE },
	{ PACKET_SHA384, LATE, LATE, LATE },
	{ PACKET_SHA512, LATE, LATE, LATE },
	{ PACKET_SHA3_256, LATE, LATE, LATE },
	{ PACKET_SHA3_512, LATE, LATE, LATE },
	{ PACKET_SHA224, NEVER, LATE, LATE },
	{ PACKET_SHA1, NEVER, YEAR_2014, LATE },
	{ PACKET_RIPEMD160, NEVER, NEVER, NEVER },
	{ PACKET_MD5, NEVER, NEVER, NEVER },
	{ 0, NEVER, NEVER, NEVER },
	{ 4, NEVER, NEVER, NEVER },
	{ 13, NEVER, NEVER, NEVER },
	{ 110, NEVER, NEVER, NEVER },
	{ -1, NEVER, NEVER, NEVER },
};

static void
until(int hash, enum policy_use use, time_t end)
{
	const time_t times[] = { 0, 1, YEAR_2014 - 1, YEAR_2014, YEAR_2031 - 1,
		YEAR_2031, LATE - 1 };
	struct why why;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		enum gw_status st = policy_hash(hash, use, times[i], &why);

		ck_assert_msg(st == (times[i] < end ? GW_OK : GW_REFUSED),
		    "hash %d, use %d, at %lld", hash, use, (long long)times[i]);
		if (st != GW_OK)
			ck_assert(why.reason == REASON_WEAK ||
				  why.reason == REASON_UNSUPPORTED);
	}
}

START_TEST(pitfall_07_hashes)
{
	const struct hash_row *h = &hashes[_i];

	until(h->id, POLICY_DATA, h->data);
	until(h->id, POLICY_SELF, h->self);
	until(h->id, POLICY_REVOCATION, h->revocation);
}
END_TEST

static const struct key_row {
	int algorithm;
	unsigned bits;
	time_t data, self, revocation, encrypt;
} keys[] = {
	{ PACKET_RSA, 0, NEVER, NEVER, NEVER, NEVER },
	{ PACKET_RSA, 1024, NEVER, NEVER, NEVER, NEVER },
	{ PACKET_RSA, 2047, NEVER, NEVER, NEVER, NEVER },
	{ PACKET_RSA, 2048, YEAR_2031, YEAR_2031, LATE, NEVER },
	{ PACKET_RSA, 3071, YEAR_2031, YEAR_2031, LATE, NEVER },
	{ PACKET_RSA, 3072, LATE, LATE, LATE, LATE },
	{ PACKET_RSA, 16384, LATE, LATE, LATE, LATE },
	{ PACKET_RSA_SIGN, 2047, NEVER, NEVER, NEVER, NEVER },
	{ PACKET_RSA_SIGN, 2048, YEAR_2031, YEAR_2031, LATE, NEVER },
	{ PACKET_RSA_ENCRYPT, 2048, YEAR_2031, YEAR_2031, LATE, NEVER },
	{ PACKET_RSA_ENCRYPT, 3072, LATE, LATE, LATE, LATE },
	{ PACKET_DSA, 3072, NEVER, NEVER, NEVER, NEVER },
	{ PACKET_ELGAMAL, 4096, NEVER, NEVER, NEVER, NEVER },
	{ 20, 4096, NEVER, NEVER, NEVER, NEVER },
	{ 0, 4096, NEVER, NEVER, NEVER, NEVER },
	{ 21, 4096, NEVER, NEVER, NEVER, NEVER },
	{ PACKET_EDDSA, 255, LATE, LATE, LATE, LATE },
	{ PACKET_ECDH, 255, LATE, LATE, LATE, LATE },
	{ PACKET_ECDSA, 256, LATE, LATE, LATE, LATE },
	{ PACKET_ED25519, 255, LATE, LATE, LATE, LATE },
	{ PACKET_X25519, 255, LATE, LATE, LATE, LATE },
	{ PACKET_ED448, 448, LATE, LATE, LATE, LATE },
	{ PACKET_X448, 448, LATE, LATE, LATE, LATE },
	{ PACKET_MLDSA65_ED25519, 0, LATE, LATE, LATE, LATE },
	{ PACKET_MLKEM768_X25519, 0, LATE, LATE, LATE, LATE },
};

START_TEST(pitfall_07_keys)
{
	const struct key_row *k = &keys[_i];
	const time_t ends[POLICY_USES] = { k->data, k->self, k->revocation,
		k->encrypt };
	const time_t times[] = { 0, YEAR_2014, YEAR_2031 - 1, YEAR_2031,
		LATE - 1 };
	struct pk pk = { .algorithm = k->algorithm, .bits = k->bits };
	struct why why;

	for (int use = 0; use < POLICY_USES; use++)
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
			ck_assert_msg(
			    policy_key(
				&pk, (enum policy_use)use, times[i], &why) ==
				(times[i] < ends[use] ? GW_OK : GW_REFUSED),
			    "algorithm %d of %u bits, use %d, at %lld",
			    k->algorithm, k->bits, use, (long long)times[i]);
}
END_TEST

START_TEST(pitfall_07_ciphers)
{
	struct why why;

	for (int c = -1; c < 256; c++) {
		bool aes = c >= PACKET_AES128 && c <= PACKET_AES256;

		ck_assert_int_eq(policy_cipher(c, &why) == GW_OK, aes);
		if (!aes)
			ck_assert_int_eq(why.reason, c >= 1 && c <= 4
							 ? REASON_WEAK
							 : REASON_UNSUPPORTED);
	}
}
END_TEST

/* The reason is told. */
START_TEST(words)
{
	struct pk dsa = { .algorithm = PACKET_DSA };
	struct why why;

	ck_assert_int_eq(
	    policy_hash(PACKET_SHA1, POLICY_DATA, 0, &why), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(why.text, "SHA-1"));
	ck_assert_int_eq(policy_key(&dsa, POLICY_DATA, 0, &why), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(why.text, "DSA"));
	ck_assert_int_eq(policy_cipher(2, &why), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(why.text, "3DES"));
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(a[0])))

int
main(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(0, &why) != GW_OK)
		return 1;
	tcase_add_loop_test(t, pitfall_07_hashes, 0, COUNT(hashes));
	tcase_add_loop_test(t, pitfall_07_keys, 0, COUNT(keys));
	tcase_add_test(t, pitfall_07_ciphers);
	tcase_add_test(t, words);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
