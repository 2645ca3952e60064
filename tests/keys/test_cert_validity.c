/* Goal: at each moment a certificate gives what its owner's newest valid word
 * says, in both versions; whatever anybody else adds, dates or leaves out. */
#include "tests/keys/forge.h"

#include "gateway/base/clock.h"
#include "keys/certs/cert_parts.h"
#include "keys/certs/trust_priv.h"
#include "keys/keys.h"

#define DAY 86400

/* The same keys in both versions, made once: loop tests have it in _i. */
static struct forge_key made[2][4];
static struct forge_key primary, signer, encrypter, stranger;
static struct buf text;
static int version;

static void
make_keys(void)
{
	for (int i = 0; i < 4; i++) {
		if (i == 2) {
			forge_curve25519(&made[0][i], FORGE_BORN);
			forge_x25519_v6(&made[1][i], FORGE_BORN);
		} else {
			forge_ed25519(&made[0][i], FORGE_BORN);
			forge_ed25519_v6(&made[1][i], FORGE_BORN);
		}
	}
}

static void
close_keys(void)
{
	for (int i = 0; i < 4; i++) {
		forge_close(&made[0][i]);
		forge_close(&made[1][i]);
	}
}

static void
setup(void)
{
	buf_init(&text, 4 << 20);
	clock_fake((int64_t)FORGE_NOW * 1000);
}

static void
teardown(void)
{
	clock_fake(0);
	buf_free(&text);
}

static void
be(int v)
{
	struct forge_key *keys = made[v == 6];

	version = v;
	primary = keys[0];
	signer = keys[1];
	encrypter = keys[2];
	stranger = keys[3];
}

static void
put_key(void)
{
	forge_key_packet(&text, PACKET_PUBLIC_KEY, &primary);
}

static void
put_direct(struct forge_sig s)
{
	s.type = s.type != 0 ? s.type : PACKET_SIG_DIRECT;
	s.signer = s.signer != NULL ? s.signer : &primary;
	forge_sign(&text, &primary, &s);
}

static void
put_uid(struct forge_sig s)
{
	s.uid = s.uid != NULL ? s.uid : FORGE_UID;
	forge_uid(&text, s.uid);
	forge_certify(&text, &primary, s);
}

/* What each version must have. */
static void
put_self(void)
{
	put_key();
	if (version == 6)
		put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	else
		put_uid((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
}

static void
bind(const struct forge_key *subkey, uint8_t flags, struct forge_sig s)
{
	s.type = s.type != 0 ? s.type : PACKET_SIG_SUBKEY;
	s.signer = s.signer != NULL ? s.signer : &primary;
	s.subkey = subkey;
	s.flags = s.flags != 0 ? s.flags : flags;
	forge_sign(&text, &primary, &s);
}

static void
put_signer(struct forge_sig s)
{
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &signer);
	bind(&signer, PACKET_FLAG_SIGN, s);
}

static void
put_encrypter(struct forge_sig s)
{
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &encrypter);
	bind(&encrypter, PACKET_FLAG_ENCRYPT_COMM, s);
}

static void
put_rest(void)
{
	put_signer((struct forge_sig){ .back = &signer });
	put_encrypter((struct forge_sig){ 0 });
}

static struct cert *
parsed(void)
{
	struct cert *c = NULL;
	struct why why;

	ck_assert_msg(
	    cert_parse(text.data, text.len, &c, &why) == GW_OK, "%s", why.text);
	return c;
}

/* REASON_NONE: it works at that time. */
static enum gw_reason
judged(enum cert_use use, time_t when)
{
	struct cert *c = parsed();
	struct why why = { 0 };
	enum gw_status st = cert_usable(c, use, when, &why);

	cert_free(c);
	ck_assert(st == GW_OK || st == GW_REFUSED);
	return st == GW_OK ? REASON_NONE : why.reason;
}

static bool
usable(time_t when)
{
	bool sign = judged(CERT_SIGN, when) == REASON_NONE;

	ck_assert_int_eq(sign, judged(CERT_ENCRYPT, when) == REASON_NONE);
	return sign;
}

START_TEST(good_in_both_versions)
{
	struct cert *c;
	struct why why;

	be(_i);
	put_self();
	put_rest();
	c = parsed();
	ck_assert_str_eq(cert_fingerprint(c), primary.pk.hex);
	ck_assert_uint_eq(strlen(cert_fingerprint(c)), _i == 6 ? 64 : 40);
	ck_assert_str_eq(cert_user_id(c), _i == 6 ? "" : FORGE_UID);
	ck_assert_ptr_nonnull(cert_sign_key(c, FORGE_NOW, &why));
	ck_assert_str_eq(cert_sign_key(c, FORGE_NOW, &why)->hex, signer.pk.hex);
	ck_assert_str_eq(
	    cert_encrypt_key(c, FORGE_NOW, &why)->hex, encrypter.pk.hex);
	ck_assert(!cert_revoked(c));
	cert_free(c);
}
END_TEST

/* RFC 9580, 5.2.3.10: version 6 needs its direct-key signature, whatever its
 * user ids say; version 4 can do with either. */
