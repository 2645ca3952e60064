/* keys/messages/seipd1.c - encrypted data version 1: CFB with a modification check. */
#include "keys/messages/seipd.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX_LEN (SEIPD1_HEAD_LEN - 1) /* one block and two octets */
#define SHA1_LEN   20

enum gw_status
seipd_damaged(struct why *why)
{
	why_set(why, REASON_DAMAGED,
	    "the message cannot be decrypted: damaged, cut or altered");
	return GW_REFUSED;
}

static enum gw_status
gcry_failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "libgcrypt failed in encrypted data");
	return GW_INTERNAL;
}

/* The cipher in CFB mode with an all-zero IV (RFC 9580, 5.13.1). */
static bool
cfb_open(gcry_cipher_hd_t *cipher, int gcry, const struct buf *key)
{
	static const uint8_t iv[16];

	return gcry_cipher_open(cipher, gcry, GCRY_CIPHER_MODE_CFB, 0) == 0 &&
	       gcry_cipher_setkey(*cipher, key->data, key->len) == 0 &&
	       gcry_cipher_setiv(*cipher, iv, sizeof(iv)) == 0;
}

/*
 * The reader.  The last 22 octets are the modification detection code, and
 * which ones are the last is known only at the end, so that many are always
 * held back: a room holds [tail of before | decrypted now].  There are two,
 * because what one shows may still be hashed while the other is filled; a
 * short message never needs the second.
 */
struct seipd1 {
	struct source src;
	struct source *from;
	gcry_cipher_hd_t cipher;
	gcry_md_hd_t sha1;
	struct second_job job;
	const uint8_t *hashed;
	size_t hashed_len;
	uint8_t *rooms[2];
	uint8_t *room; /* the one in use */
	size_t cap;
	size_t held;  /* octets at the start of room not shown yet */
	size_t shown; /* octets before them that were */
	bool started;
};

static void
hash_piece(void *arg)
{
	struct seipd1 *r = arg;

	gcry_md_write(r->sha1, r->hashed, r->hashed_len);
}

static void
hash(struct seipd1 *r, const uint8_t *p, size_t n)
{
	second_thread_wait(&r->job);
	r->hashed = p;
	r->hashed_len = n;
	if (n < SOURCE_WORTH_A_THREAD)
		hash_piece(r);
	else
		second_thread_give(&r->job);
}

/* Go to the other room, and take along what was held back. */
static enum gw_status
change_rooms(struct seipd1 *r, struct why *why)
{
	uint8_t **other = &r->rooms[r->room == r->rooms[0]];

	if (r->held == 0 && r->shown == 0)
		return GW_OK; /* the first time */
	if (*other == NULL && (*other = malloc(r->cap)) == NULL) {
		why_set(why, REASON_INTERNAL, "no memory to decrypt");
		return GW_AGAIN;
	}
	memcpy(*other, r->room + r->shown, r->held);
	r->room = *other;
	r->shown = 0;
	return GW_OK;
}

/* Fill the room behind what is held; *ended tells that nothing is left. */
static enum gw_status
decrypt_more(struct seipd1 *r, bool *ended, struct why *why)
{
	enum gw_status st;

	*ended = false;
	while (r->held < r->cap) {
		size_t n;

		if ((st = source_fill(r->from, why)) != GW_OK)
			return st;
		if (r->from->left == 0) {
			*ended = true;
			break;
		}
		n = r->cap - r->held;
		if (n > r->from->left)
			n = r->from->left;
		if (gcry_cipher_decrypt(
			r->cipher, r->room + r->held, n, r->from->at, n) != 0)
			return gcry_failed(why);
		source_take(r->from, n);
		r->held += n;
		/* Hand on what is there rather than collect crumbs, once it
		 * is worth the trouble. */
		if (r->held > SEIPD1_TAIL_LEN && r->held >= r->cap / 2)
			break;
	}
	return GW_OK;
}

/*
 * The random prefix.  Its last two octets repeat the two before; that "quick
 * check" is not made, it would be an oracle (RFC 9580, 5.13.1), and the
 * modification check covers it.
 */
static enum gw_status
skip_prefix(struct seipd1 *r, struct why *why)
{
	uint8_t prefix[PREFIX_LEN];
	size_t got;
	enum gw_status st =
	    source_read(r->from, prefix, sizeof(prefix), &got, why);

	if (st != GW_OK)
		return st;
	if (got < sizeof(prefix))
		return seipd_damaged(why);
	if (gcry_cipher_decrypt(r->cipher, prefix, sizeof(prefix), NULL, 0) !=
	    0)
		return gcry_failed(why);
	gcry_md_write(r->sha1, prefix, sizeof(prefix));
	r->started = true;
	return GW_OK;
}

/* RFC 9580, 5.13.1: 0xD3 0x14, then SHA-1 of everything up to here. */
static bool
tail_right(struct seipd1 *r)
{
	const uint8_t *tail = r->room + r->shown;

	if (r->held != SEIPD1_TAIL_LEN)
		return false;
	second_thread_wait(&r->job);
	gcry_md_write(r->sha1, tail, 2);
	return tail[0] == 0xd3 && tail[1] == 0x14 &&
	       mem_equal_ct(
		   tail + 2, gcry_md_read(r->sha1, GCRY_MD_SHA1), SHA1_LEN);
}

