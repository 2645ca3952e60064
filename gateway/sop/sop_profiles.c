/* gateway/sop/sop_profiles.c - PROFILE arguments. */
#include "gateway/sop/sop_profiles.h"

#include "gateway/sop/sop_fail.h"

#include <stdio.h>
#include <string.h>

/*
 * At most four may be listed, and the first is called default (PROFILELIST in
 * the draft).  The others, without description, are for those who test one
 * implementation against another.
 */
static const struct {
	const char *name;
	struct sop_key_profile how;
	const char *does;
} key_profiles[] = {
	{ "default", { SECRET_ED25519, 4, true },
	    "version 4, Ed25519 and Curve25519; reads old and new messages" },
	{ "rfc9580", { SECRET_ED25519, 6, true },
	    "version 6, Ed25519 and X25519" },
	{ "rfc4880", { SECRET_ED25519, 4, false },
	    "version 4, Ed25519 and Curve25519; announces no AEAD" },
	{ "rfc9980", { SECRET_MLDSA, 6, true },
	    "version 6, post-quantum: ML-DSA-65+Ed25519, ML-KEM-768+X25519" },
	{ "compatibility", { SECRET_ED25519, 4, false }, NULL },
	{ "performance", { SECRET_ED25519, 4, true }, NULL },
	{ "security", { SECRET_ED25519, 6, true }, NULL },
};

static const struct {
	const char *name;
	enum secret_kind kind;
} kinds[] = {
	{ "ed25519", SECRET_ED25519 },
	{ "ed448", SECRET_ED448 },
	{ "rsa3072", SECRET_RSA3072 },
	{ "rsa4096", SECRET_RSA4096 },
	{ "nistp256", SECRET_NISTP256 },
	{ "nistp384", SECRET_NISTP384 },
	{ "nistp521", SECRET_NISTP521 },
	{ "brainpoolp256", SECRET_BRAINPOOLP256 },
	{ "brainpoolp384", SECRET_BRAINPOOLP384 },
	{ "brainpoolp512", SECRET_BRAINPOOLP512 },
	{ "mlkem", SECRET_MLKEM },
	{ "mldsa", SECRET_MLDSA },
};

static const struct {
	const char *name;
	struct sop_message_profile how;
	const char *does;
} message_profiles[] = {
	{ "default", { SEAL_AUTO, false, false },
	    "AEAD if all recipients announce it, else SEIPD version 1" },
	{ "rfc9580", { SEAL_SEIPD2, true, false },
	    "SEIPD version 2 (OCB), Argon2 for passwords" },
	{ "rfc4880", { SEAL_SEIPD1, false, false }, "SEIPD version 1" },
	{ "librepgp", { SEAL_LIBREPGP, false, false },
	    "packet type 20 (OCB), which only GnuPG 2.4 reads" },
	{ "compatibility", { SEAL_SEIPD1, false, false }, NULL },
	{ "performance", { SEAL_AUTO, false, false }, NULL },
	{ "security", { SEAL_SEIPD2, true, false }, NULL },
	{ "compressed", { SEAL_AUTO, false, true }, NULL },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define V6           "-v6"

/* "nistp256", or "nistp256-v6". */
static bool
find_kind(const char *name, struct sop_key_profile *out)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		size_t n = strlen(kinds[i].name);

		if (strncmp(name, kinds[i].name, n) != 0 ||
		    (name[n] != '\0' && strcmp(name + n, V6) != 0))
			continue;
		out->kind = kinds[i].kind;
		out->announce_seipd2 = true;
		out->version =
		    name[n] != '\0' || kinds[i].kind == SECRET_MLDSA ? 6 : 4;
		return true;
	}
	return false;
}

int
sop_profiles_key(const char *name, struct sop_key_profile *out)
{
	struct why why;
	bool known = false;

	if (name == NULL)
		name = "default";
	for (size_t i = 0; i < COUNT(key_profiles) && !known; i++) {
		known = strcmp(name, key_profiles[i].name) == 0;
		if (known)
			*out = key_profiles[i].how;
	}
	if (!known && !find_kind(name, out))
		return sop_fail(SOP_UNSUPPORTED_PROFILE,
		    "there is no profile %s; list-profiles generate-key tells",
		    name);
	if (secret_kind_possible(out->kind, &why) == GW_OK)
		return SOP_OK;
	return sop_fail(
	    SOP_UNSUPPORTED_PROFILE, "profile %s: %s", name, why.text);
}

int
sop_profiles_message(const char *name, struct sop_message_profile *out)
{
	if (name == NULL)
		name = "default";
	for (size_t i = 0; i < COUNT(message_profiles); i++)
		if (strcmp(name, message_profiles[i].name) == 0) {
			*out = message_profiles[i].how;
			return SOP_OK;
		}
	return sop_fail(SOP_UNSUPPORTED_PROFILE,
	    "there is no profile %s; list-profiles encrypt tells", name);
}

enum secret_lock_kind
sop_profiles_lock(int version)
{
	return version == 6 ? SECRET_LOCK_ARGON2 : SECRET_LOCK_ITERATED;
}

static void
list_key_profiles(void)
{
	struct why why;

	for (size_t i = 0; i < COUNT(key_profiles); i++)
		if (key_profiles[i].does != NULL &&
		    secret_kind_possible(key_profiles[i].how.kind, &why) ==
			GW_OK)
			printf("%s: %s\n", key_profiles[i].name,
			    key_profiles[i].does);
}

int
sop_profiles_list(const char *command)
{
	if (strcmp(command, "generate-key") == 0) {
		list_key_profiles();
		return SOP_OK;
	}
	if (strcmp(command, "encrypt") == 0) {
		for (size_t i = 0; i < COUNT(message_profiles); i++)
			if (message_profiles[i].does != NULL)
				printf("%s: %s\n", message_profiles[i].name,
				    message_profiles[i].does);
		return SOP_OK;
	}
	return sop_fail(SOP_UNSUPPORTED_PROFILE, "%s has no profiles", command);
}
