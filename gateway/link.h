/* gateway/link.h - our connection to one server of a partner's. */
#ifndef GATEWAY_LINK_H
#define GATEWAY_LINK_H

#include "gateway/msg.h"

#include <stdint.h>

struct spooler;
struct partner;
struct item;

#define LINK_ITEMS_MAX 64         /* documents under way on one connection */
#define LINK_PLAIN     UINT32_MAX /* ref of requests without an item */
#define LINK_FACT_MAX  128

enum link_state { LINK_DOWN, LINK_STARTING, LINK_UP };

/* What the journey does when something happens on its link. */
struct link_kind {
	bool collect;
	/* The connection stands, or a place on it became free. */
	void (*ready)(struct spooler *, struct partner *);
	/* The answer to an item's request. */
	void (*answer)(struct spooler *, struct item *, struct msg *);
	/* The answer to a request without an item (LINK_PLAIN). */
	void (*other)(struct spooler *, struct partner *, struct msg *);
	/* The connection ended with this item under way. */
	void (*cut)(struct spooler *, struct item *, const struct why *);
	/* It could not be made, or is over; not_before_ms is already set. */
	void (*down)(struct spooler *, struct partner *, const struct why *);
};

struct link {
	struct spooler *spooler;
	struct partner *partner;
	const struct link_kind *kind;
	enum link_state state;
	struct chan chan;
	struct event *readable;
	struct item *item[LINK_ITEMS_MAX]; /* by ref */
	unsigned busy;
	bool moved;            /* something went through on this connection */
	bool failing;          /* nothing more is begun on it */
	unsigned failures;     /* connections in a row that failed */
	int64_t not_before_ms; /* mono */
	int64_t idle_since_ms; /* mono */
	struct why why;        /* last failure; REASON_NONE after a success */
	int64_t changed_ms;    /* wall: when the state became what it is */
	char host_key[LINK_FACT_MAX], server[LINK_FACT_MAX];
	char cipher[LINK_FACT_MAX], kex[LINK_FACT_MAX];
};

void link_init(struct link *, struct spooler *, struct partner *,
    const struct link_kind *);
void link_free(struct link *);
/* Ask for a courier, unless one is there or the time has not come. */
void link_want(struct link *, int64_t mono_ms);
/* Nothing more to do: the courier goes. */
void link_close(struct link *);
/* A document went through: the connection is a good one, and when it breaks
 * the next may be made at once. */
void link_moved(struct link *);
/* The cause concerns every document (no folder, no space): begin nothing more,
 * and when all are answered close it and pause as after a failed connection. */
void link_fail(struct link *, const struct why *);
/* Room for another item? */
bool link_has_room(const struct link *);
/* Keep a place (item->place) for an item whose request follows with the next
 * commit; from here on the answer, or `cut`, gives the item back. */
void link_reserve(struct link *, struct item *);
/* Send the request, begun with item->place.  item->fd is closed. */
void link_send(struct link *, struct item *, struct msg *);
/* A request without an item, begun with LINK_PLAIN. */
void link_send_plain(struct link *, struct msg *);

#endif
