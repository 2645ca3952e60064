/* keys/messages/signers.c - who signs one document, and the packets of that. */
#include "keys/messages/signers.h"

#include "keys/packets/body.h"

#include <string.h>

#define NUMBERS_MAX 6144
/* The longest one-pass packet: version 6, salt of 32 octets. */
#define ONE_PASS_MAX (4 + 1 + 32 + 32 + 1)

static enum gw_status
choose_one(struct signers *s, const struct cert *cert, struct why *why)
{
	const struct seal_signing *q = s->signing;
	struct signer *one = &s->one[s->count];
	int type =
	    s->form == DIGESTS_BINARY ? PACKET_SIG_BINARY : PACKET_SIG_TEXT;

	if ((one->pk = cert_sign_key(cert, q->when, why)) == NULL) {
		why->reason = REASON_KEY_UNUSABLE;
		why_prefix(why, "our signing key");
		return GW_REFUSED;
	}
	s->count++;
	sig_build_init(
	    &one->build, type, one->pk, pk_hash_algorithm(one->pk), q->when);
	return GW_OK;
}

enum gw_status
signers_choose(struct signers *s, const struct seal_signing *q,
    enum digests_form form, struct why *why)
{
	enum gw_status st = GW_OK;

	memset(s, 0, sizeof(*s));
	s->signing = q;
	s->form = form;
	if (q->signer_count > SEAL_SIGNERS_MAX) {
		why_set(why, REASON_KEY_UNUSABLE,
		    "%zu signers; at most %d are possible", q->signer_count,
		    SEAL_SIGNERS_MAX);
		return GW_REFUSED;
	}
	for (size_t i = 0; i < q->signer_count && st == GW_OK; i++)
		st = choose_one(s, q->signers[i], why);
	return st;
}

void
signers_close(struct signers *s)
{
	for (size_t i = 0; i < s->count; i++)
		sig_build_close(&s->one[i].build);
	memset(s, 0, sizeof(*s));
}

enum gw_status
signers_want(const struct signers *s, struct digests *d, struct why *why)
{
	enum gw_status st = GW_OK;

	for (size_t i = 0; i < s->count && st == GW_OK; i++) {
		const struct sig_build *b = &s->one[i].build;

		st = digests_want(
		    d, b->hash_algorithm, s->form, b->salt, b->salt_len, why);
	}
	return st;
}

bool
signers_all(const struct signers *s, int version)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->one[i].build.version != version)
			return false;
	return s->count > 0;
}

/* RFC 9580, 5.4: version 3 for a version 4 signature, and 6 for 6. */
static bool
one_pass_body(
    const struct signer *one, enum digests_form form, bool last, struct buf *to)
{
	const struct sig_build *b = &one->build;

	buf_put_u8(to, b->version == 6 ? 6 : 3);
	buf_put_u8(
	    to, form == DIGESTS_BINARY ? PACKET_SIG_BINARY : PACKET_SIG_TEXT);
	buf_put_u8(to, (uint8_t)b->hash_algorithm);
	buf_put_u8(to, (uint8_t)one->pk->algorithm);
	if (b->version == 6) {
		buf_put_u8(to, (uint8_t)b->salt_len);
		buf_put(to, b->salt, b->salt_len);
		buf_put(to, one->pk->fingerprint, one->pk->fingerprint_len);
	} else {
		buf_put(to, one->pk->keyid, PK_KEYID_LEN);
	}
	return buf_put_u8(to, last);
}

static enum gw_status
put_one_pass(const struct signer *one, enum digests_form form, bool last,
    struct sink *to, struct why *why)
{
	struct buf body, packet;
	enum gw_status st = GW_INTERNAL;

	buf_init(&body, ONE_PASS_MAX);
	buf_init(&packet, ONE_PASS_MAX + 2);
	if (one_pass_body(one, form, last, &body) &&
	    packet_put(&packet, BODY_ONE_PASS, body.data, body.len))
		st = sink_put(to, packet.data, packet.len, why);
	else
		why_set(why, REASON_INTERNAL, "no memory for a signature");
	buf_free(&packet);
	buf_free(&body);
	return st;
}

enum gw_status
signers_put_one_pass(const struct signers *s, struct sink *to, struct why *why)
{
	enum gw_status st = GW_OK;

	/* The flag is no count: 0 says that another one for the same document
	 * follows. */
	for (size_t i = 0; i < s->count && st == GW_OK; i++)
		st = put_one_pass(
		    &s->one[i], s->form, i + 1 == s->count, to, why);
	return st;
}

static void
add_notation(struct sig_build *b, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		sig_build_notation(b, name, value);
}

static void
say_all(const struct seal_signing *q, struct sig_build *b)
{
	for (size_t i = 0; i < q->recipient_count; i++)
		sig_build_recipient(b, cert_primary(q->recipients[i]));
	add_notation(b, SIG_NOTATION_MESSAGE_ID, q->message_id);
	add_notation(b, SIG_NOTATION_FLOW, q->flow);
	add_notation(b, SIG_NOTATION_SEQUENCE, q->sequence);
}

/* Ask whoever has the private key for the numbers. */
static enum gw_status
ask_numbers(const struct signers *s, const struct signer *one,
    struct buf *numbers, struct why *why)
{
	const struct seal_signing *q = s->signing;
	const struct sig_build *b = &one->build;
	enum gw_status st = q->sign(q->sign_ctx, one->pk->hex,
	    b->hash_algorithm, b->digest, b->digest_len, numbers, why);

	if (st != GW_NONE)
		return st;
	why_set(why, REASON_KEY_UNUSABLE,
	    "the private half of signing key %s is not here", one->pk->hex);
	return GW_REFUSED;
}

static enum gw_status
make_signature(struct signers *s, struct signer *one, struct digests *d,
    struct buf *packet, struct why *why)
{
	struct sig_build *b = &one->build;
	struct buf numbers;
	gcry_md_hd_t md;
	enum gw_status st;

	say_all(s->signing, b);
	st = digests_running(
	    d, b->hash_algorithm, s->form, b->salt, b->salt_len, &md, why);
	if (st != GW_OK)
		return st;
	buf_init(&numbers, NUMBERS_MAX);
	st = sig_build_digest(b, md, why);
	if (st == GW_OK)
		st = ask_numbers(s, one, &numbers, why);
	if (st == GW_OK)
		st =
		    sig_build_finish(b, numbers.data, numbers.len, packet, why);
	buf_free(&numbers);
	gcry_md_close(md);
	return st;
}

static enum gw_status
put_signature(struct signers *s, struct signer *one, struct digests *d,
    struct sink *to, struct why *why)
{
	struct buf packet;
	enum gw_status st;

	buf_init(&packet, SIGNERS_PACKET_MAX);
	if ((st = make_signature(s, one, d, &packet, why)) == GW_OK)
		st = sink_put(to, packet.data, packet.len, why);
	buf_free(&packet);
	return st;
}

enum gw_status
signers_put_after(
    struct signers *s, struct digests *d, struct sink *to, struct why *why)
{
	enum gw_status st = GW_OK;

	for (size_t i = s->count; i > 0 && st == GW_OK; i--)
		st = put_signature(s, &s->one[i - 1], d, to, why);
	return st;
}

enum gw_status
signers_put(
    struct signers *s, struct digests *d, struct sink *to, struct why *why)
{
	enum gw_status st = GW_OK;

	for (size_t i = 0; i < s->count && st == GW_OK; i++)
		st = put_signature(s, &s->one[i], d, to, why);
	return st;
}
