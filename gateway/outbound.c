/*
 * gateway/outbound.c - the journey of a document to a partner.
 *
 * Read from top to bottom.  Each step ends in a row of the ledger; what
 * depends on that row waits for the round's commit (round_then).
 *
 *	found -> claimed -> sealed = accepted -> sending -> sent -> closed
 *	            |                   ^           |
 *	            +-> returned        +-----------+-> held
 */
#include "gateway/outbound.h"

#include "gateway/base/log.h"
#include "gateway/intake.h"
#include "gateway/item.h"
#include "gateway/report.h"
#include "gateway/route.h"
#include "gateway/schedule.h"
#include "spool/archive.h"
#include "spool/aside.h"
#include "spool/claim.h"
#include "spool/durable.h"
#include "spool/statusfile.h"

#include <stdlib.h>
#include <string.h>

#define DEATHS_MAX 3

static void claim(struct spooler *, struct item *);
static void seal(struct spooler *, struct item *);
static void give_back(struct spooler *, struct item *);
static void given_back(struct spooler *, struct item *);

/* Tell the internal system; a copy of the ledger, so a failure is no loss. */
static void
tell_status(struct spooler *sp, struct item *item, const char *stage)
{
	char *json = report_status(sp->config, &item->doc, stage);
	struct why why;

	if (statusfile_write(sp->spool, item->doc.partner, item->doc.id, json,
		&why) != GW_OK)
		log_line(LOG_LEVEL_WARN, item->doc.id.text, "outbound",
		    "status-file", "text=\"%s\"", why.text);
	free(json);
}

/* Most documents are sent within a moment; "accepted" is for the others, and
 * costs each of them a file. */
void
outbound_tell_waiting(struct spooler *sp, struct item *item)
{
	if (!item->told)
		tell_status(sp, item, "accepted");
	item->told = true;
}

/* 1. A finished file.  It gets a name in the ledger before it is touched. */

void
outbound_found(
    struct spooler *sp, struct intake *in, const struct watch_find *find)
{
	struct item *item = item_new(sp, in->partner, DOC_OUT);
	struct doc *doc = &item->doc;

	item->intake = in;
	in->held++;
	item->flow = in->flow;
	item->find = *find;
	doc->plain_size = find->size;
	memcpy(doc->flow, in->flow->name, sizeof(doc->flow));
	route_name(doc, find->name);
	item_insert(sp, item, "claimed", NULL);
	round_then(sp, item, claim);
}

/* A refused find never comes into our care: it is moved aside as it is. */
static void
turn_away(struct spooler *sp, struct item *item)
{
	if (!intake_turn_away(sp, item, turn_away))
		return;
	item_change(sp, item, DOC_RETURNED, "returned",
	    reason_code(item->doc.why.reason));
	round_then(sp, item, given_back);
}

static void
claim(struct spooler *sp, struct item *item)
{
	enum gw_status st;
	struct why why;

	if (item->find.refused) {
		item_why(item, &item->find.why);
		turn_away(sp, item);
		return;
	}
	st = claim_take(sp->spool, &item->find, item->doc.id, &item->fd,
	    &item->doc.plain_size, &why);
	switch (st) {
	case GW_OK:
		seal(sp, item);
		break;
	case GW_NONE:
	case GW_AGAIN:
		intake_leave(sp, item, st, &why);
		break;
	case GW_REFUSED:
		item_why(item, &why);
		give_back(sp, item);
		break;
	default:
		spooler_fail("claim", &why);
	}
}

/* 2. Signed and encrypted, once: every try sends the same bytes. */

static void
seal(struct spooler *sp, struct item *item)
{
	pool_submit(&sp->sealers, item);
}

static enum gw_status
ask_seal(struct spooler *sp, struct item *item, struct msg *m)
{
	enum gw_status st = GW_OK;
	struct why why;

	if (item->fd < 0)
		st = spool_read(
		    sp->spool, DIR_WORK, item->doc.id, &item->fd, &why);
	if (st == GW_OK)
		st = durable_begin(
		    sp->spool, DIR_SEALED, item->doc.id, &item->out, &why);
	if (st != GW_OK) {
		item_why(item, &why);
		item_retry(sp, item, seal);
		return st;
	}
	msg_begin(m, MSG_SEAL, m->ref);
	msg_put_docid(m, item->doc.id);
	msg_put_text(m, item->doc.partner);
	msg_put_text(m, item->doc.flow);
	msg_put_text(m, item->doc.name);
	msg_put_fd(m, item->fd);
	msg_put_fd(m, item->out);
	return GW_OK;
}

/* 3. Accepted: durable in our store and in the ledger.  Only now may the
 * original go and anybody be told. */

