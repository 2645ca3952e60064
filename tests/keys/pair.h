/* tests/keys/pair.h - fresh keys of every kind, both halves. */
#ifndef TESTS_KEYS_PAIR_H
#define TESTS_KEYS_PAIR_H

#include "keys/algorithms/secret_key.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define PAIR_BORN ((time_t)1700000000)
#define PAIR_BITS 3072

struct pair {
	struct pk pk;
	struct secret_key key;
	struct buf public, numbers;
};

/* What there is to make. */
static const struct pair_kind {
	int version;
	int algorithm;
	const char *curve;
	const char *name;
	int hash; /* 0: does not sign */
} pair_kinds[] = {
	{ 4, PACKET_RSA, NULL, "RSA-3072", PACKET_SHA256 },
	{ 6, PACKET_RSA, NULL, "RSA-3072", PACKET_SHA256 },
	{ 4, PACKET_EDDSA, "Ed25519", "Ed25519", PACKET_SHA256 },
	{ 4, PACKET_ED25519, NULL, "Ed25519", PACKET_SHA256 },
	{ 6, PACKET_ED25519, NULL, "Ed25519", PACKET_SHA256 },
	{ 4, PACKET_ED448, NULL, "Ed448", PACKET_SHA512 },
	{ 6, PACKET_ED448, NULL, "Ed448", PACKET_SHA512 },
	{ 4, PACKET_ECDSA, "NIST P-256", "NIST P-256", PACKET_SHA256 },
	{ 6, PACKET_ECDSA, "NIST P-256", "NIST P-256", PACKET_SHA256 },
	{ 4, PACKET_ECDSA, "NIST P-384", "NIST P-384", PACKET_SHA384 },
	{ 6, PACKET_ECDSA, "NIST P-384", "NIST P-384", PACKET_SHA384 },
	{ 4, PACKET_ECDSA, "NIST P-521", "NIST P-521", PACKET_SHA512 },
	{ 6, PACKET_ECDSA, "NIST P-521", "NIST P-521", PACKET_SHA512 },
	{ 4, PACKET_ECDSA, "brainpoolP256r1", "brainpoolP256r1",
	    PACKET_SHA256 },
	{ 6, PACKET_ECDSA, "brainpoolP384r1", "brainpoolP384r1",
	    PACKET_SHA384 },
	{ 4, PACKET_ECDSA, "brainpoolP512r1", "brainpoolP512r1",
	    PACKET_SHA512 },
	{ 4, PACKET_ECDH, "Curve25519", "Curve25519", 0 },
	{ 4, PACKET_X25519, NULL, "X25519", 0 },
	{ 6, PACKET_X25519, NULL, "X25519", 0 },
	{ 4, PACKET_X448, NULL, "X448", 0 },
	{ 6, PACKET_X448, NULL, "X448", 0 },
	{ 4, PACKET_ECDH, "NIST P-256", "NIST P-256", 0 },
	{ 6, PACKET_ECDH, "NIST P-256", "NIST P-256", 0 },
	{ 4, PACKET_ECDH, "NIST P-384", "NIST P-384", 0 },
	{ 6, PACKET_ECDH, "NIST P-384", "NIST P-384", 0 },
	{ 4, PACKET_ECDH, "NIST P-521", "NIST P-521", 0 },
	{ 6, PACKET_ECDH, "NIST P-521", "NIST P-521", 0 },
	{ 6, PACKET_ECDH, "brainpoolP256r1", "brainpoolP256r1", 0 },
	{ 4, PACKET_ECDH, "brainpoolP384r1", "brainpoolP384r1", 0 },
	{ 6, PACKET_ECDH, "brainpoolP512r1", "brainpoolP512r1", 0 },
};
#define PAIR_KINDS   ((int)(sizeof(pair_kinds) / sizeof(pair_kinds[0])))
#define PAIR_SIGNERS 16 /* the first ones */
#define PAIR_RSA     2  /* the first ones; they encrypt as well */

static inline bool
pair_is_rsa(int kind)
{
	return kind < PAIR_RSA;
}

static inline bool
pair_encrypts(int kind)
{
	return pair_is_rsa(kind) || kind >= PAIR_SIGNERS;
}

/* Parse and open what public and numbers hold. */
static inline enum gw_status
pair_open(struct pair *p, struct why *why)
{
	struct buf public, numbers;
	enum gw_status st;

	buf_view(&public, p->public.data, p->public.len);
	buf_view(&numbers, p->numbers.data, p->numbers.len);
	st = pk_parse(&p->pk, &public, why);
	if (st == GW_OK)
		st = secret_key_open(&p->key, &p->pk, &numbers, why);
	return st;
}

static inline void
pair_init(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->public, 8192);
	buf_init(&p->numbers, 8192);
}

static inline void
pair_make(struct pair *p, int kind)
{
	const struct pair_kind *k = &pair_kinds[kind];
	struct why why;

	pair_init(p);
	ck_assert_msg(
	    secret_key_make(k->version, k->algorithm, k->curve, PAIR_BITS,
		PAIR_BORN, &p->public, &p->numbers, &why) == GW_OK,
	    "%s: %s", k->name, why.text);
	ck_assert_msg(pair_open(p, &why) == GW_OK, "%s: %s", k->name, why.text);
}

static inline void
pair_close(struct pair *p)
{
	secret_key_close(&p->key);
	pk_close(&p->pk);
	buf_free(&p->public);
	buf_free(&p->numbers);
}

/* RSA keys take long to make: the same serve all tests of a program, and that
 * of version 6 has the numbers of the other. */
static struct pair pair_rsa[PAIR_RSA], pair_other_rsa;

static inline void
pair_rsa_setup(void)
{
	struct pair *four = &pair_rsa[0], *six = &pair_rsa[1];
	struct why why;

	pair_make(four, 0);
	pair_init(six);
	buf_put_u8(&six->public, 6);
	buf_put(&six->public, four->public.data + 1, 5);
	buf_put_u32(&six->public, (uint32_t)four->public.len - 6);
	buf_put(&six->public, four->public.data + 6, four->public.len - 6);
	buf_put(&six->numbers, four->numbers.data, four->numbers.len);
	ck_assert_int_eq(pair_open(six, &why), GW_OK);
}

/* One more, for tests that confuse two. */
static inline void
pair_rsa_setup_both(void)
{
	pair_rsa_setup();
	pair_make(&pair_other_rsa, 0);
}

static inline void
pair_rsa_teardown(void)
{
	for (int i = 0; i < PAIR_RSA; i++)
		pair_close(&pair_rsa[i]);
	pair_close(&pair_other_rsa);
}

/* A pair of that kind, either kept or fresh, and its release. */
static inline struct pair *
pair_get(struct pair *room, int kind)
{
	if (pair_is_rsa(kind))
		return &pair_rsa[kind];
	pair_make(room, kind);
	return room;
}

static inline void
pair_put(struct pair *p)
{
	if (p != &pair_rsa[0] && p != &pair_rsa[1] && p != &pair_other_rsa)
		pair_close(p);
}

/* Another pair of the same algorithm and curve. */
static inline struct pair *
pair_get_other(struct pair *room, int kind)
{
	if (pair_is_rsa(kind))
		return &pair_other_rsa;
	pair_make(room, kind);
	return room;
}

#endif
