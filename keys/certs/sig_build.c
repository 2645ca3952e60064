/* keys/certs/sig_build.c - signature packets: making them (RFC 9580, 5.2.3). */
#include "keys/certs/sig.h"

#include <string.h>

#define AREA_MAX     UINT16_MAX
#define CRITICAL_BIT 0x80

static void
put_sub(struct buf *area, int sub, bool critical, const void *data, size_t len)
{
	size_t n = len + 1;

	/* RFC 9580, 5.2.3.7. */
	if (n < 192) {
		buf_put_u8(area, (uint8_t)n);
	} else if (n < 16320) {
		buf_put_u16(area, (uint16_t)(n - 192 + (192u << 8)));
	} else {
		buf_put_u8(area, 255);
		buf_put_u32(area, (uint32_t)n);
	}
	buf_put_u8(area, (uint8_t)(sub | (critical ? CRITICAL_BIT : 0)));
	buf_put(area, data, len);
}

static void
put_fingerprint(struct buf *area, int sub, bool critical, const struct pk *pk)
{
	uint8_t data[1 + PK_FINGERPRINT_MAX] = { (uint8_t)pk->version };

	memcpy(data + 1, pk->fingerprint, pk->fingerprint_len);
	put_sub(area, sub, critical, data, 1 + pk->fingerprint_len);
}

/* Version, type, two algorithms, the area's length. */
static size_t
head_len(const struct sig_build *b)
{
	return b->version == 6 ? 8 : 6;
}

/* The length of a subpacket area (RFC 9580, 5.2.3). */
static void
put_area_len(const struct sig_build *b, struct buf *out, size_t len)
{
	if (b->version == 6)
		buf_put_u32(out, (uint32_t)len);
	else
		buf_put_u16(out, (uint16_t)len);
}

/* RFC 9580, 13.2: two signatures over the same are over different octets, and
 * whoever prepared a collision has to know the salt before it exists. */
static void
take_salt(struct sig_build *b)
{
	const struct packet_hash *hash = packet_hash_find(b->hash_algorithm);

	if (hash == NULL || hash->salt_len == 0 ||
	    hash->salt_len > sizeof(b->salt)) {
		b->head.bad = true; /* no such hash in version 6 */
		return;
	}
	b->salt_len = hash->salt_len;
	gcry_randomize(b->salt, b->salt_len, GCRY_STRONG_RANDOM);
}

void
sig_build_init(struct sig_build *b, int type, const struct pk *signer,
    int hash_algorithm, time_t created)
{
	memset(b, 0, sizeof(*b));
	b->hash_algorithm = hash_algorithm;
	b->version = signer->version;
	buf_init(&b->head, head_len(b) + AREA_MAX);
	buf_init(&b->unhashed, AREA_MAX);
	buf_put_u8(&b->head, (uint8_t)b->version);
	buf_put_u8(&b->head, (uint8_t)type);
	buf_put_u8(&b->head, (uint8_t)signer->algorithm);
	buf_put_u8(&b->head, (uint8_t)hash_algorithm);
	put_area_len(b, &b->head, 0); /* until it is known */
	if (b->version == 6)
		take_salt(b);
	sig_build_sub_u32(b, PACKET_SUB_CREATED, false, (uint32_t)created);
	put_fingerprint(&b->head, PACKET_SUB_ISSUER_FPR, false, signer);
	/* RFC 9580, 5.2.3.12: old readers know nothing else, and newer keys
	 * must not have it. */
	if (b->version == 4)
		put_sub(&b->unhashed, PACKET_SUB_ISSUER, false, signer->keyid,
		    PK_KEYID_LEN);
}

void
sig_build_close(struct sig_build *b)
{
	buf_free(&b->head);
	buf_free(&b->unhashed);
	memset(b, 0, sizeof(*b));
}

void
sig_build_sub(
    struct sig_build *b, int sub, bool critical, const void *data, size_t len)
{
	put_sub(&b->head, sub, critical, data, len);
}

