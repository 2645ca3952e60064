/* transports/ssh_key.c - make and describe the keys that log in over SSH. */
#include "transports/ssh_key.h"

#include "transports/ssh_policy.h"

#include <libssh/libssh.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SSH_KEY_RSA_BITS_MIN 3072
/* A private key as text: RSA-16384 needs 13 KiB. */
#define SSH_KEY_TEXT_MAX ((size_t)64 * 1024)

/*
 * Never ask for a passphrase: without a callback OpenSSL would prompt on the
 * terminal of whoever started us.
 */
static int
refuse_passphrase(const char *prompt, char *out, size_t len, int echo,
    int verify, void *asked)
{
	(void)prompt;
	(void)out;
	(void)len;
	(void)echo;
	(void)verify;
	*(bool *)asked = true;
	return -1;
}

enum gw_status
ssh_key_generate(struct buf *text, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	ssh_key key = NULL;
	char *armor = NULL;

	if (!ssh_policy_fresh_key(&key)) {
		why_set(why, REASON_INTERNAL, "the SSH key was not made");
		return st;
	}
	if (ssh_pki_export_privkey_base64(key, NULL, NULL, NULL, &armor) !=
	    SSH_OK) {
		why_set(why, REASON_INTERNAL,
		    "the SSH key cannot be written as text");
		goto free_key;
	}
	if (!buf_put_text(text, armor)) {
		why_set(why, REASON_INTERNAL, "no room for the SSH key");
		goto wipe_armor;
	}
	st = GW_OK;
wipe_armor:
	mem_wipe(armor, strlen(armor));
	ssh_string_free_char(armor);
free_key:
	ssh_key_free(key);
	return st;
}

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Decode up to the first padding or foreign character. */
static void
base64_decode(const char *text, struct buf *out)
{
	unsigned bits = 0, held = 0;
	int v;

	for (; (v = base64_value(*text)) >= 0; text++) {
		held = held << 6 | (unsigned)v;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			(void)buf_put_u8(out, (uint8_t)(held >> bits));
			held &= (1u << bits) - 1;
		}
	}
}

/* Bits of the modulus in an RSA public key (RFC 4253, 6.6): string, mpint e,
 * mpint n.  0 when it is not one.  libssh keeps the size to itself. */
static unsigned
rsa_bits(const char *public64)
{
	struct buf blob;
	const uint8_t *n = NULL;
	unsigned bits = 0;
	size_t len = 0;

	buf_init(&blob, SSH_KEY_TEXT_MAX);
	base64_decode(public64, &blob);
	for (int part = 0; part < 3; part++) {
		len = buf_get_u32(&blob);
		n = buf_take(&blob, len);
	}
	if (n != NULL && buf_done(&blob)) {
		while (len > 0 && *n == 0) {
			n++;
			len--;
		}
		bits = (unsigned)len * 8;
		for (unsigned top = 0x80; len > 0 && (*n & top) == 0; top >>= 1)
			bits--;
	}
	buf_free(&blob);
	return bits;
}

static enum gw_status
check_strength(ssh_key key, const char *public64, struct why *why)
{
	enum ssh_keytypes_e type = ssh_key_type(key);

	if (type == SSH_KEYTYPE_ED25519 || type == SSH_KEYTYPE_ECDSA_P256 ||
	    type == SSH_KEYTYPE_ECDSA_P384 || type == SSH_KEYTYPE_ECDSA_P521)
		return GW_OK;
	if (type != SSH_KEYTYPE_RSA) {
		why_set(why, REASON_WEAK, "an SSH key of type %s",
		    ssh_key_type_to_char(type));
		return GW_REFUSED;
	}
	if (rsa_bits(public64) < SSH_KEY_RSA_BITS_MIN) {
		why_set(why, REASON_WEAK, "an RSA key of %u bits, %d are asked",
		    rsa_bits(public64), SSH_KEY_RSA_BITS_MIN);
		return GW_REFUSED;
	}
	return GW_OK;
}

static enum gw_status
fill_facts(ssh_key key, struct ssh_key_facts *facts, struct why *why)
{
	unsigned char *hash = NULL;
	size_t hash_len = 0;
	char *text = NULL;
	enum gw_status st = GW_INTERNAL;

	snprintf(facts->type, sizeof(facts->type), "%s",
	    ssh_key_type_to_char(ssh_key_type(key)));
	if (ssh_get_publickey_hash(
		key, SSH_PUBLICKEY_HASH_SHA256, &hash, &hash_len) == SSH_OK &&
	    (text = ssh_get_fingerprint_hash(
		 SSH_PUBLICKEY_HASH_SHA256, hash, hash_len)) != NULL) {
		snprintf(
		    facts->fingerprint, sizeof(facts->fingerprint), "%s", text);
		st = GW_OK;
	} else {
		why_set(why, REASON_INTERNAL, "no fingerprint of the SSH key");
	}
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
	return st;
}

static enum gw_status
describe(ssh_key key, const char *comment, struct ssh_key_facts *facts,
    struct buf *line, struct why *why)
{
	enum gw_status st;
	char *public64 = NULL;

	if (ssh_pki_export_pubkey_base64(key, &public64) != SSH_OK) {
		why_set(why, REASON_INTERNAL, "no public part of the SSH key");
		return GW_INTERNAL;
	}
	if ((st = check_strength(key, public64, why)) != GW_OK ||
	    (st = fill_facts(key, facts, why)) != GW_OK)
		goto free_public;
	if (line != NULL &&
	    !buf_printf(line, "%s %s%s%s", facts->type, public64,
		comment != NULL ? " " : "", comment != NULL ? comment : "")) {
		why_set(why, REASON_INTERNAL, "no room for the public key");
		st = GW_INTERNAL;
	}
free_public:
	ssh_string_free_char(public64);
	return st;
}

enum gw_status
ssh_key_describe(const void *text, size_t len, const char *comment,
    struct ssh_key_facts *facts, struct buf *line, struct why *why)
{
	enum gw_status st = GW_REFUSED;
	ssh_key key = NULL;
	bool asked = false;
	char *copy;

	memset(facts, 0, sizeof(*facts));
	if (len > SSH_KEY_TEXT_MAX || memchr(text, '\0', len) != NULL) {
		why_set(why, REASON_MALFORMED, "not a private SSH key");
		return GW_REFUSED;
	}
	if ((copy = malloc(len + 1)) == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (ssh_pki_import_privkey_base64(
		copy, NULL, refuse_passphrase, &asked, &key) != SSH_OK)
		why_set(why, asked ? REASON_KEY_UNUSABLE : REASON_MALFORMED,
		    asked ? "the SSH key is protected by a passphrase; remove "
			    "it with ssh-keygen -p"
			  : "not a private SSH key in OpenSSH or PEM form");
	else
		st = describe(key, comment, facts, line, why);
	ssh_key_free(key);
	mem_wipe(copy, len);
	free(copy);
	return st;
}
