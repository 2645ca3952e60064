/* tests/keys/test_verify.c - only the partner's own, timely, intact signature
 * for us makes a document his; each other case has its reason. */
#include "gateway/base/clock.h"
#include "keys/keys.h"
#include "keys/messages/sign.h"
#include "keys/packets/second_thread.h"
#include "tests/keys/party.h"

static struct party alder, birch, cedar, stranger;
static struct trust *trust;
static const char text[] = "ISA*00*\nGS*PO\r\nST*850\n\nSE";

static void
setup(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	clock_fake((int64_t)NOW * 1000);  /* keyholder looks at it */
	alder = party_new("Alder", true); /* sends */
	birch = party_new("Birch", true); /* we */
	cedar = party_new("Cedar", true); /* another partner */
	stranger = party_new("Stranger", true);
	trust = trust_new();
	party_trust(trust, "alder", &alder);
	party_trust(trust, "cedar", &cedar);
}

static void
teardown(void)
{
	trust_free(trust);
	party_free(&alder);
	party_free(&birch);
	party_free(&cedar);
	party_free(&stranger);
}

/* How a signature is made; what is left 0 is the usual. */
struct how {
	struct party *by;
	int type;
	int hash;
	time_t created;
	const struct party *to;
	uint32_t lifetime;
	const char *notation; /* a critical one */
	bool waybill;         /* carries our message-id */
	const char *over;     /* what is hashed instead of the document */
};

/* Append the signature packet to `all`. */
static void
sign(struct buf *all, struct how h)
{
	struct sig_build b;
	struct buf numbers;
	struct why why;
	gcry_md_hd_t md;
	int hash = h.hash != 0 ? h.hash : PACKET_SHA256;
	const struct pk *key = cert_sign_key(h.by->cert, NOW, &why);
	const char *over = h.over != NULL ? h.over : text;

	ck_assert_msg(key != NULL, "%s", why.text);
	sig_build_init(&b, h.type, key, hash, h.created ? h.created : NOW);
	if (h.to != NULL)
		sig_build_recipient(&b, cert_primary(h.to->cert));
	if (h.lifetime != 0)
		sig_build_sub_u32(&b, PACKET_SUB_EXPIRES, true, h.lifetime);
	if (h.waybill)
		sig_build_notation(&b, SIG_NOTATION_MESSAGE_ID, "17@alder");
	if (h.notation != NULL)
		sig_build_sub(&b, PACKET_SUB_NOTATION, true,
		    "\x80\0\0\0\0\x03\0\x01x@yz", 12);
	gcry_md_open(&md, packet_hash_find(hash)->gcry, 0);
	gcry_md_write(md, over, strlen(over));
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	gcry_md_close(md);
	buf_init(&numbers, 4096);
	ck_assert_msg(party_sign(h.by, key->hex, hash, b.digest, b.digest_len,
			  &numbers, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, all, &why), GW_OK);
	buf_free(&numbers);
	sig_build_close(&b);
}

static enum gw_status
verify(const struct buf *signatures, const char *plain, uint64_t size,
    struct verify_result *r, struct why *why)
{
	const char *own[] = { "0000000000000000000000000000000000000000",
		cert_fingerprint(birch.cert) };
	struct verify_request q = { trust, "alder", own, 2, signatures->data,
		signatures->len, size, NOW, 300 };
	int fd = craft_file(plain, strlen(plain));
	enum gw_status st = verify_document(&q, fd, r, why);

	close(fd);
	return st;
}

static void
passes(struct buf *signatures)
{
	struct verify_result r;
	struct why why = { REASON_NONE, "" };

	ck_assert_msg(verify(signatures, text, strlen(text), &r, &why) == GW_OK,
	    "%s: %s", reason_code(why.reason), why.text);
	ck_assert_str_eq(r.signer, cert_fingerprint(alder.cert));
	buf_free(signatures);
	buf_init(signatures, 65536);
}

static void
fails(struct buf *signatures, enum gw_reason reason)
{
	struct verify_result r;
	struct why why = { REASON_NONE, "" };
	enum gw_status st = verify(signatures, text, strlen(text), &r, &why);

	ck_assert_msg(st == GW_REFUSED && why.reason == reason,
	    "%s %s, not %s: %s", gw_status_name(st), reason_code(why.reason),
	    reason_code(reason), why.text);
	ck_assert_str_eq(r.signer, "");
	buf_free(signatures);
	buf_init(signatures, 65536);
}

