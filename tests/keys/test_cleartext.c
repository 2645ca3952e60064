/* tests/keys/test_cleartext.c - signed texts (RFC 9580, 7): what was signed
 * comes out, and nothing can stand beside it. */
#include "gateway/base/clock.h"
#include "keys/keys.h"
#include "keys/messages/sign.h"
#include "keys/packets/armor.h"
#include "tests/keys/party.h"

static struct party alder;

static void
setup(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	clock_fake((int64_t)NOW * 1000);
	alder = party_new("Alder", false);
}

static void
teardown(void)
{
	party_free(&alder);
}

#define BEGIN "-----BEGIN PGP SIGNED MESSAGE-----\n"
#define HASH  "Hash: SHA256\n\n"
#define SIG   "@" /* the signatures' armor goes here */

static const struct unseal_request asks = { .shapes = 1u << UNSEAL_CLEARTEXT };

/* An armored signature by alder over these octets, which are canonical. */
static struct buf
signature(const void *canonical, size_t len, int type)
{
	struct buf packet, numbers, text;
	struct sig_build b;
	struct why why;
	gcry_md_hd_t md;
	const struct pk *key = cert_sign_key(alder.cert, NOW, &why);

	buf_init(&packet, 4096);
	buf_init(&numbers, 4096);
	buf_init(&text, 8192);
	sig_build_init(&b, type, key, PACKET_SHA256, NOW);
	ck_assert_int_eq(sig_build_md_open(&b, &md, &why), GW_OK);
	gcry_md_write(md, canonical, len);
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	gcry_md_close(md);
	ck_assert_int_eq(party_sign(&alder, key->hex, PACKET_SHA256, b.digest,
			     b.digest_len, &numbers, &why),
	    GW_OK);
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, &packet, &why),
	    GW_OK);
	ck_assert_int_eq(
	    armor_write(ARMOR_SIGNATURE, packet.data, packet.len, &text, &why),
	    GW_OK);
	sig_build_close(&b);
	buf_free(&numbers);
	buf_free(&packet);
	return text;
}

/* The text with the signature where the mark stands. */
static struct buf
message(const char *text, size_t len, const struct buf *sig)
{
	struct buf msg;
	const char *mark = memchr(text, *SIG, len);
	size_t before = mark != NULL ? (size_t)(mark - text) : len;

	buf_init(&msg, CRAFT_MAX);
	buf_put(&msg, text, before);
	if (mark != NULL) {
		buf_put(&msg, sig->data, sig->len);
		buf_put(&msg, mark + 1, len - before - 1);
	}
	return msg;
}

/* What verify_each() says of the only signature, over what came out. */
static enum gw_status
verdict(const struct unseal_result *r, const struct buf *plain)
{
	const struct cert *certs[] = { alder.cert };
	struct verify_one one[VERIFY_MAX];
	struct digests *d;
	struct why why;
	size_t n;

	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	ck_assert_int_eq(
	    verify_want(d, r->signatures.data, r->signatures.len, true, &why),
	    GW_OK);
	digests_write(d, plain->data, plain->len);
	digests_settle(d);
	ck_assert_int_eq(verify_each(certs, 1, r->signatures.data,
			     r->signatures.len, true, d, NOW, one, &n, &why),
	    GW_OK);
	ck_assert_uint_eq(n, 1);
	digests_free(d);
	return one[0].verdict;
}

/* It opens, gives these octets, and the signature fits them. */
static void
good(const struct buf *msg, const void *data, size_t len)
{
	struct unseal_result r;
	struct buf plain;
	struct why why = { REASON_NONE, "" };
	enum gw_status st =
	    craft_ask(&asks, msg->data, msg->len, &r, &plain, &why);

	ck_assert_msg(st == GW_OK, "%s: %s", reason_code(why.reason), why.text);
	ck_assert_int_eq(r.shape, UNSEAL_CLEARTEXT);
	ck_assert_uint_eq(r.plain_size, len);
	ck_assert_msg(plain.len == len &&
			  (len == 0 || memcmp(plain.data, data, len) == 0),
	    "\"%.*s\" came out", (int)plain.len, plain.data);
	ck_assert_int_eq(verdict(&r, &plain), GW_OK);
	buf_free(&plain);
	unseal_result_free(&r);
}

