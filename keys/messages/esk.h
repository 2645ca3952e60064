/* keys/messages/esk.h - encrypted session keys, and whoever can open one. */
#ifndef KEYS_ESK_H
#define KEYS_ESK_H

#include "keys/messages/unseal.h"
#include "keys/packets/body.h"

/* What the session key is for decides which packets may bring it (RFC 9580,
 * 10.3.2.1). */
enum esk_for { ESK_FOR_SEIPD1 = 1, ESK_FOR_SEIPD2 = 2, ESK_FOR_LIBREPGP = 20 };

/* Those in front of the message, kept until it is known what they are for. */
struct esks {
	struct buf all; /* of each: tag, length, body */
	unsigned count;
};

void esks_init(struct esks *);
void esks_free(struct esks *);
/* Take a PKESK or SKESK packet.  GW_REFUSED: too many, or too large. */
enum gw_status esks_keep(struct esks *, struct body *, struct why *);

/*
 * Keys that may be the right one.  A password gives some key whether or not
 * it is the right password (SKESK version 4, RFC 9580, 5.3.1), so several of
 * them leave several keys, and only the message tells.
 */
#define ESK_KEYS_MAX 64
struct esk_keys {
	struct {
		int cipher;
		uint8_t len;
		uint8_t key[32];
	} one[ESK_KEYS_MAX];
	size_t count;
};

/*
 * Open what can be opened: with the request's session key if it gives one, or
 * else its private keys, or else its passwords.  cipher: what the encrypted
 * packet says, 0 for version 1.  At least one key on GW_OK; wipe them.
 * GW_REFUSED: NOT_FOR_US when there is nothing for us; every other failure is
 * the same DAMAGED.
 */
enum gw_status esks_open(struct esks *, const struct unseal_request *,
    enum esk_for, int cipher, struct esk_keys *, struct why *);

/*
 * Read an SKESK's body (RFC 9580, 5.3; version 5 is LibrePGP's) with a
 * password; GW_OK gives a key, right or wrong (version 4) or proven (5 and 6).
 * GW_NONE: it does not open.  GW_REFUSED, UNSUPPORTED or TOO_LARGE: it is
 * none that we could or would open with any password.
 * *argon2_left is KiB times passes that may still be spent.
 */
enum gw_status skesk_open(const uint8_t *body, size_t len, enum esk_for,
    const char *password, uint64_t *argon2_left, int *cipher, uint8_t key[32],
    size_t *key_len, struct why *);

#endif