START_TEST(one_signature)
{
	struct buf s;

	buf_init(&s, 65536);
	fails(&s, REASON_UNSIGNED);
	sign(&s, (struct how){ .by = &alder });
	passes(&s);
	sign(&s, (struct how){ .by = &alder, .to = &birch });
	passes(&s);
	sign(&s, (struct how){ .by = &alder, .hash = PACKET_SHA512 });
	passes(&s);
	sign(&s, (struct how){ .by = &alder, .to = &cedar });
	fails(&s, REASON_WRONG_RECIPIENT);
	sign(&s, (struct how){ .by = &alder, .to = &birch, .waybill = true });
	passes(&s);
	sign(&s, (struct how){ .by = &alder, .waybill = true });
	fails(&s, REASON_WRONG_RECIPIENT);
	sign(&s, (struct how){ .by = &stranger });
	fails(&s, REASON_SIGNER_UNKNOWN);
	sign(&s, (struct how){ .by = &cedar });
	fails(&s, REASON_SIGNER_OTHER);
	sign(&s, (struct how){ .by = &alder, .over = "other" });
	fails(&s, REASON_SIGNATURE_BAD);
	sign(&s, (struct how){ .by = &alder, .notation = "x@yz" });
	fails(&s, REASON_UNSUPPORTED);
	buf_free(&s);
}
END_TEST

/* Times: the future is tolerated by the skew alone, the past is not. */
START_TEST(times)
{
	struct buf s;

	buf_init(&s, 65536);
	sign(&s, (struct how){ .by = &alder, .created = NOW + 300 });
	passes(&s);
	sign(&s, (struct how){ .by = &alder, .created = NOW + 301 });
	fails(&s, REASON_SIGNATURE_TIME);
	sign(&s, (struct how){
		     .by = &alder, .created = NOW - 100, .lifetime = 101 });
	passes(&s);
	sign(&s, (struct how){
		     .by = &alder, .created = NOW - 100, .lifetime = 100 });
	fails(&s, REASON_SIGNATURE_TIME);
	/* before the key was made */
	sign(&s, (struct how){ .by = &alder, .created = NOW - 100 * 86400 });
	fails(&s, REASON_SIGNER_UNFIT);
	buf_free(&s);
}
END_TEST

