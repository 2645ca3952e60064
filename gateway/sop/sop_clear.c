/* gateway/sop/sop_clear.c - what may not be shown yet, or is read twice. */
#include "gateway/sop/sop_clear.h"

#include "gateway/base/buf.h"
#include "gateway/base/fdio.h"
#include "gateway/base/utf8.h"
#include "gateway/sop/sop_fail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)64 * 1024)
/* How much is asked of the kernel at once. */
#define PIECE ((size_t)1 << 30)

static int
nameless(const char *folder)
{
	char path[PATH_MAX];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

	if (fd >= 0 ||
	    (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	/* A file system without O_TMPFILE: a name for an instant. */
	if ((size_t)snprintf(path, sizeof(path), "%s/waybill-sop.XXXXXX",
		folder) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkostemp(path, O_CLOEXEC)) >= 0 && unlink(path) != 0)
		fd_close(&fd);
	return fd;
}

int
sop_clear_open(int *fd)
{
	const char *folder = getenv("TMPDIR");

	if (folder == NULL || folder[0] == '\0')
		folder = "/tmp";
	if ((*fd = nameless(folder)) < 0)
		return sop_fail(SOP_FAILED,
		    "no temporary file in %s (TMPDIR says where): %s", folder,
		    strerror(errno));
	return SOP_OK;
}

static int
rewind_to(int fd, off_t where)
{
	if (lseek(fd, where, SEEK_SET) == where)
		return SOP_OK;
	return sop_fail(
	    SOP_FAILED, "going back in a file: %s", strerror(errno));
}

/* The kernel copies where it can; whatever it refuses is copied by hand, from
 * where it stopped. */
int
sop_clear_release(int fd)
{
	struct why why;
	ssize_t n;

	if (rewind_to(fd, 0) != SOP_OK)
		return SOP_FAILED;
	do
		n = copy_file_range(fd, NULL, STDOUT_FILENO, NULL, PIECE, 0);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		do
			n = sendfile(STDOUT_FILENO, fd, NULL, PIECE);
		while (n > 0 || (n < 0 && errno == EINTR));
	/* A file of a file system that copies nothing looks like an end. */
	if (fd_copy(fd, STDOUT_FILENO, NULL, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "standard output: %s", why.text);
	return SOP_OK;
}

int
sop_clear_rewindable(int *in)
{
	struct why why;
	struct stat st;
	int rc;

	*in = STDIN_FILENO;
	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		return SOP_OK;
	if ((rc = sop_clear_open(in)) != SOP_OK)
		return rc;
	if (fd_copy(STDIN_FILENO, *in, NULL, &why) != GW_OK)
		rc = sop_fail(SOP_FAILED,
		    "copying standard input to a temporary file: %s", why.text);
	else
		rc = rewind_to(*in, 0);
	if (rc != SOP_OK)
		fd_close(in);
	return rc;
}

/* How much of it is whole characters; *bad when something can be none,
 * however it goes on. */
static size_t
whole_characters(const char *text, size_t len, bool *bad)
{
	size_t i = 0;

	while (i < len) {
		uint32_t cp;
		size_t n;

		if ((text[i] & 0x80) == 0) {
			i++;
			continue;
		}
		if ((n = utf8_next(text + i, len - i, &cp)) == 0)
			break;
		i += n;
	}
	*bad = len - i >= 4;
	return i;
}

static int
check_text(int fd)
{
	char chunk[CHUNK];
	size_t held = 0, got, used;
	struct why why;
	bool bad;

	for (;;) {
		if (fd_read_full(fd, chunk + held, sizeof(chunk) - held, &got,
			&why) != GW_OK)
			return sop_fail(
			    SOP_FAILED, "standard input: %s", why.text);
		held += got;
		used = whole_characters(chunk, held, &bad);
		held -= used;
		if (bad || (got == 0 && held > 0))
			return sop_fail(SOP_EXPECTED_TEXT,
			    "standard input is not text in UTF-8");
		if (got == 0)
			return SOP_OK;
		memmove(chunk, chunk + used, held);
	}
}

int
sop_clear_text(int *in)
{
	off_t start;
	int rc = sop_clear_rewindable(in);

	if (rc != SOP_OK)
		return rc;
	if ((start = lseek(*in, 0, SEEK_CUR)) < 0)
		rc =
		    sop_fail(SOP_FAILED, "standard input: %s", strerror(errno));
	if (rc == SOP_OK)
		rc = check_text(*in);
	if (rc == SOP_OK)
		rc = rewind_to(*in, start);
	if (rc != SOP_OK && *in != STDIN_FILENO)
		fd_close(in);
	return rc;
}
