/* tests/fuzz/fuzz_certificate.c - libFuzzer on certificates: parsing, judging,
 * merging, and what can be done with whatever came out. */
#include "keys/certs/trust_priv.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1790000000

/* Two spellings of the same certificate must come to the same merged one. */
static void
merge_with_itself(const struct cert *c)
{
	struct cert *once = NULL, *twice = NULL;
	struct why why;

	if (cert_merge(c, c, &once, &why) != GW_OK)
		return;
	if (cert_merge(once, c, &twice, &why) != GW_OK ||
	    strcmp(cert_fingerprint(twice), cert_fingerprint(c)) != 0)
		abort();
	/* Merging never makes a dead key live. */
	if (cert_revoked(c) && !cert_revoked(twice))
		abort();
	cert_free(twice);
	cert_free(once);
}

static void
use(const struct cert *c)
{
	const struct pk *keys[CERT_KEYS_MAX];
	struct why why;
	struct buf out;

	(void)cert_user_id(c);
	for (int use = CERT_SIGN; use <= CERT_ENCRYPT; use++) {
		(void)cert_expires(c, (enum cert_use)use);
		(void)cert_algorithm(c, (enum cert_use)use);
		(void)cert_usable(c, (enum cert_use)use, NOW, &why);
	}
	(void)cert_signers(c, keys);
	(void)cert_keys(c, keys);
	for (size_t i = 0; i < cert_signers(c, keys); i++)
		(void)cert_signer_fit(c, keys[i], NOW - 10, NOW, &why);
	buf_init(&out, 4 * 1024 * 1024);
	if (cert_export(c, true, &out, &why) != GW_OK)
		abort();
	buf_free(&out);
	merge_with_itself(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cert *all[8];
	size_t count = 0;
	struct why why;
	uint8_t *copy;

	fuzz_begin();
	copy = fuzz_copy(data, size);
	if (cert_parse(copy, size, &all[0], &why) == GW_OK) {
		use(all[0]);
		cert_free(all[0]);
	}
	if (cert_parse_all(copy, size, all, 8, &count, &why) == GW_OK)
		for (size_t i = 0; i < count; i++)
			cert_free(all[i]);
	free(copy);
	return 0;
}
