/* gateway/sop/sop_options.h - the words behind a subcommand. */
#ifndef GATEWAY_SOP_SOP_OPTIONS_H
#define GATEWAY_SOP_SOP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define SOP_LIST_MAX 256

struct sop_list {
	const char *at[SOP_LIST_MAX]; /* argv's */
	size_t count;
};

/* Everything that any subcommand can be told; each knows some of it. */
struct sop_options {
	bool help, debug;
	bool no_armor;
	bool backend, extended, sop_spec, sopv;
	bool signing_only, no_added_capabilities;
	const char *as, *purpose, *profile, *label;
	const char *not_before, *not_after;
	const char *micalg_out, *signatures_out;
	const char *verifications_out, *session_key_out;
	const char *new_key_password;
	struct sop_list old_key_password;
	struct sop_list with_password, with_key_password, with_session_key;
	struct sop_list sign_with, verify_with, merge_certs;
	struct sop_list words; /* what is not an option */
};

enum sop_option_kind {
	SOP_FLAG,  /* bool */
	SOP_VALUE, /* const char *, at most once */
	SOP_LIST   /* struct sop_list, any number of times */
};

/* One option of one subcommand; a table of them ends with name == NULL. */
struct sop_option {
	const char *name; /* without the dashes */
	enum sop_option_kind kind;
	size_t offset; /* in struct sop_options */
	const char *value, *does;
};

/*
 * Read argv[1] and so on; --help, -h and --debug are known everywhere.
 * Options may stand anywhere before "--"; no abbreviations.  Returns SOP_OK
 * or an exit code, after having said why.
 */
int sop_options_read(const struct sop_option *table, int argc, char **argv,
    struct sop_options *);

/* Print the table for people. */
void sop_options_print(const struct sop_option *table);

#endif
