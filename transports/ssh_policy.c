/* transports/ssh_policy.c - which SSH algorithms we speak, and no others. */
#include "transports/ssh_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * chacha20-poly1305 is left out on purpose: it is safe only with strict key
 * exchange (Terrapin, CVE-2023-48795), and libssh does not tell us whether
 * the server took part in that.  AES-GCM and encrypt-then-MAC with CTR do not
 * depend on it, and every server that knows strict key exchange knows GCM.
 */
#define CIPHERS "aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes256-ctr"
const char *const ssh_policy_ciphers[] = { "aes128-gcm@openssh.com",
	"aes256-gcm@openssh.com", "aes256-ctr", NULL };

#define MACS "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com"

/* libssh drops the names that its version does not know, so the
 * post-quantum hybrids stand first and come into use by themselves. */
#define KEXES                                                                  \
	"mlkem768x25519-sha256,sntrup761x25519-sha512,"                        \
	"sntrup761x25519-sha512@openssh.com,curve25519-sha256,"                \
	"curve25519-sha256@libssh.org,diffie-hellman-group16-sha512,"          \
	"diffie-hellman-group18-sha512"

#define USER_KEYS                                                              \
	"ssh-ed25519,rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,"           \
	"ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"

/* Pinned keys are agreed between people, so 2048 bits are bearable there;
 * many partners' servers have nothing longer. */
#define RSA_MIN_BITS 2048

struct key_type {
	const char *name; /* as ssh-keygen -l and the wire write it */
	const char *algorithms;
};

/* In order of preference for pins that do not say. */
static const struct key_type key_types[] = {
	{ "ssh-ed25519", "ssh-ed25519" },
	{ "ssh-rsa", "rsa-sha2-512,rsa-sha2-256" },
	{ "ecdsa",
	    "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521" },
};
#define KEY_TYPES (sizeof(key_types) / sizeof(key_types[0]))

struct setting {
	enum ssh_options_e option;
	const char *value;
};

enum gw_status
ssh_policy_apply(ssh_session session, struct why *why)
{
	/* The directories keep libssh from looking up and reading the home of
	 * whoever runs us; nothing below them is ever opened. */
	static const struct setting texts[] = {
		{ SSH_OPTIONS_SSH_DIR, "/nonexistent" },
		{ SSH_OPTIONS_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_KEY_EXCHANGE, KEXES },
		{ SSH_OPTIONS_CIPHERS_C_S, CIPHERS },
		{ SSH_OPTIONS_CIPHERS_S_C, CIPHERS },
		{ SSH_OPTIONS_HMAC_C_S, MACS },
		{ SSH_OPTIONS_HMAC_S_C, MACS },
		{ SSH_OPTIONS_COMPRESSION_C_S, "none" },
		{ SSH_OPTIONS_COMPRESSION_S_C, "none" },
		{ SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, USER_KEYS },
	};
	static const int off = 0, rsa_min = RSA_MIN_BITS;
	bool config = false;
	int ok = 0;

	/* From 0.12 on it looks for the home all the same, to give names to
	 * keys that we do not use, and where the sandbox keeps the users from
	 * it this is what it falls back on; without, it does not connect. */
	ok |= setenv("HOME", "/nonexistent", 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ok |= ssh_options_set(session, texts[i].option, texts[i].value);
	ok |= ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &config);
	ok |= ssh_options_set(session, SSH_OPTIONS_RSA_MIN_SIZE, &rsa_min);
	ok |= ssh_options_set(session, SSH_OPTIONS_PASSWORD_AUTH, &off);
	ok |= ssh_options_set(session, SSH_OPTIONS_KBDINT_AUTH, &off);
	ok |= ssh_options_set(session, SSH_OPTIONS_GSSAPI_AUTH, &off);
	if (ok != 0) {
		why_set(why, REASON_INTERNAL,
		    "libssh does not take our "
		    "algorithms: %s",
		    ssh_get_error(session));
		return GW_INTERNAL;
	}
	return GW_OK;
}

/* The type that a pin names, or NULL. */
static const struct key_type *
pin_type(const char *pin)
{
	const char *name = strchr(pin, ' ');

	for (size_t i = 0; name != NULL && i < KEY_TYPES; i++) {
		size_t n = strlen(key_types[i].name);

		if (strncmp(name + 1, key_types[i].name, n) == 0)
			return &key_types[i];
	}
	return NULL;
}

static void
append(char *out, size_t size, const char *algorithms)
{
	size_t n = strlen(out);

	if (strstr(out, algorithms) == NULL)
		snprintf(
		    out + n, size - n, "%s%s", n > 0 ? "," : "", algorithms);
}

void
ssh_policy_host_keys(
    const char *const *pins, size_t count, char *out, size_t size)
{
	bool any = count == 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct key_type *t = pin_type(pins[i]);

		if (t != NULL)
			append(out, size, t->algorithms);
		else
			any = true;
	}
	for (size_t i = 0; any && i < KEY_TYPES; i++)
		append(out, size, key_types[i].algorithms);
}

bool
ssh_policy_pinned(
    const char *const *pins, size_t count, const char *fingerprint)
{
	size_t n = strlen(fingerprint);

	for (size_t i = 0; i < count; i++)
		if (strncmp(pins[i], fingerprint, n) == 0 &&
		    (pins[i][n] == '\0' || pins[i][n] == ' '))
			return true;
	return false;
}

bool
ssh_policy_fresh_key(ssh_key *key)
{
	*key = NULL;
#if LIBSSH_VERSION_INT < SSH_VERSION_INT(0, 12, 0)
	return ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, key) == SSH_OK;
#else
	return ssh_pki_generate_key(SSH_KEYTYPE_ED25519, NULL, key) == SSH_OK;
#endif
}
