/* Goal: a locked secret key opens with its passphrase however others locked
 * it, and with nothing altered, nothing mixed up and nobody's price to pay. */
#include "gateway/base/clock.h"
#include "keys/algorithms/cipher.h"
#include "keys/algorithms/hkdf.h"
#include "keys/algorithms/s2k.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"
#include "tests/keys/forge.h"

#define PASSPHRASE "hunter2"

/* How one key is locked; what is 0 is as usual. */
struct way {
	int usage, cipher, aead;
	struct s2k s2k;
	int wrong_sum;
	int wrong_count, wrong_s2k_count; /* of version 6; added */
};

/* Cheap, for what is tried hundreds of times. */
static const struct s2k iterated = { .kind = S2K_ITERATED,
	.hash = PACKET_SHA256,
	.salt = "saltsalt",
	.count = 0x10 };
static const struct s2k argon2 = { .kind = S2K_ARGON2,
	.salt = "saltsaltsaltsal",
	.passes = 1,
	.lanes = 1,
	.memory = 3 };

static struct forge_key key;

/* Is there room for what the RFC's own samples ask? */
static bool
have_memory(unsigned long mib)
{
	return (unsigned long)sysconf(_SC_AVPHYS_PAGES) /
		   (1048576 / (unsigned long)sysconf(_SC_PAGESIZE)) >=
	       mib;
}

static void
setup(void)
{
	forge_ed25519(&key, FORGE_BORN);
}

static void
teardown(void)
{
	forge_close(&key);
}

static const uint8_t iv[] = "0123456789abcdef";

static void
put_parameters(struct buf *out, const struct way *w)
{
	size_t nonce = w->usage == 253 ? cipher_nonce_len(w->aead) : 16;
	bool new = key.pk.version == 6;
	struct buf s2k;

	buf_init(&s2k, 64);
	ck_assert(s2k_write(&w->s2k, &s2k));
	buf_put_u8(out, (uint8_t)w->usage);
	if (new)
		buf_put_u8(out, (uint8_t)(1 + (w->usage == 253) + 1 + s2k.len +
					  nonce + (size_t)w->wrong_count));
	buf_put_u8(out, (uint8_t)w->cipher);
	if (w->usage == 253)
		buf_put_u8(out, (uint8_t)w->aead);
	if (new)
		buf_put_u8(
		    out, (uint8_t)(s2k.len + (size_t)w->wrong_s2k_count));
	buf_put(out, s2k.data, s2k.len);
	buf_put(out, iv, nonce);
	buf_free(&s2k);
}

/* RFC 9580, 5.5.3, written once more: the secret part behind the public one,
 * `numbers` locked in that way. */
static void
lock_by_hand(struct buf *out, const struct buf *numbers, const struct way *w)
{
	uint8_t kek[32], info[4] = { 0xc5, (uint8_t)key.pk.version,
		(uint8_t)w->cipher, (uint8_t)w->aead };
	size_t key_len = cipher_key_len(w->cipher), n = numbers->len;
	struct buf ad;
	struct why why;
	gcry_cipher_hd_t h;
	unsigned sum = 0;
	uint8_t *to;

	put_parameters(out, w);
	ck_assert_int_eq(
	    s2k_derive(&w->s2k, PASSPHRASE, kek, key_len, &why), GW_OK);
	ck_assert_ptr_nonnull(to = buf_room(out, n + 20));
	memcpy(to, numbers->data, n);
	if (w->usage == 253) {
		uint8_t first[32];

		memcpy(first, kek, key_len);
		ck_assert(hkdf_sha256(
		    first, key_len, NULL, 0, info, sizeof(info), kek, key_len));
		buf_init(&ad, 4096);
		buf_put_u8(&ad, 0xc5);
		buf_put(&ad, key.pk.body, key.pk.body_len);
		ck_assert(cipher_seal(
		    w->cipher, w->aead, kek, iv, ad.data, ad.len, to, n));
		buf_free(&ad);
		buf_grew(out, n + 16);
		return;
	}
	if (w->usage == 254) {
		gcry_md_hash_buffer(GCRY_MD_SHA1, to + n, to, n);
		to[n] ^= (uint8_t)w->wrong_sum;
		n += 20;
	} else {
		for (size_t i = 0; i < n; i++)
			sum += to[i];
		to[n++] = (uint8_t)(sum >> 8);
		to[n++] = (uint8_t)(sum ^ (unsigned)w->wrong_sum);
	}
	ck_assert_int_eq(gcry_cipher_open(&h, cipher_gcry(w->cipher),
			     GCRY_CIPHER_MODE_CFB, 0),
	    0);
	ck_assert_int_eq(gcry_cipher_setkey(h, kek, key_len), 0);
	ck_assert_int_eq(gcry_cipher_setiv(h, iv, 16), 0);
	ck_assert_int_eq(gcry_cipher_encrypt(h, to, n, NULL, 0), 0);
	gcry_cipher_close(h);
	buf_grew(out, n);
}

