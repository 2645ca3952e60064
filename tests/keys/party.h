/* tests/keys/party.h - companies with keys, for tests of whole messages. */
#ifndef TESTS_KEYS_PARTY_H
#define TESTS_KEYS_PARTY_H

#include "keys/certs/cert_priv.h"
#include "keys/messages/seal.h"
#include "keys/secrets/secret.h"
#include "keys/certs/trust.h"
#include "keys/messages/unseal.h"
#include "keys/messages/verify.h"
#include "tests/keys/craft.h"

/* "Now" of every test: 2026-03-01. */
#define NOW ((time_t)1772323200)

struct party {
	struct secret *secret;
	const struct cert *cert; /* the secret's */
};

static inline struct party
party_of(const struct secret_params *p)
{
	struct party party = { NULL, NULL };
	struct buf text;
	struct why why;

	buf_init(&text, 65536);
	ck_assert_msg(secret_generate(p, &text, &party.secret, &why) == GW_OK,
	    "%s", why.text);
	party.cert = secret_cert(party.secret);
	buf_free(&text);
	return party;
}

static inline struct party
party_made(enum secret_kind kind, const char *name, time_t created,
    time_t expires, bool aead)
{
	struct secret_params p = { .kind = kind,
		.user_ids = &name,
		.user_id_count = 1,
		.created = created,
		.expires = expires,
		.announce_seipd2 = aead };

	return party_of(&p);
}

/* Version 6. */
static inline struct party
party_six(const char *name)
{
	struct secret_params p = { .version = 6,
		.user_ids = &name,
		.user_id_count = 1,
		.created = NOW - 86400,
		.announce_seipd2 = true };

	return party_of(&p);
}

static inline struct party
party_new(const char *name, bool aead)
{
	return party_made(SECRET_ED25519, name, NOW - 86400, 0, aead);
}

static inline void
party_free(struct party *p)
{
	secret_free(p->secret);
	memset(p, 0, sizeof(*p));
}

/* A certificate of its own, as a partner would send it. */
static inline struct cert *
party_cert(const struct party *p)
{
	struct buf b;
	struct cert *c;
	struct why why;

	buf_init(&b, 1 << 20);
	ck_assert_int_eq(cert_export(p->cert, false, &b, &why), GW_OK);
	ck_assert_msg(
	    cert_parse(b.data, b.len, &c, &why) == GW_OK, "%s", why.text);
	buf_free(&b);
	return c;
}

static inline void
party_trust(struct trust *t, const char *partner, const struct party *p)
{
	struct why why;

	ck_assert_msg(trust_add(t, partner, party_cert(p), &why) == GW_OK, "%s",
	    why.text);
}

/* ctx is the party that has the key. */
static inline enum gw_status
party_sign(void *ctx, const char *fingerprint, int hash, const uint8_t *digest,
    size_t len, struct buf *out, struct why *why)
{
	struct party *p = ctx;

	return secret_sign(
	    &p->secret, 1, fingerprint, hash, digest, len, out, why);
}

static inline enum gw_status
party_unwrap(void *ctx, const void *pkesk, size_t len, int seipd,
    int *algorithm, struct buf *key, struct why *why)
{
	struct party *p = ctx;

	return secret_unwrap(
	    &p->secret, 1, pkesk, len, seipd, algorithm, key, why);
}

/* What `from` would send to `to`; the caller may change it. */
static inline struct seal_request
party_request(struct party *from, const struct party *to)
{
	struct seal_request q = { .recipients = &to->cert,
		.recipient_count = 1,
		.name = "order \xc3\xa4.edi",
		.want_sha256 = true,
		.signing = { .signers = &from->cert,
		    .signer_count = 1,
		    .message_id = "01HZX@alder.example",
		    .flow = "orders",
		    .sequence = "17",
		    .when = NOW,
		    .sign = party_sign,
		    .sign_ctx = from } };

	return q;
}

static inline struct buf
party_seal(const struct seal_request *q, const void *data, size_t len,
    struct seal_result *r)
{
	int in = craft_file(data, len);
	int out = memfd_create("sealed", MFD_CLOEXEC);
	struct why why;
	struct buf b;

	memset(r, 0, sizeof(*r));
	ck_assert_msg(seal_stream(q, in, out, r, &why) == GW_OK, "%s: %s",
	    reason_code(why.reason), why.text);
	b = craft_content(out);
	close(in);
	close(out);
	return b;
}

/* Unseal with `to`'s key and verify, delivered by `partner`. */
static inline enum gw_status
party_open(struct party *to, const struct trust *trust, const char *partner,
    time_t now, const void *msg, size_t len, struct unseal_result *u,
    struct verify_result *v, struct buf *plain, struct why *why)
{
	struct unseal_request q = {
		.unwrap = party_unwrap, .unwrap_ctx = to, .want_sha256 = true
	};
	const char *own = cert_fingerprint(to->cert);
	struct verify_request vq = { .trust = trust,
		.partner = partner,
		.own_fingerprints = &own,
		.own_count = 1,
		.when = now,
		.clock_skew = 300 };
	int in = craft_file(msg, len);
	int out = memfd_create("plain", MFD_CLOEXEC);
	enum gw_status st = unseal_stream(&q, in, out, u, why);

	vq.signatures = u->signatures.data;
	vq.signatures_len = u->signatures.len;
	vq.plain_size = u->plain_size;
	if (st == GW_OK)
		st = verify_document(&vq, out, v, why);
	if (plain != NULL)
		*plain = craft_content(out);
	close(in);
	close(out);
	return st;
}

#endif
