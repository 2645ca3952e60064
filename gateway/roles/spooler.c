/*
 * gateway/roles/spooler.c - keeps spool and ledger; steers every document.
 *
 * user		its own, owner of spool and state; keeps CAP_LEASE
 * may touch	the spool and state folders, inotify, the admin socket
 * peers	supervisor (starts workers), all workers, administrators
 * messages	START -> STARTED; the requests of gateway/msg.c to each worker
 * if taken	the attacker can lose, hold and misplace documents, and read
 *		plaintext that lies in folders; it cannot sign, decrypt or
 *		reach the network
 */
#include "gateway/roles/opening.h"
#include "gateway/roles/roles.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "gateway/collect.h"
#include "gateway/inbound.h"
#include "gateway/item.h"
#include "gateway/outbound.h"
#include "gateway/overview.h"
#include "gateway/schedule.h"
#include "gateway/share.h"
#include "spool/recover.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ITEMS_MAX  2048 /* documents in our own hands; the rest waits */
#define FINDS_MAX  64
#define FOLDER_MAX 512 /* of one folder: no partner takes all places */
#define TICK_MS    100
#define SPACE_MS   1000
#define STOP_MS    5000 /* longest wait for documents under way */

struct start {
	spooler_started_fn ready;
	void *ctx;
};

/* After a restart hundreds may be wanted at once; the supervisor is asked for
 * so many at a time, and a channel never fills. */
#define STARTS_MAX 32

static struct start starts[STARTS_MAX]; /* by ref */

void
spooler_fail(const char *module, const struct why *why)
{
	opening_fail(module, why);
}

struct partner *
spooler_partner(struct spooler *sp, const char *name)
{
	for (size_t i = 0; i < sp->partner_count; i++) {
		if (strcmp(sp->partner[i].config->name, name) == 0)
			return &sp->partner[i];
	}
	return NULL;
}

/* Workers are started by the supervisor, on request. */

bool
spooler_start_worker(struct spooler *sp, enum role role, const char *partner,
    bool collect, spooler_started_fn ready, void *ctx)
{
	struct why why;
	struct msg m;
	uint32_t ref = 0;

	while (ref < STARTS_MAX && starts[ref].ready != NULL)
		ref++;
	if (ref == STARTS_MAX)
		return false;
	starts[ref] = (struct start){ ready, ctx };
	msg_begin(&m, MSG_START, ref);
	msg_put_u32(&m, role);
	msg_put_text(&m, partner);
	msg_put_u32(&m, collect);
	if (msg_send(&sp->supervisor, &m, &why) != GW_OK)
		opening_fail("spooler", &why);
	return true;
}

static void
take_started(struct msg *m)
{
	struct start s;
	int fd = msg_take_fd(m);

	if (!msg_done(m) || m->ref >= STARTS_MAX ||
	    starts[m->ref].ready == NULL) {
		fd_close(&fd);
		return;
	}
	s = starts[m->ref];
	starts[m->ref].ready = NULL;
	s.ready(s.ctx, fd);
}

static void
on_supervisor(evutil_socket_t fd, short what, void *arg)
{
	struct spooler *sp = arg;
	enum gw_status st;
	struct why why;
	struct msg m;

	(void)fd;
	(void)what;
	while ((st = msg_recv(&sp->supervisor, &m, &why)) == GW_OK) {
		if (m.id == MSG_STARTED) {
			take_started(&m);
		} else if (m.id == MSG_STOP) {
			(void)msg_done(&m);
			sp->stopping = true;
			log_line(LOG_LEVEL_INFO, "-", "spooler", "stopping",
			    "documents=%zu", sp->items);
		} else {
			msg_drop(&m);
		}
	}
	if (st != GW_AGAIN)
		_exit(0); /* the supervisor ended, and so do we */
}

/* What lies in the folders. */

static bool
is_of(const struct watch_find *find, const struct intake *in)
{
	const struct watch_folder *f = find->folder;

	return strcmp(f->partner, in->partner->config->name) == 0 &&
	       strcmp(f->flow, in->flow != NULL ? in->flow->name : "") == 0;
}

static void
take_find(struct spooler *sp, const struct watch_find *find)
{
	for (size_t i = 0; i < sp->intake_count; i++) {
		struct intake *in = &sp->intake[i];

		if (!is_of(find, in))
			continue;
		if (in->flow != NULL)
			outbound_found(sp, in, find);
		else
			inbound_found(sp, in, find);
		return;
	}
}

