/* gateway/sandbox.h - give up everything that a role does not need. */
#ifndef GATEWAY_SANDBOX_H
#define GATEWAY_SANDBOX_H

#include "gateway/base/status.h"
#include "gateway/config/config.h"
#include "gateway/role.h"

/* Builds with the address sanitizer need a little more (SAN=address): its own
 * maps, its own stack for signals. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

/* What came into force; part of the log line and of `status`. */
struct sandbox_level {
	bool user;    /* another user than the supervisor's */
	int landlock; /* ABI in force; 0: none */
	bool seccomp;
};

/*
 * Become `user` (its groups too) for good, and prove that there is no way
 * back; keep_lease keeps CAP_LEASE (spooler).  user NULL or already us: only
 * no_new_privs, dumpable off, and no capability left but that one.  The same
 * when we are not root and so cannot become anybody; the level tells.
 * GW_REFUSED: there is no such user.
 */
enum gw_status sandbox_drop(
    const char *user, bool keep_lease, struct sandbox_level *, struct why *);

/* Folders that stay reachable, each with everything below it. */
struct sandbox_folder {
	const char *path;
	bool write;
};

/* Landlock: no file but beneath these folders, no TCP bind, connect only to
 * connect_port (0: none), no abstract sockets or signals to outsiders where
 * the kernel can.  Missing kernel support is no error; the level tells.  A
 * folder to read that is not there is passed over; one to write is an error.
 * Open descriptors stay usable.  Files of one folder may be renamed into
 * another one only when both are writable.  For this thread, and those that
 * it starts later: a role with more than one starts them afterwards. */
enum gw_status sandbox_files(const struct sandbox_folder *, size_t count,
    unsigned connect_port, struct sandbox_level *, struct why *);

/* seccomp: the system calls on this role's list, for all threads that there
 * are; anything else ends the process (SIGSYS).  A courier calls it after it has connected.  The
 * supervisor has no list. */
enum gw_status sandbox_calls(enum role, struct sandbox_level *, struct why *);

/* GW_REFUSED when less is in force than the configuration requires: full is
 * another user, Landlock and seccomp together. */
enum gw_status sandbox_enough(
    const struct sandbox_level *, enum config_confinement, struct why *);
/* "user,landlock=7,seccomp" ...; returns out. */
const char *sandbox_text(const struct sandbox_level *, char *out, size_t size);

#endif
