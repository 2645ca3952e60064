/* gateway/intake.h - what both journeys do with a find that is not taken. */
#ifndef GATEWAY_INTAKE_H
#define GATEWAY_INTAKE_H

#include "gateway/spooler.h"

/*
 * Move a refused find aside as it is, with the reason that item->doc.why has.
 * True: it lies there, the row is the caller's to change.  False: it vanished
 * and the item is gone, or `again` is called later.
 */
bool intake_turn_away(struct spooler *, struct item *, round_fn again);
/* It was not taken (GW_NONE, GW_AGAIN): still in its folder, or vanished.
 * Takes the item. */
void intake_leave(
    struct spooler *, struct item *, enum gw_status, const struct why *);

#endif
