/* tests/keys/test_changes.c - every single bit, and every place to cut, of one
 * message per format: it is refused; or what was changed is of a kind that is
 * listed here, protects nothing, and gives the same document by the same
 * signer. */
#include "keys/packets/armor.h"
#include "tests/keys/scene.h"
#include "tests/keys/skesk.h"

static const struct unseal_request ours = { .unwrap = craft_unwrap };

struct kind {
	const char *what;
	size_t from, to; /* octets of the message */
	bool cut;        /* cutting is meant, not flipping */
	bool seen;
};

struct format {
	const char *name;
	bool (*opens)(const uint8_t *, size_t);
	struct kind kinds[6];
};

static bool
is_listed(struct format *f, size_t at, bool cut)
{
	for (struct kind *k = f->kinds; k->what != NULL; k++)
		if (k->cut == cut && at >= k->from && at < k->to)
			return k->seen = true;
	return false;
}

static void
all_changes(struct format *f, struct buf *msg)
{
	ck_assert_msg(f->opens(msg->data, msg->len), "%s", f->name);
	for (size_t bit = 0; bit < msg->len * 8; bit++) {
		msg->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(!f->opens(msg->data, msg->len) ||
				  is_listed(f, bit / 8, false),
		    "%s: opens with bit %zu of octet %zu changed", f->name,
		    bit % 8, bit / 8);
		msg->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < msg->len; n++)
		ck_assert_msg(!f->opens(msg->data, n) || is_listed(f, n, true),
		    "%s: opens when cut at %zu", f->name, n);
	for (struct kind *k = f->kinds; k->what != NULL; k++)
		ck_assert_msg(k->seen, "%s: %s: never", f->name, k->what);
	buf_free(msg);
}

static bool
gives_text(const struct unseal_request *q, const uint8_t *msg, size_t len)
{
	struct unseal_result r;
	struct buf plain;
	struct why why;
	bool ok = craft_ask(q, msg, len, &r, &plain, &why) == GW_OK;

	ck_assert(!ok || (plain.len == text_len &&
			     memcmp(plain.data, text, text_len) == 0));
	buf_free(&plain);
	unseal_result_free(&r);
	return ok;
}

static bool
opens_sealed(const uint8_t *msg, size_t len)
{
	struct buf view;

	buf_view(&view, msg, len);
	return opens_for_birch(&view);
}

START_TEST(changes_seipd1)
{
	struct format f = { .name = "SEIPDv1", .opens = opens_sealed };
	struct buf msg = sealed(SEAL_SEIPD1, false);

	all_changes(&f, &msg);
}
END_TEST

START_TEST(changes_seipd2)
{
	struct format f = { .name = "SEIPDv2", .opens = opens_sealed };
	struct buf msg = sealed(SEAL_SEIPD2, false);

	all_changes(&f, &msg);
}
END_TEST

START_TEST(changes_librepgp)
{
	struct format f = { .name = "packet 20", .opens = opens_sealed };
	struct buf msg = sealed(SEAL_LIBREPGP, false);

	all_changes(&f, &msg);
}
END_TEST

static const struct craft_chunks aeads[] = {
	{ PACKET_AES256, PACKET_EAX, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_EAX, 32, 16, .drop = 0 },
	{ PACKET_AES256, PACKET_OCB, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_OCB, 32, 15, .drop = 0 },
	{ PACKET_AES256, PACKET_GCM, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_GCM, 32, 12, .drop = 0 },
	{ PACKET_AES256, PACKET_EAX, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_EAX, 32, 16, .librepgp = 1 },
	{ PACKET_AES256, PACKET_OCB, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_OCB, 32, 15, .librepgp = 1 },
};

#define AEADS (sizeof(aeads) / sizeof(aeads[0]))

static bool
opens_crafted(const uint8_t *msg, size_t len)
{
	return gives_text(&ours, msg, len);
}

/* The modes that we do not write.  The session key's packet is one that this
 * test's own unwrap reads, and it does not look at much of it. */
