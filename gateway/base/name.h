/* base/name.h - which names from outside we are willing to carry. */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include "gateway/base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* A document's own name, in bytes without the NUL. */
#define NAME_MAX_BYTES 200
/* Partner and flow names: they become folders, commands and log fields. */
#define LABEL_MAX_BYTES 40

/*
 * May a document have this name?  Valid UTF-8 (no overlong forms, no
 * surrogates), 1 to 200 bytes, no control characters (C0, DEL, C1, and the
 * bidirectional overrides that make one name look like another), no '/', no
 * leading '-' or '.'.  `why` says what is wrong (REASON_BAD_NAME).
 */
bool name_check(const char *name, size_t len, struct why *why);
/* Is this a name that a writer uses until it is finished: hidden, or ending
 * in .tmp, .part or .filepart (any case)? */
bool name_is_temporary(const char *name);
/* Partner and flow: a-z, 0-9, '-' and '_', first a letter or digit, at most
 * 40 bytes. */
bool name_is_label(const char *name);

#endif
