/* keys/messages/unseal.c - open a hostile message; believe nothing yet. */
#include "keys/messages/unseal.h"

#include "keys/packets/dearmor.h"
#include "keys/messages/grammar.h"
#include "keys/packets/packet.h"
#include "keys/messages/seipd.h"

#include <string.h>

#define ESK_COUNT_MAX 32
#define ESK_SIZE_MAX  8192 /* RSA-16384 and post-quantum fit */
#define ESK_TOTAL_MAX (64 * 1024)

struct unseal {
	const struct unseal_request *request;
	struct unseal_result *result;
	int out;
	uint64_t hint;   /* size of the message, or UINT64_MAX */
	struct buf esks; /* PKESK bodies, each behind its length */
	unsigned esk_count;
	unsigned fillers;
	bool opened; /* the encrypted packet was read and proven */
};

/* Why a packet in the place of the encrypted data is refused. */
static const struct {
	int tag;
	enum gw_reason reason;
	const char *text;
} others[] = {
	{ BODY_ONE_PASS, REASON_NOT_ENCRYPTED, "signed but not encrypted" },
	{ BODY_SIGNATURE, REASON_NOT_ENCRYPTED, "signed but not encrypted" },
	{ BODY_LITERAL, REASON_NOT_ENCRYPTED, "not encrypted" },
	{ BODY_COMPRESSED, REASON_NOT_ENCRYPTED,
	    "compressed but not encrypted" },
	{ BODY_SED, REASON_WEAK,
	    "encrypted the old way, without integrity protection" },
	{ BODY_LIBREPGP_AEAD, REASON_UNSUPPORTED,
	    "encrypted in LibrePGP's own way (packet type 20)" },
};

static enum gw_status
refuse_other(int tag, struct why *why)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].tag != tag)
			continue;
		why_set(
		    why, others[i].reason, "the message is %s", others[i].text);
		return GW_REFUSED;
	}
	why_set(why, REASON_MALFORMED,
	    "packet type %d where an encrypted message is expected", tag);
	return GW_REFUSED;
}

/* A session key for somebody's public key: kept until the version of the
 * encrypted packet is known.  One for a password (SKESK) is read over. */
static enum gw_status
keep_esk(struct unseal *u, struct body *b, struct why *why)
{
	struct buf esk;
	enum gw_status st;

	if (++u->esk_count > ESK_COUNT_MAX) {
		why_set(why, REASON_MALFORMED,
		    "the message has more than %d recipients", ESK_COUNT_MAX);
		return GW_REFUSED;
	}
	buf_init(&esk, ESK_SIZE_MAX);
	st = body_collect(b, &esk, why);
	if (st == GW_OK && b->tag == BODY_PKESK &&
	    (!buf_put_u16(&u->esks, (uint16_t)esk.len) ||
		!buf_put(&u->esks, esk.data, esk.len))) {
		why_set(why, REASON_MALFORMED, "too large session keys");
		st = GW_REFUSED;
	}
	buf_free(&esk);
	return st;
}

/* RFC 9580, 5.1: version 3 goes with SEIPD version 1, 6 with 2; the latter
 * names the version of the recipient's key, whose fingerprint must fit. */
