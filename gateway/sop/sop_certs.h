/* gateway/sop/sop_certs.h - CERTS arguments. */
#ifndef GATEWAY_SOP_SOP_CERTS_H
#define GATEWAY_SOP_SOP_CERTS_H

#include "gateway/sop/sop_options.h"
#include "keys/certs/cert.h"

#define SOP_CERTS_MAX 1024

struct sop_certs {
	struct cert *at[SOP_CERTS_MAX];
	size_t count;
};

/* Append every certificate of every one of the arguments, copies of one being
 * joined (cert_absorb()), or of standard input, as they are.  SOP_OK or an exit code, after having said why. */
int sop_certs_read(const struct sop_list *, struct sop_certs *);
int sop_certs_stdin(struct sop_certs *);
void sop_certs_free(struct sop_certs *);

#endif
