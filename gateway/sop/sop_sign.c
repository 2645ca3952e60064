/* gateway/sop/sop_sign.c - sign and inline-sign. */
#include "gateway/sop/sop_commands.h"

#include "gateway/base/fdio.h"
#include "gateway/sop/sop_clear.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "gateway/sop/sop_signers.h"
#include "keys/messages/sign.h"
#include "keys/packets/packet.h"
#include "keys/packets/second_thread.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum form { FORM_BINARY, FORM_TEXT, FORM_CLEARSIGNED };

static const struct sop_meaning meanings[] = { { REASON_KEY_UNUSABLE,
						   SOP_KEY_CANNOT_SIGN },
	{ REASON_UNSUPPORTED, SOP_UNSUPPORTED_ASYMMETRIC_ALGO },
	{ REASON_MALFORMED, SOP_EXPECTED_TEXT }, { 0 } };

static int
read_form(const char *as, enum form most, enum form *form)
{
	static const char *const forms[] = { "binary", "text", "clearsigned" };

	*form = FORM_BINARY;
	for (int i = 0; as != NULL && i <= (int)most; i++)
		if (strcmp(as, forms[i]) == 0) {
			*form = (enum form)i;
			as = NULL;
		}
	if (as == NULL)
		return SOP_OK;
	return sop_fail(SOP_UNSUPPORTED_OPTION, "--as is binary%s, not %s",
	    most == FORM_TEXT ? " or text" : ", text or clearsigned", as);
}

/* Keys in hand, and something to sign that can be text if it must be. */
static int
begin(const struct sop_options *o, enum form form, struct sop_signers *signers,
    int *in)
{
	int rc;

	if (o->words.count == 0)
		return sop_fail(SOP_MISSING_ARG, "name a key to sign with");
	if ((rc = sop_secrets_start()) == SOP_OK &&
	    (rc = sop_signers_read(
		 &o->words, &o->with_key_password, signers)) == SOP_OK &&
	    form != FORM_BINARY)
		rc = sop_clear_text(in);
	(void)second_thread_start(); /* without it, slower */
	return rc;
}

/* RFC 3156, 5: "pgp-sha256". */
static int
write_micalg(struct sop_indirect *to, int hash_algorithm)
{
	const struct packet_hash *hash = packet_hash_find(hash_algorithm);
	char text[32];
	int n = snprintf(text, sizeof(text), "pgp-%s\n",
	    hash != NULL ? hash->name : "unknown");

	for (int i = 0; i < n; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	return sop_indirect_write(to, text, (size_t)n);
}

int
sop_sign(const struct sop_options *o)
{
	struct sop_signers signers = { .secrets.count = 0 };
	struct sop_indirect micalg = { .designator = NULL };
	struct seal_signing how;
	int rc, hash = 0, in = STDIN_FILENO;
	enum gw_status st;
	enum form form;
	struct why why;

	if ((rc = read_form(o->as, FORM_TEXT, &form)) != SOP_OK ||
	    (rc = sop_indirect_create(&micalg, o->micalg_out, false)) !=
		SOP_OK ||
	    (rc = begin(o, form, &signers, &in)) != SOP_OK)
		goto done;
	sop_signers_fill(&signers, form == FORM_TEXT, &how);
	st = sign_detached(&how, !o->no_armor, in, STDOUT_FILENO, &hash, &why);
	if (st != GW_OK)
		rc = sop_fail_why(st, &why, meanings, SOP_FAILED);
	else if (micalg.designator != NULL)
		rc = write_micalg(&micalg, hash);
done:
	sop_indirect_close(&micalg, rc);
	if (in != STDIN_FILENO)
		fd_close(&in);
	sop_signers_free(&signers);
	return rc;
}

int
sop_inline_sign(const struct sop_options *o)
{
	struct sop_signers signers = { .secrets.count = 0 };
	struct seal_signing how;
	int rc, in = STDIN_FILENO;
	enum gw_status st;
	enum form form;
	struct why why;

	if ((rc = read_form(o->as, FORM_CLEARSIGNED, &form)) != SOP_OK)
		return rc;
	if (form == FORM_CLEARSIGNED && o->no_armor)
		return sop_fail(SOP_INCOMPATIBLE_OPTIONS,
		    "--as=clearsigned is text; it cannot be without armor");
	if ((rc = begin(o, form, &signers, &in)) != SOP_OK)
		goto done;
	sop_signers_fill(&signers, form != FORM_BINARY, &how);
	if (form == FORM_CLEARSIGNED)
		st = sign_cleartext(&how, in, STDOUT_FILENO, &why);
	else
		st = sign_inline(&how, !o->no_armor, in, STDOUT_FILENO, &why);
	if (st != GW_OK)
		rc = sop_fail_why(st, &why, meanings, SOP_FAILED);
done:
	if (in != STDIN_FILENO)
		fd_close(&in);
	sop_signers_free(&signers);
	return rc;
}
