/* config/config_keywords.h - look into the one table of keywords. */
#ifndef GATEWAY_CONFIG_KEYWORDS_H
#define GATEWAY_CONFIG_KEYWORDS_H

#include "gateway/config/config.h"

#include <stdbool.h>

/* The row of that keyword in that section; NULL when there is none. */
const struct config_keyword *config_keywords_find(
    const char *section, const char *name);
/* The keyword of the section (or else of any) that looks most like this
 * word; NULL when none is near enough to be meant. */
const struct config_keyword *config_keywords_near(
    const char *section, const char *word);

/* What stands after the keyword: { ... }, "name" { ... }, { "a", "b" }. */
bool config_keywords_is_section(const struct config_keyword *);
bool config_keywords_is_named(const struct config_keyword *);
bool config_keywords_is_list(const struct config_keyword *);
/* A kind like "in|out": is the word one of them?  -1: no, else which. */
int config_keywords_choice(const struct config_keyword *, const char *word);

#endif
