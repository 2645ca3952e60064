/* gateway/commands/keyfolder.h - the folder of our OpenPGP keys, for `key`. */
#ifndef GATEWAY_COMMANDS_KEYFOLDER_H
#define GATEWAY_COMMANDS_KEYFOLDER_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"
#include "keys/certs/cert.h"

#include <sys/types.h>

#define KEYFOLDER_FILE_MAX ((size_t)1024 * 1024)

/* One <fingerprint>.key; cert is NULL when it could not be read, and then
 * problem says why. */
struct keyfolder_key {
	char *path;
	struct cert *cert;
	char *problem;
};

struct keyfolder {
	char *path;
	struct keyfolder_key *key;
	size_t count;
};

/* Read every key of the folder: its certificate beside it where there is one,
 * joined with what the key's file says openly (that needs no passphrase), else
 * the key itself.  A missing folder is an
 * empty one.  Release with keyfolder_close(). */
enum gw_status keyfolder_open(const char *path, const char *passphrase,
    struct keyfolder **out, struct why *why);
void keyfolder_close(struct keyfolder *);
/* The certificate in <x>.asc beside <x>.key, whoever's it is. */
enum gw_status keyfolder_beside(
    const char *path, struct cert **out, struct why *);

/* The key of that fingerprint, or whose fingerprint ends so (16 digits and
 * more).  NULL when there is none, or more than one. */
const struct keyfolder_key *keyfolder_find(
    const struct keyfolder *, const char *fingerprint);

/*
 * One command at a time changes the folder: held until the descriptor is
 * closed (fd_close()).  GW_AGAIN: another one is at it.
 */
enum gw_status keyfolder_lock(const char *folder, int *fd, struct why *);

/*
 * Write a new file, making the folder (0700) when it is missing: complete and
 * synced under its name, or not at all, and never over an existing file
 * (GW_EXISTS).
 */
enum gw_status keyfolder_write(const char *folder, const char *name,
    mode_t mode, const void *data, size_t len, struct why *why);

/* A file that is to have a new content. */
struct keyfolder_change {
	const char *name;
	mode_t mode;
	const struct buf *data;
	char kept[300]; /* set: the name of the old file, or "" */
};
/*
 * Nothing is lost: the new files are complete and synced before the first of
 * them takes its name, and what was there is kept as NAME.<time>.  When it
 * fails half way, the first ones are new and the others old, and each of them
 * is whole.
 */
enum gw_status keyfolder_replace(const char *folder, struct keyfolder_change *,
    size_t count, struct why *why);

#endif
