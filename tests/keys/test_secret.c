/* Goal: keys made here work in gpg and gpg's work here; a private key signs
 * and unwraps what it should, and says nothing else about itself. */
#include "gateway/base/clock.h"
#include "keys/packets/armor.h"
#include "keys/algorithms/pk_math.h"
#include "tests/keys/forge.h"
#include "tests/keys/shell.h"
#include "keys/keys.h"

#include <sys/stat.h>
#include <sys/wait.h>

static struct buf text;

static void
setup(void)
{
	shell_open();
	buf_init_secret(&text, 1 << 20);
}

static void
teardown(void)
{
	buf_free(&text);
	clock_fake(0);
	shell_close();
}

static struct secret *
make(enum secret_kind kind, const char *passphrase, bool aead)
{
	const char *id = FORGE_UID;
	struct secret_params p = { .kind = kind,
		.user_ids = &id,
		.user_id_count = 1,
		.created = FORGE_BORN,
		.announce_seipd2 = aead,
		.passphrase = passphrase };
	struct secret *s = NULL;
	struct why why;

	buf_reset(&text);
	ck_assert_msg(
	    secret_generate(&p, &text, &s, &why) == GW_OK, "%s", why.text);
	return s;
}

static struct secret *
opened(const char *passphrase)
{
	struct secret *s = NULL;
	struct why why;

	ck_assert_msg(
	    secret_parse(text.data, text.len, passphrase, &s, &why) == GW_OK,
	    "%s", why.text);
	return s;
}

static enum gw_reason
refused(const char *passphrase)
{
	struct secret *s = NULL;
	struct why why = { 0 };

	ck_assert_int_eq(
	    secret_parse(text.data, text.len, passphrase, &s, &why),
	    GW_REFUSED);
	ck_assert_ptr_null(s);
	return why.reason;
}

