/* spool/state.h - the states of a document and the steps between them. */
#ifndef SPOOL_STATE_H
#define SPOOL_STATE_H

#include "gateway/base/doc.h"

/* "claimed", "sealed" ...: as in the ledger, in --json and in manuals. */
const char *state_name(enum doc_state);
bool state_parse(const char *name, enum doc_state *out);
/* Is this step in the table on top of state.c?  Staying is allowed (an
 * attempt is counted); everything not listed is not. */
bool state_may_follow(
    enum doc_direction, enum doc_state from, enum doc_state to);
/* Nothing more will happen: closed, returned, delivered, duplicate,
 * quarantined.  Held is not final: its file is kept for whoever releases it. */
bool state_is_final(enum doc_state);
/* The private folders of such a document, as bits 1 << enum layout_dir: it
 * needs at least one of state_needs() (0: none), and may have no other than
 * state_allows(). */
unsigned state_needs(enum doc_direction, enum doc_state);
unsigned state_allows(enum doc_direction, enum doc_state);

#endif
