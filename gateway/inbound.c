/*
 * gateway/inbound.c - the journey of a document from a partner.
 *
 * Read from top to bottom.  Nothing that a message says about itself counts
 * before the verifier has re-read the plaintext; nothing is delivered but by
 * accept.c.
 *
 *	found -> claimed -+-> unsealed -> passed -> delivered
 *	fetched -> landed +       |          |
 *	                  |       |          +-> duplicate
 *	                  +-------+-> quarantined
 */
#include "gateway/inbound.h"

#include "gateway/accept.h"
#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "gateway/intake.h"
#include "gateway/item.h"
#include "gateway/report.h"
#include "gateway/route.h"
#include "spool/aside.h"
#include "spool/durable.h"
#include "spool/land.h"
#include "spool/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEATHS_MAX 3

static void land(struct spooler *, struct item *);
static void unseal(struct spooler *, struct item *);
static void verify(struct spooler *, struct item *);
static void inspect(struct spooler *, struct item *);
static void judge(struct spooler *, struct item *, const char *signed_flow);
static void pass(struct spooler *, struct item *);
static void quarantine(struct spooler *, struct item *);

/* 1. A finished upload.  It gets a name in the ledger before it is touched. */

void
inbound_found(
    struct spooler *sp, struct intake *in, const struct watch_find *find)
{
	struct item *item = item_new(sp, in->partner, DOC_IN);
	struct doc *doc = &item->doc;
	struct why why;

	item->intake = in;
	in->held++;
	item->find = *find;
	doc->sealed_size = find->size;
	if (name_check(find->name, strlen(find->name), &why))
		snprintf(doc->file, sizeof(doc->file), "%s", find->name);
	else
		snprintf(doc->file, sizeof(doc->file), "%s.pgp", doc->id.text);
	route_inbound_name(doc, NULL);
	item_insert(sp, item, "received", NULL);
	round_then(sp, item, land);
}

static void
turn_away(struct spooler *sp, struct item *item)
{
	if (!intake_turn_away(sp, item, turn_away))
		return;
	item_change(sp, item, DOC_QUARANTINED, "quarantined",
	    reason_code(item->doc.why.reason));
	round_then(sp, item, item_free);
}

static void
land(struct spooler *sp, struct item *item)
{
	enum gw_status st;
	struct why why;

	if (item->find.refused) {
		item_why(item, &item->find.why);
		turn_away(sp, item);
		return;
	}
	st = land_take(sp->spool, &item->find, item->doc.id, &item->fd,
	    &item->doc.sealed_size, &why);
	switch (st) {
	case GW_OK:
		unseal(sp, item);
		break;
	case GW_NONE:
	case GW_AGAIN:
		intake_leave(sp, item, st, &why);
		break;
	case GW_REFUSED:
		item_why(item, &why);
		quarantine(sp, item);
		break;
	default:
		spooler_fail("land", &why);
	}
}

void
inbound_landed(struct spooler *sp, struct item *item)
{
	unseal(sp, item);
}

/* 2. Decrypted by a process that serves this partner alone. */

static void
unseal(struct spooler *sp, struct item *item)
{
	(void)sp;
	pool_submit(&item->partner->unsealers, item);
}

static enum gw_status
ask_unseal(struct spooler *sp, struct item *item, struct msg *m)
{
	enum gw_status st = GW_OK;
	struct why why;

	if (item->fd < 0)
		st = spool_read(
		    sp->spool, DIR_LANDED, item->doc.id, &item->fd, &why);
	if (st == GW_OK)
		st = durable_begin(
		    sp->spool, DIR_PLAIN, item->doc.id, &item->out, &why);
	if (st != GW_OK) {
		item_why(item, &why);
		item_retry(sp, item, unseal);
		return st;
	}
	msg_begin(m, MSG_UNSEAL, m->ref);
	msg_put_docid(m, item->doc.id);
	msg_put_u64(m, route_max_size(item->partner->config));
	msg_put_fd(m, item->fd);
	msg_put_fd(m, item->out);
	return GW_OK;
}

