/* gateway/sop/sop_signers.h - who signs: encrypt, sign and inline-sign. */
#ifndef GATEWAY_SOP_SOP_SIGNERS_H
#define GATEWAY_SOP_SOP_SIGNERS_H

#include "gateway/sop/sop_secrets.h"
#include "keys/messages/seal.h"

struct sop_signers {
	struct sop_secrets secrets;
	const struct cert *certs[SEAL_SIGNERS_MAX]; /* the secrets' */
};

/* Read them, unlocked, and see that each can sign now.  SOP_OK or an exit
 * code, after having said why. */
int sop_signers_read(const struct sop_list *keys,
    const struct sop_list *passwords, struct sop_signers *);
void sop_signers_free(struct sop_signers *);

/* What the engine wants to know; *out borrows from the signers. */
void sop_signers_fill(
    struct sop_signers *, bool text, struct seal_signing *out);

#endif
