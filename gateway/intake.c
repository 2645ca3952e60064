/* gateway/intake.c - what both journeys do with a find that is not taken. */
#include "gateway/intake.h"

#include "gateway/base/log.h"
#include "gateway/item.h"
#include "gateway/report.h"
#include "spool/aside.h"

#include <stdlib.h>

bool
intake_turn_away(struct spooler *sp, struct item *item, round_fn again)
{
	char *json = report_reason(sp->config, &item->doc);
	char text[LOG_QUOTED_MAX];
	enum gw_status st;
	struct why why;

	st = aside_find(sp->spool, &item->find, item->doc.id, json, &why);
	free(json);
	if (st == GW_OK)
		return true;
	if (st == GW_NONE) {
		item_forget(sp, item);
		return false;
	}
	/* Only logged: the reason of the refusal stays the document's. */
	log_line(LOG_LEVEL_WARN, item->doc.id.text, "intake", "aside-failed",
	    "partner=%s text=%s", item->doc.partner,
	    log_quote(why.text, text, sizeof(text)));
	item_retry(sp, item, again);
	return false;
}

void
intake_leave(struct spooler *sp, struct item *item, enum gw_status st,
    const struct why *why)
{
	/* A writer that came back is nothing to tell of. */
	if (st == GW_AGAIN && why->reason != REASON_STILL_WRITTEN)
		item_why(item, why);
	item_forget(sp, item);
}
