/* keys/messages/seipd2.c - encrypted data version 2: authenticated chunks. */
#include "keys/messages/seipd.h"

#include "keys/algorithms/hkdf.h"

#include <stdlib.h>
#include <string.h>

#define INDEX_LEN 8 /* the chunk's number: the last octets of the nonce */

static const struct {
	int aead;
	int gcry;
	size_t nonce_len;
} modes[] = {
	{ SEIPD_EAX, GCRY_CIPHER_MODE_EAX, 16 },
	{ SEIPD_OCB, GCRY_CIPHER_MODE_OCB, 15 },
	{ SEIPD_GCM, GCRY_CIPHER_MODE_GCM, 12 },
};

static void
put_u64(uint8_t *to, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		to[i] = (uint8_t)v;
}

static size_t
mode_nonce_len(int aead, int *gcry)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i].aead != aead)
			continue;
		*gcry = modes[i].gcry;
		return modes[i].nonce_len;
	}
	return 0;
}

/*
 * RFC 9580, 5.13.2: the message key and the front of the nonce come out of
 * HKDF over the session key, salted, bound to packet, version, cipher, mode
 * and chunk size by the same five octets that every tag covers.
 */
static bool
derive(
    const struct seipd2_params *p, const struct buf *key, struct seipd2_key *ck)
{
	const uint8_t ad[5] = { 0xd2, 2, p->cipher, p->aead, p->chunk_octet };
	uint8_t okm[32 + 16];
	size_t key_len = seipd_key_len(p->cipher);
	int mode = 0;
	bool ok;

	ck->nonce_len = mode_nonce_len(p->aead, &mode);
	memcpy(ck->ad, ad, sizeof(ad));
	ok = hkdf_sha256(key->data, key->len, p->salt, sizeof(p->salt), ad,
		 sizeof(ad), okm, key_len + ck->nonce_len - INDEX_LEN) &&
	     gcry_cipher_open(&ck->cipher, seipd_gcry(p->cipher), mode, 0) ==
		 0 &&
	     gcry_cipher_setkey(ck->cipher, okm, key_len) == 0;
	memcpy(ck->nonce, okm + key_len, ck->nonce_len - INDEX_LEN);
	mem_wipe(okm, sizeof(okm));
	return ok;
}

/* Begin the chunk of that number; the final tag also covers the length.  The
 * associated data goes in with one call: OCB takes it in whole blocks. */
static bool
chunk_begin(struct seipd2_key *ck, uint64_t index, const uint64_t *total)
{
	uint8_t ad[sizeof(ck->ad) + 8];
	size_t len = sizeof(ck->ad);

	memcpy(ad, ck->ad, len);
	if (total != NULL) {
		put_u64(ad + len, *total);
		len = sizeof(ad);
	}
	put_u64(ck->nonce + ck->nonce_len - INDEX_LEN, index);
	return gcry_cipher_setiv(ck->cipher, ck->nonce, ck->nonce_len) == 0 &&
	       gcry_cipher_authenticate(ck->cipher, ad, len) == 0;
}

struct seipd2 {
	struct source src;
	struct source *from;
	struct seipd2_key key;
	size_t chunk_size;
	uint8_t *room;
	size_t cap;
	size_t held; /* octets read ahead, at room + ahead */
	size_t ahead;
	uint64_t index, total;
};

/*
 * Have a whole chunk, its tag and the 16 octets after it, which may be the
 * final tag, in the room; fewer only at the end.  The room grows with what
 * really comes, not with the chunk size that the sender claims.
 */
static enum gw_status
read_chunk(struct seipd2 *r, struct why *why)
{
	size_t want = r->chunk_size + 2 * SEIPD2_TAG_LEN;

	memmove(r->room, r->room + r->ahead, r->held);
	r->ahead = 0;
	for (;;) {
		enum gw_status st;
		size_t most = r->cap < want ? r->cap : want, got;
		uint8_t *larger;

		st = source_read(
		    r->from, r->room + r->held, most - r->held, &got, why);
		if (st != GW_OK)
			return st;
		r->held += got;
		if (r->held == want || r->held < most)
			return GW_OK;
		if ((larger = realloc(r->room, 2 * r->cap)) == NULL) {
			why_set(why, REASON_INTERNAL, "no memory to decrypt");
			return GW_AGAIN;
		}
		r->room = larger;
		r->cap *= 2;
	}
}

static enum gw_status
open_chunk(struct seipd2 *r, size_t n, struct why *why)
{
	gcry_cipher_hd_t c = r->key.cipher;

	if (!chunk_begin(&r->key, r->index, NULL) ||
	    gcry_cipher_final(c) != 0 ||
	    gcry_cipher_decrypt(c, r->room, n, NULL, 0) != 0 ||
	    gcry_cipher_checktag(c, r->room + n, SEIPD2_TAG_LEN) != 0)
		return seipd_damaged(why);
	r->index++;
	r->total += n;
	r->src.at = r->room;
	r->src.left = n;
	r->ahead = n + SEIPD2_TAG_LEN;
	r->held -= r->ahead;
	return GW_OK;
}