static bool
keep_signatures(struct item *item, const uint8_t *p, size_t len)
{
	buf_reset(&item->signatures);
	return buf_put(&item->signatures, p, len);
}

static void
done_unseal(struct spooler *sp, struct item *item, struct msg *m)
{
	struct doc *doc = &item->doc;
	const uint8_t *name, *signatures;
	size_t name_len, signatures_len;
	enum gw_status st;
	struct why why;

	st = msg_get_status(m);
	doc->plain_size = msg_get_u64(m);
	doc->sealed_size = msg_get_u64(m);
	msg_get_text(m, doc->sealed_sha256, sizeof(doc->sealed_sha256));
	msg_get_text(m, item->signed_sha256, sizeof(item->signed_sha256));
	name = msg_get_blob(m, &name_len);
	signatures = msg_get_blob(m, &signatures_len);
	msg_get_why(m, &why);
	free(item->literal);
	item->literal = strndup((const char *)name, name_len);
	if (!msg_done(m) || item->literal == NULL ||
	    !keep_signatures(item, signatures, signatures_len))
		st = GW_INTERNAL;
	if (st == GW_OK)
		st = durable_publish(sp->spool, DIR_PLAIN, doc->id, &why);
	if (st == GW_OK) {
		item_change(sp, item, DOC_UNSEALED, "unsealed", NULL);
		verify(sp, item);
		return;
	}
	durable_abandon(sp->spool, DIR_PLAIN, doc->id);
	item_why(item, &why);
	if (st == GW_REFUSED)
		quarantine(sp, item);
	else
		item_retry(sp, item, unseal);
}

/* A worker that ends counts against what it worked on, whichever step. */
static void
died(struct spooler *sp, struct item *item, round_fn again)
{
	item->alone = true;
	if (item->doc.attempts >= DEATHS_MAX) {
		why_set(&item->doc.why, REASON_WORKER_DIED,
		    "%u workers ended on this document", item->doc.attempts);
		quarantine(sp, item);
		return;
	}
	item->doc.attempts++;
	item_change(sp, item, item->doc.state, "worker-died", NULL);
	round_then(sp, item, again);
}

static void
died_unseal(struct spooler *sp, struct item *item)
{
	durable_abandon(sp->spool, DIR_PLAIN, item->doc.id);
	died(sp, item, unseal);
}

const struct pool_kind inbound_unsealing = {
	.role = ROLE_UNSEALER,
	.gives = MSG_UNSEALED,
	.batch = 32,
	.brief = true,
	.ask = ask_unseal,
	.done = done_unseal,
	.died = died_unseal,
};

/* 3. Proven by a process that did not parse the message. */

static void
verify(struct spooler *sp, struct item *item)
{
	pool_submit(&sp->verifiers, item);
}

static enum gw_status
ask_verify(struct spooler *sp, struct item *item, struct msg *m)
{
	struct why why;
	enum gw_status st;

	fd_close(&item->fd);
	st = spool_read(sp->spool, DIR_PLAIN, item->doc.id, &item->fd, &why);
	/* The verdict is about what the file holds for good: whoever could
	 * still write to it would make it worthless. */
	if (st == GW_OK && lease_ask(item->fd) == LEASE_WRITER) {
		why_set(&why, REASON_STILL_WRITTEN,
		    "the unsealer has not let go of the plaintext");
		st = GW_AGAIN;
	}
	if (st != GW_OK) {
		item_why(item, &why);
		item_retry(sp, item, verify);
		return st;
	}
	msg_begin(m, MSG_VERIFY, m->ref);
	msg_put_docid(m, item->doc.id);
	msg_put_text(m, item->doc.partner);
	msg_put_u64(m, item->doc.plain_size);
	msg_put_blob(m, item->signatures.data, item->signatures.len);
	msg_put_fd(m, item->fd);
	return GW_OK;
}

