/* gateway/inspect/xml.h - is this document well-formed XML? */
#ifndef GATEWAY_INSPECT_XML_H
#define GATEWAY_INSPECT_XML_H

#include "gateway/base/status.h"

#include <stdint.h>

/* Once per process, before the sandbox closes: loads the character sets, so
 * that no file is needed later.  Without it, and where libxml2 converts with the
 * C library, only UTF-8, UTF-16, ASCII and ISO-8859-1 can be read. */
void xml_start(void);

/*
 * Read `size` bytes from the start of fd (its position stays) and say whether
 * they are one well-formed XML document, with respect to namespaces too.
 * A DOCTYPE is refused, so there are no entities to expand and nothing to
 * fetch; XInclude and schema locations are only text.  Memory does not
 * depend on size: bounded are nesting, attributes, and the length of a tag,
 * comment or instruction (text and CDATA may have any length).
 * GW_REFUSED: REASON_CONTENT, with the line where it first went wrong.
 * GW_INTERNAL: fd could not be read or holds another number of bytes.
 */
enum gw_status xml_check(int fd, uint64_t size, struct why *);

#endif
