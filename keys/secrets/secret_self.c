/* keys/secrets/secret_self.c - signatures of our keys about themselves. */
#include "keys/secrets/secret_parts.h"

#include <string.h>

void
secret_subject_hash(const struct secret_subject *s, gcry_md_hd_t md)
{
	uint8_t head[5] = { 0xb4, (uint8_t)(s->uid_len >> 24),
		(uint8_t)(s->uid_len >> 16), (uint8_t)(s->uid_len >> 8),
		(uint8_t)s->uid_len };

	pk_hash_into(s->primary, md);
	if (s->subkey != NULL)
		pk_hash_into(s->subkey, md);
	if (s->uid != NULL) {
		gcry_md_write(md, head, sizeof(head));
		gcry_md_write(md, s->uid, s->uid_len);
	}
}

void
secret_self_begin(struct sig_build *b, int type,
    const struct secret_key *signer, time_t created)
{
	sig_build_init(
	    b, type, signer->pk, pk_hash_algorithm(signer->pk), created);
}

static enum gw_status
finish(struct sig_build *b, const struct secret_key *signer,
    const struct secret_subject *s, struct buf *out, struct why *why)
{
	gcry_md_hd_t md;
	struct buf numbers;
	enum gw_status st;

	if ((st = sig_build_md_open(b, &md, why)) != GW_OK)
		return st;
	buf_init(&numbers, SIG_BODY_MAX);
	secret_subject_hash(s, md);
	st = sig_build_digest(b, md, why);
	if (st == GW_OK)
		st = secret_key_sign(signer, b->hash_algorithm, b->digest,
		    b->digest_len, &numbers, why);
	if (st == GW_OK)
		st = sig_build_finish(b, numbers.data, numbers.len, out, why);
	buf_free(&numbers);
	gcry_md_close(md);
	return st;
}

enum gw_status
secret_self_end(struct sig_build *b, const struct secret_key *signer,
    const struct secret_subject *s, struct buf *out, struct why *why)
{
	enum gw_status st = finish(b, signer, s, out, why);

	sig_build_close(b);
	return st;
}

enum gw_status
secret_self_back(struct sig_build *binding, const struct secret_key *subkey,
    const struct pk *primary, time_t created, struct why *why)
{
	struct secret_subject s = { primary, subkey->pk, NULL, 0 };
	struct sig_build b;
	struct buf packet, at;
	struct packet p;
	enum gw_status st;

	buf_init(&packet, SECRET_SIG_MAX);
	secret_self_begin(&b, PACKET_SIG_PRIMARY, subkey, created);
	st = secret_self_end(&b, subkey, &s, &packet, why);
	if (st == GW_OK) {
		/* Embedded without its packet header. */
		buf_view(&at, packet.data, packet.len);
		st = packet_next(&at, &p, why);
	}
	if (st == GW_OK)
		sig_build_sub(binding, PACKET_SUB_EMBEDDED, false, p.body.data,
		    p.body.len);
	buf_free(&packet);
	return st;
}

void
secret_self_expires(struct sig_build *b, const struct pk *pk, time_t expires)
{
	if (expires != 0)
		sig_build_sub_u32(b, PACKET_SUB_KEY_EXPIRES, true,
		    (uint32_t)(expires - pk->created));
}
