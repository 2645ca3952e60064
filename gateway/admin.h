/* gateway/admin.h - the administrator's socket: list, trace, status. */
#ifndef GATEWAY_ADMIN_H
#define GATEWAY_ADMIN_H

#include "spool/ledger.h"

#include <event2/event.h>
#include <jansson.h>

struct admin;

/*
 * Adds the live facts to a status answer: "gateway" (its id), "since" (time as
 * clock_text), "confinement", "problems" (a list of sentences that need a
 * person), and whatever else is worth a line of --json.  Partners are told
 * with the two functions below.
 */
typedef void (*admin_status_fn)(void *ctx, json_t *status);

/* A partner that is configured; fine when it was told before. */
void admin_put_partner(json_t *status, const char *partner);
/* How one of its servers is doing. */
struct admin_link {
	const char *server;    /* "send" or "collect" */
	const char *state;     /* "idle", "connecting", "connected", "waiting"
				 * (failed, next try at next_try_ms) */
	const struct why *why; /* last failure; NULL or REASON_NONE: none */
	unsigned failures;     /* in a row */
	int64_t since_ms;      /* wall clock; 0: left out */
	int64_t next_try_ms;   /* wall clock; 0: left out */
};
void admin_put_link(
    json_t *status, const char *partner, const struct admin_link *);

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