static void
done_verify(struct spooler *sp, struct item *item, struct msg *m)
{
	struct doc *doc = &item->doc;
	char signed_flow[DOC_LABEL_SIZE];
	enum gw_status st;
	struct why why;

	st = msg_get_status(m);
	msg_get_text(m, doc->signer, sizeof(doc->signer));
	msg_get_text(m, item->signing_key, sizeof(item->signing_key));
	(void)msg_get_u64(m); /* signed_at: in the message itself */
	msg_get_text(m, doc->plain_sha256, sizeof(doc->plain_sha256));
	msg_get_text(m, doc->message_id, sizeof(doc->message_id));
	msg_get_text(m, signed_flow, sizeof(signed_flow));
	msg_get_why(m, &why);
	if (!msg_done(m))
		st = GW_INTERNAL;
	if (st == GW_OK) {
		judge(sp, item, signed_flow);
		return;
	}
	item_why(item, &why);
	if (st == GW_REFUSED)
		quarantine(sp, item);
	else
		item_retry(sp, item, verify);
}

static void
died_verify(struct spooler *sp, struct item *item)
{
	died(sp, item, verify);
}

const struct pool_kind inbound_verifying = {
	.role = ROLE_VERIFIER,
	.gives = MSG_VERDICT,
	.batch = 32,
	.ask = ask_verify,
	.done = done_verify,
	.died = died_verify,
};

/* 4. Known already?  Which flow?  Within its limits? */

static void
drop_duplicate(struct spooler *sp, struct item *item)
{
	struct why why;

	if (spool_remove(sp->spool, DIR_LANDED, item->doc.id, &why) != GW_OK ||
	    spool_remove(sp->spool, DIR_PLAIN, item->doc.id, &why) != GW_OK)
		spooler_fail("inbound", &why);
	item_free(sp, item);
}

/* True: the document is settled, one way or the other. */
static bool
seen_before(struct spooler *sp, struct item *item)
{
	struct doc *doc = &item->doc, first;
	struct why why;

	/* Plain gpg sends no message-id: name and signatures identify it.  The
	 * sealed bytes would not: anybody on the way can wrap them anew. */
	if (doc->message_id[0] == '\0')
		snprintf(doc->message_id, sizeof(doc->message_id), "%s",
		    item->signed_sha256);
	switch (ledger_find_message(
	    sp->ledger, doc->partner, doc->message_id, &first, &why)) {
	case GW_NONE:
		return false;
	case GW_OK:
		break;
	default:
		spooler_fail("ledger", &why);
	}
	if (strcmp(first.plain_sha256, doc->plain_sha256) == 0) {
		item_change(
		    sp, item, DOC_DUPLICATE, "duplicate", first.id.text);
		round_then(sp, item, drop_duplicate);
	} else {
		why_set(&why, REASON_DUPLICATE_ID,
		    "the message id %s came as %s with other content",
		    doc->message_id, first.id.text);
		item_why(item, &why);
		quarantine(sp, item);
	}
	return true;
}

static void
judge(struct spooler *sp, struct item *item, const char *signed_flow)
{
	const struct config_partner *p = item->partner->config;
	struct doc *doc = &item->doc;
	struct why why;

	if (seen_before(sp, item))
		return;
	route_inbound_name(doc, item->literal);
	item->flow = route_flow(p, signed_flow, doc->name, &why);
	if (item->flow != NULL && item->flow->max_size != 0 &&
	    doc->plain_size > item->flow->max_size) {
		why_set(&why, REASON_TOO_LARGE,
		    "%llu bytes; the flow %s takes %llu",
		    (unsigned long long)doc->plain_size, item->flow->name,
		    (unsigned long long)item->flow->max_size);
		item->flow = NULL;
	}
	if (item->flow == NULL) {
		item_why(item, &why);
		quarantine(sp, item);
		return;
	}
	memcpy(doc->flow, item->flow->name, sizeof(doc->flow));
	if (item->flow->content == CONTENT_ANY)
		pass(sp, item);
	else
		inspect(sp, item);
}

/* 5. The content, by a process that lives for this document alone. */

static void
inspect(struct spooler *sp, struct item *item)
{
	pool_submit(&sp->inspectors, item);
}

