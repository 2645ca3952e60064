/* Goal: a message is enciphered with what every recipient lists (RFC 9580,
 * 5.2.3.14 and 5.2.3.15): AES-256, or AES-128, which everybody must read. */
#include "tests/keys/craft.h"
#include "tests/keys/forge.h"

#include "keys/keys.h"
#include "keys/messages/seal.h"

static struct forge_key primary, encrypter;

static void
make_keys(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	forge_ed25519(&primary, FORGE_BORN);
	forge_curve25519(&encrypter, FORGE_BORN);
}

static void
close_keys(void)
{
	forge_close(&primary);
	forge_close(&encrypter);
}

/* A certificate whose owner says this, and nothing else, of ciphers. */
static struct cert *
cert_listing(const char *subpackets, size_t len)
{
	struct forge_sig self = { .type = PACKET_SIG_DIRECT,
		.signer = &primary,
		.flags = PACKET_FLAG_CERTIFY,
		.features = PACKET_FEATURE_SEIPD1 | PACKET_FEATURE_SEIPD2,
		.hashed = subpackets,
		.hashed_len = len };
	struct forge_sig bind = { .type = PACKET_SIG_SUBKEY,
		.signer = &primary,
		.subkey = &encrypter,
		.flags = PACKET_FLAG_ENCRYPT_COMM };
	struct cert *c;
	struct buf text;
	struct why why;

	buf_init(&text, 65536);
	forge_key_packet(&text, PACKET_PUBLIC_KEY, &primary);
	forge_sign(&text, &primary, &self);
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &encrypter);
	forge_sign(&text, &primary, &bind);
	ck_assert_int_eq(cert_parse(text.data, text.len, &c, &why), GW_OK);
	buf_free(&text);
	return c;
}

static const struct {
	const char *what;
	const char *listed;
	size_t len;
	int seipd1, seipd2;
} lists[] = {
	{ "nothing", NULL, 0, PACKET_AES128, PACKET_AES128 },
	{ "AES-128", "\x02\x0b\x07", 3, PACKET_AES128, PACKET_AES128 },
	{ "AES-128 and AES-256", "\x03\x0b\x07\x09", 4, PACKET_AES256,
	    PACKET_AES128 },
	{ "AES-256 with OCB", "\x03\x27\x09\x02", 4, PACKET_AES128,
	    PACKET_AES256 },
	{ "AES-256 with GCM only", "\x03\x27\x09\x03", 4, PACKET_AES128,
	    PACKET_AES128 },
};

static int
cipher_for(const struct cert *const *to, size_t n, enum seal_container kind)
{
	struct seal_request q = { .recipients = to,
		.recipient_count = n,
		.container = kind,
		.signing = { .when = FORGE_NOW } };
	struct seal_result r = { 0 };
	int in = craft_file("order", 5), out = memfd_create("sealed", 0);
	struct why why;

	ck_assert_msg(
	    seal_stream(&q, in, out, &r, &why) == GW_OK, "%s", why.text);
	close(out);
	close(in);
	return r.session_cipher;
}

START_TEST(as_listed)
{
	struct cert *one = cert_listing(lists[_i].listed, lists[_i].len);
	struct cert *all = cert_listing("\x02\x0b\x09\x03\x27\x09\x02", 7);
	const struct cert *c = one, *both[2] = { all, one };

	ck_assert_int_eq(cipher_for(&c, 1, SEAL_SEIPD1), lists[_i].seipd1);
	ck_assert_int_eq(cipher_for(&c, 1, SEAL_SEIPD2), lists[_i].seipd2);
	/* One who does not list it decides for all. */
	ck_assert_int_eq(cipher_for(both, 1, SEAL_SEIPD2), PACKET_AES256);
	ck_assert_int_eq(cipher_for(both, 2, SEAL_SEIPD1), lists[_i].seipd1);
	ck_assert_int_eq(cipher_for(both, 2, SEAL_SEIPD2), lists[_i].seipd2);
	cert_free(one);
	cert_free(all);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("seal_cipher");
	TCase *t = tcase_create("cipher");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, make_keys, close_keys);
	tcase_add_loop_test(
	    t, as_listed, 0, (int)(sizeof(lists) / sizeof(lists[0])));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
