/* keys/packets/dearmor.h - the binary message inside an armored one, streaming. */
#ifndef KEYS_DEARMOR_H
#define KEYS_DEARMOR_H

#include "keys/packets/source.h"

/* A reader that removes the armor of one "PGP MESSAGE" (RFC 9580, 6.2) and
 * refuses anything but white space before and after it.  Headers and check
 * sum are read over: neither protects anything. */
struct dearmor;

/* Does a stream that starts with this octet need dearmor? */
bool dearmor_wanted(uint8_t first);
enum gw_status dearmor_open(
    struct source *from, uint64_t hint, struct source **out, struct why *);
void dearmor_close(struct source *);

#endif
