/* keys/messages/unseal.c - open a hostile message; believe nothing yet. */
#include "keys/messages/unseal.h"

#include "keys/messages/cleartext.h"
#include "keys/messages/encrypted.h"
#include "keys/messages/grammar.h"
#include "keys/packets/dearmor.h"

#include <string.h>

struct unseal {
	const struct unseal_request *request;
	struct unseal_result *result;
	int out;
	uint64_t hint; /* size of the message, or UINT64_MAX */
	struct esks esks;
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
	    "packet type %d where a message is expected", tag);
	return GW_REFUSED;
}

/* The gateway takes nothing but encrypted messages. */
static bool
allowed(const struct unseal *u, enum unseal_shape shape)
{
	unsigned shapes = u->request->shapes;

	if (shapes == 0)
		shapes = 1u << UNSEAL_ENCRYPTED;
	return (shapes & 1u << shape) != 0;
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

	st = grammar_read(
	    u->request, clear, NULL, u->hint, u->out, u->result, why);
	if (st != GW_OK && st != GW_REFUSED)
		return st;
	content = *why;
	if ((proof = source_drain(clear, NULL, why)) != GW_OK)
		return proof;
	*why = content;
	u->opened = st == GW_OK;
	return st;
}

/* What opened it is told only when it did. */
static void
tell_key(struct unseal *u, const struct esk_keys *keys, size_t which)
{
	struct unseal_result *r = u->result;

	/* bad is the caller's to see */
	(void)buf_put(
	    &r->session_key, keys->one[which].key, keys->one[which].len);
	r->session_cipher = keys->one[which].cipher;
}

static enum gw_status
read_encrypted(struct unseal *u, struct body *b, struct why *why)
{
	struct encrypted e;
	struct esk_keys keys = { 0 };
	struct source *clear;
	size_t which;
	enum gw_status st;

	if (!allowed(u, UNSEAL_ENCRYPTED)) {
		why_set(why, REASON_MALFORMED,
		    "the message is encrypted, which was not expected");
		return GW_REFUSED;
	}
	if ((st = encrypted_head(&e, b, why)) != GW_OK)
		return st;
	st = esks_open(&u->esks, u->request, e.what, e.cipher, &keys, why);
	if (st == GW_OK)
		st = encrypted_open(&e, b, u->hint, &keys, &which, &clear, why);
	if (st == GW_OK) {
		u->result->aead = e.what != ESK_FOR_SEIPD1;
		st = read_content(u, clear, why);
	}
	if (st == GW_OK)
		tell_key(u, &keys, which);
	mem_wipe(&keys, sizeof(keys));
	encrypted_close(&e);
	return st;
}

/* Signed and not encrypted, where that is asked for: b begins it, and it
 * must be all there is. */
static enum gw_status
read_signed(
    struct unseal *u, struct body *b, struct source *from, struct why *why)
{
	enum gw_status st =
	    grammar_read(u->request, from, b, u->hint, u->out, u->result, why);

	u->result->shape = UNSEAL_SIGNED;
	if (st == GW_OK && u->result->signatures.len == 0) {
		why_set(
		    why, REASON_UNSIGNED, "the message carries no signature");
		return GW_REFUSED;
	}
	u->opened = st == GW_OK;
	return st;
}

static bool
begins_signed(const struct unseal *u, int tag)
{
	return allowed(u, UNSEAL_SIGNED) && u->esks.count == 0 &&
	       (tag == BODY_ONE_PASS || tag == BODY_SIGNATURE ||
		   tag == BODY_COMPRESSED || tag == BODY_LITERAL);
}

static enum gw_status
read_packet(
    struct unseal *u, struct body *b, struct source *from, struct why *why)
{
	if (body_filler(b->tag))
		return grammar_skip(b, &u->fillers, why);
	if (u->opened) {
		why_set(why, REASON_MALFORMED,
		    "something follows the encrypted message");
		return GW_REFUSED;
	}
	if (b->tag == BODY_PKESK || b->tag == BODY_SKESK)
		return esks_keep(&u->esks, b, why);
	if (b->tag == BODY_SEIPD || b->tag == BODY_LIBREPGP_AEAD)
		return read_encrypted(u, b, why);
	if (begins_signed(u, b->tag))
		return read_signed(u, b, from, why);
	return refuse_other(b->tag, why);
}

static enum gw_status
read_message(struct unseal *u, struct source *from, struct why *why)
{
	struct body b;
	enum gw_status st;

	while ((st = body_next(&b, from, why)) == GW_OK)
		if ((st = read_packet(u, &b, from, why)) != GW_OK)
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

static enum gw_status
read_cleartext(struct unseal *u, struct source *from, struct why *why)
{
	if (allowed(u, UNSEAL_CLEARTEXT))
		return cleartext_read(
		    u->request, from, u->hint, u->out, u->result, why);
	why_set(
	    why, REASON_NOT_ENCRYPTED, "signed in clear text, not encrypted");
	return GW_REFUSED;
}

static enum gw_status
read_armored(struct unseal *u, struct source *from, struct why *why)
{
	struct source *bare = NULL;
	enum dearmor_block block;
	enum gw_status st = dearmor_begin(from, &block, why);

	if (st != GW_OK)
		return st;
	if (block == DEARMOR_CLEARTEXT)
		return read_cleartext(u, from, why);
	if (block != DEARMOR_MESSAGE) {
		why_set(why, REASON_MALFORMED,
		    "not an OpenPGP message: signatures alone");
		return GW_REFUSED;
	}
	if ((st = dearmor_open(from, block, u->hint, &bare, why)) != GW_OK)
		return st;
	st = read_message(u, bare, why);
	dearmor_close(bare);
	return st;
}

/* Binary or armored?  The first octet tells (RFC 9580, 4.2 and 6.2). */
static enum gw_status
read_either(struct unseal *u, struct source *from, struct why *why)
{
	enum gw_status st;

	if ((st = source_fill(from, why)) != GW_OK)
		return st;
	if (from->left == 0) {
		why_set(why, REASON_MALFORMED, "the file is empty");
		return GW_REFUSED;
	}
	if (dearmor_wanted(*from->at))
		return read_armored(u, from, why);
	return read_message(u, from, why);
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
	buf_init_secret(&result->session_key, CIPHER_KEY_MAX);
	if ((st = source_fd_open(&from, in, request->want_sha256, why)) !=
	    GW_OK)
		return st;
	u.hint = from.hint;
	esks_init(&u.esks);
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
	if (st != GW_OK)
		buf_free(&result->session_key);
	esks_free(&u.esks);
	source_fd_close(&from);
	return st;
}

void
unseal_result_free(struct unseal_result *r)
{
	if (r == NULL)
		return;
	buf_free(&r->signatures);
	buf_free(&r->session_key);
	memset(r, 0, sizeof(*r));
}
