/* spool/layout.c - the folders of the spool and of the private state. */
#include "spool/layout_inside.h"

#include "gateway/base/fdio.h"
#include "spool/durable.h"
#include "spool/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STATE_MODE 0700
#define SPOOL_MODE 0750
#define PROBE_NAME ".rename-probe.tmp"

static const char *const dir_names[DIR_COUNT] = {
	[DIR_WORK] = "work",
	[DIR_SEALED] = "sealed",
	[DIR_LANDED] = "landed",
	[DIR_PLAIN] = "plain",
	[DIR_ARCHIVE] = "archive",
};

enum gw_status
layout_failed(struct why *why, const char *what)
{
	enum gw_status st = gw_status_errno(errno);
	enum gw_reason reason = REASON_IO_ERROR;

	if (errno == ENOSPC || errno == EDQUOT)
		reason = REASON_NO_SPACE;
	else if (errno == ENOENT)
		reason = REASON_VANISHED;
	why_errno(why, reason, "%s", what);
	return st;
}

/* The mode is set by hand, so that a umask cannot close a drop folder; the
 * set-group-id bit comes from the parent and stays. */
static enum gw_status
set_mode(int fd, mode_t mode, struct why *why)
{
	struct stat sb;

	if (fstat(fd, &sb) != 0 ||
	    fchmod(fd, mode | (sb.st_mode & S_ISGID)) != 0)
		return layout_failed(why, "setting the mode of a new folder");
	return GW_OK;
}

enum gw_status
layout_make(int parent, const char *name, mode_t mode, int *fd, struct why *why)
{
	enum gw_status st;
	bool made;

	*fd = -1;
	made = mkdirat(parent, name, mode) == 0;
	if (!made && errno != EEXIST) {
		st = layout_failed(why, "making a folder");
		goto fail;
	}
	*fd = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0 && (errno == ELOOP || errno == ENOTDIR)) {
		why_set(why, REASON_IO_ERROR,
		    "not a folder (symbolic links are not followed)");
		st = GW_INTERNAL;
		goto fail;
	}
	if (*fd < 0) {
		st = layout_failed(why, "opening a folder");
		goto fail;
	}
	if (!made)
		return GW_OK;
	if ((st = set_mode(*fd, mode, why)) == GW_OK &&
	    (st = fd_sync(parent, why)) == GW_OK)
		return GW_OK;
fail:
	fd_close(fd);
	why_prefix(why, "%s", name);
	return st;
}

/* The roots may be reached through links: their paths are the
 * administrator's. */
