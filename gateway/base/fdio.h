/* base/fdio.h - whole reads, whole writes and copies on descriptors. */
#ifndef BASE_FDIO_H
#define BASE_FDIO_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

#include <stdint.h>
#include <sys/types.h>

/* Write all n bytes, going on after short writes and EINTR.
 * GW_AGAIN with REASON_NO_SPACE on a full disk, else GW_INTERNAL. */
enum gw_status fd_write_all(int fd, const void *, size_t n, struct why *);
/* Read until n bytes or the end; *got tells how many. */
enum gw_status fd_read_full(
    int fd, void *, size_t n, size_t *got, struct why *);
/* Append everything up to the end; more than the buffer's limit is
 * GW_REFUSED, REASON_TOO_LARGE. */
enum gw_status fd_read_buf(int fd, struct buf *, struct why *);
/* Copy from the current position of `in` to its end; *copied may be NULL. */
enum gw_status fd_copy(int in, int out, uint64_t *copied, struct why *);
/* Sync file content and metadata.  A failure is final for this file: the
 * kernel may have dropped the pages, a second fsync proves nothing. */
enum gw_status fd_sync(int fd, struct why *);
/*
 * Start writing a file to disk and do not wait: only a hint.  Called for each
 * of several files before the first of them is synced, it lets them share one
 * commit of the file system's journal: blocks are only allocated, and the
 * journal only written to, when a file is written back.
 */
void fd_sync_ahead(int fd);
/* Close and set to -1; -1 is fine. */
void fd_close(int *fd);
/* Read a whole small file of at most max bytes; opened beneath dirfd without
 * following a symlink in the last place.  GW_NONE when it is not there,
 * GW_REFUSED when it is too large or not a regular file. */
enum gw_status fd_read_file(
    int dirfd, const char *name, size_t max, struct buf *out, struct why *);
void fd_set_nonblock(int fd);
void fd_set_cloexec(int fd);

#endif
