/* keys/messages/outlet.h - where the document goes: to a file, and through hashes. */
#ifndef KEYS_OUTLET_H
#define KEYS_OUTLET_H

#include "keys/messages/unseal.h"

/*
 * Pieces of any size go in.  What comes in crumbs leaves in large pieces, and
 * while one half of the buffer is hashed the other is filled.
 */
struct outlet {
	int fd;
	uint64_t max;            /* 0: no limit */
	struct digests *digests; /* may be NULL */
	uint8_t *halves;         /* two of cap octets; made when needed */
	size_t cap, fill;
	bool second; /* the half being filled */
	bool push;   /* it will be synced: write back early */
	uint64_t size, written, pushed;
};

/* The request says how much is allowed and whether it will be synced.  hint:
 * how large the document can be at most; UINT64_MAX: nobody knows.  digests
 * may be NULL. */
void outlet_open(struct outlet *, int fd, const struct unseal_request *,
    uint64_t hint, struct digests *);
/* GW_REFUSED, TOO_LARGE: more than `max` in all. */
enum gw_status outlet_put(
    struct outlet *, const void *, size_t n, struct why *);
/* Write what waits; everything is written and hashed then. */
enum gw_status outlet_end(struct outlet *, struct why *);
void outlet_close(struct outlet *);

#endif
