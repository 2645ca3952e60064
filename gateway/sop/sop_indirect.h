/* gateway/sop/sop_indirect.h - files, @ENV:NAME and @FD:n on the command line. */
#ifndef GATEWAY_SOP_SOP_INDIRECT_H
#define GATEWAY_SOP_SOP_INDIRECT_H

#include "gateway/base/buf.h"

/* All functions return SOP_OK or an exit code, after having said why. */

/* Keys, certificates and signatures are this large at most. */
#define SOP_INDIRECT_MAX ((size_t)8 * 1024 * 1024)

/* Append everything that the designator stands for. */
int sop_indirect_read(const char *designator, struct buf *out);
/* The same from standard input, called by what it should be. */
int sop_indirect_stdin(const char *what, struct buf *out);

/* A place for a second result beside standard output. */
struct sop_indirect {
	const char *designator; /* NULL: not wanted; writing does nothing */
	int fd;
	bool created; /* by us */
};

/* Reserve it before any work is done.  A file must not exist yet, and only
 * its owner may read it when it is `secret`. */
int sop_indirect_create(
    struct sop_indirect *, const char *designator, bool secret);
int sop_indirect_write(struct sop_indirect *, const void *, size_t);
/* Release; what was created goes unless rc, the result of all, is SOP_OK.
 * Nothing happens to one that is all zero. */
void sop_indirect_close(struct sop_indirect *, int rc);

#endif
