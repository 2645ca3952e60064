/* keys/secrets/secret_generate.c - a new key: the primary certifies, one subkey
 * signs, others are encrypted to. */
#include "keys/algorithms/pq.h"
#include "keys/certs/cert_parts.h"
#include "keys/secrets/secret_parts.h"

#include <string.h>

#define USER_ID_MAX 1024

/* How one key is made; see secret_key_make(). */
struct recipe {
	int algorithm; /* 0: none */
	const char *curve;
	unsigned bits;
};

/*
 * Every kind that there is.  The primary key and the signing subkey are made
 * alike; `beside` is one more subkey to be encrypted to.
 */
static const struct row {
	enum secret_kind kind;
	int version; /* 0: both */
	struct recipe sign, encrypt, beside;
} rows[] = {
	/* Version 4 has these in their old coding, which every reader knows;
	 * version 6 must not (RFC 9580, 9.2). */
	{ SECRET_ED25519, 4, { PACKET_EDDSA, "Ed25519", 0 },
	    { PACKET_ECDH, "Curve25519", 0 }, { 0, NULL, 0 } },
	{ SECRET_ED25519, 6, { PACKET_ED25519, NULL, 0 },
	    { PACKET_X25519, NULL, 0 }, { 0, NULL, 0 } },
	{ SECRET_ED448, 0, { PACKET_ED448, NULL, 0 }, { PACKET_X448, NULL, 0 },
	    { 0, NULL, 0 } },
	{ SECRET_RSA3072, 0, { PACKET_RSA, NULL, 3072 },
	    { PACKET_RSA, NULL, 3072 }, { 0, NULL, 0 } },
	{ SECRET_RSA4096, 0, { PACKET_RSA, NULL, 4096 },
	    { PACKET_RSA, NULL, 4096 }, { 0, NULL, 0 } },
	{ SECRET_NISTP256, 0, { PACKET_ECDSA, "NIST P-256", 0 },
	    { PACKET_ECDH, "NIST P-256", 0 }, { 0, NULL, 0 } },
	{ SECRET_NISTP384, 0, { PACKET_ECDSA, "NIST P-384", 0 },
	    { PACKET_ECDH, "NIST P-384", 0 }, { 0, NULL, 0 } },
	{ SECRET_NISTP521, 0, { PACKET_ECDSA, "NIST P-521", 0 },
	    { PACKET_ECDH, "NIST P-521", 0 }, { 0, NULL, 0 } },
	{ SECRET_BRAINPOOLP256, 0, { PACKET_ECDSA, "brainpoolP256r1", 0 },
	    { PACKET_ECDH, "brainpoolP256r1", 0 }, { 0, NULL, 0 } },
	{ SECRET_BRAINPOOLP384, 0, { PACKET_ECDSA, "brainpoolP384r1", 0 },
	    { PACKET_ECDH, "brainpoolP384r1", 0 }, { 0, NULL, 0 } },
	{ SECRET_BRAINPOOLP512, 0, { PACKET_ECDSA, "brainpoolP512r1", 0 },
	    { PACKET_ECDH, "brainpoolP512r1", 0 }, { 0, NULL, 0 } },
	/* Who does not know the newer one still finds the other beside it. */
	{ SECRET_MLKEM, 4, { PACKET_EDDSA, "Ed25519", 0 },
	    { PACKET_ECDH, "Curve25519", 0 },
	    { PACKET_MLKEM768_X25519, NULL, 0 } },
	{ SECRET_MLKEM, 6, { PACKET_ED25519, NULL, 0 },
	    { PACKET_X25519, NULL, 0 }, { PACKET_MLKEM768_X25519, NULL, 0 } },
	{ SECRET_MLDSA, 6, { PACKET_MLDSA65_ED25519, NULL, 0 },
	    { PACKET_MLKEM768_X25519, NULL, 0 }, { 0, NULL, 0 } },
};

