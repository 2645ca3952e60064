/* keys/algorithms/s2k.h - a password becomes a key (RFC 9580, 3.7). */
#ifndef KEYS_S2K_H
#define KEYS_S2K_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum s2k_kind {
	S2K_SIMPLE = 0, /* read only */
	S2K_SALTED = 1, /* read only */
	S2K_ITERATED = 3,
	S2K_ARGON2 = 4
};

#define S2K_SALT_LEN        8 /* salted and iterated */
#define S2K_SALT_ARGON2_LEN 16
#define S2K_KEY_MAX         32

/*
 * Argon2's cost is chosen by whoever wrote the file or the message, so it is
 * bounded before anything is computed: passes times memory is at most 2 GiB,
 * which is the dearest of RFC 9106's recommendations (one pass over 2 GiB)
 * and some seconds of one core.  Memory alone cannot be more either.  A
 * process with a memory limit may refuse less, by GW_AGAIN.  The iterated
 * kind needs no bound of ours: its coded count ends at 65,011,712 octets.
 *
 * Argon2's blocks are ordinary memory (too much to lock), which libgcrypt
 * wipes before it gives it back.
 */
#define S2K_ARGON2_COST_MAX ((uint64_t)2 * 1024 * 1024) /* KiB times passes */

struct s2k {
	int kind;
	int hash; /* enum packet_hash_id; 0 for Argon2 */
	uint8_t salt[S2K_SALT_ARGON2_LEN];
	uint8_t count;                 /* iterated: the coded octet */
	uint8_t passes, lanes, memory; /* Argon2: t, p, log2 of KiB */
};

/*
 * Read a specifier (RFC 9580, 3.7.1) and judge it.  GW_REFUSED, MALFORMED:
 * cut, or numbers that Argon2 does not have; UNSUPPORTED: kind or hash;
 * TOO_LARGE: a cost beyond our bounds.
 */
enum gw_status s2k_read(struct buf *, struct s2k *, struct why *);
/*
 * Good enough for the packets of version 6?  Not the simple kind, and no
 * SHA-1 (RFC 9580, 9.5); what older packets may have is decided by whoever
 * reads them.
 */
bool s2k_modern(const struct s2k *);
/* One for something new, with a fresh salt: iterated (SHA-256, the highest
 * count) or Argon2 (RFC 9106's second recommendation: 64 MiB, 3 passes, 4
 * lanes).  Any other kind is our own mistake and ends the process. */
void s2k_fresh(struct s2k *, enum s2k_kind);
bool s2k_write(const struct s2k *, struct buf *);
/*
 * len octets of key, at most S2K_KEY_MAX.  GW_AGAIN: no memory for Argon2;
 * key is wiped after every failure.  Nothing of the password stays behind.
 */
enum gw_status s2k_derive(const struct s2k *, const char *password,
    uint8_t *key, size_t len, struct why *);

#endif
