/* keys/secrets/secret_parts.h - what a secret is made of; for keys/secrets only. */
#ifndef KEYS_SECRET_PARTS_H
#define KEYS_SECRET_PARTS_H

#include "keys/algorithms/secret_key.h"
#include "keys/certs/cert_priv.h"
#include "keys/secrets/secret.h"

#define SECRET_SIZE_MAX ((size_t)1024 * 1024)

/*
 * The numbers of one key as they stand in its packet (RFC 9580, 5.5.3),
 * without check sum, in libgcrypt's secure memory.  They are kept beside what
 * libgcrypt works with, so that a key can be written again whatever its
 * algorithm is.
 */
struct secret_numbers {
	uint8_t *at; /* NULL: none */
	size_t len;
};

bool secret_numbers_set(struct secret_numbers *, const void *, size_t);
void secret_numbers_free(struct secret_numbers *);

struct secret {
	struct cert *cert;
	/* One for each key whose numbers are here; the primary key's are not
	 * when it is kept elsewhere.  keys[i].pk is the certificate's. */
	struct secret_key *keys;
	struct secret_numbers *numbers;
	size_t count;
	enum secret_lock_kind lock; /* how it was locked, if it was */
	bool weak_lock;
	bool lay_open; /* some of them were not locked */
};

/* Of which key of the certificate are numbers here?  -1: not of this. */
int secret_find(const struct secret *, const struct pk *);

/* Both halves of one key, before they are part of anything. */
struct secret_half {
	struct pk pk;
	struct secret_numbers numbers; /* may be none */
};

void secret_half_close(struct secret_half *);

/*
 * A secret from the packets of its certificate and the numbers of its keys,
 * each of which must have a place there; takes the numbers.  GW_REFUSED,
 * KEY_UNUSABLE: halves that do not agree, or no numbers at all.
 */
enum gw_status secret_assemble(const struct buf *packets,
    struct secret_half *halves, size_t count, struct secret **out,
    struct why *);

/* A key packet whose secret part is read or written. */
struct secret_packet {
	int tag; /* PACKET_SECRET_KEY or PACKET_SECRET_SUBKEY */
	const struct pk *pk;
};

/* How a secret part was locked. */
struct secret_locked {
	/* Whoever could write the file could have altered it by plan: a
	 * disagreement of the halves must look like a wrong passphrase. */
	bool malleable;
	bool weak; /* that, or the passphrase is hashed but once */
	bool aead;
	bool open; /* not at all */
};

/*
 * Read the secret part of a key packet up to its end: in the clear, or locked
 * in one of the ways of RFC 9580, 3.7.2.1.  GW_NONE: there are no numbers (the
 * key was exported without them, or they are on a card).
 * GW_REFUSED, KEY_UNUSABLE: wrong or missing passphrase, or altered;
 * UNSUPPORTED, MALFORMED, TOO_LARGE.
 */
enum gw_status secret_unlock(const struct secret_packet *, struct buf *part,
    const char *passphrase, struct secret_numbers *, struct secret_locked *,
    struct why *);
/* The words for that. */
enum gw_status secret_wrong_passphrase(struct why *);

/* Append the secret part for these numbers; passphrase NULL: in the clear.
 * Without numbers: GnuPG's way to say so. */
enum gw_status secret_lock(const struct secret_packet *,
    const struct secret_numbers *, const char *passphrase,
    enum secret_lock_kind, struct buf *part, struct why *);

/* As text; in version 6 without a check sum (RFC 9580, 6.1). */
enum gw_status secret_armor(const struct secret *, const char *label,
    const struct buf *packets, struct buf *out, struct why *);

/* Octets that are never too few for one key packet, or one signature packet
 * with another one inside. */
#define SECRET_PACKET_MAX (PK_BODY_MAX + SECRET_NUMBERS_MAX + 256)
#define SECRET_SIG_MAX    (2 * SIG_BODY_MAX)

/* What a self-signature is about: the primary key, and with it a subkey, a
 * user id or neither. */
struct secret_subject {
	const struct pk *primary;
	const struct pk *subkey; /* or NULL */
	const void *uid;         /* or NULL */
	size_t uid_len;
};

/* Hash it as RFC 9580, 5.2.4, has it. */
void secret_subject_hash(const struct secret_subject *, gcry_md_hd_t);

/* Begin a self-signature with the hash that suits the key. */
void secret_self_begin(struct sig_build *, int type,
    const struct secret_key *signer, time_t created);
/* Sign it and append its packet; it is closed in any case. */
enum gw_status secret_self_end(struct sig_build *,
    const struct secret_key *signer, const struct secret_subject *,
    struct buf *out, struct why *);
/* Put the subkey's own word into its binding (RFC 9580, 5.2.1.9), without
 * which a signing subkey is nobody's. */
enum gw_status secret_self_back(struct sig_build *binding,
    const struct secret_key *subkey, const struct pk *primary, time_t created,
    struct why *);
/* How long a key lives, absolute; 0 is for ever and nothing is put. */
void secret_self_expires(struct sig_build *, const struct pk *, time_t expires);

/*
 * Fresh subkeys of that kind, born and bound at params->created: appends their
 * packets with bindings, stores their halves (at most SECRET_FRESH_MAX) and
 * counts them up.
 */
#define SECRET_FRESH_MAX 4
enum gw_status secret_put_subkeys(const struct secret_params *,
    const struct secret_key *primary, struct buf *packets,
    struct secret_half *halves, size_t *count, struct why *);
/* Are these parameters of something that can be made? */
enum gw_status secret_check_params(const struct secret_params *, struct why *);

#endif
