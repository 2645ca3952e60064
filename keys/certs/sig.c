/* keys/certs/sig.c - signature packets: parsing and judging (RFC 9580, 5.2). */
#include "keys/certs/sig.h"

#include <stdlib.h>
#include <string.h>

#define CRITICAL_BIT 0x80

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad signature packet: %s", what);
	return GW_REFUSED;
}

static enum gw_status
unsupported(struct why *why, const char *what, int number)
{
	why_set(why, REASON_UNSUPPORTED, "signature: %s %d is not supported",
	    what, number);
	return GW_REFUSED;
}

struct subpacket {
	int id;
	bool critical;
	bool hashed;
	bool hinted; /* the hashed area names an issuer */
	struct buf data;
};

/* RFC 9580, 5.2.3.7. */
static bool
next_subpacket(struct buf *area, struct subpacket *sub)
{
	uint8_t first = buf_get_u8(area), type;
	size_t len;

	if (first < 192)
		len = first;
	else if (first < 255)
		len = ((size_t)(first - 192) << 8) + buf_get_u8(area) + 192;
	else
		len = buf_get_u32(area);
	if (len == 0 || !buf_child(area, len, &sub->data))
		return false;
	type = buf_get_u8(&sub->data);
	sub->id = type & ~CRITICAL_BIT;
	sub->critical = (type & CRITICAL_BIT) != 0;
	return true;
}

static struct sig_span
rest_of(struct buf *b)
{
	struct sig_span s = { NULL, buf_left(b) };

	s.at = buf_take(b, s.len);
	return s;
}

static void
take_created(struct sig *s, struct buf *b)
{
	s->created = buf_get_u32(b);
}

static void
take_expires(struct sig *s, struct buf *b)
{
	s->expires = buf_get_u32(b); /* relative until all is read */
}

static void
take_key_expires(struct sig *s, struct buf *b)
{
	s->key_lifetime = buf_get_u32(b);
}

static void
take_exportable(struct sig *s, struct buf *b)
{
	s->exportable = buf_get_u8(b) != 0;
}

static void
take_primary_uid(struct sig *s, struct buf *b)
{
	s->primary_uid = buf_get_u8(b) != 0;
}

/* Octets behind the first are flags of the future; they forbid nothing. */
static void
take_key_flags(struct sig *s, struct buf *b)
{
	s->has_key_flags = true;
	s->key_flags = buf_left(b) > 0 ? buf_get_u8(b) : 0;
	(void)rest_of(b);
}

static void
take_features(struct sig *s, struct buf *b)
{
	s->features = buf_left(b) > 0 ? buf_get_u8(b) : 0;
	(void)rest_of(b);
}

/* RFC 9580, 5.2.3.31: superseded and retired keys were good until then, and
 * so was what a user id said. */
bool
sig_revokes_softly(const struct sig *s)
{
	return s->has_revoke_reason &&
	       (s->revoke_reason == 1 || s->revoke_reason == 3 ||
		   s->revoke_reason == 32);
}

/* Twice, or without its code, it still revokes; what cannot be told is hard.
 */
static void
take_revoke_reason(struct sig *s, struct buf *b)
{
	uint8_t reason = buf_left(b) > 0 ? buf_get_u8(b) : 0;

	if (!s->has_revoke_reason || sig_revokes_softly(s))
		s->revoke_reason = reason;
	s->has_revoke_reason = true;
	(void)rest_of(b);
}

static void
take_pref_ciphers(struct sig *s, struct buf *b)
{
	s->pref_ciphers = rest_of(b);
}

static void
take_pref_hashes(struct sig *s, struct buf *b)
{
	s->pref_hashes = rest_of(b);
}

static void
take_pref_compression(struct sig *s, struct buf *b)
{
	s->pref_compression = rest_of(b);
}

static void
take_pref_aead(struct sig *s, struct buf *b)
{
	s->pref_aead = rest_of(b);
}

