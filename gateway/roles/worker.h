/* gateway/roles/worker.h - the loop of sealer, unsealer and verifier. */
#ifndef GATEWAY_ROLES_WORKER_H
#define GATEWAY_ROLES_WORKER_H

#include "gateway/roles/opening.h"

/* What a worker keeps of one document until it has answered. */
struct job {
	uint32_t ref;
	struct docid id;
	enum gw_status st;
	struct why why;
	int in, out;    /* closed after the answer; -1 if unused */
	uint64_t bytes; /* size of the work, ends a batch early */
	void *result;   /* the role's own, of result_size bytes */
};

struct worker {
	enum msg_id takes;
	bool sync_in; /* the input must be durable, too */
	size_t result_size;
	void *ctx;
	/* Read the message's fields and do the work.  False: the message was
	 * malformed, the worker ends. */
	bool (*work)(void *ctx, struct msg *, struct job *);
	/* Put the answer's fields and free what the result owns. */
	void (*answer)(void *ctx, struct job *, struct msg *);
	enum msg_id gives;
};

/*
 * Documents that already wait are taken together: all are worked on, then all
 * are synced, then all are answered.  The first sync of a batch pays for the
 * file system's journal, the others find their part done.
 */
_Noreturn void worker_loop(const struct worker *, const struct opening *);

#endif
