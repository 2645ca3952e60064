/* gateway/outbound.h - the journey of a document to a partner. */
#ifndef GATEWAY_OUTBOUND_H
#define GATEWAY_OUTBOUND_H

#include "gateway/link.h"
#include "gateway/pool.h"

struct watch_find;
struct intake;

extern const struct pool_kind outbound_sealing;
extern const struct link_kind outbound_sending;

/* A file in a drop folder is ready, or never will be. */
void outbound_found(
    struct spooler *, struct intake *, const struct watch_find *);
/* After a restart: go on from what ledger and disk say; takes the item. */
void outbound_resume(struct spooler *, struct item *);
/* It waits for its partner longer than a moment: say that it was accepted. */
void outbound_tell_waiting(struct spooler *, struct item *);
/* It outlived its lifetime: a person decides; takes the item. */
void outbound_hold(struct spooler *, struct item *);

#endif
