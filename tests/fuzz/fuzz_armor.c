/* tests/fuzz/fuzz_armor.c - libFuzzer on armor, both readers: the strict one
 * for keys, and the streaming one for messages. */
#include "keys/packets/armor.h"
#include "keys/packets/dearmor.h"
#include "tests/fuzz/fuzz.h"

static void
whole(const uint8_t *data, size_t size)
{
	static const char *const labels[] = { ARMOR_PUBLIC_KEY,
		ARMOR_PRIVATE_KEY, ARMOR_SIGNATURE };

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct buf out, text, again;
		struct why why;

		buf_init(&out, 1024 * 1024);
		buf_init(&text, 4 * 1024 * 1024);
		buf_init(&again, 1024 * 1024);
		/* What was read, written and read again is the same. */
		if (armor_read(labels[i], data, size, &out, &why) == GW_OK &&
		    (armor_write(labels[i], out.data, out.len, &text, &why) !=
			    GW_OK ||
			armor_read(labels[i], text.data, text.len, &again,
			    &why) != GW_OK ||
			again.len != out.len ||
			(out.len > 0 &&
			    memcmp(again.data, out.data, out.len) != 0)))
			abort();
		buf_free(&again);
		buf_free(&text);
		buf_free(&out);
	}
}

static void
streaming(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);
	struct source_fd from;
	struct source *bare;
	enum dearmor_block block;
	struct why why;

	if (source_fd_open(&from, fd, false, &why) != GW_OK)
		abort();
	if (dearmor_begin(&from.src, &block, &why) == GW_OK &&
	    block != DEARMOR_CLEARTEXT &&
	    dearmor_open(&from.src, block, from.hint, &bare, &why) == GW_OK) {
		(void)source_drain(bare, NULL, &why);
		dearmor_close(bare);
	}
	source_fd_close(&from);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	fuzz_begin();
	copy = fuzz_copy(data, size);
	whole(copy, size);
	streaming(copy, size);
	free(copy);
	return 0;
}
