/* Goal: a certificate gives exactly the keys that its owner bound to it, for
 * as long and for what he said; nothing else, whatever is done to it. */
#include "tests/keys/forge.h"

#include "gateway/base/clock.h"
#include "keys/keys.h"

#define DAY 86400

/* A primary key with one subkey of each kind, and a stranger. */
static struct forge_key primary, signer, encrypter, stranger;
static struct buf text;

static void
make_keys(void)
{
	forge_ed25519(&primary, FORGE_BORN);
	forge_ed25519(&signer, FORGE_BORN);
	forge_curve25519(&encrypter, FORGE_BORN);
	forge_ed25519(&stranger, FORGE_BORN);
}

static void
close_keys(void)
{
	forge_close(&primary);
	forge_close(&signer);
	forge_close(&encrypter);
	forge_close(&stranger);
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
put_primary(void)
{
	struct forge_sig self = { .type = PACKET_SIG_CERT_POSITIVE,
		.signer = &primary,
		.uid = FORGE_UID,
		.flags = PACKET_FLAG_CERTIFY,
		.features = PACKET_FEATURE_SEIPD1 };

	forge_key_packet(&text, PACKET_PUBLIC_KEY, &primary);
	forge_uid(&text, FORGE_UID);
	forge_sign(&text, &primary, &self);
}

static void
put_signer(struct forge_sig s)
{
	s.type = s.type != 0 ? s.type : PACKET_SIG_SUBKEY;
	s.signer = s.signer != NULL ? s.signer : &primary;
	s.subkey = &signer;
	s.flags = s.flags != 0 ? s.flags : PACKET_FLAG_SIGN;
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &signer);
	forge_sign(&text, &primary, &s);
}

static void
put_encrypter(void)
{
	struct forge_sig s = { .type = PACKET_SIG_SUBKEY,
		.signer = &primary,
		.subkey = &encrypter,
		.flags = PACKET_FLAG_ENCRYPT_COMM };

	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &encrypter);
	forge_sign(&text, &primary, &s);
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

/* What the text says about signing at that time: REASON_NONE if it works. */
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

START_TEST(good_certificate)
{
	struct cert *c;
	struct why why;
	struct buf armor;

	put_primary();
	put_signer((struct forge_sig){ .back = &signer });
	put_encrypter();
	c = parsed();
	ck_assert_str_eq(cert_fingerprint(c), primary.pk.hex);
	ck_assert_str_eq(cert_user_id(c), FORGE_UID);
	ck_assert_int_eq(cert_created(c), FORGE_BORN);
	ck_assert_int_eq(cert_expires(c, CERT_SIGN), 0);
	ck_assert_str_eq(cert_algorithm(c, CERT_SIGN), "Ed25519");
	ck_assert_str_eq(cert_algorithm(c, CERT_ENCRYPT), "Curve25519");
	ck_assert_str_eq(cert_sign_key(c, FORGE_NOW, &why)->hex, signer.pk.hex);
	ck_assert_str_eq(
	    cert_encrypt_key(c, FORGE_NOW, &why)->hex, encrypter.pk.hex);
	ck_assert(!cert_reads_seipd2(c, FORGE_NOW));
	ck_assert(cert_is(c, primary.pk.fingerprint, 20));
	ck_assert(!cert_is(c, signer.pk.fingerprint, 20));
	/* Out and in again, as text. */
	buf_init(&armor, 65536);
	ck_assert_int_eq(cert_export(c, true, &armor, &why), GW_OK);
	cert_free(c);
	ck_assert_int_eq(cert_parse(armor.data, armor.len, &c, &why), GW_OK);
	ck_assert_str_eq(cert_sign_key(c, FORGE_NOW, &why)->hex, signer.pk.hex);
	cert_free(c);
	buf_free(&armor);
}
END_TEST

