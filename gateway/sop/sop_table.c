/* gateway/sop/sop_table.c - the subcommands and their options. */
#include "gateway/sop/sop_table.h"

#include "gateway/sop/sop_commands.h"

#define FLAG(name, field, does)                                                \
	{                                                                      \
		name, SOP_FLAG, offsetof(struct sop_options, field), NULL,     \
		    does                                                       \
	}
#define VALUE(name, field, value, does)                                        \
	{                                                                      \
		name, SOP_VALUE, offsetof(struct sop_options, field), value,   \
		    does                                                       \
	}
#define LIST(name, field, value, does)                                         \
	{                                                                      \
		name, SOP_LIST, offsetof(struct sop_options, field), value,    \
		    does                                                       \
	}
#define NO_ARMOR FLAG("no-armor", no_armor, "binary output")
#define KEY_PASSWORD                                                           \
	LIST("with-key-password", with_key_password, "PASSWORD",               \
	    "unlocks the keys")
#define AS_TEXT VALUE("as", as, "binary|text", "what the data is (binary)")
#define PROFILE VALUE("profile", profile, "PROFILE", "see list-profiles")
#define NOT_BEFORE                                                             \
	VALUE("not-before", not_before, "DATE", "older signatures do not count")
#define NOT_AFTER                                                              \
	VALUE("not-after", not_after, "DATE",                                  \
	    "newer signatures do not count (now)")

static const struct sop_option no_options[] = { { 0 } };

static const struct sop_option version_options[] = {
	FLAG("backend", backend, "of the library that does the arithmetic"),
	FLAG("extended", extended, "all of it, in several lines"),
	FLAG("sop-spec", sop_spec, "which specification this follows"),
	FLAG("sopv", sopv, "of the subset that only verifies"), { 0 }
};

const struct sop_command sop_table[] = { { "version", sop_version,
					     version_options, "", 0, 0,
					     "which program this is" },
	{ "list-profiles", sop_list_profiles, no_options, "SUBCOMMAND", 1, 1,
	    "what --profile may say" },
	{ 0 } };
