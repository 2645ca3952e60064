/* config/config_safe.h - files that nobody but root and us may change. */
#ifndef GATEWAY_CONFIG_SAFE_H
#define GATEWAY_CONFIG_SAFE_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

#include <stddef.h>

enum config_safety {
	CONFIG_SAFE_PUBLIC, /* others may read it, not write it */
	CONFIG_SAFE_SECRET  /* others may not even read it */
};

/*
 * Open for reading, after checking the opened file itself (so nothing can be
 * exchanged in between): a regular file of root's or ours, with a mode that
 * keeps others out, in folders that others cannot change.  Symlinks are
 * followed, what they lead to is checked.
 * GW_NONE: not there.  GW_REFUSED: not safe; `why` says the chmod to use.
 */
enum gw_status config_safe_open(
    const char *path, enum config_safety, int *fd, struct why *);
/* The same, and append the whole content of at most max bytes. */
enum gw_status config_safe_read(const char *path, enum config_safety,
    size_t max, struct buf *, struct why *);
/* A folder, and all above it, that others cannot change. */
enum gw_status config_safe_folder(const char *path, struct why *);

#endif
