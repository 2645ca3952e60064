/* Goal: whatever copies of a certificate are put together, in whatever order,
 * nothing that its owner said is lost, least of all that a key is revoked. */
#include "tests/keys/forge.h"

#include "gateway/base/clock.h"
#include "keys/certs/cert_parts.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"

#define DAY 86400

static struct forge_key made[2][4];
static struct forge_key primary, signer, encrypter, stranger;
static struct buf a, b; /* two copies */
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
	buf_init(&a, 4 << 20);
	buf_init(&b, 4 << 20);
	clock_fake((int64_t)FORGE_NOW * 1000);
}

static void
teardown(void)
{
	clock_fake(0);
	buf_free(&a);
	buf_free(&b);
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
put_self(struct buf *t, struct forge_sig s)
{
	s.type = PACKET_SIG_DIRECT;
	s.signer = &primary;
	s.flags = PACKET_FLAG_CERTIFY;
	forge_key_packet(t, PACKET_PUBLIC_KEY, &primary);
	forge_sign(t, &primary, &s);
}

static void
put_uid(struct buf *t, const char *uid, struct forge_sig s)
{
	s.uid = uid;
	forge_uid(t, uid);
	forge_certify(t, &primary, s);
}

static void
bind(struct buf *t, const struct forge_key *sub, struct forge_sig s)
{
	s.type = s.type != 0 ? s.type : PACKET_SIG_SUBKEY;
	s.signer = s.signer != NULL ? s.signer : &primary;
	s.subkey = sub;
	s.flags =
	    sub == &encrypter ? PACKET_FLAG_ENCRYPT_COMM : PACKET_FLAG_SIGN;
	s.back = s.type == PACKET_SIG_SUBKEY && sub != &encrypter ? sub : NULL;
	forge_sign(t, &primary, &s);
}

static void
put_subkey(struct buf *t, const struct forge_key *sub, struct forge_sig s)
{
	forge_key_packet(t, PACKET_PUBLIC_SUBKEY, sub);
	bind(t, sub, s);
}

static void
put_all(struct buf *t)
{
	put_self(t, (struct forge_sig){ 0 });
	put_uid(t, FORGE_UID, (struct forge_sig){ 0 });
	put_subkey(t, &signer, (struct forge_sig){ 0 });
	put_subkey(t, &encrypter, (struct forge_sig){ 0 });
}

static struct cert *
parsed(const struct buf *t)
{
	struct cert *c;
	struct why why;

	ck_assert_msg(
	    cert_parse(t->data, t->len, &c, &why) == GW_OK, "%s", why.text);
	return c;
}

static struct cert *
merged_certs(const struct cert *x, const struct cert *y)
{
	struct cert *out;
	struct why why;

	ck_assert_msg(cert_merge(x, y, &out, &why) == GW_OK, "%s", why.text);
	return out;
}

/* x and y put together, first one before the other, then the reverse; both
 * have the same packets, if not in the same order. */
static struct cert *
merged(const struct buf *x, const struct buf *y)
{
	struct cert *p = parsed(x), *q = parsed(y);
	struct cert *there = merged_certs(p, q), *back = merged_certs(q, p);
	struct cert *again = merged_certs(there, back);

	ck_assert_uint_eq(there->raw.len, back->raw.len);
	/* Nothing is added by repeating it. */
	ck_assert_uint_eq(again->raw.len, there->raw.len);
	ck_assert_int_eq(
	    memcmp(again->raw.data, there->raw.data, there->raw.len), 0);
	cert_free(p);
	cert_free(q);
	cert_free(back);
	cert_free(again);
	return there;
}

static bool
works(const struct cert *c, enum cert_use use)
{
	struct why why;

	return cert_usable(c, use, FORGE_NOW, &why) == GW_OK;
}

/* What is revoked in one copy is revoked, whichever comes first. */
START_TEST(pitfall_15_revoked_in_one_copy)
{
	struct forge_sig s = { .signer = &primary, .reason = 1 + 2 };
	struct cert *c;

	be(_i / 3 == 0 ? 4 : 6);
	put_all(&a);
	switch (_i % 3) {
	case 0:
		s.type = PACKET_SIG_REVOKE_KEY;
		forge_key_packet(&b, PACKET_PUBLIC_KEY, &primary);
		forge_sign(&b, &primary, &s);
		break;
	case 1:
		s.type = PACKET_SIG_REVOKE_SUBKEY;
		put_self(&b, (struct forge_sig){ 0 });
		forge_key_packet(&b, PACKET_PUBLIC_SUBKEY, &signer);
		bind(&b, &signer, s);
		break;
	case 2:
		s.type = PACKET_SIG_REVOKE_CERT;
		s.reason = 1 + 32;
		put_self(&b, (struct forge_sig){ 0 });
		forge_uid(&b, FORGE_UID);
		s.uid = FORGE_UID;
		forge_sign(&b, &primary, &s);
		break;
	}
	c = merged(&a, &b);
	ck_assert_int_eq(cert_revoked(c), _i % 3 == 0);
	ck_assert_int_eq(works(c, CERT_SIGN), _i % 3 == 2);
	ck_assert_int_eq(works(c, CERT_ENCRYPT), _i % 3 != 0);
	ck_assert_str_eq(cert_user_id(c), _i % 3 == 2 ? "" : FORGE_UID);
	cert_free(c);
	/* The evil twin: merged without that copy it works. */
	c = merged(&a, &a);
	ck_assert(works(c, CERT_SIGN) && !cert_revoked(c));
	cert_free(c);
}
END_TEST

/* Each copy has what the other lacks. */
START_TEST(both_halves)
{
	struct cert *c;
	struct why why;

	be(_i);
	put_self(&a, (struct forge_sig){ .key_lifetime = DAY });
	put_uid(&a, "First", (struct forge_sig){ 0 });
	put_subkey(&a, &signer, (struct forge_sig){ 0 });
	put_self(&b, (struct forge_sig){ .created = FORGE_BORN + 100 });
	put_uid(&b, "Second", (struct forge_sig){ 0 });
	put_subkey(&b, &encrypter, (struct forge_sig){ 0 });
	c = merged(&a, &b);
	ck_assert_uint_eq(c->key_count, 3);
	ck_assert_uint_eq(c->uid_count, 2);
	ck_assert_str_eq(c->uids[0].text, "First");
	ck_assert_str_eq(c->uids[1].text, "Second");
	ck_assert_uint_eq(c->keys[0].story.claim_count, 2);
	/* The newer word of the second copy counts. */
	ck_assert(works(c, CERT_SIGN) && works(c, CERT_ENCRYPT));
	ck_assert_int_eq(
	    cert_usable(c, CERT_SIGN, FORGE_BORN + DAY, &why), GW_OK);
	cert_free(c);
}
END_TEST

/* Revocations first, then the newest; user ids before subkeys. */
START_TEST(canonical_order)
{
	static const int want[] = { PACKET_PUBLIC_KEY, PACKET_SIGNATURE,
		PACKET_SIGNATURE, PACKET_SIGNATURE, PACKET_USER_ID,
		PACKET_SIGNATURE, PACKET_USER_ATTRIBUTE, PACKET_SIGNATURE,
		PACKET_PUBLIC_SUBKEY, PACKET_SIGNATURE, PACKET_SIGNATURE };
	struct cert *c;
	struct packet p;
	struct buf at;
	struct sig s;
	struct why why;
	time_t last = 0;

	be(_i);
	put_self(&a, (struct forge_sig){ 0 });
	forge_sign(&a, &primary,
	    &(struct forge_sig){ .type = PACKET_SIG_DIRECT,
		.signer = &primary,
		.flags = PACKET_FLAG_CERTIFY,
		.created = FORGE_BORN + 9 });
	forge_sign(&a, &primary,
	    &(struct forge_sig){ .type = PACKET_SIG_REVOKE_KEY,
		.signer = &primary,
		.reason = 1 + 3 });
	packet_put(&a, PACKET_TRUST, "x", 1);
	put_subkey(&a, &signer, (struct forge_sig){ 0 });
	bind(&a, &signer, (struct forge_sig){ .created = FORGE_BORN + 9 });
	put_uid(&a, FORGE_UID, (struct forge_sig){ 0 });
	packet_put(&a, 60, "private", 7);
	packet_put(&a, PACKET_USER_ATTRIBUTE, "picture", 7);
	forge_certify(&a, &primary,
	    (struct forge_sig){ .uid = "picture", .attribute = true });
	packet_put(&a, PACKET_PADDING, "padding", 7);
	c = merged(&a, &a);
	buf_view(&at, c->raw.data, c->raw.len);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
		ck_assert_int_eq(p.tag, want[i]);
		if (p.tag != PACKET_SIGNATURE) {
			last = INT64_MAX;
			continue;
		}
		ck_assert_int_eq(
		    sig_parse(&s, p.body.data, p.body.len, &why), GW_OK);
		ck_assert_int_eq(s.type == PACKET_SIG_REVOKE_KEY, i == 1);
		ck_assert_int_le(s.created, last);
		last = i == 1 ? INT64_MAX : s.created;
		sig_close(&s);
	}
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_NONE);
	cert_free(c);
}
END_TEST

