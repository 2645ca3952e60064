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

static const struct sop_option only_no_armor[] = { NO_ARMOR, { 0 } };

static const struct sop_option verify_options[] = { NOT_BEFORE, NOT_AFTER,
	{ 0 } };

static const struct sop_option detach_options[] = { NO_ARMOR,
	VALUE("signatures-out", signatures_out, "SIGNATURES",
	    "where they go; needed"),
	{ 0 } };

static const struct sop_option inline_verify_options[] = { NOT_BEFORE,
	NOT_AFTER,
	VALUE("verifications-out", verifications_out, "VERIFICATIONS",
	    "a line for each signature that counts"),
	{ 0 } };

const struct sop_command sop_table[] = {
	{ "merge-certs", sop_merge_certs, only_no_armor, "[CERTS...]", 0,
	    SOP_LIST_MAX, "add what other copies know" },
	{ "verify", sop_verify, verify_options, "SIGNATURES CERTS...", 2,
	    SOP_LIST_MAX, "check detached signatures" },
	{ "inline-detach", sop_inline_detach, detach_options, "", 0, 0,
	    "split a signed message" },
	{ "inline-verify", sop_inline_verify, inline_verify_options, "CERTS...",
	    1, SOP_LIST_MAX, "check a signed message" },
	{ 0 }
};
