/* tests/fuzz/fuzz_secret.c - libFuzzer on private keys: parsing, unlocking,
 * and using what agrees with itself. */
#include "keys/certs/cert_priv.h"
#include "keys/secrets/secret.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* What signs must verify; what does not agree with itself must not sign. */
static void
sign_something(struct secret *s)
{
	static const uint8_t digest[32] = { 1, 2, 3 };
	const struct pk *keys[CERT_KEYS_MAX];
	size_t n = cert_signers(secret_cert(s), keys);
	struct why why;
	struct buf out;

	buf_init(&out, 16384);
	for (size_t i = 0; i < n; i++) {
		buf_reset(&out);
		if (secret_sign(&s, 1, keys[i]->hex, PACKET_SHA256, digest,
			sizeof(digest), &out, &why) == GW_OK &&
		    pk_verify(keys[i], PACKET_SHA256, digest, sizeof(digest),
			out.data, out.len, &why) != GW_OK)
			abort();
	}
	buf_free(&out);
}

static void
unwrap_something(struct secret *s, const uint8_t *data, size_t size)
{
	struct why why;
	struct buf key;
	int algorithm;

	buf_init_secret(&key, 64);
	for (int seipd = 1; seipd <= 2; seipd++)
		(void)secret_unwrap(
		    &s, 1, data, size, seipd, &algorithm, &key, &why);
	buf_free(&key);
}

/* What was read can be written, and is the same then; changed or not. */
static void
write_again(const struct secret *s)
{
	time_t born = cert_created(secret_cert(s));
	struct secret *again = NULL, *later = NULL;
	struct why why;
	struct buf out;

	buf_init_secret(&out, 1 << 20);
	if (secret_export(s, NULL, SECRET_LOCK_ITERATED, false, &out, &why) ==
	    GW_OK) {
		if (secret_parse(out.data, out.len, NULL, &again, &why) !=
			GW_OK ||
		    strcmp(cert_fingerprint(secret_cert(again)),
			cert_fingerprint(secret_cert(s))) != 0)
			abort();
	}
	if (secret_expire(s, born + 20, born + 10, &later, &why) == GW_OK &&
	    later == NULL)
		abort();
	secret_free(later);
	secret_free(again);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret *s = NULL;
	struct why why;
	uint8_t *copy;
	size_t key_len;

	fuzz_begin();
	/* Two octets of length, the key, and then a PKESK body for it. */
	if (size < 2)
		return 0;
	key_len = (size_t)data[0] << 8 | data[1];
	if (key_len > size - 2)
		key_len = size - 2;
	copy = fuzz_copy(data + 2, key_len);
	if (secret_parse(copy, key_len, "open sesame", &s, &why) == GW_OK) {
		sign_something(s);
		write_again(s);
		unwrap_something(s, data + 2 + key_len, size - 2 - key_len);
		secret_free(s);
	}
	free(copy);
	return 0;
}