/* Read over: they say nothing that a decision of ours depends on. */
static void
take_nothing(struct sig *s, struct buf *b)
{
	(void)s;
	(void)rest_of(b);
}

/*
 * What is known in the hashed area, so that its critical bit refuses nothing.
 * Twice would leave open which one counts: where a decision hangs on it that
 * is refused, and of mere wishes the last one counts (RFC 9580, 5.2.3.9 lets
 * us choose).
 */
static const struct rule {
	int id;
	bool once;
	void (*take)(struct sig *, struct buf *);
} rules[] = {
	{ PACKET_SUB_CREATED, true, take_created },
	{ PACKET_SUB_EXPIRES, true, take_expires },
	{ PACKET_SUB_EXPORTABLE, true, take_exportable },
	{ PACKET_SUB_KEY_EXPIRES, true, take_key_expires },
	{ PACKET_SUB_PRIMARY_UID, true, take_primary_uid },
	{ PACKET_SUB_KEY_FLAGS, true, take_key_flags },
	{ PACKET_SUB_REVOKE_REASON, false, take_revoke_reason },
	{ PACKET_SUB_FEATURES, true, take_features },
	{ PACKET_SUB_PREF_CIPHERS, false, take_pref_ciphers },
	{ PACKET_SUB_PREF_HASHES, false, take_pref_hashes },
	{ PACKET_SUB_PREF_COMPRESSION, false, take_pref_compression },
	{ PACKET_SUB_PREF_AEAD, false, take_pref_aead },
	{ PACKET_SUB_REVOCABLE, false, take_nothing },
	{ PACKET_SUB_KEYSERVER, false, take_nothing },
	{ PACKET_SUB_PREF_KEYSERVER, false, take_nothing },
	{ PACKET_SUB_POLICY, false, take_nothing },
	{ PACKET_SUB_SIGNER_UID, false, take_nothing },
};

/* RFC 9580, 5.2.3.24: flags, two lengths, name, value. */
static enum gw_status
take_notation(struct sig *s, struct subpacket *sub, struct why *why)
{
	static const char *const known[] = { SIG_NOTATION_MESSAGE_ID,
		SIG_NOTATION_FLOW, SIG_NOTATION_SEQUENCE };
	struct buf *b = &sub->data;
	struct sig_notation n = { .text = (buf_get_u8(b) & 0x80) != 0 };
	bool ours = false;

	(void)buf_take(b, 3); /* flags of the future; buf_done() knows */
	n.name.len = buf_get_u16(b);
	n.value.len = buf_get_u16(b);
	n.name.at = buf_take(b, n.name.len);
	n.value.at = buf_take(b, n.value.len);
	if (!buf_done(b))
		return malformed(why, "notation");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		ours =
		    ours || (n.name.len == strlen(known[i]) &&
				memcmp(n.name.at, known[i], n.name.len) == 0);
	if (sub->critical && !ours) {
		why_set(why, REASON_UNSUPPORTED,
		    "signature: it insists on a notation that is not known");
		return GW_REFUSED;
	}
	if (s->notation_count == SIG_NOTATIONS_MAX)
		return malformed(why, "too many notations");
	s->notations[s->notation_count++] = n;
	return GW_OK;
}

static enum gw_status
take_recipient(struct sig *s, struct buf *b, struct why *why)
{
	uint8_t version = buf_get_u8(b);
	struct sig_span fpr = rest_of(b);

	if ((version != 4 || fpr.len != 20) && (version != 6 || fpr.len != 32))
		return malformed(why, "intended recipient");
	if (s->recipient_count == SIG_RECIPIENTS_MAX)
		return malformed(why, "too many intended recipients");
	s->recipients[s->recipient_count++] = fpr;
	return GW_OK;
}

/*
 * Hints: what the hashed area says goes before what the other one does.  A
 * key makes signatures of its own version only, so one that names an issuer of
 * another version contradicts itself (RFC 9580, 5.2.3.35); where anybody may
 * write, that only is no hint.
 */
