/* keys/messages/esk.c - encrypted session keys, and whoever can open one. */
#include "keys/messages/esk.h"

#include "keys/algorithms/s2k.h"
#include "keys/messages/seipd.h"

#include <string.h>

#define COUNT_MAX 32
#define ESK_MAX   8192 /* RSA-16384 and post-quantum fit */
#define TOTAL_MAX (64 * 1024)

/* Each costs as many derivations as there are passwords. */
#define SKESKS_MAX   8
#define ARGON2_TRIES 8 /* of the dearest kind that s2k_read() lets through */

void
esks_init(struct esks *e)
{
	buf_init(&e->all, TOTAL_MAX);
	e->count = 0;
}

void
esks_free(struct esks *e)
{
	buf_free(&e->all);
}

enum gw_status
esks_keep(struct esks *e, struct body *b, struct why *why)
{
	struct buf esk;
	enum gw_status st;

	if (++e->count > COUNT_MAX) {
		why_set(why, REASON_MALFORMED,
		    "the message has more than %d recipients", COUNT_MAX);
		return GW_REFUSED;
	}
	buf_init(&esk, ESK_MAX);
	st = body_collect(b, &esk, why);
	if (st == GW_OK && (!buf_put_u8(&e->all, (uint8_t)b->tag) ||
			       !buf_put_u16(&e->all, (uint16_t)esk.len) ||
			       !buf_put(&e->all, esk.data, esk.len))) {
		why_set(why, REASON_MALFORMED, "too large session keys");
		st = GW_REFUSED;
	}
	buf_free(&esk);
	return st;
}

/* The next one of that type; false at the end. */
static bool
next(struct esks *e, int tag, struct buf *esk)
{
	while (buf_left(&e->all) > 0) {
		int is = buf_get_u8(&e->all);

		if (!buf_child(&e->all, buf_get_u16(&e->all), esk))
			gw_fatal("unseal: lost a session key");
		if (is == tag)
			return true;
	}
	return false;
}

/* RFC 9580, 5.1: version 3 goes with SEIPD version 1, 6 with 2; the latter
 * names the version of the recipient's key, whose fingerprint must fit. */
static bool
pkesk_fits(const struct buf *esk, enum esk_for what)
{
	const uint8_t *p = esk->data;

	if (esk->len < 10)
		return false;
	if (what != ESK_FOR_SEIPD2)
		return p[0] == 3;
	return p[0] == 6 && (p[1] == 0 || (p[1] == 21 && p[2] == 4) ||
				(p[1] == 33 && p[2] == 6));
}

/*
 * ECDH with Curve25519 (RFC 9580, 11.2): the arithmetic ignores the highest
 * bit of the point, so a message could be written in two ways that both
 * open.  Honest software leaves it 0.
 */
static bool
pkesk_one_spelling(const struct buf *esk)
{
	struct buf p;
	uint8_t version, point[35];

	buf_view(&p, esk->data, esk->len);
	version = buf_get_u8(&p);
	(void)buf_take(&p, version == 6 ? buf_get_u8(&p) : 8);
	if (buf_get_u8(&p) != PACKET_ECDH || !buf_get(&p, point, sizeof(point)))
		return true;
	/* 263 bits: a prefix octet 0x40 and the point. */
	return point[0] != 1 || point[1] != 7 || point[2] != 0x40 ||
	       (point[34] & 0x80) == 0;
}

/* No recipient is named: every key of ours is to be tried. */
static bool
pkesk_anonymous(const struct buf *esk)
{
	static const uint8_t zero[8];

	if (esk->data[0] == 6)
		return esk->data[1] == 0;
	return memcmp(esk->data + 1, zero, sizeof(zero)) == 0;
}

/* A key of a cipher that we have, and that the packet agrees with. */
static bool
add(struct esk_keys *keys, int said, int cipher, const uint8_t *key, size_t len)
{
	if (cipher == 0)
		cipher = said;
	if ((said != 0 && cipher != said) || cipher_key_len(cipher) == 0 ||
	    len != cipher_key_len(cipher) || keys->count == ESK_KEYS_MAX)
		return false;
	keys->one[keys->count].cipher = cipher;
	keys->one[keys->count].len = (uint8_t)len;
	memcpy(keys->one[keys->count].key, key, len);
	keys->count++;
	return true;
}

static enum gw_status
try_pkesk(const struct unseal_request *q, const struct buf *esk,
    enum esk_for what, int cipher, struct esk_keys *keys, struct why *why)
{
	struct buf key;
	int algorithm = 0;
	enum gw_status st;

