/* gateway/roles/opening.h - how every role begins, in the same order. */
#ifndef GATEWAY_ROLES_OPENING_H
#define GATEWAY_ROLES_OPENING_H

#include "gateway/msg.h"
#include "gateway/sandbox.h"

/* The descriptor on which a child finds its supervisor. */
#define OPENING_FD 3

struct opening {
	enum role self;
	struct chan supervisor;
	struct chan spooler; /* fd -1 where the role has no such peer */
	struct chan keyholder;
	int control; /* spooler: listening admin socket; else -1 */
	char label[DOC_LABEL_SIZE]; /* partner that it works for, or "" */
	char user[64];              /* "" : stay who we are */
	enum config_confinement confinement;
	struct buf share; /* secret; free it when read */
	struct sandbox_level level;
};

/*
 * 1. Take the supervisor's setup: label, user, share, peers.  Dies with its
 *    supervisor from here on.  Ends the process when anything is amiss.
 */
void opening_begin(enum role, struct opening *);
/* 2. Become the role's user.  Ends the process on failure. */
void opening_drop(struct opening *, bool keep_lease);
/* 3. No file but these folders, no TCP but that port. */
void opening_files(struct opening *, const struct sandbox_folder *,
    size_t count, unsigned connect_port);
/* 4. No system call but the role's, then tell the supervisor what is in
 *    force; ends the process when that is less than is required. */
void opening_calls(struct opening *);

/* 2 to 4 for the roles that need no file and no network at all. */
void opening_seclude(struct opening *);
/* The same for those that hash large documents on a second thread. */
void opening_seclude_two(struct opening *);

/* The role cannot go on: log why, end the process. */
_Noreturn void opening_fail(const char *module, const struct why *);

#endif
