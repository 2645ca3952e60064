/* keys/messages/seal.c - sign, then encrypt, in one pass and constant memory. */
#include "keys/messages/seal.h"

#include "gateway/base/fdio.h"
#include "keys/packets/body.h"
#include "keys/algorithms/pq.h"
#include "keys/certs/cert_priv.h"
#include "keys/messages/container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECIPIENTS_MAX 32
#define ESK_TOTAL_MAX  (64 * 1024)
#define SIGNATURE_MAX  8192
#define NUMBERS_MAX    4096
/* What is encrypted beside the document: one-pass, literal's header (its name
 * has at most 255 octets), signature. */
#define FRAME_MAX (SIGNATURE_MAX + 1024)

#define LITERAL_HEAD_MAX (2 + 255 + 4)
/* A definite length has 32 bits; a longer document of known size goes in
 * pieces of 2^30 and a last one of any length. */
#define DEFINITE_MAX UINT32_MAX
#define PIECE_OCTET  30
/* A document of unknown size is read ahead by one such piece. */
#define AHEAD_OCTET 16
#define AHEAD       ((size_t)1 << AHEAD_OCTET)

struct seal {
	const struct seal_request *request;
	struct seal_result *result;
	const struct pk *signer;
	int in;
	struct stat st;
	gcry_md_hd_t md; /* of the document, for the signature */
	struct container to;
};

static enum gw_status
no_memory(struct why *why)
{
	why_set(why, REASON_INTERNAL, "no memory to seal");
	return GW_AGAIN;
}

static enum gw_status
changed(struct why *why)
{
	why_set(why, REASON_STILL_WRITTEN,
	    "the document changed while it was sealed");
	return GW_AGAIN;
}

/* A signer that cannot sign is our own trouble, not the partner's. */
static enum gw_status
choose_signer(struct seal *s, struct why *why)
{
	const struct seal_request *q = s->request;

	s->signer = cert_sign_key(q->signing.signers[0], q->signing.when, why);
	if (s->signer == NULL) {
		why->reason = REASON_KEY_UNUSABLE;
		why_prefix(why, "our signing key");
		return GW_REFUSED;
	}
	memcpy(s->result->signer, s->signer->hex, sizeof(s->signer->hex));
	return GW_OK;
}

/* RFC 9580, 13.7: version 2 only if every recipient says that he reads it. */
static bool
all_read_aead(const struct seal_request *q)
{
	if (q->container != SEAL_AUTO)
		return q->container == SEAL_SEIPD2;
	for (size_t i = 0; i < q->recipient_count; i++)
		if (!cert_reads_seipd2(q->recipients[i], q->signing.when))
			return false;
	return true;
}

static enum gw_status
add_esk(struct buf *esks, const struct pk *key, bool aead,
    const struct buf *session_key, struct why *why)
{
	struct buf body;
	enum gw_status st;

	buf_init(&body, ESK_TOTAL_MAX);
	st = pk_encrypt_session(
	    key, aead ? 6 : 3, SEIPD_AES256, session_key, &body, why);
	if (st == GW_OK &&
	    !packet_put(esks, PACKET_PKESK, body.data, body.len)) {
		why_set(why, REASON_INTERNAL, "too many session keys");
		st = GW_INTERNAL;
	}
	buf_free(&body);
	return st;
}

static enum gw_status
encrypt_session_key(const struct seal *s, const struct buf *session_key,
    struct buf *esks, struct why *why)
{
	const struct seal_request *q = s->request;

	if (q->recipient_count == 0 || q->recipient_count > RECIPIENTS_MAX) {
		why_set(why, REASON_RECIPIENT_UNFIT,
		    "%zu recipients; one to %d are possible",
		    q->recipient_count, RECIPIENTS_MAX);
		return GW_REFUSED;
	}
	for (size_t i = 0; i < q->recipient_count; i++) {
		const struct pk *key =
		    cert_encrypt_key(q->recipients[i], q->signing.when, why);
		enum gw_status st = GW_REFUSED;

		if (key != NULL)
			st = add_esk(
			    esks, key, s->result->aead, session_key, why);
		if (st != GW_OK) {
			why_prefix(why, "recipient %.64s",
			    cert_fingerprint(q->recipients[i]));
			return st;
		}
	}
	return GW_OK;
}

