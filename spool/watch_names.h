/* spool/watch_names.h - the few names that the watcher has to remember, each
 * with the time when to look at it; for watch.c. */
#ifndef SPOOL_WATCH_NAMES_H
#define SPOOL_WATCH_NAMES_H

#include "spool/watch_ready.h"

#include <stddef.h>

struct watch_names;

struct watch_name {
	unsigned place;           /* number of the folder */
	int64_t due_ms;           /* monotonic; change with _due() */
	unsigned offers;          /* how often it was handed out */
	bool handed;              /* the caller has it right now */
	int64_t offered_ms;       /* when last */
	struct watch_facts facts; /* of watch_ready() */
	uint64_t order;           /* due together: first come, first out */
	size_t heap_at;           /* the rest is watch_names.c's */
	uint64_t hash;
	struct watch_name *next;
	char name[];
};

/* Remembers at most `max` names. */
struct watch_names *watch_names_new(size_t max);
void watch_names_free(struct watch_names *);
struct watch_name *watch_names_find(
    const struct watch_names *, unsigned place, const char *name);
/* A new name (not yet in there); NULL when it is full. */
struct watch_name *watch_names_put(
    struct watch_names *, unsigned place, const char *name, int64_t due_ms);
void watch_names_due(struct watch_names *, struct watch_name *, int64_t due_ms);
/* The one that is due first; NULL when empty. */
struct watch_name *watch_names_first(const struct watch_names *);
void watch_names_drop(struct watch_names *, struct watch_name *);

#endif
