/* gateway/sop/sop_certs.c - CERTS arguments. */
#include "gateway/sop/sop_certs.h"

#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"

#include <string.h>

/* Copies of one certificate become one, whatever arguments they came in: what
 * one of them revokes must not be good by another. */
static enum gw_status
join_copies(struct sop_certs *certs, struct why *why)
{
	size_t kept = 0;
	enum gw_status failed = GW_OK;

	for (size_t i = 0; i < certs->count; i++) {
		enum gw_status st = failed == GW_OK ? GW_NONE : failed;

		for (size_t k = 0; k < kept && st == GW_NONE; k++)
			st = cert_absorb(&certs->at[k], certs->at[i], why);
		if (st != GW_OK)
			certs->at[kept++] = certs->at[i];
		if (st != GW_OK && st != GW_NONE)
			failed = st;
	}
	certs->count = kept;
	return failed;
}

static int
parse(const struct buf *text, const char *name, struct sop_certs *to)
{
	static const struct sop_meaning meanings[] = {
		{ REASON_UNSUPPORTED, SOP_UNSUPPORTED_ASYMMETRIC_ALGO },
		{ REASON_WEAK, SOP_UNSUPPORTED_ASYMMETRIC_ALGO }, { 0 }
	};
	enum gw_status st;
	struct why why;
	size_t n = 0;

	st = cert_parse_all(text->data, text->len, to->at + to->count,
	    SOP_CERTS_MAX - to->count, &n, &why);
	if (st == GW_OK && n == 0)
		return sop_fail(
		    SOP_BAD_DATA, "%s: there is no certificate in it", name);
	to->count += n;
	if (st == GW_OK)
		return SOP_OK;
	why_prefix(&why, "%s", name);
	return sop_fail_why(st, &why, meanings, SOP_BAD_DATA);
}

int
sop_certs_read(const struct sop_list *list, struct sop_certs *to)
{
	int rc = SOP_OK;
	struct why why;

	for (size_t i = 0; i < list->count && rc == SOP_OK; i++) {
		struct buf text;

		buf_init(&text, SOP_INDIRECT_MAX);
		rc = sop_indirect_read(list->at[i], &text);
		if (rc == SOP_OK)
			rc = parse(&text, list->at[i], to);
		buf_free(&text);
	}
	if (rc == SOP_OK && join_copies(to, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "%s", why.text);
	return rc;
}

int
sop_certs_stdin(struct sop_certs *to)
{
	struct buf text;
	int rc;

	buf_init(&text, SOP_INDIRECT_MAX);
	rc = sop_indirect_stdin("certificates", &text);
	if (rc == SOP_OK)
		rc = parse(&text, "standard input", to);
	buf_free(&text);
	return rc;
}

void
sop_certs_free(struct sop_certs *certs)
{
	for (size_t i = 0; i < certs->count; i++)
		cert_free(certs->at[i]);
	memset(certs, 0, sizeof(*certs));
}