START_TEST(direct_key_signature)
{
	static const struct {
		bool direct, uid;
		bool four, six;
	} cases[] = { { true, false, true, true }, { false, true, true, false },
		{ true, true, true, true }, { false, false, false, false } };
	bool good;

	for (int v = 4; v <= 6; v += 2) {
		be(v);
		buf_reset(&text);
		put_key();
		if (cases[_i].direct)
			put_direct(
			    (struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
		if (cases[_i].uid)
			put_uid(
			    (struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
		put_rest();
		good = v == 4 ? cases[_i].four : cases[_i].six;
		ck_assert_int_eq(usable(FORGE_NOW), good);
	}
}
END_TEST

/* Which of both says when the key ends: version 4 the newer one that says
 * so, version 6 the direct-key signature. */
START_TEST(pitfall_15_direct_key_or_user_id)
{
	static const struct {
		int version;
		time_t direct, uid; /* when they were made */
		uint32_t direct_ends, uid_ends;
		bool good;
	} cases[] = {
		{ 4, 10, 20, DAY, 0, false },
		{ 4, 10, 10, DAY, 0, false },
		{ 4, 20, 10, DAY, 0, false },
		{ 4, 10, 20, 0, DAY, false },
		{ 4, 20, 10, 0, DAY, false },
		{ 4, 10, 20, 0, 0, true },
		{ 4, 10, 20, DAY, UINT32_MAX, true },
		{ 4, 20, 10, UINT32_MAX, DAY, true },
		{ 4, 10, 20, UINT32_MAX, DAY, false },
		{ 6, 10, 20, DAY, 0, false },
		{ 6, 20, 10, DAY, 0, false },
		{ 6, 10, 20, 0, DAY, true },
		{ 6, 20, 10, 0, DAY, true },
	};

	be(cases[_i].version);
	put_key();
	put_direct((struct forge_sig){ .created = FORGE_BORN + cases[_i].direct,
	    .flags = PACKET_FLAG_CERTIFY,
	    .key_lifetime = cases[_i].direct_ends });
	put_uid((struct forge_sig){ .created = FORGE_BORN + cases[_i].uid,
	    .flags = PACKET_FLAG_CERTIFY,
	    .key_lifetime = cases[_i].uid_ends });
	put_rest();
	ck_assert(usable(FORGE_BORN + 100));
	ck_assert_int_eq(usable(FORGE_NOW), cases[_i].good);
}
END_TEST

/* An expiry is taken back by the kind of self-signature that set it. */
START_TEST(pitfall_15_expiry_taken_back)
{
	bool direct = _i / 2 == 0, same = _i % 2 == 0;
	struct forge_sig s = { .uid = FORGE_UID,
		.created = FORGE_BORN + 30,
		.flags = PACKET_FLAG_CERTIFY };
	struct cert *c;
	struct cert_key_facts facts;

	be(4);
	put_key();
	put_direct((struct forge_sig){ .created = FORGE_BORN + 10,
	    .flags = PACKET_FLAG_CERTIFY,
	    .key_lifetime = direct ? DAY : 0 });
	if (direct == same)
		put_direct((struct forge_sig){
		    .created = s.created, .flags = s.flags });
	put_uid((struct forge_sig){ .created = FORGE_BORN + 20,
	    .flags = PACKET_FLAG_CERTIFY,
	    .key_lifetime = direct ? 0 : DAY });
	if (direct != same)
		forge_certify(&text, &primary, s);
	put_rest();
	ck_assert_int_eq(usable(FORGE_NOW), same);
	c = parsed();
	ck_assert_int_eq(
	    cert_expires(c, CERT_SIGN), same ? 0 : FORGE_BORN + DAY);
	ck_assert_uint_eq(cert_facts(c, FORGE_NOW, &facts, 1), 1);
	ck_assert_int_eq(facts.until, same ? 0 : FORGE_BORN + DAY);
	cert_free(c);
}
END_TEST

/* The newest valid self-signature decides; a newer one that is not valid is
 * none. */
START_TEST(pitfall_15_expiry_of_the_wrong_self_signature)
{
	static const struct {
		const char *what;
		struct forge_sig newer;
		bool good; /* the older one lets the key end after a day */
	} cases[] = {
		{ "prolongs", { .created = FORGE_BORN + 100 }, true },
		{ "is older", { .created = FORGE_BORN }, false },
		{ "of the future", { .created = FORGE_NOW + DAY }, false },
		{ "has expired itself",
		    { .created = FORGE_BORN + 100, .expires = DAY }, false },
		{ "by a stranger",
		    { .created = FORGE_BORN + 100, .signer = &stranger },
		    false },
		{ "by a subkey",
		    { .created = FORGE_BORN + 100, .signer = &signer }, false },
		{ "with SHA-1",
		    { .created = FORGE_BORN + 100, .hash = PACKET_SHA1 },
		    false },
		{ "insists on something unknown",
		    { .created = FORGE_BORN + 100, .extra = 100 }, false },
	};
	struct forge_sig s = cases[_i].newer;

	be(version = 4);
	put_key();
	forge_uid(&text, FORGE_UID);
	s.uid = FORGE_UID;
	s.flags = PACKET_FLAG_CERTIFY;
	forge_certify(&text, &primary, s);
	forge_certify(&text, &primary,
	    (struct forge_sig){ .uid = FORGE_UID,
		.created = FORGE_BORN + 50,
		.flags = PACKET_FLAG_CERTIFY,
		.key_lifetime = DAY });
	put_rest();
	ck_assert_msg(
	    usable(FORGE_NOW) == cases[_i].good, "%s", cases[_i].what);
}
END_TEST

/* Not in the certificate's order, but in the order of time. */
START_TEST(pitfall_15_order_of_packets)
{
	be(4);
	put_key();
	for (int i = 0; i < 3; i++)
		put_direct((struct forge_sig){ .created = FORGE_BORN + i * 10,
		    .flags = PACKET_FLAG_CERTIFY,
		    .key_lifetime = (uint32_t)(_i == i ? 0 : DAY) });
	put_rest();
	ck_assert_int_eq(usable(FORGE_NOW), _i == 2);
}
END_TEST

/* A part that nobody bound is nobody's. */
START_TEST(pitfall_15_not_bound)
{
	struct cert *c;
	struct why why;

	be(_i);
	put_self();
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &signer);
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &encrypter);
	bind(&encrypter, PACKET_FLAG_ENCRYPT_COMM,
	    (struct forge_sig){ .signer = &stranger });
	forge_uid(&text, "Mallory");
	forge_certify(&text, &primary,
	    (struct forge_sig){ .signer = &stranger, .uid = "Mallory" });
	c = parsed();
	ck_assert_int_eq(
	    cert_usable(c, CERT_SIGN, FORGE_NOW, &why), GW_REFUSED);
	ck_assert_int_eq(
	    cert_usable(c, CERT_ENCRYPT, FORGE_NOW, &why), GW_REFUSED);
	ck_assert_str_ne(cert_user_id(c), "Mallory");
	cert_free(c);
}
END_TEST

/* Encrypting to what has ended is refused, with the day. */
START_TEST(pitfall_15_encryption_to_an_ended_subkey)
{
	struct cert *c;
	struct why why;

	be(_i % 2 == 0 ? 4 : 6);
	put_self();
	put_encrypter(
	    (struct forge_sig){ .key_lifetime = _i < 2 ? 10 * DAY : 0 });
	if (_i >= 2)
		bind(&encrypter, 0,
		    (struct forge_sig){ .type = PACKET_SIG_REVOKE_SUBKEY,
			.created = FORGE_BORN + 10 * DAY,
			.reason = 1 + 3 });
	c = parsed();
	ck_assert_int_eq(
	    cert_usable(c, CERT_ENCRYPT, FORGE_BORN + 9 * DAY, &why), GW_OK);
	ck_assert_int_eq(
	    cert_usable(c, CERT_ENCRYPT, FORGE_NOW, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_RECIPIENT_UNFIT);
	ck_assert_ptr_nonnull(strstr(why.text, "2023-11-24"));
	ck_assert_ptr_null(cert_encrypt_key(c, FORGE_NOW, &why));
	cert_free(c);
}
END_TEST

/* The subkey's consent, in all the ways in which it is none. */
static const struct consent {
	const char *what;
	struct forge_sig sig;
	bool good;
} consents[] = {
	{ "right", { .back = &signer }, true },
	{ "in the area that is not hashed: it proves itself",
	    { .back = &signer, .back_unhashed = true }, true },
	{ "none", { .back = NULL }, false },
	{ "by a stranger", { .back = &stranger }, false },
	{ "by the primary key", { .back = &primary }, false },
	{ "another type", { .back = &signer, .back_type = PACKET_SIG_SUBKEY },
	    false },
	{ "expired", { .back = &signer, .back_expires = DAY }, false },
	{ "of the future", { .back = &signer, .back_created = FORGE_NOW + DAY },
	    false },
	{ "older than the key",
	    { .back = &signer, .back_created = FORGE_BORN - DAY }, true },
	{ "unreadable", { .hashed = "\x02\x20\x04", .hashed_len = 3 }, false },
};

START_TEST(pitfall_04_back_signature)
{
	struct trust *trust = trust_new();
	struct cert *c;
	struct why why;
	bool good;

	be(_i % 2 == 0 ? 4 : 6);
	put_self();
	put_signer(consents[_i / 2].sig);
	c = parsed();
	good = cert_sign_key(c, FORGE_NOW, &why) != NULL;
	ck_assert_msg(
	    good == consents[_i / 2].good, "%s", consents[_i / 2].what);
	ck_assert_int_eq(cert_signer_fit(c, &c->keys[1].pk, FORGE_BORN + DAY,
			     FORGE_NOW, &why) == GW_OK,
	    good);
	cert_free(c);
	trust_free(trust);
}
END_TEST

/* What a back signature embeds is not a back signature. */
START_TEST(pitfall_06_embedded_in_embedded)
{
	struct buf inner;
	struct packet p;
	struct buf at;
	struct why why;
	struct sig_build b;
	struct buf numbers;
	gcry_md_hd_t md;
	struct forge_sig middle = { .type = PACKET_SIG_SUBKEY,
		.signer = &primary,
		.flags = PACKET_FLAG_SIGN };

	be(4);
	put_self();
	middle.subkey = &signer;
	middle.back = &signer;
	buf_init(&inner, 4096);
	buf_init(&numbers, 4096);
	forge_sign(&inner, &primary, &middle);
	buf_view(&at, inner.data, inner.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	/* A binding that embeds a whole binding. */
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &signer);
	middle.back = NULL;
	forge_begin(&b, &middle);
	sig_build_sub(&b, PACKET_SUB_KEY_FLAGS, true, "\x02", 1);
	sig_build_sub(&b, PACKET_SUB_EMBEDDED, false, p.body.data, p.body.len);
	ck_assert_int_eq(sig_build_md_open(&b, &md, &why), GW_OK);
	forge_hash(md, &primary, &middle);
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	ck_assert_int_eq(secret_key_sign(&primary.key, PACKET_SHA256, b.digest,
			     b.digest_len, &numbers, &why),
	    GW_OK);
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, &text, &why),
	    GW_OK);
	gcry_md_close(md);
	sig_build_close(&b);
	buf_free(&numbers);
	buf_free(&inner);
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_UNFIT);
}
END_TEST

