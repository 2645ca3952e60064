/*
 * spool/watch.c - which files in the drop folders and mailboxes are ready?
 *
 * inotify is a hint, the scan is the truth.  A scan of a folder runs at the
 * start, when inotify lost events (its queue overflowed), when a folder was
 * removed, moved, unmounted or made again, and every minute anyway.  A folder
 * is watched before it is scanned.
 *
 *	event -> name, due now (created: in 20 ms) \
 *	scan  -> a batch of names, oldest first       > watch_ready() -> find
 *	name that was not ready -> due later         /
 *
 * Memory is bounded: one batch, and at most NAMES_MAX remembered names.  When
 * they are used up, names are dropped and their folder is scanned again soon.
 */
#include "spool/watch.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "spool/claim.h"
#include "spool/watch_names.h"
#include "spool/watch_place.h"
#include "spool/watch_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#define NAMES_MAX  16384
#define HANDED_MAX 1024
/* Folders whose scans are under way at a time, each with an open DIR. */
#define SCANS_MAX 256
/* A file is rarely finished right when it is created. */
#define CREATED_MS 20
/* Offering the same file again: after an event, and without one. */
#define EVENT_AGAIN_MS 100
#define AGAIN_MS       1000
#define AGAIN_MAX_MS   30000
#define CROWDED_MS     5000

struct watch {
	struct spool *spool;
	int fd;
	bool inotify; /* fd is one; else it is never readable */
	struct watch_place **place;
	unsigned count;
	unsigned scans;    /* places with an open scan */
	unsigned last_hit; /* the place that the last event was for */
	struct watch_names *names;
	struct watch_batch *batch;
	unsigned batch_place;
	/* Handed out by the last call; looked at by the next one. */
	struct watch_name *handed[HANDED_MAX];
	size_t handed_count;
	/* The folder that this call has borrowed. */
	int place_fd;
	unsigned place_of_fd;
	unsigned long overflows;
};

enum gw_status
watch_new(struct spool *sp, struct watch **out, struct why *why)
{
	struct watch *w = calloc(1, sizeof(*w));

	*out = NULL;
	if (w != NULL) {
		w->spool = sp;
		w->place_fd = -1;
		w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		w->inotify = w->fd >= 0;
		if (!w->inotify)
			w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		w->names = watch_names_new(NAMES_MAX);
		w->batch = watch_batch_new();
	}
	if (w == NULL || w->fd < 0 || w->names == NULL || w->batch == NULL) {
		why_set(why, REASON_INTERNAL,
		    "out of memory or descriptors for watching folders");
		watch_free(w);
		return GW_AGAIN;
	}
	*out = w;
	return GW_OK;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	for (unsigned i = 0; i < w->count; i++)
		watch_place_free(w->place[i]);
	free(w->place);
	watch_names_free(w->names);
	watch_batch_free(w->batch);
	fd_close(&w->fd);
	free(w);
}

enum gw_status
watch_add(struct watch *w, const struct watch_folder *folder, int *number,
    struct why *why)
{
	struct watch_place **bigger, *p;

