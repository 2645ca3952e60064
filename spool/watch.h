/* spool/watch.h - which files in the drop folders and mailboxes are ready? */
#ifndef SPOOL_WATCH_H
#define SPOOL_WATCH_H

#include "spool/layout.h"

#include <sys/types.h>

struct watch;

#define WATCH_OWNERS_MAX 8

/* When is a file finished?  In each case no writer may be left (lease). */
enum watch_rule {
	WATCH_RENAME, /* at once: writers use temporary names, or finish */
	WATCH_QUIET,  /* unchanged (size, mtime, ctime) for quiet_ms */
	WATCH_MARKER  /* <name>.done is there; it is removed with the claim */
};

/* One folder to look after. */
struct watch_folder {
	enum layout_tree tree; /* TREE_OUT or TREE_MAILBOX */
	char partner[DOC_LABEL_SIZE];
	char flow[DOC_LABEL_SIZE]; /* TREE_OUT; "" for a mailbox */
	enum watch_rule rule;
	int64_t quiet_ms;
	uint64_t max_size;              /* 0: no limit */
	uid_t owners[WATCH_OWNERS_MAX]; /* who may drop files here */
	unsigned owner_count;           /* 0: anybody */
	bool paused;                    /* seen, but nothing is offered */
};

/* A file that is ready, or one that never will be. */
struct watch_find {
	const struct watch_folder *folder;
	char name[DOC_FILE_SIZE]; /* as on disk, maybe not even UTF-8 */
	uint64_t size;
	bool refused; /* why says what it is */
	struct why why;
};

/* inotify is a hint, the scan is the truth; see watch.c. */
enum gw_status watch_new(struct spool *, struct watch **, struct why *);
void watch_free(struct watch *);
/* Look after a folder (copied).  Returns its number for watch_pause(). */
enum gw_status watch_add(
    struct watch *, const struct watch_folder *, int *number, struct why *);
/* While paused (backlog, disk nearly full) nothing of it is offered. */
void watch_pause(struct watch *, int number, bool paused);

/* Readable when something may have changed; then call watch_hint(). */
int watch_fd(const struct watch *);
void watch_hint(struct watch *);
/*
 * The next finds, at most max.  Opens no document but to ask for its lease;
 * bounded work per call (a folder of a million files takes several calls).
 * *more: call again at once; otherwise call after watch_fd() was readable or
 * watch_timeout() has passed.  The caller claims (or leaves) its finds before
 * it calls again.  A find that is still there then is offered again, but not
 * at once: after 1 s at first, up to 30 s later, so that a file that cannot
 * be claimed makes no busy loop.
 * Directories and, unless refused, temporary names are passed over in
 * silence; symlinks, fifos, sockets, devices, hard-linked files, bad names,
 * too large ones come as refused finds.
 */
size_t watch_next(struct watch *, struct watch_find *, size_t max, bool *more);
/* Milliseconds until watch_next() should be called even without a hint. */
int watch_timeout(const struct watch *);
/* Why this folder is only scanned every few seconds (inotify's limits are
 * reached, or a network file system); NULL when inotify watches it. */
const char *watch_degraded(const struct watch *, int number);
/* How many rescans happened because inotify's queue overflowed. */
unsigned long watch_overflows(const struct watch *);

#endif
