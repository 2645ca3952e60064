/* keys/messages/seal.h - sign, then encrypt, in one pass and constant memory. */
#ifndef KEYS_SEAL_H
#define KEYS_SEAL_H

#include "keys/certs/cert.h"

/*
 * Make the signature number(s) of a digest with the signing key of this
 * fingerprint (hex); `out` receives the algorithm's MPIs or octets as they
 * stand in a signature packet (RFC 9580, 5.2.2, 5.2.3).  The real one asks
 * keyholder.
 */
typedef enum gw_status (*seal_sign_fn)(void *ctx, const char *fingerprint,
    int hash_algorithm, const uint8_t *digest, size_t len, struct buf *out,
    struct why *);

struct seal_request {
	const struct cert *const *recipients;
	size_t recipient_count;
	const struct cert *signer; /* our own, public part */
	const char *name;          /* literal data's name (cut at 255) */
	const char *message_id;    /* notations; NULL or "": left out */
	const char *flow;
	const char *sequence;
	time_t when;       /* signature and literal time */
	bool force_seipd1; /* partner cannot read AEAD */
	seal_sign_fn sign;
	void *sign_ctx;
};

struct seal_result {
	uint64_t plain_size, sealed_size;
	uint8_t plain_sha256[SHA256_LEN];
	uint8_t sealed_sha256[SHA256_LEN];
	char signer[DOC_FINGERPRINT_SIZE]; /* (sub)key that signed */
	bool aead;
};

/*
 * Read `in` to its end and write one binary OpenPGP message to `out`:
 * PKESK per recipient, SEIPDv2 (OCB) if every recipient announces it and it
 * is not forbidden, else SEIPDv1; inside one-pass signature, literal, v4
 * signature (intended recipients, notations).  The sum of what it writes is
 * bounded by the input plus 64 KiB plus 0.2 %.
 * GW_REFUSED: a recipient cannot be encrypted to, or the signer cannot sign.
 * GW_AGAIN: disk full, keyholder busy.
 */
enum gw_status seal_stream(const struct seal_request *, int in, int out,
    struct seal_result *, struct why *);

#endif
