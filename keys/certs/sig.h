/* keys/certs/sig.h - signature packets: reading, judging, building. */
#ifndef KEYS_SIG_H
#define KEYS_SIG_H

#include "keys/certs/policy.h"

#define SIG_BODY_MAX       (32 * 1024)
#define SIG_NOTATIONS_MAX  16
#define SIG_RECIPIENTS_MAX 64

/* Our notations; any other critical one refuses the signature. */
#define SIG_NOTATION_MESSAGE_ID "message-id@waybill.invalid"
#define SIG_NOTATION_FLOW       "flow@waybill.invalid"
#define SIG_NOTATION_SEQUENCE   "sequence@waybill.invalid"

struct sig_span {
	const uint8_t *at; /* NULL: not there */
	size_t len;
};

struct sig_notation {
	struct sig_span name, value; /* foreign bytes */
	bool text;                   /* human-readable flag */
};

/*
 * A signature of version 4 or 6 (3 is refused).  All but the issuer comes from
 * the hashed area, so it counts once the signature has been verified; the
 * issuer may be from the unhashed area and only says where to look.
 */
struct sig {
	int version;
	int type;
	int pk_algorithm;
	int hash_algorithm;
	time_t created;
	time_t expires;        /* absolute; 0: never */
	uint32_t key_lifetime; /* seconds from the key's creation; 0: none */
	bool has_key_flags;
	uint8_t key_flags;
	uint8_t features;
	bool primary_uid;
	bool exportable;
	bool has_revoke_reason;
	uint8_t revoke_reason; /* RFC 9580, 5.2.3.31; of several a hard one */
	struct sig_span pref_ciphers, pref_hashes, pref_compression;
	struct sig_span pref_aead; /* pairs of cipher and mode */
	struct sig_notation notations[SIG_NOTATIONS_MAX];
	size_t notation_count;
	/* Intended recipients: fingerprints of 20 or 32 octets. */
	struct sig_span recipients[SIG_RECIPIENTS_MAX];
	size_t recipient_count;
	struct sig_span embedded; /* body of a back signature; from either
				   * area, for it proves itself */

	struct sig_span issuer_fpr; /* hint: 20 or 32 octets, or NULL */
	struct sig_span issuer_id;  /* hint: 8 octets, or NULL */

	struct sig_span head;    /* version to end of the hashed area */
	struct sig_span salt;    /* version 6; hashed before anything else */
	struct sig_span numbers; /* what the algorithm made */
	uint8_t left16[2];
	uint8_t *memory; /* what the spans point into */
};

/*
 * Parse the body of a signature packet (RFC 9580, 5.2.3), which is copied.
 * GW_REFUSED, MALFORMED; UNSUPPORTED: another version, or a critical
 * subpacket or notation that we do not know.  Algorithms are judged later.
 * Release with sig_close(), also after a failure.
 */
enum gw_status sig_parse(
    struct sig *, const void *body, size_t len, struct why *);
void sig_close(struct sig *);

/* The value of a text notation, NUL-terminated; false when it is missing,
 * given twice, has a NUL inside or does not fit (out is "" then). */
bool sig_notation_text(
    const struct sig *, const char *name, char *out, size_t size);
/* Of a revocation: was the key good until then, by the reason it gives? */
bool sig_revokes_softly(const struct sig *);
/* Do the issuer hints fit this key?  True without any hint. */
bool sig_hint_fits(const struct sig *, const struct pk *);

/* What the signature is about decides how strong it must be. */
enum sig_purpose { SIG_FOR_DATA, SIG_FOR_SELF, SIG_FOR_REVOCATION };

/* Is the hash good enough for this (policy.h)?  GW_REFUSED: WEAK, or
 * UNSUPPORTED. */
enum gw_status sig_policy(const struct sig *, enum sig_purpose, struct why *);

/* Begin the hash of what is signed: sig->hash_algorithm, the salt already in
 * it.  GW_REFUSED, UNSUPPORTED: no hash of ours. */
enum gw_status sig_md_open(const struct sig *, gcry_md_hd_t *, struct why *);
/*
 * Finish: `md` has hashed what is signed with sig->hash_algorithm; the
 * signature's own head and trailer are added (RFC 9580, 5.2.4).  digest holds
 * PACKET_HASH_MAX bytes.  md cannot be used for anything else afterwards
 * (gcry_md_copy before, when several signatures share the data).
 */
enum gw_status sig_digest(const struct sig *, gcry_md_hd_t md, uint8_t *digest,
    size_t *len, struct why *);
/*
 * Policy, versions of signature and key, key algorithm, left 16 bits, then
 * the mathematics.  Not the times and not whether that key may sign:
 * cert_priv.h.  What the policy lets revocations hash with also does for
 * algorithms that otherwise want a longer digest.  GW_REFUSED: WEAK,
 * SIGNATURE_BAD, UNSUPPORTED.
 */
enum gw_status sig_verify_digest(const struct sig *, const struct pk *,
    enum sig_purpose, const uint8_t *digest, size_t len, struct why *);
/* Both, for those who need the digest for nothing else. */
enum gw_status sig_verify(const struct sig *, const struct pk *,
    enum sig_purpose, gcry_md_hd_t md, struct why *);

/*
 * Building a signature of the version of its signer's key: init, more
 * subpackets, digest (once what is signed has been hashed, behind the salt:
 * sig_build_md_open()), numbers by whoever has the private key, finish.
 * Errors are kept; digest and finish report them.
 */
struct sig_build {
	struct buf head;     /* version, types, hashed area */
	struct buf unhashed; /* the key id, in version 4 */
	uint8_t salt[32];
	size_t salt_len; /* 0 in version 4 */
	uint8_t digest[PACKET_HASH_MAX];
	size_t digest_len;
	int hash_algorithm;
	int version;
};

/* Puts creation time and issuer's fingerprint; version 6 takes a salt. */
void sig_build_init(struct sig_build *, int type, const struct pk *signer,
    int hash_algorithm, time_t created);
void sig_build_close(struct sig_build *);
void sig_build_sub(
    struct sig_build *, int sub, bool critical, const void *, size_t);
void sig_build_sub_u32(struct sig_build *, int sub, bool critical, uint32_t);
/* Text notation, not critical: gpg refuses critical ones it does not know. */
void sig_build_notation(
    struct sig_build *, const char *name, const char *value);
/* Intended recipient (RFC 9580, 5.2.3.36): a certificate's primary key. */
void sig_build_recipient(struct sig_build *, const struct pk *);
/* As sig_md_open(). */
enum gw_status sig_build_md_open(
    const struct sig_build *, gcry_md_hd_t *, struct why *);
/* As sig_digest(); the digest to sign is in digest[0 .. digest_len). */
enum gw_status sig_build_digest(
    struct sig_build *, gcry_md_hd_t md, struct why *);
/* Append the whole packet, header included. */
enum gw_status sig_build_finish(struct sig_build *, const void *numbers,
    size_t numbers_len, struct buf *out, struct why *);

#endif
