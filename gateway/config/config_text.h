/* config/config_text.h - check a file's structure, ready it for libConfuse. */
#ifndef GATEWAY_CONFIG_TEXT_H
#define GATEWAY_CONFIG_TEXT_H

#include "gateway/base/buf.h"
#include "gateway/config/config_keywords.h"
#include "gateway/config/config_report.h"

#include <stdbool.h>

#define CONFIG_TEXT_MAX ((size_t)1024 * 1024)

/* A section as it was opened. */
struct config_section {
	const struct config_keyword *keyword;
	unsigned line;
	char *title; /* "" for sections without a name */
};

/* In the order in which they stand in the file. */
struct config_sections {
	struct config_section *item;
	size_t count;
};

enum config_file {
	CONFIG_FILE_MAIN,   /* waybill.conf */
	CONFIG_FILE_PARTNER /* named by `partners`: only partner sections */
};

/*
 * libConfuse stops at its first error, and what it says of unknown keywords
 * and of comments moves its line numbers.  So the structure is checked here,
 * in one walk that goes on after errors: unknown, misplaced, repeated and
 * missing keywords, braces, quotes.  Comments, section names and every
 * statement that was refused become blanks in `text`; what is left libConfuse
 * reads without complaint and with the right lines.
 * True: go on with libConfuse (there may be problems all the same).
 * *sections is released with config_sections_free() in either case.
 */
bool config_text_prepare(struct buf *text, const char *file, enum config_file,
    struct config_report *, struct config_sections *);
void config_sections_free(struct config_sections *);
/* The n-th section (from 0) of that keyword; NULL when there are fewer. */
const struct config_section *config_sections_nth(
    const struct config_sections *, const struct config_keyword *, size_t n);

#endif
