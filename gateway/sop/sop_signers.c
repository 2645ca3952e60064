/* gateway/sop/sop_signers.c - who signs: encrypt, sign and inline-sign. */
#include "gateway/sop/sop_signers.h"

#include "gateway/base/clock.h"
#include "gateway/sop/sop_fail.h"

#include <string.h>

static time_t
now(void)
{
	return (time_t)(clock_wall_ms() / 1000);
}

static int
check(struct sop_signers *s)
{
	static const struct sop_meaning meanings[] = {
		{ REASON_UNSUPPORTED, SOP_UNSUPPORTED_ASYMMETRIC_ALGO },
		{ REASON_WEAK, SOP_UNSUPPORTED_ASYMMETRIC_ALGO }, { 0 }
	};

	if (s->secrets.count > SEAL_SIGNERS_MAX)
		return sop_fail(SOP_FAILED, "more than %d keys to sign with",
		    SEAL_SIGNERS_MAX);
	for (size_t i = 0; i < s->secrets.count; i++) {
		const struct cert *c = secret_cert(s->secrets.at[i]);
		struct why why;
		enum gw_status st = cert_usable(c, CERT_SIGN, now(), &why);

		if (st != GW_OK)
			return sop_fail_why(
			    st, &why, meanings, SOP_KEY_CANNOT_SIGN);
		s->certs[i] = c;
	}
	return SOP_OK;
}

int
sop_signers_read(const struct sop_list *keys, const struct sop_list *passwords,
    struct sop_signers *s)
{
	struct sop_passwords tries = { .count = 0 };
	int rc = sop_passwords_try(passwords, &tries);

	if (rc == SOP_OK)
		rc = sop_secrets_read(keys, &tries, &s->secrets);
	if (rc == SOP_OK)
		rc = check(s);
	sop_passwords_free(&tries);
	return rc;
}

void
sop_signers_free(struct sop_signers *s)
{
	sop_secrets_free(&s->secrets);
}

static enum gw_status
sign(void *ctx, const char *fingerprint, int hash_algorithm,
    const uint8_t *digest, size_t len, struct buf *out, struct why *why)
{
	struct sop_signers *s = ctx;

	return secret_sign(s->secrets.at, s->secrets.count, fingerprint,
	    hash_algorithm, digest, len, out, why);
}

void
sop_signers_fill(struct sop_signers *s, bool text, struct seal_signing *out)
{
	memset(out, 0, sizeof(*out));
	out->signers = s->certs;
	out->signer_count = s->secrets.count;
	out->text = text;
	out->when = now();
	out->sign = sign;
	out->sign_ctx = s;
}