static void
accepted(struct spooler *sp, struct item *item)
{
	struct why why;

	if (spool_remove(sp->spool, DIR_WORK, item->doc.id, &why) != GW_OK)
		spooler_fail("outbound", &why);
	if (item->intake != NULL)
		item->intake->held--;
	item->intake = NULL;
	schedule_offer(sp, item);
}

static void
done_seal(struct spooler *sp, struct item *item, struct msg *m)
{
	struct doc *doc = &item->doc;
	enum gw_status st;
	struct why why;

	st = msg_get_status(m);
	doc->plain_size = msg_get_u64(m);
	doc->sealed_size = msg_get_u64(m);
	msg_get_text(m, doc->plain_sha256, sizeof(doc->plain_sha256));
	msg_get_text(m, doc->sealed_sha256, sizeof(doc->sealed_sha256));
	msg_get_text(m, doc->signer, sizeof(doc->signer));
	msg_get_why(m, &why);
	if (!msg_done(m))
		st = GW_INTERNAL;
	if (st == GW_OK)
		st = durable_publish(sp->spool, DIR_SEALED, doc->id, &why);
	if (st == GW_OK) {
		doc->attempts = 0;
		doc->why.reason = REASON_NONE;
		doc->why.text[0] = '\0';
		route_remote_name(item->flow, doc);
		item_change(sp, item, DOC_SEALED, "sealed", doc->plain_sha256);
		round_then(sp, item, accepted);
		return;
	}
	durable_abandon(sp->spool, DIR_SEALED, doc->id);
	item_why(item, &why);
	if (st == GW_REFUSED)
		give_back(sp, item);
	else
		item_retry(sp, item, seal);
}

static void
died_seal(struct spooler *sp, struct item *item)
{
	durable_abandon(sp->spool, DIR_SEALED, item->doc.id);
	item->alone = true;
	if (item->doc.attempts >= DEATHS_MAX) {
		why_set(&item->doc.why, REASON_WORKER_DIED,
		    "%u sealers ended on this document", item->doc.attempts);
		give_back(sp, item);
		return;
	}
	item->doc.attempts++;
	item_change(sp, item, DOC_CLAIMED, "worker-died", NULL);
	round_then(sp, item, seal);
}

const struct pool_kind outbound_sealing = {
	.role = ROLE_SEALER,
	.gives = MSG_SEALED,
	.batch = 32,
	.ask = ask_seal,
	.done = done_seal,
	.died = died_seal,
};

/* 2b. Not acceptable: back to where its owner will find it, and why. */

static void
given_back(struct spooler *sp, struct item *item)
{
	tell_status(sp, item, "failed");
	item_free(sp, item);
}

static void
give_back(struct spooler *sp, struct item *item)
{
	char *json = report_reason(sp->config, &item->doc);
	enum gw_status st;
	struct why why;

	st = aside_return(sp->spool, &item->doc, json, &why);
	free(json);
	if (st != GW_OK) {
		log_line(LOG_LEVEL_WARN, item->doc.id.text, "outbound",
		    "return-failed", "text=\"%s\"", why.text);
		item_retry(sp, item, give_back);
		return;
	}
	item_change(sp, item, DOC_RETURNED, "returned",
	    reason_code(item->doc.why.reason));
	round_then(sp, item, given_back);
}

/* 4. To the partner.  The attempt is in the ledger before a byte leaves. */

static void
give_to_courier(struct spooler *sp, struct item *item)
{
	struct link *l = &item->partner->send;
	struct doc *doc = &item->doc;
	char temp[DOC_FILE_SIZE];
	struct why why;
	struct msg m;

	if (l->item[item->place] != item)
		return; /* the line broke meanwhile; cut() has taken it back */
	if (spool_read(sp->spool, DIR_SEALED, doc->id, &item->fd, &why) !=
	    GW_OK)
		spooler_fail("outbound", &why);
	snprintf(temp, sizeof(temp), ".%s.part", doc->id.text);
	msg_begin(&m, MSG_SEND, item->place);
	msg_put_docid(&m, doc->id);
	msg_put_text(&m, temp);
	msg_put_text(&m, doc->file);
	msg_put_u64(&m, doc->sealed_size);
	msg_put_u32(&m, item->retry);
	msg_put_fd(&m, item->fd);
	link_send(l, item, &m);
}

static void
feed(struct spooler *sp, struct partner *p)
{
	struct item *item;

	while (link_has_room(&p->send) && !sp->stopping &&
	       (item = schedule_take(sp, p)) != NULL) {
		item->doc.attempts++;
		link_reserve(&p->send, item);
		item_change(sp, item, DOC_SENDING, "sending", NULL);
		round_then(sp, item, give_to_courier);
	}
}

