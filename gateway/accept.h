/* gateway/accept.h - the one place that lets a document into the house. */
#ifndef GATEWAY_ACCEPT_H
#define GATEWAY_ACCEPT_H

#include "gateway/spooler.h"

/*
 * Deliver a document whose row says "passed" in a committed ledger; that row
 * and nothing else is the permission.  Takes the item.
 */
void accept_document(struct spooler *, struct item *);

#endif
