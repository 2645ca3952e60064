/* keys/messages/grammar.h - the one shape that a document may come in. */
#ifndef KEYS_GRAMMAR_H
#define KEYS_GRAMMAR_H

#include "keys/packets/body.h"
#include "keys/messages/unseal.h"

/*
 * Read the packets to their end: a literal between one-pass packets and their
 * signatures, or behind signatures of the old style, or alone; all of it
 * perhaps inside one compressed packet; packets that mean nothing anywhere.
 * Whatever else there is refuses (RFC 9580, 10.3 allows much more: a
 * signature beside something unsigned has fooled many).
 * first: the packet at hand when its header has been read already, or NULL.
 * The literal's content goes to `out` and the request's digests, its header
 * and the signatures into the result.
 */
enum gw_status grammar_read(const struct unseal_request *, struct source *,
    struct body *first, uint64_t hint, int out, struct unseal_result *,
    struct why *);

/* Signatures alone, at least one, packets that mean nothing between them: what
 * stands behind a cleartext. */
enum gw_status grammar_signatures(
    struct source *, struct unseal_result *, struct why *);

/* Read over a packet that means nothing (body_filler()); a bounded number of
 * them: *count is the caller's, over the whole message. */
enum gw_status grammar_skip(struct body *, unsigned *count, struct why *);

#endif
