/* gateway/pool.c - workers of one role, and the documents that they have. */
#include "gateway/pool.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "gateway/item.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_MAX 32
#define IDLE_MS   5000
/* A worker that dies before it ever answered is not replaced at once. */
#define STILLBORN_MS 1000
/* Bytes that one worker may have waiting behind what it works on. */
#define BACKLOG_BYTES ((uint64_t)8 * 1024 * 1024)

enum slot_state { SLOT_EMPTY, SLOT_STARTING, SLOT_UP };

struct worker_slot {
	struct pool *pool;
	enum slot_state state;
	struct chan chan;
	struct event *readable;
	struct item *item[BATCH_MAX]; /* by ref; NULL: free */
	unsigned busy;
	uint64_t bytes;
	bool useful; /* has answered at least once */
	int64_t idle_since_ms;
};

static void run(struct pool *);

void
pool_init(struct pool *p, struct spooler *sp, const struct pool_kind *kind,
    const char *partner, unsigned max)
{
	memset(p, 0, sizeof(*p));
	p->spooler = sp;
	p->kind = kind;
	p->partner = partner;
	p->max = max;
	p->last = &p->first;
	if (kind->batch > BATCH_MAX)
		gw_fatal("a batch larger than a worker's table");
	if ((p->worker = calloc(max, sizeof(*p->worker))) == NULL)
		gw_fatal("out of memory");
	for (unsigned i = 0; i < max; i++)
		p->worker[i].pool = p;
}

static void
slot_close(struct worker_slot *w)
{
	if (w->readable != NULL)
		event_free(w->readable);
	w->readable = NULL;
	fd_close(&w->chan.fd);
	w->state = SLOT_EMPTY;
	w->useful = false;
}

void
pool_free(struct pool *p)
{
	for (unsigned i = 0; i < p->max; i++) {
		if (p->worker[i].state == SLOT_UP)
			slot_close(&p->worker[i]);
	}
	free(p->worker);
	p->worker = NULL;
	p->max = 0;
}

static uint64_t
item_bytes(const struct item *item)
{
	return item->doc.sealed_size > item->doc.plain_size
		   ? item->doc.sealed_size
		   : item->doc.plain_size;
}

/* The worker is gone: what it had is given back, one by one. */
static void
slot_died(struct worker_slot *w)
{
	struct pool *p = w->pool;
	struct item *lost[BATCH_MAX];
	unsigned n = 0;

	if (!w->useful)
		p->not_before_ms = clock_mono_ms() + STILLBORN_MS;
	for (unsigned i = 0; i < BATCH_MAX; i++) {
		if (w->item[i] != NULL)
			lost[n++] = w->item[i];
		w->item[i] = NULL;
	}
	if (n > 0)
		log_line(LOG_LEVEL_WARN, "-", "pool", "worker-died",
		    "role=%s partner=%s documents=%u", role_name(p->kind->role),
		    p->partner, n);
	p->busy -= n;
	w->busy = 0;
	w->bytes = 0;
	slot_close(w);
	for (unsigned i = 0; i < n; i++)
		p->kind->died(p->spooler, lost[i]);
}

/* False: the worker broke the catalogue's rules. */
static bool
take_answer(struct worker_slot *w, struct msg *m)
{
	struct pool *p = w->pool;
	struct item *item;

	if (m->id != p->kind->gives || m->ref >= BATCH_MAX ||
	    (item = w->item[m->ref]) == NULL)
		return false;
	w->item[m->ref] = NULL;
	w->busy--;
	w->bytes -= item_bytes(item);
	w->useful = true;
	w->idle_since_ms = clock_mono_ms();
	p->busy--;
	if (p->kind->once)
		slot_close(w); /* before `done` can hand over the next */
	p->kind->done(p->spooler, item, m);
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct worker_slot *w = arg;
	struct pool *p = w->pool;
	enum gw_status st;
	struct why why;
	struct msg m;

	(void)fd;
	(void)what;
	do {
		st = msg_recv(&w->chan, &m, &why);
		if (st == GW_OK && !take_answer(w, &m)) {
			msg_drop(&m);
			st = GW_REFUSED;
		}
	} while (st == GW_OK && !p->kind->once);
	if (st != GW_OK && st != GW_AGAIN)
		slot_died(w);
	run(p);
}

