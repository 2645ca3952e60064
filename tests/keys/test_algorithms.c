/* Goal: each kind of key signs and decrypts what it should, in both versions of
 * keys; each alteration is refused, and always in the same way. */
#include "keys/algorithms/cipher.h"
#include "keys/algorithms/eddsa_own.h"
#include "keys/keys.h"
#include "tests/keys/pair.h"

#define SECURE 65536

static enum gw_status
verify(const struct pk *pk, int hash, const uint8_t *digest,
    const struct buf *numbers, struct why *why)
{
	return pk_verify(pk, hash, digest, packet_hash_find(hash)->len,
	    numbers->data, numbers->len, why);
}

/* RFC 9580, 5.5.4.2 and 5.5.4.3. */
START_TEST(fingerprints)
{
	struct pair room, *p = pair_get(&room, _i);
	const struct pk *pk = &p->pk;
	uint8_t head4[] = { 0x99, (uint8_t)(p->public.len >> 8),
		(uint8_t)p->public.len };
	uint8_t head6[] = { 0x9b, 0, 0, (uint8_t)(p->public.len >> 8),
		(uint8_t)p->public.len };
	bool v4 = pair_kinds[_i].version == 4;
	int hash = v4 ? GCRY_MD_SHA1 : GCRY_MD_SHA256;
	gcry_md_hd_t md, again;

	ck_assert_int_eq(pk->version, pair_kinds[_i].version);
	ck_assert_int_eq(pk->algorithm, pair_kinds[_i].algorithm);
	ck_assert_str_eq(pk->name, pair_kinds[_i].name);
	ck_assert_int_eq(pk->created, PAIR_BORN);
	ck_assert_uint_eq(pk->body_len, p->public.len);
	ck_assert_int_eq(gcry_md_open(&md, hash, 0), 0);
	ck_assert_int_eq(gcry_md_open(&again, hash, 0), 0);
	gcry_md_write(md, v4 ? head4 : head6, v4 ? 3 : 5);
	gcry_md_write(md, p->public.data, p->public.len);
	pk_hash_into(pk, again);
	ck_assert_uint_eq(pk->fingerprint_len, v4 ? 20 : 32);
	ck_assert_int_eq(
	    memcmp(pk->fingerprint, gcry_md_read(md, 0), pk->fingerprint_len),
	    0);
	ck_assert_int_eq(memcmp(pk->fingerprint, gcry_md_read(again, 0),
			     pk->fingerprint_len),
	    0);
	ck_assert_int_eq(
	    memcmp(pk->keyid, pk->fingerprint + (v4 ? 12 : 0), 8), 0);
	ck_assert_uint_eq(strlen(pk->hex), 2 * pk->fingerprint_len);
	gcry_md_close(md);
	gcry_md_close(again);
	pair_put(p);
}
END_TEST

/* What is behind the public part stays for the reader; nothing less than all
 * of it is taken. */
START_TEST(public_part_ends)
{
	struct pair room, *p = pair_get(&room, _i);
	struct buf b, part;
	struct pk pk;
	struct why why;

	buf_init(&b, 8192);
	buf_put(&b, p->public.data, p->public.len);
	buf_put_text(&b, "secret");
	ck_assert_int_eq(pk_parse(&pk, &b, &why), GW_OK);
	ck_assert_uint_eq(buf_left(&b), 6);
	ck_assert(pk_same(&pk, &p->pk));
	pk_close(&pk);
	for (size_t len = 0; len < p->public.len; len++) {
		buf_view(&part, p->public.data, len);
		ck_assert_msg(pk_parse(&pk, &part, &why) == GW_REFUSED,
		    "%zu of %zu octets", len, p->public.len);
		ck_assert(len == 0 || why.reason == REASON_MALFORMED);
	}
	buf_free(&b);
	pair_put(p);
}
END_TEST