/* 5. The partner's server has it, proven by size under its final name. */

static void
keep(struct spooler *sp, struct item *item)
{
	struct why why;

	tell_status(sp, item, "sent");
	if (archive_keep(sp->spool, item->doc.id, &why) != GW_OK)
		spooler_fail("archive", &why);
	item_change(sp, item, DOC_CLOSED, "closed", NULL);
	round_then(sp, item, item_free);
}

static void
wait_again(struct spooler *sp, struct item *item)
{
	outbound_tell_waiting(sp, item);
	item->partner->waiting++;
	item_free(sp, item);
}

static void
try_later(struct spooler *sp, struct item *item, const struct why *why,
    int64_t next_try_ms)
{
	item_why(item, why);
	item->doc.next_try_ms = next_try_ms;
	item_change(
	    sp, item, DOC_SEALED, "try-failed", reason_code(why->reason));
	round_then(sp, item, wait_again);
}

/* Would the next document meet the same?  Then the partner pauses, not each
 * document for itself. */
static bool
concerns_all(enum gw_reason reason)
{
	return reason == REASON_REMOTE_FOLDER || reason == REASON_REMOTE_FULL ||
	       reason == REASON_REMOTE_DENIED;
}

static void
answered(struct spooler *sp, struct item *item, struct msg *m)
{
	struct doc *doc = &item->doc;
	enum gw_status st;
	struct why why;

	st = msg_get_status(m);
	msg_get_why(m, &why);
	if (!msg_done(m))
		st = GW_INTERNAL;
	if (st == GW_OK) {
		link_moved(&item->partner->send);
		doc->why.reason = REASON_NONE;
		doc->why.text[0] = '\0';
		doc->next_try_ms = 0;
		item_change(sp, item, DOC_SENT, "sent", doc->file);
		round_then(sp, item, keep);
	} else if (st == GW_REFUSED) {
		item_why(item, &why);
		outbound_hold(sp, item);
	} else {
		if (concerns_all(why.reason))
			link_fail(&item->partner->send, &why);
		try_later(sp, item, &why,
		    schedule_next_try(item->partner, doc->attempts));
	}
}

/* The line broke: whether it arrived is found out at the next try. */
static void
cut(struct spooler *sp, struct item *item, const struct why *why)
{
	try_later(sp, item, why, 0);
}

/*
 * No connection: the documents that would have been sent remember why, so
 * that a trace answers "why not yet?"; the rest waits untouched.
 */
static void
down(struct spooler *sp, struct partner *p, const struct why *why)
{
	size_t n = p->ready.count;

	if (why->reason == REASON_CONNECTION_LOST)
		return;
	for (size_t i = 0; i < n && i < LINK_ITEMS_MAX; i++) {
		struct item *item = queue_take(&p->ready);

		try_later(sp, item, why, 0);
	}
}

const struct link_kind outbound_sending = {
	.collect = false,
	.ready = feed,
	.answer = answered,
	.other = NULL,
	.cut = cut,
	.down = down,
};

/* 6. It will not go by itself: kept, with the reason, until a person acts. */

static void
held(struct spooler *sp, struct item *item)
{
	tell_status(sp, item, "held");
	item_free(sp, item);
}

void
outbound_hold(struct spooler *sp, struct item *item)
{
	if (item->doc.state == DOC_SEALED) {
		struct why why;

		why_set(&why, REASON_EXHAUSTED, "last failure: %s",
		    item->doc.why.reason == REASON_NONE
			? "none"
			: reason_code(item->doc.why.reason));
		item_why(item, &why);
	}
	item_change(
	    sp, item, DOC_HELD, "held", reason_code(item->doc.why.reason));
	round_then(sp, item, held);
}

/* After a restart. */

/* The end of a whole gateway is no document's fault and is not counted; one
 * that sealers died on before goes on travelling alone. */
static void
claimed_again(struct spooler *sp, struct item *item)
{
	if (item->flow == NULL) {
		why_set(&item->doc.why, REASON_NO_FLOW,
		    "the flow %s is not configured any more", item->doc.flow);
		give_back(sp, item);
		return;
	}
	item->alone = item->doc.attempts > 1;
	seal(sp, item);
}

void
outbound_resume(struct spooler *sp, struct item *item)
{
	switch (item->doc.state) {
	case DOC_CLAIMED:
		claimed_again(sp, item);
		break;
	case DOC_SENT:
		keep(sp, item);
		break;
	default: /* sealed ones are taken from the ledger when due */
		item_free(sp, item);
	}
}
