/* spool/lease.c - has anybody this file open for writing? */
#include "spool/lease.h"

#include <errno.h>
#include <fcntl.h>

/*
 * The kernel grants a read lease only while nobody has the file open for
 * writing or mapped shared and writable.  EACCES: another user's file and no
 * CAP_LEASE; EINVAL, ENOLCK: the file system or the administrator
 * (fs.leases-enable) does without.
 */
enum lease_answer
lease_ask(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
		return errno == EAGAIN ? LEASE_WRITER : LEASE_UNKNOWN;
	/* A writer that comes now waits for this line, some microseconds. */
	(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	return LEASE_FREE;
}
