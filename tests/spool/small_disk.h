/* tests/spool/small_disk.h - a file system that is soon full. */
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

/* Mount it on `path`, seen by this process alone and gone with it.  False
 * where neither root nor a user namespace allows that. */
static inline bool
small_disk(const char *path, const char *options)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWNS) != 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
			return false;
		snprintf(map, sizeof(map), "0 %u 1", uid);
		if (!small_disk_write("/proc/self/uid_map", map) ||
		    !small_disk_write("/proc/self/setgroups", "deny"))
			return false;
		snprintf(map, sizeof(map), "0 %u 1", gid);
		if (!small_disk_write("/proc/self/gid_map", map))
			return false;
	}
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", path, "tmpfs", 0, options) == 0;
}

#endif
