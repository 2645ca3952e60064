/* spool/ledger.h - what became of every document; the truth. */
#ifndef SPOOL_LEDGER_H
#define SPOOL_LEDGER_H

#include "gateway/base/doc.h"
#include "spool/state.h"

struct ledger;

/* One process has the ledger open for writing (LEDGER_WRITE takes a lock on
 * it; a second one is refused), others may read. */
enum ledger_mode { LEDGER_WRITE, LEDGER_READ };

/* Opens or makes the ledger in this folder.  WAL, synchronous=FULL.  A
 * schema of a newer Waybill is refused. */
enum gw_status ledger_open(
    const char *state_path, enum ledger_mode, struct ledger **, struct why *);
void ledger_close(struct ledger *);

/*
 * Changes gather in one transaction that ledger_commit() makes durable; many
 * documents share one commit.  Nothing may be promised, removed or sent on
 * the strength of a change before its commit returned GW_OK.
 *
 * insert: a new document with its first event.  change: the row becomes
 * *doc, in a step that state_may_follow() allows (else gw_fatal: our own
 * fault); `step` and `detail` (may be NULL) are its event.  changed_ms is set
 * from the clock by both.
 */
enum gw_status ledger_insert(struct ledger *, struct doc *, const char *step,
    const char *detail, struct why *);
enum gw_status ledger_change(struct ledger *, struct doc *, const char *step,
    const char *detail, struct why *);
/* Forget a document that was never in our care (claimed, then vanished). */
enum gw_status ledger_forget(struct ledger *, struct docid, struct why *);
/* A key of that partner (fingerprint, hex) made a signature that counts.
 * *first: it had not before. */
enum gw_status ledger_note_key(struct ledger *, const char *partner,
    const char *fingerprint, bool *first, struct why *);
/* A failed commit leaves the changes undone in the ledger: the caller stops
 * and recovers from disk.  Without changes it does nothing. */
enum gw_status ledger_commit(struct ledger *, struct why *);
/* Changes since the last commit. */
unsigned ledger_pending(const struct ledger *);

/* GW_NONE when there is none. */
enum gw_status ledger_get(
    struct ledger *, struct docid, struct doc *, struct why *);
/* The inbound document of that partner that carries this message id and is
 * passed or further (delivered, passed), whatever its age. */
enum gw_status ledger_find_message(struct ledger *, const char *partner,
    const char *message_id, struct doc *, struct why *);
/* The first delivered inbound document of that partner with this content. */
enum gw_status ledger_find_content(struct ledger *, const char *partner,
    const char *plain_sha256, struct doc *, struct why *);

/* Return false to stop. */
typedef bool (*ledger_doc_fn)(void *ctx, const struct doc *);
struct ledger_event {
	int64_t time_ms;
	const char *step;
	const char *detail; /* "" if none */
};
typedef bool (*ledger_event_fn)(void *ctx, const struct ledger_event *);

/* What a listing wants; zero means "any". */
struct ledger_filter {
	const char *partner;
	const char *text; /* an id, a name or a SHA-256 (plain or sealed) */
	bool with_state, with_direction;
	bool open_only; /* what is not final */
	enum doc_state state;
	enum doc_direction direction;
	int64_t due_ms;       /* next_try_ms at or before this; 0: any */
	unsigned limit;       /* 0: no limit */
	bool newest_first;    /* default: in order of birth (id) */
	const char *after_id; /* continue a listing after this id */
};
/* The callback may not change the ledger. */
enum gw_status ledger_list(struct ledger *, const struct ledger_filter *,
    ledger_doc_fn, void *ctx, struct why *);
enum gw_status ledger_events(
    struct ledger *, struct docid, ledger_event_fn, void *ctx, struct why *);
/* counts[state], oldest_ms[state] (created; 0: none) for one partner or, with
 * NULL, for all. */
struct ledger_counts {
	uint64_t count[DOC_STATE_COUNT];
	int64_t oldest_ms[DOC_STATE_COUNT];
};
enum gw_status ledger_count(
    struct ledger *, const char *partner, struct ledger_counts *, struct why *);

#endif