/* The signing subkey, bound in ways of which only the first is right. */
static const struct binding {
	const char *what;
	struct forge_sig sig;
	enum gw_reason now;
} bindings[] = {
	{ "right", { .back = &signer }, REASON_NONE },
	{ "no back signature", { .back = NULL }, REASON_SIGNER_UNFIT },
	{ "back signature by another key", { .back = &stranger },
	    REASON_SIGNER_UNFIT },
	{ "back signature by the primary", { .back = &primary },
	    REASON_SIGNER_UNFIT },
	{ "back signature expired", { .back = &signer, .back_expires = DAY },
	    REASON_SIGNER_UNFIT },
	{ "bound by a stranger", { .signer = &stranger, .back = &signer },
	    REASON_SIGNER_UNFIT },
	{ "bound by itself", { .signer = &signer, .back = &signer },
	    REASON_SIGNER_UNFIT },
	{ "not for signing",
	    { .flags = PACKET_FLAG_ENCRYPT_COMM, .back = &signer },
	    REASON_SIGNER_UNFIT },
	{ "a certification instead of a binding",
	    { .type = PACKET_SIG_CERT_POSITIVE, .back = &signer },
	    REASON_SIGNER_UNFIT },
	{ "expired key", { .key_lifetime = DAY, .back = &signer },
	    REASON_SIGNER_EXPIRED },
	{ "expired binding", { .expires = DAY, .back = &signer },
	    REASON_SIGNER_UNFIT },
	{ "binding from the future",
	    { .created = FORGE_NOW + DAY, .back = &signer },
	    REASON_SIGNER_UNFIT },
	{ "SHA-1 after its time", { .hash = PACKET_SHA1, .back = &signer },
	    REASON_SIGNER_UNFIT },
	{ "unknown critical subpacket", { .extra = 100, .back = &signer },
	    REASON_SIGNER_UNFIT },
};

START_TEST(subkey_bindings)
{
	const struct binding *b = &bindings[_i];

	put_primary();
	put_signer(b->sig);
	put_encrypter();
	ck_assert_msg(judged(CERT_SIGN, FORGE_NOW) == b->now, "%s: %s", b->what,
	    reason_code(judged(CERT_SIGN, FORGE_NOW)));
	ck_assert_int_eq(judged(CERT_ENCRYPT, FORGE_NOW), REASON_NONE);
}
END_TEST

START_TEST(unbound_subkeys_are_nothing)
{
	put_primary();
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &signer);
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &encrypter);
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_UNFIT);
	ck_assert_int_eq(
	    judged(CERT_ENCRYPT, FORGE_NOW), REASON_RECIPIENT_UNFIT);
}
END_TEST

/* A subkey's binding stands behind the key that it binds, or nowhere. */
START_TEST(binding_of_another_subkey)
{
	struct forge_sig s = { .type = PACKET_SIG_SUBKEY,
		.signer = &primary,
		.subkey = &encrypter,
		.flags = PACKET_FLAG_ENCRYPT_COMM };

	put_primary();
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &encrypter);
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &signer);
	forge_sign(&text, &primary, &s);
	ck_assert_int_eq(
	    judged(CERT_ENCRYPT, FORGE_NOW), REASON_RECIPIENT_UNFIT);
}
END_TEST

static void
put_rest(void)
{
	put_signer((struct forge_sig){ .back = &signer });
	put_encrypter();
}

START_TEST(no_self_signature)
{
	struct forge_sig alien = { .type = PACKET_SIG_CERT_POSITIVE,
		.signer = &stranger,
		.uid = FORGE_UID,
		.flags = PACKET_FLAG_CERTIFY };

	forge_key_packet(&text, PACKET_PUBLIC_KEY, &primary);
	forge_uid(&text, FORGE_UID);
	forge_sign(&text, &primary, &alien);
	put_rest();
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW), REASON_SIGNER_UNFIT);
	ck_assert_int_eq(
	    judged(CERT_ENCRYPT, FORGE_NOW), REASON_RECIPIENT_UNFIT);
}
END_TEST

/* The newest valid self-signature decides, whichever stands first. */
START_TEST(newest_self_signature)
{
	struct forge_sig old = { .type = PACKET_SIG_CERT_POSITIVE,
		.signer = &primary,
		.uid = FORGE_UID,
		.flags = PACKET_FLAG_CERTIFY,
		.key_lifetime = DAY };
	struct forge_sig extended = old;

	extended.created = FORGE_BORN + 100;
	extended.key_lifetime = 2 * DAY;
	forge_key_packet(&text, PACKET_PUBLIC_KEY, &primary);
	forge_uid(&text, FORGE_UID);
	forge_sign(&text, &primary, _i == 0 ? &old : &extended);
	forge_sign(&text, &primary, _i == 0 ? &extended : &old);
	put_rest();
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_BORN + DAY + 1), REASON_NONE);
	ck_assert_int_eq(
	    judged(CERT_SIGN, FORGE_BORN + 2 * DAY), REASON_SIGNER_EXPIRED);
	ck_assert_int_eq(
	    judged(CERT_ENCRYPT, FORGE_BORN + 2 * DAY), REASON_RECIPIENT_UNFIT);
	/* And the new one was not there yet at first. */
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_BORN + 50), REASON_NONE);
	ck_assert_int_eq(
	    judged(CERT_SIGN, FORGE_BORN - 1), REASON_SIGNER_UNFIT);
}
END_TEST