/* A fresh session key, encrypted to everybody, and the packet begun. */
static enum gw_status
open_container(struct seal *s, int out, struct why *why)
{
	uint64_t hint = S_ISREG(s->st.st_mode)
			    ? (uint64_t)s->st.st_size + FRAME_MAX
			    : UINT64_MAX;
	size_t len = seipd_key_len(SEIPD_AES256);
	struct buf key, esks;
	uint8_t *to;
	enum gw_status st = GW_INTERNAL;

	buf_init_secret(&key, len);
	buf_init(&esks, ESK_TOTAL_MAX);
	if ((to = buf_room(&key, len)) == NULL) {
		st = no_memory(why);
		goto done;
	}
	gcry_randomize(to, len, GCRY_STRONG_RANDOM);
	buf_grew(&key, len);
	if ((st = encrypt_session_key(s, &key, &esks, why)) == GW_OK)
		st = container_open(
		    &s->to, out, s->result->aead, &key, &esks, hint, why);
done:
	buf_free(&esks);
	buf_free(&key);
	return st;
}

/* RFC 9580, 5.4: version 3, for the version 4 signature that we make. */
static enum gw_status
put_one_pass(struct seal *s, struct why *why)
{
	uint8_t raw[2 + 13] = { 0xc0 | BODY_ONE_PASS, 13, 3, PACKET_SIG_BINARY,
		PACKET_SHA256 };

	raw[5] = (uint8_t)s->signer->algorithm;
	memcpy(raw + 6, s->signer->keyid, PK_KEYID_LEN);
	raw[14] = 1; /* no other follows */
	return container_put(&s->to, raw, sizeof(raw), why);
}

/* RFC 9580, 5.9: format, name, date. */
static size_t
literal_head(const struct seal_request *q, uint8_t out[LITERAL_HEAD_MAX])
{
	size_t name = q->name != NULL ? strlen(q->name) : 0;
	uint32_t date = (uint32_t)q->signing.when;

	if (name > 255)
		name = 255;
	out[0] = 'b';
	out[1] = (uint8_t)name;
	if (name > 0)
		memcpy(out + 2, q->name, name);
	for (int i = 0; i < 4; i++)
		out[2 + name + (size_t)i] = (uint8_t)(date >> (24 - 8 * i));
	return 2 + name + 4;
}

/* The next n octets of the document, read straight to where they will be
 * encrypted. */
static enum gw_status
copy_in(struct seal *s, uint64_t n, struct why *why)
{
	enum gw_status st = GW_OK;

	while (n > 0 && st == GW_OK) {
		size_t room, got;
		uint8_t *to = container_room(&s->to, &room);

		if (room > n)
			room = (size_t)n;
		if ((st = fd_read_full(s->in, to, room, &got, why)) != GW_OK)
			return st;
		if (got < room)
			return changed(why);
		gcry_md_write(s->md, to, got);
		n -= got;
		s->result->plain_size += got;
		st = container_grew(&s->to, got, why);
	}
	return st;
}

/* A regular file: all lengths are known before its first octet is read. */
static enum gw_status
put_known(struct seal *s, const uint8_t *head, size_t head_len, uint64_t size,
    struct why *why)
{
	uint64_t body = head_len + size;
	enum gw_status st;
	uint8_t more;
	size_t extra;

	while (body > 0 || head_len > 0) {
		uint8_t length[5] = { 0xe0 | PIECE_OCTET };
		uint64_t piece = (uint64_t)1 << PIECE_OCTET;
		size_t len = 1;

		if (body <= DEFINITE_MAX)
			len = container_length(piece = body, length);
		st = container_put(&s->to, length, len, why);
		if (st == GW_OK)
			st = container_put(&s->to, head, head_len, why);
		if (st == GW_OK)
			st = copy_in(s, piece - head_len, why);
		if (st != GW_OK)
			return st;
		body -= piece;
		head_len = 0;
	}
	/* It must end where it ended when we looked. */
	st = fd_read_full(s->in, &more, 1, &extra, why);
	if (st == GW_OK && extra > 0)
		st = changed(why);
	return st;
}

/* A pipe: pieces of a fixed size, each read whole before it is announced. */
static enum gw_status
put_unknown(
    struct seal *s, const uint8_t *head, size_t head_len, struct why *why)
{
	uint8_t *piece = malloc(AHEAD), length[5];
	size_t len = head_len, got;
	enum gw_status st;

	if (piece == NULL)
		return no_memory(why);
	memcpy(piece, head, head_len);
	for (;;) {
		bool last;
		size_t n = 1;

		st = fd_read_full(s->in, piece + len, AHEAD - len, &got, why);
		if (st != GW_OK)
			break;
		gcry_md_write(s->md, piece + len, got);
		s->result->plain_size += got;
		len += got;
		last = len < AHEAD;
		length[0] = 0xe0 | AHEAD_OCTET;
		if (last)
			n = container_length(len, length);
		if ((st = container_put(&s->to, length, n, why)) != GW_OK ||
		    (st = container_put(&s->to, piece, len, why)) != GW_OK ||
		    last)
			break;
		len = 0;
	}
	mem_wipe(piece, AHEAD);
	free(piece);
	return st;
}

