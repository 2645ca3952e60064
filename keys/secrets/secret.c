/* keys/secrets/secret.c - our own keys: what they are, and the two things that
 * keyholder does with them. */
#include "keys/secrets/secret.h"

#include "gateway/base/clock.h"
#include "keys/secrets/secret_parts.h"

#include <stdlib.h>
#include <string.h>

int
secret_find(const struct secret *s, const struct pk *pk)
{
	for (size_t i = 0; i < s->count; i++)
		if (pk_same(s->keys[i].pk, pk))
			return (int)i;
	return -1;
}

void
secret_half_close(struct secret_half *h)
{
	pk_close(&h->pk);
	secret_numbers_free(&h->numbers);
}

/* The certificate's own key of that fingerprint, which outlives this. */
static const struct pk *
place_of(const struct cert *c, const struct pk *pk)
{
	const struct pk *all[CERT_KEYS_MAX];
	size_t n = cert_keys(c, all);

	for (size_t i = 0; i < n; i++)
		if (pk_same(all[i], pk))
			return all[i];
	return NULL;
}

static enum gw_status
take_half(struct secret *s, struct secret_half *half, struct why *why)
{
	const struct pk *pk = place_of(s->cert, &half->pk);
	struct buf numbers;
	enum gw_status st;

	if (pk == NULL) {
		why_set(why, REASON_MALFORMED,
		    "bad secret key: the certificate in it has no place for "
		    "the key %s",
		    half->pk.hex);
		return GW_REFUSED;
	}
	buf_view(&numbers, half->numbers.at, half->numbers.len);
	st = secret_key_open(&s->keys[s->count], pk, &numbers, why);
	if (st != GW_OK) {
		secret_key_close(&s->keys[s->count]);
		return st;
	}
	s->numbers[s->count++] = half->numbers;
	memset(&half->numbers, 0, sizeof(half->numbers));
	return GW_OK;
}

enum gw_status
secret_assemble(const struct buf *packets, struct secret_half *halves,
    size_t count, struct secret **out, struct why *why)
{
	struct secret *s = calloc(1, sizeof(*s));
	enum gw_status st;

	if (s == NULL || (s->keys = calloc(count, sizeof(*s->keys))) == NULL ||
	    (s->numbers = calloc(count, sizeof(*s->numbers))) == NULL) {
		secret_free(s);
		why_set(why, REASON_INTERNAL, "no memory for a secret key");
		return GW_AGAIN;
	}
	st = cert_parse(packets->data, packets->len, &s->cert, why);
	for (size_t i = 0; st == GW_OK && i < count; i++)
		if (halves[i].numbers.at != NULL)
			st = take_half(s, &halves[i], why);
	if (st == GW_OK && s->count == 0) {
		why_set(
		    why, REASON_KEY_UNUSABLE, "secret key: no numbers in it");
		st = GW_REFUSED;
	}
	if (st == GW_OK)
		*out = s;
	else
		secret_free(s);
	return st;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++) {
		secret_key_close(&s->keys[i]);
		secret_numbers_free(&s->numbers[i]);
	}
	free(s->keys);
	free(s->numbers);
	cert_free(s->cert);
	free(s);
}

const struct cert *
secret_cert(const struct secret *s)
{
	return s->cert;
}

bool
secret_lay_open(const struct secret *s)
{
	return s->lay_open;
}

enum secret_lock_kind
secret_locked_as(const struct secret *s, bool *weak)
{
	*weak = s->weak_lock;
	return s->lock;
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

			if (strcmp(key->pk->hex, fingerprint) != 0)
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
	why_prefix(why, "our own key");
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
	if (k->pk->algorithm != to->algorithm ||
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
