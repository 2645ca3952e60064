/* base/fdio.c - whole reads, whole writes and copies on descriptors. */
#include "gateway/base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_CHUNK ((size_t)256 * 1024)

static enum gw_status
write_failed(struct why *why)
{
	if (errno == ENOSPC || errno == EDQUOT) {
		why_errno(why, REASON_NO_SPACE, "writing");
		return GW_AGAIN;
	}
	why_errno(why, REASON_IO_ERROR, "writing");
	return GW_INTERNAL;
}

enum gw_status
fd_write_all(int fd, const void *data, size_t n, struct why *why)
{
	const uint8_t *p = data;

	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return write_failed(why);
		p += w;
		n -= (size_t)w;
	}
	return GW_OK;
}

enum gw_status
fd_read_full(int fd, void *data, size_t n, size_t *got, struct why *why)
{
	uint8_t *p = data;

	*got = 0;
	while (*got < n) {
		ssize_t r = read(fd, p + *got, n - *got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			why_errno(why, REASON_IO_ERROR, "reading");
			return GW_INTERNAL;
		}
		if (r == 0)
			break;
		*got += (size_t)r;
	}
	return GW_OK;
}

enum gw_status
fd_read_buf(int fd, struct buf *b, struct why *why)
{
	for (;;) {
		uint8_t chunk[16384];
		size_t got;
		enum gw_status st;

		st = fd_read_full(fd, chunk, sizeof(chunk), &got, why);
		if (st == GW_OK && got > 0 && !buf_put(b, chunk, got)) {
			why_set(why, REASON_TOO_LARGE,
			    "more than the %zu bytes allowed", b->max);
			st = GW_REFUSED;
		}
		if (b->secret)
			mem_wipe(chunk, sizeof(chunk));
		if (st != GW_OK || got < sizeof(chunk))
			return st;
	}
}

enum gw_status
fd_copy(int in, int out, uint64_t *copied, struct why *why)
{
	enum gw_status st = GW_OK;
	uint8_t *chunk = malloc(COPY_CHUNK);
	uint64_t total = 0;
	size_t got = COPY_CHUNK;

	if (chunk == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	while (st == GW_OK && got == COPY_CHUNK) {
		st = fd_read_full(in, chunk, COPY_CHUNK, &got, why);
		if (st == GW_OK)
			st = fd_write_all(out, chunk, got, why);
		if (st == GW_OK)
			total += got;
	}
	free(chunk);
	if (copied != NULL)
		*copied = total;
	return st;
}

enum gw_status
fd_sync(int fd, struct why *why)
{
	if (fsync(fd) == 0)
		return GW_OK;
	if (errno == ENOSPC || errno == EDQUOT) {
		why_errno(why, REASON_NO_SPACE, "syncing");
		return GW_AGAIN;
	}
	why_errno(why, REASON_IO_ERROR, "syncing");
	return GW_INTERNAL;
}

void
fd_sync_ahead(int fd)
{
	/* Whatever is wrong here, the sync that follows will say. */
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing is written after the last sync */
	*fd = -1;
}

enum gw_status
fd_read_file(
    int dirfd, const char *name, size_t max, struct buf *out, struct why *why)
{
	enum gw_status st;
	struct stat sb;
	/* Without O_NONBLOCK a fifo in this place would stop us for ever. */
	int fd =
	    openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &sb) != 0) {
		why_errno(why, REASON_IO_ERROR, "opening %s", name);
		st = gw_status_errno(errno);
		fd_close(&fd);
		return st;
	}
	if (!S_ISREG(sb.st_mode)) {
		why_set(
		    why, REASON_NOT_REGULAR, "%s is not a regular file", name);
		fd_close(&fd);
		return GW_REFUSED;
	}
	if (out->max > max)
		out->max = max;
	st = fd_read_buf(fd, out, why);
	if (st != GW_OK)
		why_prefix(why, "%s", name);
	fd_close(&fd);
	return st;
}

void
fd_set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		gw_fatal("cannot make descriptor %d non-blocking", fd);
}

void
fd_set_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
		gw_fatal("cannot set close-on-exec on descriptor %d", fd);
}