START_TEST(sign_and_verify)
{
	struct pair room, other_room, *p = pair_get(&room, _i);
	struct pair *other = pair_get_other(&other_room, _i);
	static const int hashes[] = { PACKET_SHA256, PACKET_SHA384,
		PACKET_SHA512, PACKET_SHA3_256, PACKET_SHA3_512 };
	int hash = pair_kinds[_i].hash;
	uint8_t digest[64];
	struct buf sig;
	struct why why;

	buf_init(&sig, 4096);
	gcry_create_nonce(digest, sizeof(digest));
	ck_assert_int_eq(pk_hash_algorithm(&p->pk), hash);
	ck_assert(pk_can_sign(&p->pk));
	ck_assert(pk_can_encrypt(&p->pk) == pair_is_rsa(_i));
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		size_t len = packet_hash_find(hashes[i])->len;
		bool fits =
		    pair_is_rsa(_i) || len >= packet_hash_find(hash)->len;

		buf_reset(&sig);
		ck_assert_int_eq(secret_key_sign(&p->key, hashes[i], digest,
				     len, &sig, &why),
		    fits ? GW_OK : GW_INTERNAL);
		ck_assert(fits || sig.len == 0);
		if (!fits)
			continue;
		ck_assert_int_eq(
		    verify(&p->pk, hashes[i], digest, &sig, &why), GW_OK);
		ck_assert_int_eq(
		    verify(&other->pk, hashes[i], digest, &sig, &why),
		    GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
		digest[len - 1] ^= 1;
		ck_assert_int_eq(verify(&p->pk, hashes[i], digest, &sig, &why),
		    len - 1 < (p->pk.bits + 7) / 8 || _i < 7 ? GW_REFUSED
							     : GW_OK);
		digest[len - 1] ^= 1;
	}
	buf_free(&sig);
	pair_put(p);
	pair_put(other);
}
END_TEST

/* How far from one alteration to the next, so that about so many are made;
 * the first octets, which say lengths, are all altered. */
static size_t
step(size_t at, size_t len, size_t about)
{
	return at < 4 || len < about ? 1 : len / about;
}

/* One bit of many octets, each length but the right one. */
START_TEST(altered_signatures)
{
	struct pair room, *p = pair_get(&room, _i);
	int hash = pair_kinds[_i].hash;
	size_t len = packet_hash_find(hash)->len, all;
	uint8_t digest[64];
	struct buf sig;
	struct why why;

	buf_init(&sig, 4096);
	gcry_create_nonce(digest, sizeof(digest));
	ck_assert_int_eq(
	    secret_key_sign(&p->key, hash, digest, len, &sig, &why), GW_OK);
	for (size_t i = 0; i < sig.len; i += step(i, sig.len, 12)) {
		uint8_t bit = (uint8_t)(1u << i % 8);

		sig.data[i] ^= bit;
		ck_assert_msg(
		    verify(&p->pk, hash, digest, &sig, &why) == GW_REFUSED,
		    "octet %zu, bit %u", i, bit);
		ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
		sig.data[i] ^= bit;
	}
	for (size_t i = 0; i < len; i += 5) {
		digest[i] ^= 0x10;
		ck_assert_int_eq(
		    verify(&p->pk, hash, digest, &sig, &why), GW_REFUSED);
		digest[i] ^= 0x10;
	}
	all = sig.len;
	for (sig.len = 0; sig.len < all; sig.len++)
		ck_assert_int_eq(
		    verify(&p->pk, hash, digest, &sig, &why), GW_REFUSED);
	buf_put_u8(&sig, 0);
	ck_assert_int_eq(verify(&p->pk, hash, digest, &sig, &why), GW_REFUSED);
	sig.len--;
	ck_assert_int_eq(verify(&p->pk, hash, digest, &sig, &why), GW_OK);
	/* The wrong hash, or the wrong length of its digest. */
	ck_assert_int_eq(
	    pk_verify(&p->pk, hash, digest, len - 1, sig.data, sig.len, &why),
	    GW_REFUSED);
	ck_assert_int_eq(
	    pk_verify(&p->pk, PACKET_MD5, digest, 16, sig.data, sig.len, &why),
	    GW_REFUSED);
	buf_free(&sig);
	pair_put(p);
}
END_TEST