/* A key may do what its hashed flags say and its algorithm can. */
START_TEST(pitfall_04_flags)
{
	static const struct {
		uint8_t flags;
		bool sign, encrypt;
	} cases[] = { { 0x01, false, false }, { 0x02, true, false },
		{ 0x04, false, true }, { 0x08, false, true },
		{ 0x0c, false, true }, { 0x10, false, false },
		{ 0x20, false, false }, { 0x80, false, false },
		{ 0x06, true, true }, { 0x2f, true, true } };
	struct forge_key rsa;

	be(4);
	forge_rsa(&rsa, 3072, FORGE_BORN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct forge_sig s = { .flags = cases[i].flags, .back = &rsa };

		buf_reset(&text);
		put_self();
		forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &rsa);
		bind(&rsa, 0, s);
		ck_assert_msg((judged(CERT_SIGN, FORGE_NOW) == REASON_NONE) ==
				  cases[i].sign,
		    "sign with %#x", cases[i].flags);
		ck_assert_msg((judged(CERT_ENCRYPT, FORGE_NOW) ==
				  REASON_NONE) == cases[i].encrypt,
		    "encrypt with %#x", cases[i].flags);
	}
	/* An algorithm that cannot sign does not by its flag. */
	buf_reset(&text);
	put_self();
	put_encrypter((struct forge_sig){ .flags = PACKET_FLAG_SIGN });
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_UNFIT);
	forge_close(&rsa);
}
END_TEST

