/* gateway/sop/sop_opened.h - a message taken apart, believed only when proven. */
#ifndef GATEWAY_SOP_SOP_OPENED_H
#define GATEWAY_SOP_SOP_OPENED_H

#include "gateway/sop/sop_verdicts.h"
#include "keys/messages/unseal.h"

struct sop_opened {
	int plain; /* the document, in a file without a name; -1: none */
	struct unseal_result result;
	struct digests *digests;
};

/* Open the message; on GW_OK its integrity was proven, its signatures not.
 * The request's digests are set here when `verify`. */
enum gw_status sop_opened_read(struct sop_opened *, struct unseal_request *,
    int in, bool verify, struct why *);
void sop_opened_close(struct sop_opened *);

/* VERIFICATIONS of its signatures (sop_verdicts()).  SOP_OK or an exit code,
 * after having said why. */
int sop_opened_judge(struct sop_opened *, const struct sop_certs *,
    const struct sop_period *, struct buf *lines);

/* Hash all that comes from a descriptor; used for detached data, too. */
enum gw_status sop_opened_digest(int fd, struct digests *, struct why *);

#endif
