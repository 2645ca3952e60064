/* keys/certs/policy.h - which algorithms are good enough, for what, until when. */
#ifndef KEYS_POLICY_H
#define KEYS_POLICY_H

#include "keys/algorithms/pk.h"

enum policy_use {
	POLICY_DATA,       /* signing documents */
	POLICY_SELF,       /* what a certificate says about itself */
	POLICY_REVOCATION, /* believing one too many is the safe mistake */
	POLICY_ENCRYPT,    /* being encrypted to */
	POLICY_USES
};

/*
 * The rules are one table in policy.c, a row each with its reason; what has
 * no row is refused.  All: GW_OK, or GW_REFUSED with the row's reason (WEAK),
 * or UNSUPPORTED where there is none.
 */

/* A signature's hash.  `made` is the signature's own time: only a certificate's
 * signatures have a date at all, and whoever forged one by a collision needed
 * its owner's help. */
enum gw_status policy_hash(
    int hash_algorithm, enum policy_use, time_t made, struct why *);
/* A key's algorithm and size.  `when` is the time of use, not of any
 * signature: a key that can be broken signs with any date. */
enum gw_status policy_key(
    const struct pk *, enum policy_use, time_t when, struct why *);
/* A symmetric cipher. */
enum gw_status policy_cipher(int cipher, struct why *);

#endif
