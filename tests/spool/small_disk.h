/* tests/spool/small_disk.h - a file system that is soon full, and other low
 * limits. */
#ifndef TESTS_SPOOL_SMALL_DISK_H
#define TESTS_SPOOL_SMALL_DISK_H

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/types.h>
#include <unistd.h>

static inline bool
small_disk_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool good = f != NULL && fputs(text, f) >= 0;

	return f != NULL && fclose(f) == 0 && good;
}

/* Become root of a user namespace of our own; not to be undone. */
static inline bool
small_disk_namespace(void)
{
	char uid[64], gid[64];

	snprintf(uid, sizeof(uid), "0 %u 1", (unsigned)geteuid());
	snprintf(gid, sizeof(gid), "0 %u 1", (unsigned)getegid());
	return unshare(CLONE_NEWUSER) == 0 &&
	       small_disk_write("/proc/self/uid_map", uid) &&
	       small_disk_write("/proc/self/setgroups", "deny") &&
	       small_disk_write("/proc/self/gid_map", gid);
}

/* Mount it on `path`, seen by this process alone and gone with it.  False
 * where neither root nor a user namespace allows that. */
static inline bool
small_disk(const char *path, const char *options)
{
	if (unshare(CLONE_NEWNS) != 0 &&
	    (!small_disk_namespace() || unshare(CLONE_NEWNS) != 0))
		return false;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", path, "tmpfs", 0, options) == 0;
}

#endif
