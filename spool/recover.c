/* spool/recover.c - finishes after any end the step that the ledger shows. */
#include "spool/recover.h"

#include "gateway/base/fdio.h"
#include "spool/archive.h"
#include "spool/durable.h"
#include "spool/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BIT(dir) (1u << (dir))

/* Changes that share a commit. */
#define BATCH 256

/* A text of ours is small. */
#define SIDE_MAX ((size_t)64 * 1024)

#define REASON_SUFFIX ".reason.json"

struct recovery {
	struct spool *spool;
	struct ledger *ledger;
	struct recover_report *report;
	struct why *why;
};

/* --- one document --- */

static enum gw_status
change(struct recovery *r, struct doc *d, enum doc_state state,
    const char *step, const char *detail)
{
	enum gw_status st;

	d->state = state;
	st = ledger_change(r->ledger, d, step, detail, r->why);
	if (st == GW_OK)
		r->report->finished++;
	return st;
}

static enum gw_status
drop_file(struct recovery *r, enum layout_dir dir, struct docid id)
{
	enum gw_status st = spool_remove(r->spool, dir, id, r->why);

	if (st == GW_OK)
		r->report->removed++;
	return st;
}

/* --- did it reach a public folder, and only the commit is missing? --- */

enum side { SIDE_NONE, SIDE_HOLLOW, SIDE_OURS };

/* Whose text is this?  An empty one is what a power cut leaves of a text that
 * was not settled. */
static enum side
look_beside(int dirfd, const char *name, const char *suffix, struct docid id)
{
	char file[DOC_FILE_SIZE + 16];
	enum side side = SIDE_NONE;
	struct why ignored;
	struct buf text;

	snprintf(file, sizeof(file), "%s%s", name, suffix);
	buf_init(&text, SIDE_MAX);
	if (fd_read_file(dirfd, file, SIDE_MAX, &text, &ignored) == GW_OK) {
		if (text.len == 0 || text.data[0] == '\0')
			side = SIDE_HOLLOW;
		else if (memmem(text.data, text.len, id.text, DOCID_LEN) !=
			 NULL)
			side = SIDE_OURS;
	}
	buf_free(&text);
	return side;
}

static bool
is_there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A name with the id in it, of the document or of the text beside it: what
 * is used where the plain name was taken.  Slow, and needed only for the few
 * documents that were in the middle of this step. */
static bool
find_by_id(
    int dirfd, const char *suffix, struct docid id, char name[DOC_FILE_SIZE])
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	size_t ending = strlen(suffix);
	struct dirent *e;
	bool found = false;

	if (list == NULL) {
		fd_close(&fd);
		return false;
	}
	while (!found && (e = readdir(list)) != NULL) {
		size_t n = strlen(e->d_name);

		if (e->d_name[0] == '.' || n >= DOC_FILE_SIZE ||
		    strstr(e->d_name, id.text) == NULL)
			continue;
		if (n > ending && strcmp(e->d_name + n - ending, suffix) == 0)
			n -= ending;
		memcpy(name, e->d_name, n);
		name[n] = '\0';
		found = true;
	}
	(void)closedir(list); /* nothing was written */
	return found;
}

/*
 * Is it there, whole or what was not collected of it yet?  *name becomes the
 * name used, *hollow tells that the text beside it must be written again.
 */
static bool
find_public(int dirfd, const struct doc *d, const char *suffix,
    char name[DOC_FILE_SIZE], bool *hollow)
{
	static const char *const endings[] = { "", ".pgp" };
	enum side side;

	for (size_t i = 0; i < 2; i++) {
		snprintf(name, DOC_FILE_SIZE, "%s%s", d->name, endings[i]);
		side = look_beside(dirfd, name, suffix, d->id);
		*hollow = side == SIDE_HOLLOW;
		if (side == SIDE_OURS || (*hollow && is_there(dirfd, name)))
			return true;
	}
	if (!find_by_id(dirfd, suffix, d->id, name))
		return false;
	*hollow = look_beside(dirfd, name, suffix, d->id) == SIDE_HOLLOW;
	return true;
}

/* The reason was not settled and is gone; the fact is not. */
static enum gw_status
write_reason(struct recovery *r, int dirfd, const char *name, struct docid id)
{
	char file[DOC_FILE_SIZE + 16], text[160];

	snprintf(file, sizeof(file), "%s" REASON_SUFFIX, name);
	snprintf(text, sizeof(text),
	    "{\"id\":\"%s\",\"reason\":\"none\",\"text\":\"the reason was "
	    "lost when the power failed\"}\n",
	    id.text);
	return durable_text(r->spool, dirfd, id, file, text, TEXT_OVER, r->why);
}

/* Look for it where documents go that do not go on. */
struct aside {
	int fd; /* of the folder; -1 when there is none */
	char name[DOC_FILE_SIZE];
	bool found;
	bool hollow;
};

