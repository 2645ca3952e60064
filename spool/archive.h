/* spool/archive.h - keeps what was sent. */
#ifndef SPOOL_ARCHIVE_H
#define SPOOL_ARCHIVE_H

#include "spool/layout.h"

/* Move DIR_SEALED/<id> to DIR_ARCHIVE/<id>; fine when it is there already.
 * Durable after the next settle. */
enum gw_status archive_keep(struct spool *, struct docid, struct why *);

#endif
