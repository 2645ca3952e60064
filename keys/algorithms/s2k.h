/* keys/algorithms/s2k.h - a password becomes a key (RFC 9580, 3.7). */
#ifndef KEYS_S2K_H
#define KEYS_S2K_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

enum s2k_kind {
	S2K_SIMPLE = 0, /* read only */
	S2K_SALTED = 1, /* read only */
	S2K_ITERATED = 3,
	S2K_ARGON2 = 4
};

/* Argon2's cost is chosen by whoever sends the message: bounded to 2 GiB x
 * passes / 1, see s2k.c.  A keyholder's or unsealer's memory limit may refuse
 * less. */
struct s2k {
	int kind;
	int hash; /* enum packet_hash_id; not for Argon2 */
	uint8_t salt[16];
	uint8_t count;                 /* iterated: the coded octet */
	uint8_t passes, lanes, memory; /* Argon2: t, p, log2 of KiB */
};

/* Read a specifier (RFC 9580, 3.7.1) and judge it.  GW_REFUSED, MALFORMED;
 * UNSUPPORTED: kind or hash; TOO_LARGE: a cost beyond our bounds. */
enum gw_status s2k_read(struct buf *, struct s2k *, struct why *);
/* One for something new, with a fresh salt: iterated (SHA-256, the highest
 * count) or Argon2 (RFC 9106's second recommendation: 64 MiB, 3 passes, 4
 * lanes). */
void s2k_fresh(struct s2k *, enum s2k_kind);
bool s2k_write(const struct s2k *, struct buf *);
/* len octets of key; GW_AGAIN: no memory for Argon2. */
enum gw_status s2k_derive(const struct s2k *, const char *password,
    uint8_t *key, size_t len, struct why *);

#endif
