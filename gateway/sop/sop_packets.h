/* gateway/sop/sop_packets.h - which kind of packets, and how they are shown. */
#ifndef GATEWAY_SOP_SOP_PACKETS_H
#define GATEWAY_SOP_SOP_PACKETS_H

#include "gateway/base/buf.h"
#include "gateway/base/status.h"

/* The armor label (RFC 9580, 6.2.1) of packets that begin like this; NULL:
 * they are none of OpenPGP.  len > 0. */
const char *sop_packets_label(const uint8_t *, size_t len);
/* Does armor of these have a check sum? */
bool sop_packets_sum(const uint8_t *, size_t len);

/* Append them as text. */
enum gw_status sop_packets_armor(const char *label, const struct buf *packets,
    struct buf *out, struct why *);
/* Write them to standard output, armored or as they are.  SOP_OK or an exit
 * code, after having said why. */
int sop_packets_print(
    const char *label, const struct buf *packets, bool armored);

#endif