/* The packet body of `key` with these numbers in it. */
static struct buf
locked(const struct buf *numbers, const struct way *w)
{
	struct buf part;

	buf_init(&part, 8192);
	buf_put(&part, key.pk.body, key.pk.body_len);
	lock_by_hand(&part, numbers, w);
	return part;
}

static enum gw_status
opens(const struct buf *body, const char *passphrase, struct why *why)
{
	struct secret *s = NULL;
	struct buf packets;
	enum gw_status st;

	buf_init(&packets, 65536);
	packet_put(&packets, PACKET_SECRET_KEY, body->data, body->len);
	st = secret_parse(packets.data, packets.len, passphrase, &s, why);
	ck_assert((st == GW_OK) == (s != NULL));
	secret_free(s);
	buf_free(&packets);
	return st;
}

static void
refuses(const struct buf *body, const char *passphrase, enum gw_reason reason)
{
	struct why why = { REASON_NONE, "" };

	ck_assert_int_eq(opens(body, passphrase, &why), GW_REFUSED);
	ck_assert_msg(
	    why.reason == reason, "%s: %s", reason_code(why.reason), why.text);
}

static struct way
way(int usage, int cipher, int aead, const struct s2k *s2k)
{
	return (struct way){
		.usage = usage, .cipher = cipher, .aead = aead, .s2k = *s2k
	};
}

static struct way
good_way(int i)
{
	struct s2k old = { .hash = PACKET_SHA1, .salt = "saltsalt" };

	switch (i) {
	case 0:
		return way(254, PACKET_AES256, 0, &iterated);
	case 1:
		return way(254, PACKET_AES128, 0, &iterated);
	case 2:
		return way(254, PACKET_AES192, 0, &iterated);
	case 3: /* what gpg 2.2 exports by default */
		old.kind = S2K_ITERATED;
		return way(254, PACKET_AES128, 0, &old);
	case 4:
		old.kind = S2K_SIMPLE;
		return way(254, PACKET_AES256, 0, &old);
	case 5:
		old.kind = S2K_SALTED;
		return way(254, PACKET_AES256, 0, &old);
	case 6:
		return way(255, PACKET_AES256, 0, &iterated);
	case 7:
		return way(253, PACKET_AES256, PACKET_OCB, &argon2);
	case 8:
		return way(253, PACKET_AES128, PACKET_EAX, &argon2);
	case 9:
		return way(253, PACKET_AES192, PACKET_GCM, &argon2);
	default:
		return way(253, PACKET_AES256, PACKET_OCB, &iterated);
	}
}
#define GOOD_WAYS 11

START_TEST(others_lock)
{
	struct way w = good_way(_i);
	struct buf body = locked(&key.numbers, &w);
	struct why why;

	ck_assert_msg(opens(&body, PASSPHRASE, &why) == GW_OK, "%s", why.text);
	refuses(&body, "hunter3", REASON_KEY_UNUSABLE);
	refuses(&body, "", REASON_KEY_UNUSABLE);
	refuses(&body, NULL, REASON_KEY_UNUSABLE);
	buf_free(&body);
}
END_TEST

/* Every bit of the secret part, in each field there is; and every cut. */
START_TEST(every_flipped_bit)
{
	struct way w = good_way(_i);
	struct buf body = locked(&key.numbers, &w);
	struct why why;

	for (size_t at = key.pk.body_len; at < body.len; at++) {
		struct buf cut;

		for (int bit = 0; bit < 8; bit++) {
			/* An iterated count or Argon2 memory that is dearer
			 * is no other case, only a slower one. */
			size_t off = at - key.pk.body_len;
			bool dear = ((off == 12 || off == 13) && bit > 4) ||
				    (off == 22 && bit == 4);

			body.data[at] ^= (uint8_t)(1u << bit);
			if (!dear)
				ck_assert_msg(opens(&body, PASSPHRASE, &why) ==
						  GW_REFUSED,
				    "octet %zu, bit %d", at - key.pk.body_len,
				    bit);
			body.data[at] ^= (uint8_t)(1u << bit);
		}
		buf_view(&cut, body.data, at);
		ck_assert_int_eq(opens(&cut, PASSPHRASE, &why), GW_REFUSED);
	}
	ck_assert_int_eq(opens(&body, PASSPHRASE, &why), GW_OK);
	buf_free(&body);
}
END_TEST

