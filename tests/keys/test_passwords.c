/* tests/keys/test_passwords.c - a message opens with its password, by every
 * kind of packet that may carry one, and not with another. */
#include "tests/keys/skesk.h"

#include "keys/messages/esk.h"

static const char text[] = "UNA:+.? 'UNB+UNOC:3+ALDER+BIRCH'\n";
static const char *const right[] = { "open sesame" };
static const char *const wrong[] = { "open barley" };

static struct buf
new_buf(void)
{
	struct buf b;

	buf_init(&b, CRAFT_MAX);
	return b;
}

static struct unseal_request
with(const char *const *passwords, size_t count)
{
	return (struct unseal_request){ .passwords = passwords,
		.password_count = count };
}

static const struct {
	struct skesk skesk;
	int packet;
} kinds[] = {
	{ { 4, PACKET_AES256, 0, true, 0, 0 }, 1 },
	{ { 4, PACKET_AES256, 0, false, 0, 0 }, 1 },
	{ { 4, PACKET_AES128, 0, false, 0, 0 }, 1 },
	{ { 4, PACKET_AES192, 0, false, S2K_SALTED, PACKET_SHA512 }, 1 },
	{ { 4, PACKET_AES256, 0, true, S2K_SALTED, PACKET_SHA1 }, 1 },
	{ { 4, PACKET_AES256, 0, true, S2K_ARGON2, 0 }, 1 },
	{ { 6, PACKET_AES256, PACKET_OCB, false, 0, 0 }, 2 },
	{ { 6, PACKET_AES128, PACKET_EAX, false, S2K_ARGON2, 0 }, 2 },
	{ { 6, PACKET_AES192, PACKET_GCM, false, 0, 0 }, 2 },
	{ { 4, PACKET_AES256, 0, true, 0, 0 }, 20 },
	{ { 4, PACKET_AES128, 0, false, 0, 0 }, 20 },
	{ { 5, PACKET_AES256, PACKET_OCB, false, 0, 0 }, 20 },
	{ { 5, PACKET_AES128, PACKET_EAX, false, 0, 0 }, 20 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct buf
message(size_t kind, const char *password)
{
	struct buf msg = new_buf();
	uint8_t session[32];

	memcpy(session, craft_key, 32);
	craft_skesk(&msg, &kinds[kind].skesk, password, session);
	craft_data(&msg, kinds[kind].packet, session, text, sizeof(text));
	return msg;
}

START_TEST(each_kind)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct buf msg = message(i, right[0]);
		struct unseal_request q = with(right, 1), none = with(NULL, 0);
		struct unseal_request bad = with(wrong, 1);

		craft_gives(&q, &msg, text, sizeof(text));
		craft_denies(&bad, msg.data, msg.len, REASON_DAMAGED);
		craft_denies(&none, msg.data, msg.len, REASON_NOT_FOR_US);
		buf_free(&msg);
	}
}
END_TEST

/* A wrong password, a forged key packet and damaged data look alike. */
START_TEST(one_answer)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct buf msg = message(i, right[0]);
		struct unseal_request q = with(right, 1), bad = with(wrong, 1);
		struct unseal_result r;
		struct why said, why;

		ck_assert_int_eq(
		    craft_ask(&bad, msg.data, msg.len, &r, NULL, &said),
		    GW_REFUSED);
		unseal_result_free(&r);
		for (size_t at = msg.len - 20; at < msg.len; at += 5) {
			msg.data[at] ^= 4;
			ck_assert_int_eq(
			    craft_ask(&q, msg.data, msg.len, &r, NULL, &why),
			    GW_REFUSED);
			unseal_result_free(&r);
			ck_assert_int_eq(why.reason, said.reason);
			ck_assert_str_eq(why.text, said.text);
			msg.data[at] ^= 4;
		}
		buf_free(&msg);
	}
}
END_TEST

/*
 * Eight passwords and eight packets: whichever fit, they open it.  In
 * version 4 every one of the other 63 pairs gives a wrong key, too.
 */
START_TEST(many)
{
	static const char *const passwords[] = { "1", "2", "3", "4", "5", "6",
		"7", "8" };

	for (size_t i = 0; i < KINDS; i++) {
		struct unseal_request q = with(passwords, 8);
		struct unseal_request all_wrong = with(wrong, 1);
		struct buf msg = new_buf();
		uint8_t session[32], own[32];

		for (int at = 0; at < 8; at++) {
			memset(session, at, 32);
			craft_skesk(&msg, &kinds[i].skesk,
			    at == 5 ? passwords[7] : "none", session);
			if (at == 5)
				memcpy(own, session, 32);
		}
		craft_data(&msg, kinds[i].packet, own, text, sizeof(text));
		craft_gives(&q, &msg, text, sizeof(text));
		craft_denies(&all_wrong, msg.data, msg.len, REASON_DAMAGED);
		buf_free(&msg);
	}
}
END_TEST

