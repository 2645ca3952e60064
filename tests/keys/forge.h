/* tests/keys/forge.h - certificates that nobody else would make. */
#ifndef TESTS_KEYS_FORGE_H
#define TESTS_KEYS_FORGE_H

#include "keys/algorithms/kind.h"
#include "keys/certs/cert_priv.h"
#include "keys/packets/armor.h"
#include "keys/secrets/secret_parts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORGE_BORN ((time_t)1700000000)
#define FORGE_NOW  ((time_t)1800000000)
#define FORGE_UID  "Forge <forge@example.com>"

struct forge_key {
	struct pk pk;
	struct secret_key key;
	struct buf public, numbers;
};

static inline void
forge_finish(struct forge_key *k)
{
	struct why why;
	struct buf numbers;

	ck_assert_int_eq(pk_parse(&k->pk, &k->public, &why), GW_OK);
	buf_view(&numbers, k->numbers.data, k->numbers.len);
	ck_assert_msg(secret_key_open(&k->key, &k->pk, &numbers, &why) == GW_OK,
	    "%s", why.text);
}

/* Any key; see secret_key_make(). */
static inline void
forge_make(struct forge_key *k, int version, int algorithm, const char *curve,
    unsigned bits, time_t created)
{
	struct why why;

	memset(k, 0, sizeof(*k));
	buf_init(&k->public, 4096);
	buf_init(&k->numbers, 4096);
	ck_assert_msg(secret_key_make(version, algorithm, curve, bits, created,
			  &k->public, &k->numbers, &why) == GW_OK,
	    "%s", why.text);
	forge_finish(k);
}

static inline void
forge_ed25519(struct forge_key *k, time_t created)
{
	forge_make(k, 4, PACKET_EDDSA, "Ed25519", 0, created);
}

static inline void
forge_curve25519(struct forge_key *k, time_t created)
{
	forge_make(k, 4, PACKET_ECDH, "Curve25519", 0, created);
}

static inline void
forge_ed25519_v6(struct forge_key *k, time_t created)
{
	forge_make(k, 6, PACKET_ED25519, NULL, 0, created);
}

static inline void
forge_x25519_v6(struct forge_key *k, time_t created)
{
	forge_make(k, 6, PACKET_X25519, NULL, 0, created);
}

static inline void
forge_number(gcry_sexp_t key, const char *name, struct buf *out)
{
	gcry_sexp_t part = gcry_sexp_find_token(key, name, 0);
	size_t len;
	const char *at = gcry_sexp_nth_data(part, 1, &len);

	ck_assert(packet_put_mpi(out, (const uint8_t *)at, len));
	gcry_sexp_release(part);
}

/* RSA of any size: Waybill makes no short ones. */
static inline void
forge_rsa(struct forge_key *k, unsigned bits, time_t created)
{
	gcry_sexp_t want, key;

	memset(k, 0, sizeof(*k));
	buf_init(&k->public, 4096);
	buf_init(&k->numbers, 4096);
	ck_assert_int_eq(
	    gcry_sexp_build(&want, NULL, "(genkey (rsa (nbits %u)))", bits), 0);
	ck_assert_int_eq(gcry_pk_genkey(&key, want), 0);
	buf_put_u8(&k->public, 4);
	buf_put_u32(&k->public, (uint32_t)created);
	buf_put_u8(&k->public, PACKET_RSA);
	for (const char *n = "ne"; *n != '\0'; n++)
		forge_number(key, (char[]){ *n, '\0' }, &k->public);
	for (const char *n = "dpqu"; *n != '\0'; n++)
		forge_number(key, (char[]){ *n, '\0' }, &k->numbers);
	gcry_sexp_release(want);
	gcry_sexp_release(key);
	forge_finish(k);
}

static inline void
forge_close(struct forge_key *k)
{
	secret_key_close(&k->key);
	pk_close(&k->pk);
	buf_free(&k->public);
	buf_free(&k->numbers);
}