/* RFC 9580, 5.2.3.2 to 5.2.3.5: one size less than what the curve needs. */
START_TEST(short_digests)
{
	struct pair room, *p = pair_get(&room, _i);
	int hash = pair_kinds[_i].hash;
	int less = hash == PACKET_SHA512   ? PACKET_SHA384
		   : hash == PACKET_SHA384 ? PACKET_SHA256
					   : PACKET_SHA224;
	uint8_t digest[64] = { 1 };
	struct buf sig;
	struct why why;

	buf_init(&sig, 4096);
	ck_assert_int_eq(secret_key_sign(&p->key, hash, digest,
			     packet_hash_find(hash)->len, &sig, &why),
	    GW_OK);
	ck_assert_int_eq(verify(&p->pk, less, digest, &sig, &why), GW_REFUSED);
	ck_assert_int_eq(
	    why.reason, pair_is_rsa(_i) ? REASON_SIGNATURE_BAD : REASON_WEAK);
	ck_assert_int_eq(secret_key_sign(&p->key, less, digest,
			     packet_hash_find(less)->len, &sig, &why),
	    pair_is_rsa(_i) ? GW_OK : GW_INTERNAL);
	buf_free(&sig);
	pair_put(p);
}
END_TEST

/* Every octet of a PKESK before its fields (RFC 9580, 5.1.1 and 5.1.2). */
static void
skip_recipient(struct buf *pkesk, const struct pk *pk, int version)
{
	ck_assert_int_eq(buf_get_u8(pkesk), version);
	if (version == 3) {
		ck_assert_int_eq(memcmp(buf_take(pkesk, 8), pk->keyid, 8), 0);
	} else {
		size_t len = buf_get_u8(pkesk);

		ck_assert_uint_eq(len, 1 + pk->fingerprint_len);
		ck_assert_int_eq(buf_get_u8(pkesk), pk->version);
		ck_assert_int_eq(
		    memcmp(buf_take(pkesk, len - 1), pk->fingerprint, len - 1),
		    0);
	}
	ck_assert_int_eq(buf_get_u8(pkesk), pk->algorithm);
}

static bool
unwrap(const struct secret_key *k, int version, const uint8_t *fields,
    size_t len, int *cipher, struct buf *got)
{
	struct buf b;

	buf_view(&b, fields, len);
	buf_reset(got);
	return secret_key_unwrap(k, version, &b, cipher, got);
}

static const struct {
	int version, cipher;
} pkesks[] = {
	{ 3, PACKET_AES128 },
	{ 3, PACKET_AES192 },
	{ 3, PACKET_AES256 },
	{ 6, PACKET_AES128 },
	{ 6, PACKET_AES192 },
	{ 6, PACKET_AES256 },
};
#define PKESKS 6

/* A session key for pk in `pkesk`; the fields stand behind its position. */
static void
encrypt(const struct pk *pk, int i, const uint8_t *key, struct buf *pkesk)
{
	struct buf session;
	struct why why;

	buf_view(&session, key, cipher_key_len(pkesks[i].cipher));
	buf_reset(pkesk);
	ck_assert_msg(pk_encrypt_session(pk, pkesks[i].version,
			  pkesks[i].cipher, &session, pkesk, &why) == GW_OK,
	    "%s", why.text);
	skip_recipient(pkesk, pk, pkesks[i].version);
}

START_TEST(wrap_and_unwrap)
{
	struct pair room, other_room, *p = pair_get(&room, _i);
	struct pair *other = pair_get_other(&other_room, _i);
	uint8_t key[32];
	struct buf pkesk, got;
	int cipher;

	buf_init(&pkesk, 4096);
	buf_init_secret(&got, 64);
	gcry_create_nonce(key, sizeof(key));
	ck_assert(pk_can_encrypt(&p->pk));
	ck_assert(pk_can_sign(&p->pk) == pair_is_rsa(_i));
	for (int i = 0; i < PKESKS; i++) {
		int version = pkesks[i].version;
		const uint8_t *fields;
		size_t len;

		encrypt(&p->pk, i, key, &pkesk);
		fields = pkesk.data + pkesk.pos;
		len = buf_left(&pkesk);
		ck_assert(unwrap(&p->key, version, fields, len, &cipher, &got));
		ck_assert_int_eq(cipher, version == 3 ? pkesks[i].cipher : 0);
		ck_assert_uint_eq(got.len, cipher_key_len(pkesks[i].cipher));
		ck_assert_int_eq(memcmp(got.data, key, got.len), 0);
		/* Another key, another version. */
		ck_assert(
		    !unwrap(&other->key, version, fields, len, &cipher, &got));
		ck_assert(got.len == 0 && cipher == 0);
		ck_assert(
		    !unwrap(&p->key, 9 - version, fields, len, &cipher, &got));
		ck_assert(!unwrap(&p->key, 4, fields, len, &cipher, &got));
	}
	buf_free(&pkesk);
	buf_free(&got);
	pair_put(p);
	pair_put(other);
}
END_TEST