/* Longer than what is read ahead to find the key, and through a pipe. */
START_TEST(large)
{
	static const int which[] = { 0, 6, 9 };
	size_t len = 3000000;
	uint8_t *data = calloc(1, len);
	static const char *const two[] = { "open barley", "open sesame" };

	for (int i = 0; i < 3; i++) {
		struct unseal_request q = with(two, 2);
		struct buf msg = new_buf();
		uint8_t session[32];
		const struct skesk *k = &kinds[which[i]].skesk;

		/* One chunk takes no more. */
		len = which[i] == 0 ? 3000000 : 260000;
		memcpy(session, craft_key, 32);
		craft_skesk(&msg, k, right[0], session);
		craft_data(&msg, kinds[which[i]].packet, session, data, len);
		craft_gives(&q, &msg, data, len);
		buf_free(&msg);
	}
	free(data);
}
END_TEST

/* RFC 9580, 10.3.2.1: each version of SKESK with its encrypted data only. */
START_TEST(versions_must_fit)
{
	static const struct {
		struct skesk skesk;
		int packet;
	} pairs[] = {
		{ { 4, PACKET_AES256, 0, false, 0, 0 }, 2 },
		{ { 5, PACKET_AES256, PACKET_OCB, false, 0, 0 }, 1 },
		{ { 5, PACKET_AES256, PACKET_OCB, false, 0, 0 }, 2 },
		{ { 6, PACKET_AES256, PACKET_OCB, false, 0, 0 }, 1 },
		{ { 6, PACKET_AES256, PACKET_OCB, false, 0, 0 }, 20 },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct unseal_request q = with(right, 1);
		struct buf msg = new_buf();
		uint8_t session[32];

		memcpy(session, craft_key, 32);
		craft_skesk(&msg, &pairs[i].skesk, right[0], session);
		craft_data(&msg, pairs[i].packet, session, text, sizeof(text));
		craft_denies(&q, msg.data, msg.len, REASON_UNSUPPORTED);
		buf_free(&msg);
	}
}
END_TEST

/* Weak or costly: version 6 takes neither SHA-1 nor the unsalted kind, and
 * nobody takes Argon2 over 4 GiB, nor a message with 2 GiB times nine. */
START_TEST(weak_and_costly)
{
	static const struct skesk weak = { 6, PACKET_AES256, PACKET_OCB, false,
		0, PACKET_SHA1 };
	static const uint8_t dear[] = { 4, 9, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0,
		1, 2, 3, 4, 5, 6, 1, 4, 22 };
	struct unseal_request q = with(right, 1);
	struct buf msg = new_buf();
	uint8_t session[32];

	memcpy(session, craft_key, 32);
	craft_skesk(&msg, &weak, right[0], session);
	craft_data(&msg, 2, session, text, sizeof(text));
	craft_denies(&q, msg.data, msg.len, REASON_UNSUPPORTED);
	buf_reset(&msg);
	craft_packet(&msg, BODY_SKESK, dear, sizeof(dear));
	craft_data(&msg, 1, session, text, sizeof(text));
	craft_denies(&q, msg.data, msg.len, REASON_TOO_LARGE);
	buf_free(&msg);
}
END_TEST

START_TEST(budget)
{
	static const uint8_t body[] = { 4, 9, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0,
		1, 2, 3, 4, 5, 6, 1, 1, 3 };
	uint64_t left = 8 + 7; /* KiB times passes */
	uint8_t key[32];
	size_t len;
	int cipher;
	struct why why;

	ck_assert_int_eq(skesk_open(body, sizeof(body), ESK_FOR_SEIPD1,
			     right[0], &left, &cipher, key, &len, &why),
	    GW_OK);
	ck_assert_uint_eq(left, 7);
	ck_assert_int_eq(skesk_open(body, sizeof(body), ESK_FOR_SEIPD1,
			     right[0], &left, &cipher, key, &len, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_TOO_LARGE);
}
END_TEST

/* Every octet of an SKESK, changed or cut off: it opens no more. */
START_TEST(flipped_and_cut)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct buf packet = new_buf(), msg = message(i, right[0]), view;
		struct packet p;
		struct why why;
		size_t head;

		buf_view(&view, msg.data, msg.len);
		ck_assert_int_eq(packet_next(&view, &p, &why), GW_OK);
		head = view.pos;
		for (size_t bit = 0; bit < p.body.len * 8; bit++) {
			struct unseal_request q = with(right, 1);
			size_t at = 2 + bit / 8;

			/* An Argon2 of gigabytes is another test's. */
			if (kinds[i].skesk.kind == S2K_ARGON2 && bit / 8 > 16 &&
			    bit / 8 < 26)
				continue;
			msg.data[at] ^= (uint8_t)(1 << bit % 8);
			craft_denies(&q, msg.data, msg.len, REASON_NONE);
			msg.data[at] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t n = 0; n < p.body.len; n++) {
			struct unseal_request q = with(right, 1);

			buf_reset(&packet);
			craft_packet(&packet, BODY_SKESK, p.body.data, n);
			buf_put(&packet, msg.data + head, msg.len - head);
			craft_denies(&q, packet.data, packet.len, REASON_NONE);
		}
		buf_free(&packet);
		buf_free(&msg);
	}
}
END_TEST