/* Only an encryption key, yet the numbers are right. */
START_TEST(pitfall_04_encryption_key_signed)
{
	struct cert *c;
	struct why why;

	be(_i);
	put_self();
	put_signer((struct forge_sig){
	    .flags = PACKET_FLAG_ENCRYPT_COMM, .back = &signer });
	c = parsed();
	ck_assert_int_eq(cert_signer_fit(c, &c->keys[1].pk, FORGE_BORN + DAY,
			     FORGE_NOW, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNER_UNFIT);
	/* Nor the primary key, which certifies. */
	ck_assert_int_eq(cert_signer_fit(c, &c->keys[0].pk, FORGE_BORN + DAY,
			     FORGE_NOW, &why),
	    GW_REFUSED);
	cert_free(c);
}
END_TEST

/* Life of the signing subkey and its binding, against when it is asked. */
static const struct lifetime {
	const char *what;
	struct forge_sig sig;
	time_t when;
	bool good;
} lifetimes[] = {
	{ "at birth", { 0 }, FORGE_BORN, true },
	{ "before birth", { 0 }, FORGE_BORN - 1, false },
	{ "the last second", { .key_lifetime = DAY }, FORGE_BORN + DAY - 1,
	    true },
	{ "the first one after", { .key_lifetime = DAY }, FORGE_BORN + DAY,
	    false },
	{ "binding's last second", { .expires = DAY }, FORGE_BORN + DAY - 1,
	    true },
	{ "binding expired", { .expires = DAY }, FORGE_BORN + DAY, false },
	{ "binding begins later, before", { .created = FORGE_BORN + DAY },
	    FORGE_BORN + DAY - 1, false },
	{ "binding begins later, then", { .created = FORGE_BORN + DAY },
	    FORGE_BORN + DAY, true },
	{ "binding older than the key", { .created = FORGE_BORN - 1 },
	    FORGE_NOW, false },
	{ "the longest life", { .key_lifetime = UINT32_MAX }, FORGE_NOW, true },
	{ "lifetime from the key's birth, not the binding's",
	    { .created = FORGE_BORN + DAY, .key_lifetime = 2 * DAY },
	    FORGE_BORN + 2 * DAY, false },
};

START_TEST(pitfall_05_life_of_a_subkey)
{
	const struct lifetime *l = &lifetimes[_i / 2];
	struct forge_sig s = l->sig;

	be(_i % 2 == 0 ? 4 : 6);
	put_self();
	s.back = &signer;
	put_signer(s);
	ck_assert_msg((judged(CERT_SIGN, l->when) == REASON_NONE) == l->good,
	    "%s", l->what);
}
END_TEST

/* Rotation: new subkeys are handed out early and used from their date on, the
 * old ones until theirs. */
START_TEST(pitfall_05_rotation)
{
	const time_t from = FORGE_BORN + 30 * DAY;
	struct forge_key newer;
	struct cert *c;
	struct why why;

	be(_i);
	if (_i == 6)
		forge_ed25519_v6(&newer, FORGE_BORN + DAY);
	else
		forge_ed25519(&newer, FORGE_BORN + DAY);
	put_self();
	put_signer((struct forge_sig){ .back = &signer });
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &newer);
	bind(&newer, PACKET_FLAG_SIGN,
	    (struct forge_sig){
		.back = &newer, .created = from, .back_created = from });
	c = parsed();
	ck_assert_str_eq(cert_sign_key(c, from - 1, &why)->hex, signer.pk.hex);
	ck_assert_str_eq(cert_sign_key(c, from, &why)->hex, newer.pk.hex);
	ck_assert_int_eq(
	    cert_signer_fit(c, &c->keys[2].pk, from - 2, from - 1, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNER_UNFIT);
	ck_assert_ptr_nonnull(strstr(why.text, "not valid before 2023-12-14"));
	ck_assert_int_eq(
	    cert_signer_fit(c, &c->keys[2].pk, from, from + 1, &why), GW_OK);
	/* The old one goes on verifying. */
	ck_assert_int_eq(
	    cert_signer_fit(c, &c->keys[1].pk, from - 1, from + DAY, &why),
	    GW_OK);
	cert_free(c);
	forge_close(&newer);
}
END_TEST

/* An ended primary key ends all. */
START_TEST(pitfall_05_primary_ends_all)
{
	be(_i);
	put_key();
	if (_i == 6)
		put_direct((struct forge_sig){
		    .flags = PACKET_FLAG_CERTIFY, .key_lifetime = DAY });
	else
		put_uid((struct forge_sig){
		    .flags = PACKET_FLAG_CERTIFY, .key_lifetime = DAY });
	put_rest();
	ck_assert(usable(FORGE_BORN + DAY - 1));
	ck_assert_int_eq(
	    judged(CERT_SIGN, FORGE_BORN + DAY), REASON_SIGNER_EXPIRED);
	ck_assert_int_eq(
	    judged(CERT_ENCRYPT, FORGE_BORN + DAY), REASON_RECIPIENT_UNFIT);
}
END_TEST

/* What is revoked, how, from when on. */
static const struct revocation {
	const char *what;
	struct forge_sig sig;
	bool before, after; /* FORGE_BORN + 5 days, its usual date */
	bool all;           /* cert_revoked() */
} revocations[] = {
	{ "compromised", { .type = PACKET_SIG_REVOKE_KEY, .reason = 1 + 2 },
	    false, false, true },
	{ "no reason at all", { .type = PACKET_SIG_REVOKE_KEY }, false, false,
	    true },
	{ "reason 0", { .type = PACKET_SIG_REVOKE_KEY, .reason = 1 + 0 }, false,
	    false, true },
	{ "superseded", { .type = PACKET_SIG_REVOKE_KEY, .reason = 1 + 1 },
	    true, false, true },
	{ "retired", { .type = PACKET_SIG_REVOKE_KEY, .reason = 1 + 3 }, true,
	    false, true },
	{ "a reason of the future",
	    { .type = PACKET_SIG_REVOKE_KEY, .reason = 1 + 100 }, false, false,
	    true },
	{ "dated tomorrow, retired",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.reason = 1 + 3,
		.created = FORGE_NOW + DAY },
	    true, true, true },
	{ "dated tomorrow, compromised",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.reason = 1 + 2,
		.created = FORGE_NOW + DAY },
	    false, false, true },
	{ "older than the key",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.reason = 1 + 3,
		.created = FORGE_BORN - DAY },
	    false, false, true },
	{ "expired itself",
	    { .type = PACKET_SIG_REVOKE_KEY, .reason = 1 + 3, .expires = DAY },
	    true, false, true },
	{ "two reasons, the first one hard",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.reason = 1 + 2,
		.hashed = "\x02\x1d\x01",
		.hashed_len = 3 },
	    false, false, true },
	{ "two reasons, the second one hard",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.reason = 1 + 1,
		.hashed = "\x02\x1d\x02",
		.hashed_len = 3 },
	    false, false, true },
	{ "two reasons, both soft",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.reason = 1 + 1,
		.hashed = "\x02\x1d\x03",
		.hashed_len = 3 },
	    true, false, true },
	{ "a reason without a code",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.hashed = "\x01\x1d",
		.hashed_len = 2 },
	    false, false, true },
	{ "by a stranger",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.reason = 1 + 2,
		.signer = &stranger },
	    true, true, false },
	{ "by a subkey",
	    { .type = PACKET_SIG_REVOKE_KEY,
		.reason = 1 + 2,
		.signer = &signer },
	    true, true, false },
	{ "as a subkey, where the primary is",
	    { .type = PACKET_SIG_REVOKE_SUBKEY, .reason = 1 + 2 }, true, true,
	    false },
};

