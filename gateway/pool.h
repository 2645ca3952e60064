/* gateway/pool.h - workers of one role, and the documents that they have. */
#ifndef GATEWAY_POOL_H
#define GATEWAY_POOL_H

#include "gateway/msg.h"

#include <stdint.h>

struct spooler;
struct item;
struct worker_slot;

/* How documents travel to a kind of worker and come back. */
struct pool_kind {
	enum role role;
	enum msg_id gives; /* the answer's message */
	unsigned batch;    /* documents that one worker has at a time */
	bool once;         /* the worker ends with its document */
	bool brief;        /* ends when it had nothing to do for a while */
	/* Begin (with the msg's ref) and fill in the request; its descriptors
	 * are item->fd and item->out, closed once it is sent.  Anything but
	 * GW_OK: the item was taken care of in another way. */
	enum gw_status (*ask)(struct spooler *, struct item *, struct msg *);
	/* The answer; reads all its fields. */
	void (*done)(struct spooler *, struct item *, struct msg *);
	/* The worker ended without an answer on this document. */
	void (*died)(struct spooler *, struct item *);
};

struct pool {
	struct spooler *spooler;
	const struct pool_kind *kind;
	const char *partner; /* label for the supervisor, or "" */
	unsigned max;        /* workers */
	struct worker_slot *worker;
	struct item *first, **last; /* waiting for a worker */
	size_t waiting, busy;
	int64_t not_before_ms; /* after workers that died at once; mono */
};

void pool_init(struct pool *, struct spooler *, const struct pool_kind *,
    const char *partner, unsigned max);
void pool_free(struct pool *);
/* Hand the item over; kind->done or kind->died gives it back. */
void pool_submit(struct pool *, struct item *);
/* Every second or so: idle workers go, late starts are made up. */
void pool_tick(struct pool *, int64_t mono_ms);
/* Workers that live. */
unsigned pool_workers(const struct pool *);

#endif
