/* base/docid.h - the identity of one document. */
#ifndef BASE_DOCID_H
#define BASE_DOCID_H

#include <stdbool.h>

/*
 * 26 characters of Crockford's base 32: 48 bits of wall-clock milliseconds,
 * then 80 random bits.  They sort by time of birth, are safe in file names
 * on every system, and are never reused.
 */
#define DOCID_LEN 26

struct docid {
	char text[DOCID_LEN + 1];
};

/* A fresh id.  Ends the process when the kernel has no random numbers. */
struct docid docid_new(void);
/* Is this text an id, in its canonical (upper-case) form? */
bool docid_valid(const char *text);
/* Set *id from text; false and an empty id when it is not one. */
bool docid_parse(const char *text, struct docid *id);

#endif
