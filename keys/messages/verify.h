/* keys/messages/verify.h - is this document really from that partner? */
#ifndef KEYS_VERIFY_H
#define KEYS_VERIFY_H

#include "keys/certs/trust.h"
#include "keys/messages/digests.h"

struct verify_request {
	const struct trust *trust;
	const char *partner;                 /* who delivered it */
	const char *const *own_fingerprints; /* our certificates (hex) */
	size_t own_count;
	const void *signatures; /* packets, from unseal_result */
	size_t signatures_len;
	uint64_t plain_size; /* what the unsealer claims */
	time_t when;         /* now */
	unsigned clock_skew; /* seconds a signature may be ahead */
};

/* What was proven. */
struct verify_result {
	char signer[DOC_FINGERPRINT_SIZE];      /* certificate's fingerprint */
	char signing_key[DOC_FINGERPRINT_SIZE]; /* (sub)key that signed */
	time_t signed_at;
	uint8_t plain_sha256[SHA256_LEN];
	char message_id[DOC_MESSAGE_ID_SIZE]; /* "" without notation */
	char flow[DOC_LABEL_SIZE];
	char sequence[32];
};

/*
 * Re-read the finished plaintext from descriptor `plain` and check the
 * signatures over it.  GW_OK means: at least one valid signature, by a key
 * that speaks for this partner, valid when it was made and now; the intended
 * recipient, when named, is us (a signature with Waybill's message-id must
 * name one); and no signature of that partner is bad.
 * GW_REFUSED with the reason otherwise.
 */
enum gw_status verify_document(const struct verify_request *, int plain,
    struct verify_result *, struct why *);

/*
 * The same engine without a gateway's rules, for whoever names the acceptable
 * certificates himself: each signature on its own.
 */
struct verify_one {
	enum gw_status verdict; /* GW_OK, or GW_REFUSED and why */
	struct why why;
	time_t signed_at;
	bool text;
	char signing_key[DOC_FINGERPRINT_SIZE]; /* "": nobody's we know */
	char signer[DOC_FINGERPRINT_SIZE];      /* its certificate's */
};

#define VERIFY_MAX 16 /* signatures */

/* Have hashed what these signature packets need (detached ones: they are
 * there before the data is).  Unreadable ones are passed over here. */
enum gw_status verify_want(struct digests *, const void *signatures, size_t len,
    bool cleartext, struct why *);
/*
 * Judge each signature over what was digested, at the time `when`: made by a
 * key of one of these certificates that might sign then (what ended since
 * does not undo it: cert_signer_was_fit()).
 * *n verdicts are stored, in the order of the packets.  GW_REFUSED only when
 * the packets themselves are malformed or too many.
 */
enum gw_status verify_each(const struct cert *const *certs, size_t count,
    const void *signatures, size_t len, bool cleartext, struct digests *,
    time_t when, struct verify_one out[VERIFY_MAX], size_t *n, struct why *);

#endif
