/* Goal: certificates of other people's collections are judged as their sources
 * say, or the row says why not.  Passes where the collections are not there. */
#include "tests/keys/forge.h"

#include "gateway/base/clock.h"
#include "keys/certs/cert_parts.h"
#include "keys/keys.h"

#define SUITE "interop-suite/data/"
#define RNP   "rnp/test_key_validity/"
#define GNUPG "gnupg/tests/openpgp/"

static void
setup(void)
{
	clock_fake((int64_t)FORGE_NOW * 1000);
}

static void
teardown(void)
{
	clock_fake(0);
}

static enum gw_reason
judged(const struct cert *c, enum cert_use use, time_t when)
{
	struct why why = { 0 };

	if (cert_usable(c, use, when, &why) == GW_OK)
		return REASON_NONE;
	ck_assert_str_ne(why.text, "");
	return why.reason;
}

/* One certificate of a file each. */
static const struct row {
	const char *path;
	int number; /* in the file */
	const char *fingerprint;
	const char *sign, *encrypt; /* kinds of keys that are meant for it */
	enum gw_reason may_sign, may_encrypt;
} rows[] = {
	/* The suite's people. */
	{ SUITE "certificates/alice.pgp", 0,
	    "EB85BB5FA33A75E15E944E63F231550C4F47E38E", "Ed25519", "Curve25519",
	    REASON_NONE, REASON_NONE },
	{ SUITE "certificates/bob.pgp", 0,
	    "D1A66E1A23B182C9980F788CFBFCC82A015E7330", "RSA-3072", "RSA-3072",
	    REASON_NONE, REASON_NONE },
	{ SUITE "certificates/ricarda.pgp", 0,
	    "2ADE0F8AA0596BC94E50D2AD916253AB652EF195", "RSA-3072", "RSA-3072",
	    REASON_NONE, REASON_NONE },
	/* DSA and Elgamal. */
	{ SUITE "certificates/carol.pgp", 0,
	    "71FFDA004409E5DDB0C3E8F19BA789DC76D6849A", "", "", REASON_WEAK,
	    REASON_WEAK },
	{ SUITE "revoked-key/revoked-key-cert-not-revoked.pgp", 0,
	    "F2D150A4FE98925D51E91539684FAD62DC038FBB", "RSA-2048", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	/* RFC 9580, A.3: version 6, no user id. */
	{ "rnp/RFC9580/A.3.transferable-pubkey-v6.asc", 0,
	    "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9",
	    "Ed25519", "X25519", REASON_NONE, REASON_NONE },
	/* GnuPG's samples. */
	{ GNUPG "samplekeys/ecc-sample-1-pub.asc", 0,
	    "502D1A5365D1C0CAA69945390BA52DF0BAA59D9C", "NIST P-256",
	    "NIST P-256", REASON_NONE, REASON_NONE },
	{ GNUPG "samplekeys/ecc-sample-2-pub.asc", 0,
	    "9B0143C35EF7102C96A12B4D098033880F54719F", "NIST P-384",
	    "NIST P-384", REASON_NONE, REASON_NONE },
	{ GNUPG "samplekeys/ecc-sample-3-pub.asc", 0,
	    "07C57023B8141442F8BFE7426B4184E145AF2FFE", "NIST P-521",
	    "NIST P-521", REASON_NONE, REASON_NONE },
	{ GNUPG "samplekeys/eddsa-sample-1-pub.asc", 0,
	    "C959BDBAFA32A2F89A153B678CFDE12197965A9A", "Ed25519", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ GNUPG "samplekeys/ed25519-cv25519-sample-1.asc", 0,
	    "B21DEAB4F875FB3DA42F1D1D139563682A020D0A", "Ed25519", "Curve25519",
	    REASON_NONE, REASON_NONE },
	{ GNUPG "samplekeys/ed25519-cv25519-sample-2.asc", 0,
	    "5F1438D784C8C68400645518AE08687BF38AFFF3", "Ed25519", "Curve25519",
	    REASON_NONE, REASON_NONE },
	/* One short key id, two keys. */
	{ GNUPG "samplekeys/dda252ebb8ebe1af-1.asc", 0,
	    "9E669861368BCA0BE42DAF7DDDA252EBB8EBE1AF", "RSA-4096", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ GNUPG "samplekeys/dda252ebb8ebe1af-2.asc", 0,
	    "A55120427374F3F7AA5F1166DDA252EBB8EBE1AF", "RSA-4096", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	/* To authenticate only. */
	{ GNUPG "samplekeys/authenticate-only.pub.asc", 0,
	    "927EF377FD1A1B6F795E40C02A87917D8FFBA49F", "", "",
	    REASON_SIGNER_UNFIT, REASON_RECIPIENT_UNFIT },
	{ GNUPG "samplekeys/rsa-primary-auth-only.pub.asc", 0,
	    "F74B4029E6906D12EBDA8EE3BD7744900FDABC8D", "", "",
	    REASON_SIGNER_UNFIT, REASON_RECIPIENT_UNFIT },
	/* 2048 bits may sign for some years, and not be encrypted to. */
	{ GNUPG "samplekeys/rsa-rsa-sample-1.asc", 0,
	    "5B83120DB1E3A65AE5A8DCF6AA43F1DCC7FED1B7", "RSA-2048", "RSA-2048",
	    REASON_NONE, REASON_WEAK },
	/* 1024 bits. */
	{ GNUPG "samplekeys/E657FB607BB4F21C90BB6651BC067AF28BC90111.asc", 0,
	    "E657FB607BB4F21C90BB6651BC067AF28BC90111", "", "", REASON_WEAK,
	    REASON_WEAK },
	/* Born in 1970, and DSA. */
	{ GNUPG "samplekeys/no-creation-time.gpg", 0,
	    "BA0BF4D056471C8B4FF82A650D867C7FB1DE7ADF", "", "", REASON_WEAK,
	    REASON_WEAK },
	{ GNUPG "samplekeys/whats-new-in-2.1.asc", 0,
	    "02905ABF17C781FBC3909B00636A1BBD68FD0088", "RSA-2048", "RSA-2048",
	    REASON_NONE, REASON_WEAK },
	{ GNUPG "samplekeys/whats-new-in-2.1.asc", 1,
	    "E63027CF3D6822A76FF2093ED1799E72382660E3", "NIST P-256",
	    "NIST P-256", REASON_NONE, REASON_NONE },
	{ GNUPG "samplekeys/whats-new-in-2.1.asc", 2,
	    "ED854D985D8F502FC6C5FFB2AA81319E5C1AFC2A", "Ed25519", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	/* LibrePGP's post-quantum subkeys are of version 5: not read. */
	{ GNUPG "samplekeys/pqc-sample-1.key.asc", 0,
	    "652B01FF34D43EA62C5DC897E47CC8B150A7A02E", "Ed25519", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ GNUPG "samplekeys/pqc-sample-2.key.asc", 0,
	    "6BF41D6AC221F5223C2DEEE320E629089768AD93", "Ed25519", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ GNUPG "samplekeys/pqc-sample-3.key.asc", 0,
	    "9F7DCCABC11EFE248F48CECD6F6570B33D05BDF8", "brainpoolP256r1", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ GNUPG "samplekeys/pqc-sample-4.key.asc", 0,
	    "A8237D19988A8255E70D2566EC280D0923FB2DF7", "brainpoolP384r1", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ GNUPG "samplekeys/pqc-sample-5.key.asc", 0,
	    "7B3986A550E5DB116054B4B42CBE157D37FDEC1D", "brainpoolP512r1", "",
	    REASON_NONE, REASON_RECIPIENT_UNFIT },
	/* A known primary key before somebody else's user ids and subkey. */
	{ GNUPG "forged-keyring.gpg", 0,
	    "5B83120DB1E3A65AE5A8DCF6AA43F1DCC7FED1B7", "", "",
	    REASON_SIGNER_UNFIT, REASON_RECIPIENT_UNFIT },
	{ GNUPG "key-selection/0.asc", 0,
	    "D7388651A1B7466D03B538428178E04B0BAA385B", "RSA-2048", "RSA-2048",
	    REASON_SIGNER_EXPIRED, REASON_RECIPIENT_UNFIT },
	{ GNUPG "key-selection/3.asc", 0,
	    "B95BD6175CB6339244355BA160B8117E6119CED6", "RSA-2048", "RSA-2048",
	    REASON_SIGNER_EXPIRED, REASON_RECIPIENT_UNFIT },
	/* rnp's. */
	{ RNP "encrypting-primary.pgp", 0,
	    "40809D27D83F99BE42E34A6792091B7B76C50017", "RSA-3072", "RSA-3072",
	    REASON_NONE, REASON_NONE },
	{ RNP "basil-pub.asc", 0, "D143811973B85E26B134B7A00B2B09F7D7EA6E0E",
	    "NIST P-256", "", REASON_NONE, REASON_RECIPIENT_UNFIT },
	/* A curve that we do not have. */
	{ RNP "claus-pub.asc", 0, "ADE7AC4A8F49ADB234FA7D00F7A2FD4A03DECA19",
	    "", "", REASON_SIGNER_UNFIT, REASON_RECIPIENT_UNFIT },
	{ RNP "alice-sign-sub-exp-pub.asc", 0,
	    "73EDCC9119AFC8E2DBBDCDE50451409669FFDE3C", "Ed25519", "",
	    REASON_SIGNER_EXPIRED, REASON_RECIPIENT_UNFIT },
	/* Names who may revoke for her; nobody did. */
	{ RNP "alice-revoker.pgp", 0,
	    "73EDCC9119AFC8E2DBBDCDE50451409669FFDE3C", "Ed25519",
	    "brainpoolP256r1", REASON_NONE, REASON_NONE },
	{ RNP "rsa_key_small_sig-pub.asc", 0,
	    "16798BEB3D87E1DEA6D125FDED23B0105947F283", "RSA-2048", "RSA-2048",
	    REASON_NONE, REASON_WEAK },
};

#define RING_MAX 64

/* The certificates of a file; false when it is not there. */
static bool
ring(const char *path, struct cert *all[RING_MAX], size_t *count)
{
	struct buf file;
	struct why why;

	if (!forge_vector(path, &file))
		return false;
	ck_assert_msg(cert_parse_all(file.data, file.len, all, RING_MAX, count,
			  &why) == GW_OK,
	    "%s: %s", path, why.text);
	buf_free(&file);
	return true;
}

static void
free_ring(struct cert *all[RING_MAX], size_t count)
{
	for (size_t i = 0; i < count; i++)
		cert_free(all[i]);
}

START_TEST(certificates)
{
	const struct row *r = &rows[_i];
	struct cert *all[RING_MAX], *c, *clean;
	struct why why;
	size_t count;

	if (!ring(r->path, all, &count))
		return;
	ck_assert_uint_lt((size_t)r->number, count);
	c = all[r->number];
	ck_assert_str_eq(cert_fingerprint(c), r->fingerprint);
	ck_assert_str_eq(cert_algorithm(c, CERT_SIGN), r->sign);
	ck_assert_str_eq(cert_algorithm(c, CERT_ENCRYPT), r->encrypt);
	ck_assert_int_eq(judged(c, CERT_SIGN, FORGE_NOW), r->may_sign);
	ck_assert_int_eq(judged(c, CERT_ENCRYPT, FORGE_NOW), r->may_encrypt);
	/* Cleaned up it says the same, where it can be verified at all. */
	if (cert_primary(c)->supported) {
		ck_assert_int_eq(cert_merge(c, c, &clean, &why), GW_OK);
		ck_assert_int_eq(
		    judged(clean, CERT_SIGN, FORGE_NOW), r->may_sign);
		ck_assert_int_eq(
		    judged(clean, CERT_ENCRYPT, FORGE_NOW), r->may_encrypt);
		cert_free(clean);
	}
	free_ring(all, count);
}
END_TEST

/* What is no certificate of ours, and why. */
static const struct {
	const char *path;
	enum gw_reason reason;
	const char *words;
} refusals[] = {
	{ SUITE "certificates/john.pgp", REASON_UNSUPPORTED, "version 3" },
	{ GNUPG "samplekeys/v5-sample-1-pub.asc", REASON_UNSUPPORTED,
	    "version 5" },
	{ SUITE "certificates/alice-secret.pgp", REASON_MALFORMED,
	    "PUBLIC KEY" },
	{ SUITE "rsa-keys/16k.pgp", REASON_MALFORMED, "secret key" },
	{ GNUPG "samplekeys/ecc-sample-1-sec.asc", REASON_MALFORMED,
	    "PUBLIC KEY" },
	{ GNUPG "samplekeys/silent-running.asc", REASON_MALFORMED,
	    "PUBLIC KEY" },
	{ GNUPG "samplekeys/issue2346.gpg", REASON_MALFORMED, "PUBLIC KEY" },
	{ GNUPG "samplekeys/pgp-desktop-skr.asc", REASON_MALFORMED,
	    "PUBLIC KEY" },
	{ GNUPG "samplekeys/e2e-p256-1-clr.asc", REASON_MALFORMED,
	    "PUBLIC KEY" },
	{ GNUPG "samplekeys/ssh-rsa.key", REASON_MALFORMED, "PUBLIC KEY" },
	{ RNP "alice-sigs.pgp", REASON_MALFORMED, "start" },
	{ RNP "alice-sigs-malf.pgp", REASON_MALFORMED, "cut short" },
};

START_TEST(no_certificates)
{
	struct cert *all[RING_MAX];
	struct buf file;
	struct why why;
	size_t count;

	if (!forge_vector(refusals[_i].path, &file))
		return;
	ck_assert_int_eq(
	    cert_parse_all(file.data, file.len, all, RING_MAX, &count, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, refusals[_i].reason);
	ck_assert_msg(strstr(why.text, refusals[_i].words) != NULL, "%s: %s",
	    refusals[_i].path, why.text);
	buf_free(&file);
}
END_TEST

/*
 * rnp's cases.txt: are the primary key and the subkey, if there is one, what
 * they seem?  Ours differs in case 8: without its user id the certificate
 * says nothing about the primary key, so an expiry could have been stripped.
 * Case 9's subkey is good, and case 15's is the signing one whose back
 * signature has expired.
 */
static const struct {
	int number;
	size_t certs;
	enum gw_reason sign;    /* with the first certificate's primary key */
	enum gw_reason encrypt; /* with its subkey */
} cases[] = {
	{ 1, 1, REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ 2, 2, REASON_SIGNER_UNFIT, REASON_RECIPIENT_UNFIT },
	{ 3, 2, REASON_SIGNER_UNFIT, REASON_RECIPIENT_UNFIT },
	{ 4, 1, REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ 5, 2, REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ 6, 1, REASON_SIGNER_REVOKED, REASON_RECIPIENT_UNFIT },
	{ 7, 1, REASON_NONE, REASON_RECIPIENT_UNFIT },
	{ 8, 1, REASON_SIGNER_UNFIT, REASON_RECIPIENT_UNFIT },
	{ 9, 1, REASON_NONE, REASON_NONE },
	{ 10, 1, REASON_SIGNER_EXPIRED, REASON_RECIPIENT_UNFIT },
	{ 11, 1, REASON_SIGNER_EXPIRED, REASON_RECIPIENT_UNFIT },
	{ 12, 1, REASON_SIGNER_EXPIRED, REASON_RECIPIENT_UNFIT },
	{ 13, 1, REASON_SIGNER_EXPIRED, REASON_RECIPIENT_UNFIT },
	{ 14, 1, REASON_SIGNER_EXPIRED, REASON_RECIPIENT_UNFIT },
	{ 15, 1, REASON_NONE, REASON_RECIPIENT_UNFIT },
};

START_TEST(key_validity_cases)
{
	struct cert *all[RING_MAX];
	char path[128];
	size_t count;
	struct why why;

	snprintf(
	    path, sizeof(path), RNP "case%d/pubring.gpg", cases[_i].number);
	if (!ring(path, all, &count))
		return;
	ck_assert_uint_eq(count, cases[_i].certs);
	ck_assert_int_eq(judged(all[0], CERT_SIGN, FORGE_NOW), cases[_i].sign);
	ck_assert_int_eq(
	    judged(all[0], CERT_ENCRYPT, FORGE_NOW), cases[_i].encrypt);
	/* Where it may sign it is the primary key that does: none of the
	 * subkeys may. */
	if (cases[_i].sign == REASON_NONE)
		ck_assert(cert_sign_key(all[0], FORGE_NOW, &why) ==
			  cert_primary(all[0]));
	/* Basil is good in all of them. */
	if (count == 2)
		ck_assert_int_eq(
		    judged(all[1], CERT_SIGN, FORGE_NOW), REASON_NONE);
	free_ring(all, count);
}
END_TEST

static struct cert *
one(const char *path)
{
	struct cert *all[RING_MAX];
	size_t count = 0;

	if (!ring(path, all, &count))
		return NULL;
	ck_assert_uint_eq(count, 1);
	return all[0];
}

/* Bare revocations of others, on their certificates. */
START_TEST(revocations)
{
	static const struct {
		const char *cert, *revocation;
		bool good;
	} pairs[] = {
		{ SUITE "certificates/alice.pgp",
		    SUITE "certificates/alice-revocation.pgp", true },
		{ SUITE "certificates/bob.pgp",
		    SUITE "certificates/bob-revocation.pgp", true },
		{ SUITE "certificates/bob.pgp",
		    SUITE "certificates/alice-revocation.pgp", false },
		{ RNP "alice-pub.asc", RNP "alice-rev.pgp", true },
		{ RNP "basil-pub.asc", RNP "alice-rev.pgp", false },
		{ RNP "alice-pub.asc", RNP "alice-revoker-sig.pgp", false },
	};
	struct cert *c = one(pairs[_i].cert), *out;
	struct buf file;
	struct why why;

	if (c == NULL)
		return;
	ck_assert(forge_vector(pairs[_i].revocation, &file));
	ck_assert_int_eq(
	    cert_revoke(c, file.data, file.len, &out, &why) == GW_OK,
	    pairs[_i].good);
	if (pairs[_i].good)
		ck_assert_int_eq(
		    judged(out, CERT_SIGN, FORGE_NOW), REASON_SIGNER_REVOKED);
	cert_free(out);
	cert_free(c);
	buf_free(&file);
}
END_TEST

/*
 * A key made on 2018-01-01 (t1), revoked on 2019-01-01 (t2), with new
 * self-signatures of 2020-01-01 (t3); and what it signed before, between and
 * after.  Ours differs from the tool that made them: a revocation that says
 * "superseded" or "retired" ends the key for good (the new self-signatures do
 * not bring it back), and for documents that arrive afterwards, whatever date
 * they bear.
 */
#define T2 ((time_t)1546300800)

static const struct {
	const char *how;
	bool hard;
} how_revoked[] = {
	{ "compromised", true },
	{ "no_subpacket", true },
	{ "private", true },
	{ "unknown", true },
	{ "unspecified", true },
	{ "key_retired", false },
	{ "superseded", false },
	{ "uid_retired", false },
};

static const struct {
	const char *when;
	bool born;   /* the key was there */
	bool before; /* t2 */
} signed_at[] = { { "t0", false, true }, { "t1-t2", true, true },
	{ "t2-t3", true, false }, { "t3-now", true, false } };

/* The signature is mathematically good; may it count at `now`? */
static bool
counts(const struct cert *c, const char *when, bool subkey, time_t now)
{
	static const char data[] = "Hello, World";
	const struct pk *keys[CERT_KEYS_MAX];
	struct sig s;
	struct why why;
	gcry_md_hd_t md;
	char path[128];
	bool good;

	snprintf(path, sizeof(path), SUITE "revoked-key/revoked-key-sig-%s%s",
	    when, subkey ? ".sk.pgp" : ".pgp");
	ck_assert(forge_vector_sig(path, &s));
	ck_assert_uint_eq(cert_candidates(c, &s, keys), 1);
	ck_assert_int_eq(sig_md_open(&s, &md, &why), GW_OK);
	gcry_md_write(md, data, strlen(data));
	ck_assert_int_eq(
	    sig_verify(&s, keys[0], SIG_FOR_DATA, md, &why), GW_OK);
	good = cert_signer_fit(c, keys[0], s.created, now, &why) == GW_OK;
	gcry_md_close(md);
	sig_close(&s);
	return good;
}

START_TEST(revoked_keys)
{
	bool subkey = _i % 2 != 0;
	struct cert *c;
	char path[128];

	snprintf(path, sizeof(path),
	    SUITE "revoked-key/revoked-key-cert-%s%s%s", "revoked-",
	    how_revoked[_i / 2].how, subkey ? ".sk.pgp" : ".pgp");
	if ((c = one(path)) == NULL)
		return;
	for (size_t i = 0; i < sizeof(signed_at) / sizeof(signed_at[0]); i++) {
		bool born = signed_at[i].born;

		ck_assert(!counts(c, signed_at[i].when, subkey, FORGE_NOW));
		/* And a day before it was revoked? */
		if (signed_at[i].before)
			ck_assert_int_eq(
			    counts(c, signed_at[i].when, subkey, T2 - 86400),
			    born && !how_revoked[_i / 2].hard);
	}
	cert_free(c);
}
END_TEST

START_TEST(not_revoked)
{
	struct cert *c =
	    one(SUITE "revoked-key/revoked-key-cert-not-revoked.pgp");

	for (size_t i = 0; c != NULL && i < 8; i++)
		ck_assert_int_eq(
		    counts(c, signed_at[i / 2].when, i % 2 != 0, FORGE_NOW),
		    signed_at[i / 2].born);
	cert_free(c);
}
END_TEST

/* The public half of a file of RSA keys: up to both numbers of each. */
static void
public_of(const struct buf *secret, struct buf *public)
{
	struct packet p;
	struct buf at;
	struct why why;

	buf_view(&at, secret->data, secret->len);
	while (packet_next(&at, &p, &why) == GW_OK) {
		const uint8_t *start = p.body.data;
		size_t n, e;

		if (p.tag != PACKET_SECRET_KEY &&
		    p.tag != PACKET_SECRET_SUBKEY) {
			packet_put(public, p.tag, start, p.body.len);
			continue;
		}
		n = (size_t)((start[6] << 8 | start[7]) + 7) / 8;
		e = (size_t)((start[8 + n] << 8 | start[9 + n]) + 7) / 8;
		packet_put(public,
		    p.tag == PACKET_SECRET_KEY ? PACKET_PUBLIC_KEY
					       : PACKET_PUBLIC_SUBKEY,
		    start, 6 + 2 + n + 2 + e);
	}
}

/* 16,384 bits are the most that is read. */
START_TEST(large_rsa)
{
	struct buf file, public;
	struct cert *c = NULL;
	struct why why;
	enum gw_status st;

	if (!forge_vector(
		_i == 0 ? SUITE "rsa-keys/16k.pgp" : SUITE "rsa-keys/32k.pgp",
		&file))
		return;
	buf_init(&public, 1 << 20);
	public_of(&file, &public);
	st = cert_parse(public.data, public.len, &c, &why);
	if (_i == 0) {
		ck_assert_msg(st == GW_OK, "%s", why.text);
		/* A bare key: nothing says what it is for. */
		ck_assert_str_eq(cert_primary(c)->name, "RSA-16384");
		ck_assert(cert_primary(c)->supported);
		ck_assert_int_eq(
		    judged(c, CERT_SIGN, FORGE_NOW), REASON_SIGNER_UNFIT);
	} else {
		ck_assert_int_eq(st, GW_REFUSED);
		ck_assert_ptr_null(c);
	}
	cert_free(c);
	buf_free(&public);
	buf_free(&file);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(a[0])))

int
main(void)
{
	Suite *s = suite_create("cert_vectors");
	TCase *t = tcase_create("vectors");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(0, &why) != GW_OK)
		return 1;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, certificates, 0, COUNT(rows));
	tcase_add_loop_test(t, no_certificates, 0, COUNT(refusals));
	tcase_add_loop_test(t, key_validity_cases, 0, COUNT(cases));
	tcase_add_loop_test(t, revocations, 0, 6);
	tcase_add_loop_test(t, revoked_keys, 0, 2 * COUNT(how_revoked));
	tcase_add_test(t, not_revoked);
	tcase_add_loop_test(t, large_rsa, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
