/* spool/watch_place.h - one folder that is watched and scanned; for watch.c. */
#ifndef SPOOL_WATCH_PLACE_H
#define SPOOL_WATCH_PLACE_H

#include "spool/watch.h"

#include <dirent.h>

struct watch_place {
	struct watch_folder folder;
	struct spool *spool;
	int wd;           /* inotify's number of the folder; -1: none */
	int parent_wd;    /* of <tree>/<partner>, shared by its flows */
	DIR *scan;        /* open while a scan is under way */
	bool wanted;      /* scan as soon as possible */
	bool remote;      /* other hosts may change it unseen */
	int64_t sweep_ms; /* monotonic: scan then in any case */
	const char *degraded;
};

/* Copies the folder; NULL when out of memory. */
struct watch_place *watch_place_new(
    struct spool *, const struct watch_folder *);
void watch_place_free(struct watch_place *);

/* May a scan start now? */
bool watch_place_due(const struct watch_place *, int64_t now_ms);
/* Watch first, then begin to scan: what appears in between is seen by one of
 * the two.  A folder that vanished is made again.  inotify: -1 for none. */
void watch_place_begin(struct watch_place *, int inotify, int64_t now_ms);
/* The scan is over, or given up. */
void watch_place_end(struct watch_place *);

#endif
