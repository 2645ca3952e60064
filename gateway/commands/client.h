/* gateway/commands/client.h - ask the gateway; or its ledger, at rest. */
#ifndef GATEWAY_COMMANDS_CLIENT_H
#define GATEWAY_COMMANDS_CLIENT_H

#include "gateway/config/config.h"

#include <jansson.h>
#include <stdio.h>

/*
 * Read the configuration; what is wrong with it is told on stderr.  Where
 * enough of it can be read all the same, that is returned: the gateway may
 * run well on what it read earlier.  NULL: the command cannot go on.
 */
struct config *client_config(const char *path);

/* One object of the answer; text is the line that it came in. */
typedef void (*client_object_fn)(void *ctx, json_t *object, const char *text);

enum client_end {
	CLIENT_DONE,
	CLIENT_CUT,   /* the answer broke off; told unless it went on */
	CLIENT_FAILED /* told on stderr */
};

/* Ask (takes the request; NULL is out of memory).  *running: a gateway listens;
 * where none does, its ledger is asked and stderr says so. */
enum client_end client_ask(const struct config *, json_t *request,
    client_object_fn, void *ctx, bool *running);

/* A field of an object, "" and 0 when it is not there. */
const char *client_text(const json_t *object, const char *key);
uint64_t client_number(const json_t *object, const char *key);
/* A time field in milliseconds; 0 when it is not there. */
int64_t client_time(const json_t *object, const char *key);

/* Foreign text on a terminal: what could move the cursor, reorder letters or
 * is no UTF-8 appears as \xNN. */
void client_put(FILE *, const char *text);
/* "0.412 s", "12m05s", "5h02m", "3d04h". */
#define CLIENT_SPAN_MAX 32
const char *client_span(int64_t ms, char out[CLIENT_SPAN_MAX]);

/* What most of these commands can be told: -f FILE, --json, --help. */
struct client_options {
	const char *file;
	bool json;
	const char *operand; /* "" where the command takes none */
};
/* False: *code is the exit code, usage was printed. */
bool client_options(int argc, char **argv, const char *usage, bool operand,
    struct client_options *out, int *code);

#endif
