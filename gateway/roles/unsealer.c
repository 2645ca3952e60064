/*
 * gateway/roles/unsealer.c - decrypts one partner's messages; believes nothing.
 *
 * user		its own; may touch the two descriptors of each document
 * peers	spooler, keyholder (which unwraps the session key)
 * messages	UNSEAL -> UNSEALED; asks UNWRAP of keyholder
 * if taken	the attacker sees that one partner's plaintext; whatever it makes
 *		up is read again and refused by the verifier
 */
#include "gateway/roles/roles.h"
#include "gateway/roles/worker.h"

#include "keys/messages/unseal.h"
#include "keys/keys.h"

#include <string.h>
#include <unistd.h>

struct unsealer {
	struct chan keyholder;
};

static enum gw_status
ask_unwrap(void *ctx, const void *pkesk, size_t len, int seipd, int *algorithm,
    struct buf *session_key, struct why *why)
{
	const struct unsealer *u = ctx;
	enum gw_status st;
	const uint8_t *key;
	size_t n;
	struct msg m;

	if (len > MSG_BLOB_MAX)
		return GW_NONE;
	msg_begin(&m, MSG_UNWRAP, 0);
	msg_put_blob(&m, pkesk, len);
	msg_put_u32(&m, (uint32_t)seipd);
	if ((st = msg_send(&u->keyholder, &m, why)) != GW_OK ||
	    (st = msg_expect(&u->keyholder, MSG_UNWRAPPED, &m, why)) != GW_OK)
		_exit(1); /* without keyholder there is no work for us */
	st = msg_get_status(&m);
	*algorithm = (int)msg_get_u32(&m);
	key = msg_get_blob(&m, &n);
	msg_get_why(&m, why);
	if (!msg_done(&m) || (st == GW_OK && !buf_put(session_key, key, n)))
		st = GW_INTERNAL;
	return st;
}

static bool
work(void *ctx, struct msg *m, struct job *job)
{
	struct unseal_request rq = { .unwrap = ask_unwrap,
		.unwrap_ctx = ctx,
		.want_sha256 = true,
		.will_sync = true };
	struct unseal_result *result = job->result;

	job->id = msg_get_docid(m);
	rq.max_plain = msg_get_u64(m);
	job->in = msg_take_fd(m);
	job->out = msg_take_fd(m);
	if (!msg_done(m))
		return false;
	job->st = unseal_stream(&rq, job->in, job->out, result, &job->why);
	job->bytes = result->sealed_size;
	return true;
}

static void
answer(void *ctx, struct job *job, struct msg *m)
{
	struct unseal_result *r = job->result;
	bool ok = job->st == GW_OK;
	char hex[SHA256_HEX_MAX];

	(void)ctx;
	msg_put_status(m, job->st);
	msg_put_u64(m, r->plain_size);
	msg_put_u64(m, r->sealed_size);
	msg_put_text(m, hex_lower(r->sealed_sha256, SHA256_LEN, hex));
	msg_put_text(m, hex_lower(r->signed_sha256, SHA256_LEN, hex));
	msg_put_blob(m, r->name, strnlen(r->name, sizeof(r->name) - 1));
	msg_put_blob(m, r->signatures.data, ok ? r->signatures.len : 0);
	msg_put_why(m, &job->why);
	unseal_result_free(r);
}

void
unsealer_main(void)
{
	static struct unsealer u;
	struct opening o;
	struct why why;

	opening_begin(ROLE_UNSEALER, &o);
	if (keys_init(0, &why) != GW_OK)
		opening_fail("unsealer", &why);
	u.keyholder = o.keyholder;
	buf_free(&o.share);
	opening_seclude_two(&o);
	worker_loop(&(struct worker){ .takes = MSG_UNSEAL,
			.gives = MSG_UNSEALED,
			.sync_in = true,
			.result_size = sizeof(struct unseal_result),
			.ctx = &u,
			.work = work,
			.answer = answer },
	    &o);
}
