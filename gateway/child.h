/* gateway/child.h - start the same executable in another role. */
#ifndef GATEWAY_CHILD_H
#define GATEWAY_CHILD_H

#include "gateway/config/config.h"
#include "gateway/msg.h"

#include <sys/types.h>

/* What a role is given on its way.  Descriptors are borrowed; -1: none. */
struct child_setup {
	enum role role;
	const char *label; /* partner, or "" */
	const char *user;  /* NULL: stay */
	enum log_level log_level;
	enum config_confinement confinement;
	const struct buf *share;
	int spooler, keyholder; /* channels for the child */
	int control;            /* listening admin socket */
};

/* GW_OK: the child runs, *chan is our end of its channel. */
enum gw_status child_start(
    const struct child_setup *, pid_t *pid, struct chan *chan, struct why *);

/* The other side: the process was started as `waybill role NAME`. */
_Noreturn void child_main(const char *role);

#endif
