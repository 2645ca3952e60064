/* gateway/sop/sop_verdicts.h - which signatures count, and VERIFICATIONS. */
#ifndef GATEWAY_SOP_SOP_VERDICTS_H
#define GATEWAY_SOP_SOP_VERDICTS_H

#include "gateway/sop/sop_certs.h"
#include "keys/messages/verify.h"

/* When a signature that counts may have been made, both ends included. */
struct sop_period {
	time_t not_before, not_after;
};

/* Both DATEs, NULL: the draft's default (from the beginning to now).
 * SOP_UNSUPPORTED_OPTION when one is no date. */
int sop_period_read(
    const char *not_before, const char *not_after, struct sop_period *);

/*
 * Judge the signatures over what was digested.  *lines receives a line for
 * each that counts, none if none does; why others do not is told on stderr.
 */
int sop_verdicts(const struct sop_certs *, const struct sop_period *,
    const void *signatures, size_t len, bool cleartext, struct digests *,
    struct buf *lines);

#endif
