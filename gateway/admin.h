/* gateway/admin.h - the administrator's socket: list, trace, status. */
#ifndef GATEWAY_ADMIN_H
#define GATEWAY_ADMIN_H

#include "spool/ledger.h"

#include <event2/event.h>
#include <jansson.h>

struct admin;

/*
 * Adds the live facts to a status answer: "gateway" (its id), "started" (time
 * as clock_text), "confinement", "disk_full", "problems" (a list of sentences
 * that need a person), and whatever else is worth a line of --json.  "live" is
 * the list of partners, an object each: "partner" (its name), and for each
 * of its servers "send" or "collect", an object with "state", "failures",
 * "next_try_s", and of the last failure "reason", "text" and "advice".
 * Each becomes a line of its own, with its counts added.
 */
typedef void (*admin_status_fn)(void *ctx, json_t *status);

/*
 * Spooler side: serve the listening unix socket (taken).  One request per
 * connection, a line of JSON: {"command":"status"}, {"command":"list",
 * "partner":..,"state":..,"text":..,"direction":..,"limit":..,"after":..,
 * "newest":true}, {"command":"trace","text":..}.  The answer is JSON lines,
 * the last one {"end":true} or {"error":"..."}; the others have a "type":
 * status, partner, document or event.  Never blocks the loop: answers are
 * made in pieces as the client reads; slow or silent clients are cut off.
 */
enum gw_status admin_new(struct event_base *, int listen_fd, struct ledger *,
    admin_status_fn, void *ctx, struct admin **, struct why *);
void admin_free(struct admin *);

/* Answer one request from a ledger, to a stream: what both the socket and,
 * when no gateway runs, the command itself use.  The callback returns false
 * to stop.  GW_REFUSED: no such request. */
enum gw_status admin_answer(struct ledger *, json_t *request, admin_status_fn,
    void *ctx, bool (*line)(void *to, const char *json), void *to,
    struct why *);

#endif
