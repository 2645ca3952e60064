/* spool/layout.h - the folders of the spool and of the private state. */
#ifndef SPOOL_LAYOUT_H
#define SPOOL_LAYOUT_H

#include "gateway/base/doc.h"
#include "gateway/base/status.h"

struct spool;

/* Private folders below <state>; files in them are named by document id. */
enum layout_dir {
	DIR_WORK, /* claimed from a drop folder */
	DIR_SEALED,
	DIR_LANDED,
	DIR_PLAIN,
	DIR_ARCHIVE,
	DIR_COUNT
};

/* The public trees below <spool>: <tree>/<partner>[/<flow>]/. */
enum layout_tree {
	TREE_OUT,        /* partner/flow: drop folders */
	TREE_IN,         /* partner/flow: deliveries */
	TREE_RETURNED,   /* partner/flow */
	TREE_STATUS,     /* partner */
	TREE_QUARANTINE, /* partner */
	TREE_MAILBOX,    /* partner; to-us/ and from-us/ in it */
	TREE_COUNT
};

/*
 * Open (and make, where missing) both roots and the private folders.  State
 * is created 0700 and refused when others may enter it; both must be on one
 * file system that can rename without replacing (tried, not believed), since
 * a claim and a delivery are such renames: GW_REFUSED otherwise.
 * SIGIO is ignored from here on, where nobody handles it: the kernel sends it
 * when a writer meets one of our leases.
 * GW_OK: *out is released with spool_close().
 */
enum gw_status spool_open(const char *spool_path, const char *state_path,
    struct spool **out, struct why *);
void spool_close(struct spool *);

/* Make the public folders of a partner, and of one of its flows (flow NULL:
 * the partner's own).  Fine when they exist. */
enum gw_status spool_make_partner(
    struct spool *, const char *partner, struct why *);
enum gw_status spool_make_flow(struct spool *, const char *partner,
    const char *flow, enum doc_direction, struct why *);

/* Descriptor of a private folder; stays the spool's. */
int spool_dir(struct spool *, enum layout_dir);
/* Descriptor of the state folder itself; stays the spool's. */
int spool_state(struct spool *);
/* Open a public folder beneath the spool root, following no symlink
 * (openat2 RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS).  leaf may be NULL.  The
 * descriptor becomes the caller's.  GW_NONE: there is none. */
enum gw_status spool_tree(struct spool *, enum layout_tree, const char *partner,
    const char *leaf, int *fd, struct why *);
/* Open a private file read-only; becomes the caller's. */
enum gw_status spool_read(
    struct spool *, enum layout_dir, struct docid, int *fd, struct why *);
/* Remove a private file; missing is fine.  Durable with the next settle. */
enum gw_status spool_remove(
    struct spool *, enum layout_dir, struct docid, struct why *);
/* Is there such a file? */
bool spool_has(struct spool *, enum layout_dir, struct docid);
/* Free bytes and inodes on the file system of the state. */
enum gw_status spool_free_space(
    struct spool *, uint64_t *bytes, uint64_t *inodes, struct why *);

#endif
