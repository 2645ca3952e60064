/* transports/ssh_connect.h - an SSH connection to a partner's server. */
#ifndef TRANSPORTS_SSH_CONNECT_H
#define TRANSPORTS_SSH_CONNECT_H

#include "gateway/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct ssh_link;

struct ssh_target {
	const char *host; /* for messages */
	unsigned port;
	const char *user;
	int fd; /* connected socket; ssh_link_open takes it */
	/* pinned SHA-256 fingerprints ("SHA256:..."), at least one; a
	 * server with keys of several types shows Ed25519, then RSA, then
	 * ECDSA, unless the pin names its type ("SHA256:... ssh-rsa") */
	const char *const *host_keys;
	size_t host_key_count;
	const char *identity; /* private key, OpenSSH or PEM text */
	int timeout_ms;       /* for the whole opening; 0: 30 s */
};

/* What was negotiated, for the log and for `status`. */
struct ssh_facts {
	char host_key[80]; /* "SHA256:..." that was shown */
	char server[128];  /* the server's identification; foreign text */
	char kex[64], cipher[64], mac[64];
};

/* Once per process, before the sandbox closes: libssh's and OpenSSL's own
 * files, and the self-test that a flipped ciphertext bit is refused
 * (CVE-2026-59847).  GW_INTERNAL when the library fails it. */
enum gw_status ssh_start(struct why *);

/* Resolve and connect; the one function that needs the network to be open.
 * GW_AGAIN, REASON_UNREACHABLE when it does not answer in time. */
enum gw_status ssh_dial(
    const char *host, unsigned port, int timeout_ms, int *fd, struct why *);

/*
 * Key exchange, host key against the pins, public-key login.  Reads no
 * configuration or known_hosts of any user; no agent, no compression.
 * GW_REFUSED: REASON_HOST_KEY (both fingerprints in the text),
 * REASON_LOGIN.  GW_AGAIN: REASON_UNREACHABLE, REASON_CONNECTION_LOST,
 * REASON_PROTOCOL.
 */
enum gw_status ssh_link_open(
    struct ssh_target *, struct ssh_link **, struct ssh_facts *, struct why *);
void ssh_link_close(struct ssh_link *);

#endif
