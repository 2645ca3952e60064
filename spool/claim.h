/* spool/claim.h - take a finished file into our care. */
#ifndef SPOOL_CLAIM_H
#define SPOOL_CLAIM_H

#include "spool/watch.h"

#include <sys/stat.h>

/*
 * Move a find into DIR_WORK (from a drop folder) or DIR_LANDED (from a
 * mailbox: see land.h) under `id`, then look at what we really got: opened
 * O_NOFOLLOW|O_NONBLOCK, regular, one link, size within the limit, lease
 * granted again, so no ordinary writer is left.
 *
 * The ledger row in state claimed must be committed before: a crash between
 * the two leaves either the file in its folder (the row is dropped) or in
 * our care (the row continues), never a file without a name.
 *
 * GW_OK: *fd is open for reading, the caller's; *size is exact.
 * GW_NONE: it vanished.
 * GW_AGAIN: it is in its folder, as before: a writer came back, or we could
 * not take it (why says; REASON_STILL_WRITTEN is nothing to worry about).
 * Settle before the ledger forgets it: a private file without a row would be
 * a riddle after a crash.
 * GW_REFUSED: it lies in our folder and must go to returned/ or quarantine/.
 * GW_INTERNAL: it may lie in our folder; recovery will see.
 *
 * Where leases do not work (a network file system, another owner without
 * CAP_LEASE) the watcher's long quiet time stands in for them; a writer that
 * still has the file open can then change it until the sealer has read it.
 */
enum gw_status claim_take(struct spool *, const struct watch_find *,
    struct docid, int *fd, uint64_t *size, struct why *);

/* The rest is for the modules of spool/ only. */
#define CLAIM_MARKER ".done"
/* Borrow the folder that a find lies in. */
enum gw_status claim_folder(
    struct spool *, const struct watch_folder *, int *fd, struct why *);
/* Type, links, owner and size: GW_OK or GW_REFUSED with the reason. */
enum gw_status claim_acceptable(
    const struct watch_folder *, const struct stat *, struct why *);
/* Remove <name>.done of a find that left its folder, if that is the rule. */
void claim_drop_marker(struct spool *, int dirfd, const struct watch_find *);

#endif
