/* spool/state.c - the states of a document and the steps between them. */
#include "spool/state.h"

#include "spool/layout.h"

#include <string.h>

/*
 * THE TABLE.  A document is in exactly one state, and its state says what
 * lies in the private folders.  What recovery does, what fsck checks and which
 * step the ledger accepts follow from the arrays below, which are this table.
 *
 *	outbound
 *
 *	    claim            seal           try           there
 *	---------> claimed -------> sealed ------> sending ------> sent ---> closed
 *	              |           ^  | ^             |
 *	              |           |  | +-------------+ the try failed; waits
 *	              |           |  |               |
 *	              +-----------|--+---------------+---> returned, held
 *	                          |
 *	    held -----------------+ released (to claimed when it was never sealed)
 *	    held ----------------------------------------> returned
 *
 *	inbound
 *
 *	    land                          unseal            prove          deliver
 *	---------> claimed ---> landed ---------> unsealed -------> passed -------> delivered
 *	              |         |    ^               | |
 *	              |         |    +---------------+ | the worker died
 *	              |         |                      |
 *	              +---------+----------------------+---> quarantined, duplicate
 *
 *	claimed and landed may also become unsealed or passed at once: what came
 *	through a mailbox is synced by whoever unseals it.  What has passed can
 *	only be delivered: no later doubt takes back a proven document.
 *
 * On disk: + must be there, ? may be there (what a crash can leave), - never.
 *
 *	out       work sealed archive   made by            then removed
 *	claimed    +*    ?      -       claim_take
 *	sealed     ?     +      -       durable_publish    work
 *	sending    ?     +      -       (ledger only)
 *	sent       ?     +  or  +       (ledger only)
 *	closed     ?     ?  or  +       archive_keep       sealed (by moving)
 *	held       +  or +      -       (ledger only)
 *	returned   ?     ?      -       aside_return       work (by moving), sealed
 *
 *	in        landed plain          made by            then removed
 *	claimed    +*    ?              land_take
 *	landed     +     ?              fetched, durable_publish
 *	unsealed   +     ?              (ledger only)
 *	passed     +     +**            durable_publish
 *	delivered  ?     ?              deliver_document   plain (by moving), landed
 *	duplicate  ?     ?              (ledger only)      landed, plain
 *	quarantined ?    ?              aside_quarantine   landed (by moving), plain
 *
 *	*  The row is committed before the file moves under its id, so a crash
 *	   may leave the row alone: the file is still in its drop folder or
 *	   mailbox, and recovery forgets the row.
 *	** plain/<id> leaves only through deliver_document: when it is gone the
 *	   document lies in its delivery folder and only the commit is missing.
 *
 * The order in each step: new file durable -> ledger commit -> old file
 * removed.  So a crash leaves one file too many, never one too few.  A move
 * (claim, deliver, return, quarantine, archive) does the first and the last in
 * one; recovery then looks in the place where it went.
 *
 * After a crash, before anything else runs (recover.c):
 *	sending    -> sealed: the try was counted when it began
 *	unsealed   -> landed: unproven plaintext is removed
 *	claimed    stays, and begins again: a sealed file or plaintext that no
 *	           commit spoke for is removed
 *	passed     stays when plain/<id> is there, else -> delivered
 *	held       was sealed if sealed_sha256 is set, else only claimed
 *	any        whose file is nowhere: sealed, sending -> held, sent -> closed,
 *	           landed, unsealed -> quarantined, with the reason.  No crash
 *	           does that, but a damaged disk may, and it must not stop the
 *	           other documents.
 */

#define BIT(x)  (1u << (x))
#define WORK    BIT(DIR_WORK)
#define SEALED  BIT(DIR_SEALED)
#define LANDED  BIT(DIR_LANDED)
#define PLAIN   BIT(DIR_PLAIN)
#define ARCHIVE BIT(DIR_ARCHIVE)

struct rule {
	bool known; /* does this direction have the state? */
	bool final;
	unsigned next;  /* bits of enum doc_state */
	unsigned needs; /* bits of enum layout_dir; one of them */
	unsigned may;   /* these beside them */
};