/* What partners may use towards us, best first (RFC 9580, 5.2.3.14 ff.). */
static const uint8_t pref_ciphers[] = { PACKET_AES256, PACKET_AES192,
	PACKET_AES128 };
static const uint8_t pref_hashes[] = { PACKET_SHA256, PACKET_SHA512,
	PACKET_SHA384 };
/* Documents are often compressed already, and one newer implementation
 * cannot read compressed data. */
static const uint8_t pref_compression[] = { PACKET_UNCOMPRESSED };
static const uint8_t pref_aead[] = { PACKET_AES256, PACKET_OCB, PACKET_AES128,
	PACKET_OCB };

static enum gw_status
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "making a key: no room or memory");
	return GW_INTERNAL;
}

static int
version_of(const struct secret_params *p)
{
	return p->version == 0 ? 4 : p->version;
}

static const struct row *
row_of(const struct secret_params *p)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].kind == p->kind &&
		    (rows[i].version == 0 || rows[i].version == version_of(p)))
			return &rows[i];
	return NULL;
}

static bool
is_post_quantum(const struct recipe *r)
{
	return r->algorithm >= PACKET_MLDSA65_ED25519 &&
	       r->algorithm <= PACKET_MLKEM1024_X448;
}

/* The newer ones only with a library that has them. */
static enum gw_status
recipe_possible(const struct recipe *r, struct why *why)
{
	return is_post_quantum(r) ? pq_possible(r->algorithm, why) : GW_OK;
}

enum gw_status
secret_kind_possible(enum secret_kind kind, struct why *why)
{
	enum gw_status st;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].kind != kind)
			continue;
		if ((st = recipe_possible(&rows[i].sign, why)) == GW_OK &&
		    (st = recipe_possible(&rows[i].encrypt, why)) == GW_OK)
			st = recipe_possible(&rows[i].beside, why);
		return st;
	}
	why_set(why, REASON_UNSUPPORTED, "there is no such kind of key");
	return GW_REFUSED;
}

static enum gw_status
nonsense(struct why *why, const char *what)
{
	why_set(why, REASON_CONFIG, "%s", what);
	return GW_REFUSED;
}

static enum gw_status
check_user_id(const char *id, struct why *why)
{
	size_t len = strlen(id);

	if (len == 0 || len > USER_ID_MAX)
		return nonsense(why, "a user id has 1 to 1024 characters");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)id[i] < ' ' || id[i] == 0x7f)
			return nonsense(
			    why, "a user id has no control characters");
	return GW_OK;
}

enum gw_status
secret_check_params(const struct secret_params *p, struct why *why)
{
	enum gw_status st = secret_kind_possible(p->kind, why);

	if (st != GW_OK)
		return st;
	if (row_of(p) == NULL) {
		why_set(why, REASON_UNSUPPORTED,
		    "keys of version %d are not made of this kind",
		    version_of(p));
		return GW_REFUSED;
	}
	if (p->user_id_count > CERT_USER_IDS_MAX)
		return nonsense(why, "a key has at most 64 user ids");
	for (size_t i = 0; i < p->user_id_count; i++)
		if ((st = check_user_id(p->user_ids[i], why)) != GW_OK)
			return st;
	if (p->created <= 0 || p->created > UINT32_MAX ||
	    (p->expires != 0 &&
		(p->expires <= p->created || p->expires > UINT32_MAX)))
		return nonsense(why, "a key expires after it was created");
	if (p->passphrase != NULL && *p->passphrase == '\0')
		return nonsense(why, "an empty passphrase is none");
	return GW_OK;
}

/* Both halves of a key, apart: the numbers in secure memory, and once more as
 * libgcrypt works with them. */
static enum gw_status
make_half(const struct secret_params *p, const struct recipe *r,
    struct secret_half *half, struct secret_key *key, struct why *why)
{
	struct buf public, numbers;
	enum gw_status st;