/* One bit of many octets, many lengths but the right one: no key comes out,
 * and nothing tells why. */
START_TEST(altered_pkesks)
{
	struct pair room, *p = pair_get(&room, _i);
	uint8_t key[32] = { 7 };
	struct buf pkesk, got;
	int cipher;

	buf_init(&pkesk, 4096);
	buf_init_secret(&got, 64);
	for (int i = 2; i < PKESKS; i += 3) {
		int version = pkesks[i].version;
		uint8_t *fields;
		size_t len, about = pair_is_rsa(_i) ? 5 : 12;

		encrypt(&p->pk, i, key, &pkesk);
		fields = pkesk.data + pkesk.pos;
		len = buf_left(&pkesk);
		for (size_t k = 0; k < len; k += step(k, len, about)) {
			fields[k] ^= (uint8_t)(1u << k % 8);
			ck_assert_msg(!unwrap(&p->key, version, fields, len,
					  &cipher, &got),
			    "octet %zu", k);
			ck_assert(got.len == 0 && cipher == 0);
			fields[k] ^= (uint8_t)(1u << k % 8);
		}
		for (size_t k = 0; k < len; k += step(k, len, about))
			ck_assert(!unwrap(
			    &p->key, version, fields, k, &cipher, &got));
		buf_put_u8(&pkesk, 0);
		fields = pkesk.data + pkesk.pos;
		ck_assert(
		    !unwrap(&p->key, version, fields, len + 1, &cipher, &got));
		ck_assert(unwrap(&p->key, version, fields, len, &cipher, &got));
	}
	buf_free(&pkesk);
	buf_free(&got);
	pair_put(p);
}
END_TEST

/* A signature that does not verify stays here: as if a fault had happened
 * while it was computed, the private half is another key's. */
START_TEST(pitfall_17_faulty_signatures)
{
	struct pair room, other_room, *p = pair_get(&room, _i);
	struct pair *other = pair_get_other(&other_room, _i);
	const struct packet_hash *hash = packet_hash_find(pair_kinds[_i].hash);
	struct secret_key faulty = p->key;
	uint8_t digest[64] = { 1 };
	struct buf out;
	struct why why;

	buf_init(&out, 4096);
	buf_put_text(&out, "before");
	faulty.sexp = other->key.sexp;
	faulty.secret = other->key.secret;
	for (int i = 0; i < 6; i++) {
		ck_assert_int_eq(secret_key_sign(&faulty, hash->id, digest,
				     hash->len, &out, &why),
		    GW_INTERNAL);
		ck_assert_uint_eq(out.len, 6);
		digest[1]++;
	}
	buf_free(&out);
	pair_put(p);
	pair_put(other);
}
END_TEST

/* The quick check of our own signatures agrees with libgcrypt's, from the
 * fourth call on; and on altered ones. */
START_TEST(own_signatures)
{
	struct pair p;
	struct eddsa_own *own;
	uint8_t digest[64], rs[64], bad[64];
	struct buf sig;
	struct why why;

	pair_make(&p, 4);
	buf_init(&sig, 128);
	ck_assert_ptr_nonnull(own = eddsa_own_new(p.pk.body + p.pk.point));
	for (unsigned i = 0; i < 40; i++) {
		size_t len = i % 2 == 0 ? 32 : 64;
		int hash = i % 2 == 0 ? PACKET_SHA256 : PACKET_SHA512;

		gcry_create_nonce(digest, sizeof(digest));
		buf_reset(&sig);
		ck_assert_int_eq(
		    secret_key_sign(&p.key, hash, digest, len, &sig, &why),
		    GW_OK);
		memcpy(rs, sig.data, 64);
		ck_assert(eddsa_own_fits(own, digest, len, rs, rs + 32) ==
			  (i >= 1)); /* four calls each */
		memcpy(bad, rs, 64);
		bad[i] ^= (uint8_t)(1u << i % 8);
		ck_assert(!eddsa_own_fits(own, digest, len, bad, bad + 32));
		memcpy(bad, rs, 64);
		bad[63 - i / 2] ^= 1;
		ck_assert(!eddsa_own_fits(own, digest, len, bad, bad + 32));
		digest[i % 32] ^= 4;
		ck_assert(!eddsa_own_fits(own, digest, len, rs, rs + 32));
	}
	/* Numbers that none of ours has. */
	memset(bad, 0, 64);
	ck_assert(!eddsa_own_fits(own, digest, 32, bad, bad + 32));
	memset(bad, 0xff, 64);
	ck_assert(!eddsa_own_fits(own, digest, 32, bad, bad + 32));
	eddsa_own_free(own);
	ck_assert(!eddsa_own_fits(NULL, digest, 32, rs, rs + 32));
	/* No point: no tables, and no signature that fits. */
	ck_assert_ptr_nonnull(own = eddsa_own_new(bad));
	for (int i = 0; i < 6; i++)
		ck_assert(!eddsa_own_fits(own, digest, 32, rs, rs + 32));
	eddsa_own_free(own);
	buf_free(&sig);
	pair_close(&p);
}
END_TEST

