/* spool/folder.c - public folders: made, opened beneath the root, kept open. */
#include "spool/folder.h"

#include "gateway/base/fdio.h"
#include "spool/durable.h"
#include "spool/layout_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A batch of documents touches at most a few more than this; what falls out
 * of the cache is synced early, nothing worse. */
#define FOLDERS_MAX 128
#define PATH_SIZE   (16 + 2 * DOC_LABEL_SIZE)
#define UPPER_MODE  0750

/* Leaves are where other users work, by the group that the administrator
 * gives the folder. */
static const struct {
	const char *name;
	mode_t leaf_mode;
} trees[TREE_COUNT] = {
	[TREE_OUT] = { "out", 0770 },
	[TREE_IN] = { "in", 0770 },
	[TREE_RETURNED] = { "returned", 0770 },
	[TREE_STATUS] = { "status", 0750 },
	[TREE_QUARANTINE] = { "quarantine", 0750 },
	[TREE_MAILBOX] = { "mailbox", 0770 },
};

struct folder {
	char path[PATH_SIZE]; /* "out/acme/orders" */
	int fd;
	dev_t dev;
	ino_t ino;
	uint64_t used; /* when, in borrowings */
};

struct folder_cache {
	struct folder folder[FOLDERS_MAX];
	unsigned count;
	uint64_t borrowings;
};

struct folder_cache *
folder_cache_new(void)
{
	return calloc(1, sizeof(struct folder_cache));
}

void
folder_cache_free(struct folder_cache *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->count; i++)
		fd_close(&c->folder[i].fd);
	free(c);
}

/* The names come from the configuration; checked again because they become
 * a path. */
static enum gw_status
folder_path(enum layout_tree tree, const char *partner, const char *leaf,
    char path[PATH_SIZE], struct why *why)
{
	if ((unsigned)tree >= TREE_COUNT || !name_is_label(partner) ||
	    (leaf != NULL && !name_is_label(leaf))) {
		why_set(why, REASON_CONFIG, "not a name for a partner or flow");
		return GW_REFUSED;
	}
	snprintf(path, PATH_SIZE, "%s/%s%s%s", trees[tree].name, partner,
	    leaf == NULL ? "" : "/", leaf == NULL ? "" : leaf);
	return GW_OK;
}

static enum gw_status
open_path(struct spool *sp, const char *path, int *fd, struct why *why)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	enum gw_status st;

	*fd = (int)syscall(SYS_openat2, sp->root, path, &how, sizeof(how));
	if (*fd >= 0)
		return GW_OK;
	if (errno == ELOOP || errno == ENOTDIR || errno == EXDEV) {
		why_set(why, REASON_IO_ERROR,
		    "%s is not a folder (symbolic links are not followed)",
		    path);
		return GW_INTERNAL;
	}
	st = layout_failed(why, path);
	return st;
}

enum gw_status
spool_tree(struct spool *sp, enum layout_tree tree, const char *partner,
    const char *leaf, int *fd, struct why *why)
{
	char path[PATH_SIZE];
	enum gw_status st;

	*fd = -1;
	if ((st = folder_path(tree, partner, leaf, path, why)) != GW_OK)
		return st;
	return open_path(sp, path, fd, why);
}

enum gw_status
folder_make(struct spool *sp, enum layout_tree tree, const char *partner,
    const char *leaf, int *fd, struct why *why)
{
	char path[PATH_SIZE];
	enum gw_status st;
	int top = -1, middle = -1;

	*fd = -1;
	if ((st = folder_path(tree, partner, leaf, path, why)) != GW_OK)
		return st;
	st = layout_make(sp->root, trees[tree].name, UPPER_MODE, &top, why);
	if (st != GW_OK)
		goto done;
	st = layout_make(top, partner, UPPER_MODE, &middle, why);
	if (st != GW_OK)
		goto close_top;
	if (leaf == NULL) {
		*fd = middle;
		middle = -1;
	} else {
		st = layout_make(middle, leaf, trees[tree].leaf_mode, fd, why);
	}
	fd_close(&middle);
close_top:
	fd_close(&top);
done:
	if (st != GW_OK)
		why_prefix(why, "%s", path);
	return st;
}

/* Forget a folder; the last one takes its place. */
static void
drop(struct spool *sp, struct folder *f)
{
	struct folder_cache *c = sp->folders;

	durable_forget(sp, f->fd);
	fd_close(&f->fd);
	*f = c->folder[--c->count];
}

static struct folder *
find(struct folder_cache *c, const char *path)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (strcmp(c->folder[i].path, path) == 0)
			return &c->folder[i];
	}
	return NULL;
}

static void
make_room(struct spool *sp)
{
	struct folder_cache *c = sp->folders;
	struct folder *oldest = &c->folder[0];

	if (c->count < FOLDERS_MAX)
		return;
	for (unsigned i = 1; i < c->count; i++) {
		if (c->folder[i].used < oldest->used)
			oldest = &c->folder[i];
	}
	drop(sp, oldest);
}

/* Does the path still name the folder that we have open? */
static bool
is_same(struct spool *sp, const struct folder *f)
{
	struct stat sb;

	return fstatat(sp->root, f->path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	       sb.st_dev == f->dev && sb.st_ino == f->ino;
}

enum gw_status
folder_borrow(struct spool *sp, enum layout_tree tree, const char *partner,
    const char *leaf, int *fd, struct why *why)
{
	struct folder_cache *c = sp->folders;
	char path[PATH_SIZE];
	struct folder *f;
	struct stat sb;
	enum gw_status st;

	*fd = -1;
	if ((st = folder_path(tree, partner, leaf, path, why)) != GW_OK)
		return st;
	f = find(c, path);
	if (f != NULL && is_same(sp, f)) {
		f->used = ++c->borrowings;
		*fd = f->fd;
		return GW_OK;
	}
	if (f != NULL)
		drop(sp, f);
	st = open_path(sp, path, fd, why);
	if (st == GW_NONE)
		st = folder_make(sp, tree, partner, leaf, fd, why);
	if (st != GW_OK)
		return st;
	if (fstat(*fd, &sb) != 0) {
		st = layout_failed(why, path);
		fd_close(fd);
		return st;
	}
	make_room(sp);
	f = &c->folder[c->count++];
	memcpy(f->path, path, sizeof(f->path));
	f->fd = *fd;
	f->dev = sb.st_dev;
	f->ino = sb.st_ino;
	f->used = ++c->borrowings;
	return GW_OK;
}

bool
folder_owns(const struct spool *sp, int fd)
{
	const struct folder_cache *c = sp->folders;

	for (unsigned i = 0; i < c->count; i++) {
		if (c->folder[i].fd == fd)
			return true;
	}
	return false;
}
