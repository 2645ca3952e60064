/* keys/certs/cert_parts.h - what a certificate is made of; for cert*.c only. */
#ifndef KEYS_CERT_PARTS_H
#define KEYS_CERT_PARTS_H

#include "keys/certs/cert_priv.h"

#define CERT_SIZE_MAX     (1024 * 1024)
#define CERT_USER_IDS_MAX 64
/* Signatures that say they are the owner's; what others added is read over
 * and costs nothing. */
#define CERT_SIGNATURES_MAX 1024
#define CERT_USER_ID_LEN    2048
/* Keys tried for revocations that stand in the wrong place. */
#define CERT_STRAYS_MAX (4 * 1024)

/* The body of a verified signature, in the certificate's packets. */
struct cert_packet {
	size_t at, len;
	size_t head;    /* octets up to the end of the hashed area */
	size_t numbers; /* octets of the numbers at the end */
};

/* What a verified signature of the primary key says about a part. */
struct cert_claim {
	struct cert_packet packet;
	time_t created;
	time_t expires;        /* of the claim; 0: never */
	uint32_t key_lifetime; /* seconds; 0: for ever */
	bool has_flags;
	uint8_t flags;
	uint8_t features;
	uint8_t ciphers; /* preferred, bit by cipher; see cert_takes() */
	uint16_t suites; /* likewise, with a mode */
	bool primary_uid;
	bool back_signed; /* the subkey agrees (RFC 9580, 5.2.1.9) */
	time_t back_created, back_expires;
};

struct cert_revocation {
	struct cert_packet packet;
	time_t created;
	bool hard;     /* compromised, or no reason given: never was good */
	bool of_claim; /* takes back what was said before, not the key */
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
	size_t at, len; /* the packet's body */
	bool attribute; /* a picture: kept, and nothing more */
	char *text;     /* NUL-terminated; NULL for a picture */
	struct cert_story story;
};

struct cert {
	struct buf raw;        /* the packets, as they came */
	struct cert_key *keys; /* the primary is first */
	size_t key_count;
	struct cert_uid *uids;
	size_t uid_count;
	size_t signature_count; /* of those that may be the owner's */
	size_t stray_count;
};

/* The bit for a cipher, and a mode unless that is 0; 0: none of ours. */
unsigned cert_takes_bit(int cipher, int aead);

/* Room for one more element behind `count`, zeroed; NULL without memory, and
 * then the old array is still there. */
void *cert_grow(void *array, size_t count, size_t size);
/* GW_AGAIN, and why. */
enum gw_status cert_nomem(struct why *);

/*
 * Read one signature packet behind the primary key or (not NULL) that subkey
 * or user id.  One that does not count is read over, not refused: anybody can
 * add them to a certificate on its way, and old ones may be weak by now.
 * GW_REFUSED: too many say they are the owner's.
 */
enum gw_status cert_story_read(struct cert *, struct cert_key *subkey,
    struct cert_uid *uid, const struct packet *, struct why *);
/*
 * One more look at a signature packet when all is read: a revocation of a key
 * that stands in the wrong place counts for the key that it revokes.  People
 * append what they have to what they have; here or in a merge it must not get
 * lost.  GW_REFUSED as above.
 */
enum gw_status cert_story_stray(
    struct cert *, const struct packet *, struct why *);
void cert_story_free(struct cert_story *);

#endif