/* RFC 9580, 3.7.2.1: what does not go together, and what is too old. */
START_TEST(refused_ways)
{
	struct s2k simple = { .kind = S2K_SIMPLE, .hash = PACKET_SHA256 };
	struct s2k salted = { .kind = S2K_SALTED, .hash = PACKET_SHA256 };
	struct s2k sha1 = iterated;
	struct way w;
	struct buf body;
	enum gw_reason reason = REASON_UNSUPPORTED;

	sha1.hash = PACKET_SHA1;
	switch (_i) {
	case 0:
		w = way(254, PACKET_AES256, 0, &argon2);
		reason = REASON_MALFORMED;
		break;
	case 1:
		w = way(255, PACKET_AES256, 0, &argon2);
		reason = REASON_MALFORMED;
		break;
	case 2:
		w = way(253, PACKET_AES256, PACKET_OCB, &simple);
		break;
	case 3:
		w = way(253, PACKET_AES256, PACKET_OCB, &salted);
		break;
	default:
		w = way(253, PACKET_AES256, PACKET_OCB, &sha1);
		break;
	}
	body = locked(&key.numbers, &w);
	refuses(&body, PASSPHRASE, reason);
	buf_free(&body);
}
END_TEST

static void
version_6(void)
{
	forge_close(&key);
	forge_ed25519_v6(&key, FORGE_BORN);
}

/* With its counted parameters, and without what is too old for it. */
START_TEST(version_6_locks)
{
	struct way w = good_way(_i);
	struct buf body;
	struct why why;

	version_6();
	body = locked(&key.numbers, &w);
	if (w.usage == 255 || !s2k_modern(&w.s2k) || w.s2k.kind == S2K_SALTED) {
		refuses(&body, PASSPHRASE, REASON_UNSUPPORTED);
		buf_free(&body);
		return;
	}
	ck_assert_msg(opens(&body, PASSPHRASE, &why) == GW_OK, "%s", why.text);
	refuses(&body, "hunter3", REASON_KEY_UNUSABLE);
	refuses(&body, NULL, REASON_KEY_UNUSABLE);
	buf_free(&body);
	/* Counts that are not what they count. */
	for (int wrong = -2; wrong <= 2; wrong++) {
		w.wrong_count = wrong;
		w.wrong_s2k_count = 0;
		body = locked(&key.numbers, &w);
		ck_assert(
		    (opens(&body, PASSPHRASE, &why) == GW_OK) == (wrong == 0));
		buf_free(&body);
		w.wrong_count = 0;
		w.wrong_s2k_count = wrong;
		body = locked(&key.numbers, &w);
		ck_assert(
		    (opens(&body, PASSPHRASE, &why) == GW_OK) == (wrong == 0));
		buf_free(&body);
	}
}
END_TEST

/* RFC 9580, A.4 and A.5: the same key, and its lock costs 2 GiB. */
START_TEST(version_6_samples)
{
	struct buf text;
	struct secret *open, *shut;
	struct why why;

	if (!forge_vector("rnp/RFC9580/A.4.transferable-seckey-v6.asc", &text))
		return;
	ck_assert_msg(
	    secret_parse(text.data, text.len, NULL, &open, &why) == GW_OK, "%s",
	    why.text);
	buf_free(&text);
	if (have_memory(4096) &&
	    forge_vector(
		"rnp/RFC9580/A.5.sample-locked-v6-seckey-argon2-aead.asc",
		&text)) {
		ck_assert_msg(
		    secret_parse(text.data, text.len,
			"correct horse battery staple", &shut, &why) == GW_OK,
		    "%s", why.text);
		ck_assert_str_eq(cert_fingerprint(secret_cert(open)),
		    cert_fingerprint(secret_cert(shut)));
		secret_free(shut);
		buf_free(&text);
	}
	secret_free(open);
}
END_TEST

/* A bare cipher's number: one round of MD5.  And numbers of nothing. */
START_TEST(unknown_means_no)
{
	static const uint8_t usages[] = { 1, 3, 7, 9, 10, 252 };
	struct way w = good_way(0);
	struct buf body = locked(&key.numbers, &w);
	size_t at = key.pk.body_len;

	if (_i < (int)sizeof(usages))
		body.data[at] = usages[_i];
	else if (_i == 6)
		body.data[at + 1] = 3; /* CAST5 */
	else if (_i == 7)
		body.data[at + 1] = 2; /* Triple-DES */
	else if (_i == 8)
		body.data[at + 2] = 102;
	else
		body.data[at + 3] = 1; /* MD5 */
	refuses(&body, PASSPHRASE, REASON_UNSUPPORTED);
	buf_free(&body);
}
END_TEST

