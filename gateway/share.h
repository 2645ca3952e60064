/* gateway/share.h - each role's share of configuration and keys. */
#ifndef GATEWAY_SHARE_H
#define GATEWAY_SHARE_H

#include "gateway/config/config.h"
#include "gateway/config/material.h"

/*
 * The supervisor writes what one role needs, and nothing else, into a buffer;
 * it travels as a sealed memory file; the role reads it back.  Reading checks
 * every length as if it came from outside: one rule for all parsers.
 */
#define SHARE_MAX ((size_t)64 * 1024 * 1024)

/* A certificate and the partner that it speaks for. */
struct share_certificate {
	char partner[DOC_LABEL_SIZE];
	enum config_aead aead;
	enum config_post_quantum post_quantum;
	struct buf bytes;
};

/* Certificates of all partners, and our own. */
struct share_certificates {
	struct share_certificate *item;
	size_t count;
	struct buf *own; /* public parts of our keys; [0] signs */
	size_t own_count;
	unsigned clock_skew;
};

struct share_secrets {
	struct buf *key; /* secret: armored */
	size_t count;
	struct buf passphrase; /* secret; empty: none */
};

/* A courier's: one server of one partner. */
struct share_server {
	struct config_server server;
	struct buf identity; /* secret */
	bool collect;
};

/* Write; false when it does not fit. */
bool share_put_config(struct buf *, const struct config *);
bool share_put_secrets(struct buf *, const struct material *);
bool share_put_certificates(
    struct buf *, const struct config *, const struct material *);
bool share_put_server(struct buf *, const struct config_server *,
    const struct buf *identity, bool collect);

/* Read; false when malformed.  Release with the matching free. */
struct config *share_get_config(struct buf *); /* config_free() */
bool share_get_secrets(struct buf *, struct share_secrets *);
void share_free_secrets(struct share_secrets *);
bool share_get_certificates(struct buf *, struct share_certificates *);
void share_free_certificates(struct share_certificates *);
bool share_get_server(struct buf *, struct share_server *);
void share_free_server(struct share_server *);

/* A sealed memory file of these bytes; -1 and errno on failure. */
int share_file(const struct buf *);

#endif
