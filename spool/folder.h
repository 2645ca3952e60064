/* spool/folder.h - public folders kept open, so that a document costs few
 * system calls; for the modules of spool/ only. */
#ifndef SPOOL_FOLDER_H
#define SPOOL_FOLDER_H

#include "spool/layout.h"

struct folder_cache;

struct folder_cache *folder_cache_new(void);
void folder_cache_free(struct folder_cache *);

/*
 * Borrow a descriptor of a public folder; it stays the spool's and is good
 * until a few other folders were borrowed.  Checked each time to be what the
 * path names now: a folder that was removed, or replaced by another, is opened
 * (and made) again.  leaf may be NULL.
 */
enum gw_status folder_borrow(struct spool *, enum layout_tree,
    const char *partner, const char *leaf, int *fd, struct why *);
/* Is this a descriptor that folder_borrow() gave and still keeps? */
bool folder_owns(const struct spool *, int fd);
/* As spool_tree(), and makes the folder where it is missing. */
enum gw_status folder_make(struct spool *, enum layout_tree,
    const char *partner, const char *leaf, int *fd, struct why *);

#endif