/* RFC 9580, 5.13.2: the last tag, over the number of octets in all. */
static bool
final_right(struct seipd2 *r)
{
	gcry_cipher_hd_t c = r->key.cipher;
	uint8_t none[1] = { 0 };

	return r->held == SEIPD2_TAG_LEN &&
	       chunk_begin(&r->key, r->index, &r->total) &&
	       gcry_cipher_final(c) == 0 &&
	       gcry_cipher_decrypt(c, none, 0, none, 0) == 0 &&
	       gcry_cipher_checktag(c, r->room + r->ahead, SEIPD2_TAG_LEN) == 0;
}

static enum gw_status
seipd2_read(struct source *s, struct why *why)
{
	struct seipd2 *r = (struct seipd2 *)s;
	size_t want = r->chunk_size + 2 * SEIPD2_TAG_LEN;
	enum gw_status st;
	bool last;

	if ((st = read_chunk(r, why)) != GW_OK)
		return st;
	last = r->held < want;
	if (!last)
		return open_chunk(r, r->chunk_size, why);
	/* Only the final tag: the data ended with a full chunk, or there is
	 * none at all.  An empty last chunk is not a chunk. */
	if (r->held == SEIPD2_TAG_LEN) {
		if (!final_right(r))
			return seipd_damaged(why);
		s->end = true;
		return GW_OK;
	}
	if (r->held <= 2 * SEIPD2_TAG_LEN)
		return seipd_damaged(why);
	return open_chunk(r, r->held - 2 * SEIPD2_TAG_LEN, why);
}

enum gw_status
seipd2_check(const struct seipd2_params *p, struct why *why)
{
	int mode = 0;

	if (seipd_key_len(p->cipher) > 0 &&
	    mode_nonce_len(p->aead, &mode) > 0 &&
	    p->chunk_octet <= SEIPD2_CHUNK_MAX)
		return GW_OK;
	why_set(why, REASON_UNSUPPORTED,
	    "encrypted with cipher %d, mode %d, chunk size octet %d", p->cipher,
	    p->aead, p->chunk_octet);
	return GW_REFUSED;
}

static void
release(struct seipd2 *r)
{
	if (r == NULL)
		return;
	gcry_cipher_close(r->key.cipher);
	free(r->room);
	mem_wipe(r, sizeof(*r));
	free(r);
}

enum gw_status
seipd2_open(struct source *from, uint64_t hint, const struct seipd2_params *p,
    const struct buf *key, struct source **out, struct why *why)
{
	struct seipd2 *r = NULL;
	enum gw_status st = seipd2_check(p, why);

	if (st != GW_OK)
		return st;
	if (key->len != seipd_key_len(p->cipher))
		return seipd_damaged(why);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		goto nomem;
	r->src.more = seipd2_read;
	r->from = from;
	r->chunk_size = (size_t)1 << (p->chunk_octet + 6);
	r->cap = source_cap(hint, SOURCE_CHUNK) + 2 * SEIPD2_TAG_LEN;
	if ((r->room = malloc(r->cap)) == NULL || !derive(p, key, &r->key))
		goto nomem;
	*out = &r->src;
	return GW_OK;
nomem:
	release(r);
	why_set(why, REASON_INTERNAL, "no memory to decrypt");
	return GW_AGAIN;
}

void
seipd2_close(struct source *s)
{
	release((struct seipd2 *)s);
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
	struct seipd2_params p = { SEIPD_AES256, SEIPD_OCB,
		(uint8_t)chunk_octet, { 0 } };

	memset(w, 0, sizeof(*w));
	if (key->len != seipd_key_len(SEIPD_AES256))
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
	gcry_cipher_hd_t c = w->key.cipher;

	if (!chunk_begin(&w->key, w->index, NULL) ||
	    gcry_cipher_final(c) != 0 ||
	    gcry_cipher_encrypt(c, out, n, in, n) != 0 ||
	    gcry_cipher_gettag(c, out + n, SEIPD2_TAG_LEN) != 0)
		return gcry_failed(why);
	w->index++;
	w->total += n;
	return GW_OK;
}

enum gw_status
seipd2_finish(struct seipd_writer *w, uint8_t *out, struct why *why)
{
	gcry_cipher_hd_t c = w->key.cipher;

	if (!chunk_begin(&w->key, w->index, &w->total) ||
	    gcry_cipher_final(c) != 0 ||
	    gcry_cipher_encrypt(c, out, 0, out, 0) != 0 ||
	    gcry_cipher_gettag(c, out, SEIPD2_TAG_LEN) != 0)
		return gcry_failed(why);
	return GW_OK;
}
