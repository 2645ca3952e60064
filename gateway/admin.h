/* gateway/admin.h - the administrator's socket: list, trace, status. */
#ifndef GATEWAY_ADMIN_H
#define GATEWAY_ADMIN_H

#include "spool/ledger.h"

#include <event2/event.h>
#include <jansson.h>

struct admin;

/* Adds the live facts (partners, workers, confinement) to a status answer. */
typedef void (*admin_status_fn)(void *ctx, json_t *status);

/*
 * Spooler side: serve the listening unix socket (taken).  One request per
 * connection, a line of JSON: {"command":"status"}, {"command":"list",
 * "partner":..,"state":..,"text":..,"direction":..,"limit":..,"after":..},
 * {"command":"trace","text":..}.  The answer is JSON lines, the last one
 * {"end":true} or {"error":"..."}.  Never blocks the loop: answers are made
 * in pieces as the client reads; slow or silent clients are cut off.
 */
enum gw_status admin_new(struct event_base *, int listen_fd, struct ledger *,
    admin_status_fn, void *ctx, struct admin **, struct why *);
void admin_free(struct admin *);

/* Answer one request from a ledger, to a stream: what both the socket and,
 * when no gateway runs, the command itself use. */
enum gw_status admin_answer(struct ledger *, json_t *request, admin_status_fn,
    void *ctx, bool (*line)(void *to, const char *json), void *to,
    struct why *);

#endif