	buf_init(&public, PK_BODY_MAX);
	buf_init_secret(&numbers, SECRET_NUMBERS_MAX);
	st = secret_key_make(version_of(p), r->algorithm, r->curve, r->bits,
	    p->created, &public, &numbers, why);
	if (st == GW_OK)
		st = pk_parse(&half->pk, &public, why);
	if (st == GW_OK &&
	    !secret_numbers_set(&half->numbers, numbers.data, numbers.len))
		st = failed(why);
	if (st == GW_OK)
		st = secret_key_open(key, &half->pk, &numbers, why);
	buf_free(&numbers);
	buf_free(&public);
	return st;
}

static void
put_preferences(const struct secret_params *p, struct sig_build *b)
{
	uint8_t features = PACKET_FEATURE_SEIPD1;

	if (p->announce_seipd2)
		features |= PACKET_FEATURE_SEIPD2;
	sig_build_sub(b, PACKET_SUB_PREF_CIPHERS, false, pref_ciphers,
	    sizeof(pref_ciphers));
	sig_build_sub(
	    b, PACKET_SUB_PREF_HASHES, false, pref_hashes, sizeof(pref_hashes));
	sig_build_sub(b, PACKET_SUB_PREF_COMPRESSION, false, pref_compression,
	    sizeof(pref_compression));
	if (p->announce_seipd2)
		sig_build_sub(b, PACKET_SUB_PREF_AEAD, false, pref_aead,
		    sizeof(pref_aead));
	sig_build_sub(b, PACKET_SUB_FEATURES, false, &features, 1);
}

/* What the primary key says of itself: on the key where there is no user id
 * to say it on, and always in version 6 (RFC 9580, 5.2.3.10). */
static void
put_claims(
    const struct secret_params *p, const struct pk *pk, struct sig_build *b)
{
	uint8_t flags = PACKET_FLAG_CERTIFY;

	sig_build_sub(b, PACKET_SUB_KEY_FLAGS, true, &flags, 1);
	secret_self_expires(b, pk, p->expires);
	put_preferences(p, b);
}

static bool
claims_on_key(const struct secret_params *p)
{
	return version_of(p) == 6 || p->user_id_count == 0;
}

static enum gw_status
put_direct(const struct secret_params *p, const struct secret_key *primary,
    struct buf *packets, struct why *why)
{
	struct secret_subject s = { primary->pk, NULL, NULL, 0 };
	struct sig_build b;

	secret_self_begin(&b, PACKET_SIG_DIRECT, primary, p->created);
	put_claims(p, primary->pk, &b);
	return secret_self_end(&b, primary, &s, packets, why);
}

static enum gw_status
put_user_id(const struct secret_params *p, size_t i,
    const struct secret_key *primary, struct buf *packets, struct why *why)
{
	const char *id = p->user_ids[i];
	struct secret_subject s = { primary->pk, NULL, id, strlen(id) };
	struct sig_build b;
	uint8_t yes = 1;

	packet_put(packets, PACKET_USER_ID, id, strlen(id));
	secret_self_begin(&b, PACKET_SIG_CERT_POSITIVE, primary, p->created);
	if (!claims_on_key(p))
		put_claims(p, primary->pk, &b);
	if (i == 0)
		sig_build_sub(&b, PACKET_SUB_PRIMARY_UID, false, &yes, 1);
	return secret_self_end(&b, primary, &s, packets, why);
}

static enum gw_status
put_primary(const struct secret_params *p, const struct secret_key *primary,
    struct buf *packets, struct why *why)
{
	enum gw_status st = GW_OK;

	packet_put(packets, PACKET_PUBLIC_KEY, primary->pk->body,
	    primary->pk->body_len);
	if (claims_on_key(p))
		st = put_direct(p, primary, packets, why);
	for (size_t i = 0; st == GW_OK && i < p->user_id_count; i++)
		st = put_user_id(p, i, primary, packets, why);
	return st;
}

