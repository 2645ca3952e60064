/* spool/deliver.h - put a document where internal systems collect it. */
#ifndef SPOOL_DELIVER_H
#define SPOOL_DELIVER_H

#include "spool/layout.h"

/*
 * Move DIR_PLAIN/<id> to in/<partner>/<flow>/ under doc->name, or where that
 * is taken under <stem>.<id><ext>; never over another file.  <name>.meta.json
 * with meta_json appears just before it.  doc->file becomes the name used.
 * Durable after the next durable_settle().  Called by gateway/accept.c only.
 *
 * Running it again after a crash finishes the same delivery: DIR_PLAIN/<id>
 * leaves only through here, so when it is gone the document was delivered,
 * and the call says GW_OK.
 */
enum gw_status deliver_document(
    struct spool *, struct doc *, const char *meta_json, struct why *);

#endif
