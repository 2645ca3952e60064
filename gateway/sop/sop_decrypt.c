/* gateway/sop/sop_decrypt.c - decrypt, and verify what is inside. */
#include "gateway/sop/sop_commands.h"

#include "gateway/base/fdio.h"
#include "gateway/base/hex.h"
#include "gateway/sop/sop_clear.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "gateway/sop/sop_opened.h"
#include "gateway/sop/sop_secrets.h"
#include "gateway/sop/sop_verdicts.h"
#include "keys/algorithms/cipher.h"
#include "keys/packets/second_thread.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_MAX       ((size_t)16 * 1024)
#define SESSION_KEY_MAX 64

/* All that decrypt was given, read. */
struct decryption {
	struct sop_passwords passwords;
	struct sop_secrets secrets;
	struct sop_certs signers;
	struct sop_period period;
	struct sop_indirect session_key_out, verifications_out;
	struct sop_opened message;
	bool verify;
	int in;
	off_t start; /* of the message in `in`, when it may be read again */
};

static int
check_options(const struct sop_options *o)
{
	bool verify = o->verify_with.count > 0;

	if (o->words.count == 0 && o->with_password.count == 0 &&
	    o->with_session_key.count == 0)
		return sop_fail(SOP_MISSING_ARG,
		    "with what?  Name keys, --with-password or "
		    "--with-session-key");
	if (verify != (o->verifications_out != NULL))
		return sop_fail(SOP_INCOMPLETE_VERIFICATION,
		    "--verify-with and --verifications-out go together");
	if (!verify && (o->not_before != NULL || o->not_after != NULL))
		return sop_fail(SOP_INCOMPLETE_VERIFICATION,
		    "--verify-not-before and --verify-not-after go with "
		    "--verify-with");
	return SOP_OK;
}

static int
read_all(const struct sop_options *o, struct decryption *d)
{
	struct sop_passwords tries = { .count = 0 };
	int rc = sop_passwords_try(&o->with_key_password, &tries);

	d->verify = o->verify_with.count > 0;
	if (rc == SOP_OK)
		rc = sop_period_read(o->not_before, o->not_after, &d->period);
	if (rc == SOP_OK)
		rc = sop_passwords_try(&o->with_password, &d->passwords);
	if (rc == SOP_OK)
		rc = sop_secrets_read(&o->words, &tries, &d->secrets);
	if (rc == SOP_OK)
		rc = sop_certs_read(&o->verify_with, &d->signers);
	sop_passwords_free(&tries);
	return rc;
}

static enum gw_status
unwrap(void *ctx, const void *pkesk, size_t len, int seipd, int *algorithm,
    struct buf *session_key, struct why *why)
{
	struct sop_secrets *s = ctx;

	return secret_unwrap(
	    s->at, s->count, pkesk, len, seipd, algorithm, session_key, why);
}

/* One attempt; the document is in d->message afterwards. */
static enum gw_status
attempt(struct decryption *d, struct unseal_request *rq, struct why *why)
{
	rq->shapes = 1u << UNSEAL_ENCRYPTED;
	sop_opened_close(&d->message);
	if (sop_clear_open(&d->message.plain) != SOP_OK) {
		why_set(why, REASON_IO_ERROR, "no place for the document");
		return GW_INTERNAL;
	}
	if (d->start >= 0 && lseek(d->in, d->start, SEEK_SET) < 0) {
		why_errno(why, REASON_IO_ERROR, "reading the message again");
		return GW_INTERNAL;
	}
	return sop_opened_read(&d->message, rq, d->in, d->verify, why);
}

/* "9:" and the key in hex. */
static bool
parse_session_key(char *text, int *cipher, struct buf *key)
{
	size_t len = strlen(text);
	char *hex;
	uint8_t *to;

	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		text[--len] = '\0';
	*cipher = (int)strtol(text, &hex, 10);
	len = cipher_key_len(*cipher);
	if (len == 0 || *hex++ != ':' || strlen(hex) != 2 * len ||
	    (to = buf_room(key, len)) == NULL || !hex_parse(hex, to, len))
		return false;
	buf_grew(key, len);
	return true;
}

static int
read_session_key(const char *designator, int *cipher, struct buf *key)
{
	struct buf text;
	int rc;

	buf_init_secret(&text, 256);
	rc = sop_indirect_read(designator, &text);
	if (rc == SOP_OK &&
	    (!buf_put_u8(&text, 0) ||
		!parse_session_key((char *)text.data, cipher, key)))
		rc = sop_fail(SOP_BAD_DATA,
		    "%s: a session key is 7:, 8: or 9: (AES-128, -192 or "
		    "-256) and the key in hex",
		    designator);
	buf_free(&text);
	return rc;
}

/* The message was opened or never will be; otherwise there may be another
 * way to open it. */
static bool
settled(enum gw_status st, const struct why *why)
{
	return st != GW_REFUSED || (why->reason != REASON_DAMAGED &&
				       why->reason != REASON_NOT_FOR_US);
}

static int
with_session_keys(const struct sop_list *list, struct decryption *d,
    enum gw_status *st, struct why *why)
{
	int rc = SOP_OK;

