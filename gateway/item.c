/* gateway/item.c - a document that is in the spooler's hands right now. */
#include "gateway/item.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "keys/messages/unseal.h"

#include <stdlib.h>
#include <string.h>

/* A pause of 0.2 s, doubling to about 13 s: local causes (a full disk, a
 * worker that could not start) heal soon or by a person's hand. */
#define RETRY_FIRST_MS  200
#define RETRY_DOUBLINGS 6

/* Ids end in random characters: these are hash enough. */
static unsigned
bucket_of(struct docid id)
{
	unsigned n = 0;

	for (size_t i = DOCID_LEN - 6; i < DOCID_LEN; i++)
		n = n * 33 + (unsigned char)id.text[i];
	return n % SPOOLER_BUCKETS;
}

bool
item_in_hand(const struct spooler *sp, struct docid id)
{
	const struct item *item = sp->in_hand[bucket_of(id)];

	while (item != NULL && strcmp(item->doc.id.text, id.text) != 0)
		item = item->same_bucket;
	return item != NULL;
}

static void
take_in_hand(struct spooler *sp, struct item *item)
{
	struct item **bucket = &sp->in_hand[bucket_of(item->doc.id)];

	if (item_in_hand(sp, item->doc.id))
		gw_fatal("%s is in hand twice", item->doc.id.text);
	item->same_bucket = *bucket;
	*bucket = item;
	sp->items++;
}

static void
let_go(struct spooler *sp, struct item *item)
{
	struct item **at = &sp->in_hand[bucket_of(item->doc.id)];

	while (*at != item)
		at = &(*at)->same_bucket;
	*at = item->same_bucket;
	sp->items--;
}

static struct item *
make(struct partner *partner)
{
	struct item *item = calloc(1, sizeof(*item));

	if (item == NULL)
		gw_fatal("out of memory");
	item->partner = partner;
	item->fd = item->out = -1;
	buf_init(&item->signatures, UNSEAL_SIGNATURES_MAX);
	return item;
}

struct item *
item_new(
    struct spooler *sp, struct partner *partner, enum doc_direction direction)
{
	struct item *item = make(partner);
	struct doc *doc = &item->doc;

	doc->id = docid_new();
	doc->direction = direction;
	doc->state = DOC_CLAIMED;
	doc->created_ms = clock_wall_ms();
	doc->attempts = 1; /* counted before a worker touches it */
	memcpy(doc->partner, partner->config->name, sizeof(doc->partner));
	take_in_hand(sp, item);
	return item;
}

struct item *
item_known(struct spooler *sp, struct partner *partner, const struct doc *doc)
{
	struct item *item = make(partner);

	item->doc = *doc;
	take_in_hand(sp, item);
	item->flow = config_flow(partner->config, doc->direction, doc->flow);
	return item;
}

void
item_free(struct spooler *sp, struct item *item)
{
	if (item == NULL)
		return;
	if (item->intake != NULL)
		item->intake->held--;
	fd_close(&item->fd);
	fd_close(&item->out);
	free(item->literal);
	buf_free(&item->signatures);
	let_go(sp, item);
	free(item);
}

void
item_why(struct item *item, const struct why *why)
{
	char text[LOG_QUOTED_MAX];

	item->doc.why = *why;
	log_line(LOG_LEVEL_WARN, item->doc.id.text, "spooler", "failed",
	    "partner=%s reason=%s text=%s", item->doc.partner,
	    reason_code(why->reason), log_quote(why->text, text, sizeof(text)));
}

void
item_insert(
    struct spooler *sp, struct item *item, const char *step, const char *detail)
{
	char name[LOG_QUOTED_MAX];
	struct why why;

	if (ledger_insert(sp->ledger, &item->doc, step, detail, &why) != GW_OK)
		spooler_fail("ledger", &why);
	log_line(LOG_LEVEL_INFO, item->doc.id.text, "spooler", step,
	    "partner=%s name=%s", item->doc.partner,
	    log_quote(item->doc.name, name, sizeof(name)));
}

void
item_change(struct spooler *sp, struct item *item, enum doc_state state,
    const char *step, const char *detail)
{
	char text[LOG_QUOTED_MAX];
	struct why why;

	item->doc.state = state;
	if (ledger_change(sp->ledger, &item->doc, step, detail, &why) != GW_OK)
		spooler_fail("ledger", &why);
	log_line(LOG_LEVEL_INFO, item->doc.id.text, "spooler", step,
	    "partner=%s state=%s detail=%s", item->doc.partner,
	    state_name(state),
	    log_quote(detail != NULL ? detail : "", text, sizeof(text)));
}

void
item_forget(struct spooler *sp, struct item *item)
{
	struct why why;

	if (ledger_forget(sp->ledger, item->doc.id, &why) != GW_OK)
		spooler_fail("ledger", &why);
	item_free(sp, item);
}

void
item_retry(struct spooler *sp, struct item *item,
    void (*then)(struct spooler *, struct item *))
{
	unsigned n = item->failures;

	/* Once, so that a trace tells what it waits for. */
	if (n == 0 && item->doc.why.reason != REASON_NONE)
		item_change(sp, item, item->doc.state, "waits",
		    reason_code(item->doc.why.reason));
	if (n < RETRY_DOUBLINGS)
		item->failures++;
	item->due_ms = clock_mono_ms() + ((int64_t)RETRY_FIRST_MS << n);
	item->then = then;
	queue_put(&sp->retries, item);
}

void
queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
	q->count = 0;
}

void
queue_put(struct queue *q, struct item *item)
{
	item->next = NULL;
	*q->last = item;
	q->last = &item->next;
	q->count++;
}

struct item *
queue_take(struct queue *q)
{
	struct item *item = q->first;

	if (item == NULL)
		return NULL;
	q->first = item->next;
	if (q->first == NULL)
		q->last = &q->first;
	q->count--;
	item->next = NULL;
	return item;
}