static void
on_started(void *ctx, int fd)
{
	struct worker_slot *w = ctx;
	struct pool *p = w->pool;

	w->state = SLOT_UP;
	w->chan = (struct chan){ fd, ROLE_SPOOLER, p->kind->role };
	w->idle_since_ms = clock_mono_ms();
	fd_set_nonblock(fd);
	w->readable = event_new(
	    p->spooler->events, fd, EV_READ | EV_PERSIST, on_readable, w);
	if (w->readable == NULL || event_add(w->readable, NULL) != 0)
		gw_fatal("no event for a worker");
	run(p);
}

/* May this worker take this item now?  A suspect travels alone, and nothing
 * waits behind much. */
static bool
fits(const struct worker_slot *w, const struct item *item)
{
	if (w->state != SLOT_UP || w->busy >= w->pool->kind->batch)
		return false;
	if (w->busy == 0)
		return true;
	if (item->alone || w->bytes + item_bytes(item) > BACKLOG_BYTES)
		return false;
	for (unsigned i = 0; i < BATCH_MAX; i++) {
		if (w->item[i] != NULL && w->item[i]->alone)
			return false;
	}
	return true;
}

/* The least busy worker that may take it. */
static struct worker_slot *
choose(struct pool *p, const struct item *item)
{
	struct worker_slot *best = NULL;

	for (unsigned i = 0; i < p->max; i++) {
		struct worker_slot *w = &p->worker[i];

		if (fits(w, item) && (best == NULL || w->busy < best->busy))
			best = w;
	}
	return best;
}

/* False: its channel is full of large requests; the item is still ours. */
static bool
hand_over(struct worker_slot *w, struct item *item)
{
	enum gw_status st;
	struct pool *p = w->pool;
	struct why why;
	struct msg m;
	uint32_t ref = 0;

	while (w->item[ref] != NULL)
		ref++;
	memset(&m, 0, sizeof(m));
	m.ref = ref;
	if (p->kind->ask(p->spooler, item, &m) != GW_OK)
		return true;
	/* A dead worker is noticed by its channel's end. */
	st = msg_send(&w->chan, &m, &why);
	fd_close(&item->fd);
	fd_close(&item->out);
	if (st == GW_AGAIN)
		return false;
	w->item[ref] = item;
	w->busy++;
	w->bytes += item_bytes(item);
	p->busy++;
	return true;
}

/* One more worker, unless all are there or the last one died at birth. */
static void
start_one(struct pool *p)
{
	struct worker_slot *free_slot = NULL;
	int64_t now = clock_mono_ms();

	for (unsigned i = 0; i < p->max; i++) {
		if (p->worker[i].state == SLOT_STARTING)
			return; /* one at a time */
		if (p->worker[i].state == SLOT_EMPTY && free_slot == NULL)
			free_slot = &p->worker[i];
	}
	if (free_slot == NULL || now < p->not_before_ms)
		return;
	free_slot->chan.fd = -1;
	if (spooler_start_worker(p->spooler, p->kind->role, p->partner, false,
		on_started, free_slot))
		free_slot->state = SLOT_STARTING;
}

static void
put_first(struct pool *p, struct item *item)
{
	item->next = p->first;
	if (p->first == NULL)
		p->last = &item->next;
	p->first = item;
	p->waiting++;
}

static void
run(struct pool *p)
{
	while (p->first != NULL) {
		struct item *item = p->first;
		struct worker_slot *w = choose(p, item);

		if (w == NULL || w->busy > 0)
			start_one(p);
		if (w == NULL)
			return;
		p->first = item->next;
		if (p->first == NULL)
			p->last = &p->first;
		p->waiting--;
		item->next = NULL;
		if (!hand_over(w, item)) {
			put_first(p, item);
			return; /* the next answer, or tick, goes on */
		}
	}
}

void
pool_submit(struct pool *p, struct item *item)
{
	item->next = NULL;
	*p->last = item;
	p->last = &item->next;
	p->waiting++;
	run(p);
}

void
pool_tick(struct pool *p, int64_t mono_ms)
{
	for (unsigned i = 0; i < p->max; i++) {
		struct worker_slot *w = &p->worker[i];

		if (p->kind->brief && w->state == SLOT_UP && w->busy == 0 &&
		    mono_ms - w->idle_since_ms > IDLE_MS)
			slot_close(w);
	}
	run(p);
}

unsigned
pool_workers(const struct pool *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->max; i++)
		n += p->worker[i].state == SLOT_UP;
	return n;
}
