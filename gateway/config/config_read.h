/* config/config_read.h - from values as written to a checked config. */
#ifndef GATEWAY_CONFIG_READ_H
#define GATEWAY_CONFIG_READ_H

#include "gateway/config/config_report.h"
#include "gateway/config/config_text.h"

/*
 * Read one file into the config, adding everything that is wrong with it to
 * the report.  Fields that were wrong keep their zero.  `file` is absolute
 * and must live as long as the config.  *partners receives, from
 * waybill.conf, the absolute pattern of the partners' files (malloc'd); it
 * stays untouched when that could not be read.
 */
void config_read_file(struct config *, const char *file, enum config_file,
    struct config_report *, char **partners);

#endif