static enum gw_status
look_aside(struct recovery *r, const struct doc *d, struct aside *a)
{
	bool out = d->direction == DOC_OUT;
	enum gw_status st = spool_tree(r->spool,
	    out ? TREE_RETURNED : TREE_QUARANTINE, d->partner,
	    out && d->flow[0] != '\0' ? d->flow : NULL, &a->fd, r->why);

	a->found = a->hollow = false;
	if (st != GW_OK) {
		a->fd = -1;
		return st == GW_NONE ? GW_OK : st;
	}
	if (out) {
		a->found =
		    find_public(a->fd, d, REASON_SUFFIX, a->name, &a->hollow);
		return GW_OK;
	}
	/* As a document that was opened in vain, or as a refused find. */
	snprintf(a->name, sizeof(a->name), "%s.pgp", d->id.text);
	a->found = is_there(a->fd, a->name) || is_there(a->fd, d->id.text);
	snprintf(a->name, sizeof(a->name), "%s", d->id.text);
	a->hollow =
	    look_beside(a->fd, a->name, REASON_SUFFIX, d->id) == SIDE_HOLLOW;
	return GW_OK;
}

/*
 * Its file is in none of the private folders: was the step aside the last?
 * Then it is finished; *found tells.  The folder is synced before the row
 * says so: what is seen there may not be on disk yet.
 */
static enum gw_status
gone_aside(struct recovery *r, struct doc *d, bool *found)
{
	struct aside a;
	enum gw_status st = look_aside(r, d, &a);

	if (st == GW_OK && a.found && a.hollow)
		st = write_reason(r, a.fd, a.name, d->id);
	if (st == GW_OK && a.found)
		st = fd_sync(a.fd, r->why);
	if (a.fd >= 0)
		durable_forget(r->spool, a.fd);
	fd_close(&a.fd);
	*found = a.found;
	if (st != GW_OK || !a.found)
		return st;
	if (d->why.text[0] == '\0')
		why_set(&d->why, REASON_NONE,
		    "see the reason file beside the document");
	if (d->direction == DOC_IN)
		return change(r, d, DOC_QUARANTINED, "quarantined",
		    "found after a restart");
	memcpy(d->file, a.name, sizeof(d->file));
	return change(r, d, DOC_RETURNED, "returned", "found after a restart");
}

/* Promised, and nowhere: not our doing, so a person must know. */
static enum gw_status
missing(struct recovery *r, struct doc *d)
{
	char text[80];
	enum doc_state to = d->state;

	r->report->missing++;
	snprintf(text, sizeof(text), "its file was missing after a restart");
	if (strcmp(d->why.text, text) == 0)
		return GW_OK;
	why_set(&d->why, REASON_IO_ERROR, "%s", text);
	if (d->state == DOC_SEALED || d->state == DOC_SENDING)
		to = DOC_HELD;
	else if (d->state == DOC_LANDED || d->state == DOC_UNSEALED)
		to = DOC_QUARANTINED;
	else if (d->state == DOC_SENT) /* it arrived; its copy is gone */
		to = DOC_CLOSED;
	return change(r, d, to, "file-missing", NULL);
}

static enum gw_status
gone_or_missing(struct recovery *r, struct doc *d)
{
	bool found;
	enum gw_status st = gone_aside(r, d, &found);

	return st != GW_OK || found ? st : missing(r, d);
}

/* The claim never happened, or was undone: the file lies where it was. */
static enum gw_status
unclaimed(struct recovery *r, struct doc *d)
{
	bool found;
	enum gw_status st = gone_aside(r, d, &found);

	if (st != GW_OK || found)
		return st;
	if ((st = ledger_forget(r->ledger, d->id, r->why)) == GW_OK)
		r->report->dropped++;
	return st;
}

static enum gw_status
out_claimed(struct recovery *r, struct doc *d, unsigned have)
{
	if ((have & BIT(DIR_WORK)) != 0)
		/* Sealed, but nobody said so: it is sealed again. */
		return (have & BIT(DIR_SEALED)) != 0
			   ? drop_file(r, DIR_SEALED, d->id)
			   : GW_OK;
	if ((have & BIT(DIR_SEALED)) == 0)
		return unclaimed(r, d);
	/* The only copy; no step of ours leaves it so. */
	r->report->missing++;
	why_set(&d->why, REASON_IO_ERROR,
	    "its original was missing after a restart; a sealed copy is there");
	return change(r, d, DOC_HELD, "file-missing", NULL);
}

