/* spool/private.h - what lies in the private folders; for recover.c and
 * fsck.c. */
#ifndef SPOOL_PRIVATE_H
#define SPOOL_PRIVATE_H

#include "spool/layout.h"

enum private_kind {
	PRIVATE_DOCUMENT,  /* <id> */
	PRIVATE_TEMPORARY, /* .<id>.tmp */
	PRIVATE_FOREIGN    /* anything else; id is empty */
};

/* "work", "sealed" ... */
const char *private_name(enum layout_dir);
/* Show each entry of a folder until fn fails.  fn may remove or move the
 * entry that it is shown. */
typedef enum gw_status (*private_fn)(void *ctx, enum layout_dir,
    enum private_kind, struct docid, const char *name);
enum gw_status private_walk(
    struct spool *, enum layout_dir, private_fn, void *ctx, struct why *);

#endif
