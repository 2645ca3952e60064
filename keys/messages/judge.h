/* keys/messages/judge.h - one signature over a document, step by step. */
#ifndef KEYS_JUDGE_H
#define KEYS_JUDGE_H

#include "keys/certs/cert_priv.h"
#include "keys/messages/digests.h"

#define JUDGE_SIGNATURES_MAX 16

/* How the document is hashed for this signature; cleartext: it came in that
 * framework. */
enum digests_form judge_form(const struct sig *, bool cleartext);

/*
 * Parse a signature packet that must be about a document: of type binary or
 * text, in the cleartext framework text alone (RFC 9580, 7).  GW_REFUSED:
 * MALFORMED or UNSUPPORTED.  *other (may be NULL) tells that it is a sound
 * signature about something else.  sig_close() in any case.
 */
enum gw_status judge_parse(const struct packet *, bool cleartext, struct sig *,
    bool *other, struct why *);

/* The finished digest of what was hashed.  GW_REFUSED, UNSUPPORTED: nobody
 * had it hashed that way. */
enum gw_status judge_digest(const struct sig *, bool cleartext,
    struct digests *, uint8_t digest[PACKET_HASH_MAX], size_t *len,
    struct why *);

/*
 * Is it of the future, or expired?  clock_skew, in seconds, is for clocks
 * that differ, so it is for the beginning only.  GW_REFUSED, SIGNATURE_TIME.
 */
enum gw_status judge_time(
    const struct sig *, time_t now, unsigned clock_skew, struct why *);

#endif
