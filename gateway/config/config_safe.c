/* config/config_safe.c - files that nobody but root and us may change. */
#include "gateway/config/config_safe.h"

#include "gateway/base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Root or us.  Inside a user namespace the real root has another number;
 * it is still the one who owns "/". */
static bool
trusted_owner(uid_t uid)
{
	struct stat root;

	return uid == 0 || uid == geteuid() ||
	       (stat("/", &root) == 0 && uid == root.st_uid);
}

static enum gw_status
check_folder(const char *path, struct why *why)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		why_errno(why, REASON_CONFIG, "the folder %s", path);
		return gw_status_errno(errno);
	}
	if (!S_ISDIR(st.st_mode)) {
		why_set(why, REASON_CONFIG, "%s is not a folder", path);
		return GW_REFUSED;
	}
	if (!trusted_owner(st.st_uid)) {
		why_set(why, REASON_CONFIG,
		    "the folder %s belongs to user %u, who could change what "
		    "is in it; chown it",
		    path, (unsigned)st.st_uid);
		return GW_REFUSED;
	}
	/* In a sticky folder (/tmp) others cannot touch what is ours. */
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    (st.st_mode & S_ISVTX) == 0) {
		why_set(why, REASON_CONFIG,
		    "others can write to the folder %s; chmod go-w it", path);
		return GW_REFUSED;
	}
	return GW_OK;
}

/* Check this folder and every one above it; cuts the path up. */
static enum gw_status
check_way_up(char *path, struct why *why)
{
	enum gw_status st;
	char *slash;

	for (;;) {
		st = check_folder(path[0] != '\0' ? path : "/", why);
		if (st != GW_OK || (slash = strrchr(path, '/')) == NULL)
			return st;
		if (path[1] == '\0')
			return GW_OK;
		*slash = '\0';
	}
}

enum gw_status
config_safe_folder(const char *path, struct why *why)
{
	char real[PATH_MAX];

	if (realpath(path, real) == NULL) {
		why_errno(why, REASON_CONFIG, "the folder %s", path);
		return gw_status_errno(errno);
	}
	return check_way_up(real, why);
}

/* The folder that the file is named in, and the one where it really lies. */
static enum gw_status
check_folders_of(const char *path, struct why *why)
{
	enum gw_status st;
	char real[PATH_MAX], named[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;

	if (len >= sizeof(named) || realpath(path, real) == NULL) {
		why_errno(why, REASON_CONFIG, "%s", path);
		return GW_REFUSED;
	}
	if (slash == NULL)
		snprintf(named, sizeof(named), ".");
	else if (len == 0)
		snprintf(named, sizeof(named), "/");
	else
		snprintf(named, sizeof(named), "%.*s", (int)len, path);
	if ((st = config_safe_folder(named, why)) != GW_OK)
		return st;
	*strrchr(real, '/') = '\0';
	return check_way_up(real, why);
}

static enum gw_status
check_file(int fd, const char *path, enum config_safety safety, struct why *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		why_errno(why, REASON_CONFIG, "%s", path);
		return GW_INTERNAL;
	}
	if (!S_ISREG(st.st_mode)) {
		why_set(why, REASON_CONFIG, "%s is not a regular file", path);
		return GW_REFUSED;
	}
	if (!trusted_owner(st.st_uid)) {
		why_set(why, REASON_CONFIG,
		    "%s belongs to user %u; it must be root's or the "
		    "gateway's own",
		    path, (unsigned)st.st_uid);
		return GW_REFUSED;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		why_set(why, REASON_CONFIG,
		    "others can write to %s (mode %04o); chmod go-w it", path,
		    (unsigned)st.st_mode & 07777);
		return GW_REFUSED;
	}
	if (safety == CONFIG_SAFE_SECRET &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		why_set(why, REASON_CONFIG,
		    "others can read the secret %s (mode %04o); chmod 600 it",
		    path, (unsigned)st.st_mode & 07777);
		return GW_REFUSED;
	}
	return GW_OK;
}

enum gw_status
config_safe_open(
    const char *path, enum config_safety safety, int *fd, struct why *why)
{
	enum gw_status st;

	/* Not blocking: a fifo in this place must not stop us. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0) {
		st = gw_status_errno(errno);
		why_errno(why, REASON_CONFIG, "%s", path);
		return st;
	}
	if ((st = check_file(*fd, path, safety, why)) != GW_OK ||
	    (st = check_folders_of(path, why)) != GW_OK)
		fd_close(fd);
	return st;
}

enum gw_status
config_safe_read(const char *path, enum config_safety safety, size_t max,
    struct buf *out, struct why *why)
{
	enum gw_status st;
	int fd;

	if ((st = config_safe_open(path, safety, &fd, why)) != GW_OK)
		return st;
	if (out->max > max)
		out->max = max;
	if ((st = fd_read_buf(fd, out, why)) != GW_OK)
		why_prefix(why, "%s", path);
	fd_close(&fd);
	return st;
}