	for (size_t i = 0; i < list->count; i++) {
		struct unseal_request rq = { .session_cipher = 0 };
		struct buf key;

		buf_init_secret(&key, SESSION_KEY_MAX);
		rq.session_key = &key;
		rc = read_session_key(list->at[i], &rq.session_cipher, &key);
		if (rc == SOP_OK)
			*st = attempt(d, &rq, why);
		buf_free(&key);
		if (rc != SOP_OK || settled(*st, why))
			break;
	}
	return rc;
}

/* The engine takes some passwords at a time, and all keys each time. */
static void
with_keys(struct decryption *d, enum gw_status *st, struct why *why)
{
	size_t at = 0;

	do {
		struct unseal_request rq = { .unwrap = unwrap,
			.unwrap_ctx = &d->secrets };

		if (d->secrets.count == 0)
			rq.unwrap = NULL;
		rq.passwords = (const char *const *)d->passwords.at + at;
		rq.password_count = d->passwords.count - at;
		if (rq.password_count > UNSEAL_PASSWORDS_MAX)
			rq.password_count = UNSEAL_PASSWORDS_MAX;
		*st = attempt(d, &rq, why);
		at += rq.password_count;
	} while (at < d->passwords.count && !settled(*st, why));
}

static int
open_message(const struct sop_options *o, struct decryption *d)
{
	static const struct sop_meaning meanings[] = { { REASON_NOT_FOR_US,
							   SOP_CANNOT_DECRYPT },
		{ REASON_DAMAGED, SOP_CANNOT_DECRYPT },
		{ REASON_UNSUPPORTED, SOP_CANNOT_DECRYPT },
		{ REASON_WEAK, SOP_CANNOT_DECRYPT }, { 0 } };
	bool keys = d->secrets.count > 0 || d->passwords.count > 0;
	enum gw_status st = GW_REFUSED;
	struct why why;
	int rc;

	why_set(&why, REASON_NOT_FOR_US, "no session key fits");
	if (o->with_session_key.count + keys > 1 ||
	    d->passwords.count > UNSEAL_PASSWORDS_MAX) {
		if ((rc = sop_clear_rewindable(&d->in)) != SOP_OK)
			return rc;
		d->start = lseek(d->in, 0, SEEK_CUR);
	}
	rc = with_session_keys(&o->with_session_key, d, &st, &why);
	if (rc == SOP_OK && keys && !settled(st, &why))
		with_keys(d, &st, &why);
	if (rc == SOP_OK && st != GW_OK)
		rc = sop_fail_why(st, &why, meanings, SOP_BAD_DATA);
	return rc;
}

static int
write_session_key(struct sop_indirect *to, const struct unseal_result *r)
{
	char hex[2 * SESSION_KEY_MAX + 1];
	struct buf line;
	int rc = SOP_FAILED;

	if (to->designator == NULL)
		return SOP_OK;
	buf_init_secret(&line, 256);
	if (r->session_key.len <= SESSION_KEY_MAX &&
	    buf_printf(&line, "%d:%s\n", r->session_cipher,
		hex_upper(r->session_key.data, r->session_key.len, hex)))
		rc = sop_indirect_write(to, line.data, line.len);
	mem_wipe(hex, sizeof(hex));
	buf_free(&line);
	return rc;
}

/* The draft: what signatures say does not change the exit code; whoever asked
 * reads the lines, and none means that nothing is proven. */
static int
judge(struct decryption *d)
{
	struct buf lines;
	int rc = SOP_OK;

	if (!d->verify)
		return SOP_OK;
	buf_init(&lines, LINES_MAX);
	rc = sop_opened_judge(&d->message, &d->signers, &d->period, &lines);
	if (rc == SOP_OK && lines.len == 0)
		sop_warn("there is no signature that counts; "
			 "--verifications-out is empty");
	if (rc == SOP_OK)
		rc = sop_indirect_write(
		    &d->verifications_out, lines.data, lines.len);
	buf_free(&lines);
	return rc;
}

int
sop_decrypt(const struct sop_options *o)
{
	struct decryption d = {
		.in = STDIN_FILENO, .start = -1, .message.plain = -1
	};
	int rc;

	if ((rc = check_options(o)) != SOP_OK ||
	    (rc = sop_indirect_create(
		 &d.session_key_out, o->session_key_out, true)) != SOP_OK ||
	    (rc = sop_indirect_create(&d.verifications_out,
		 o->verifications_out, false)) != SOP_OK ||
	    (rc = sop_secrets_start()) != SOP_OK ||
	    (rc = read_all(o, &d)) != SOP_OK)
		goto done;
	(void)second_thread_start(); /* without it, slower */
	if ((rc = open_message(o, &d)) == SOP_OK &&
	    (rc = judge(&d)) == SOP_OK &&
	    (rc = write_session_key(&d.session_key_out, &d.message.result)) ==
		SOP_OK)
		rc = sop_clear_release(d.message.plain);
done:
	sop_indirect_close(&d.verifications_out, rc);
	sop_indirect_close(&d.session_key_out, rc);
	sop_opened_close(&d.message);
	if (d.in != STDIN_FILENO)
		fd_close(&d.in);
	sop_certs_free(&d.signers);
	sop_secrets_free(&d.secrets);
	sop_passwords_free(&d.passwords);
	return rc;
}
