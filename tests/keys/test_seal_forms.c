/* Goal: each form that a sealed message can have opens again, here and by
 * others: containers, passwords, signers, armor, compression. */
#include "gateway/base/clock.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"
#include "keys/packets/dearmor.h"
#include "keys/packets/second_thread.h"
#include "tests/keys/party.h"
#include "tests/keys/shell.h"

#define MESSAGE "PGP MESSAGE"
#define DATA    ((size_t)4 * 1024 * 1024 + 64)

static struct party alder, birch, six, p384;
static const struct cert *signers[3];
static uint8_t *data;

static const enum seal_container containers[] = { SEAL_SEIPD1, SEAL_SEIPD2,
	SEAL_LIBREPGP };

/* Once for all tests: keys take a while. */
static void
make_parties(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	clock_fake((int64_t)NOW * 1000);
	alder = party_new("Alder <edi@alder.example>", false);
	birch = party_new("Birch <edi@birch.example>", true);
	six = party_six("Six <six@alder.example>");
	p384 = party_made(
	    SECRET_NISTP384, "P <p@alder.example>", NOW - 86400, 0, false);
	signers[0] = alder.cert;
	signers[1] = six.cert;
	signers[2] = p384.cert;
	data = malloc(DATA);
	for (size_t i = 0; i < DATA; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 24);
}

