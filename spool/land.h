/* spool/land.h - a finished upload becomes a document. */
#ifndef SPOOL_LAND_H
#define SPOOL_LAND_H

#include "spool/watch.h"

/* As claim_take(), from mailbox/<partner>/to-us/ into DIR_LANDED. */
enum gw_status land_take(struct spool *, const struct watch_find *,
    struct docid, int *fd, uint64_t *size, struct why *);

#endif
