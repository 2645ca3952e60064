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

static const struct sop_option only_no_armor[] = { NO_ARMOR, { 0 } };

static const struct sop_option version_options[] = {
	FLAG("backend", backend, "of the library that does the arithmetic"),
	FLAG("extended", extended, "all of it, in several lines"),
	FLAG("sop-spec", sop_spec, "which specification this follows"),
	FLAG("sopv", sopv, "of the subset that only verifies"), { 0 }
};

static const struct sop_option generate_options[] = { NO_ARMOR, PROFILE,
	LIST("with-key-password", with_key_password, "PASSWORD",
	    "locks the key"),
	FLAG("signing-only", signing_only, "no subkey to encrypt to"), { 0 } };

static const struct sop_option password_options[] = { NO_ARMOR,
	LIST("old-key-password", old_key_password, "PASSWORD",
	    "unlocks the key"),
	VALUE("new-key-password", new_key_password, "PASSWORD",
	    "locks it; without, it is left unlocked"),
	{ 0 } };

static const struct sop_option revoke_options[] = { NO_ARMOR, KEY_PASSWORD,
	{ 0 } };

static const struct sop_option sign_options[] = { NO_ARMOR, AS_TEXT,
	KEY_PASSWORD,
	VALUE("micalg-out", micalg_out, "MICALG",
	    "the hash, as a mail header names it"),
	{ 0 } };

static const struct sop_option inline_sign_options[] = { NO_ARMOR,
	VALUE("as", as, "binary|text|clearsigned", "what the data is (binary)"),
	KEY_PASSWORD, { 0 } };

static const struct sop_option encrypt_options[] = { NO_ARMOR, AS_TEXT,
	VALUE("for", purpose, "any", "only this is known"),
	LIST("with-password", with_password, "PASSWORD", "opens it, too"),
	LIST("sign-with", sign_with, "KEYS", "sign inside"), KEY_PASSWORD,
	PROFILE,
	VALUE("session-key-out", session_key_out, "SESSIONKEY",
	    "what it is encrypted with"),
	{ 0 } };

static const struct sop_option update_options[] = { NO_ARMOR, KEY_PASSWORD,
	FLAG("signing-only", signing_only, "add no subkey to encrypt to"),
	FLAG("no-added-capabilities", no_added_capabilities,
	    "announce nothing that the key did not announce before"),
	LIST("merge-certs", merge_certs, "CERTS", "take in what these know"),
	{ 0 } };

static const struct sop_option verify_options[] = { NOT_BEFORE, NOT_AFTER,
	{ 0 } };

static const struct sop_option decrypt_options[] = {
	LIST("with-password", with_password, "PASSWORD", "opens the message"),
	LIST("with-session-key", with_session_key, "SESSIONKEY",
	    "opens it without any key"),
	KEY_PASSWORD,
	LIST("verify-with", verify_with, "CERTS", "who may have signed"),
	VALUE("verifications-out", verifications_out, "VERIFICATIONS",
	    "a line for each signature that counts"),
	VALUE("verify-out", verifications_out, "VERIFICATIONS",
	    "the same, by its old name"),
	VALUE("verify-not-before", not_before, "DATE",
	    "older signatures do not count"),
	VALUE("verify-not-after", not_after, "DATE",
	    "newer signatures do not count (now)"),
	VALUE("session-key-out", session_key_out, "SESSIONKEY",
	    "what opened the message"),
	{ 0 }
};

static const struct sop_option armor_options[] = {
	VALUE("label", label, "auto|sig|key|cert|message",
	    "what it is called (auto)"),
	{ 0 }
};

static const struct sop_option detach_options[] = { NO_ARMOR,
	VALUE("signatures-out", signatures_out, "SIGNATURES",
	    "where they go; needed"),
	{ 0 } };

static const struct sop_option inline_verify_options[] = { NOT_BEFORE,
	NOT_AFTER,
	VALUE("verifications-out", verifications_out, "VERIFICATIONS",
	    "a line for each signature that counts"),
	{ 0 } };

const struct sop_command sop_table[] = { { "version", sop_version,
					     version_options, "", 0, 0,
					     "which program this is" },
	{ "list-profiles", sop_list_profiles, no_options, "SUBCOMMAND", 1, 1,
	    "what --profile may say" },
	{ "generate-key", sop_generate_key, generate_options, "[USERID...]", 0,
	    64, "make a secret key" },
	{ "change-key-password", sop_change_key_password, password_options, "",
	    0, 0, "lock secret keys anew" },
	{ "revoke-key", sop_revoke_key, revoke_options, "", 0, 0,
	    "end keys for good: their revoked certificates" },
	{ "extract-cert", sop_extract_cert, only_no_armor, "", 0, 0,
	    "the certificates of secret keys" },
	{ "update-key", sop_update_key, update_options, "", 0, 0,
	    "keep secret keys fit for use" },
	{ "merge-certs", sop_merge_certs, only_no_armor, "[CERTS...]", 0,
	    SOP_LIST_MAX, "add what other copies know" },
	{ "sign", sop_sign, sign_options, "KEYS...", 1, SOP_LIST_MAX,
	    "make a detached signature" },
	{ "verify", sop_verify, verify_options, "SIGNATURES CERTS...", 2,
	    SOP_LIST_MAX, "check detached signatures" },
	{ "encrypt", sop_encrypt, encrypt_options, "[CERTS...]", 0,
	    SOP_LIST_MAX, "encrypt, and sign on the way" },
	{ "decrypt", sop_decrypt, decrypt_options, "[KEYS...]", 0, SOP_LIST_MAX,
	    "decrypt, and verify what is inside" },
	{ "armor", sop_armor, armor_options, "", 0, 0, "binary to text" },
	{ "dearmor", sop_dearmor, no_options, "", 0, 0, "text to binary" },
	{ "inline-detach", sop_inline_detach, detach_options, "", 0, 0,
	    "split a signed message" },
	{ "inline-verify", sop_inline_verify, inline_verify_options, "CERTS...",
	    1, SOP_LIST_MAX, "check a signed message" },
	{ "inline-sign", sop_inline_sign, inline_sign_options, "KEYS...", 1,
	    SOP_LIST_MAX, "make a signed message" },
	{ 0 } };
