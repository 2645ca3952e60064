/* Goal: what we sign without encrypting verifies, by our own engine and by
 * gpg and sqop, for each key; and nothing else does. */
#include "gateway/base/clock.h"
#include "keys/keys.h"
#include "keys/messages/sign.h"
#include "keys/packets/armor.h"
#include "keys/packets/second_thread.h"
#include "tests/keys/party.h"
#include "tests/keys/shell.h"

#include <fcntl.h>

static struct party ed, six, p384;
static const struct cert *all[3];

/* What has trouble in one form or the other. */
static const char text[] = "- dash\n-----BEGIN PGP MESSAGE-----\nFrom here\n"
			   "blanks \t \n\nGr\xc3\xbc\xc3\x9f"
			   "e\r\nend";

/* Once for all tests: keys take a while. */
static void
make_parties(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	clock_fake((int64_t)NOW * 1000);
	ed = party_new("Ed <ed@alder.example>", false);
	six = party_six("Six <six@alder.example>");
	p384 = party_made(
	    SECRET_NISTP384, "P <p@alder.example>", NOW - 86400, 0, false);
	all[0] = ed.cert;
	all[1] = six.cert;
	all[2] = p384.cert;
}

static void
free_parties(void)
{
	party_free(&ed);
	party_free(&six);
	party_free(&p384);
}

/* In the process of each test. */
static void
setup(void)
{
	(void)second_thread_start();
	shell_open();
}

/* One of ours has the key. */
static enum gw_status
sign_by_any(void *ctx, const char *fingerprint, int hash, const uint8_t *digest,
    size_t len, struct buf *out, struct why *why)
{
	struct secret *ours[] = { ed.secret, six.secret, p384.secret };

	(void)ctx;
	return secret_sign(ours, 3, fingerprint, hash, digest, len, out, why);
}

static struct seal_signing
signing(const struct cert *const *signers, size_t count)
{
	return (struct seal_signing){ .signers = signers,
		.signer_count = count,
		.when = NOW,
		.sign = sign_by_any };
}

enum how { DETACHED, INLINE, CLEARTEXT };

static enum gw_status
sign_as(enum how how, const struct seal_signing *q, bool armored,
    const void *data, size_t len, struct buf *out, struct why *why)
{
	int in = craft_file(data, len), to = memfd_create("o", MFD_CLOEXEC);
	int hash = 0;
	enum gw_status st;

	if (how == DETACHED)
		st = sign_detached(q, armored, in, to, &hash, why);
	else if (how == INLINE)
		st = sign_inline(q, armored, in, to, why);
	else
		st = sign_cleartext(q, in, to, why);
	*out = craft_content(to);
	close(in);
	close(to);
	return st;
}

static struct buf
signed_as(enum how how, const struct seal_signing *q, bool armored,
    const void *data, size_t len)
{
	struct buf out;
	struct why why = { 0 };

	ck_assert_msg(sign_as(how, q, armored, data, len, &out, &why) == GW_OK,
	    "%s", why.text);
	return out;
}

/* How many of the signatures are good, all of them by the parties in order. */
static size_t
good(const struct unseal_result *r, struct digests *d, bool reversed,
    bool cleartext)
{
	struct verify_one one[VERIFY_MAX];
	size_t n, found = 0;
	struct why why;

	ck_assert_int_eq(
	    verify_each(all, 3, r->signatures.data, r->signatures.len,
		cleartext, d, NOW + 5, one, &n, &why),
	    GW_OK);
	for (size_t i = 0; i < n; i++) {
		if (one[i].verdict != GW_OK)
			continue;
		ck_assert_int_eq(one[i].signed_at, NOW);
		ck_assert_str_eq(one[i].signer,
		    cert_fingerprint(all[reversed ? n - 1 - i : i]));
		found++;
	}
	return found;
}

