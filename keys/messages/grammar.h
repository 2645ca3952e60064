/* keys/messages/grammar.h - the one shape that a decrypted message may have. */
#ifndef KEYS_GRAMMAR_H
#define KEYS_GRAMMAR_H

#include "keys/packets/body.h"
#include "keys/messages/unseal.h"

/*
 * Read the decrypted packets to their end: a literal between one-pass packets
 * and their signatures, or behind signatures of the old style, or alone; all
 * of it perhaps inside one compressed packet; marker and padding packets
 * anywhere.  Whatever else there is refuses (RFC 9580, 10.3 allows much
 * more: a signature beside something unsigned has fooled many).
 * The literal's content goes to `out`, its header and the signatures into
 * the result.
 */
enum gw_status grammar_read(struct source *, int out, uint64_t max_plain,
    struct unseal_result *, struct why *);

/* Marker or padding?  They mean nothing and are read over, a bounded number
 * of them; *count is the caller's, over the whole message. */
bool grammar_filler(const struct body *);
enum gw_status grammar_skip(struct body *, unsigned *count, struct why *);

#endif
