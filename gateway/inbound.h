/* gateway/inbound.h - the journey of a document from a partner. */
#ifndef GATEWAY_INBOUND_H
#define GATEWAY_INBOUND_H

#include "gateway/pool.h"

struct intake;
struct watch_find;

extern const struct pool_kind inbound_unsealing;
extern const struct pool_kind inbound_verifying;
extern const struct pool_kind inbound_inspecting;

/* A file in a partner's mailbox is ready, or never will be. */
void inbound_found(
    struct spooler *, struct intake *, const struct watch_find *);
/* A collected file is durable in landed/ and in the ledger; takes the item. */
void inbound_landed(struct spooler *, struct item *);
/* After a restart: go on from what ledger and disk say; takes the item. */
void inbound_resume(struct spooler *, struct item *);

#endif
