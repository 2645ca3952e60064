/* spool/aside.h - where documents go that do not go on: with their reason. */
#ifndef SPOOL_ASIDE_H
#define SPOOL_ASIDE_H

#include "spool/watch.h"

/*
 * Move DIR_WORK/<id> (or, not being there, DIR_SEALED/<id>) to
 * returned/<partner>/<flow>/ under its name (".pgp" added to the sealed form,
 * made unique by the id where taken) with <that name>.reason.json beside it.
 * doc->file becomes the name used.  Runs again after a crash.  Durable after
 * the next settle.
 */
enum gw_status aside_return(
    struct spool *, struct doc *, const char *reason_json, struct why *);
/* Move a refused find straight from its drop folder to returned/, without
 * ever opening it; a bad name is replaced by "<id>.refused".  From a mailbox
 * it goes to quarantine/ as <id>. */
enum gw_status aside_find(struct spool *, const struct watch_find *,
    struct docid, const char *reason_json, struct why *);
/* Move DIR_LANDED/<id> to quarantine/<partner>/<id>.pgp with
 * <id>.reason.json; DIR_PLAIN/<id> is removed. */
enum gw_status aside_quarantine(
    struct spool *, struct doc *, const char *reason_json, struct why *);

#endif
