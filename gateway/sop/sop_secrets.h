/* gateway/sop/sop_secrets.h - KEYS arguments. */
#ifndef GATEWAY_SOP_SOP_SECRETS_H
#define GATEWAY_SOP_SOP_SECRETS_H

#include "gateway/base/buf.h"
#include "gateway/sop/sop_options.h"
#include "gateway/sop/sop_passwords.h"
#include "keys/secrets/secret.h"

#define SOP_SECRETS_MAX 64

struct sop_secrets {
	struct secret *at[SOP_SECRETS_MAX];
	size_t count;
};

/* All functions return SOP_OK or an exit code, after having said why. */

/* To be called before any other function of keys/ by a subcommand that
 * handles private keys: locked memory, no core files. */
int sop_secrets_start(void);

/* Append every key of every one of the arguments, or of standard input,
 * unlocked by one of the passwords where it is locked. */
int sop_secrets_read(const struct sop_list *, const struct sop_passwords *,
    struct sop_secrets *);
/* *which (may be NULL) is set to the password that locks them, NULL if they are
 * not locked; they must have it in common then. */
int sop_secrets_stdin(
    const struct sop_passwords *, struct sop_secrets *, const char **which);
void sop_secrets_free(struct sop_secrets *);

/* Print them all, as one armored block or binary, under that password or
 * none (NULL). */
int sop_secrets_print(
    const struct sop_secrets *, const char *password, bool armored);

#endif