static enum gw_status
open_root(const char *path, mode_t mode, int *fd, struct why *why)
{
	enum gw_status st = GW_OK;
	bool made = mkdir(path, mode) == 0;

	if (!made && errno != EEXIST) {
		st = layout_failed(why, "making the folder");
	} else if ((*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		st = layout_failed(why, "opening the folder");
	} else if (made) {
		st = set_mode(*fd, mode, why);
	}
	if (st != GW_OK)
		why_prefix(why, "%s", path);
	return st;
}

/* What lies in the state was promised to partners; nobody else may reach it. */
static enum gw_status
check_private(struct spool *sp, const char *path, struct why *why)
{
	struct stat sb;

	if (fstat(sp->state, &sb) != 0)
		return layout_failed(why, path);
	if (sb.st_uid != geteuid() && geteuid() != 0) {
		why_set(why, REASON_CONFIG,
		    "%s belongs to user %u, we run as user %u", path,
		    (unsigned)sb.st_uid, (unsigned)geteuid());
		return GW_REFUSED;
	}
	if ((sb.st_mode & 0077) != 0) {
		why_set(why, REASON_CONFIG,
		    "%s is open to other users (mode %04o); make it 0700", path,
		    (unsigned)(sb.st_mode & 07777));
		return GW_REFUSED;
	}
	sp->dev = sb.st_dev;
	return GW_OK;
}

/* Device numbers do not tell it all (bind mounts, stacked file systems), so
 * do once what every claim and delivery does, there and back. */
static enum gw_status
try_rename(struct spool *sp, struct why *why)
{
	enum gw_status st = GW_REFUSED;
	int work = sp->dir[DIR_WORK];
	int fd;

	(void)unlinkat(work, PROBE_NAME, 0);     /* left by a crash, or */
	(void)unlinkat(sp->root, PROBE_NAME, 0); /* not there */
	fd = openat(
	    work, PROBE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return layout_failed(why, "making a file in the state");
	fd_close(&fd);
	if (durable_move(sp, work, PROBE_NAME, sp->root, PROBE_NAME, why) ==
		GW_OK &&
	    durable_move(sp, sp->root, PROBE_NAME, work, PROBE_NAME, why) ==
		GW_OK) {
		st = GW_OK;
	} else if (errno == EXDEV) {
		why_set(why, REASON_CONFIG,
		    "spool and state must be on one file system");
	} else if (errno == EINVAL) {
		why_set(why, REASON_CONFIG,
		    "the file system of the spool cannot rename without "
		    "replacing; use ext4, xfs or btrfs");
	} else {
		st = gw_status_errno(errno);
		why_prefix(why, "trying a rename between state and spool");
	}
	(void)unlinkat(work, PROBE_NAME, 0);
	(void)unlinkat(sp->root, PROBE_NAME, 0);
	return st;
}

static enum gw_status
open_folders(struct spool *sp, const char *spool_path, const char *state_path,
    struct why *why)
{
	enum gw_status st;

	st = open_root(state_path, STATE_MODE, &sp->state, why);
	if (st == GW_OK)
		st = check_private(sp, state_path, why);
	if (st == GW_OK)
		st = open_root(spool_path, SPOOL_MODE, &sp->root, why);
	for (unsigned i = 0; i < DIR_COUNT && st == GW_OK; i++) {
		st = layout_make(
		    sp->state, dir_names[i], STATE_MODE, &sp->dir[i], why);
		if (st != GW_OK)
			why_prefix(why, "%s", state_path);
	}
	if (st == GW_OK)
		st = try_rename(sp, why);
	return st;
}

/* A writer that opens a file while we hold its lease for some microseconds
 * sends us SIGIO, which would end us by default. */
static void
ignore_lease_breaks(void)
{
	struct sigaction sa;

	if (sigaction(SIGIO, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL) {
		sa.sa_handler = SIG_IGN;
		(void)sigaction(SIGIO, &sa, NULL); /* cannot fail */
	}
}

enum gw_status
spool_open(const char *spool_path, const char *state_path, struct spool **out,
    struct why *why)
{
	struct spool *sp = calloc(1, sizeof(*sp));
	enum gw_status st;

	*out = NULL;
	if (sp == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	sp->root = sp->state = -1;
	for (unsigned i = 0; i < DIR_COUNT; i++)
		sp->dir[i] = -1;
	sp->folders = folder_cache_new();
	sp->durable = durable_new();
	if (sp->folders == NULL || sp->durable == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		st = GW_AGAIN;
	} else {
		st = open_folders(sp, spool_path, state_path, why);
	}
	if (st != GW_OK) {
		spool_close(sp);
		return st;
	}
	ignore_lease_breaks();
	*out = sp;
	return GW_OK;
}

void
spool_close(struct spool *sp)
{
	if (sp == NULL)
		return;
	durable_free(sp->durable);
	folder_cache_free(sp->folders);
	for (unsigned i = 0; i < DIR_COUNT; i++)
		fd_close(&sp->dir[i]);
	fd_close(&sp->root);
	fd_close(&sp->state);
	free(sp);
}

/* Make one public folder and see that renames reach it. */
static enum gw_status
make_public(struct spool *sp, enum layout_tree tree, const char *partner,
    const char *leaf, struct why *why)
{
	enum gw_status st;
	struct stat sb;
	int fd;

	if ((st = folder_make(sp, tree, partner, leaf, &fd, why)) != GW_OK)
		return st;
	if (fstat(fd, &sb) != 0) {
		st = layout_failed(why, "looking at a public folder");
	} else if (sb.st_dev != sp->dev) {
		why_set(why, REASON_CONFIG,
		    "a folder of partner %s is on another file system than "
		    "the state",
		    partner);
		st = GW_REFUSED;
	}
	fd_close(&fd);
	return st;
}

enum gw_status
spool_make_partner(struct spool *sp, const char *partner, struct why *why)
{
	static const struct {
		enum layout_tree tree;
		const char *leaf;
	} own[] = {
		{ TREE_STATUS, NULL },
		{ TREE_QUARANTINE, NULL },
		{ TREE_MAILBOX, "to-us" },
		{ TREE_MAILBOX, "from-us" },
	};
	enum gw_status st = GW_OK;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && st == GW_OK; i++)
		st = make_public(sp, own[i].tree, partner, own[i].leaf, why);
	return st;
}

enum gw_status
spool_make_flow(struct spool *sp, const char *partner, const char *flow,
    enum doc_direction direction, struct why *why)
{
	enum gw_status st;

	if (direction == DOC_IN)
		return make_public(sp, TREE_IN, partner, flow, why);
	st = make_public(sp, TREE_OUT, partner, flow, why);
	if (st == GW_OK)
		st = make_public(sp, TREE_RETURNED, partner, flow, why);
	return st;
}

int
spool_dir(struct spool *sp, enum layout_dir dir)
{
	return sp->dir[dir];
}

int
spool_state(struct spool *sp)
{
	return sp->state;
}

enum gw_status
spool_read(struct spool *sp, enum layout_dir dir, struct docid id, int *fd,
    struct why *why)
{
	*fd = openat(sp->dir[dir], id.text,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd >= 0)
		return GW_OK;
	(void)layout_failed(why, dir_names[dir]);
	return gw_status_errno(errno);
}

enum gw_status
spool_remove(
    struct spool *sp, enum layout_dir dir, struct docid id, struct why *why)
{
	if (unlinkat(sp->dir[dir], id.text, 0) == 0)
		durable_touch(sp, sp->dir[dir]);
	else if (errno != ENOENT)
		return layout_failed(why, dir_names[dir]);
	return GW_OK;
}

bool
spool_has(struct spool *sp, enum layout_dir dir, struct docid id)
{
	return faccessat(sp->dir[dir], id.text, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum gw_status
spool_free_space(
    struct spool *sp, uint64_t *bytes, uint64_t *inodes, struct why *why)
{
	struct statvfs vfs;

	if (fstatvfs(sp->state, &vfs) != 0)
		return layout_failed(why, "asking for free space");
	*bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	/* Some file systems (btrfs) make inodes as needed and count none. */
	*inodes = vfs.f_files == 0 ? UINT64_MAX : vfs.f_favail;
	return GW_OK;
}
