/* keys/secrets/secret_parse.c - transferable secret keys (RFC 9580, 10.2) are
 * read, unlocked and found to fit their certificates. */
#include "keys/packets/armor.h"
#include "keys/secrets/secret_parts.h"

#include <stdlib.h>
#include <string.h>

/* One transferable secret key taken apart: the certificate in it, and for
 * each key the part that is secret. */
struct reader {
	struct buf public;
	struct secret_half halves[CERT_KEYS_MAX];
	struct secret_packet packets[CERT_KEYS_MAX];
	struct buf parts[CERT_KEYS_MAX]; /* views on what is read */
	struct secret_locked how[CERT_KEYS_MAX];
	size_t count, subkeys;
};

/* What may open it; all of them are tried, the one that fitted last first. */
struct passphrases {
	const char *const *all;
	size_t count, lucky;
};

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad secret key: %s", what);
	return GW_REFUSED;
}

static enum gw_status
nomem(struct why *why)
{
	why_set(why, REASON_INTERNAL, "no memory for a secret key");
	return GW_AGAIN;
}

static void
reader_reset(struct reader *r)
{
	for (size_t i = 0; i < r->count; i++)
		secret_half_close(&r->halves[i]);
	r->count = r->subkeys = 0;
	buf_reset(&r->public);
}

/* Split one key packet at the place that only its algorithm knows. */
static enum gw_status
read_key(struct reader *r, struct packet *p, struct why *why)
{
	struct secret_half *half = &r->halves[r->count];
	bool primary = p->tag == PACKET_SECRET_KEY;
	enum gw_status st;

	if (!primary && r->count == 0)
		return malformed(why, "no primary key first");
	if (r->count + r->subkeys >= CERT_KEYS_MAX)
		return malformed(why, "too many subkeys");
	memset(half, 0, sizeof(*half));
	if ((st = pk_parse(&half->pk, &p->body, why)) == GW_OK)
		/* Otherwise it is unknown where the secret part begins, and
		 * what looks public may be secret. */
		st = pk_supported(&half->pk, why);
	if (st != GW_OK) {
		pk_close(&half->pk);
		return st;
	}
	r->packets[r->count].tag = p->tag;
	r->packets[r->count].pk = &half->pk;
	(void)buf_child(&p->body, buf_left(&p->body), &r->parts[r->count]);
	r->count++;
	packet_put(&r->public,
	    primary ? PACKET_PUBLIC_KEY : PACKET_PUBLIC_SUBKEY, half->pk.body,
	    half->pk.body_len);
	return GW_OK;
}

static enum gw_status
read_packet(struct reader *r, struct packet *p, struct why *why)
{
	switch (p->tag) {
	case PACKET_SECRET_KEY:
	case PACKET_SECRET_SUBKEY:
		return read_key(r, p, why);
	case PACKET_PUBLIC_SUBKEY: /* its numbers are kept elsewhere */
	case PACKET_SIGNATURE:
	case PACKET_USER_ID:
	case PACKET_USER_ATTRIBUTE:
		if (r->count == 0)
			return malformed(why, "no primary key first");
		if (p->tag == PACKET_PUBLIC_SUBKEY)
			r->subkeys++;
		packet_put(&r->public, p->tag, p->body.data, p->body.len);
		return GW_OK;
	case PACKET_MARKER:
	case PACKET_TRUST:
	case PACKET_PADDING:
		return GW_OK;
	case PACKET_PUBLIC_KEY:
		return malformed(why, "this is a certificate only");
	default:
		return malformed(why, "a packet that belongs to none");
	}
}

/* Up to the next primary key, or the end. */
static enum gw_status
read_packets(struct reader *r, struct buf *from, struct why *why)
{
	struct packet p;
	struct buf next = *from;
	enum gw_status st;

	while ((st = packet_next(&next, &p, why)) == GW_OK) {
		if (p.tag == PACKET_SECRET_KEY && r->count > 0)
			break;
		*from = next;
		if ((st = read_packet(r, &p, why)) != GW_OK)
			return st;
	}
	if (st == GW_NONE)
		*from = next;
	else if (st != GW_OK)
		return st;
	if (r->count == 0)
		return malformed(why, "empty");
	return r->public.bad ? malformed(why, "larger than 1 MiB") : GW_OK;
}

static enum gw_status
unlock(struct reader *r, size_t i, struct passphrases *pass, struct why *why)
{
	enum gw_status st = GW_REFUSED;

	if (pass->count == 0)
		return secret_unlock(&r->packets[i], &r->parts[i], NULL,
		    &r->halves[i].numbers, &r->how[i], why);
	for (size_t n = 0; n < pass->count; n++) {
		size_t at = (pass->lucky + n) % pass->count;
		struct buf part = r->parts[i];

		st = secret_unlock(&r->packets[i], &part, pass->all[at],
		    &r->halves[i].numbers, &r->how[i], why);
		if (st == GW_OK)
			pass->lucky = at;
		if (st != GW_REFUSED || why->reason != REASON_KEY_UNUSABLE)
			break;
	}
	return st;
}

static enum gw_status
read_one(struct reader *r, struct buf *from, struct passphrases *pass,
    struct secret **out, struct why *why)
{
	struct secret_locked how = { .open = false };
	enum gw_status st;

