/* keys/algorithms/hkdf.c - HKDF with SHA-256 (RFC 5869), which libgcrypt 1.10 lacks. */
#include "keys/algorithms/hkdf.h"

#include "gateway/base/buf.h"
#include "gateway/base/hex.h"

#include <gcrypt.h>
#include <string.h>

/* RFC 5869, 2.3: T(n) = HMAC(PRK, T(n-1) | info | n), one after the other. */
static void
expand(gcry_md_hd_t md, const void *info, size_t info_len, uint8_t *out,
    size_t len)
{
	uint8_t t[SHA256_LEN];

	for (unsigned n = 1; len > 0; n++) {
		uint8_t counter = (uint8_t)n;
		size_t part = len < sizeof(t) ? len : sizeof(t);

		gcry_md_reset(md);
		if (n > 1)
			gcry_md_write(md, t, sizeof(t));
		gcry_md_write(md, info, info_len);
		gcry_md_write(md, &counter, 1);
		memcpy(t, gcry_md_read(md, GCRY_MD_SHA256), sizeof(t));
		memcpy(out, t, part);
		out += part;
		len -= part;
	}
	mem_wipe(t, sizeof(t));
}

bool
hkdf_sha256(const void *key, size_t key_len, const void *salt, size_t salt_len,
    const void *info, size_t info_len, void *out, size_t len)
{
	gcry_md_hd_t md = NULL;
	uint8_t prk[SHA256_LEN];
	bool ok = false;

	memset(out, 0, len);
	if (len > 255 * SHA256_LEN ||
	    gcry_md_open(&md, GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC) != 0)
		return false;
	if (gcry_md_setkey(md, salt, salt_len) != 0)
		goto close;
	gcry_md_write(md, key, key_len);
	memcpy(prk, gcry_md_read(md, GCRY_MD_SHA256), sizeof(prk));
	if (gcry_md_setkey(md, prk, sizeof(prk)) == 0) {
		expand(md, info, info_len, out, len);
		ok = true;
	}
	mem_wipe(prk, sizeof(prk));
close:
	gcry_md_close(md);
	return ok;
}
