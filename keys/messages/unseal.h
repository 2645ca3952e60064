/* keys/messages/unseal.h - open a hostile message; believe nothing yet. */
#ifndef KEYS_UNSEAL_H
#define KEYS_UNSEAL_H

#include "keys/certs/cert.h"
#include "keys/messages/digests.h"

/*
 * Ask for the session key of a PKESK packet body (RFC 9580, 5.1).  seipd is
 * the version of the packet that follows (1 or 2; 1 also for LibrePGP's), so
 * that a mismatch is refused.  *algorithm is the symmetric algorithm (for v3
 * it comes from the decrypted number, for v6 it is left 0).  GW_NONE: not one
 * of our keys.  Every other failure is the same GW_REFUSED, REASON_NOT_FOR_US
 * or DAMAGED, so that nobody learns from the difference.  The real one asks
 * keyholder.
 */
typedef enum gw_status (*unseal_unwrap_fn)(void *ctx, const void *pkesk,
    size_t len, int seipd, int *algorithm, struct buf *session_key,
    struct why *why);

#define UNSEAL_SIGNATURES_MAX (64 * 1024)
#define UNSEAL_PASSWORDS_MAX  8

/* What a message may be. */
enum unseal_shape {
	UNSEAL_ENCRYPTED, /* only that: documents of partners */
	UNSEAL_SIGNED,    /* one-pass or prefixed signatures, not encrypted */
	UNSEAL_CLEARTEXT  /* RFC 9580, 7 */
};

struct unseal_request {
	unsigned shapes; /* 1 << enum unseal_shape; 0: UNSEAL_ENCRYPTED */
	unseal_unwrap_fn unwrap; /* NULL: no keys */
	void *unwrap_ctx;
	/* Tried on SKESK packets (RFC 9580, 5.3), at most so many of each. */
	const char *const *passwords;
	size_t password_count;
	/* Used instead of anything else; cipher 0: as version 2 says. */
	const struct buf *session_key;
	int session_cipher;
	bool want_sha256;   /* of the message; it costs time */
	bool will_sync;     /* the document: begin writing it back at once */
	uint64_t max_plain; /* refuse beyond this many bytes; 0: no limit */
	/* Hash what the signatures announced in front of the document need, on
	 * the way, and whatever else was wanted of it; NULL: somebody will read
	 * it again.  Nothing of a cleartext goes there: its signatures are
	 * found too late, so it must be read again. */
	struct digests *digests;
};

/* What the message claimed.  Release with unseal_result_free(). */
struct unseal_result {
	uint64_t plain_size, sealed_size;
	uint8_t sealed_sha256[SHA256_LEN]; /* zero unless wanted */
	/* Over the literal's name and the signatures: stays the same when the
	 * message is wrapped anew by somebody who cannot open it. */
	uint8_t signed_sha256[SHA256_LEN];
	enum unseal_shape shape;
	char name[256]; /* literal's name: foreign, unchecked */
	uint8_t format; /* 'b', 't', 'u' */
	uint32_t date;
	struct buf signatures;  /* whole signature packets, in order */
	bool aead;              /* SEIPDv2 or LibrePGP's packet */
	struct buf session_key; /* what opened it, wiped by the free function */
	int session_cipher;
};

/*
 * Read `in` (binary or armored) and write the document to `out`.  Exactly one
 * grammar: encrypted( signed( literal ) ), optionally compressed inside, or of
 * the shapes that are asked for the inside alone; anything beside it refuses.
 * GW_OK only after the integrity of the whole was proven (of what is not
 * encrypted: nothing, its signatures do that); what `out` holds before that
 * or after a failure is worth nothing and must be thrown away.  Memory is
 * constant; every count and size bounded.  A cleartext document is written as
 * it was signed: without dash-escapes, white space before line ends, and the
 * line end before its signatures.  Not encrypted and without any signature:
 * GW_REFUSED, UNSIGNED.
 */
enum gw_status unseal_stream(const struct unseal_request *, int in, int out,
    struct unseal_result *, struct why *);
void unseal_result_free(struct unseal_result *);

#endif