	buf_init_secret(&key, 64);
	st = q->unwrap(q->unwrap_ctx, esk->data, esk->len,
	    what == ESK_FOR_SEIPD2 ? 2 : 1, &algorithm, &key, why);
	if (st == GW_OK && what == ESK_FOR_SEIPD2)
		algorithm = cipher;
	if (st == GW_OK &&
	    (key.bad || algorithm == 0 ||
		!add(keys, cipher, algorithm, key.data, key.len)))
		st = seipd_damaged(why);
	buf_free(&key);
	return st;
}

/*
 * With private keys: first where one of ours is named, so that a nameless one
 * for somebody else, tried with a key of ours, cannot win with a number that
 * only looks right.  GW_NONE: there is none for us.
 */
static enum gw_status
open_pkesks(struct esks *e, const struct unseal_request *q, enum esk_for what,
    int cipher, struct esk_keys *keys, struct why *why)
{
	bool any_refused = false;
	struct buf esk;

	for (int anonymous = 0; anonymous <= 1; anonymous++) {
		e->all.pos = 0;
		while (next(e, BODY_PKESK, &esk)) {
			enum gw_status st;

			if (!pkesk_fits(&esk, what) ||
			    !pkesk_one_spelling(&esk) ||
			    pkesk_anonymous(&esk) != (anonymous == 1))
				continue;
			st = try_pkesk(q, &esk, what, cipher, keys, why);
			if (st == GW_REFUSED)
				any_refused = true;
			else if (st != GW_NONE)
				return st;
		}
	}
	return any_refused ? GW_REFUSED : GW_NONE;
}

/* One SKESK with each password; GW_OK: this key is proven, look no further. */
static enum gw_status
try_skesk(const struct unseal_request *q, const struct buf *esk,
    enum esk_for what, int said, uint64_t *argon2_left, struct esk_keys *keys,
    struct why *why)
{
	enum gw_status st = GW_NONE;
	uint8_t key[32];

	for (size_t i = 0; i < q->password_count && i < UNSEAL_PASSWORDS_MAX;
	     i++) {
		int cipher = 0;
		size_t len;

		st = skesk_open(esk->data, esk->len, what, q->passwords[i],
		    argon2_left, &cipher, key, &len, why);
		if (st == GW_NONE)
			continue;
		if (st != GW_OK)
			break;
		if (esk->data[0] != 4)
			keys->count = 0;
		if (add(keys, said, cipher, key, len) && esk->data[0] != 4)
			break;
		st = GW_NONE;
	}
	mem_wipe(key, sizeof(key));
	return st;
}

static enum gw_status
open_skesks(struct esks *e, const struct unseal_request *q, enum esk_for what,
    int cipher, struct esk_keys *keys, struct why *why)
{
	uint64_t argon2_left = ARGON2_TRIES * S2K_ARGON2_COST_MAX;
	struct why refusal;
	bool tried = false, refused = false;
	unsigned n = 0;
	struct buf esk;

	e->all.pos = 0;
	while (next(e, BODY_SKESK, &esk) && n++ < SKESKS_MAX) {
		enum gw_status st =
		    try_skesk(q, &esk, what, cipher, &argon2_left, keys, why);

		if (st == GW_REFUSED) {
			refused = true;
			refusal = *why;
		} else if (st == GW_NONE)
			tried = true;
		else
			return st;
	}
	if (keys->count > 0)
		return GW_OK;
	if (tried)
		return seipd_damaged(why);
	if (refused)
		*why = refusal;
	return refused ? GW_REFUSED : GW_NONE;
}

static enum gw_status
use_given(const struct unseal_request *q, int said, struct esk_keys *keys,
    struct why *why)
{
	const struct buf *key = q->session_key;

	return add(keys, said, q->session_cipher, key->data, key->len)
		   ? GW_OK
		   : seipd_damaged(why);
}

enum gw_status
esks_open(struct esks *e, const struct unseal_request *q, enum esk_for what,
    int cipher, struct esk_keys *keys, struct why *why)
{
	enum gw_status by_key = GW_NONE, by_password = GW_NONE;

	keys->count = 0;
	if (q->session_key != NULL)
		return use_given(q, cipher, keys, why);
	if (q->unwrap != NULL)
		by_key = open_pkesks(e, q, what, cipher, keys, why);
	if (by_key != GW_NONE && by_key != GW_REFUSED)
		return by_key;
	if (q->password_count > 0)
		by_password = open_skesks(e, q, what, cipher, keys, why);
	if (by_password != GW_NONE)
		return by_password;
	if (by_key == GW_REFUSED)
		return seipd_damaged(why);
	why_set(why, REASON_NOT_FOR_US,
	    "the message is encrypted to other keys than ours");
	return GW_REFUSED;
}