/* One signature; what is 0 or NULL is left out. */
struct forge_sig {
	int type;
	const struct forge_key *signer;
	const struct forge_key *subkey; /* signed with the primary key */
	const char *uid;
	time_t created; /* 0: FORGE_BORN */
	uint32_t expires, key_lifetime;
	uint8_t flags, features;
	int hash;                     /* 0: SHA-256 */
	int reason;                   /* of a revocation, plus one */
	int extra;                    /* one more subpacket, critical */
	const struct forge_key *back; /* who makes the back signature */
	uint32_t back_expires;
	time_t back_created; /* 0: FORGE_BORN */
	int back_type;       /* 0: what it must be */
	bool primary_uid;
	bool back_unhashed;
	/* Two more subpackets, each with its header, hashed and not. */
	const char *hashed, *unhashed;
	size_t hashed_len, unhashed_len;
	bool attribute; /* uid is the content of a picture's packet */
	/* A signature of this version, whatever the key's, without a hint
	 * that would give it away; 0: the key's. */
	int version;
};

/* RFC 9580, 5.2.4; written once more, so that a mistake shows. */
static inline void
forge_hash_key(gcry_md_hd_t md, const struct pk *pk)
{
	uint8_t head[5] = { 0x99, (uint8_t)(pk->body_len >> 8),
		(uint8_t)pk->body_len };
	uint8_t head6[5] = { 0x9b, 0, 0, (uint8_t)(pk->body_len >> 8),
		(uint8_t)pk->body_len };

	if (pk->version == 6)
		gcry_md_write(md, head6, 5);
	else
		gcry_md_write(md, head, 3);
	gcry_md_write(md, pk->body, pk->body_len);
}

static inline void
forge_hash(
    gcry_md_hd_t md, const struct forge_key *primary, const struct forge_sig *s)
{
	forge_hash_key(md, &primary->pk);
	if (s->subkey != NULL)
		forge_hash_key(md, &s->subkey->pk);
	if (s->uid != NULL) {
		uint8_t head[5] = { s->attribute ? 0xd1 : 0xb4, 0, 0, 0,
			(uint8_t)strlen(s->uid) };

		gcry_md_write(md, head, sizeof(head));
		gcry_md_write(md, s->uid, strlen(s->uid));
	}
}

static inline void
forge_begin(struct sig_build *b, const struct forge_sig *s)
{
	struct pk as = s->signer->pk;
	int hash = s->hash != 0 ? s->hash : PACKET_SHA256;

	if (s->version != 0)
		as.version = s->version;
	sig_build_init(
	    b, s->type, &as, hash, s->created != 0 ? s->created : FORGE_BORN);
	if (as.version != s->signer->pk.version)
		b->head.len -= 3 + as.fingerprint_len; /* the issuer */
}

static inline void forge_sign(
    struct buf *out, const struct forge_key *, const struct forge_sig *);

