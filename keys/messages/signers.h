/* keys/messages/signers.h - who signs one document, and the packets of that. */
#ifndef KEYS_SIGNERS_H
#define KEYS_SIGNERS_H

#include "keys/certs/cert_priv.h"
#include "keys/messages/digests.h"
#include "keys/messages/seal.h"
#include "keys/packets/sink.h"

/* A signature packet of ours, at most. */
#define SIGNERS_PACKET_MAX 8192

struct signer {
	const struct pk *pk; /* the (sub)key that signs */
	struct sig_build build;
};

struct signers {
	const struct seal_signing *signing;
	enum digests_form form;
	struct signer one[SEAL_SIGNERS_MAX];
	size_t count;
};

/*
 * Choose each signer's key and hash.  GW_REFUSED, KEY_UNUSABLE: one of them
 * cannot sign, which is our own trouble, not the partner's.  `signing` and its
 * certificates stay the caller's.  Release with signers_close(), also after a
 * failure.
 */
enum gw_status signers_choose(struct signers *, const struct seal_signing *,
    enum digests_form, struct why *);
void signers_close(struct signers *);

/* Have the document hashed as they need it. */
enum gw_status signers_want(
    const struct signers *, struct digests *, struct why *);
/* Do all of them, at least one, make signatures of that version? */
bool signers_all(const struct signers *, int version);

/* One-pass packets in front of the document, signatures behind it in the
 * opposite order (RFC 9580, 5.4 and 10.3). */
enum gw_status signers_put_one_pass(
    const struct signers *, struct sink *, struct why *);
enum gw_status signers_put_after(
    struct signers *, struct digests *, struct sink *, struct why *);
/* The signatures alone, in order. */
enum gw_status signers_put(
    struct signers *, struct digests *, struct sink *, struct why *);

#endif