	if (folder->tree != TREE_OUT && folder->tree != TREE_MAILBOX)
		gw_fatal("watch_add() was given a folder of another kind");
	bigger = reallocarray(
	    w->place, (size_t)w->count + 1, sizeof(struct watch_place *));
	if (bigger != NULL)
		w->place = bigger;
	p = watch_place_new(w->spool, folder);
	if (bigger == NULL || p == NULL) {
		watch_place_free(p);
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	*number = (int)w->count;
	w->place[w->count++] = p;
	return GW_OK;
}

static void
end_scan(struct watch *w, struct watch_place *p)
{
	w->scans -= p->scan != NULL;
	watch_place_end(p);
}

void
watch_pause(struct watch *w, int number, bool paused)
{
	struct watch_place *p = w->place[number];

	/* Events are dropped meanwhile: afterwards only a scan knows. */
	if (p->folder.paused && !paused)
		p->wanted = true;
	p->folder.paused = paused;
	if (paused)
		end_scan(w, p);
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

unsigned long
watch_overflows(const struct watch *w)
{
	return w->overflows;
}

const char *
watch_degraded(const struct watch *w, int number)
{
	return w->place[number]->degraded;
}

/* Events */

/* The name of the file that an event is about: for a marker, what it marks. */
static bool
event_name(
    const struct watch_place *p, const char *event, char name[DOC_FILE_SIZE])
{
	size_t len = strlen(event), mark = strlen(CLAIM_MARKER);

	if (p->folder.rule == WATCH_MARKER && len > mark &&
	    strcmp(event + len - mark, CLAIM_MARKER) == 0)
		len -= mark;
	snprintf(name, DOC_FILE_SIZE, "%.*s", (int)len, event);
	return !name_is_temporary(name);
}

/* One that was offered and left may come soon, but not in circles: putting a
 * file back makes an event too. */
static int64_t
soonest(const struct watch_name *e, int64_t now)
{
	int64_t pause = EVENT_AGAIN_MS;

	if (e->offers == 0)
		return now;
	for (unsigned i = 1; i < e->offers && pause < AGAIN_MAX_MS; i++)
		pause *= 2;
	return e->offered_ms + pause > now ? e->offered_ms + pause : now;
}

static void
note_name(struct watch *w, unsigned number, const char *event, bool finished)
{
	struct watch_place *p = w->place[number];
	int64_t now = clock_mono_ms();
	char name[DOC_FILE_SIZE];
	struct watch_name *e;

	if (p->folder.paused || !event_name(p, event, name))
		return;
	e = watch_names_find(w->names, number, name);
	if (e == NULL) {
		e = watch_names_put(
		    w->names, number, name, finished ? now : now + CREATED_MS);
		p->wanted = p->wanted || e == NULL;
	} else if (finished) {
		e->facts.tries = 0;
		if (soonest(e, now) < e->due_ms)
			watch_names_due(w->names, e, soonest(e, now));
	}
}

/* Which folder has this watch?  Mostly the one of the event before. */
static bool
find_place(struct watch *w, int wd, unsigned *number)
{
	for (unsigned i = 0; i < w->count; i++) {
		unsigned at = (w->last_hit + i) % w->count;

		if (w->place[at]->wd == wd) {
			*number = w->last_hit = at;
			return true;
		}
	}
	return false;
}

static void
rescan_all(struct watch *w)
{
	for (unsigned i = 0; i < w->count; i++)
		w->place[i]->wanted = true;
}

/* A folder came or went in a partner's folder: was it one of ours? */
static void
parent_changed(struct watch *w, const struct inotify_event *ev)
{
	for (unsigned i = 0; i < w->count; i++) {
		struct watch_place *p = w->place[i];

		if (p->parent_wd != ev->wd)
			continue;
		if ((ev->mask & (IN_ISDIR | IN_IGNORED | IN_UNMOUNT)) != 0)
			p->wanted = true;
		if ((ev->mask & IN_IGNORED) != 0)
			p->parent_wd = -1;
	}
}

static void
take_event(struct watch *w, const struct inotify_event *ev)
{
	const uint32_t lost =
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
	unsigned number;

	if ((ev->mask & IN_Q_OVERFLOW) != 0) {
		w->overflows++;
		rescan_all(w);
	} else if (!find_place(w, ev->wd, &number)) {
		parent_changed(w, ev);
	} else if ((ev->mask & lost) != 0) {
		w->place[number]->wanted = true;
		if ((ev->mask & IN_IGNORED) != 0)
			w->place[number]->wd = -1;
	} else if ((ev->mask & IN_ISDIR) == 0 && ev->len > 0) {
		note_name(w, number, ev->name,
		    (ev->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0);
	}
}

void
watch_hint(struct watch *w)
{
	_Alignas(struct inotify_event) char block[65536];

	/* The queue is bounded by the kernel, but writers refill it: what is
	 * left after this makes the descriptor readable again. */
	for (unsigned i = 0; i < 32 && w->inotify; i++) {
		ssize_t got = read(w->fd, block, sizeof(block));

		if (got <= 0)
			return;
		for (size_t at = 0; at < (size_t)got;) {
			const struct inotify_event *ev =
			    (const struct inotify_event *)(const void *)(block +
									 at);

			take_event(w, ev);
			at += sizeof(*ev) + ev->len;
		}
	}
}

/* Finds */

/* The folder, borrowed once per call and change of folder. */
static bool
borrow(struct watch *w, unsigned number)
{
	struct watch_place *p = w->place[number];
	struct why why;

	if (w->place_fd >= 0 && w->place_of_fd == number)
		return true;
	w->place_of_fd = number;
	if (claim_folder(w->spool, &p->folder, &w->place_fd, &why) == GW_OK)
		return true;
	w->place_fd = -1;
	return false;
}

static enum watch_verdict
look(struct watch *w, unsigned number, const char *name,
    struct watch_facts *facts, struct watch_find *find, int64_t *wait_ms)
{
	struct watch_place *p = w->place[number];

	if (!borrow(w, number)) {
		*wait_ms = CROWDED_MS;
		return WATCH_LATER;
	}
	find->folder = &p->folder;
	snprintf(find->name, sizeof(find->name), "%s", name);
	return watch_ready(
	    w->place_fd, &p->folder, p->remote, name, facts, find, wait_ms);
}

static void
hand_out(struct watch *w, struct watch_name *e)
{
	int64_t pause = AGAIN_MS;

	for (unsigned i = 0; i < e->offers && pause < AGAIN_MAX_MS; i++)
		pause *= 2;
	if (pause > AGAIN_MAX_MS)
		pause = AGAIN_MAX_MS;
	e->offers++;
	e->offered_ms = clock_mono_ms();
	watch_names_due(w->names, e, e->offered_ms + pause);
	e->handed = true;
	w->handed[w->handed_count++] = e;
}

/* What the last call handed out is claimed by now, and forgotten, or was left
 * where it is.  Another file of that name starts anew. */
static void
review_handed(struct watch *w)
{
	for (size_t i = 0; i < w->handed_count; i++) {
		struct watch_name *e = w->handed[i];
		struct stat sb;

		e->handed = false;
		if (!borrow(w, e->place))
			continue;
		if (fstatat(w->place_fd, e->name, &sb, AT_SYMLINK_NOFOLLOW) !=
		    0) {
			watch_names_drop(w->names, e);
		} else if (sb.st_ino != e->facts.ino) {
			memset(&e->facts, 0, sizeof(e->facts));
			e->offers = 0;
			watch_names_due(w->names, e, clock_mono_ms());
		}
	}
	w->handed_count = 0;
}

/* A remembered name whose time has come.  True: it is a find. */
static bool
try_due(struct watch *w, struct watch_name *e, struct watch_find *find)
{
	int64_t wait_ms;

	if (w->place[e->place]->folder.paused) {
		w->place[e->place]->wanted = true;
		watch_names_drop(w->names, e);
		return false;
	}
	switch (look(w, e->place, e->name, &e->facts, find, &wait_ms)) {
	case WATCH_YES:
	case WATCH_REFUSED:
		hand_out(w, e);
		return true;
	case WATCH_LATER:
		watch_names_due(w->names, e, clock_mono_ms() + wait_ms);
		return false;
	case WATCH_NEVER:
		break;
	}
	watch_names_drop(w->names, e);
	return false;
}

/* A name from the scan.  True: it is a find. */
static bool
try_scanned(struct watch *w, const char *name, struct watch_find *find)
{
	struct watch_place *p = w->place[w->batch_place];
	struct watch_facts facts = { 0 };
	enum watch_verdict v;
	struct watch_name *e;
	int64_t wait_ms = 0, now = clock_mono_ms();

	/* Known names have their own time. */
	if (watch_names_find(w->names, w->batch_place, name) != NULL)
		return false;
	v = look(w, w->batch_place, name, &facts, find, &wait_ms);
	if (v == WATCH_NEVER)
		return false;
	e = watch_names_put(w->names, w->batch_place, name, now + wait_ms);
	if (e != NULL)
		e->facts = facts;
	else if (p->sweep_ms > now + CROWDED_MS)
		p->sweep_ms = now + CROWDED_MS;
	if (v == WATCH_LATER)
		return false;
	if (e != NULL)
		hand_out(w, e);
	return true;
}

static bool
skip_scanned(void *ctx, const char *name)
{
	const struct watch *w = ctx;

	return name_is_temporary(name) ||
	       watch_names_find(w->names, w->batch_place, name) != NULL;
}

static bool
may_scan(const struct watch *w, const struct watch_place *p, int64_t now)
{
	if (p->scan != NULL)
		return !p->folder.paused;
	return w->scans < SCANS_MAX && watch_place_due(p, now);
}

/* Get the next batch, from the next folder in turn that has work: a folder
 * of a million files does not keep the others waiting. */
static bool
fill_batch(struct watch *w)
{
	int64_t now = clock_mono_ms();

	for (unsigned i = 1; i <= w->count; i++) {
		unsigned number = (w->batch_place + i) % w->count;
		struct watch_place *p = w->place[number];

		if (!may_scan(w, p, now))
			continue;
		if (p->scan == NULL) {
			watch_place_begin(p, w->inotify ? w->fd : -1, now);
			w->scans += p->scan != NULL;
			w->place_fd = -1; /* it may be another folder now */
		}
		w->batch_place = number;
		if (p->scan != NULL &&
		    watch_batch_fill(w->batch, p->scan, skip_scanned, w))
			end_scan(w, p);
		return true;
	}
	return false;
}

/* One step: a due name, a scanned name or another batch.  *found: finds[0]
 * is filled.  False: nothing is left to do now. */
static bool
step(struct watch *w, struct watch_find *find, bool *found)
{
	struct watch_name *e = watch_names_first(w->names);
	const char *name;

	*found = false;
	if (e != NULL && e->due_ms <= clock_mono_ms()) {
		/* Only if we were stopped in mid-call: the caller's turn. */
		if (e->handed)
			return false;
		*found = try_due(w, e, find);
		return true;
	}
	if (watch_batch_empty(w->batch))
		return fill_batch(w);
	if (w->place[w->batch_place]->folder.paused) {
		watch_batch_clear(w->batch);
		return true;
	}
	name = watch_batch_next(w->batch);
	*found = try_scanned(w, name, find);
	return true;
}

size_t
watch_next(struct watch *w, struct watch_find *finds, size_t max, bool *more)
{
	size_t n = 0, steps;

	if (max > HANDED_MAX)
		max = HANDED_MAX;
	w->place_fd = -1; /* others borrowed since: it may be closed */
	review_handed(w);
	for (steps = 4 * max + 64; steps > 0 && n < max; steps--) {
		bool found;

		if (!step(w, &finds[n], &found))
			break;
		n += found;
	}
	*more = watch_timeout(w) == 0;
	return n;
}

int
watch_timeout(const struct watch *w)
{
	const struct watch_name *e = watch_names_first(w->names);
	int64_t now = clock_mono_ms(), at = INT64_MAX;

	if (!watch_batch_empty(w->batch))
		return 0;
	if (e != NULL)
		at = e->due_ms;
	for (unsigned i = 0; i < w->count; i++) {
		const struct watch_place *p = w->place[i];

		if (may_scan(w, p, now))
			return 0;
		if (!p->folder.paused && p->sweep_ms < at)
			at = p->sweep_ms;
	}
	if (at <= now)
		return 0;
	return at - now > INT_MAX ? INT_MAX : (int)(at - now);
}
