/* Goal: a signing key speaks for one partner, and is found by what a
 * signature says about its maker, never by luck. */
#include "tests/keys/forge.h"

#include "keys/certs/trust_priv.h"
#include "keys/keys.h"

/* Version 4, and 6: loop tests have it in _i. */
static struct forge_key made[2][3];
static struct forge_key primary, signer, other;
static struct trust *trust;

static void
make_keys(void)
{
	for (int i = 0; i < 3; i++) {
		forge_ed25519(&made[0][i], FORGE_BORN);
		forge_ed25519_v6(&made[1][i], FORGE_BORN);
	}
}

static void
close_keys(void)
{
	for (int i = 0; i < 3; i++) {
		forge_close(&made[0][i]);
		forge_close(&made[1][i]);
	}
}

static void
setup(void)
{
	trust = trust_new();
}

static void
teardown(void)
{
	trust_free(trust);
}

static void
be(int version)
{
	struct forge_key *keys = made[version == 6];

	primary = keys[0];
	signer = keys[1];
	other = keys[2];
}

/* A certificate of `first` with `signer` as its subkey; back: who says so. */
static struct cert *
cert_of(const struct forge_key *first, const struct forge_key *back)
{
	struct forge_sig self = { .type = PACKET_SIG_DIRECT,
		.signer = first,
		.flags = PACKET_FLAG_CERTIFY };
	struct forge_sig bind = { .type = PACKET_SIG_SUBKEY,
		.signer = first,
		.subkey = &signer,
		.back = back,
		.flags = PACKET_FLAG_SIGN };
	struct cert *c;
	struct buf text;
	struct why why;

	buf_init(&text, 65536);
	forge_key_packet(&text, PACKET_PUBLIC_KEY, first);
	forge_sign(&text, first, &self);
	forge_key_packet(&text, PACKET_PUBLIC_SUBKEY, &signer);
	forge_sign(&text, first, &bind);
	ck_assert_int_eq(cert_parse(text.data, text.len, &c, &why), GW_OK);
	buf_free(&text);
	return c;
}