START_TEST(texts)
{
	static const struct {
		const char *text, *canonical, *out;
	} cases[] = {
		{ BEGIN HASH "hello\nworld\n" SIG, "hello\r\nworld",
		    "hello\nworld" },
		/* RFC 9580, 6.2.2.3: what the header says is ignored */
		{ BEGIN "\nhello\n" SIG, "hello", "hello" },
		{ BEGIN "Hash: SHA512,SHA1, MD5\nHash: SHA3-256\n\nhello\n" SIG,
		    "hello", "hello" },
		{ BEGIN "Hash: SHA256 \n \t\nhello\n" SIG, "hello", "hello" },
		/* line ends stay as they came */
		{ "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n"
		  "hello\r\nworld\r\n" SIG,
		    "hello\r\nworld", "hello\r\nworld" },
		{ BEGIN HASH "hello\r\nworld\n" SIG, "hello\r\nworld",
		    "hello\r\nworld" },
		/* white space before them does not */
		{ BEGIN HASH "hello \t \n\t \nwor ld \r\n" SIG,
		    "hello\r\n\r\nwor ld", "hello\n\nwor ld" },
		{ BEGIN HASH "hello \r \r\nx\r\r\n" SIG, "hello\r\nx",
		    "hello\r\nx" },
		/* dash-escapes, also of what needs none */
		{ BEGIN HASH "- -hello\n- - x\n- From me\n- \n- x\n" SIG,
		    "-hello\r\n- x\r\nFrom me\r\n\r\nx",
		    "-hello\n- x\nFrom me\n\nx" },
		{ BEGIN HASH "- -----BEGIN PGP SIGNATURE-----\n" SIG,
		    "-----BEGIN PGP SIGNATURE-----",
		    "-----BEGIN PGP SIGNATURE-----" },
		/* empty lines and no lines */
		{ BEGIN HASH SIG, "", "" },
		{ BEGIN HASH "\n" SIG, "", "" },
		{ BEGIN HASH "\n\nhello\n\n" SIG, "\r\n\r\nhello\r\n",
		    "\n\nhello\n" },
		/* not a line end; neither are others of Unicode's */
		{ BEGIN HASH "a\rb\vc\fd\xe2\x80\xa8"
			     "e\n" SIG,
		    "a\rb\vc\fd\xe2\x80\xa8"
		    "e",
		    "a\rb\vc\fd\xe2\x80\xa8"
		    "e" },
		{ "\xef\xbb\xbf\n \n" BEGIN HASH "hello\n" SIG " \n\t\r\n",
		    "hello", "hello" },
		{ BEGIN HASH "\xe2\x80\x94hello\n" SIG, "\xe2\x80\x94hello",
		    "\xe2\x80\x94hello" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf sig = signature(cases[i].canonical,
		    strlen(cases[i].canonical), PACKET_SIG_TEXT);
		struct buf msg =
		    message(cases[i].text, strlen(cases[i].text), &sig);

		good(&msg, cases[i].out, strlen(cases[i].out));
		buf_free(&msg);
		buf_free(&sig);
	}
}
END_TEST

/* Each of them shows a reader something that was not signed, or might. */
START_TEST(refused)
{
	static const struct {
		const char *text;
		enum gw_reason reason;
	} cases[] = {
		/* beside the block */
		{ "hello\n" BEGIN HASH "hello\n" SIG, REASON_MALFORMED },
		{ BEGIN HASH "hello\n" SIG "hello\n", REASON_MALFORMED },
		{ BEGIN HASH "hello\n" SIG BEGIN HASH "hello\n" SIG,
		    REASON_MALFORMED },
		/* headers (RFC 9580, 7 has one, and no text in it) */
		{ BEGIN "Comment: hello\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Charset: UTF-8\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash: SHA256\nNotice: pay\n\nhello\n" SIG,
		    REASON_MALFORMED },
		{ BEGIN "Hash: SHA256 pay\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash: SHA256\rpay\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash: SHA256,\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash: ,SHA256\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash: \n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash:SHA256\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "hash: SHA256\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash: sha256\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN " Hash: SHA256\n\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "hello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash: SHA256\nhello\n" SIG, REASON_MALFORMED },
		{ BEGIN "Hash: SHA256\n\v\nhello\n" SIG, REASON_MALFORMED },
		/* dashes */
		{ BEGIN HASH "-hello\n" SIG, REASON_MALFORMED },
		{ BEGIN HASH "-\n" SIG, REASON_MALFORMED },
		{ BEGIN HASH "-----BEGIN PGP MESSAGE-----\n" SIG,
		    REASON_MALFORMED },
		{ BEGIN HASH "-----BEGIN PGP SIGNATURE----- x\n" SIG,
		    REASON_MALFORMED },
		{ BEGIN HASH BEGIN HASH "hello\n" SIG, REASON_MALFORMED },
		{ "\xe2\x80\x94----BEGIN PGP SIGNED MESSAGE-----\n" HASH
		  "hello\n" SIG,
		    REASON_MALFORMED },
		{ BEGIN HASH
		    "hello\n"
		    "\xe2\x80\x93----BEGIN PGP SIGNATURE-----\n\nAAAA\n",
		    REASON_DAMAGED },
		/* the end missing */
		{ BEGIN, REASON_DAMAGED },
		{ BEGIN "Hash: SHA256\n", REASON_DAMAGED },
		{ BEGIN HASH "hello", REASON_DAMAGED },
		{ BEGIN HASH "hello\n", REASON_DAMAGED },
		{ BEGIN HASH "hello\n-", REASON_DAMAGED },
		{ BEGIN HASH "hello\n-----BEGIN PGP SIGNATURE-----\n",
		    REASON_DAMAGED },
		{ BEGIN HASH "hello\n-----BEGIN PGP SIGNATURE-----\n\n"
			     "-----END PGP SIGNATURE-----\n",
		    REASON_UNSIGNED },
		{ BEGIN HASH "hello\n-----BEGIN PGP SIGNATURE-----\n\n"
			     "-----END PGP MESSAGE-----\n",
		    REASON_MALFORMED },
	};
	struct buf sig = signature("hello", 5, PACKET_SIG_TEXT);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf msg =
		    message(cases[i].text, strlen(cases[i].text), &sig);

		craft_denies(&asks, msg.data, msg.len, cases[i].reason);
		buf_free(&msg);
	}
	buf_free(&sig);
}
END_TEST

/* Only who asks for signed texts gets them, and a text must be one. */
START_TEST(shapes)
{
	struct buf sig = signature("hello", 5, PACKET_SIG_TEXT), msg;
	static const char text[] = BEGIN HASH "hello\n" SIG;
	struct unseal_request gateway = { .unwrap = NULL };
	struct unseal_request inline_only = { .shapes = 1u << UNSEAL_SIGNED };
	struct unseal_request small = asks;

	msg = message(text, strlen(text), &sig);
	craft_denies(&gateway, msg.data, msg.len, REASON_NOT_ENCRYPTED);
	craft_denies(&inline_only, msg.data, msg.len, REASON_NOT_ENCRYPTED);
	good(&msg, "hello", 5);
	small.max_plain = 4;
	craft_denies(&small, msg.data, msg.len, REASON_TOO_LARGE);
	/* the signature block alone is no message */
	craft_denies(&asks, sig.data, sig.len, REASON_MALFORMED);
	buf_free(&msg);
	buf_reset(&sig);
	craft_signed(&sig, "", "hello", 5);
	craft_denies(&asks, sig.data, sig.len, REASON_NOT_ENCRYPTED);
	buf_free(&sig);
}
END_TEST

/* A signature over octets, not over a text, has no place here; nor has one
 * over a text with another ending, or by somebody else. */
START_TEST(verdicts)
{
	static const char text[] = BEGIN HASH "hello\n" SIG;
	static const struct {
		const char *over;
		int type;
	} wrong[] = {
		{ "hello", PACKET_SIG_BINARY },
		{ "hello\r\n", PACKET_SIG_TEXT },
		{ "hello ", PACKET_SIG_TEXT },
		{ "Hash: SHA256\r\n\r\nhello", PACKET_SIG_TEXT },
		{ "", PACKET_SIG_TEXT },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buf sig = signature(
		    wrong[i].over, strlen(wrong[i].over), wrong[i].type);
		struct buf msg = message(text, strlen(text), &sig), plain;
		struct unseal_result r;
		struct why why;

		ck_assert_int_eq(
		    craft_ask(&asks, msg.data, msg.len, &r, &plain, &why),
		    GW_OK);
		ck_assert_int_eq(verdict(&r, &plain), GW_REFUSED);
		unseal_result_free(&r);
		buf_free(&plain);
		buf_free(&msg);
		buf_free(&sig);
	}
}
END_TEST

/* Other packets among the signatures, and more of them than anybody needs. */
START_TEST(signatures)
{
	struct buf sig = signature("hello", 5, PACKET_SIG_TEXT);
	struct buf raw, many, text;
	struct why why;
	static const char head[] = BEGIN HASH "hello\n";

	buf_init(&raw, 65536);
	buf_init(&many, 65536);
	buf_init(&text, 131072);
	ck_assert_int_eq(
	    armor_read(ARMOR_SIGNATURE, sig.data, sig.len, &raw, &why), GW_OK);
	for (int n = 16; n <= 18; n++) {
		buf_reset(&many);
		buf_reset(&text);
		for (int i = 0; i < (n == 18 ? 1 : n); i++)
			buf_put(&many, raw.data, raw.len);
		craft_packet(&many, BODY_MARKER, "PGP", 3);
		craft_packet(&many, BODY_PADDING, "xx", 2);
		if (n == 18)
			craft_literal(&many, "", "hello", 5);
		buf_put_text(&text, head);
		ck_assert_int_eq(armor_write(ARMOR_SIGNATURE, many.data,
				     many.len, &text, &why),
		    GW_OK);
		if (n == 16)
			craft_gives(&asks, &text, "hello", 5);
		else
			craft_denies(
			    &asks, text.data, text.len, REASON_MALFORMED);
	}
	buf_free(&raw);
	buf_free(&many);
	buf_free(&text);
	buf_free(&sig);
}
END_TEST

/* A text of everything that is special, far longer than any buffer: what
 * comes out must be what a plain loop over it gives. */
START_TEST(long_text)
{
	static const char letters[] = "ab \t\r\n\n-";
	size_t len = 700000, at = 0, start = 0;
	char *text = malloc(len), *out = malloc(len), *canonical;
	size_t out_len = 0, canonical_len = 0;
	uint32_t x = 17;
	struct buf sig, msg;

	canonical = malloc(2 * len);
	while (at < len - 4) {
		x = x * 1664525u + 1013904223u;
		text[at] = letters[x >> 24 & 7];
		if (at == start && text[at] == '-') {
			text[++at] = ' ';
			start = at + 1;
		}
		if (text[at] == '\n')
			start = at + 1;
		at++;
	}
	text[at++] = '\n';
	len = at;
	for (at = 0; at < len;) {
		size_t end = at, stop;

		while (text[end] != '\n')
			end++;
		if (end > at && text[at] == '-')
			at += 2;
		for (stop = end;
		     stop > at && strchr(" \t\r", text[stop - 1]) != NULL;)
			stop--;
		memcpy(out + out_len, text + at, stop - at);
		out_len += stop - at;
		memcpy(canonical + canonical_len, text + at, stop - at);
		canonical_len += stop - at;
		if (end > at && text[end - 1] == '\r')
			out[out_len++] = '\r';
		out[out_len++] = '\n';
		memcpy(canonical + canonical_len, "\r\n", 2);
		canonical_len += 2;
		at = end + 1;
	}
	out_len -= out_len > 1 && out[out_len - 2] == '\r' ? 2 : 1;
	canonical_len -= 2;
	buf_init(&msg, CRAFT_MAX);
	buf_put_text(&msg, BEGIN HASH);
	buf_put(&msg, text, len);
	sig = signature(canonical, canonical_len, PACKET_SIG_TEXT);
	buf_put(&msg, sig.data, sig.len);
	good(&msg, out, out_len);
	buf_free(&sig);
	buf_free(&msg);
	free(text);
	free(out);
	free(canonical);
}
END_TEST

/* One line of a megabyte is a line; when it is white space, more of it than
 * can be kept, it is not. */
START_TEST(long_lines)
{
	size_t len = 1 << 20;
	char *line = malloc(len);
	struct buf sig, msg;

	for (size_t white = 60000; white <= 660000; white += 600000) {
		memset(line, 'x', len);
		memset(line + 300000, ' ', white);
		sig = signature(line, len, PACKET_SIG_TEXT);
		buf_init(&msg, CRAFT_MAX);
		buf_put_text(&msg, BEGIN HASH);
		buf_put(&msg, line, len);
		buf_put_text(&msg, "\n");
		buf_put(&msg, sig.data, sig.len);
		if (white < 65536)
			good(&msg, line, len);
		else
			craft_denies(
			    &asks, msg.data, msg.len, REASON_MALFORMED);
		buf_free(&sig);
		buf_free(&msg);
	}
	free(line);
}
END_TEST

/* What we write ourselves. */
START_TEST(our_own)
{
	static const struct {
		const char *text, *out;
	} cases[] = {
		{ "hello\nworld\n", "hello\nworld\n" },
		{ "hello", "hello" },
		{ "-hello\n\n- x\nFrom me", "-hello\n\n- x\nFrom me" },
		{ "a \nb\t\n\n", "a\nb\n\n" },
		{ "", "" },
	};
	struct seal_signing q = { .signers = &alder.cert,
		.signer_count = 1,
		.when = NOW,
		.sign = party_sign,
		.sign_ctx = &alder };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int in = craft_file(cases[i].text, strlen(cases[i].text));
		int out = memfd_create("clear", MFD_CLOEXEC);
		struct buf msg, plain;
		struct unseal_result r;
		struct why why;

		ck_assert_int_eq(sign_cleartext(&q, in, out, &why), GW_OK);
		msg = craft_content(out);
		ck_assert_int_eq(
		    craft_ask(&asks, msg.data, msg.len, &r, &plain, &why),
		    GW_OK);
		ck_assert_int_eq(verdict(&r, &plain), GW_OK);
		ck_assert_msg(
		    plain.len == strlen(cases[i].out) &&
			(plain.len == 0 ||
			    memcmp(plain.data, cases[i].out, plain.len) == 0),
		    "%zu: \"%.*s\"", i, (int)plain.len, plain.data);
		unseal_result_free(&r);
		buf_free(&plain);
		buf_free(&msg);
		close(in);
		close(out);
	}
}
END_TEST

