/* keys/certs/trust.h - which certificates speak for which partner. */
#ifndef KEYS_TRUST_H
#define KEYS_TRUST_H

#include "keys/certs/cert.h"

struct trust;

struct trust *trust_new(void);
void trust_free(struct trust *);
/* This certificate may sign for this partner.  Takes the certificate; a copy
 * of one that the partner has becomes one with it (cert_absorb()).
 * GW_EXISTS (and the certificate stays the caller's) when one of its signing
 * keys already speaks for another partner: identity must be unambiguous. */
enum gw_status trust_add(
    struct trust *, const char *partner, struct cert *, struct why *);

#endif
