/* gateway/control.c - one gateway per state folder, and its admin socket. */
#include "gateway/control.h"

#include "gateway/base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

/* A folder and what leads to it; a new one is given to the spooler. */
static enum gw_status
make_folder(const char *path, mode_t mode, const char *user, struct why *why)
{
	struct passwd *pw = user != NULL ? getpwnam(user) : NULL;
	char *copy = strdup(path);

	if (copy == NULL)
		gw_fatal("out of memory");
	for (char *s = strchr(copy + 1, '/'); s != NULL;
	     s = strchr(s + 1, '/')) {
		*s = '\0';
		(void)mkdir(copy, 0755); /* the last one tells */
		*s = '/';
	}
	free(copy);
	if (mkdir(path, mode) == 0) {
		if (pw != NULL && geteuid() == 0 &&
		    chown(path, pw->pw_uid, pw->pw_gid) != 0) {
			why_errno(
			    why, REASON_CONFIG, "giving %s to %s", path, user);
			return GW_REFUSED;
		}
		return GW_OK;
	}
	if (errno == EEXIST)
		return GW_OK;
	why_errno(why, REASON_CONFIG, "making the folder %s", path);
	return GW_REFUSED;
}

/*
 * The lock lies in the state folder but is ours, not the spooler's: it is
 * held by the process that starts all others, and goes with it.
 */
static enum gw_status
take_lock(const struct config *cfg, int *lock, struct why *why)
{
	int dir = open(cfg->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*lock = dir < 0 ? -1
			: openat(dir, "gateway.lock",
			      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	fd_close(&dir);
	if (*lock < 0) {
		why_errno(why, REASON_CONFIG, "opening gateway.lock in %s",
		    cfg->state);
		return GW_REFUSED;
	}
	if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
		return GW_OK;
	why_set(why, REASON_CONFIG,
	    "another gateway already runs with the state folder %s",
	    cfg->state);
	fd_close(lock);
	return GW_REFUSED;
}

static enum gw_status
share_socket(const struct config *cfg, struct why *why)
{
	struct group *gr;

	if (cfg->admin_group == NULL)
		return GW_OK;
	if ((gr = getgrnam(cfg->admin_group)) == NULL) {
		why_set(why, REASON_CONFIG, "there is no group %s",
		    cfg->admin_group);
		return GW_REFUSED;
	}
	/* The folder may be the spooler's, so no link is followed; the mode
	 * is given at the birth of the socket. */
	if (lchown(cfg->control, (uid_t)-1, gr->gr_gid) != 0) {
		why_errno(why, REASON_CONFIG, "giving %s to the group %s",
		    cfg->control, cfg->admin_group);
		return GW_REFUSED;
	}
	return GW_OK;
}

static enum gw_status
listen_on(const struct config *cfg, int *fd, struct why *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t old;
	int bound;

	if (strlen(cfg->control) >= sizeof(sa.sun_path)) {
		why_set(why, REASON_CONFIG,
		    "the path of the control socket is longer than %zu bytes; "
		    "set `control` to a shorter one: %s",
		    sizeof(sa.sun_path) - 1, cfg->control);
		return GW_REFUSED;
	}
	memcpy(sa.sun_path, cfg->control, strlen(cfg->control));
	/* Left behind by a gateway that was killed: we have the lock. */
	(void)unlink(cfg->control);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	old = umask(cfg->admin_group != NULL ? 0117 : 0177);
	bound = *fd < 0 ? -1 : bind(*fd, (struct sockaddr *)&sa, sizeof(sa));
	(void)umask(old);
	if (bound != 0 || listen(*fd, BACKLOG) != 0) {
		why_errno(why, REASON_CONFIG, "listening on %s", cfg->control);
		fd_close(fd);
		return GW_REFUSED;
	}
	return share_socket(cfg, why);
}

enum gw_status
control_open(const struct config *cfg, struct control *c, struct why *why)
{
	const char *user = cfg->user[ROLE_SPOOLER];
	enum gw_status st;

	c->fd = c->lock = -1;
	c->path = NULL;
	if ((st = make_folder(cfg->spool, 0755, user, why)) != GW_OK ||
	    (st = make_folder(cfg->state, 0700, user, why)) != GW_OK ||
	    (st = take_lock(cfg, &c->lock, why)) != GW_OK)
		return st;
	if ((st = listen_on(cfg, &c->fd, why)) != GW_OK) {
		control_close(c);
		return st;
	}
	if ((c->path = strdup(cfg->control)) == NULL)
		gw_fatal("out of memory");
	return GW_OK;
}

void
control_close(struct control *c)
{
	if (c->path != NULL)
		(void)unlink(c->path);
	free(c->path);
	c->path = NULL;
	fd_close(&c->fd);
	fd_close(&c->lock);
}
