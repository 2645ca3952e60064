/* gateway/material.h - the keys that the configuration names, in memory. */
#ifndef GATEWAY_MATERIAL_H
#define GATEWAY_MATERIAL_H

#include "gateway/base/buf.h"
#include "gateway/config.h"

/* What one partner's configuration names. */
struct material_partner {
	struct buf *certificate; /* binary, one transferable key each */
	size_t certificate_count;
	struct buf send_identity;    /* secret: private SSH key, text */
	struct buf collect_identity; /* secret; empty where not configured */
};

/* Read by the supervisor and by `check`; each role gets only its share. */
struct material {
	struct buf *secret; /* secret: armored OpenPGP keys */
	size_t secret_count;
	struct buf passphrase;      /* secret; empty: none */
	struct buf own_certificate; /* public part of signing-key, binary */
	struct buf *public;         /* public parts of all secret[] */
	struct material_partner *partner; /* in the order of config->partner */
	size_t partner_count;
};

/*
 * Load and check everything: files are safe (owner, mode), parse, belong
 * together; the signing key can sign now, each partner with outbound flows
 * has a certificate that can be encrypted to, none speaks for two partners.
 * All errors are told through the callback.  keys_init() must have been called.
 */
enum gw_status material_load(
    const struct config *, config_error_fn, void *ctx, struct material **out);
void material_free(struct material *);

#endif
