/* gateway/link.c - our connection to one server of a partner's. */
#include "gateway/link.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "gateway/item.h"
#include "gateway/schedule.h"

#include <string.h>
#include <sys/socket.h>

void
link_init(struct link *l, struct spooler *sp, struct partner *partner,
    const struct link_kind *kind)
{
	memset(l, 0, sizeof(*l));
	l->spooler = sp;
	l->partner = partner;
	l->kind = kind;
	l->chan.fd = -1;
	l->changed_ms = clock_wall_ms();
}

static void
drop_channel(struct link *l)
{
	if (l->readable != NULL)
		event_free(l->readable);
	l->readable = NULL;
	fd_close(&l->chan.fd);
	l->state = LINK_DOWN;
	l->changed_ms = clock_wall_ms();
}

void
link_free(struct link *l)
{
	if (l->state == LINK_UP || l->chan.fd >= 0)
		drop_channel(l);
}

/* It is over: everything under way is given back, the next try is set. */
static void
lost(struct link *l, const struct why *why)
{
	struct item *cut[LINK_ITEMS_MAX];
	unsigned n = 0;

	drop_channel(l);
	for (unsigned i = 0; i < LINK_ITEMS_MAX; i++) {
		if (l->item[i] != NULL)
			cut[n++] = l->item[i];
		l->item[i] = NULL;
	}
	l->busy = 0;
	l->why = *why;
	schedule_failed(l);
	for (unsigned i = 0; i < n; i++)
		l->kind->cut(l->spooler, cut[i], why);
	l->kind->down(l->spooler, l->partner, why);
}

static void
take_facts(struct link *l, struct msg *m)
{
	char quoted[LOG_QUOTED_MAX];
	enum gw_status st;
	struct why why;

	st = msg_get_status(m);
	msg_get_text(m, l->host_key, sizeof(l->host_key));
	msg_get_text(m, l->server, sizeof(l->server));
	msg_get_text(m, l->kex, sizeof(l->kex));
	msg_get_text(m, l->cipher, sizeof(l->cipher));
	msg_get_why(m, &why);
	if (!msg_done(m)) {
		why_set(&why, REASON_INTERNAL, "the courier spoke nonsense");
		st = GW_INTERNAL;
	}
	if (st != GW_OK) {
		log_line(LOG_LEVEL_WARN, "-", "link", "refused",
		    "partner=%s reason=%s text=%s", l->partner->config->name,
		    reason_code(why.reason),
		    log_quote(why.text, quoted, sizeof(quoted)));
		lost(l, &why);
		return;
	}
	log_line(LOG_LEVEL_INFO, "-", "link", "up",
	    "partner=%s host-key=%s cipher=%s server=%s",
	    l->partner->config->name, l->host_key, l->cipher,
	    log_quote(l->server, quoted, sizeof(quoted)));
	l->state = LINK_UP;
	l->why.reason = REASON_NONE;
	l->why.text[0] = '\0';
	l->changed_ms = clock_wall_ms();
	l->idle_since_ms = clock_mono_ms();
	l->moved = l->failing = false;
	l->kind->ready(l->spooler, l->partner);
}

static void
take_answer(struct link *l, struct msg *m)
{
	struct item *item = m->ref < LINK_ITEMS_MAX ? l->item[m->ref] : NULL;

	l->idle_since_ms = clock_mono_ms();
	if (m->ref == LINK_PLAIN && l->kind->other != NULL) {
		l->kind->other(l->spooler, l->partner, m);
		return;
	}
	if (item == NULL) {
		msg_drop(m);
		return;
	}
	l->item[m->ref] = NULL;
	l->busy--;
	l->kind->answer(l->spooler, item, m);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;
	enum gw_status st;
	struct why why;
	struct msg m;

	(void)fd;
	(void)what;
	while (l->chan.fd >= 0 &&
	       (st = msg_recv(&l->chan, &m, &why)) != GW_AGAIN) {
		if (st != GW_OK) {
			why_set(&why, REASON_CONNECTION_LOST,
			    "the connection to %s ended",
			    l->partner->config->name);
			lost(l, &why);
			return;
		}
		if (m.id == MSG_LINK)
			take_facts(l, &m);
		else
			take_answer(l, &m);
	}
	if (l->state != LINK_UP)
		return;
	if (l->failing && l->busy == 0) {
		why = l->why; /* lost() writes to where it lies */
		lost(l, &why);
	} else {
		l->kind->ready(l->spooler, l->partner);
	}
}

static void
on_started(void *ctx, int fd)
{
	struct link *l = ctx;

	l->chan = (struct chan){ fd, ROLE_SPOOLER, ROLE_COURIER };
	fd_set_nonblock(fd);
	l->readable = event_new(
	    l->spooler->events, fd, EV_READ | EV_PERSIST, on_readable, l);
	if (l->readable == NULL || event_add(l->readable, NULL) != 0)
		gw_fatal("no event for a courier");
}

void
link_want(struct link *l, int64_t mono_ms)
{
	if (l->state != LINK_DOWN || mono_ms < l->not_before_ms)
		return;
	if (!spooler_start_worker(l->spooler, ROLE_COURIER,
		l->partner->config->name, l->kind->collect, on_started, l))
		return;
	l->state = LINK_STARTING;
	l->changed_ms = clock_wall_ms();
}

void
link_close(struct link *l)
{
	if (l->state == LINK_UP && l->busy == 0)
		drop_channel(l);
}

void
link_moved(struct link *l)
{
	l->moved = true;
	l->failures = 0;
}

void
link_fail(struct link *l, const struct why *why)
{
	l->failing = true;
	l->moved = false;
	l->why = *why;
}

bool
link_has_room(const struct link *l)
{
	return l->state == LINK_UP && !l->failing && l->busy < LINK_ITEMS_MAX;
}

void
link_reserve(struct link *l, struct item *item)
{
	item->place = 0;
	while (l->item[item->place] != NULL)
		item->place++;
	l->item[item->place] = item;
	l->busy++;
}

/*
 * The courier does not take what it was promised room for.  Our end of the
 * channel ends; the loop notices, as when a courier died, and gives back what
 * was under way.
 */
static void
break_off(struct link *l)
{
	(void)shutdown(l->chan.fd, SHUT_RDWR); /* it may have ended already */
}

void
link_send(struct link *l, struct item *item, struct msg *m)
{
	struct why why;

	if (msg_send(&l->chan, m, &why) == GW_AGAIN)
		break_off(l);
	fd_close(&item->fd);
}

void
link_send_plain(struct link *l, struct msg *m)
{
	struct why why;

	if (msg_send(&l->chan, m, &why) == GW_AGAIN)
		break_off(l);
}
