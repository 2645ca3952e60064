/* spool/durable.h - the only place that renames into a published place. */
#ifndef SPOOL_DURABLE_H
#define SPOOL_DURABLE_H

#include "spool/layout.h"

/*
 * The way of every new private file:
 *	durable_begin	make .<id>.tmp, open for writing
 *	(a worker writes through the descriptor and syncs it)
 *	durable_publish	rename to <id> without replacing
 *	durable_settle	sync every folder touched since the last settle
 * Only after durable_settle() may the ledger say that the file is there.
 * One settle serves many documents: that is half of the group commit.
 */
enum gw_status durable_begin(struct spool *, enum layout_dir, struct docid,
    int *fd, struct why *);
/* The caller vouches that the content was synced.  GW_EXISTS when <id> is
 * already there. */
enum gw_status durable_publish(struct spool *, enum layout_dir, struct docid,
    struct why *);
/* Remove .<id>.tmp; missing is fine. */
void durable_abandon(struct spool *, enum layout_dir, struct docid);
/* A failure here is final: stop, and recover from disk. */
enum gw_status durable_settle(struct spool *, struct why *);

#endif