/* A folder of which we hold many is passed over until there are fewer. */
static void
balance(struct spooler *sp)
{
	for (size_t i = 0; i < sp->intake_count; i++) {
		struct intake *in = &sp->intake[i];
		bool pause =
		    in->held >= (in->paused ? FOLDER_MAX / 2 : FOLDER_MAX);

		if (pause == in->paused)
			continue;
		in->paused = pause;
		watch_pause(sp->watch, in->number, pause);
		sp->look = sp->look || !pause;
	}
}

/* What waits for one partner's server or unsealer is bounded for each partner
 * and takes no place from the others: dead or hostile ones would use up all. */
static size_t
in_hand(const struct spooler *sp)
{
	size_t parked = 0;

	for (size_t i = 0; i < sp->partner_count; i++) {
		const struct partner *p = &sp->partner[i];

		parked += p->ready.count + p->to_fetch.count + p->send.busy +
			  p->collect.busy + p->unsealers.waiting +
			  p->unsealers.busy;
	}
	return sp->items - parked;
}

/* Is there something to take, and room for it? */
static bool
may_look(const struct spooler *sp)
{
	return sp->look && !sp->stopping && !sp->starved &&
	       in_hand(sp) + FINDS_MAX <= ITEMS_MAX;
}

static void
look(struct spooler *sp)
{
	static struct watch_find find[FINDS_MAX];
	bool more = false;
	size_t n;

	balance(sp);
	if (!may_look(sp))
		return;
	n = watch_next(sp->watch, find, FINDS_MAX, &more);
	for (size_t i = 0; i < n; i++)
		take_find(sp, &find[i]);
	sp->look = more;
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct spooler *sp = arg;

	(void)fd;
	(void)what;
	watch_hint(sp->watch);
	sp->look = true;
}

static void
on_watch_time(evutil_socket_t fd, short what, void *arg)
{
	struct spooler *sp = arg;

	(void)fd;
	(void)what;
	sp->look = true;
}

/* A file that was not ready, or a sweep, has a time at which to look again. */
static void
arm_watch(struct spooler *sp)
{
	int ms = watch_timeout(sp->watch);
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	if (sp->look)
		return;
	if (ms == 0)
		sp->look = true;
	else if (event_add(sp->watch_timer, &tv) != 0)
		gw_fatal("no timer");
}

static void
add_intake(struct spooler *sp, struct partner *p, const struct config_flow *f)
{
	static const enum watch_rule rules[] = {
		[COMPLETE_RENAME] = WATCH_RENAME,
		[COMPLETE_QUIET] = WATCH_QUIET,
		[COMPLETE_MARKER] = WATCH_MARKER,
	};
	struct watch_folder folder;
	struct intake *in = &sp->intake[sp->intake_count++];
	struct why why;

	memset(&folder, 0, sizeof(folder));
	memcpy(folder.partner, p->config->name, sizeof(folder.partner));
	folder.tree = f != NULL ? TREE_OUT : TREE_MAILBOX;
	if (f != NULL) {
		memcpy(folder.flow, f->name, sizeof(folder.flow));
		folder.rule = rules[f->complete];
		folder.quiet_ms = f->quiet_ms;
		folder.max_size = f->max_size;
		folder.owner_count = f->owner_count;
		memcpy(folder.owners, f->owners, sizeof(folder.owners));
	}
	in->partner = p;
	in->flow = f;
	if (watch_add(sp->watch, &folder, &in->number, &why) != GW_OK)
		opening_fail("spooler", &why);
}

/* Time. */

static void
check_space(struct spooler *sp)
{
	uint64_t bytes, inodes;
	bool starved;
	struct why why;

	if (spool_free_space(sp->spool, &bytes, &inodes, &why) != GW_OK)
		opening_fail("spooler", &why);
	/* Some file systems count no inodes and say 0. */
	starved = bytes < sp->config->min_free || (inodes > 0 && inodes < 100);
	if (starved != sp->starved)
		log_line(starved ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "-",
		    "spooler", starved ? "disk-full" : "disk-has-room",
		    "free=%llu min-free=%llu", (unsigned long long)bytes,
		    (unsigned long long)sp->config->min_free);
	sp->look = sp->look || (sp->starved && !starved);
	sp->starved = starved;
}

