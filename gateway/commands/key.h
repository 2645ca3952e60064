/* gateway/commands/key.h - what the `key` commands share. */
#ifndef GATEWAY_COMMANDS_KEY_H
#define GATEWAY_COMMANDS_KEY_H

#include "gateway/base/buf.h"
#include "gateway/commands/keyfolder.h"
#include "gateway/config/config.h"
#include "keys/secrets/secret.h"

#include <stdbool.h>
#include <time.h>

/* Each as a command of commands.h; argv[0] is "generate", "import" ... */
int key_generate(int argc, char **argv);
int key_import(int argc, char **argv);
int key_export(int argc, char **argv);
int key_list(int argc, char **argv);
int key_expire(int argc, char **argv);
int key_revoke(int argc, char **argv);
int key_rotate(int argc, char **argv);
int key_passwd(int argc, char **argv);

/* Options that all of them take. */
struct key_options {
	const char *config;          /* -f, --config */
	const char *keys;            /* --keys */
	const char *passphrase_file; /* --passphrase-file */
	bool json;                   /* --json */
};

#define KEY_SHORT_OPTIONS "f:h"
#define KEY_LONG_OPTIONS                                                       \
	{ "config", required_argument, NULL, 'f' },                            \
	    { "keys", required_argument, NULL, 'k' },                          \
	    { "passphrase-file", required_argument, NULL, 'p' },               \
	    { "json", no_argument, NULL, 'j' },                                \
	{                                                                      \
		"help", no_argument, NULL, 'h'                                 \
	}

/* Take an option of the list above; false: it is another one. */
bool key_option(struct key_options *, int c, const char *value);

/* Where the keys are: from the options, else from the configuration, as far
 * as it can be read (a new gateway has none that is complete). */
struct key_place {
	struct config *cfg;    /* NULL when only --keys was given */
	char *folder;          /* absolute */
	struct buf passphrase; /* secret, NUL behind it; empty: none */
	struct buf next;       /* likewise: what is to replace it */
};

/* keys_init(), with core dumps off and nothing of us going to swap. */
enum gw_status key_start(struct why *);

/* key_start() and all of the above; release with key_place_free() in any
 * case. */
enum gw_status key_place_open(
    const struct key_options *, struct key_place *, struct why *);
void key_place_free(struct key_place *);
/* For secret_parse(): the passphrase or NULL. */
const char *key_passphrase(const struct key_place *);
const char *key_next_passphrase(const struct key_place *);
/* The first line of a file that only we can read. */
enum gw_status key_read_passphrase(
    const char *path, struct buf *out, struct why *);

/* "2028-11-28", or "never" for 0; returns out. */
#define KEY_DATE_SIZE 32
const char *key_date(time_t, char out[KEY_DATE_SIZE]);
/* "2028-11-28 12:00 UTC". */
const char *key_moment(time_t, char out[KEY_DATE_SIZE]);
/*
 * When something is to begin or end: "2y", "90d", "2030-12-31", "@1900000000"
 * (seconds), "now" and "never" (0); at most 50 years from now, and not before
 * it.  False: none of these.
 */
bool key_when(const char *text, time_t now, time_t *out);

/* A kind of key by the name that people give it; false: there is none. */
bool key_kind(const char *name, enum secret_kind *);
/* All the names, for messages. */
extern const char key_kinds[];
/* The name of the kind that this certificate's keys are of, to make more like
 * them; the usual one when we do not make such keys. */
const char *key_kind_of(const struct cert *);

/* Write <fingerprint>.key and .asc, and the certificate that would revoke it
 * as .revocation.asc.  An .asc that is there already is kept as an old file.
 * GW_EXISTS: the key is there already. */
enum gw_status key_save(const char *folder, const struct secret *,
    const struct buf *text, struct why *);

/* The key that was named, else the signing key, else the only one. */
const struct keyfolder_key *key_choose(const struct key_place *,
    const struct keyfolder *, const char *fingerprint, struct why *);

/* One of our own keys, to be changed; nobody else changes any meanwhile. */
struct key_own {
	int lock; /* of the folder */
	char *path;
	char *certificate; /* path */
	struct secret *secret;
	char kept[2][300]; /* names of what was there before; "" none */
};

/* What this copy of its certificate says comes in, if it is one. */
enum gw_status key_join(struct secret **, const struct cert *, struct why *);

/* key_choose() and unlock it, joined with the certificate beside it; release with key_own_free() in any case. */
enum gw_status key_own_open(const struct key_place *, const char *fingerprint,
    struct key_own *, struct why *);
struct key_lock {
	const char *passphrase; /* NULL: none */
	enum secret_lock_kind kind;
};
/*
 * Write it as it is now, locked like this (NULL: under our passphrase, in the
 * way it was locked before); what was there is kept.  Refuses what does not
 * read back.
 */
enum gw_status key_own_write(const struct key_place *, struct key_own *,
    const struct secret *now, const struct key_lock *, struct why *);
void key_own_free(struct key_own *);
/* Where the old files are, on stdout. */
void key_own_tell(const struct key_own *);
/* The same for programs: one object. */
void key_own_print(const struct key_own *, const struct cert *now);
/* Is nothing of it there to be encrypted to, now or ever? */
bool key_only_signs(const struct cert *);

/*
 * A whole command that changes one key: open it, `change` it, write it, `tell`
 * people what it is now; both get `ctx`.  Returns the exit code.
 */
int key_change(const char *command, const struct key_options *,
    const char *fingerprint,
    enum gw_status (*change)(
	void *ctx, const struct secret *, struct secret **out, struct why *),
    void (*tell)(void *ctx, const struct key_place *, const struct cert *),
    void *ctx);

/* A message on stderr; returns COMMAND_FAILED. */
int key_failed(const char *command, const struct why *);
/* A hint on stderr; returns COMMAND_USAGE. */
int key_usage(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
