/* spool/statusfile.h - tells internal systems how their document fares. */
#ifndef SPOOL_STATUSFILE_H
#define SPOOL_STATUSFILE_H

#include "spool/layout.h"

/*
 * Replace status/<partner>/<id>.json as a whole (temporary name, rename):
 * a reader sees the old or the new text, never half.  It is a copy of what
 * the ledger says, so it is not synced; recovery writes it again.
 */
enum gw_status statusfile_write(struct spool *, const char *partner,
    struct docid, const char *json, struct why *);

#endif
