/* base/docid.c - the identity of one document. */
#include "gateway/base/docid.h"

#include "gateway/base/clock.h"
#include "gateway/base/status.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct docid
docid_new(void)
{
	uint8_t raw[16];
	struct docid id;
	uint64_t ms = (uint64_t)clock_wall_ms();
	unsigned acc = 0, bits = 2; /* 26 * 5 is 130: two leading zero bits */
	size_t n = 0;

	for (int i = 0; i < 6; i++)
		raw[i] = (uint8_t)(ms >> (40 - 8 * i));
	if (getrandom(raw + 6, 10, 0) != 10)
		gw_fatal("no random numbers from the kernel");
	for (size_t i = 0; i < sizeof(raw); i++) {
		acc = acc << 8 | raw[i];
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			id.text[n++] = alphabet[acc >> bits & 31];
		}
		acc &= (1u << bits) - 1;
	}
	id.text[n] = '\0';
	return id;
}

bool
docid_valid(const char *text)
{
	return strlen(text) == DOCID_LEN &&
	       strspn(text, alphabet) == DOCID_LEN && text[0] <= '7';
}

bool
docid_parse(const char *text, struct docid *id)
{
	if (!docid_valid(text)) {
		id->text[0] = '\0';
		return false;
	}
	memcpy(id->text, text, DOCID_LEN + 1);
	return true;
}
