/* spool/watch_ready.h - is this one file finished?  For watch.c. */
#ifndef SPOOL_WATCH_READY_H
#define SPOOL_WATCH_READY_H

#include "spool/watch.h"

#include <sys/types.h>

enum watch_verdict {
	WATCH_YES,     /* finished and acceptable */
	WATCH_REFUSED, /* never will be; the find says why */
	WATCH_LATER,   /* look again after *wait_ms */
	WATCH_NEVER    /* gone, or not for us; an event or a scan finds it */
};

/* What is remembered of a file between two looks; starts as zeros. */
struct watch_facts {
	int64_t since_ms; /* monotonic; unchanged since, as far as we saw */
	uint64_t size;
	int64_t mtime_ns, ctime_ns;
	ino_t ino;
	unsigned tries; /* looks that found a writer */
};

/*
 * Look at `name` in dirfd.  Opened only if it is a regular file that passed
 * the flow's rule.  remote: another host may change it, so its times prove
 * nothing here.  Fills size, refused and why of the find.
 */
enum watch_verdict watch_ready(int dirfd, const struct watch_folder *,
    bool remote, const char *name, struct watch_facts *, struct watch_find *,
    int64_t *wait_ms);

#endif
