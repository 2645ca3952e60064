/* spool/layout_inside.h - what a spool is made of; for layout.c, folder.c and
 * durable.c alone. */
#ifndef SPOOL_LAYOUT_INSIDE_H
#define SPOOL_LAYOUT_INSIDE_H

#include "spool/layout.h"

#include <sys/types.h>

struct folder_cache;
struct durable;

struct spool {
	int root;  /* of the public trees */
	int state; /* of the private folders */
	dev_t dev; /* the one file system that both are on */
	int dir[DIR_COUNT];
	struct folder_cache *folders;
	struct durable *durable;
};

/* Say that `what` failed with the present errno, and what that means. */
enum gw_status layout_failed(struct why *, const char *what);
/* Open the folder `name` in `parent`, making it where it is missing.  Never
 * through a symbolic link.  *fd is the caller's. */
enum gw_status layout_make(
    int parent, const char *name, mode_t, int *fd, struct why *);

#endif