START_TEST(revoked)
{
	const struct revocation *r = &revocations[_i / 2];
	struct forge_sig s = r->sig;
	struct cert *c;

	be(_i % 2 == 0 ? 4 : 6);
	put_key();
	s.signer = s.signer != NULL ? s.signer : &primary;
	s.created = s.created != 0 ? s.created : FORGE_BORN + 5 * DAY;
	forge_sign(&text, &primary, &s);
	put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	put_rest();
	ck_assert_msg(
	    usable(FORGE_BORN + 4 * DAY) == r->before, "%s, before", r->what);
	ck_assert_msg(usable(FORGE_NOW) == r->after, "%s, after", r->what);
	c = parsed();
	ck_assert_int_eq(cert_revoked(c), r->all);
	cert_free(c);
}
END_TEST

/* SHA-1 is enough to believe a revocation, of any date and by any algorithm;
 * RSA alone has no rule of its own about its length.  Nothing else gets by it.
 */
START_TEST(revoked_with_sha1)
{
	be(4);
	if (_i == 0)
		forge_rsa(&primary, 2048, FORGE_BORN);
	else if (_i == 1)
		forge_make(
		    &primary, 4, PACKET_ECDSA, "NIST P-256", 0, FORGE_BORN);
	else
		forge_ed25519(&primary, FORGE_BORN);
	put_key();
	put_direct((struct forge_sig){
	    .flags = PACKET_FLAG_CERTIFY, .hash = PACKET_SHA1 });
	put_rest();
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_UNFIT);
	buf_reset(&text);
	put_key();
	put_direct((struct forge_sig){ .type = PACKET_SIG_REVOKE_KEY,
	    .created = FORGE_NOW - DAY,
	    .hash = PACKET_SHA1 });
	put_uid((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	put_rest();
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_REVOKED);
	/* Nor one of those who are not asked. */
	buf_reset(&text);
	put_key();
	put_direct((struct forge_sig){ .type = PACKET_SIG_REVOKE_KEY,
	    .signer = &stranger,
	    .hash = PACKET_SHA1 });
	put_uid((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	put_rest();
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_NONE);
	forge_close(&primary);
}
END_TEST

/* Later self-signatures do not bring a revoked key back. */
START_TEST(revoked_stays_revoked)
{
	be(_i);
	put_key();
	put_direct((struct forge_sig){ .type = PACKET_SIG_REVOKE_KEY,
	    .created = FORGE_BORN + DAY,
	    .reason = 1 + 3 });
	put_direct((struct forge_sig){
	    .created = FORGE_BORN + 2 * DAY, .flags = PACKET_FLAG_CERTIFY });
	put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	put_rest();
	ck_assert(usable(FORGE_BORN + 1));
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_REVOKED);
}
END_TEST

/* RFC 9580, 5.2.3.23: who the owner says may revoke for him, without his
 * certificate, is a stranger. */
START_TEST(designated_revoker)
{
	char sub[24] = "\x17\x0c\x80\x16";
	struct cert *c;

	be(4);
	memcpy(sub + 4, stranger.pk.fingerprint, 20);
	put_key();
	put_direct((struct forge_sig){ .type = PACKET_SIG_REVOKE_KEY,
	    .signer = &stranger,
	    .reason = 1 + 2 });
	put_direct(
	    (struct forge_sig){ .hashed = sub, .hashed_len = sizeof(sub) });
	put_uid((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	put_rest();
	ck_assert(usable(FORGE_NOW));
	c = parsed();
	ck_assert(!cert_revoked(c));
	cert_free(c);
}
END_TEST

/* RFC 9580, 5.2.1.13: a direct-key signature can be taken back, and be made
 * anew. */
START_TEST(direct_key_signature_taken_back)
{
	struct cert *c;

	be(_i);
	put_key();
	put_direct((struct forge_sig){ .type = PACKET_SIG_REVOKE_CERT,
	    .created = FORGE_BORN + 2 * DAY,
	    .reason = 1 + 32 });
	put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	put_direct((struct forge_sig){
	    .created = FORGE_BORN + 3 * DAY, .flags = PACKET_FLAG_CERTIFY });
	put_rest();
	ck_assert(usable(FORGE_BORN + DAY));
	ck_assert(!usable(FORGE_BORN + 2 * DAY));
	ck_assert(usable(FORGE_BORN + 3 * DAY));
	c = parsed();
	ck_assert(!cert_revoked(c));
	cert_free(c);
}
END_TEST

/* A user id that is taken back and one that takes its place. */
START_TEST(user_id_taken_back)
{
	struct cert *c;

	be(4);
	put_key();
	put_uid((struct forge_sig){
	    .flags = PACKET_FLAG_CERTIFY, .primary_uid = true });
	forge_certify(&text, &primary,
	    (struct forge_sig){ .type = PACKET_SIG_REVOKE_CERT,
		.uid = FORGE_UID,
		.created = FORGE_BORN + DAY,
		.reason = 1 + 32 });
	put_uid((struct forge_sig){ .uid = "Second",
	    .flags = PACKET_FLAG_CERTIFY,
	    .key_lifetime = 10 * DAY });
	put_rest();
	/* The first one is primary and never ends; then it is gone. */
	ck_assert(usable(FORGE_BORN + 1));
	ck_assert(usable(FORGE_BORN + 9 * DAY));
	ck_assert(!usable(FORGE_BORN + 10 * DAY));
	c = parsed();
	ck_assert_str_eq(cert_user_id(c), "Second");
	ck_assert(!cert_revoked(c));
	cert_free(c);
}
END_TEST

/* Everything in the area that is not hashed is as good as not there. */
START_TEST(pitfall_06_unhashed_in_bindings)
{
	static const char more[] = "\x02\x1b\x02"     /* may sign */
				   "\x02\x1e\x09"     /* reads SEIPDv2 */
				   "\x03\x27\x09\x02" /* AES-256, OCB */
				   "\x05\x09\x00\x00\x00\x01"; /* ends */
	struct cert *c;

	be(_i);
	put_key();
	put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY,
	    .unhashed = more,
	    .unhashed_len = sizeof(more) - 1 });
	put_signer((struct forge_sig){ .flags = PACKET_FLAG_ENCRYPT_COMM,
	    .back = &signer,
	    .unhashed = more,
	    .unhashed_len = sizeof(more) - 1 });
	put_encrypter((struct forge_sig){
	    .unhashed = more, .unhashed_len = sizeof(more) - 1 });
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_UNFIT);
	ck_assert_int_eq(judged(CERT_ENCRYPT, FORGE_NOW), REASON_NONE);
	c = parsed();
	ck_assert(!cert_reads_seipd2(c, FORGE_NOW));
	ck_assert(!cert_takes(c, PACKET_AES256, PACKET_OCB, FORGE_NOW));
	cert_free(c);
}
END_TEST