/* What cannot be verified is not passed on. */
START_TEST(junk_goes)
{
	struct cert *c;

	be(_i);
	put_all(&a);
	b = (struct buf){ 0 };
	buf_init(&b, 1 << 20);
	put_self(&b, (struct forge_sig){ 0 });
	forge_certify(&b, &primary,
	    (struct forge_sig){ .signer = &stranger, .uid = "x" });
	forge_uid(&b, "Mallory");
	forge_certify(&b, &primary,
	    (struct forge_sig){ .signer = &stranger, .uid = "Mallory" });
	forge_uid(&b, FORGE_UID);
	forge_certify(&b, &primary,
	    (struct forge_sig){ .signer = &stranger, .uid = FORGE_UID });
	forge_key_packet(&b, PACKET_PUBLIC_SUBKEY, &stranger);
	bind(&b, &stranger, (struct forge_sig){ .signer = &stranger });
	packet_put(&b, PACKET_SIGNATURE, "junk", 4);
	c = merged(&a, &b);
	ck_assert_uint_eq(c->uid_count, 1);
	ck_assert_uint_eq(c->key_count, 3);
	ck_assert_uint_eq(c->keys[0].story.claim_count, version == 6 ? 2 : 1);
	ck_assert(works(c, CERT_SIGN) && works(c, CERT_ENCRYPT));
	cert_free(c);
}
END_TEST

