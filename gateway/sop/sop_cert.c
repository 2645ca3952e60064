/* gateway/sop/sop_cert.c - extract-cert and merge-certs. */
#include "gateway/sop/sop_commands.h"

#include "gateway/sop/sop_certs.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "gateway/sop/sop_packets.h"
#include "gateway/sop/sop_secrets.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"

#include <string.h>

/* Replace the copy with both in one. */
static int
merge_one(struct cert **base, const struct cert *update)
{
	struct cert *merged;
	struct why why;
	enum gw_status st = cert_merge(*base, update, &merged, &why);

	if (st != GW_OK)
		return sop_fail(st == GW_REFUSED ? SOP_BAD_DATA : SOP_FAILED,
		    "%s", why.text);
	cert_free(*base);
	*base = merged;
	return SOP_OK;
}

/* What belongs to none of ours does not come in (the draft: the same
 * certificates as before, updated). */
static int
merge_all(struct sop_certs *bases, const struct sop_certs *updates)
{
	int rc = SOP_OK;

	for (size_t u = 0; u < updates->count; u++)
		for (size_t b = 0; b < bases->count && rc == SOP_OK; b++)
			if (strcmp(cert_fingerprint(bases->at[b]),
				cert_fingerprint(updates->at[u])) == 0)
				rc = merge_one(&bases->at[b], updates->at[u]);
	return rc;
}

static int
print_all(const struct sop_certs *certs, bool armored)
{
	enum gw_status st = GW_OK;
	struct buf packets;
	struct why why;
	int rc;

	buf_init(&packets, SOP_INDIRECT_MAX);
	for (size_t i = 0; i < certs->count && st == GW_OK; i++)
		st = cert_export(certs->at[i], false, &packets, &why);
	rc = st == GW_OK
		 ? sop_packets_print(ARMOR_PUBLIC_KEY, &packets, armored)
		 : sop_fail(SOP_FAILED, "%s", why.text);
	buf_free(&packets);
	return rc;
}

/* Locked keys are as good as any: what is public in them is not locked. */
static int
read_keys(struct sop_certs *certs)
{
	static const struct sop_meaning meanings[] = {
		{ REASON_UNSUPPORTED, SOP_UNSUPPORTED_ASYMMETRIC_ALGO },
		{ REASON_WEAK, SOP_UNSUPPORTED_ASYMMETRIC_ALGO }, { 0 }
	};
	enum gw_status st = GW_OK;
	struct buf text;
	struct why why;
	int rc;

	buf_init_secret(&text, SOP_INDIRECT_MAX);
	rc = sop_indirect_stdin("secret keys", &text);
	if (rc == SOP_OK)
		st = secret_certs(text.data, text.len, certs->at, SOP_CERTS_MAX,
		    &certs->count, &why);
	buf_free(&text);
	if (st != GW_OK)
		rc = sop_fail_why(st, &why, meanings, SOP_BAD_DATA);
	return rc;
}

int
sop_extract_cert(const struct sop_options *o)
{
	struct sop_certs certs = { .count = 0 };
	int rc;

	if ((rc = sop_secrets_start()) == SOP_OK &&
	    (rc = read_keys(&certs)) == SOP_OK)
		rc = print_all(&certs, !o->no_armor);
	sop_certs_free(&certs);
	return rc;
}

int
sop_merge_certs(const struct sop_options *o)
{
	struct sop_certs bases = { .count = 0 }, updates = { .count = 0 };
	struct why why;
	int rc;

	if (keys_init(0, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "%s", why.text);
	if ((rc = sop_certs_stdin(&bases)) == SOP_OK &&
	    (rc = sop_certs_read(&o->words, &updates)) == SOP_OK &&
	    (rc = merge_all(&bases, &updates)) == SOP_OK)
		rc = print_all(&bases, !o->no_armor);
	sop_certs_free(&updates);
	sop_certs_free(&bases);
	return rc;
}