static bool
esk_fits(const struct buf *esk, int seipd)
{
	const uint8_t *p = esk->data;

	if (esk->len < 10)
		return false;
	if (seipd == 1)
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
esk_one_spelling(const struct buf *esk)
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
esk_anonymous(const struct buf *esk)
{
	static const uint8_t zero[8];

	if (esk->data[0] == 6)
		return esk->data[1] == 0;
	return memcmp(esk->data + 1, zero, sizeof(zero)) == 0;
}

/* cipher: what the packet says (version 2) or 0 (it is in the PKESK). */
static enum gw_status
try_esk(struct unseal *u, const struct buf *esk, int seipd, int *cipher,
    struct buf *key, struct why *why)
{
	int algorithm = 0;
	enum gw_status st;

	buf_reset(key);
	st = u->request->unwrap(u->request->unwrap_ctx, esk->data, esk->len,
	    seipd, &algorithm, key, why);
	if (st != GW_OK)
		return st;
	if (seipd == 2)
		algorithm = *cipher;
	if (key->bad || seipd_key_len(algorithm) == 0 ||
	    key->len != seipd_key_len(algorithm))
		return seipd_damaged(why);
	*cipher = algorithm;
	return GW_OK;
}

/*
 * The session key: from those that name one of our keys first, so that a
 * nameless one for somebody else, tried with a key of ours, cannot win with
 * a number that only looks right.
 */
static enum gw_status
find_key(
    struct unseal *u, int seipd, int *cipher, struct buf *key, struct why *why)
{
	bool any_refused = false;

	for (int anonymous = 0; anonymous <= 1; anonymous++) {
		u->esks.pos = 0;
		while (buf_left(&u->esks) > 0) {
			struct buf esk;
			enum gw_status st;

			if (!buf_child(&u->esks, buf_get_u16(&u->esks), &esk))
				gw_fatal("unseal: lost a session key");
			if (!esk_fits(&esk, seipd) || !esk_one_spelling(&esk) ||
			    esk_anonymous(&esk) != (anonymous == 1))
				continue;
			st = try_esk(u, &esk, seipd, cipher, key, why);
			if (st == GW_REFUSED)
				any_refused = true;
			else if (st != GW_NONE)
				return st;
		}
	}
	if (any_refused)
		return seipd_damaged(why);
	why_set(why, REASON_NOT_FOR_US,
	    "the message is encrypted to other keys than ours");
	return GW_REFUSED;
}

/* RFC 9580, 5.13: version, and what version 2 has in front of the data. */
static enum gw_status
read_container_head(
    struct body *b, int *version, struct seipd2_params *p, struct why *why)
{
	uint8_t raw[SEIPD2_HEAD_LEN];
	enum gw_status st;

	if ((st = source_need(&b->src, raw, 1, why)) != GW_OK)
		return st;
	*version = raw[0];
	if (*version == 1)
		return GW_OK;
	if (*version != 2) {
		why_set(why, REASON_UNSUPPORTED, "encrypted data of version %d",
		    *version);
		return GW_REFUSED;
	}
	st = source_need(&b->src, raw + 1, sizeof(raw) - 1, why);
	p->cipher = raw[1];
	p->aead = raw[2];
	p->chunk_octet = raw[3];
	memcpy(p->salt, raw + 4, sizeof(p->salt));
	return st == GW_OK ? seipd2_check(p, why) : st;
}

/*
 * Read what is inside, and to the end in any case: a refusal of the content
 * counts only when the whole was proven to be what the sender encrypted.  So
 * a forger sees one answer, whatever his changes turned the content into.
 */
static enum gw_status
read_content(struct unseal *u, struct source *clear, struct why *why)
{
	struct why content;
	enum gw_status st, proof;

	st = grammar_read(clear, u->out, u->request->max_plain, u->result, why);
	if (st != GW_OK && st != GW_REFUSED)
		return st;
	content = *why;
	if ((proof = source_drain(clear, NULL, why)) != GW_OK)
		return proof;
	*why = content;
	u->opened = st == GW_OK;
	return st;
}

static enum gw_status
read_container(struct unseal *u, struct body *b, struct why *why)
{
	struct seipd2_params params = { 0 };
	struct source *clear = NULL;
	struct buf key;
	int version = 0, cipher;
	enum gw_status st;

	if ((st = read_container_head(b, &version, &params, why)) != GW_OK)
		return st;
	buf_init_secret(&key, 64);
	cipher = params.cipher;
	st = find_key(u, version, &cipher, &key, why);
	if (st == GW_OK)
		st = version == 1 ? seipd1_open(&b->src, u->hint, cipher, &key,
					&clear, why)
				  : seipd2_open(&b->src, u->hint, &params, &key,
					&clear, why);
	buf_free(&key);
	if (st != GW_OK)
		return st;
	u->result->aead = version == 2;
	st = read_content(u, clear, why);
	if (version == 1)
		seipd1_close(clear);
	else
		seipd2_close(clear);
	return st;
}

static enum gw_status
read_packet(struct unseal *u, struct body *b, struct why *why)
{
	if (grammar_filler(b))
		return grammar_skip(b, &u->fillers, why);
	if (u->opened) {
		why_set(why, REASON_MALFORMED,
		    "something follows the encrypted message");
		return GW_REFUSED;
	}
	if (b->tag == BODY_PKESK || b->tag == BODY_SKESK)
		return keep_esk(u, b, why);
	if (b->tag == BODY_SEIPD)
		return read_container(u, b, why);
	return refuse_other(b->tag, why);
}

static enum gw_status
read_message(struct unseal *u, struct source *from, struct why *why)
{
	struct body b;
	enum gw_status st;

	while ((st = body_next(&b, from, why)) == GW_OK)
		if ((st = read_packet(u, &b, why)) != GW_OK)
			return st;
	if (st != GW_NONE)
		return st;
	if (!u->opened) {
		why_set(why, REASON_DAMAGED,
		    "the message ends before any encrypted data");
		return GW_REFUSED;
	}
	return GW_OK;
}

/* Binary or armored?  The first octet tells (RFC 9580, 4.2 and 6.2). */
static enum gw_status
read_either(struct unseal *u, struct source *from, struct why *why)
{
	struct source *bare = NULL;
	enum gw_status st;

	if ((st = source_fill(from, why)) != GW_OK)
		return st;
	if (from->left == 0) {
		why_set(why, REASON_MALFORMED, "the file is empty");
		return GW_REFUSED;
	}
	if (!dearmor_wanted(*from->at))
		return read_message(u, from, why);
	if ((st = dearmor_open(from, u->hint, &bare, why)) != GW_OK)
		return st;
	st = read_message(u, bare, why);
	dearmor_close(bare);
	return st;
}

/*
 * Armor, packet lengths, padding and further recipients may be changed by
 * anybody on the way; what is inside the encryption may not.  The document
 * itself is covered by the signatures, which tell the time, too; its name is
 * not, and a partner may sign the same content twice in one second.
 */
static void
digest_signed(struct unseal_result *r)
{
	gcry_buffer_t of[2] = {
		{ .data = r->name, .len = strlen(r->name) + 1 },
		{ .data = r->signatures.data, .len = r->signatures.len },
	};

	gcry_md_hash_buffers(GCRY_MD_SHA256, 0, r->signed_sha256, of,
	    r->signatures.len > 0 ? 2 : 1);
}

enum gw_status
unseal_stream(const struct unseal_request *request, int in, int out,
    struct unseal_result *result, struct why *why)
{
	struct unseal u = { .request = request, .result = result, .out = out };
	struct source_fd from;
	struct why refusal;
	enum gw_status st, end;

	memset(result, 0, sizeof(*result));
	buf_init(&result->signatures, UNSEAL_SIGNATURES_MAX);
	if ((st = source_fd_open(&from, in, why)) != GW_OK)
		return st;
	u.hint = from.hint;
	buf_init(&u.esks, ESK_TOTAL_MAX);
	st = read_either(&u, &from.src, why);
	if (st != GW_OK && st != GW_REFUSED)
		goto close;
	/* Also of a refused message the digest of the whole is wanted, to
	 * find it again; only a failing disk is worse than the refusal. */
	refusal = *why;
	end = source_fd_digest(&from, result->sealed_sha256, why);
	result->sealed_size = from.total;
	if (end != GW_OK)
		st = end;
	else if (st != GW_OK)
		*why = refusal;
	else
		digest_signed(result);
close:
	buf_free(&u.esks);
	source_fd_close(&from);
	return st;
}

void
unseal_result_free(struct unseal_result *r)
{
	if (r == NULL)
		return;
	buf_free(&r->signatures);
	memset(r, 0, sizeof(*r));
}