void
sig_build_sub_u32(struct sig_build *b, int sub, bool critical, uint32_t v)
{
	uint8_t data[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
		(uint8_t)(v >> 8), (uint8_t)v };

	put_sub(&b->head, sub, critical, data, sizeof(data));
}

void
sig_build_notation(struct sig_build *b, const char *name, const char *value)
{
	struct buf data;

	/* RFC 9580, 5.2.3.24. */
	buf_init(&data, AREA_MAX);
	buf_put_u32(&data, 0x80000000u); /* human-readable */
	buf_put_u16(&data, (uint16_t)strlen(name));
	buf_put_u16(&data, (uint16_t)strlen(value));
	buf_put_text(&data, name);
	buf_put_text(&data, value);
	put_sub(&b->head, PACKET_SUB_NOTATION, false, data.data, data.len);
	b->head.bad = b->head.bad || data.bad;
	buf_free(&data);
}

void
sig_build_recipient(struct sig_build *b, const struct pk *pk)
{
	/* RFC 9580, 5.2.3.36: critical in version 6; readers of version 4
	 * may not know it. */
	put_fingerprint(
	    &b->head, PACKET_SUB_RECIPIENT_FPR, b->version == 6, pk);
}

static enum gw_status
failed(struct why *why, const char *what)
{
	why_set(why, REASON_INTERNAL, "making a signature: %s", what);
	return GW_INTERNAL;
}

enum gw_status
sig_build_md_open(const struct sig_build *b, gcry_md_hd_t *md, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(b->hash_algorithm);

	if (hash == NULL || gcry_md_open(md, hash->gcry, 0) != 0)
		return failed(why, "no memory to hash");
	gcry_md_write(*md, b->salt, b->salt_len);
	return GW_OK;
}

enum gw_status
sig_build_digest(struct sig_build *b, gcry_md_hd_t md, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(b->hash_algorithm);
	const uint8_t *p;
	size_t len = b->head.len, at = head_len(b);

	if (b->head.bad || b->unhashed.bad || hash == NULL)
		return failed(why, "too much to say in it, or its hash");
	b->head.data[at - 2] = (uint8_t)((len - at) >> 8);
	b->head.data[at - 1] = (uint8_t)(len - at);
	gcry_md_write(md, b->head.data, len);
	/* RFC 9580, 5.2.4. */
	gcry_md_putc(md, b->version);
	gcry_md_putc(md, 0xff);
	for (int shift = 24; shift >= 0; shift -= 8)
		gcry_md_putc(md, (int)(len >> shift & 0xff));
	/* Asked for another hash, libgcrypt ends the process. */
	if (!gcry_md_is_enabled(md, hash->gcry) ||
	    (p = gcry_md_read(md, hash->gcry)) == NULL)
		return failed(why, "the digest is of another hash");
	memcpy(b->digest, p, hash->len);
	b->digest_len = hash->len;
	return GW_OK;
}

enum gw_status
sig_build_finish(struct sig_build *b, const void *numbers, size_t numbers_len,
    struct buf *out, struct why *why)
{
	size_t extra = b->version == 6 ? 4 + 2 + 1 + b->salt_len : 2 + 2;

	if (b->digest_len == 0)
		return failed(why, "no digest yet");
	packet_put_header(out, PACKET_SIGNATURE,
	    b->head.len + b->unhashed.len + extra + numbers_len);
	buf_put(out, b->head.data, b->head.len);
	put_area_len(b, out, b->unhashed.len);
	buf_put(out, b->unhashed.data, b->unhashed.len);
	buf_put(out, b->digest, 2);
	if (b->version == 6) {
		buf_put_u8(out, (uint8_t)b->salt_len);
		buf_put(out, b->salt, b->salt_len);
	}
	buf_put(out, numbers, numbers_len);
	return out->bad ? failed(why, "no room for it") : GW_OK;
}
