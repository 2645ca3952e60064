/* gateway/schedule.h - when may this partner be tried, and with what? */
#ifndef GATEWAY_SCHEDULE_H
#define GATEWAY_SCHEDULE_H

#include "gateway/link.h"

/* A connection failed: set when the next may be made.  Full jitter between
 * nothing and retry-first doubled with each failure, at most retry-max; a
 * connection that was cut while it worked is made again at once. */
void schedule_failed(struct link *);
/* The same for one document after so many attempts; wall clock. */
int64_t schedule_next_try(const struct partner *, unsigned attempts);

/* A sealed document waits for its partner; takes the item. */
void schedule_offer(struct spooler *, struct item *);
/* The next document that may be sent now, or NULL. */
struct item *schedule_take(struct spooler *, struct partner *);
/* Every 100 ms: look for documents whose time has come, ask for couriers,
 * hold what outlived its lifetime. */
void schedule_tick(struct spooler *, struct partner *, int64_t mono_ms);

#endif
