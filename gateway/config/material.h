/* config/material.h - the keys that the configuration names. */
#ifndef GATEWAY_MATERIAL_H
#define GATEWAY_MATERIAL_H

#include "gateway/base/buf.h"
#include "gateway/config/config.h"

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
 * together; none speaks for two partners.  All errors are told through the
 * callback.  keys_init() must have been called.
 *
 * What only time has spoilt (our signing key or a partner's certificates have
 * expired) is told as well, but is an error for MATERIAL_CHECK alone: a gateway
 * that would not start again because one partner's key ran out overnight would
 * stop the traffic of all others.  Documents that need it are refused one by
 * one, with that reason.
 */
enum material_use { MATERIAL_RUN, MATERIAL_CHECK };
enum gw_status material_load(const struct config *, enum material_use,
    config_error_fn, void *ctx, struct material **out);
void material_free(struct material *);

#endif
