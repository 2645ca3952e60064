/* gateway/sop/sop_encrypt.c - encrypt, and sign on the way. */
#include "gateway/sop/sop_commands.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/base/hex.h"
#include "gateway/sop/sop_certs.h"
#include "gateway/sop/sop_clear.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "gateway/sop/sop_profiles.h"
#include "gateway/sop/sop_secrets.h"
#include "gateway/sop/sop_signers.h"
#include "keys/keys.h"
#include "keys/messages/seal.h"
#include "keys/packets/second_thread.h"

#include <string.h>
#include <unistd.h>

/* All that encrypt was given, read. */
struct encryption {
	struct sop_passwords passwords, key_passwords;
	struct sop_certs recipients;
	struct sop_signers signers;
	struct sop_message_profile profile;
	struct sop_indirect session_key_out;
	bool text;
	int in;
};

/* 4.1 of the draft knows more purposes than our keys have. */
static int
check_options(const struct sop_options *o, struct encryption *e)
{
	if (o->purpose != NULL && strcmp(o->purpose, "any") != 0)
		return sop_fail(SOP_UNSUPPORTED_OPTION,
		    "--for=%s: subkeys are not told apart by purpose; only "
		    "\"any\"",
		    o->purpose);
	if (o->as != NULL && strcmp(o->as, "binary") != 0 &&
	    strcmp(o->as, "text") != 0)
		return sop_fail(SOP_UNSUPPORTED_OPTION,
		    "--as is binary or text, not %s", o->as);
	e->text = o->as != NULL && strcmp(o->as, "text") == 0;
	if (o->words.count == 0 && o->with_password.count == 0)
		return sop_fail(SOP_MISSING_ARG,
		    "for whom?  Name certificates or --with-password");
	if (o->with_password.count > SEAL_PASSWORDS_MAX)
		return sop_fail(
		    SOP_FAILED, "more than %d passwords", SEAL_PASSWORDS_MAX);
	return sop_profiles_message(o->profile, &e->profile);
}

static int
read_all(const struct sop_options *o, struct encryption *e)
{
	int rc = SOP_OK;

	for (size_t i = 0; i < o->with_password.count && rc == SOP_OK; i++)
		rc = sop_passwords_make(o->with_password.at[i], &e->passwords);
	if (rc == SOP_OK)
		rc = sop_certs_read(&o->words, &e->recipients);
	if (rc == SOP_OK)
		rc = sop_signers_read(
		    &o->sign_with, &o->with_key_password, &e->signers);
	return rc;
}

/* Each on its own, so that the message names the one that is wrong. */
static int
check_recipients(const struct encryption *e, time_t now)
{
	static const struct sop_meaning meanings[] = {
		{ REASON_UNSUPPORTED, SOP_UNSUPPORTED_ASYMMETRIC_ALGO },
		{ REASON_WEAK, SOP_UNSUPPORTED_ASYMMETRIC_ALGO }, { 0 }
	};

	for (size_t i = 0; i < e->recipients.count; i++) {
		struct why why;
		enum gw_status st =
		    cert_usable(e->recipients.at[i], CERT_ENCRYPT, now, &why);

		if (st == GW_OK)
			continue;
		return sop_fail_why(
		    st, &why, meanings, SOP_CERT_CANNOT_ENCRYPT);
	}
	return SOP_OK;
}

/* "9:" and the key in hex. */
static int
write_session_key(struct sop_indirect *to, const struct seal_result *result)
{
	struct buf line;
	char hex[2 * 64 + 1];
	int rc = SOP_FAILED;

	buf_init_secret(&line, 256);
	if (result->session_key.len <= 64 &&
	    buf_printf(&line, "%d:%s\n", result->session_cipher,
		hex_upper(
		    result->session_key.data, result->session_key.len, hex)))
		rc = sop_indirect_write(to, line.data, line.len);
	mem_wipe(hex, sizeof(hex));
	buf_free(&line);
	return rc;
}

static int
seal(struct encryption *e, bool armored)
{
	static const struct sop_meaning meanings[] = {
		{ REASON_RECIPIENT_UNFIT, SOP_CERT_CANNOT_ENCRYPT },
		{ REASON_KEY_UNUSABLE, SOP_KEY_CANNOT_SIGN },
		{ REASON_UNSUPPORTED, SOP_UNSUPPORTED_ASYMMETRIC_ALGO }, { 0 }
	};
	const struct cert *recipients[SOP_CERTS_MAX];
	struct seal_request rq = {
		.recipients = recipients,
		.recipient_count = e->recipients.count,
		.passwords = (const char *const *)e->passwords.at,
		.password_count = e->passwords.count,
		.container = e->profile.container,
		.argon2 = e->profile.argon2,
		.compress = e->profile.compress,
		.post_quantum = SEAL_PQ_PREFER,
		.armored = armored,
		.format = e->text ? 'u' : 'b',
	};
	struct seal_result result;
	enum gw_status st;
	struct why why;
	int rc = SOP_OK;

	for (size_t i = 0; i < e->recipients.count; i++)
		recipients[i] = e->recipients.at[i];
	/* Nobody can say what the one who has only a password reads. */
	if (e->passwords.count > 0 && rq.container == SEAL_AUTO)
		rq.container = SEAL_SEIPD1;
	sop_signers_fill(&e->signers, e->text, &rq.signing);
	memset(&result, 0, sizeof(result));
	buf_init_secret(&result.session_key, 64);
	(void)second_thread_start(); /* without it, slower */
	st = seal_stream(&rq, e->in, STDOUT_FILENO, &result, &why);
	if (st != GW_OK)
		rc = sop_fail_why(st, &why, meanings, SOP_FAILED);
	else if (e->session_key_out.designator != NULL)
		rc = write_session_key(&e->session_key_out, &result);
	buf_free(&result.session_key);
	return rc;
}

static int
start(const struct sop_options *o)
{
	struct why why;

	if (o->sign_with.count > 0)
		return sop_secrets_start();
	if (keys_init(0, &why) == GW_OK)
		return SOP_OK;
	return sop_fail(SOP_FAILED, "%s", why.text);
}

int
sop_encrypt(const struct sop_options *o)
{
	struct encryption e = { .in = STDIN_FILENO };
	int rc;

	if ((rc = check_options(o, &e)) != SOP_OK ||
	    (rc = sop_indirect_create(
		 &e.session_key_out, o->session_key_out, true)) != SOP_OK)
		goto done;
	if ((rc = start(o)) == SOP_OK && (rc = read_all(o, &e)) == SOP_OK &&
	    (rc = check_recipients(&e, (time_t)(clock_wall_ms() / 1000))) ==
		SOP_OK &&
	    (!e.text || (rc = sop_clear_text(&e.in)) == SOP_OK))
		rc = seal(&e, !o->no_armor);
done:
	sop_indirect_close(&e.session_key_out, rc);
	if (e.in != STDIN_FILENO)
		fd_close(&e.in);
	sop_signers_free(&e.signers);
	sop_certs_free(&e.recipients);
	sop_passwords_free(&e.passwords);
	return rc;
}
