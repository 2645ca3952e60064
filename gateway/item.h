/* gateway/item.h - a document that is in the spooler's hands right now. */
#ifndef GATEWAY_ITEM_H
#define GATEWAY_ITEM_H

#include "gateway/spooler.h"

/* What is known of a document, and where it stands in its journey.  At any
 * time it is in exactly one place: a queue, a pool, a link, or the round. */
struct item {
	struct doc doc;
	struct item *next;
	struct item *same_bucket; /* of spooler.in_hand */
	struct partner *partner;
	const struct config_flow *flow; /* NULL until an inbound one is known */
	struct intake *intake;          /* where it was found; may be NULL */
	struct watch_find find;         /* until it is claimed */
	int fd, out;                    /* files of the present step, or -1 */
	uint32_t place;                 /* on its link */
	bool alone;                     /* a worker died on it */
	bool told;         /* out: its status file says "accepted" */
	bool retry;        /* out: an earlier try may have worked */
	unsigned failures; /* of this step, here; for its pauses */
	int64_t due_ms;    /* in retries: when; mono */
	void (*then)(struct spooler *, struct item *); /* in retries */
	char signed_sha256[SHA256_HEX_MAX]; /* in: see keys/messages/unseal.h */
	uint64_t remote_size; /* in, collected: as it was listed */
	uint32_t remote_mtime;
	char signing_key[DOC_FINGERPRINT_SIZE]; /* in: that proved it */
	char *literal;         /* in: the name inside; foreign text */
	struct buf signatures; /* in: packets, for the verifier */
};

/* A new document, with a fresh id, or one that the ledger knows. */
struct item *item_new(struct spooler *, struct partner *, enum doc_direction);
struct item *item_known(struct spooler *, struct partner *, const struct doc *);
/* Is this document in our hands already?  The ledger lists rows, and a row may
 * be ahead of or behind the item that stands for it. */
bool item_in_hand(const struct spooler *, struct docid);
/* It leaves our hands; the ledger and the disk know the rest. */
void item_free(struct spooler *, struct item *);

/* Note a failure for log, ledger and reason file. */
void item_why(struct item *, const struct why *);
/* Write its row; a failure of the ledger ends the spooler. */
void item_insert(
    struct spooler *, struct item *, const char *step, const char *detail);
void item_change(struct spooler *, struct item *, enum doc_state,
    const char *step, const char *detail);
void item_forget(struct spooler *, struct item *);

/* Call `then` again after a pause that grows with each failure. */
void item_retry(struct spooler *, struct item *,
    void (*then)(struct spooler *, struct item *));

void queue_init(struct queue *);
void queue_put(struct queue *, struct item *);
struct item *queue_take(struct queue *); /* NULL when empty */

#endif
