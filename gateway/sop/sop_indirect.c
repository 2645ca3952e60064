/* gateway/sop/sop_indirect.c - files, @ENV:NAME and @FD:n on the command line. */
#include "gateway/sop/sop_indirect.h"

#include "gateway/base/fdio.h"
#include "gateway/sop/sop_fail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENV "@ENV:"
#define FD  "@FD:"

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A file that is called like a designator: nobody can tell what is meant. */
static int
check_designator(const char *designator)
{
	if (designator[0] != '@')
		return SOP_OK;
	if (access(designator, F_OK) == 0)
		return sop_fail(SOP_AMBIGUOUS_INPUT,
		    "%s is also the name of a file; write ./%s for that",
		    designator, designator);
	if (begins(designator, ENV) || begins(designator, FD))
		return SOP_OK;
	return sop_fail(SOP_UNSUPPORTED_SPECIAL_PREFIX,
	    "%s: only @ENV: and @FD: are known (a file: ./%s)", designator,
	    designator);
}

static int
parse_fd(const char *designator, int *fd)
{
	const char *digits = designator + strlen(FD);
	size_t len = strlen(digits);

	*fd = -1;
	if (len >= 1 && len <= 9 && strspn(digits, "0123456789") == len)
		*fd = (int)strtol(digits, NULL, 10);
	if (*fd < 0 || fcntl(*fd, F_GETFD) < 0)
		return sop_fail(SOP_MISSING_INPUT,
		    "%s: no such open file descriptor", designator);
	return SOP_OK;
}

static int
read_env(const char *designator, struct buf *out)
{
	const char *value = getenv(designator + strlen(ENV));

	if (value == NULL)
		return sop_fail(SOP_MISSING_INPUT,
		    "%s: there is no such environment variable", designator);
	if (!buf_put_text(out, value))
		return sop_fail(SOP_BAD_DATA,
		    "%s is longer than the %zu bytes allowed", designator,
		    out->max);
	return SOP_OK;
}

static int
read_fd(int fd, const char *name, struct buf *out)
{
	enum gw_status st;
	struct why why;

	st = fd_read_buf(fd, out, &why);
	if (st == GW_OK)
		return SOP_OK;
	return sop_fail(st == GW_REFUSED ? SOP_BAD_DATA : SOP_FAILED, "%s: %s",
	    name, why.text);
}

int
sop_indirect_read(const char *designator, struct buf *out)
{
	int fd, rc = check_designator(designator);

	if (rc != SOP_OK)
		return rc;
	if (begins(designator, ENV))
		return read_env(designator, out);
	if (begins(designator, FD)) {
		rc = parse_fd(designator, &fd);
		return rc == SOP_OK ? read_fd(fd, designator, out) : rc;
	}
	if ((fd = open(designator, O_RDONLY | O_CLOEXEC)) < 0)
		return sop_fail(
		    SOP_MISSING_INPUT, "%s: %s", designator, strerror(errno));
	rc = read_fd(fd, designator, out);
	fd_close(&fd);
	return rc;
}

int
sop_indirect_stdin(const char *what, struct buf *out)
{
	int rc = read_fd(STDIN_FILENO, "standard input", out);

	if (rc == SOP_OK && out->len == 0)
		rc = sop_fail(SOP_BAD_DATA,
		    "standard input is empty; %s are expected", what);
	return rc;
}

int
sop_indirect_create(
    struct sop_indirect *to, const char *designator, bool secret)
{
	int rc;

	memset(to, 0, sizeof(*to));
	to->fd = -1;
	if ((to->designator = designator) == NULL)
		return SOP_OK;
	if ((rc = check_designator(designator)) != SOP_OK)
		return rc;
	if (begins(designator, ENV))
		return sop_fail(SOP_UNSUPPORTED_SPECIAL_PREFIX,
		    "%s: nothing can be written to the environment",
		    designator);
	if (begins(designator, FD))
		return parse_fd(designator, &to->fd);
	to->fd = open(designator, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    secret ? 0600 : 0666);
	to->created = to->fd >= 0;
	if (to->created)
		return SOP_OK;
	return sop_fail(errno == EEXIST ? SOP_OUTPUT_EXISTS : SOP_FAILED,
	    "%s: %s", designator, strerror(errno));
}

int
sop_indirect_write(struct sop_indirect *to, const void *data, size_t len)
{
	struct why why;

	if (to->designator == NULL)
		return SOP_OK;
	if (fd_write_all(to->fd, data, len, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "%s: %s", to->designator, why.text);
	return SOP_OK;
}

void
sop_indirect_close(struct sop_indirect *to, int rc)
{
	if (to->created) {
		fd_close(&to->fd);
		/* The exit code has told that there is no result. */
		if (rc != SOP_OK)
			(void)unlink(to->designator);
	}
	memset(to, 0, sizeof(*to));
	to->fd = -1;
}
