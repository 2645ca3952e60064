/* Goal: a signature says what its maker hashed and nothing else: both versions,
 * every bit, every subpacket in either area. */
#include "tests/keys/forge.h"

#include "gateway/base/log.h"
#include "keys/keys.h"

#define DATA  "Hello, World"
#define BORN4 "\x05\x02\x65\x53\xf1\x00" /* created */

static struct forge_key v4, v6, other;
static struct buf text;

static void
make_keys(void)
{
	forge_ed25519(&v4, FORGE_BORN);
	forge_ed25519_v6(&v6, FORGE_BORN);
	forge_ed25519(&other, FORGE_BORN);
}

static void
close_keys(void)
{
	forge_close(&v4);
	forge_close(&v6);
	forge_close(&other);
}

static void
setup(void)
{
	buf_init(&text, 1 << 20);
}

static void
teardown(void)
{
	buf_free(&text);
}

/* A signature over DATA in `text`; *s as it would come back. */
static void
sign(const struct forge_key *k, const struct forge_sig *more, struct sig *s)
{
	struct forge_sig f = *more;
	struct sig_build b;
	struct buf numbers, at;
	struct packet p;
	struct why why;
	gcry_md_hd_t md;

	f.signer = k;
	buf_reset(&text);
	buf_init(&numbers, 4096);
	forge_begin(&b, &f);
	buf_put(&b.head, f.hashed, f.hashed_len);
	buf_put(&b.unhashed, f.unhashed, f.unhashed_len);
	ck_assert_int_eq(sig_build_md_open(&b, &md, &why), GW_OK);
	gcry_md_write(md, DATA, strlen(DATA));
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	ck_assert_int_eq(secret_key_sign(&k->key, b.hash_algorithm, b.digest,
			     b.digest_len, &numbers, &why),
	    GW_OK);
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, &text, &why),
	    GW_OK);
	gcry_md_close(md);
	sig_build_close(&b);
	buf_free(&numbers);
	buf_view(&at, text.data, text.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	if (s != NULL)
		ck_assert_msg(
		    sig_parse(s, p.body.data, p.body.len, &why) == GW_OK, "%s",
		    why.text);
}

static enum gw_status
verify(const struct sig *s, const struct pk *pk, struct why *why)
{
	gcry_md_hd_t md;
	enum gw_status st = sig_md_open(s, &md, why);

	if (st != GW_OK)
		return st;
	gcry_md_write(md, DATA, strlen(DATA));
	st = sig_verify(s, pk, SIG_FOR_DATA, md, why);
	gcry_md_close(md);
	return st;
}