START_TEST(pitfall_11_cost_bombs)
{
	struct way w = good_way(7);
	struct buf body = locked(&key.numbers, &w);
	/* Usage, cipher, mode, kind, salt. */
	uint8_t *numbers = body.data + key.pk.body_len + 4 + 16;

	numbers[2] = 22;
	refuses(&body, PASSPHRASE, REASON_TOO_LARGE);
	numbers[0] = 255;
	numbers[2] = 21;
	refuses(&body, PASSPHRASE, REASON_TOO_LARGE);
	numbers[0] = 0;
	refuses(&body, PASSPHRASE, REASON_MALFORMED);
	buf_free(&body);
}
END_TEST

/*
 * Key overwriting: numbers of another key under the right passphrase, and a
 * public half exchanged around the right numbers.  In each way of locking.
 */
START_TEST(pitfall_09_key_overwriting)
{
	struct way w = good_way(_i);
	struct forge_key other, own = key;
	struct buf body;
	struct why why;

	forge_ed25519(&other, FORGE_BORN);
	body = locked(&other.numbers, &w);
	refuses(&body, PASSPHRASE, REASON_KEY_UNUSABLE);
	buf_free(&body);
	/* The lock as it was, the public point another's. */
	body = locked(&key.numbers, &w);
	ck_assert_uint_eq(other.pk.body_len, key.pk.body_len);
	memcpy(body.data, other.pk.body, other.pk.body_len);
	refuses(&body, PASSPHRASE, REASON_KEY_UNUSABLE);
	memcpy(body.data, own.pk.body, own.pk.body_len);
	ck_assert_int_eq(opens(&body, PASSPHRASE, &why), GW_OK);
	/* The lock holds the creation time too, where there is AEAD. */
	body.data[4] ^= 1;
	ck_assert_int_eq(opens(&body, PASSPHRASE, &why),
	    w.usage == 253 ? GW_REFUSED : GW_OK);
	buf_free(&body);
	forge_close(&other);
}
END_TEST

/* Whether the sum was right or the numbers were wrong: one answer, or each
 * try would give away a bit of them. */
START_TEST(no_oracle_behind_a_sum)
{
	struct way w = good_way(6);
	struct forge_key other;
	struct buf body;
	struct why sum, numbers;

	forge_ed25519(&other, FORGE_BORN);
	body = locked(&other.numbers, &w);
	ck_assert_int_eq(opens(&body, PASSPHRASE, &numbers), GW_REFUSED);
	buf_free(&body);
	w.wrong_sum = 1;
	body = locked(&other.numbers, &w);
	ck_assert_int_eq(opens(&body, PASSPHRASE, &sum), GW_REFUSED);
	buf_free(&body);
	ck_assert_int_eq(sum.reason, numbers.reason);
	ck_assert_str_eq(sum.text, numbers.text);
	forge_close(&other);
}
END_TEST

/* In the clear; version 4 has a sum behind it. */
START_TEST(in_the_clear)
{
	struct secret_packet p = { PACKET_SECRET_KEY, &key.pk };
	struct secret_numbers numbers;
	struct buf body;
	struct why why;

	if (_i == 6)
		version_6();
	ck_assert(
	    secret_numbers_set(&numbers, key.numbers.data, key.numbers.len));
	buf_init(&body, 8192);
	buf_put(&body, key.pk.body, key.pk.body_len);
	ck_assert_int_eq(
	    secret_lock(&p, &numbers, NULL, SECRET_LOCK_ITERATED, &body, &why),
	    GW_OK);
	ck_assert_int_eq(opens(&body, NULL, &why), GW_OK);
	ck_assert_int_eq(opens(&body, PASSPHRASE, &why), GW_OK);
	/* Version 6 has no sum; the numbers are found not to fit. */
	body.data[body.len - 1] ^= 1;
	refuses(&body, NULL, _i == 6 ? REASON_KEY_UNUSABLE : REASON_MALFORMED);
	body.len--;
	refuses(&body, NULL, _i == 6 ? REASON_KEY_UNUSABLE : REASON_MALFORMED);
	buf_free(&body);
	secret_numbers_free(&numbers);
}
END_TEST

