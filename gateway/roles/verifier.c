/*
 * gateway/roles/verifier.c - re-reads a finished plaintext and decides.
 *
 * user		its own; may read the one descriptor of each document
 * peers	spooler
 * messages	VERIFY -> VERDICT; only a verdict leads to delivery
 * if taken	the attacker can pass or refuse documents, but neither change one
 *		(its descriptor only reads) nor reach a key, a file, the network
 */
#include "gateway/roles/roles.h"
#include "gateway/roles/worker.h"

#include "gateway/share.h"
#include "keys/messages/verify.h"
#include "keys/keys.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct verifier {
	struct trust *trust;
	const char **own;
	size_t own_count;
	unsigned clock_skew;
};

static void
load_own(struct verifier *v, const struct share_certificates *share)
{
	struct why why;

	why_set(&why, REASON_INTERNAL, "out of memory");
	v->own = calloc(share->own_count + 1, sizeof(*v->own));
	if (v->own == NULL)
		opening_fail("verifier", &why);
	for (size_t i = 0; i < share->own_count; i++) {
		struct cert *c;

		if (cert_parse(share->own[i].data, share->own[i].len, &c,
			&why) != GW_OK)
			opening_fail("verifier", &why);
		/* Only the fingerprint is needed from now on; the
		 * certificate stays alive behind it. */
		v->own[v->own_count++] = cert_fingerprint(c);
	}
}

static void
load_trust(struct verifier *v, struct opening *o)
{
	struct share_certificates share;
	struct why why;

	why_set(&why, REASON_INTERNAL, "the share cannot be read");
	if (!share_get_certificates(&o->share, &share))
		opening_fail("verifier", &why);
	v->clock_skew = share.clock_skew;
	v->trust = trust_new();
	load_own(v, &share);
	for (size_t i = 0; i < share.count; i++) {
		struct share_certificate *c = &share.item[i];
		struct cert *cert;

		if (cert_parse(c->bytes.data, c->bytes.len, &cert, &why) !=
			GW_OK ||
		    trust_add(v->trust, c->partner, cert, &why) != GW_OK)
			opening_fail("verifier", &why);
	}
	share_free_certificates(&share);
	buf_free(&o->share);
}

static bool
work(void *ctx, struct msg *m, struct job *job)
{
	const struct verifier *v = ctx;
	char partner[DOC_LABEL_SIZE];
	struct verify_request rq = { .trust = v->trust,
		.partner = partner,
		.own_fingerprints = v->own,
		.own_count = v->own_count,
		.when = time(NULL),
		.clock_skew = v->clock_skew };

	job->id = msg_get_docid(m);
	msg_get_text(m, partner, sizeof(partner));
	job->bytes = rq.plain_size = msg_get_u64(m);
	rq.signatures = msg_get_blob(m, &rq.signatures_len);
	job->in = msg_take_fd(m);
	if (!msg_done(m))
		return false;
	job->st = verify_document(&rq, job->in, job->result, &job->why);
	return true;
}

static void
answer(void *ctx, struct job *job, struct msg *m)
{
	const struct verify_result *r = job->result;
	char hex[SHA256_HEX_MAX];

	(void)ctx;
	msg_put_status(m, job->st);
	msg_put_text(m, r->signer);
	msg_put_text(m, r->signing_key);
	msg_put_u64(m, (uint64_t)r->signed_at);
	msg_put_text(m, hex_lower(r->plain_sha256, SHA256_LEN, hex));
	msg_put_text(m, r->message_id);
	msg_put_text(m, r->flow);
	msg_put_why(m, &job->why);
}

void
verifier_main(void)
{
	static struct verifier v;
	struct opening o;
	struct why why;

	opening_begin(ROLE_VERIFIER, &o);
	if (keys_init(0, &why) != GW_OK)
		opening_fail("verifier", &why);
	load_trust(&v, &o);
	opening_seclude_two(&o);
	worker_loop(&(struct worker){ .takes = MSG_VERIFY,
			.gives = MSG_VERDICT,
			.result_size = sizeof(struct verify_result),
			.ctx = &v,
			.work = work,
			.answer = answer },
	    &o);
}
