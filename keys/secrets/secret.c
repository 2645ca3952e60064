/* keys/secrets/secret.c - our own keys: reading them, and the two things that
 * keyholder does with them. */
#include "keys/secrets/secret.h"

#include "gateway/base/clock.h"
#include "keys/packets/armor.h"
#include "keys/secrets/secret_parts.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_SIZE_MAX (1024 * 1024)

struct secret {
	struct cert *cert;
	struct secret_key *keys;
	size_t count;
};

/* A transferable secret key taken apart: the certificate in it, and for each
 * key the part that is secret. */
struct reader {
	struct buf raw, public;
	struct {
		uint8_t fingerprint[PK_FINGERPRINT_MAX];
		size_t fingerprint_len;
		struct buf part; /* view on raw */
	} keys[CERT_KEYS_MAX];
	size_t count;
};

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad secret key: %s", what);
	return GW_REFUSED;
}

/* Split one key packet at the place that only its algorithm knows. */
static enum gw_status
read_key(struct reader *r, struct packet *p, struct why *why)
{
	bool primary = p->tag == PACKET_SECRET_KEY;
	struct pk pk;
	enum gw_status st;

	if (primary != (r->count == 0))
		return malformed(
		    why, primary ? "more than one" : "no primary key first");
	if (r->count == CERT_KEYS_MAX)
		return malformed(why, "too many subkeys");
	if ((st = pk_parse(&pk, &p->body, why)) != GW_OK)
		return st;
	/* Where the secret part begins is unknown then, and what looks public
	 * may be secret. */
	if ((st = pk_supported(&pk, why)) == GW_OK) {
		memcpy(r->keys[r->count].fingerprint, pk.fingerprint,
		    sizeof(pk.fingerprint));
		r->keys[r->count].fingerprint_len = pk.fingerprint_len;
		(void)buf_child(&p->body, buf_left(&p->body),
		    &r->keys[r->count].part); /* all that is left */
		r->count++;
		packet_put(&r->public,
		    primary ? PACKET_PUBLIC_KEY : PACKET_PUBLIC_SUBKEY, pk.body,
		    pk.body_len);
	}
	pk_close(&pk);
	return st;
}

static enum gw_status
read_packets(struct reader *r, struct why *why)
{
	struct packet p;
	enum gw_status st;

	while ((st = packet_next(&r->raw, &p, why)) == GW_OK) {
		switch (p.tag) {
		case PACKET_SECRET_KEY:
		case PACKET_SECRET_SUBKEY:
			if ((st = read_key(r, &p, why)) != GW_OK)
				return st;
			break;
		case PACKET_SIGNATURE:
		case PACKET_USER_ID:
		case PACKET_USER_ATTRIBUTE:
			packet_put(&r->public, p.tag, p.body.data, p.body.len);
			break;
		case PACKET_MARKER:
		case PACKET_TRUST:
		case PACKET_PADDING:
			break;
		case PACKET_PUBLIC_KEY:
			return malformed(why, "this is a certificate only");
		default:
			return malformed(why, "a packet that belongs to none");
		}
	}
	if (st != GW_NONE)
		return st;
	if (r->count == 0)
		return malformed(why, "empty");
	return r->public.bad ? malformed(why, "larger than 1 MiB") : GW_OK;
}

static enum gw_status
open_key(struct secret *s, struct reader *r, size_t i, const char *passphrase,
    struct why *why)
{
	const struct pk *all[CERT_KEYS_MAX], *pk = NULL;
	size_t n = cert_keys(s->cert, all);
	struct buf numbers;
	enum gw_status st;

	for (size_t k = 0; k < n; k++)
		if (all[k]->fingerprint_len == r->keys[i].fingerprint_len &&
		    memcmp(all[k]->fingerprint, r->keys[i].fingerprint,
			all[k]->fingerprint_len) == 0)
			pk = all[k];
	if (pk == NULL)
		return malformed(why, "a key got lost");
	buf_init_secret(&numbers, SECRET_NUMBERS_MAX);
	st = secret_unlock(&r->keys[i].part, passphrase, &numbers, why);
	if (st == GW_OK)
		st = secret_key_open(&s->keys[i], pk, &numbers, why);
	buf_free(&numbers);
	/* The primary key may be kept elsewhere: it only certifies. */
	return st == GW_NONE ? GW_OK : st;
}

static enum gw_status
open_keys(
    struct secret *s, struct reader *r, const char *passphrase, struct why *why)
{
	enum gw_status st;
	bool any = false;

	if ((s->keys = calloc(r->count, sizeof(*s->keys))) == NULL) {
		why_set(why, REASON_INTERNAL, "no memory for secret keys");
		return GW_AGAIN;
	}
	s->count = r->count;
	for (size_t i = 0; i < r->count; i++) {
		if ((st = open_key(s, r, i, passphrase, why)) != GW_OK)
			return st;
		any = any || s->keys[i].pk != NULL;
	}
	if (any)
		return GW_OK;
	why_set(why, REASON_KEY_UNUSABLE, "secret key: no numbers in it");
	return GW_REFUSED;
}

enum gw_status
secret_parse(const void *data, size_t len, const char *passphrase,
    struct secret **out, struct why *why)
{
	struct reader *r = NULL;
	struct secret *s = NULL;
	enum gw_status st = GW_INTERNAL;

