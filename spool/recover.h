/* spool/recover.h - make folders agree with the ledger after any end. */
#ifndef SPOOL_RECOVER_H
#define SPOOL_RECOVER_H

#include "spool/ledger.h"
#include "spool/layout.h"

struct recover_report {
	unsigned long documents;	/* open ones looked at */
	unsigned long finished;		/* steps completed */
	unsigned long dropped;		/* claims that never happened */
	unsigned long removed;		/* left-over files removed */
};

/*
 * Before anything else runs: finish the step that the ledger shows for every
 * open document (table in state.c), remove temporary files and private files
 * whose document is final, drop claims whose file never moved.  A private file
 * without any row is moved to <state>/lost/ and reported, never deleted.
 * Afterwards, by state: claimed out has DIR_WORK; sealed, sending, sent have
 * DIR_SEALED (or, sent, DIR_ARCHIVE); claimed and landed in have DIR_LANDED;
 * unsealed goes back to landed; passed has DIR_PLAIN unless delivered.
 */
enum gw_status recover_run(struct spool *, struct ledger *,
    struct recover_report *, struct why *);

/* One disagreement between ledger and folders, in words. */
typedef void (*fsck_fn)(void *ctx, const char *docid, const char *finding);
/* Changes nothing; may run beside the gateway only when it is stopped.
 * *findings counts the calls of fn. */
enum gw_status fsck_run(struct spool *, struct ledger *, fsck_fn, void *ctx,
    unsigned long *findings, struct why *);

#endif
