/* keys/messages/librepgp.c - LibrePGP's packet 20: chunks under the session key. */
#include "keys/messages/seipd.h"

#include <string.h>

/* The session key is used as it is, and every tag covers the chunk's number
 * beside the packet's parameters. */
static bool
key_open(const struct librepgp_params *p, const struct buf *key,
    struct chunks_key *ck)
{
	const uint8_t ad[CHUNKS_AD_LEN] = { 0xd4, 1, p->cipher, p->aead,
		p->chunk_octet };
	bool ok = chunks_key_open(ck, p->cipher, p->aead, key->data, ad, p->iv);

	ck->numbered = true;
	return ok;
}

enum gw_status
librepgp_check(const struct librepgp_params *p, struct why *why)
{
	if (cipher_key_len(p->cipher) > 0 &&
	    (p->aead == PACKET_EAX || p->aead == PACKET_OCB) &&
	    p->chunk_octet <= SEIPD_CHUNK_MAX)
		return GW_OK;
	why_set(why, REASON_UNSUPPORTED,
	    "encrypted in LibrePGP's way with cipher %d, mode %d, chunk size "
	    "octet %d",
	    p->cipher, p->aead, p->chunk_octet);
	return GW_REFUSED;
}

enum gw_status
librepgp_open(struct source *from, uint64_t hint,
    const struct librepgp_params *p, const struct buf *key, struct source **out,
    struct why *why)
{
	struct chunks_key ck = { 0 };
	enum gw_status st = librepgp_check(p, why);

	if (st != GW_OK)
		return st;
	if (key->len != cipher_key_len(p->cipher))
		return seipd_damaged(why);
	if (!key_open(p, key, &ck)) {
		chunks_key_close(&ck);
		why_set(why, REASON_INTERNAL, "no memory to decrypt");
		return GW_AGAIN;
	}
	return chunks_open(from, hint, p->chunk_octet, &ck, out, why);
}

void
librepgp_close(struct source *s)
{
	chunks_close(s);
}

static enum gw_status
gcry_failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "libgcrypt failed in encrypting");
	return GW_INTERNAL;
}

enum gw_status
librepgp_start(struct seipd_writer *w, const struct buf *key, int chunk_octet,
    uint8_t *out, struct why *why)
{
	struct librepgp_params p = { (uint8_t)cipher_of_len(key->len),
		PACKET_OCB, (uint8_t)chunk_octet, { 0 } };

	memset(w, 0, sizeof(*w));
	if (p.cipher == 0)
		return gcry_failed(why);
	/* The key serves this message alone, so never the same twice is more
	 * than enough. */
	gcry_create_nonce(p.iv, LIBREPGP_HEAD_LEN - 4);
	if (!key_open(&p, key, &w->key))
		return gcry_failed(why);
	out[0] = 1;
	out[1] = p.cipher;
	out[2] = p.aead;
	out[3] = p.chunk_octet;
	memcpy(out + 4, p.iv, LIBREPGP_HEAD_LEN - 4);
	return GW_OK;
}

enum gw_status
librepgp_chunk(struct seipd_writer *w, const uint8_t *in, size_t n,
    uint8_t *out, struct why *why)
{
	return seipd2_chunk(w, in, n, out, why);
}

enum gw_status
librepgp_finish(struct seipd_writer *w, uint8_t *out, struct why *why)
{
	return seipd2_finish(w, out, why);
}
