/* keys/secrets/secret.h - the only user of private OpenPGP keys. */
#ifndef KEYS_SECRET_H
#define KEYS_SECRET_H

#include "keys/certs/cert.h"

struct secret;

/* Parse a transferable secret key (binary or armored), unlock it with the
 * passphrase (NULL: it must be unprotected) and check that public and
 * secret parts agree.  Secret numbers stay in locked memory. */
enum gw_status secret_parse(const void *, size_t, const char *passphrase,
    struct secret **, struct why *);
void secret_free(struct secret *);
/* The public part; stays the secret's. */
const struct cert *secret_cert(const struct secret *);

/* For seal_sign_fn and unseal_unwrap_fn, over keys in this array. */
enum gw_status secret_sign(struct secret *const *, size_t count,
    const char *fingerprint, int hash_algorithm, const uint8_t *digest,
    size_t len, struct buf *out, struct why *);
enum gw_status secret_unwrap(struct secret *const *, size_t count,
    const void *pkesk, size_t len, int seipd, int *algorithm,
    struct buf *session_key, struct why *);

enum secret_kind { SECRET_ED25519, SECRET_RSA3072, SECRET_RSA4096 };
struct secret_params {
	enum secret_kind kind;
	const char *user_id;
	time_t created;
	time_t expires;         /* absolute; 0: never */
	bool announce_seipd2;   /* features 0x08 beside 0x01 */
	const char *passphrase; /* NULL: stored unprotected (mode 0600) */
};
/* New v4 key: primary certifies, one subkey signs, one encrypts.  Appends
 * the armored secret key; *out may be NULL when only the text is wanted. */
enum gw_status secret_generate(const struct secret_params *, struct buf *text,
    struct secret **out, struct why *);

#endif
