/* gateway/route.h - which flow, and under which name? */
#ifndef GATEWAY_ROUTE_H
#define GATEWAY_ROUTE_H

#include "gateway/config/config.h"

/* Set doc->name from a name on disk or on the wire; what may not be carried is
 * replaced by one made of the id. */
void route_name(struct doc *, const char *name);
/* Inbound: the name inside the message if it is usable, else the name that it
 * came under without .pgp, .gpg or .asc, else one made of the id. */
void route_inbound_name(struct doc *, const char *literal);
/* Set doc->file to the name on the partner's server, by the flow's template
 * ({name}, {id}, {flow}); the name is cut so that it fits. */
void route_remote_name(const struct config_flow *, struct doc *);

/*
 * The inbound flow of a verified document: the one that its signature names,
 * or the first whose `match` fits the name, or the partner's only one without
 * `match`.  NULL: none (REASON_NO_FLOW).
 */
const struct config_flow *route_flow(const struct config_partner *,
    const char *signed_flow, const char *name, struct why *);
/* Does a name fit one of these patterns?  An empty list fits all. */
bool route_match(const struct config_list *, const char *name);
/* The largest plaintext that any inbound flow takes; 0: no limit. */
uint64_t route_max_size(const struct config_partner *);

#endif
