/* gateway/answer.h - what the ledger says, in lines of JSON and in pieces. */
#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include "gateway/admin.h"

struct answer;

/* Return false to stop. */
typedef bool (*answer_line_fn)(void *to, const char *json);

/* Check a request and get ready; ledger and ctx are borrowed until
 * answer_free().  GW_REFUSED: not a request that we know, or one of its
 * fields is wrong (`why` says which). */
enum gw_status answer_new(struct ledger *, json_t *request, admin_status_fn,
    void *ctx, struct answer **, struct why *);
void answer_free(struct answer *);

/*
 * The next piece: a few hundred lines, or a few hundred rows that did not
 * match; milliseconds either way.  GW_OK: call again.  GW_NONE: that was all.
 * GW_AGAIN: the callback stopped it.  GW_INTERNAL: the ledger failed.
 */
enum gw_status answer_step(
    struct answer *, answer_line_fn, void *to, struct why *);

#endif
