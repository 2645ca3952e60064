/* transports/ssh_policy.h - which SSH algorithms we speak, and no others. */
#ifndef TRANSPORTS_SSH_POLICY_H
#define TRANSPORTS_SSH_POLICY_H

#include "gateway/base/status.h"

#include <libssh/libssh.h>

#include <stddef.h>

/* The ciphers we offer, best first; NULL-terminated. */
extern const char *const ssh_policy_ciphers[];

/*
 * Key exchange, ciphers, MACs, no compression, no configuration or home
 * directory of any user.  Host key algorithms stay to be set by the caller.
 */
enum gw_status ssh_policy_apply(ssh_session, struct why *);

/*
 * The host key algorithms to ask for, given the pins: "SHA256:..." says
 * nothing of the key's type, "SHA256:... ssh-rsa" does.  Types that are named
 * come first; if every pin names its type, no others are offered.
 */
void ssh_policy_host_keys(
    const char *const *pins, size_t count, char *out, size_t size);
/* Is this fingerprint one of the pins?  Types are not compared: the hash
 * covers the type. */
bool ssh_policy_pinned(
    const char *const *pins, size_t count, const char *fingerprint);
/* A fresh key of the kind that we make, Ed25519; free with ssh_key_free(). */
bool ssh_policy_fresh_key(ssh_key *);

#endif
