/* spool/claim.c - take a finished file into our care. */
#include "spool/claim.h"

#include "gateway/base/fdio.h"
#include "spool/durable.h"
#include "spool/folder.h"
#include "spool/layout_inside.h"
#include "spool/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum gw_status
claim_folder(
    struct spool *sp, const struct watch_folder *f, int *fd, struct why *why)
{
	const char *leaf = f->tree == TREE_MAILBOX ? "to-us" : f->flow;

	return folder_borrow(sp, f->tree, f->partner, leaf, fd, why);
}

void
claim_drop_marker(struct spool *sp, int dirfd, const struct watch_find *find)
{
	char marker[DOC_FILE_SIZE + sizeof(CLAIM_MARKER)];

	if (find->folder->rule != WATCH_MARKER)
		return;
	snprintf(marker, sizeof(marker), "%s" CLAIM_MARKER, find->name);
	/* One that stays does no harm but to the next file of that name, which
	 * then has only the lease to protect it while it is written. */
	if (unlinkat(dirfd, marker, 0) == 0)
		durable_touch(sp, dirfd);
}

static bool
owner_allowed(const struct watch_folder *f, uid_t uid)
{
	if (f->owner_count == 0)
		return true;
	for (unsigned i = 0; i < f->owner_count && i < WATCH_OWNERS_MAX; i++) {
		if (f->owners[i] == uid)
			return true;
	}
	return false;
}

enum gw_status
claim_acceptable(
    const struct watch_folder *f, const struct stat *sb, struct why *why)
{
	if (!S_ISREG(sb->st_mode)) {
		why_set(why, REASON_NOT_REGULAR, "it is %s",
		    S_ISLNK(sb->st_mode)    ? "a symbolic link"
		    : S_ISFIFO(sb->st_mode) ? "a named pipe"
		    : S_ISSOCK(sb->st_mode) ? "a socket"
		    : S_ISDIR(sb->st_mode)  ? "a folder"
					    : "a device");
		return GW_REFUSED;
	}
	if (sb->st_nlink != 1) {
		why_set(why, REASON_HARD_LINKED, "it has %lu links",
		    (unsigned long)sb->st_nlink);
		return GW_REFUSED;
	}
	if (!owner_allowed(f, sb->st_uid)) {
		why_set(why, REASON_BAD_OWNER, "it belongs to user %u",
		    (unsigned)sb->st_uid);
		return GW_REFUSED;
	}
	if (f->max_size != 0 && (uint64_t)sb->st_size > f->max_size) {
		why_set(why, REASON_TOO_LARGE,
		    "it has %llu bytes, allowed are %llu",
		    (unsigned long long)sb->st_size,
		    (unsigned long long)f->max_size);
		return GW_REFUSED;
	}
	return GW_OK;
}

/* Open what we moved.  Nobody else reaches the private folder any more, so
 * what fstatat() says about the name stays true: no pipe or device is ever
 * opened, not even by a swap just before the rename. */
static enum gw_status
look(int dir, const struct watch_folder *f, const char *id, int *fd,
    uint64_t *size, struct why *why)
{
	struct stat sb;
	enum gw_status st;

	if (fstatat(dir, id, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return layout_failed(why, "looking at the claimed file");
	if ((st = claim_acceptable(f, &sb, why)) != GW_OK)
		return st;
	*fd = openat(dir, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 && (errno == EACCES || errno == EPERM)) {
		why_errno(why, REASON_BAD_OWNER, "it cannot be read");
		return GW_REFUSED;
	}
	if (*fd < 0)
		return layout_failed(why, "opening the claimed file");
	if (lease_ask(*fd) == LEASE_WRITER) {
		why_set(why, REASON_STILL_WRITTEN,
		    "a writer opened it again while it was taken");
		return GW_AGAIN;
	}
	/* No writer is left: from here on the size is exact. */
	if (fstat(*fd, &sb) != 0)
		return layout_failed(why, "looking at the claimed file");
	*size = (uint64_t)sb.st_size;
	return claim_acceptable(f, &sb, why);
}

/* Undo the claim.  Where a new file took the name, ours cannot go back and
 * the one who still writes it is told: refused. */
static enum gw_status
put_back(struct spool *sp, const struct watch_find *find, int dir,
    const char *id, struct why *why)
{
	struct why second;
	enum gw_status st;
	int drop;

	st = claim_folder(sp, find->folder, &drop, &second);
	if (st == GW_OK)
		st = durable_move(sp, dir, id, drop, find->name, &second);
	if (st == GW_OK)
		return GW_AGAIN;
	if (st == GW_EXISTS && why->reason == REASON_STILL_WRITTEN)
		return GW_REFUSED;
	*why = second;
	return GW_INTERNAL;
}

enum gw_status
claim_take(struct spool *sp, const struct watch_find *find, struct docid id,
    int *fd, uint64_t *size, struct why *why)
{
	const struct watch_folder *f = find->folder;
	int dir =
	    spool_dir(sp, f->tree == TREE_MAILBOX ? DIR_LANDED : DIR_WORK);
	enum gw_status st;
	int drop;

	*fd = -1;
	*size = 0;
	st = claim_folder(sp, f, &drop, why);
	if (st == GW_OK)
		st = durable_move(sp, drop, find->name, dir, id.text, why);
	/* Nothing was taken: one folder with wrong rights is no reason to
	 * stop, and an id that is in use will be another one next time. */
	if (st != GW_OK)
		return st == GW_NONE ? GW_NONE : GW_AGAIN;
	st = look(dir, f, id.text, fd, size, why);
	if (st == GW_OK || st == GW_REFUSED)
		claim_drop_marker(sp, drop, find);
	else if (st == GW_AGAIN)
		st = put_back(sp, find, dir, id.text, why);
	else
		st = GW_INTERNAL;
	if (st != GW_OK)
		fd_close(fd);
	return st;
}
