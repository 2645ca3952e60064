/* keys/messages/digests.h - one document, hashed in all the ways wanted. */
#ifndef KEYS_DIGESTS_H
#define KEYS_DIGESTS_H

#include "keys/certs/sig.h"

/* How a document becomes the octets that are hashed (RFC 9580, 5.2.4, 7.2). */
enum digests_form {
	DIGESTS_BINARY,
	DIGESTS_TEXT,     /* each line ends with CR LF */
	DIGESTS_CLEARTEXT /* and has no spaces or tabs before that */
};

#define DIGESTS_MAX 20

struct digests;

enum gw_status digests_new(struct digests **, struct why *);
void digests_free(struct digests *); /* NULL: nothing */

/* This hash is wanted, too; before the first write.  Without a salt (version
 * 6 signatures have one) equal ones are computed once. */
enum gw_status digests_want(struct digests *, int hash_algorithm,
    enum digests_form, const void *salt, size_t salt_len, struct why *);
/* What that signature is over. */
enum gw_status digests_want_sig(
    struct digests *, const struct sig *, enum digests_form, struct why *);

/*
 * The next n octets.  On the second thread where there is one, and then the
 * octets must stay until the next write or digests_settle().  Reading them
 * meanwhile is fine.  Nothing happens when no hash is wanted.
 */
void digests_write(struct digests *, const void *, size_t n);
void digests_settle(struct digests *);

/* A copy of the running hash that this signature needs, to be finished by
 * sig_digest() and closed by the caller.  GW_NONE: it was never wanted. */
enum gw_status digests_copy(struct digests *, const struct sig *,
    enum digests_form, gcry_md_hd_t *, struct why *);
/* The same for a signature that is being made: with that hash and salt. */
enum gw_status digests_running(struct digests *, int hash_algorithm,
    enum digests_form, const void *salt, size_t salt_len, gcry_md_hd_t *,
    struct why *);
/* SHA-256 of the octets as they are, which must have been wanted. */
void digests_sha256(struct digests *, uint8_t out[SHA256_LEN]);

#endif
