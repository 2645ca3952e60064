/* spool/lease.h - has anybody this file open for writing? */
#ifndef SPOOL_LEASE_H
#define SPOOL_LEASE_H

enum lease_answer {
	LEASE_FREE,   /* no writer is left */
	LEASE_WRITER, /* there is one */
	LEASE_UNKNOWN /* the kernel cannot or may not tell */
};

/* Ask the kernel about a regular file that is open read-only.  Nothing is
 * held afterwards. */
enum lease_answer lease_ask(int fd);

#endif