static inline void
forge_back(struct sig_build *b, const struct forge_key *primary,
    const struct forge_sig *s)
{
	struct forge_sig inner = { .type = s->back_type ? s->back_type
							: PACKET_SIG_PRIMARY,
		.signer = s->back,
		.subkey = s->subkey,
		.created = s->back_created,
		.expires = s->back_expires };
	struct buf back, at, head = b->head;
	struct packet p;
	struct why why;

	buf_init(&back, 4096);
	forge_sign(&back, primary, &inner);
	buf_view(&at, back.data, back.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	if (s->back_unhashed)
		b->head = b->unhashed;
	sig_build_sub(b, PACKET_SUB_EMBEDDED, false, p.body.data, p.body.len);
	if (s->back_unhashed) {
		b->unhashed = b->head;
		b->head = head;
	}
	buf_free(&back);
}

/* Append the packet of a signature over `primary` and what it names. */
static inline void
forge_sign(
    struct buf *out, const struct forge_key *primary, const struct forge_sig *s)
{
	uint8_t reason = (uint8_t)(s->reason - 1), one = 1;
	struct sig_build b;
	struct buf numbers;
	struct why why;
	gcry_md_hd_t md;

	buf_init(&numbers, 4096);
	forge_begin(&b, s);
	if (s->flags != 0)
		sig_build_sub(&b, PACKET_SUB_KEY_FLAGS, true, &s->flags, 1);
	if (s->features != 0)
		sig_build_sub(&b, PACKET_SUB_FEATURES, false, &s->features, 1);
	if (s->expires != 0)
		sig_build_sub_u32(&b, PACKET_SUB_EXPIRES, true, s->expires);
	if (s->key_lifetime != 0)
		sig_build_sub_u32(
		    &b, PACKET_SUB_KEY_EXPIRES, true, s->key_lifetime);
	if (s->reason != 0)
		sig_build_sub(&b, PACKET_SUB_REVOKE_REASON, false, &reason, 1);
	if (s->primary_uid)
		sig_build_sub(&b, PACKET_SUB_PRIMARY_UID, false, &one, 1);
	if (s->extra != 0)
		sig_build_sub(&b, s->extra, true, &one, 1);
	if (s->back != NULL)
		forge_back(&b, primary, s);
	buf_put(&b.head, s->hashed, s->hashed_len);
	buf_put(&b.unhashed, s->unhashed, s->unhashed_len);
	ck_assert_int_eq(sig_build_md_open(&b, &md, &why), GW_OK);
	forge_hash(md, primary, s);
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	/* Not secret_key_sign(): a forger does not mind our rules. */
	ck_assert(s->signer->pk.kind->family->sign(&s->signer->key,
	    packet_hash_find(b.hash_algorithm), b.digest, &numbers));
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, out, &why), GW_OK);
	gcry_md_close(md);
	sig_build_close(&b);
	buf_free(&numbers);
}

static inline void
forge_key_packet(struct buf *out, int tag, const struct forge_key *k)
{
	ck_assert(packet_put(out, tag, k->pk.body, k->pk.body_len));
}

static inline void
forge_certify(
    struct buf *out, const struct forge_key *primary, struct forge_sig s)
{
	s.type = s.type != 0 ? s.type : PACKET_SIG_CERT_POSITIVE;
	s.signer = s.signer != NULL ? s.signer : primary;
	forge_sign(out, primary, &s);
}

static inline void
forge_uid(struct buf *out, const char *uid)
{
	ck_assert(packet_put(out, PACKET_USER_ID, uid, strlen(uid)));
}

/* A whole file of the vectors in $WAYBILL_SHARED (or where developers have
 * it); false when there is none. */
static inline bool
forge_vector(const char *path, struct buf *b)
{
	const char *shared = getenv("WAYBILL_SHARED");
	char name[512];
	FILE *f;
	size_t n;

	snprintf(name, sizeof(name), "%s/vectors/%s",
	    shared != NULL ? shared : "../shared", path);
	if ((f = fopen(name, "rb")) == NULL)
		return false;
	buf_init(b, 4 << 20);
	while (buf_room(b, 65536) != NULL &&
	       (n = fread(b->data + b->len, 1, 65536, f)) > 0)
		buf_grew(b, n);
	fclose(f);
	return true;
}

/* A whole signature packet of the collection; false when it is not there. */
static inline bool
forge_vector_sig(const char *path, struct sig *s)
{
	struct buf file, packets, at;
	struct packet p;
	struct why why;

	if (!forge_vector(path, &file))
		return false;
	buf_init(&packets, 1 << 16);
	if (file.data[0] == '-')
		ck_assert_int_eq(armor_read(ARMOR_SIGNATURE, file.data,
				     file.len, &packets, &why),
		    GW_OK);
	else
		buf_put(&packets, file.data, file.len);
	buf_view(&at, packets.data, packets.len);
	ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
	ck_assert_msg(sig_parse(s, p.body.data, p.body.len, &why) == GW_OK,
	    "%s", why.text);
	buf_free(&packets);
	buf_free(&file);
	return true;
}

#endif