/* Preferences where anybody may write do not count against those that were
 * signed. */
START_TEST(pitfall_13_preferences_from_an_unhashed_area)
{
	static const char aead[] = "\x02\x1e\x09\x05\x27\x09\x02\x08\x03";
	static const char none[] = "\x02\x1e\x01\x03\x27\x07\x01";
	struct cert *c;

	be(_i);
	put_key();
	put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY,
	    .hashed = aead,
	    .hashed_len = sizeof(aead) - 1,
	    .unhashed = none,
	    .unhashed_len = sizeof(none) - 1 });
	put_rest();
	c = parsed();
	ck_assert(cert_reads_seipd2(c, FORGE_NOW));
	ck_assert(cert_takes(c, PACKET_AES256, PACKET_OCB, FORGE_NOW));
	ck_assert(cert_takes(c, PACKET_AES192, PACKET_GCM, FORGE_NOW));
	ck_assert(!cert_takes(c, PACKET_AES128, PACKET_EAX, FORGE_NOW));
	cert_free(c);
}
END_TEST

/* Self-signatures of the other version, with the right numbers. */
START_TEST(pitfall_13_versions_in_a_certificate)
{
	int other = _i == 6 ? 4 : 6;

	be(_i);
	put_key();
	put_direct((struct forge_sig){
	    .flags = PACKET_FLAG_CERTIFY, .version = other });
	put_rest();
	ck_assert(!usable(FORGE_NOW));
	buf_reset(&text);
	put_self();
	put_signer((struct forge_sig){ .back = &signer, .version = other });
	put_encrypter((struct forge_sig){ .version = other });
	ck_assert(!usable(FORGE_NOW));
	buf_reset(&text);
	put_self();
	put_rest();
	ck_assert(usable(FORGE_NOW));
}
END_TEST

/* RFC 9580, 10.1.1 and 10.1.3: subkeys are of the primary key's version. */
START_TEST(pitfall_13_subkeys_of_another_version)
{
	struct forge_key sub;
	struct cert *c;

	be(_i);
	if (_i == 6)
		forge_curve25519(&sub, FORGE_BORN);
	else
		forge_x25519_v6(&sub, FORGE_BORN);
	put_self();
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &sub);
	bind(&sub, PACKET_FLAG_ENCRYPT_COMM, (struct forge_sig){ 0 });
	ck_assert_int_eq(
	    judged(CERT_ENCRYPT, FORGE_NOW), REASON_RECIPIENT_UNFIT);
	c = parsed();
	ck_assert_uint_eq(c->key_count, 1);
	cert_free(c);
	forge_close(&sub);
}
END_TEST

/* A signature on a document, by the partner's other key of the other version;
 * found by its short hint, and refused. */
START_TEST(pitfall_13_document_signature)
{
	struct trust *trust = trust_new();
	struct trust_match m[TRUST_MATCHES_MAX];
	struct buf one, at;
	struct packet p;
	struct sig s;
	struct why why;
	gcry_md_hd_t md;

	be(4);
	put_self();
	put_rest();
	ck_assert_int_eq(trust_add(trust, "alder", parsed(), &why), GW_OK);
	buf_init(&one, 4096);
	/* Version 6 has no short hint; somebody wrote one. */
	{
		char id[10] = "\x09\x10";

		memcpy(id + 2, signer.pk.keyid, 8);
		forge_sign(&one, &primary,
		    &(struct forge_sig){ .type = PACKET_SIG_DIRECT,
			.signer = &signer,
			.version = 6,
			.unhashed = id,
			.unhashed_len = sizeof(id) });
	}
	buf_view(&at, one.data, one.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_int_eq(sig_parse(&s, p.body.data, p.body.len, &why), GW_OK);
	ck_assert_uint_eq(trust_find(trust, &s, m), 1);
	ck_assert_int_eq(sig_md_open(&s, &md, &why), GW_OK);
	forge_hash_key(md, &primary.pk);
	ck_assert_int_eq(
	    sig_verify(&s, m[0].pk, SIG_FOR_DATA, md, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
	gcry_md_close(md);
	sig_close(&s);
	buf_free(&one);
	trust_free(trust);
}
END_TEST

/* Sizes, and the day on which they end. */
START_TEST(pitfall_07_short_rsa)
{
	static const unsigned bits[] = { 2048, 3072 };
	struct forge_key rsa;
	struct cert *c;
	struct why why;
	const time_t last = 1924992000 - 1; /* 2030-12-31 */

	be(4);
	forge_rsa(&rsa, bits[_i], FORGE_BORN);
	put_self();
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &rsa);
	bind(&rsa, 0x0e, (struct forge_sig){ .back = &rsa });
	ck_assert_int_eq(judged(CERT_ENCRYPT, FORGE_NOW),
	    _i == 0 ? REASON_WEAK : REASON_NONE);
	ck_assert_int_eq(judged(CERT_SIGN, last), REASON_NONE);
	ck_assert_int_eq(
	    judged(CERT_SIGN, last + 1), _i == 0 ? REASON_WEAK : REASON_NONE);
	c = parsed();
	if (_i == 0) {
		ck_assert_int_eq(
		    cert_usable(c, CERT_ENCRYPT, FORGE_NOW, &why), GW_REFUSED);
		ck_assert_ptr_nonnull(strstr(why.text, "3072"));
		/* An old signature does not help a key that is too short
		 * today. */
		ck_assert_int_eq(cert_signer_fit(c, &c->keys[1].pk,
				     FORGE_BORN + 1, last + 1, &why),
		    GW_REFUSED);
	}
	cert_free(c);
	forge_close(&rsa);
}
END_TEST

/* A key that knows no AES is not sent anything weaker; AES-128 everybody has
 * to know. */
START_TEST(pitfall_07_no_aes)
{
	static const char old[] = "\x05\x0b\x02\x03\x01\x04"
				  "\x05\x27\x02\x02\x03\x02";
	static const int weak[] = { 1, 2, 3, 4, 10, 11, 13, 0, 255 };
	struct cert *c;

	be(_i);
	put_key();
	put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY,
	    .hashed = old,
	    .hashed_len = sizeof(old) - 1 });
	put_rest();
	c = parsed();
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		for (int aead = 0; aead <= 4; aead++)
			ck_assert(!cert_takes(c, weak[i], aead, FORGE_NOW));
	ck_assert(cert_takes(c, PACKET_AES128, 0, FORGE_NOW));
	ck_assert(cert_takes(c, PACKET_AES128, PACKET_OCB, FORGE_NOW));
	ck_assert(!cert_takes(c, PACKET_AES256, 0, FORGE_NOW));
	ck_assert(!cert_takes(c, PACKET_AES256, PACKET_OCB, FORGE_NOW));
	cert_free(c);
}
END_TEST