static enum gw_status
out_sealed(struct recovery *r, struct doc *d, unsigned have)
{
	enum gw_status st = GW_OK;

	if ((have & BIT(DIR_SEALED)) == 0)
		return (have & BIT(DIR_WORK)) != 0 ? missing(r, d)
						   : gone_or_missing(r, d);
	/* Its attempt was counted when it began. */
	if (d->state == DOC_SENDING)
		st = change(r, d, DOC_SEALED, "interrupted", NULL);
	if (st == GW_OK && (have & BIT(DIR_WORK)) != 0)
		st = drop_file(r, DIR_WORK, d->id);
	return st;
}

static enum gw_status
out_sent(struct recovery *r, struct doc *d, unsigned have)
{
	if ((have & (BIT(DIR_SEALED) | BIT(DIR_ARCHIVE))) == 0)
		return missing(r, d);
	return (have & BIT(DIR_WORK)) != 0 ? drop_file(r, DIR_WORK, d->id)
					   : GW_OK;
}

static enum gw_status
out_held(struct recovery *r, struct doc *d, unsigned have)
{
	if ((have & (BIT(DIR_WORK) | BIT(DIR_SEALED))) == 0)
		return gone_or_missing(r, d);
	if ((have & BIT(DIR_WORK)) == 0 || (have & BIT(DIR_SEALED)) == 0)
		return GW_OK;
	/* Held while a step was half done: only one of them counts. */
	return drop_file(
	    r, d->sealed_sha256[0] != '\0' ? DIR_WORK : DIR_SEALED, d->id);
}

/* claimed, landed, unsealed: nothing is proven, so it begins again. */
static enum gw_status
in_unproven(struct recovery *r, struct doc *d, unsigned have)
{
	enum gw_status st = GW_OK;

	if ((have & BIT(DIR_LANDED)) == 0)
		st = d->state == DOC_CLAIMED ? unclaimed(r, d)
					     : gone_or_missing(r, d);
	else if (d->state == DOC_UNSEALED)
		st = change(r, d, DOC_LANDED, "interrupted", NULL);
	if (st == GW_OK && (have & BIT(DIR_PLAIN)) != 0)
		st = drop_file(r, DIR_PLAIN, d->id);
	return st;
}

/* plain/<id> leaves only by being delivered (deliver.h). */
static enum gw_status
in_passed(struct recovery *r, struct doc *d, unsigned have)
{
	char name[DOC_FILE_SIZE];
	bool found, hollow = false;
	enum gw_status st;
	int fd;

	if ((have & BIT(DIR_PLAIN)) != 0)
		return GW_OK;
	st = spool_tree(r->spool, TREE_IN, d->partner, d->flow, &fd, r->why);
	if (st != GW_OK && st != GW_NONE)
		return st;
	if (st == GW_OK) {
		found = find_public(fd, d, ".meta.json", name, &hollow);
		st = fd_sync(fd, r->why);
		fd_close(&fd);
		/* Delivering it again writes the text anew. */
		if (st != GW_OK || hollow)
			return st;
		if (found)
			memcpy(d->file, name, sizeof(d->file));
	}
	return change(
	    r, d, DOC_DELIVERED, "delivered", "found after a restart");
}

static const struct {
	enum doc_direction direction;
	enum doc_state state;
	enum gw_status (*finish)(struct recovery *, struct doc *, unsigned);
} steps[] = {
	{ DOC_OUT, DOC_CLAIMED, out_claimed },
	{ DOC_OUT, DOC_SEALED, out_sealed },
	{ DOC_OUT, DOC_SENDING, out_sealed },
	{ DOC_OUT, DOC_SENT, out_sent },
	{ DOC_OUT, DOC_HELD, out_held },
	{ DOC_IN, DOC_CLAIMED, in_unproven },
	{ DOC_IN, DOC_LANDED, in_unproven },
	{ DOC_IN, DOC_UNSEALED, in_unproven },
	{ DOC_IN, DOC_PASSED, in_passed },
};

static enum gw_status
finish(struct recovery *r, struct doc *d)
{
	unsigned have = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].direction != d->direction ||
		    steps[i].state != d->state)
			continue;
		for (unsigned dir = 0; dir < DIR_COUNT; dir++) {
			if ((state_allows(d->direction, d->state) & BIT(dir)) &&
			    spool_has(r->spool, (enum layout_dir)dir, d->id))
				have |= BIT(dir);
		}
		r->report->documents++;
		return steps[i].finish(r, d, have);
	}
	return GW_OK;
}

/* --- all documents that are open --- */

struct ids {
	struct docid *id;
	size_t count;
	size_t room;
};

static bool
remember(void *ctx, const struct doc *d)
{
	struct ids *ids = ctx;

	if (ids->count == ids->room) {
		ids->room = ids->room != 0 ? 2 * ids->room : 1024;
		ids->id = realloc(ids->id, ids->room * sizeof(*ids->id));
		if (ids->id == NULL)
			gw_fatal("out of memory");
	}
	ids->id[ids->count++] = d->id;
	return true;
}