START_TEST(changes_each_mode)
{
	for (size_t i = 0; i < AEADS; i++) {
		struct buf inside = new_buf(), msg;
		struct format f = { "a mode", opens_crafted,
			{ { .what = "PKESK, unread here",
			    .from = 3,
			    .to = aeads[i].librepgp ? 14 : 32 } } };

		craft_signed(&inside, "x", text, text_len);
		msg = craft_wrap(&aeads[i], &inside);
		all_changes(&f, &msg);
		buf_free(&inside);
	}
}
END_TEST

static bool
opens_password(const uint8_t *msg, size_t len)
{
	static const char *const password = "open sesame";
	struct unseal_request q = { .passwords = &password,
		.password_count = 1 };

	return gives_text(&q, msg, len);
}

/* A real string-to-key costs 40 ms each; these are cheap. */
static void
password_changes(const char *name, const struct skesk *k, int packet)
{
	struct format f = { .name = name, .opens = opens_password };
	struct buf msg = new_buf();
	uint8_t session[32];

	memcpy(session, craft_key, 32);
	craft_skesk(&msg, k, "open sesame", session);
	craft_data(&msg, packet, session, text, text_len);
	all_changes(&f, &msg);
}

START_TEST(changes_skesk4)
{
	static const struct skesk direct = {
		.version = 4, .cipher = PACKET_AES256, .direct = true
	};
	static const struct skesk wrapped = { .version = 4,
		.cipher = PACKET_AES256 };

	password_changes("SKESKv4", &direct, 1);
	password_changes("SKESKv4 with a session key", &wrapped, 1);
	password_changes("SKESKv4 with packet 20", &wrapped, 20);
}
END_TEST

START_TEST(changes_skesk6)
{
	static const struct skesk six = {
		.version = 6, .cipher = PACKET_AES256, .aead = PACKET_OCB
	};
	static const struct skesk five = {
		.version = 5, .cipher = PACKET_AES256, .aead = PACKET_OCB
	};

	password_changes("SKESKv6", &six, 2);
	password_changes("SKESKv5", &five, 20);
}
END_TEST

static bool
opens_armored(const uint8_t *msg, size_t len)
{
	return opens_sealed(msg, len);
}

START_TEST(changes_armored)
{
	struct buf msg = sealed(SEAL_SEIPD1, true);
	const uint8_t *sum = memmem(msg.data, msg.len, "\n=", 2);
	size_t at = (size_t)(sum - msg.data);
	struct format f = { "armored", opens_armored,
		{ { .what = "check sum", .from = at + 2, .to = at + 6 },
		    { .what = "last line end",
			.from = msg.len - 1,
			.to = msg.len,
			.cut = true } } };

	all_changes(&f, &msg);
}
END_TEST

/* Document and signature by alder, in the shapes that are not encrypted. */
static bool
proves(const struct unseal_request *asks, const uint8_t *msg, size_t len)
{
	struct unseal_request q = *asks;
	struct unseal_result r;
	struct buf plain, view;
	struct why why;
	bool clear = false, ok;
	struct verify_one one[VERIFY_MAX];
	const struct cert *certs[] = { alder.cert };
	size_t n = 0;

	ok = craft_ask(&q, msg, len, &r, &plain, &why) == GW_OK;
	clear = r.shape == UNSEAL_CLEARTEXT;
	if (ok) {
		struct digests *d;

		ck_assert_int_eq(digests_new(&d, &why), GW_OK);
		buf_view(&view, r.signatures.data, r.signatures.len);
		ok = verify_want(d, view.data, view.len, clear, &why) == GW_OK;
		digests_write(d, plain.data, plain.len);
		ok = ok && verify_each(certs, 1, view.data, view.len, clear, d,
			       NOW, one, &n, &why) == GW_OK;
		ok = ok && n == 1 && one[0].verdict == GW_OK;
		digests_free(d);
	}
	buf_free(&plain);
	unseal_result_free(&r);
	return ok;
}

static bool
opens_inline(const uint8_t *msg, size_t len)
{
	return proves(&signed_only, msg, len);
}

/* Where the unhashed area of the first signature is, behind its length; it
 * may hold anything (RFC 9580, 5.2.3.7). */
