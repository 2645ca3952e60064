/* gateway/sop/sop_table.h - the subcommands and their options. */
#ifndef GATEWAY_SOP_SOP_TABLE_H
#define GATEWAY_SOP_SOP_TABLE_H

#include "gateway/sop/sop_options.h"

struct sop_command {
	const char *name;
	int (*run)(const struct sop_options *);
	const struct sop_option *options;
	const char *words;           /* what is not an option, for people */
	size_t words_min, words_max; /* how many of those */
	const char *does;            /* begins with a small letter */
};

/* Ends with name == NULL. */
extern const struct sop_command sop_table[];

#endif