static enum gw_status
put_binding(const struct secret_params *p, const struct secret_key *primary,
    const struct secret_key *subkey, uint8_t flags, struct buf *packets,
    struct why *why)
{
	struct secret_subject s = { primary->pk, subkey->pk, NULL, 0 };
	struct sig_build b;
	enum gw_status st = GW_OK;

	packet_put(packets, PACKET_PUBLIC_SUBKEY, subkey->pk->body,
	    subkey->pk->body_len);
	secret_self_begin(&b, PACKET_SIG_SUBKEY, primary, p->created);
	sig_build_sub(&b, PACKET_SUB_KEY_FLAGS, true, &flags, 1);
	secret_self_expires(&b, subkey->pk, p->expires);
	if ((flags & PACKET_FLAG_SIGN) != 0)
		st = secret_self_back(&b, subkey, primary->pk, p->created, why);
	if (st == GW_OK)
		return secret_self_end(&b, primary, &s, packets, why);
	sig_build_close(&b);
	return st;
}

static enum gw_status
put_subkey(const struct secret_params *p, const struct recipe *r, uint8_t flags,
    const struct secret_key *primary, struct buf *packets,
    struct secret_half *half, struct why *why)
{
	struct secret_key key = { 0 };
	enum gw_status st = make_half(p, r, half, &key, why);

	if (st == GW_OK)
		st = put_binding(p, primary, &key, flags, packets, why);
	secret_key_close(&key);
	return st;
}

enum gw_status
secret_put_subkeys(const struct secret_params *p,
    const struct secret_key *primary, struct buf *packets,
    struct secret_half *halves, size_t *count, struct why *why)
{
	const uint8_t encrypt =
	    PACKET_FLAG_ENCRYPT_COMM | PACKET_FLAG_ENCRYPT_STOR;
	const struct row *row = row_of(p);
	enum gw_status st;

	st = put_subkey(p, &row->sign, PACKET_FLAG_SIGN, primary, packets,
	    &halves[(*count)++], why);
	if (st == GW_OK && !p->sign_only)
		st = put_subkey(p, &row->encrypt, encrypt, primary, packets,
		    &halves[(*count)++], why);
	if (st == GW_OK && !p->sign_only && row->beside.algorithm != 0)
		st = put_subkey(p, &row->beside, encrypt, primary, packets,
		    &halves[(*count)++], why);
	return st;
}

static enum gw_status
generate(const struct secret_params *p, struct secret_half *halves,
    struct secret **out, struct why *why)
{
	struct secret_key primary = { 0 };
	struct buf packets;
	size_t count = 1;
	enum gw_status st;

	buf_init(&packets, SECRET_SIZE_MAX);
	st = make_half(p, &row_of(p)->sign, &halves[0], &primary, why);
	if (st == GW_OK)
		st = put_primary(p, &primary, &packets, why);
	if (st == GW_OK)
		st = secret_put_subkeys(
		    p, &primary, &packets, halves, &count, why);
	if (st == GW_OK && packets.bad)
		st = failed(why);
	/* Read what was made, as everybody else will. */
	if (st == GW_OK)
		st = secret_assemble(&packets, halves, count, out, why);
	secret_key_close(&primary);
	buf_free(&packets);
	return st;
}

enum gw_status
secret_generate(const struct secret_params *p, struct buf *text,
    struct secret **out, struct why *why)
{
	struct secret_half halves[1 + SECRET_FRESH_MAX] = { 0 };
	struct secret *s = NULL;
	enum gw_status st;

	if (out != NULL)
		*out = NULL;
	if ((st = secret_check_params(p, why)) != GW_OK)
		return st;
	st = generate(p, halves, &s, why);
	if (st == GW_OK)
		st = secret_export(s, p->passphrase, p->lock, true, text, why);
	for (size_t i = 0; i < 1 + SECRET_FRESH_MAX; i++)
		secret_half_close(&halves[i]);
	if (st == GW_OK && out != NULL) {
		s->lock = p->lock;
		*out = s;
		s = NULL;
	}
	secret_free(s);
	return st;
}
