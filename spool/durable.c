/* spool/durable.c - the only place that renames into a published place. */
#include "spool/durable.h"

#include "gateway/base/fdio.h"
#include "spool/folder.h"
#include "spool/layout_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders touched since the last settle: the private ones and those that
 * folder.c keeps open, with some air. */
#define DIRTY_MAX 192
/* Small texts written since the last settle and still to be synced. */
#define TEXTS_MAX 128
#define TEMP_SIZE (DOCID_LEN + sizeof("..tmp"))
#define TEXT_MODE 0640

struct durable {
	int dirty[DIRTY_MAX];
	unsigned dirty_count;
	int text[TEXTS_MAX]; /* open; closed once synced */
	unsigned text_count;
	/* A sync failed before its time came: the next settle says so. */
	bool failed;
	struct why why;
};

struct durable *
durable_new(void)
{
	return calloc(1, sizeof(struct durable));
}

void
durable_free(struct durable *d)
{
	if (d == NULL)
		return;
	for (unsigned i = 0; i < d->text_count; i++)
		fd_close(&d->text[i]);
	free(d);
}

static void
temp_name(struct docid id, char out[TEMP_SIZE])
{
	snprintf(out, TEMP_SIZE, ".%s.tmp", id.text);
}

/* A new file that nobody else made.  What an earlier, interrupted attempt
 * left under this name is worth nothing. */
static enum gw_status
open_temp(int dirfd, const char *name, mode_t mode, int *fd, struct why *why)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

	*fd = openat(dirfd, name, flags, mode);
	if (*fd < 0 && errno == EEXIST && unlinkat(dirfd, name, 0) == 0)
		*fd = openat(dirfd, name, flags, mode);
	if (*fd < 0)
		return layout_failed(why, "making a temporary file");
	return GW_OK;
}

enum gw_status
durable_begin(struct spool *sp, enum layout_dir dir, struct docid id, int *fd,
    struct why *why)
{
	char temp[TEMP_SIZE];

	temp_name(id, temp);
	return open_temp(sp->dir[dir], temp, 0600, fd, why);
}

enum gw_status
durable_publish(
    struct spool *sp, enum layout_dir dir, struct docid id, struct why *why)
{
	char temp[TEMP_SIZE];

	temp_name(id, temp);
	return durable_move(sp, sp->dir[dir], temp, sp->dir[dir], id.text, why);
}

void
durable_abandon(struct spool *sp, enum layout_dir dir, struct docid id)
{
	char temp[TEMP_SIZE];

	temp_name(id, temp);
	/* Missing is fine, and recovery removes what cannot be removed now. */
	(void)unlinkat(sp->dir[dir], temp, 0);
}

enum gw_status
durable_move(struct spool *sp, int fromdir, const char *from, int todir,
    const char *to, struct why *why)
{
	if (renameat2(fromdir, from, todir, to, RENAME_NOREPLACE) != 0)
		return layout_failed(why, "renaming without replacing");
	durable_touch(sp, todir);
	if (fromdir != todir)
		durable_touch(sp, fromdir);
	return GW_OK;
}

/* Remember the first failure: only recovery from disk helps after it. */
static void
sync_now(struct durable *d, int fd)
{
	struct why why;

	if (fd_sync(fd, &why) != GW_OK && !d->failed) {
		d->failed = true;
		d->why = why;
	}
}

static bool
is_ours(const struct spool *sp, int fd)
{
	for (unsigned i = 0; i < DIR_COUNT; i++) {
		if (sp->dir[i] == fd)
			return true;
	}
	return folder_owns(sp, fd);
}

void
durable_touch(struct spool *sp, int dirfd)
{
	struct durable *d = sp->durable;

	for (unsigned i = 0; i < d->dirty_count; i++) {
		if (d->dirty[i] == dirfd)
			return;
	}
	/* A descriptor of somebody else's may be closed before we settle. */
	if (!is_ours(sp, dirfd) || d->dirty_count == DIRTY_MAX)
		sync_now(d, dirfd);
	else
		d->dirty[d->dirty_count++] = dirfd;
}

void
durable_forget(struct spool *sp, int dirfd)
{
	struct durable *d = sp->durable;

	for (unsigned i = 0; i < d->dirty_count; i++) {
		if (d->dirty[i] != dirfd)
			continue;
		sync_now(d, dirfd);
		d->dirty[i] = d->dirty[--d->dirty_count];
		return;
	}
}

static void
sync_texts(struct durable *d)
{
	for (unsigned i = 0; i < d->text_count; i++)
		fd_sync_ahead(d->text[i]);
	for (unsigned i = 0; i < d->text_count; i++) {
		sync_now(d, d->text[i]);
		fd_close(&d->text[i]);
	}
	d->text_count = 0;
}

enum gw_status
durable_text(struct spool *sp, int dirfd, struct docid id, const char *name,
    const char *text, enum durable_text how, struct why *why)
{
	struct durable *d = sp->durable;
	char temp[TEMP_SIZE];
	enum gw_status st;
	int fd;

	temp_name(id, temp);
	if ((st = open_temp(dirfd, temp, TEXT_MODE, &fd, why)) != GW_OK)
		return st;
	if ((st = fd_write_all(fd, text, strlen(text), why)) != GW_OK)
		goto fail;
	if (how == TEXT_NEW) {
		st = durable_move(sp, dirfd, temp, dirfd, name, why);
	} else if (renameat(dirfd, temp, dirfd, name) != 0) {
		st = layout_failed(why, "replacing a text");
	} else if (how == TEXT_OVER) {
		durable_touch(sp, dirfd);
	}
	if (st != GW_OK)
		goto fail;
	if (how == TEXT_PASSING) {
		fd_close(&fd);
		return GW_OK;
	}
	if (d->text_count == TEXTS_MAX)
		sync_texts(d);
	d->text[d->text_count++] = fd;
	return GW_OK;
fail:
	fd_close(&fd);
	(void)unlinkat(dirfd, temp, 0); /* the next attempt clears it too */
	return st;
}

enum gw_status
durable_settle(struct spool *sp, struct why *why)
{
	struct durable *d = sp->durable;

	/* Content first, then the names that lead to it. */
	sync_texts(d);
	for (unsigned i = 0; i < d->dirty_count; i++)
		sync_now(d, d->dirty[i]);
	d->dirty_count = 0;
	if (!d->failed)
		return GW_OK;
	*why = d->why;
	return GW_INTERNAL;
}
