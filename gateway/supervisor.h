/* gateway/supervisor.h - starts the processes and keeps them running. */
#ifndef GATEWAY_SUPERVISOR_H
#define GATEWAY_SUPERVISOR_H

#include "gateway/config/config.h"
#include "gateway/config/material.h"

/* Read configuration and keys anew; errors were told.  For SIGHUP. */
typedef enum gw_status (*supervisor_load_fn)(
    void *ctx, struct config **, struct material **);

/*
 * Run the gateway until SIGTERM or SIGINT.  Takes config and material.
 * GW_OK: it was stopped.  GW_REFUSED: it cannot start (another one runs, the
 * confinement is less than required); why says it.
 */
enum gw_status supervisor_run(struct config *, struct material *,
    supervisor_load_fn, void *ctx, struct why *);

#endif
