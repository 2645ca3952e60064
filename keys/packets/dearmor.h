/* keys/packets/dearmor.h - what stands in armor, streaming and strict. */
#ifndef KEYS_DEARMOR_H
#define KEYS_DEARMOR_H

#include "keys/packets/source.h"

/* Does a stream that starts with this octet need dearmor? */
bool dearmor_wanted(uint8_t first);

/* The blocks that a message is made of (RFC 9580, 6.2.1 and 7). */
enum dearmor_block {
	DEARMOR_MESSAGE,
	DEARMOR_CLEARTEXT, /* "PGP SIGNED MESSAGE": what follows is text */
	DEARMOR_SIGNATURE
};

/* Read up to the first line of a block, before which only white space (and a
 * byte order mark) may stand.  GW_REFUSED: it is something else. */
enum gw_status dearmor_begin(
    struct source *, enum dearmor_block *, struct why *);

/*
 * Behind that line: a reader that removes the armor of this block, and
 * refuses anything but white space after it.  Headers and check sum are read
 * over: neither protects anything (RFC 9580, 6.1.1 wants a wrong sum ignored).
 */
enum gw_status dearmor_open(struct source *from, enum dearmor_block,
    uint64_t hint, struct source **out, struct why *why);
void dearmor_close(struct source *);

#define DEARMOR_LINE_MAX 1000 /* of header lines; nobody writes longer ones */

/* One line without its end and trailing white space, as text; GW_NONE at the
 * end of input.  A line that does not fit is refused. */
enum gw_status dearmor_line(
    struct source *from, char line[DEARMOR_LINE_MAX + 1], struct why *why);

#endif
