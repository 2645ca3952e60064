/* spool/beside.h - a document and the text beside it, published as a pair;
 * for deliver.c and aside.c. */
#ifndef SPOOL_BESIDE_H
#define SPOOL_BESIDE_H

#include "spool/layout.h"

struct beside {
	struct docid id;
	int fromdir;        /* borrowed; where the document lies, */
	const char *from;   /* under which name */
	int todir;          /* borrowed */
	const char *name;   /* wanted there */
	const char *suffix; /* of the text: ".meta.json" */
	const char *text;
};

/*
 * The text appears as <name><suffix>, then the document as <name>; where one
 * of the two names is taken by others, or would be that of a text itself, as
 * <stem>.<id><ext>.  Nothing is ever replaced but a text of the same document
 * from an interrupted run.
 * used: the name that it got.  GW_NONE: the document is not in fromdir.
 */
enum gw_status beside_publish(struct spool *, const struct beside *,
    char used[DOC_FILE_SIZE], struct why *);
/* An earlier run moved the document: find out under which name, and write the
 * text again where a power cut left it empty. */
enum gw_status beside_finish(struct spool *, const struct beside *,
    char used[DOC_FILE_SIZE], struct why *);
/* Does the text beside <name> exist and tell of this document? */
bool beside_is_ours(const struct beside *);

#endif