static enum gw_status
ask_inspect(struct spooler *sp, struct item *item, struct msg *m)
{
	enum gw_status st;
	struct why why;

	fd_close(&item->fd);
	st = spool_read(sp->spool, DIR_PLAIN, item->doc.id, &item->fd, &why);
	if (st != GW_OK) {
		item_why(item, &why);
		item_retry(sp, item, inspect);
		return st;
	}
	msg_begin(m, MSG_INSPECT, m->ref);
	msg_put_docid(m, item->doc.id);
	msg_put_u32(m, (uint32_t)item->flow->content);
	msg_put_u64(m, item->doc.plain_size);
	msg_put_fd(m, item->fd);
	return GW_OK;
}

static void
done_inspect(struct spooler *sp, struct item *item, struct msg *m)
{
	enum gw_status st;
	struct why why;

	st = msg_get_status(m);
	msg_get_why(m, &why);
	if (!msg_done(m))
		st = GW_INTERNAL;
	if (st == GW_OK) {
		/* Its twin may have passed while this one was inspected. */
		if (!seen_before(sp, item))
			pass(sp, item);
		return;
	}
	item_why(item, &why);
	if (st == GW_REFUSED)
		quarantine(sp, item);
	else
		item_retry(sp, item, inspect);
}

static void
died_inspect(struct spooler *sp, struct item *item)
{
	died(sp, item, inspect);
}

const struct pool_kind inbound_inspecting = {
	.role = ROLE_INSPECTOR,
	.gives = MSG_INSPECTED,
	.batch = 1,
	.once = true,
	.ask = ask_inspect,
	.done = done_inspect,
	.died = died_inspect,
};

/* 6. Proven and fit.  The committed row is what accept.c goes by. */

/* A partner's key is seen for the first time: expected when he changed it,
 * and worth a question when he did not. */
static void
note_key(struct spooler *sp, struct item *item)
{
	struct partner *p = item->partner;
	struct why why;
	bool first;

	if (strcmp(p->signing_key, item->signing_key) == 0)
		return;
	if (ledger_note_key(sp->ledger, item->doc.partner, item->signing_key,
		&first, &why) != GW_OK)
		spooler_fail("ledger", &why);
	snprintf(
	    p->signing_key, sizeof(p->signing_key), "%s", item->signing_key);
	if (first)
		item_change(
		    sp, item, DOC_PASSED, "first-use-of-key", p->signing_key);
}

static void
pass(struct spooler *sp, struct item *item)
{
	item->doc.why.reason = REASON_NONE;
	item->doc.why.text[0] = '\0';
	item_change(sp, item, DOC_PASSED, "verified", item->doc.signer);
	note_key(sp, item);
	round_then(sp, item, accept_document);
}

/* 6b. Refused: kept as it came, with the reason, where nobody trips over it. */

static void
quarantine(struct spooler *sp, struct item *item)
{
	char *json = report_reason(sp->config, &item->doc);
	enum gw_status st;
	struct why why;

	fd_close(&item->fd);
	st = aside_quarantine(sp->spool, &item->doc, json, &why);
	free(json);
	if (st != GW_OK) {
		log_line(LOG_LEVEL_WARN, item->doc.id.text, "inbound",
		    "quarantine-failed", "text=\"%s\"", why.text);
		item_retry(sp, item, quarantine);
		return;
	}
	item_change(sp, item, DOC_QUARANTINED, "quarantined",
	    reason_code(item->doc.why.reason));
	round_then(sp, item, item_free);
}

/* After a restart. */

/* The end of a whole gateway is no document's fault and is not counted; one
 * that workers died on before goes on travelling alone. */
static void
resume_unseal(struct spooler *sp, struct item *item)
{
	item->alone = item->doc.attempts > 1;
	unseal(sp, item);
}

void
inbound_resume(struct spooler *sp, struct item *item)
{
	switch (item->doc.state) {
	case DOC_CLAIMED:
	case DOC_LANDED:
		resume_unseal(sp, item);
		break;
	case DOC_PASSED:
		accept_document(sp, item);
		break;
	default:
		item_free(sp, item);
	}
}
