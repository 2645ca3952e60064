/* keys/secrets/secret_export.c - a secret key written down (RFC 9580, 10.2). */
#include "keys/packets/armor.h"
#include "keys/secrets/secret_parts.h"

#include <string.h>

static enum gw_status
failed(struct why *why)
{
	why_set(why, REASON_INTERNAL, "writing a secret key: no room for it");
	return GW_INTERNAL;
}

/* The public packet of a key becomes its secret one. */
static enum gw_status
put_key(const struct secret *s, struct packet *p, const char *passphrase,
    enum secret_lock_kind lock, struct buf *out, struct why *why)
{
	static const struct secret_numbers none = { NULL, 0 };
	int tag = p->tag == PACKET_PUBLIC_KEY ? PACKET_SECRET_KEY
					      : PACKET_SECRET_SUBKEY;
	struct buf body;
	struct pk pk;
	enum gw_status st;
	int i;

	/* Of a version that we do not read: so are its numbers, elsewhere. */
	if (pk_parse(&pk, &p->body, why) != GW_OK) {
		pk_close(&pk);
		return packet_put(out, p->tag, p->body.data, p->body.len)
			   ? GW_OK
			   : failed(why);
	}
	buf_init_secret(&body, SECRET_PACKET_MAX);
	buf_put(&body, pk.body, pk.body_len);
	i = secret_find(s, &pk);
	st = secret_lock(&(struct secret_packet){ tag, &pk },
	    i >= 0 ? &s->numbers[i] : &none, passphrase, lock, &body, why);
	if (st == GW_OK && !packet_put(out, tag, body.data, body.len))
		st = failed(why);
	buf_free(&body);
	pk_close(&pk);
	return st;
}

static enum gw_status
put_packets(const struct secret *s, struct buf *from, const char *passphrase,
    enum secret_lock_kind lock, struct buf *out, struct why *why)
{
	struct packet p;
	enum gw_status st;

	while ((st = packet_next(from, &p, why)) == GW_OK) {
		if (p.tag == PACKET_PUBLIC_KEY || p.tag == PACKET_PUBLIC_SUBKEY)
			st = put_key(s, &p, passphrase, lock, out, why);
		else if (!packet_put(out, p.tag, p.body.data, p.body.len))
			st = failed(why);
		if (st != GW_OK)
			return st;
	}
	return st == GW_NONE ? GW_OK : st;
}

enum gw_status
secret_armor(const struct secret *s, const char *label,
    const struct buf *packets, struct buf *out, struct why *why)
{
	return cert_primary(s->cert)->version == 6
		   ? armor_write_bare(
			 label, packets->data, packets->len, out, why)
		   : armor_write(label, packets->data, packets->len, out, why);
}

enum gw_status
secret_export(const struct secret *s, const char *passphrase,
    enum secret_lock_kind lock, bool armored, struct buf *out, struct why *why)
{
	struct buf public, packets;
	enum gw_status st;

	buf_init(&public, SECRET_SIZE_MAX);
	buf_init_secret(&packets, SECRET_SIZE_MAX);
	st = cert_export(s->cert, false, &public, why);
	if (st == GW_OK)
		st = put_packets(s, &public, passphrase, lock, &packets, why);
	if (st == GW_OK && armored)
		st = secret_armor(s, ARMOR_PRIVATE_KEY, &packets, out, why);
	else if (st == GW_OK && !buf_put(out, packets.data, packets.len))
		st = failed(why);
	buf_free(&packets);
	buf_free(&public);
	return st;
}
