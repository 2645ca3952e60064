/* transports/sftp_client.h - many SFTP requests in flight on one channel. */
#ifndef TRANSPORTS_SFTP_CLIENT_H
#define TRANSPORTS_SFTP_CLIENT_H

#include "transports/ssh_connect.h"

#include <stdbool.h>

/*
 * Our own SFTP version 3 layer (draft-ietf-secsh-filexfer-02) over a libssh
 * channel, driven by the caller's event loop: wait until sftp_client_fd() is
 * readable (or writable, when sftp_client_wants_write()), or at most
 * sftp_client_timeout() ms, then call sftp_client_step().  Work is started
 * with the verbs of sftp_send.h and sftp_fetch.h; each ends by calling its
 * `done` from within sftp_client_step().
 */
struct sftp_client;

/* Opens the channel and the subsystem, sends INIT, waits for VERSION. */
enum gw_status sftp_client_open(
    struct ssh_link *, struct sftp_client **, struct why *);
/* Work still under way ends with GW_AGAIN, REASON_CONNECTION_LOST. */
void sftp_client_close(struct sftp_client *);

int sftp_client_fd(const struct sftp_client *);
bool sftp_client_wants_write(const struct sftp_client *);
int sftp_client_timeout(const struct sftp_client *);
/* GW_OK: go on.  Otherwise the connection is finished: every job under way
 * has been told; close it. */
enum gw_status sftp_client_step(struct sftp_client *, struct why *);
/* Jobs under way. */
unsigned sftp_client_busy(const struct sftp_client *);

/* A server answered a request with a failure: the status and reason that
 * the product means by it ("no such file" for a folder is REMOTE_FOLDER ...).
 * Used by send and fetch. */

#endif