/* Open a message of ours; *plain becomes the document.  The good ones. */
static size_t
open_signed(const struct buf *msg, struct buf *plain)
{
	struct unseal_request q = { .shapes = 1u << UNSEAL_SIGNED |
					      1u << UNSEAL_CLEARTEXT };
	struct unseal_result r;
	struct why why = { 0 };
	int in = craft_file(msg->data, msg->len);
	int out = memfd_create("plain", MFD_CLOEXEC);
	bool clear;
	size_t n;

	ck_assert_int_eq(digests_new(&q.digests, &why), GW_OK);
	ck_assert_msg(
	    unseal_stream(&q, in, out, &r, &why) == GW_OK, "%s", why.text);
	*plain = craft_content(out);
	clear = r.shape == UNSEAL_CLEARTEXT;
	if (clear) {
		digests_free(q.digests);
		ck_assert_int_eq(digests_new(&q.digests, &why), GW_OK);
		ck_assert_int_eq(verify_want(q.digests, r.signatures.data,
				     r.signatures.len, true, &why),
		    GW_OK);
		digests_write(q.digests, plain->data, plain->len);
		digests_settle(q.digests);
	}
	n = good(&r, q.digests, !clear, clear);
	digests_free(q.digests);
	unseal_result_free(&r);
	close(in);
	close(out);
	return n;
}

static size_t
good_detached(const struct buf *packets, const void *data, size_t len)
{
	struct unseal_result r = { .signatures = *packets };
	struct digests *d;
	struct why why;
	size_t n;

	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	ck_assert_int_eq(
	    verify_want(d, packets->data, packets->len, false, &why), GW_OK);
	digests_write(d, data, len);
	digests_settle(d);
	n = good(&r, d, false, false);
	digests_free(d);
	return n;
}

START_TEST(detached)
{
	for (int form = 0; form < 4; form++) {
		struct seal_signing q = signing(all, 3);
		bool armored = form & 1;
		char other[sizeof(text)], crlf[200];
		struct buf sig, bare;
		struct why why;
		size_t n = 0;

		q.text = form & 2;
		sig = signed_as(DETACHED, &q, armored, text, strlen(text));
		buf_init(&bare, 65536);
		if (armored)
			ck_assert_int_eq(armor_read(ARMOR_SIGNATURE, sig.data,
					     sig.len, &bare, &why),
			    GW_OK);
		else
			buf_put(&bare, sig.data, sig.len);
		ck_assert_uint_eq(good_detached(&bare, text, strlen(text)), 3);
		/* another text; and the same with other line ends, which is
		 * the same only as text */
		memcpy(other, text, sizeof(text));
		other[20] ^= 1;
		ck_assert_uint_eq(good_detached(&bare, other, strlen(text)), 0);
		for (const char *p = text; *p != '\0'; p++) {
			if (*p == '\n' && p[-1] != '\r')
				crlf[n++] = '\r';
			crlf[n++] = *p;
		}
		ck_assert_uint_eq(
		    good_detached(&bare, crlf, n), q.text ? 3 : 0);
		buf_free(&bare);
		buf_free(&sig);
	}
}
END_TEST

START_TEST(inside)
{
	static const size_t sizes[] = { 0, 1, 191, 192, 8383, 8384, 65536,
		262144, 262145, 1000000 };
	uint8_t *data = malloc(1000000);

	for (size_t i = 0; i < 1000000; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 24);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int form = 0; form < 4; form++) {
			struct seal_signing q = signing(all, 1 + i % 3);
			struct buf msg, plain;

			q.text = form & 2;
			msg = signed_as(INLINE, &q, form & 1, data, sizes[i]);
			ck_assert_uint_eq(open_signed(&msg, &plain), 1 + i % 3);
			ck_assert_uint_eq(plain.len, sizes[i]);
			ck_assert(plain.len == 0 ||
				  memcmp(plain.data, data, sizes[i]) == 0);
			ck_assert_int_eq(msg.data[0] == '-', form & 1);
			/* an octet of the document */
			if ((form & 1) == 0 && sizes[i] > 100) {
				struct buf other;
				uint8_t *at =
				    memmem(msg.data, msg.len, data, 100);

				ck_assert_ptr_nonnull(at);
				*at ^= 0x40;
				ck_assert_uint_eq(open_signed(&msg, &other), 0);
				buf_free(&other);
			}
			buf_free(&plain);
			buf_free(&msg);
		}
	free(data);
}
END_TEST

