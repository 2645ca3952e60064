/* transports/sftp_send.h - put a document on a partner's server. */
#ifndef TRANSPORTS_SFTP_SEND_H
#define TRANSPORTS_SFTP_SEND_H

#include "transports/sftp_client.h"

struct sftp_send_job {
	int fd; /* sealed bytes, from offset 0; taken */
	uint64_t size;
	const char *folder;    /* remote, "" for the login folder */
	const char *temp_name; /* ".<id>.part" */
	const char *final_name;
	bool retry; /* an earlier try may have succeeded */
	/*
	 * Called once.  GW_OK: the server had our size under the temporary
	 * name, synced it if it can, closed it without an error, and says that
	 * it renamed it.  The final name is not looked at after that: many
	 * servers take a document away the moment it has it.
	 * GW_REFUSED: permanent for this document.  GW_AGAIN: try later.
	 */
	void (*done)(void *ctx, enum gw_status, const struct why *);
	void *ctx;
};

/*
 * Start one; strings are copied.  Steps:
 *  1. on a retry, and with servers not known to refuse a rename over an
 *     existing file, stat the final and the temp name: final there with our
 *     size and no temp means that an earlier try succeeded and its answer was
 *     lost; any other final is REASON_REMOTE_EXISTS;
 *  2. open the temp name for writing, truncated;
 *  3. pipelined: all writes, fsync@openssh.com if offered, close, stat;
 *  4. if every one said OK and the size is ours: rename without replacing
 *     (not posix-rename);
 *  5. if that failed, stat both names, and decide as in 1.
 * Not GW_OK: nothing was taken, `done` will not be called.  After a failure
 * the temp file is removed.  Up to sftp_client's number of handles documents
 * overlap on one connection, the order is kept within each.
 */
enum gw_status sftp_send_start(
    struct sftp_client *, const struct sftp_send_job *, struct why *);

#endif
