/* keys/messages/chunks.c - authenticated chunks, in either packet that has them. */
#include "keys/messages/chunks.h"

#include "keys/messages/seipd.h"

#include <stdlib.h>
#include <string.h>

#define TAG_LEN CIPHER_TAG_LEN

static void
put_u64(uint8_t *to, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		to[i] = (uint8_t)v;
}

bool
chunks_key_open(struct chunks_key *k, int cipher, int aead, const uint8_t *key,
    const uint8_t ad[CHUNKS_AD_LEN], const uint8_t *iv)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->ad, ad, CHUNKS_AD_LEN);
	k->iv_len = cipher_nonce_len(aead);
	memcpy(k->iv, iv, k->iv_len);
	return gcry_cipher_open(&k->cipher, cipher_gcry(cipher),
		   cipher_mode(aead), 0) == 0 &&
	       gcry_cipher_setkey(k->cipher, key, cipher_key_len(cipher)) == 0;
}

void
chunks_key_close(struct chunks_key *k)
{
	gcry_cipher_close(k->cipher);
	mem_wipe(k, sizeof(*k));
}

/* Begin the chunk of that number; the final tag also covers the length.  The
 * associated data goes in with one call: OCB takes it in whole blocks. */
static bool
begin(struct chunks_key *k, uint64_t index, const uint64_t *total)
{
	uint8_t ad[CHUNKS_AD_LEN + 8 + 8], nonce[CIPHER_NONCE_MAX], number[8];
	size_t len = CHUNKS_AD_LEN;

	put_u64(number, index);
	memcpy(ad, k->ad, len);
	if (k->numbered) {
		memcpy(ad + len, number, 8);
		len += 8;
	}
	if (total != NULL) {
		put_u64(ad + len, *total);
		len += 8;
	}
	memcpy(nonce, k->iv, k->iv_len);
	for (size_t i = 0; i < 8; i++)
		nonce[k->iv_len - 8 + i] ^= number[i];
	return gcry_cipher_setiv(k->cipher, nonce, k->iv_len) == 0 &&
	       gcry_cipher_authenticate(k->cipher, ad, len) == 0 &&
	       gcry_cipher_final(k->cipher) == 0;
}

struct chunks {
	struct source src;
	struct source *from;
	struct chunks_key key;
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
read_chunk(struct chunks *r, struct why *why)
{
	size_t want = r->chunk_size + 2 * TAG_LEN;

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
open_chunk(struct chunks *r, size_t n, struct why *why)
{
	gcry_cipher_hd_t c = r->key.cipher;

	if (!begin(&r->key, r->index, NULL) ||
	    gcry_cipher_decrypt(c, r->room, n, NULL, 0) != 0 ||
	    gcry_cipher_checktag(c, r->room + n, TAG_LEN) != 0)
		return seipd_damaged(why);
	r->index++;
	r->total += n;
	r->src.at = r->room;
	r->src.left = n;
	r->ahead = n + TAG_LEN;
	r->held -= r->ahead;
	return GW_OK;
}

/* RFC 9580, 5.13.2: the last tag, over the number of octets in all. */
static bool
final_right(struct chunks *r)
{
	gcry_cipher_hd_t c = r->key.cipher;
	uint8_t none[1] = { 0 };

	return r->held == TAG_LEN && begin(&r->key, r->index, &r->total) &&
	       gcry_cipher_decrypt(c, none, 0, none, 0) == 0 &&
	       gcry_cipher_checktag(c, r->room + r->ahead, TAG_LEN) == 0;
}

static enum gw_status
chunks_read(struct source *s, struct why *why)
{
	struct chunks *r = (struct chunks *)s;
	size_t want = r->chunk_size + 2 * TAG_LEN;
	enum gw_status st;

	if ((st = read_chunk(r, why)) != GW_OK)
		return st;
	if (r->held == want)
		return open_chunk(r, r->chunk_size, why);
	/* Only the final tag: the data ended with a full chunk, or there is
	 * none at all.  An empty last chunk is not a chunk. */
	if (r->held == TAG_LEN) {
		if (!final_right(r))
			return seipd_damaged(why);
		s->end = true;
		return GW_OK;
	}
	if (r->held <= 2 * TAG_LEN)
		return seipd_damaged(why);
	return open_chunk(r, r->held - 2 * TAG_LEN, why);
}

enum gw_status
chunks_open(struct source *from, uint64_t hint, int chunk_octet,
    struct chunks_key *key, struct source **out, struct why *why)
{
	struct chunks *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->cap = source_cap(hint, SOURCE_CHUNK) + 2 * TAG_LEN;
		r->room = malloc(r->cap);
	}
	if (r == NULL || r->room == NULL) {
		free(r);
		chunks_key_close(key);
		why_set(why, REASON_INTERNAL, "no memory to decrypt");
		return GW_AGAIN;
	}
	r->src.more = chunks_read;
	r->from = from;
	r->chunk_size = (size_t)1 << (chunk_octet + 6);
	r->key = *key;
	mem_wipe(key, sizeof(*key));
	*out = &r->src;
	return GW_OK;
}

void
chunks_close(struct source *s)
{
	struct chunks *r = (struct chunks *)s;

	if (r == NULL)
		return;
	chunks_key_close(&r->key);
	free(r->room);
	free(r);
}

bool
chunks_seal(struct chunks_key *k, uint64_t index, const uint8_t *in, size_t n,
    uint8_t *out)
{
	return begin(k, index, NULL) &&
	       gcry_cipher_encrypt(k->cipher, out, n, in, n) == 0 &&
	       gcry_cipher_gettag(k->cipher, out + n, TAG_LEN) == 0;
}

bool
chunks_end(struct chunks_key *k, uint64_t index, uint64_t total, uint8_t *out)
{
	return begin(k, index, &total) &&
	       gcry_cipher_encrypt(k->cipher, out, 0, out, 0) == 0 &&
	       gcry_cipher_gettag(k->cipher, out, TAG_LEN) == 0;
}