static const char *const texts[] = { "", "\n", "\n\n", "a", "a\n", "-", "-\n",
	"--\n-", "From \nFrom", "a \t\nb\t", "a\r\nb\r\n", "a\rb\n", "\xc3\xa4",
	"-----BEGIN PGP SIGNATURE-----\n", "- - -\n- \n", text };

/* Without what the form does not keep: white space at the end of lines. */
static size_t
strip(const void *in, size_t n, char *out)
{
	const char *p = in;
	size_t len = 0;

	for (size_t i = 0; i <= n; i++) {
		while ((i == n || p[i] == '\n') && len > 0 &&
		       strchr(" \t\r", out[len - 1]) != NULL)
			len--;
		if (i < n)
			out[len++] = p[i];
	}
	return len;
}

/* The document comes back as it was, whatever its end. */
START_TEST(cleartext)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seal_signing q = signing(all, 3);
		size_t len = strlen(texts[i]);
		struct buf msg = signed_as(CLEARTEXT, &q, true, texts[i], len);
		char want[sizeof(text)], got[sizeof(text)];
		struct buf plain;

		ck_assert_msg(open_signed(&msg, &plain) == 3, "text %zu", i);
		len = strip(texts[i], len, want);
		ck_assert_uint_le(plain.len, sizeof(got));
		ck_assert_msg(strip(plain.data, plain.len, got) == len &&
				  memcmp(got, want, len) == 0,
		    "text %zu", i);
		buf_free(&plain);
		buf_free(&msg);
	}
}
END_TEST

START_TEST(cleartext_altered)
{
	struct seal_signing q = signing(all, 1);
	struct buf msg = signed_as(CLEARTEXT, &q, true, "pay 100\n", 8);
	struct buf plain;
	char *at = memmem(msg.data, msg.len, "100", 3);

	*at = '9';
	ck_assert_uint_eq(open_signed(&msg, &plain), 0);
	buf_free(&plain);
	buf_free(&msg);
}
END_TEST

static bool
has(const struct buf *b, const char *s)
{
	return memmem(b->data, b->len, s, strlen(s)) != NULL;
}

/* RFC 9580, 6.1 and 6.2.2.3: no check sum and no Hash header where all are of
 * version 6; each hash of version 4 once. */
START_TEST(headers)
{
	const struct cert *twice[] = { ed.cert, p384.cert, ed.cert };
	struct seal_signing q = signing(&all[1], 1);
	struct buf msg = signed_as(CLEARTEXT, &q, true, "x\n", 2);

	ck_assert(!has(&msg, "Hash:") && !has(&msg, "\n="));
	buf_free(&msg);
	q = signing(all, 2);
	msg = signed_as(CLEARTEXT, &q, true, "x\n", 2);
	ck_assert(has(&msg, "-----\nHash: SHA256\n\nx\n\n-----BEGIN"));
	ck_assert(has(&msg, "\n="));
	buf_free(&msg);
	q = signing(twice, 3);
	msg = signed_as(CLEARTEXT, &q, true, "x\n", 2);
	ck_assert(has(&msg, "\nHash: SHA256,SHA384\n\n"));
	buf_free(&msg);
	q = signing(&all[1], 1);
	msg = signed_as(INLINE, &q, true, "x\n", 2);
	ck_assert(!has(&msg, "\n="));
	buf_free(&msg);
}
END_TEST

