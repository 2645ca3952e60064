/* Goal: RFC 9980's algorithms do what its samples say, half of one is none of
 * it, and a libgcrypt that lacks them says so. */
#include "keys/algorithms/pq.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"
#include "tests/keys/forge.h"
#include "tests/keys/party.h"

#include <gcrypt.h>

#define SAMPLES "rfc9980/test-vectors/"
#define PUBLIC  (32 + PQ_MLKEM_PUBLIC)
/* Where things stand in a PKESK's fields and in a signature's numbers. */
#define SEALED_AT  32
#define LENGTH_AT  (SEALED_AT + PQ_MLKEM_SEALED)
#define WRAPPED_AT (LENGTH_AT + 1)
#define MLDSA_AT   64

/* "Now" for the samples, and when they were made: 2025-01-01. */
#define SAMPLES_NOW ((time_t)1750000000)

static bool possible;

static void
setup(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(512 * 1024, &why), GW_OK);
	why_set(&why, REASON_NONE, "it can");
	possible = pq_possible(PACKET_MLKEM768_X25519, &why) == GW_OK;
	/* Set where it must be: nobody shall take a test that did not test
	 * anything for a good one. */
	ck_assert_msg(
	    possible || getenv("WAYBILL_POST_QUANTUM") == NULL, "%s", why.text);
	ck_assert_int_eq(
	    pq_possible(PACKET_MLDSA65_ED25519, &why) == GW_OK, possible);
}

/* The rest of the test needs the library; true: leave. */
static bool
left_out(void)
{
	return !possible;
}

static void
make_key_at(struct forge_key *k, int version, int algorithm, unsigned bits,
    time_t created)
{
	struct why why;

	memset(k, 0, sizeof(*k));
	buf_init(&k->public, 8192);
	buf_init_secret(&k->numbers, 8192);
	ck_assert_msg(secret_key_make(version, algorithm, NULL, bits, created,
			  &k->public, &k->numbers, &why) == GW_OK,
	    "%s", why.text);
	forge_finish(k);
}

static void
make_key(struct forge_key *k, int version, int algorithm)
{
	make_key_at(k, version, algorithm, 0, FORGE_BORN);
}

/* The body of a key packet with zeros for numbers, but one octet. */
static struct buf
crude_key(int version, int algorithm, size_t len, size_t at, uint8_t octet)
{
	struct buf b;

	buf_init(&b, 8192);
	buf_put_u8(&b, (uint8_t)version);
	buf_put_u32(&b, (uint32_t)FORGE_BORN);
	buf_put_u8(&b, (uint8_t)algorithm);
	if (version == 6)
		buf_put_u32(&b, (uint32_t)len);
	for (size_t i = 0; i < len; i++)
		buf_put_u8(&b, i == at ? octet : 0);
	return b;
}

