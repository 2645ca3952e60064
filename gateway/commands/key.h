/* gateway/commands/key.h - what the `key` commands share. */
#ifndef GATEWAY_COMMANDS_KEY_H
#define GATEWAY_COMMANDS_KEY_H

#include "gateway/base/buf.h"
#include "gateway/config/config.h"

#include <stdbool.h>
#include <time.h>

/* Each as a command of commands.h; argv[0] is "generate", "import" ... */
int key_generate(int argc, char **argv);
int key_import(int argc, char **argv);
int key_export(int argc, char **argv);
int key_list(int argc, char **argv);

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

/* "2028-11-28", or "never" for 0; returns out. */
#define KEY_DATE_SIZE 32
const char *key_date(time_t, char out[KEY_DATE_SIZE]);
/* Write <fingerprint>.key and .asc.  GW_EXISTS: the key is there already. */
enum gw_status key_save(const char *folder, const char *fingerprint,
    const struct buf *secret, const struct buf *certificate, struct why *);
/* A message on stderr; returns COMMAND_FAILED. */
int key_failed(const char *command, const struct why *);
/* A hint on stderr; returns COMMAND_USAGE. */
int key_usage(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