/* Not text: refused, and nothing written; also at the border of two pieces,
 * where a whole character is fine. */
START_TEST(not_text)
{
	static const char *const bad[] = { "\x80", "a\xff", "\xc3", "\xc0\x80",
		"\xed\xa0\x80", "\xf5\x80\x80\x80", "ab\xe2\x82", "\xe2\x82(",
		"\xf0\x9f\x98" };
	struct seal_signing q = signing(all, 1);
	char *large = malloc(262144 + 10);
	struct buf msg;
	struct why why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (size_t pad = 262140; pad <= 262146; pad++) {
			bool far = pad > 262140;
			size_t n = far ? pad : 3;

			memset(large, 'x', n);
			memcpy(large + n, bad[i], strlen(bad[i]));
			ck_assert_int_eq(sign_as(CLEARTEXT, &q, true, large,
					     n + strlen(bad[i]), &msg, &why),
			    GW_REFUSED);
			ck_assert_int_eq(why.reason, REASON_MALFORMED);
			ck_assert_uint_eq(msg.len, 0);
			buf_free(&msg);
		}
	}
	for (size_t pad = 262139; pad <= 262146; pad++) {
		memset(large, 'x', pad);
		memcpy(large + pad, "\xf0\x9f\x98\x80z", 5);
		ck_assert_int_eq(
		    sign_as(CLEARTEXT, &q, true, large, pad + 5, &msg, &why),
		    GW_OK);
		buf_free(&msg);
	}
	free(large);
}
END_TEST

START_TEST(refusals)
{
	const struct cert *nine[9];
	struct party old =
	    party_made(SECRET_ED25519, "Old", NOW - 1000, NOW - 10, false);
	const struct cert *two[] = { ed.cert, old.cert };
	struct seal_signing none = signing(all, 0), many, mixed;
	struct why why;
	struct buf msg;

	for (size_t i = 0; i < 9; i++)
		nine[i] = ed.cert;
	many = signing(nine, 9);
	mixed = signing(two, 2);
	for (enum how how = DETACHED; how <= CLEARTEXT; how++) {
		const struct seal_signing *bad[] = { &none, &many, &mixed };

		for (size_t i = 0; i < 3; i++) {
			ck_assert_int_eq(
			    sign_as(how, bad[i], true, "x", 1, &msg, &why),
			    GW_REFUSED);
			ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
			ck_assert_uint_eq(msg.len, 0);
			buf_free(&msg);
		}
		many.signer_count = 8;
		ck_assert_int_eq(
		    sign_as(how, &many, true, "x", 1, &msg, &why), GW_OK);
		buf_free(&msg);
		many.signer_count = 9;
	}
	party_free(&old);
}
END_TEST

/* A disk that is full at any place. */
START_TEST(full)
{
	struct seal_signing q = signing(all, 1);
	int in = craft_file(text, strlen(text));
	int out = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct why why;

	ck_assert_int_eq(
	    sign_detached(&q, true, in, out, NULL, &why), GW_AGAIN);
	ck_assert_int_eq(lseek(in, 0, SEEK_SET), 0);
	ck_assert_int_eq(sign_inline(&q, false, in, out, &why), GW_AGAIN);
	ck_assert_int_eq(lseek(in, 0, SEEK_SET), 0);
	ck_assert_int_eq(sign_cleartext(&q, in, out, &why), GW_AGAIN);
	ck_assert_int_eq(why.reason, REASON_NO_SPACE);
	close(in);
	close(out);
}
END_TEST

/* ---- others ------------------------------------------------------------- */

static void
save_cert(const char *name, const struct party *p)
{
	struct buf b;
	struct why why;

	buf_init(&b, 65536);
	ck_assert_int_eq(cert_export(p->cert, true, &b, &why), GW_OK);
	save(name, &b);
	buf_free(&b);
}