/* Sign with the key meant for it and check with the public half. */
static void
signs(struct secret *s)
{
	uint8_t digest[64] = { 1, 2, 3 };
	const struct pk *pk;
	struct buf out;
	struct why why;

	pk = cert_sign_key(secret_cert(s), FORGE_NOW, &why);
	ck_assert_ptr_nonnull(pk);
	buf_init(&out, 4096);
	ck_assert_msg(secret_sign(&s, 1, pk->hex, PACKET_SHA256, digest, 32,
			  &out, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_int_eq(
	    pk_verify(pk, PACKET_SHA256, digest, 32, out.data, out.len, &why),
	    GW_OK);
	digest[0] ^= 1;
	ck_assert_int_eq(
	    pk_verify(pk, PACKET_SHA256, digest, 32, out.data, out.len, &why),
	    GW_REFUSED);
	buf_free(&out);
}

/* A session key, there and back, in both versions; and every flipped bit. */
static void
unwraps(struct secret *s, size_t step)
{
	static const uint8_t key[32] = { 9, 8, 7, 6, 5 };
	struct buf session, pkesk, got;
	const struct pk *pk;
	struct why why;
	int cipher;

	pk = cert_encrypt_key(secret_cert(s), FORGE_NOW, &why);
	ck_assert_ptr_nonnull(pk);
	buf_init(&pkesk, 4096);
	buf_init_secret(&got, 32);
	for (int seipd = 1; seipd <= 2; seipd++) {
		int other = 3 - seipd;

		buf_view(&session, key, sizeof(key));
		buf_reset(&pkesk);
		ck_assert_int_eq(pk_encrypt_session(pk, seipd == 1 ? 3 : 6,
				     PACKET_AES256, &session, &pkesk, &why),
		    GW_OK);
		buf_reset(&got);
		ck_assert_msg(secret_unwrap(&s, 1, pkesk.data, pkesk.len, seipd,
				  &cipher, &got, &why) == GW_OK,
		    "%s", why.text);
		ck_assert_int_eq(cipher, seipd == 1 ? PACKET_AES256 : 0);
		ck_assert_uint_eq(got.len, sizeof(key));
		ck_assert_int_eq(memcmp(got.data, key, sizeof(key)), 0);
		/* The packet of the other version behind it. */
		buf_reset(&got);
		ck_assert_int_eq(secret_unwrap(&s, 1, pkesk.data, pkesk.len,
				     other, &cipher, &got, &why),
		    GW_REFUSED);
		for (size_t n = 0; n < pkesk.len; n += step)
			ck_assert_int_ne(secret_unwrap(&s, 1, pkesk.data, n,
					     seipd, &cipher, &got, &why),
			    GW_OK);
		for (size_t bit = 0; bit < 8 * pkesk.len; bit += step) {
			enum gw_status st;

			pkesk.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			buf_reset(&got);
			st = secret_unwrap(&s, 1, pkesk.data, pkesk.len, seipd,
			    &cipher, &got, &why);
			/* What is not wrapped may change: the key's version
			 * and, with X25519, the cipher's number. */
			if (st == GW_OK)
				ck_assert(memcmp(got.data, key, got.len) == 0);
			else
				ck_assert(st == GW_NONE ||
					  why.reason == REASON_DAMAGED);
			pkesk.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	buf_free(&pkesk);
	buf_free(&got);
}

START_TEST(generate)
{
	struct secret *s = make(SECRET_ED25519, NULL, _i == 1), *again;
	const struct cert *c = secret_cert(s);
	struct why why;

	ck_assert_str_eq(cert_user_id(c), FORGE_UID);
	ck_assert_str_eq(cert_algorithm(c, CERT_SIGN), "Ed25519");
	ck_assert_str_eq(cert_algorithm(c, CERT_ENCRYPT), "Curve25519");
	ck_assert(cert_reads_seipd2(c, FORGE_NOW) == (_i == 1));
	ck_assert_ptr_ne(cert_sign_key(c, FORGE_NOW, &why), cert_primary(c));
	ck_assert_int_eq(
	    cert_usable(c, CERT_ENCRYPT, FORGE_BORN - 1, &why), GW_REFUSED);
	signs(s);
	unwraps(s, 1);
	again = opened(NULL);
	ck_assert_str_eq(
	    cert_fingerprint(secret_cert(again)), cert_fingerprint(c));
	secret_free(again);
	secret_free(s);
}
END_TEST

START_TEST(generate_rsa)
{
	struct secret *s = make(SECRET_RSA3072, NULL, false);

	ck_assert_str_eq(
	    cert_algorithm(secret_cert(s), CERT_ENCRYPT), "RSA-3072");
	signs(s);
	unwraps(s, 97);
	secret_free(s);
}
END_TEST

START_TEST(generate_nonsense)
{
	const char *id = FORGE_UID;
	struct secret_params p = { .kind = SECRET_ED25519,
		.user_ids = &id,
		.user_id_count = 1,
		.created = FORGE_BORN };
	struct why why;

	if (_i == 0)
		id = "";
	else if (_i == 1)
		id = "two\nlines";
	else if (_i == 2)
		p.expires = FORGE_BORN;
	else if (_i == 3)
		p.passphrase = "";
	else
		p.created = 0;
	ck_assert_int_eq(secret_generate(&p, &text, NULL, &why), GW_REFUSED);
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

START_TEST(passphrase)
{
	secret_free(make(SECRET_ED25519, "hunter2", false));
	secret_free(opened("hunter2"));
	ck_assert_int_eq(refused("hunter3"), REASON_KEY_UNUSABLE);
	ck_assert_int_eq(refused(""), REASON_KEY_UNUSABLE);
	ck_assert_int_eq(refused(NULL), REASON_KEY_UNUSABLE);
	/* Not needed, not in the way. */
	secret_free(make(SECRET_ED25519, NULL, false));
	secret_free(opened("hunter2"));
}
END_TEST

/* The binary form of what `text` holds. */
static void
dearmor(struct buf *out)
{
	struct why why;

	ck_assert_int_eq(
	    armor_read(ARMOR_PRIVATE_KEY, text.data, text.len, out, &why),
	    GW_OK);
}

/* An altered secret key is refused, or is the same one with less in it. */
START_TEST(every_flipped_bit)
{
	struct secret *s = make(SECRET_ED25519, NULL, false), *t;
	struct buf raw;
	struct why why;
	const struct pk *sign, *crypt, *pk;

	buf_init(&raw, 65536);
	dearmor(&raw);
	sign = cert_sign_key(secret_cert(s), FORGE_NOW, &why);
	crypt = cert_encrypt_key(secret_cert(s), FORGE_NOW, &why);
	/* One bit in nearly every octet; test_cert.c has them all, and what
	 * is added here is proven by the numbers. */
	for (size_t bit = 0; bit < 8 * raw.len; bit += 11) {
		raw.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (secret_parse(raw.data, raw.len, NULL, &t, &why) == GW_OK) {
			pk = cert_sign_key(secret_cert(t), FORGE_NOW, &why);
			ck_assert(pk == NULL || pk_same(pk, sign));
			pk = cert_encrypt_key(secret_cert(t), FORGE_NOW, &why);
			ck_assert(pk == NULL || pk_same(pk, crypt));
			secret_free(t);
		}
		raw.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < raw.len; n += 7) {
		uint8_t *cut = malloc(n > 0 ? n : 1);

		memcpy(cut, raw.data, n);
		if (secret_parse(cut, n, NULL, &t, &why) == GW_OK)
			secret_free(t);
		free(cut);
	}
	buf_free(&raw);
	secret_free(s);
}
END_TEST

/* Halves of different keys, though each with a right check sum. */
START_TEST(halves_that_disagree)
{
	struct forge_key a, b;
	struct secret_key k;
	struct secret_packet packet = { PACKET_SECRET_KEY, &a.pk };
	struct secret_numbers of_b;
	struct buf numbers, part;
	struct why why;

	if (_i == 0) {
		forge_ed25519(&a, FORGE_BORN);
		forge_ed25519(&b, FORGE_BORN);
	} else {
		forge_curve25519(&a, FORGE_BORN);
		forge_curve25519(&b, FORGE_BORN);
	}
	buf_view(&numbers, b.numbers.data, b.numbers.len);
	ck_assert_int_eq(
	    secret_key_open(&k, &a.pk, &numbers, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	/* The same through the front door. */
	buf_init(&part, 4096);
	buf_put(&part, a.pk.body, a.pk.body_len);
	ck_assert(secret_numbers_set(&of_b, b.numbers.data, b.numbers.len));
	ck_assert_int_eq(secret_lock(&packet, &of_b, NULL, SECRET_LOCK_ITERATED,
			     &part, &why),
	    GW_OK);
	secret_numbers_free(&of_b);
	packet_put(&text, PACKET_SECRET_KEY, part.data, part.len);
	ck_assert_int_eq(refused(NULL), REASON_KEY_UNUSABLE);
	buf_free(&part);
	forge_close(&a);
	forge_close(&b);
}
END_TEST

/* Whoever asks may have been taken over. */
START_TEST(will_not_sign)
{
	struct secret *s = make(SECRET_ED25519, NULL, false);
	const struct pk *sign, *crypt;
	uint8_t digest[64] = { 0 };
	struct buf out;
	struct why why;

	buf_init(&out, 4096);
	sign = cert_sign_key(secret_cert(s), FORGE_NOW, &why);
	crypt = cert_encrypt_key(secret_cert(s), FORGE_NOW, &why);
	/* The primary key would make certificates. */
	ck_assert_int_eq(secret_sign(&s, 1, cert_fingerprint(secret_cert(s)),
			     PACKET_SHA256, digest, 32, &out, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	ck_assert_int_eq(secret_sign(&s, 1, crypt->hex, PACKET_SHA256, digest,
			     32, &out, &why),
	    GW_REFUSED);
	ck_assert_int_eq(
	    secret_sign(&s, 1, "00", PACKET_SHA256, digest, 32, &out, &why),
	    GW_REFUSED);
	ck_assert_int_eq(
	    secret_sign(&s, 1, sign->hex, PACKET_SHA1, digest, 20, &out, &why),
	    GW_REFUSED);
	ck_assert_int_ne(secret_sign(&s, 1, sign->hex, PACKET_SHA256, digest,
			     31, &out, &why),
	    GW_OK);
	/* Before it was born. */
	clock_fake((int64_t)(FORGE_BORN - 10) * 1000);
	ck_assert_int_eq(secret_sign(&s, 1, sign->hex, PACKET_SHA256, digest,
			     32, &out, &why),
	    GW_REFUSED);
	ck_assert_uint_eq(out.len, 0);
	buf_free(&out);
	secret_free(s);
}
END_TEST

/* Nobody's name on it: all our keys are tried.  Somebody else's: none. */
START_TEST(whose_session_key)
{
	struct secret *all[2] = { make(SECRET_ED25519, NULL, false),
		make(SECRET_ED25519, NULL, false) };
	static const uint8_t key[16] = { 1 };
	struct buf session, pkesk, got;
	const struct pk *pk;
	struct why why;
	int cipher;

	pk = cert_encrypt_key(secret_cert(all[1]), FORGE_NOW, &why);
	buf_view(&session, key, sizeof(key));
	buf_init(&pkesk, 4096);
	buf_init_secret(&got, 32);
	ck_assert_int_eq(
	    pk_encrypt_session(pk, 3, PACKET_AES128, &session, &pkesk, &why),
	    GW_OK);
	ck_assert_int_eq(secret_unwrap(all, 1, pkesk.data, pkesk.len, 1,
			     &cipher, &got, &why),
	    GW_NONE);
	ck_assert_int_eq(why.reason, REASON_NOT_FOR_US);
	memset(pkesk.data + 1, 0, PK_KEYID_LEN);
	ck_assert_int_eq(secret_unwrap(all, 1, pkesk.data, pkesk.len, 1,
			     &cipher, &got, &why),
	    GW_NONE);
	ck_assert_int_eq(secret_unwrap(all, 2, pkesk.data, pkesk.len, 1,
			     &cipher, &got, &why),
	    GW_OK);
	ck_assert_int_eq(cipher, PACKET_AES128);
	ck_assert_uint_eq(got.len, sizeof(key));
	buf_free(&pkesk);
	buf_free(&got);
	secret_free(all[0]);
	secret_free(all[1]);
}
END_TEST

/* The codings of RFC 9580 for the same curves. */
START_TEST(native_codings)
{
	struct forge_key k;
	uint8_t scalar[32], point[32], digest[32] = { 3 };
	static const uint8_t key[32] = { 4 };
	struct buf session, pkesk, got, at;
	struct why why;
	int cipher;

	memset(&k, 0, sizeof(k));
	buf_init(&k.public, 256);
	buf_init(&k.numbers, 256);
	buf_put_u8(&k.public, 4);
	buf_put_u32(&k.public, FORGE_BORN);
	if (_i == 0) {
		gcry_randomize(scalar, 32, GCRY_STRONG_RANDOM);
		ck_assert(pk_math_x25519(scalar, NULL, point));
		buf_put_u8(&k.public, PACKET_X25519);
	} else {
		/* RFC 8032, 7.1, test 1 */
		hex_parse("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703b"
			  "ac031cae7f60",
		    scalar, 32);
		hex_parse("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af02"
			  "1a68f707511a",
		    point, 32);
		buf_put_u8(&k.public, PACKET_ED25519);
	}
	buf_put(&k.public, point, 32);
	buf_put(&k.numbers, scalar, 32);
	forge_finish(&k);
	buf_init(&pkesk, 256);
	buf_init_secret(&got, 64);
	if (_i == 0) {
		for (int version = 3; version <= 6; version += 3) {
			buf_view(&session, key, sizeof(key));
			buf_reset(&pkesk);
			buf_reset(&got);
			ck_assert_int_eq(
			    pk_encrypt_session(&k.pk, version, PACKET_AES256,
				&session, &pkesk, &why),
			    GW_OK);
			buf_view(&at, pkesk.data, pkesk.len);
			/* Behind the recipient and the algorithm. */
			buf_take(&at, version == 3 ? 10 : 24);
			ck_assert(secret_key_unwrap(
			    &k.key, version, &at, &cipher, &got));
			ck_assert_uint_eq(got.len, 32);
			ck_assert_int_eq(memcmp(got.data, key, 32), 0);
		}
	} else {
		ck_assert_int_eq(secret_key_sign(&k.key, PACKET_SHA256, digest,
				     32, &got, &why),
		    GW_OK);
		ck_assert_uint_eq(got.len, 64);
	}
	buf_free(&pkesk);
	buf_free(&got);
	forge_close(&k);
}
END_TEST

/* Our keys in gpg: imported, used both ways. */
START_TEST(gpg_uses_ours)
{
	static const struct {
		enum secret_kind kind;
		const char *passphrase;
		bool aead;
	} kinds[] = { { SECRET_ED25519, NULL, false },
		{ SECRET_ED25519, "hunter2", true },
		{ SECRET_RSA3072, "hunter2", false } };
	struct secret *s;

	if (!have_gpg())
		return;
	s = make(kinds[_i].kind, kinds[_i].passphrase, kinds[_i].aead);
	save("key.asc", &text);
	ck_assert(run(GPG "--import key.asc"));
	ck_assert(run("echo hello > doc"));
	ck_assert(run(GPG "-u %s -r %s -o doc.gpg --sign --encrypt doc",
	    cert_fingerprint(secret_cert(s)),
	    cert_fingerprint(secret_cert(s))));
	ck_assert(run(GPG "-o doc.out -d doc.gpg && cmp doc doc.out"));
	ck_assert(run("gpg --batch --with-colons --list-keys | "
		      "grep '^sub.*:s:' && "
		      "gpg --batch --with-colons --list-keys | "
		      "grep '^sub.*:e:' && "
		      "gpg --batch --with-colons --list-keys | "
		      "grep '^pub.*:.*c.*ES.*:\\|^pub.*:cESC:\\|^pub.*:cSE'"));
	secret_free(s);
}
END_TEST

/* gpg's keys here: parsed, used. */
START_TEST(gpg_makes_ours)
{
	static const struct {
		const char *primary, *subkey, *passphrase, *sign;
	} kinds[] = { { "ed25519", "cv25519", "", "Ed25519" },
		{ "ed25519", "cv25519", "hunter2", "Ed25519" },
		{ "rsa3072", "rsa3072", "hunter2", "RSA-3072" },
		{ "rsa3072", "cv25519", "", "RSA-3072" },
		{ "nistp256", "nistp256", "", "NIST P-256" },
		{ "nistp384", "nistp384", "hunter2", "NIST P-384" },
		{ "nistp521", "nistp521", "hunter2", "NIST P-521" },
		{ "brainpoolP256r1", "brainpoolP256r1", "hunter2",
		    "brainpoolP256r1" },
		{ "brainpoolP384r1", "brainpoolP384r1", "", "brainpoolP384r1" },
		{ "brainpoolP512r1", "brainpoolP512r1", "hunter2",
		    "brainpoolP512r1" } };
	struct secret *s;
	const char *pass = *kinds[_i].passphrase ? kinds[_i].passphrase : NULL;

	if (!have_gpg())
		return;
	ck_assert(run("gpg --batch --pinentry-mode loopback --passphrase '%s' "
		      "--quick-gen-key gpg@example.com %s sign,cert never",
	    kinds[_i].passphrase, kinds[_i].primary));
	ck_assert(run("gpg --batch --pinentry-mode loopback --passphrase '%s' "
		      "--quick-add-key $(gpg --with-colons --list-keys | "
		      "grep ^fpr | head -1 | cut -d: -f10) %s encr never",
	    kinds[_i].passphrase, kinds[_i].subkey));
	ck_assert(run("gpg --batch --pinentry-mode loopback --passphrase '%s' "
		      "-o key.gpg --export-secret-keys",
	    kinds[_i].passphrase));
	load("key.gpg", &text);
	if (pass != NULL)
		ck_assert_int_eq(refused("wrong"), REASON_KEY_UNUSABLE);
	s = opened(pass);
	ck_assert_str_eq(
	    cert_algorithm(secret_cert(s), CERT_SIGN), kinds[_i].sign);
	ck_assert_str_eq(cert_user_id(secret_cert(s)), "gpg@example.com");
	secret_free(s);
	/* Armored, and the certificate alone. */
	ck_assert(run("gpg --batch --armor -o cert.asc --export"));
	load("cert.asc", &text);
	{
		struct cert *c;
		struct why why;

		ck_assert_int_eq(
		    cert_parse(text.data, text.len, &c, &why), GW_OK);
		ck_assert_int_eq(
		    cert_usable(c, CERT_ENCRYPT, FORGE_NOW, &why), GW_OK);
		cert_free(c);
	}
	ck_assert_int_eq(refused(NULL), REASON_MALFORMED);
}
END_TEST

/* gpg's session keys: what it encrypts to us is unwrapped here. */
START_TEST(gpg_encrypts_to_us)
{
	struct secret *s;
	struct buf at, got;
	struct packet p;
	struct why why;
	int cipher;

	if (!have_gpg())
		return;
	s = make(_i == 1 ? SECRET_RSA3072 : SECRET_ED25519, NULL, false);
	save("key.asc", &text);
	ck_assert(run(GPG "--import key.asc && echo hello > doc"));
	ck_assert(run(GPG "-r %s %s -o doc.gpg --encrypt doc",
	    cert_fingerprint(secret_cert(s)), _i == 2 ? "--throw-keyids" : ""));
	load("doc.gpg", &text);
	buf_view(&at, text.data, text.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_int_eq(p.tag, PACKET_PKESK);
	buf_init_secret(&got, 32);
	ck_assert_int_eq(secret_unwrap(&s, 1, p.body.data, p.body.len, 1,
			     &cipher, &got, &why),
	    GW_OK);
	ck_assert_int_eq(cipher, PACKET_AES256);
	ck_assert_uint_eq(got.len, 32);
	buf_free(&got);
	secret_free(s);
}
END_TEST

/* A primary key that stays at home: subkeys alone. */
START_TEST(offline_primary)
{
	struct secret *s;

	if (!have_gpg())
		return;
	s = make(SECRET_ED25519, NULL, false);
	save("key.asc", &text);
	ck_assert(run(GPG "--import key.asc"));
	ck_assert(run("gpg --batch --pinentry-mode loopback --passphrase '' "
		      "-o sub.gpg --export-secret-subkeys"));
	secret_free(s);
	load("sub.gpg", &text);
	s = opened(NULL);
	signs(s);
	unwraps(s, 101);
	secret_free(s);
}
END_TEST

START_TEST(vectors)
{
	static const struct {
		const char *path;
		enum gw_reason reason;
	} known[] = { { "alice-secret.pgp", REASON_NONE },
		{ "bob-secret.pgp", REASON_NONE },
		{ "ricarda-secret.pgp", REASON_NONE },
		{ "carol-secret.pgp", REASON_WEAK },
		{ "john-secret.pgp", REASON_UNSUPPORTED } };
	char path[128];
	struct secret *s;

	snprintf(path, sizeof(path), "interop-suite/data/certificates/%s",
	    known[_i].path);
	buf_free(&text);
	if (!forge_vector(path, &text))
		return;
	if (known[_i].reason != REASON_NONE) {
		ck_assert_int_eq(refused(NULL), known[_i].reason);
		return;
	}
	s = opened(NULL);
	clock_fake((int64_t)FORGE_NOW * 1000);
	signs(s);
	unwraps(s, 211);
	secret_free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secret");
	TCase *t = tcase_create("secret");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(256 * 1024, &why) != GW_OK)
		return 1;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, generate, 0, 2);
	tcase_add_test(t, generate_rsa);
	tcase_add_loop_test(t, generate_nonsense, 0, 5);
	tcase_add_test(t, passphrase);
	tcase_add_test(t, every_flipped_bit);
	tcase_add_loop_test(t, halves_that_disagree, 0, 2);
	tcase_add_test(t, will_not_sign);
	tcase_add_test(t, whose_session_key);
	tcase_add_loop_test(t, native_codings, 0, 2);
	tcase_add_loop_test(t, gpg_uses_ours, 0, 3);
	tcase_add_loop_test(t, gpg_makes_ours, 0, 10);
	tcase_add_loop_test(t, gpg_encrypts_to_us, 0, 3);
	tcase_add_test(t, offline_primary);
	tcase_add_loop_test(t, vectors, 0, 5);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
