/* keys/algorithms/hkdf.c - HKDF (RFC 5869), which libgcrypt 1.10 lacks. */
#include "keys/algorithms/hkdf.h"

#include "gateway/base/buf.h"

#include <gcrypt.h>
#include <string.h>

#define DIGEST_MAX 64

/* RFC 5869, 2.3: T(n) = HMAC(PRK, T(n-1) | info | n), one after the other. */
static void
expand(gcry_md_hd_t md, size_t size, const void *info, size_t info_len,
    uint8_t *out, size_t len)
{
	uint8_t t[DIGEST_MAX];

	for (unsigned n = 1; len > 0; n++) {
		uint8_t counter = (uint8_t)n;
		size_t part = len < size ? len : size;

		gcry_md_reset(md);
		if (n > 1)
			gcry_md_write(md, t, size);
		gcry_md_write(md, info, info_len);
		gcry_md_write(md, &counter, 1);
		memcpy(t, gcry_md_read(md, 0), size);
		memcpy(out, t, part);
		out += part;
		len -= part;
	}
	mem_wipe(t, sizeof(t));
}

static bool
hkdf(int hash, const void *key, size_t key_len, const void *salt,
    size_t salt_len, const void *info, size_t info_len, void *out, size_t len)
{
	size_t size = gcry_md_get_algo_dlen(hash);
	gcry_md_hd_t md = NULL;
	uint8_t prk[DIGEST_MAX];
	bool ok = false;

	memset(out, 0, len);
	if (len > 255 * size || gcry_md_open(&md, hash, GCRY_MD_FLAG_HMAC) != 0)
		return false;
	if (gcry_md_setkey(md, salt, salt_len) != 0)
		goto close;
	gcry_md_write(md, key, key_len);
	memcpy(prk, gcry_md_read(md, 0), size);
	if (gcry_md_setkey(md, prk, size) == 0) {
		expand(md, size, info, info_len, out, len);
		ok = true;
	}
	mem_wipe(prk, sizeof(prk));
close:
	gcry_md_close(md);
	return ok;
}

bool
hkdf_sha256(const void *key, size_t key_len, const void *salt, size_t salt_len,
    const void *info, size_t info_len, void *out, size_t len)
{
	return hkdf(GCRY_MD_SHA256, key, key_len, salt, salt_len, info,
	    info_len, out, len);
}

bool
hkdf_sha512(const void *key, size_t key_len, const void *salt, size_t salt_len,
    const void *info, size_t info_len, void *out, size_t len)
{
	return hkdf(GCRY_MD_SHA512, key, key_len, salt, salt_len, info,
	    info_len, out, len);
}
