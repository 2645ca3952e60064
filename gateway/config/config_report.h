/* config/config_report.h - gather what is wrong, tell it in file order. */
#ifndef GATEWAY_CONFIG_REPORT_H
#define GATEWAY_CONFIG_REPORT_H

#include "gateway/config/config.h"

#include <stddef.h>

struct config_report;

/* Told by config_report_tell(), sorted by file (in the order in which they
 * were first mentioned) and line. */
struct config_report *config_report_new(void);
void config_report_free(struct config_report *);
void config_report_add(struct config_report *, const char *file, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
size_t config_report_count(const struct config_report *);
void config_report_tell(struct config_report *, config_error_fn, void *ctx);

#endif
