/* keys/secrets/secret_generate.c - a new key: the primary certifies, one subkey
 * signs, one is encrypted to. */
#include "keys/packets/armor.h"
#include "keys/secrets/secret_parts.h"

#include <string.h>

#define USER_ID_MAX 1024
#define TEXT_MAX    (64 * 1024)
#define PACKET_MAX  16384

/* One key while it is made. */
struct fresh {
	struct pk pk;
	struct buf public, numbers;
	struct secret_key key;
};

struct maker {
	const struct secret_params *params;
	struct fresh primary, sign, encrypt;
	struct buf packets;
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

static enum gw_status
check_params(const struct secret_params *p, struct why *why)
{
	const char *id = p->user_id_count > 0 ? p->user_ids[0] : "";
	size_t len = strlen(id);

	if (len == 0 || len > USER_ID_MAX) {
		why_set(why, REASON_CONFIG, "a user id has 1 to %d characters",
		    USER_ID_MAX);
		return GW_REFUSED;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)id[i] < ' ' || id[i] == 0x7f) {
			why_set(why, REASON_CONFIG,
			    "a user id has no control characters");
			return GW_REFUSED;
		}
	if (p->created <= 0 || p->created > UINT32_MAX ||
	    (p->expires != 0 &&
		(p->expires <= p->created || p->expires > UINT32_MAX))) {
		why_set(
		    why, REASON_CONFIG, "a key expires after it was created");
		return GW_REFUSED;
	}
	if (p->passphrase != NULL && *p->passphrase == '\0') {
		why_set(why, REASON_CONFIG, "an empty passphrase is none");
		return GW_REFUSED;
	}
	return GW_OK;
}

static enum gw_status
make_numbers(const struct maker *m, struct fresh *f, struct why *why)
{
	time_t created = m->params->created;
	bool rsa = m->params->kind == SECRET_RSA3072 ||
		   m->params->kind == SECRET_RSA4096;

	if (rsa)
		return secret_key_make(4, PACKET_RSA, NULL,
		    m->params->kind == SECRET_RSA3072 ? 3072 : 4096, created,
		    &f->public, &f->numbers, why);
	if (f == &m->encrypt)
		return secret_key_make(4, PACKET_ECDH, "Curve25519", 0, created,
		    &f->public, &f->numbers, why);
	return secret_key_make(4, PACKET_EDDSA, "Ed25519", 0, created,
	    &f->public, &f->numbers, why);
}

/* Make one key and put its packet, under the passphrase if there is one. */
static enum gw_status
make_key(struct maker *m, struct fresh *f, int tag, struct buf *packet,
    struct why *why)
{
	struct buf numbers;
	enum gw_status st;

	if ((st = make_numbers(m, f, why)) != GW_OK)
		return st;
	if ((st = pk_parse(&f->pk, &f->public, why)) != GW_OK)
		return st;
	buf_view(&numbers, f->numbers.data, f->numbers.len);
	if ((st = secret_key_open(&f->key, &f->pk, &numbers, why)) != GW_OK)
		return st;
	buf_reset(packet);
	buf_put(packet, f->public.data, f->public.len);
	st = secret_lock(&f->numbers, m->params->passphrase, packet, why);
	if (st != GW_OK)
		return st;
	return packet_put(&m->packets, tag, packet->data, packet->len)
		   ? GW_OK
		   : failed(why);
}

/* RFC 9580, 5.2.4. */
static void
hash_uid(gcry_md_hd_t md, const char *text)
{
	size_t len = strlen(text);

	gcry_md_putc(md, 0xb4);
	for (int shift = 24; shift >= 0; shift -= 8)
		gcry_md_putc(md, (int)(len >> shift & 0xff));
	gcry_md_write(md, text, len);
}

/* Sign what was prepared, over the primary key and a subkey or the user id;
 * append the packet. */
static enum gw_status
sign(struct maker *m, struct sig_build *b, const struct fresh *signer,
    const struct pk *subkey, struct buf *out, struct why *why)
{
	gcry_md_hd_t md;
	struct buf numbers;
	enum gw_status st;

	if ((st = sig_build_md_open(b, &md, why)) != GW_OK)
		return st;
	buf_init(&numbers, PACKET_MAX);
	pk_hash_into(&m->primary.pk, md);
	if (subkey != NULL)
		pk_hash_into(subkey, md);
	else
		hash_uid(md, m->params->user_ids[0]);
	if ((st = sig_build_digest(b, md, why)) == GW_OK &&
	    (st = secret_key_sign(&signer->key, b->hash_algorithm, b->digest,
		 b->digest_len, &numbers, why)) == GW_OK)
		st = sig_build_finish(b, numbers.data, numbers.len, out, why);
	buf_free(&numbers);
	gcry_md_close(md);
	return st;
}

static void
begin(struct maker *m, struct sig_build *b, int type,
    const struct fresh *signer, uint8_t flags)
{
	const struct secret_params *p = m->params;

	sig_build_init(b, type, &signer->pk, PACKET_SHA256, p->created);
	if (flags != 0)
		sig_build_sub(b, PACKET_SUB_KEY_FLAGS, true, &flags, 1);
	if (flags != 0 && p->expires != 0)
		sig_build_sub_u32(b, PACKET_SUB_KEY_EXPIRES, true,
		    (uint32_t)(p->expires - p->created));
}

