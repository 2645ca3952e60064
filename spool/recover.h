/* spool/recover.h - make folders agree with the ledger after any end. */
#ifndef SPOOL_RECOVER_H
#define SPOOL_RECOVER_H

#include "spool/ledger.h"
#include "spool/layout.h"

struct recover_report {
	unsigned long documents; /* open ones looked at */
	unsigned long finished;  /* steps completed */
	unsigned long dropped;   /* claims that never happened */
	unsigned long removed;   /* left-over files removed */
	unsigned long lost;      /* files that no row speaks for */
	unsigned long missing;   /* rows whose file is nowhere */
};

/*
 * Before anything else runs: finish the step that the ledger shows for every
 * open document (table in state.c), remove temporary files and private files
 * whose document is final, drop claims whose file never moved.  A private file
 * without any row is moved to <state>/lost/<folder>.<id> and reported, never
 * deleted.  A document whose file is nowhere, which only a damaged disk or a
 * stranger's hand can do, is held (sent: closed; in: quarantined) with the
 * reason, not forgotten.  Running it again changes nothing.
 * Afterwards, by state: claimed out has DIR_WORK; sealed, sending, sent have
 * DIR_SEALED (or, sent, DIR_ARCHIVE); claimed and landed in have DIR_LANDED;
 * unsealed goes back to landed; passed has DIR_PLAIN, or lies in its delivery
 * folder with a text that a power cut left empty: deliver_document() again.
 */
enum gw_status recover_run(
    struct spool *, struct ledger *, struct recover_report *, struct why *);

/* One disagreement between ledger and folders, in words. */
typedef void (*fsck_fn)(void *ctx, const char *docid, const char *finding);
/* Changes nothing; may run beside the gateway only when it is stopped.
 * *findings counts the calls of fn. */
enum gw_status fsck_run(struct spool *, struct ledger *, fsck_fn, void *ctx,
    unsigned long *findings, struct why *);

#endif