/* One signature in two spellings is one; of a binding the one that still has
 * its back signature. */
START_TEST(pitfall_06_two_spellings)
{
	struct buf bound, spelled, at;
	struct packet p;
	struct sig s;
	struct why why;
	struct cert *c;
	size_t head;

	be(4);
	buf_init(&bound, 4096);
	buf_init(&spelled, 4096);
	forge_sign(&bound, &primary,
	    &(struct forge_sig){ .type = PACKET_SIG_SUBKEY,
		.signer = &primary,
		.subkey = &signer,
		.flags = PACKET_FLAG_SIGN,
		.back = &signer,
		.back_unhashed = true });
	put_self(&a, (struct forge_sig){ 0 });
	forge_key_packet(&a, PACKET_PUBLIC_SUBKEY, &signer);
	buf_put(&a, bound.data, bound.len);
	/* The same without its unhashed area. */
	buf_view(&at, bound.data, bound.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_int_eq(sig_parse(&s, p.body.data, p.body.len, &why), GW_OK);
	head = s.head.len;
	packet_put_header(
	    &spelled, PACKET_SIGNATURE, head + 2 + 2 + s.numbers.len);
	buf_put(&spelled, p.body.data, head);
	buf_put_u16(&spelled, 0);
	buf_put(&spelled, s.left16, 2);
	buf_put(&spelled, s.numbers.at, s.numbers.len);
	put_self(&b, (struct forge_sig){ 0 });
	forge_key_packet(&b, PACKET_PUBLIC_SUBKEY, &signer);
	buf_put(&b, spelled.data, spelled.len);
	sig_close(&s);
	c = parsed(&b);
	ck_assert(!works(c, CERT_SIGN));
	cert_free(c);
	c = merged(&a, &b);
	ck_assert_uint_eq(c->keys[1].story.claim_count, 1);
	ck_assert(works(c, CERT_SIGN));
	cert_free(c);
	buf_free(&bound);
	buf_free(&spelled);
}
END_TEST

START_TEST(different_keys)
{
	struct cert *p, *q, *out;
	struct why why;

	be(_i);
	put_self(&a, (struct forge_sig){ 0 });
	primary = stranger;
	put_self(&b, (struct forge_sig){ 0 });
	p = parsed(&a);
	q = parsed(&b);
	ck_assert_int_eq(cert_merge(p, q, &out, &why), GW_REFUSED);
	ck_assert_ptr_null(out);
	cert_free(p);
	cert_free(q);
}
END_TEST

/* How a revocation comes. */
enum form { BARE, BARE_ARMORED, AS_KEY_ARMORED, WITH_KEY, WITH_KEY_ARMORED };

static void
put_revocation(struct buf *out, enum form form, struct forge_sig s)
{
	struct buf packets;
	struct why why;

	buf_init(&packets, 4096);
	s.type = s.type != 0 ? s.type : PACKET_SIG_REVOKE_KEY;
	s.signer = s.signer != NULL ? s.signer : &primary;
	if (form >= WITH_KEY)
		forge_key_packet(&packets, PACKET_PUBLIC_KEY, &primary);
	forge_sign(&packets, &primary, &s);
	if (form == BARE || form == WITH_KEY)
		buf_put(out, packets.data, packets.len);
	else
		ck_assert_int_eq(
		    armor_write(form == BARE_ARMORED ? ARMOR_SIGNATURE
						     : ARMOR_PUBLIC_KEY,
			packets.data, packets.len, out, &why),
		    GW_OK);
	buf_free(&packets);
}

START_TEST(revocations)
{
	struct cert *c, *out;
	struct why why;

	be(_i / 5 == 0 ? 4 : 6);
	put_all(&a);
	put_revocation(&b, (enum form)(_i % 5),
	    (struct forge_sig){ .reason = 1 + 3, .created = FORGE_BORN + DAY });
	c = parsed(&a);
	ck_assert_msg(
	    cert_revoke(c, b.data, b.len, &out, &why) == GW_OK, "%s", why.text);
	ck_assert(!cert_revoked(c) && cert_revoked(out));
	ck_assert(works(c, CERT_SIGN) && !works(out, CERT_SIGN));
	ck_assert_int_eq(
	    cert_usable(out, CERT_SIGN, FORGE_BORN + 1, &why), GW_OK);
	ck_assert_str_eq(cert_user_id(out), FORGE_UID);
	cert_free(out);
	cert_free(c);
}
END_TEST

static const struct {
	const char *what;
	enum form form;
	struct forge_sig sig;
	enum gw_reason reason;
} no_revocations[] = {
	{ "by a stranger", BARE, { .signer = &stranger },
	    REASON_SIGNATURE_BAD },
	{ "by a subkey", BARE, { .signer = &signer }, REASON_SIGNATURE_BAD },
	{ "of something else", BARE, { .type = PACKET_SIG_REVOKE_CERT },
	    REASON_SIGNATURE_BAD },
	{ "a self-signature", WITH_KEY, { .type = PACKET_SIG_DIRECT },
	    REASON_SIGNATURE_BAD },
	{ "insists on something unknown", BARE, { .extra = 100 },
	    REASON_SIGNATURE_BAD },
};

START_TEST(no_revocation)
{
	struct cert *c, *out;
	struct why why;

	be(4);
	put_all(&a);
	put_revocation(&b, no_revocations[_i].form, no_revocations[_i].sig);
	c = parsed(&a);
	ck_assert_msg(cert_revoke(c, b.data, b.len, &out, &why) == GW_REFUSED,
	    "%s", no_revocations[_i].what);
	ck_assert_int_eq(why.reason, no_revocations[_i].reason);
	ck_assert_ptr_null(out);
	cert_free(c);
}
END_TEST

/* RFC 9580, 10.1.2: the key and its revocation are a certificate, alone and
 * to merge in; so is what people make of both with `cat`. */
START_TEST(revocation_is_a_certificate)
{
	enum form form = _i % 2 == 0 ? WITH_KEY : WITH_KEY_ARMORED;
	struct cert *c, *revocation, *out;

	be(_i / 2 == 0 ? 4 : 6);
	put_all(&a);
	put_revocation(&b, form, (struct forge_sig){ .reason = 1 + 2 });
	c = parsed(&a);
	revocation = parsed(&b);
	ck_assert(!cert_revoked(c) && cert_revoked(revocation));
	cert_free(merged(&a, &b));
	out = merged_certs(c, revocation);
	ck_assert(cert_revoked(out) && !works(out, CERT_SIGN));
	ck_assert_uint_eq(out->key_count, c->key_count);
	ck_assert_str_eq(cert_fingerprint(out), cert_fingerprint(c));
	cert_free(out);
	cert_free(revocation);
	cert_free(c);
	/* The bare one behind it, merged with a copy that knows nothing. */
	put_revocation(&a, BARE, (struct forge_sig){ .reason = 1 + 2 });
	buf_reset(&b);
	put_all(&b);
	out = merged(&a, &b);
	ck_assert(cert_revoked(out) && !works(out, CERT_ENCRYPT));
	cert_free(out);
	/* The evil twin: another key's revocation stays a stranger's. */
	buf_reset(&b);
	put_all(&b);
	put_revocation(&b, BARE,
	    (struct forge_sig){ .reason = 1 + 2, .signer = &stranger });
	out = merged(&b, &b);
	ck_assert(!cert_revoked(out) && works(out, CERT_ENCRYPT));
	cert_free(out);
}
END_TEST

START_TEST(revocation_of_another_key)
{
	struct cert *c, *out;
	struct why why;

	be(_i);
	put_all(&a);
	primary = stranger;
	put_revocation(&b, WITH_KEY, (struct forge_sig){ 0 });
	c = parsed(&a);
	ck_assert_int_eq(cert_revoke(c, b.data, b.len, &out, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_CONFIG);
	cert_free(c);
}
END_TEST

/* Every bit of a bare revocation: it revokes as it was or not at all. */
START_TEST(revocation_every_flipped_bit)
{
	struct cert *c, *out;
	struct why why;
	size_t alive = 0;

	be(_i);
	put_self(&a, (struct forge_sig){ 0 });
	put_revocation(&b, BARE, (struct forge_sig){ .reason = 1 + 3 });
	c = parsed(&a);
	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (cert_revoke(c, b.data, b.len, &out, &why) == GW_OK) {
			ck_assert(cert_revoked(out));
			ck_assert_int_eq(
			    out->keys[0].story.revocations[0].created,
			    FORGE_BORN);
			alive++;
			cert_free(out);
		}
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* The whole subpacket with the key id of version 4: only a hint, and
	 * there is another. */
	ck_assert_uint_eq(alive, _i == 4 ? 8 * 10 : 0);
	cert_free(c);
}
END_TEST

/* Rings. */

static struct buf
armored(const struct buf *t)
{
	struct buf out;
	struct why why;

	buf_init(&out, 1 << 20);
	ck_assert_int_eq(
	    armor_write(ARMOR_PUBLIC_KEY, t->data, t->len, &out, &why), GW_OK);
	return out;
}

START_TEST(rings)
{
	struct cert *all[3];
	struct buf one, two, both = { 0 };
	size_t count;
	struct why why;

	be(4);
	put_all(&a);
	be(6);
	put_all(&b);
	buf_init(&both, 1 << 20);
	switch (_i) {
	case 0: /* binary, with what may stand between */
		packet_put(&both, PACKET_MARKER, "PGP", 3);
		buf_put(&both, a.data, a.len);
		packet_put(&both, PACKET_PADDING, "xx", 2);
		buf_put(&both, b.data, b.len);
		break;
	case 1: /* two blocks in a letter */
		one = armored(&a);
		two = armored(&b);
		buf_put_text(&both, "Dear partner,\nour old key:\n\n");
		buf_put(&both, one.data, one.len);
		buf_put_text(&both, "\nand the new one:\n");
		buf_put(&both, two.data, two.len);
		buf_put_text(&both, "\nYours\n");
		buf_free(&one);
		buf_free(&two);
		break;
	case 2: /* two in one block */
		buf_init(&two, 1 << 20);
		buf_put(&two, a.data, a.len);
		buf_put(&two, b.data, b.len);
		one = armored(&two);
		buf_put(&both, one.data, one.len);
		buf_free(&one);
		buf_free(&two);
		break;
	}
	ck_assert_msg(
	    cert_parse_all(both.data, both.len, all, 2, &count, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(cert_fingerprint(all[0]), made[0][0].pk.hex);
	ck_assert_str_eq(cert_fingerprint(all[1]), made[1][0].pk.hex);
	ck_assert(works(all[0], CERT_SIGN) && works(all[1], CERT_ENCRYPT));
	cert_free(all[0]);
	cert_free(all[1]);
	/* One more than there is room for. */
	ck_assert_int_eq(
	    cert_parse_all(both.data, both.len, all, 1, &count, &why),
	    GW_REFUSED);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(all[0]);
	/* A single certificate is what cert_parse() reads, and two are not. */
	ck_assert_int_eq(
	    cert_parse(both.data, both.len, &all[0], &why), GW_REFUSED);
	ck_assert_int_eq(
	    cert_parse_all(a.data, a.len, all, 1, &count, &why), GW_OK);
	ck_assert_uint_eq(count, 1);
	cert_free(all[0]);
	buf_free(&both);
}
END_TEST

/* One bad apple. */
START_TEST(bad_rings)
{
	struct cert *all[4];
	size_t count;
	struct why why;

	be(4);
	put_all(&a);
	switch (_i) {
	case 0: /* nothing */
		buf_reset(&a);
		break;
	case 1:
		buf_reset(&a);
		buf_put_text(&a, "hello\n");
		break;
	case 2: /* cut in the second */
		put_all(&a);
		a.len -= 1;
		break;
	case 3: /* of a version that we do not read */
		packet_put(&a, PACKET_PUBLIC_KEY, "\x03xxxxxxx", 8);
		break;
	case 4: /* a secret key behind it */
		packet_put(&a, PACKET_SECRET_KEY, "\x04xxxxxxx", 8);
		break;
	case 5: /* a signature before the first */
		packet_put(&b, PACKET_SIGNATURE, "x", 1);
		buf_put(&b, a.data, a.len);
		buf_reset(&a);
		buf_put(&a, b.data, b.len);
		break;
	case 6: /* a message behind it */
		packet_put(&a, 11, "b\0\0\0\0\0", 6);
		break;
	}
	ck_assert_int_eq(
	    cert_parse_all(a.data, a.len, all, 4, &count, &why), GW_REFUSED);
	ck_assert_uint_eq(count, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert_merge");
	TCase *t = tcase_create("merge");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(0, &why) != GW_OK)
		return 1;
	tcase_add_unchecked_fixture(t, make_keys, close_keys);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, pitfall_15_revoked_in_one_copy, 0, 6);
	for (int v = 4; v <= 6; v += 2) {
		tcase_add_loop_test(t, both_halves, v, v + 1);
		tcase_add_loop_test(t, canonical_order, v, v + 1);
		tcase_add_loop_test(t, junk_goes, v, v + 1);
		tcase_add_loop_test(t, different_keys, v, v + 1);
		tcase_add_loop_test(t, revocation_of_another_key, v, v + 1);
		tcase_add_loop_test(t, revocation_every_flipped_bit, v, v + 1);
	}
	tcase_add_test(t, pitfall_06_two_spellings);
	tcase_add_loop_test(t, revocations, 0, 10);
	tcase_add_loop_test(t, revocation_is_a_certificate, 0, 4);
	tcase_add_loop_test(t, no_revocation, 0, 5);
	tcase_add_loop_test(t, rings, 0, 3);
	tcase_add_loop_test(t, bad_rings, 0, 7);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
