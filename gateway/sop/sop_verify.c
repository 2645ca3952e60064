/* gateway/sop/sop_verify.c - verify, inline-verify and inline-detach. */
#include "gateway/sop/sop_commands.h"

#include "gateway/base/fdio.h"
#include "gateway/sop/sop_clear.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "gateway/sop/sop_opened.h"
#include "gateway/sop/sop_packets.h"
#include "gateway/sop/sop_verdicts.h"
#include "keys/keys.h"
#include "keys/messages/verify.h"
#include "keys/packets/armor.h"
#include "keys/packets/second_thread.h"

#include <string.h>
#include <unistd.h>

#define LINES_MAX ((size_t)16 * 1024)

static const struct sop_meaning no_meanings[] = { { 0 } };

static int
start(void)
{
	struct why why;

	if (keys_init(0, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "%s", why.text);
	(void)second_thread_start(); /* without it, slower */
	return SOP_OK;
}

static int
no_signature(void)
{
	return sop_fail(SOP_NO_SIGNATURE, "there is no signature that counts");
}

/* Detached signatures, armored or not, as packets. */
static int
read_signatures(const char *designator, struct buf *out)
{
	struct buf raw;
	struct why why;
	enum gw_status st = GW_OK;
	int rc;

	buf_init(&raw, SOP_INDIRECT_MAX);
	if ((rc = sop_indirect_read(designator, &raw)) != SOP_OK)
		goto done;
	if (armor_looks(raw.data, raw.len))
		st = armor_read(ARMOR_SIGNATURE, raw.data, raw.len, out, &why);
	else
		(void)buf_put(out, raw.data, raw.len);
	if (st != GW_OK)
		rc = sop_fail(SOP_BAD_DATA, "%s: %s", designator, why.text);
	else if (out->bad || out->len == 0)
		rc = sop_fail(SOP_BAD_DATA, "%s: %s", designator,
		    out->bad ? "too many signatures" : "empty");
done:
	buf_free(&raw);
	return rc;
}

static int
digest_stdin(
    const struct buf *signatures, struct digests **digests, const char *name)
{
	struct why why;

	if (digests_new(digests, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "%s", why.text);
	if (verify_want(*digests, signatures->data, signatures->len, false,
		&why) != GW_OK)
		return sop_fail(SOP_BAD_DATA, "%s: %s", name, why.text);
	if (sop_opened_digest(STDIN_FILENO, *digests, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "standard input: %s", why.text);
	return SOP_OK;
}

static int
print_lines(const struct buf *lines)
{
	struct why why;

	if (lines->len == 0)
		return no_signature();
	if (fd_write_all(STDOUT_FILENO, lines->data, lines->len, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "standard output: %s", why.text);
	return SOP_OK;
}

int
sop_verify(const struct sop_options *o)
{
	struct sop_list names = { .count = 0 };
	struct sop_certs certs = { .count = 0 };
	struct digests *digests = NULL;
	struct buf signatures, lines;
	struct sop_period period;
	int rc;

	buf_init(&signatures, UNSEAL_SIGNATURES_MAX);
	buf_init(&lines, LINES_MAX);
	for (size_t i = 1; i < o->words.count; i++)
		names.at[names.count++] = o->words.at[i];
	if ((rc = start()) == SOP_OK &&
	    (rc = sop_period_read(o->not_before, o->not_after, &period)) ==
		SOP_OK &&
	    (rc = read_signatures(o->words.at[0], &signatures)) == SOP_OK &&
	    (rc = sop_certs_read(&names, &certs)) == SOP_OK &&
	    (rc = digest_stdin(&signatures, &digests, o->words.at[0])) ==
		SOP_OK &&
	    (rc = sop_verdicts(&certs, &period, signatures.data, signatures.len,
		 false, digests, &lines)) == SOP_OK)
		rc = print_lines(&lines);
	digests_free(digests);
	sop_certs_free(&certs);
	buf_free(&lines);
	buf_free(&signatures);
	return rc;
}

/* A signed message that nobody encrypted; its document waits in a file. */
static int
open_signed(struct sop_opened *m, bool verify)
{
	struct unseal_request rq = { .shapes = 1u << UNSEAL_SIGNED |
					       1u << UNSEAL_CLEARTEXT };
	struct why why;
	enum gw_status st;
	int rc = sop_clear_open(&m->plain);

	if (rc != SOP_OK)
		return rc;
	st = sop_opened_read(m, &rq, STDIN_FILENO, verify, &why);
	return st == GW_OK ? SOP_OK
			   : sop_fail_why(st, &why, no_meanings, SOP_BAD_DATA);
}

int
sop_inline_verify(const struct sop_options *o)
{
	struct sop_opened m = { .plain = -1 };
	struct sop_indirect out = { .designator = NULL };
	struct sop_certs certs = { .count = 0 };
	struct sop_period period;
	struct buf lines;
	int rc;

	buf_init(&lines, LINES_MAX);
	if ((rc = start()) == SOP_OK &&
	    (rc = sop_period_read(o->not_before, o->not_after, &period)) ==
		SOP_OK &&
	    (rc = sop_indirect_create(&out, o->verifications_out, false)) ==
		SOP_OK &&
	    (rc = sop_certs_read(&o->words, &certs)) == SOP_OK &&
	    (rc = open_signed(&m, true)) == SOP_OK &&
	    (rc = sop_opened_judge(&m, &certs, &period, &lines)) == SOP_OK)
		rc = lines.len > 0 ? SOP_OK : no_signature();
	if (rc == SOP_OK)
		rc = sop_indirect_write(&out, lines.data, lines.len);
	if (rc == SOP_OK)
		rc = sop_clear_release(m.plain);
	sop_indirect_close(&out, rc);
	sop_opened_close(&m);
	sop_certs_free(&certs);
	buf_free(&lines);
	return rc;
}

static int
write_signatures(
    struct sop_indirect *to, const struct buf *packets, bool armored)
{
	struct buf text;
	struct why why;
	int rc;

	if (!armored)
		return sop_indirect_write(to, packets->data, packets->len);
	buf_init(&text, 2 * UNSEAL_SIGNATURES_MAX);
	if (sop_packets_armor(ARMOR_SIGNATURE, packets, &text, &why) == GW_OK)
		rc = sop_indirect_write(to, text.data, text.len);
	else
		rc = sop_fail(SOP_FAILED, "%s", why.text);
	buf_free(&text);
	return rc;
}

int
sop_inline_detach(const struct sop_options *o)
{
	struct sop_opened m = { .plain = -1 };
	struct sop_indirect out = { .designator = NULL };
	int rc;

	if (o->signatures_out == NULL)
		return sop_fail(SOP_MISSING_ARG,
		    "--signatures-out says where the signatures go");
	if ((rc = start()) == SOP_OK &&
	    (rc = sop_indirect_create(&out, o->signatures_out, false)) ==
		SOP_OK &&
	    (rc = open_signed(&m, false)) == SOP_OK &&
	    (rc = write_signatures(&out, &m.result.signatures, !o->no_armor)) ==
		SOP_OK)
		rc = sop_clear_release(m.plain);
	sop_indirect_close(&out, rc);
	sop_opened_close(&m);
	return rc;
}
