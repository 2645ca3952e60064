/*
 * gateway/collect.c - fetches what a partner left for us on its server.
 *
 *	list -> (row) -> fetch -> landed -> clear there -> unseal, as inbound.c
 *
 * The remote file goes only after our own commit.  When that answer is lost,
 * the file is fetched once more and found to be a duplicate.
 */
#include "gateway/collect.h"

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/inbound.h"
#include "gateway/item.h"
#include "gateway/route.h"
#include "spool/durable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 1000
/* Collected and not delivered yet; beyond, the rest may wait over there. */
#define COLLECTED_MAX 512
/* Signatures, recipients, padding of a small document. */
#define SEALED_EXTRA ((uint64_t)1024 * 1024)

static void
list(struct partner *p)
{
	struct link *l = &p->collect;
	struct msg m;

	p->listing = true;
	p->listed = 0;
	msg_begin(&m, MSG_LIST, LINK_PLAIN);
	msg_put_u32(&m, ENTRIES_MAX);
	link_send_plain(l, &m);
}

/*
 * How large may the next file be?  Sealed it is larger than the document by a
 * third when it is armored, so twice is generous.  Where no flow has a limit
 * the disk sets it: a server can say that its file has 4 EiB, and deliver.
 */
static uint64_t
size_limit(struct spooler *sp, const struct partner *p)
{
	uint64_t plain = route_max_size(p->config), bytes, inodes, room;
	struct why why;

	if (spool_free_space(sp->spool, &bytes, &inodes, &why) != GW_OK)
		spooler_fail("collect", &why);
	room = bytes > sp->config->min_free ? bytes - sp->config->min_free : 1;
	if (plain == 0 || plain > room / 2)
		return room;
	return 2 * plain + SEALED_EXTRA;
}

static void
fetch(struct spooler *sp, struct item *item)
{
	struct link *l = &item->partner->collect;
	enum gw_status st;
	struct why why;
	struct msg m;

	if (l->item[item->place] != item)
		return; /* the line broke meanwhile; cut() has taken it back */
	st =
	    durable_begin(sp->spool, DIR_LANDED, item->doc.id, &item->fd, &why);
	if (st != GW_OK) {
		item_why(item, &why);
		l->item[item->place] = NULL;
		l->busy--;
		item_forget(sp, item);
		return;
	}
	msg_begin(&m, MSG_FETCH, item->place);
	msg_put_docid(&m, item->doc.id);
	msg_put_blob(&m, item->doc.file, strlen(item->doc.file));
	msg_put_u64(&m, size_limit(sp, item->partner));
	msg_put_fd(&m, item->fd);
	link_send(l, item, &m);
}

/* The next of the listing, as long as the connection has room. */
static void
feed(struct spooler *sp, struct partner *p)
{
	struct item *item;

	while (link_has_room(&p->collect) && !sp->stopping && !sp->starved &&
	       p->collected.held < COLLECTED_MAX &&
	       (item = queue_take(&p->to_fetch)) != NULL) {
		item->intake = &p->collected;
		p->collected.held++;
		item_insert(sp, item, "fetching", NULL);
		link_reserve(&p->collect, item);
		round_then(sp, item, fetch);
	}
	if (p->listing || p->to_fetch.count > 0 || p->collect.busy > 0 ||
	    p->clearing > 0 || p->landing > 0)
		return;
	if (p->listed == ENTRIES_MAX && p->progress) {
		p->progress = false;
		list(p); /* there may be more */
	} else if (!p->asked) {
		p->asked = true;
		list(p);
	} else {
		link_close(&p->collect);
	}
}

static void
take_entry(struct spooler *sp, struct partner *p, struct msg *m)
{
	const struct config_server *server = p->config->collect;
	struct item *item;
	const uint8_t *bytes;
	char name[DOC_FILE_SIZE];
	uint64_t size;
	uint32_t mtime;
	size_t len;

	bytes = msg_get_blob(m, &len);
	if (len < sizeof(name)) {
		memcpy(name, bytes, len);
		name[len] = '\0';
	}
	size = msg_get_u64(m);
	mtime = msg_get_u32(m);
	if (!msg_done(m))
		return;
	/* The courier was told how many; it talks to a stranger. */
	if (p->listed >= ENTRIES_MAX)
		return;
	p->listed++;
	if (len == 0 || len >= sizeof(name) || name_is_temporary(name) ||
	    !route_match(&server->match, name))
		return;
	item = item_new(sp, p, DOC_IN);
	memcpy(item->doc.file, name, len + 1);
	item->doc.sealed_size = item->remote_size = size;
	item->remote_mtime = mtime;
	route_inbound_name(&item->doc, NULL);
	queue_put(&p->to_fetch, item);
}

