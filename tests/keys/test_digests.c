/* Goal: however a document is cut into pieces, and on whichever thread, each
 * hash is over the octets that the RFC says. */
#include "keys/keys.h"
#include "keys/messages/digests.h"
#include "keys/packets/second_thread.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LEN_MAX 4096

static const enum digests_form forms[] = { DIGESTS_BINARY, DIGESTS_TEXT,
	DIGESTS_CLEARTEXT };

static void
setup(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	(void)second_thread_start();
	srandom(20260301);
}

/* RFC 9580, 5.2.1.2 and 7.2, one octet after the other. */
static size_t
naive(enum digests_form form, const uint8_t *in, size_t n, uint8_t *out)
{
	size_t len = 0, line = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && (in[i] != '\n' || form == DIGESTS_BINARY)) {
			out[len++] = in[i];
			continue;
		}
		while (form == DIGESTS_CLEARTEXT && len > line &&
		       strchr(" \t\r", out[len - 1]) != NULL &&
		       out[len - 1] != '\0')
			len--;
		if (i == n)
			break;
		if (len == line || out[len - 1] != '\r')
			out[len++] = '\r';
		out[len++] = '\n';
		line = len;
	}
	return len;
}

/* Mostly what the forms care about. */
static size_t
make_text(uint8_t *to, size_t max)
{
	static const char common[] = "\n\n\r\r\n \t  -Fa\0\xc3\xa4";
	size_t n = (size_t)random() % max;

	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)common[(size_t)random() % sizeof(common)];
	return n;
}

static void
finish(struct digests *d, int hash, enum digests_form form, const void *salt,
    size_t salt_len, uint8_t *out, size_t len)
{
	gcry_md_hd_t md;
	struct why why;

	ck_assert_int_eq(
	    digests_running(d, hash, form, salt, salt_len, &md, &why), GW_OK);
	memcpy(out, gcry_md_read(md, 0), len);
	gcry_md_close(md);
}

static struct digests *
want_all(void)
{
	struct digests *d;
	struct why why;

	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	for (size_t f = 0; f < 3; f++)
		ck_assert_int_eq(
		    digests_want(d, PACKET_SHA256, forms[f], NULL, 0, &why),
		    GW_OK);
	return d;
}

static void
compare(struct digests *d, const uint8_t *text, size_t n)
{
	static uint8_t octets[2 * LEN_MAX];

	for (size_t f = 0; f < 3; f++) {
		size_t len = naive(forms[f], text, n, octets);
		uint8_t want[32], got[32];

		gcry_md_hash_buffer(GCRY_MD_SHA256, want, octets, len);
		finish(d, PACKET_SHA256, forms[f], NULL, 0, got, 32);
		ck_assert_msg(
		    memcmp(want, got, 32) == 0, "form %zu of %zu octets", f, n);
	}
}

START_TEST(random_pieces)
{
	static uint8_t text[LEN_MAX];

	for (int round = 0; round < 3000; round++) {
		size_t max = round % 3 == 0 ? LEN_MAX : 12;
		size_t n = make_text(text, max), at = 0;
		struct digests *d = want_all();

		while (at < n) {
			size_t part = 1 + (size_t)random() % (n - at);

			if (random() % 2 != 0 && part > 3)
				part = 1 + part % 3;
			digests_write(d, text + at, part);
			digests_settle(d);
			at += part;
		}
		compare(d, text, n);
		/* and what comes later counts from here */
		if (n + 3 < LEN_MAX) {
			memcpy(text + n, "x \n", 3);
			digests_write(d, text + n, 3);
			compare(d, text, n + 3);
		}
		digests_free(d);
	}
}
END_TEST

