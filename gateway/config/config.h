/* config/config.h - what the administrator wrote, checked. */
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

#include "gateway/base/doc.h"
#include "gateway/base/log.h"
#include "gateway/role.h"

#include <stdint.h>
#include <sys/types.h>

#define CONFIG_OWNERS_MAX 8

enum config_content { CONTENT_ANY, CONTENT_XML };
/* When is a dropped file finished?  (spool/watch.h has the meanings.) */
enum config_complete { COMPLETE_RENAME, COMPLETE_QUIET, COMPLETE_MARKER };
/* Keys that withstand a quantum computer (RFC 9980), towards one partner. */
/* As the words of the keyword "aead" stand in config_keywords.c. */
enum config_aead { AEAD_AUTO, AEAD_NEVER, AEAD_LIBREPGP, AEAD_COUNT };

enum config_post_quantum {
	POST_QUANTUM_AUTO, /* as prefer where libgcrypt can, else as off */
	POST_QUANTUM_OFF,
	POST_QUANTUM_PREFER,
	POST_QUANTUM_REQUIRE
};
/* How much confinement a role must get before it may work. */
enum config_confinement { CONFINE_ANY, CONFINE_SECCOMP, CONFINE_FULL };

/* A list of texts; the list and the texts belong to the config. */
struct config_list {
	char **item;
	size_t count;
};

struct config_flow {
	char name[DOC_LABEL_SIZE];
	enum doc_direction direction;
	enum config_content content;
	uint64_t max_size;        /* bytes of plaintext; 0: no limit */
	struct config_list match; /* in: shell patterns on the name */
	/* out only */
	enum config_complete complete;
	int64_t quiet_ms;
	uid_t owners[CONFIG_OWNERS_MAX]; /* who may drop; none: anybody */
	unsigned owner_count;
	char *remote_name; /* template, "{name}.{id}.pgp" */
};

/* A server of the partner's that we connect to. */
struct config_server {
	char *host;
	unsigned port;
	char *user;
	struct config_list host_keys; /* "SHA256:..." */
	char *identity;               /* absolute path of a private key */
	char *remote;                 /* folder there, "" for the login's */
	/* collect only */
	int64_t every_ms;
	char *move_to;            /* NULL: remove what was collected */
	struct config_list match; /* names to collect; none: all */
};

struct config_partner {
	char name[DOC_LABEL_SIZE];
	const char *file;                /* where it stands, for messages */
	struct config_list certificates; /* absolute paths */
	enum config_aead aead;
	enum config_post_quantum post_quantum;
	struct config_server *send; /* NULL: none */
	struct config_server *collect;
	int64_t retry_first_ms, retry_max_ms, lifetime_ms;
	struct config_flow *flow;
	size_t flow_count;
};

struct config {
	char *file; /* absolute path of waybill.conf */
	char *gateway_id;
	char *spool, *state;    /* absolute paths */
	char *control;          /* socket; default <state>/control */
	char *keys;             /* folder of OpenPGP secret keys */
	char *passphrase_file;  /* NULL: keys are not protected */
	char *signing_key;      /* upper-case hex fingerprint */
	char *admin_group;      /* may open control; NULL: only us */
	char *user[ROLE_COUNT]; /* NULL: as started; see role.h */
	enum config_confinement require_confinement;
	enum log_level log_level;
	uint64_t min_free;   /* claim nothing below; bytes */
	unsigned clock_skew; /* seconds */
	unsigned workers;    /* sealers and verifiers each, 1..64 */
	struct config_partner *partner;
	size_t partner_count;
	struct config_list files; /* the partners' files that were read */
};

/* One thing that is wrong.  line is 0 where the whole file is meant. */
typedef void (*config_error_fn)(
    void *ctx, const char *file, unsigned line, const char *text);

/*
 * Read waybill.conf and the partner files that it names.  Every error of
 * every file is told, then the result is GW_REFUSED and *out NULL; nothing on
 * disk is changed.  The files, and every secret that they name, must not be
 * writable (secrets: not readable either) by others than root and us.
 * GW_OK: *out is released with config_free().
 */
enum gw_status config_load(
    const char *path, config_error_fn, void *ctx, struct config **out);
void config_free(struct config *);
/* Whatever of it can be read, without complaint: for `waybill key`, which is
 * needed before a configuration can be complete.  Any field but file and keys
 * may be missing; never run a gateway on it.  Never NULL. */
struct config *config_load_draft(const char *path);

/* NULL when there is none. */
const struct config_partner *config_partner(
    const struct config *, const char *name);
const struct config_flow *config_flow(
    const struct config_partner *, enum doc_direction, const char *name);
/* Has this partner any flow in that direction? */
bool config_has_flow(const struct config_partner *, enum doc_direction);

/* One row per keyword, for `check`, the manual's test and the example. */
struct config_keyword {
	const char *section; /* "", "partner", "send", "collect", "flow" */
	const char *name;
	const char *kind;   /* "text", "list", "size", "time", "number" ... */
	const char *preset; /* default as written, or "" for none */
	bool required;
};
/* Ends with a row of name NULL. */
const struct config_keyword *config_keywords(void);

#endif
