/* tests/fuzz/fuzz_unseal.c - libFuzzer on everything that reads a hostile
 * message before anything is proven.
 *
 *   make CC=clang SAN=fuzzer-no-link,address,undefined \
 *       build/clang-fuzzer-no-link-address-undefined/libkeys.a \
 *       build/clang-fuzzer-no-link-address-undefined/libbase.a
 *   clang -std=c11 -D_GNU_SOURCE -I. -g -fsanitize=fuzzer,address,undefined \
 *       tests/fuzz/fuzz_unseal.c \
 *       build/clang-fuzzer-no-link-address-undefined/lib{keys,base}.a \
 *       -lgcrypt -lz -lbz2 -o build/fuzz_unseal
 *   build/fuzz_unseal -max_len=4096 some-folder
 *
 * The first octet says where the rest goes: a whole message, or what stands
 * inside the encryption (which a fuzzer cannot get through by itself).
 */
#include "keys/messages/grammar.h"
#include "keys/messages/seipd.h"
#include "keys/messages/unseal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_PLAIN ((uint64_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int null = -1;

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
		*algorithm = SEIPD_AES256;
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
	struct unseal_result r;
	struct why why;

	memset(&r, 0, sizeof(r));
	buf_init(&r.signatures, UNSEAL_SIGNATURES_MAX);
	(void)grammar_read(&s, null, MAX_PLAIN, &r, &why);
	unseal_result_free(&r);
}

static void
whole(const uint8_t *data, size_t size)
{
	struct unseal_request q = { .unwrap = unwrap, .max_plain = MAX_PLAIN };
	struct unseal_result r;
	struct why why;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		__builtin_trap();
	/* Nobody can forge the integrity check by luck. */
	if (unseal_stream(&q, fd, null, &r, &why) == GW_OK)
		__builtin_trap();
	unseal_result_free(&r);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[1 << 20];

	if (null < 0) {
		gcry_check_version(NULL);
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	if (size == 0 || size > sizeof(copy))
		return 0;
	/* Readers may change the bytes in place. */
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1)
		inside(copy, size - 1);
	else
		whole(copy, size - 1);
	return 0;
}