/* Pieces that are worth the second thread, two buffers by turns. */
START_TEST(large_pieces)
{
	enum { PIECE = 100000, COUNT = 40 };
	uint8_t *all = malloc((size_t)PIECE * COUNT);
	uint8_t *octets = malloc(2 * (size_t)PIECE * COUNT);
	uint8_t *half[2] = { malloc(PIECE), malloc(PIECE) };
	struct digests *d = want_all();

	for (size_t i = 0; i < (size_t)PIECE * COUNT; i++)
		all[i] = (uint8_t) " \t\r\nabcdefghijklmnop"[random() % 20];
	for (size_t i = 0; i < COUNT; i++) {
		memcpy(half[i % 2], all + i * PIECE, PIECE);
		digests_write(d, half[i % 2], PIECE);
	}
	for (size_t f = 0; f < 3; f++) {
		uint8_t want[32], got[32];

		gcry_md_hash_buffer(GCRY_MD_SHA256, want, octets,
		    naive(forms[f], all, (size_t)PIECE * COUNT, octets));
		finish(d, PACKET_SHA256, forms[f], NULL, 0, got, 32);
		ck_assert_mem_eq(want, got, 32);
	}
	digests_free(d);
	free(half[0]);
	free(half[1]);
	free(octets);
	free(all);
}
END_TEST

/* A salt comes before everything; each its own, equal ones once. */
START_TEST(salts)
{
	static const uint8_t one[16] = { 1 }, other[32] = { 2 };
	uint8_t plain[32], salted[32], wide[64], again[64], buffer[64 + 5];
	struct digests *d = want_all();
	gcry_md_hd_t md;
	struct why why;

	for (int i = 0; i < 30; i++) {
		ck_assert_int_eq(digests_want(d, PACKET_SHA256, DIGESTS_BINARY,
				     one, sizeof(one), &why),
		    GW_OK);
		ck_assert_int_eq(digests_want(d, PACKET_SHA512, DIGESTS_BINARY,
				     other, sizeof(other), &why),
		    GW_OK);
	}
	digests_write(d, "hello", 5);
	finish(d, PACKET_SHA256, DIGESTS_BINARY, NULL, 0, plain, 32);
	finish(d, PACKET_SHA256, DIGESTS_BINARY, one, 16, salted, 32);
	finish(d, PACKET_SHA512, DIGESTS_BINARY, other, 32, wide, 64);
	ck_assert(memcmp(plain, salted, 32) != 0);
	memcpy(buffer, one, 16);
	memcpy(buffer + 16, "hello", 5);
	gcry_md_hash_buffer(GCRY_MD_SHA256, again, buffer, 21);
	ck_assert_mem_eq(salted, again, 32);
	memcpy(buffer, other, 32);
	memcpy(buffer + 32, "hello", 5);
	gcry_md_hash_buffer(GCRY_MD_SHA512, again, buffer, 37);
	ck_assert_mem_eq(wide, again, 64);
	/* asked for what nobody wanted */
	ck_assert_int_eq(digests_running(d, PACKET_SHA256, DIGESTS_BINARY,
			     other, 32, &md, &why),
	    GW_NONE);
	ck_assert_int_eq(digests_running(d, PACKET_SHA384, DIGESTS_BINARY, NULL,
			     0, &md, &why),
	    GW_NONE);
	digests_free(d);
}
END_TEST

/* Hashes that are none, and more than anybody needs. */
START_TEST(refusals)
{
	struct digests *d;
	struct why why;
	uint8_t salt[33] = { 0 };
	size_t n = 0;

	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	ck_assert_int_eq(
	    digests_want(d, 99, DIGESTS_BINARY, NULL, 0, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
	ck_assert_int_eq(digests_want(d, PACKET_SHA256, DIGESTS_BINARY, salt,
			     sizeof(salt), &why),
	    GW_REFUSED);
	while (n < 1000) {
		salt[0] = (uint8_t)n++;
		if (digests_want(d, PACKET_SHA256, DIGESTS_BINARY, salt, 16,
			&why) != GW_OK)
			break;
	}
	ck_assert_uint_eq(n, DIGESTS_MAX + 1);
	ck_assert_int_eq(why.reason, REASON_MALFORMED);
	digests_free(d);
	digests_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("digests");
	TCase *t = tcase_create("digests");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, random_pieces);
	tcase_add_test(t, large_pieces);
	tcase_add_test(t, salts);
	tcase_add_test(t, refusals);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
