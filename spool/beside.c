/* spool/beside.c - a document and the text beside it, published as a pair. */
#include "spool/beside.h"

#include "gateway/base/fdio.h"
#include "spool/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIDE_SIZE    (DOC_FILE_SIZE + 16)
#define TEXT_MAX     ((size_t)64 * 1024)
#define FILENAME_TOP 255 /* bytes that Linux file systems allow */

/* "a.tar.gz" becomes "a.tar.<id>.gz": programs go by the ending. */
static void
unique_name(const struct beside *b, char out[DOC_FILE_SIZE])
{
	const char *dot = strrchr(b->name, '.');
	size_t stem = strlen(b->name);

	if (dot != NULL && dot != b->name)
		stem = (size_t)(dot - b->name);
	snprintf(out, DOC_FILE_SIZE, "%.*s.%s%s", (int)stem, b->name,
	    b->id.text, b->name + stem);
}

/* A document named like the text beside another one would be taken for that
 * text, by programs that collect, and by us: it never gets that name. */
static bool
poses_as_side(const struct beside *b)
{
	size_t len = strlen(b->name), n = strlen(b->suffix);

	return len >= n && strcmp(b->name + len - n, b->suffix) == 0;
}

static bool
is_there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum side { SIDE_MISSING, SIDE_HOLLOW, SIDE_OURS, SIDE_FOREIGN };

/* Whose text is this?  Others may write in the folder, so it could be
 * anything, a pipe too. */
static enum side
side_whose(int dirfd, const char *name, struct docid id)
{
	enum side side = SIDE_FOREIGN;
	struct why why;
	struct stat sb;
	struct buf b;
	int fd;

	fd =
	    openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? SIDE_MISSING : SIDE_FOREIGN;
	buf_init(&b, TEXT_MAX);
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    fd_read_buf(fd, &b, &why) == GW_OK) {
		if (b.len == 0 || b.data[0] == '\0')
			side = SIDE_HOLLOW;
		else if (memmem(b.data, b.len, id.text, DOCID_LEN) != NULL)
			side = SIDE_OURS;
	}
	buf_free(&b);
	fd_close(&fd);
	return side;
}

/* A hollow text is what a power cut left of ours, or of a document that is
 * published already; the latter has its document beside it. */
static enum gw_status
write_side(
    struct spool *sp, const struct beside *b, const char *side, struct why *why)
{
	enum gw_status st;

	st = durable_text(sp, b->todir, b->id, side, b->text, TEXT_NEW, why);
	if (st != GW_EXISTS ||
	    side_whose(b->todir, side, b->id) == SIDE_FOREIGN)
		return st;
	return durable_text(sp, b->todir, b->id, side, b->text, TEXT_OVER, why);
}

static enum gw_status
publish_as(
    struct spool *sp, const struct beside *b, const char *name, struct why *why)
{
	char side[SIDE_SIZE];
	enum gw_status st;

	snprintf(side, sizeof(side), "%s%s", name, b->suffix);
	if (strlen(side) > FILENAME_TOP) {
		why_set(why, REASON_BAD_NAME, "the name is too long");
		return GW_REFUSED;
	}
	if (is_there(b->todir, name)) {
		why_set(why, REASON_IO_ERROR, "the name is taken");
		return GW_EXISTS;
	}
	if ((st = write_side(sp, b, side, why)) != GW_OK)
		return st;
	st = durable_move(sp, b->fromdir, b->from, b->todir, name, why);
	if (st != GW_OK) {
		/* Alone it would tell of a document that is not there. */
		(void)unlinkat(b->todir, side, 0);
	}
	return st;
}

enum gw_status
beside_publish(struct spool *sp, const struct beside *b,
    char used[DOC_FILE_SIZE], struct why *why)
{
	char unique[DOC_FILE_SIZE];
	const char *name = b->name;
	enum gw_status st = GW_EXISTS;

	if (!poses_as_side(b))
		st = publish_as(sp, b, name, why);
	if (st == GW_EXISTS) {
		unique_name(b, unique);
		name = unique;
		st = publish_as(sp, b, name, why);
	}
	if (st == GW_OK)
		snprintf(used, DOC_FILE_SIZE, "%s", name);
	return st;
}

bool
beside_is_ours(const struct beside *b)
{
	char unique[DOC_FILE_SIZE], side[SIDE_SIZE];

	unique_name(b, unique);
	snprintf(side, sizeof(side), "%s%s", unique, b->suffix);
	if (is_there(b->todir, side))
		return true;
	if (poses_as_side(b))
		return false;
	snprintf(side, sizeof(side), "%s%s", b->name, b->suffix);
	return side_whose(b->todir, side, b->id) == SIDE_OURS;
}

enum gw_status
beside_finish(struct spool *sp, const struct beside *b,
    char used[DOC_FILE_SIZE], struct why *why)
{
	char unique[DOC_FILE_SIZE], side[SIDE_SIZE];
	const char *name = b->name;
	enum side whose;

	/* Whoever collects documents may have taken either of the two. */
	unique_name(b, unique);
	snprintf(side, sizeof(side), "%s%s", unique, b->suffix);
	if (poses_as_side(b) || is_there(b->todir, unique) ||
	    is_there(b->todir, side))
		name = unique;
	snprintf(used, DOC_FILE_SIZE, "%s", name);
	if (!is_there(b->todir, name))
		return GW_OK;
	snprintf(side, sizeof(side), "%s%s", name, b->suffix);
	whose = side_whose(b->todir, side, b->id);
	if (whose != SIDE_MISSING && whose != SIDE_HOLLOW)
		return GW_OK;
	return durable_text(sp, b->todir, b->id, side, b->text, TEXT_OVER, why);
}