static struct sig
signature(const struct forge_key *by)
{
	struct forge_sig s = { .type = PACKET_SIG_BINARY, .signer = by };
	struct buf text, at;
	struct packet p;
	struct sig sig;
	struct why why;

	buf_init(&text, 4096);
	forge_sign(&text, &primary, &s);
	buf_view(&at, text.data, text.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_int_eq(sig_parse(&sig, p.body.data, p.body.len, &why), GW_OK);
	buf_free(&text);
	return sig;
}

START_TEST(finds_the_maker)
{
	struct trust_match m[TRUST_MATCHES_MAX];
	struct sig s, stranger;
	struct why why;

	be(_i);
	s = signature(&signer);
	stranger = signature(&other);
	ck_assert_uint_eq(trust_find(trust, &s, m), 0);
	ck_assert_int_eq(
	    trust_add(trust, "alder", cert_of(&primary, &signer), &why), GW_OK);
	ck_assert_uint_eq(trust_find(trust, &s, m), 1);
	ck_assert_str_eq(m[0].partner, "alder");
	ck_assert(pk_same(m[0].pk, &signer.pk));
	ck_assert_str_eq(cert_fingerprint(m[0].cert), primary.pk.hex);
	ck_assert_uint_eq(trust_find(trust, &stranger, m), 0);
	/* By the short hint too, which version 6 has not; without any there
	 * is no search. */
	s.issuer_fpr.at = NULL;
	ck_assert_uint_eq(trust_find(trust, &s, m), _i == 4 ? 1 : 0);
	s.issuer_id.at = NULL;
	ck_assert_uint_eq(trust_find(trust, &s, m), 0);
	/* Another algorithm than the key's. */
	sig_close(&s);
	s = signature(&signer);
	s.pk_algorithm = PACKET_RSA;
	ck_assert_uint_eq(trust_find(trust, &s, m), 0);
	sig_close(&s);
	sig_close(&stranger);
}
END_TEST

START_TEST(one_key_one_partner)
{
	struct cert *same, *stolen;
	struct why why;

	be(_i);
	same = cert_of(&primary, &signer);
	stolen = cert_of(&other, &signer);
	ck_assert_int_eq(
	    trust_add(trust, "alder", cert_of(&primary, &signer), &why), GW_OK);
	ck_assert_int_eq(trust_add(trust, "birch", same, &why), GW_EXISTS);
	ck_assert_ptr_nonnull(strstr(why.text, "alder"));
	/* A newer copy for the same partner is fine. */
	ck_assert_int_eq(trust_add(trust, "alder", same, &why), GW_OK);
	cert_free(stolen);
}
END_TEST

/* Somebody else's signing subkey in one's own certificate, without that key's
 * consent, neither speaks nor stands in the way. */
START_TEST(pitfall_04_claimed_subkey)
{
	struct trust_match m[TRUST_MATCHES_MAX];
	struct sig s;
	struct why why;
	size_t n, fit = 0;

	be(_i);
	s = signature(&signer);
	/* More of them than an answer has room for. */
	for (size_t i = 0; i < TRUST_MATCHES_MAX; i++) {
		struct forge_key thief;

		if (_i == 6)
			forge_ed25519_v6(&thief, FORGE_BORN);
		else
			forge_ed25519(&thief, FORGE_BORN);
		ck_assert_int_eq(
		    trust_add(trust, "birch", cert_of(&thief, NULL), &why),
		    GW_OK);
		forge_close(&thief);
	}
	ck_assert_int_eq(
	    trust_add(trust, "alder", cert_of(&primary, &signer), &why), GW_OK);
	n = trust_find(trust, &s, m);
	for (size_t i = 0; i < n; i++) {
		if (cert_signer_fit(m[i].cert, m[i].pk, FORGE_BORN + 1,
			FORGE_NOW, &why) != GW_OK)
			continue;
		ck_assert_str_eq(m[i].partner, "alder");
		fit++;
	}
	ck_assert_uint_eq(fit, 1);
	sig_close(&s);
}
END_TEST

/* A bare primary key and its revocation, as version 6 hands it on. */
static struct cert *
revocation_of(const struct forge_key *first, const struct forge_key *by)
{
	struct forge_sig gone = { .type = PACKET_SIG_REVOKE_KEY, .signer = by };
	struct cert *c;
	struct buf text;
	struct why why;

	buf_init(&text, 65536);
	forge_key_packet(&text, PACKET_PUBLIC_KEY, first);
	forge_sign(&text, first, &gone);
	ck_assert_int_eq(cert_parse(text.data, text.len, &c, &why), GW_OK);
	buf_free(&text);
	return c;
}

/* A key that one copy of a certificate revokes is revoked, in whatever order
 * the copies come; a stranger's revocation changes nothing. */
START_TEST(pitfall_15_revoked_in_another_copy)
{
	for (int order = 0; order < 4; order++) {
		struct trust_match m[TRUST_MATCHES_MAX];
		struct trust *t = trust_new();
		struct cert *two[2];
		struct sig s;
		struct why why;
		bool evil = order < 2;

		be(_i);
		s = signature(&signer);
		two[order % 2] = cert_of(&primary, &signer);
		two[1 - order % 2] =
		    revocation_of(&primary, evil ? &primary : &other);
		for (int i = 0; i < 2; i++)
			ck_assert_int_eq(
			    trust_add(t, "alder", two[i], &why), GW_OK);
		ck_assert_uint_eq(trust_find(t, &s, m), 1);
		ck_assert_int_eq(cert_signer_fit(m[0].cert, m[0].pk,
				     FORGE_BORN + 1, FORGE_NOW, &why),
		    evil ? GW_REFUSED : GW_OK);
		if (evil)
			ck_assert_int_eq(why.reason, REASON_SIGNER_REVOKED);
		sig_close(&s);
		trust_free(t);
	}
}
END_TEST

/* A key that another partner has is that partner's: the caller compares, and
 * nothing is found for anybody else. */
START_TEST(pitfall_04_key_of_another_partner)
{
	struct trust_match m[TRUST_MATCHES_MAX];
	struct cert *theirs;
	struct sig s;
	struct why why;

	be(_i);
	ck_assert_int_eq(
	    trust_add(trust, "alder", cert_of(&primary, &signer), &why), GW_OK);
	/* Birch has the same certificates in the other version. */
	be(_i == 4 ? 6 : 4);
	theirs = cert_of(&primary, &signer);
	ck_assert_int_eq(trust_add(trust, "birch", theirs, &why), GW_OK);
	s = signature(&signer);
	ck_assert_uint_eq(trust_find(trust, &s, m), 1);
	ck_assert_str_eq(m[0].partner, "birch");
	sig_close(&s);
	be(_i);
	s = signature(&signer);
	ck_assert_uint_eq(trust_find(trust, &s, m), 1);
	ck_assert_str_eq(m[0].partner, "alder");
	sig_close(&s);
}
END_TEST

START_TEST(names)
{
	struct cert *c;
	struct why why;

	be(4);
	c = cert_of(&primary, &signer);
	ck_assert_int_eq(trust_add(trust, "../x", c, &why), GW_REFUSED);
	ck_assert_int_eq(trust_add(trust, "", c, &why), GW_REFUSED);
	cert_free(c);
	trust_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trust");
	TCase *t = tcase_create("trust");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(0, &why) != GW_OK)
		return 1;
	tcase_add_unchecked_fixture(t, make_keys, close_keys);
	tcase_add_checked_fixture(t, setup, teardown);
	for (int v = 4; v <= 6; v += 2) {
		tcase_add_loop_test(t, finds_the_maker, v, v + 1);
		tcase_add_loop_test(t, one_key_one_partner, v, v + 1);
		tcase_add_loop_test(t, pitfall_04_claimed_subkey, v, v + 1);
		tcase_add_loop_test(
		    t, pitfall_15_revoked_in_another_copy, v, v + 1);
		tcase_add_loop_test(
		    t, pitfall_04_key_of_another_partner, v, v + 1);
	}
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