static enum gw_status
put_document(struct seal *s, struct why *why)
{
	uint8_t head[LITERAL_HEAD_MAX], tag = 0xc0 | BODY_LITERAL;
	size_t len = literal_head(s->request, head);
	enum gw_status st = container_put(&s->to, &tag, 1, why);
	off_t at;

	if (st != GW_OK)
		return st;
	if (!S_ISREG(s->st.st_mode))
		return put_unknown(s, head, len, why);
	at = lseek(s->in, 0, SEEK_CUR);
	if (at < 0 || at > s->st.st_size)
		return changed(why);
	return put_known(s, head, len, (uint64_t)(s->st.st_size - at), why);
}

static void
add_notation(struct sig_build *b, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		sig_build_notation(b, name, value);
}

static enum gw_status
make_signature(
    struct seal *s, struct sig_build *b, struct buf *packet, struct why *why)
{
	const struct seal_request *q = s->request;
	struct buf numbers;
	enum gw_status st;

	for (size_t i = 0; i < q->recipient_count; i++)
		sig_build_recipient(b, cert_primary(q->recipients[i]));
	add_notation(b, SIG_NOTATION_MESSAGE_ID, q->signing.message_id);
	add_notation(b, SIG_NOTATION_FLOW, q->signing.flow);
	add_notation(b, SIG_NOTATION_SEQUENCE, q->signing.sequence);
	if ((st = sig_build_digest(b, s->md, why)) != GW_OK)
		return st;
	buf_init(&numbers, NUMBERS_MAX);
	st = q->signing.sign(q->signing.sign_ctx, s->signer->hex, PACKET_SHA256,
	    b->digest, b->digest_len, &numbers, why);
	if (st == GW_NONE) {
		why_set(why, REASON_KEY_UNUSABLE,
		    "the private half of signing key %s is not here",
		    s->signer->hex);
		st = GW_REFUSED;
	}
	if (st == GW_OK)
		st =
		    sig_build_finish(b, numbers.data, numbers.len, packet, why);
	buf_free(&numbers);
	return st;
}

/* The digest of the document alone is taken on the way: hashing goes on over
 * the signature's own data from the same state. */
static enum gw_status
take_digest(struct seal *s, struct why *why)
{
	gcry_md_hd_t alone;

	if (gcry_md_copy(&alone, s->md) != 0)
		return no_memory(why);
	memcpy(s->result->plain_sha256, gcry_md_read(alone, GCRY_MD_SHA256),
	    SHA256_LEN);
	gcry_md_close(alone);
	return GW_OK;
}

static enum gw_status
put_signature(struct seal *s, struct why *why)
{
	struct sig_build b;
	struct buf packet;
	enum gw_status st = take_digest(s, why);

	if (st != GW_OK)
		return st;
	buf_init(&packet, SIGNATURE_MAX);
	sig_build_init(&b, PACKET_SIG_BINARY, s->signer, PACKET_SHA256,
	    s->request->signing.when);
	if ((st = make_signature(s, &b, &packet, why)) == GW_OK)
		st = container_put(&s->to, packet.data, packet.len, why);
	sig_build_close(&b);
	buf_free(&packet);
	return st;
}

enum gw_status
seal_stream(const struct seal_request *request, int in, int out,
    struct seal_result *result, struct why *why)
{
	struct seal s = { .request = request, .result = result, .in = in };
	enum gw_status st;

	memset(result, 0, sizeof(*result));
	if ((st = choose_signer(&s, why)) != GW_OK)
		return st;
	result->aead = all_read_aead(request);
	if (fstat(in, &s.st) != 0) {
		why_errno(why, REASON_IO_ERROR, "looking at the document");
		return gw_status_errno(errno);
	}
	if (gcry_md_open(&s.md, GCRY_MD_SHA256, 0) != 0)
		return no_memory(why);
	if ((st = open_container(&s, out, why)) != GW_OK ||
	    (st = put_one_pass(&s, why)) != GW_OK ||
	    (st = put_document(&s, why)) != GW_OK ||
	    (st = put_signature(&s, why)) != GW_OK ||
	    (st = container_end(&s.to, result->sealed_sha256, why)) != GW_OK)
		goto close;
	result->sealed_size = s.to.total;
close:
	container_close(&s.to);
	gcry_md_close(s.md);
	return st;
}

enum gw_status
seal_can_post_quantum(struct why *why)
{
	return pq_possible(PACKET_MLKEM768_X25519, why);
}
