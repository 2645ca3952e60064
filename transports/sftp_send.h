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
	/* Called once.  GW_OK: the final name is there, with our size, and
	 * the server synced it if it can.  GW_REFUSED: permanent for this
	 * document.  GW_AGAIN: try later. */
	void (*done)(void *ctx, enum gw_status, const struct why *);
	void *ctx;
};

/*
 * Start one; strings are copied.  Steps: stat the final name (there with our
 * size and nothing of the temp name: an earlier try succeeded and its answer
 * was lost; there with another size: REASON_REMOTE_EXISTS); open the temp
 * name for writing, truncated; pipelined writes; fsync@openssh.com if
 * offered; close; stat the size; rename to the final name without replacing
 * (not posix-rename); stat again only if rename failed.  Up to 64 documents
 * overlap on one connection.
 */
enum gw_status sftp_send_start(
    struct sftp_client *, const struct sftp_send_job *, struct why *);

#endif