/* Ours, read back, and never twice the same. */
START_TEST(we_lock)
{
	enum secret_lock_kind kind =
	    _i % 2 == 0 ? SECRET_LOCK_ITERATED : SECRET_LOCK_ARGON2;
	struct secret_packet p = { PACKET_SECRET_KEY, &key.pk };
	struct secret_numbers numbers;
	struct buf body[2];
	struct why why;

	if (_i >= 2)
		version_6();
	ck_assert(
	    secret_numbers_set(&numbers, key.numbers.data, key.numbers.len));
	for (int i = 0; i < 2; i++) {
		buf_init(&body[i], 8192);
		buf_put(&body[i], key.pk.body, key.pk.body_len);
		ck_assert_int_eq(
		    secret_lock(&p, &numbers, PASSPHRASE, kind, &body[i], &why),
		    GW_OK);
		ck_assert_msg(
		    opens(&body[i], PASSPHRASE, &why) == GW_OK, "%s", why.text);
		refuses(&body[i], "hunter3", REASON_KEY_UNUSABLE);
		ck_assert_int_eq(body[i].data[key.pk.body_len],
		    kind == SECRET_LOCK_ITERATED ? 254 : 253);
	}
	ck_assert_uint_eq(body[0].len, body[1].len);
	ck_assert_mem_ne(body[0].data + body[0].len - 32,
	    body[1].data + body[1].len - 32, 32);
	/* A subkey is not a primary key (RFC 9580, 5.5.3). */
	if (kind == SECRET_LOCK_ARGON2) {
		struct buf part;
		struct secret_locked how;

		p.tag = PACKET_SECRET_SUBKEY;
		buf_view(&part, body[0].data + key.pk.body_len,
		    body[0].len - key.pk.body_len);
		secret_numbers_free(&numbers);
		ck_assert_int_eq(
		    secret_unlock(&p, &part, PASSPHRASE, &numbers, &how, &why),
		    GW_REFUSED);
		ck_assert_ptr_null(numbers.at);
	}
	buf_free(&body[0]);
	buf_free(&body[1]);
	secret_numbers_free(&numbers);
}
END_TEST

/* GnuPG's ways to say that there are no numbers. */
START_TEST(elsewhere)
{
	static const uint8_t none[] = { 255, 0, 101, 0, 'G', 'N', 'U', 1 };
	static const uint8_t card[] = { 254, 0, 101, 0, 'G', 'N', 'U', 2, 4, 1,
		2, 3, 4 };
	static const uint8_t other[] = { 255, 0, 101, 0, 'G', 'N', 'V', 1 };
	struct secret_packet p = { PACKET_SECRET_KEY, &key.pk };
	struct secret_numbers numbers = { NULL, 0 };
	struct buf part, ours;
	struct why why;
	struct secret_locked how;

	buf_view(&part, none, sizeof(none));
	ck_assert_int_eq(
	    secret_unlock(&p, &part, NULL, &numbers, &how, &why), GW_NONE);
	buf_view(&part, card, sizeof(card));
	ck_assert_int_eq(
	    secret_unlock(&p, &part, "x", &numbers, &how, &why), GW_NONE);
	buf_view(&part, other, sizeof(other));
	ck_assert_int_eq(
	    secret_unlock(&p, &part, NULL, &numbers, &how, &why), GW_REFUSED);
	buf_init(&ours, 64);
	ck_assert_int_eq(secret_lock(&p, &numbers, PASSPHRASE,
			     SECRET_LOCK_ITERATED, &ours, &why),
	    GW_OK);
	ck_assert_int_eq(
	    secret_unlock(&p, &ours, NULL, &numbers, &how, &why), GW_NONE);
	buf_free(&ours);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secret_lock");
	TCase *t = tcase_create("secret_lock");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(256 * 1024, &why) != GW_OK)
		return 1;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, others_lock, 0, GOOD_WAYS);
	tcase_add_loop_test(t, every_flipped_bit, 0, GOOD_WAYS);
	tcase_add_loop_test(t, refused_ways, 0, 5);
	tcase_add_loop_test(t, unknown_means_no, 0, 10);
	tcase_add_test(t, pitfall_11_cost_bombs);
	tcase_add_loop_test(t, pitfall_09_key_overwriting, 0, GOOD_WAYS);
	tcase_add_test(t, no_oracle_behind_a_sum);
	tcase_add_loop_test(t, in_the_clear, 4, 7);
	tcase_add_loop_test(t, version_6_locks, 0, GOOD_WAYS);
	tcase_add_test(t, version_6_samples);
	tcase_add_loop_test(t, we_lock, 0, 4);
	tcase_add_test(t, elsewhere);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
