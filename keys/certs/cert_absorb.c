/* keys/certs/cert_absorb.c - copies of one certificate that came in several
 * files are one. */
#include "keys/certs/cert_parts.h"

#include <string.h>

/* Nothing to merge, and nothing of it to be put in another order. */
static bool
same_octets(const struct cert *a, const struct cert *b)
{
	return a->raw.len == b->raw.len &&
	       memcmp(a->raw.data, b->raw.data, a->raw.len) == 0;
}

enum gw_status
cert_absorb(struct cert **known, struct cert *more, struct why *why)
{
	struct cert *merged;
	enum gw_status st;

	if (!pk_same(cert_primary(*known), cert_primary(more)))
		return GW_NONE;
	if (same_octets(*known, more)) {
		cert_free(more);
		return GW_OK;
	}
	st = cert_merge(*known, more, &merged, why);
	if (st != GW_OK)
		return st == GW_REFUSED ? GW_NONE : st;
	cert_free(*known);
	cert_free(more);
	*known = merged;
	return GW_OK;
}