/* What anybody's libgcrypt can tell of such a key. */
START_TEST(known_by_name)
{
	static const struct {
		int version, algorithm;
		size_t len;
		const char *name;
	} rows[] = {
		{ 4, PACKET_MLKEM768_X25519, PUBLIC, "ML-KEM-768+X25519" },
		{ 6, PACKET_MLKEM768_X25519, PUBLIC, "ML-KEM-768+X25519" },
		{ 6, PACKET_MLKEM1024_X448, 56 + 1568, "ML-KEM-1024+X448" },
		{ 6, PACKET_MLDSA87_ED448, 57 + 2592, "ML-DSA-87+Ed448" },
		{ 6, 32, 32, "SLH-DSA-SHAKE-128s" },
		{ 6, 33, 32, "SLH-DSA-SHAKE-128f" },
		{ 6, 34, 64, "SLH-DSA-SHAKE-256s" },
	};
	struct buf b = crude_key(
	    rows[_i].version, rows[_i].algorithm, rows[_i].len, SIZE_MAX, 0);
	bool ours = rows[_i].algorithm == PACKET_MLKEM768_X25519;
	struct why why;
	struct pk pk;

	ck_assert_msg(pk_parse(&pk, &b, &why) == GW_OK, "%s", why.text);
	ck_assert(buf_done(&b));
	ck_assert_str_eq(pk.name, rows[_i].name);
	ck_assert(!pk.weak);
	ck_assert_int_eq(pk.supported, ours && possible);
	ck_assert(pk.supported == pk_can_encrypt(&pk));
	ck_assert(!pk_can_sign(&pk));
	if (!pk.supported) {
		ck_assert_int_eq(pk_supported(&pk, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
		ck_assert_ptr_nonnull(strstr(why.text, rows[_i].name));
		ck_assert_ptr_nonnull(strstr(why.text, pk.hex));
	}
	pk_close(&pk);
	buf_free(&b);
}
END_TEST

/* Without the library: each door says what is needed and what is there. */
START_TEST(cannot_and_says_so)
{
	const char *name = "x <x@example.com>";
	struct secret_params params = { .user_ids = &name,
		.user_id_count = 1,
		.version = 6,
		.created = FORGE_BORN };
	uint8_t room[PQ_MLDSA_SECRET];
	struct buf b;
	struct why why;

	if (possible)
		return;
	buf_init(&b, 65536);
	for (int kind = SECRET_MLKEM; kind <= SECRET_MLDSA; kind++) {
		params.kind = (enum secret_kind)kind;
		ck_assert_int_eq(
		    secret_kind_possible(params.kind, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
		ck_assert_ptr_nonnull(strstr(why.text, "libgcrypt 1.12"));
		ck_assert_ptr_nonnull(
		    strstr(why.text, gcry_check_version(NULL)));
		ck_assert_int_eq(
		    secret_generate(&params, &b, NULL, &why), GW_REFUSED);
		ck_assert_uint_eq(b.len, 0);
	}
	ck_assert_int_eq(seal_can_post_quantum(&why), GW_REFUSED);
	ck_assert_int_eq(secret_key_make(6, PACKET_MLKEM768_X25519, NULL, 0,
			     FORGE_BORN, &b, &b, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
	memset(room, 0, sizeof(room));
	ck_assert(!pq_mlkem_expand(room, room, room));
	ck_assert(!pq_mldsa_expand(room, room, room));
	ck_assert_int_ne(pq_mldsa_verify(room, room, 32, room), GW_OK);
	buf_free(&b);
}
END_TEST

/* Numbers that FIPS 203 does not write, keys of versions that RFC 9980 does
 * not have, and cut ones, are no keys. */
START_TEST(malformed_keys)
{
	static const struct {
		int version, algorithm;
		size_t len, at;
		uint8_t octet;
	} rows[] = {
		/* A coefficient of 3585 in the first place, in the last. */
		{ 6, PACKET_MLKEM768_X25519, PUBLIC, 32 + 1, 0x0e },
		{ 4, PACKET_MLKEM768_X25519, PUBLIC, PUBLIC - 33, 0xd1 },
		{ 6, PACKET_MLKEM768_X25519, PUBLIC - 1, SIZE_MAX, 0 },
		{ 6, PACKET_MLKEM768_X25519, PUBLIC + 1, SIZE_MAX, 0 },
		{ 4, PACKET_MLKEM768_X25519, PUBLIC - 1, SIZE_MAX, 0 },
		{ 4, PACKET_MLDSA65_ED25519, 32 + PQ_MLDSA_PUBLIC, 0, 2 },
		{ 6, PACKET_MLDSA65_ED25519, 31 + PQ_MLDSA_PUBLIC, 0, 2 },
		/* No point of Ed25519. */
		{ 6, PACKET_MLDSA65_ED25519, 32 + PQ_MLDSA_PUBLIC, 0, 2 },
	};
	struct buf b = crude_key(rows[_i].version, rows[_i].algorithm,
	    rows[_i].len, rows[_i].at, rows[_i].octet);
	struct why why;
	struct pk pk;

	ck_assert_int_eq(pk_parse(&pk, &b, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_MALFORMED);
	buf_free(&b);
}
END_TEST

static const struct {
	int key_version, pkesk, cipher;
} ways[] = { { 4, 3, PACKET_AES256 }, { 4, 6, PACKET_AES256 },
	{ 6, 3, PACKET_AES128 }, { 6, 3, PACKET_AES192 },
	{ 6, 6, PACKET_AES128 }, { 6, 6, PACKET_AES192 },
	{ 6, 6, PACKET_AES256 } };

/* A PKESK for the key; where its fields begin behind the algorithm. */
static size_t
encrypt(const struct forge_key *k, int pkesk, int cipher, struct buf *key,
    struct buf *out)
{
	struct why why;
	size_t len = 16u + 8u * (unsigned)(cipher - PACKET_AES128);

	buf_init(key, 64);
	ck_assert(buf_put(key, craft_key, len));
	buf_init(out, 4096);
	ck_assert_msg(
	    pk_encrypt_session(&k->pk, pkesk, cipher, key, out, &why) == GW_OK,
	    "%s", why.text);
	return pkesk == 3 ? 1 + 8 + 1 : 1 + 1 + 1 + k->pk.fingerprint_len + 1;
}

static bool
unwraps(const struct forge_key *k, int pkesk, const uint8_t *fields, size_t len,
    const struct buf *want)
{
	struct buf b, got;
	int cipher = -1;
	bool ok;

	buf_view(&b, fields, len);
	buf_init(&got, 64);
	ok = secret_key_unwrap(&k->key, pkesk, &b, &cipher, &got);
	ck_assert(ok || got.len == 0);
	ok = ok && got.len == want->len &&
	     memcmp(got.data, want->data, got.len) == 0;
	if (ok)
		ck_assert_int_eq(cipher,
		    pkesk == 6 ? 0 : PACKET_AES128 + (int)(got.len - 16) / 8);
	buf_free(&got);
	return ok;
}

/* One bit in either half, in what is wrapped or in front of it: not opened. */
START_TEST(composite_encryption)
{
	struct forge_key k, other;
	struct buf key, out, longer;
	size_t at, len;
	uint8_t *fields;
	int pkesk = ways[_i].pkesk;

	if (left_out())
		return;
	make_key(&k, ways[_i].key_version, PACKET_MLKEM768_X25519);
	make_key(&other, ways[_i].key_version, PACKET_MLKEM768_X25519);
	at = encrypt(&k, pkesk, ways[_i].cipher, &key, &out);
	fields = out.data + at;
	len = out.len - at;
	ck_assert_uint_eq(len, (size_t)WRAPPED_AT + (pkesk == 3) + key.len + 8);
	ck_assert(unwraps(&k, pkesk, fields, len, &key));
	ck_assert(!unwraps(&other, pkesk, fields, len, &key));
	ck_assert(!unwraps(&k, 9 - pkesk, fields, len, &key));
	for (size_t i = 0; i < len; i += i < WRAPPED_AT - 3 ? 31 : 1) {
		fields[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_msg(!unwraps(&k, pkesk, fields, len, &key),
		    "flipped in octet %zu", i);
		fields[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t cut = 0; cut < len; cut += cut < WRAPPED_AT ? 97 : 1)
		ck_assert(!unwraps(&k, pkesk, fields, cut, &key));
	buf_init(&longer, 4096);
	buf_put(&longer, fields, len);
	buf_put_u8(&longer, 0);
	ck_assert(!unwraps(&k, pkesk, longer.data, longer.len, &key));
	/* Everybody's secret. */
	memset(fields, 0, 32);
	ck_assert(!unwraps(&k, pkesk, fields, len, &key));
	buf_free(&longer);
	buf_free(&out);
	buf_free(&key);
	forge_close(&other);
	forge_close(&k);
}
END_TEST

/* X25519's part or ML-KEM's part of another message to the same key. */
START_TEST(halves_do_not_mix)
{
	struct forge_key k;
	struct buf key, one, two, mixed;
	size_t at;

	if (left_out())
		return;
	make_key(&k, 6, PACKET_MLKEM768_X25519);
	at = encrypt(&k, 6, PACKET_AES256, &key, &one);
	buf_free(&key);
	ck_assert_uint_eq(encrypt(&k, 6, PACKET_AES256, &key, &two), at);
	buf_init(&mixed, 4096);
	buf_put(&mixed, one.data + at, SEALED_AT);
	buf_put(&mixed, two.data + at + SEALED_AT, one.len - at - SEALED_AT);
	ck_assert(!unwraps(&k, 6, mixed.data, mixed.len, &key));
	buf_reset(&mixed);
	buf_put(&mixed, one.data + at, LENGTH_AT);
	buf_put(&mixed, two.data + at + LENGTH_AT, one.len - at - LENGTH_AT);
	ck_assert(!unwraps(&k, 6, mixed.data, mixed.len, &key));
	buf_free(&mixed);
	buf_free(&two);
	buf_free(&one);
	buf_free(&key);
	forge_close(&k);
}
END_TEST

/* Secret numbers that are not those of the public ones, in either half. */
START_TEST(secret_halves_must_fit)
{
	static const struct {
		int algorithm;
		size_t at;
	} rows[] = { { PACKET_MLKEM768_X25519, 1 },
		{ PACKET_MLKEM768_X25519, 32 }, { PACKET_MLDSA65_ED25519, 1 },
		{ PACKET_MLDSA65_ED25519, 32 } };
	struct secret_key again;
	struct forge_key k;
	struct buf view;
	struct why why;

	if (left_out())
		return;
	make_key(&k, 6, rows[_i].algorithm);
	buf_view(&view, k.numbers.data, k.numbers.len - 1);
	ck_assert_int_eq(
	    secret_key_open(&again, &k.pk, &view, &why), GW_REFUSED);
	buf_put_u8(&k.numbers, 0);
	buf_view(&view, k.numbers.data, k.numbers.len);
	ck_assert_int_eq(
	    secret_key_open(&again, &k.pk, &view, &why), GW_REFUSED);
	k.numbers.data[rows[_i].at] ^= 0x10;
	buf_view(&view, k.numbers.data, k.numbers.len - 1);
	ck_assert_int_eq(
	    secret_key_open(&again, &k.pk, &view, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	k.numbers.data[rows[_i].at] ^= 0x10;
	buf_view(&view, k.numbers.data, k.numbers.len - 1);
	ck_assert_int_eq(secret_key_open(&again, &k.pk, &view, &why), GW_OK);
	secret_key_close(&again);
	forge_close(&k);
}
END_TEST

static enum gw_status
verifies(const struct forge_key *k, int hash, const uint8_t *digest,
    const void *numbers, size_t len)
{
	struct why why;

	return pk_verify(&k->pk, hash, digest, packet_hash_find(hash)->len,
	    numbers, len, &why);
}

/* Both or none: each half is flipped alone, and taken from another one. */
START_TEST(composite_signature)
{
	struct forge_key k, other;
	struct buf one, two;
	uint8_t digest[2][32] = { { 1 }, { 2 } }, mixed[64 + PQ_MLDSA_SIGNED];
	uint8_t *n;
	struct why why;

	if (left_out())
		return;
	make_key(&k, 6, PACKET_MLDSA65_ED25519);
	make_key(&other, 6, PACKET_MLDSA65_ED25519);
	buf_init(&one, 8192);
	buf_init(&two, 8192);
	ck_assert_int_eq(pk_hash_algorithm(&k.pk), PACKET_SHA256);
	ck_assert_int_eq(
	    secret_key_sign(&k.key, PACKET_SHA256, digest[0], 32, &one, &why),
	    GW_OK);
	ck_assert_int_eq(
	    secret_key_sign(&k.key, PACKET_SHA256, digest[1], 32, &two, &why),
	    GW_OK);
	n = one.data;
	ck_assert_uint_eq(one.len, sizeof(mixed));
	ck_assert_int_eq(
	    verifies(&k, PACKET_SHA256, digest[0], n, one.len), GW_OK);
	ck_assert_int_eq(
	    verifies(&other, PACKET_SHA256, digest[0], n, one.len), GW_REFUSED);
	ck_assert_int_eq(
	    verifies(&k, PACKET_SHA256, digest[1], n, one.len), GW_REFUSED);
	/* The same octets as those of another hash. */
	ck_assert_int_eq(
	    verifies(&k, PACKET_SHA3_256, digest[0], n, one.len), GW_OK);
	for (size_t i = 0; i < one.len; i += i < MLDSA_AT ? 7 : 101) {
		n[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_msg(verifies(&k, PACKET_SHA256, digest[0], n,
				  one.len) == GW_REFUSED,
		    "flipped in octet %zu", i);
		n[i] ^= (uint8_t)(1u << i % 8);
	}
	n[one.len - 1] ^= 1; /* the hint's last octet */
	ck_assert_int_eq(
	    verifies(&k, PACKET_SHA256, digest[0], n, one.len), GW_REFUSED);
	n[one.len - 1] ^= 1;
	for (size_t cut = 0; cut < one.len; cut += 211)
		ck_assert_int_eq(
		    verifies(&k, PACKET_SHA256, digest[0], n, cut), GW_REFUSED);
	memcpy(mixed, n, MLDSA_AT);
	memcpy(mixed + MLDSA_AT, two.data + MLDSA_AT, PQ_MLDSA_SIGNED);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(verifies(&k, PACKET_SHA256, digest[i], mixed,
				     sizeof(mixed)),
		    GW_REFUSED);
	memcpy(mixed, two.data, MLDSA_AT);
	memcpy(mixed + MLDSA_AT, n + MLDSA_AT, PQ_MLDSA_SIGNED);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(verifies(&k, PACKET_SHA256, digest[i], mixed,
				     sizeof(mixed)),
		    GW_REFUSED);
	buf_put_u8(&one, 0);
	ck_assert_int_eq(
	    verifies(&k, PACKET_SHA256, digest[0], one.data, one.len),
	    GW_REFUSED);
	buf_free(&two);
	buf_free(&one);
	forge_close(&other);
	forge_close(&k);
}
END_TEST

/* RFC 9980, 5.3.1: any hash of 256 bits or more, and no shorter one. */
START_TEST(hashes_of_signatures)
{
	static const int good[] = { PACKET_SHA256, PACKET_SHA384, PACKET_SHA512,
		PACKET_SHA3_256, PACKET_SHA3_512 };
	static const int bad[] = { PACKET_SHA1, PACKET_SHA224 };
	uint8_t digest[PACKET_HASH_MAX] = { 3 };
	struct forge_key k;
	struct buf out;
	struct why why;

	if (left_out())
		return;
	make_key(&k, 6, PACKET_MLDSA65_ED25519);
	buf_init(&out, 8192);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t len = packet_hash_find(good[i])->len;

		buf_reset(&out);
		ck_assert_int_eq(
		    secret_key_sign(&k.key, good[i], digest, len, &out, &why),
		    GW_OK);
		ck_assert_int_eq(
		    verifies(&k, good[i], digest, out.data, out.len), GW_OK);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct packet_hash *hash = packet_hash_find(bad[i]);

		if (hash == NULL)
			continue;
		ck_assert_int_eq(pk_verify(&k.pk, bad[i], digest, hash->len,
				     out.data, out.len, &why),
		    GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_WEAK);
	}
	buf_free(&out);
	forge_close(&k);
}
END_TEST

/* RFC 9980, appendix A: each message opens with its key, and says the same. */
static const struct {
	const char *key, *certificate, *message;
	bool is_signed;
} samples[] = {
	{ "v4-eddsa-sample-sk.asc", "v4-eddsa-sample-pk.asc",
	    "v4-eddsa-sample-message-v1.asc", true },
	{ "v4-eddsa-sample-sk.asc", "v4-eddsa-sample-pk.asc",
	    "v4-eddsa-sample-message-v2.asc", true },
	{ "v6-eddsa-sample-sk.asc", "v6-eddsa-sample-pk.asc",
	    "v6-eddsa-sample-message.asc", true },
	{ "v6-mldsa-65-sample-sk.asc", "v6-mldsa-65-sample-pk.asc",
	    "v6-mldsa-65-sample-message.asc", true },
};

static bool
sample(const char *name, struct buf *b)
{
	char path[128];

	snprintf(path, sizeof(path), SAMPLES "%s", name);
	return forge_vector(path, b);
}

static struct cert *
sample_cert(const char *name)
{
	struct buf b;
	struct cert *c;
	struct why why;

	ck_assert(sample(name, &b));
	ck_assert_msg(cert_parse(b.data, b.len, &c, &why) == GW_OK, "%s: %s",
	    name, why.text);
	buf_free(&b);
	return c;
}

START_TEST(sample_certificates)
{
	struct cert *c;
	struct buf there;
	struct why why;

	if (!sample(samples[_i].certificate, &there))
		return;
	buf_free(&there);
	c = sample_cert(samples[_i].certificate);
	if (possible) {
		ck_assert_msg(
		    cert_usable(c, CERT_ENCRYPT, SAMPLES_NOW, &why) == GW_OK,
		    "%s", why.text);
		ck_assert_str_eq(
		    cert_algorithm(c, CERT_ENCRYPT), "ML-KEM-768+X25519");
		ck_assert_msg(
		    cert_usable(c, CERT_SIGN, SAMPLES_NOW, &why) == GW_OK, "%s",
		    why.text);
	} else {
		ck_assert_int_eq(
		    cert_usable(c, CERT_ENCRYPT, SAMPLES_NOW, &why),
		    GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_RECIPIENT_UNFIT);
	}
	cert_free(c);
}
END_TEST

static void
check_signature(
    int i, const struct party *to, const struct unseal_result *u, int plain)
{
	const char *own = cert_fingerprint(secret_cert(to->secret));
	struct trust *t = trust_new();
	struct verify_request q = { .trust = t,
		.partner = "sample",
		.own_fingerprints = &own,
		.own_count = 1,
		.signatures = u->signatures.data,
		.signatures_len = u->signatures.len,
		.plain_size = u->plain_size,
		.when = time(NULL) };
	struct verify_result r;
	struct why why;

	ck_assert_int_eq(
	    trust_add(t, "sample", sample_cert(samples[i].certificate), &why),
	    GW_OK);
	ck_assert_msg(verify_document(&q, plain, &r, &why) == GW_OK, "%s: %s",
	    samples[i].message, why.text);
	trust_free(t);
}

START_TEST(sample_messages)
{
	struct party to = { NULL, NULL };
	struct unseal_request q = { .unwrap = party_unwrap, .unwrap_ctx = &to };
	struct unseal_result u;
	struct buf key, message, plain;
	struct why why;
	enum gw_status st;
	int in, out;

	if (!sample(samples[_i].key, &key))
		return;
	ck_assert(sample(samples[_i].message, &message));
	st = secret_parse(key.data, key.len, NULL, &to.secret, &why);
	if (!possible) {
		/* The primary key of one of them is not known either. */
		if (st == GW_OK)
			secret_free(to.secret);
		buf_free(&key);
		buf_free(&message);
		return;
	}
	ck_assert_msg(st == GW_OK, "%s: %s", samples[_i].key, why.text);
	in = craft_file(message.data, message.len);
	out = memfd_create("plain", MFD_CLOEXEC);
	ck_assert_msg(unseal_stream(&q, in, out, &u, &why) == GW_OK, "%s: %s",
	    samples[_i].message, why.text);
	plain = craft_content(out);
	ck_assert_uint_eq(plain.len, 8);
	ck_assert_int_eq(memcmp(plain.data, "Testing\n", 8), 0);
	if (samples[_i].is_signed)
		check_signature(_i, &to, &u, out);
	unseal_result_free(&u);
	close(in);
	close(out);
	buf_free(&plain);
	buf_free(&message);
	buf_free(&key);
	secret_free(to.secret);
}
END_TEST

/* One detached signature, over the text and over another one. */
START_TEST(sample_signature)
{
	static const char *const texts[] = { "Testing\n", "Tasting\n" };
	struct verify_one one[VERIFY_MAX];
	struct buf armored, sig;
	struct cert *c;
	struct why why;
	size_t n;

	if (left_out() || !sample("v6-mldsa-65-sample-signature.asc", &armored))
		return;
	c = sample_cert("v6-mldsa-65-sample-pk.asc");
	buf_init(&sig, 65536);
	ck_assert_int_eq(
	    armor_read(ARMOR_SIGNATURE, armored.data, armored.len, &sig, &why),
	    GW_OK);
	for (int i = 0; i < 2; i++) {
		struct digests *d;

		ck_assert_int_eq(digests_new(&d, &why), GW_OK);
		ck_assert_int_eq(
		    verify_want(d, sig.data, sig.len, false, &why), GW_OK);
		digests_write(d, texts[i], strlen(texts[i]));
		digests_settle(d);
		ck_assert_int_eq(
		    verify_each((const struct cert *const *)&c, 1, sig.data,
			sig.len, false, d, SAMPLES_NOW, one, &n, &why),
		    GW_OK);
		ck_assert_uint_eq(n, 1);
		ck_assert_msg(one[0].verdict == (i == 0 ? GW_OK : GW_REFUSED),
		    "%s", one[0].why.text);
		ck_assert(one[0].text);
		digests_free(d);
	}
	cert_free(c);
	buf_free(&sig);
	buf_free(&armored);
}
END_TEST

/* What RFC 9980 has beside: not ours, and its name is told. */
START_TEST(sample_refusals)
{
	static const struct {
		const char *file, *name;
	} rows[] = {
		{ "v6-mldsa-87-sample-pk.asc", "ML-DSA-87+Ed448" },
		{ "v6-slhdsa-128f-sample-pk.asc", "SLH-DSA-SHAKE-128f" },
		{ "v6-slhdsa-128s-sample-pk.asc", "SLH-DSA-SHAKE-128s" },
		{ "v6-slhdsa-256s-sample-pk.asc", "SLH-DSA-SHAKE-256s" },
	};
	struct cert *c = NULL;
	struct buf b;
	struct why why;
	enum gw_status st;

	if (!sample(rows[_i].file, &b))
		return;
	st = cert_parse(b.data, b.len, &c, &why);
	if (st == GW_OK)
		st = cert_usable(c, CERT_SIGN, SAMPLES_NOW, &why);
	ck_assert_int_eq(st, GW_REFUSED);
	ck_assert_msg(strstr(why.text, rows[_i].name) != NULL, "%s", why.text);
	cert_free(c);
	buf_free(&b);
}
END_TEST

/* RFC 9980, 7.2: bound by SHA-1 in 2010, when that was good enough for other
 * subkeys, and for primary keys of RSA. */
START_TEST(no_binding_by_sha1)
{
	static const struct {
		bool pq;
		int hash;
		enum gw_status want;
	} rows[] = { { true, PACKET_SHA1, GW_REFUSED },
		{ true, PACKET_SHA256, GW_OK }, { false, PACKET_SHA1, GW_OK } };
	const time_t then = 1262304000; /* 2010 */
	struct forge_key primary, subkey[2];
	struct forge_sig self = { .type = PACKET_SIG_CERT_POSITIVE,
		.signer = &primary,
		.uid = FORGE_UID,
		.created = then,
		.flags = PACKET_FLAG_CERTIFY };
	struct forge_sig binding = { .type = PACKET_SIG_SUBKEY,
		.signer = &primary,
		.created = then,
		.flags = PACKET_FLAG_ENCRYPT_COMM };
	struct why why;

	if (left_out())
		return;
	make_key_at(&primary, 4, PACKET_RSA, 3072, then);
	forge_curve25519(&subkey[false], then);
	make_key_at(&subkey[true], 4, PACKET_MLKEM768_X25519, 0, then);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert *c;
		struct buf b;

		binding.subkey = &subkey[rows[i].pq];
		binding.hash = rows[i].hash;
		buf_init(&b, 65536);
		forge_key_packet(&b, PACKET_PUBLIC_KEY, &primary);
		forge_uid(&b, FORGE_UID);
		forge_sign(&b, &primary, &self);
		forge_key_packet(&b, PACKET_PUBLIC_SUBKEY, binding.subkey);
		forge_sign(&b, &primary, &binding);
		ck_assert_int_eq(cert_parse(b.data, b.len, &c, &why), GW_OK);
		ck_assert_msg(cert_usable(c, CERT_ENCRYPT, FORGE_NOW, &why) ==
				  rows[i].want,
		    "%zu: %s", i, why.text);
		cert_free(c);
		buf_free(&b);
	}
	for (int i = 0; i < 2; i++)
		forge_close(&subkey[i]);
	forge_close(&primary);
}
END_TEST

/* A key of ours with another encryption subkey beside the newer one, one with
 * nothing else, one without it. */
enum { BESIDE, BESIDE6, ALONE, WITHOUT, PARTIES };
static const char *const names[PARTIES] = { "beside@a.example",
	"beside6@a.example", "alone@a.example", "without@a.example" };

static struct party
party_with(int i)
{
	static const struct {
		enum secret_kind kind;
		int version;
	} rows[PARTIES] = { { SECRET_MLKEM, 4 }, { SECRET_MLKEM, 6 },
		{ SECRET_MLDSA, 6 }, { SECRET_ED25519, 4 } };
	struct secret_params p = { .kind = rows[i].kind,
		.version = rows[i].version,
		.user_ids = &names[i],
		.user_id_count = 1,
		.created = NOW - 86400,
		.announce_seipd2 = rows[i].version == 6 };
	struct party party = { NULL, NULL };
	struct buf text;
	struct why why;

	buf_init(&text, 256 * 1024);
	ck_assert_msg(secret_generate(&p, &text, &party.secret, &why) == GW_OK,
	    "%s", why.text);
	party.cert = secret_cert(party.secret);
	buf_free(&text);
	return party;
}

/* The algorithm of the first packet's key, a PKESK. */
static int
encrypted_with(const struct buf *message)
{
	struct buf at;
	struct packet p;
	struct why why;

	buf_view(&at, message->data, message->len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_int_eq(p.tag, PACKET_PKESK);
	return p.body.data[0] == 3 ? p.body.data[9]
				   : p.body.data[2 + p.body.data[1]];
}

static enum gw_status
seal_to(struct party *from, const struct party *to,
    enum seal_post_quantum post_quantum, struct buf *message, struct why *why)
{
	struct seal_request q = party_request(from, to);
	struct seal_result r = { 0 };
	int in = craft_file("an order", 8);
	int out = memfd_create("sealed", MFD_CLOEXEC);
	enum gw_status st;

	q.post_quantum = post_quantum;
	st = seal_stream(&q, in, out, &r, why);
	*message = craft_content(out);
	close(in);
	close(out);
	return st;
}

/* What is chosen for whom; 0: refused. */
START_TEST(chosen_by_preference)
{
	static const struct {
		int to;
		int off, prefer, require;
	} rows[] = {
		{ BESIDE, PACKET_ECDH, PACKET_MLKEM768_X25519,
		    PACKET_MLKEM768_X25519 },
		{ BESIDE6, PACKET_X25519, PACKET_MLKEM768_X25519,
		    PACKET_MLKEM768_X25519 },
		{ ALONE, 0, PACKET_MLKEM768_X25519, PACKET_MLKEM768_X25519 },
		{ WITHOUT, PACKET_ECDH, PACKET_ECDH, 0 },
	};
	const int want[] = { rows[_i].off, rows[_i].prefer, rows[_i].require };
	struct party from, to;
	struct buf message;
	struct why why;

	if (left_out())
		return;
	from = party_with(WITHOUT);
	to = party_with(rows[_i].to);
	for (int pq = SEAL_PQ_OFF; pq <= SEAL_PQ_REQUIRE; pq++) {
		enum gw_status st = seal_to(
		    &from, &to, (enum seal_post_quantum)pq, &message, &why);

		if (want[pq] != 0) {
			ck_assert_msg(st == GW_OK, "%s", why.text);
			ck_assert_int_eq(encrypted_with(&message), want[pq]);
		} else {
			ck_assert_int_eq(st, GW_REFUSED);
			ck_assert_int_eq(why.reason, REASON_RECIPIENT_UNFIT);
			ck_assert_ptr_nonnull(
			    strstr(why.text, cert_fingerprint(to.cert)));
		}
		buf_free(&message);
	}
	party_free(&to);
	party_free(&from);
}
END_TEST

/* One without among the recipients would give all of it away. */
START_TEST(required_of_everybody)
{
	struct party from, to[2];
	const struct cert *certs[2];
	struct seal_request q;
	struct seal_result r = { 0 };
	struct why why;
	int in, out;

	if (left_out())
		return;
	from = party_with(WITHOUT);
	to[0] = party_with(BESIDE);
	to[1] = party_with(WITHOUT);
	q = party_request(&from, &to[0]);
	certs[0] = to[0].cert;
	certs[1] = to[1].cert;
	q.recipients = certs;
	q.recipient_count = 2;
	q.post_quantum = SEAL_PQ_REQUIRE;
	in = craft_file("an order", 8);
	out = memfd_create("sealed", MFD_CLOEXEC);
	ck_assert_int_eq(seal_stream(&q, in, out, &r, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_RECIPIENT_UNFIT);
	ck_assert_ptr_nonnull(strstr(why.text, cert_fingerprint(to[1].cert)));
	ck_assert_ptr_nonnull(strstr(why.text, "post-quantum"));
	close(in);
	close(out);
	for (int i = 0; i < 2; i++)
		party_free(&to[i]);
	party_free(&from);
}
END_TEST

/* From each to each; then with one bit of the PKESK flipped: of either half
 * it makes no difference what is said. */
START_TEST(whole_messages)
{
	struct party from, to;
	struct trust *t;
	struct unseal_result u;
	struct verify_result v;
	struct buf message, plain;
	struct why why;

	if (left_out())
		return;
	from = party_with(_i);
	to = party_with((_i + 1) % PARTIES);
	t = trust_new();
	party_trust(t, "alder", &from);
	ck_assert_msg(
	    seal_to(&from, &to, SEAL_PQ_PREFER, &message, &why) == GW_OK, "%s",
	    why.text);
	ck_assert_msg(party_open(&to, t, "alder", NOW, message.data,
			  message.len, &u, &v, &plain, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_uint_eq(plain.len, 8);
	ck_assert_str_eq(v.signer, cert_fingerprint(from.cert));
	ck_assert_str_eq(cert_algorithm(from.cert, CERT_SIGN),
	    _i == ALONE ? "ML-DSA-65+Ed25519" : "Ed25519");
	unseal_result_free(&u);
	buf_free(&plain);
	for (size_t at = 60;
	     at < 1100 && encrypted_with(&message) == PACKET_MLKEM768_X25519;
	     at += 1000) {
		message.data[at] ^= 1;
		ck_assert_int_eq(party_open(&to, t, "alder", NOW, message.data,
				     message.len, &u, &v, &plain, &why),
		    GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_DAMAGED);
		unseal_result_free(&u);
		buf_free(&plain);
		message.data[at] ^= 1;
	}
	buf_free(&message);
	trust_free(t);
	party_free(&to);
	party_free(&from);
}
END_TEST

/* Under a passphrase and back, with all its numbers. */
START_TEST(exported_and_read_again)
{
	static const int which[] = { BESIDE, ALONE };
	struct party p, again = { NULL, NULL };
	struct buf text, message;
	struct why why;

	if (left_out())
		return;
	p = party_with(which[_i]);
	buf_init(&text, 256 * 1024);
	ck_assert_int_eq(secret_export(p.secret, "open", SECRET_LOCK_ITERATED,
			     true, &text, &why),
	    GW_OK);
	ck_assert_int_eq(
	    secret_parse(text.data, text.len, "shut", &again.secret, &why),
	    GW_REFUSED);
	ck_assert_msg(secret_parse(text.data, text.len, "open", &again.secret,
			  &why) == GW_OK,
	    "%s", why.text);
	again.cert = secret_cert(again.secret);
	ck_assert_msg(
	    seal_to(&again, &p, SEAL_PQ_REQUIRE, &message, &why) == GW_OK, "%s",
	    why.text);
	buf_free(&message);
	buf_free(&text);
	party_free(&again);
	party_free(&p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pq");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, known_by_name, 0, 7);
	tcase_add_test(t, cannot_and_says_so);
	tcase_add_loop_test(t, malformed_keys, 0, 8);
	tcase_add_loop_test(
	    t, composite_encryption, 0, sizeof(ways) / sizeof(ways[0]));
	tcase_add_test(t, halves_do_not_mix);
	tcase_add_loop_test(t, secret_halves_must_fit, 0, 4);
	tcase_add_test(t, composite_signature);
	tcase_add_test(t, hashes_of_signatures);
	tcase_add_loop_test(
	    t, sample_certificates, 0, sizeof(samples) / sizeof(samples[0]));
	tcase_add_loop_test(
	    t, sample_messages, 0, sizeof(samples) / sizeof(samples[0]));
	tcase_add_test(t, sample_signature);
	tcase_add_loop_test(t, sample_refusals, 0, 4);
	tcase_add_test(t, no_binding_by_sha1);
	tcase_add_loop_test(t, chosen_by_preference, 0, 4);
	tcase_add_test(t, required_of_everybody);
	tcase_add_loop_test(t, whole_messages, 0, PARTIES);
	tcase_add_loop_test(t, exported_and_read_again, 0, 2);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
