/* spool/watch_place.c - one folder that is watched and scanned. */
#include "spool/watch_place.h"

#include "gateway/base/fdio.h"
#include "spool/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SWEEP_MS       60000
#define SWEEP_OFTEN_MS 5000

/* IN_CREATE is for what is never closed after writing: links, pipes, files
 * made by O_TMPFILE and linkat(). */
#define FOLDER_EVENTS                                                          \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF |           \
	    IN_MOVE_SELF | IN_ONLYDIR)
/* The kernel keeps IN_DELETE_SELF back while anybody (we, for one) has the
 * folder open, so its parent is asked to tell. */
#define PARENT_EVENTS                                                          \
	(IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR)

static const char NO_INOTIFY[] =
    "inotify's limits are reached (fs.inotify.max_user_watches and "
    "max_user_instances): scanned every 5 seconds instead";
static const char REMOTE[] =
    "a network or FUSE file system: scanned every 5 seconds";
static const char UNREADABLE[] = "the folder cannot be opened";

struct watch_place *
watch_place_new(struct spool *sp, const struct watch_folder *folder)
{
	struct watch_place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->folder = *folder;
	p->spool = sp;
	p->wd = p->parent_wd = -1;
	p->wanted = true;
	return p;
}

void
watch_place_free(struct watch_place *p)
{
	if (p == NULL)
		return;
	watch_place_end(p);
	free(p);
}

bool
watch_place_due(const struct watch_place *p, int64_t now_ms)
{
	return !p->folder.paused && (p->wanted || now_ms >= p->sweep_ms);
}

/* File systems on which other hosts, or a process behind FUSE, change files
 * without telling this kernel's inotify.  Unknown ones count as local: the
 * sweep looks at them too. */
static bool
is_remote(int fd)
{
	static const unsigned long remote[] = { NFS_SUPER_MAGIC,
		SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
		CEPH_SUPER_MAGIC, AFS_SUPER_MAGIC, V9FS_MAGIC,
		FUSE_SUPER_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return true;
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
		if ((unsigned long)fs.f_type == remote[i])
			return true;
	}
	return false;
}

/* By descriptor, so that no link in a path can lead the watch elsewhere.
 * The same folder gives the same number again. */
static int
watch_fd_of(int inotify, int fd, uint32_t events)
{
	char path[32];

	if (inotify < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inotify_add_watch(inotify, path, events);
}

static void
watch_parent(struct watch_place *p, int inotify)
{
	int old = p->parent_wd;
	struct why why;
	int fd;

	if (spool_tree(p->spool, p->folder.tree, p->folder.partner, NULL, &fd,
		&why) != GW_OK)
		return; /* the sweep notices what it would have told */
	p->parent_wd = watch_fd_of(inotify, fd, PARENT_EVENTS);
	if (old >= 0 && old != p->parent_wd)
		(void)inotify_rm_watch(inotify, old); /* maybe gone by itself */
	fd_close(&fd);
}

void
watch_place_begin(struct watch_place *p, int inotify, int64_t now_ms)
{
	int old = p->wd;
	struct why why;
	int fd, own;

	p->wanted = false;
	p->sweep_ms = now_ms + SWEEP_OFTEN_MS;
	if (claim_folder(p->spool, &p->folder, &fd, &why) != GW_OK) {
		p->degraded = UNREADABLE;
		return;
	}
	p->remote = is_remote(fd);
	p->wd = watch_fd_of(inotify, fd, FOLDER_EVENTS);
	if (old >= 0 && old != p->wd)
		(void)inotify_rm_watch(inotify, old); /* maybe gone by itself */
	watch_parent(p, inotify);
	p->degraded = p->remote ? REMOTE : p->wd < 0 ? NO_INOTIFY : NULL;
	if (p->degraded == NULL)
		p->sweep_ms = now_ms + SWEEP_MS;
	own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0 || (p->scan = fdopendir(own)) == NULL) {
		fd_close(&own);
		p->degraded = UNREADABLE;
		p->sweep_ms = now_ms + SWEEP_OFTEN_MS;
	}
}

void
watch_place_end(struct watch_place *p)
{
	if (p->scan != NULL)
		(void)closedir(p->scan); /* opened for reading only */
	p->scan = NULL;
}
