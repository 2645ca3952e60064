/* gateway/spooler.h - the spooler's own data, shared by its modules. */
#ifndef GATEWAY_SPOOLER_H
#define GATEWAY_SPOOLER_H

#include "gateway/admin.h"
#include "gateway/config/config.h"
#include "gateway/link.h"
#include "gateway/msg.h"
#include "gateway/pool.h"
#include "gateway/round.h"
#include "spool/ledger.h"
#include "spool/watch.h"

struct item;

/* Enough that a chain is short with a few thousand documents in hand. */
#define SPOOLER_BUCKETS 4096

/* A queue of items, first in, first out. */
struct queue {
	struct item *first, **last;
	size_t count;
};

struct partner;

/* A folder that is watched, and how much of it is in our hands. */
struct intake {
	int number; /* watch_pause() */
	struct partner *partner;
	const struct config_flow *flow; /* NULL: mailbox */
	size_t held;
	bool paused;
};

/* A partner while the gateway runs. */
struct partner {
	const struct config_partner *config;
	struct pool unsealers; /* never shared with another partner */
	struct link send, collect;
	struct queue ready; /* sealed documents that may be sent now */
	uint64_t waiting;   /* sealed ones that only the ledger holds */
	int64_t look_ms;    /* look into the ledger again then; mono */
	/* collecting: */
	struct queue to_fetch;   /* listed, not fetched yet */
	struct intake collected; /* as of a folder: how much is in hand */
	int64_t collect_ms;      /* look on their server again then; mono */
	bool asked, listing;     /* this connection has listed; is listing */
	bool progress;           /* something of the last listing went */
	unsigned listed;         /* entries of the last listing */
	unsigned landing;        /* fetched, their commit is due */
	unsigned clearing;       /* told to go over there, not answered yet */
	/* The key that proved the document before: asked of the ledger when
	 * it changes. */
	char signing_key[DOC_FINGERPRINT_SIZE];
};

struct spooler {
	struct config *config;
	struct spool *spool;
	struct ledger *ledger;
	struct watch *watch;
	struct event_base *events;
	struct event *watch_timer;
	struct chan supervisor;
	struct round round;
	struct pool sealers, verifiers, inspectors;
	struct partner *partner;
	size_t partner_count;
	struct intake *intake;
	size_t intake_count;
	struct queue retries; /* item->due_ms says when */
	struct admin *admin;
	size_t stranded; /* open, of partners that are configured no more */
	size_t items;    /* documents in our hands */
	struct item *in_hand[SPOOLER_BUCKETS]; /* the same, by id */
	bool look;    /* the watcher may have something */
	bool starved; /* too little free space to claim */
	bool stopping;
	int64_t started_ms; /* wall */
	char confinement[80];
};

/* NULL when the configuration has no such partner (any more). */
struct partner *spooler_partner(struct spooler *, const char *name);
/* The ledger or a folder failed us: end, restart, recover from disk. */
_Noreturn void spooler_fail(const char *module, const struct why *);
/* Ask the supervisor for a worker; the callback gets the channel's descriptor,
 * later, from the event loop.  collect: which of the partner's servers.  False:
 * too many are being started; ask again at the next tick. */
typedef void (*spooler_started_fn)(void *ctx, int fd);
bool spooler_start_worker(struct spooler *, enum role, const char *partner,
    bool collect, spooler_started_fn, void *ctx);

#endif
