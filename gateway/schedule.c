/* gateway/schedule.c - when may this partner be tried, and with what? */
#include "gateway/schedule.h"

#include "gateway/base/clock.h"
#include "gateway/item.h"
#include "gateway/outbound.h"

#include <sys/random.h>

#define READY_MAX 512   /* documents of a partner that memory holds */
#define LOOK_MS   500   /* pause between two looks into the ledger */
#define TELL_MS   500   /* who is not sent by then is told "accepted" */
#define IDLE_MS   10000 /* a courier without work goes after that */

/* A random time in [0, most]; full jitter keeps partners' servers from being
 * met by all of us at the same moment. */
static int64_t
jitter(int64_t most)
{
	uint32_t r = 0;

	if (most <= 0 || getrandom(&r, sizeof(r), 0) != sizeof(r))
		return most;
	return (int64_t)((uint64_t)r * (uint64_t)(most + 1) >> 32);
}

static int64_t
backoff(const struct config_partner *p, unsigned failures)
{
	int64_t most = p->retry_first_ms;

	while (failures > 1 && most < p->retry_max_ms) {
		most *= 2;
		failures--;
	}
	if (most > p->retry_max_ms)
		most = p->retry_max_ms;
	/* Never less than a tenth: a refusing server is not hammered. */
	return most / 10 + jitter(most - most / 10);
}

/*
 * A wrong host key or a refused login heals by a person's hand, and servers
 * ban those who try often: such a partner gets the longest pause.
 */
static bool
needs_a_person(enum gw_reason reason)
{
	return reason == REASON_HOST_KEY || reason == REASON_LOGIN;
}

void
schedule_failed(struct link *l)
{
	const struct config_partner *p = l->partner->config;
	int64_t now = clock_mono_ms();

	if (l->moved) {
		l->moved = false;
		l->failures = 0;
		l->not_before_ms = now;
		return;
	}
	l->failures++;
	if (needs_a_person(l->why.reason))
		l->not_before_ms =
		    now + p->retry_max_ms / 2 + jitter(p->retry_max_ms / 2);
	else
		l->not_before_ms = now + backoff(p, l->failures);
}

int64_t
schedule_next_try(const struct partner *partner, unsigned attempts)
{
	return clock_wall_ms() + backoff(partner->config, attempts);
}

void
schedule_offer(struct spooler *sp, struct item *item)
{
	struct partner *p = item->partner;

	/* Older ones that only the ledger holds come first. */
	if (p->waiting > 0 || p->ready.count >= READY_MAX ||
	    item->doc.next_try_ms > clock_wall_ms() || sp->stopping) {
		outbound_tell_waiting(sp, item);
		p->waiting++;
		item_free(sp, item);
		return;
	}
	item->due_ms = clock_mono_ms() + TELL_MS;
	queue_put(&p->ready, item);
	if (p->send.state == LINK_UP)
		p->send.kind->ready(sp, p);
	else
		link_want(&p->send, clock_mono_ms());
}

static bool
on_due(void *ctx, const struct doc *doc)
{
	struct partner *p = ctx;
	struct item *item;

	/* Sealed a moment ago: it is on its way to schedule_offer(). */
	if (item_in_hand(p->send.spooler, doc->id))
		return true;
	item = item_known(p->send.spooler, p, doc);
	/* An earlier attempt may have succeeded without our knowing. */
	item->retry = item->told = doc->attempts > 0;
	queue_put(&p->ready, item);
	p->waiting -= p->waiting > 0;
	return true;
}

/* Documents whose time has come, from the ledger into memory. */
static void
refill(struct spooler *sp, struct partner *p, int64_t mono_ms)
{
	struct ledger_filter f = { .partner = p->config->name,
		.with_state = true,
		.state = DOC_SEALED,
		.with_direction = true,
		.direction = DOC_OUT,
		.due_ms = clock_wall_ms(),
		.limit = READY_MAX };
	struct why why;

	if (p->waiting == 0 || p->ready.count > 0 || mono_ms < p->look_ms ||
	    sp->stopping)
		return;
	if (ledger_list(sp->ledger, &f, on_due, p, &why) != GW_OK)
		spooler_fail("ledger", &why);
	if (p->ready.count == 0)
		p->look_ms = mono_ms + LOOK_MS;
}

static bool
outlived(const struct partner *p, const struct item *item)
{
	return p->config->lifetime_ms > 0 &&
	       clock_wall_ms() - item->doc.created_ms > p->config->lifetime_ms;
}

/* Oldest first, so the first that need not be told ends it. */
static void
tell_waiting(struct spooler *sp, struct partner *p, int64_t mono_ms)
{
	for (struct item *item = p->ready.first;
	     item != NULL && item->due_ms <= mono_ms; item = item->next)
		outbound_tell_waiting(sp, item);
}

struct item *
schedule_take(struct spooler *sp, struct partner *p)
{
	refill(sp, p, clock_mono_ms());
	return queue_take(&p->ready);
}

void
schedule_tick(struct spooler *sp, struct partner *p, int64_t mono_ms)
{
	if (p->config->send == NULL)
		return;
	refill(sp, p, mono_ms);
	tell_waiting(sp, p, mono_ms);
	while (p->ready.first != NULL && outlived(p, p->ready.first))
		outbound_hold(sp, queue_take(&p->ready));
	if (p->ready.count > 0 && !sp->stopping) {
		link_want(&p->send, mono_ms);
		if (p->send.state == LINK_UP)
			p->send.kind->ready(sp, p);
	} else if (p->send.busy == 0 &&
		   mono_ms - p->send.idle_since_ms > IDLE_MS) {
		link_close(&p->send);
	}
}
