/* Goal: a signing key speaks for one partner, and is found by what a
 * signature says about its maker, never by luck. */
#include "keys/certs/trust_priv.h"
#include "tests/keys/forge.h"
#include "keys/keys.h"

static struct forge_key primary, signer, other;
static struct trust *trust;

static void
setup(void)
{
	forge_ed25519(&primary, FORGE_BORN);
	forge_ed25519(&signer, FORGE_BORN);
	forge_ed25519(&other, FORGE_BORN);
	trust = trust_new();
}

static void
teardown(void)
{
	trust_free(trust);
	forge_close(&primary);
	forge_close(&signer);
	forge_close(&other);
}

/* A certificate of `first` with `signer` as its subkey; back: who says so. */
static struct cert *
cert_of(const struct forge_key *first, const struct forge_key *back)
{
	struct forge_sig self = { .type = PACKET_SIG_CERT_POSITIVE,
		.signer = first,
		.uid = FORGE_UID,
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
	forge_uid(&text, FORGE_UID);
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
	struct sig s = signature(&signer), stranger = signature(&other);
	struct why why;

	ck_assert_uint_eq(trust_find(trust, &s, m), 0);
	ck_assert_int_eq(
	    trust_add(trust, "alder", cert_of(&primary, &signer), &why), GW_OK);
	ck_assert_uint_eq(trust_find(trust, &s, m), 1);
	ck_assert_str_eq(m[0].partner, "alder");
	ck_assert(pk_same(m[0].pk, &signer.pk));
	ck_assert_str_eq(cert_fingerprint(m[0].cert), primary.pk.hex);
	ck_assert_uint_eq(trust_find(trust, &stranger, m), 0);
	/* By the short hint too; without any there is no search. */
	s.issuer_fpr.at = NULL;
	ck_assert_uint_eq(trust_find(trust, &s, m), 1);
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
	struct cert *same = cert_of(&primary, &signer);
	struct cert *stolen = cert_of(&other, &signer);
	struct why why;

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
START_TEST(claimed_subkey)
{
	struct trust_match m[TRUST_MATCHES_MAX];
	struct sig s = signature(&signer);
	struct why why;
	size_t n, fit = 0;

	ck_assert_int_eq(
	    trust_add(trust, "birch", cert_of(&other, NULL), &why), GW_OK);
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

START_TEST(names)
{
	struct cert *c = cert_of(&primary, &signer);
	struct why why;

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
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, finds_the_maker);
	tcase_add_test(t, one_key_one_partner);
	tcase_add_test(t, claimed_subkey);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