START_TEST(expired_signer)
{
	struct party old =
	    party_made(SECRET_ED25519, "Old", NOW - 1000, NOW + 100, false);
	struct buf s;
	struct verify_result r;
	struct why why;
	const char *own = cert_fingerprint(birch.cert);
	struct verify_request q = { .own_fingerprints = &own,
		.own_count = 1,
		.partner = "old",
		.trust = trust,
		.plain_size = strlen(text),
		.clock_skew = 300 };
	int fd = craft_file(text, strlen(text));

	buf_init(&s, 65536);
	party_trust(trust, "old", &old);
	sign(&s, (struct how){ .by = &old });
	q.signatures = s.data;
	q.signatures_len = s.len;
	q.when = NOW + 99;
	ck_assert_int_eq(verify_document(&q, fd, &r, &why), GW_OK);
	q.when = NOW + 101;
	ck_assert_int_eq(verify_document(&q, fd, &r, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNER_EXPIRED);
	close(fd);
	buf_free(&s);
	party_free(&old);
}
END_TEST

/* Several signatures: one good one is enough, unless one of his is bad. */
START_TEST(several)
{
	struct buf s;

	buf_init(&s, 65536);
	sign(&s, (struct how){ .by = &stranger });
	sign(&s, (struct how){ .by = &cedar });
	sign(&s, (struct how){ .by = &alder });
	passes(&s);
	sign(&s, (struct how){ .by = &alder });
	sign(&s, (struct how){ .by = &alder, .over = "other" });
	fails(&s, REASON_SIGNATURE_BAD);
	sign(&s, (struct how){ .by = &alder });
	sign(&s, (struct how){ .by = &alder, .to = &cedar });
	fails(&s, REASON_WRONG_RECIPIENT);
	sign(&s, (struct how){ .by = &stranger });
	sign(&s, (struct how){ .by = &cedar });
	fails(&s, REASON_SIGNER_OTHER);
	for (int i = 0; i < 17; i++)
		sign(&s, (struct how){ .by = &alder });
	fails(&s, REASON_MALFORMED);
	/* a packet of another type among them; rubbish behind */
	sign(&s, (struct how){ .by = &alder });
	craft_packet(&s, 13, "me", 2);
	fails(&s, REASON_MALFORMED);
	sign(&s, (struct how){ .by = &alder });
	buf_put_u8(&s, 0);
	fails(&s, REASON_MALFORMED);
	/* signatures over other things than documents */
	sign(&s, (struct how){ .by = &alder, .type = PACKET_SIG_CERT_GENERIC });
	fails(&s, REASON_MALFORMED);
	buf_free(&s);
}
END_TEST

/* A weak hash is refused before anything is calculated. */
START_TEST(weak_hash)
{
	struct buf s;

	for (int hash = PACKET_MD5; hash <= PACKET_RIPEMD160; hash++) {
		buf_init(&s, 65536);
		sign(&s, (struct how){ .by = &alder });
		s.data[s.data[1] < 192 ? 5 : 6] = (uint8_t)hash;
		if (hash == PACKET_SHA1)
			fails(&s, REASON_WEAK);
		else {
			struct verify_result r;
			struct why why;

			ck_assert_int_eq(
			    verify(&s, text, strlen(text), &r, &why),
			    GW_REFUSED);
		}
		buf_free(&s);
	}
}
END_TEST

/* Text signatures are over lines ending in CR LF, however they came. */
START_TEST(text_mode)
{
	static const char crlf[] = "ISA*00*\r\nGS*PO\r\nST*850\r\n\r\nSE";
	struct buf s;
	size_t len = 600000;
	char *lines = malloc(len + 1), *canonical = malloc(2 * len + 1), *to;
	struct verify_result r;
	struct why why;

	buf_init(&s, 65536);
	sign(&s, (struct how){ .by = &alder, .type = 1, .over = crlf });
	passes(&s);
	sign(&s, (struct how){ .by = &alder, .type = 1 });
	fails(&s, REASON_SIGNATURE_BAD);
	sign(&s, (struct how){ .by = &alder, .over = crlf });
	fails(&s, REASON_SIGNATURE_BAD);
	/* CR and LF on both sides of every border of a chunk */
	to = canonical;
	for (size_t i = 0; i < len; i++) {
		lines[i] = i % 3 == 1 ? '\r' : i % 3 == 2 ? '\n' : 'x';
		if (i % 7 == 0)
			lines[i] = '\n';
		if (lines[i] == '\n' && (i == 0 || lines[i - 1] != '\r'))
			*to++ = '\r';
		*to++ = lines[i];
	}
	lines[len] = *to = '\0';
	sign(&s, (struct how){ .by = &alder, .type = 1, .over = canonical });
	ck_assert_msg(
	    verify(&s, lines, len, &r, &why) == GW_OK, "%s", why.text);
	free(lines);
	free(canonical);
	buf_free(&s);
}
END_TEST

/* The document must be what was unsealed, in size and in every bit. */
START_TEST(document)
{
	struct buf s;
	struct verify_result r;
	struct why why;
	size_t len = strlen(text);
	char *copy = strdup(text);

	buf_init(&s, 65536);
	sign(&s, (struct how){ .by = &alder });
	for (size_t bit = 0; bit < len * 8; bit++) {
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		if (strlen(copy) == len) {
			ck_assert_int_eq(
			    verify(&s, copy, len, &r, &why), GW_REFUSED);
			ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
		}
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
	}
	ck_assert_int_eq(verify(&s, copy, len, &r, &why), GW_OK);
	ck_assert_int_eq(verify(&s, copy, len - 1, &r, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_DAMAGED);
	ck_assert_int_eq(verify(&s, copy, len + 1, &r, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_DAMAGED);
	free(copy);
	buf_free(&s);
}
END_TEST

/* A whole message, both versions, and by whom it was delivered.  What becomes
 * of every flipped bit and every cut is in test_pitfalls.c. */
START_TEST(whole_message)
{
	struct seal_request q = party_request(&alder, &birch);
	struct seal_result s;
	struct unseal_result u;
	struct verify_result v;
	struct why why;

	for (int old = 0; old <= 1; old++) {
		struct buf msg;

		q.container = old ? SEAL_SEIPD1 : SEAL_AUTO;
		msg = party_seal(&q, text, strlen(text), &s);
		ck_assert_int_eq(party_open(&birch, trust, "alder", NOW,
				     msg.data, msg.len, &u, &v, NULL, &why),
		    GW_OK);
		unseal_result_free(&u);
		/* Delivered by somebody else. */
		ck_assert_int_eq(party_open(&birch, trust, "cedar", NOW,
				     msg.data, msg.len, &u, &v, NULL, &why),
		    GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_SIGNER_OTHER);
		unseal_result_free(&u);
		buf_free(&msg);
	}
}
END_TEST

/* RSA on both sides; a stride, because each try costs a decryption. */
START_TEST(whole_message_rsa)
{
	struct party from =
	    party_made(SECRET_RSA3072, "From", NOW - 86400, 0, true);
	struct party to =
	    party_made(SECRET_RSA3072, "To", NOW - 86400, 0, true);
	struct seal_request q = party_request(&from, &to);
	struct seal_result s;
	struct unseal_result u;
	struct verify_result v;
	struct why why;

	party_trust(trust, "from", &from);
	for (int old = 0; old <= 1; old++) {
		struct buf msg;

		q.container = old ? SEAL_SEIPD1 : SEAL_AUTO;
		msg = party_seal(&q, text, strlen(text), &s);
		for (size_t bit = 0; bit < msg.len * 8;
		     bit += bit < 48 * 8 ? 5 : 151) {
			msg.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert_msg(
			    party_open(&to, trust, "from", NOW, msg.data,
				msg.len, &u, &v, NULL, &why) == GW_REFUSED,
			    "bit %zu passed", bit);
			unseal_result_free(&u);
			msg.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		ck_assert_int_eq(party_open(&to, trust, "from", NOW, msg.data,
				     msg.len, &u, &v, NULL, &why),
		    GW_OK);
		unseal_result_free(&u);
		buf_free(&msg);
	}
	party_free(&from);
	party_free(&to);
}
END_TEST

/* What alder signed for birch, birch cannot pass on to cedar as alder's. */
START_TEST(passed_on)
{
	struct seal_request q = party_request(&alder, &birch);
	struct seal_result s;
	struct unseal_request uq = { .unwrap = party_unwrap,
		.unwrap_ctx = &birch };
	struct unseal_result u;
	const char *own = cert_fingerprint(cedar.cert);
	struct verify_request vq = { .trust = trust,
		.partner = "alder",
		.own_fingerprints = &own,
		.own_count = 1,
		.plain_size = strlen(text),
		.when = NOW };
	struct verify_result v;
	struct why why;
	struct buf msg = party_seal(&q, text, strlen(text), &s);
	int in = craft_file(msg.data, msg.len);
	int out = memfd_create("plain", MFD_CLOEXEC);

	ck_assert_int_eq(unseal_stream(&uq, in, out, &u, &why), GW_OK);
	vq.signatures = u.signatures.data;
	vq.signatures_len = u.signatures.len;
	ck_assert_int_eq(verify_document(&vq, out, &v, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_WRONG_RECIPIENT);
	own = cert_fingerprint(birch.cert);
	ck_assert_int_eq(verify_document(&vq, out, &v, &why), GW_OK);
	unseal_result_free(&u);
	buf_free(&msg);
	close(in);
	close(out);
}
END_TEST

static const struct unseal_request signed_only = { .shapes = 1u
							     << UNSEAL_SIGNED };

/* A party whose key is of version 6. */
static struct party
party_v6(const char *name)
{
	struct secret_params p = { .kind = SECRET_ED25519,
		.version = 6,
		.user_ids = &name,
		.user_id_count = 1,
		.created = NOW - 86400,
		.announce_seipd2 = true };
	struct party party = { NULL, NULL };
	struct buf text_of_it;
	struct why why;

	buf_init(&text_of_it, 65536);
	ck_assert_msg(
	    secret_generate(&p, &text_of_it, &party.secret, &why) == GW_OK,
	    "%s", why.text);
	party.cert = secret_cert(party.secret);
	buf_free(&text_of_it);
	return party;
}

/* What sign_inline() makes of it. */
static struct buf
signed_by(struct party *by, const void *data, size_t len, bool over_text,
    bool armored)
{
	struct seal_signing q = { .signers = &by->cert,
		.signer_count = 1,
		.text = over_text,
		.when = NOW,
		.sign = party_sign,
		.sign_ctx = by };
	int in = craft_file(data, len);
	int out = memfd_create("signed", MFD_CLOEXEC);
	struct why why;
	struct buf msg;

	ck_assert_msg(
	    sign_inline(&q, armored, in, out, &why) == GW_OK, "%s", why.text);
	msg = craft_content(out);
	close(in);
	close(out);
	return msg;
}

/* One verdict on each signature of what was unsealed and digested. */
static size_t
each(const struct unseal_result *r, struct digests *d, time_t when,
    struct verify_one one[VERIFY_MAX])
{
	const struct cert *certs[] = { cedar.cert, alder.cert };
	struct why why;
	size_t n;

	ck_assert_int_eq(verify_each(certs, 2, r->signatures.data,
			     r->signatures.len, false, d, when, one, &n, &why),
	    GW_OK);
	return n;
}

/* Hashed in the flow, in one pass: both versions, binary and text, small and
 * larger than all buffers, with the second thread and without it. */
START_TEST(in_flow)
{
	size_t len = 1500000;
	char *data = malloc(len);
	struct party six = party_v6("Six");

	for (size_t i = 0; i < len; i++)
		data[i] = i % 61 == 60 ? '\n' : (char)('a' + i * i % 26);
	for (int i = 0; i < 32; i++) {
		struct party *by = i & 1 ? &six : &alder;
		size_t n = i & 2 ? len : 1000;
		struct buf msg =
		    signed_by(by, data, n, (i & 4) != 0, (i & 8) != 0);
		struct unseal_request q = signed_only;
		struct unseal_result r;
		struct verify_one one[VERIFY_MAX];
		const struct cert *certs[] = { by->cert };
		size_t count;
		struct why why;

		if (i == 16)
			(void)second_thread_start();
		ck_assert_int_eq(digests_new(&q.digests, &why), GW_OK);
		ck_assert_msg(
		    craft_ask(&q, msg.data, msg.len, &r, NULL, &why) == GW_OK,
		    "%d: %s", i, why.text);
		ck_assert_int_eq(r.shape, UNSEAL_SIGNED);
		ck_assert_uint_eq(r.plain_size, n);
		ck_assert_int_eq(
		    verify_each(certs, 1, r.signatures.data, r.signatures.len,
			false, q.digests, NOW, one, &count, &why),
		    GW_OK);
		ck_assert_uint_eq(count, 1);
		ck_assert_msg(
		    one[0].verdict == GW_OK, "%d: %s", i, one[0].why.text);
		ck_assert(one[0].text == ((i & 4) != 0));
		ck_assert_int_eq(one[0].signed_at, NOW);
		ck_assert_str_eq(one[0].signer, cert_fingerprint(by->cert));
		digests_free(q.digests);
		unseal_result_free(&r);
		buf_free(&msg);
	}
	party_free(&six);
	free(data);
}
END_TEST

/* A flipped bit anywhere in a document that nothing protects but this. */
START_TEST(in_flow_altered)
{
	struct buf msg = signed_by(&alder, text, strlen(text), false, false);
	const uint8_t *at = memmem(msg.data, msg.len, text, strlen(text));
	size_t start = (size_t)(at - msg.data);

	for (size_t bit = start * 8; bit < (start + strlen(text)) * 8; bit++) {
		struct unseal_request q = signed_only;
		struct unseal_result r;
		struct verify_one one[VERIFY_MAX];
		struct why why;

		msg.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(digests_new(&q.digests, &why), GW_OK);
		ck_assert_int_eq(
		    craft_ask(&q, msg.data, msg.len, &r, NULL, &why), GW_OK);
		ck_assert_uint_eq(each(&r, q.digests, NOW, one), 1);
		ck_assert_int_eq(one[0].verdict, GW_REFUSED);
		ck_assert_int_eq(one[0].why.reason, REASON_SIGNATURE_BAD);
		ck_assert_str_eq(one[0].signing_key, "");
		digests_free(q.digests);
		unseal_result_free(&r);
		msg.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	buf_free(&msg);
}
END_TEST

/* Damaged or cut in the middle, while the second thread is at work on what was
 * read before: refused, and nothing that it reads goes away under it. */
START_TEST(in_flow_damaged)
{
	size_t len = 1500000;
	uint8_t *data = calloc(1, len);

	(void)second_thread_start();
	for (int c = SEAL_SEIPD1; c <= SEAL_LIBREPGP; c++) {
		struct seal_request sq = party_request(&alder, &birch);
		struct seal_result s = { 0 };
		struct buf msg;

		sq.container = (enum seal_container)c;
		msg = party_seal(&sq, data, len, &s);
		for (size_t at = 0; at <= msg.len; at += msg.len / 12) {
			struct unseal_request q = { .unwrap = party_unwrap,
				.unwrap_ctx = &birch,
				.want_sha256 = true };
			struct unseal_result r;
			struct why why;
			bool whole = at == 0;

			ck_assert_int_eq(digests_new(&q.digests, &why), GW_OK);
			if (!whole)
				msg.data[at - 1] ^= 1;
			ck_assert_int_eq(
			    craft_ask(&q, msg.data, msg.len, &r, NULL, &why),
			    whole ? GW_OK : GW_REFUSED);
			digests_free(q.digests);
			unseal_result_free(&r);
			if (whole)
				continue;
			msg.data[at - 1] ^= 1;
			ck_assert_int_eq(digests_new(&q.digests, &why), GW_OK);
			ck_assert_int_eq(
			    craft_ask(&q, msg.data, at - 1, &r, NULL, &why),
			    GW_REFUSED);
			digests_free(q.digests);
			unseal_result_free(&r);
		}
		buf_free(&msg);
	}
	free(data);
}
END_TEST

/* Signatures of the old style stand in front, so they are hashed for, too. */
START_TEST(prefixed)
{
	struct unseal_request q = signed_only;
	struct unseal_result r;
	struct verify_one one[VERIFY_MAX];
	struct buf msg;
	struct why why;

	buf_init(&msg, 65536);
	sign(&msg, (struct how){ .by = &alder, .hash = PACKET_SHA512 });
	sign(&msg, (struct how){ .by = &cedar });
	sign(&msg, (struct how){ .by = &stranger, .hash = PACKET_SHA384 });
	craft_literal(&msg, "x", text, strlen(text));
	ck_assert_int_eq(digests_new(&q.digests, &why), GW_OK);
	ck_assert_int_eq(
	    craft_ask(&q, msg.data, msg.len, &r, NULL, &why), GW_OK);
	ck_assert_uint_eq(each(&r, q.digests, NOW, one), 3);
	ck_assert_int_eq(one[0].verdict, GW_OK);
	ck_assert_str_eq(one[0].signer, cert_fingerprint(alder.cert));
	ck_assert_int_eq(one[1].verdict, GW_OK);
	ck_assert_str_eq(one[1].signer, cert_fingerprint(cedar.cert));
	ck_assert_int_eq(one[2].verdict, GW_REFUSED);
	ck_assert_int_eq(one[2].why.reason, REASON_SIGNER_UNKNOWN);
	digests_free(q.digests);
	unseal_result_free(&r);
	buf_free(&msg);
}
END_TEST

/* Judged as a detached signature is: hashed after it is known. */
static struct verify_one
detached(const struct buf *signatures, time_t when)
{
	const struct cert *certs[] = { cedar.cert, alder.cert };
	struct verify_one one[VERIFY_MAX];
	struct digests *d;
	struct why why;
	size_t n;

	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	ck_assert_int_eq(
	    verify_want(d, signatures->data, signatures->len, false, &why),
	    GW_OK);
	digests_write(d, text, strlen(text));
	ck_assert_int_eq(verify_each(certs, 2, signatures->data,
			     signatures->len, false, d, when, one, &n, &why),
	    GW_OK);
	ck_assert_uint_eq(n, 1);
	digests_free(d);
	return one[0];
}

static void
verdict(struct how h, time_t when, enum gw_reason reason)
{
	struct buf s;
	struct verify_one one;

	buf_init(&s, 65536);
	sign(&s, h);
	one = detached(&s, when);
	ck_assert_msg(
	    one.why.reason == reason &&
		one.verdict == (reason == REASON_NONE ? GW_OK : GW_REFUSED),
	    "%s, not %s: %s", reason_code(one.why.reason), reason_code(reason),
	    one.why.text);
	buf_free(&s);
}

START_TEST(each_verdict)
{
	verdict((struct how){ .by = &alder }, NOW, REASON_NONE);
	verdict((struct how){ .by = &cedar }, NOW, REASON_NONE);
	verdict((struct how){ .by = &stranger }, NOW, REASON_SIGNER_UNKNOWN);
	verdict((struct how){ .by = &alder, .over = "other" }, NOW,
	    REASON_SIGNATURE_BAD);
	verdict((struct how){ .by = &alder }, NOW - 1, REASON_SIGNATURE_TIME);
	verdict(
	    (struct how){ .by = &alder, .lifetime = 10 }, NOW + 9, REASON_NONE);
	verdict((struct how){ .by = &alder, .lifetime = 10 }, NOW + 10,
	    REASON_SIGNATURE_TIME);
	verdict((struct how){ .by = &alder, .created = NOW - 100 * 86400 }, NOW,
	    REASON_SIGNER_UNFIT);
	verdict((struct how){ .by = &alder, .notation = "x@yz" }, NOW,
	    REASON_UNSUPPORTED);
	verdict((struct how){ .by = &alder, .type = PACKET_SIG_SUBKEY }, NOW,
	    REASON_MALFORMED);
	/* named for another: who names the certificates judges that */
	verdict((struct how){ .by = &alder, .to = &birch }, NOW, REASON_NONE);
	/* packets that mean nothing beside it */
	{
		struct buf s;

		buf_init(&s, 65536);
		craft_packet(&s, BODY_MARKER, "PGP", 3);
		sign(&s, (struct how){ .by = &alder });
		craft_packet(&s, BODY_PADDING, "xx", 2);
		craft_packet(&s, 50, "xx", 2);
		ck_assert_int_eq(detached(&s, NOW).verdict, GW_OK);
		buf_free(&s);
	}
	/* a weak hash: seen before any arithmetic */
	for (int hash = PACKET_SHA1; hash <= PACKET_SHA224;
	     hash += PACKET_SHA224 - PACKET_SHA1) {
		struct buf s;

		buf_init(&s, 65536);
		sign(&s, (struct how){ .by = &alder });
		s.data[s.data[1] < 192 ? 5 : 6] = (uint8_t)hash;
		ck_assert_int_eq(detached(&s, NOW).why.reason, REASON_WEAK);
		buf_free(&s);
	}
}
END_TEST

/* Packets that are none, too many of them, and hashes that nobody wanted. */
START_TEST(each_refused)
{
	const struct cert *certs[] = { alder.cert };
	struct verify_one one[VERIFY_MAX];
	struct digests *d;
	struct buf s;
	struct why why;
	size_t n;

	buf_init(&s, 65536);
	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	for (int i = 0; i < 17; i++)
		sign(&s, (struct how){ .by = &alder });
	ck_assert_int_eq(
	    verify_want(d, s.data, s.len, false, &why), GW_REFUSED);
	ck_assert_int_eq(
	    verify_each(certs, 1, s.data, s.len, false, d, NOW, one, &n, &why),
	    GW_REFUSED);
	buf_reset(&s);
	craft_literal(&s, "", text, 5);
	ck_assert_int_eq(
	    verify_want(d, s.data, s.len, false, &why), GW_REFUSED);
	ck_assert_int_eq(
	    verify_each(certs, 1, s.data, s.len, false, d, NOW, one, &n, &why),
	    GW_REFUSED);
	buf_reset(&s);
	sign(&s, (struct how){ .by = &alder, .hash = PACKET_SHA512 });
	digests_free(d);
	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	ck_assert_int_eq(
	    verify_each(certs, 1, s.data, s.len, false, d, NOW, one, &n, &why),
	    GW_OK);
	ck_assert_int_eq(one[0].verdict, GW_REFUSED);
	ck_assert_int_eq(one[0].why.reason, REASON_UNSUPPORTED);
	/* none at all */
	ck_assert_int_eq(
	    verify_each(certs, 1, "", 0, false, d, NOW, one, &n, &why), GW_OK);
	ck_assert_uint_eq(n, 0);
	digests_free(d);
	buf_free(&s);
}
END_TEST

/* Asked for signed messages, what else there is stays refused. */
START_TEST(signed_shape)
{
	struct buf msg = signed_by(&alder, text, strlen(text), false, false);
	struct unseal_request both = { .shapes = 1u << UNSEAL_SIGNED |
						 1u << UNSEAL_ENCRYPTED,
		.unwrap = craft_unwrap };
	struct buf b;

	craft_gives(&signed_only, &msg, text, strlen(text));
	craft_gives(&both, &msg, text, strlen(text));
	craft_refused(msg.data, msg.len, 0, REASON_NOT_ENCRYPTED);
	buf_init(&b, CRAFT_MAX);
	/* compressed as a whole, as gpg does it */
	buf_put_u8(&b, PACKET_UNCOMPRESSED);
	buf_put(&b, msg.data, msg.len);
	{
		struct buf packed;

		buf_init(&packed, CRAFT_MAX);
		craft_packet(&packed, BODY_COMPRESSED, b.data, b.len);
		craft_gives(&signed_only, &packed, text, strlen(text));
		craft_literal(&packed, "", text, 5);
		craft_denies(
		    &signed_only, packed.data, packed.len, REASON_MALFORMED);
		buf_free(&packed);
	}
	buf_reset(&b); /* not signed at all */
	craft_literal(&b, "", text, 5);
	craft_denies(&signed_only, b.data, b.len, REASON_UNSIGNED);
	buf_reset(&b); /* something behind, in front, beside */
	buf_put(&b, msg.data, msg.len);
	craft_literal(&b, "", text, 5);
	craft_denies(&signed_only, b.data, b.len, REASON_MALFORMED);
	buf_reset(&b);
	craft_literal(&b, "", text, 5);
	buf_put(&b, msg.data, msg.len);
	craft_denies(&signed_only, b.data, b.len, REASON_MALFORMED);
	buf_reset(&b);
	buf_put(&b, msg.data, msg.len);
	buf_put(&b, msg.data, msg.len);
	craft_denies(&signed_only, b.data, b.len, REASON_MALFORMED);
	buf_reset(&b); /* a session key for nothing */
	craft_pkesk(&b, 3, CRAFT_OURS);
	buf_put(&b, msg.data, msg.len);
	craft_denies(&signed_only, b.data, b.len, REASON_NOT_ENCRYPTED);
	craft_denies(&both, b.data, b.len, REASON_NOT_ENCRYPTED);
	buf_reset(&b); /* encrypted, and not asked for */
	{
		struct buf inside, sealed;

		buf_init(&inside, CRAFT_MAX);
		craft_signed(&inside, "", text, 5);
		sealed = craft_encrypt(&inside, true);
		craft_gives(&both, &sealed, text, 5);
		craft_denies(
		    &signed_only, sealed.data, sealed.len, REASON_MALFORMED);
		/* and a signed one behind an encrypted one */
		buf_put(&sealed, msg.data, msg.len);
		craft_denies(&both, sealed.data, sealed.len, REASON_MALFORMED);
		buf_free(&inside);
		buf_free(&sealed);
	}
	buf_free(&b);
	buf_free(&msg);
}
END_TEST

/* Keys of version 6 through the gateway's own rules. */
START_TEST(version6)
{
	struct party six = party_v6("Six");
	struct seal_request q = party_request(&six, &birch);
	struct unseal_result u;
	struct verify_result v;
	struct seal_result s = { 0 };
	struct why why;
	struct buf msg;

	party_trust(trust, "six", &six);
	msg = party_seal(&q, text, strlen(text), &s);
	ck_assert_msg(party_open(&birch, trust, "six", NOW, msg.data, msg.len,
			  &u, &v, NULL, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_str_eq(v.signer, cert_fingerprint(six.cert));
	ck_assert_str_eq(v.message_id, "01HZX@alder.example");
	ck_assert_int_eq(
	    u.signatures.data[2] == 6 || u.signatures.data[3] == 6, 1);
	unseal_result_free(&u);
	ck_assert_int_eq(party_open(&birch, trust, "alder", NOW, msg.data,
			     msg.len, &u, &v, NULL, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNER_OTHER);
	unseal_result_free(&u);
	buf_free(&msg);
	party_free(&six);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("verify");
	TCase *t = tcase_create("verify");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, one_signature);
	tcase_add_test(t, times);
	tcase_add_test(t, expired_signer);
	tcase_add_test(t, several);
	tcase_add_test(t, weak_hash);
	tcase_add_test(t, text_mode);
	tcase_add_test(t, document);
	tcase_add_test(t, whole_message);
	tcase_add_test(t, whole_message_rsa);
	tcase_add_test(t, passed_on);
	tcase_add_test(t, in_flow);
	tcase_add_test(t, in_flow_altered);
	tcase_add_test(t, in_flow_damaged);
	tcase_add_test(t, prefixed);
	tcase_add_test(t, each_verdict);
	tcase_add_test(t, each_refused);
	tcase_add_test(t, signed_shape);
	tcase_add_test(t, version6);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