static void
free_parties(void)
{
	free(data);
	party_free(&alder);
	party_free(&birch);
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

static enum gw_status
sign_by_any(void *ctx, const char *fingerprint, int hash, const uint8_t *digest,
    size_t len, struct buf *out, struct why *why)
{
	struct secret *ours[] = { alder.secret, six.secret, p384.secret };

	(void)ctx;
	return secret_sign(ours, 3, fingerprint, hash, digest, len, out, why);
}

static struct seal_request
request(size_t signer_count)
{
	struct seal_request q = { .recipients = &birch.cert,
		.recipient_count = 1,
		.container = SEAL_SEIPD2,
		.signing = { .signers = signers,
		    .signer_count = signer_count,
		    .when = NOW,
		    .sign = sign_by_any } };

	return q;
}

/* Open with birch's key or these passwords; the good signatures. */
static size_t
opened(const struct buf *msg, const char *const *passwords, size_t count,
    struct unseal_result *r, struct buf *plain)
{
	struct unseal_request q = { .passwords = passwords,
		.password_count = count };
	struct verify_one one[VERIFY_MAX];
	struct why why = { 0 };
	int in = craft_file(msg->data, msg->len);
	int out = memfd_create("plain", MFD_CLOEXEC);
	size_t n, good = 0;

	if (count == 0) {
		q.unwrap = party_unwrap;
		q.unwrap_ctx = &birch;
	}
	ck_assert_int_eq(digests_new(&q.digests, &why), GW_OK);
	ck_assert_msg(unseal_stream(&q, in, out, r, &why) == GW_OK, "%s: %s",
	    reason_code(why.reason), why.text);
	*plain = craft_content(out);
	ck_assert_int_eq(
	    verify_each(signers, 3, r->signatures.data, r->signatures.len,
		false, q.digests, NOW + 5, one, &n, &why),
	    GW_OK);
	for (size_t i = 0; i < n; i++) {
		/* the innermost comes first */
		ck_assert_msg(
		    one[i].verdict != GW_OK ||
			strcmp(one[i].signer,
			    cert_fingerprint(signers[n - 1 - i])) == 0,
		    "signature %zu of %zu", i, n);
		good += one[i].verdict == GW_OK;
	}
	ck_assert_uint_eq(good, n);
	digests_free(q.digests);
	close(in);
	close(out);
	return good;
}

static void
round_trip(const struct seal_request *q, size_t len)
{
	struct seal_result s;
	struct unseal_result u;
	struct buf plain, msg = party_seal(q, data, len, &s);
	size_t bound = len + 65536 + len / 500;

	ck_assert_uint_eq(
	    opened(&msg, q->passwords, q->password_count, &u, &plain),
	    q->signing.signer_count);
	ck_assert_msg(plain.len == len &&
			  (len == 0 || memcmp(plain.data, data, len) == 0),
	    "%zu octets became %zu others", len, plain.len);
	ck_assert_uint_eq(s.plain_size, len);
	ck_assert_uint_eq(s.sealed_size, msg.len);
	ck_assert(u.aead == (q->container != SEAL_SEIPD1));
	ck_assert_uint_le(msg.len, q->armored ? bound + bound / 3 : bound);
	unseal_result_free(&u);
	buf_free(&plain);
	buf_free(&msg);
}

/* Around every size where one buffer, chunk or length ends and another
 * begins: what is encrypted is 12 octets and the document. */
START_TEST(sizes_at_borders)
{
	static const size_t borders[] = { 0, 180, 192 - 8, 8384 - 10, 252927,
		253951, 261120, 262144 - 12, 262144, 524288 - 12, 1048576 - 12,
		1048576, 4194304 - 12 };
	struct seal_request q = request(0);

	for (size_t c = 0; c < 3; c++)
		for (size_t i = 0; i < sizeof(borders) / sizeof(borders[0]);
		     i++)
			for (size_t d = 0; d <= 2; d++) {
				q.container = containers[c];
				q.armored = (c + d) % 2 != 0;
				if (borders[i] + d > 0)
					round_trip(&q, borders[i] + d - 1);
			}
}
END_TEST

/* As after four gibibytes: so many chunks that their tags alone make up a
 * partial length, and more than one at once is ready. */
START_TEST(very_many_chunks)
{
	const struct sink_form binary = { .label = NULL };
	struct buf inside, key, esk;

	buf_view(&key, craft_key, sizeof(craft_key));
	buf_init(&esk, 1024);
	buf_init(&inside, CRAFT_MAX);
	craft_signed(&inside, "x", data, 1000000);
	for (size_t c = 0; c < 3; c++) {
		static const int version[] = { 3, 6, 3 };
		struct unseal_result u;
		struct container to;
		struct sink_fd out;
		struct buf msg, plain;
		struct why why = { 0 };
		int fd = memfd_create("o", MFD_CLOEXEC);

		buf_reset(&esk);
		craft_pkesk(&esk, version[c], CRAFT_OURS);
		ck_assert_int_eq(sink_fd_open(&out, fd, &binary, &why), GW_OK);
		ck_assert_int_eq(
		    container_open_bits(&to, &out, (enum container_kind)c, &key,
			&esk, UINT64_MAX, 9, &why),
		    GW_OK);
		ck_assert_int_eq(
		    sink_put(&to.sink, inside.data, inside.len, &why), GW_OK);
		ck_assert_int_eq(sink_end(&to.sink, &why), GW_OK);
		sink_fd_close(&out);
		container_close(&to);
		msg = craft_content(fd);
		ck_assert_msg(craft_unseal(msg.data, msg.len, 0, &u, &plain,
				  &why) == GW_OK,
		    "%zu: %s", c, why.text);
		ck_assert_uint_eq(plain.len, 1000000);
		ck_assert_mem_eq(plain.data, data, plain.len);
		unseal_result_free(&u);
		buf_free(&plain);
		buf_free(&msg);
		close(fd);
	}
	buf_free(&inside);
	buf_free(&esk);
}
END_TEST

/* All features in turn, at a few sizes. */
START_TEST(combinations)
{
	static const size_t sizes[] = { 0, 1, 5000, 260000, 3000000 };

	for (unsigned bits = 0; bits < 16; bits++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct seal_request q = request((bits + i) % 4);

			q.container = containers[(bits + i) % 3];
			q.armored = bits & 1;
			q.compress = bits & 2;
			q.signing.text = bits & 4;
			q.format = bits & 8 ? 'u' : 'b';
			q.want_sha256 = (bits + i) % 2 != 0;
			round_trip(&q, sizes[i]);
		}
}
END_TEST

static bool
all_zero(const uint8_t digest[SHA256_LEN])
{
	static const uint8_t zero[SHA256_LEN];

	return memcmp(digest, zero, SHA256_LEN) == 0;
}

/* Digests only when they are wanted, and then the right ones. */
START_TEST(digests_when_wanted)
{
	for (int armored = 0; armored <= 1; armored++) {
		struct seal_request q = request(1);
		struct seal_result s;
		uint8_t digest[SHA256_LEN];
		struct buf msg;

		q.armored = armored;
		msg = party_seal(&q, data, 700000, &s);
		ck_assert(all_zero(s.plain_sha256));
		ck_assert(all_zero(s.sealed_sha256));
		buf_free(&msg);
		q.want_sha256 = true;
		msg = party_seal(&q, data, 700000, &s);
		gcry_md_hash_buffer(GCRY_MD_SHA256, digest, data, 700000);
		ck_assert_mem_eq(s.plain_sha256, digest, SHA256_LEN);
		gcry_md_hash_buffer(GCRY_MD_SHA256, digest, msg.data, msg.len);
		ck_assert_mem_eq(s.sealed_sha256, digest, SHA256_LEN);
		buf_free(&msg);
	}
}
END_TEST

/* What shrinks is compressed, what would not is left alone; a pipe cannot be
 * looked into. */
START_TEST(compression)
{
	struct seal_request q = request(1);
	struct unseal_result u;
	struct seal_result s;
	uint8_t *noise = malloc(300000);
	struct buf msg, plain;

	gcry_create_nonce(noise, 300000);
	for (int packed = 0; packed <= 1; packed++) {
		q.compress = packed;
		msg = party_seal(&q, noise, 300000, &s);
		ck_assert_uint_le(msg.len, 300000 + 1500);
		ck_assert_uint_eq(opened(&msg, NULL, 0, &u, &plain), 1);
		ck_assert_mem_eq(plain.data, noise, 300000);
		unseal_result_free(&u);
		buf_free(&plain);
		buf_free(&msg);
	}
	memset(data, 'x', 3000000);
	for (size_t len = 10; len <= 3000000; len *= 17) {
		msg = party_seal(&q, data, len, &s);
		ck_assert_uint_le(msg.len, 900 + len / 100);
		ck_assert_uint_eq(opened(&msg, NULL, 0, &u, &plain), 1);
		ck_assert_uint_eq(plain.len, len);
		ck_assert_mem_eq(plain.data, data, len);
		unseal_result_free(&u);
		buf_free(&plain);
		buf_free(&msg);
	}
	free(noise);
}
END_TEST

/* The key that is told opens the message. */
START_TEST(session_key)
{
	for (size_t c = 0; c < 3; c++) {
		struct seal_request q = request(0);
		struct seal_result s = { 0 };
		int in = craft_file("hello", 5);
		int out = memfd_create("sealed", MFD_CLOEXEC), plain;
		struct unseal_request uq = { .session_key = &s.session_key };
		struct unseal_result u;
		struct why why;
		struct buf b;

		q.container = containers[c];
		buf_init_secret(&s.session_key, 32);
		ck_assert_int_eq(seal_stream(&q, in, out, &s, &why), GW_OK);
		ck_assert_int_eq(s.session_cipher, PACKET_AES256);
		ck_assert_uint_eq(s.session_key.len, 32);
		uq.session_cipher = s.session_cipher;
		ck_assert_int_eq(lseek(out, 0, SEEK_SET), 0);
		plain = memfd_create("plain", MFD_CLOEXEC);
		ck_assert_msg(unseal_stream(&uq, out, plain, &u, &why) == GW_OK,
		    "%s", why.text);
		b = craft_content(plain);
		ck_assert_uint_eq(b.len, 5);
		buf_free(&b);
		unseal_result_free(&u);
		/* and another does not */
		s.session_key.data[7] ^= 1;
		ck_assert_int_eq(lseek(out, 0, SEEK_SET), 0);
		ck_assert_int_eq(
		    unseal_stream(&uq, out, plain, &u, &why), GW_REFUSED);
		unseal_result_free(&u);
		buf_free(&s.session_key);
		close(in);
		close(out);
		close(plain);
	}
}
END_TEST

static const char *const right[] = { "open sesame", "\xc3\xb6"
						    "ffne dich" };

/* Each password opens it, a recipient's key as well, another does not. */
START_TEST(passwords)
{
	static const char *const wrong[] = { "open barley" };

	for (size_t c = 0; c < 2; c++) { /* the third is as the first */
		struct seal_request q = request(1);
		struct unseal_request uq = { .passwords = wrong,
			.password_count = 1 };
		struct unseal_result u;
		struct seal_result s;
		struct buf msg, plain;
		struct why why;
		int in, out = memfd_create("plain", MFD_CLOEXEC);

		q.container = containers[c];
		q.passwords = right;
		q.password_count = 2;
		msg = party_seal(&q, data, 10000, &s);
		for (size_t i = 0; i <= 2; i++) {
			ck_assert_uint_eq(opened(&msg, i < 2 ? &right[i] : NULL,
					      i < 2, &u, &plain),
			    1);
			ck_assert_uint_eq(plain.len, 10000);
			unseal_result_free(&u);
			buf_free(&plain);
		}
		in = craft_file(msg.data, msg.len);
		ck_assert_int_eq(
		    unseal_stream(&uq, in, out, &u, &why), GW_REFUSED);
		unseal_result_free(&u);
		buf_free(&msg);
		close(in);
		close(out);
	}
}
END_TEST

/* What AUTO makes of passwords alone. */
START_TEST(passwords_alone)
{
	for (int argon2 = 0; argon2 <= 1; argon2++) {
		struct seal_request q = request(0);
		struct unseal_result u;
		struct seal_result s;
		struct buf msg, plain;

		q.container = SEAL_AUTO;
		q.recipient_count = 0;
		q.passwords = right;
		q.password_count = 1;
		q.argon2 = argon2;
		msg = party_seal(&q, data, 100, &s);
		ck_assert_int_eq(s.aead, argon2);
		ck_assert_str_eq(s.signer, "");
		/* tag, length, version, cipher, ... specifier's kind */
		ck_assert_int_eq(msg.data[0], 0xc3);
		ck_assert_int_eq(msg.data[argon2 ? 7 : 4], argon2 ? 4 : 3);
		ck_assert_uint_eq(opened(&msg, right, 1, &u, &plain), 0);
		ck_assert_uint_eq(plain.len, 100);
		unseal_result_free(&u);
		buf_free(&plain);
		buf_free(&msg);
	}
}
END_TEST

static void
refused(const struct seal_request *q, enum gw_reason reason)
{
	struct seal_result s = { 0 };
	struct why why;
	int in = craft_file("x", 1), out = memfd_create("o", MFD_CLOEXEC);

	ck_assert_int_eq(seal_stream(q, in, out, &s, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, reason);
	ck_assert_int_eq(lseek(out, 0, SEEK_END), 0);
	close(in);
	close(out);
}

START_TEST(refusals)
{
	const struct cert *many[33];
	const char *words[9];
	struct seal_request q = request(1);

	for (size_t i = 0; i < 33; i++)
		many[i] = alder.cert;
	for (size_t i = 0; i < 9; i++)
		words[i] = "password";
	q.armored = true;
	q.signing.signers = many;
	q.signing.signer_count = 9;
	refused(&q, REASON_KEY_UNUSABLE);
	q = request(1);
	q.recipients = many;
	q.recipient_count = 33;
	refused(&q, REASON_RECIPIENT_UNFIT);
	q = request(1);
	q.passwords = words;
	q.password_count = 9;
	refused(&q, REASON_RECIPIENT_UNFIT);
	q = request(1);
	q.recipient_count = 0;
	refused(&q, REASON_RECIPIENT_UNFIT);
}
END_TEST

/* Armor is the same octets as text, with a check sum only where old software
 * may read it (RFC 9580, 6.1). */
START_TEST(armor)
{
	for (size_t c = 0; c < 3; c++)
		for (size_t len = 0; len < 300; len += 7) {
			struct seal_request q = request(0);
			struct seal_result s;
			struct buf msg, bare;
			struct why why;
			const char *sum;

			q.armored = true;
			q.container = containers[c];
			msg = party_seal(&q, data, len, &s);
			buf_init(&bare, 1 << 20);
			ck_assert_int_eq(
			    armor_read(MESSAGE, msg.data, msg.len, &bare, &why),
			    GW_OK);
			ck_assert_uint_ge(bare.len, len);
			sum = memmem(msg.data, msg.len, "\n=", 2);
			ck_assert(
			    (sum != NULL) == (q.container != SEAL_SEIPD2));
			buf_free(&bare);
			buf_free(&msg);
		}
}
END_TEST

/* Written in any pieces, it is what is written at once. */
START_TEST(armor_pieces)
{
	srandom(1);
	for (int round = 0; round < 2000; round++) {
		size_t n = (size_t)random() % 500, at = 0, len;
		struct armor_writer w;
		struct buf whole;
		struct why why;
		char text[4096];

		buf_init(&whole, 1 << 20);
		ck_assert_int_eq((round & 1 ? armor_write : armor_write_bare)(
				     MESSAGE, data, n, &whole, &why),
		    GW_OK);
		len = armor_begin(&w, MESSAGE, round & 1, text);
		while (at < n) {
			size_t part = (size_t)random() % 100;

			if (part > n - at)
				part = n - at;
			len += armor_more(&w, data + at, part, text + len);
			at += part;
		}
		len += armor_end(&w, text + len);
		ck_assert_uint_eq(len, whole.len);
		ck_assert_mem_eq(text, whole.data, len);
		buf_free(&whole);
	}
}
END_TEST

/* ---- others ------------------------------------------------------------- */

static void
save_secret(const char *name, const struct party *p)
{
	struct buf b;
	struct why why;

	buf_init(&b, 1 << 20);
	ck_assert_int_eq(secret_export(p->secret, NULL, SECRET_LOCK_ITERATED,
			     true, &b, &why),
	    GW_OK);
	save(name, &b);
	buf_free(&b);
}

static void
save_message(const char *name, const struct seal_request *q, size_t len)
{
	struct seal_result s;
	struct buf b = party_seal(q, data, len, &s);

	save(name, &b);
	buf_free(&b);
}

static void
save_data(size_t len)
{
	struct buf b;

	buf_view(&b, data, len);
	save("want", &b);
}

/* The second password is the second packet. */
START_TEST(gpg_opens_it)
{
	static const size_t sizes[] = { 0, 300000, 2000000 };

	if (!have_gpg())
		return;
	save_secret("alder.key", &alder);
	save_secret("p.key", &p384);
	save_secret("birch.key", &birch);
	ck_assert(run(GPG "--import alder.key p.key birch.key"));
	signers[1] = p384.cert; /* it has never heard of version 6 */
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned bits = 0; bits < 4; bits++) {
			struct seal_request q = request(bits % 3);

			q.container = SEAL_SEIPD1;
			q.armored = bits & 1;
			q.compress = bits & 2;
			save_data(sizes[i]);
			save_message("m", &q, sizes[i]);
			ck_assert_msg(
			    run(GPG "-o got -d m && cmp got want && "
				    "test $(grep -c 'Good sig' log) = %zu",
				q.signing.signer_count),
			    "%zu octets, form %u", sizes[i], bits);
			if (i != 1 || bits == 0 || bits == 2)
				continue;
			q.recipient_count = 0;
			q.passwords = right;
			q.password_count = 1;
			save_message("m", &q, sizes[i]);
			ck_assert_msg(
			    run(GPG "--passphrase 'open sesame' -o got -d m "
				    "&& cmp got want"),
			    "password, %zu octets, form %u", sizes[i], bits);
			ck_assert(
			    !run(GPG "--passphrase 'open barley' -o got -d m"));
		}
}
END_TEST

START_TEST(sqop_opens_it)
{
	if (!run("sqop version"))
		return;
	save_secret("birch.key", &birch);
	for (unsigned bits = 0; bits < 4; bits++) {
		struct seal_request q = request(1);

		q.container = SEAL_SEIPD1;
		q.armored = bits & 1;
		q.compress = bits & 2;
		q.passwords = right;
		q.password_count = 2;
		save_data(400000);
		save_message("m", &q, 400000);
		ck_assert(
		    run("sqop decrypt birch.key <m >got && cmp got want"));
		for (size_t i = 0; i < 2; i++) {
			struct buf b;

			buf_view(&b, right[i], strlen(right[i]));
			save("word", &b);
			ck_assert(run("sqop decrypt --with-password=word <m "
				      ">got && cmp got want"));
		}
	}
}
END_TEST

/* The only one here that reads LibrePGP's packet. */
START_TEST(rnp_opens_it)
{
	if (!run("rnp --version"))
		return;
	save_secret("birch.key", &birch);
	for (unsigned bits = 0; bits < 4; bits++) {
		struct seal_request q = request(0);

		q.container = bits & 2 ? SEAL_LIBREPGP : SEAL_SEIPD1;
		q.armored = bits & 1;
		save_data(400000);
		save_message("m", &q, 400000);
		ck_assert_msg(run("rnp --homedir . -f birch.key --notty "
				  "--overwrite --output got -d m && "
				  "cmp got want"),
		    "form %u", bits);
		q.recipient_count = 0;
		q.passwords = right;
		q.password_count = 1;
		save_message("m", &q, 400000);
		ck_assert_msg(run("rnp --homedir . --password 'open sesame' "
				  "--notty --overwrite --output got -d m && "
				  "cmp got want"),
		    "password, form %u", bits);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("seal forms");
	TCase *t = tcase_create("seal forms");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, make_parties, free_parties);
	tcase_add_checked_fixture(t, setup, shell_close);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, sizes_at_borders);
	tcase_add_test(t, very_many_chunks);
	tcase_add_test(t, combinations);
	tcase_add_test(t, digests_when_wanted);
	tcase_add_test(t, compression);
	tcase_add_test(t, session_key);
	tcase_add_test(t, passwords);
	tcase_add_test(t, passwords_alone);
	tcase_add_test(t, refusals);
	tcase_add_test(t, armor);
	tcase_add_test(t, armor_pieces);
	tcase_add_test(t, gpg_opens_it);
	tcase_add_test(t, sqop_opens_it);
	tcase_add_test(t, rnp_opens_it);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
