/* keys/messages/seal.h - sign, then encrypt, in one pass and constant memory. */
#ifndef KEYS_SEAL_H
#define KEYS_SEAL_H

#include "keys/certs/cert.h"

#define SEAL_SIGNERS_MAX   8
#define SEAL_PASSWORDS_MAX 8

/*
 * Make the signature number(s) of a digest with the signing key of this
 * fingerprint (hex); `out` receives the algorithm's MPIs or octets as they
 * stand in a signature packet (RFC 9580, 5.2.2, 5.2.3).  The real one asks
 * keyholder.
 */
typedef enum gw_status (*seal_sign_fn)(void *ctx, const char *fingerprint,
    int hash_algorithm, const uint8_t *digest, size_t len, struct buf *out,
    struct why *why);

/* What the encrypted data are wrapped in. */
enum seal_container {
	SEAL_AUTO,    /* SEIPDv2 if every recipient announces it, else v1; for
		       * passwords alone v1, unless they want Argon2 */
	SEAL_SEIPD1,  /* the partner cannot read AEAD, whatever its key says */
	SEAL_SEIPD2,  /* as asked, whatever the recipients announce */
	SEAL_LIBREPGP /* packet 20, OCB: GnuPG 2.4's own; no other reads it */
};

/* RFC 9980; only where libgcrypt can (seal_can_post_quantum()). */
enum seal_post_quantum {
	SEAL_PQ_OFF,    /* never its keys */
	SEAL_PQ_PREFER, /* such a key where the recipient has one */
	SEAL_PQ_REQUIRE /* a recipient without one refuses */
};
/* GW_REFUSED, UNSUPPORTED: which libgcrypt is needed, and which is there. */
enum gw_status seal_can_post_quantum(struct why *);

/* Who signs, and all that a signature may say. */
struct seal_signing {
	const struct cert *const
	    *signers; /* our own, public part; may be none */
	size_t signer_count;
	/* Intended ones, named in it; seal_stream() puts its own here. */
	const struct cert *const *recipients;
	size_t recipient_count;
	const char *message_id; /* notations; NULL or "": left out */
	const char *flow;
	const char *sequence;
	bool text;   /* over the text, not the octets (RFC 9580, 5.2.1.2) */
	time_t when; /* signature and literal time */
	seal_sign_fn sign;
	void *sign_ctx;
};

struct seal_request {
	struct seal_signing signing;
	const struct cert *const *recipients;
	size_t recipient_count;
	const char *const *passwords; /* each opens it as well (SKESK) */
	size_t password_count;
	enum seal_container container;
	enum seal_post_quantum post_quantum;
	bool argon2;      /* passwords: Argon2 (with version 1 of the
			   * encrypted data it is iterated all the same) */
	bool compress;    /* ZLIB; a compressed document is left as it is */
	bool armored;     /* as text (RFC 9580, 6) */
	const char *name; /* literal data's name (cut at 255) */
	char format;      /* literal's: 'b' or 'u'; 0 is 'b' */
	bool want_sha256; /* of document and message; they cost time */
	bool will_sync;   /* `out` will be: start writing back early */
};

struct seal_result {
	uint64_t plain_size, sealed_size;
	uint8_t plain_sha256[SHA256_LEN]; /* both zero unless wanted */
	uint8_t sealed_sha256[SHA256_LEN];
	char signer[DOC_FINGERPRINT_SIZE]; /* (sub)key that signed, the first;
					    * "" without signers */
	bool aead;
	struct buf session_key; /* the caller's: init it to be told the key, as
				 * SOP's --session-key-out; leave it zero */
	int session_cipher;
};

/*
 * Read `in` to its end and write one OpenPGP message to `out`: PKESK per
 * recipient, SKESK per password, the encrypted data; inside them one-pass
 * signatures, literal, signatures.  The sum of what it writes is bounded by
 * the input plus 64 KiB plus 0.2 % (armor: a third more).
 * GW_REFUSED: a recipient cannot be encrypted to, or a signer cannot sign.
 * GW_AGAIN: disk full, keyholder busy.
 */
enum gw_status seal_stream(const struct seal_request *, int in, int out,
    struct seal_result *, struct why *);

#endif
