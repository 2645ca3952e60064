/* gateway/overview.h - the live part of `waybill status`. */
#ifndef GATEWAY_OVERVIEW_H
#define GATEWAY_OVERVIEW_H

#include <jansson.h>

/* An admin_status_fn; ctx is the spooler. */
void overview_status(void *spooler, json_t *status);

#endif
