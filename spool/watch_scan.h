/* spool/watch_scan.h - read a folder in pieces, oldest files first; for
 * watch.c. */
#ifndef SPOOL_WATCH_SCAN_H
#define SPOOL_WATCH_SCAN_H

#include <dirent.h>
#include <stdbool.h>

struct watch_batch;

struct watch_batch *watch_batch_new(void);
void watch_batch_free(struct watch_batch *);

/* Shall this name be left out? */
typedef bool (*watch_skip_fn)(void *ctx, const char *name);
/*
 * Read on where the last call stopped and sort what was found by time of
 * change, then name.  Bounded: some thousand names.  True when the folder's
 * end was reached (or it cannot be read any further).
 */
bool watch_batch_fill(struct watch_batch *, DIR *, watch_skip_fn, void *ctx);
/* The next name; NULL when there is none.  Good until the next fill. */
const char *watch_batch_next(struct watch_batch *);
bool watch_batch_empty(const struct watch_batch *);
/* Forget the rest. */
void watch_batch_clear(struct watch_batch *);

#endif
