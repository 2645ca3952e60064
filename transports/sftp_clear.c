/* transports/sftp_clear.c - take a collected document out of the way. */
#include "transports/sftp_fetch.h"

#include "gateway/base/clock.h"
#include "transports/sftp_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 *   LOOKING --> REMOVING --> (gone)
 *   LOOKING --> MOVING --> (moved)
 *   MOVING --> DOUBT --> MOVING under another name
 *
 * LOOKING: is it still the file that was collected?
 * DOUBT: the rename was refused.  If the old name is gone and the new one is
 * there, an earlier try of ours succeeded and its answer was lost; if both
 * are there, the name is taken and another one is used.
 */
enum state { CLEAR_LOOKING, CLEAR_REMOVING, CLEAR_MOVING, CLEAR_DOUBT };

#define TRIES_MAX    3
#define NAME_LONGEST 255

struct clear {
	struct sftp_job job; /* first */
	struct sftp_clear_job order;
	char *from, *to, *folder, *name;
	enum state state;
	int step;
	int tries;
	bool over;
	bool from_there, to_there;
	enum gw_status st;
	struct why why;
};

static struct clear *
clear_of(struct sftp_job *job)
{
	return (struct clear *)job;
}

static void
finish(struct clear *x, enum gw_status st)
{
	x->over = true;
	x->st = st;
}

static enum state
next_state(const struct clear *x)
{
	return x->folder == NULL ? CLEAR_REMOVING : CLEAR_MOVING;
}

static void
on_look(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct clear *x = clear_of(job);
	struct sftp_attrs is;

	(void)c;
	if (a->type != SFTP_ATTRS) {
		if (a->code == SFTP_NO_SUCH_FILE)
			finish(x, GW_OK); /* gone is what we wanted */
		else
			finish(
			    x, sftp_status(a, "looking at", x->from, &x->why));
		return;
	}
	if (!sftp_packet_attrs(&a->body, &is) || is.size != x->order.size ||
	    is.mtime != x->order.mtime) {
		why_set(&x->why, REASON_STILL_WRITTEN,
		    "%s changed after it was collected; it stays for the next "
		    "look",
		    x->from);
		finish(x, GW_AGAIN);
		return;
	}
	x->state = next_state(x);
	x->step = 0;
}

static void
on_remove(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct clear *x = clear_of(job);

	(void)c;
	/* Gone is what we wanted, whoever did it. */
	if (a->code == SFTP_OK || a->code == SFTP_NO_SUCH_FILE)
		finish(x, GW_OK);
	else
		finish(x, sftp_status(a, "removing", x->from, &x->why));
}

static void
on_move(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct clear *x = clear_of(job);

	(void)c;
	if (a->code == SFTP_OK) {
		finish(x, GW_OK);
		return;
	}
	x->st = sftp_status(a, "moving to", x->to, &x->why);
	x->state = CLEAR_DOUBT;
	x->step = 0;
}

static void
on_from(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	(void)c;
	clear_of(job)->from_there = a->type == SFTP_ATTRS;
}

static void
on_to(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	(void)c;
	clear_of(job)->to_there = a->type == SFTP_ATTRS;
}

/* "name", or "name.<milliseconds>" after a collision; a long name gives up
 * its end for that. */
static bool
make_target(struct clear *x)
{
	char path[SFTP_PATH_MAX], name[NAME_LONGEST + 1];
	char mark[32] = "";

	if (x->tries > 0)
		snprintf(mark, sizeof(mark), ".%lld.%d",
		    (long long)clock_wall_ms(), x->tries);
	snprintf(name, sizeof(name), "%.*s%s",
	    (int)(NAME_LONGEST - strlen(mark)), x->name, mark);
	free(x->to);
	x->to = NULL;
	if (!sftp_packet_path(path, sizeof(path), x->folder, name))
		return false;
	x->to = strdup(path);
	return x->to != NULL;
}

static void
decide(struct clear *x)
{
	if (!x->from_there && x->to_there) {
		finish(x, GW_OK);
	} else if (x->from_there && x->to_there && ++x->tries < TRIES_MAX &&
		   make_target(x)) {
		x->state = CLEAR_MOVING;
		x->step = 0;
	} else {
		finish(x, x->st);
	}
}

static bool
clear_ask(struct sftp_client *c, struct clear *x)
{
	int step = x->step++;

	switch (x->state) {
	case CLEAR_LOOKING:
		if (step > 0)
			return false;
		sftp_ask_path(
		    c, &x->job, SFTP_LSTAT, x->from, SFTP_ATTRS, on_look);
		return true;
	case CLEAR_REMOVING:
		if (step > 0)
			return false;
		sftp_ask_path(
		    c, &x->job, SFTP_REMOVE, x->from, SFTP_STATUS, on_remove);
		return true;
	case CLEAR_MOVING:
		if (step > 0)
			return false;
		sftp_ask_rename(c, &x->job, x->from, x->to, on_move);
		return true;
	case CLEAR_DOUBT:
		if (step > 1)
			return false;
		sftp_ask_path(c, &x->job, SFTP_LSTAT,
		    step == 0 ? x->from : x->to, SFTP_ATTRS,
		    step == 0 ? on_from : on_to);
		return true;
	}
	return false;
}

static bool
clear_work(struct sftp_client *c, struct sftp_job *job)
{
	struct clear *x = clear_of(job);

	if (x->over) {
		sftp_job_end(job, x->st, &x->why);
		return true;
	}
	if (x->state == CLEAR_DOUBT && x->step >= 2 && job->asked == 0) {
		decide(x);
		return true;
	}
	return sftp_client_ready(c, 0) && clear_ask(c, x);
}

static void
clear_free(struct clear *x)
{
	free(x->from);
	free(x->to);
	free(x->folder);
	free(x->name);
	free(x);
}

static void
clear_end(struct sftp_job *job)
{
	struct clear *x = clear_of(job);

	x->order.done(x->order.ctx, job->st, &job->why);
	clear_free(x);
}

static const struct sftp_job_kind clear_kind = { clear_work, clear_end };

static bool
clear_names(struct clear *x, const struct sftp_clear_job *order)
{
	char path[SFTP_PATH_MAX];

	x->name = strdup(order->name);
	if (!sftp_packet_path(path, sizeof(path), order->folder, order->name))
		return false;
	x->from = strdup(path);
	if (order->move_to != NULL)
		x->folder = strdup(order->move_to);
	if (x->name == NULL || x->from == NULL ||
	    (order->move_to != NULL && x->folder == NULL))
		return false;
	return order->move_to == NULL || make_target(x);
}

enum gw_status
sftp_clear_start(
    struct sftp_client *c, const struct sftp_clear_job *order, struct why *why)
{
	struct clear *x = calloc(1, sizeof(*x));
	enum gw_status st;

	if (x == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	if (!clear_names(x, order)) {
		why_set(why, REASON_BAD_NAME,
		    "not a name in a folder, or too long");
		clear_free(x);
		return GW_REFUSED;
	}
	x->job.kind = &clear_kind;
	x->order = *order;
	x->order.folder = x->order.name = x->order.move_to = NULL;
	x->state = order->mtime != 0 ? CLEAR_LOOKING : next_state(x);
	if ((st = sftp_client_add(c, &x->job, why)) != GW_OK)
		clear_free(x);
	return st;
}
