/* transports/ssh_key.h - make and describe the keys that log in over SSH. */
#ifndef TRANSPORTS_SSH_KEY_H
#define TRANSPORTS_SSH_KEY_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

#include <stddef.h>

/* "SHA256:" and 43 characters of base 64. */
#define SSH_KEY_FINGERPRINT_SIZE 64
#define SSH_KEY_TYPE_SIZE        32

/* What a key is, for people. */
struct ssh_key_facts {
	char type[SSH_KEY_TYPE_SIZE];               /* "ssh-ed25519" ... */
	char fingerprint[SSH_KEY_FINGERPRINT_SIZE]; /* "SHA256:..." */
};

/* Append a fresh Ed25519 private key, unprotected, in OpenSSH's text form.
 * Give a buffer made by buf_init_secret(). */
enum gw_status ssh_key_generate(struct buf *text, struct why *);

/*
 * Read a private key (OpenSSH or PEM text, without passphrase), describe it,
 * and append its line for authorized_keys, without a newline.  `line` and
 * `comment` may be NULL.  GW_REFUSED: not a private key, protected by a
 * passphrase, or of a kind that is not accepted (DSA, RSA below 3072 bits).
 */
enum gw_status ssh_key_describe(const void *text, size_t len,
    const char *comment, struct ssh_key_facts *, struct buf *line,
    struct why *);

#endif
