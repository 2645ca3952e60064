/* gateway/sop/sop_update.c - update-key: secret keys fit for use today. */
#include "gateway/sop/sop_commands.h"

#include "gateway/base/clock.h"
#include "gateway/sop/sop_certs.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_secrets.h"

#include <string.h>

static const struct sop_meaning meanings[] = { { REASON_KEY_UNUSABLE,
						   SOP_PRIMARY_KEY_BAD },
	{ REASON_SIGNER_REVOKED, SOP_PRIMARY_KEY_BAD },
	{ REASON_SIGNER_EXPIRED, SOP_PRIMARY_KEY_BAD }, { 0 } };

static time_t
now(void)
{
	return (time_t)(clock_wall_ms() / 1000);
}

/* *secret becomes what the engine made of it. */
static int
replace(struct secret **secret, struct secret *new, enum gw_status st,
    struct why *why)
{
	if (st != GW_OK) {
		why_prefix(
		    why, "key %s", cert_fingerprint(secret_cert(*secret)));
		return sop_fail_why(st, why, meanings, SOP_FAILED);
	}
	secret_free(*secret);
	*secret = new;
	return SOP_OK;
}

static int
merge(struct secret **secret, const struct sop_certs *updates)
{
	int rc = SOP_OK;

	for (size_t i = 0; i < updates->count && rc == SOP_OK; i++) {
		const char *whose = cert_fingerprint(updates->at[i]);
		struct secret *merged = NULL;
		enum gw_status st;
		struct why why;

		if (strcmp(cert_fingerprint(secret_cert(*secret)), whose) != 0)
			continue;
		st = secret_merge(*secret, updates->at[i], &merged, &why);
		rc = replace(secret, merged, st, &why);
	}
	return rc;
}

static bool
fit(const struct cert *cert, bool signing_only)
{
	struct why why;

	return cert_usable(cert, CERT_SIGN, now(), &why) == GW_OK &&
	       (signing_only ||
		   cert_usable(cert, CERT_ENCRYPT, now(), &why) == GW_OK);
}

/* Subkeys of the kind that the key has, where a reader of its certificate may
 * know no other. */
static int
refresh(struct secret **secret, bool signing_only)
{
	const struct cert *cert = secret_cert(*secret);
	struct secret_params params = { .kind = SECRET_ED25519,
		.created = now(),
		.sign_only = signing_only };
	struct secret *fresh = NULL;
	enum gw_status st;
	struct why why;

	if (fit(cert, signing_only))
		return SOP_OK;
	if (strncmp(cert_algorithm(cert, CERT_SIGN), "RSA", 3) == 0)
		params.kind = SECRET_RSA3072;
	st = secret_rotate(*secret, &params, params.created, &fresh, &why);
	return replace(secret, fresh, st, &why);
}

int
sop_update_key(const struct sop_options *o)
{
	struct sop_passwords tries = { .count = 0 };
	struct sop_secrets secrets = { .count = 0 };
	struct sop_certs updates = { .count = 0 };
	const char *password = NULL;
	int rc;

	if ((rc = sop_secrets_start()) == SOP_OK &&
	    (rc = sop_passwords_try(&o->with_key_password, &tries)) == SOP_OK &&
	    (rc = sop_certs_read(&o->merge_certs, &updates)) == SOP_OK)
		rc = sop_secrets_stdin(&tries, &secrets, &password);
	for (size_t i = 0; i < secrets.count && rc == SOP_OK; i++) {
		rc = merge(&secrets.at[i], &updates);
		if (rc == SOP_OK)
			rc = refresh(&secrets.at[i], o->signing_only);
	}
	if (rc == SOP_OK)
		rc = sop_secrets_print(&secrets, password, !o->no_armor);
	sop_certs_free(&updates);
	sop_secrets_free(&secrets);
	sop_passwords_free(&tries);
	return rc;
}
