/* tests/fuzz/fuzz_message.c - libFuzzer on everything that reads a hostile
 * message before anything is proven.  tests/fuzz/run builds and seeds it.
 *
 * The first octet says where the rest goes: a whole message, or what stands
 * inside the encryption (which a fuzzer cannot get through by itself).
 */
#include "keys/messages/grammar.h"
#include "keys/messages/seipd.h"
#include "keys/messages/unseal.h"
#include "tests/fuzz/fuzz.h"

#define MAX_PLAIN ((uint64_t)1024 * 1024)

static enum gw_status
unwrap(void *ctx, const void *pkesk, size_t len, int seipd, int *algorithm,
    struct buf *key, struct why *why)
{
	static const uint8_t bytes[32];
	const uint8_t *p = pkesk;

	(void)ctx;
	(void)why;
	if (len == 0 || p[len - 1] == 0xff)
		return GW_NONE;
	if (seipd == 1)
		*algorithm = PACKET_AES256;
	buf_put(key, bytes, sizeof(bytes));
	return GW_OK;
}

static enum gw_status
no_more(struct source *s, struct why *why)
{
	(void)why;
	s->end = true;
	return GW_OK;
}

static void
inside(uint8_t *data, size_t size)
{
	struct source s = { .more = no_more, .at = data, .left = size };
	struct unseal_request q = { .max_plain = MAX_PLAIN };
	struct unseal_result r;
	struct why why;

	memset(&r, 0, sizeof(r));
	buf_init(&r.signatures, UNSEAL_SIGNATURES_MAX);
	(void)grammar_read(&q, &s, NULL, size, fuzz_null, &r, &why);
	unseal_result_free(&r);
}

static void
whole(const uint8_t *data, size_t size, bool with_password)
{
	static const char *const password = "open sesame";
	struct unseal_request q = { .unwrap = unwrap,
		.passwords = &password,
		.password_count = with_password,
		.max_plain = MAX_PLAIN };
	struct unseal_result r;
	struct why why;
	int fd = fuzz_file(data, size);

	(void)unseal_stream(&q, fd, fuzz_null, &r, &why);
	unseal_result_free(&r);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	fuzz_begin();
	if (size == 0)
		return 0;
	/* Readers may change the bytes in place. */
	copy = fuzz_copy(data + 1, size - 1);
	if (data[0] & 1)
		inside(copy, size - 1);
	else
		whole(copy, size - 1, (data[0] & 2) != 0);
	free(copy);
	return 0;
}