static enum gw_status
take_issuer(struct sig *s, struct subpacket *sub, struct why *why)
{
	struct buf *b = &sub->data;
	bool whole = sub->id == PACKET_SUB_ISSUER_FPR;
	struct sig_span *at = whole ? &s->issuer_fpr : &s->issuer_id;
	int version = whole ? buf_get_u8(b) : s->version;
	struct sig_span hint = rest_of(b);
	size_t want = !whole ? PK_KEYID_LEN : version == 6 ? 32 : 20;

	if (version != s->version || hint.len != want) {
		if (!sub->hashed)
			return GW_OK;
		return version != s->version
			   ? unsupported(why, "issuer of version", version)
			   : malformed(why, "issuer");
	}
	/* The whole fingerprint goes before the short one, but not there. */
	if (at->at == NULL && (!whole || sub->hashed || !sub->hinted))
		*at = hint;
	return GW_OK;
}

/* Those that may stand more than once or in either area. */
static enum gw_status
take_special(struct sig *s, struct subpacket *sub, bool *taken, struct why *why)
{
	*taken = true;
	switch (sub->id) {
	case PACKET_SUB_ISSUER:
	case PACKET_SUB_ISSUER_FPR:
		return take_issuer(s, sub, why);
	case PACKET_SUB_EMBEDDED:
		if (s->embedded.at == NULL)
			s->embedded = rest_of(&sub->data);
		return GW_OK;
	}
	if (!sub->hashed)
		return GW_OK; /* anybody could have put it there */
	switch (sub->id) {
	case PACKET_SUB_NOTATION:
		return take_notation(s, sub, why);
	case PACKET_SUB_RECIPIENT_FPR:
		return take_recipient(s, &sub->data, why);
	/* Third parties' and delegations: we follow neither. */
	case PACKET_SUB_TRUST:
	case PACKET_SUB_REGEXP:
	case PACKET_SUB_REVOKER:
		return GW_OK;
	}
	*taken = false;
	return GW_OK;
}

static enum gw_status
take_known(
    struct sig *s, struct subpacket *sub, uint32_t *seen, struct why *why)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].id != sub->id)
			continue;
		if (rules[i].once && (*seen & 1u << i) != 0)
			return malformed(why, "a subpacket stands twice");
		*seen |= 1u << i;
		rules[i].take(s, &sub->data);
		return buf_done(&sub->data)
			   ? GW_OK
			   : malformed(why, "a subpacket's length");
	}
	if (sub->critical)
		return unsupported(why, "critical subpacket", sub->id);
	return GW_OK;
}

/* The one that is not hashed refuses nothing: anybody could undo a revocation
 * otherwise, by what he adds to it. */
static enum gw_status
read_area(struct sig *s, struct buf *area, bool hashed, struct why *why)
{
	struct subpacket sub = { .hashed = hashed,
		.hinted = s->issuer_fpr.at != NULL || s->issuer_id.at != NULL };
	uint32_t seen = 0;
	enum gw_status st;
	bool taken;

	while (buf_left(area) > 0) {
		if (!next_subpacket(area, &sub))
			return hashed ? malformed(why, "subpackets") : GW_OK;
		if ((st = take_special(s, &sub, &taken, why)) != GW_OK)
			return st;
		if (!taken && (st = take_known(s, &sub, &seen, why)) != GW_OK)
			return st;
	}
	/* RFC 9580, 5.2.3.11: the hashed area must say when; that is the
	 * first of the rules. */
	if (hashed && (seen & 1u) == 0)
		return malformed(why, "no creation time");
	return GW_OK;
}

/* A subpacket area and the length before it (RFC 9580, 5.2.3). */
static bool
get_area(const struct sig *s, struct buf *b, struct buf *area)
{
	size_t len = s->version == 6 ? buf_get_u32(b) : buf_get_u16(b);

	return buf_child(b, len, area);
}