/* The user id and what the owner says about himself with it. */
static enum gw_status
put_user_id(struct maker *m, struct why *why)
{
	const struct secret_params *p = m->params;
	uint8_t yes = 1, features = PACKET_FEATURE_SEIPD1;
	struct sig_build b;
	enum gw_status st;

	if (p->announce_seipd2)
		features |= PACKET_FEATURE_SEIPD2;
	packet_put(&m->packets, PACKET_USER_ID, p->user_ids[0],
	    strlen(p->user_ids[0]));
	begin(
	    m, &b, PACKET_SIG_CERT_POSITIVE, &m->primary, PACKET_FLAG_CERTIFY);
	sig_build_sub(&b, PACKET_SUB_PREF_CIPHERS, false, pref_ciphers,
	    sizeof(pref_ciphers));
	sig_build_sub(&b, PACKET_SUB_PREF_HASHES, false, pref_hashes,
	    sizeof(pref_hashes));
	sig_build_sub(&b, PACKET_SUB_PREF_COMPRESSION, false, pref_compression,
	    sizeof(pref_compression));
	if (p->announce_seipd2)
		sig_build_sub(&b, PACKET_SUB_PREF_AEAD, false, pref_aead,
		    sizeof(pref_aead));
	sig_build_sub(&b, PACKET_SUB_FEATURES, false, &features, 1);
	sig_build_sub(&b, PACKET_SUB_PRIMARY_UID, false, &yes, 1);
	st = sign(m, &b, &m->primary, NULL, &m->packets, why);
	sig_build_close(&b);
	return st;
}

/* The subkey's own word that it belongs to this primary key. */
static enum gw_status
add_back_signature(struct maker *m, struct sig_build *binding,
    const struct fresh *subkey, struct why *why)
{
	struct sig_build b;
	struct buf packet, at;
	struct packet p;
	enum gw_status st;

	buf_init(&packet, PACKET_MAX);
	begin(m, &b, PACKET_SIG_PRIMARY, subkey, 0);
	st = sign(m, &b, subkey, &subkey->pk, &packet, why);
	if (st == GW_OK) {
		/* Embedded without its packet header. */
		buf_view(&at, packet.data, packet.len);
		st = packet_next(&at, &p, why);
	}
	if (st == GW_OK)
		sig_build_sub(binding, PACKET_SUB_EMBEDDED, false, p.body.data,
		    p.body.len);
	sig_build_close(&b);
	buf_free(&packet);
	return st;
}

static enum gw_status
put_subkey(struct maker *m, struct fresh *f, uint8_t flags, struct buf *packet,
    struct why *why)
{
	struct sig_build b;
	enum gw_status st = make_key(m, f, PACKET_SECRET_SUBKEY, packet, why);

	if (st != GW_OK)
		return st;
	begin(m, &b, PACKET_SIG_SUBKEY, &m->primary, flags);
	if ((flags & PACKET_FLAG_SIGN) != 0)
		st = add_back_signature(m, &b, f, why);
	if (st == GW_OK)
		st = sign(m, &b, &m->primary, &f->pk, &m->packets, why);
	sig_build_close(&b);
	return st;
}

static void
fresh_init(struct fresh *f)
{
	memset(f, 0, sizeof(*f));
	buf_init(&f->public, PACKET_MAX);
	buf_init_secret(&f->numbers, SECRET_NUMBERS_MAX);
}

static void
fresh_close(struct fresh *f)
{
	secret_key_close(&f->key);
	pk_close(&f->pk);
	buf_free(&f->numbers);
	buf_free(&f->public);
}

enum gw_status
secret_generate(const struct secret_params *params, struct buf *text,
    struct secret **out, struct why *why)
{
	struct maker m = { .params = params };
	struct buf packet; /* holds numbers in the clear for a moment */
	enum gw_status st;

	if (out != NULL)
		*out = NULL;
	if ((st = check_params(params, why)) != GW_OK)
		return st;
	buf_init_secret(&m.packets, TEXT_MAX);
	buf_init_secret(&packet, PACKET_MAX);
	fresh_init(&m.primary);
	fresh_init(&m.sign);
	fresh_init(&m.encrypt);
	st = make_key(&m, &m.primary, PACKET_SECRET_KEY, &packet, why);
	if (st == GW_OK)
		st = put_user_id(&m, why);
	if (st == GW_OK)
		st = put_subkey(&m, &m.sign, PACKET_FLAG_SIGN, &packet, why);
	if (st == GW_OK)
		st = put_subkey(&m, &m.encrypt,
		    PACKET_FLAG_ENCRYPT_COMM | PACKET_FLAG_ENCRYPT_STOR,
		    &packet, why);
	if (st == GW_OK)
		st = armor_write(ARMOR_PRIVATE_KEY, m.packets.data,
		    m.packets.len, text, why);
	/* Read back what was made, as everybody else will. */
	if (st == GW_OK && out != NULL)
		st = secret_parse(m.packets.data, m.packets.len,
		    params->passphrase, out, why);
	fresh_close(&m.encrypt);
	fresh_close(&m.sign);
	fresh_close(&m.primary);
	buf_free(&packet);
	buf_free(&m.packets);
	return st;
}
