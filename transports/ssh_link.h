/* transports/ssh_link.h - the inside of a link, for the SFTP layer. */
#ifndef TRANSPORTS_SSH_LINK_H
#define TRANSPORTS_SSH_LINK_H

#include "transports/ssh_connect.h"

#include <libssh/libssh.h>

#include <stdbool.h>

struct ssh_link {
	ssh_session session; /* never blocks, nor does its socket */
	char *host;
	unsigned port;
	int timeout_ms; /* for each stage of opening */
	bool openssh;   /* the server calls itself OpenSSH */
};

/* libssh is waiting for the other side: wait with it, until `deadline`
 * (clock_mono_ms()).  GW_AGAIN, REASON_UNREACHABLE when that has passed. */
enum gw_status ssh_link_wait(struct ssh_link *, int64_t deadline, struct why *);
/* Has libssh given this session up, whatever its last call returned?  It
 * does not report, for one, a packet that failed to decrypt. */
bool ssh_link_dead(const struct ssh_link *);
/* GW_AGAIN: REASON_CONNECTION_LOST and libssh's own words, made safe. */
enum gw_status ssh_link_lost(
    struct ssh_link *, const char *doing, struct why *);

#endif
