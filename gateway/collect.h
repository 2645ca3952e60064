/* gateway/collect.h - fetches what a partner left for us on its server. */
#ifndef GATEWAY_COLLECT_H
#define GATEWAY_COLLECT_H

#include "gateway/link.h"

extern const struct link_kind collect_fetching;

/* Every 100 ms: is it time to look? */
void collect_tick(struct spooler *, struct partner *, int64_t mono_ms);

#endif
