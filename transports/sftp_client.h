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
 * `done` from within sftp_client_step() or sftp_client_close().  A `done` may
 * start more work, but not step or close.
 */
struct sftp_client;

/* Opens the channel and the subsystem, sends INIT, waits for VERSION; at
 * most as long as the link's own time-out.  The link stays the caller's and
 * must outlive the client.  GW_AGAIN: REASON_CONNECTION_LOST, _UNREACHABLE or
 * _PROTOCOL (no SFTP there, or not version 3). */
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
/* Jobs under way; a start with SFTP_CLIENT_JOBS of them is GW_AGAIN. */
#define SFTP_CLIENT_JOBS 256
unsigned sftp_client_busy(const struct sftp_client *);
/* A server that owes us an answer and does not move for so long is lost
 * (default 60 s); a quiet connection is asked after half of that. */
void sftp_client_set_patience(struct sftp_client *, int ms);

#endif
