/* tests/keys/test_librepgp.c - GnuPG's own packet 20 opens, and each wrong
 * spelling of it is refused. */
#include "tests/keys/craft.h"

#include "keys/messages/seipd.h"

static const char text[] = "UNA:+.? 'UNB+UNOC:3+ALDER+BIRCH'\n";

#define OCB(octet)                                                             \
	{                                                                      \
		PACKET_AES256, PACKET_OCB, octet, GCRY_CIPHER_AES256,          \
		    GCRY_CIPHER_MODE_OCB, 32, 15, .librepgp = 1                \
	}
#define EAX(octet)                                                             \
	{                                                                      \
		PACKET_AES256, PACKET_EAX, octet, GCRY_CIPHER_AES256,          \
		    GCRY_CIPHER_MODE_EAX, 32, 16, .librepgp = 1                \
	}

static const struct unseal_request ours = { .unwrap = craft_unwrap };

static struct buf
new_buf(void)
{
	struct buf b;

	buf_init(&b, CRAFT_MAX);
	return b;
}

static void
opens(const struct craft_chunks *k, const struct buf *inside, const void *data,
    size_t len)
{
	struct buf msg = craft_wrap(k, inside);

	craft_gives(&ours, &msg, data, len);
	buf_free(&msg);
}

static void
refused(struct craft_chunks k, const struct buf *inside, enum gw_reason reason)
{
	struct buf msg = craft_wrap(&k, inside);

	craft_denies(&ours, msg.data, msg.len, reason);
	buf_free(&msg);
}

/* Around the borders of chunks, and GnuPG's chunk size, octet 16. */
START_TEST(sizes)
{
	static const struct craft_chunks all[] = { OCB(0), OCB(16), EAX(0),
		EAX(4) };
	uint8_t data[1100];

	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t n = 0; n < sizeof(data); n += n < 130 ? 1 : 97) {
			struct buf inside = new_buf();

			craft_signed(&inside, "x", data, n);
			opens(&all[i], &inside, data, n);
			buf_free(&inside);
		}
}
END_TEST

START_TEST(wrong_chunks)
{
	static const struct craft_chunks all[] = { OCB(0), EAX(0) };
	struct buf inside = new_buf();
	uint8_t data[64 * 5];

	memset(data, 'x', sizeof(data));
	craft_literal(&inside, "", data, sizeof(data) - 9);
	ck_assert_uint_eq(inside.len, sizeof(data));
	for (size_t i = 0; i < 2; i++) {
		struct craft_chunks k = all[i];

		opens(&k, &inside, data, sizeof(data) - 9);
		k.no_final = 1;
		refused(k, &inside, REASON_DAMAGED);
		k = all[i];
		k.swap = 1;
		refused(k, &inside, REASON_DAMAGED);
		k = all[i];
		k.drop = 1;
		refused(k, &inside, REASON_DAMAGED);
		k = all[i];
		k.empty_last = 1;
		refused(k, &inside, REASON_DAMAGED);
	}
	buf_free(&inside);
}
END_TEST

/* Version, cipher, mode and chunk octet stand in clear; each is bounded. */
START_TEST(unsupported)
{
	static const struct craft_chunks k = OCB(0);
	static const uint8_t is[] = { 1, PACKET_AES256, PACKET_OCB, 0 };
	static const uint8_t bad[] = { 2, 2, PACKET_GCM, 17 };
	struct buf inside = new_buf(), msg;
	size_t at;

	craft_literal(&inside, "", text, 5);
	msg = craft_wrap(&k, &inside);
	at = msg.len - 32 - inside.len - LIBREPGP_HEAD_LEN;
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(msg.data[at + i], is[i]);
		msg.data[at + i] = bad[i];
		craft_denies(&ours, msg.data, msg.len, REASON_UNSUPPORTED);
		msg.data[at + i] = is[i];
	}
	/* another cipher than the one that came with the session key */
	msg.data[at + 1] = PACKET_AES128;
	craft_denies(&ours, msg.data, msg.len, REASON_DAMAGED);
	msg.data[at + 1] = PACKET_AES256;
	craft_gives(&ours, &msg, text, 5);
	buf_free(&msg);
	buf_free(&inside);
}
END_TEST

/* Our own writer makes what the reader takes. */
START_TEST(writer)
{
	static const size_t lengths[] = { 1, 20, 4095, 4096, 4097, 20000 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t n = lengths[i], off = 0;
		struct buf inside = new_buf(), body = new_buf(), key, msg;
		uint8_t *data = calloc(1, n), *at;
		struct seipd_writer w;
		struct why why;

		craft_signed(&inside, "x", data, n);
		buf_view(&key, craft_key, 32);
		at = buf_room(&body, inside.len * 2 + 1000);
		ck_assert_int_eq(librepgp_start(&w, &key, 6, at, &why), GW_OK);
		buf_grew(&body, LIBREPGP_HEAD_LEN);
		while (off < inside.len) {
			size_t part =
			    inside.len - off < 4096 ? inside.len - off : 4096;

			ck_assert_int_eq(librepgp_chunk(&w, inside.data + off,
					     part, body.data + body.len, &why),
			    GW_OK);
			buf_grew(&body, part + 16);
			off += part;
		}
		ck_assert_int_eq(
		    librepgp_finish(&w, body.data + body.len, &why), GW_OK);
		buf_grew(&body, 16);
		seipd_writer_close(&w);
		msg = new_buf();
		craft_pkesk(&msg, 3, CRAFT_OURS);
		craft_packet(&msg, BODY_LIBREPGP_AEAD, body.data, body.len);
		craft_gives(&ours, &msg, data, n);
		buf_free(&msg);
		buf_free(&body);
		buf_free(&inside);
		free(data);
	}
}
END_TEST

/* Session keys of version 3 only; inside, the same grammar as everywhere. */
START_TEST(around_and_inside)
{
	static const struct craft_chunks k = OCB(0);
	struct buf inside = new_buf(), body, msg = new_buf();

	craft_literal(&inside, "", text, 5);
	body = craft_seipd2(&k, &inside);
	craft_pkesk(&msg, 6, CRAFT_OURS);
	craft_packet(&msg, BODY_LIBREPGP_AEAD, body.data, body.len);
	craft_denies(&ours, msg.data, msg.len, REASON_NOT_FOR_US);
	buf_free(&msg);
	buf_free(&body);
	craft_literal(&inside, "", text, 5);
	refused(k, &inside, REASON_MALFORMED);
	buf_free(&inside);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("librepgp");
	TCase *t = tcase_create("librepgp");
	SRunner *r;
	int failed;

	gcry_check_version(NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, sizes);
	tcase_add_test(t, wrong_chunks);
	tcase_add_test(t, unsupported);
	tcase_add_test(t, writer);
	tcase_add_test(t, around_and_inside);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
