/* gateway/sop/sop_key.c - generate-key, change-key-password, revoke-key. */
#include "gateway/sop/sop_commands.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/base/utf8.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "gateway/sop/sop_packets.h"
#include "gateway/sop/sop_profiles.h"
#include "gateway/sop/sop_secrets.h"
#include "keys/packets/armor.h"

#include <string.h>
#include <unistd.h>

#define KEY_TEXT_MAX ((size_t)256 * 1024)

static time_t
now(void)
{
	return (time_t)(clock_wall_ms() / 1000);
}

/* RFC 9580, 5.11: UTF-8.  Control characters would only fool a reader. */
static int
check_user_id(const char *text)
{
	for (size_t left = strlen(text), n; left > 0; text += n, left -= n) {
		uint32_t cp;

		if ((n = utf8_next(text, left, &cp)) == 0 ||
		    utf8_is_control(cp))
			return sop_fail(SOP_EXPECTED_TEXT,
			    "a user id is UTF-8 without control characters");
	}
	return SOP_OK;
}

static int
print_key(const struct secret_params *params, bool armored)
{
	struct secret *secret = NULL;
	struct buf text, binary;
	enum gw_status st;
	struct why why;

	buf_init_secret(&text, KEY_TEXT_MAX);
	buf_init_secret(&binary, KEY_TEXT_MAX);
	st = secret_generate(params, &text, &secret, &why);
	if (st == GW_OK && !armored)
		st = armor_read(
		    ARMOR_PRIVATE_KEY, text.data, text.len, &binary, &why);
	if (st == GW_OK)
		st = armored ? fd_write_all(
				   STDOUT_FILENO, text.data, text.len, &why)
			     : fd_write_all(STDOUT_FILENO, binary.data,
				   binary.len, &why);
	secret_free(secret);
	buf_free(&binary);
	buf_free(&text);
	return st == GW_OK ? SOP_OK : sop_fail(SOP_FAILED, "%s", why.text);
}

int
sop_generate_key(const struct sop_options *o)
{
	struct sop_passwords passwords = { .count = 0 };
	struct secret_params params = { .sign_only = o->signing_only };
	struct sop_key_profile profile = { .version = 4 };
	int rc = SOP_OK;

	if (o->with_key_password.count > 1)
		return sop_fail(SOP_INCOMPATIBLE_OPTIONS,
		    "a key is protected by one --with-key-password");
	for (size_t i = 0; i < o->words.count && rc == SOP_OK; i++)
		rc = check_user_id(o->words.at[i]);
	if (rc == SOP_OK && o->with_key_password.count == 1)
		rc = sop_passwords_make(o->with_key_password.at[0], &passwords);
	if (rc == SOP_OK && (rc = sop_secrets_start()) == SOP_OK)
		rc = sop_profiles_key(o->profile, &profile);
	if (rc == SOP_OK) {
		params.kind = profile.kind;
		params.version = profile.version;
		params.announce_seipd2 = profile.announce_seipd2;
		params.lock = sop_profiles_lock(profile.version);
		params.user_ids = o->words.at;
		params.user_id_count = o->words.count;
		params.created = now();
		params.passphrase =
		    passwords.count > 0 ? passwords.at[0] : NULL;
		rc = print_key(&params, !o->no_armor);
	}
	sop_passwords_free(&passwords);
	return rc;
}

int
sop_change_key_password(const struct sop_options *o)
{
	struct sop_passwords old = { .count = 0 }, new = { .count = 0 };
	struct sop_secrets secrets = { .count = 0 };
	int rc;

	if ((rc = sop_secrets_start()) == SOP_OK &&
	    (rc = sop_passwords_try(&o->old_key_password, &old)) == SOP_OK &&
	    (o->new_key_password == NULL ||
		(rc = sop_passwords_make(o->new_key_password, &new)) ==
		    SOP_OK) &&
	    (rc = sop_secrets_stdin(&old, &secrets, NULL)) == SOP_OK)
		rc = sop_secrets_print(
		    &secrets, new.count > 0 ? new.at[0] : NULL, !o->no_armor);
	sop_secrets_free(&secrets);
	sop_passwords_free(&new);
	sop_passwords_free(&old);
	return rc;
}

static int
put_revoked(const struct secret *secret, struct buf *out)
{
	static const struct sop_meaning meanings[] = {
		{ REASON_KEY_UNUSABLE, SOP_PRIMARY_KEY_BAD }, { 0 }
	};
	struct secret *revoked = NULL;
	enum gw_status st;
	struct why why;

	st = secret_revoke(secret, SECRET_NO_REASON, "", now(), &revoked, &why);
	if (st == GW_OK)
		st = cert_export(secret_cert(revoked), false, out, &why);
	secret_free(revoked);
	return st == GW_OK ? SOP_OK
			   : sop_fail_why(st, &why, meanings, SOP_FAILED);
}

int
sop_revoke_key(const struct sop_options *o)
{
	struct sop_passwords tries = { .count = 0 };
	struct sop_secrets secrets = { .count = 0 };
	struct buf certs;
	int rc;

	buf_init(&certs, SOP_INDIRECT_MAX);
	if ((rc = sop_secrets_start()) == SOP_OK &&
	    (rc = sop_passwords_try(&o->with_key_password, &tries)) == SOP_OK)
		rc = sop_secrets_stdin(&tries, &secrets, NULL);
	for (size_t i = 0; i < secrets.count && rc == SOP_OK; i++)
		rc = put_revoked(secrets.at[i], &certs);
	if (rc == SOP_OK)
		rc = sop_packets_print(ARMOR_PUBLIC_KEY, &certs, !o->no_armor);
	buf_free(&certs);
	sop_secrets_free(&secrets);
	sop_passwords_free(&tries);
	return rc;
}
