/* gateway/report.h - what is told about a document, as JSON. */
#ifndef GATEWAY_REPORT_H
#define GATEWAY_REPORT_H

#include "gateway/config/config.h"

/* Each returns a text that is the caller's to free(); never NULL. */

/* <name>.reason.json beside a returned or quarantined document. */
char *report_reason(const struct config *, const struct doc *);
/* <name>.meta.json beside a delivered document. */
char *report_meta(const struct config *, const struct doc *);
/* status/<partner>/<id>.json; stage is accepted, sent, held or failed. */
char *report_status(
    const struct config *, const struct doc *, const char *stage);

#endif