/* RFC 9580, 4.3: the first 40 numbers are critical. */
START_TEST(unknown_packets)
{
	struct cert *c = NULL;
	struct why why;
	enum gw_status st;
	/* Those that may stand in a certificate, or are its own. */
	bool known = _i == PACKET_SIGNATURE || _i == PACKET_PUBLIC_KEY ||
		     _i == PACKET_PUBLIC_SUBKEY || _i == PACKET_USER_ID ||
		     _i == PACKET_USER_ATTRIBUTE || _i == PACKET_TRUST ||
		     _i == PACKET_MARKER || _i == PACKET_PADDING;

	if (known)
		return;
	be(4);
	put_key();
	forge_uid(&text, FORGE_UID);
	packet_put(&text, _i, "?", 1);
	forge_certify(&text, &primary,
	    (struct forge_sig){
		.uid = FORGE_UID, .flags = PACKET_FLAG_CERTIFY });
	put_rest();
	st = cert_parse(text.data, text.len, &c, &why);
	ck_assert_msg((st == GW_OK) == (_i >= 40), "packet %d", _i);
	if (st == GW_OK)
		ck_assert_int_eq(
		    cert_usable(c, CERT_SIGN, FORGE_NOW, &why), GW_OK);
	else
		ck_assert_int_eq(why.reason, REASON_MALFORMED);
	cert_free(c);
}
END_TEST

/* RFC 9580, 10.1.2: a certificate that only says that it is revoked. */
START_TEST(revocation_certificate)
{
	struct cert *c;

	be(_i);
	put_key();
	put_direct((struct forge_sig){
	    .type = PACKET_SIG_REVOKE_KEY, .reason = 1 + 2 });
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_REVOKED);
	c = parsed();
	ck_assert(cert_revoked(c));
	cert_free(c);
}
END_TEST

/* Where a revocation may stand: `cat` puts it at the end. */
enum place { FIRST, BEHIND_UID, BEHIND_SIGNER, BEHIND_UNKNOWN, AT_THE_END };

static void
put_with_stray(enum place place, struct forge_sig s)
{
	struct buf stray;

	buf_init(&stray, 4096);
	s.signer = s.signer != NULL ? s.signer : &primary;
	s.created = s.created != 0 ? s.created : FORGE_BORN + DAY;
	forge_sign(&stray, &primary, &s);
	put_key();
	if (place == FIRST)
		buf_put(&text, stray.data, stray.len);
	if (version == 6)
		put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	forge_uid(&text, FORGE_UID);
	if (place == BEHIND_UID)
		buf_put(&text, stray.data, stray.len);
	forge_certify(&text, &primary,
	    (struct forge_sig){
		.uid = FORGE_UID, .flags = PACKET_FLAG_CERTIFY });
	put_signer((struct forge_sig){ .back = &signer });
	if (place == BEHIND_SIGNER)
		buf_put(&text, stray.data, stray.len);
	packet_put(&text, PACKET_PUBLIC_SUBKEY, "\x04xxxx\x63xx", 8);
	if (place == BEHIND_UNKNOWN)
		buf_put(&text, stray.data, stray.len);
	put_encrypter((struct forge_sig){ 0 });
	if (place == AT_THE_END)
		buf_put(&text, stray.data, stray.len);
	buf_free(&stray);
}

START_TEST(stray_revocations)
{
	static const struct {
		struct forge_sig sig;
		bool key, sign, encrypt; /* which are revoked */
	} cases[] = {
		{ { .type = PACKET_SIG_REVOKE_KEY }, true, true, true },
		{ { .type = PACKET_SIG_REVOKE_KEY, .signer = &stranger }, false,
		    false, false },
		{ { .type = PACKET_SIG_REVOKE_SUBKEY, .subkey = &signer },
		    false, true, false },
		{ { .type = PACKET_SIG_REVOKE_SUBKEY, .subkey = &encrypter },
		    false, false, true },
		{ { .type = PACKET_SIG_REVOKE_SUBKEY,
		      .subkey = &signer,
		      .signer = &signer },
		    false, false, false },
		/* Of no key that is here, or of the wrong type. */
		{ { .type = PACKET_SIG_REVOKE_SUBKEY, .subkey = &stranger },
		    false, false, false },
		{ { .type = PACKET_SIG_REVOKE_SUBKEY }, false, false, false },
		{ { .type = PACKET_SIG_REVOKE_KEY, .subkey = &signer }, false,
		    false, false },
		{ { .type = PACKET_SIG_REVOKE_CERT, .subkey = &signer }, false,
		    false, false },
	};
	struct cert *c, *merged;
	struct why why;

	be(_i % 2 == 0 ? 4 : 6);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&text);
		put_with_stray((enum place)(_i / 2), cases[i].sig);
		ck_assert_msg((judged(CERT_SIGN, FORGE_NOW) ==
				  REASON_SIGNER_REVOKED) == cases[i].sign,
		    "case %zu", i);
		ck_assert_msg((judged(CERT_ENCRYPT, FORGE_NOW) ==
				  REASON_RECIPIENT_UNFIT) == cases[i].encrypt,
		    "case %zu", i);
		/* Merging keeps it and puts it where it belongs. */
		c = parsed();
		ck_assert_int_eq(cert_revoked(c), cases[i].key);
		ck_assert_int_eq(cert_merge(c, c, &merged, &why), GW_OK);
		ck_assert_int_eq(cert_revoked(merged), cases[i].key);
		for (size_t k = 0; k < merged->key_count; k++)
			ck_assert_uint_eq(
			    merged->keys[k].story.revocation_count,
			    k == 0   ? cases[i].key
			    : k == 1 ? cases[i].sign && !cases[i].key
				     : cases[i].encrypt && !cases[i].key);
		ck_assert_uint_eq(merged->stray_count, 0);
		cert_free(merged);
		cert_free(c);
	}
}
END_TEST