	*out = NULL;
	if (len > 2 * SECRET_SIZE_MAX)
		return malformed(why, "larger than 1 MiB");
	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (s = calloc(1, sizeof(*s))) == NULL) {
		why_set(why, REASON_INTERNAL, "no memory for a secret key");
		free(r);
		return GW_AGAIN;
	}
	buf_init_secret(&r->raw, SECRET_SIZE_MAX);
	buf_init(&r->public, SECRET_SIZE_MAX);
	if (armor_looks(data, len)) {
		st = armor_read(ARMOR_PRIVATE_KEY, data, len, &r->raw, why);
	} else {
		buf_put(&r->raw, data, len);
		st = r->raw.bad ? malformed(why, "larger than 1 MiB") : GW_OK;
	}
	if (st == GW_OK)
		st = read_packets(r, why);
	if (st == GW_OK)
		st = cert_parse(r->public.data, r->public.len, &s->cert, why);
	if (st == GW_OK)
		st = open_keys(s, r, passphrase, why);
	if (st == GW_OK) {
		*out = s;
		s = NULL;
	}
	secret_free(s);
	buf_free(&r->public);
	buf_free(&r->raw);
	free(r);
	return st;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		secret_key_close(&s->keys[i]);
	free(s->keys);
	cert_free(s->cert);
	free(s);
}

const struct cert *
secret_cert(const struct secret *s)
{
	return s->cert;
}

enum gw_status
secret_sign(struct secret *const *all, size_t count, const char *fingerprint,
    int hash_algorithm, const uint8_t *digest, size_t len, struct buf *out,
    struct why *why)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	bool strong = hash_algorithm == PACKET_SHA256 ||
		      hash_algorithm == PACKET_SHA384 ||
		      hash_algorithm == PACKET_SHA512;

	for (size_t i = 0; i < count && strong; i++)
		for (size_t k = 0; k < all[i]->count; k++) {
			const struct secret_key *key = &all[i]->keys[k];

			if (key->pk == NULL ||
			    strcmp(key->pk->hex, fingerprint) != 0)
				continue;
			/* Whoever asks may be taken over: a digest could as
			 * well be that of a new subkey, so the key that
			 * certifies signs no digest of strangers. */
			if (cert_signer_fit(
				all[i]->cert, key->pk, now, now, why) != GW_OK)
				goto unusable;
			return secret_key_sign(
			    key, hash_algorithm, digest, len, out, why);
		}
	why_set(why, REASON_KEY_UNUSABLE,
	    strong ? "no such signing key of ours"
		   : "not a hash that we sign with");
	return GW_REFUSED;
unusable:
	why->reason = REASON_KEY_UNUSABLE;
	why_prefix(why, "our own key: ");
	return GW_REFUSED;
}

/* Whom a PKESK packet is for (RFC 9580, 5.1.1 and 5.1.2). */
struct recipient {
	int version;
	int algorithm;
	const uint8_t *id; /* key id or fingerprint; NULL: anybody */
	size_t id_len;
};

static bool
read_recipient(struct buf *b, struct recipient *to)
{
	static const uint8_t anybody[PK_KEYID_LEN];

	to->version = buf_get_u8(b);
	if (to->version == 3) {
		to->id_len = PK_KEYID_LEN;
		to->id = buf_take(b, PK_KEYID_LEN);
		if (to->id != NULL &&
		    memcmp(to->id, anybody, sizeof(anybody)) == 0)
			to->id = NULL;
	} else if (to->version == 6) {
		to->id_len = buf_get_u8(b);
		to->id = NULL;
		if (to->id_len > 0) {
			to->id_len--;
			(void)buf_get_u8(b); /* the key's version; its length
					      * says the same */
			to->id = buf_take(b, to->id_len);
		}
	}
	to->algorithm = buf_get_u8(b);
	return !b->bad && (to->version == 3 || to->version == 6);
}

static bool
is_for(const struct recipient *to, const struct secret *s,
    const struct secret_key *k)
{
	if (k->pk == NULL || k->pk->algorithm != to->algorithm ||
	    !cert_meant_for(s->cert, k->pk, CERT_ENCRYPT))
		return false;
	if (to->id == NULL)
		return true;
	if (to->version == 3)
		return memcmp(to->id, k->pk->keyid, PK_KEYID_LEN) == 0;
	return to->id_len == k->pk->fingerprint_len &&
	       memcmp(to->id, k->pk->fingerprint, to->id_len) == 0;
}

/* One answer for everything that goes wrong behind the recipient: padding,
 * sum, point and length must not be told apart from outside. */
static enum gw_status
no_session_key(struct why *why)
{
	why_set(why, REASON_DAMAGED,
	    "the message cannot be decrypted: damaged, cut or altered");
	return GW_REFUSED;
}

enum gw_status
secret_unwrap(struct secret *const *all, size_t count, const void *pkesk,
    size_t len, int seipd, int *algorithm, struct buf *session_key,
    struct why *why)
{
	struct recipient to;
	struct buf b;
	bool tried = false;

	*algorithm = 0;
	buf_view(&b, pkesk, len);
	if (!read_recipient(&b, &to))
		return no_session_key(why);
	/* RFC 9580, 10.3.2.1: each version of one belongs to one of the
	 * other; mixing them would take the protection of the newer away. */
	if ((to.version == 3) != (seipd == 1) ||
	    (to.version == 6) != (seipd == 2))
		return no_session_key(why);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < all[i]->count; k++) {
			struct buf fields = b;

			if (!is_for(&to, all[i], &all[i]->keys[k]))
				continue;
			if (secret_key_unwrap(&all[i]->keys[k], to.version,
				&fields, algorithm, session_key))
				return GW_OK;
			tried = to.id != NULL;
		}
	*algorithm = 0;
	if (tried)
		return no_session_key(why);
	why_set(why, REASON_NOT_FOR_US, "encrypted to other keys than ours");
	return GW_NONE;
}
