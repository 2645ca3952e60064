/* gateway/round.h - many documents share one commit. */
#ifndef GATEWAY_ROUND_H
#define GATEWAY_ROUND_H

#include "gateway/base/status.h"

#include <stddef.h>

struct spooler;
struct item;

typedef void (*round_fn)(struct spooler *, struct item *);

/* What waits for the next commit. */
struct round {
	struct round_step {
		round_fn then;
		struct item *item;
	} * step;
	size_t count, room;
};

/*
 * Everything that must not happen before folders and ledger are durable (an
 * old file removed, bytes sent, a promise made) is said here: `then` is called
 * after the next commit.
 */
void round_then(struct spooler *, struct item *, round_fn then);
/* Sync the folders, commit the ledger, then do what waited.  A failure ends
 * the spooler: restart and recovery decide from the disk. */
void round_close(struct spooler *);
/* Is there something to commit or to do? */
bool round_open(const struct spooler *);
void round_free(struct round *);

#endif