/* Numbers of another key, cut numbers, too many numbers. */
START_TEST(pitfall_09_halves_that_disagree)
{
	struct pair room, other_room, *p = pair_get(&room, _i);
	struct pair *other = pair_get_other(&other_room, _i);
	/* RSA's last number is computed again rather than believed. */
	size_t all = p->numbers.len - (pair_is_rsa(_i) ? 194 : 0);
	struct secret_key k;
	struct buf numbers;
	struct why why;

	buf_view(&numbers, other->numbers.data, other->numbers.len);
	ck_assert_int_eq(
	    secret_key_open(&k, &p->pk, &numbers, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	ck_assert_ptr_null(k.pk);
	for (size_t len = 0; len < p->numbers.len; len += step(len, all, 6)) {
		buf_view(&numbers, p->numbers.data, len);
		ck_assert_int_eq(
		    secret_key_open(&k, &p->pk, &numbers, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	}
	buf_put_u8(&p->numbers, 1);
	buf_view(&numbers, p->numbers.data, p->numbers.len);
	ck_assert_int_eq(
	    secret_key_open(&k, &p->pk, &numbers, &why), GW_REFUSED);
	p->numbers.len--;
	for (size_t i = 0; i < all; i += step(i, all, 6)) {
		/* Bits that RFC 7748, 5 sets and clears do not count. */
		uint8_t bit = i < 4 || i == all - 1 ? 0x20 : 0x08;

		p->numbers.data[i] ^= bit;
		buf_view(&numbers, p->numbers.data, p->numbers.len);
		ck_assert_msg(
		    secret_key_open(&k, &p->pk, &numbers, &why) == GW_REFUSED,
		    "octet %zu", i);
		p->numbers.data[i] ^= bit;
	}
	pair_put(p);
	pair_put(other);
}
END_TEST

/* A key that only encrypts, or only signs, does nothing else. */
START_TEST(not_what_it_is_for)
{
	struct pair room, *p = pair_get(&room, _i);
	uint8_t digest[64] = { 2 }, key[16] = { 3 };
	struct buf out, session, fields;
	struct why why;
	int cipher;

	buf_init(&out, 4096);
	buf_view(&session, key, sizeof(key));
	if (_i < PAIR_SIGNERS) {
		ck_assert_int_eq(pk_encrypt_session(&p->pk, 3, PACKET_AES128,
				     &session, &out, &why),
		    GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_RECIPIENT_UNFIT);
		buf_view(&fields, digest, sizeof(digest));
		ck_assert(
		    !secret_key_unwrap(&p->key, 3, &fields, &cipher, &out));
	} else {
		ck_assert_int_eq(secret_key_sign(&p->key, PACKET_SHA512, digest,
				     64, &out, &why),
		    GW_INTERNAL);
		ck_assert_int_eq(pk_verify(&p->pk, PACKET_SHA512, digest, 64,
				     digest, 64, &why),
		    GW_REFUSED);
	}
	ck_assert_uint_eq(out.len, 0);
	buf_free(&out);
	pair_put(p);
}
END_TEST

/* RFC 9580, 5.5.2.3: the count of the numbers is exact. */
START_TEST(version_6_count)
{
	struct pair room, *p = pair_get(&room, _i);
	struct buf b;
	struct pk pk;
	struct why why;
	uint8_t *count;

	if (pair_kinds[_i].version == 6) {
		buf_init(&b, 8192);
		buf_put(&b, p->public.data, p->public.len);
		buf_put_text(&b, "behind it");
		count = b.data + 6;
		ck_assert_uint_eq(
		    (unsigned)count[2] << 8 | count[3], p->public.len - 10);
		for (int by = -2; by <= 2; by++) {
			count[3] = (uint8_t)(count[3] + by);
			b.pos = 0;
			ck_assert_int_eq(pk_parse(&pk, &b, &why),
			    by == 0 ? GW_OK : GW_REFUSED);
			ck_assert(by == 0 || why.reason == REASON_MALFORMED);
			pk_close(&pk);
			count[3] = (uint8_t)(count[3] - by);
		}
		count[0] = 0xff; /* 4 GiB */
		b.pos = 0;
		ck_assert_int_eq(pk_parse(&pk, &b, &why), GW_REFUSED);
		buf_free(&b);
	}
	pair_put(p);
}
END_TEST

/* RFC 9580, 9.2 and 5.5.5.6.1.1: no legacy coding in a version 6 key. */
START_TEST(legacy_in_version_6)
{
	static const int legacy[] = { 2, 16 };
	struct pair p;
	struct buf b;
	struct pk pk;
	struct why why;

	pair_make(&p, legacy[_i]);
	buf_init(&b, 256);
	buf_put_u8(&b, 6);
	buf_put(&b, p.public.data + 1, 5);
	buf_put_u32(&b, (uint32_t)(p.public.len - 6));
	buf_put(&b, p.public.data + 6, p.public.len - 6);
	ck_assert_int_eq(pk_parse(&pk, &b, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_MALFORMED);
	buf_free(&b);
	pair_close(&p);
}
END_TEST

/* Algorithms that we do not know: named, and not used.  In version 6 the
 * secret part behind stays where it is. */
START_TEST(unknown_algorithms)
{
	static const struct {
		int algorithm;
		const char *name;
		bool weak;
	} rows[] = {
		{ PACKET_DSA, "DSA", true },
		{ PACKET_ELGAMAL, "Elgamal", true },
		{ 99, "unknown", false },
		{ 21, "unknown", false },
	};
	struct buf b;
	struct pk pk;
	struct why why;

	for (int version = 4; version <= 6; version += 2) {
		buf_init(&b, 256);
		buf_put_u8(&b, (uint8_t)version);
		buf_put_u32(&b, PAIR_BORN);
		buf_put_u8(&b, (uint8_t)rows[_i].algorithm);
		if (version == 6)
			buf_put_u32(&b, 5);
		buf_put_text(&b, "12345secret");
		ck_assert_int_eq(pk_parse(&pk, &b, &why), GW_OK);
		ck_assert_uint_eq(buf_left(&b), version == 6 ? 6 : 0);
		ck_assert(!pk.supported && pk.weak == rows[_i].weak);
		ck_assert_str_eq(pk.name, rows[_i].name);
		ck_assert(!pk_can_sign(&pk) && !pk_can_encrypt(&pk));
		ck_assert_int_eq(pk_supported(&pk, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason,
		    rows[_i].weak ? REASON_WEAK : REASON_UNSUPPORTED);
		pk_close(&pk);
		buf_free(&b);
	}
}
END_TEST

/* RFC 9580, 11.5.1: in version 6 only what belongs to the curve; in version 4
 * what a reader can be expected to have. */
START_TEST(ecdh_parameters)
{
	static const struct {
		int kind;
		int hash, cipher;
		bool supported;
	} rows[] = {
		{ 21, PACKET_SHA256, PACKET_AES128, true },
		{ 21, PACKET_SHA512, PACKET_AES256, true },
		{ 21, PACKET_SHA1, PACKET_AES128, false },
		{ 21, PACKET_SHA256, 2, false },
		{ 16, PACKET_SHA384, PACKET_AES192, true },
		{ 16, PACKET_MD5, PACKET_AES192, false },
		{ 22, PACKET_SHA256, PACKET_AES128, true },
		{ 22, PACKET_SHA512, PACKET_AES128, false },
		{ 22, PACKET_SHA256, PACKET_AES256, false },
	};
	struct pair p;
	struct why why;
	uint8_t *at, key[32] = { 9 };
	struct buf pkesk, got;
	int cipher;

	pair_make(&p, rows[_i].kind);
	secret_key_close(&p.key);
	pk_close(&p.pk);
	at = p.public.data + p.public.len - 4;
	ck_assert(at[0] == 3 && at[1] == 1);
	at[2] = (uint8_t)rows[_i].hash;
	at[3] = (uint8_t)rows[_i].cipher;
	ck_assert_int_eq(
	    pair_open(&p, &why), rows[_i].supported ? GW_OK : GW_REFUSED);
	ck_assert(p.pk.supported == rows[_i].supported);
	if (rows[_i].supported) {
		buf_init(&pkesk, 512);
		buf_init_secret(&got, 64);
		encrypt(&p.pk, 2, key, &pkesk);
		ck_assert(unwrap(&p.key, 3, pkesk.data + pkesk.pos,
		    buf_left(&pkesk), &cipher, &got));
		buf_free(&pkesk);
		buf_free(&got);
	}
	at[1] = 2;
	pk_close(&p.pk);
	ck_assert_int_eq(pair_open(&p, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_MALFORMED);
	pair_close(&p);
}
END_TEST

/* RSA short of what we make is read, and not encrypted to. */
START_TEST(rsa_that_signs_or_encrypts_only)
{
	struct pair p;
	struct why why;
	int algorithm = _i == 0 ? PACKET_RSA_ENCRYPT : PACKET_RSA_SIGN;
	uint8_t digest[32] = { 1 };
	struct buf out, session;

	pair_init(&p);
	buf_put(&p.public, pair_rsa[0].public.data, pair_rsa[0].public.len);
	buf_put(&p.numbers, pair_rsa[0].numbers.data, pair_rsa[0].numbers.len);
	p.public.data[5] = (uint8_t)algorithm;
	ck_assert_int_eq(pair_open(&p, &why), GW_OK);
	ck_assert(pk_can_sign(&p.pk) == (_i == 1));
	ck_assert(pk_can_encrypt(&p.pk) == (_i == 0));
	buf_init(&out, 1024);
	buf_view(&session, digest, 16);
	ck_assert_int_eq(
	    secret_key_sign(&p.key, PACKET_SHA256, digest, 32, &out, &why),
	    _i == 1 ? GW_OK : GW_INTERNAL);
	ck_assert_int_eq(
	    pk_encrypt_session(&p.pk, 3, PACKET_AES128, &session, &out, &why),
	    _i == 0 ? GW_OK : GW_REFUSED);
	buf_free(&out);
	pair_close(&p);
}
END_TEST

#define COUNT_MADE PAIR_KINDS

int
main(void)
{
	Suite *s = suite_create("algorithms");
	TCase *t = tcase_create("algorithms");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(SECURE, &why) != GW_OK)
		return 1;
	tcase_add_unchecked_fixture(t, pair_rsa_setup_both, pair_rsa_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, fingerprints, 0, COUNT_MADE);
	tcase_add_loop_test(t, public_part_ends, 0, COUNT_MADE);
	tcase_add_loop_test(t, sign_and_verify, 0, PAIR_SIGNERS);
	tcase_add_loop_test(t, altered_signatures, 0, PAIR_SIGNERS);
	tcase_add_loop_test(t, short_digests, 0, PAIR_SIGNERS);
	tcase_add_loop_test(t, wrap_and_unwrap, 0, PAIR_RSA);
	tcase_add_loop_test(t, wrap_and_unwrap, PAIR_SIGNERS, COUNT_MADE);
	tcase_add_loop_test(t, altered_pkesks, 0, PAIR_RSA);
	tcase_add_loop_test(t, altered_pkesks, PAIR_SIGNERS, COUNT_MADE);
	tcase_add_loop_test(t, pitfall_17_faulty_signatures, 0, PAIR_SIGNERS);
	tcase_add_test(t, own_signatures);
	tcase_add_loop_test(t, pitfall_09_halves_that_disagree, 0, COUNT_MADE);
	tcase_add_loop_test(t, not_what_it_is_for, PAIR_RSA, COUNT_MADE);
	tcase_add_loop_test(t, version_6_count, 0, COUNT_MADE);
	tcase_add_loop_test(t, legacy_in_version_6, 0, 2);
	tcase_add_loop_test(t, unknown_algorithms, 0, 4);
	tcase_add_loop_test(t, ecdh_parameters, 0, 9);
	tcase_add_loop_test(t, rsa_that_signs_or_encrypts_only, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
