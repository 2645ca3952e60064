/*
 * gateway/roles/sealer.c - signs and encrypts what the spooler hands over.
 *
 * user		its own; may touch the two descriptors of each document
 * peers	spooler, keyholder (which makes the signature number)
 * messages	SEAL -> SEALED; asks SIGN of keyholder
 * if taken	the attacker sees plaintext of outbound documents and can have
 *		digests signed while it runs; no file, no network, no key
 */
#include "gateway/roles/roles.h"
#include "gateway/roles/worker.h"

#include "gateway/share.h"
#include "keys/messages/seal.h"
#include "keys/keys.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECIPIENTS_MAX 64

struct recipient {
	char partner[DOC_LABEL_SIZE];
	enum seal_container container;
	enum seal_post_quantum post_quantum;
	struct cert *cert;
};

struct sealer {
	struct chan keyholder;
	struct cert *own;
	struct recipient *recipient;
	size_t recipient_count;
};

static enum gw_status
ask_sign(void *ctx, const char *fingerprint, int hash_algorithm,
    const uint8_t *digest, size_t len, struct buf *out, struct why *why)
{
	const struct sealer *s = ctx;
	enum gw_status st;
	const uint8_t *signature;
	size_t n;
	struct msg m;

	msg_begin(&m, MSG_SIGN, 0);
	msg_put_text(&m, fingerprint);
	msg_put_u32(&m, (uint32_t)hash_algorithm);
	msg_put_blob(&m, digest, len);
	if ((st = msg_send(&s->keyholder, &m, why)) != GW_OK ||
	    (st = msg_expect(&s->keyholder, MSG_SIGNED, &m, why)) != GW_OK)
		_exit(1); /* without keyholder there is no work for us */
	st = msg_get_status(&m);
	signature = msg_get_blob(&m, &n);
	msg_get_why(&m, why);
	if (!msg_done(&m) || (st == GW_OK && !buf_put(out, signature, n)))
		st = GW_INTERNAL;
	return st;
}

/* Where libgcrypt cannot, no key can be preferred. */
static enum seal_container
container_of(enum config_aead aead)
{
	return aead == AEAD_NEVER      ? SEAL_SEIPD1
	       : aead == AEAD_LIBREPGP ? SEAL_LIBREPGP
				       : SEAL_AUTO;
}

static enum seal_post_quantum
wish_of(enum config_post_quantum pq)
{
	return pq == POST_QUANTUM_OFF       ? SEAL_PQ_OFF
	       : pq == POST_QUANTUM_REQUIRE ? SEAL_PQ_REQUIRE
					    : SEAL_PQ_PREFER;
}

static void
load_certificates(struct sealer *s, struct opening *o)
{
	struct share_certificates share;
	struct why why;

	why_set(&why, REASON_INTERNAL, "the share cannot be read");
	if (!share_get_certificates(&o->share, &share) || share.own_count == 0)
		opening_fail("sealer", &why);
	if (cert_parse(share.own[0].data, share.own[0].len, &s->own, &why) !=
	    GW_OK)
		opening_fail("sealer", &why);
	s->recipient = calloc(share.count + 1, sizeof(*s->recipient));
	if (s->recipient == NULL)
		opening_fail("sealer", &why);
	for (size_t i = 0; i < share.count; i++) {
		struct recipient *r = &s->recipient[s->recipient_count++];

		memcpy(r->partner, share.item[i].partner, sizeof(r->partner));
		r->container = container_of(share.item[i].aead);
		r->post_quantum = wish_of(share.item[i].post_quantum);
		if (cert_parse(share.item[i].bytes.data,
			share.item[i].bytes.len, &r->cert, &why) != GW_OK)
			opening_fail("sealer", &why);
	}
	share_free_certificates(&share);
	buf_free(&o->share);
}

/*
 * Encrypt to every certificate of the partner that can be encrypted to now;
 * one that expired yesterday beside a fresh one is a rotation, not an error.
 */
static size_t
choose(const struct sealer *s, const char *partner, const struct cert **to,
    struct seal_request *rq, struct why *why)
{
	time_t now = rq->signing.when;
	size_t n = 0;

	why_set(why, REASON_RECIPIENT_UNFIT, "%s has no certificate", partner);
	for (size_t i = 0; i < s->recipient_count; i++) {
		const struct recipient *r = &s->recipient[i];
		enum cert_use use = r->post_quantum == SEAL_PQ_OFF
					? CERT_ENCRYPT_CLASSIC
					: CERT_ENCRYPT;

		if (strcmp(r->partner, partner) != 0 || n == RECIPIENTS_MAX ||
		    cert_usable(r->cert, use, now, why) != GW_OK)
			continue;
		to[n++] = r->cert;
		rq->container = r->container;
		rq->post_quantum = r->post_quantum;
	}
	return n;
}

static bool
work(void *ctx, struct msg *m, struct job *job)
{
	struct sealer *s = ctx;
	char partner[DOC_LABEL_SIZE], flow[DOC_LABEL_SIZE], name[DOC_NAME_SIZE];
	const struct cert *to[RECIPIENTS_MAX];
	struct seal_result *result = job->result;
	const struct cert *own = s->own;
	struct seal_request rq = { .recipients = to,
		.name = name,
		.want_sha256 = true,
		.will_sync = true,
		.signing = { .signers = &own,
		    .signer_count = 1,
		    .message_id = job->id.text,
		    .flow = flow,
		    .when = time(NULL),
		    .sign = ask_sign,
		    .sign_ctx = s } };

	job->id = msg_get_docid(m);
	msg_get_text(m, partner, sizeof(partner));
	msg_get_text(m, flow, sizeof(flow));
	msg_get_text(m, name, sizeof(name));
	job->in = msg_take_fd(m);
	job->out = msg_take_fd(m);
	if (!msg_done(m))
		return false;
	rq.recipient_count = choose(s, partner, to, &rq, &job->why);
	job->st = GW_REFUSED;
	if (rq.recipient_count > 0)
		job->st =
		    seal_stream(&rq, job->in, job->out, result, &job->why);
	if (job->st == GW_REFUSED && rq.recipient_count > 0 &&
	    job->why.reason == REASON_RECIPIENT_UNFIT)
		why_prefix(&job->why, "partner %s", partner);
	job->bytes = result->plain_size;
	return true;
}

static void
answer(void *ctx, struct job *job, struct msg *m)
{
	const struct seal_result *r = job->result;
	char hex[SHA256_HEX_MAX];

	(void)ctx;
	msg_put_status(m, job->st);
	msg_put_u64(m, r->plain_size);
	msg_put_u64(m, r->sealed_size);
	msg_put_text(m, hex_lower(r->plain_sha256, SHA256_LEN, hex));
	msg_put_text(m, hex_lower(r->sealed_sha256, SHA256_LEN, hex));
	msg_put_text(m, r->signer);
	msg_put_why(m, &job->why);
}

void
sealer_main(void)
{
	static struct sealer s;
	struct opening o;
	struct why why;

	opening_begin(ROLE_SEALER, &o);
	if (keys_init(0, &why) != GW_OK)
		opening_fail("sealer", &why);
	s.keyholder = o.keyholder;
	load_certificates(&s, &o);
	opening_seclude_two(&o);
	worker_loop(&(struct worker){ .takes = MSG_SEAL,
			.gives = MSG_SEALED,
			.result_size = sizeof(struct seal_result),
			.ctx = &s,
			.work = work,
			.answer = answer },
	    &o);
}