/* Looking for where they belong has its bound, which refuses. */
START_TEST(flood_of_strays)
{
	struct buf flood;
	struct cert *c;
	struct why why;

	be(_i);
	buf_init(&flood, 4096);
	forge_sign(&flood, &primary,
	    &(struct forge_sig){ .type = PACKET_SIG_REVOKE_SUBKEY,
		.signer = &primary,
		.subkey = &stranger });
	put_self();
	put_rest();
	forge_uid(&text, "x");
	for (int i = 0; i < CERT_STRAYS_MAX / 2; i++)
		buf_put(&text, flood.data, flood.len);
	ck_assert(usable(FORGE_NOW));
	buf_put(&text, flood.data, flood.len);
	ck_assert_int_eq(cert_parse(text.data, text.len, &c, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_MALFORMED);
	buf_free(&flood);
}
END_TEST

/* What others pile up on a certificate hides nothing and uses up nothing. */
START_TEST(flood_by_others)
{
	struct buf flood;

	be(_i);
	buf_init(&flood, 4096);
	forge_certify(&flood, &primary,
	    (struct forge_sig){ .signer = &stranger, .uid = FORGE_UID });
	put_key();
	put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	forge_uid(&text, FORGE_UID);
	for (int i = 0; i < 4000; i++)
		buf_put(&text, flood.data, flood.len);
	put_rest();
	ck_assert(usable(FORGE_NOW));
	bind(&signer, 0,
	    (struct forge_sig){
		.type = PACKET_SIG_REVOKE_SUBKEY, .reason = 1 + 2 });
	/* Behind the encryption subkey, too, it is the signer's. */
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_REVOKED);
	ck_assert_int_eq(judged(CERT_ENCRYPT, FORGE_NOW), REASON_NONE);
	buf_reset(&text);
	put_key();
	for (int i = 0; i < 4000; i++)
		buf_put(&text, flood.data, flood.len);
	put_direct((struct forge_sig){
	    .type = PACKET_SIG_REVOKE_KEY, .reason = 1 + 2 });
	put_direct((struct forge_sig){ .flags = PACKET_FLAG_CERTIFY });
	put_rest();
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_REVOKED);
	buf_free(&flood);
}
END_TEST

/* Junk in the owner's name refuses the certificate: among what was not looked
 * at there could be a revocation. */
START_TEST(flood_in_the_owners_name)
{
	struct buf flood;
	struct cert *c;
	struct why why;

	be(_i);
	buf_init(&flood, 4096);
	forge_certify(&flood, &primary, (struct forge_sig){ .uid = "x" });
	put_self();
	if (version == 6)
		forge_uid(&text, FORGE_UID);
	for (int i = 0; i < 1024; i++)
		buf_put(&text, flood.data, flood.len);
	ck_assert_int_eq(cert_parse(text.data, text.len, &c, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_MALFORMED);
	ck_assert_ptr_null(c);
	buf_free(&flood);
}
END_TEST

/* A picture is signed like a user id and is none. */
START_TEST(user_attribute)
{
	struct cert *c;

	be(4);
	put_key();
	ck_assert(packet_put(&text, PACKET_USER_ATTRIBUTE, "picture", 7));
	forge_certify(&text, &primary,
	    (struct forge_sig){ .uid = "picture",
		.attribute = true,
		.flags = PACKET_FLAG_CERTIFY,
		.primary_uid = true });
	put_rest();
	ck_assert(!usable(FORGE_NOW));
	c = parsed();
	ck_assert_str_eq(cert_user_id(c), "");
	ck_assert_uint_eq(c->uids[0].story.claim_count, 1);
	cert_free(c);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(a[0])))

/* Versions 4 and 6: _i is 4, then 6; 5 is none. */
#define BOTH(t, f)                                                             \
	do {                                                                   \
		tcase_add_loop_test(t, f, 4, 5);                               \
		tcase_add_loop_test(t, f, 6, 7);                               \
	} while (0)

int
main(void)
{
	Suite *s = suite_create("cert_validity");
	TCase *t = tcase_create("validity");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(0, &why) != GW_OK)
		return 1;
	tcase_add_unchecked_fixture(t, make_keys, close_keys);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	BOTH(t, good_in_both_versions);
	tcase_add_loop_test(t, direct_key_signature, 0, 4);
	tcase_add_loop_test(t, pitfall_15_direct_key_or_user_id, 0, 13);
	tcase_add_loop_test(t, pitfall_15_expiry_taken_back, 0, 4);
	tcase_add_loop_test(
	    t, pitfall_15_expiry_of_the_wrong_self_signature, 0, 8);
	tcase_add_loop_test(t, pitfall_15_order_of_packets, 0, 3);
	BOTH(t, pitfall_15_not_bound);
	tcase_add_loop_test(t, pitfall_15_encryption_to_an_ended_subkey, 0, 4);
	tcase_add_loop_test(
	    t, pitfall_04_back_signature, 0, 2 * COUNT(consents));
	tcase_add_test(t, pitfall_06_embedded_in_embedded);
	tcase_add_test(t, pitfall_04_flags);
	BOTH(t, pitfall_04_encryption_key_signed);
	tcase_add_loop_test(
	    t, pitfall_05_life_of_a_subkey, 0, 2 * COUNT(lifetimes));
	BOTH(t, pitfall_05_rotation);
	BOTH(t, pitfall_05_primary_ends_all);
	tcase_add_loop_test(t, revoked, 0, 2 * COUNT(revocations));
	tcase_add_loop_test(t, revoked_with_sha1, 0, 3);
	BOTH(t, revoked_stays_revoked);
	tcase_add_test(t, designated_revoker);
	BOTH(t, direct_key_signature_taken_back);
	tcase_add_test(t, user_id_taken_back);
	BOTH(t, pitfall_06_unhashed_in_bindings);
	BOTH(t, pitfall_13_preferences_from_an_unhashed_area);
	BOTH(t, pitfall_13_versions_in_a_certificate);
	BOTH(t, pitfall_13_subkeys_of_another_version);
	tcase_add_test(t, pitfall_13_document_signature);
	tcase_add_loop_test(t, pitfall_07_short_rsa, 0, 2);
	BOTH(t, pitfall_07_no_aes);
	tcase_add_loop_test(t, unknown_packets, 1, 64);
	BOTH(t, revocation_certificate);
	tcase_add_loop_test(t, stray_revocations, 0, 2 * (AT_THE_END + 1));
	BOTH(t, flood_of_strays);
	BOTH(t, flood_by_others);
	BOTH(t, flood_in_the_owners_name);
	tcase_add_test(t, user_attribute);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
