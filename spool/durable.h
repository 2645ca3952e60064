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
enum gw_status durable_begin(
    struct spool *, enum layout_dir, struct docid, int *fd, struct why *);
/* The caller vouches that the content was synced.  GW_EXISTS when <id> is
 * already there. */
enum gw_status durable_publish(
    struct spool *, enum layout_dir, struct docid, struct why *);
/* Remove .<id>.tmp; missing is fine. */
void durable_abandon(struct spool *, enum layout_dir, struct docid);
/* A failure here is final: stop, and recover from disk. */
enum gw_status durable_settle(struct spool *, struct why *);

/*
 * The rest is for the modules of spool/ only: nobody else renames.
 *
 * Rename without replacing, between any two folders of the spool.  Both are
 * synced by the next settle (a folder that is not the spool's own, at once).
 * GW_NONE: `from` is not there.  GW_EXISTS: `to` is taken.
 */
enum gw_status durable_move(struct spool *, int fromdir, const char *from,
    int todir, const char *to, struct why *);
/* An entry was removed there: sync the folder with the next settle. */
void durable_touch(struct spool *, int dirfd);
/* Before such a descriptor is closed: sync what is outstanding. */
void durable_forget(struct spool *, int dirfd);

enum durable_text {
	TEXT_NEW,    /* never over another file: GW_EXISTS */
	TEXT_OVER,   /* replaces what is there */
	TEXT_PASSING /* replaces, and is not worth a sync */
};
/*
 * A small text under `name` in a public folder, whole or not at all: written
 * as .<id>.tmp, then renamed.  Its content is synced by the next settle, not
 * before the rename: after a power cut the file may be there and empty, so
 * whoever publishes a text writes it again when it runs again.
 */
enum gw_status durable_text(struct spool *, int dirfd, struct docid,
    const char *name, const char *text, enum durable_text, struct why *);

struct durable *durable_new(void);
void durable_free(struct durable *);

#endif
