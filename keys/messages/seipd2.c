/* keys/messages/seipd2.c - encrypted data version 2: a key of its own, then chunks. */
#include "keys/messages/seipd.h"

#include "keys/algorithms/hkdf.h"

#include <string.h>

#define INDEX_LEN 8 /* the chunk's number: the last octets of the nonce */

/*
 * RFC 9580, 5.13.2: the message key and the front of the nonce come out of
 * HKDF over the session key, salted, bound to packet, version, cipher, mode
 * and chunk size by the same five octets that every tag covers.
 */
static bool
derive(
    const struct seipd2_params *p, const struct buf *key, struct chunks_key *ck)
{
	const uint8_t ad[CHUNKS_AD_LEN] = { 0xd2, 2, p->cipher, p->aead,
		p->chunk_octet };
	uint8_t okm[CIPHER_KEY_MAX + CIPHER_NONCE_MAX] = { 0 };
	size_t key_len = cipher_key_len(p->cipher);
	bool ok =
	    hkdf_sha256(key->data, key->len, p->salt, sizeof(p->salt), ad,
		sizeof(ad), okm,
		key_len + cipher_nonce_len(p->aead) - INDEX_LEN) &&
	    chunks_key_open(ck, p->cipher, p->aead, okm, ad, okm + key_len);

	mem_wipe(okm, sizeof(okm));
	return ok;
}

enum gw_status
seipd2_check(const struct seipd2_params *p, struct why *why)
{
	if (cipher_key_len(p->cipher) > 0 && cipher_nonce_len(p->aead) > 0 &&
	    p->chunk_octet <= SEIPD_CHUNK_MAX)
		return GW_OK;
	why_set(why, REASON_UNSUPPORTED,
	    "encrypted with cipher %d, mode %d, chunk size octet %d", p->cipher,
	    p->aead, p->chunk_octet);
	return GW_REFUSED;
}

enum gw_status
seipd2_open(struct source *from, uint64_t hint, const struct seipd2_params *p,
    const struct buf *key, struct source **out, struct why *why)
{
	struct chunks_key ck = { 0 };
	enum gw_status st = seipd2_check(p, why);

	if (st != GW_OK)
		return st;
	if (key->len != cipher_key_len(p->cipher))
		return seipd_damaged(why);
	if (!derive(p, key, &ck)) {
		chunks_key_close(&ck);
		why_set(why, REASON_INTERNAL, "no memory to decrypt");
		return GW_AGAIN;
	}
	return chunks_open(from, hint, p->chunk_octet, &ck, out, why);
}

void
seipd2_close(struct source *s)
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
seipd2_start(struct seipd_writer *w, const struct buf *key, int chunk_octet,
    uint8_t *out, struct why *why)
{
	struct seipd2_params p = { (uint8_t)cipher_of_len(key->len), PACKET_OCB,
		(uint8_t)chunk_octet, { 0 } };

	memset(w, 0, sizeof(*w));
	if (p.cipher == 0)
		return gcry_failed(why);
	/* Never the same twice is enough for a salt. */
	gcry_create_nonce(p.salt, sizeof(p.salt));
	if (!derive(&p, key, &w->key))
		return gcry_failed(why);
	out[0] = 2;
	out[1] = p.cipher;
	out[2] = p.aead;
	out[3] = p.chunk_octet;
	memcpy(out + 4, p.salt, sizeof(p.salt));
	return GW_OK;
}

enum gw_status
seipd2_chunk(struct seipd_writer *w, const uint8_t *in, size_t n, uint8_t *out,
    struct why *why)
{
	if (!chunks_seal(&w->key, w->index, in, n, out))
		return gcry_failed(why);
	w->index++;
	w->total += n;
	return GW_OK;
}

enum gw_status
seipd2_finish(struct seipd_writer *w, uint8_t *out, struct why *why)
{
	return chunks_end(&w->key, w->index, w->total, out) ? GW_OK
							    : gcry_failed(why);
}
