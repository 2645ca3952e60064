/* tests/keys/forge.h - certificates that nobody else would make. */
#ifndef TESTS_KEYS_FORGE_H
#define TESTS_KEYS_FORGE_H

#include "keys/algorithms/kind.h"
#include "keys/certs/cert_priv.h"
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

static inline void
forge_ed25519(struct forge_key *k, time_t created)
{
	struct why why;

	memset(k, 0, sizeof(*k));
	buf_init(&k->public, 4096);
	buf_init(&k->numbers, 4096);
	ck_assert_int_eq(secret_key_make(4, PACKET_EDDSA, "Ed25519", 0, created,
			     &k->public, &k->numbers, &why),
	    GW_OK);
	forge_finish(k);
}

static inline void
forge_curve25519(struct forge_key *k, time_t created)
{
	struct why why;

	memset(k, 0, sizeof(*k));
	buf_init(&k->public, 4096);
	buf_init(&k->numbers, 4096);
	ck_assert_int_eq(secret_key_make(4, PACKET_ECDH, "Curve25519", 0,
			     created, &k->public, &k->numbers, &why),
	    GW_OK);
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
	bool primary_uid;
};

static inline void
forge_hash_key(gcry_md_hd_t md, const struct pk *pk)
{
	uint8_t head[3] = { 0x99, (uint8_t)(pk->body_len >> 8),
		(uint8_t)pk->body_len };

	gcry_md_write(md, head, sizeof(head));
	gcry_md_write(md, pk->body, pk->body_len);
}

/* Append the packet of a signature over `primary` and what it names. */
static inline void
forge_sign(
    struct buf *out, const struct forge_key *primary, const struct forge_sig *s)
{
	int hash = s->hash != 0 ? s->hash : PACKET_SHA256;
	uint8_t reason = (uint8_t)(s->reason - 1), one = 1;
	struct sig_build b;
	struct buf numbers, back, at;
	struct packet p;
	struct why why;
	gcry_md_hd_t md;

	buf_init(&numbers, 4096);
	buf_init(&back, 4096);
	sig_build_init(&b, s->type, &s->signer->pk, hash,
	    s->created != 0 ? s->created : FORGE_BORN);
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
	if (s->back != NULL) {
		struct forge_sig inner = { .type = PACKET_SIG_PRIMARY,
			.signer = s->back,
			.subkey = s->subkey,
			.expires = s->back_expires };

		forge_sign(&back, primary, &inner);
		buf_view(&at, back.data, back.len);
		ck_assert_int_eq(packet_next(&at, &p, &why), GW_OK);
		sig_build_sub(
		    &b, PACKET_SUB_EMBEDDED, false, p.body.data, p.body.len);
	}
	ck_assert_int_eq(gcry_md_open(&md, packet_hash_find(hash)->gcry, 0), 0);
	forge_hash_key(md, &primary->pk);
	if (s->subkey != NULL)
		forge_hash_key(md, &s->subkey->pk);
	if (s->uid != NULL) {
		uint8_t head[5] = { 0xb4, 0, 0, 0, (uint8_t)strlen(s->uid) };

		gcry_md_write(md, head, sizeof(head));
		gcry_md_write(md, s->uid, strlen(s->uid));
	}
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	/* Not secret_key_sign(): a forger does not mind our rules. */
	ck_assert(s->signer->pk.kind->family->sign(&s->signer->key,
	    packet_hash_find(b.hash_algorithm), b.digest, &numbers));
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, out, &why), GW_OK);
	gcry_md_close(md);
	sig_build_close(&b);
	buf_free(&back);
	buf_free(&numbers);
}

static inline void
forge_key_packet(struct buf *out, int tag, const struct forge_key *k)
{
	ck_assert(packet_put(out, tag, k->pk.body, k->pk.body_len));
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

#endif
