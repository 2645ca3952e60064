/* keys/certs/policy.c - the table of what is good enough, and until when. */
#include "keys/certs/policy.h"

#define EVER      INT64_MAX
#define NEVER     0
#define YEAR_2014 1391212800 /* 2014-02-01 */
#define YEAR_2031 1924992000 /* 2031-01-01 */

enum kind { HASH, KEY, CIPHER };

/*
 * Rows of a kind and number stand in the order of their sizes: the first that
 * is larger than the key counts, and 0 is larger than any.  A use is allowed
 * before its date.
 */
static const struct rule {
	enum kind kind;
	int id;
	unsigned below; /* bits of the key */
	const char *name;
	int64_t before[POLICY_USES]; /* data, self, revocation, encrypt */
	const char *why;             /* it ends */
} rules[] = {
#define ALWAYS { EVER, EVER, EVER, EVER }, ""
	/* RFC 9580, 9.5. */
	{ HASH, PACKET_SHA256, 0, "SHA-256", ALWAYS },
	{ HASH, PACKET_SHA384, 0, "SHA-384", ALWAYS },
	{ HASH, PACKET_SHA512, 0, "SHA-512", ALWAYS },
	{ HASH, PACKET_SHA3_256, 0, "SHA3-256", ALWAYS },
	{ HASH, PACKET_SHA3_512, 0, "SHA3-512", ALWAYS },
	/* No collisions are known, but 112 bits are less than any key has
	 * that may sign documents for long. */
	{ HASH, PACKET_SHA224, 0, "SHA-224", { NEVER, EVER, EVER },
	    "it is too short for documents" },
	/* NIST SP 800-131A ended it with 2013; collisions were shown in 2017,
	 * with chosen prefixes in 2020 (RFC 9580, 9.5: nothing recent). */
	{ HASH, PACKET_SHA1, 0, "SHA-1", { NEVER, YEAR_2014, EVER },
	    "collisions can be bought" },
	{ HASH, PACKET_RIPEMD160, 0, "RIPEMD-160", { NEVER },
	    "RFC 9580, 9.5, forbids it" },
	{ HASH, PACKET_MD5, 0, "MD5", { NEVER }, "collisions take seconds" },

	/* NIST SP 800-57, part 1, 5.6: less than 112 bits of strength, and
	 * 829-bit numbers were factored in public. */
	{ KEY, PACKET_RSA, PK_RSA_BITS_MIN, "RSA", { NEVER },
	    "it is shorter than 2048 bits" },
	/* The same: 112 bits end with 2030.  What is encrypted today must
	 * keep longer than that. */
	{ KEY, PACKET_RSA, PK_RSA_BITS_MAKE, "RSA",
	    { YEAR_2031, YEAR_2031, EVER, NEVER },
	    "it is shorter than 3072 bits" },
	{ KEY, PACKET_RSA, 0, "RSA", ALWAYS },
	/* RFC 9580, 9.1, gives both up; a bad random number gives the key
	 * away, and most are of 1024 bits. */
	{ KEY, PACKET_DSA, 0, "DSA", { NEVER }, "it is out of use" },
	{ KEY, PACKET_ELGAMAL, 0, "Elgamal", { NEVER }, "it is out of use" },
	/* Every curve that pk.c knows has 128 bits or more. */
	{ KEY, PACKET_ECDSA, 0, "ECDSA", ALWAYS },
	{ KEY, PACKET_ECDH, 0, "ECDH", ALWAYS },
	{ KEY, PACKET_EDDSA, 0, "EdDSA", ALWAYS },
	{ KEY, PACKET_X25519, 0, "X25519", ALWAYS },
	{ KEY, PACKET_X448, 0, "X448", ALWAYS },
	{ KEY, PACKET_ED25519, 0, "Ed25519", ALWAYS },
	{ KEY, PACKET_ED448, 0, "Ed448", ALWAYS },
	{ KEY, PACKET_MLDSA65_ED25519, 0, "ML-DSA-65+Ed25519", ALWAYS },
	{ KEY, PACKET_MLDSA87_ED448, 0, "ML-DSA-87+Ed448", ALWAYS },
	{ KEY, PACKET_MLKEM768_X25519, 0, "ML-KEM-768+X25519", ALWAYS },
	{ KEY, PACKET_MLKEM1024_X448, 0, "ML-KEM-1024+X448", ALWAYS },

	{ CIPHER, PACKET_AES128, 0, "AES-128", ALWAYS },
	{ CIPHER, PACKET_AES192, 0, "AES-192", ALWAYS },
	{ CIPHER, PACKET_AES256, 0, "AES-256", ALWAYS },
	/* Blocks of 64 bits repeat after some gigabytes (Sweet32), and
	 * documents are as large. */
	{ CIPHER, 1, 0, "IDEA", { NEVER }, "its blocks are of 64 bits" },
	{ CIPHER, 2, 0, "3DES", { NEVER }, "its blocks are of 64 bits" },
	{ CIPHER, 3, 0, "CAST5", { NEVER }, "its blocks are of 64 bits" },
	{ CIPHER, 4, 0, "Blowfish", { NEVER }, "its blocks are of 64 bits" },
#undef ALWAYS
};

static const struct rule *
find(enum kind kind, int id, unsigned bits)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].kind == kind && rules[i].id == id &&
		    (rules[i].below == 0 || bits < rules[i].below))
			return &rules[i];
	return NULL;
}

static enum gw_status
apply(const struct rule *r, enum policy_use use, time_t when, const char *what,
    int id, struct why *why)
{
	if (r == NULL) {
		why_set(why, REASON_UNSUPPORTED, "%s %d is not supported", what,
		    id);
		return GW_REFUSED;
	}
	if (when < r->before[use])
		return GW_OK;
	why_set(why, REASON_WEAK, "%s %s is not accepted%s: %s", what, r->name,
	    r->before[use] == NEVER ? "" : " any more", r->why);
	return GW_REFUSED;
}

enum gw_status
policy_hash(int hash, enum policy_use use, time_t made, struct why *why)
{
	return apply(
	    find(HASH, hash, 0), use, made, "hash algorithm", hash, why);
}

enum gw_status
policy_key(
    const struct pk *pk, enum policy_use use, time_t when, struct why *why)
{
	int id = pk->algorithm;

	/* RFC 9580, 9.1: two more numbers of the same. */
	if (id == PACKET_RSA_ENCRYPT || id == PACKET_RSA_SIGN)
		id = PACKET_RSA;
	return apply(
	    find(KEY, id, pk->bits), use, when, "key algorithm", id, why);
}

enum gw_status
policy_cipher(int cipher, struct why *why)
{
	const struct rule *r = find(CIPHER, cipher, 0);

	return apply(r, POLICY_ENCRYPT, 0, "cipher", cipher, why);
}