/* RFC 9580, A.6: version 6, where the salt goes before the text. */
START_TEST(vector)
{
	static const char *const out =
	    "What we need from the grocery store:\n\n- tofu\n- vegetables\n"
	    "- noodles\n";
	struct buf msg, key, plain;
	struct unseal_result r;
	struct cert *cert;
	const struct cert *certs[1];
	struct verify_one one[VERIFY_MAX];
	struct digests *d;
	struct why why;
	size_t n;

	if (!craft_vector(
		"rnp/RFC9580/A.6.-sample-cleartext-signed-message.asc", &msg) ||
	    !craft_vector("rnp/RFC9580/A.3.transferable-pubkey-v6.asc", &key))
		return;
	ck_assert_msg(cert_parse(key.data, key.len, &cert, &why) == GW_OK, "%s",
	    why.text);
	certs[0] = cert;
	ck_assert_int_eq(
	    craft_ask(&asks, msg.data, msg.len, &r, &plain, &why), GW_OK);
	ck_assert_uint_eq(plain.len, strlen(out));
	ck_assert_mem_eq(plain.data, out, plain.len);
	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	ck_assert_int_eq(
	    verify_want(d, r.signatures.data, r.signatures.len, true, &why),
	    GW_OK);
	digests_write(d, plain.data, plain.len);
	ck_assert_int_eq(verify_each(certs, 1, r.signatures.data,
			     r.signatures.len, true, d, NOW, one, &n, &why),
	    GW_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_msg(one[0].verdict == GW_OK, "%s", one[0].why.text);
	digests_free(d);
	unseal_result_free(&r);
	cert_free(cert);
	buf_free(&plain);
	buf_free(&key);
	buf_free(&msg);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cleartext");
	TCase *t = tcase_create("cleartext");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, texts);
	tcase_add_test(t, refused);
	tcase_add_test(t, shapes);
	tcase_add_test(t, verdicts);
	tcase_add_test(t, signatures);
	tcase_add_test(t, long_text);
	tcase_add_test(t, long_lines);
	tcase_add_test(t, our_own);
	tcase_add_test(t, vector);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
