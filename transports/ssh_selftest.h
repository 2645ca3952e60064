/* transports/ssh_selftest.h - does this libssh notice altered packets? */
#ifndef TRANSPORTS_SSH_SELFTEST_H
#define TRANSPORTS_SSH_SELFTEST_H

#include "gateway/base/status.h"

/*
 * For each cipher we offer: a client and a server of the linked libssh talk
 * in memory; one packet is passed on unchanged and must be taken, the same
 * packet with one bit of its ciphertext changed must end the connection, and
 * so must one with a changed tag.  GW_INTERNAL when it does not.
 */
enum gw_status ssh_selftest(struct why *);

#endif