	if ((st = read_packets(r, from, why)) != GW_OK)
		return st;
	for (size_t i = 0; i < r->count; i++) {
		st = unlock(r, i, pass, why);
		if (st != GW_OK && st != GW_NONE)
			return st;
		how.malleable = how.malleable || r->how[i].malleable;
		how.weak = how.weak || r->how[i].weak;
		how.aead = how.aead || r->how[i].aead;
		how.open = how.open || r->how[i].open;
	}
	st = secret_assemble(&r->public, r->halves, r->count, out, why);
	/* Telling the two apart would tell whoever alters such a file bit by
	 * bit whether the sum was right, and so each bit of the numbers. */
	if (st == GW_REFUSED && why->reason == REASON_KEY_UNUSABLE &&
	    how.malleable)
		return secret_wrong_passphrase(why);
	if (st == GW_OK) {
		(*out)->lock =
		    how.aead ? SECRET_LOCK_ARGON2 : SECRET_LOCK_ITERATED;
		(*out)->weak_lock = how.weak;
		(*out)->lay_open = how.open;
	}
	return st;
}

static enum gw_status
read_all(struct buf *from, struct passphrases *pass, struct secret **out,
    size_t max, size_t *count, struct why *why)
{
	struct reader *r = calloc(1, sizeof(*r));
	enum gw_status st = GW_OK;

	if (r == NULL)
		return nomem(why);
	buf_init(&r->public, SECRET_SIZE_MAX);
	do {
		if (*count == max) {
			st = malformed(why, "more than one, or too many");
			break;
		}
		st = read_one(r, from, pass, &out[*count], why);
		reader_reset(r);
		if (st == GW_OK)
			(*count)++;
	} while (st == GW_OK && buf_left(from) > 0);
	buf_free(&r->public);
	free(r);
	return st;
}

/* Each block by itself; what stands between them is not in the way. */
static enum gw_status
dearmor(const void *text, size_t len, struct buf *raw, struct why *why)
{
	enum gw_status st =
	    armor_next(ARMOR_PRIVATE_KEY, &text, &len, raw, why);

	if (st == GW_NONE)
		return malformed(why, "there is none in this text");
	while (st == GW_OK)
		st = armor_next(ARMOR_PRIVATE_KEY, &text, &len, raw, why);
	return st == GW_NONE ? GW_OK : st;
}

/* The packets, armored or not. */
static enum gw_status
get_raw(const void *data, size_t len, struct buf *raw, struct why *why)
{
	if (len > 2 * SECRET_SIZE_MAX)
		return malformed(why, "larger than 1 MiB");
	if (armor_looks(data, len))
		return dearmor(data, len, raw, why);
	if (!buf_put(raw, data, len))
		return malformed(why, "larger than 1 MiB");
	return GW_OK;
}

enum gw_status
secret_parse_all(const void *data, size_t len, const char *const *passphrases,
    size_t passphrase_count, struct secret **out, size_t max, size_t *count,
    struct why *why)
{
	struct passphrases pass = { passphrases, passphrase_count, 0 };
	enum gw_status st;
	struct buf raw;

	*count = 0;
	buf_init_secret(&raw, SECRET_SIZE_MAX);
	if ((st = get_raw(data, len, &raw, why)) == GW_OK)
		st = read_all(&raw, &pass, out, max, count, why);
	buf_free(&raw);
	while (st != GW_OK && *count > 0) {
		secret_free(out[--*count]);
		out[*count] = NULL;
	}
	return st;
}

enum gw_status
secret_parse(const void *data, size_t len, const char *passphrase,
    struct secret **out, struct why *why)
{
	size_t count;

	*out = NULL;
	return secret_parse_all(
	    data, len, &passphrase, passphrase != NULL, out, 1, &count, why);
}

static enum gw_status
read_certs(struct reader *r, struct buf *from, struct cert **out, size_t max,
    size_t *count, struct why *why)
{
	enum gw_status st;

	do {
		if (*count == max)
			return malformed(why, "too many");
		if ((st = read_packets(r, from, why)) == GW_OK)
			st = cert_parse(
			    r->public.data, r->public.len, &out[*count], why);
		reader_reset(r);
		if (st == GW_OK)
			(*count)++;
	} while (st == GW_OK && buf_left(from) > 0);
	return st;
}

enum gw_status
secret_certs(const void *data, size_t len, struct cert **out, size_t max,
    size_t *count, struct why *why)
{
	struct reader *r = calloc(1, sizeof(*r));
	enum gw_status st;
	struct buf raw;

	*count = 0;
	if (r == NULL)
		return nomem(why);
	buf_init_secret(&raw, SECRET_SIZE_MAX);
	buf_init(&r->public, SECRET_SIZE_MAX);
	if ((st = get_raw(data, len, &raw, why)) == GW_OK)
		st = read_certs(r, &raw, out, max, count, why);
	while (st != GW_OK && *count > 0) {
		cert_free(out[--*count]);
		out[*count] = NULL;
	}
	reader_reset(r);
	buf_free(&r->public);
	buf_free(&raw);
	free(r);
	return st;
}