static const struct rule out_rules[DOC_STATE_COUNT] = {
	[DOC_CLAIMED] = { true, false,
	    BIT(DOC_SEALED) | BIT(DOC_RETURNED) | BIT(DOC_HELD), WORK, SEALED },
	[DOC_SEALED] = { true, false,
	    BIT(DOC_SENDING) | BIT(DOC_RETURNED) | BIT(DOC_HELD), SEALED,
	    WORK },
	[DOC_SENDING] = { true, false,
	    BIT(DOC_SENT) | BIT(DOC_SEALED) | BIT(DOC_RETURNED) | BIT(DOC_HELD),
	    SEALED, WORK },
	[DOC_SENT] = { true, false, BIT(DOC_CLOSED), SEALED | ARCHIVE, WORK },
	[DOC_CLOSED] = { true, true, 0, SEALED | ARCHIVE, WORK },
	[DOC_HELD] = { true, false,
	    BIT(DOC_SEALED) | BIT(DOC_CLAIMED) | BIT(DOC_RETURNED),
	    WORK | SEALED, 0 },
	[DOC_RETURNED] = { true, true, 0, 0, WORK | SEALED },
};

static const struct rule in_rules[DOC_STATE_COUNT] = {
	[DOC_CLAIMED] = { true, false,
	    BIT(DOC_LANDED) | BIT(DOC_UNSEALED) | BIT(DOC_PASSED) |
		BIT(DOC_QUARANTINED) | BIT(DOC_DUPLICATE),
	    LANDED, PLAIN },
	[DOC_LANDED] = { true, false,
	    BIT(DOC_UNSEALED) | BIT(DOC_PASSED) | BIT(DOC_QUARANTINED) |
		BIT(DOC_DUPLICATE),
	    LANDED, PLAIN },
	[DOC_UNSEALED] = { true, false,
	    BIT(DOC_PASSED) | BIT(DOC_LANDED) | BIT(DOC_QUARANTINED) |
		BIT(DOC_DUPLICATE),
	    LANDED, PLAIN },
	[DOC_PASSED] = { true, false, BIT(DOC_DELIVERED), LANDED, PLAIN },
	[DOC_DELIVERED] = { true, true, 0, 0, LANDED | PLAIN },
	[DOC_DUPLICATE] = { true, true, 0, 0, LANDED | PLAIN },
	[DOC_QUARANTINED] = { true, true, 0, 0, LANDED | PLAIN },
};

static const char *const names[DOC_STATE_COUNT] = {
	[DOC_CLAIMED] = "claimed",
	[DOC_SEALED] = "sealed",
	[DOC_SENDING] = "sending",
	[DOC_SENT] = "sent",
	[DOC_CLOSED] = "closed",
	[DOC_RETURNED] = "returned",
	[DOC_HELD] = "held",
	[DOC_LANDED] = "landed",
	[DOC_UNSEALED] = "unsealed",
	[DOC_PASSED] = "passed",
	[DOC_DELIVERED] = "delivered",
	[DOC_DUPLICATE] = "duplicate",
	[DOC_QUARANTINED] = "quarantined",
};

static const struct rule *
rule_of(enum doc_direction direction, enum doc_state state)
{
	static const struct rule none;

	if ((unsigned)state >= DOC_STATE_COUNT)
		return &none;
	if (direction == DOC_OUT)
		return &out_rules[state];
	return direction == DOC_IN ? &in_rules[state] : &none;
}

const char *
state_name(enum doc_state state)
{
	return (unsigned)state < DOC_STATE_COUNT ? names[state] : "unknown";
}

bool
state_parse(const char *name, enum doc_state *out)
{
	for (unsigned i = 0; i < DOC_STATE_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum doc_state)i;
			return true;
		}
	}
	return false;
}

bool
state_may_follow(
    enum doc_direction direction, enum doc_state from, enum doc_state to)
{
	const struct rule *r = rule_of(direction, from);

	if (!r->known || (unsigned)to >= DOC_STATE_COUNT)
		return false;
	return from == to || (r->next & BIT(to)) != 0;
}

bool
state_is_final(enum doc_state state)
{
	return rule_of(DOC_OUT, state)->final || rule_of(DOC_IN, state)->final;
}

unsigned
state_needs(enum doc_direction direction, enum doc_state state)
{
	return rule_of(direction, state)->needs;
}

unsigned
state_allows(enum doc_direction direction, enum doc_state state)
{
	const struct rule *r = rule_of(direction, state);

	return r->needs | r->may;
}