static void
other(struct spooler *sp, struct partner *p, struct msg *m)
{
	char text[LOG_QUOTED_MAX];
	const char *what;
	enum gw_status st;
	struct why why;

	if (m->id == MSG_ENTRY) {
		take_entry(sp, p, m);
		return;
	}
	if (m->id != MSG_LISTED && m->id != MSG_CLEARED) {
		msg_drop(m);
		return;
	}
	what = msg_name(m->id);
	if (m->id == MSG_LISTED)
		p->listing = false;
	else
		p->clearing -= p->clearing > 0;
	st = msg_get_status(m);
	msg_get_why(m, &why);
	if (!msg_done(m))
		return;
	/* Only what went makes another listing differ; else we would go round
	 * and round with a server that lets nothing be removed. */
	p->progress = p->progress || (m->id == MSG_CLEARED && st == GW_OK);
	if (st == GW_OK)
		return;
	/* What could not be cleared is collected again, as a duplicate. */
	p->collect.why = why;
	log_line(LOG_LEVEL_WARN, "-", "collect", "failed",
	    "step=%s partner=%s reason=%s text=%s", what, p->config->name,
	    reason_code(why.reason), log_quote(why.text, text, sizeof(text)));
}

/* Ours by disk and ledger: now it may go over there, and on here. */
static void
landed(struct spooler *sp, struct item *item)
{
	struct partner *p = item->partner;
	struct link *l = &p->collect;
	struct msg m;

	p->landing--;
	if (l->state == LINK_UP) {
		p->clearing++;
		msg_begin(&m, MSG_CLEAR, LINK_PLAIN);
		msg_put_docid(&m, item->doc.id);
		msg_put_blob(&m, item->doc.file, strlen(item->doc.file));
		msg_put_u64(&m, item->remote_size);
		msg_put_u32(&m, item->remote_mtime);
		link_send_plain(l, &m);
	}
	inbound_landed(sp, item);
}

static void
fetched(struct spooler *sp, struct item *item, struct msg *m)
{
	enum gw_status st;
	struct why why;

	st = msg_get_status(m);
	item->doc.sealed_size = msg_get_u64(m);
	msg_get_why(m, &why);
	if (!msg_done(m))
		st = GW_INTERNAL;
	if (st == GW_OK)
		st = durable_publish(sp->spool, DIR_LANDED, item->doc.id, &why);
	if (st == GW_OK) {
		item_change(sp, item, DOC_LANDED, "received", NULL);
		item->partner->landing++;
		round_then(sp, item, landed);
		return;
	}
	/* It is still over there; the next look finds it again. */
	durable_abandon(sp->spool, DIR_LANDED, item->doc.id);
	item_why(item, &why);
	item_forget(sp, item);
}

static void
cut(struct spooler *sp, struct item *item, const struct why *why)
{
	(void)why;
	durable_abandon(sp->spool, DIR_LANDED, item->doc.id);
	round_then(sp, item, item_forget);
}

static void
down(struct spooler *sp, struct partner *p, const struct why *why)
{
	struct item *item;

	(void)why;
	p->listing = false;
	p->clearing = 0;
	while ((item = queue_take(&p->to_fetch)) != NULL)
		item_free(sp, item);
}

const struct link_kind collect_fetching = {
	.collect = true,
	.ready = feed,
	.answer = fetched,
	.other = other,
	.cut = cut,
	.down = down,
};

void
collect_tick(struct spooler *sp, struct partner *p, int64_t mono_ms)
{
	if (p->config->collect == NULL || sp->stopping || sp->starved)
		return;
	if (p->collect.state == LINK_UP) {
		feed(sp, p);
	} else if (p->collect.state == LINK_DOWN && mono_ms >= p->collect_ms) {
		p->asked = false;
		p->progress = false;
		link_want(&p->collect, mono_ms);
		if (p->collect.state == LINK_STARTING)
			p->collect_ms = mono_ms + p->config->collect->every_ms;
	}
}