static void
save_bytes(const char *name, const char *s)
{
	struct buf b;

	buf_view(&b, s, strlen(s));
	save(name, &b);
}

/* Each form of each text; gpg wants a text signature inside a message to be
 * over a literal that has CR LF already, so that form is for files alone. */
START_TEST(gpg_agrees)
{
	const struct cert *two[] = { ed.cert, p384.cert };
	struct seal_signing q = signing(two, 2);

	if (!have_gpg())
		return;
	save_cert("ed.asc", &ed);
	save_cert("p.asc", &p384);
	ck_assert(run(GPG "--import ed.asc p.asc"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i]);
		struct buf b;

		/* two hashes in one cleartext confuse it */
		q.signer_count = 1;
		b = signed_as(CLEARTEXT, &q, true, texts[i], len);
		save("m", &b);
		buf_free(&b);
		ck_assert_msg(run(GPG "--verify m"), "cleartext %zu", i);
		q.signer_count = 2;
		b = signed_as(INLINE, &q, i & 1, texts[i], len);
		save("m", &b);
		buf_free(&b);
		save_bytes("want", texts[i]);
		ck_assert_msg(run(GPG "-o got -d m && cmp got want && "
				      "test $(grep -c 'Good sig' log) = 2"),
		    "inline %zu", i);
		for (int as_text = 0; as_text <= 1; as_text++) {
			q.text = as_text;
			b = signed_as(DETACHED, &q, i & 1, texts[i], len);
			save("s", &b);
			buf_free(&b);
			ck_assert_msg(
			    run(GPG "--verify s want"), "detached %zu", i);
			ck_assert(
			    run("echo x >>want; ! " GPG "--verify s want"));
			save_bytes("want", texts[i]);
		}
		q.text = false;
	}
}
END_TEST

START_TEST(sqop_agrees)
{
	const struct cert *two[] = { ed.cert, p384.cert };
	struct seal_signing q = signing(two, 2);

	if (!run("sqop version"))
		return;
	save_cert("ed.asc", &ed);
	save_cert("p.asc", &p384);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i]);
		struct buf b;

		/* it takes a CR alone for the end of a line */
		if (strcmp(texts[i], "a\rb\n") == 0)
			continue;
		b = signed_as(CLEARTEXT, &q, true, texts[i], len);
		save("m", &b);
		buf_free(&b);
		save_bytes("want", texts[i]);
		ck_assert_msg(run("rm -f v; sqop inline-verify "
				  "--verifications-out=v ed.asc p.asc <m >got "
				  "&& test $(wc -l <v) = 2"),
		    "cleartext %zu", i);
		for (int as_text = 0; as_text <= 1; as_text++) {
			q.text = as_text;
			b = signed_as(INLINE, &q, i & 1, texts[i], len);
			save("m", &b);
			buf_free(&b);
			ck_assert_msg(
			    run("rm -f v; sqop inline-verify "
				"--verifications-out=v ed.asc p.asc <m >got "
				"&& cmp got want && test $(wc -l <v) = 2"),
			    "inline %zu", i);
			b = signed_as(DETACHED, &q, i & 1, texts[i], len);
			save("s", &b);
			buf_free(&b);
			ck_assert_msg(run("sqop verify s ed.asc p.asc <want >v "
					  "&& test $(wc -l <v) = 2"),
			    "detached %zu", i);
		}
		q.text = false;
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sign");
	TCase *t = tcase_create("sign");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, make_parties, free_parties);
	tcase_add_checked_fixture(t, setup, shell_close);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, detached);
	tcase_add_test(t, inside);
	tcase_add_test(t, cleartext);
	tcase_add_test(t, cleartext_altered);
	tcase_add_test(t, headers);
	tcase_add_test(t, not_text);
	tcase_add_test(t, refusals);
	tcase_add_test(t, full);
	tcase_add_test(t, gpg_agrees);
	tcase_add_test(t, sqop_agrees);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
