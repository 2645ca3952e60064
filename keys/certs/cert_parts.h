/* keys/certs/cert_parts.h - what a certificate is made of; for keys/cert*.c only. */
#ifndef KEYS_CERT_PARTS_H
#define KEYS_CERT_PARTS_H

#include "keys/certs/cert_priv.h"

#define CERT_SIZE_MAX       (1024 * 1024)
#define CERT_USER_IDS_MAX   64
#define CERT_SIGNATURES_MAX 1024
#define CERT_USER_ID_LEN    2048

/* What a verified signature of the primary key says about a part. */
struct cert_claim {
	time_t created;
	time_t expires;        /* of the claim; 0: never */
	uint32_t key_lifetime; /* seconds; 0: for ever */
	bool has_flags;
	uint8_t flags;
	uint8_t features;
	bool primary_uid;
	bool back_signed; /* the subkey agrees (RFC 9580, 5.2.1.9) */
	time_t back_expires;
};

struct cert_revocation {
	time_t created;
	bool hard; /* compromised, or no reason given: never was good */
};

/* Claims and revocations of one part. */
struct cert_story {
	struct cert_claim *claims;
	size_t claim_count;
	struct cert_revocation *revocations;
	size_t revocation_count;
};

struct cert_key {
	struct pk pk;
	struct cert_story story;
};

struct cert_uid {
	char *text; /* NUL-terminated */
	size_t len;
	struct cert_story story;
};

struct cert {
	struct buf raw;        /* the packets, as they came */
	struct cert_key *keys; /* the primary is first */
	size_t key_count;
	struct cert_uid *uids;
	size_t uid_count;
	size_t signature_count;
};

/* The story's newest claim that is in force at that time; NULL: none.  A
 * user id's claim is none from its revocation on. */
const struct cert_claim *cert_claim_at(const struct cert_story *, time_t when);

#endif