/* Of exactly the length that belongs to the hash (RFC 9580, 5.2.3): what is
 * signed would have several readings otherwise.  An unknown hash is refused
 * when it is needed. */
static enum gw_status
get_salt(struct sig *s, struct buf *b, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(s->hash_algorithm);

	s->salt.len = buf_get_u8(b);
	s->salt.at = buf_take(b, s->salt.len);
	if (s->salt.at == NULL)
		return malformed(why, "cut short");
	if (hash != NULL && hash->salt_len == 0)
		return malformed(why, "a hash that version 6 does not have");
	if (hash != NULL && hash->salt_len != s->salt.len)
		return malformed(why, "the salt's length is not its hash's");
	return GW_OK;
}

static enum gw_status
read_all(struct sig *s, struct buf *b, struct why *why)
{
	struct buf hashed, unhashed;
	enum gw_status st;
	int version = buf_get_u8(b);

	/* Version 3 has nothing that says who or for how long. */
	if (!b->bad && version != 4 && version != 6)
		return unsupported(why, "version", version);
	s->version = version;
	s->type = buf_get_u8(b);
	s->pk_algorithm = buf_get_u8(b);
	s->hash_algorithm = buf_get_u8(b);
	if (!get_area(s, b, &hashed))
		return malformed(why, "cut short");
	s->head.at = b->data;
	s->head.len = b->pos;
	if (!get_area(s, b, &unhashed) ||
	    !buf_get(b, s->left16, sizeof(s->left16)))
		return malformed(why, "cut short");
	if (version == 6 && (st = get_salt(s, b, why)) != GW_OK)
		return st;
	s->numbers = rest_of(b);
	if (s->numbers.len == 0)
		return malformed(why, "no numbers");
	if ((st = read_area(s, &hashed, true, why)) != GW_OK)
		return st;
	return read_area(s, &unhashed, false, why);
}

enum gw_status
sig_parse(struct sig *s, const void *body, size_t len, struct why *why)
{
	struct buf b;
	enum gw_status st;

	memset(s, 0, sizeof(*s));
	s->exportable = true;
	if (len > SIG_BODY_MAX)
		return malformed(why, "too long");
	if (len == 0)
		return malformed(why, "empty");
	if ((s->memory = malloc(len)) == NULL) {
		why_set(why, REASON_INTERNAL, "no memory for a signature");
		return GW_AGAIN;
	}
	memcpy(s->memory, body, len);
	buf_view(&b, s->memory, len);
	if ((st = read_all(s, &b, why)) != GW_OK) {
		sig_close(s);
		return st;
	}
	if (s->expires != 0)
		s->expires += s->created;
	return GW_OK;
}

void
sig_close(struct sig *s)
{
	if (s == NULL)
		return;
	free(s->memory);
	memset(s, 0, sizeof(*s));
}

bool
sig_notation_text(const struct sig *s, const char *name, char *out, size_t size)
{
	const struct sig_notation *found = NULL;

	*out = '\0';
	for (size_t i = 0; i < s->notation_count; i++) {
		const struct sig_notation *n = &s->notations[i];

		if (n->name.len != strlen(name) ||
		    memcmp(n->name.at, name, n->name.len) != 0)
			continue;
		if (found != NULL || !n->text)
			return false;
		found = n;
	}
	if (found == NULL || found->value.len >= size ||
	    memchr(found->value.at, '\0', found->value.len) != NULL)
		return false;
	memcpy(out, found->value.at, found->value.len);
	out[found->value.len] = '\0';
	return true;
}

bool
sig_hint_fits(const struct sig *s, const struct pk *pk)
{
	if (s->issuer_fpr.at != NULL)
		return s->issuer_fpr.len == pk->fingerprint_len &&
		       memcmp(s->issuer_fpr.at, pk->fingerprint,
			   pk->fingerprint_len) == 0;
	if (s->issuer_id.at != NULL)
		return memcmp(s->issuer_id.at, pk->keyid, PK_KEYID_LEN) == 0;
	return true;
}

