/* spool/land.c - a finished upload becomes a document. */
#include "spool/land.h"

#include "spool/claim.h"

enum gw_status
land_take(struct spool *sp, const struct watch_find *find, struct docid id,
    int *fd, uint64_t *size, struct why *why)
{
	if (find->folder->tree != TREE_MAILBOX)
		gw_fatal("land_take() was given a drop folder");
	return claim_take(sp, find, id, fd, size, why);
}