/* Expiry on the key itself outlives an older user id, and the reverse. */
START_TEST(direct_key_signature)
{
	struct forge_sig direct = { .type = PACKET_SIG_DIRECT,
		.signer = &primary,
		.created = FORGE_BORN + (_i == 0 ? 10 : -10),
		.key_lifetime = DAY };

	forge_key_packet(&text, PACKET_PUBLIC_KEY, &primary);
	forge_sign(&text, &primary, &direct);
	forge_uid(&text, FORGE_UID);
	forge_sign(&text, &primary,
	    &(struct forge_sig){ .type = PACKET_SIG_CERT_POSITIVE,
		.signer = &primary,
		.uid = FORGE_UID,
		.flags = PACKET_FLAG_CERTIFY });
	put_rest();
	ck_assert_int_eq(judged(CERT_SIGN, FORGE_NOW),
	    _i == 0 ? REASON_SIGNER_EXPIRED : REASON_NONE);
}
END_TEST

/* Revocations: what is revoked, why, and whether that reaches back. */
static const struct revocation {
	const char *what;
	int type;
	int reason; /* plus one; 0: none */
	const struct forge_key *signer;
	enum gw_reason before, after;
} revocations[] = {
	{ "primary compromised", PACKET_SIG_REVOKE_KEY, 1 + 2, &primary,
	    REASON_SIGNER_REVOKED, REASON_SIGNER_REVOKED },
	{ "primary, no reason", PACKET_SIG_REVOKE_KEY, 0, &primary,
	    REASON_SIGNER_REVOKED, REASON_SIGNER_REVOKED },
	{ "primary superseded", PACKET_SIG_REVOKE_KEY, 1 + 1, &primary,
	    REASON_NONE, REASON_SIGNER_REVOKED },
	{ "primary retired", PACKET_SIG_REVOKE_KEY, 1 + 3, &primary,
	    REASON_NONE, REASON_SIGNER_REVOKED },
	{ "primary, by a stranger", PACKET_SIG_REVOKE_KEY, 1 + 2, &stranger,
	    REASON_NONE, REASON_NONE },
	{ "subkey compromised", PACKET_SIG_REVOKE_SUBKEY, 1 + 2, &primary,
	    REASON_SIGNER_REVOKED, REASON_SIGNER_REVOKED },
	{ "subkey retired", PACKET_SIG_REVOKE_SUBKEY, 1 + 3, &primary,
	    REASON_NONE, REASON_SIGNER_REVOKED },
	{ "subkey, by itself", PACKET_SIG_REVOKE_SUBKEY, 1 + 2, &signer,
	    REASON_NONE, REASON_NONE },
	{ "user id", PACKET_SIG_REVOKE_CERT, 1 + 32, &primary, REASON_NONE,
	    REASON_SIGNER_UNFIT },
};

/* The certificate's own copy of that key. */
static const struct pk *
copy_of(const struct cert *c, const struct forge_key *key)
{
	const struct pk *all[CERT_KEYS_MAX];
	size_t n = cert_keys(c, all);

	for (size_t i = 0; i < n; i++)
		if (pk_same(all[i], &key->pk))
			return all[i];
	return NULL;
}

START_TEST(revoked)
{
	const struct revocation *r = &revocations[_i];
	struct forge_sig s = { .type = r->type,
		.signer = r->signer,
		.created = FORGE_BORN + 5 * DAY,
		.reason = r->reason };
	struct cert *c;
	struct why why;

	if (r->type == PACKET_SIG_REVOKE_KEY) {
		forge_key_packet(&text, PACKET_PUBLIC_KEY, &primary);
		forge_sign(&text, &primary, &s);
		forge_uid(&text, FORGE_UID);
		forge_sign(&text, &primary,
		    &(struct forge_sig){ .type = PACKET_SIG_CERT_POSITIVE,
			.signer = &primary,
			.uid = FORGE_UID,
			.flags = PACKET_FLAG_CERTIFY });
	} else {
		put_primary();
	}
	if (r->type == PACKET_SIG_REVOKE_CERT) {
		s.uid = FORGE_UID;
		forge_sign(&text, &primary, &s);
	}
	put_signer((struct forge_sig){ .back = &signer });
	if (r->type == PACKET_SIG_REVOKE_SUBKEY) {
		s.subkey = &signer;
		forge_sign(&text, &primary, &s);
	}
	ck_assert_msg(judged(CERT_SIGN, FORGE_BORN + DAY) == r->before,
	    "%s, before", r->what);
	ck_assert_msg(
	    judged(CERT_SIGN, FORGE_NOW) == r->after, "%s, after", r->what);
	/* A document signed before stays proven after a soft one only. */
	c = parsed();
	ck_assert_msg(
	    (cert_signer_was_fit(c, copy_of(c, &signer), FORGE_BORN + DAY,
		 FORGE_NOW, &why) == GW_OK) ==
		(r->before == REASON_NONE && r->after != REASON_SIGNER_UNFIT),
	    "%s, in the past", r->what);
	cert_free(c);
}
END_TEST

