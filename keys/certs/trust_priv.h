/* keys/certs/trust_priv.h - who could have made this signature? */
#ifndef KEYS_TRUST_PRIV_H
#define KEYS_TRUST_PRIV_H

#include "keys/certs/cert_priv.h"
#include "keys/certs/trust.h"

struct trust_match {
	const char *partner;
	const struct cert *cert;
	const struct pk *pk;
};

#define TRUST_MATCHES_MAX 16

/*
 * Every key of every partner that the signature's issuer hints fit (all keys
 * of that algorithm when there is no hint at all would be a search for luck:
 * none then).  Returns how many were stored; they stay the trust's.
 * Verifying, and comparing the partner, is the caller's.
 */
size_t trust_find(const struct trust *, const struct sig *,
    struct trust_match out[TRUST_MATCHES_MAX]);

#endif