static enum gw_status
seipd1_read(struct source *s, struct why *why)
{
	struct seipd1 *r = (struct seipd1 *)s;
	enum gw_status st;
	bool ended;

	if (!r->started && (st = skip_prefix(r, why)) != GW_OK)
		return st;
	if ((st = change_rooms(r, why)) != GW_OK)
		return st;
	if ((st = decrypt_more(r, &ended, why)) != GW_OK)
		return st;
	if (r->held > SEIPD1_TAIL_LEN) {
		r->shown = r->held - SEIPD1_TAIL_LEN;
		r->held = SEIPD1_TAIL_LEN;
		hash(r, r->room, r->shown);
		s->at = r->room;
		s->left = r->shown;
	}
	if (!ended)
		return GW_OK;
	/* Even what is still unread is not shown when the check fails. */
	if (!tail_right(r))
		return seipd_damaged(why);
	s->end = true;
	return GW_OK;
}

static void
release(struct seipd1 *r)
{
	if (r == NULL)
		return;
	second_thread_wait(&r->job);
	gcry_cipher_close(r->cipher);
	gcry_md_close(r->sha1);
	free(r->rooms[0]);
	free(r->rooms[1]);
	free(r);
}

enum gw_status
seipd1_open(struct source *from, uint64_t hint, int algorithm,
    const struct buf *key, struct source **out, struct why *why)
{
	struct seipd1 *r;

	if (cipher_key_len(algorithm) == 0 ||
	    key->len != cipher_key_len(algorithm))
		return seipd_damaged(why);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		goto nomem;
	r->src.more = seipd1_read;
	r->from = from;
	r->job.run = hash_piece;
	r->job.arg = r;
	r->cap = source_cap(hint, SOURCE_CHUNK) + SEIPD1_TAIL_LEN;
	if ((r->room = r->rooms[0] = malloc(r->cap)) == NULL ||
	    gcry_md_open(&r->sha1, GCRY_MD_SHA1, 0) != 0 ||
	    !cfb_open(&r->cipher, cipher_gcry(algorithm), key))
		goto nomem;
	*out = &r->src;
	return GW_OK;
nomem:
	release(r);
	why_set(why, REASON_INTERNAL, "no memory to decrypt");
	return GW_AGAIN;
}

void
seipd1_close(struct source *s)
{
	release((struct seipd1 *)s);
}

/* Marker, padding, literal, compressed, one-pass, signature: what a message
 * can begin with, in the new format or the old. */
static bool
begins_packet(uint8_t head)
{
	int tag = head & 0x40 ? head & 0x3f : head >> 2 & 0x0f;

	return (head & 0x80) != 0 && (tag == 2 || tag == 4 || tag == 8 ||
					 tag == 10 || tag == 11 || tag == 21);
}

bool
seipd1_peek(
    const uint8_t *data, size_t len, int algorithm, const struct buf *key)
{
	uint8_t clear[PREFIX_LEN + 1];
	gcry_cipher_hd_t cipher = NULL;
	bool ok =
	    len >= sizeof(clear) && cipher_key_len(algorithm) > 0 &&
	    key->len == cipher_key_len(algorithm) &&
	    cfb_open(&cipher, cipher_gcry(algorithm), key) &&
	    gcry_cipher_decrypt(
		cipher, clear, sizeof(clear), data, sizeof(clear)) == 0 &&
	    memcmp(clear + PREFIX_LEN - 4, clear + PREFIX_LEN - 2, 2) == 0 &&
	    begins_packet(clear[PREFIX_LEN]);

	gcry_cipher_close(cipher);
	return ok;
}

enum gw_status
seipd1_start(struct seipd_writer *w, const struct buf *key, uint8_t *out,
    struct why *why)
{
	memset(w, 0, sizeof(*w));
	if (cipher_of_len(key->len) == 0 ||
	    gcry_md_open(&w->sha1, GCRY_MD_SHA1, 0) != 0 ||
	    !cfb_open(&w->cfb, cipher_gcry(cipher_of_len(key->len)), key))
		return gcry_failed(why);
	*out++ = 1;
	/* Unpredictable is enough for it; secret it is not. */
	gcry_create_nonce(out, PREFIX_LEN - 2);
	memcpy(out + PREFIX_LEN - 2, out + PREFIX_LEN - 4, 2);
	seipd1_hash(w, out, PREFIX_LEN);
	return seipd1_cipher(w, out, PREFIX_LEN, out, why);
}

void
seipd1_hash(struct seipd_writer *w, const uint8_t *in, size_t n)
{
	gcry_md_write(w->sha1, in, n);
}

enum gw_status
seipd1_cipher(struct seipd_writer *w, const uint8_t *in, size_t n, uint8_t *out,
    struct why *why)
{
	gcry_error_t err;

	/* libgcrypt refuses in == out with a length; NULL says "in place". */
	if (in == out)
		err = gcry_cipher_encrypt(w->cfb, out, n, NULL, 0);
	else
		err = gcry_cipher_encrypt(w->cfb, out, n, in, n);
	return err == 0 ? GW_OK : gcry_failed(why);
}

enum gw_status
seipd1_finish(struct seipd_writer *w, uint8_t *out, struct why *why)
{
	out[0] = 0xd3;
	out[1] = 0x14;
	gcry_md_write(w->sha1, out, 2);
	memcpy(out + 2, gcry_md_read(w->sha1, GCRY_MD_SHA1), SHA1_LEN);
	if (gcry_cipher_encrypt(w->cfb, out, SEIPD1_TAIL_LEN, NULL, 0) != 0)
		return gcry_failed(why);
	return GW_OK;
}

void
seipd_writer_close(struct seipd_writer *w)
{
	gcry_cipher_close(w->cfb);
	gcry_cipher_close(w->key.cipher);
	gcry_md_close(w->sha1);
	mem_wipe(w, sizeof(*w));
}
