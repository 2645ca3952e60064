/* keys/messages/seal.c - sign, then encrypt, in one pass and constant memory. */
#include "keys/messages/seal.h"

#include "keys/algorithms/pq.h"
#include "keys/messages/container.h"
#include "keys/messages/document.h"
#include "keys/messages/packer.h"
#include "keys/messages/signers.h"
#include "keys/messages/wrap.h"

#include <string.h>

struct seal {
	const struct seal_request *request;
	struct seal_result *result;
	struct seal_signing signing; /* the request's, with its recipients */
	struct signers signers;
	struct digests *digests;
	struct document document;
	struct sink_fd out;
	struct container container;
	struct packer packer;
	bool packed;
};

/* RFC 9580, 13.7: version 2 only if every recipient says that he reads it. */
static bool
all_read_aead(const struct seal_request *q)
{
	if (q->recipient_count == 0)
		return q->argon2;
	for (size_t i = 0; i < q->recipient_count; i++)
		if (!cert_reads_seipd2(q->recipients[i], q->signing.when))
			return false;
	return true;
}

static enum container_kind
choose_container(const struct seal_request *q)
{
	switch (q->container) {
	case SEAL_SEIPD1:
		return CONTAINER_SEIPD1;
	case SEAL_SEIPD2:
		return CONTAINER_SEIPD2;
	case SEAL_LIBREPGP:
		return CONTAINER_LIBREPGP;
	case SEAL_AUTO:
		break;
	}
	return all_read_aead(q) ? CONTAINER_SEIPD2 : CONTAINER_SEIPD1;
}

/* Whoever signs, and what is to be hashed for that and for the result. */
static enum gw_status
prepare(struct seal *s, int in, struct why *why)
{
	const struct seal_request *q = s->request;
	enum gw_status st;

	s->signing = q->signing;
	s->signing.recipients = q->recipients;
	s->signing.recipient_count = q->recipient_count;
	st = signers_choose(&s->signers, &s->signing,
	    q->signing.text ? DIGESTS_TEXT : DIGESTS_BINARY, why);
	if (st != GW_OK)
		return st;
	if (s->signers.count > 0)
		memcpy(s->result->signer, s->signers.one[0].pk->hex,
		    sizeof(s->result->signer));
	if ((st = digests_new(&s->digests, why)) != GW_OK)
		return st;
	if (q->want_sha256)
		st = digests_want(
		    s->digests, PACKET_SHA256, DIGESTS_BINARY, NULL, 0, why);
	if (st == GW_OK)
		st = signers_want(&s->signers, s->digests, why);
	if (st == GW_OK)
		st = document_open(&s->document, in, s->digests, why);
	if (st == GW_OK)
		s->packed = q->compress && document_shrinks(&s->document);
	return st;
}

/* At most so much will be encrypted: the document and what frames it. */
static uint64_t
plain_hint(const struct seal *s)
{
	uint64_t n = s->document.left;

	if (n > UINT64_MAX / 2)
		return UINT64_MAX;
	n += DOCUMENT_FRAME_MAX + s->signers.count * SIGNERS_PACKET_MAX;
	return s->packed ? PACKER_MAX(n) : n;
}

static enum gw_status
tell_key(struct seal *s, const struct buf *key, struct why *why)
{
	struct buf *to = &s->result->session_key;

	s->result->session_cipher = cipher_of_len(key->len);
	if (to->max == 0 || buf_put(to, key->data, key->len))
		return GW_OK;
	why_set(why, REASON_INTERNAL, "no room for the session key");
	return GW_INTERNAL;
}

static enum gw_status
open_container(struct seal *s, enum container_kind kind, const struct buf *key,
    int out, struct why *why)
{
	const struct sink_form form = {
		.label = s->request->armored ? ARMOR_MESSAGE : NULL,
		.sum = kind != CONTAINER_SEIPD2, /* RFC 9580, 6.1 */
		.digest = s->request->want_sha256,
		.push = s->request->will_sync,
		/* CFB is serial: the slowest part by far. */
		.aside = kind == CONTAINER_SEIPD1,
	};
	struct buf esks;
	enum gw_status st;

	buf_init(&esks, WRAP_TOTAL_MAX);
	st = wrap_for_all(s->request, kind, key, &esks, why);
	if (st == GW_OK)
		st = sink_fd_open(&s->out, out, &form, why);
	if (st == GW_OK)
		st = container_open(&s->container, &s->out, kind, key, &esks,
		    plain_hint(s), why);
	buf_free(&esks);
	return st;
}

/* A fresh session key, encrypted to everybody, and the packets begun. */
static enum gw_status
begin(struct seal *s, int out, struct why *why)
{
	enum container_kind kind = choose_container(s->request);
	size_t len = cipher_key_len(wrap_cipher(s->request, kind));
	struct buf key;
	uint8_t *to;
	enum gw_status st = GW_AGAIN;

	s->result->aead = kind != CONTAINER_SEIPD1;
	buf_init_secret(&key, len);
	why_set(why, REASON_INTERNAL, "no memory for a session key");
	if ((to = buf_room(&key, len)) != NULL) {
		gcry_randomize(to, len, GCRY_STRONG_RANDOM);
		buf_grew(&key, len);
		st = open_container(s, kind, &key, out, why);
	}
	if (st == GW_OK && s->packed)
		st = packer_open(&s->packer, &s->container.sink, why);
	if (st == GW_OK)
		st = tell_key(s, &key, why);
	buf_free(&key);
	return st;
}

static enum gw_status
put_all(struct seal *s, struct why *why)
{
	const struct seal_request *q = s->request;
	struct sink *to = s->packed ? &s->packer.sink : &s->container.sink;
	enum gw_status st;

	if ((st = signers_put_one_pass(&s->signers, to, why)) != GW_OK ||
	    (st = document_put(&s->document, to, q->format, q->name,
		 q->signing.when, why)) != GW_OK ||
	    (st = signers_put_after(&s->signers, s->digests, to, why)) != GW_OK)
		return st;
	if (s->packed && (st = sink_end(to, why)) != GW_OK)
		return st;
	return sink_end(&s->container.sink, why);
}

static void
tell_sizes(struct seal *s)
{
	struct seal_result *r = s->result;

	r->plain_size = s->document.size;
	r->sealed_size = s->out.total;
	if (!s->request->want_sha256)
		return;
	digests_sha256(s->digests, r->plain_sha256);
	sink_fd_sha256(&s->out, r->sealed_sha256);
}

/* Whoever reads from a room goes before the room does. */
static void
seal_close(struct seal *s)
{
	digests_free(s->digests);
	if (s->out.sink.take != NULL)
		sink_fd_close(&s->out);
	if (s->packer.to != NULL)
		packer_close(&s->packer);
	if (s->container.to != NULL)
		container_close(&s->container);
	signers_close(&s->signers);
}

enum gw_status
seal_stream(const struct seal_request *request, int in, int out,
    struct seal_result *result, struct why *why)
{
	struct seal s = { .request = request, .result = result };
	struct buf session_key = result->session_key;
	enum gw_status st;

	memset(result, 0, sizeof(*result));
	result->session_key = session_key;
	if ((st = prepare(&s, in, why)) == GW_OK &&
	    (st = begin(&s, out, why)) == GW_OK &&
	    (st = put_all(&s, why)) == GW_OK)
		tell_sizes(&s);
	seal_close(&s);
	return st;
}

enum gw_status
seal_can_post_quantum(struct why *why)
{
	return pq_possible(PACKET_MLKEM768_X25519, why);
}
