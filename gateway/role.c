/* gateway/role.c - the names of the processes. */
#include "gateway/role.h"

#include <string.h>

static const char *const names[ROLE_COUNT] = {
	[ROLE_SUPERVISOR] = "supervisor",
	[ROLE_SPOOLER] = "spooler",
	[ROLE_KEYHOLDER] = "keyholder",
	[ROLE_SEALER] = "sealer",
	[ROLE_UNSEALER] = "unsealer",
	[ROLE_VERIFIER] = "verifier",
	[ROLE_INSPECTOR] = "inspector",
	[ROLE_COURIER] = "courier",
};

const char *
role_name(enum role role)
{
	return (unsigned)role < ROLE_COUNT ? names[role] : "unknown";
}

bool
role_parse(const char *name, enum role *out)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum role)i;
			return true;
		}
	}
	return false;
}