/* Those whose pause is over, in turn; the others wait on. */
static void
run_retries(struct spooler *sp, int64_t now)
{
	struct item *item;

	for (size_t n = sp->retries.count; n > 0; n--) {
		item = queue_take(&sp->retries);
		if (item->due_ms <= now)
			item->then(sp, item);
		else
			queue_put(&sp->retries, item);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	static int64_t space_ms;
	struct spooler *sp = arg;
	int64_t now = clock_mono_ms();

	(void)fd;
	(void)what;
	if (now >= space_ms) {
		check_space(sp);
		space_ms = now + SPACE_MS;
		pool_tick(&sp->sealers, now);
		pool_tick(&sp->verifiers, now);
		pool_tick(&sp->inspectors, now);
		for (size_t i = 0; i < sp->partner_count; i++)
			pool_tick(&sp->partner[i].unsealers, now);
	}
	run_retries(sp, now);
	for (size_t i = 0; i < sp->partner_count; i++) {
		schedule_tick(sp, &sp->partner[i], now);
		collect_tick(sp, &sp->partner[i], now);
	}
}

/* Opening. */

static void
make_partner(struct spooler *sp, struct partner *p)
{
	const struct config_partner *c = p->config;
	struct why why;

	if (spool_make_partner(sp->spool, c->name, &why) != GW_OK)
		opening_fail("spooler", &why);
	for (size_t i = 0; i < c->flow_count; i++) {
		const struct config_flow *f = &c->flow[i];

		if (spool_make_flow(sp->spool, c->name, f->name, f->direction,
			&why) != GW_OK)
			opening_fail("spooler", &why);
		if (f->direction == DOC_OUT)
			add_intake(sp, p, f);
	}
	if (config_has_flow(c, DOC_IN))
		add_intake(sp, p, NULL);
	pool_init(&p->unsealers, sp, &inbound_unsealing, c->name, 1);
	link_init(&p->send, sp, p, &outbound_sending);
	link_init(&p->collect, sp, p, &collect_fetching);
	queue_init(&p->ready);
	queue_init(&p->to_fetch);
}

static void
make_partners(struct spooler *sp)
{
	size_t folders = 0;

	for (size_t i = 0; i < sp->config->partner_count; i++)
		folders += sp->config->partner[i].flow_count + 1;
	sp->partner_count = sp->config->partner_count;
	sp->partner = calloc(sp->partner_count + 1, sizeof(*sp->partner));
	sp->intake = calloc(folders + 1, sizeof(*sp->intake));
	if (sp->partner == NULL || sp->intake == NULL)
		gw_fatal("out of memory");
	for (size_t i = 0; i < sp->partner_count; i++) {
		sp->partner[i].config = &sp->config->partner[i];
		make_partner(sp, &sp->partner[i]);
	}
}

static void
open_stores(struct spooler *sp)
{
	struct recover_report r;
	struct why why;
	int64_t began = clock_mono_ms();

	if (spool_open(sp->config->spool, sp->config->state, &sp->spool,
		&why) != GW_OK ||
	    ledger_open(sp->config->state, LEDGER_WRITE, &sp->ledger, &why) !=
		GW_OK ||
	    recover_run(sp->spool, sp->ledger, &r, &why) != GW_OK ||
	    watch_new(sp->spool, &sp->watch, &why) != GW_OK)
		opening_fail("spooler", &why);
	if (r.lost > 0 || r.missing > 0)
		log_line(LOG_LEVEL_ERROR, "-", "spooler", "recovered-with-loss",
		    "files-without-row=%lu rows-without-file=%lu see=fsck",
		    r.lost, r.missing);
	log_line(LOG_LEVEL_INFO, "-", "spooler", "recovered",
	    "documents=%lu finished=%lu dropped=%lu removed=%lu ms=%lld",
	    r.documents, r.finished, r.dropped, r.removed,
	    (long long)(clock_mono_ms() - began));
}

/*
 * What was under way when the last gateway ended.  Reading the ledger and
 * changing it are apart: the list is finished first.
 */
struct resuming {
	struct spooler *sp;
	struct queue found;
};

static bool
on_open_document(void *ctx, const struct doc *doc)
{
	struct resuming *r = ctx;
	struct partner *p = spooler_partner(r->sp, doc->partner);

	if (p == NULL) {
		log_line(LOG_LEVEL_WARN, doc->id.text, "spooler", "stranded",
		    "partner=%s state=%s", doc->partner,
		    state_name(doc->state));
		r->sp->stranded++;
		return true;
	}
	if (doc->direction == DOC_OUT && doc->state == DOC_SEALED)
		p->waiting++;
	else if (doc->state != DOC_HELD)
		queue_put(&r->found, item_known(r->sp, p, doc));
	return true;
}

static void
resume(struct spooler *sp)
{
	struct resuming r = { .sp = sp };
	struct ledger_filter open = { .open_only = true };
	struct item *item;
	struct why why;

	queue_init(&r.found);
	if (ledger_list(sp->ledger, &open, on_open_document, &r, &why) != GW_OK)
		opening_fail("ledger", &why);
	while ((item = queue_take(&r.found)) != NULL) {
		if (item->doc.direction == DOC_OUT)
			outbound_resume(sp, item);
		else
			inbound_resume(sp, item);
	}
}

static void
add_event(struct spooler *sp, int fd, short what, event_callback_fn fn,
    const struct timeval *every)
{
	struct event *e = event_new(sp->events, fd, what | EV_PERSIST, fn, sp);

	if (e == NULL || event_add(e, every) != 0)
		gw_fatal("no event");
}

static void
start(struct spooler *sp, struct opening *o)
{
	struct timeval tick = { 0, TICK_MS * 1000 };
	unsigned n = sp->config->workers;
	struct why why;

	if ((sp->events = event_base_new()) == NULL)
		gw_fatal("no event loop");
	pool_init(&sp->sealers, sp, &outbound_sealing, "", n);
	pool_init(&sp->verifiers, sp, &inbound_verifying, "", n);
	pool_init(&sp->inspectors, sp, &inbound_inspecting, "", n);
	queue_init(&sp->retries);
	make_partners(sp);
	fd_set_nonblock(sp->supervisor.fd);
	add_event(sp, sp->supervisor.fd, EV_READ, on_supervisor, NULL);
	add_event(sp, watch_fd(sp->watch), EV_READ, on_watch, NULL);
	add_event(sp, -1, 0, on_tick, &tick);
	if ((sp->watch_timer = evtimer_new(sp->events, on_watch_time, sp)) ==
	    NULL)
		gw_fatal("no timer");
	if (o->control >= 0 &&
	    admin_new(sp->events, o->control, sp->ledger, overview_status, sp,
		&sp->admin, &why) != GW_OK)
		opening_fail("spooler", &why);
	check_space(sp);
	sp->look = true;
	resume(sp);
}

/* Is a worker or a commit still to be waited for?  Not for a partner's server,
 * nor for a folder that heals some day. */
static bool
is_under_way(const struct spooler *sp)
{
	size_t idle = sp->retries.count;

	for (size_t i = 0; i < sp->partner_count; i++)
		idle +=
		    sp->partner[i].ready.count + sp->partner[i].to_fetch.count;
	return sp->items > idle || round_open(sp);
}

/* Stop when nothing is under way any more, or after a while: whatever is left
 * is safe where it is. */
static void
stop_if_done(struct spooler *sp)
{
	static int64_t since;

	if (!sp->stopping)
		return;
	if (since == 0)
		since = clock_mono_ms();
	if (is_under_way(sp) && clock_mono_ms() - since < STOP_MS)
		return;
	ledger_close(sp->ledger);
	spool_close(sp->spool);
	_exit(0);
}

static void
loop(struct spooler *sp)
{
	for (;;) {
		/* While a commit is due, only what is there already joins. */
		int flags = EVLOOP_ONCE;

		arm_watch(sp);
		if (round_open(sp) || may_look(sp))
			flags = EVLOOP_NONBLOCK;
		(void)event_base_loop(sp->events, flags);
		look(sp);
		round_close(sp);
		stop_if_done(sp);
	}
}

void
spooler_main(void)
{
	static struct spooler sp;
	struct sandbox_folder folders[2];
	struct opening o;
	struct why why;

	opening_begin(ROLE_SPOOLER, &o);
	why_set(&why, REASON_INTERNAL, "the share cannot be read");
	if ((sp.config = share_get_config(&o.share)) == NULL)
		opening_fail("spooler", &why);
	buf_free(&o.share);
	sp.supervisor = o.supervisor;
	sp.started_ms = clock_wall_ms();
	opening_drop(&o, true);
	folders[0] = (struct sandbox_folder){ sp.config->spool, true };
	folders[1] = (struct sandbox_folder){ sp.config->state, true };
	opening_files(&o, folders, 2, 0);
	opening_calls(&o);
	(void)sandbox_text(&o.level, sp.confinement, sizeof(sp.confinement));
	open_stores(&sp);
	start(&sp, &o);
	loop(&sp);
	_exit(0);
}
