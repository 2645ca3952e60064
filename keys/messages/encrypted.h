/* keys/messages/encrypted.h - the encrypted packet, whichever of the three. */
#ifndef KEYS_ENCRYPTED_H
#define KEYS_ENCRYPTED_H

#include "keys/messages/esk.h"
#include "keys/messages/seipd.h"

struct encrypted {
	enum esk_for what;
	int cipher; /* 0: only the session key's packet knows (version 1) */
	struct seipd2_params seipd2;
	struct librepgp_params librepgp;
	/* Read ahead to tell keys apart, and shown again. */
	struct source again;
	struct source *rest;
	uint8_t *ahead;
	size_t ahead_len;
	struct source *clear;
};

/* Version, and what stands in clear in front of the data (RFC 9580, 5.13);
 * b is a SEIPD packet or LibrePGP's.  GW_REFUSED, UNSUPPORTED. */
enum gw_status encrypted_head(struct encrypted *, struct body *, struct why *);
/*
 * Decrypt it with the key that fits best (the one there is, usually, which is
 * right or wrong and not asked before the end); *which tells.  *clear is as
 * seipd.h says.
 */
enum gw_status encrypted_open(struct encrypted *, struct body *, uint64_t hint,
    const struct esk_keys *, size_t *which, struct source **clear,
    struct why *);
void encrypted_close(struct encrypted *);

#endif
