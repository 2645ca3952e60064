/* tests/keys/scene.h - alder signs for birch, and cedar looks on: messages of
 * every kind, for tests of what may become of them. */
#ifndef TESTS_KEYS_SCENE_H
#define TESTS_KEYS_SCENE_H

#include "gateway/base/clock.h"
#include "keys/keys.h"
#include "keys/messages/sign.h"
#include "tests/keys/party.h"

static struct party alder, birch, cedar;
static struct trust *trust;
static const char text[] = "UNA:+.? 'UNB+UNOC:3+ALDER+BIRCH'\n";
static const size_t text_len = sizeof(text) - 1;

static const struct unseal_request signed_only = { .shapes = 1u
							     << UNSEAL_SIGNED };
static const struct unseal_request clear_only = { .shapes =
						      1u << UNSEAL_CLEARTEXT };

static inline void
setup(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	clock_fake((int64_t)NOW * 1000);
	alder = party_new("Alder", true); /* sends */
	birch = party_new("Birch", true); /* we */
	cedar = party_new("Cedar", true); /* somebody else */
	trust = trust_new();
	party_trust(trust, "alder", &alder);
}

static inline void
teardown(void)
{
	trust_free(trust);
	party_free(&alder);
	party_free(&birch);
	party_free(&cedar);
}

static inline struct buf
new_buf(void)
{
	struct buf b;

	buf_init(&b, CRAFT_MAX);
	return b;
}

/* A document signed by alder for birch. */
static inline struct buf
sealed(enum seal_container container, bool armored)
{
	struct seal_request q = party_request(&alder, &birch);
	struct seal_result r = { 0 };

	q.container = container;
	q.armored = armored;
	q.signing.message_id = q.signing.flow = q.signing.sequence = NULL;
	return party_seal(&q, text, text_len, &r);
}

static struct buf signed_by_alder(
    enum gw_status (*how)(const struct seal_signing *, int, int))
{
	struct seal_signing q = { .signers = &alder.cert,
		.signer_count = 1,
		.when = NOW,
		.sign = party_sign,
		.sign_ctx = &alder };
	int in = craft_file(text, text_len);
	int out = memfd_create("signed", MFD_CLOEXEC);
	struct buf msg;

	ck_assert_int_eq(how(&q, in, out), GW_OK);
	msg = craft_content(out);
	close(in);
	close(out);
	return msg;
}

static inline enum gw_status
how_inline(const struct seal_signing *q, int in, int out)
{
	struct why why;

	return sign_inline(q, false, in, out, &why);
}

static inline enum gw_status
how_detached(const struct seal_signing *q, int in, int out)
{
	struct why why;

	return sign_detached(q, false, in, out, NULL, &why);
}

static inline enum gw_status
how_cleartext(const struct seal_signing *q, int in, int out)
{
	struct why why;

	return sign_cleartext(q, in, out, &why);
}

static inline enum gw_status
verdict_of(const struct cert *cert, const struct buf *signatures)
{
	const struct cert *certs[] = { cert };
	struct verify_one one[VERIFY_MAX];
	struct digests *d;
	struct why why;
	enum gw_status st;
	size_t n;

	ck_assert_int_eq(digests_new(&d, &why), GW_OK);
	st = verify_want(d, signatures->data, signatures->len, false, &why);
	if (st == GW_OK) {
		digests_write(d, text, text_len);
		st = verify_each(certs, 1, signatures->data, signatures->len,
		    false, d, NOW, one, &n, &why);
	}
	if (st == GW_OK)
		st = n == 1 ? one[0].verdict : GW_REFUSED;
	digests_free(d);
	return st;
}

/* `msg` with something put in place of something else, which is there. */
static inline struct buf
edited(const struct buf *msg, const char *what, const char *by)
{
	struct buf b = new_buf();
	const uint8_t *at = memmem(msg->data, msg->len, what, strlen(what));

	ck_assert_msg(at != NULL, "no \"%s\"", what);
	buf_put(&b, msg->data, (size_t)(at - msg->data));
	buf_put_text(&b, by);
	buf_put(&b, at + strlen(what),
	    msg->len - (size_t)(at - msg->data) - strlen(what));
	return b;
}

static inline bool
opens_for_birch(const struct buf *msg)
{
	struct unseal_result u;
	struct verify_result v;
	struct why why;
	enum gw_status st = party_open(&birch, trust, "alder", NOW, msg->data,
	    msg->len, &u, &v, NULL, &why);

	unseal_result_free(&u);
	return st == GW_OK;
}

#endif