static struct kind
unhashed_area(const struct buf *msg, size_t signature_body)
{
	const uint8_t *p = msg->data + signature_body;
	size_t hashed = (size_t)p[4] << 8 | p[5];
	size_t len = (size_t)p[6 + hashed] << 8 | p[7 + hashed];
	size_t from = signature_body + 8 + hashed;

	return (struct kind){ .what = "the signature's unhashed area",
		.from = from,
		.to = from + len };
}

START_TEST(changes_inline_signed)
{
	struct buf msg = signed_by_alder(how_inline);
	/* one-pass: header, 3, type, hash, algorithm, issuer, flag */
	size_t literal = 2 + 13, name = msg.data[literal + 3];
	size_t body = literal + 2 + msg.data[literal + 1] + 2;
	struct format f = { "inline", opens_inline,
		{ { .what = "one-pass: issuer", .from = 6, .to = 14 },
		    { .what = "one-pass: flag", .from = 14, .to = 15 },
		    { .what = "literal: name and date",
			.from = literal + 4,
			.to = literal + 4 + name + 4 } } };

	ck_assert_int_eq(msg.data[literal], 0xc0 | BODY_LITERAL);
	ck_assert_int_eq(msg.data[body - 2], 0xc0 | BODY_SIGNATURE);
	f.kinds[3] = unhashed_area(&msg, body);
	all_changes(&f, &msg);
}
END_TEST

static bool
opens_detached(const uint8_t *msg, size_t len)
{
	struct buf view;

	buf_view(&view, msg, len);
	return verdict_of(alder.cert, &view) == GW_OK;
}

START_TEST(changes_detached)
{
	struct buf msg = signed_by_alder(how_detached);
	struct format f = { .name = "detached", .opens = opens_detached };

	f.kinds[0] = unhashed_area(&msg, 2);
	all_changes(&f, &msg);
}
END_TEST

static bool
opens_cleartext(const uint8_t *msg, size_t len)
{
	return proves(&clear_only, msg, len);
}

/* Where an octet behind the armor stands in it: 48 to a line of 64. */
static size_t
armored_at(size_t body, size_t octet)
{
	return body + octet / 48 * 65 + octet % 48 * 4 / 3;
}

START_TEST(changes_cleartext)
{
	struct buf first = signed_by_alder(how_cleartext);
	/* White space before a line end, and an end that could be another. */
	struct buf msg = edited(&first, "BIRCH'\n", "BIRCH'\t\r\n"), raw;
	uint8_t *at = memmem(msg.data, msg.len, "\t\r\n", 3);
	size_t white = (size_t)(at - msg.data), body, sum;
	struct kind k;
	struct why why;

	at = memmem(msg.data, msg.len, "SIGNATURE-----\n", 15);
	body = (size_t)(at - msg.data) + 16; /* no headers */
	at = memmem(msg.data + body, msg.len - body, "\n=", 2);
	ck_assert(at != NULL);
	sum = (size_t)(at - msg.data);
	raw = new_buf();
	ck_assert_int_eq(armor_read(ARMOR_SIGNATURE, msg.data + body - 31,
			     msg.len - body + 31, &raw, &why),
	    GW_OK);
	k = unhashed_area(&raw, 2);
	k.from = armored_at(body, k.from);
	k.to = armored_at(body, k.to) + 1;
	{
		struct format f = { "cleartext", opens_cleartext,
			{ { .what = "white space and the kind of line end",
			      .from = white,
			      .to = white + 2 },
			    { .what = "check sum",
				.from = sum + 2,
				.to = sum + 6 },
			    { .what = "last line end",
				.from = msg.len - 1,
				.to = msg.len,
				.cut = true },
			    k } };

		all_changes(&f, &msg);
	}
	buf_free(&raw);
	buf_free(&first);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("changes");
	TCase *t = tcase_create("changes");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, changes_seipd1);
	tcase_add_test(t, changes_seipd2);
	tcase_add_test(t, changes_librepgp);
	tcase_add_test(t, changes_each_mode);
	tcase_add_test(t, changes_skesk4);
	tcase_add_test(t, changes_skesk6);
	tcase_add_test(t, changes_armored);
	tcase_add_test(t, changes_inline_signed);
	tcase_add_test(t, changes_detached);
	tcase_add_test(t, changes_cleartext);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