enum gw_status
sig_policy(const struct sig *s, enum sig_purpose purpose, struct why *why)
{
	static const enum policy_use use[] = {
		[SIG_FOR_DATA] = POLICY_DATA,
		[SIG_FOR_SELF] = POLICY_SELF,
		[SIG_FOR_REVOCATION] = POLICY_REVOCATION,
	};

	return policy_hash(s->hash_algorithm, use[purpose], s->created, why);
}

/* RFC 9580, 5.2.4: the head, then version, 0xff, and the head's length. */
static void
hash_trailer(gcry_md_hd_t md, const uint8_t *head, size_t len)
{
	uint8_t tail[6] = { head[0], 0xff, (uint8_t)(len >> 24),
		(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };

	gcry_md_write(md, head, len);
	gcry_md_write(md, tail, sizeof(tail));
}

enum gw_status
sig_md_open(const struct sig *s, gcry_md_hd_t *md, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(s->hash_algorithm);

	if (hash == NULL)
		return unsupported(why, "hash algorithm", s->hash_algorithm);
	if (gcry_md_open(md, hash->gcry, 0) != 0) {
		why_set(why, REASON_INTERNAL, "no memory to hash");
		return GW_AGAIN;
	}
	gcry_md_write(*md, s->salt.at, s->salt.len);
	return GW_OK;
}

enum gw_status
sig_digest(const struct sig *s, gcry_md_hd_t md, uint8_t *digest, size_t *len,
    struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(s->hash_algorithm);
	const uint8_t *p;

	if (hash == NULL)
		return unsupported(why, "hash algorithm", s->hash_algorithm);
	hash_trailer(md, s->head.at, s->head.len);
	/* Asked for another hash, libgcrypt ends the process. */
	if (!gcry_md_is_enabled(md, hash->gcry) ||
	    (p = gcry_md_read(md, hash->gcry)) == NULL) {
		why_set(why, REASON_INTERNAL, "the digest is of another hash");
		return GW_INTERNAL;
	}
	memcpy(digest, p, hash->len);
	*len = hash->len;
	return GW_OK;
}

enum gw_status
sig_verify_digest(const struct sig *s, const struct pk *pk,
    enum sig_purpose purpose, const uint8_t *digest, size_t len,
    struct why *why)
{
	enum gw_status st;

	if ((st = sig_policy(s, purpose, why)) != GW_OK)
		return st;
	/* RFC 9580, 5.2: a key makes signatures of its own version. */
	if (s->version != pk->version) {
		why_set(why, REASON_SIGNATURE_BAD,
		    "a version %d signature by the version %d key %s",
		    s->version, pk->version, pk->hex);
		return GW_REFUSED;
	}
	/* RFC 9580, 5.2: the left 16 bits only spare work, but a signature
	 * in which they are wrong was altered. */
	if (s->pk_algorithm != pk->algorithm || len < sizeof(s->left16) ||
	    memcmp(digest, s->left16, sizeof(s->left16)) != 0) {
		why_set(why, REASON_SIGNATURE_BAD,
		    "the signature does not match what it is said to sign");
		return GW_REFUSED;
	}
	return (purpose == SIG_FOR_REVOCATION ? pk_verify_any : pk_verify)(pk,
	    s->hash_algorithm, digest, len, s->numbers.at, s->numbers.len, why);
}

enum gw_status
sig_verify(const struct sig *s, const struct pk *pk, enum sig_purpose purpose,
    gcry_md_hd_t md, struct why *why)
{
	uint8_t digest[PACKET_HASH_MAX];
	size_t len;
	enum gw_status st = sig_digest(s, md, digest, &len, why);

	if (st != GW_OK)
		return st;
	return sig_verify_digest(s, pk, purpose, digest, len, why);
}