static enum gw_status
save(struct recovery *r)
{
	enum gw_status st = durable_settle(r->spool, r->why);

	return st == GW_OK ? ledger_commit(r->ledger, r->why) : st;
}

static enum gw_status
finish_open(struct recovery *r)
{
	struct ledger_filter open = { .open_only = true };
	struct ids ids = { 0 };
	struct doc d;
	enum gw_status st =
	    ledger_list(r->ledger, &open, remember, &ids, r->why);

	for (size_t i = 0; st == GW_OK && i < ids.count; i++) {
		st = ledger_get(r->ledger, ids.id[i], &d, r->why);
		if (st == GW_OK && (st = finish(r, &d)) != GW_OK)
			why_prefix(r->why, "recovering %s", d.id.text);
		if (st == GW_OK && ledger_pending(r->ledger) >= BATCH)
			st = save(r);
	}
	free(ids.id);
	return st == GW_OK ? save(r) : st;
}

/* --- all files in the private folders --- */

static enum gw_status
move_to_lost(struct recovery *r, enum layout_dir dir, struct docid id)
{
	char name[DOCID_LEN + 16];
	int state = spool_state(r->spool), fd;
	enum gw_status st;

	if (mkdirat(state, "lost", 0700) == 0)
		durable_touch(r->spool, state);
	else if (errno != EEXIST) {
		why_errno(r->why, REASON_IO_ERROR, "making lost/");
		return gw_status_errno(errno);
	}
	fd = openat(
	    state, "lost", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		why_errno(r->why, REASON_IO_ERROR, "opening lost/");
		return gw_status_errno(errno);
	}
	snprintf(name, sizeof(name), "%s.%s", private_name(dir), id.text);
	st = durable_move(
	    r->spool, spool_dir(r->spool, dir), id.text, fd, name, r->why);
	durable_forget(r->spool, fd);
	fd_close(&fd);
	if (st == GW_OK)
		r->report->lost++;
	return st;
}

/* A file of a document that has come to its end. */
static enum gw_status
leftover(struct recovery *r, struct doc *d, enum layout_dir dir)
{
	enum gw_status st = GW_OK;
	struct aside a = { .found = true };

	if (d->state == DOC_CLOSED && dir == DIR_SEALED) {
		r->report->finished++;
		return archive_keep(r->spool, d->id, r->why);
	}
	/* The move aside comes before its commit, so this is a second copy;
	 * if the first cannot be seen, it may be the only one. */
	if (d->state == DOC_RETURNED ||
	    (d->state == DOC_QUARANTINED && dir == DIR_LANDED)) {
		st = look_aside(r, d, &a);
		fd_close(&a.fd);
	}
	if (st != GW_OK)
		return st;
	return a.found ? drop_file(r, dir, d->id) : move_to_lost(r, dir, d->id);
}

static enum gw_status
sweep(void *ctx, enum layout_dir dir, enum private_kind kind, struct docid id,
    const char *name)
{
	struct recovery *r = ctx;
	enum gw_status st;
	struct doc d;

	(void)name;
	switch (kind) {
	case PRIVATE_TEMPORARY:
		durable_abandon(r->spool, dir, id);
		r->report->removed++;
		return GW_OK;
	case PRIVATE_DOCUMENT:
		st = ledger_get(r->ledger, id, &d, r->why);
		if (st == GW_NONE)
			return move_to_lost(r, dir, id);
		if (st == GW_OK && state_is_final(d.state))
			return leftover(r, &d, dir);
		return st;
	default: /* not ours: fsck tells of it, nobody touches it */
		return GW_OK;
	}
}

/*
 * What the folders show may still be in memory only: the process that moved it
 * was killed before its sync.  No row may be written on the strength of that.
 */
static enum gw_status
settle_folders(struct recovery *r)
{
	enum gw_status st = GW_OK;

	for (unsigned dir = 0; st == GW_OK && dir < DIR_COUNT; dir++)
		st = fd_sync(spool_dir(r->spool, (enum layout_dir)dir), r->why);
	return st;
}

enum gw_status
recover_run(struct spool *sp, struct ledger *l, struct recover_report *report,
    struct why *why)
{
	/* The archive only grows: it is not swept at each start. */
	static const enum layout_dir swept[] = { DIR_WORK, DIR_SEALED,
		DIR_LANDED, DIR_PLAIN };
	struct recovery r = { sp, l, report, why };
	enum gw_status st;

	memset(report, 0, sizeof(*report));
	if ((st = settle_folders(&r)) != GW_OK ||
	    (st = finish_open(&r)) != GW_OK)
		return st;
	for (size_t i = 0; st == GW_OK && i < sizeof(swept) / sizeof(swept[0]);
	     i++)
		st = private_walk(sp, swept[i], sweep, &r, why);
	return st == GW_OK ? save(&r) : st;
}
