/* gateway/role.h - the processes, and the opening that they share. */
#ifndef GATEWAY_ROLE_H
#define GATEWAY_ROLE_H

#include <stdbool.h>

enum role {
	ROLE_SUPERVISOR,
	ROLE_SPOOLER,
	ROLE_KEYHOLDER,
	ROLE_SEALER,
	ROLE_UNSEALER,
	ROLE_VERIFIER,
	ROLE_INSPECTOR,
	ROLE_COURIER,
	ROLE_COUNT
};

/* "supervisor", "spooler" ...: in logs, in configuration, on the command
 * line of the child. */
const char *role_name(enum role);
/* False when there is no such role. */
bool role_parse(const char *name, enum role *out);

#endif