/* The caller's own session key, and the one that is told. */
START_TEST(session_key)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct buf msg = message(i, right[0]), key;
		struct unseal_request q = with(right, 1), by_key = { 0 };
		struct unseal_result r, r2;
		struct why why;
		int cipher;

		ck_assert_int_eq(
		    craft_ask(&q, msg.data, msg.len, &r, NULL, &why), GW_OK);
		ck_assert_uint_eq(r.session_key.len, 32);
		cipher = r.session_cipher;
		ck_assert_int_eq(cipher, PACKET_AES256);
		by_key.session_key = &r.session_key;
		by_key.session_cipher = cipher;
		craft_gives(&by_key, &msg, text, sizeof(text));
		ck_assert_int_eq(
		    craft_ask(&by_key, msg.data, msg.len, &r2, NULL, &why),
		    GW_OK);
		ck_assert_mem_eq(r2.session_key.data, r.session_key.data, 32);
		unseal_result_free(&r2);
		by_key.session_cipher = PACKET_AES128; /* of another length */
		craft_denies(&by_key, msg.data, msg.len, REASON_DAMAGED);
		by_key.session_cipher = 0;
		if (kinds[i].packet == 1)
			craft_denies(
			    &by_key, msg.data, msg.len, REASON_DAMAGED);
		else
			craft_gives(&by_key, &msg, text, sizeof(text));
		by_key.session_cipher = cipher;
		r.session_key.data[3] ^= 1;
		craft_denies(&by_key, msg.data, msg.len, REASON_DAMAGED);
		buf_view(&key, r.session_key.data, 31);
		by_key.session_key = &key;
		craft_denies(&by_key, msg.data, msg.len, REASON_DAMAGED);
		unseal_result_free(&r);
		buf_free(&msg);
	}
}
END_TEST

/* A private key goes first, then passwords. */
START_TEST(beside_keys)
{
	struct unseal_request q = with(right, 1);
	struct buf msg = new_buf();
	uint8_t session[32];

	memcpy(session, craft_key, 32);
	craft_pkesk(&msg, 3, CRAFT_OURS);
	craft_skesk(&msg, &kinds[1].skesk, "another", session);
	craft_data(&msg, 1, session, text, sizeof(text));
	q.unwrap = craft_unwrap;
	craft_gives(&q, &msg, text, sizeof(text));
	q.unwrap = NULL;
	craft_denies(&q, msg.data, msg.len, REASON_DAMAGED);
	buf_reset(&msg);
	craft_pkesk(&msg, 3, 99);
	craft_skesk(&msg, &kinds[1].skesk, right[0], session);
	craft_data(&msg, 1, session, text, sizeof(text));
	q.unwrap = craft_unwrap;
	craft_gives(&q, &msg, text, sizeof(text));
	buf_free(&msg);
}
END_TEST

/* RFC 9580, A.9 and A.10 (A.12 costs 2 GiB of memory each); and GnuPG's own samples. */
START_TEST(vectors)
{
	static const struct {
		const char *file, *says;
	} samples[] = {
		{ "rnp/RFC9580/A.9.5.v6_skesk_eax.asc", "Hello, world!" },
		{ "rnp/RFC9580/A.10.5.v6_skesk_ocb.asc", "Hello, world!" },
		{ "gnupg/tests/openpgp/samplemsgs/enc-sym-cfb-1.asc",
		    "Hello, world!\n" },
		{ "gnupg/tests/openpgp/samplemsgs/enc-sym-cfb-2.asc",
		    "Hello, world!\n" },
		{ "gnupg/tests/openpgp/samplemsgs/enc-sym-ocb-1.asc",
		    "Hello, world!\n" },
		{ "gnupg/tests/openpgp/samplemsgs/enc-sym-ocb-2.asc",
		    "Hello, world!\n" },
	};
	static const char *const password[] = { "password" };

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct unseal_request q = with(password, 1);
		struct unseal_request bad = with(wrong, 1);
		struct buf msg;

		if (!craft_vector(samples[i].file, &msg))
			return;
		craft_gives(&q, &msg, samples[i].says, strlen(samples[i].says));
		craft_denies(&bad, msg.data, msg.len, REASON_DAMAGED);
		buf_free(&msg);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("passwords");
	TCase *t = tcase_create("passwords");
	SRunner *r;
	int failed;

	gcry_check_version(NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, each_kind);
	tcase_add_test(t, one_answer);
	tcase_add_test(t, many);
	tcase_add_test(t, large);
	tcase_add_test(t, versions_must_fit);
	tcase_add_test(t, weak_and_costly);
	tcase_add_test(t, budget);
	tcase_add_test(t, flipped_and_cut);
	tcase_add_test(t, session_key);
	tcase_add_test(t, beside_keys);
	tcase_add_test(t, vectors);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
