/* config/config_value.h - what a value of each kind looks like. */
#ifndef GATEWAY_CONFIG_VALUE_H
#define GATEWAY_CONFIG_VALUE_H

#include "gateway/base/doc.h"

#include <stdbool.h>
#include <stdint.h>

/* "20M": a number and K, M or G (of 1024) or nothing. */
bool config_value_size(const char *text, uint64_t *bytes);
/* "30m": a number and ms, s, m, h or d; the unit is not optional. */
bool config_value_time(const char *text, int64_t *ms);
/* Digits alone, from min to max. */
bool config_value_number(
    const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* 40 or 64 hex digits, spaces between them allowed; out is upper case. */
bool config_value_fingerprint(const char *text, char out[DOC_FINGERPRINT_SIZE]);
/* "SHA256:" and 43 characters of base 64, as ssh-keygen -l prints it. */
bool config_value_host_key(const char *text);
/* Letters, digits, '.', '-', '_', first a letter or digit, up to 100: it
 * stands in message ids. */
bool config_value_gateway_id(const char *text);
/* A host name or address: what getaddrinfo() may be asked for. */
bool config_value_host(const char *text);

/*
 * The name under which documents are sent: {name}, {flow} and {id}, {id} at
 * least once, everything else literal; whatever the document is called, the
 * result must be a plain name that fits and does not look unfinished.  `why`
 * says what is wrong with it.
 */
bool config_value_template(const char *text, struct why *why);

/* `path` as seen from `folder` (absolute); malloc'd. */
char *config_value_path(const char *folder, const char *path);
/* Is this absolute path the folder itself or something below it? */
bool config_value_path_within(const char *path, const char *folder);

#endif
