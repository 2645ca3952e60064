/* tests/fuzz/fuzz_cleartext.c - libFuzzer on what is signed but not encrypted:
 * the cleartext framework, inline signed messages, detached signatures. */
#include "keys/messages/unseal.h"
#include "keys/messages/verify.h"
#include "tests/fuzz/fuzz.h"

#define MAX_PLAIN ((uint64_t)1024 * 1024)

static void
judge(const struct unseal_result *r, int text)
{
	struct verify_one found[VERIFY_MAX];
	bool clear = r->shape == UNSEAL_CLEARTEXT;
	struct digests *d;
	uint8_t chunk[4096];
	struct why why;
	ssize_t n;
	size_t count;

	if (digests_new(&d, &why) != GW_OK)
		abort();
	if (verify_want(d, r->signatures.data, r->signatures.len, clear,
		&why) == GW_OK) {
		for (off_t at = 0;
		     (n = pread(text, chunk, sizeof(chunk), at)) > 0; at += n) {
			digests_write(d, chunk, (size_t)n);
			digests_settle(d);
		}
		(void)verify_each(NULL, 0, r->signatures.data,
		    r->signatures.len, clear, d, 1790000000, found, &count,
		    &why);
	}
	digests_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unseal_request q = { .shapes = 1u << UNSEAL_SIGNED |
					      1u << UNSEAL_CLEARTEXT,
		.max_plain = MAX_PLAIN };
	struct unseal_result r;
	struct why why;
	uint8_t *copy;
	int in, out;

	fuzz_begin();
	copy = fuzz_copy(data, size);
	in = fuzz_file(copy, size);
	out = memfd_create("text", MFD_CLOEXEC);
	if (unseal_stream(&q, in, out, &r, &why) == GW_OK)
		judge(&r, out);
	unseal_result_free(&r);
	close(out);
	close(in);
	free(copy);
	return 0;
}
