/*
 * gateway/accept.c - the one place that lets a document into the house.
 *
 * Nobody else calls deliver_document().  The permission is not an argument: it
 * is read from the ledger, where only a verifier's verdict and passed checks
 * can have put it, and which a crash or a confused caller cannot forge.
 */
#include "gateway/accept.h"

#include "gateway/item.h"
#include "gateway/report.h"
#include "spool/deliver.h"

#include <stdlib.h>
#include <string.h>

/* Is this the document that the ledger has passed? */
static bool
is_passed(struct spooler *sp, const struct item *item)
{
	bool verdict = false;
	struct doc row;
	struct why why;

	if (ledger_get(sp->ledger, item->doc.id, &row, &why) != GW_OK)
		return false;
	if (row.state == DOC_PASSED && row.direction == DOC_IN &&
	    strcmp(row.partner, item->doc.partner) == 0 &&
	    row.signer[0] != '\0' && row.plain_sha256[0] != '\0' &&
	    strcmp(row.plain_sha256, item->doc.plain_sha256) == 0)
		verdict = true;
	return verdict;
}

static void
delivered(struct spooler *sp, struct item *item)
{
	struct why why;

	if (spool_remove(sp->spool, DIR_LANDED, item->doc.id, &why) != GW_OK)
		spooler_fail("accept", &why);
	item_free(sp, item);
}

void
accept_document(struct spooler *sp, struct item *item)
{
	enum gw_status st;
	struct why why;
	char *meta;

	if (!is_passed(sp, item))
		gw_fatal("delivery without a passed row in the ledger");
	meta = report_meta(sp->config, &item->doc);
	st = deliver_document(sp->spool, &item->doc, meta, &why);
	free(meta);
	if (st != GW_OK) {
		/* A full disk or a folder with wrong rights: it stays passed
		 * until somebody has made room. */
		item_why(item, &why);
		item_retry(sp, item, accept_document);
		return;
	}
	item->doc.why.reason = REASON_NONE;
	item->doc.why.text[0] = '\0';
	item_change(sp, item, DOC_DELIVERED, "delivered", item->doc.file);
	round_then(sp, item, delivered);
}