/* The body of the packet in `text`. */
static struct buf
body(void)
{
	struct packet p;
	struct buf at;
	struct why why;

	buf_view(&at, text.data, text.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	return p.body;
}

START_TEST(both_versions)
{
	const struct forge_key *k = _i == 0 ? &v4 : &v6;
	struct sig s;
	struct why why;

	sign(k, &(struct forge_sig){ .created = FORGE_BORN + 7 }, &s);
	ck_assert_int_eq(s.version, _i == 0 ? 4 : 6);
	ck_assert_int_eq(s.created, FORGE_BORN + 7);
	ck_assert_uint_eq(s.salt.len, _i == 0 ? 0 : 16);
	ck_assert_uint_eq(s.issuer_fpr.len, _i == 0 ? 20 : 32);
	/* RFC 9580, 5.2.3.12: not in version 6. */
	ck_assert_uint_eq(s.issuer_id.len, _i == 0 ? 8 : 0);
	ck_assert(sig_hint_fits(&s, &k->pk) && !sig_hint_fits(&s, &other.pk));
	ck_assert_msg(verify(&s, &k->pk, &why) == GW_OK, "%s", why.text);
	ck_assert_int_eq(verify(&s, &other.pk, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
	sig_close(&s);
}
END_TEST

/* RFC 9580, 5.2.3: a salt for each hash, of its own length; another one each
 * time. */
START_TEST(salts)
{
	static const struct {
		int hash;
		size_t salt;
	} known[] = { { PACKET_SHA256, 16 }, { PACKET_SHA384, 24 },
		{ PACKET_SHA512, 32 }, { PACKET_SHA3_256, 16 },
		{ PACKET_SHA3_512, 32 } };
	struct sig s, again;
	struct why why;

	sign(&v6, &(struct forge_sig){ .hash = known[_i].hash }, &s);
	sign(&v6, &(struct forge_sig){ .hash = known[_i].hash }, &again);
	ck_assert_uint_eq(s.salt.len, known[_i].salt);
	ck_assert_int_ne(memcmp(s.salt.at, again.salt.at, s.salt.len), 0);
	ck_assert_int_eq(verify(&s, &v6.pk, &why), GW_OK);
	sig_close(&s);
	sig_close(&again);
}
END_TEST

/* A salt of another length, with what follows it adjusted. */
START_TEST(salt_of_another_length)
{
	static const int delta[] = { -16, -1, 1, 16 };
	struct sig s;
	struct why why;
	struct buf b, changed;
	size_t at;

	sign(&v6, &(struct forge_sig){ 0 }, &s);
	b = body();
	at = (size_t)(s.salt.at - s.memory) - 1;
	buf_init(&changed, 4096);
	buf_put(&changed, b.data, at);
	buf_put_u8(&changed, (uint8_t)(16 + delta[_i]));
	for (int i = 0; i < 16 + delta[_i]; i++)
		buf_put_u8(&changed, i < 16 ? s.salt.at[i] : 0);
	buf_put(&changed, b.data + at + 17, b.len - at - 17);
	sig_close(&s);
	ck_assert_int_eq(
	    sig_parse(&s, changed.data, changed.len, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_MALFORMED);
	buf_free(&changed);
}
END_TEST

/* A hash that version 6 does not have: neither made nor read. */
START_TEST(no_old_hash_in_version_6)
{
	static const int hashes[] = { PACKET_SHA1, PACKET_MD5, PACKET_RIPEMD160,
		99 };
	struct sig_build b;
	struct sig s;
	struct buf with;
	struct why why;
	gcry_md_hd_t md;

	sig_build_init(&b, PACKET_SIG_BINARY, &v6.pk, hashes[_i], FORGE_BORN);
	if (sig_build_md_open(&b, &md, &why) == GW_OK) {
		ck_assert_int_ne(sig_build_digest(&b, md, &why), GW_OK);
		gcry_md_close(md);
	}
	sig_build_close(&b);
	sign(&v6, &(struct forge_sig){ 0 }, NULL);
	buf_init(&with, 4096);
	buf_put(&with, body().data, body().len);
	with.data[3] = (uint8_t)hashes[_i];
	if (sig_parse(&s, with.data, with.len, &why) == GW_OK) {
		ck_assert_int_eq(verify(&s, &v6.pk, &why), GW_REFUSED);
		sig_close(&s);
	}
	buf_free(&with);
}
END_TEST

/* Nothing that is signed may change, nor the numbers: no bit of it.  The
 * unhashed area may. */
START_TEST(every_flipped_bit)
{
	const struct forge_key *k = _i == 0 ? &v4 : &v6;
	struct sig s;
	struct why why;
	struct buf b;
	size_t open, end;

	sign(k,
	    &(struct forge_sig){ .unhashed = "\x03\x64xy", .unhashed_len = 4 },
	    &s);
	b = body();
	open = s.head.len;
	end = (size_t)(s.numbers.at - s.memory) -
	      (s.salt.len > 0 ? 1 + s.salt.len : 0) - 2;
	sig_close(&s);
	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (sig_parse(&s, b.data, b.len, &why) == GW_OK) {
			if (verify(&s, &k->pk, &why) == GW_OK)
				ck_assert_msg(bit / 8 >= open && bit / 8 < end,
				    "octet %zu", bit / 8);
			sig_close(&s);
		}
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

START_TEST(cut_anywhere)
{
	struct sig s;
	struct why why;
	struct buf b;

	sign(_i == 0 ? &v4 : &v6, &(struct forge_sig){ 0 }, NULL);
	b = body();
	for (size_t n = 0; n < b.len; n++) {
		uint8_t *cut = malloc(n > 0 ? n : 1);

		memcpy(cut, b.data, n);
		if (sig_parse(&s, cut, n, &why) == GW_OK) {
			ck_assert_int_eq(
			    verify(&s, _i == 0 ? &v4.pk : &v6.pk, &why),
			    GW_REFUSED);
			sig_close(&s);
		}
		free(cut);
	}
}
END_TEST

START_TEST(other_versions)
{
	static const uint8_t versions[] = { 0, 2, 3, 5, 7, 255 };
	struct sig s;
	struct why why;
	struct buf b;

	sign(&v4, &(struct forge_sig){ 0 }, NULL);
	b = body();
	b.data[0] = versions[_i];
	ck_assert_int_eq(sig_parse(&s, b.data, b.len, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
}
END_TEST

/* A true version 3 signature packet (RFC 9580, 5.2.2). */
START_TEST(version_3)
{
	static const uint8_t v3[] = "\x03\x05\x00\x65\x53\xf1\x00"
				    "12345678\x01\x08\xab\xcd\x00\x01\x01";
	struct sig s;
	struct why why;

	ck_assert_int_eq(sig_parse(&s, v3, sizeof(v3) - 1, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
}
END_TEST

/* A key makes signatures of its own version; here the numbers are right and
 * the hints say nothing, so that nothing else refuses. */
START_TEST(pitfall_13_version_of_key_and_signature)
{
	const struct forge_key *k = _i == 0 ? &v4 : &v6;
	struct sig s;
	struct why why;

	sign(k, &(struct forge_sig){ .version = _i == 0 ? 6 : 4 }, &s);
	ck_assert(sig_hint_fits(&s, &k->pk));
	ck_assert_int_eq(verify(&s, &k->pk, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
	ck_assert_ptr_nonnull(strstr(why.text, "version"));
	sig_close(&s);
	/* The same of its own version. */
	sign(k, &(struct forge_sig){ 0 }, &s);
	ck_assert_int_eq(verify(&s, &k->pk, &why), GW_OK);
	sig_close(&s);
}
END_TEST

/* RFC 9580, 5.2.3.35: the issuer's version is the signature's.  Pitfall 6:
 * what is not hashed refuses nothing, whatever it is. */
static const struct {
	const char *what;
	bool six;
	const char *sub;
	size_t len;
	bool hashed, good;
} issuers[] = {
	{ "version 6 in version 4, hashed", false,
	    "\x22\x21\x06"
	    "01234567890123456789012345678901",
	    35, true, false },
	{ "version 6 in version 4, unhashed", false,
	    "\x22\x21\x06"
	    "01234567890123456789012345678901",
	    35, false, true },
	{ "version 4 in version 6, hashed", true,
	    "\x16\x21\x04"
	    "01234567890123456789",
	    23, true, false },
	{ "version 4 in version 6, unhashed", true,
	    "\x16\x21\x04"
	    "01234567890123456789",
	    23, false, true },
	{ "too short", false,
	    "\x15\x21\x04"
	    "0123456789012345678",
	    22, true, false },
	{ "too long", false,
	    "\x17\x21\x04"
	    "012345678901234567890",
	    24, true, false },
	{ "a second one, unhashed, is not looked at", false,
	    "\x16\x21\x04"
	    "01234567890123456789",
	    23, false, true },
	{ "a short id, hashed", false,
	    "\x08\x10"
	    "1234567",
	    9, true, false },
	{ "a short id, unhashed", false,
	    "\x08\x10"
	    "1234567",
	    9, false, true },
	{ "no subpacket at all, unhashed", false, "\x7f\x10", 2, false, true },
	{ "an empty one, unhashed", true, "\x00", 1, false, true },
	{ "an empty one, hashed", true, "\x00", 1, true, false },
};

START_TEST(issuer_of_another_version)
{
	const struct forge_key *k = issuers[_i].six ? &v6 : &v4;
	struct forge_sig f = { 0 };
	struct sig s;
	struct why why;
	enum gw_status st;

	if (issuers[_i].hashed) {
		f.hashed = issuers[_i].sub;
		f.hashed_len = issuers[_i].len;
	} else {
		f.unhashed = issuers[_i].sub;
		f.unhashed_len = issuers[_i].len;
	}
	sign(k, &f, NULL);
	st = sig_parse(&s, body().data, body().len, &why);
	ck_assert_msg(
	    (st == GW_OK) == issuers[_i].good, "%s", issuers[_i].what);
	if (st == GW_OK) {
		ck_assert_int_eq(verify(&s, &k->pk, &why), GW_OK);
		ck_assert(sig_hint_fits(&s, &k->pk));
	}
	sig_close(&s);
}
END_TEST

/* The short hint that is hashed goes before a long one that is not. */
START_TEST(hint_that_anybody_wrote)
{
	uint8_t b[] = "\x04\x20\x16\x08"
		      "\x00\x10\x05\x02\0\0\0\1\x09\x10" /* hashed */
		      "12345678"
		      "\x00\x17\x16\x21\x04" /* not hashed */
		      "01234567890123456789"
		      "xx\x00\x01\x01";
	struct sig s;
	struct why why;

	memcpy(b + 14, v4.pk.keyid, PK_KEYID_LEN);
	ck_assert_msg(
	    sig_parse(&s, b, sizeof(b) - 1, &why) == GW_OK, "%s", why.text);
	ck_assert(sig_hint_fits(&s, &v4.pk));
	ck_assert(!sig_hint_fits(&s, &other.pk));
	sig_close(&s);
}
END_TEST

/* What stands twice: refused where something hangs on it, the last one where
 * it is a wish (RFC 9580, 5.2.3.9). */
static const struct {
	const char *what;
	const char *sub;
	size_t len;
	bool good;
} twice[] = {
	{ "created", "\x05\x02\x65\x53\xf1\x00", 6, false },
	{ "expires", "\x05\x03\0\0\0\1\x05\x03\0\0\0\2", 12, false },
	{ "key expires", "\x05\x09\0\0\0\1\x05\x09\0\0\0\2", 12, false },
	{ "key flags", "\x02\x1b\1\x02\x1b\2", 6, false },
	{ "the same flags", "\x02\x1b\1\x02\x1b\1", 6, false },
	{ "features", "\x02\x1e\1\x02\x1e\x9", 6, false },
	{ "primary user id", "\x02\x19\0\x02\x19\1", 6, false },
	{ "exportable", "\x02\x04\0\x02\x04\1", 6, false },
	{ "reason: the harder one counts", "\x02\x1d\1\x02\x1d\2", 6, true },
	{ "ciphers", "\x02\x0b\x07\x02\x0b\x09", 6, true },
	{ "hashes", "\x02\x15\x08\x02\x15\x0a", 6, true },
	{ "compression", "\x02\x16\0\x02\x16\1", 6, true },
	{ "suites", "\x03\x27\x07\x02\x03\x27\x09\x02", 8, true },
	{ "notation",
	    "\x0b\x14\0\0\0\0\0\x01\0\x01"
	    "ab\x0b\x14\0\0\0\0\0\x01\0\x01"
	    "ac",
	    24, true },
};

START_TEST(pitfall_06_duplicates)
{
	struct forge_sig f = { .hashed = twice[_i].sub,
		.hashed_len = twice[_i].len };
	struct sig s;
	struct why why;
	enum gw_status st;

	sign(&v4, &f, NULL);
	st = sig_parse(&s, body().data, body().len, &why);
	ck_assert_msg((st == GW_OK) == twice[_i].good, "%s", twice[_i].what);
	if (st != GW_OK)
		ck_assert_int_eq(why.reason, REASON_MALFORMED);
	if (s.has_revoke_reason)
		ck_assert_uint_eq(s.revoke_reason, 2);
	if (s.pref_ciphers.len > 0)
		ck_assert_uint_eq(s.pref_ciphers.at[0], PACKET_AES256);
	if (s.pref_hashes.len > 0)
		ck_assert_uint_eq(s.pref_hashes.at[0], PACKET_SHA512);
	if (s.pref_compression.len > 0)
		ck_assert_uint_eq(s.pref_compression.at[0], PACKET_ZIP);
	if (s.pref_aead.len > 0)
		ck_assert_uint_eq(s.pref_aead.at[0], PACKET_AES256);
	sig_close(&s);
}
END_TEST

/* Critical: what we know may be, what we do not know may not. */
static const struct {
	const char *what;
	const char *sub;
	size_t len;
	bool hashed, good;
} criticals[] = {
	{ "unknown", "\x02\xe4x", 3, true, false },
	{ "unknown, not critical", "\x02\x64x", 3, true, true },
	{ "unknown, where anybody could have put it", "\x02\xe4x", 3, false,
	    true },
	{ "notation",
	    "\x0d\x94\x80\0\0\0\0\x03\0\x01"
	    "a@bx",
	    14, true, false },
	{ "notation, not critical",
	    "\x0d\x14\x80\0\0\0\0\x03\0\x01"
	    "a@bx",
	    14, true, true },
	{ "one of ours",
	    "\x1f\x94\x80\0\0\0\0\x14\0\x02"
	    "flow@waybill.invalidab",
	    32, true, true },
	{ "expiry", "\x05\x83\0\0\0\1", 6, true, true },
	{ "trust", "\x03\x85\1\x3c", 4, true, true },
	{ "regular expression", "\x03\x86.\0", 4, true, true },
	{ "revoker",
	    "\x17\x8c\x80\x16"
	    "01234567890123456789",
	    24, true, true },
	{ "policy", "\x02\x9ax", 3, true, true },
	{ "LibrePGP's AEAD preferences", "\x02\xa2\x02", 3, true, false },
};

START_TEST(pitfall_06_critical)
{
	struct forge_sig f = { 0 };
	struct sig s;
	struct why why;
	enum gw_status st;

	if (criticals[_i].hashed) {
		f.hashed = criticals[_i].sub;
		f.hashed_len = criticals[_i].len;
	} else {
		f.unhashed = criticals[_i].sub;
		f.unhashed_len = criticals[_i].len;
	}
	sign(&v4, &f, NULL);
	st = sig_parse(&s, body().data, body().len, &why);
	ck_assert_msg(
	    (st == GW_OK) == criticals[_i].good, "%s", criticals[_i].what);
	if (st == GW_OK)
		ck_assert_int_eq(verify(&s, &v4.pk, &why), GW_OK);
	else
		ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
	sig_close(&s);
}
END_TEST

/* The whole of what could do harm, where it is not signed. */
START_TEST(pitfall_06_unhashed)
{
	static const char all[] = "\x05\x02\0\0\0\1" /* created */
				  "\x05\x03\0\0\0\1" /* expires */
				  "\x05\x09\0\0\0\1" /* key expires */
				  "\x02\x1b\xff"     /* key flags */
				  "\x02\x1e\x09"     /* features */
				  "\x02\x19\x01"     /* primary user id */
				  "\x02\x1d\x01"     /* reason */
				  "\x03\x0b\x02\x01" /* ciphers */
				  "\x03\x27\x09\x03" /* suites */
				  "\x02\x16\x01"     /* compression */
				  "\x0d\x14\x80\0\0\0\0\x03\0\x01"
				  "a@bx" /* notation */
				  "\x16\x23\x04"
				  "01234567890123456789"; /* recipient */
	const struct forge_key *k = _i == 0 ? &v4 : &v6;
	struct sig s;
	struct why why;

	sign(k,
	    &(struct forge_sig){
		.unhashed = all, .unhashed_len = sizeof(all) - 1 },
	    &s);
	ck_assert_int_eq(verify(&s, &k->pk, &why), GW_OK);
	ck_assert_int_eq(s.created, FORGE_BORN);
	ck_assert_int_eq(s.expires, 0);
	ck_assert_uint_eq(s.key_lifetime, 0);
	ck_assert(!s.has_key_flags && s.key_flags == 0 && s.features == 0);
	ck_assert(!s.primary_uid && !s.has_revoke_reason);
	ck_assert_uint_eq(
	    s.pref_ciphers.len + s.pref_aead.len + s.pref_compression.len, 0);
	ck_assert_uint_eq(s.notation_count, 0);
	ck_assert_uint_eq(s.recipient_count, 0);
	sig_close(&s);
}
END_TEST

/* Names and values are octets from a stranger.  The value comes out as it
 * was, and what is logged of it cannot look like another line. */
START_TEST(pitfall_03_notation_is_data)
{
	static const char forged[] = "\x2d\x14\x80\0\0\0\0\x14\0\x10"
				     "flow@waybill.invalid"
				     "x\n[GNUPG:] GOOD\x1b";
	static const char with_nul[] = "\x20\x14\x80\0\0\0\0\x14\0\x03"
				       "flow@waybill.invalida\0b";
	static const char not_text[] = "\x1f\x14\0\0\0\0\0\x14\0\x02"
				       "flow@waybill.invalidab";
	struct sig s;
	char value[64], quoted[256];

	sign(&v4,
	    &(struct forge_sig){
		.hashed = forged, .hashed_len = sizeof(forged) - 1 },
	    &s);
	ck_assert(sig_notation_text(&s, SIG_NOTATION_FLOW, value, 64));
	ck_assert_str_eq(value, "x\n[GNUPG:] GOOD\x1b");
	log_quote(value, quoted, sizeof(quoted));
	ck_assert_ptr_null(strchr(quoted, '\n'));
	ck_assert_ptr_null(strchr(quoted, '\x1b'));
	sig_close(&s);
	sign(&v4,
	    &(struct forge_sig){
		.hashed = with_nul, .hashed_len = sizeof(with_nul) - 1 },
	    &s);
	ck_assert(!sig_notation_text(&s, SIG_NOTATION_FLOW, value, 64));
	ck_assert_str_eq(value, "");
	sig_close(&s);
	sign(&v4,
	    &(struct forge_sig){
		.hashed = not_text, .hashed_len = sizeof(not_text) - 1 },
	    &s);
	ck_assert(!sig_notation_text(&s, SIG_NOTATION_FLOW, value, 64));
	sig_close(&s);
}
END_TEST

/* Subpacket lengths of one, two and five octets (RFC 9580, 5.2.3.7). */
START_TEST(subpacket_lengths)
{
	static const size_t sizes[] = { 1, 190, 191, 192, 16318, 16319, 16320,
		30000 };
	struct sig_build b;
	struct sig s;
	struct buf numbers;
	struct why why;
	gcry_md_hd_t md;
	uint8_t *data = calloc(1, sizes[_i]);

	buf_init(&numbers, 256);
	sig_build_init(
	    &b, PACKET_SIG_BINARY, &v6.pk, PACKET_SHA256, FORGE_BORN);
	sig_build_sub(&b, PACKET_SUB_POLICY, true, data, sizes[_i]);
	ck_assert_int_eq(sig_build_md_open(&b, &md, &why), GW_OK);
	gcry_md_write(md, DATA, strlen(DATA));
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	ck_assert_int_eq(secret_key_sign(&v6.key, PACKET_SHA256, b.digest,
			     b.digest_len, &numbers, &why),
	    GW_OK);
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, &text, &why),
	    GW_OK);
	ck_assert_msg(sig_parse(&s, body().data, body().len, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_int_eq(verify(&s, &v6.pk, &why), GW_OK);
	sig_close(&s);
	gcry_md_close(md);
	sig_build_close(&b);
	buf_free(&numbers);
	free(data);
}
END_TEST

/* Areas that say they are longer than the packet, or than anything. */
START_TEST(area_lengths)
{
	static const uint32_t lens[] = { 0xffffffff, 0x80000000, 0x10000,
		0xffff };
	struct sig s;
	struct why why;
	struct buf b;

	sign(&v6, &(struct forge_sig){ 0 }, NULL);
	b = body();
	for (int i = 0; i < 4; i++)
		b.data[4 + i] = (uint8_t)(lens[_i] >> (24 - 8 * i));
	ck_assert_int_eq(sig_parse(&s, b.data, b.len, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_MALFORMED);
}
END_TEST

/* Critical in version 6 only (RFC 9580, 5.2.3.36). */
START_TEST(recipients)
{
	const struct forge_key *k = _i == 0 ? &v4 : &v6;
	struct sig_build b;

	sig_build_init(
	    &b, PACKET_SIG_BINARY, &k->pk, PACKET_SHA256, FORGE_BORN);
	sig_build_recipient(&b, &v6.pk);
	ck_assert_uint_eq(b.head.data[b.head.len - 34],
	    PACKET_SUB_RECIPIENT_FPR | (_i == 0 ? 0 : 0x80));
	sig_build_close(&b);
}
END_TEST

static struct cert *
vector_cert(const char *path)
{
	struct buf file;
	struct cert *c;
	struct why why;

	ck_assert(forge_vector(path, &file));
	ck_assert_int_eq(cert_parse(file.data, file.len, &c, &why), GW_OK);
	buf_free(&file);
	return c;
}

#define SUITE "interop-suite/data/"

static enum gw_status
verify_file(const struct sig *s, const struct cert *c, const void *data,
    size_t len, struct why *why)
{
	gcry_md_hd_t md;
	enum gw_status st;

	ck_assert_int_eq(sig_md_open(s, &md, why), GW_OK);
	gcry_md_write(md, data, len);
	st = sig_verify(s, cert_primary(c), SIG_FOR_DATA, md, why);
	gcry_md_close(md);
	return st;
}

/* RSA signatures that happen to be shorter than the modulus. */
START_TEST(short_rsa_signatures)
{
	static const int bits[] = { 3048, 3053, 3054, 3055, 3056, 3058, 3059,
		3061, 3062, 3063, 3064, 3065, 3067, 3068, 3070, 3071, 3072 };
	static const char data[] = "Hello World :)";
	char path[128];
	struct cert *bob;
	struct sig s;
	struct why why;

	snprintf(
	    path, sizeof(path), SUITE "short-rsa-sigs/%d-bit.sig", bits[_i]);
	if (!forge_vector_sig(path, &s))
		return;
	bob = vector_cert(SUITE "certificates/bob.pgp");
	ck_assert_msg(verify_file(&s, bob, data, strlen(data), &why) == GW_OK,
	    "%s: %s", path, why.text);
	ck_assert_int_eq(
	    verify_file(&s, bob, data, strlen(data) - 1, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
	cert_free(bob);
	sig_close(&s);
}
END_TEST

/* Two documents with one SHA-1, and SHA-1 over something harmless. */
START_TEST(pitfall_07_shattered)
{
	static const char *const sigs[] = { "shattered-1.pdf.asc",
		"shattered-2.pdf.asc", "shattered-baseline.asc" };
	char path[128];
	struct cert *bob;
	struct buf pdf;
	struct sig s;
	struct why why;

	snprintf(path, sizeof(path), SUITE "messages/%s", sigs[_i]);
	if (!forge_vector_sig(path, &s))
		return;
	bob = vector_cert(SUITE "certificates/bob.pgp");
	for (int i = 1; i <= 2; i++) {
		snprintf(
		    path, sizeof(path), SUITE "messages/shattered-%d.pdf", i);
		ck_assert(forge_vector(path, &pdf));
		ck_assert_int_eq(
		    verify_file(&s, bob, pdf.data, pdf.len, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_WEAK);
		buf_free(&pdf);
	}
	cert_free(bob);
	sig_close(&s);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(a[0])))

int
main(void)
{
	Suite *s = suite_create("sig");
	TCase *t = tcase_create("sig");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(0, &why) != GW_OK)
		return 1;
	tcase_add_unchecked_fixture(t, make_keys, close_keys);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, both_versions, 0, 2);
	tcase_add_loop_test(t, salts, 0, 5);
	tcase_add_loop_test(t, salt_of_another_length, 0, 4);
	tcase_add_loop_test(t, no_old_hash_in_version_6, 0, 4);
	tcase_add_loop_test(t, every_flipped_bit, 0, 2);
	tcase_add_loop_test(t, cut_anywhere, 0, 2);
	tcase_add_loop_test(t, other_versions, 0, 6);
	tcase_add_test(t, version_3);
	tcase_add_loop_test(t, pitfall_13_version_of_key_and_signature, 0, 2);
	tcase_add_loop_test(t, issuer_of_another_version, 0, COUNT(issuers));
	tcase_add_test(t, hint_that_anybody_wrote);
	tcase_add_loop_test(t, pitfall_06_duplicates, 0, COUNT(twice));
	tcase_add_loop_test(t, pitfall_06_critical, 0, COUNT(criticals));
	tcase_add_loop_test(t, pitfall_06_unhashed, 0, 2);
	tcase_add_test(t, pitfall_03_notation_is_data);
	tcase_add_loop_test(t, subpacket_lengths, 0, 8);
	tcase_add_loop_test(t, area_lengths, 0, 4);
	tcase_add_loop_test(t, recipients, 0, 2);
	tcase_add_loop_test(t, short_rsa_signatures, 0, 17);
	tcase_add_loop_test(t, pitfall_07_shattered, 0, 3);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
