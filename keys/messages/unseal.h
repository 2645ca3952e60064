/* keys/messages/unseal.h - open a hostile message; believe nothing yet. */
#ifndef KEYS_UNSEAL_H
#define KEYS_UNSEAL_H

#include "keys/certs/cert.h"

/*
 * Ask for the session key of a PKESK packet body (RFC 9580, 5.1).  seipd is
 * the version of the packet that follows (1 or 2), so that a mismatch is
 * refused.  *algorithm is the symmetric algorithm (for v3 it comes from the
 * decrypted number, for v6 it is left 0).  GW_NONE: not one of our keys.
 * Every other failure is the same GW_REFUSED, REASON_NOT_FOR_US or DAMAGED,
 * so that nobody learns from the difference.  The real one asks keyholder.
 */
typedef enum gw_status (*unseal_unwrap_fn)(void *ctx, const void *pkesk,
    size_t len, int seipd, int *algorithm, struct buf *session_key,
    struct why *);

#define UNSEAL_SIGNATURES_MAX (64 * 1024)

struct unseal_request {
	unseal_unwrap_fn unwrap;
	void *unwrap_ctx;
	uint64_t max_plain; /* refuse beyond this many bytes; 0: no limit */
};

/* What the message claimed.  Release with unseal_result_free(). */
struct unseal_result {
	uint64_t plain_size, sealed_size;
	uint8_t sealed_sha256[SHA256_LEN];
	/* Over the literal's name and the signatures: stays the same when the
	 * message is wrapped anew by somebody who cannot open it. */
	uint8_t signed_sha256[SHA256_LEN];
	char name[256]; /* literal's name: foreign, unchecked */
	uint8_t format; /* 'b', 't', 'u' */
	uint32_t date;
	struct buf signatures; /* whole signature packets, in order */
	bool aead;
};

/*
 * Decrypt `in` (binary or armored) into `out`.  Exactly one grammar:
 * encrypted( signed( literal ) ), optionally compressed inside; anything
 * beside it refuses.  GW_OK only after the integrity of the whole was
 * proven; what `out` holds before that or after a failure is worth nothing
 * and must be thrown away.  Memory is constant; every count and size bounded.
 */
enum gw_status unseal_stream(const struct unseal_request *, int in, int out,
    struct unseal_result *, struct why *);
void unseal_result_free(struct unseal_result *);

#endif