/* Two subkeys for one purpose: the newer, as long as it is good. */
START_TEST(newest_subkey)
{
	struct forge_key newer;
	struct cert *c;
	struct why why;

	forge_curve25519(&newer, FORGE_BORN + 1000);
	put_primary();
	put_encrypter();
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &newer);
	forge_sign(&text, &primary,
	    &(struct forge_sig){ .type = PACKET_SIG_SUBKEY,
		.signer = &primary,
		.subkey = &newer,
		.created = FORGE_BORN + 1000,
		.key_lifetime = DAY,
		.flags = PACKET_FLAG_ENCRYPT_STOR });
	c = parsed();
	ck_assert_str_eq(
	    cert_encrypt_key(c, FORGE_BORN + 1, &why)->hex, encrypter.pk.hex);
	ck_assert_str_eq(
	    cert_encrypt_key(c, FORGE_BORN + 2000, &why)->hex, newer.pk.hex);
	ck_assert_str_eq(
	    cert_encrypt_key(c, FORGE_NOW, &why)->hex, encrypter.pk.hex);
	cert_free(c);
	forge_close(&newer);
}
END_TEST

START_TEST(signer_in_time)
{
	struct cert *c;
	const struct pk *pk;
	struct why why;

	put_primary();
	put_signer(
	    (struct forge_sig){ .back = &signer, .key_lifetime = 10 * DAY });
	c = parsed();
	pk = cert_sign_key(c, FORGE_BORN + DAY, &why);
	ck_assert_ptr_nonnull(pk);
	ck_assert_int_eq(cert_signer_fit(c, pk, FORGE_BORN + DAY,
			     FORGE_BORN + 2 * DAY, &why),
	    GW_OK);
	/* Before it was born; after it expired; good then but not now. */
	ck_assert_int_eq(
	    cert_signer_fit(c, pk, FORGE_BORN - 1, FORGE_BORN + 2 * DAY, &why),
	    GW_REFUSED);
	ck_assert_int_eq(cert_signer_fit(c, pk, FORGE_BORN + 10 * DAY,
			     FORGE_BORN + 9 * DAY, &why),
	    GW_REFUSED);
	ck_assert_int_eq(
	    cert_signer_fit(c, pk, FORGE_BORN + DAY, FORGE_NOW, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNER_EXPIRED);
	/* But what was signed in time was signed. */
	ck_assert_int_eq(
	    cert_signer_was_fit(c, pk, FORGE_BORN + DAY, FORGE_NOW, &why),
	    GW_OK);
	ck_assert_int_eq(
	    cert_signer_was_fit(c, pk, FORGE_BORN + 10 * DAY, FORGE_NOW, &why),
	    GW_REFUSED);
	ck_assert_int_eq(
	    cert_signer_was_fit(c, pk, FORGE_NOW + 1, FORGE_NOW, &why),
	    GW_REFUSED);
	/* The primary key only certifies; another's key is nobody's. */
	ck_assert_int_eq(cert_signer_fit(c, cert_primary(c), FORGE_BORN + DAY,
			     FORGE_BORN + 2 * DAY, &why),
	    GW_REFUSED);
	ck_assert_int_eq(cert_signer_fit(c, &stranger.pk, FORGE_BORN + DAY,
			     FORGE_BORN + 2 * DAY, &why),
	    GW_REFUSED);
	ck_assert_int_eq(cert_expires(c, CERT_SIGN), FORGE_BORN + 10 * DAY);
	cert_free(c);
}
END_TEST

/* The reason names the day. */
START_TEST(reason_has_the_date)
{
	struct cert *c;
	struct why why;

	put_primary();
	put_signer(
	    (struct forge_sig){ .back = &signer, .key_lifetime = 10 * DAY });
	c = parsed();
	ck_assert_int_eq(
	    cert_usable(c, CERT_SIGN, FORGE_NOW, &why), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(why.text, "expired on 2023-11-24"));
	cert_free(c);
}
END_TEST

/* An altered certificate has the same keys, fewer, or is none. */
START_TEST(every_flipped_bit)
{
	struct cert *c;
	struct why why;

	put_primary();
	put_signer((struct forge_sig){ .back = &signer });
	put_encrypter();
	/* In steps that come to each bit of some octet soon: the whole takes
	 * its time. */
	for (size_t bit = 0; bit < 8 * text.len; bit += 3) {
		const struct pk *s, *e;

		text.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (cert_parse(text.data, text.len, &c, &why) == GW_OK) {
			s = cert_sign_key(c, FORGE_NOW, &why);
			e = cert_encrypt_key(c, FORGE_NOW, &why);
			ck_assert(s == NULL || pk_same(s, &signer.pk));
			ck_assert(e == NULL || pk_same(e, &encrypter.pk));
			ck_assert((s == NULL && e == NULL) ||
				  pk_same(cert_primary(c), &primary.pk));
			cert_free(c);
		}
		text.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

START_TEST(cut_anywhere)
{
	struct cert *c;
	struct why why;

	put_primary();
	put_signer((struct forge_sig){ .back = &signer });
	put_encrypter();
	for (size_t n = 0; n < text.len; n++) {
		/* Memory of exactly that size, so that a byte too far shows. */
		uint8_t *cut = malloc(n > 0 ? n : 1);

		memcpy(cut, text.data, n);
		if (cert_parse(cut, n, &c, &why) == GW_OK) {
			ck_assert_ptr_null(
			    cert_encrypt_key(c, FORGE_NOW, &why));
			cert_free(c);
		}
		free(cut);
	}
}
END_TEST

static void
refused(enum gw_reason reason)
{
	struct cert *c;
	struct why why;

	ck_assert_int_eq(cert_parse(text.data, text.len, &c, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, reason);
	ck_assert_ptr_null(c);
}

START_TEST(bounds)
{
	struct forge_key sub;
	struct buf flood;
	char uid[16];

	buf_init(&flood, 4096);
	put_primary();
	switch (_i) {
	case 0:
		for (int i = 0; i < CERT_SUBKEYS_MAX + 1; i++) {
			forge_curve25519(&sub, FORGE_BORN);
			forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &sub);
			forge_close(&sub);
		}
		break;
	case 1:
		for (int i = 0; i < 64; i++) {
			snprintf(uid, sizeof(uid), "%d", i);
			forge_uid(&text, uid);
		}
		break;
	case 2: /* in the owner's name */
		forge_sign(&flood, &primary,
		    &(struct forge_sig){ .type = PACKET_SIG_CERT_POSITIVE,
			.signer = &primary,
			.uid = "x" });
		for (int i = 0; i < 1024; i++)
			buf_put(&text, flood.data, flood.len);
		break;
	case 3:
		while (text.len <= 1 << 20)
			packet_put(&text, PACKET_TRUST, primary.public.data,
			    primary.public.len);
		break;
	case 4: /* a second certificate */
		put_primary();
		break;
	case 5: /* a packet of messages */
		packet_put(&text, 11, "b\0\0\0\0\0", 6);
		break;
	case 6: /* the same subkey again */
		put_encrypter();
		put_encrypter();
		break;
	}
	refused(REASON_MALFORMED);
	buf_free(&flood);
}
END_TEST

START_TEST(not_certificates)
{
	static const char *const wrong[] = { "", "hello\n",
		("-----BEGIN PGP MESSAGE-----\n\naaaa\n"
		 "-----END PGP MESSAGE-----\n"),
		"\xc6", "\xcd\x01x", "\xc6\xff\xff\xff\xff\xff\x04" };

	buf_put_text(&text, wrong[_i]);
	refused(REASON_MALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert");
	TCase *t = tcase_create("cert");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(0, &why) != GW_OK)
		return 1;
	tcase_add_unchecked_fixture(t, make_keys, close_keys);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, good_certificate);
	tcase_add_loop_test(t, subkey_bindings, 0,
	    (int)(sizeof(bindings) / sizeof(bindings[0])));
	tcase_add_test(t, unbound_subkeys_are_nothing);
	tcase_add_test(t, binding_of_another_subkey);
	tcase_add_test(t, no_self_signature);
	tcase_add_loop_test(t, newest_self_signature, 0, 2);
	tcase_add_loop_test(t, direct_key_signature, 0, 2);
	tcase_add_loop_test(
	    t, revoked, 0, (int)(sizeof(revocations) / sizeof(revocations[0])));
	tcase_add_test(t, newest_subkey);
	tcase_add_test(t, signer_in_time);
	tcase_add_test(t, reason_has_the_date);
	tcase_add_test(t, every_flipped_bit);
	tcase_add_test(t, cut_anywhere);
	tcase_add_loop_test(t, bounds, 0, 7);
	tcase_add_loop_test(t, not_certificates, 0, 6);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
